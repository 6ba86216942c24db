/* SPDX-License-Identifier: MIT */
/* SRTP keys by DTLS against OpenSSL on a UDP socket, as the server and as the client: both
 * profiles, the wrong receiver, one without SRTP or without a certificate, lost datagrams, RTCP on
 * the same port, and its good-bye. */
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
    int fd, peer_fd;
    SSL_CTX *context;
    SSL *peer;
    McDtlsSrtp *dtls;
    bool begins; /* the peer is the client */
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

/* ---- the receiver ---- */

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();

    X509_gmtime_adj(X509_getm_notBefore(certificate), -10);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    return certificate;
}

static void open_peer(Bed *bed, const char *profiles, const struct sockaddr_in *source)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *certificate = make_certificate(key);

    bed->context = SSL_CTX_new(DTLS_method());
    g_assert_cmpint(SSL_CTX_use_certificate(bed->context, certificate), ==, 1);
    g_assert_cmpint(SSL_CTX_use_PrivateKey(bed->context, key), ==, 1);
    if (profiles)
        g_assert_cmpint(SSL_CTX_set_tlsext_use_srtp(bed->context, profiles), ==, 0);
    bed->peer = SSL_new(bed->context);
    g_assert_cmpint(connect(bed->peer_fd, (const struct sockaddr *) source, sizeof(*source)), ==,
                    0);
    BIO *bio = BIO_new_dgram(bed->peer_fd, BIO_NOCLOSE);
    BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, (void *) source);
    SSL_set_bio(bed->peer, bio, bio);
    if (bed->begins)
        SSL_set_connect_state(bed->peer);
    else
        SSL_set_accept_state(bed->peer);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* Until the handshake is over: true, or the source has told of something. */
static bool serve(Bed *bed)
{
    while (SSL_do_handshake(bed->peer) != 1) {
        struct pollfd wait = {.fd = bed->peer_fd, .events = POLLIN};

        if (g_async_queue_length(bed->events) > 0)
            return false;
        poll(&wait, 1, 100);
    }
    return true;
}

static void fingerprint_of_peer(Bed *bed, char ret_text[MC_FINGERPRINT_MAX])
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    g_autoptr(GString) text = g_string_new(NULL);
    unsigned len;

    X509_digest(SSL_get_certificate(bed->peer), EVP_sha256(), bytes, &len);
    for (unsigned i = 0; i < len; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    g_assert_true(mc_fingerprint_parse(text->str, ret_text));
}

static Bed *bed_new_role(const char *profiles, bool begins)
{
    Bed *bed = g_new0(Bed, 1);
    struct sockaddr_in source, receiver;

    bed->begins = begins;
    bed->events = g_async_queue_new();
    bed->rtcp = g_async_queue_new();
    bed->fd = bind_udp(&source);
    bed->peer_fd = bind_udp(&receiver);
    open_peer(bed, profiles, &source);
    return bed;
}

static Bed *bed_new(const char *profiles)
{
    return bed_new_role(profiles, false);
}

static void start(Bed *bed, const char *fingerprint)
{
    struct sockaddr_in receiver;
    socklen_t len = sizeof(receiver);
    McDtlsSrtpConfig config = {.fd = bed->fd,
                               .dest_ip = "127.0.0.1",
                               .passive = bed->begins,
                               .on_keys = on_keys,
                               .on_rtcp = on_rtcp,
                               .on_error = on_error,
                               .user_data = bed};
    g_autoptr(GError) error = NULL;

    getsockname(bed->peer_fd, (struct sockaddr *) &receiver, &len);
    config.dest_port = ntohs(receiver.sin_port);
    g_strlcpy(config.fingerprint, fingerprint, sizeof(config.fingerprint));
    bed->dtls = mc_dtls_srtp_new(&config, &error);
    g_assert_no_error(error);
}

