/* SPDX-License-Identifier: MIT */
/* One desktop, several display paths: every tap sees the same pictures, and none waits for another.
 */
#include "kmd-shim/capture/capture-share.h"

#define PATIENCE_US (20 * G_TIME_SPAN_SECOND)

typedef struct {
    McCaptureTap *tap;
    GAsyncQueue *frames; /* McFrameDesc *, owned */
    gint started, dropped, cursors, failed;
    uint64_t number; /* of the last frame, on the capture thread */
} Reader;

static void on_started(uint64_t number, void *user_data)
{
    g_atomic_int_inc(&((Reader *) user_data)->started);
}

static void on_dropped(uint64_t number, void *user_data)
{
    g_atomic_int_inc(&((Reader *) user_data)->dropped);
}

static NTSTATUS on_frame(const McFrameDesc *desc, uint64_t number, void *user_data)
{
    Reader *reader = user_data;

    g_assert_cmpuint(number, >, reader->number);
    if (!reader->number)
        g_assert_cmpuint(number, ==, 1);
    reader->number = number;
    g_async_queue_push(reader->frames, g_memdup2(desc, sizeof(*desc)));
    return STATUS_SUCCESS;
}

static void on_cursor(const McCursor *cursor, void *user_data)
{
    g_atomic_int_inc(&((Reader *) user_data)->cursors);
}

static void on_resized(uint32_t width_px, uint32_t height_px, void *user_data)
{
}

static void on_failed(const GError *error, void *user_data)
{
    g_atomic_int_inc(&((Reader *) user_data)->failed);
}

static void open_reader(Reader *reader, McCaptureShare *share)
{
    const McCaptureTapEvents events = {.started = on_started,
                                       .dropped = on_dropped,
                                       .deliver = on_frame,
                                       .cursor = on_cursor,
                                       .resized = on_resized,
                                       .failed = on_failed,
                                       .user_data = reader};

    *reader = (Reader){.frames = g_async_queue_new_full(g_free)};
    reader->tap = mc_capture_tap_new(share, &events);
}

static void close_reader(Reader *reader)
{
    mc_capture_tap_free(reader->tap);
    g_async_queue_unref(reader->frames);
}

/* The next frame, given back at once. */
static McFrameDesc read_frame(Reader *reader)
{
    g_autofree McFrameDesc *frame = g_async_queue_timeout_pop(reader->frames, PATIENCE_US);

    g_assert_nonnull(frame);
    const McFrameDesc copy = *frame;
    mc_capture_tap_release(reader->tap, copy.frame_id);
    return copy;
}

static McCaptureShare *open_share(const char *capture)
{
    g_autoptr(GError) error = NULL;
    McCaptureShare *share = mc_capture_share_new(
        &(McCaptureConfig){.capture = capture, .width_px = 320, .height_px = 240}, &error);

    g_assert_no_error(error);
    return share;
}

/* The same frame in the same memory reaches all that read. */
static void test_uncopied(void)
{
    g_autoptr(McCaptureShare) share = open_share("test");
    Reader a, b;
    bool same = false;

    open_reader(&a, share);
    open_reader(&b, share);
    g_assert_true(mc_capture_tap_start(a.tap, 60000));
    g_assert_true(mc_capture_tap_start(b.tap, 30000));
    McFrameDesc of_a = read_frame(&a), of_b = read_frame(&b);
    g_assert_cmpuint(of_a.flags, ==, MC_FRAME_FORCE_IDR);
    g_assert_cmpuint(of_b.flags, ==, MC_FRAME_FORCE_IDR);
    for (unsigned i = 0; i < 200 && !same; i++) {
        if (of_a.frame_id < of_b.frame_id)
            of_a = read_frame(&a);
        else if (of_a.frame_id > of_b.frame_id)
            of_b = read_frame(&b);
        same = of_a.frame_id == of_b.frame_id;
    }
    g_assert_true(same);
    g_assert_cmpuint(of_a.pixels, ==, of_b.pixels);
    g_assert_cmpint(of_a.capture_ns, ==, of_b.capture_ns);
    close_reader(&a);
    close_reader(&b);
}

