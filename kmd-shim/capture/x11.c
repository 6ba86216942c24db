/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/capture.h"

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>
#include <X11/extensions/Xdamage.h>
#include <X11/extensions/Xfixes.h>
#include <X11/extensions/Xrandr.h>
#include <poll.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmd-shim/capture/cursor.h"

struct McCapture {
    Display *display;
    int connection_fd;
    Window root;
    Visual *visual;
    int depth;
    uint32_t width_px, height_px;
    int damage_event, fixes_event, randr_event; /* first event numbers; -1: no such extension */
    Damage damage;                              /* None: not watching yet */

    int x_error; /* of the last request, by our handler; 0: none */
    bool broken; /* the connection is gone */

    bool cursor_stale; /* a new shape is to be fetched */
    McCursorImage cursor;
    uint32_t shape_id;
    int pointer_x_px, pointer_y_px;
    bool pointer_here;
};

/* A frame's memory: shared with the server, which writes the picture right into it. */
typedef struct {
    XShmSegmentInfo segment;
    XImage *image;
} Shared;

/* ---- errors: Xlib's handlers are the process's, and by default they end it ---- */

static __thread McCapture *current; /* whose calls this thread is making */
static XErrorHandler other_error;
static XIOErrorHandler other_io_error;

static int on_x_error(Display *display, XErrorEvent *event)
{
    if (!current || current->display != display)
        return other_error ? other_error(display, event) : 0;
    current->x_error = event->error_code;
    return 0;
}

static int on_io_error(Display *display)
{
    if (!current || current->display != display)
        return other_io_error ? other_io_error(display) : 0;
    current->broken = true;
    return 0;
}

/* Called in place of exit(). */
static void on_io_error_exit(Display *display, void *user_data)
{
    ((McCapture *) user_data)->broken = true;
}

static gpointer install_handlers(gpointer unused)
{
    other_error = XSetErrorHandler(on_x_error);
    other_io_error = XSetIOErrorHandler(on_io_error);
    return NULL;
}

static void enter(McCapture *self)
{
    static GOnce once = G_ONCE_INIT;

    g_once(&once, install_handlers, NULL);
    current = self;
    self->x_error = 0;
}

static bool lost(GError **error)
{
    g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_FAILED,
                "the X server closed the connection; the desktop cannot be captured any more");
    return false;
}

/* ---- opening ---- */

static bool check_format(McCapture *self, GError **error)
{
    XImage *probe = XCreateImage(self->display, self->visual, (unsigned) self->depth, ZPixmap, 0,
                                 NULL, 1, 1, 32, 0);
    bool ok = probe && probe->bits_per_pixel == 32 && probe->byte_order == LSBFirst;

    if (probe)
        XDestroyImage(probe);
    if (ok && self->visual->class == TrueColor && self->visual->red_mask == 0xff0000 &&
        self->visual->green_mask == 0xff00 && self->visual->blue_mask == 0xff)
        return true;
    g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_FAILED,
                "the desktop has %d bits a pixel; only 24-bit TrueColor (BGRX) can be captured",
                self->depth);
    return false;
}

/* Its root window is not the desktop: the Wayland compositor shows nobody that. */
static bool is_xwayland(McCapture *self)
{
    int opcode, event, error;
    bool found = XQueryExtension(self->display, "XWAYLAND", &opcode, &event, &error);

    if (found || self->randr_event < 0)
        return found;
    XRRScreenResources *resources = XRRGetScreenResourcesCurrent(self->display, self->root);
    for (int i = 0; resources && i < resources->noutput && !found; i++) {
        XRROutputInfo *output = XRRGetOutputInfo(self->display, resources, resources->outputs[i]);
        found = output && strncmp(output->name, "XWAYLAND", 8) == 0;
        if (output)
            XRRFreeOutputInfo(output);
    }
    if (resources)
        XRRFreeScreenResources(resources);
    return found;
}

