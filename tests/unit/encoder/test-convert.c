/* SPDX-License-Identifier: MIT */
#include "encoder/convert.h"

#include <string.h>

#include "encoder/convert-rows.h"
#include "encoder/stream.h"

typedef struct {
    int b, g, r;
} Colour;

static const Colour bars[] = {{255, 255, 255}, {0, 255, 255}, {255, 255, 0}, {0, 255, 0},
                              {255, 0, 255},   {0, 0, 255},   {255, 0, 0},   {0, 0, 0},
                              {191, 191, 191}, {0, 191, 191}, {191, 191, 0}, {0, 191, 0},
                              {191, 0, 191},   {0, 0, 191},   {191, 0, 0},   {128, 64, 32}};

/* ITU-R BT.709-6, 3 and 4, eight bits in limited range; not the code's integers. */
static void exact(Colour c, double ret[3])
{
    double y = 0.2126 * c.r / 255 + 0.7152 * c.g / 255 + 0.0722 * c.b / 255;

    ret[0] = 16 + 219 * y;
    ret[1] = 128 + 224 * (c.b / 255.0 - y) / 1.8556;
    ret[2] = 128 + 224 * (c.r / 255.0 - y) / 1.5748;
}

static void assert_near(int value, double wanted, double tolerance)
{
    if (value < wanted - tolerance || value > wanted + tolerance)
        g_error("%d is not %.2f +- %.1f", value, wanted, tolerance);
}

static uint8_t *filled(unsigned width, unsigned height, Colour c)
{
    uint8_t *pixels = g_malloc((size_t) width * height * 4);

    for (size_t i = 0; i < (size_t) width * height; i++) {
        pixels[4 * i] = (uint8_t) c.b;
        pixels[4 * i + 1] = (uint8_t) c.g;
        pixels[4 * i + 2] = (uint8_t) c.r;
        pixels[4 * i + 3] = (uint8_t) i; /* X means nothing */
    }
    return pixels;
}

static McFrameDesc frame_of(const uint8_t *pixels, unsigned width, unsigned height)
{
    return (McFrameDesc){.size = sizeof(McFrameDesc),
                         .version = MC_FRAME_VERSION,
                         .frame_id = 1,
                         .pixels = (uint64_t) (uintptr_t) pixels,
                         .width_px = width,
                         .height_px = height,
                         .stride_bytes = width * 4,
                         .fourcc = MC_FOURCC_BGRX};
}

static McPicture *convert(McConvert *self, const uint8_t *pixels, unsigned width, unsigned height)
{
    McFrameDesc frame = frame_of(pixels, width, height);

    g_assert_true(mc_convert_frame(self, &frame, NULL));
    return mc_convert_compose(self);
}

static int at(const McPicture *p, int plane, unsigned x, unsigned y)
{
    return p->plane[plane][(plane ? y / 2 : y) * p->stride[plane] + (plane ? x / 2 : x)];
}

static void assert_colour(const McPicture *p, unsigned x, unsigned y, Colour c, double tolerance)
{
    double wanted[3];

    exact(c, wanted);
    for (int i = 0; i < 3; i++)
        assert_near(at(p, i, x, y), wanted[i], tolerance);
}

static void test_bars(void)
{
    enum { BAR = 20, WIDTH = BAR * G_N_ELEMENTS(bars), HEIGHT = 18 };
    g_autofree uint8_t *pixels = g_malloc(WIDTH * HEIGHT * 4);
    g_autoptr(McConvert) self = mc_convert_new(WIDTH, HEIGHT);

    for (unsigned i = 0; i < WIDTH * HEIGHT; i++) {
        Colour c = bars[i % WIDTH / BAR];
        memcpy(pixels + 4 * i, (uint8_t[]){(uint8_t) c.b, (uint8_t) c.g, (uint8_t) c.r, 77}, 4);
    }
    McPicture *p = convert(self, pixels, WIDTH, HEIGHT);
    g_assert_cmpuint(p->width_px, ==, WIDTH);
    for (unsigned y = 0; y < HEIGHT; y++)
        for (unsigned x = 0; x < WIDTH; x++)
            assert_colour(p, x, y, bars[x / BAR], 1);
}

/* Every level of grey and of the primaries: no step goes the wrong way, nothing wraps. */
static void test_all_levels(void)
{
    for (int channel = 0; channel < 4; channel++) {
        for (int v = 0; v < 256; v++) {
            Colour c = {channel % 4 == 0 || channel == 3 ? v : 0,
                        channel % 4 == 1 || channel == 3 ? v : 0,
                        channel % 4 == 2 || channel == 3 ? v : 0};
            g_autofree uint8_t *pixels = filled(64, 2, c);
            g_autoptr(McConvert) self = mc_convert_new(64, 2);
            assert_colour(convert(self, pixels, 64, 2), 40, 1, c, 1.5);
        }
    }
}

