/* SPDX-License-Identifier: MIT */
/* The DTLS association with sinks of every kind: what stacks other than ours may do in a handshake,
 * and what a sink may say afterwards.  A sink is OpenSSL's server on memory BIOs. */
#include "p2p/mice/dtls.h"

#include <openssl/err.h>
#include <string.h>

#include "p2p/link.h"
#include "tests/unit/p2p/dtls-sink.h"

#define ROUNDS_MAX 10

typedef struct {
    McDtls *source;
    DtlsSink *sink;
    unsigned rounds; /* of the handshake, so far */
    McDtlsStep step;
    GError *error;
    /* What becomes of the sink's records of one flight; NULL: they come as they are. */
    void (*change)(GPtrArray *records);
    unsigned largest; /* record that came */
} Pair;

static Pair pair_new(const char *ciphers)
{
    Pair pair = {.sink = dtls_sink_new(ciphers)};
    g_autoptr(GError) error = NULL;

    pair.source = mc_dtls_new(&error);
    g_assert_no_error(error);
    return pair;
}

static void pair_clear(Pair *pair)
{
    mc_dtls_free(pair->source);
    dtls_sink_free(pair->sink);
    g_clear_error(&pair->error);
}

static GPtrArray *records_of(const GByteArray *flight, unsigned *largest)
{
    GPtrArray *records = g_ptr_array_new_with_free_func((GDestroyNotify) g_byte_array_unref);
    const uint8_t *data = flight->data;

    for (size_t left = flight->len, bytes; left; data += bytes, left -= bytes) {
        bytes = 13 + ((size_t) data[11] << 8 | data[12]);
        g_assert_cmpuint(bytes, <=, left);
        g_ptr_array_add(records, g_byte_array_append(g_byte_array_new(), data, (guint) bytes));
        *largest = MAX(*largest, (unsigned) bytes);
    }
    return records;
}

/* The sink's flight, record by record as if each were a message of its own. */
static void give(Pair *pair, const GByteArray *flight, GByteArray *out)
{
    g_autoptr(GPtrArray) records = records_of(flight, &pair->largest);

    if (pair->change)
        pair->change(records);
    for (guint i = 0; i < records->len && pair->step == MC_DTLS_MORE; i++) {
        const GByteArray *record = records->pdata[i];
        pair->step = mc_dtls_handshake(pair->source, record->data, record->len, out, &pair->error);
    }
}

static void shake_hands(Pair *pair)
{
    g_autoptr(GByteArray) out = g_byte_array_new();

    pair->step = mc_dtls_handshake(pair->source, NULL, 0, out, &pair->error);
    for (; pair->step == MC_DTLS_MORE && pair->rounds < ROUNDS_MAX; pair->rounds++) {
        g_autoptr(GByteArray) answer = dtls_sink_handshake(pair->sink, out->data, out->len);
        g_byte_array_set_size(out, 0);
        if (!answer->len)
            break;
        give(pair, answer, out);
    }
}

/* Both directions work. */
static void assert_stands(Pair *pair)
{
    g_autoptr(GByteArray) sealed = g_byte_array_new();
    g_autoptr(GByteArray) plain = g_byte_array_new();

    if (pair->error)
        g_error("%s", pair->error->message);
    g_assert_cmpint(pair->step, ==, MC_DTLS_DONE);
    g_assert_true(mc_dtls_seal(pair->source, (const uint8_t *) "picture", 7, sealed));
    g_autoptr(GByteArray) seen = dtls_sink_open(pair->sink, sealed->data, sealed->len);
    g_assert_nonnull(seen);
    g_assert_cmpmem(seen->data, seen->len, "picture", 7);
    g_autoptr(GByteArray) input = dtls_sink_seal(pair->sink, "touch", 5);
    g_assert_true(mc_dtls_open(pair->source, input->data, input->len, plain));
    g_assert_cmpmem(plain->data, plain->len, "touch", 5);
}

