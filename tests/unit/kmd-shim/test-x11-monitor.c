/* SPDX-License-Identifier: MIT */
/* One monitor of a real X server: its pixels, what changes on it, and what becomes of it. */
#include "x11-bed.h"

#define LEFT 0x204060u
#define RIGHT 0x802010u

static void set_monitor(Server *self, const char *name, int x, int y, int width, int height)
{
    XRRMonitorInfo info = {.name = XInternAtom(self->display, name, False),
                           .x = x,
                           .y = y,
                           .width = width,
                           .height = height,
                           .mwidth = width / 4,
                           .mheight = height / 4};

    XRRSetMonitor(self->display, self->root, &info);
    XSync(self->display, False);
}

static void delete_monitor(Server *self, const char *name)
{
    XRRDeleteMonitor(self->display, self->root, XInternAtom(self->display, name, False));
    XSync(self->display, False);
}

static void move_monitor(Server *self, const char *name, int x, int y, int width, int height)
{
    delete_monitor(self, name);
    set_monitor(self, name, x, y, width, height);
}

static bool start_monitors(Server *self, const char *part)
{
    if (!start_server(self, "1280x960x24", true)) {
        g_test_skip("there is no Xvfb");
        return false;
    }
    fill(self, LEFT, 0, 0, 640, 960);
    fill(self, RIGHT, 640, 0, 640, 960);
    set_monitor(self, "LEFT", 0, 0, 640, 480);
    set_monitor(self, "RIGHT", 640, 0, 640, 960);
    g_snprintf(self->capture, sizeof(self->capture), "x11:%s,monitor=%s", self->name, part);
    return true;
}

static void check_all(const McFrameDesc *frame, uint32_t colour)
{
    for (uint32_t y = 0; y < frame->height_px; y += 7)
        for (uint32_t x = 0; x < frame->width_px; x += 7)
            g_assert_cmphex(pixel(frame, x, y), ==, colour);
    g_assert_cmphex(pixel(frame, frame->width_px - 1, frame->height_px - 1), ==, colour);
}

static void test_pixels(void)
{
    Server server;
    FakeRuntime fake;
    McFrameDesc frame;
    MIRACAST_CHUNK_INFO info;

    if (!start_monitors(&server, "RIGHT"))
        return;
    open_session(&fake, &server);
    g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &frame), ==, STATUS_SUCCESS);
    g_assert_cmpuint(frame.width_px, ==, 640);
    g_assert_cmpuint(frame.height_px, ==, 960);
    check_all(&frame, RIGHT);
    fake_release(&fake, frame.frame_id);
    assert_falls_silent(&fake);

    const uint64_t before = fake.last_started;
    for (unsigned i = 0; i < 20; i++) { /* beside the monitor: no news */
        fill(&server, 0x00ff00 + i, 0, 0, 640, 960);
        g_assert_cmpint(fake_get(&fake, 20, &info, &frame), ==, STATUS_TIMEOUT);
    }
    g_assert_cmpuint(fake.last_started, ==, before);
    fill(&server, 0xffee00, 600, 100, 80, 20); /* on both */
    g_assert_true(wait_pixel(&fake, 0xffee00, 39, 110, &frame));
    g_assert_cmphex(pixel(&frame, 40, 110), ==, RIGHT);
    fake_close(&fake);
    stop_server(&server);
}

static void warp(Server *self, int x, int y)
{
    XWarpPointer(self->display, None, self->root, 0, 0, 0, 0, x, y);
    XSync(self->display, False);
}

static bool cursor_is_hidden(FakeRuntime *fake)
{
    g_autoptr(GBytes) message = find_message(fake, MC_MSG_CURSOR, false);

    return message && !((const McMsgCursor *) g_bytes_get_data(message, NULL))->visible;
}

static void test_cursor(void)
{
    Server server;
    FakeRuntime fake;

    if (!start_monitors(&server, "RIGHT"))
        return;
    XDefineCursor(server.display, server.root, square_cursor(&server, 20, 4));
    warp(&server, 740, 200);
    open_session(&fake, &server);
    g_assert_true(wait_cursor(&fake, 96, 196));
    warp(&server, 642, 10); /* its left part is on the other one */
    g_assert_true(wait_cursor(&fake, -2, 6));
    warp(&server, 100, 10);
    for (int64_t end_us = g_get_monotonic_time() + PATIENCE_US; !cursor_is_hidden(&fake);) {
        g_assert_cmpint(g_get_monotonic_time(), <, end_us);
        drain(&fake, 10);
    }
    fake_close(&fake);
    stop_server(&server);
}

