/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/kms-picture.h"

#include <glib.h>
#include <drm_fourcc.h>
#include <string.h>

/* Where in a little-endian pixel each component is, and how many bits it has. */
typedef struct {
    uint32_t fourcc;
    uint8_t bytes;
    uint8_t red, green, blue, alpha; /* shifts */
    uint8_t bits, green_bits, alpha_bits;
} Format;

static const Format formats[] = {
    {DRM_FORMAT_XRGB8888, 4, 16, 8, 0, 0, 8, 8, 0},
    {DRM_FORMAT_ARGB8888, 4, 16, 8, 0, 24, 8, 8, 8},
    {DRM_FORMAT_XBGR8888, 4, 0, 8, 16, 0, 8, 8, 0},
    {DRM_FORMAT_ABGR8888, 4, 0, 8, 16, 24, 8, 8, 8},
    {DRM_FORMAT_RGBX8888, 4, 24, 16, 8, 0, 8, 8, 0},
    {DRM_FORMAT_RGBA8888, 4, 24, 16, 8, 0, 8, 8, 8},
    {DRM_FORMAT_BGRX8888, 4, 8, 16, 24, 0, 8, 8, 0},
    {DRM_FORMAT_BGRA8888, 4, 8, 16, 24, 0, 8, 8, 8},
    {DRM_FORMAT_XRGB2101010, 4, 20, 10, 0, 0, 10, 10, 0},
    {DRM_FORMAT_XBGR2101010, 4, 0, 10, 20, 0, 10, 10, 0},
    {DRM_FORMAT_RGB888, 3, 16, 8, 0, 0, 8, 8, 0},
    {DRM_FORMAT_BGR888, 3, 0, 8, 16, 0, 8, 8, 0},
    {DRM_FORMAT_RGB565, 2, 11, 5, 0, 0, 5, 6, 0},
    {DRM_FORMAT_BGR565, 2, 0, 5, 11, 0, 5, 6, 0},
    {DRM_FORMAT_XRGB1555, 2, 10, 5, 0, 0, 5, 5, 0},
};

static const Format *find_format(uint32_t fourcc)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
        if (formats[i].fourcc == fourcc)
            return &formats[i];
    return NULL;
}

unsigned mc_kms_format_bytes(uint32_t fourcc)
{
    const Format *format = find_format(fourcc);

    return format ? format->bytes : 0;
}

bool mc_kms_modifier_is_linear(uint64_t modifier)
{
    return modifier == DRM_FORMAT_MOD_LINEAR || modifier == DRM_FORMAT_MOD_INVALID;
}

uint64_t mc_kms_bytes(uint32_t width_px, uint32_t height_px, uint32_t stride_bytes,
                      unsigned bytes_per_pixel)
{
    const uint64_t row = (uint64_t) width_px * bytes_per_pixel;

    if (!row || !height_px || stride_bytes < row)
        return 0;
    return (uint64_t) stride_bytes * (height_px - 1) + row;
}

/* ---- pixels ---- */

/* A component of so many bits as one of eight. */
static inline uint32_t eight_bits(uint32_t pixel, unsigned shift, unsigned bits)
{
    const uint32_t max = (1u << bits) - 1, value = pixel >> shift & max;

    return bits == 8 ? value : (value * 255 + max / 2) / max;
}

static inline uint32_t read_pixel(const uint8_t *from, const Format *format)
{
    uint32_t pixel = 0;

    memcpy(&pixel, from, format->bytes);
    const uint32_t alpha =
        format->alpha_bits ? eight_bits(pixel, format->alpha, format->alpha_bits) : 0xff;
    return alpha << 24 | eight_bits(pixel, format->red, format->bits) << 16 |
           eight_bits(pixel, format->green, format->green_bits) << 8 |
           eight_bits(pixel, format->blue, format->bits);
}

void mc_kms_read_row(uint32_t *to, const uint8_t *from, uint32_t count, uint32_t fourcc)
{
    const Format *format = find_format(fourcc);

    for (uint32_t i = 0; i < count; i++)
        to[i] = read_pixel(from + (size_t) i * format->bytes, format);
}

static uint32_t blend(uint32_t over, uint32_t under)
{
    const uint32_t rest = 255 - (over >> 24);
    uint32_t result = 0;

    for (unsigned shift = 0; shift < 24; shift += 8) {
        const uint32_t sum = (over >> shift & 0xff) + ((under >> shift & 0xff) * rest + 127) / 255;
        result |= MIN(sum, 255) << shift;
    }
    return result;
}

/* ---- fingerprint ---- */

#define LANES 4
#define PRIME 0x9e3779b97f4a7c15u

static inline uint64_t stir(uint64_t state, uint64_t word)
{
    state = (state ^ word) * PRIME;
    return state ^ state >> 32;
}

/* Four at a time, as a multiplication takes longer than it takes to begin the next. */
static uint64_t hash_bytes(uint64_t seed, const uint8_t *bytes, size_t n)
{
    uint64_t lane[LANES] = {seed, seed + 1, seed + 2, seed + 3}, word[LANES];

    for (; n >= sizeof(word); n -= sizeof(word), bytes += sizeof(word)) {
        memcpy(word, bytes, sizeof(word));
        for (unsigned i = 0; i < LANES; i++)
            lane[i] = stir(lane[i], word[i]);
    }
    memset(word, 0, sizeof(word));
    memcpy(word, bytes, n);
    for (unsigned i = 0; i < LANES; i++)
        seed = stir(stir(seed, lane[i]), word[i]);
    return seed;
}

