/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/pipewire-cursor.h"

#include <spa/param/video/raw.h>
#include <string.h>

#define MAX_SIDE_PX 1024u

/* Where in a pixel's four bytes blue, green, red and alpha are; all are premultiplied. */
typedef struct {
    uint32_t format;
    uint8_t blue, green, red, alpha;
} Order;

static const Order orders[] = {
    {SPA_VIDEO_FORMAT_BGRA, 0, 1, 2, 3},
    {SPA_VIDEO_FORMAT_RGBA, 2, 1, 0, 3},
    {SPA_VIDEO_FORMAT_ARGB, 3, 2, 1, 0},
    {SPA_VIDEO_FORMAT_ABGR, 1, 2, 3, 0},
};

static const Order *order_of(uint32_t format)
{
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++)
        if (orders[i].format == format)
            return &orders[i];
    return NULL;
}

static void read_row(uint32_t *to, const uint8_t *from, uint32_t width_px, const Order *order)
{
    for (uint32_t x = 0; x < width_px; x++, from += 4)
        to[x] = (uint32_t) from[order->alpha] << 24 | (uint32_t) from[order->red] << 16 |
                (uint32_t) from[order->green] << 8 | from[order->blue];
}

/* at: where the bitmap is described, with `room` bytes of the buffer left. */
static void read_bitmap(McPipeWireCursor *self, const uint8_t *at, uint32_t room,
                        struct spa_point hot)
{
    const struct spa_meta_bitmap bitmap = *(const struct spa_meta_bitmap *) at;
    const uint32_t width_px = bitmap.size.width, height_px = bitmap.size.height;
    const Order *order = order_of(bitmap.format);

    if (width_px > MAX_SIDE_PX || height_px > MAX_SIDE_PX)
        return;
    if (width_px && height_px &&
        (!order || bitmap.stride < (int32_t) width_px * 4 || bitmap.offset > room ||
         (uint64_t) bitmap.stride * (height_px - 1) + width_px * 4 > room - bitmap.offset))
        return;
    self->image.pixels =
        g_renew(uint32_t, self->image.pixels, MAX((size_t) width_px * height_px, 1));
    for (uint32_t y = 0; y < height_px && width_px; y++)
        read_row(self->image.pixels + (size_t) y * width_px,
                 at + bitmap.offset + (size_t) y * (size_t) bitmap.stride, width_px, order);
    self->image.width_px = width_px;
    self->image.height_px = height_px;
    self->image.hot_x_px = CLAMP(hot.x, -(int32_t) MAX_SIDE_PX, (int32_t) MAX_SIDE_PX);
    self->image.hot_y_px = CLAMP(hot.y, -(int32_t) MAX_SIDE_PX, (int32_t) MAX_SIDE_PX);
    mc_cursor_fit(&self->image, MC_CURSOR_MAX_PX, MC_CURSOR_MAX_IMAGE_BYTES);
    self->reshaped = true;
}

void mc_pipewire_cursor_read(McPipeWireCursor *self, const struct spa_buffer *buffer)
{
    const struct spa_meta *found = spa_buffer_find_meta(buffer, SPA_META_Cursor);

    if (!found || !found->data || found->size < sizeof(struct spa_meta_cursor))
        return;
    /* A copy: the other side may write there at any time. */
    const struct spa_meta_cursor meta = *(const struct spa_meta_cursor *) found->data;
    const bool visible = spa_meta_cursor_is_valid(&meta);
    self->moved = self->moved || visible != self->visible || !self->known ||
                  (visible && (meta.position.x != self->x_px || meta.position.y != self->y_px));
    self->known = true;
    self->visible = visible;
    if (!visible)
        return;
    self->x_px = meta.position.x;
    self->y_px = meta.position.y;
    if (meta.bitmap_offset >= sizeof(meta) && meta.bitmap_offset < found->size &&
        found->size - meta.bitmap_offset >= sizeof(struct spa_meta_bitmap))
        read_bitmap(self, (const uint8_t *) found->data + meta.bitmap_offset,
                    found->size - meta.bitmap_offset, meta.hotspot);
}

bool mc_pipewire_cursor_news(McPipeWireCursor *self, McCursor *ret_cursor)
{
    const McCursorImage *image = &self->image;
    const bool news = self->moved || self->reshaped;

    if (!news)
        return false;
    *ret_cursor = (McCursor){.x_px = self->x_px - image->hot_x_px,
                             .y_px = self->y_px - image->hot_y_px,
                             .visible = self->visible && image->width_px > 0};
    if (self->reshaped && image->width_px > 0)
        mc_cursor_tell_image(ret_cursor, image, ++self->shape_id);
    self->moved = self->reshaped = false;
    return true;
}

void mc_pipewire_cursor_renew(McPipeWireCursor *self)
{
    self->moved = self->known;
    self->reshaped = self->known && self->image.width_px > 0;
}

void mc_pipewire_cursor_clear(McPipeWireCursor *self)
{
    g_free(self->image.pixels);
    self->image.pixels = NULL;
}
