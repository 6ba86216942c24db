/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/pipewire-buffer.h - the picture in a PipeWire buffer: where it lies, which part
 * it is, how it is turned.
 * Threads: any.  Owner: kmd-shim/capture/pipewire. */
#pragma once

#include <spa/buffer/buffer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmd-shim/capture/pipewire-format.h"

/* As it is to be seen: pixel (x, y) is at pixels + x * column_bytes + y * row_bytes. */
typedef struct {
    const uint8_t *pixels;
    ptrdiff_t column_bytes, row_bytes; /* negative where the buffer runs the other way */
    uint32_t width_px, height_px;
    bool red_first; /* bytes R G B x in memory, else B G R x */
} McPipeWirePicture;

/* The buffer's memory is `bytes` at `memory`.  What the buffer says of itself is read and checked
 * once, here: the picture lies within that memory, whatever the other side, with which the
 * description is shared, writes there later.  False: there is no picture in it. */
bool mc_pipewire_buffer_read(const struct spa_buffer *buffer, const McPipeWireFormat *format,
                             const uint8_t *memory, size_t bytes, McPipeWirePicture *ret_picture);
/* Into rows of stride_bytes, upright, bytes B G R x. */
void mc_pipewire_picture_copy(const McPipeWirePicture *self, uint8_t *to, uint32_t stride_bytes);
