/* SPDX-License-Identifier: MIT */
/* Every buffer here is exactly as large as it must be, so that ASan sees a byte too far. */
#include "kmd-shim/capture/kms-picture.h"

#include <drm_fourcc.h>
#include <glib.h>
#include <string.h>

#define CANARY 0x5a /* what is nobody's */

/* ---- formats ---- */

/* A pixel's bytes in memory, as drm_fourcc.h describes them, and what it is. */
static const struct {
    uint32_t fourcc;
    unsigned bytes;
    uint8_t pixel[4];
    uint32_t argb;
} formats[] = {
    {DRM_FORMAT_XRGB8888, 4, {0x33, 0x22, 0x11, 0x44}, 0xff112233},
    {DRM_FORMAT_ARGB8888, 4, {0x33, 0x22, 0x11, 0x44}, 0x44112233},
    {DRM_FORMAT_XBGR8888, 4, {0x11, 0x22, 0x33, 0x44}, 0xff112233},
    {DRM_FORMAT_ABGR8888, 4, {0x11, 0x22, 0x33, 0x44}, 0x44112233},
    {DRM_FORMAT_RGBX8888, 4, {0x44, 0x33, 0x22, 0x11}, 0xff112233},
    {DRM_FORMAT_RGBA8888, 4, {0x44, 0x33, 0x22, 0x11}, 0x44112233},
    {DRM_FORMAT_BGRX8888, 4, {0x44, 0x11, 0x22, 0x33}, 0xff112233},
    {DRM_FORMAT_BGRA8888, 4, {0x44, 0x11, 0x22, 0x33}, 0x44112233},
    /* x:R:G:B 2:10:10:10, red 1023, green 512, blue 0 */
    {DRM_FORMAT_XRGB2101010, 4, {0x00, 0x00, 0xf8, 0x3f}, 0xffff8000},
    {DRM_FORMAT_XBGR2101010, 4, {0xff, 0x03, 0x08, 0x00}, 0xffff8000},
    {DRM_FORMAT_RGB888, 3, {0x33, 0x22, 0x11}, 0xff112233},
    {DRM_FORMAT_BGR888, 3, {0x11, 0x22, 0x33}, 0xff112233},
    /* red 31, green 32 of 63, blue 1 of 31 */
    {DRM_FORMAT_RGB565, 2, {0x01, 0xfc}, 0xffff8208},
    {DRM_FORMAT_BGR565, 2, {0x1f, 0x0c}, 0xffff8208},
    /* red 31, green 16 of 31, blue 1 of 31 */
    {DRM_FORMAT_XRGB1555, 2, {0x01, 0x7e}, 0xffff8408},
};

static void test_formats(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        enum { COUNT = 5 };
        const unsigned bytes = formats[i].bytes;
        g_autofree uint8_t *row = g_malloc(bytes * COUNT);
        g_autofree uint32_t *argb = g_new(uint32_t, COUNT);

        g_assert_cmpuint(mc_kms_format_bytes(formats[i].fourcc), ==, bytes);
        for (unsigned x = 0; x < COUNT; x++)
            memcpy(row + x * bytes, formats[i].pixel, bytes);
        mc_kms_read_row(argb, row, COUNT, formats[i].fourcc);
        g_test_message("%.4s", (const char *) &formats[i].fourcc);
        for (unsigned x = 0; x < COUNT; x++)
            g_assert_cmphex(argb[x], ==, formats[i].argb);
    }
    g_assert_cmpuint(mc_kms_format_bytes(DRM_FORMAT_NV12), ==, 0);
    g_assert_cmpuint(mc_kms_format_bytes(DRM_FORMAT_ARGB2101010), ==, 0);
    g_assert_cmpuint(mc_kms_format_bytes(0), ==, 0);
}

/* Black stays black and white white, whatever they were written in. */
static void test_ends_of_scale(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        static const uint8_t black[4] = {0}, white[4] = {0xff, 0xff, 0xff, 0xff};
        uint32_t argb;

        mc_kms_read_row(&argb, white, 1, formats[i].fourcc);
        g_assert_cmphex(argb, ==, 0xffffffff);
        mc_kms_read_row(&argb, black, 1, formats[i].fourcc);
        g_assert_cmphex(argb & 0xffffff, ==, 0);
    }
}

