/* SPDX-License-Identifier: MIT */
/* Where secrets are: nowhere in this process's memory when what used them has ended, and while they
 * are kept, in pages that no core dump has.  The test itself knows them under a mask alone. */
#include <ctype.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <poll.h>

#include "encoder/dtls-srtp.h"
#include "encoder/srtp.h"
#include "p2p/mice/control.h"
#include "p2p/mice/message.h"
#include "tests/unit/p2p/dtls-sink.h"
#include "umd/hdcp/keys.h"

#define MASK 0x5a
#define SECRET_MAX 32
#define CHUNK (1u << 20)

typedef struct {
    uint8_t masked[SECRET_MAX];
    size_t len;
} Needle;

static Needle needle_of(const void *secret, size_t len)
{
    Needle needle = {.len = len};

    for (size_t i = 0; i < len; i++)
        needle.masked[i] = ((const uint8_t *) secret)[i] ^ MASK;
    return needle;
}

/* ---- this process's memory ---- */

typedef struct {
    unsigned all, dumped; /* places; those that a core dump would have */
} Found;

static unsigned count_in(const uint8_t *data, size_t len, const Needle *needle)
{
    unsigned found = 0;

    for (size_t at = 0; at + needle->len <= len; at++) {
        size_t same = 0;
        while (same < needle->len && (data[at + same] ^ MASK) == needle->masked[same])
            same++;
        found += same == needle->len;
    }
    return found;
}

/* The window is read again and again to the same place, which is left out. */
static unsigned search_range(int mem, uintptr_t start, uintptr_t end, const Needle *needle)
{
    static uint8_t window[CHUNK + SECRET_MAX];
    unsigned found = 0;

    for (uintptr_t at = start; at < end; at += CHUNK) {
        const size_t want = MIN(CHUNK + needle->len - 1, end - at);
        if (at < (uintptr_t) (window + sizeof(window)) && at + want > (uintptr_t) window)
            continue;
        const ssize_t n = pread(mem, window, want, (off_t) at);
        if (n > 0)
            found += count_in(window, (size_t) n, needle);
    }
    memset(window, 0, sizeof(window));
    return found;
}

static Found search(const Needle *needle)
{
    g_autofree char *line = g_malloc(4096);
    FILE *maps = fopen("/proc/self/smaps", "re");
    const int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    Found found = {0, 0};
    unsigned here = 0;

    g_assert_true(maps && mem >= 0);
    while (fgets(line, 4096, maps)) {
        unsigned long start, end;
        char access[8];

        if (sscanf(line, "%lx-%lx %7s", &start, &end, access) == 3) {
            here = access[0] == 'r' && access[1] == 'w' ? search_range(mem, start, end, needle) : 0;
            found.all += here;
        } else if (g_str_has_prefix(line, "VmFlags:") && !strstr(line, " dd")) {
            found.dumped += here;
        }
    }
    fclose(maps);
    close(mem);
    return found;
}

static void assert_gone(const char *what, const Needle *needle)
{
    const Found found = search(needle);

    g_test_message("%s: in %u places", what, found.all);
    g_assert_cmpuint(found.all, ==, 0);
}

/* The search can see: a secret that is there is found, and found to be in what is dumped. */
static void test_search(void)
{
    uint8_t secret[16];

    g_assert_cmpint(getrandom(secret, sizeof(secret), 0), ==, sizeof(secret));
    const Needle needle = needle_of(secret, sizeof(secret));
    uint8_t *kept = g_memdup2(secret, sizeof(secret));
    explicit_bzero(secret, sizeof(secret));
    const Found found = search(&needle);
    g_assert_cmpuint(found.all, ==, 1);
    g_assert_cmpuint(found.dumped, ==, 1);
    explicit_bzero(kept, 16);
    g_free(kept);
    assert_gone("a wiped secret", &needle);
}

/* ---- SRTP ---- */

/* The file's hex goes to the file alone. */
static char *write_key_file(Needle *ret_key, Needle *ret_hex)
{
    char text[128] = "profile = AES_CM_128_HMAC_SHA1_80\nkey = ", *path = NULL;
    const size_t head = strlen(text);
    uint8_t key[30];
    const int fd = g_file_open_tmp("secret-XXXXXX", &path, NULL);

    g_assert_cmpint(getrandom(key, sizeof(key), 0), ==, sizeof(key));
    for (unsigned i = 0; i < 2 * sizeof(key); i++)
        text[head + i] = "0123456789abcdef"[i % 2 ? key[i / 2] & 15 : key[i / 2] >> 4];
    g_assert_cmpint(write(fd, text, head + 60), ==, head + 60);
    close(fd);
    *ret_key = needle_of(key, 16);
    *ret_hex = needle_of(text + head, 24);
    explicit_bzero(key, sizeof(key));
    explicit_bzero(text, sizeof(text));
    return path;
}