static bool read_size(McCapture *self)
{
    XWindowAttributes attributes;

    if (!XGetWindowAttributes(self->display, self->root, &attributes))
        return false;
    self->width_px = (uint32_t) attributes.width;
    self->height_px = (uint32_t) attributes.height;
    self->visual = attributes.visual;
    self->depth = attributes.depth;
    return true;
}

static bool find_extensions(McCapture *self, GError **error)
{
    int ignored;

    self->damage_event = self->fixes_event = self->randr_event = -1;
    if (!XFixesQueryExtension(self->display, &self->fixes_event, &ignored))
        self->fixes_event = -1;
    if (!XRRQueryExtension(self->display, &self->randr_event, &ignored))
        self->randr_event = -1;
    if (!XDamageQueryExtension(self->display, &self->damage_event, &ignored)) {
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_FAILED,
                    "the X server has no DAMAGE extension and cannot tell what changes");
        return false;
    }
    return true;
}

static bool x11_attach(McCapture *self, McFrame *frame, GError **error);
static void x11_detach(McCapture *self, McFrame *frame);

/* A server on another machine offers the extension, too: only trying it tells. */
static bool try_shm(McCapture *self, GError **error)
{
    McFrame frame = {0};

    if (!x11_attach(self, &frame, error))
        return false;
    x11_detach(self, &frame);
    return true;
}

static bool check_server(McCapture *self, GError **error)
{
    if (!read_size(self))
        return lost(error);
    if (!find_extensions(self, error) || !check_format(self, error))
        return false;
    if (is_xwayland(self)) {
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_FAILED,
                    "this X server is Xwayland, which does not see the desktop; log in to an X11 "
                    "session to capture it");
        return false;
    }
    return try_shm(self, error);
}

static bool has_hung_up(int fd)
{
    struct pollfd hangup = {.fd = fd};

    return poll(&hangup, 1, 0) > 0;
}

static void x11_close(McCapture *self)
{
    enter(self);
    if (self->display && has_hung_up(self->connection_fd))
        self->broken = true;
    /* Xlib leaves a broken connection locked for the thread that met the error; what it holds is
     * lost with the server. */
    if (self->broken)
        close(self->connection_fd);
    else if (self->display)
        XCloseDisplay(self->display);
    current = NULL;
    g_free(self->cursor.pixels);
    g_free(self);
}

static McCapture *x11_open(const McCaptureConfig *config, GError **error)
{
    const char *name = config->argument && *config->argument ? config->argument : NULL;
    McCapture *self = g_new0(McCapture, 1);

    enter(self);
    self->display = XOpenDisplay(name);
    if (!self->display) {
        const char *tried = XDisplayName(name);
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_DISPLAY,
                    *tried ? "the X display \"%s\" cannot be opened; is it running, and may you?"
                           : "there is no X display%s; set DISPLAY or name one as x11:DISPLAY",
                    tried);
        x11_close(self);
        return NULL;
    }
    XSetIOErrorExitHandler(self->display, on_io_error_exit, self);
    self->connection_fd = ConnectionNumber(self->display);
    self->root = DefaultRootWindow(self->display);
    if (!check_server(self, error)) {
        x11_close(self);
        return NULL;
    }
    return self;
}

static void x11_size(const McCapture *self, uint32_t *ret_width_px, uint32_t *ret_height_px)
{
    *ret_width_px = self->width_px;
    *ret_height_px = self->height_px;
}

static void x11_cancel(McCapture *self)
{
    shutdown(self->connection_fd, SHUT_RDWR);
}

/* ---- memory ---- */