static void test_sizes(void)
{
    static const struct {
        uint32_t width_px, height_px, stride_bytes, bytes_per_pixel;
        uint64_t expected;
    } rows[] = {
        {640, 480, 2560, 4, 2560 * 480},
        {640, 480, 2624, 4, 2624 * 479 + 2560}, /* the last row ends with its pixels */
        {1, 1, 4, 4, 4},
        {1, 1, 0, 4, 0},
        {640, 480, 2559, 4, 0}, /* rows that lie one over another */
        {0, 480, 2560, 4, 0},
        {640, 0, 2560, 4, 0},
        {640, 480, 2560, 0, 0},
        /* Nothing wraps round. */
        {0x40000001, 1, 4, 4, 0},
        {1, UINT32_MAX, UINT32_MAX, 4, (uint64_t) UINT32_MAX * (UINT32_MAX - 1) + 4},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpuint(mc_kms_bytes(rows[i].width_px, rows[i].height_px, rows[i].stride_bytes,
                                      rows[i].bytes_per_pixel),
                         ==, rows[i].expected);
}

static void test_layouts(void)
{
    g_assert_true(mc_kms_modifier_is_linear(DRM_FORMAT_MOD_LINEAR));
    g_assert_true(mc_kms_modifier_is_linear(DRM_FORMAT_MOD_INVALID)); /* not told */
    g_assert_false(mc_kms_modifier_is_linear(I915_FORMAT_MOD_X_TILED));
    g_assert_false(mc_kms_modifier_is_linear(DRM_FORMAT_MOD_VIVANTE_TILED));
}

/* ---- pictures ---- */

typedef struct {
    uint8_t *pixels;
    uint32_t width_px, height_px, stride_bytes, fourcc;
    unsigned bytes_per_pixel;
} Buffer;

static Buffer new_buffer(GRand *random, uint32_t width_px, uint32_t height_px, uint32_t pad_bytes,
                         uint32_t fourcc)
{
    const unsigned bytes_per_pixel = mc_kms_format_bytes(fourcc);
    Buffer self = {.width_px = width_px,
                   .height_px = height_px,
                   .stride_bytes = width_px * bytes_per_pixel + pad_bytes,
                   .fourcc = fourcc,
                   .bytes_per_pixel = bytes_per_pixel};
    const size_t bytes =
        (size_t) mc_kms_bytes(width_px, height_px, self.stride_bytes, bytes_per_pixel);

    self.pixels = g_malloc(bytes);
    for (size_t i = 0; i < bytes; i++)
        self.pixels[i] = (uint8_t) g_rand_int_range(random, 0, 256);
    return self;
}

static McKmsLayer layer_of(const Buffer *buffer, int32_t x_px, int32_t y_px)
{
    return (McKmsLayer){.pixels = buffer->pixels,
                        .stride_bytes = buffer->stride_bytes,
                        .fourcc = buffer->fourcc,
                        .src_width_px = buffer->width_px,
                        .src_height_px = buffer->height_px,
                        .x_px = x_px,
                        .y_px = y_px,
                        .width_px = buffer->width_px,
                        .height_px = buffer->height_px};
}

typedef struct {
    uint8_t *bgrx, *row;
    uint32_t width_px, height_px, stride_bytes;
    uint64_t print;
} Picture;

static Picture compose(const McKmsLayer *layers, unsigned n, uint32_t width_px, uint32_t height_px,
                       uint32_t pad_bytes)
{
    Picture self = {
        .width_px = width_px, .height_px = height_px, .stride_bytes = width_px * 4 + pad_bytes};
    size_t row_bytes = 1;

    for (unsigned i = 0; i < n; i++)
        row_bytes = MAX(row_bytes, layers[i].stride_bytes);
    self.row = g_malloc(row_bytes);
    self.bgrx = g_malloc((size_t) self.stride_bytes * height_px);
    memset(self.bgrx, CANARY, (size_t) self.stride_bytes * height_px);
    self.print =
        mc_kms_compose(layers, n, self.bgrx, width_px, height_px, self.stride_bytes, self.row);
    return self;
}

static void free_picture(Picture *self)
{
    g_free(self->bgrx);
    g_free(self->row);
}

static uint32_t pixel(const Picture *self, uint32_t x, uint32_t y)
{
    uint32_t value;

    memcpy(&value, self->bgrx + (size_t) y * self->stride_bytes + x * 4, 4);
    return value & 0xffffff;
}

/* The same said once more, pixel by pixel and without any care for speed: where a layer's pixel is
 * on the screen, and what it does to what was there. */
static uint32_t expected_pixel(const McKmsLayer *layers, unsigned n, int64_t x, int64_t y)
{
    double below[3] = {0}; /* blue, green, red */
    uint32_t result = 0;

    for (unsigned i = 0; i < n; i++) {
        const McKmsLayer *layer = &layers[i];
        const int64_t in_x = x - layer->x_px, in_y = y - layer->y_px;
        uint32_t argb;
        if (in_x < 0 || in_y < 0 || in_x >= layer->width_px || in_y >= layer->height_px)
            continue;
        const int64_t column = layer->src_x_px + in_x * layer->src_width_px / layer->width_px;
        const int64_t line = layer->src_y_px + in_y * layer->src_height_px / layer->height_px;
        mc_kms_read_row(&argb,
                        layer->pixels + line * layer->stride_bytes +
                            column * mc_kms_format_bytes(layer->fourcc),
                        1, layer->fourcc);
        const double shows_through = layer->blend ? 1 - (argb >> 24) / 255.0 : 0;
        for (unsigned k = 0; k < 3; k++) {
            below[k] = (argb >> (8 * k) & 0xff) + (double) (int) (below[k] * shows_through + 0.5);
            below[k] = MIN(below[k], 255);
        }
    }
    for (unsigned k = 0; k < 3; k++)
        result |= (uint32_t) below[k] << (8 * k);
    return result;
}

static void check(const Picture *self, const McKmsLayer *layers, unsigned n)
{
    for (uint32_t y = 0; y < self->height_px; y++)
        for (uint32_t x = 0; x < self->width_px; x++)
            g_assert_cmphex(pixel(self, x, y), ==, expected_pixel(layers, n, x, y));
    g_assert_cmphex(self->print, ==,
                    mc_kms_fingerprint(layers, n, self->width_px, self->height_px));
}

static void compose_and_check(const McKmsLayer *layers, unsigned n, uint32_t width_px,
                              uint32_t height_px, uint32_t pad_bytes)
{
    Picture picture = compose(layers, n, width_px, height_px, pad_bytes);

    check(&picture, layers, n);
    free_picture(&picture);
}

static void test_whole(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);

    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
        for (uint32_t pad = 0; pad < 2; pad++) {
            Buffer buffer = new_buffer(random, 37, 11, pad * 12, formats[i].fourcc);
            const McKmsLayer layer = layer_of(&buffer, 0, 0);
            compose_and_check(&layer, 1, 37, 11, pad * 20);
            g_free(buffer.pixels);
        }
}

