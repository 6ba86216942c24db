/* SPDX-License-Identifier: MIT */
/* A real X server of its own, found through -displayfd; skipped where there is none. */
#include "fake-runtime.h"

#include <X11/Xlib.h>
#include <X11/cursorfont.h>
#include <X11/extensions/Xrandr.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "x-server.h"

#define PATIENCE_US (FAKE_PATIENCE_MS * (int64_t) G_TIME_SPAN_MILLISECOND)

typedef struct {
    GPid pid;
    char name[16]; /* ":N" */
    char capture[24];
    Display *display; /* the test's own client */
    Window root;
} Server;

static bool start_server(Server *self, const char *screen, bool shm)
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

static void stop_server(Server *self)
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

static void open_session(FakeRuntime *fake, const Server *server)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(fake_open(fake, server->capture, 64, &error));
    g_assert_no_error(error);
    g_assert_cmpint(fake_create(fake), ==, STATUS_SUCCESS);
    g_assert_cmpint(fake_modes(fake, 100000), ==, STATUS_SUCCESS);
}

static void fill(Server *self, unsigned long colour, int x, int y, unsigned w, unsigned h)
{
    GC gc = XCreateGC(self->display, self->root, 0, NULL);

    XSetForeground(self->display, gc, colour);
    XFillRectangle(self->display, self->root, gc, x, y, w, h);
    XFreeGC(self->display, gc);
    XSync(self->display, False);
}

static uint32_t pixel(const McFrameDesc *frame, uint32_t x, uint32_t y)
{
    const uint8_t *at =
        (const uint8_t *) (uintptr_t) frame->pixels + (size_t) y * frame->stride_bytes + x * 4;

    return (uint32_t) (at[0] | at[1] << 8 | at[2] << 16);
}

/* Frames until one shows colour at (x,y); each is given back. The last one's description stays. */
static bool wait_pixel(FakeRuntime *fake, uint32_t colour, uint32_t x, uint32_t y,
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

static unsigned drain(FakeRuntime *fake, UINT quiet_ms)
{
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame;
    unsigned n = 0;

    for (; fake_get(fake, quiet_ms, &info, &frame) == STATUS_SUCCESS; n++)
        fake_release(fake, frame.frame_id);
    return n;
}

/* What is late on a busy machine comes to an end; a stream does not. */
static void assert_falls_silent(FakeRuntime *fake)
{
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame;

    for (unsigned i = 0; i < 10; i++) {
        if (fake_get(fake, 300, &info, &frame) == STATUS_TIMEOUT)
            return;
        fake_release(fake, frame.frame_id);
    }
    g_test_fail_printf("frames come and come");
}

static void test_damage(void)
{
    Server server;
    FakeRuntime fake;
    McFrameDesc frame;
    MIRACAST_CHUNK_INFO info;

    NEED_SERVER(&server);
    fill(&server, 0x123456, 0, 0, 1280, 960);
    open_session(&fake, &server);
    g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &frame), ==, STATUS_SUCCESS);
    g_assert_cmpuint(frame.width_px, ==, 1280);
    g_assert_cmpuint(frame.height_px, ==, 960);
    g_assert_cmpuint(frame.flags, ==, MC_FRAME_FORCE_IDR);
    g_assert_cmphex(pixel(&frame, 1279, 959), ==, 0x123456);
    fake_release(&fake, frame.frame_id);
    assert_falls_silent(&fake); /* a still desktop sends nothing */

    for (unsigned i = 1; i <= 10; i++) {
        int64_t drawn_ns = g_get_monotonic_time() * 1000;
        fill(&server, 0x010203 * i, 100, 100, 10, 10);
        g_assert_true(wait_pixel(&fake, 0x010203 * i, 105, 105, &frame));
        g_assert_cmphex(pixel(&frame, 99, 99), ==, 0x123456);
        g_assert_cmpint(frame.capture_ns, >=, drawn_ns);
    }
    fake_close(&fake);
    stop_server(&server);
}

/* Xvfb has one mode, which stands in the way of a smaller screen until its CRTC is off. */
static void resize(Server *self, int width_px, int height_px)
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
static GBytes *find_message(FakeRuntime *fake, McMsgType type, bool with_shape)
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

