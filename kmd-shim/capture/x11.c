/* SPDX-License-Identifier: MIT */
/* Pictures of an X server, through MIT-SHM and DAMAGE: its whole desktop, a monitor or a window. */
#include "kmd-shim/capture/capture.h"

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/Xdamage.h>
#include <X11/extensions/Xfixes.h>
#include <X11/extensions/Xrandr.h>
#include <string.h>

#include "kmd-shim/capture/x11-connection.h"
#include "kmd-shim/capture/x11-cursor.h"
#include "kmd-shim/capture/x11-monitor.h"
#include "kmd-shim/capture/x11-shm.h"
#include "kmd-shim/capture/x11-target.h"
#include "kmd-shim/capture/x11-window.h"

/* A monitor that is set anew may be away for a moment. */
#define AWAY_US (2 * G_TIME_SPAN_SECOND)

struct McCapture {
    McXConnection *x;
    Window root;
    McX11Target target;
    char *input_target;
    Visual *visual;
    int depth;
    McX11Area area;                /* of the screen; a window's: its size alone */
    McXWindow *window;             /* NULL: the desktop or a monitor */
    McXCursor *cursor;             /* NULL: no XFIXES */
    int damage_event, randr_event; /* first event numbers; -1: no such extension */
    Damage damage;                 /* None: not watching yet */
    XserverRegion damaged;         /* None: where something changes is not looked at */
    int64_t away_us;               /* since when the monitor is; 0: it is there */
};

/* ---- opening ---- */

static bool check_format(McCapture *self, GError **error)
{
    XImage *probe = XCreateImage(self->x->display, self->visual, (unsigned) self->depth, ZPixmap, 0,
                                 NULL, 1, 1, 32, 0);
    bool ok = probe && probe->bits_per_pixel == 32 && probe->byte_order == LSBFirst;

    if (probe)
        XDestroyImage(probe);
    if (ok && self->visual->class == TrueColor && self->visual->red_mask == 0xff0000 &&
        self->visual->green_mask == 0xff00 && self->visual->blue_mask == 0xff)
        return true;
    g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_FAILED,
                "the %s has %d bits a pixel; only 24-bit TrueColor (BGRX) can be captured",
                self->window ? "window" : "desktop", self->depth);
    return false;
}

/* Its root window is not the desktop: the Wayland compositor shows nobody that. */
static bool is_xwayland(McCapture *self)
{
    Display *display = self->x->display;
    int opcode, event, error;
    bool found = XQueryExtension(display, "XWAYLAND", &opcode, &event, &error);

    if (found || self->randr_event < 0)
        return found;
    XRRScreenResources *resources = XRRGetScreenResourcesCurrent(display, self->root);
    for (int i = 0; resources && i < resources->noutput && !found; i++) {
        XRROutputInfo *output = XRRGetOutputInfo(display, resources, resources->outputs[i]);
        found = output && strncmp(output->name, "XWAYLAND", 8) == 0;
        if (output)
            XRRFreeOutputInfo(output);
    }
    if (resources)
        XRRFreeScreenResources(resources);
    return found;
}

static bool read_desktop(McCapture *self)
{
    XWindowAttributes attributes;

    if (!XGetWindowAttributes(self->x->display, self->root, &attributes))
        return false;
    self->area = (McX11Area){0, 0, (uint32_t) attributes.width, (uint32_t) attributes.height};
    self->visual = attributes.visual;
    self->depth = attributes.depth;
    return true;
}

static void read_window(McCapture *self)
{
    McXWindowPicture picture;

    mc_x_window_picture(self->window, &picture);
    self->area = (McX11Area){0, 0, picture.width_px, picture.height_px};
    self->visual = picture.visual;
    self->depth = picture.depth;
}