/* Nothing is shown, and what was in the frame before is seen nowhere. */
static void test_black(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(2);
    Buffer buffer = new_buffer(random, 8, 8, 0, DRM_FORMAT_XRGB8888);
    const int32_t places[][2] = {{16, 0},  {0, 16},         {-8, 0},        {0, -8},
                                 {100, 5}, {INT32_MIN, 0},  {0, INT32_MIN}, {INT32_MAX, INT32_MAX},
                                 {0, -9},  {INT32_MIN, 15}, {15, INT32_MAX}};

    compose_and_check(NULL, 0, 16, 16, 4);
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        const McKmsLayer layer = layer_of(&buffer, places[i][0], places[i][1]);
        compose_and_check(&layer, 1, 16, 16, 4);
    }
    McKmsLayer none = layer_of(&buffer, 0, 0);
    none.width_px = 0;
    compose_and_check(&none, 1, 16, 16, 0);
    g_free(buffer.pixels);
}

static void test_edges(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(3);
    Buffer buffer = new_buffer(random, 9, 7, 5, DRM_FORMAT_RGB888);

    for (int32_t y = -8; y <= 13; y++)
        for (int32_t x = -10; x <= 17; x++) {
            const McKmsLayer layer = layer_of(&buffer, x, y);
            compose_and_check(&layer, 1, 16, 12, 0);
        }
    g_free(buffer.pixels);
}

