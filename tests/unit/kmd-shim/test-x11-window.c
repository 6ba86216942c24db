/* SPDX-License-Identifier: MIT */
/* One window of a real X server: its own pixels whatever covers it, and what becomes of it. */
#include "x11-bed.h"

#include <X11/Xutil.h>

#define MINE 0x3070a0u
#define OTHER 0xe01050u

static Window open_window(Server *self, const char *title, uint32_t colour, int x, int y, int width,
                          int height)
{
    const Window window = XCreateSimpleWindow(self->display, self->root, x, y, (unsigned) width,
                                              (unsigned) height, 3, 0xffffff, colour);
    XClassHint hint = {(char *) "testprog", (char *) "TestProg"};

    XStoreName(self->display, window, title);
    XSetClassHint(self->display, window, &hint);
    XMapWindow(self->display, window);
    XSync(self->display, False);
    return window;
}

static bool start_window(Server *self, Window *ret, const char *part)
{
    if (!start_server(self, "1280x960x24", true)) {
        g_test_skip("there is no Xvfb");
        return false;
    }
    *ret = open_window(self, "Notes: today", MINE, 100, 200, 400, 300);
    if (part)
        g_snprintf(self->capture, sizeof(self->capture), "x11:%s,window=%s", self->name, part);
    else
        g_snprintf(self->capture, sizeof(self->capture), "x11:%s,window=%lu", self->name, *ret);
    return true;
}

static void check_all(const McFrameDesc *frame, uint32_t colour)
{
    for (uint32_t y = 0; y < frame->height_px; y++)
        for (uint32_t x = 0; x < frame->width_px; x++)
            g_assert_cmphex(pixel(frame, x, y), ==, colour);
}

/* Every frame for a time: no pixel of another window is in any. */
static void watch_frames(FakeRuntime *fake, uint32_t colour, uint32_t also, unsigned n)
{
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame;

    for (; n > 0 && fake_get(fake, 300, &info, &frame) == STATUS_SUCCESS; n--) {
        for (uint32_t y = 0; y < frame.height_px; y += 3)
            for (uint32_t x = 0; x < frame.width_px; x += 3)
                g_assert_true(pixel(&frame, x, y) == colour || pixel(&frame, x, y) == also);
        fake_release(fake, frame.frame_id);
    }
}

static void draw_in(Server *self, Window window, uint32_t colour)
{
    GC gc = XCreateGC(self->display, window, 0, NULL);

    XSetForeground(self->display, gc, colour);
    XFillRectangle(self->display, window, gc, 10, 10, 50, 50);
    XFreeGC(self->display, gc);
    XSync(self->display, False);
}

static void test_covered(void)
{
    Server server;
    FakeRuntime fake;
    Window window;
    McFrameDesc frame;
    MIRACAST_CHUNK_INFO info;

    if (!start_window(&server, &window, NULL))
        return;
    open_window(&server, "Other", OTHER, 50, 150, 600, 600); /* covered before, and after */
    open_session(&fake, &server);
    g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &frame), ==, STATUS_SUCCESS);
    g_assert_cmpuint(frame.width_px, ==, 400);
    g_assert_cmpuint(frame.height_px, ==, 300);
    check_all(&frame, MINE); /* and not its border */
    fake_release(&fake, frame.frame_id);
    assert_falls_silent(&fake);

    const uint64_t before = fake.last_started;
    open_window(&server, "Third", 0x00ff00, 120, 220, 100, 100);
    fill(&server, 0x112233, 0, 0, 1280, 960);
    g_assert_cmpint(fake_get(&fake, 300, &info, &frame), ==, STATUS_TIMEOUT);
    g_assert_cmpuint(fake.last_started, ==, before);
    draw_in(&server, window, 0xc0ffee); /* below both */
    g_assert_true(wait_pixel(&fake, 0xc0ffee, 20, 20, &frame));
    g_assert_cmphex(pixel(&frame, 5, 5), ==, MINE);
    XMoveWindow(server.display, window, 1100, 900); /* most of it beyond the screen */
    draw_in(&server, window, 0xfeed00);
    g_assert_true(wait_pixel(&fake, 0xfeed00, 20, 20, &frame));
    g_assert_cmphex(pixel(&frame, 399, 299), ==, MINE);
    g_assert_cmpuint(fake.errors, ==, 0);
    fake_close(&fake);
    stop_server(&server);
}