static bool find_extensions(McCapture *self, GError **error)
{
    int ignored;

    self->damage_event = self->randr_event = -1;
    self->cursor = mc_x_cursor_new(self->x);
    if (!XRRQueryExtension(self->x->display, &self->randr_event, &ignored))
        self->randr_event = -1;
    if (!XDamageQueryExtension(self->x->display, &self->damage_event, &ignored)) {
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_FAILED,
                    "the X server has no DAMAGE extension and cannot tell what changes");
        return false;
    }
    return true;
}

static bool find_monitor(McCapture *self, GError **error)
{
    if (mc_x11_monitor_find(self->x, self->target.name, &self->area))
        return true;
    if (self->x->broken)
        return mc_x11_lost(error);
    g_autofree char *list = mc_x11_monitor_list(self->x);
    g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_MONITOR,
                "there is no monitor \"%s\" on this X server; there are: %s", self->target.name,
                *list ? list : "none that have names");
    return false;
}

static bool find_window(McCapture *self, GError **error)
{
    Window window;

    if (!mc_x11_window_find(self->x, &self->target, &window, error))
        return false;
    self->window = mc_x_window_new(self->x, window, error);
    if (!self->window)
        return false;
    read_window(self);
    self->target.window_id = (uint32_t) window;
    return true;
}

/* As kmd-shim/capture/x11-target.h reads it. */
static void name_input_target(McCapture *self)
{
    const char *display = DisplayString(self->x->display);

    if (self->target.part == MC_X11_MONITOR)
        self->input_target = g_strdup_printf("x11:%s,monitor=%s", display, self->target.name);
    else if (self->target.part == MC_X11_WINDOW)
        self->input_target = g_strdup_printf("x11:%s,window=0x%x", display, self->target.window_id);
    else
        self->input_target = g_strdup_printf("x11:%s", display);
}

static bool find_part(McCapture *self, GError **error)
{
    switch (self->target.part) {
    case MC_X11_MONITOR:
        return find_monitor(self, error);
    case MC_X11_WINDOW:
        return find_window(self, error);
    case MC_X11_DESKTOP:
        break;
    }
    return true;
}

/* A server on another machine offers the extension, too: only trying it tells. */
static bool try_shm(McCapture *self, GError **error)
{
    McFrame frame = {0};

    if (!mc_x11_shm_attach(self->x, &frame, self->visual, self->depth, self->area.width_px,
                           self->area.height_px, error))
        return false;
    mc_x11_shm_detach(self->x, &frame);
    return true;
}

static bool check_server(McCapture *self, GError **error)
{
    if (!read_desktop(self))
        return mc_x11_lost(error);
    if (!find_extensions(self, error))
        return false;
    if (is_xwayland(self)) {
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_FAILED,
                    "this X server is Xwayland, which does not see the desktop; log in to an X11 "
                    "session to capture it");
        return false;
    }
    return find_part(self, error) && check_format(self, error) && try_shm(self, error);
}

static void x11_close(McCapture *self)
{
    mc_x_window_free(self->window);
    mc_x_cursor_free(self->cursor);
    mc_x_connection_free(self->x);
    mc_x11_target_clear(&self->target);
    g_free(self->input_target);
    g_free(self);
}

static bool connect_to_server(McCapture *self, GError **error)
{
    const char *name = self->target.display, *tried = XDisplayName(name);

    self->x = mc_x_connection_new(name);
    if (self->x) {
        self->root = DefaultRootWindow(self->x->display);
        return true;
    }
    g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_DISPLAY,
                *tried ? "the X display \"%s\" cannot be opened; is it running, and may you?"
                       : "there is no X display%s; set DISPLAY or name one as x11:DISPLAY",
                tried);
    return false;
}

static McCapture *x11_open(const McCaptureConfig *config, GError **error)
{
    McCapture *self = g_new0(McCapture, 1);

    if (mc_x11_target_parse(config->argument, &self->target, error) &&
        connect_to_server(self, error) && check_server(self, error)) {
        name_input_target(self);
        return self;
    }
    x11_close(self);
    return NULL;
}

