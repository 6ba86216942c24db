/* SPDX-License-Identifier: MIT */
/* Screens through a portal on a private bus and a real PipeWire: what the screen shows is what the
 * capture delivers. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>

#include "fake-portal.h"
#include "kmd-shim/capture/capture-thread.h"
#include "pipewire-bed.h"

#define PATIENCE_US (60 * G_USEC_PER_SEC)

typedef struct {
    FakePortal portal;
    PipeWireBed pipewire;
    Screen *screen;
    char *state; /* folder */
    bool skipped;

    McCaptureConfig config;
    McCaptureThread *capture;
    GError *error; /* of opening */
    gint opened;   /* atomic */

    GAsyncQueue *frames; /* McFrameDesc * */
    GMutex lock;
    McCursor cursor;
    uint32_t shape[64];
    char *failed; /* code */
} Bed;

/* ---- what the capture thread says ---- */

static void ignore_number(uint64_t number, void *user_data)
{
}

static void on_frame(const McFrameDesc *desc, uint64_t number, void *user_data)
{
    g_async_queue_push(((Bed *) user_data)->frames, g_memdup2(desc, sizeof(*desc)));
}

static void ignore_wake(void *user_data)
{
}

static void on_cursor(const McCursor *cursor, void *user_data)
{
    Bed *bed = user_data;

    g_mutex_lock(&bed->lock);
    bed->cursor = *cursor;
    if (cursor->shape_id) {
        g_assert_cmpuint(cursor->width_px * cursor->height_px, <=, G_N_ELEMENTS(bed->shape));
        memcpy(bed->shape, cursor->bgra, (size_t) cursor->width_px * cursor->height_px * 4);
    }
    g_mutex_unlock(&bed->lock);
}

static void ignore_size(uint32_t width_px, uint32_t height_px, void *user_data)
{
}

static void on_failed(const GError *error, void *user_data)
{
    Bed *bed = user_data;

    g_assert_true(error->domain == MC_CAPTURE_ERROR);
    g_mutex_lock(&bed->lock);
    g_assert_null(bed->failed);
    bed->failed = g_strdup(mc_capture_error_code(error->code));
    g_mutex_unlock(&bed->lock);
    g_main_context_wakeup(NULL);
}

/* ---- the bed ---- */

static void set_up(Bed *bed, gconstpointer data)
{
    static const ScreenConfig plain = {.width_px = 320, .height_px = 200};
    const ScreenConfig *screen = data ? data : &plain;

    bed->skipped = !fake_portal_start(&bed->portal) || !pipewire_bed_start(&bed->pipewire);
    if (bed->skipped) {
        g_test_skip("dbus-daemon, pipewire or wireplumber is not installed");
        return;
    }
    g_mutex_init(&bed->lock);
    bed->frames = g_async_queue_new_full(g_free);
    bed->state = g_dir_make_tmp("miracast-state-XXXXXX", NULL);
    bed->screen = screen_new(&bed->pipewire, screen);
    bed->portal.node = screen_node(bed->screen);
    bed->portal.open_pipewire = pipewire_bed_connect;
    bed->portal.user_data = &bed->pipewire;
    bed->config = (McCaptureConfig){.capture = "portal", .state_folder = bed->state};
}

static void close_capture(Bed *bed)
{
    g_clear_pointer(&bed->capture, mc_capture_thread_free);
    g_clear_error(&bed->error);
    g_clear_pointer(&bed->failed, g_free);
    while (g_async_queue_length(bed->frames) > 0)
        g_free(g_async_queue_pop(bed->frames));
}

static void tear_down(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    close_capture(bed);
    if (bed->screen)
        screen_free(bed->screen);
    pipewire_bed_stop(&bed->pipewire);
    fake_portal_stop(&bed->portal);
    g_async_queue_unref(bed->frames);
    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *token = g_build_filename(bed->state, i ? "portal-input" : "portal", NULL);
        g_unlink(token);
    }
    g_rmdir(bed->state);
    g_free(bed->state);
    g_mutex_clear(&bed->lock);
}

