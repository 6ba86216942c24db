/* SPDX-License-Identifier: MIT */
/* SRTP keys by DTLS against OpenSSL's own server on a UDP socket: both profiles, the wrong
 * receiver, one without SRTP, a lost datagram, RTCP on the same port, and its good-bye. */
#include "encoder/dtls-srtp.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 60000

typedef struct {
    GAsyncQueue *events; /* GError * or keyed_mark */
    McSrtpKey out, in;
    char fingerprint[MC_FINGERPRINT_MAX];
    GAsyncQueue *rtcp; /* GBytes * */
    int fd, server_fd;
    SSL_CTX *context;
    SSL *server;
    McDtlsSrtp *dtls;
} Bed;

static char keyed_mark;

static void on_keys(const McSrtpKey *out, const McSrtpKey *in, const char *fingerprint,
                    void *user_data)
{
    Bed *bed = user_data;

    bed->out = *out;
    bed->in = *in;
    g_strlcpy(bed->fingerprint, fingerprint, sizeof(bed->fingerprint));
    g_async_queue_push(bed->events, &keyed_mark);
}

static void on_rtcp(const uint8_t *datagram, size_t len, void *user_data)
{
    g_async_queue_push(((Bed *) user_data)->rtcp, g_bytes_new(datagram, len));
}

static void on_error(const GError *error, void *user_data)
{
    g_async_queue_push(((Bed *) user_data)->events, g_error_copy(error));
}

static int bind_udp(struct sockaddr_in *ret)
{
    socklen_t len = sizeof(*ret);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    *ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    g_assert_cmpint(bind(fd, (struct sockaddr *) ret, len), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *) ret, &len), ==, 0);
    return fd;
}

/* ---- the receiver: OpenSSL's server ---- */

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();

    X509_gmtime_adj(X509_getm_notBefore(certificate), -10);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    return certificate;
}

static void open_server(Bed *bed, const char *profiles, const struct sockaddr_in *source)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *certificate = make_certificate(key);

    bed->context = SSL_CTX_new(DTLS_server_method());
    g_assert_cmpint(SSL_CTX_use_certificate(bed->context, certificate), ==, 1);
    g_assert_cmpint(SSL_CTX_use_PrivateKey(bed->context, key), ==, 1);
    if (profiles)
        g_assert_cmpint(SSL_CTX_set_tlsext_use_srtp(bed->context, profiles), ==, 0);
    bed->server = SSL_new(bed->context);
    g_assert_cmpint(connect(bed->server_fd, (const struct sockaddr *) source, sizeof(*source)), ==,
                    0);
    BIO *bio = BIO_new_dgram(bed->server_fd, BIO_NOCLOSE);
    BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, (void *) source);
    SSL_set_bio(bed->server, bio, bio);
    SSL_set_accept_state(bed->server);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* Until the handshake is over: true, or the source has told of something. */
static bool serve(Bed *bed)
{
    while (SSL_do_handshake(bed->server) != 1) {
        struct pollfd wait = {.fd = bed->server_fd, .events = POLLIN};

        if (g_async_queue_length(bed->events) > 0)
            return false;
        poll(&wait, 1, 100);
    }
    return true;
}

static void fingerprint_of_server(Bed *bed, char ret_text[MC_FINGERPRINT_MAX])
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    g_autoptr(GString) text = g_string_new(NULL);
    unsigned len;

    X509_digest(SSL_get_certificate(bed->server), EVP_sha256(), bytes, &len);
    for (unsigned i = 0; i < len; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    g_assert_true(mc_fingerprint_parse(text->str, ret_text));
}

static Bed *bed_new(const char *profiles)
{
    Bed *bed = g_new0(Bed, 1);
    struct sockaddr_in source, receiver;

    bed->events = g_async_queue_new();
    bed->rtcp = g_async_queue_new();
    bed->fd = bind_udp(&source);
    bed->server_fd = bind_udp(&receiver);
    open_server(bed, profiles, &source);
    return bed;
}

