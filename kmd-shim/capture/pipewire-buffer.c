/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/pipewire-buffer.h"

#include <glib.h>
#include <spa/buffer/meta.h>
#include <string.h>

#include "kmd-shim/capture/capture.h"

#define PIXEL_BYTES 4

/* Rows as they lie in memory, top row first. */
static bool find_rows(const struct spa_buffer *buffer, const McPipeWireFormat *format,
                      const uint8_t *memory, size_t bytes, McPipeWirePicture *ret_rows)
{
    const struct spa_meta_header *header =
        spa_buffer_find_meta_data(buffer, SPA_META_Header, sizeof(*header));

    if (!memory || buffer->n_datas < 1 || !buffer->datas[0].chunk ||
        (header && header->flags & SPA_META_HEADER_FLAG_CORRUPTED))
        return false;
    const struct spa_chunk chunk = *buffer->datas[0].chunk;
    const uint64_t stride_bytes = (uint64_t) ABS((int64_t) chunk.stride);
    if (chunk.flags & SPA_CHUNK_FLAG_CORRUPTED || (!chunk.size && !format->dmabuf) ||
        stride_bytes < (uint64_t) format->width_px * PIXEL_BYTES ||
        chunk.offset + stride_bytes * format->height_px > bytes)
        return false;
    *ret_rows = (McPipeWirePicture){
        .pixels = memory + chunk.offset +
                  (chunk.stride < 0 ? (size_t) stride_bytes * (format->height_px - 1) : 0),
        .column_bytes = PIXEL_BYTES,
        .row_bytes = chunk.stride,
        .width_px = format->width_px,
        .height_px = format->height_px,
        .red_first = format->red_first};
    return true;
}

/* The part of the buffer that is the picture: a window may be less. */
static void crop(McPipeWirePicture *self, const struct spa_buffer *buffer)
{
    const struct spa_meta_region *found =
        spa_buffer_find_meta_data(buffer, SPA_META_VideoCrop, sizeof(*found));

    if (!found)
        return;
    const struct spa_region part = found->region; /* a copy: it is shared */
    const struct spa_point at = part.position;
    if (at.x < 0 || at.y < 0 || part.size.width < MC_CAPTURE_MIN_PX ||
        part.size.height < MC_CAPTURE_MIN_PX ||
        (uint64_t) at.x + part.size.width > self->width_px ||
        (uint64_t) at.y + part.size.height > self->height_px)
        return;
    self->pixels += at.x * self->column_bytes + at.y * self->row_bytes;
    self->width_px = part.size.width;
    self->height_px = part.size.height;
}

/* What lies there was turned to the left by a quarter: the first column's last pixel comes first.
 */
static void turn_back(McPipeWirePicture *self)
{
    const ptrdiff_t column_bytes = self->column_bytes;
    const uint32_t width_px = self->width_px;

    self->pixels += (ptrdiff_t) (self->height_px - 1) * self->row_bytes;
    self->column_bytes = -self->row_bytes;
    self->row_bytes = column_bytes;
    self->width_px = self->height_px;
    self->height_px = width_px;
}

static void mirror(McPipeWirePicture *self)
{
    self->pixels += (ptrdiff_t) (self->width_px - 1) * self->column_bytes;
    self->column_bytes = -self->column_bytes;
}

/* A screen that is hung sideways comes as it hangs: mirrored, then turned to the left. */
static void undo_transform(McPipeWirePicture *self, const struct spa_buffer *buffer)
{
    const struct spa_meta_videotransform *found =
        spa_buffer_find_meta_data(buffer, SPA_META_VideoTransform, sizeof(*found));
    const uint32_t transform = found ? found->transform : SPA_META_TRANSFORMATION_None;

    if (transform > SPA_META_TRANSFORMATION_Flipped270)
        return;
    for (uint32_t quarter = 0; quarter < transform % 4; quarter++)
        turn_back(self);
    if (transform >= SPA_META_TRANSFORMATION_Flipped)
        mirror(self);
}

bool mc_pipewire_buffer_read(const struct spa_buffer *buffer, const McPipeWireFormat *format,
                             const uint8_t *memory, size_t bytes, McPipeWirePicture *ret_picture)
{
    if (!find_rows(buffer, format, memory, bytes, ret_picture))
        return false;
    crop(ret_picture, buffer);
    undo_transform(ret_picture, buffer);
    return true;
}

static void copy_pixels(uint8_t *restrict to, const uint8_t *restrict from, ptrdiff_t column_bytes,
                        uint32_t count)
{
    for (uint32_t x = 0; x < count; x++, from += column_bytes, to += PIXEL_BYTES)
        memcpy(to, from, PIXEL_BYTES);
}

static void copy_red_first(uint8_t *restrict to, const uint8_t *restrict from,
                           ptrdiff_t column_bytes, uint32_t count)
{
    for (uint32_t x = 0; x < count; x++, from += column_bytes, to += PIXEL_BYTES) {
        to[0] = from[2];
        to[1] = from[1];
        to[2] = from[0];
        to[3] = from[3];
    }
}

void mc_pipewire_picture_copy(const McPipeWirePicture *self, uint8_t *to, uint32_t stride_bytes)
{
    const uint8_t *from = self->pixels;

    for (uint32_t y = 0; y < self->height_px; y++, to += stride_bytes, from += self->row_bytes) {
        if (self->red_first && self->column_bytes == PIXEL_BYTES) /* which vectors can do */
            copy_red_first(to, from, PIXEL_BYTES, self->width_px);
        else if (self->red_first)
            copy_red_first(to, from, self->column_bytes, self->width_px);
        else if (self->column_bytes == PIXEL_BYTES)
            memcpy(to, from, (size_t) self->width_px * PIXEL_BYTES);
        else
            copy_pixels(to, from, self->column_bytes, self->width_px);
    }
}