static void x11_size(const McCapture *self, uint32_t *ret_width_px, uint32_t *ret_height_px)
{
    *ret_width_px = self->area.width_px;
    *ret_height_px = self->area.height_px;
}

static void x11_cancel(McCapture *self)
{
    mc_x_connection_hang_up(self->x);
}

static const char *x11_input_target(const McCapture *self)
{
    return self->input_target;
}

/* ---- what happens there ---- */

/* Not before the first poll: until then nobody would read the events. */
static void start_watching(McCapture *self)
{
    Display *display = self->x->display;

    mc_x11_monitor_watch(self->x);
    if (self->window)
        mc_x_window_watch(self->window);
    self->damage = XDamageCreate(display, self->window ? self->target.window_id : self->root,
                                 XDamageReportNonEmpty);
    if (self->cursor)
        mc_x_cursor_watch(self->cursor);
    if (self->cursor && self->target.part == MC_X11_MONITOR)
        self->damaged = XFixesCreateRegion(display, NULL, 0);
}

/* True: what is where may be different now. */
static bool handle_events(McCapture *self, bool *ret_damaged)
{
    bool changed = false;

    while (!self->x->broken && XPending(self->x->display) > 0) {
        XEvent event;
        XNextEvent(self->x->display, &event);
        if (event.type == self->damage_event + XDamageNotify) {
            *ret_damaged = true;
        } else if (self->cursor && mc_x_cursor_event(self->cursor, &event)) {
            continue;
        } else if (self->window && mc_x_window_event(self->window, &event)) {
            continue;
        } else if (self->randr_event >= 0 &&
                   (event.type == self->randr_event + RRScreenChangeNotify ||
                    event.type == self->randr_event + RRNotify)) {
            XRRUpdateConfiguration(&event);
            changed = true;
        } else if (event.type == ConfigureNotify && event.xconfigure.window == self->root) {
            changed = true;
        }
    }
    return changed;
}

/* Its last picture stays until it comes back. */
static bool follow_monitor(McCapture *self, bool changed, GError **error)
{
    const int64_t now_us = g_get_monotonic_time();

    if (!changed && !self->away_us)
        return true;
    if (mc_x11_monitor_find(self->x, self->target.name, &self->area)) {
        self->away_us = 0;
        return true;
    }
    if (!self->away_us)
        self->away_us = now_us;
    if (now_us - self->away_us < AWAY_US || self->x->broken)
        return true;
    g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_ENDED,
                "the monitor %s is not there any more", self->target.name);
    return false;
}

static bool follow(McCapture *self, bool changed, GError **error)
{
    switch (self->target.part) {
    case MC_X11_MONITOR:
        return follow_monitor(self, changed, error);
    case MC_X11_WINDOW:
        if (!mc_x_window_follow(self->window, g_get_monotonic_time(), error))
            return false;
        read_window(self);
        break;
    case MC_X11_DESKTOP:
        if (changed && !self->x->broken)
            read_desktop(self);
        break;
    }
    return true;
}

/* Whether what changed is within the monitor; what changes from here on is news again. */
static bool touches_area(McCapture *self)
{
    bool touches = false;
    int count = 0;

    if (!self->damaged)
        return true;
    XDamageSubtract(self->x->display, self->damage, None, self->damaged);
    XRectangle *parts = XFixesFetchRegion(self->x->display, self->damaged, &count);
    for (int i = 0; parts && i < count && !touches; i++) {
        McX11Area part = {parts[i].x - self->area.x_px, parts[i].y - self->area.y_px,
                          parts[i].width, parts[i].height};
        touches = mc_x11_area_clip(&part, self->area.width_px, self->area.height_px);
    }
    if (parts)
        XFree(parts);
    return touches;
}

