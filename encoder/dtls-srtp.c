/* SPDX-License-Identifier: MIT */
#include "encoder/dtls-srtp.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "encoder/socket-address.h"
#include "encoder/udp-out.h"

#define HANDSHAKE_US (10 * G_USEC_PER_SEC)
#define MTU 1200u
#define DATAGRAM_MAX 2048u
#define CERTIFICATE_S (30 * 24 * 3600)
#define COOKIE_BYTES 16u
#define KEY_BYTES 16u /* of both profiles; the salts differ */
#define LABEL "EXTRACTOR-dtls_srtp"
#define PROFILES "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"

struct McDtlsSrtp {
    McDtlsSrtpConfig config;
    struct sockaddr_storage dest;
    socklen_t dest_len;
    SSL_CTX *context;
    SSL *ssl;
    BIO *in, *out; /* owned by ssl */
    char fingerprint[MC_FINGERPRINT_MAX];
    uint8_t cookie[COOKIE_BYTES]; /* of HelloVerifyRequest: who gets it has the address it says */
    int64_t end_us;               /* of the handshake */
    bool keyed;
    int wake_fd;
    GThread *thread;
};

G_GNUC_PRINTF(3, 4)
static bool fail(GError **error, McSrtpError code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_propagate_error(error, g_error_new_valist(MC_SRTP_ERROR, (int) code, format, args));
    va_end(args);
    return false;
}

/* ---- fingerprints ---- */

static bool fingerprint_of(X509 *certificate, char ret_text[MC_FINGERPRINT_MAX])
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (!certificate || X509_digest(certificate, EVP_sha256(), bytes, &len) != 1)
        return false;
    mc_fingerprint_print(bytes, ret_text);
    return true;
}

/* ---- our end ---- */

/* For this one stream: who receives it knows us by the address that it expects it from. */
static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *name = certificate ? X509_get_subject_name(certificate) : NULL;

    if (name && X509_set_version(certificate, 2) &&
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), g_random_int_range(1, G_MAXINT)) &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) &&
        X509_gmtime_adj(X509_getm_notAfter(certificate), CERTIFICATE_S) &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *) "miracast", -1, -1,
                                   0) &&
        X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key) &&
        X509_sign(certificate, key, EVP_sha256()))
        return certificate;
    X509_free(certificate);
    return NULL;
}

/* The fingerprint is looked at when the handshake is over. */
static int take_any(int ok, X509_STORE_CTX *store)
{
    return 1;
}

static bool use_certificate(McDtlsSrtp *self)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key ? make_certificate(key) : NULL;
    const bool ok = certificate && SSL_CTX_use_certificate(self->context, certificate) == 1 &&
                    SSL_CTX_use_PrivateKey(self->context, key) == 1 &&
                    fingerprint_of(certificate, self->fingerprint);

    X509_free(certificate);
    EVP_PKEY_free(key);
    return ok;
}

static int make_cookie(SSL *ssl, unsigned char *ret_cookie, unsigned *ret_len)
{
    const McDtlsSrtp *self = SSL_get_app_data(ssl);

    memcpy(ret_cookie, self->cookie, COOKIE_BYTES);
    *ret_len = COOKIE_BYTES;
    return 1;
}

static int check_cookie(SSL *ssl, const unsigned char *cookie, unsigned len)
{
    const McDtlsSrtp *self = SSL_get_app_data(ssl);

    return len == COOKIE_BYTES && !CRYPTO_memcmp(cookie, self->cookie, COOKIE_BYTES);
}

/* A ClientHello with somebody else's address is answered with no more bytes than it had. */
static bool be_server(McDtlsSrtp *self)
{
    if (RAND_bytes(self->cookie, COOKIE_BYTES) != 1)
        return false;
    SSL_CTX_set_cookie_generate_cb(self->context, make_cookie);
    SSL_CTX_set_cookie_verify_cb(self->context, check_cookie);
    SSL_set_options(self->ssl, SSL_OP_COOKIE_EXCHANGE);
    SSL_set_app_data(self->ssl, self);
    SSL_set_accept_state(self->ssl);
    return true;
}