static void test_resized(void)
{
    Server server;
    FakeRuntime fake;
    Window window;
    McFrameDesc frame;

    if (!start_window(&server, &window, "Notes: today"))
        return;
    open_session(&fake, &server);
    g_assert_true(wait_pixel(&fake, MINE, 0, 0, &frame));
    open_window(&server, "Other", OTHER, 50, 150, 900, 700);
    for (unsigned i = 0; i < 40; i++) { /* as a hand drags it */
        XResizeWindow(server.display, window, 401 + 5 * i, 301 + 3 * i);
        XSync(server.display, False);
        watch_frames(&fake, MINE, MINE, 1);
    }
    wait_size(&fake, 401 + 5 * 39, 301 + 3 * 39);
    draw_in(&server, window, 0xc0ffee);
    g_assert_true(wait_pixel(&fake, 0xc0ffee, 20, 20, &frame));
    g_assert_cmphex(pixel(&frame, frame.width_px - 1, frame.height_px - 1), ==, MINE);
    XResizeWindow(server.display, window, 2, 2); /* too small for a picture: the last one stays */
    XSync(server.display, False);
    watch_frames(&fake, MINE, 0xc0ffee, 10);
    XResizeWindow(server.display, window, 64, 48);
    XSync(server.display, False);
    wait_size(&fake, 64, 48);
    g_assert_cmpuint(fake.errors, ==, 0);
    fake_close(&fake);
    stop_server(&server);
}

static void test_minimised(void)
{
    Server server;
    FakeRuntime fake;
    Window window;
    McFrameDesc frame;

    if (!start_window(&server, &window, "notes"))
        return;
    open_session(&fake, &server);
    g_assert_true(wait_pixel(&fake, MINE, 0, 0, &frame));
    XUnmapWindow(server.display, window);
    open_window(&server, "Other", OTHER, 50, 150, 900, 700);
    watch_frames(&fake, MINE, MINE, 10);
    /* the next session has the last picture, too */
    fake_destroy(&fake);
    mc_chunk_queue_reset(fake.queue);
    fake_create(&fake);
    fake_modes(&fake, 60000);
    g_assert_true(wait_pixel(&fake, MINE, 399, 299, &frame));
    watch_frames(&fake, MINE, MINE, 10);
    XResizeWindow(server.display, window, 200, 100);
    XSetWindowBackground(server.display, window, 0x554433);
    XMapWindow(server.display, window);
    XSync(server.display, False);
    wait_size(&fake, 200, 100);
    draw_in(&server, window, 0xc0ffee);
    g_assert_true(wait_pixel(&fake, 0xc0ffee, 20, 20, &frame));
    g_assert_cmphex(pixel(&frame, 199, 99), ==, 0x554433);
    g_assert_cmpuint(fake.errors, ==, 0);
    fake_close(&fake);
    stop_server(&server);
}

/* A size that changes, and windows that come and go while they are named, read and watched. */
static void test_destroyed(void)
{
    for (unsigned round = 0; round < 12; round++) {
        Server server;
        FakeRuntime fake;
        Window window;
        McFrameDesc frame;
        if (!start_window(&server, &window, NULL))
            return;
        open_session(&fake, &server);
        if (round % 2)
            g_assert_true(wait_pixel(&fake, MINE, 0, 0, &frame));
        for (unsigned i = 0; i < round; i++) {
            XUnmapWindow(server.display, window);
            XResizeWindow(server.display, window, 100 + 20 * i, 100);
            XMapWindow(server.display, window);
        }
        XDestroyWindow(server.display, window);
        XSync(server.display, False);
        wait_error(&fake);
        g_assert_cmpstr(mc_capture_error_code(fake.error_code), ==, "capture.ended");
        fake_close(&fake);
        stop_server(&server);
    }
}