static void test_blend(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(4);
    Buffer below = new_buffer(random, 32, 8, 0, DRM_FORMAT_XRGB8888);
    Buffer above = new_buffer(random, 32, 8, 0, DRM_FORMAT_ARGB8888);
    McKmsLayer layers[] = {layer_of(&below, 0, 0), layer_of(&above, 0, 0)};
    uint32_t *pixels = (uint32_t *) (void *) above.pixels;

    layers[1].blend = true;
    compose_and_check(layers, 2, 32, 8, 0); /* sums beyond 255, too: they end there */
    memset(above.pixels, 0, (size_t) 32 * 8 * 4);
    compose_and_check(layers, 2, 32, 8, 0);
    Picture clear = compose(layers, 2, 32, 8, 0);
    g_assert_cmphex(pixel(&clear, 5, 5), ==, expected_pixel(layers, 1, 5, 5));
    for (unsigned i = 0; i < 32 * 8; i++)
        pixels[i] = 0xff102030;
    Picture full = compose(layers, 2, 32, 8, 0);
    g_assert_cmphex(pixel(&full, 5, 5), ==, 0x102030);
    pixels[0] = 0x80402010; /* half of what is below, and that */
    ((uint32_t *) (void *) below.pixels)[0] = 0x00ff8040;
    Picture half = compose(layers, 2, 32, 8, 0);
    g_assert_cmphex(pixel(&half, 0, 0), ==, 0xbf6030);
    layers[1].blend = false; /* the lowest plane's alpha is nobody's */
    compose_and_check(layers, 2, 32, 8, 0);
    compose_and_check(&layers[1], 1, 32, 8, 0);
    free_picture(&clear);
    free_picture(&full);
    free_picture(&half);
    g_free(below.pixels);
    g_free(above.pixels);
}

/* A part of a random buffer, at a random place of a small screen, as large as it is or scaled. */
static McKmsLayer random_layer(GRand *random, const Buffer *buffer)
{
    McKmsLayer layer =
        layer_of(buffer, g_rand_int_range(random, -30, 30), g_rand_int_range(random, -20, 20));

    layer.src_x_px = (uint32_t) g_rand_int_range(random, 0, (gint32) buffer->width_px);
    layer.src_y_px = (uint32_t) g_rand_int_range(random, 0, (gint32) buffer->height_px);
    layer.src_width_px =
        (uint32_t) g_rand_int_range(random, 1, (gint32) (buffer->width_px - layer.src_x_px + 1));
    layer.src_height_px =
        (uint32_t) g_rand_int_range(random, 1, (gint32) (buffer->height_px - layer.src_y_px + 1));
    layer.width_px = layer.src_width_px;
    layer.height_px = layer.src_height_px;
    if (g_rand_boolean(random)) {
        layer.width_px = (uint32_t) g_rand_int_range(random, 1, 60);
        layer.height_px = (uint32_t) g_rand_int_range(random, 1, 40);
    }
    layer.blend = g_rand_boolean(random);
    return layer;
}