static bool attach_segment(McCapture *self, Shared *shared)
{
    size_t bytes = (size_t) shared->image->bytes_per_line * (size_t) shared->image->height;

    shared->segment.shmid = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
    if (shared->segment.shmid < 0)
        return false;
    shared->segment.shmaddr = shmat(shared->segment.shmid, NULL, 0);
    /* It goes with its last user, who may attach to it until then: whatever ends this process. */
    bool attached = shared->segment.shmaddr != (char *) -1;
    if (attached) {
        shared->image->data = shared->segment.shmaddr;
        self->x_error = 0;
        attached = XShmAttach(self->display, &shared->segment);
        XSync(self->display, False);
        attached = attached && !self->x_error && !self->broken;
    }
    shmctl(shared->segment.shmid, IPC_RMID, NULL);
    return attached;
}

static void free_shared(Shared *shared)
{
    if (shared->image) {
        shared->image->data = NULL; /* not XDestroyImage's to free */
        XDestroyImage(shared->image);
    }
    if (shared->segment.shmaddr && shared->segment.shmaddr != (char *) -1)
        shmdt(shared->segment.shmaddr);
    g_free(shared);
}

static bool x11_attach(McCapture *self, McFrame *frame, GError **error)
{
    Shared *shared = g_new0(Shared, 1);

    enter(self);
    if (XShmQueryExtension(self->display))
        shared->image =
            XShmCreateImage(self->display, self->visual, (unsigned) self->depth, ZPixmap, NULL,
                            &shared->segment, self->width_px, self->height_px);
    if (!shared->image || !attach_segment(self, shared)) {
        free_shared(shared);
        if (self->broken)
            return lost(error);
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_SHM,
                    "the X server shares no memory with this process (MIT-SHM); it must run on "
                    "this machine, outside of a container");
        return false;
    }
    frame->pixels = (uint8_t *) shared->segment.shmaddr;
    frame->width_px = self->width_px;
    frame->height_px = self->height_px;
    frame->stride_bytes = (uint32_t) shared->image->bytes_per_line;
    frame->backing = shared;
    return true;
}

static void x11_detach(McCapture *self, McFrame *frame)
{
    Shared *shared = frame->backing;

    if (!shared)
        return;
    enter(self);
    if (!self->broken)
        XShmDetach(self->display, &shared->segment);
    free_shared(shared);
    frame->backing = NULL;
    frame->pixels = NULL;
}

/* ---- what happens on the desktop ---- */

/* Not before the first poll: until then nobody would read the events. */
static void start_watching(McCapture *self)
{
    self->damage = XDamageCreate(self->display, self->root, XDamageReportNonEmpty);
    XSelectInput(self->display, self->root, StructureNotifyMask);
    if (self->randr_event >= 0)
        XRRSelectInput(self->display, self->root, RRScreenChangeNotifyMask);
    if (self->fixes_event >= 0)
        XFixesSelectCursorInput(self->display, self->root, XFixesDisplayCursorNotifyMask);
}

static bool handle_events(McCapture *self, bool *ret_damaged)
{
    bool configured = false;

    while (!self->broken && XPending(self->display) > 0) {
        XEvent event;
        XNextEvent(self->display, &event);
        if (event.type == self->damage_event + XDamageNotify) {
            *ret_damaged = true;
        } else if (self->fixes_event >= 0 && event.type == self->fixes_event + XFixesCursorNotify) {
            self->cursor_stale = true;
        } else if (self->randr_event >= 0 &&
                   event.type == self->randr_event + RRScreenChangeNotify) {
            XRRUpdateConfiguration(&event);
            configured = true;
        } else if (event.type == ConfigureNotify && event.xconfigure.window == self->root) {
            configured = true;
        }
    }
    return configured;
}