static void use_key_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    uint8_t datagram[64] = {0x80, 33};
    McSrtpKey key;
    size_t len = 40;

    g_assert_true(mc_srtp_key_load(path, &key, &error));
    g_autoptr(McSrtp) srtp = mc_srtp_new(&key, &error);
    g_assert_no_error(error);
    char *sdp = mc_srtp_build_sdp(&key, "127.0.0.1", 5004, 1);
    mc_srtp_sdp_free(sdp);
    mc_srtp_key_wipe(&key);
    g_assert_true(mc_srtp_protect_rtp(srtp, datagram, sizeof(datagram), &len));
}

static void test_srtp_file(void)
{
    Needle key, hex;
    g_autofree char *path = write_key_file(&key, &hex);

    use_key_file(path);
    assert_gone("SRTP's key", &key);
    assert_gone("its hex", &hex);
    g_unlink(path);
}

typedef struct {
    Needle out, in;
    int keyed_fd[2];
} Handshake;

static void on_keys(const McSrtpKey *out, const McSrtpKey *in, const char *fingerprint,
                    void *user_data)
{
    Handshake *self = user_data;
    g_autoptr(McSrtp) srtp = mc_srtp_new_pair(out, in, NULL);

    g_assert_nonnull(srtp);
    self->out = needle_of(out->bytes, 16);
    self->in = needle_of(in->bytes, 16);
    g_assert_cmpint(write(self->keyed_fd[1], "k", 1), ==, 1);
}

static void on_error(const GError *error, void *user_data)
{
    g_error("%s", error->message);
}

static int bind_udp(uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *) &address, len), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *) &address, &len), ==, 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

/* OpenSSL's server in memory, its records over a socket. */
static void serve(int fd, DtlsSink *sink, int until_fd)
{
    uint8_t datagram[4096];
    struct sockaddr_in from;

    for (;;) {
        struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = until_fd, .events = POLLIN}};
        socklen_t len = sizeof(from);

        g_assert_cmpint(poll(fds, 2, 60000), >, 0);
        if (fds[1].revents)
            return;
        const ssize_t n =
            recvfrom(fd, datagram, sizeof(datagram), 0, (struct sockaddr *) &from, &len);
        g_autoptr(GByteArray) out = dtls_sink_handshake(sink, datagram, (size_t) n);
        const uint8_t *data = out->data;
        for (size_t left = out->len, bytes; left; data += bytes, left -= bytes) {
            bytes = 13 + ((size_t) data[11] << 8 | data[12]);
            sendto(fd, data, bytes, 0, (struct sockaddr *) &from, len);
        }
    }
}

static void shake_hands(Handshake *handshake)
{
    DtlsSink *sink = dtls_sink_new(NULL);
    McDtlsSrtpConfig config = {
        .dest_ip = "127.0.0.1", .on_keys = on_keys, .on_error = on_error, .user_data = handshake};
    uint16_t port;
    const int fd = bind_udp(&config.dest_port);

    config.fd = bind_udp(&port);
    g_assert_cmpint(pipe(handshake->keyed_fd), ==, 0);
    g_assert_cmpint(SSL_set_tlsext_use_srtp(sink->ssl, "SRTP_AES128_CM_SHA1_80"), ==, 0);
    McDtlsSrtp *dtls = mc_dtls_srtp_new(&config, NULL);
    serve(fd, sink, handshake->keyed_fd[0]);
    mc_dtls_srtp_free(dtls);
    dtls_sink_free(sink);
    for (const int *each =
             (const int[]){fd, config.fd, handshake->keyed_fd[0], handshake->keyed_fd[1], -1};
         *each >= 0; each++)
        close(*each);
}

static void test_srtp_dtls(void)
{
    Handshake handshake = {0};

    shake_hands(&handshake);
    assert_gone("DTLS-SRTP's key of what is sent", &handshake.out);
    assert_gone("the other one", &handshake.in);
}

/* ---- the PIN ---- */

