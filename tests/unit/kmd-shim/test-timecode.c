/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/timecode.h"

#include <glib.h>
#include <string.h>

static void check_round_trip(uint32_t width_px, uint32_t height_px, int64_t time_ns)
{
    uint32_t stride = width_px * 4 + 16;
    g_autofree uint8_t *picture = g_malloc((size_t) stride * height_px);
    int64_t read_ns = -1;

    memset(picture, 0x7f, (size_t) stride * height_px);
    mc_timecode_draw(picture, width_px, height_px, stride, time_ns);
    g_assert_true(mc_timecode_read(picture, width_px, height_px, stride, &read_ns));
    g_assert_cmpint(read_ns, ==, time_ns / 100000 * 100000 % (((int64_t) 1 << 40) * 100000));
    /* nothing outside of the strip */
    g_assert_cmpint(picture[(size_t) stride * mc_timecode_height_px(width_px)], ==, 0x7f);
    g_assert_cmpint(picture[mc_timecode_width_px(width_px) * 4], ==, 0x7f);
}

static void test_round_trip(void)
{
    static const int64_t times[] = {
        0, 99999, 100000, 1234567890123456, INT64_MAX / 2, (int64_t) 255 << 32, 0x123456789abcdef};

    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        check_round_trip(1280, 720, times[i]);
        check_round_trip(865, 49, times[i]);
        check_round_trip(640, 480, times[i]);
    }
}

static int pixel(const uint8_t *picture, uint32_t width_px, uint32_t x, uint32_t y)
{
    return picture[((size_t) y * width_px + x) * 4];
}

/* The layout itself, written down anew: 1 tick, so that the value's and checksum's last bits are 1.
 */
static void test_layout(void)
{
    static const struct {
        uint32_t width_px, block_px;
    } sizes[] = {{863, 8}, {864, 16}};

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        uint32_t w = sizes[i].width_px, b = sizes[i].block_px;
        g_autofree uint8_t *picture = g_malloc((size_t) w * 48 * 4);
        memset(picture, 0x7f, (size_t) w * 48 * 4);
        mc_timecode_draw(picture, w, 48, w * 4, 100000);
        for (uint32_t n = 0; n < 52; n++) {
            int expected = n == 0 || n == 41 || n == 49 || n == 51 ? 255 : 0;
            g_assert_cmpint(pixel(picture, w, b + n * b, b), ==, expected);
            g_assert_cmpint(pixel(picture, w, 2 * b + n * b - 1, 2 * b - 1), ==, expected);
        }
        g_assert_cmpint(pixel(picture, w, b, b - 1), ==, 0);
        g_assert_cmpint(pixel(picture, w, b, 2 * b), ==, 0);
        g_assert_cmpint(pixel(picture, w, b - 1, b), ==, 0);
        g_assert_cmpint(pixel(picture, w, 53 * b, b), ==, 0);
    }
}

static void test_damage_is_seen(void)
{
    g_autofree uint8_t *picture = g_malloc0((size_t) 1280 * 48 * 4);
    int64_t read_ns;

    for (uint32_t n = 0; n < 52; n++) {
        mc_timecode_draw(picture, 1280, 48, 5120, 987654321000);
        for (uint32_t y = 16; y < 32; y++)
            for (uint32_t x = 0; x < 64; x++)
                picture[y * 5120 + (n + 1) * 64 + x] ^= 0xff;
        g_assert_false(mc_timecode_read(picture, 1280, 48, 5120, &read_ns));
    }
}

static void test_too_small(void)
{
    uint8_t pixels[16 * 16 * 4] = {0};
    int64_t read_ns;

    mc_timecode_draw(pixels, 16, 16, 64, 1);
    mc_timecode_draw(pixels, 1920, 2, 7680, 1); /* not high enough: untouched */
    g_assert_false(mc_timecode_read(pixels, 16, 16, 64, &read_ns));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/timecode/round-trip", test_round_trip);
    g_test_add_func("/timecode/layout", test_layout);
    g_test_add_func("/timecode/damage-is-seen", test_damage_is_seen);
    g_test_add_func("/timecode/too-small", test_too_small);
    return g_test_run();
}