static gpointer run_open(gpointer user_data)
{
    Bed *bed = user_data;
    const McCaptureEvents events = {.started = ignore_number,
                                    .dropped = ignore_number,
                                    .deliver = on_frame,
                                    .woken = ignore_wake,
                                    .cursor = on_cursor,
                                    .resized = ignore_size,
                                    .failed = on_failed,
                                    .user_data = bed};

    bed->capture = mc_capture_thread_new(&bed->config, &events, &bed->error);
    g_atomic_int_set(&bed->opened, 1);
    g_main_context_wakeup(NULL);
    return NULL;
}

/* The portal answers on this thread. */
static void open_capture(Bed *bed)
{
    g_atomic_int_set(&bed->opened, 0);
    GThread *thread = g_thread_new("open", run_open, bed);
    while (!g_atomic_int_get(&bed->opened))
        g_main_context_iteration(NULL, TRUE);
    g_thread_join(thread);
}

static void start_capture(Bed *bed)
{
    open_capture(bed);
    g_assert_no_error(bed->error);
    g_assert_true(mc_capture_thread_start(bed->capture, 60000));
}

static void expect_refused(Bed *bed, const char *code)
{
    open_capture(bed);
    g_assert_null(bed->capture);
    g_assert_nonnull(bed->error);
    g_test_message("%s", bed->error->message);
    g_assert_cmpstr(mc_capture_error_code(bed->error->code), ==, code);
    g_clear_error(&bed->error);
}

static uint32_t pixel(const McFrameDesc *frame, uint32_t x, uint32_t y)
{
    const uint8_t *at =
        (const uint8_t *) (uintptr_t) frame->pixels + (size_t) y * frame->stride_bytes + x * 4;

    return (uint32_t) (at[0] | at[1] << 8 | at[2] << 16);
}

/* The first frame of this size and colour in its upper left corner; the others are given back. */
static McFrameDesc wait_frame(Bed *bed, uint32_t width_px, uint32_t height_px, uint32_t colour)
{
    const int64_t end_us = g_get_monotonic_time() + PATIENCE_US;

    while (g_get_monotonic_time() < end_us) {
        g_autofree McFrameDesc *frame = g_async_queue_timeout_pop(bed->frames, 100000);
        if (!frame)
            continue;
        g_assert_cmpuint(frame->fourcc, ==, MC_FOURCC_BGRX);
        if (frame->width_px == width_px && frame->height_px == height_px &&
            pixel(frame, 0, 0) == colour)
            return *frame;
        mc_capture_thread_release(bed->capture, frame->frame_id);
    }
    g_error("no frame of %u x %u with %06x came", width_px, height_px, colour);
}

static void expect_failed(Bed *bed, const char *code)
{
    bool come;

    do {
        g_main_context_iteration(NULL, TRUE);
        g_mutex_lock(&bed->lock);
        come = bed->failed != NULL;
        g_mutex_unlock(&bed->lock);
    } while (!come);
    g_assert_cmpstr(bed->failed, ==, code);
}

/* ---- pictures ---- */

static void test_pictures(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    start_capture(bed);
    McFrameDesc frame = wait_frame(bed, 320, 200, screen_bar(0, 320));
    g_assert_true(frame.flags & MC_FRAME_FORCE_IDR || frame.frame_id > 1);
    for (uint32_t x = 0; x < 320; x++)
        g_assert_cmphex(pixel(&frame, x, x % 200), ==, screen_bar(x, 320));
    mc_capture_thread_release(bed->capture, frame.frame_id);
    for (uint32_t i = 1; i <= 20; i++) {
        const uint32_t colour = 0x030507 * i;
        screen_show(bed->screen, colour);
        frame = wait_frame(bed, 320, 200, colour);
        g_assert_cmphex(pixel(&frame, 318, 199), ==, colour);
        g_assert_cmphex(pixel(&frame, 319, 199), ==, ~colour & 0xffffff);
        mc_capture_thread_release(bed->capture, frame.frame_id);
    }
}

