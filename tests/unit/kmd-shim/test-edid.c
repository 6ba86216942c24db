/* SPDX-License-Identifier: MIT */
#include "kmd-shim/edid.h"

#include <glib.h>
#include <string.h>

static void test_make(void)
{
    static const uint32_t modes[][3] = {{1920, 1080, 60000}, {1280, 720, 30000},
                                        {640, 480, 60000},   {3840, 2160, 60000},
                                        {1366, 768, 59940},  {1920, 1200, 24000}};

    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        uint8_t edid[128], sum = 0;
        uint32_t w = 0, h = 0, mhz = 0;
        mc_edid_make(edid, "Sink", modes[i][0], modes[i][1], modes[i][2]);
        for (size_t n = 0; n < 128; n++)
            sum = (uint8_t) (sum + edid[n]);
        g_assert_cmpuint(sum, ==, 0);
        g_assert_true(mc_edid_validate(edid, 128));
        g_assert_true(mc_edid_preferred(edid, 128, &w, &h, &mhz));
        g_assert_cmpuint(w, ==, modes[i][0]);
        g_assert_cmpuint(h, ==, modes[i][1]);
        g_assert_cmpint(ABS((int) mhz - (int) modes[i][2]), <, 30); /* the clock's 10 kHz steps */
    }
}

/* What 128 bytes cannot say becomes something smaller, and terminates. */
static void test_limits(void)
{
    static const uint32_t modes[][3] = {
        {16384, 16384, 240000}, {0, 0, 0}, {7680, 4320, 60000}, {4095, 4095, 240000}};

    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        uint8_t edid[128];
        uint32_t w = 0, h = 0, mhz = 0;
        mc_edid_make(edid, NULL, modes[i][0], modes[i][1], modes[i][2]);
        g_assert_true(mc_edid_preferred(edid, 128, &w, &h, &mhz));
        g_assert_cmpuint(w, <=, 4095);
        g_assert_cmpuint(h, <=, 4095);
        g_assert_cmpuint(mhz, >, 0);
    }
}

static void check_name(const char *name, const char *expected)
{
    uint8_t edid[128];

    mc_edid_make(edid, name, 1280, 720, 60000);
    g_assert_true(mc_edid_validate(edid, 128));
    g_assert_cmpmem(edid + 72, 5, "\0\0\0\xfc\0", 5);
    g_assert_cmpmem(edid + 77, 13, expected, 13);
}

static void test_name(void)
{
    check_name("TV", "TV\n          ");
    check_name("exactly13char", "exactly13char");
    check_name("much longer than that", "much longer t");
    check_name("K\xc3\xbc"
               "che\n\x01",
               "Kche\n        ");
    check_name("", "Miracast\n    ");
    check_name(NULL, "Miracast\n    ");
}

static void test_validate(void)
{
    uint8_t edid[256] = {0};
    uint32_t w, h, mhz;

    mc_edid_make(edid, "Sink", 1920, 1080, 60000);
    g_assert_false(mc_edid_validate(NULL, 128));
    g_assert_false(mc_edid_validate(edid, 0));
    g_assert_false(mc_edid_validate(edid, 127));
    g_assert_false(mc_edid_validate(edid, 129));
    g_assert_false(mc_edid_validate(edid, 256)); /* it announces no extension */
    for (size_t i = 0; i < 128; i++) {
        edid[i] ^= 0x10;
        g_assert_false(mc_edid_validate(edid, 128));
        edid[i] ^= 0x10;
    }
    edid[126] = 1;
    edid[127]--;
    g_assert_true(mc_edid_validate(edid, 256));
    g_assert_true(mc_edid_validate(edid, 128)); /* sinks often send the first block alone */
    edid[127] = (uint8_t) (edid[127] + edid[54] + edid[55]);
    edid[54] = edid[55] = 0;
    g_assert_true(mc_edid_validate(edid, 128));
    g_assert_false(mc_edid_preferred(edid, 128, &w, &h, &mhz));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/edid/make", test_make);
    g_test_add_func("/edid/limits", test_limits);
    g_test_add_func("/edid/name", test_name);
    g_test_add_func("/edid/validate", test_validate);
    return g_test_run();
}