/* ---- layers ---- */

/* What is to be seen of a layer. */
typedef struct {
    uint32_t left, top, right, bottom; /* on the screen; right and bottom are just outside */
    uint32_t first_px, n_px;           /* of a row of the source */
} Visible;

static uint32_t source_x(const McKmsLayer *layer, uint32_t x)
{
    return layer->src_x_px + (uint32_t) ((uint64_t) ((int64_t) x - layer->x_px) *
                                         layer->src_width_px / layer->width_px);
}

static const uint8_t *source_row(const McKmsLayer *layer, uint32_t y, unsigned bytes, uint32_t x)
{
    const uint64_t row =
        (uint64_t) ((int64_t) y - layer->y_px) * layer->src_height_px / layer->height_px;

    return layer->pixels + (layer->src_y_px + row) * layer->stride_bytes + (uint64_t) x * bytes;
}

static bool find_visible(const McKmsLayer *layer, uint32_t width_px, uint32_t height_px,
                         Visible *ret)
{
    const int64_t right = (int64_t) layer->x_px + layer->width_px;
    const int64_t bottom = (int64_t) layer->y_px + layer->height_px;

    ret->left = (uint32_t) MAX(layer->x_px, 0);
    ret->top = (uint32_t) MAX(layer->y_px, 0);
    ret->right = (uint32_t) CLAMP(right, 0, (int64_t) width_px);
    ret->bottom = (uint32_t) CLAMP(bottom, 0, (int64_t) height_px);
    if (ret->left >= ret->right || ret->top >= ret->bottom || !layer->src_width_px ||
        !layer->src_height_px)
        return false;
    ret->first_px = source_x(layer, ret->left);
    ret->n_px = source_x(layer, ret->right - 1) - ret->first_px + 1;
    return true;
}

/* from: the visible part of a row of the source. */
static void draw_row(uint32_t *to, const uint8_t *from, const McKmsLayer *layer,
                     const Visible *visible, const Format *format)
{
    const bool scaled = layer->src_width_px != layer->width_px;
    const bool blended = layer->blend && format->alpha_bits;

    for (uint32_t x = visible->left; x < visible->right; x++) {
        const uint32_t at = scaled ? source_x(layer, x) - visible->first_px : x - visible->left;
        const uint32_t pixel = read_pixel(from + (size_t) at * format->bytes, format);
        to[x] = blended ? blend(pixel, to[x]) : pixel & 0xffffff;
    }
}

/* As the frame has it: its fourth byte is nobody's. */
static bool is_bgrx(const McKmsLayer *layer)
{
    return layer->fourcc == DRM_FORMAT_XRGB8888 ||
           (layer->fourcc == DRM_FORMAT_ARGB8888 && !layer->blend);
}

/* Reads the buffer once, whatever is done with it: it may be memory that answers slowly. */
static uint64_t draw_layer(const McKmsLayer *layer, uint32_t width_px, uint32_t height_px,
                           uint8_t *bgrx, uint32_t stride_bytes, uint8_t *row, uint64_t seed)
{
    const Format *format = find_format(layer->fourcc);
    Visible visible;

    if (!format || !find_visible(layer, width_px, height_px, &visible))
        return seed;
    const bool plain = is_bgrx(layer) && layer->src_width_px == layer->width_px;
    const size_t bytes = (size_t) visible.n_px * format->bytes;
    for (uint32_t y = visible.top; y < visible.bottom; y++) {
        const uint8_t *from = source_row(layer, y, format->bytes, visible.first_px);
        uint8_t *to = bgrx ? bgrx + (size_t) y * stride_bytes : NULL;
        if (bgrx)
            from = memcpy(plain ? to + (size_t) visible.left * 4 : row, from, bytes);
        seed = hash_bytes(seed, from, bytes);
        if (bgrx && !plain)
            draw_row((uint32_t *) (void *) to, from, layer, &visible, format);
    }
    return seed;
}

static bool covers(const McKmsLayer *layer, uint32_t width_px, uint32_t height_px)
{
    return layer->x_px <= 0 && layer->y_px <= 0 &&
           (int64_t) layer->x_px + layer->width_px >= width_px &&
           (int64_t) layer->y_px + layer->height_px >= height_px && !layer->blend;
}

uint64_t mc_kms_compose(const McKmsLayer *layers, unsigned n_layers, uint8_t *bgrx,
                        uint32_t width_px, uint32_t height_px, uint32_t stride_bytes, uint8_t *row)
{
    uint64_t print = n_layers;

    if (!n_layers || !covers(&layers[0], width_px, height_px))
        memset(bgrx, 0, (size_t) stride_bytes * height_px);
    for (unsigned i = 0; i < n_layers; i++)
        print = draw_layer(&layers[i], width_px, height_px, bgrx, stride_bytes, row, print);
    return print;
}

uint64_t mc_kms_fingerprint(const McKmsLayer *layers, unsigned n_layers, uint32_t width_px,
                            uint32_t height_px)
{
    uint64_t print = n_layers;

    for (unsigned i = 0; i < n_layers; i++)
        print = draw_layer(&layers[i], width_px, height_px, NULL, 0, NULL, print);
    return print;
}
