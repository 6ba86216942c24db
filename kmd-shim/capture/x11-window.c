/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/x11-window.h"

#include <X11/extensions/Xcomposite.h>

#include "kmd-shim/capture/capture.h"

/* From a new size to reading it: what a program needs to draw itself anew, and what a size that is
 * being dragged stands still for. Each new size may ask the sink for another mode. */
#define SETTLE_US (250 * G_TIME_SPAN_MILLISECOND)

struct McXWindow {
    McXConnection *x;
    Window window, toplevel; /* None: to be looked up */
    McXWindowPicture picture;
    int64_t settled_us; /* when what is to be taken on was drawn; 0: nothing is */
    int64_t shown_us;   /* before that the picture is not read */
    bool closed, changed;
};

static bool say_closed(GError **error)
{
    g_set_error_literal(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_ENDED, "the window was closed");
    return false;
}

/* ---- its memory ---- */

static void drop_pixmap(McXWindow *self)
{
    if (self->picture.pixmap && !self->x->broken)
        XFreePixmap(self->x->display, self->picture.pixmap);
    self->picture.pixmap = None;
}

/* Both sizes of the memory itself: the window may have another one by now. */
static bool measure(McXWindow *self, Pixmap pixmap, int border_px, McXWindowPicture *ret)
{
    unsigned width, height, ignored, depth;
    int x, y;
    Window root;

    if (!XGetGeometry(self->x->display, pixmap, &root, &x, &y, &width, &height, &ignored, &depth) ||
        width < MC_CAPTURE_MIN_PX + 2 * (unsigned) border_px ||
        height < MC_CAPTURE_MIN_PX + 2 * (unsigned) border_px)
        return false;
    ret->pixmap = pixmap;
    ret->x_px = ret->y_px = border_px;
    ret->width_px = width - 2 * (unsigned) border_px;
    ret->height_px = height - 2 * (unsigned) border_px;
    ret->depth = (int) depth;
    return true;
}

/* False: as it was, as the window is not shown or too small. */
static bool name_pixmap(McXWindow *self)
{
    Display *display = self->x->display;
    XWindowAttributes attributes;
    McXWindowPicture picture;

    self->x->error = 0;
    if (!XGetWindowAttributes(display, self->window, &attributes) ||
        attributes.map_state != IsViewable)
        return false;
    const Pixmap pixmap = XCompositeNameWindowPixmap(display, self->window);
    if (!mc_x_connection_settle(self->x)) /* hidden or closed meanwhile: there is no pixmap */
        return false;
    picture.visual = attributes.visual;
    if (!measure(self, pixmap, attributes.border_width, &picture)) {
        if (!self->x->broken)
            XFreePixmap(display, pixmap);
        return false;
    }
    drop_pixmap(self);
    self->picture = picture;
    return true;
}

/* ---- life ---- */

void mc_x_window_free(McXWindow *self)
{
    if (!self)
        return;
    drop_pixmap(self);
    if (!self->x->broken && !self->closed) {
        XCompositeUnredirectWindow(self->x->display, self->window, CompositeRedirectAutomatic);
        mc_x_connection_settle(self->x); /* while the connection is known, should it be an error */
    }
    g_free(self);
}

static bool has_composite(McXConnection *x)
{
    int event, error, major = 0, minor = 2;

    return XCompositeQueryExtension(x->display, &event, &error) &&
           XCompositeQueryVersion(x->display, &major, &minor) &&
           (major > 0 || minor >= 2); /* which names pixmaps */
}

McXWindow *mc_x_window_new(McXConnection *x, Window window, GError **error)
{
    if (!has_composite(x)) {
        g_set_error_literal(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_FAILED,
                            "the X server has no COMPOSITE extension, without which a window alone "
                            "cannot be captured");
        return NULL;
    }
    g_autoptr(McXWindow) self = g_new0(McXWindow, 1);
    self->x = x;
    self->window = window;
    x->error = 0;
    XCompositeRedirectWindow(x->display, window, CompositeRedirectAutomatic);
    if (mc_x_connection_settle(x) && name_pixmap(self)) {
        self->shown_us = g_get_monotonic_time() + SETTLE_US;
        return g_steal_pointer(&self);
    }
    g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_WINDOW,
                "the window 0x%lx is not shown, or smaller than %ux%u; open it first", window,
                MC_CAPTURE_MIN_PX, MC_CAPTURE_MIN_PX);
    return NULL;
}

void mc_x_window_picture(const McXWindow *self, McXWindowPicture *ret)
{
    *ret = self->picture;
    if (g_get_monotonic_time() < self->shown_us)
        ret->pixmap = None;
}

/* ---- what becomes of it ---- */

void mc_x_window_watch(McXWindow *self)
{
    self->x->error = 0;
    XSelectInput(self->x->display, self->window, StructureNotifyMask);
    /* What happened before is no event. */
    self->closed = !mc_x_connection_settle(self->x) && !self->x->broken;
    self->changed = true;
}

bool mc_x_window_event(McXWindow *self, const XEvent *event)
{
    if (event->xany.window != self->window)
        return false;
    switch (event->type) {
    case ConfigureNotify:
    case MapNotify:
        self->changed = true;
        break;
    case UnmapNotify:
        self->settled_us = 0; /* the last picture stays */
        break;
    case ReparentNotify:
        self->toplevel = None;
        break;
    case DestroyNotify:
        self->closed = true;
        break;
    default:
        return false;
    }
    return true;
}

bool mc_x_window_follow(McXWindow *self, int64_t now_us, GError **error)
{
    if (self->changed)
        self->settled_us = now_us + SETTLE_US;
    self->changed = false;
    if (self->settled_us && now_us >= self->settled_us && !self->closed) {
        self->settled_us = 0;
        name_pixmap(self);
    }
    return !self->closed || say_closed(error);
}

void mc_x_window_pointer(McXWindow *self, McXPointer *ret)
{
    Display *display = self->x->display;
    Window root, child;
    int root_x, root_y, x, y;
    unsigned mask;

    ret->here =
        XQueryPointer(display, self->window, &root, &child, &root_x, &root_y, &x, &y, &mask) &&
        x >= 0 && y >= 0 && (uint32_t) x < self->picture.width_px &&
        (uint32_t) y < self->picture.height_px;
    if (!ret->here || self->x->broken)
        return;
    ret->x_px = x;
    ret->y_px = y;
    if (!self->toplevel)
        self->toplevel = mc_x11_window_toplevel(self->x, self->window);
    ret->here = !self->x->broken &&
                XQueryPointer(display, root, &root, &child, &root_x, &root_y, &x, &y, &mask) &&
                child != None && child == self->toplevel;
}
