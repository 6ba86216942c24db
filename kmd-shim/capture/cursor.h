/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/cursor.h - a cursor's image made small enough for a message.
 * Threads: pure functions. Owner: the caller. */
#pragma once

#include <stdint.h>

#include "kmd-shim/capture/capture.h"

/* The largest image that a CURSOR message takes: 64 KiB less its head. */
#define MC_CURSOR_MAX_IMAGE_BYTES (65536u - 40u)

typedef struct {
    uint32_t width_px, height_px;
    int32_t hot_x_px, hot_y_px; /* of the image's upper left corner; may lie outside of it */
    uint32_t *pixels;           /* premultiplied 0xAARRGGBB, row by row */
} McCursorImage;

/* In place: cuts the transparent margin off, and halves what is still too large. An image with
 * nothing to see ends with 0 x 0. */
void mc_cursor_fit(McCursorImage *image, uint32_t max_side_px, uint32_t max_bytes);

/* The image's part of the news: a new shape, which borrows the pixels. */
void mc_cursor_tell_image(McCursor *cursor, const McCursorImage *image, uint32_t shape_id);