static void test_simd_equals_plain(void)
{
    enum { MAX = 200 };
    uint8_t in[2][MAX * 4], y[2][2][MAX + 8], uv[2][2][MAX / 2 + 8];
    McRowsFunc rows[2] = {mc_rows_plain(), mc_rows_best()};

    for (unsigned i = 0; i < sizeof(in); i++)
        ((uint8_t *) in)[i] = (uint8_t) g_test_rand_int();
    for (unsigned width = 1; width <= MAX; width++) {
        memset(y, 0xee, sizeof(y));
        memset(uv, 0xee, sizeof(uv));
        for (int i = 0; i < 2; i++)
            rows[i](in[0], in[1], y[i][0], y[i][1], uv[i][0], uv[i][1], width);
        g_assert_cmpmem(y[0], sizeof(y[0]), y[1], sizeof(y[1]));
        g_assert_cmpmem(uv[0], sizeof(uv[0]), uv[1], sizeof(uv[1]));
        g_assert_cmpuint(y[1][1][width], ==, 0xee); /* not a byte too far */
        g_assert_cmpuint(uv[1][1][(width + 1) / 2], ==, 0xee);
    }
}

static void test_fit(void)
{
    static const struct {
        uint32_t frame[2], mode[2];
        McConvertRect wanted;
    } cases[] = {
        {{1280, 720}, {1280, 720}, {0, 0, 1280, 720}},
        {{1024, 768}, {1280, 720}, {160, 0, 960, 720}},
        {{1920, 1080}, {640, 480}, {0, 60, 640, 360}},
        {{2560, 1080}, {1920, 1080}, {0, 134, 1920, 810}},
        {{1366, 768}, {1280, 720}, {0, 0, 1280, 720}},
        {{1, 8192}, {640, 480}, {318, 0, 2, 480}},
        {{8192, 1}, {640, 480}, {0, 238, 640, 2}},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        McConvertRect r = mc_convert_fit(cases[i].frame[0], cases[i].frame[1], cases[i].mode[0],
                                         cases[i].mode[1]);
        g_test_message("%ux%u: %u,%u %ux%u", cases[i].frame[0], cases[i].frame[1], r.x_px, r.y_px,
                       r.width_px, r.height_px);
        g_assert_cmpmem(&r, sizeof(r), &cases[i].wanted, sizeof(r));
    }
}

static void test_borders(void)
{
    const Colour orange = {20, 120, 240}, black = {0, 0, 0};
    g_autofree uint8_t *wide = filled(640, 360, orange), *tall = filled(300, 600, orange);
    g_autoptr(McConvert) self = mc_convert_new(640, 480);
    McPicture *p = convert(self, wide, 640, 360);

    g_assert_cmpuint(p->height_px, ==, 480);
    for (unsigned y = 0; y < 480; y++)
        assert_colour(p, 320, y, y < 60 || y >= 420 ? black : orange, 1);
    p = convert(self, tall, 300, 600); /* what the other shape left is gone */
    for (unsigned x = 0; x < 640; x++)
        assert_colour(p, x, 30, x < 200 || x >= 440 ? black : orange, 1);
}

static void test_new_mode(void)
{
    const Colour c = {200, 10, 90};
    g_autofree uint8_t *pixels = filled(320, 240, c);
    g_autoptr(McConvert) self = mc_convert_new(320, 240);

    g_assert_false(mc_convert_has_picture(self));
    g_assert_cmpint(at(mc_convert_compose(self), 0, 100, 100), ==, 16); /* black, until then */
    convert(self, pixels, 320, 240);
    g_autofree uint8_t *cursor = filled(16, 16, (Colour){0, 0, 255});
    for (unsigned i = 0; i < 16 * 16; i++)
        cursor[4 * i + 3] = 255;
    mc_convert_set_cursor(self, 40, 40, true, cursor, 16, 16);
    mc_convert_compose(self);
    g_autoptr(McConvert) other = mc_convert_copy(self, 640, 480);
    McPicture *p = mc_convert_compose(other); /* the kept frame, without its pixels */
    g_assert_cmpuint(p->width_px, ==, 640);
    assert_colour(p, 639, 479, c, 1);
    assert_colour(p, 96, 96, (Colour){0, 0, 255}, 1);
    mc_convert_set_cursor(other, 200, 40, true, NULL, 0, 0);
    assert_colour(mc_convert_compose(other), 96, 96, c, 1); /* nothing of it is in the frame */
    assert_colour(mc_convert_compose(self), 48, 48, (Colour){0, 0, 255}, 1);
}