static void test_random(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(5);

    for (int round = 0; round < 1500; round++) {
        const unsigned n = (unsigned) g_rand_int_range(random, 1, MC_KMS_MAX_LAYERS + 1);
        Buffer buffers[MC_KMS_MAX_LAYERS];
        McKmsLayer layers[MC_KMS_MAX_LAYERS];
        for (unsigned i = 0; i < n; i++) {
            const uint32_t fourcc =
                formats[g_rand_int_range(random, 0, G_N_ELEMENTS(formats))].fourcc;
            buffers[i] = new_buffer(random, (uint32_t) g_rand_int_range(random, 1, 40),
                                    (uint32_t) g_rand_int_range(random, 1, 30),
                                    (uint32_t) g_rand_int_range(random, 0, 9), fourcc);
            layers[i] = random_layer(random, &buffers[i]);
        }
        compose_and_check(layers, n, (uint32_t) g_rand_int_range(random, 1, 50),
                          (uint32_t) g_rand_int_range(random, 1, 30), 0);
        for (unsigned i = 0; i < n; i++)
            g_free(buffers[i].pixels);
    }
}

/* ---- fingerprints ---- */

/* Each byte that is seen counts, and none that is not. */
static void test_fingerprint(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(6);
    Buffer buffer = new_buffer(random, 13, 9, 3, DRM_FORMAT_RGB888);
    McKmsLayer layer = layer_of(&buffer, -2, 1);

    layer.src_x_px = 1;
    layer.src_y_px = 2;
    layer.src_width_px = layer.width_px = 10;
    layer.src_height_px = layer.height_px = 6;
    const uint64_t print = mc_kms_fingerprint(&layer, 1, 7, 5);
    for (uint32_t y = 0; y < 9; y++)
        for (uint32_t at = 0; at < (y < 8 ? buffer.stride_bytes : 13 * 3); at++) {
            uint8_t *byte = &buffer.pixels[y * buffer.stride_bytes + at];
            const uint32_t x = at / 3; /* columns 3 to 9 and lines 2 to 5 are on the screen */
            *byte ^= 1;
            const bool differs = mc_kms_fingerprint(&layer, 1, 7, 5) != print;
            g_assert_true(differs == (x >= 3 && x <= 9 && y >= 2 && y <= 5));
            *byte ^= 1;
        }
    g_assert_cmphex(mc_kms_fingerprint(&layer, 1, 7, 5), ==, print);
    g_assert_cmphex(mc_kms_fingerprint(&layer, 0, 7, 5), !=, print);
    g_free(buffer.pixels);
}

/* Pixels that change places are another picture; so are layers that do. */
static void test_fingerprint_order(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    Buffer one = new_buffer(random, 16, 16, 0, DRM_FORMAT_XRGB8888);
    Buffer two = new_buffer(random, 16, 16, 0, DRM_FORMAT_XRGB8888);
    const McKmsLayer layers[] = {layer_of(&one, 0, 0), layer_of(&two, 8, 0)},
                     swapped[] = {layers[1], layers[0]};
    const uint64_t print = mc_kms_fingerprint(layers, 2, 16, 16);
    uint32_t *pixels = (uint32_t *) (void *) one.pixels;

    g_assert_cmphex(mc_kms_fingerprint(swapped, 2, 16, 16), !=, print);
    for (unsigned i = 0; i + 1 < 16 * 16; i++) {
        const uint32_t first = pixels[i], second = pixels[i + 1];
        pixels[i] = second;
        pixels[i + 1] = first;
        g_assert_true((mc_kms_fingerprint(layers, 2, 16, 16) != print) == (first != second));
        pixels[i] = first;
        pixels[i + 1] = second;
    }
    g_free(one.pixels);
    g_free(two.pixels);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kms-picture/formats", test_formats);
    g_test_add_func("/kms-picture/ends-of-scale", test_ends_of_scale);
    g_test_add_func("/kms-picture/sizes", test_sizes);
    g_test_add_func("/kms-picture/layouts", test_layouts);
    g_test_add_func("/kms-picture/whole", test_whole);
    g_test_add_func("/kms-picture/black", test_black);
    g_test_add_func("/kms-picture/edges", test_edges);
    g_test_add_func("/kms-picture/blend", test_blend);
    g_test_add_func("/kms-picture/random", test_random);
    g_test_add_func("/kms-picture/fingerprint", test_fingerprint);
    g_test_add_func("/kms-picture/fingerprint-order", test_fingerprint_order);
    return g_test_run();
}
