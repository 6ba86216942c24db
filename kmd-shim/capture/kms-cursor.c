/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/kms-cursor.h"

#include "kmd-shim/capture/cursor.h"
#include "kmd-shim/capture/kms-picture.h"

#define LOOK_NS (100 * 1000000)
#define MAX_SIDE_PX 512u

struct McKmsCursor {
    McCursorImage image;
    uint32_t fb_id;
    uint64_t print; /* of the image */
    int64_t looked_ns;
    uint32_t shape_id;
    int32_t x_px, y_px; /* of the plane */
    bool visible, renew;
};

McKmsCursor *mc_kms_cursor_new(void)
{
    return g_new0(McKmsCursor, 1);
}

void mc_kms_cursor_free(McKmsCursor *self)
{
    if (!self)
        return;
    g_free(self->image.pixels);
    g_free(self);
}

void mc_kms_cursor_renew(McKmsCursor *self)
{
    self->renew = true;
}

static void copy_image(McKmsCursor *self, const McKmsLayer *layer)
{
    const uint32_t width_px = layer->width_px, height_px = layer->height_px;

    self->image = (McCursorImage){
        .width_px = width_px,
        .height_px = height_px,
        .pixels = g_renew(uint32_t, self->image.pixels, (size_t) width_px * height_px)};
    for (uint32_t y = 0; y < height_px; y++)
        mc_kms_read_row(self->image.pixels + (size_t) y * width_px,
                        layer->pixels + (size_t) y * layer->stride_bytes, width_px, layer->fourcc);
    mc_cursor_fit(&self->image, MC_CURSOR_MAX_PX, MC_CURSOR_MAX_IMAGE_BYTES);
}

/* True: there is another image. */
static bool read_image(McKmsCursor *self, const McKmsPlane *plane, McKmsBuffers *buffers)
{
    McKmsBuffer buffer;

    if (!mc_kms_buffers_get(buffers, plane->fb_id, &buffer, NULL))
        return false;
    const McKmsLayer layer = {.pixels = buffer.pixels,
                              .stride_bytes = buffer.stride_bytes,
                              .fourcc = buffer.fourcc,
                              .src_width_px = MIN(buffer.width_px, MAX_SIDE_PX),
                              .src_height_px = MIN(buffer.height_px, MAX_SIDE_PX),
                              .width_px = MIN(buffer.width_px, MAX_SIDE_PX),
                              .height_px = MIN(buffer.height_px, MAX_SIDE_PX)};
    mc_kms_buffer_begin(&buffer);
    const uint64_t print = mc_kms_fingerprint(&layer, 1, layer.width_px, layer.height_px);
    const bool changed = print != self->print;
    if (changed)
        copy_image(self, &layer);
    mc_kms_buffer_end(&buffer);
    self->print = print;
    return changed;
}

static bool look_at_image(McKmsCursor *self, const McKmsPlane *plane, McKmsBuffers *buffers,
                          int64_t now_ns)
{
    if (plane->fb_id == self->fb_id && now_ns - self->looked_ns < LOOK_NS)
        return false;
    self->fb_id = plane->fb_id;
    self->looked_ns = now_ns;
    return read_image(self, plane, buffers);
}

bool mc_kms_cursor_look(McKmsCursor *self, const McKmsPlane *plane, McKmsBuffers *buffers,
                        int64_t now_ns, McCursor *ret)
{
    const bool reshaped = (plane && look_at_image(self, plane, buffers, now_ns)) || self->renew;
    const bool visible = plane && !plane->turned && self->image.width_px > 0;
    const bool moved = visible && (plane->x_px != self->x_px || plane->y_px != self->y_px);

    if (!reshaped && !moved && visible == self->visible)
        return false;
    self->renew = false;
    self->visible = visible;
    if (visible) {
        self->x_px = plane->x_px;
        self->y_px = plane->y_px;
    }
    /* The hot spot is not told; the image is where it is without it. What mc_cursor_fit cut off
     * moved that from 0. */
    *ret = (McCursor){.x_px = self->x_px - self->image.hot_x_px,
                      .y_px = self->y_px - self->image.hot_y_px,
                      .visible = visible};
    if (reshaped && self->image.width_px > 0)
        mc_cursor_tell_image(ret, &self->image, ++self->shape_id);
    return true;
}
