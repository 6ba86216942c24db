/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/x11-cursor.h"

#include <X11/extensions/Xfixes.h>

#include "kmd-shim/capture/cursor.h"

struct McXCursor {
    McXConnection *x;
    int event;  /* number of XFIXES' first */
    bool stale; /* a new shape is to be fetched */
    McCursorImage image;
    uint32_t shape_id;
    McCursor told; /* its place, the last time */
};

McXCursor *mc_x_cursor_new(McXConnection *x)
{
    int event, error;

    if (!XFixesQueryExtension(x->display, &event, &error))
        return NULL;
    McXCursor *self = g_new0(McXCursor, 1);
    self->x = x;
    self->event = event;
    return self;
}

void mc_x_cursor_free(McXCursor *self)
{
    if (!self)
        return;
    g_free(self->image.pixels);
    g_free(self);
}

void mc_x_cursor_watch(McXCursor *self)
{
    XFixesSelectCursorInput(self->x->display, DefaultRootWindow(self->x->display),
                            XFixesDisplayCursorNotifyMask);
}

bool mc_x_cursor_event(McXCursor *self, const XEvent *event)
{
    const bool mine = event->type == self->event + XFixesCursorNotify;

    self->stale = self->stale || mine;
    return mine;
}

void mc_x_cursor_renew(McXCursor *self)
{
    self->stale = true;
}

static void fetch_shape(McXCursor *self)
{
    XFixesCursorImage *image = XFixesGetCursorImage(self->x->display);
    size_t count;

    if (!image)
        return;
    count = (size_t) image->width * image->height;
    self->image.pixels = g_renew(uint32_t, self->image.pixels, MAX(count, 1));
    for (size_t i = 0; i < count; i++) /* Xlib gives a long for every 32 bits */
        self->image.pixels[i] = (uint32_t) image->pixels[i];
    self->image.width_px = image->width;
    self->image.height_px = image->height;
    self->image.hot_x_px = image->xhot;
    self->image.hot_y_px = image->yhot;
    XFree(image);
    mc_cursor_fit(&self->image, MC_CURSOR_MAX_PX, MC_CURSOR_MAX_IMAGE_BYTES);
}

/* Where a monitor ends, a part of the cursor may be on either side. */
static bool overlaps(const McXCursor *self, const McCursor *cursor, uint32_t width_px,
                     uint32_t height_px)
{
    return (int64_t) cursor->x_px + self->image.width_px > 0 && cursor->x_px < (int64_t) width_px &&
           (int64_t) cursor->y_px + self->image.height_px > 0 && cursor->y_px < (int64_t) height_px;
}

void mc_x_cursor_look(McXCursor *self, const McXPointer *pointer, uint32_t width_px,
                      uint32_t height_px, McCaptureNews *news)
{
    const bool reshaped = self->stale && pointer->here; /* what nobody sees is not fetched */

    if (reshaped) {
        fetch_shape(self);
        self->stale = false;
    }
    McCursor now = {.x_px = pointer->x_px - self->image.hot_x_px,
                    .y_px = pointer->y_px - self->image.hot_y_px};
    now.visible =
        pointer->here && self->image.width_px > 0 && overlaps(self, &now, width_px, height_px);
    const bool moved =
        now.visible != self->told.visible ||
        (now.visible && (now.x_px != self->told.x_px || now.y_px != self->told.y_px));
    self->told = now;
    if (reshaped && self->image.width_px > 0)
        mc_cursor_tell_image(&now, &self->image, ++self->shape_id);
    news->cursor_changed = reshaped || moved;
    if (news->cursor_changed)
        news->cursor = now;
}