static void test_cursor(void)
{
    const Colour blue = {255, 0, 0}, red = {0, 0, 255}, between = {127, 0, 128};
    g_autofree uint8_t *pixels = filled(320, 240, blue), *copy = g_memdup2(pixels, 320 * 240 * 4);
    g_autofree uint8_t *cursor = filled(16, 16, red);
    g_autoptr(McConvert) self = mc_convert_new(320, 240);

    for (unsigned i = 0; i < 16 * 16; i++)
        cursor[4 * i + 3] = 255;
    convert(self, pixels, 320, 240);
    g_assert_true(mc_convert_set_cursor(self, 100, 50, true, cursor, 16, 16));
    McPicture *p = mc_convert_compose(self);
    assert_colour(p, 100, 50, red, 1);
    assert_colour(p, 115, 65, red, 1);
    assert_colour(p, 116, 66, blue, 1);
    assert_colour(p, 99, 49, blue, 1);
    g_assert_cmpmem(pixels, 320 * 240 * 4, copy, 320 * 240 * 4);
    /* Moved, without its shape being given again; where it was, the frame is back. */
    g_assert_true(mc_convert_set_cursor(self, 200, 50, true, NULL, 0, 0));
    g_assert_false(mc_convert_set_cursor(self, 200, 50, true, NULL, 0, 0));
    p = mc_convert_compose(self);
    assert_colour(p, 105, 55, blue, 1);
    assert_colour(p, 205, 55, red, 1);
    g_assert_true(mc_convert_set_cursor(self, 200, 50, false, NULL, 0, 0));
    p = mc_convert_compose(self);
    assert_colour(p, 205, 55, blue, 1);
    /* Half through: premultiplied. */
    for (unsigned i = 0; i < 16 * 16; i++)
        memcpy(cursor + 4 * i, (uint8_t[]){0, 0, 128, 128}, 4);
    mc_convert_set_cursor(self, 10, 10, true, cursor, 16, 16);
    assert_colour(mc_convert_compose(self), 14, 14, between, 2);
}

/* Corners, odd places, and far outside, where products of int would not fit. */
static void test_cursor_clipped(void)
{
    static const int places[][2] = {
        {-8, -8}, {313, 231}, {-7, 100}, {100, -15},           {319, 239},
        {320, 0}, {0, 240},   {-16, 0},  {G_MININT, G_MININT}, {G_MAXINT, G_MAXINT},
        {101, 51}};
    const Colour blue = {255, 0, 0}, red = {0, 0, 255};
    g_autofree uint8_t *pixels = filled(321, 241, blue), *cursor = filled(16, 16, red);
    g_autoptr(McConvert) self = mc_convert_new(320, 240);
    g_autoptr(McConvert) same = mc_convert_new(320, 240);

    for (unsigned i = 0; i < 16 * 16; i++)
        cursor[4 * i + 3] = 255;
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        int x = places[i][0], y = places[i][1];
        convert(self, pixels, 321, 241); /* odd size: scaled */
        mc_convert_set_cursor(self, x, y, true, cursor, 16, 16);
        mc_convert_compose(self);
        convert(same, pixels, 320, 240);
        mc_convert_set_cursor(same, x, y, true, cursor, 16, 16);
        McPicture *p = mc_convert_compose(same);
        for (int py = 0; py < 240; py++)
            for (int px = 0; px < 320; px++) {
                bool in = px >= x && (int64_t) px < (int64_t) x + 16 && py >= y &&
                          (int64_t) py < (int64_t) y + 16;
                double wanted[3];
                exact(in ? red : blue, wanted);
                assert_near(at(p, 0, (unsigned) px, (unsigned) py), wanted[0], 1);
            }
    }
    g_assert_false(mc_convert_set_cursor(self, 101, 51, true, NULL, 0, 0));
    mc_convert_set_cursor(self, 0, 0, true, cursor, MC_CURSOR_MAX_PX + 1, 1); /* not read */
}

static void test_not_a_frame(void)
{
    g_autofree uint8_t *pixels = filled(64, 64, bars[3]);
    g_autoptr(McConvert) self = mc_convert_new(64, 64);
    McFrameDesc good = frame_of(pixels, 64, 64), bad[6];

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        bad[i] = good;
    bad[0].pixels = 0;
    bad[1].fourcc = 0;
    bad[2].stride_bytes = 255;
    bad[3].width_px = 0;
    bad[4].height_px = MC_FRAME_MAX_PX + 1;
    bad[5].width_px = 0x40000001; /* times four: small again */
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(mc_convert_frame(self, &bad[i], &error));
        g_assert_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED);
    }
    g_assert_true(mc_convert_frame(self, &good, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/convert/bars", test_bars);
    g_test_add_func("/convert/all-levels", test_all_levels);
    g_test_add_func("/convert/simd-equals-plain", test_simd_equals_plain);
    g_test_add_func("/convert/fit", test_fit);
    g_test_add_func("/convert/borders", test_borders);
    g_test_add_func("/convert/new-mode", test_new_mode);
    g_test_add_func("/convert/cursor", test_cursor);
    g_test_add_func("/convert/cursor-clipped", test_cursor_clipped);
    g_test_add_func("/convert/not-a-frame", test_not_a_frame);
    return g_test_run();
}
