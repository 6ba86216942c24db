/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/kms-picture.h - what a screen shows, put together from the planes that its CRTC
 * scans out: pixel formats, planes one above the other, and a fingerprint that tells a picture that
 * was drawn over in place.
 * Threads: pure functions. Owner: the caller owns all memory. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MC_KMS_MAX_LAYERS 4u /* a CRTC's planes that are drawn, without the cursor */

/* A part of a buffer, and where it stands on the screen. */
typedef struct {
    const uint8_t *pixels; /* of the buffer's upper left pixel */
    uint32_t stride_bytes, fourcc;
    uint32_t src_x_px, src_y_px, src_width_px, src_height_px; /* within the buffer */
    int32_t x_px, y_px;                                       /* may be outside of the screen */
    uint32_t width_px, height_px;                             /* other than src_*: scaled */
    bool blend; /* premultiplied alpha counts, where the format has it */
} McKmsLayer;

/* Bytes a pixel; 0: a format that is not read here. */
unsigned mc_kms_format_bytes(uint32_t fourcc);
/* Rows of pixels one below the other, as a processor reads them. */
bool mc_kms_modifier_is_linear(uint64_t modifier);
/* Bytes from a buffer's first pixel to behind its last one; 0: these numbers make no buffer. */
uint64_t mc_kms_bytes(uint32_t width_px, uint32_t height_px, uint32_t stride_bytes,
                      unsigned bytes_per_pixel);

/* count pixels to 0xAARRGGBB; alpha is 0xff where the format has none. */
void mc_kms_read_row(uint32_t *to, const uint8_t *from, uint32_t count, uint32_t fourcc);

/* Draws the layers, lowest first, over black. row: room for the widest source, stride_bytes of the
 * layers. Returns what mc_kms_fingerprint gives for the bytes that were drawn. */
uint64_t mc_kms_compose(const McKmsLayer *layers, unsigned n_layers, uint8_t *bgrx,
                        uint32_t width_px, uint32_t height_px, uint32_t stride_bytes, uint8_t *row);
/* Of everything that is to be seen of the layers; another one means another picture. */
uint64_t mc_kms_fingerprint(const McKmsLayer *layers, unsigned n_layers, uint32_t width_px,
                            uint32_t height_px);