static void fetch_shape(McCapture *self)
{
    XFixesCursorImage *image = XFixesGetCursorImage(self->display);
    size_t count;

    if (!image)
        return;
    count = (size_t) image->width * image->height;
    self->cursor.pixels = g_renew(uint32_t, self->cursor.pixels, MAX(count, 1));
    for (size_t i = 0; i < count; i++) /* Xlib gives a long for every 32 bits */
        self->cursor.pixels[i] = (uint32_t) image->pixels[i];
    self->cursor.width_px = image->width;
    self->cursor.height_px = image->height;
    self->cursor.hot_x_px = image->xhot;
    self->cursor.hot_y_px = image->yhot;
    XFree(image);
    mc_cursor_fit(&self->cursor, MC_CURSOR_MAX_PX, MC_CURSOR_MAX_IMAGE_BYTES);
}

static bool pointer_moved(McCapture *self)
{
    Window root, child;
    int x, y, window_x, window_y;
    unsigned mask;
    bool here = XQueryPointer(self->display, self->root, &root, &child, &x, &y, &window_x,
                              &window_y, &mask);
    bool moved = here != self->pointer_here ||
                 (here && (x != self->pointer_x_px || y != self->pointer_y_px));

    self->pointer_here = here;
    if (here) {
        self->pointer_x_px = x;
        self->pointer_y_px = y;
    }
    return moved;
}

static void look_at_cursor(McCapture *self, McCaptureNews *news)
{
    bool reshaped = self->cursor_stale, moved = pointer_moved(self);

    if (reshaped) {
        fetch_shape(self);
        self->cursor_stale = false;
    }
    news->cursor_changed = reshaped || moved;
    if (!news->cursor_changed)
        return;
    bool visible = self->pointer_here && self->cursor.width_px > 0;
    news->cursor = (McCursor){.x_px = self->pointer_x_px - self->cursor.hot_x_px,
                              .y_px = self->pointer_y_px - self->cursor.hot_y_px,
                              .visible = visible};
    if (reshaped && self->cursor.width_px > 0) {
        news->cursor.shape_id = ++self->shape_id;
        news->cursor.width_px = (uint16_t) self->cursor.width_px;
        news->cursor.height_px = (uint16_t) self->cursor.height_px;
        news->cursor.hot_x_px = (uint16_t) CLAMP(self->cursor.hot_x_px, 0, G_MAXUINT16);
        news->cursor.hot_y_px = (uint16_t) CLAMP(self->cursor.hot_y_px, 0, G_MAXUINT16);
        news->cursor.bgra = (const uint8_t *) self->cursor.pixels;
    }
}

static void x11_begin(McCapture *self)
{
    self->cursor_stale = true;
}

static bool x11_poll(McCapture *self, McCaptureNews *news, GError **error)
{
    uint32_t width_px = self->width_px, height_px = self->height_px;

    if (self->broken)
        return lost(error);
    enter(self);
    bool first = !self->damage;
    if (first)
        start_watching(self);
    if ((handle_events(self, &news->dirty) || first) && !self->broken)
        read_size(self);
    news->resized = self->width_px != width_px || self->height_px != height_px;
    if (self->fixes_event >= 0 && !self->broken)
        look_at_cursor(self, news);
    return self->broken ? lost(error) : true;
}

static McGrab x11_grab(McCapture *self, McFrame *frame, int64_t now_ns, GError **error)
{
    Shared *shared = frame->backing;

    enter(self);
    /* Before the picture is read: what changes meanwhile is news again. */
    XDamageSubtract(self->display, self->damage, None, None);
    bool ok = XShmGetImage(self->display, self->root, shared->image, 0, 0, AllPlanes);
    if (self->broken) {
        lost(error);
        return MC_GRAB_FAILED;
    }
    /* BadMatch: the desktop has just become smaller than the frame; the event is on its way. */
    return ok && !self->x_error ? MC_GRAB_OK : MC_GRAB_LATER;
}

const McCaptureOps mc_capture_x11 = {
    .kind = "x11",
    .open = x11_open,
    .close = x11_close,
    .size = x11_size,
    .begin = x11_begin,
    .poll = x11_poll,
    .attach = x11_attach,
    .detach = x11_detach,
    .grab = x11_grab,
    .cancel = x11_cancel,
};
