/* SPDX-License-Identifier: MIT */
/* Every published vector of the facsimile receivers, by the 2.0 and the 2.2 rules. */
#include "umd/hdcp/crypto.h"

#include <glib.h>
#include <string.h>

#include "tests/unit/hex.h"
#include "tests/unit/umd/hdcp-vectors.h"

static void assert_hex(const uint8_t *bytes, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (size_t i = 0; i < strlen(expected) / 2; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    g_assert_cmpstr(text->str, ==, expected);
}

static void load(const HdcpVector *v, McHdcpSecrets *s, bool rules22)
{
    test_hex(v->km, s->km, sizeof s->km);
    test_hex(v->rtx, s->rtx, sizeof s->rtx);
    test_hex(v->rrx, s->rrx, sizeof s->rrx);
    s->rules22 = rules22;
}

static void test_authentication(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(hdcp_vectors); i++) {
        const HdcpVector *v = &hdcp_vectors[i];
        McHdcpInfo info = {.repeater = v->repeater};
        McHdcpSecrets s;
        uint8_t kd[32], mac[32], rn[8], ks[16], out[16];

        load(v, &s, false);
        test_hex(v->rn, rn, sizeof rn);
        test_hex(v->ks, ks, sizeof ks);
        g_assert_true(mc_hdcp_kd(&s, kd));
        assert_hex(kd, v->kd);
        g_assert_true(mc_hdcp_h(&s, kd, &info, mac));
        assert_hex(mac, v->h);
        g_assert_true(mc_hdcp_l(&s, kd, rn, mac));
        assert_hex(mac, v->l);
        g_assert_true(mc_hdcp_dkey(&s, 2, rn, out));
        assert_hex(out, v->dkey2);
        g_assert_true(mc_hdcp_edkey(&s, rn, ks, out));
        assert_hex(out, v->edkey);

        load(v, &s, true);
        g_assert_true(mc_hdcp_kd(&s, kd));
        assert_hex(kd, v->kd22);
        g_assert_true(mc_hdcp_dkey(&s, 2, rn, out));
        assert_hex(out, v->dkey22);
        g_assert_true(mc_hdcp_edkey(&s, rn, ks, out));
        assert_hex(out, v->edkey22);
    }
}

static McHdcpCipher *facsimile_cipher(void)
{
    uint8_t ks[16], lc128[16], riv[8];

    test_hex("f3df1dd95796123f989789b421e12de1", ks, sizeof ks);
    test_hex("93ce5a56a0a1f4f73c658a1bd2aef0f7", lc128, sizeof lc128);
    test_hex("9a6d1100a9b76f64", riv, sizeof riv);
    return mc_hdcp_cipher_new(ks, lc128, riv);
}

static void test_cipher(void)
{
    McHdcpCipher *cipher = facsimile_cipher();
    uint8_t data[32], again[16];

    test_hex("00000100011b3c5bb800000001b585443b980000000001b24454473141fe0000", data, sizeof data);
    memcpy(again, data + 16, 16);
    g_assert_true(mc_hdcp_cipher_run(cipher, 0, 0, data, 32));
    assert_hex(data, "218b92a328c9843617464ed8687a67b0eb667230245b702a2586ab4a7a9a3a4f");
    /* The second block alone, by its counter: a receiver resynchronises at each PES. */
    g_assert_true(mc_hdcp_cipher_run(cipher, 0, 1, again, 16));
    assert_hex(again, "eb667230245b702a2586ab4a7a9a3a4f");
    mc_hdcp_cipher_free(cipher);
}

static void test_pes_private_data(void)
{
    uint8_t data[16];

    mc_hdcp_pes_private_data(0, 0, data);
    assert_hex(data, "00010001000100010001000100010001");
    mc_hdcp_pes_private_data(1, 0x0123456789abcdef, data);
    assert_hex(data, "0001000100030001"
                     "12352b3d26af9bdf");
}

static void test_compare(void)
{
    g_assert_true(mc_hdcp_equal((const uint8_t *) "abcd", (const uint8_t *) "abcd", 4));
    g_assert_false(mc_hdcp_equal((const uint8_t *) "abcd", (const uint8_t *) "abce", 4));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hdcp/crypto/authentication", test_authentication);
    g_test_add_func("/hdcp/crypto/cipher", test_cipher);
    g_test_add_func("/hdcp/crypto/pes-private-data", test_pes_private_data);
    g_test_add_func("/hdcp/crypto/compare", test_compare);
    return g_test_run();
}
