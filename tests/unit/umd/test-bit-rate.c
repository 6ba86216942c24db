/* SPDX-License-Identifier: MIT */
/* Who says how many bits a second there are: mode, person, display path, sink and link. */
#include "umd/bit-rate.h"

#include <glib.h>

static const McVideoChoice hd = {.mode = {.width_px = 1920, .height_px = 1080, .fps = 30}};

static void test_begin(void)
{
    McVideoChoice limited = hd, small = hd;
    McBitRate rate = {0};

    limited.max_kbps = 5000;
    small.mode.width_px = small.mode.height_px = 16;
    g_assert_cmpuint(mc_bit_rate_begin(&rate, &hd, 0), ==, 7464); /* 0.12 bit a pixel */
    g_assert_cmpuint(mc_bit_rate_begin(&rate, &small, 0), ==, 2000);
    g_assert_cmpuint(mc_bit_rate_begin(&rate, &hd, 9000), ==, 9000);
    g_assert_cmpuint(mc_bit_rate_begin(&rate, &limited, 9000), ==, 5000);
    mc_bit_rate_wish(&rate, 3000); /* of the display path: more than the person's counts */
    g_assert_cmpuint(mc_bit_rate_begin(&rate, &hd, 9000), ==, 3000);
    rate.sink_kbps = 1500;
    g_assert_cmpuint(mc_bit_rate_begin(&rate, &hd, 9000), ==, 1500);
    g_assert_cmpuint(rate.mode_kbps, ==, 3000);
}

static void test_least(void)
{
    McVideoChoice limited = hd;
    McBitRate rate = {0};

    limited.max_kbps = 5000;
    g_assert_cmpuint(mc_bit_rate_least(&rate), ==, 0);
    rate.link_kbps = 8000;
    g_assert_cmpuint(mc_bit_rate_least(&rate), ==, 8000);
    mc_bit_rate_begin(&rate, &limited, 4000);
    g_assert_cmpuint(mc_bit_rate_least(&rate), ==, 4000);
    mc_bit_rate_wish(&rate, 6000);
    g_assert_cmpuint(mc_bit_rate_least(&rate), ==, 5000); /* the mode's limit */
    rate.sink_kbps = 3000;
    g_assert_cmpuint(mc_bit_rate_least(&rate), ==, 3000);
    rate.link_kbps = 2500;
    g_assert_cmpuint(mc_bit_rate_least(&rate), ==, 2500);
    rate.sink_kbps = rate.link_kbps = 0; /* they want nothing any more */
    g_assert_cmpuint(mc_bit_rate_least(&rate), ==, 5000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bit-rate/begin", test_begin);
    g_test_add_func("/bit-rate/least", test_least);
    return g_test_run();
}