static void bed_free(Bed *bed)
{
    mc_dtls_srtp_free(bed->dtls);
    SSL_free(bed->peer);
    SSL_CTX_free(bed->context);
    close(bed->fd);
    close(bed->peer_fd);
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
static void assert_key(const McSrtpKey *key, const uint8_t *m, unsigned server, size_t salt)
{
    g_assert_cmpmem(key->bytes, 16, m + server * 16, 16);
    g_assert_cmpmem(key->bytes + 16, salt, m + 32 + server * salt, salt);
}

static void assert_same_keys(Bed *bed, McSrtpProfile profile, size_t salt)
{
    uint8_t m[60];

    g_assert_cmpint(SSL_export_keying_material(bed->peer, m, 2 * (16 + salt), "EXTRACTOR-dtls_srtp",
                                               19, NULL, 0, 0),
                    ==, 1);
    g_assert_cmpint(bed->out.profile, ==, profile);
    g_assert_cmpint(bed->in.profile, ==, profile);
    assert_key(&bed->out, m, bed->begins, salt);
    assert_key(&bed->in, m, !bed->begins, salt);
}

/* ---- tests ---- */

enum { GCM = 1, BEGINS = 2 };

static void test_keys(const void *data)
{
    const bool gcm = GPOINTER_TO_INT(data) & GCM;
    Bed *bed = bed_new_role(gcm ? "SRTP_AEAD_AES_128_GCM" : "SRTP_AES128_CM_SHA1_80",
                            GPOINTER_TO_INT(data) & BEGINS);
    char expected[MC_FINGERPRINT_MAX], own[MC_FINGERPRINT_MAX];
    uint8_t rtcp[8] = {0x80, 201, 0, 1};

    fingerprint_of_peer(bed, expected);
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
        g_assert_cmpint(send(bed->peer_fd, others[i], 2, 0), ==, 2);
    g_assert_cmpint(send(bed->peer_fd, rtcp, sizeof(rtcp), 0), ==, sizeof(rtcp));
    g_autoptr(GBytes) came = g_async_queue_timeout_pop(bed->rtcp, PATIENCE_MS * 1000);
    g_assert_nonnull(came);
    g_assert_cmpmem(g_bytes_get_data(came, NULL), g_bytes_get_size(came), rtcp, sizeof(rtcp));
    g_assert_cmpint(g_async_queue_length(bed->rtcp), ==, 0);
    bed_free(bed);
}

static void test_wrong_receiver(const void *data)
{
    Bed *bed = bed_new_role("SRTP_AES128_CM_SHA1_80", GPOINTER_TO_INT(data) & BEGINS);
    char other[MC_FINGERPRINT_MAX];

    fingerprint_of_peer(bed, other);
    other[0] = other[0] == '0' ? '1' : '0';
    start(bed, other);
    serve(bed);
    assert_error(bed, MC_SRTP_ERROR_FINGERPRINT);
    bed_free(bed);
}

static void test_no_srtp(const void *data)
{
    Bed *bed = bed_new_role(NULL, GPOINTER_TO_INT(data) & BEGINS);

    start(bed, "");
    serve(bed);
    assert_error(bed, MC_SRTP_ERROR_HANDSHAKE);
    bed_free(bed);
}

/* The first flight is lost: DTLS sends it again by its own timer. */
static void test_lost(void)
{
    Bed *bed = bed_new("SRTP_AES128_CM_SHA1_80");
    struct pollfd wait = {.fd = bed->peer_fd, .events = POLLIN};
    uint8_t lost[2048];

    start(bed, "");
    g_assert_cmpint(poll(&wait, 1, PATIENCE_MS), ==, 1);
    g_assert_cmpint(recv(bed->peer_fd, lost, sizeof(lost), 0), >, 0);
    g_assert_true(serve(bed));
    assert_keyed(bed);
    bed_free(bed);
}

/* A datagram whose first message is of our last flight: a ticket, or ChangeCipherSpec. */
static bool is_last_flight(const uint8_t *datagram, size_t len)
{
    return len > 13 && (datagram[0] == 20 || (datagram[0] == 22 && datagram[13] == 4));
}

/* The receiver's datagrams go through our hands: what it wants to send is sent, what came is given.
 */
static void hold_peer(Bed *bed)
{
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(bed->peer, in, out);
    SSL_set_options(bed->peer, SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(bed->peer, 1400);
}

static void send_held(Bed *bed)
{
    char *data;
    const long len = BIO_get_mem_data(SSL_get_wbio(bed->peer), &data);

    if (len > 0)
        g_assert_cmpint(send(bed->peer_fd, data, (size_t) len, 0), ==, len);
    (void) BIO_reset(SSL_get_wbio(bed->peer));
}

/* 0: the receiver's own timer was faster. */
static size_t take_datagram(Bed *bed, uint8_t datagram[4096])
{
    struct pollfd wait = {.fd = bed->peer_fd, .events = POLLIN};
    struct timeval left = {.tv_sec = PATIENCE_MS / 1000};

    DTLSv1_get_timeout(bed->peer, &left);
    if (poll(&wait, 1, (int) (left.tv_sec * 1000 + left.tv_usec / 1000 + 1)) == 0)
        return 0;
    const ssize_t n = recv(bed->peer_fd, datagram, 4096, 0);
    g_assert_cmpint(n, >, 13);
    return (size_t) n;
}

/* Our last flight is lost when the receiver begins: it says its own again, and gets ours again. */
static void test_last_lost(void)
{
    Bed *bed = bed_new_role("SRTP_AES128_CM_SHA1_80", true);
    uint8_t datagram[4096];
    unsigned lost = 0;

    hold_peer(bed);
    start(bed, "");
    while (SSL_do_handshake(bed->peer) != 1) {
        send_held(bed);
        const size_t len = take_datagram(bed, datagram);
        if (len && is_last_flight(datagram, len) && !lost++)
            assert_keyed(bed); /* we are done, the receiver is not */
        else if (len)
            BIO_write(SSL_get_rbio(bed->peer), datagram, (int) len);
        else
            g_assert_cmpint(DTLSv1_handle_timeout(bed->peer), >=, 0);
        send_held(bed);
    }
    g_assert_cmpuint(lost, >=, 2);
    assert_same_keys(bed, MC_SRTP_AES_CM_128_HMAC_SHA1_80, 14);
    g_assert_cmpint(g_async_queue_length(bed->events), ==, 0);
    bed_free(bed);
}

/* A receiver that begins says who it is, or gets nothing. */
static void test_no_certificate(void)
{
    Bed *bed = bed_new_role("SRTP_AES128_CM_SHA1_80", true);

    SSL_certs_clear(bed->peer);
    start(bed, "");
    serve(bed);
    assert_error(bed, MC_SRTP_ERROR_HANDSHAKE);
    bed_free(bed);
}

/* A first ClientHello, which may have somebody else's address, is answered with less than it had.
 */
static void test_cookie(void)
{
    Bed *bed = bed_new_role("SRTP_AES128_CM_SHA1_80", true);
    uint8_t answer[4096];

    hold_peer(bed);
    start(bed, "");
    g_assert_cmpint(SSL_do_handshake(bed->peer), !=, 1);
    send_held(bed);
    const size_t len = take_datagram(bed, answer);
    g_assert_cmpuint(len, <, 64);
    g_assert_cmpint(answer[0], ==, 22);
    g_assert_cmpint(answer[13], ==, 3); /* HelloVerifyRequest */
    bed_free(bed);
}

/* Both are clients: an error, not a hang. */
static void test_both_begin(void)
{
    Bed *bed = bed_new_role("SRTP_AES128_CM_SHA1_80", true);

    bed->begins = false; /* what the source is told */
    start(bed, "");
    serve(bed);
    assert_error(bed, MC_SRTP_ERROR_HANDSHAKE);
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
    SSL_shutdown(bed->peer);
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
    g_test_add_data_func("/dtls-srtp/keys/gcm", GINT_TO_POINTER(GCM), test_keys);
    g_test_add_data_func("/dtls-srtp/wrong-receiver", GINT_TO_POINTER(0), test_wrong_receiver);
    g_test_add_data_func("/dtls-srtp/no-srtp", GINT_TO_POINTER(0), test_no_srtp);
    g_test_add_data_func("/dtls-srtp/passive/keys/cm", GINT_TO_POINTER(BEGINS), test_keys);
    g_test_add_data_func("/dtls-srtp/passive/keys/gcm", GINT_TO_POINTER(BEGINS | GCM), test_keys);
    g_test_add_data_func("/dtls-srtp/passive/wrong-receiver", GINT_TO_POINTER(BEGINS),
                         test_wrong_receiver);
    g_test_add_data_func("/dtls-srtp/passive/no-srtp", GINT_TO_POINTER(BEGINS), test_no_srtp);
    g_test_add_func("/dtls-srtp/passive/last-lost", test_last_lost);
    g_test_add_func("/dtls-srtp/passive/no-certificate", test_no_certificate);
    g_test_add_func("/dtls-srtp/passive/cookie", test_cookie);
    g_test_add_func("/dtls-srtp/both-begin", test_both_begin);
    g_test_add_func("/dtls-srtp/lost", test_lost);
    g_test_add_func("/dtls-srtp/closed", test_closed);
    g_test_add_func("/dtls-srtp/ended", test_ended);
    g_test_add_func("/dtls-srtp/fingerprints", test_fingerprints);
    return g_test_run();
}
