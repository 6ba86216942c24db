/* SPDX-License-Identifier: MIT */
/* Keys from a provider module: the published content vector through it, and modules that are none.
 */
#include <string.h>

#include "tests/unit/hex.h"
#include "umd/hdcp/error.h"
#include "umd/hdcp/keys.h"

static void test_vector(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(McHdcpKeys) keys = mc_hdcp_keys_load(g_getenv("HDCP_PROVIDER"), &error);
    uint8_t ks[16], riv[8], data[32], expected[32];

    g_assert_no_error(error);
    test_hex("f3df1dd95796123f989789b421e12de1", ks, sizeof ks);
    test_hex("9a6d1100a9b76f64", riv, sizeof riv);
    test_hex("00000100011b3c5bb800000001b585443b980000000001b24454473141fe0000", data, sizeof data);
    test_hex("218b92a328c9843617464ed8687a67b0eb667230245b702a2586ab4a7a9a3a4f", expected,
             sizeof expected);
    McHdcpCipher *cipher = mc_hdcp_keys_new_cipher(keys, ks, riv);
    g_assert_nonnull(cipher);
    g_assert_true(mc_hdcp_cipher_run(cipher, 0, 0, data, sizeof(data)));
    g_assert_cmpmem(data, sizeof(data), expected, sizeof(expected));
    mc_hdcp_cipher_free(cipher);
}

static void test_no_provider(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(mc_hdcp_keys_load("/proc/self/exe", &error)); /* an ELF file, but no provider */
    g_assert_error(error, MC_HDCP_ERROR, MC_HDCP_ERROR_KEYS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hdcp/provider/vector", test_vector);
    g_test_add_func("/hdcp/provider/none", test_no_provider);
    return g_test_run();
}