static void assert_failed(Pair *pair)
{
    g_test_message("%s", pair->error ? pair->error->message : "no error");
    g_assert_cmpint(pair->step, ==, MC_DTLS_FAILED);
    g_assert_error(pair->error, MC_LINK_ERROR, MC_LINK_ERROR_SECURITY);
}

/* ---- handshakes ---- */

static int make_cookie(SSL *ssl, unsigned char *cookie, unsigned *len)
{
    memcpy(cookie, "a cookie of sixteen bytes", *len = 16);
    return 1;
}

static int check_cookie(SSL *ssl, const unsigned char *cookie, unsigned len)
{
    return len == 16 && !memcmp(cookie, "a cookie of sixteen bytes", 16);
}

static void test_cookie(void)
{
    Pair pair = pair_new(NULL);

    SSL_CTX_set_cookie_generate_cb(pair.sink->context, make_cookie);
    SSL_CTX_set_cookie_verify_cb(pair.sink->context, check_cookie);
    SSL_set_options(pair.sink->ssl, SSL_OP_COOKIE_EXCHANGE);
    shake_hands(&pair);
    g_assert_cmpuint(pair.rounds, ==, 3); /* HelloVerifyRequest, ServerHello, Finished */
    assert_stands(&pair);
    pair_clear(&pair);
}

/* The certificate comes in many pieces. */
static void test_fragments(void)
{
    Pair pair = pair_new(NULL);

    SSL_set_mtu(pair.sink->ssl, 256);
    shake_hands(&pair);
    g_assert_cmpuint(pair.largest, <=, 256);
    assert_stands(&pair);
    pair_clear(&pair);
}

/* ServerHello and what follows.  (Finished before ChangeCipherSpec would wait for a sink that sends
 * it again; TCP brings nothing in the wrong order.) */
static void reverse(GPtrArray *records)
{
    if (((GByteArray *) records->pdata[0])->data[13] != 2)
        return;
    for (guint i = 0; i < records->len / 2; i++) {
        gpointer *one = &records->pdata[i], *other = &records->pdata[records->len - 1 - i];
        gpointer held = *one;
        *one = *other;
        *other = held;
    }
}

static void repeat(GPtrArray *records)
{
    for (guint i = 0, len = records->len; i < len; i++)
        g_ptr_array_add(records, g_byte_array_ref(records->pdata[i]));
}

static const uint8_t future_epoch[] = {22, 0xfe, 0xfd, 0, 7, 0, 0, 0, 0, 0, 1, 0, 1, 0};
static const uint8_t early_data[] = {23, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 1, 'x'};
static const uint8_t unknown_type[] = {99, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 98, 0, 1, 0};

static void intersperse(GPtrArray *records)
{
    g_ptr_array_insert(records, 0,
                       g_byte_array_append(g_byte_array_new(), future_epoch, sizeof(future_epoch)));
}

/* Whatever order and number the records of a flight come in. */
static void test_changed(const void *data)
{
    static void (*const changes[])(GPtrArray *) = {reverse, repeat, intersperse};
    Pair pair = pair_new(NULL);

    pair.change = changes[GPOINTER_TO_UINT(data)];
    shake_hands(&pair);
    assert_stands(&pair);
    pair_clear(&pair);
}

/* Records that have no place in a handshake end it, and say so. */
static void test_out_of_place(void)
{
    static const uint8_t *const odd[] = {early_data, unknown_type};

    for (unsigned i = 0; i < G_N_ELEMENTS(odd); i++) {
        Pair pair = pair_new(NULL);
        g_autoptr(GByteArray) out = g_byte_array_new();

        mc_dtls_handshake(pair.source, NULL, 0, out, NULL);
        pair.step = mc_dtls_handshake(pair.source, odd[i], 14, out, &pair.error);
        assert_failed(&pair);
        pair_clear(&pair);
    }
}

