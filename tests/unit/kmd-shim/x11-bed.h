/* SPDX-License-Identifier: MIT */
/* A real X server of the test's own, the display path that captures it, and what is looked for in
 * its frames and messages. */
#pragma once

#include "fake-runtime.h" /* before Xlib, for which Status is a macro */

#include <X11/Xlib.h>
#include <X11/extensions/Xrandr.h>

#include "x-server.h"

#define PATIENCE_US (FAKE_PATIENCE_MS * (int64_t) G_TIME_SPAN_MILLISECOND)

typedef struct {
    GPid pid;
    char name[16]; /* ":N" */
    char capture[128];
    Display *display; /* the test's own client */
    Window root;
} Server;

static inline bool start_server(Server *self, const char *screen, bool shm)
{
    memset(self, 0, sizeof(*self));
    if (!x_server_start(screen, shm, &self->pid, self->name, sizeof(self->name)))
        return false;
    g_snprintf(self->capture, sizeof(self->capture), "x11:%s", self->name);
    self->display = XOpenDisplay(self->name);
    g_assert_nonnull(self->display);
    self->root = DefaultRootWindow(self->display);
    return true;
}

static inline void stop_server(Server *self)
{
    if (self->display)
        XCloseDisplay(self->display);
    x_server_stop(self->pid);
}

#define NEED_SERVER(server)                                                                        \
    if (!start_server(server, "1280x960x24", true)) {                                              \
        g_test_skip("there is no Xvfb");                                                           \
        return;                                                                                    \
    }

static inline void open_session(FakeRuntime *fake, const Server *server)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(fake_open(fake, server->capture, 64, &error));
    g_assert_no_error(error);
    g_assert_cmpint(fake_create(fake), ==, STATUS_SUCCESS);
    g_assert_cmpint(fake_modes(fake, 100000), ==, STATUS_SUCCESS);
}

static inline void fill(Server *self, unsigned long colour, int x, int y, unsigned w, unsigned h)
{
    GC gc = XCreateGC(self->display, self->root, 0, NULL);

    XSetForeground(self->display, gc, colour);
    XFillRectangle(self->display, self->root, gc, x, y, w, h);
    XFreeGC(self->display, gc);
    XSync(self->display, False);
}

static inline uint32_t pixel(const McFrameDesc *frame, uint32_t x, uint32_t y)
{
    const uint8_t *at =
        (const uint8_t *) (uintptr_t) frame->pixels + (size_t) y * frame->stride_bytes + x * 4;

    return (uint32_t) (at[0] | at[1] << 8 | at[2] << 16);
}

/* Frames until one shows colour at (x,y); each is given back. The last one's description stays. */
static inline bool wait_pixel(FakeRuntime *fake, uint32_t colour, uint32_t x, uint32_t y,
                              McFrameDesc *frame)
{
    int64_t end_us = g_get_monotonic_time() + PATIENCE_US;
    MIRACAST_CHUNK_INFO info;

    while (g_get_monotonic_time() < end_us) {
        if (fake_get(fake, 100, &info, frame) != STATUS_SUCCESS)
            continue;
        bool found = x < frame->width_px && y < frame->height_px && pixel(frame, x, y) == colour;
        fake_release(fake, frame->frame_id);
        if (found)
            return true;
    }
    return false;
}

static inline unsigned drain(FakeRuntime *fake, UINT quiet_ms)
{
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame;
    unsigned n = 0;

    for (; fake_get(fake, quiet_ms, &info, &frame) == STATUS_SUCCESS; n++)
        fake_release(fake, frame.frame_id);
    return n;
}

/* Xvfb has one mode, which stands in the way of a smaller screen until its CRTC is off. */
static inline void resize(Server *self, int width_px, int height_px)
{
    XRRScreenResources *resources = XRRGetScreenResources(self->display, self->root);

    for (int i = 0; i < resources->ncrtc; i++)
        XRRSetCrtcConfig(self->display, resources, resources->crtcs[i], CurrentTime, 0, 0, None,
                         RR_Rotate_0, NULL, 0);
    XRRFreeScreenResources(resources);
    XRRSetScreenSize(self->display, self->root, width_px, height_px, width_px / 4, height_px / 4);
    XSync(self->display, False);
}

/* The newest message of a type, NULL: none. */
static inline GBytes *find_message(FakeRuntime *fake, McMsgType type, bool with_shape)
{
    GBytes *found = NULL;

    g_mutex_lock(&fake->lock);
    for (guint i = 0; i < fake->messages->len; i++) {
        GBytes *bytes = g_ptr_array_index(fake->messages, i);
        const McMsgHeader *header = g_bytes_get_data(bytes, NULL);
        if (header->type == type && (!with_shape || ((const McMsgCursor *) header)->shape_id))
            found = bytes;
    }
    if (found)
        g_bytes_ref(found);
    g_mutex_unlock(&fake->lock);
    return found;
}

/* Whether a cursor message says so. */
static inline bool wait_cursor(FakeRuntime *fake, int32_t x, int32_t y)
{
    for (const int64_t end_us = g_get_monotonic_time() + PATIENCE_US;
         g_get_monotonic_time() < end_us;) {
        g_autoptr(GBytes) message = find_message(fake, MC_MSG_CURSOR, false);
        const McMsgCursor *cursor = message ? g_bytes_get_data(message, NULL) : NULL;
        if (cursor && cursor->visible && cursor->x_px == x && cursor->y_px == y)
            return true;
        drain(fake, 10);
    }
    return false;
}

static inline Cursor square_cursor(Server *self, unsigned size, unsigned hot)
{
    Pixmap bits = XCreatePixmap(self->display, self->root, size, size, 1);
    GC gc = XCreateGC(self->display, bits, 0, NULL);
    XColor red = {.red = 0xffff}, black = {0};

    XSetForeground(self->display, gc, 1);
    XFillRectangle(self->display, bits, gc, 0, 0, size, size);
    Cursor cursor = XCreatePixmapCursor(self->display, bits, bits, &red, &black, hot, hot);
    XFreeGC(self->display, gc);
    XFreePixmap(self->display, bits);
    return cursor;
}

/* Of a capture's error, or 60 s: fake->error_code is set. */
static inline void wait_error(FakeRuntime *fake)
{
    const int64_t end_us = g_get_monotonic_time() + PATIENCE_US;

    g_mutex_lock(&fake->lock);
    while (!fake->errors && g_cond_wait_until(&fake->changed, &fake->lock, end_us))
        ;
    g_mutex_unlock(&fake->lock);
    g_assert_cmpuint(fake->errors, ==, 1);
}

/* Frames until one has that size; each is given back. */
static inline void wait_size(FakeRuntime *fake, uint32_t width_px, uint32_t height_px)
{
    const int64_t end_us = g_get_monotonic_time() + PATIENCE_US;
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame = {0};

    while (frame.width_px != width_px || frame.height_px != height_px) {
        g_assert_cmpint(g_get_monotonic_time(), <, end_us);
        if (fake_get(fake, 100, &info, &frame) == STATUS_SUCCESS)
            fake_release(fake, frame.frame_id);
    }
}

static inline void check_capture_refused(const char *capture, const char *code, const char *says)
{
    g_autoptr(GError) error = NULL;
    McDisplayConfig config = {.capture = capture};

    g_assert_null(mc_display_path_new(&config, &error));
    g_assert_nonnull(error);
    g_test_message("%s", error->message);
    g_assert_cmpstr(mc_capture_error_code(error->code), ==, code);
    if (says)
        g_assert_nonnull(strstr(error->message, says));
}
