/* SPDX-License-Identifier: MIT */
/* bench-crypto: what protection adds to a datagram of seven TS packets on its way to the socket:
 * none, SRTP in both profiles, DTLS, and HDCP's cipher over the PES payload; and, for each, the
 * bare cipher of OpenSSL on as many bytes.  ns each; frames are those of 20 Mbit/s at 30 a second.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "encoder/rtp.h"
#include "encoder/srtp.h"
#include "p2p/mice/dtls.h"
#include "tests/bench/samples.h"
#include "tests/unit/p2p/dtls-sink.h"
#include "umd/hdcp/cipher.h"

#define DATAGRAM 1328u
#define FRAME_DATAGRAMS 63u /* 20 Mbit/s at 30 frames a second */
#define FRAMES 300u         /* ten seconds of it */

typedef bool (*Protect)(uint8_t *datagram, size_t room, size_t *len, void *user_data);

static int to_nobody(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int sink = socket(AF_INET, SOCK_DGRAM, 0), fd = socket(AF_INET, SOCK_DGRAM, 0);

    /* Its full buffer drops what comes: the sender's part alone is measured. */
    if (bind(sink, (struct sockaddr *) &address, len) ||
        getsockname(sink, (struct sockaddr *) &address, &len) ||
        connect(fd, (struct sockaddr *) &address, len))
        return -1;
    return fd;
}

static bool clear(uint8_t *datagram, size_t room, size_t *len, void *user_data)
{
    return true;
}

static bool srtp(uint8_t *datagram, size_t room, size_t *len, void *user_data)
{
    return mc_srtp_protect_rtp(user_data, datagram, room, len);
}

static bool dtls(uint8_t *datagram, size_t room, size_t *len, void *user_data)
{
    return mc_dtls_seal_in_place(user_data, datagram, room, len);
}

/* ---- through the socket ---- */

static void measure(const char *name, int fd, Protect protect, void *user_data)
{
    static double values[FRAMES];
    uint8_t source[DATAGRAM] = {0x80, 33}, datagram[2048];
    uint16_t sequence = 0;

    for (unsigned i = 0; i < FRAMES; i++) {
        int64_t start_ns = now_ns();
        for (unsigned k = 0; k < FRAME_DATAGRAMS; k++, sequence++) {
            size_t len = DATAGRAM;
            source[2] = (uint8_t) (sequence >> 8);
            source[3] = (uint8_t) sequence;
            memcpy(datagram, source, DATAGRAM);
            if (!protect(datagram, sizeof(datagram), &len, user_data)) {
                fprintf(stderr, "bench-crypto: %s refuses datagram %u\n", name, sequence);
                exit(1);
            }
            (void) !send(fd, datagram, len, MSG_DONTWAIT);
        }
        values[i] = (double) (now_ns() - start_ns) / FRAME_DATAGRAMS;
    }
    samples_print(name, DATAGRAM, values, FRAMES);
}

static void measure_srtp(const char *name, int fd, McSrtpProfile profile)
{
    McSrtpKey key;

    if (!mc_srtp_key_generate(profile, &key, NULL))
        return;
    g_autoptr(McSrtp) self = mc_srtp_new(&key, NULL);
    measure(name, fd, srtp, self);
}

static void measure_dtls(int fd)
{
    g_autoptr(McDtls) source = mc_dtls_new(NULL);
    DtlsSink *sink = dtls_sink_new(NULL);
    g_autoptr(GByteArray) out = g_byte_array_new();
    McDtlsStep step = mc_dtls_handshake(source, NULL, 0, out, NULL);

    for (unsigned i = 0; step == MC_DTLS_MORE && i < 16; i++) {
        g_autoptr(GByteArray) answer = dtls_sink_handshake(sink, out->data, out->len);
        g_byte_array_set_size(out, 0);
        step = mc_dtls_handshake(source, answer->data, answer->len, out, NULL);
    }
    if (step == MC_DTLS_DONE) {
        fprintf(stderr, "bench-crypto: DTLS with %s\n", SSL_get_cipher_name(sink->ssl));
        measure("dtls", fd, dtls, source);
    }
    dtls_sink_free(sink);
}