/* A sink that would like to know who we are is told that nobody is. */
static void test_asks_certificate(void)
{
    Pair pair = pair_new(NULL);

    SSL_set_verify(pair.sink->ssl, SSL_VERIFY_PEER, NULL);
    shake_hands(&pair);
    assert_stands(&pair);
    pair_clear(&pair);

    pair = pair_new(NULL); /* and one that insists says so with an alert */
    SSL_set_verify(pair.sink->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    shake_hands(&pair);
    assert_failed(&pair);
    pair_clear(&pair);
}

/* An alert instead of ServerHello. */
static void test_no_common_suite(void)
{
    Pair pair = pair_new("ADH-AES128-SHA256:@SECLEVEL=0");

    shake_hands(&pair);
    assert_failed(&pair);
    pair_clear(&pair);
}

/* DTLS 1.0 is none of MS-MICE's, and whoever is in between could ask for it. */
static void test_old_sink(void)
{
    Pair pair = pair_new(NULL);

    SSL_set_max_proto_version(pair.sink->ssl, DTLS1_VERSION);
    SSL_set_min_proto_version(pair.sink->ssl, DTLS1_VERSION);
    shake_hands(&pair);
    assert_failed(&pair);
    pair_clear(&pair);
}

/* ---- afterwards ---- */

/* A sink's good-bye or alert in the middle ends what comes from it; sealing never gives clear text.
 */
static void test_closed(const void *data)
{
    const bool alert = GPOINTER_TO_INT(data);
    Pair pair = pair_new(NULL);
    g_autoptr(GByteArray) out = g_byte_array_new();
    uint8_t datagram[1500];
    size_t len = 1328;

    shake_hands(&pair);
    assert_stands(&pair);
    if (alert)
        SSL_renegotiate(pair.sink->ssl), SSL_do_handshake(pair.sink->ssl);
    else
        SSL_shutdown(pair.sink->ssl);
    g_autoptr(GByteArray) bye = dtls_sink_handshake(pair.sink, NULL, 0);
    g_assert_cmpuint(bye->len, >, 0);
    g_assert_false(mc_dtls_open(pair.source, bye->data, bye->len, out));
    memset(datagram, 0x47, sizeof(datagram));
    if (mc_dtls_seal_in_place(pair.source, datagram, sizeof(datagram), &len))
        g_assert_cmpint(datagram[0], ==, 0x17);
    g_assert_cmpuint(out->len, ==, 0);
    pair_clear(&pair);
}

/* Forged alerts, in the clear or with a broken tag, end nothing. */
static void test_forged_alerts(void)
{
    static const uint8_t alerts[][31] = {
        {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 50, 0, 2, 2, 40},
        {21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 50, 0, 18, 2, 40},
        {21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 51, 0, 2, 1, 0},
    };
    Pair pair = pair_new(NULL);
    g_autoptr(GByteArray) out = g_byte_array_new();

    shake_hands(&pair);
    for (unsigned i = 0; i < G_N_ELEMENTS(alerts); i++)
        g_assert_false(mc_dtls_open(pair.source, alerts[i], 13 + alerts[i][12], out));
    assert_stands(&pair);
    pair_clear(&pair);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mice/dtls/cookie", test_cookie);
    g_test_add_func("/mice/dtls/fragments", test_fragments);
    g_test_add_data_func("/mice/dtls/reversed", GUINT_TO_POINTER(0), test_changed);
    g_test_add_data_func("/mice/dtls/repeated", GUINT_TO_POINTER(1), test_changed);
    g_test_add_data_func("/mice/dtls/interspersed", GUINT_TO_POINTER(2), test_changed);
    g_test_add_func("/mice/dtls/out-of-place", test_out_of_place);
    g_test_add_func("/mice/dtls/asks-certificate", test_asks_certificate);
    g_test_add_func("/mice/dtls/no-common-suite", test_no_common_suite);
    g_test_add_func("/mice/dtls/old-sink", test_old_sink);
    g_test_add_data_func("/mice/dtls/closed", GINT_TO_POINTER(0), test_closed);
    g_test_add_data_func("/mice/dtls/renegotiation", GINT_TO_POINTER(1), test_closed);
    g_test_add_func("/mice/dtls/forged-alerts", test_forged_alerts);
    return g_test_run();
}