static void test_names(void)
{
    Server server;
    Window window, twin;
    char capture[80];

    if (!start_window(&server, &window, "nothing of that name"))
        return;
    check_capture_refused(server.capture, "capture.no-window", "\"Notes: today\"");
    twin = open_window(&server, "Notes: today, too", OTHER, 0, 0, 100, 100);
    g_snprintf(capture, sizeof(capture), "x11:%s,window=notes", server.name);
    check_capture_refused(capture, "capture.no-window", "2 windows are called \"notes\"");
    g_snprintf(capture, sizeof(capture), "x11:%s,window=TESTPROG", server.name);
    check_capture_refused(capture, "capture.no-window", "Notes: today, too");
    g_snprintf(capture, sizeof(capture), "x11:%s,window=0x7ffffff0", server.name);
    check_capture_refused(capture, "capture.no-window", "0x");
    g_snprintf(capture, sizeof(capture), "x11:%s,window=0x%lx", server.name, server.root);
    check_capture_refused(capture, "capture.no-window", NULL);
    XUnmapWindow(server.display, twin);
    XSync(server.display, False);
    g_snprintf(capture, sizeof(capture), "x11:%s,window=0x%lx", server.name, twin);
    check_capture_refused(capture, "capture.no-window", "not shown");

    static const char *const good[] = {"Notes: today", "today", "TestProg"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        FakeRuntime fake;
        McFrameDesc frame;
        g_snprintf(server.capture, sizeof(server.capture), "x11:%s,window=%s", server.name,
                   good[i]);
        open_session(&fake, &server);
        g_assert_true(wait_pixel(&fake, MINE, 0, 0, &frame));
        fake_close(&fake);
    }
    stop_server(&server);
}

static void wait_hidden(FakeRuntime *fake)
{
    for (const int64_t end_us = g_get_monotonic_time() + PATIENCE_US;;) {
        g_autoptr(GBytes) message = find_message(fake, MC_MSG_CURSOR, false);
        if (message && !((const McMsgCursor *) g_bytes_get_data(message, NULL))->visible)
            return;
        g_assert_cmpint(g_get_monotonic_time(), <, end_us);
        drain(fake, 10);
    }
}

static void warp(Server *self, int x, int y)
{
    XWarpPointer(self->display, None, self->root, 0, 0, 0, 0, x, y);
    XSync(self->display, False);
}

static void test_cursor(void)
{
    Server server;
    FakeRuntime fake;
    Window window;

    if (!start_window(&server, &window, NULL))
        return;
    XDefineCursor(server.display, window, square_cursor(&server, 20, 4));
    warp(&server, 203, 303);
    open_session(&fake, &server);
    g_assert_true(wait_cursor(&fake, 96, 96)); /* 100 + border, and the hot spot */
    Window other = open_window(&server, "Other", OTHER, 180, 280, 100, 100);
    wait_hidden(&fake);
    XUnmapWindow(server.display, other);
    XMoveWindow(server.display, window, 150, 200);
    XSync(server.display, False);
    g_assert_true(wait_cursor(&fake, 46, 96));
    warp(&server, 10, 10);
    wait_hidden(&fake);
    fake_close(&fake);
    stop_server(&server);
}

/* ---- input ---- */

static void send_input(FakeRuntime *fake, McInputKind kind, uint32_t id, int32_t x, int32_t y,
                       bool pressed)
{
    McIoctlInputEvent event = {.kind = kind, .id = id, .x = x, .y = y, .pressed = pressed};

    g_assert_cmpint(fake_ioctl(fake, MC_IOCTL_INPUT_EVENT, &event, sizeof(event), NULL, 0, NULL),
                    ==, STATUS_SUCCESS);
}

