/* SPDX-License-Identifier: MIT */
#include "encoder/sps.h"

#include <glib.h>
#include <string.h>

/* What x264 and OpenH264 write: constrained baseline, 1280x720 and 1920x1080 (cropped). */
static const uint8_t baseline[] = {0x67, 0x42, 0xc0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xec, 0x05,
                                   0xa8, 0x08, 0x08, 0x0a, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00,
                                   0x00, 0x03, 0x00, 0x79, 0x1e, 0x30, 0x65, 0x40};
static const uint8_t openh264[] = {0x67, 0x42, 0xc0, 0x28, 0x8c, 0x8d, 0x40, 0x3c,
                                   0x01, 0x13, 0xf2, 0xc0, 0x3c, 0x22, 0x11, 0xa8};

static void test_parse(void)
{
    McSps sps;

    g_assert_true(mc_sps_parse(baseline, sizeof(baseline), &sps));
    g_assert_cmpuint(sps.profile_idc, ==, 66);
    g_assert_cmpuint(sps.constraints, ==, 0xc0);
    g_assert_cmpuint(sps.level_idc, ==, 31);
    g_assert_cmpuint(sps.width_px, ==, 1280);
    g_assert_cmpuint(sps.height_px, ==, 720);
    g_assert_true(sps.progressive && sps.has_vui);
    g_assert_cmpint(sps.reorder_frames, ==, 0);
    g_assert_true(mc_sps_parse(openh264, sizeof(openh264), &sps));
    g_assert_cmpuint(sps.level_idc, ==, 40);
    g_assert_cmpuint(sps.width_px, ==, 1920);
    g_assert_cmpuint(sps.height_px, ==, 1080);
}

static void test_rewrite(void)
{
    uint8_t ours[MC_SPS_MAX_BYTES], again[MC_SPS_MAX_BYTES];
    size_t n = mc_sps_rewrite(baseline, sizeof(baseline), 0x0c, 42, 60, ours);
    McSps sps;

    g_assert_cmpuint(n, >, 0);
    g_assert_true(mc_sps_parse(ours, n, &sps));
    g_assert_cmpuint(sps.profile_idc, ==, 66);
    g_assert_cmpuint(sps.constraints, ==, 0x0c);
    g_assert_cmpuint(sps.level_idc, ==, 42);
    g_assert_cmpuint(sps.width_px, ==, 1280);
    g_assert_cmpuint(sps.height_px, ==, 720);
    g_assert_cmpuint(sps.matrix, ==, 1);
    g_assert_cmpint(sps.reorder_frames, ==, 0);
    g_assert_cmpint(sps.dec_frame_buffering, ==, (int) sps.ref_frames);
    /* What was rewritten stays as it is. */
    g_assert_cmpuint(mc_sps_rewrite(ours, n, 0x0c, 42, 60, again), ==, n);
    g_assert_cmpmem(ours, n, again, n);
    for (size_t i = 2; i < n; i++) /* no start code in it */
        g_assert_false(ours[i - 2] == 0 && ours[i - 1] == 0 && ours[i] < 3);
}

static void test_cut_short(void)
{
    uint8_t ours[MC_SPS_MAX_BYTES];
    McSps sps;

    for (size_t len = 0; len < 9; len++) {
        g_autofree uint8_t *exact = g_memdup2(baseline, len); /* for the sanitiser */
        g_assert_false(mc_sps_parse(exact, len, &sps));
        g_assert_cmpuint(mc_sps_rewrite(exact, len, 0, 31, 30, ours), ==, 0);
    }
}

static void test_noise(void)
{
    uint8_t ours[MC_SPS_MAX_BYTES];
    McSps sps;

    for (int i = 0; i < 50000; i++) {
        size_t len = (size_t) g_test_rand_int_range(1, 300);
        g_autofree uint8_t *nal = g_malloc(len);
        for (size_t k = 0; k < len; k++)
            nal[k] = (uint8_t) (i % 2 && k < sizeof(baseline) ? baseline[k] : g_test_rand_int());
        nal[0] = 0x67;
        if (i % 2)
            nal[g_test_rand_int_range(0, (gint32) len)] ^= (uint8_t) g_test_rand_int();
        mc_sps_parse(nal, len, &sps);
        size_t n = mc_sps_rewrite(nal, len, 0xc0, 31, 30, ours);
        g_assert_cmpuint(n, <=, sizeof(ours));
        if (n)
            g_assert_true(mc_sps_parse(ours, n, &sps));
    }
}

static void test_nal_walk(void)
{
    static const uint8_t stream[] = {0, 0, 0, 1, 9, 0xf0, 0, 0, 1, 0x67,
                                     1, 2, 0, 0, 0, 1,    0, 0, 1, /* empty */ 0x65,
                                     7, 0, 0, 3, 1, 0,    0};
    const uint8_t *nal;
    size_t pos = 0, len;

    g_assert_true(mc_nal_next(stream, sizeof(stream), &pos, &nal, &len));
    g_assert_cmpuint(mc_nal_type(nal), ==, MC_NAL_AUD);
    g_assert_cmpuint(len, ==, 2);
    g_assert_true(mc_nal_next(stream, sizeof(stream), &pos, &nal, &len));
    g_assert_cmpuint(mc_nal_type(nal), ==, MC_NAL_SPS);
    g_assert_cmpuint(len, ==, 3);
    g_assert_true(mc_nal_next(stream, sizeof(stream), &pos, &nal, &len));
    g_assert_cmpuint(mc_nal_type(nal), ==, MC_NAL_IDR);
    g_assert_cmpuint(len, ==, 6);
    g_assert_false(mc_nal_next(stream, sizeof(stream), &pos, &nal, &len));
    pos = 0;
    g_assert_false(mc_nal_next(stream, 0, &pos, &nal, &len));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sps/parse", test_parse);
    g_test_add_func("/sps/rewrite", test_rewrite);
    g_test_add_func("/sps/cut-short", test_cut_short);
    g_test_add_func("/sps/noise", test_noise);
    g_test_add_func("/sps/nal-walk", test_nal_walk);
    return g_test_run();
}