static void start(Bed *bed, const char *fingerprint)
{
    struct sockaddr_in receiver;
    socklen_t len = sizeof(receiver);
    McDtlsSrtpConfig config = {.fd = bed->fd,
                               .dest_ip = "127.0.0.1",
                               .on_keys = on_keys,
                               .on_rtcp = on_rtcp,
                               .on_error = on_error,
                               .user_data = bed};
    g_autoptr(GError) error = NULL;

    getsockname(bed->server_fd, (struct sockaddr *) &receiver, &len);
    config.dest_port = ntohs(receiver.sin_port);
    g_strlcpy(config.fingerprint, fingerprint, sizeof(config.fingerprint));
    bed->dtls = mc_dtls_srtp_new(&config, &error);
    g_assert_no_error(error);
}

static void bed_free(Bed *bed)
{
    mc_dtls_srtp_free(bed->dtls);
    SSL_free(bed->server);
    SSL_CTX_free(bed->context);
    close(bed->fd);
    close(bed->server_fd);
    g_async_queue_unref(bed->events);
    g_async_queue_unref(bed->rtcp);
    g_free(bed);
}

static void assert_keyed(Bed *bed)
{
    gpointer event = g_async_queue_timeout_pop(bed->events, PATIENCE_MS * 1000);

    if (event && event != &keyed_mark)
        g_error("%s", ((GError *) event)->message);
    g_assert_true(event == &keyed_mark);
}

static void assert_error(Bed *bed, McSrtpError code)
{
    g_autoptr(GError) error = g_async_queue_timeout_pop(bed->events, PATIENCE_MS * 1000);

    g_assert_true((gpointer) error != &keyed_mark);
    g_test_message("%s", error->message);
    g_assert_error(error, MC_SRTP_ERROR, (int) code);
}

/* RFC 5764 4.2, spelled out once more: client key, server key, client salt, server salt. */
static void assert_same_keys(Bed *bed, McSrtpProfile profile, size_t salt)
{
    uint8_t m[60];

    g_assert_cmpint(SSL_export_keying_material(bed->server, m, 2 * (16 + salt),
                                               "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0),
                    ==, 1);
    g_assert_cmpint(bed->out.profile, ==, profile);
    g_assert_cmpint(bed->in.profile, ==, profile);
    g_assert_cmpmem(bed->out.bytes, 16, m, 16);
    g_assert_cmpmem(bed->out.bytes + 16, salt, m + 32, salt);
    g_assert_cmpmem(bed->in.bytes, 16, m + 16, 16);
    g_assert_cmpmem(bed->in.bytes + 16, salt, m + 32 + salt, salt);
}

/* ---- tests ---- */

static void test_keys(const void *data)
{
    const bool gcm = GPOINTER_TO_INT(data);
    Bed *bed = bed_new(gcm ? "SRTP_AEAD_AES_128_GCM" : "SRTP_AES128_CM_SHA1_80");
    char expected[MC_FINGERPRINT_MAX], own[MC_FINGERPRINT_MAX];
    uint8_t rtcp[8] = {0x80, 201, 0, 1};

    fingerprint_of_server(bed, expected);
    start(bed, gcm ? expected : ""); /* named, or whoever answers */
    g_assert_true(mc_fingerprint_parse(mc_dtls_srtp_fingerprint(bed->dtls), own));
    g_assert_true(serve(bed));
    assert_keyed(bed);
    g_assert_cmpstr(bed->fingerprint, ==, expected);
    assert_same_keys(bed, gcm ? MC_SRTP_AEAD_AES_128_GCM : MC_SRTP_AES_CM_128_HMAC_SHA1_80,
                     gcm ? 12 : 14);

    /* RTCP comes by the same port; RTP and rubbish do not get that far. */
    const uint8_t others[][2] = {{0x80, 33}, {0x00, 201}, {0x17, 0xfe}, {0xff, 201}};
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_cmpint(send(bed->server_fd, others[i], 2, 0), ==, 2);
    g_assert_cmpint(send(bed->server_fd, rtcp, sizeof(rtcp), 0), ==, sizeof(rtcp));
    g_autoptr(GBytes) came = g_async_queue_timeout_pop(bed->rtcp, PATIENCE_MS * 1000);
    g_assert_nonnull(came);
    g_assert_cmpmem(g_bytes_get_data(came, NULL), g_bytes_get_size(came), rtcp, sizeof(rtcp));
    g_assert_cmpint(g_async_queue_length(bed->rtcp), ==, 0);
    bed_free(bed);
}

static void test_wrong_receiver(void)
{
    Bed *bed = bed_new("SRTP_AES128_CM_SHA1_80");
    char other[MC_FINGERPRINT_MAX];

    fingerprint_of_server(bed, other);
    other[0] = other[0] == '0' ? '1' : '0';
    start(bed, other);
    serve(bed);
    assert_error(bed, MC_SRTP_ERROR_FINGERPRINT);
    bed_free(bed);
}

static void test_no_srtp(void)
{
    Bed *bed = bed_new(NULL);

    start(bed, "");
    serve(bed);
    assert_error(bed, MC_SRTP_ERROR_HANDSHAKE);
    bed_free(bed);
}

/* The first flight is lost: DTLS sends it again by its own timer. */
static void test_lost(void)
{
    Bed *bed = bed_new("SRTP_AES128_CM_SHA1_80");
    struct pollfd wait = {.fd = bed->server_fd, .events = POLLIN};
    uint8_t lost[2048];

    start(bed, "");
    g_assert_cmpint(poll(&wait, 1, PATIENCE_MS), ==, 1);
    g_assert_cmpint(recv(bed->server_fd, lost, sizeof(lost), 0), >, 0);
    g_assert_true(serve(bed));
    assert_keyed(bed);
    bed_free(bed);
}

/* It hangs up; and what others send from elsewhere does not end anything. */
static void test_closed(void)
{
    Bed *bed = bed_new("SRTP_AES128_CM_SHA1_80");
    struct sockaddr_in source, other;
    socklen_t len = sizeof(source);
    const uint8_t alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40};

    getsockname(bed->fd, (struct sockaddr *) &source, &len);
    const int stranger = bind_udp(&other);
    g_assert_cmpint(
        sendto(stranger, alert, sizeof(alert), 0, (struct sockaddr *) &source, sizeof(source)), ==,
        sizeof(alert));
    start(bed, "");
    g_assert_true(serve(bed));
    assert_keyed(bed);
    SSL_shutdown(bed->server);
    assert_error(bed, MC_SRTP_ERROR_HANDSHAKE);
    close(stranger);
    bed_free(bed);
}