static void test_resize(void)
{
    Server server;
    FakeRuntime fake;
    McFrameDesc frame, held;
    MIRACAST_CHUNK_INFO info;
    McIoctlQueryDisplay request;
    McDisplayInfo display;
    ULONG bytes;
    static const int sizes[][2] = {{800, 600}, {1280, 960}, {640, 480}, {1024, 768}};

    NEED_SERVER(&server);
    open_session(&fake, &server);
    g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &held), ==, STATUS_SUCCESS);
    size_t held_bytes = (size_t) held.stride_bytes * held.height_px;
    g_autofree uint8_t *copy = g_memdup2((void *) (uintptr_t) held.pixels, held_bytes);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        bool idr = false;
        resize(&server, sizes[i][0], sizes[i][1]);
        do { /* one of the old size may have been under way */
            g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &frame), ==, STATUS_SUCCESS);
            idr = idr ||
                  ((frame.flags & MC_FRAME_FORCE_IDR) && frame.width_px == (uint32_t) sizes[i][0]);
            fake_release(&fake, frame.frame_id);
        } while (frame.width_px != (uint32_t) sizes[i][0]);
        g_assert_true(idr);
        g_assert_cmpuint(frame.height_px, ==, sizes[i][1]);
        g_autoptr(GBytes) message = find_message(&fake, MC_MSG_DISPLAY_MODE, false);
        g_assert_nonnull(message);
        const McMsgDisplayMode *mode = g_bytes_get_data(message, NULL);
        g_assert_cmpuint(mode->width_px, ==, sizes[i][0]);
        g_assert_cmpuint(mode->height_px, ==, sizes[i][1]);
        g_assert_cmpuint(mode->refresh_mhz, ==, 100000);
        fake_ioctl(&fake, MC_IOCTL_QUERY_DISPLAY, &request, sizeof(request), &display,
                   sizeof(display), &bytes);
        g_assert_cmpuint(display.width_px, ==, sizes[i][0]);
        g_assert_cmpstr(display.capture, ==, "x11");
        fill(&server, 0x00ff00 + (unsigned) i, 600, 400, 20, 20);
        g_assert_true(wait_pixel(&fake, 0x00ff00 + (uint32_t) i, 610, 410, &frame));
    }
    g_assert_cmpmem((void *) (uintptr_t) held.pixels, held_bytes, copy, held_bytes);
    g_assert_cmpuint(fake.errors, ==, 0);
    fake_close(&fake);
    stop_server(&server);
}

/* Whether a cursor message says so. */
static bool wait_cursor(FakeRuntime *fake, int32_t x, int32_t y)
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

static Cursor square_cursor(Server *self, unsigned size, unsigned hot)
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

static void test_cursor(void)
{
    Server server;
    FakeRuntime fake;

    NEED_SERVER(&server);
    XDefineCursor(server.display, server.root, square_cursor(&server, 20, 4));
    XWarpPointer(server.display, None, server.root, 0, 0, 0, 0, 300, 200);
    XSync(server.display, False);
    open_session(&fake, &server);
    g_assert_true(wait_cursor(&fake, 296, 196));
    g_autoptr(GBytes) shape = find_message(&fake, MC_MSG_CURSOR, true);
    const McMsgCursor *cursor = g_bytes_get_data(shape, NULL);
    g_assert_cmpuint(cursor->shape_id, >, 0);
    g_assert_cmpuint(cursor->width_px, ==, 20);
    g_assert_cmpuint(cursor->height_px, ==, 20);
    g_assert_cmpuint(cursor->hot_x_px, ==, 4);
    g_assert_cmpuint(g_bytes_get_size(shape), ==, sizeof(*cursor) + 20 * 20 * 4);
    static const uint8_t red[4] = {0, 0, 0xff, 0xff};
    g_assert_cmpmem((const uint8_t *) (cursor + 1) + 20 * 20 * 4 - 4, 4, red, 4);
    uint32_t first_id = cursor->shape_id;

    XWarpPointer(server.display, None, server.root, 0, 0, 0, 0, 500, 400);
    XSync(server.display, False);
    g_assert_true(wait_cursor(&fake, 496, 396));
    g_autoptr(GBytes) same = find_message(&fake, MC_MSG_CURSOR, true);
    g_assert_cmpuint(((const McMsgCursor *) g_bytes_get_data(same, NULL))->shape_id, ==, first_id);

    /* larger than any message: what arrives fits, and points to the same place */
    XDefineCursor(server.display, server.root, square_cursor(&server, 200, 100));
    XSync(server.display, False);
    g_assert_true(wait_cursor(&fake, 500 - 50, 400 - 50));
    g_autoptr(GBytes) large = find_message(&fake, MC_MSG_CURSOR, true);
    cursor = g_bytes_get_data(large, NULL);
    g_assert_cmpuint(cursor->shape_id, >, first_id);
    g_assert_cmpuint(cursor->width_px, ==, 100);
    g_assert_cmpuint(g_bytes_get_size(large), <=, MC_MSG_MAX_BYTES);

    /* the next session gets the shape anew */
    fake_destroy(&fake);
    mc_chunk_queue_reset(fake.queue);
    g_ptr_array_set_size(fake.messages, 0);
    fake_create(&fake);
    fake_modes(&fake, 60000);
    g_assert_true(wait_cursor(&fake, 450, 350));
    g_autoptr(GBytes) again = find_message(&fake, MC_MSG_CURSOR, true);
    g_assert_nonnull(again);
    fake_close(&fake);
    stop_server(&server);
}