static bool open_ssl(McDtlsSrtp *self)
{
    self->context = SSL_CTX_new(DTLS_method());
    if (!self->context || !SSL_CTX_set_min_proto_version(self->context, DTLS1_2_VERSION) ||
        !use_certificate(self) ||
        SSL_CTX_set_tlsext_use_srtp(self->context, PROFILES) != 0) /* 0 is success */
        return false;
    SSL_CTX_set_verify(self->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, take_any);
    SSL_CTX_set_options(self->context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION);
    self->ssl = SSL_new(self->context);
    self->in = BIO_new(BIO_s_mem());
    self->out = BIO_new(BIO_s_mem());
    if (!self->ssl || !self->in || !self->out) {
        BIO_free(self->in);
        BIO_free(self->out);
        return false;
    }
    BIO_set_mem_eof_return(self->in, -1);
    BIO_set_mem_eof_return(self->out, -1);
    SSL_set_bio(self->ssl, self->in, self->out);
    SSL_set_mtu(self->ssl, MTU);
    if (self->config.passive)
        return be_server(self);
    SSL_set_connect_state(self->ssl);
    return true;
}

/* ---- datagrams ---- */

void mc_dtls_srtp_send(McDtlsSrtp *self, const uint8_t *datagram, size_t len)
{
    if (self->config.tap)
        self->config.tap('>', datagram, len, self->config.tap_data);
    (void) !sendto(self->config.fd, datagram, len, MSG_DONTWAIT | MSG_NOSIGNAL,
                   (struct sockaddr *) &self->dest, self->dest_len);
}

/* type(1) version(2) epoch(2) sequence(6) length(2) content */
static size_t record_bytes(const uint8_t *data, size_t len)
{
    const size_t bytes = len >= 13 ? 13 + ((size_t) data[11] << 8 | data[12]) : 0;

    return bytes <= len ? bytes : 0;
}

/* The memory BIO is a stream: as many whole records go into a datagram as the path takes. */
static void flush(McDtlsSrtp *self)
{
    char *text;
    const long bytes = BIO_get_mem_data(self->out, &text);
    const uint8_t *data = (const uint8_t *) text;
    size_t left = bytes > 0 ? (size_t) bytes : 0;

    while (left) {
        size_t len = record_bytes(data, left);
        for (size_t next = len; next && len + next <= MTU; len += next)
            next = record_bytes(data + len, left - len);
        if (!len)
            break;
        mc_dtls_srtp_send(self, data, len);
        data += len;
        left -= len;
    }
    (void) BIO_reset(self->out);
}

/* ---- the handshake ---- */

static const struct {
    unsigned long id;
    McSrtpProfile profile;
} profiles[] = {
    {SRTP_AES128_CM_SHA1_80, MC_SRTP_AES_CM_128_HMAC_SHA1_80},
    {SRTP_AEAD_AES_128_GCM, MC_SRTP_AEAD_AES_128_GCM},
};

static bool negotiated(McDtlsSrtp *self, McSrtpProfile *ret_profile)
{
    const SRTP_PROTECTION_PROFILE *chosen = SSL_get_selected_srtp_profile(self->ssl);

    for (size_t i = 0; chosen && i < G_N_ELEMENTS(profiles); i++) {
        if (chosen->id == profiles[i].id) {
            *ret_profile = profiles[i].profile;
            return true;
        }
    }
    return false;
}

static bool is_wanted(McDtlsSrtp *self, const char *fingerprint, GError **error)
{
    const char *wanted = self->config.fingerprint;

    if (!*wanted || (strlen(wanted) == strlen(fingerprint) &&
                     !CRYPTO_memcmp(wanted, fingerprint, strlen(wanted))))
        return true;
    return fail(error, MC_SRTP_ERROR_FINGERPRINT,
                "another receiver answers: its certificate is sha-256 %s", fingerprint);
}