/* The cipher runs over whole PES payloads; its share of a datagram is printed, behind clear's. */
static void measure_hdcp(int fd)
{
    static double values[FRAMES];
    static uint8_t frame[FRAME_DATAGRAMS * DATAGRAM];
    const uint8_t key[16] = {1, 2, 3}, lc128[16] = {4, 5, 6}, riv[8] = {7};
    McHdcpContent *content = mc_hdcp_content_new();
    uint8_t datagram[DATAGRAM], private_data[16];

    mc_hdcp_content_set_cipher(content, mc_hdcp_cipher_new(key, lc128, riv));
    for (unsigned i = 0; i < FRAMES; i++) {
        int64_t start_ns = now_ns();
        mc_hdcp_content_encrypt(false, frame, frame, sizeof(frame), private_data, content);
        for (unsigned k = 0; k < FRAME_DATAGRAMS; k++) {
            memcpy(datagram, frame + k * DATAGRAM, DATAGRAM);
            (void) !send(fd, datagram, DATAGRAM, MSG_DONTWAIT);
        }
        values[i] = (double) (now_ns() - start_ns) / FRAME_DATAGRAMS;
    }
    mc_hdcp_content_free(content);
    samples_print("hdcp", DATAGRAM, values, FRAMES);
}

/* ---- the cipher alone ---- */

static void measure_cipher(const char *name, const EVP_CIPHER *cipher, bool hmac)
{
    static double values[FRAMES];
    static uint8_t data[DATAGRAM];
    uint8_t key[32] = {1}, iv[16] = {0}, tag[32];
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac_context = EVP_MAC_CTX_new(mac);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", (char *) "SHA1", 0),
                           OSSL_PARAM_construct_end()};
    size_t tag_len;
    int len;

    EVP_EncryptInit_ex(context, cipher, NULL, key, iv);
    EVP_MAC_init(mac_context, key, 20, params);
    for (unsigned i = 0; i < FRAMES; i++) {
        int64_t start_ns = now_ns();
        for (unsigned k = 0; k < FRAME_DATAGRAMS; k++) {
            EVP_EncryptInit_ex(context, NULL, NULL, NULL, iv);
            EVP_EncryptUpdate(context, data, &len, data, sizeof(data));
            if (!hmac)
                continue;
            EVP_MAC_init(mac_context, NULL, 0, NULL);
            EVP_MAC_update(mac_context, data, sizeof(data));
            EVP_MAC_final(mac_context, tag, &tag_len, sizeof(tag));
        }
        values[i] = (double) (now_ns() - start_ns) / FRAME_DATAGRAMS;
    }
    EVP_MAC_CTX_free(mac_context);
    EVP_MAC_free(mac);
    EVP_CIPHER_CTX_free(context);
    samples_print(name, DATAGRAM, values, FRAMES);
}

int main(void)
{
    int fd = to_nobody();

    measure("clear", fd, clear, NULL); /* warm */
    measure("clear", fd, clear, NULL);
    measure_srtp("srtp-cm-sha1", fd, MC_SRTP_AES_CM_128_HMAC_SHA1_80);
    measure_srtp("srtp-gcm", fd, MC_SRTP_AEAD_AES_128_GCM);
    measure_dtls(fd);
    measure_hdcp(fd);
    measure_cipher("cipher-ctr", EVP_aes_128_ctr(), false);
    measure_cipher("cipher-ctr-sha1", EVP_aes_128_ctr(), true);
    measure_cipher("cipher-gcm", EVP_aes_128_gcm(), false);
    measure_cipher("cipher-gcm-256", EVP_aes_256_gcm(), false);
    return 0;
}