static bool next_press(Server *self, Window window, XEvent *event)
{
    XSync(self->display, False);
    return XCheckWindowEvent(self->display, window, ButtonPressMask | KeyPressMask, event);
}

/* What comes by another connection than this one, which the server may serve later. */
static void wait_press(Server *self, Window window, XEvent *event)
{
    const int64_t end_us = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    bool found = false;

    while (!(found = next_press(self, window, event)) && g_get_monotonic_time() < end_us)
        ;
    g_assert_true(found);
}

/* At the right place of it, and of nothing else. */
static void test_input(void)
{
    Server server;
    FakeRuntime fake;
    Window window;
    XEvent event;

    if (!start_window(&server, &window, NULL))
        return;
    Window other = open_window(&server, "Other", OTHER, 300, 200, 300, 300);
    XSelectInput(server.display, window, ButtonPressMask | KeyPressMask);
    XSelectInput(server.display, other, ButtonPressMask | KeyPressMask);
    XSetInputFocus(server.display, window, RevertToParent, CurrentTime);
    XSync(server.display, False);
    open_session(&fake, &server);
    mc_display_path_allow_input(fake.display, true);
    send_input(&fake, MC_INPUT_TOUCH, 0, 120, 80, true);
    send_input(&fake, MC_INPUT_TOUCH, 0, 120, 80, false);
    wait_press(&server, window, &event);
    g_assert_cmpint(event.type, ==, ButtonPress);
    g_assert_cmpint(event.xbutton.x, ==, 120);
    g_assert_cmpint(event.xbutton.y, ==, 80);
    XMoveWindow(server.display, window, 20, 500);
    XSync(server.display, False);
    send_input(&fake, MC_INPUT_TOUCH, 0, 7, 9, true);
    send_input(&fake, MC_INPUT_TOUCH, 0, 7, 9, false);
    wait_press(&server, window, &event);
    g_assert_cmpint(event.xbutton.x, ==, 7);
    g_assert_cmpint(event.xbutton.x_root, ==, 30);
    send_input(&fake, MC_INPUT_KEY, 'a', 0, 0, true);
    send_input(&fake, MC_INPUT_KEY, 'a', 0, 0, false);
    wait_press(&server, window, &event);
    g_assert_cmpint(event.type, ==, KeyPress);

    XMoveWindow(server.display, window, 100, 200); /* below the other one again, there */
    XSetInputFocus(server.display, other, RevertToParent, CurrentTime);
    XSync(server.display, False);
    send_input(&fake, MC_INPUT_TOUCH, 0, 350, 80, true);
    send_input(&fake, MC_INPUT_TOUCH, 0, 350, 80, false);
    send_input(&fake, MC_INPUT_KEY, 'a', 0, 0, true);
    send_input(&fake, MC_INPUT_KEY, 'a', 0, 0, false);
    g_assert_false(next_press(&server, other, &event));
    g_assert_false(next_press(&server, window, &event));
    XDestroyWindow(server.display, window);
    XSync(server.display, False);
    send_input(&fake, MC_INPUT_POINTER_BUTTON, 1, 350, 80, true);
    send_input(&fake, MC_INPUT_KEY, 'a', 0, 0, true);
    g_assert_false(next_press(&server, other, &event));
    fake_close(&fake);
    stop_server(&server);
}

int main(int argc, char **argv)
{
    g_unsetenv("DISPLAY"); /* no test may reach the desktop of who runs it */
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/x11-window/covered", test_covered);
    g_test_add_func("/x11-window/resized", test_resized);
    g_test_add_func("/x11-window/minimised", test_minimised);
    g_test_add_func("/x11-window/destroyed", test_destroyed);
    g_test_add_func("/x11-window/names", test_names);
    g_test_add_func("/x11-window/cursor", test_cursor);
    g_test_add_func("/x11-window/input", test_input);
    return g_test_run();
}
