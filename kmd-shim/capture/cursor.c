/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/cursor.h"

#include <stdbool.h>
#include <string.h>

typedef struct {
    uint32_t left, top, right, bottom; /* right and bottom are just outside */
} Box;

static Box visible_box(const McCursorImage *image)
{
    Box box = {image->width_px, image->height_px, 0, 0};

    for (uint32_t y = 0; y < image->height_px; y++) {
        for (uint32_t x = 0; x < image->width_px; x++) {
            if (!image->pixels[(uint64_t) y * image->width_px + x])
                continue;
            box.left = x < box.left ? x : box.left;
            box.right = x + 1 > box.right ? x + 1 : box.right;
            box.top = y < box.top ? y : box.top;
            box.bottom = y + 1;
        }
    }
    return box;
}

static void crop(McCursorImage *image, Box box)
{
    uint32_t width_px = box.right - box.left, height_px = box.bottom - box.top;

    for (uint32_t y = 0; y < height_px; y++)
        memmove(image->pixels + (uint64_t) y * width_px,
                image->pixels + (uint64_t) (y + box.top) * image->width_px + box.left,
                (uint64_t) width_px * sizeof(uint32_t));
    image->width_px = width_px;
    image->height_px = height_px;
    image->hot_x_px -= (int32_t) box.left;
    image->hot_y_px -= (int32_t) box.top;
}

/* The mean of four premultiplied pixels, channel by channel; outside there is nothing to see. */
static uint32_t mean_at(const McCursorImage *image, uint32_t x, uint32_t y)
{
    uint32_t result = 0;

    for (unsigned shift = 0; shift < 32; shift += 8) {
        uint32_t sum = 2;
        for (uint32_t i = 0; i < 4; i++) {
            uint32_t px = x + (i & 1), py = y + (i >> 1);
            if (px < image->width_px && py < image->height_px)
                sum += image->pixels[(uint64_t) py * image->width_px + px] >> shift & 0xff;
        }
        result |= (sum / 4) << shift;
    }
    return result;
}

static void halve(McCursorImage *image)
{
    uint32_t width_px = (image->width_px + 1) / 2, height_px = (image->height_px + 1) / 2;

    /* Row by row, each pixel is written where nothing is read any more. */
    for (uint32_t y = 0; y < height_px; y++)
        for (uint32_t x = 0; x < width_px; x++)
            image->pixels[(uint64_t) y * width_px + x] = mean_at(image, 2 * x, 2 * y);
    image->width_px = width_px;
    image->height_px = height_px;
    image->hot_x_px /= 2;
    image->hot_y_px /= 2;
}

static bool too_large(const McCursorImage *image, uint32_t max_side_px, uint32_t max_bytes)
{
    return image->width_px > max_side_px || image->height_px > max_side_px ||
           (uint64_t) image->width_px * image->height_px * 4 > max_bytes;
}

void mc_cursor_fit(McCursorImage *image, uint32_t max_side_px, uint32_t max_bytes)
{
    Box box = visible_box(image);

    if (box.bottom == 0) {
        image->width_px = image->height_px = 0;
        return;
    }
    if (too_large(image, max_side_px, max_bytes))
        crop(image, box);
    while (too_large(image, max_side_px, max_bytes))
        halve(image);
}

void mc_cursor_tell_image(McCursor *cursor, const McCursorImage *image, uint32_t shape_id)
{
    cursor->shape_id = shape_id;
    cursor->width_px = (uint16_t) image->width_px;
    cursor->height_px = (uint16_t) image->height_px;
    cursor->hot_x_px = (uint16_t) CLAMP(image->hot_x_px, 0, G_MAXUINT16);
    cursor->hot_y_px = (uint16_t) CLAMP(image->hot_y_px, 0, G_MAXUINT16);
    cursor->bgra = (const uint8_t *) image->pixels;
}
