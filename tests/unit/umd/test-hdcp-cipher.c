/* SPDX-License-Identifier: MIT */
/* Content encryption: the published vector, counters across PES packets, keys put in and taken out
 * while another thread encrypts. */
#include "umd/hdcp/cipher.h"

#include <string.h>

#include "encoder/ts-mux.h"
#include "tests/unit/hex.h"

/* It must fit the multiplexer's hook. */
static const McTsHdcp hook = {.encrypt = mc_hdcp_content_encrypt};

static McHdcpCipher *new_cipher(void)
{
    uint8_t ks[16], lc128[16], riv[8];

    test_hex("f3df1dd95796123f989789b421e12de1", ks, sizeof ks);
    test_hex("93ce5a56a0a1f4f73c658a1bd2aef0f7", lc128, sizeof lc128);
    test_hex("9a6d1100a9b76f64", riv, sizeof riv);
    return mc_hdcp_cipher_new(ks, lc128, riv);
}

static McHdcpContent *new_content(void)
{
    McHdcpContent *content = mc_hdcp_content_new();

    mc_hdcp_content_set_cipher(content, new_cipher());
    return content;
}

/* The other way round than the writer: bits collected between the marker bits. */
static void read_private(const uint8_t data[16], uint32_t *ret_stream, uint64_t *ret_input)
{
    uint64_t bits = 0, stream = 0;

    for (unsigned i = 0; i < 8; i++) {
        const unsigned word = (unsigned) data[2 * i] << 8 | data[2 * i + 1];

        g_assert_cmpuint(word & 1, ==, 1);
        bits = bits << 15 | word >> 1;
        if (i == 2) {
            stream = bits;
            bits = 0;
        }
    }
    *ret_stream = (uint32_t) stream;
    *ret_input = bits;
}

static void test_vector(void)
{
    g_autoptr(McHdcpContent) content = new_content();
    uint8_t plain[32], expected[32], out[32], private[16];
    uint32_t stream = 9;
    uint64_t input = 9;

    test_hex("00000100011b3c5bb800000001b585443b980000000001b24454473141fe0000", plain,
             sizeof plain);
    test_hex("218b92a328c9843617464ed8687a67b0eb667230245b702a2586ab4a7a9a3a4f", expected,
             sizeof expected);
    g_assert_true(hook.encrypt(false, plain, out, 32, private, content));
    g_assert_cmpmem(out, 32, expected, 32);
    read_private(private, &stream, &input);
    g_assert_cmpuint(stream, ==, 0);
    g_assert_cmpuint(input, ==, 0);
}

/* Each PES on its own, from its private data alone, as a receiver does it: lengths with trailing
 * parts, both streams mixed. */
static void test_counters(void)
{
    static const size_t lengths[] = {1, 16, 17, 1536, 0, 100000, 31, 32, 33};
    g_autoptr(McHdcpContent) content = new_content();
    g_autofree uint8_t *data = g_malloc(100000), *out = g_malloc(100000);
    McHdcpCipher *receiver = new_cipher();
    uint64_t next[2] = {0, 0};

    for (size_t i = 0; i < 100000; i++)
        data[i] = (uint8_t) (i * 7);
    for (unsigned i = 0; i < 4 * G_N_ELEMENTS(lengths); i++) {
        const size_t len = lengths[i % G_N_ELEMENTS(lengths)];
        const bool is_audio = i % 3 == 0;
        uint8_t private[16];
        uint32_t stream = 0;
        uint64_t input = 0;

        g_assert_true(mc_hdcp_content_encrypt(is_audio, data, out, len, private, content));
        read_private(private, &stream, &input);
        g_assert_cmpuint(stream, ==, is_audio);
        g_assert_cmpuint(input, ==, next[is_audio]);
        next[is_audio] += (len + 15) / 16;
        if (len >= 16)
            g_assert_cmpint(memcmp(out, data, len), !=, 0);
        g_assert_true(mc_hdcp_cipher_run(receiver, stream, input, out, len));
        g_assert_cmpmem(out, len, data, len);
    }
    mc_hdcp_cipher_free(receiver);
}

static void test_in_place(void)
{
    g_autoptr(McHdcpContent) a = new_content();
    g_autoptr(McHdcpContent) b = new_content();
    uint8_t in[77] = "in place and from one buffer to the other", out[77], private[16];

    g_assert_true(mc_hdcp_content_encrypt(true, in, out, sizeof(in), private, a));
    g_assert_true(mc_hdcp_content_encrypt(true, in, in, sizeof(in), private, b));
    g_assert_cmpmem(in, sizeof(in), out, sizeof(out));
}

static void test_no_key(void)
{
    g_autoptr(McHdcpContent) content = mc_hdcp_content_new();
    uint8_t data[16] = {0}, private[16];
    uint32_t stream = 0;
    uint64_t input = 9;

    g_assert_false(mc_hdcp_content_has_cipher(content));
    g_assert_false(mc_hdcp_content_encrypt(false, data, data, 16, private, content));
    mc_hdcp_content_set_cipher(content, new_cipher());
    g_assert_true(mc_hdcp_content_has_cipher(content));
    g_assert_true(mc_hdcp_content_encrypt(false, data, data, 16, private, content));
    mc_hdcp_content_set_cipher(content, NULL);
    g_assert_false(mc_hdcp_content_encrypt(false, data, data, 16, private, content));
    mc_hdcp_content_set_cipher(content, new_cipher()); /* a new session key: from 0 */
    g_assert_true(mc_hdcp_content_encrypt(false, data, data, 16, private, content));
    read_private(private, &stream, &input);
    g_assert_cmpuint(input, ==, 0);
}

static void *encrypt_all_the_time(void *user_data)
{
    uint8_t data[64] = {0}, private[16];
    unsigned done = 0;

    for (unsigned i = 0; i < 20000; i++)
        done += mc_hdcp_content_encrypt(i & 1, data, data, sizeof(data), private, user_data);
    return GUINT_TO_POINTER(done);
}

static void test_threads(void)
{
    g_autoptr(McHdcpContent) content = mc_hdcp_content_new();
    GThread *thread = g_thread_new("encrypt", encrypt_all_the_time, content);

    for (unsigned i = 0; i < 200; i++)
        mc_hdcp_content_set_cipher(content, i % 2 ? NULL : new_cipher());
    g_assert_cmpuint(GPOINTER_TO_UINT(g_thread_join(thread)), <=, 20000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hdcp/cipher/vector", test_vector);
    g_test_add_func("/hdcp/cipher/counters", test_counters);
    g_test_add_func("/hdcp/cipher/in-place", test_in_place);
    g_test_add_func("/hdcp/cipher/no-key", test_no_key);
    g_test_add_func("/hdcp/cipher/threads", test_threads);
    return g_test_run();
}