static void test_server_dies(void)
{
    Server server;
    FakeRuntime fake;
    int64_t end_us = g_get_monotonic_time() + PATIENCE_US;

    NEED_SERVER(&server);
    open_session(&fake, &server);
    XCloseDisplay(g_steal_pointer(&server.display)); /* its own death would end this process */
    kill(server.pid, SIGKILL);
    g_mutex_lock(&fake.lock);
    while (!fake.errors && g_cond_wait_until(&fake.changed, &fake.lock, end_us))
        ;
    g_mutex_unlock(&fake.lock);
    g_assert_cmpuint(fake.errors, ==, 1);
    g_assert_cmpstr(mc_capture_error_code(fake.error_code), ==, "capture.failed");
    fake_destroy(&fake);
    fake_create(&fake); /* a new session fails again, and says so once */
    fake_modes(&fake, 60000);
    g_mutex_lock(&fake.lock);
    while (fake.errors < 2 && g_cond_wait_until(&fake.changed, &fake.lock, end_us))
        ;
    g_mutex_unlock(&fake.lock);
    g_assert_cmpuint(fake.errors, ==, 2);
    fake_close(&fake);
    stop_server(&server);
}

/* Nobody looks at the connection when it goes. */
static void test_server_dies_unseen(void)
{
    Server server;
    FakeRuntime fake;

    NEED_SERVER(&server);
    open_session(&fake, &server);
    drain(&fake, 50);
    fake_destroy(&fake);
    XCloseDisplay(g_steal_pointer(&server.display));
    stop_server(&server);
    fake_close(&fake);
}

static void test_server_hangs(void)
{
    Server server;
    FakeRuntime fake;

    NEED_SERVER(&server);
    open_session(&fake, &server);
    kill(server.pid, SIGSTOP);
    g_usleep(50000); /* some ticks: now the capture thread waits for an answer */
    int64_t begin_us = g_get_monotonic_time();
    fake_destroy(&fake);
    g_assert_cmpint(g_get_monotonic_time() - begin_us, <, 20 * G_USEC_PER_SEC);
    fake_close(&fake);
    g_assert_cmpint(g_get_monotonic_time() - begin_us, <, 20 * G_USEC_PER_SEC);
    kill(server.pid, SIGCONT);
    stop_server(&server);
}

static void check_refused(const char *capture, const char *code)
{
    g_autoptr(GError) error = NULL;
    McDisplayConfig config = {.capture = capture};

    g_assert_null(mc_display_path_new(&config, &error));
    g_assert_nonnull(error);
    g_assert_cmpstr(mc_capture_error_code(error->code), ==, code);
    g_test_message("%s", error->message);
}

static void test_refused(void)
{
    static const struct {
        const char *screen, *code;
        bool shm;
    } cases[] = {{"640x480x8", "capture.failed", true},
                 {"640x480x16", "capture.failed", true},
                 {"640x480x24", "capture.no-shm", false}};

    check_refused("x11", "capture.no-display");
    check_refused("x11:", "capture.no-display");
    check_refused("x11::98765", "capture.no-display");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Server server;
        if (!start_server(&server, cases[i].screen, cases[i].shm)) {
            g_test_skip("there is no Xvfb");
            return;
        }
        check_refused(server.capture, cases[i].code);
        stop_server(&server);
    }
}

/* $DISPLAY is taken where no display is named. */
static void test_environment(void)
{
    Server server;
    FakeRuntime fake;
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame;

    NEED_SERVER(&server);
    g_setenv("DISPLAY", server.name, TRUE);
    strcpy(server.capture, "x11");
    open_session(&fake, &server);
    g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &frame), ==, STATUS_SUCCESS);
    fake_close(&fake);
    stop_server(&server);
}

int main(int argc, char **argv)
{
    g_unsetenv("DISPLAY"); /* no test may reach the desktop of who runs it */
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/x11/damage", test_damage);
    g_test_add_func("/x11/resize", test_resize);
    g_test_add_func("/x11/cursor", test_cursor);
    g_test_add_func("/x11/server-dies", test_server_dies);
    g_test_add_func("/x11/server-dies-unseen", test_server_dies_unseen);
    g_test_add_func("/x11/server-hangs", test_server_hangs);
    g_test_add_func("/x11/refused", test_refused);
    g_test_add_func("/x11/environment", test_environment);
    return g_test_run();
}