/* Near a monitor's edge a part of the cursor may be on it. */
static void find_pointer(McCapture *self, McXPointer *ret)
{
    const int32_t width_px = (int32_t) self->area.width_px,
                  height_px = (int32_t) self->area.height_px, near_px = MC_CURSOR_MAX_PX;
    Window root, child;
    int x, y, window_x, window_y;
    unsigned mask;

    if (self->window) {
        mc_x_window_pointer(self->window, ret);
        return;
    }
    ret->here = XQueryPointer(self->x->display, self->root, &root, &child, &x, &y, &window_x,
                              &window_y, &mask);
    if (!ret->here)
        return;
    ret->x_px = x - self->area.x_px;
    ret->y_px = y - self->area.y_px;
    ret->here = ret->x_px > -near_px && ret->x_px < width_px + near_px && ret->y_px > -near_px &&
                ret->y_px < height_px + near_px;
}

static void x11_begin(McCapture *self)
{
    if (self->cursor)
        mc_x_cursor_renew(self->cursor);
}

static bool poll_server(McCapture *self, McCaptureNews *news, GError **error)
{
    const McX11Area before = self->area;
    const bool first = !self->damage;
    bool damaged = false;
    McXPointer pointer = {0};

    if (first)
        start_watching(self);
    if (!follow(self, handle_events(self, &damaged) || first, error))
        return false;
    news->resized =
        self->area.width_px != before.width_px || self->area.height_px != before.height_px;
    if (damaged && !self->x->broken)
        news->dirty = touches_area(self);
    if (self->area.x_px != before.x_px || self->area.y_px != before.y_px)
        news->dirty = true;
    if (self->cursor && !self->x->broken) {
        find_pointer(self, &pointer);
        if (!self->x->broken)
            mc_x_cursor_look(self->cursor, &pointer, self->area.width_px, self->area.height_px,
                             news);
    }
    return true;
}

static bool x11_poll(McCapture *self, McCaptureNews *news, GError **error)
{
    if (!self->x->broken && !poll_server(self, news, error))
        return false;
    return self->x->broken ? mc_x11_lost(error) : true;
}

/* ---- pictures ---- */

static bool x11_attach(McCapture *self, McFrame *frame, GError **error)
{
    if (!mc_x11_shm_attach(self->x, frame, self->visual, self->depth, self->area.width_px,
                           self->area.height_px, error))
        return false;
    /* Before the first poll, the server's pages of it, too: later on, the grab that follows would
     * read the same again. */
    if (!self->window && !self->damage)
        mc_x11_shm_read(self->x, frame, self->root, self->area.x_px, self->area.y_px);
    return true;
}

static void x11_detach(McCapture *self, McFrame *frame)
{
    mc_x11_shm_detach(self->x, frame);
}

/* False: the desktop has just become smaller than the frame, the event is on its way; or there is
 * nothing to be read yet. */
static bool read_picture(McCapture *self, McFrame *frame)
{
    McXWindowPicture picture;

    /* Before the picture is read: what changes meanwhile is news again. */
    XDamageSubtract(self->x->display, self->damage, None, None);
    if (!self->window)
        return !self->away_us &&
               mc_x11_shm_read(self->x, frame, self->root, self->area.x_px, self->area.y_px);
    mc_x_window_picture(self->window, &picture);
    return picture.pixmap &&
           mc_x11_shm_read(self->x, frame, picture.pixmap, picture.x_px, picture.y_px);
}

static McGrab x11_grab(McCapture *self, McFrame *frame, int64_t now_ns, GError **error)
{
    const bool ok = !self->x->broken && read_picture(self, frame);

    if (self->x->broken) {
        mc_x11_lost(error);
        return MC_GRAB_FAILED;
    }
    return ok ? MC_GRAB_OK : MC_GRAB_LATER;
}

const McCaptureOps mc_capture_x11 = {
    .kind = "x11",
    .attaches_early = true,
    .open = x11_open,
    .close = x11_close,
    .size = x11_size,
    .begin = x11_begin,
    .poll = x11_poll,
    .attach = x11_attach,
    .detach = x11_detach,
    .grab = x11_grab,
    .cancel = x11_cancel,
    .input_target = x11_input_target,
};