/* Freed in the middle of the handshake. */
static void test_ended(void)
{
    Bed *bed = bed_new("SRTP_AES128_CM_SHA1_80");

    start(bed, "");
    g_clear_pointer(&bed->dtls, mc_dtls_srtp_free);
    g_assert_cmpint(g_async_queue_length(bed->events), ==, 0);
    bed_free(bed);
}

static void test_fingerprints(void)
{
    char text[MC_FINGERPRINT_MAX];
    g_autoptr(GString) good = g_string_new(NULL);

    for (unsigned i = 0; i < 32; i++)
        g_string_append_printf(good, "%s%02x", i ? ":" : "", i * 7);
    g_assert_true(mc_fingerprint_parse(good->str, text));
    g_assert_cmpint(g_ascii_strcasecmp(text, good->str), ==, 0);
    for (size_t len = 0; len < good->len; len++) {
        g_autofree char *cut = g_strndup(good->str, len);
        g_assert_false(mc_fingerprint_parse(cut, text));
    }
    g_string_append_c(good, ':');
    g_assert_false(mc_fingerprint_parse(good->str, text));
    g_string_overwrite(good, 0, "g0");
    g_assert_false(mc_fingerprint_parse(good->str, text));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/dtls-srtp/keys/cm", GINT_TO_POINTER(0), test_keys);
    g_test_add_data_func("/dtls-srtp/keys/gcm", GINT_TO_POINTER(1), test_keys);
    g_test_add_func("/dtls-srtp/wrong-receiver", test_wrong_receiver);
    g_test_add_func("/dtls-srtp/no-srtp", test_no_srtp);
    g_test_add_func("/dtls-srtp/lost", test_lost);
    g_test_add_func("/dtls-srtp/closed", test_closed);
    g_test_add_func("/dtls-srtp/ended", test_ended);
    g_test_add_func("/dtls-srtp/fingerprints", test_fingerprints);
    return g_test_run();
}