/* Who joins gets a key frame; for the others nothing begins anew. */
static void test_late(void)
{
    g_autoptr(McCaptureShare) share = open_share("test");
    Reader a, b;

    open_reader(&a, share);
    open_reader(&b, share);
    mc_capture_tap_start(a.tap, 60000);
    for (unsigned i = 0; i < 5; i++)
        g_assert_cmpuint(read_frame(&a).flags, ==, i ? 0 : MC_FRAME_FORCE_IDR);
    mc_capture_tap_start(b.tap, 60000);
    for (unsigned i = 0; i < 5; i++) {
        g_assert_cmpuint(read_frame(&b).flags, ==, i ? 0 : MC_FRAME_FORCE_IDR);
        g_assert_cmpuint(read_frame(&a).flags, ==, 0);
    }
    mc_capture_tap_stop(a.tap);
    const gint started = g_atomic_int_get(&a.started);
    for (unsigned i = 0; i < 5; i++)
        read_frame(&b);
    g_assert_cmpint(g_atomic_int_get(&a.started), ==, started); /* no event after stop */
    mc_capture_tap_renumber(a.tap);
    a.number = 0;
    while (g_async_queue_length(a.frames))
        g_free(g_async_queue_pop(a.frames));
    mc_capture_tap_start(a.tap, 30000);
    g_assert_cmpuint(read_frame(&a).flags, ==, MC_FRAME_FORCE_IDR);
    close_reader(&a);
    close_reader(&b);
}

/* One that gives nothing back keeps two frames, and the newest for afterwards; the others go on. */
static void test_slow(void)
{
    g_autoptr(McCaptureShare) share = open_share("test");
    Reader slow, quick;

    open_reader(&slow, share);
    open_reader(&quick, share);
    mc_capture_tap_start(slow.tap, 60000);
    mc_capture_tap_start(quick.tap, 60000);
    McFrameDesc last = {0};
    for (unsigned i = 0; i < 40; i++)
        last = read_frame(&quick);
    g_assert_cmpint(g_async_queue_length(slow.frames), ==, 2);
    g_assert_cmpint(g_atomic_int_get(&slow.dropped), >, 0);
    read_frame(&slow);
    read_frame(&slow);
    g_assert_cmpuint(read_frame(&slow).frame_id + 3, >=, last.frame_id); /* the newest waited */
    close_reader(&slow);
    close_reader(&quick);
}

/* A picture that stands still comes to the one that joins late. */
static void test_still(void)
{
    g_autoptr(McCaptureShare) share = open_share("test:still");
    Reader a, b;

    open_reader(&a, share);
    open_reader(&b, share);
    mc_capture_tap_start(a.tap, 60000);
    read_frame(&a);
    mc_capture_tap_start(b.tap, 60000);
    g_assert_cmpuint(read_frame(&b).flags, ==, MC_FRAME_FORCE_IDR);
    mc_capture_tap_pause(a.tap, true);
    mc_capture_tap_pause(a.tap, false);
    while (!(read_frame(&a).flags & MC_FRAME_FORCE_IDR))
        ;
    close_reader(&a);
    close_reader(&b);
}

/* A frame that is not lent is nothing to give back. */
static void test_unknown(void)
{
    g_autoptr(McCaptureShare) share = open_share("test");
    Reader a;

    open_reader(&a, share);
    mc_capture_tap_start(a.tap, 60000);
    for (unsigned i = 0; i < 3; i++)
        read_frame(&a);
    g_assert_false(mc_capture_tap_release(a.tap, 1 << 30));
    close_reader(&a);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/capture-share/uncopied", test_uncopied);
    g_test_add_func("/capture-share/late", test_late);
    g_test_add_func("/capture-share/slow", test_slow);
    g_test_add_func("/capture-share/still", test_still);
    g_test_add_func("/capture-share/unknown-frame", test_unknown);
    return g_test_run();
}
