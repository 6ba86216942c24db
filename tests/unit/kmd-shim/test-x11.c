/* SPDX-License-Identifier: MIT */
/* A real X server of its own, found through -displayfd; skipped where there is none. */
#include "x11-bed.h"

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
    g_assert_cmpuint(fake.errors, ==, 0); /* the end was ours */
    kill(server.pid, SIGCONT);
    stop_server(&server);
}

static void test_refused(void)
{
    static const struct {
        const char *screen, *code;
        bool shm;
    } cases[] = {{"640x480x8", "capture.failed", true},
                 {"640x480x16", "capture.failed", true},
                 {"640x480x24", "capture.no-shm", false}};

    check_capture_refused("x11", "capture.no-display", NULL);
    check_capture_refused("x11:", "capture.no-display", NULL);
    check_capture_refused("x11::98765", "capture.no-display", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Server server;
        if (!start_server(&server, cases[i].screen, cases[i].shm)) {
            g_test_skip("there is no Xvfb");
            return;
        }
        check_capture_refused(server.capture, cases[i].code, NULL);
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