static void feed_token(McMiceControl *control, const GByteArray *records)
{
    g_autoptr(GByteArray) tlvs = g_byte_array_new();

    mc_mice_add_tlv(tlvs, MC_MICE_TLV_SECURITY_TOKEN, records->data, records->len);
    g_autoptr(GBytes) message = mc_mice_message(MC_MICE_SECURITY_HANDSHAKE, tlvs->data, tlvs->len);
    mc_mice_control_feed(control, g_bytes_get_data(message, NULL), g_bytes_get_size(message), 1);
}

/* Until the source wants the PIN. */
static void shake_mice_hands(McMiceControl *control, DtlsSink *sink)
{
    McMiceEvent event;
    GBytes *bytes;

    while (!mc_mice_control_event(control, &event, NULL)) {
        bytes = mc_mice_control_output(control);
        g_assert_nonnull(bytes);
        McMiceCommand command;
        const uint8_t *data;
        size_t len, size;
        McMiceTlvs tlvs;
        mc_mice_next(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), &command, &data, &len,
                     &size);
        if (command == MC_MICE_SECURITY_HANDSHAKE &&
            mc_mice_parse_tlvs(data, len, &tlvs) == MC_MICE_OK) {
            g_autoptr(GByteArray) answer = dtls_sink_handshake(sink, tlvs.token, tlvs.token_len);
            if (answer->len)
                feed_token(control, answer);
            mc_mice_tlvs_clear(&tlvs);
        }
        g_bytes_unref(bytes);
    }
    g_assert_cmpint(event, ==, MC_MICE_EVENT_WANT_PIN);
}

static void test_pin(void)
{
    const McMiceConfig config = {
        .name = "PC", .rtsp_port = 7236, .security = MC_MICE_WITH_PIN, .address_bytes = 4};
    uint8_t digits[8];
    char pin[9] = "";

    g_assert_cmpint(getrandom(digits, sizeof(digits), 0), ==, sizeof(digits));
    for (unsigned i = 0; i < 8; i++)
        pin[i] = (char) ('0' + digits[i] % 10);
    const Needle needle = needle_of(pin, 8);
    DtlsSink *sink = dtls_sink_new(NULL);
    McMiceControl *control = mc_mice_control_new(&config, 1, NULL);
    shake_mice_hands(control, sink);
    mc_mice_control_pin(control, pin, 1);
    explicit_bzero(pin, sizeof(pin));
    g_assert_cmpuint(search(&needle).all, ==, 0); /* not even while its answer is waited for */
    mc_mice_control_free(control);
    dtls_sink_free(sink);
}

/* ---- HDCP ---- */

static void test_hdcp(void)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    char head[64] = "lc128 = ";
    char modulus[1024] = "root_exponent = 010001\nroot_modulus = ";
    uint8_t lc128[16];
    const int fd = g_file_open_tmp("secret-XXXXXX", &path, NULL);

    g_assert_cmpint(getrandom(lc128, sizeof(lc128), 0), ==, sizeof(lc128));
    for (unsigned i = 0; i < 32; i++)
        head[8 + i] = "0123456789abcdef"[i % 2 ? lc128[i / 2] & 15 : lc128[i / 2] >> 4];
    head[40] = '\n';
    memset(modulus + strlen(modulus), 'f', 768);
    strcat(modulus, "\n");
    g_assert_cmpint(write(fd, head, 41), ==, 41);
    g_assert_cmpint(write(fd, modulus, strlen(modulus)), ==, strlen(modulus));
    close(fd);
    const Needle needle = needle_of(lc128, sizeof(lc128)), hex = needle_of(head + 8, 32);
    explicit_bzero(lc128, sizeof(lc128));
    explicit_bzero(head, sizeof(head));

    McHdcpKeys *keys = mc_hdcp_keys_load(path, &error);
    g_assert_no_error(error);
    const Found found = search(&needle);
    g_assert_cmpuint(found.all, ==, 1);
    g_assert_cmpuint(found.dumped, ==, 0); /* MADV_DONTDUMP */
    mc_hdcp_keys_free(keys);
    assert_gone("lc128", &needle);
    assert_gone("its hex", &hex);
    g_unlink(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/secrets/search", test_search);
    g_test_add_func("/secrets/srtp-file", test_srtp_file);
    g_test_add_func("/secrets/srtp-dtls", test_srtp_dtls);
    g_test_add_func("/secrets/pin", test_pin);
    g_test_add_func("/secrets/hdcp", test_hdcp);
    return g_test_run();
}