/* A second session finds a picture at once, however still the screen is. */
static void test_again(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    start_capture(bed);
    for (unsigned i = 0; i < 3; i++) {
        const McFrameDesc frame = wait_frame(bed, 320, 200, screen_bar(0, 320));
        mc_capture_thread_release(bed->capture, frame.frame_id);
        mc_capture_thread_stop(bed->capture);
        while (g_async_queue_length(bed->frames) > 0)
            g_free(g_async_queue_pop(bed->frames));
        mc_capture_thread_start(bed->capture, 60000);
    }
}

static const ScreenConfig red_first = {.width_px = 333, .height_px = 111, .red_first = true};

static void test_red_first(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    start_capture(bed);
    const McFrameDesc first = wait_frame(bed, 333, 111, 0xffffff);
    g_assert_cmphex(pixel(&first, 332 * 5 / 7, 50), ==, 0xff0000);
    mc_capture_thread_release(bed->capture, first.frame_id);
    screen_show(bed->screen, 0x102030);
    wait_frame(bed, 333, 111, 0x102030);
}

static const ScreenConfig window = {.width_px = 640,
                                    .height_px = 480,
                                    .crop_x_px = 80,
                                    .crop_y_px = 10,
                                    .crop_width_px = 200,
                                    .crop_height_px = 100};

/* A window is a part of its buffer. */
static void test_crop(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    start_capture(bed);
    const McFrameDesc frame = wait_frame(bed, 200, 100, screen_bar(80, 640));
    for (uint32_t x = 0; x < 200; x++)
        g_assert_cmphex(pixel(&frame, x, 99), ==, screen_bar(x + 80, 640));
}

static void test_resize(Bed *bed, gconstpointer data)
{
    static const uint32_t sizes[][2] = {{640, 360}, {160, 120}, {1280, 720}, {320, 200}};

    if (bed->skipped)
        return;
    start_capture(bed);
    McFrameDesc frame = wait_frame(bed, 320, 200, 0xffffff);
    mc_capture_thread_release(bed->capture, frame.frame_id);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const uint32_t colour = 0x112233 + (uint32_t) i;
        screen_show(bed->screen, colour);
        screen_resize(bed->screen, sizes[i][0], sizes[i][1]);
        frame = wait_frame(bed, sizes[i][0], sizes[i][1], colour);
        g_assert_cmphex(pixel(&frame, sizes[i][0] - 1, sizes[i][1] - 1), ==, ~colour & 0xffffff);
        mc_capture_thread_release(bed->capture, frame.frame_id);
    }
}

/* ---- the cursor ---- */

static const ScreenConfig with_cursor = {.width_px = 320, .height_px = 200, .cursor = true};

static void wait_cursor(Bed *bed, int x_px, int y_px, bool visible)
{
    const int64_t end_us = g_get_monotonic_time() + PATIENCE_US;
    bool found = false;

    while (!found && g_get_monotonic_time() < end_us) {
        g_autofree McFrameDesc *frame = g_async_queue_timeout_pop(bed->frames, 20000);
        if (frame)
            mc_capture_thread_release(bed->capture, frame->frame_id);
        g_mutex_lock(&bed->lock);
        found = bed->cursor.visible == visible &&
                (!visible || (bed->cursor.x_px == x_px && bed->cursor.y_px == y_px));
        g_mutex_unlock(&bed->lock);
    }
    g_assert_true(found);
}

static void test_cursor(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    start_capture(bed);
    screen_move_cursor(bed->screen, 100, 50, true);
    wait_cursor(bed, 98, 47, true);
    g_assert_cmphex(bed->shape[63], ==, 0xffff0000);
    screen_move_cursor(bed->screen, 7, 5, true);
    wait_cursor(bed, 5, 2, true);
    screen_move_cursor(bed->screen, 0, 0, false);
    wait_cursor(bed, 0, 0, false);
    g_assert_null(bed->failed);
}

/* ---- ends ---- */

static void test_source_vanishes(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    start_capture(bed);
    wait_frame(bed, 320, 200, 0xffffff);
    screen_free(g_steal_pointer(&bed->screen));
    expect_failed(bed, "capture.ended");
}

