/* SPDX-License-Identifier: MIT */
#include "encoder/lpcm.h"

#include <glib.h>

static void test_frame(void)
{
    int16_t samples[960] = {0x0102, -2, 0x7fff, -0x8000};
    uint8_t frame[MC_LPCM_FRAME_BYTES];
    static const uint8_t wish[] = {0xa0, 0x06, 0x00, 0x11, 0x01, 0x02, 0xff,
                                   0xfe, 0x7f, 0xff, 0x80, 0x00, 0x00, 0x00};

    samples[959] = 0x1234;
    mc_lpcm_frame(samples, frame);
    g_assert_cmpuint(sizeof frame, ==, 1924);
    g_assert_cmpmem(frame, sizeof wish, wish, sizeof wish);
    g_assert_cmphex(frame[1922], ==, 0x12);
    g_assert_cmphex(frame[1923], ==, 0x34);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lpcm/frame", test_frame);
    return g_test_run();
}
