/* SPDX-License-Identifier: MIT */
#include "encoder/pts-spacing.h"

#include <glib.h>

#define INTERVAL 3000 /* 30 pictures a second */

static McPtsSpacing begun(uint64_t first)
{
    McPtsSpacing s = {.interval_90k = INTERVAL};

    g_assert_cmpuint(mc_pts_spacing_next(&s, first), ==, first);
    return s;
}

/* In the mode's rate or slower: as it was captured. */
static void test_as_captured(void)
{
    McPtsSpacing s = begun(90000);

    g_assert_cmpuint(mc_pts_spacing_next(&s, 93000), ==, 93000);
    g_assert_cmpuint(mc_pts_spacing_next(&s, 96123), ==, 96123);
    g_assert_cmpuint(mc_pts_spacing_next(&s, 106123), ==, 106123);
}

/* A clock that ticks a little early and late: never less than an interval apart. */
static void test_jitter(void)
{
    McPtsSpacing s = begun(90000);
    uint64_t last = 90000;

    for (unsigned i = 1; i < 500; i++) {
        const uint64_t wish = 90000 + i * INTERVAL + (uint64_t) g_test_rand_int_range(0, 150);
        const uint64_t pts = mc_pts_spacing_next(&s, wish);
        g_assert_cmpuint(pts, >=, last + INTERVAL);
        g_assert_cmpuint(pts, <=, wish + 150);
        last = pts;
    }
}

/* One picture more, or a late one: the others keep their distance, and have made it good soon. */
static void test_one_more(void)
{
    for (unsigned early = 1; early < INTERVAL; early += 100) {
        McPtsSpacing s = begun(90000);
        uint64_t last = 90000, wish = 90000 - early;
        for (unsigned i = 0; i < 20; i++) {
            wish += INTERVAL;
            const uint64_t pts = mc_pts_spacing_next(&s, wish);
            g_assert_cmpuint(pts - last, >=, INTERVAL - INTERVAL / 16);
            g_assert_cmpuint(pts, >=, wish);
            last = pts;
        }
        g_assert_cmpuint(last - wish, <=, INTERVAL / 16);
    }
}

/* However many come at once, none is shown long after it was captured, nor before another. */
static void test_too_many(void)
{
    McPtsSpacing s = begun(90000);
    uint64_t last = 90000;

    for (unsigned i = 0; i < 50; i++) {
        const uint64_t pts = mc_pts_spacing_next(&s, 90000 + i);
        g_assert_cmpuint(pts, >, last);
        g_assert_cmpuint(pts, <=, 90000 + i + 2 * INTERVAL + 1);
        last = pts;
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pts-spacing/as-captured", test_as_captured);
    g_test_add_func("/pts-spacing/jitter", test_jitter);
    g_test_add_func("/pts-spacing/one-more", test_one_more);
    g_test_add_func("/pts-spacing/too-many", test_too_many);
    return g_test_run();
}