/* Client's key, server's key, client's salt, server's salt (RFC 5764 4.2). */
static bool export_keys(McDtlsSrtp *self, McSrtpKey ret_keys[2])
{
    uint8_t material[2 * MC_SRTP_KEY_MAX];
    McSrtpProfile profile;

    if (!negotiated(self, &profile))
        return false;
    const size_t salt_bytes = mc_srtp_key_bytes(profile) - KEY_BYTES;
    const bool ok = SSL_export_keying_material(self->ssl, material, 2 * (KEY_BYTES + salt_bytes),
                                               LABEL, strlen(LABEL), NULL, 0, 0) == 1;
    for (unsigned i = 0; ok && i < 2; i++) {
        ret_keys[i].profile = profile;
        memcpy(ret_keys[i].bytes, material + i * KEY_BYTES, KEY_BYTES);
        memcpy(ret_keys[i].bytes + KEY_BYTES, material + 2 * KEY_BYTES + i * salt_bytes,
               salt_bytes);
    }
    OPENSSL_cleanse(material, sizeof(material));
    return ok;
}

static bool finish(McDtlsSrtp *self, GError **error)
{
    char fingerprint[MC_FINGERPRINT_MAX];
    X509 *certificate = SSL_get1_peer_certificate(self->ssl);
    const bool known = fingerprint_of(certificate, fingerprint);
    McSrtpKey keys[2];

    X509_free(certificate);
    if (!known)
        return fail(error, MC_SRTP_ERROR_HANDSHAKE, "the receiver has no certificate");
    if (!is_wanted(self, fingerprint, error))
        return false;
    const unsigned ours = self->config.passive; /* client's, server's */
    const bool ok = export_keys(self, keys);
    if (ok) {
        self->keyed = true;
        self->config.on_keys(&keys[ours], &keys[!ours], fingerprint, self->config.user_data);
    }
    mc_srtp_key_wipe(&keys[0]);
    mc_srtp_key_wipe(&keys[1]);
    mc_srtp_scrub_stack();
    return ok || fail(error, MC_SRTP_ERROR_HANDSHAKE,
                      "the receiver agrees to none of the SRTP profiles " PROFILES);
}