static void test_desktop_ends(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    start_capture(bed);
    wait_frame(bed, 320, 200, 0xffffff);
    fake_portal_end_session(&bed->portal);
    expect_failed(bed, "capture.ended");
}

static void test_pipewire_dies(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    start_capture(bed);
    wait_frame(bed, 320, 200, 0xffffff);
    pipewire_bed_kill(&bed->pipewire);
    expect_failed(bed, "capture.no-pipewire");
}

/* ---- no picture at all ---- */

static void test_refused(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    bed->portal.answer = FAKE_REFUSE;
    expect_refused(bed, "capture.refused");
    bed->portal.answer = FAKE_NOTHING;
    expect_refused(bed, "capture.no-source");
    bed->portal.answer = FAKE_GRANT;
    bed->portal.no_stream = true;
    expect_refused(bed, "capture.no-source");
    bed->config.capture = "portal:everything";
    expect_refused(bed, "capture.unknown-kind");
}

/* No answer to Start will come: the wait ends all the same. */
static void test_no_answer(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    bed->portal.answer = FAKE_GARBAGE;
    expect_refused(bed, "capture.no-portal");
    bed->portal.answer = FAKE_CLOSE;
    expect_refused(bed, "capture.ended");
    bed->portal.answer = FAKE_VANISH;
    expect_refused(bed, "capture.no-portal");
}

#define LONG_50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG_PATH "/" LONG_50 "/" LONG_50 "/" LONG_50 "/" LONG_50 "/" LONG_50 "/" LONG_50

static void test_nonsense(Bed *bed, gconstpointer data)
{
    static const struct {
        const char *method, *said, *code;
    } answers[] = {
        {"CreateSession", "@a{sv} {}", "capture.no-portal"},
        {"CreateSession", "{'session_handle': <uint32 1>}", "capture.no-portal"},
        {"CreateSession", "{'session_handle': <'no path'>}", "capture.no-portal"},
        {"CreateSession", "{'session_handle': <'" LONG_PATH "'>}", "capture.no-portal"},
        {"Start", "{'streams': <'none'>}", "capture.no-source"},
        {"Start", "{'streams': <[(1, 'x')]>}", "capture.no-source"},
        {"Start", "{'streams': <@a(ua{sv}) []>}", "capture.no-source"},
    };

    if (bed->skipped)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        bed->portal.said_to = answers[i].method;
        bed->portal.said = answers[i].said;
        expect_refused(bed, answers[i].code);
    }
}

