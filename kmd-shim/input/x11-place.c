/* SPDX-License-Identifier: MIT */
#include "kmd-shim/input/x11-place.h"

#include "kmd-shim/capture/x11-monitor.h"
#include "kmd-shim/capture/x11-window.h"

struct McXPlace {
    McXConnection *x;
    McX11Target target;
    Window window;  /* None: no window's picture */
    McX11Area area; /* a monitor's */
};

McXPlace *mc_x_place_new(McXConnection *x, McX11Target *target)
{
    g_autoptr(McXPlace) self = g_new0(McXPlace, 1);

    self->x = x;
    self->target = *target;
    *target = (McX11Target){0};
    if (self->target.part == MC_X11_WINDOW &&
        !mc_x11_window_find(x, &self->target, &self->window, NULL))
        return NULL;
    if (self->target.part == MC_X11_MONITOR) {
        mc_x11_monitor_watch(x);
        if (!mc_x11_monitor_find(x, self->target.name, &self->area))
            return NULL;
    }
    return g_steal_pointer(&self);
}

void mc_x_place_free(McXPlace *self)
{
    if (!self)
        return;
    mc_x11_target_clear(&self->target);
    g_free(self);
}

/* Whatever the event is: it is one of those that tell of monitors. */
static bool map_monitor(McXPlace *self, int32_t *x_px, int32_t *y_px)
{
    bool changed = false, there = true;

    while (!self->x->broken && XPending(self->x->display) > 0) {
        XEvent event;
        XNextEvent(self->x->display, &event);
        changed = true;
    }
    if (changed)
        there = mc_x11_monitor_find(self->x, self->target.name, &self->area);
    *x_px += self->area.x_px;
    *y_px += self->area.y_px;
    return there;
}

/* The window's frame is the topmost there. */
static bool is_topmost(McXPlace *self, int x_px, int y_px)
{
    const Window root = DefaultRootWindow(self->x->display);
    Window child = None;
    int x, y;

    return !self->x->broken &&
           XTranslateCoordinates(self->x->display, root, root, x_px, y_px, &x, &y, &child) &&
           child != None && child == mc_x11_window_toplevel(self->x, self->window);
}

static bool map_window(McXPlace *self, int32_t *x_px, int32_t *y_px)
{
    Window child;
    int x, y;

    self->x->error = 0;
    if (!XTranslateCoordinates(self->x->display, self->window, DefaultRootWindow(self->x->display),
                               *x_px, *y_px, &x, &y, &child) ||
        self->x->error)
        return false;
    *x_px = x;
    *y_px = y;
    return is_topmost(self, x, y);
}

bool mc_x_place_map(McXPlace *self, int32_t *x_px, int32_t *y_px)
{
    if (self->x->broken)
        return false;
    switch (self->target.part) {
    case MC_X11_MONITOR:
        return map_monitor(self, x_px, y_px);
    case MC_X11_WINDOW:
        return map_window(self, x_px, y_px);
    case MC_X11_DESKTOP:
        break;
    }
    return true;
}

bool mc_x_place_has_keys(McXPlace *self)
{
    Window focus = None;
    int revert;

    if (self->target.part != MC_X11_WINDOW || self->x->broken)
        return !self->x->broken;
    XGetInputFocus(self->x->display, &focus, &revert);
    if (self->x->broken || focus == None)
        return false;
    if (focus == PointerRoot || focus == DefaultRootWindow(self->x->display)) {
        Window root, child = None;
        int x, y;
        unsigned mask;
        XQueryPointer(self->x->display, DefaultRootWindow(self->x->display), &root, &child, &x, &y,
                      &x, &y, &mask);
        focus = child;
    }
    return focus != None && !self->x->broken &&
           mc_x11_window_toplevel(self->x, focus) == mc_x11_window_toplevel(self->x, self->window);
}