/* One turn of OpenSSL's machine.  False: it is over. */
static bool step(McDtlsSrtp *self, GError **error)
{
    uint8_t ignored[DATAGRAM_MAX];

    ERR_clear_error();
    const int done =
        self->keyed ? SSL_read(self->ssl, ignored, sizeof(ignored)) : SSL_do_handshake(self->ssl);
    const int why = SSL_get_error(self->ssl, done);
    flush(self);
    if (done == 1 && !self->keyed)
        return finish(self, error);
    if (done > 0 || why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return true;
    if (why == SSL_ERROR_ZERO_RETURN)
        return fail(error, MC_SRTP_ERROR_HANDSHAKE, "the receiver ended its DTLS connection");
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    return fail(error, MC_SRTP_ERROR_HANDSHAKE, "DTLS with the receiver failed: %s",
                reason ? reason : "it gives no reason");
}

/* ---- what comes: RFC 5764 5.1.2 ---- */

static bool take_records(McDtlsSrtp *self, const uint8_t *data, size_t len, GError **error)
{
    for (size_t bytes; (bytes = record_bytes(data, len)) > 0; data += bytes, len -= bytes) {
        BIO_write(self->in, data, (int) bytes);
        if (!step(self, error))
            return false;
    }
    return true;
}

static bool read_some(McDtlsSrtp *self, GError **error)
{
    uint8_t datagram[DATAGRAM_MAX];
    struct sockaddr_storage from = {0};
    socklen_t from_len = sizeof(from);
    const ssize_t n = recvfrom(self->config.fd, datagram, sizeof(datagram), MSG_DONTWAIT,
                               (struct sockaddr *) &from, &from_len);

    if (n <= 0 || !mc_socket_address_equal(&from, &self->dest))
        return true;
    if (self->config.tap)
        self->config.tap('<', datagram, (size_t) n, self->config.tap_data);
    if (datagram[0] >= 20 && datagram[0] <= 63)
        return take_records(self, datagram, (size_t) n, error);
    if (self->keyed && n > 1 && datagram[0] >= 128 && datagram[0] <= 191 && datagram[1] >= 192 &&
        datagram[1] <= 223 && self->config.on_rtcp)
        self->config.on_rtcp(datagram, (size_t) n, self->config.user_data);
    return true;
}

static int wait_ms(McDtlsSrtp *self)
{
    struct timeval left;
    const int64_t end_ms = (self->end_us - g_get_monotonic_time()) / 1000 + 1;

    if (self->keyed)
        return -1;
    if (DTLSv1_get_timeout(self->ssl, &left) != 1)
        return (int) MAX(end_ms, 0);
    return (int) CLAMP(left.tv_sec * 1000 + left.tv_usec / 1000 + 1, 0, MAX(end_ms, 0));
}

static bool iterate(McDtlsSrtp *self, GError **error)
{
    struct pollfd fds[2] = {{.fd = self->config.fd, .events = POLLIN},
                            {.fd = self->wake_fd, .events = POLLIN}};

    poll(fds, 2, wait_ms(self));
    if (fds[1].revents)
        return false;
    if (fds[0].revents & POLLERR)
        mc_udp_out_drain_errors(self->config.fd);
    if (fds[0].revents & POLLIN)
        return read_some(self, error);
    if (self->keyed)
        return true;
    if (g_get_monotonic_time() >= self->end_us)
        return fail(error, MC_SRTP_ERROR_HANDSHAKE, "no receiver %s DTLS on %s port %u",
                    self->config.passive ? "begins" : "answers with", self->config.dest_ip,
                    self->config.dest_port);
    if (DTLSv1_handle_timeout(self->ssl) >= 0)
        flush(self);
    return true;
}

static gpointer run(gpointer user_data)
{
    McDtlsSrtp *self = user_data;
    g_autoptr(GError) error = NULL;

    if (step(self, &error))
        while (iterate(self, &error))
            ;
    if (error)
        self->config.on_error(error, self->config.user_data);
    return NULL;
}

/* ---- life ---- */

McDtlsSrtp *mc_dtls_srtp_new(const McDtlsSrtpConfig *config, GError **error)
{
    g_autoptr(McDtlsSrtp) self = g_new0(McDtlsSrtp, 1);

    self->config = *config;
    self->wake_fd = eventfd(0, EFD_CLOEXEC);
    self->end_us = g_get_monotonic_time() + HANDSHAKE_US;
    if (!mc_socket_address_parse(config->dest_ip, config->dest_port, &self->dest,
                                 &self->dest_len) ||
        !open_ssl(self)) {
        fail(error, MC_SRTP_ERROR_FAILED, "OpenSSL makes no DTLS for SRTP");
        return NULL;
    }
    self->thread = g_thread_try_new("mc-dtls-srtp", run, self, error);
    return self->thread ? g_steal_pointer(&self) : NULL;
}

void mc_dtls_srtp_free(McDtlsSrtp *self)
{
    if (!self)
        return;
    eventfd_write(self->wake_fd, 1);
    if (self->thread)
        g_thread_join(self->thread);
    if (self->keyed) {
        SSL_shutdown(self->ssl);
        flush(self);
    }
    SSL_free(self->ssl);
    SSL_CTX_free(self->context);
    close(self->wake_fd);
    g_free(self);
}

const char *mc_dtls_srtp_fingerprint(const McDtlsSrtp *self)
{
    return self->fingerprint;
}