static void test_moves(void)
{
    Server server;
    FakeRuntime fake;
    McFrameDesc frame;

    if (!start_monitors(&server, "LEFT"))
        return;
    open_session(&fake, &server);
    g_assert_true(wait_pixel(&fake, LEFT, 0, 0, &frame));
    move_monitor(&server, "LEFT", 700, 100, 640, 480); /* and 60 columns beyond the screen */
    wait_size(&fake, 580, 480);
    g_autoptr(GBytes) message = find_message(&fake, MC_MSG_DISPLAY_MODE, false);
    const McMsgDisplayMode *mode = g_bytes_get_data(message, NULL);
    g_assert_cmpuint(mode->width_px, ==, 580);
    fill(&server, 0xabcdef, 700, 100, 1, 1);
    g_assert_true(wait_pixel(&fake, 0xabcdef, 0, 0, &frame));
    move_monitor(&server, "LEFT", 0, 480, 320, 200);
    wait_size(&fake, 320, 200);
    resize(&server, 1280, 600); /* which cuts it */
    wait_size(&fake, 320, 120);
    g_assert_cmpuint(fake.errors, ==, 0);
    fake_close(&fake);
    stop_server(&server);
}

/* It comes back in time; then it does not. */
static void test_vanishes(void)
{
    Server server;
    FakeRuntime fake;
    McFrameDesc frame;

    if (!start_monitors(&server, "RIGHT"))
        return;
    open_session(&fake, &server);
    g_assert_true(wait_pixel(&fake, RIGHT, 0, 0, &frame));
    move_monitor(&server, "RIGHT", 0, 600, 640, 300);
    wait_size(&fake, 640, 300);
    delete_monitor(&server, "RIGHT");
    wait_error(&fake);
    g_assert_cmpstr(mc_capture_error_code(fake.error_code), ==, "capture.ended");
    fake_close(&fake);
    stop_server(&server);
}

static void test_names(void)
{
    Server server;

    if (!start_monitors(&server, "TOP"))
        return;
    check_capture_refused(server.capture, "capture.no-monitor", "LEFT (640x480+0+0), RIGHT");
    g_setenv("DISPLAY", server.name, TRUE);
    check_capture_refused("x11:TOP", "capture.no-monitor", "LEFT");
    check_capture_refused("x11,monitor=left", "capture.no-monitor", "LEFT");
    g_snprintf(server.capture, sizeof(server.capture), "x11:RIGHT");
    FakeRuntime fake;
    McFrameDesc frame;
    open_session(&fake, &server);
    g_assert_true(wait_pixel(&fake, RIGHT, 0, 0, &frame));
    g_assert_cmpuint(frame.width_px, ==, 640);
    fake_close(&fake);
    stop_server(&server);
}

/* Until the server has done what came on another connection than this one. */
static void wait_pointer(Server *server, int want_x_px, int want_y_px)
{
    int64_t end_us = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    Window root, child;
    int x = -1, y = -1, ignored;
    unsigned mask;

    while ((x != want_x_px || y != want_y_px) && g_get_monotonic_time() < end_us)
        XQueryPointer(server->display, server->root, &root, &child, &x, &y, &ignored, &ignored,
                      &mask);
    g_assert_cmpint(x, ==, want_x_px);
    g_assert_cmpint(y, ==, want_y_px);
}

/* The sink's places are the monitor's. */
static void test_input(void)
{
    Server server;
    FakeRuntime fake;
    McIoctlInputEvent event = {.kind = MC_INPUT_POINTER_MOVE, .x = 100, .y = 50};

    if (!start_monitors(&server, "RIGHT"))
        return;
    open_session(&fake, &server);
    mc_display_path_allow_input(fake.display, true);
    g_assert_cmpint(fake_ioctl(&fake, MC_IOCTL_INPUT_EVENT, &event, sizeof(event), NULL, 0, NULL),
                    ==, STATUS_SUCCESS);
    wait_pointer(&server, 740, 50);
    move_monitor(&server, "RIGHT", 640, 300, 640, 400);
    fake_ioctl(&fake, MC_IOCTL_INPUT_EVENT, &event, sizeof(event), NULL, 0, NULL);
    wait_pointer(&server, 740, 350);
    fake_close(&fake);
    stop_server(&server);
}

int main(int argc, char **argv)
{
    g_unsetenv("DISPLAY"); /* no test may reach the desktop of who runs it */
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/x11-monitor/pixels", test_pixels);
    g_test_add_func("/x11-monitor/cursor", test_cursor);
    g_test_add_func("/x11-monitor/moves", test_moves);
    g_test_add_func("/x11-monitor/vanishes", test_vanishes);
    g_test_add_func("/x11-monitor/names", test_names);
    g_test_add_func("/x11-monitor/input", test_input);
    return g_test_run();
}