/* What is of use counts: the first of two streams, and no more. */
static void test_half_nonsense(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    g_autofree char *said = g_strdup_printf(
        "{'streams': <[(uint32 %u, {'size': <'big'>}), (987654, {'size': <'small'>})]>, "
        "'devices': <'all'>, 'restore_token': <uint32 5>}",
        bed->portal.node);
    bed->portal.said_to = "Start";
    bed->portal.said = said;
    start_capture(bed);
    const McFrameDesc frame = wait_frame(bed, 320, 200, screen_bar(0, 320));
    mc_capture_thread_release(bed->capture, frame.frame_id);
    g_autofree char *path = g_build_filename(bed->state, "portal", NULL);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static int no_pipewire(void *user_data)
{
    return -1;
}

static int deaf_pipewire(void *user_data)
{
    return open("/dev/null", O_RDWR);
}

static void test_no_pipewire(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    bed->portal.open_pipewire = no_pipewire;
    expect_refused(bed, "capture.no-pipewire");
    bed->portal.open_pipewire = deaf_pipewire;
    expect_refused(bed, "capture.no-pipewire");
    bed->portal.open_pipewire = pipewire_bed_connect;
    bed->portal.node = 987654; /* PipeWire knows of none with this number */
    expect_refused(bed, "capture.no-source");
    g_setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", TRUE);
    expect_refused(bed, "capture.no-portal");
}

static gpointer run_cancel(gpointer user_data)
{
    g_cancellable_cancel(user_data);
    return NULL;
}

/* Ctrl-C while the dialogue is open: it goes away. */
static void test_cancelled(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    bed->portal.answer = FAKE_WAIT;
    bed->config.cancel = g_cancellable_new();
    g_atomic_int_set(&bed->opened, 0);
    GThread *opening = g_thread_new("open", run_open, bed);
    fake_portal_wait(&bed->portal, "Start");
    GThread *cancelling = g_thread_new("cancel", run_cancel, bed->config.cancel);
    while (!g_atomic_int_get(&bed->opened))
        g_main_context_iteration(NULL, TRUE);
    g_thread_join(opening);
    g_thread_join(cancelling);
    g_assert_null(bed->capture);
    g_assert_error(bed->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    fake_portal_wait(&bed->portal, "Close");
    g_object_unref(bed->config.cancel);
}

/* ---- permissions ---- */

static void test_permission_is_kept(Bed *bed, gconstpointer data)
{
    GStatBuf status;

    if (bed->skipped)
        return;
    g_autofree char *path = g_build_filename(bed->state, "portal", NULL);
    open_capture(bed);
    g_assert_no_error(bed->error);
    g_assert_nonnull(strstr(bed->portal.log->str, "'persist_mode': <uint32 2>"));
    g_assert_nonnull(strstr(bed->portal.log->str, "'cursor_mode': <uint32 4>"));
    g_assert_null(strstr(bed->portal.log->str, "restore_token"));
    g_assert_null(strstr(bed->portal.log->str, "SelectDevices"));
    g_assert_cmpint(g_stat(path, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 0777, ==, 0600);
    close_capture(bed);
    open_capture(bed);
    g_assert_nonnull(strstr(bed->portal.log->str, "'restore_token': <'token-1'>"));
    close_capture(bed);
    g_string_set_size(bed->portal.log, 0);
    bed->config.capture = "portal:choose";
    open_capture(bed);
    g_assert_no_error(bed->error);
    g_assert_null(strstr(bed->portal.log->str, "restore_token"));
}

/* One session for both; its permission is another one. */
static void test_with_input(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    bed->config.input = true;
    open_capture(bed);
    g_assert_no_error(bed->error);
    g_assert_nonnull(strstr(bed->portal.log->str, "SelectDevices"));
    McPortalGrant grant;
    McPortalSession *session = mc_capture_thread_portal(bed->capture);
    g_assert_cmpint(mc_portal_session_state(session, &grant), ==, MC_PORTAL_READY);
    g_assert_cmpuint(grant.devices, ==, 7);
    close_capture(bed);
    g_autofree char *path = g_build_filename(bed->state, "portal", NULL);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));

    bed->portal.no_remote = true; /* the picture is shown all the same, and no input let in */
    open_capture(bed);
    g_assert_no_error(bed->error);
    session = mc_capture_thread_portal(bed->capture);
    g_assert_cmpint(mc_portal_session_state(session, &grant), ==, MC_PORTAL_READY);
    g_assert_cmpuint(grant.devices, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, data, func)                                                                      \
    g_test_add("/portal-capture/" path, Bed, data, set_up, func, tear_down)
    ADD("pictures", NULL, test_pictures);
    ADD("again", NULL, test_again);
    ADD("red-first", &red_first, test_red_first);
    ADD("crop", &window, test_crop);
    ADD("resize", NULL, test_resize);
    ADD("cursor", &with_cursor, test_cursor);
    ADD("source-vanishes", NULL, test_source_vanishes);
    ADD("desktop-ends", NULL, test_desktop_ends);
    ADD("pipewire-dies", NULL, test_pipewire_dies);
    ADD("refused", NULL, test_refused);
    ADD("no-answer", NULL, test_no_answer);
    ADD("nonsense", NULL, test_nonsense);
    ADD("half-nonsense", NULL, test_half_nonsense);
    ADD("cancelled", NULL, test_cancelled);
    ADD("permission-is-kept", NULL, test_permission_is_kept);
    ADD("with-input", NULL, test_with_input);
    ADD("no-pipewire", NULL, test_no_pipewire);
    return g_test_run();
}
