/* SPDX-License-Identifier: MIT */
/* Frames into a stream, datagrams over loopback, and what a sink makes of them. */
#include "encoder/stream.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/encoder/receiver.h"

#define PATIENCE_MS 60000 /* a bound on hangs */
#define IDR_SPACING_US 300000
#define REPEAT_US 95000
#define WIDTH 640
#define HEIGHT 480
#define FPS 30
#define FRAME_US (G_USEC_PER_SEC / FPS)
#define INTERVAL_90K (90000 / FPS)

typedef struct {
    Receiver *rx;
    McStream *stream;
    int fd;
    uint8_t *pixels;
    uint64_t frame_id;
    gint encoded, sent, errors, wrong_id; /* atomic */
    gint last_encoded;                    /* a frame's id */
    int64_t called_us, stall_us;          /* the last push, and the longest time between two */
} Fixture;

/* A test; false: the machine stood still for so long that the sender gave up what it had queued, as
 * it should, and the test has to begin again. */
typedef bool (*Attempt)(gconstpointer data);

/* A busy machine may keep the test from its calls: what it then sees late was not sent late. */
static void note_call(Fixture *f)
{
    int64_t now_us = g_get_monotonic_time();

    if (f->called_us)
        f->stall_us = MAX(f->stall_us, now_us - f->called_us);
    f->called_us = now_us;
}

static int64_t gap_limit_us(Fixture *f)
{
    note_call(f);
    return 300000 + 2 * MAX(0, f->stall_us - 45000);
}

/* The most that is sent from begin_us to now in steps of interval_us, one at either end. */
static unsigned intervals_since(int64_t begin_us, int64_t interval_us)
{
    return (unsigned) ((g_get_monotonic_time() - begin_us) / interval_us) + 2;
}

static void on_encoded(uint64_t frame_id, uint32_t encode_us, uint32_t kbps, void *user_data)
{
    Fixture *f = user_data;

    /* A repetition that needs no encoder may take less than a microsecond. */
    const bool again = (gint) frame_id == g_atomic_int_get(&f->last_encoded);

    if (frame_id == 0 || frame_id > f->frame_id || (encode_us == 0 && !again))
        g_atomic_int_inc(&f->wrong_id);
    g_atomic_int_inc(&f->encoded);
    g_atomic_int_set(&f->last_encoded, (gint) frame_id);
}

static void on_sent(uint64_t frame_id, void *user_data)
{
    Fixture *f = user_data;

    if (frame_id == 0)
        g_atomic_int_inc(&f->wrong_id);
    g_atomic_int_inc(&f->sent);
}

static void on_error(const GError *error, void *user_data)
{
    g_atomic_int_inc(&((Fixture *) user_data)->errors);
}

static McStreamConfig config_of(Fixture *f, McStreamAudio audio)
{
    McStreamConfig config = {.dest_ip = "127.0.0.1",
                             .dest_rtp_port = f->rx->port,
                             .rtp_fd = f->fd,
                             .video = {WIDTH, HEIGHT, FPS, false, 31, 4000},
                             .audio = audio,
                             .audio_source = "test",
                             .on_frame_sent = on_sent,
                             .on_frame_encoded = on_encoded,
                             .on_error = on_error,
                             .user_data = f};
    return config;
}

static void read_late(int64_t begin_ns, int16_t *block, size_t pairs, void *user_data)
{
    g_usleep(18000); /* of the 21 ms that an AAC frame lasts */
    memset(block, 1, pairs * 2 * sizeof(*block));
}

static Fixture *start_from(McStreamAudio audio, bool late)
{
    Fixture *f = g_new0(Fixture, 1);
    g_autoptr(GError) error = NULL;

    f->rx = receiver_new();
    f->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    f->pixels = g_malloc0(WIDTH * HEIGHT * 4);
    McStreamConfig config = config_of(f, audio);
    if (late) {
        g_strlcpy(config.audio_source, "file", sizeof(config.audio_source));
        config.read_sound = read_late;
    }
    f->stream = mc_stream_new(&config, &error);
    g_assert_no_error(error);
    g_assert_true(mc_stream_start(f->stream, &error));
    return f;
}

static Fixture *start(McStreamAudio audio)
{
    return start_from(audio, false);
}

static McStreamStats stats_of(Fixture *f)
{
    McStreamStats stats;

    mc_stream_stats(f->stream, &stats);
    return stats;
}

/* What was sent so far has been received: how many datagrams. */
static unsigned settle(Fixture *f)
{
    const unsigned sent = (unsigned) stats_of(f).datagrams_sent;

    g_assert_true(receiver_wait_datagrams(f->rx, sent, PATIENCE_MS));
    return sent;
}

/* Always true, so that a test can end with it. */
static bool finish(Fixture *f)
{
    mc_stream_stop(f->stream);
    settle(f);
    const bool all_sent = stats_of(f).datagrams_dropped == 0;
    mc_stream_free(f->stream);
    g_assert_cmpint(f->errors, ==, 0);
    g_assert_cmpint(f->wrong_id, ==, 0);
    g_assert_cmpuint(f->rx->bad, ==, 0);
    if (all_sent)
        g_assert_cmpuint(f->rx->lost, ==, 0);
    receiver_free(f->rx);
    close(f->fd);
    g_free(f->pixels);
    g_free(f);
    return true;
}

/* False: some will never come. */
static bool wait_units(Fixture *f, unsigned n)
{
    for (unsigned ms = 0; ms < PATIENCE_MS; ms += 100) {
        if (receiver_wait_units(f->rx, n, 100))
            return true;
        if (stats_of(f).datagrams_dropped)
            return false;
    }
    g_test_fail_printf("%u of %u units came", receiver_n_units(f->rx), n);
    return false;
}

#define NEED_UNITS(f, n)                                                                           \
    if (!wait_units(f, n)) {                                                                       \
        finish(f);                                                                                 \
        return false;                                                                              \
    }

/* Nothing tells the test when a frame is encoded later than it was pushed. */
static void wait_encoded(Fixture *f, uint64_t frame_id)
{
    for (unsigned ms = 0; g_atomic_int_get(&f->last_encoded) != (gint) frame_id; ms++) {
        g_assert_cmpuint(ms, <, PATIENCE_MS);
        g_usleep(1000);
    }
}

static McFrameDesc next_frame(Fixture *f)
{
    return (McFrameDesc){.size = sizeof(McFrameDesc),
                         .version = MC_FRAME_VERSION,
                         .frame_id = ++f->frame_id,
                         .pixels = (uint64_t) (uintptr_t) f->pixels,
                         .width_px = WIDTH,
                         .height_px = HEIGHT,
                         .stride_bytes = WIDTH * 4,
                         .fourcc = MC_FOURCC_BGRX,
                         .capture_ns = g_get_monotonic_time() * 1000,
                         .capture_us = 77};
}

/* A frame that differs from the one before. */
static void push(Fixture *f)
{
    McFrameDesc frame = next_frame(f);
    g_autoptr(GError) error = NULL;

    note_call(f);
    for (size_t y = 0; y < 64; y++)
        memset(f->pixels + (y * WIDTH + (f->frame_id * 16) % (WIDTH - 64)) * 4,
               (int) (f->frame_id * 40), 64 * 4);
    g_assert_true(mc_stream_push_frame(f->stream, &frame, &error));
    g_assert_no_error(error);
}

static void push_for(Fixture *f, unsigned frames)
{
    for (unsigned i = 0; i < frames; i++) {
        push(f);
        g_usleep(FRAME_US);
    }
}

/* What the pump does while nothing changes. */
static void stay_still(Fixture *f, unsigned ms)
{
    for (unsigned at = 0; at < ms; at += 40) {
        g_usleep(40000);
        note_call(f);
        g_assert_true(mc_stream_push_repeat(f->stream, NULL));
    }
}

static void check_sound(Fixture *f)
{
    guint timely = 0; /* a busy machine may hold up the sound's thread */

    for (guint i = 0; i < f->rx->sounds->len; i++) {
        RxMark sound = g_array_index(f->rx->sounds, RxMark, i);
        timely += (int64_t) (sound.value - sound.pcr_90k) >= 10 * 90;
        g_assert_cmpint((int64_t) (sound.value - sound.pcr_90k), <=, 200 * 90);
        if (i)
            g_assert_cmpuint(sound.value, >, g_array_index(f->rx->sounds, RxMark, i - 1).value);
    }
    g_assert_true(timely > 0 || f->rx->sounds->len == 0);
}

static bool test_picture_and_sound(gconstpointer data)
{
    McStreamAudio audio = GPOINTER_TO_INT(data);
    Fixture *f = start(audio);

    push_for(f, 20);
    NEED_UNITS(f, 20);
    for (unsigned i = 0; i < 20; i++) {
        RxUnit unit = receiver_unit(f->rx, i);
        g_assert_true(unit.has_aud);
        g_assert_cmpuint(unit.slices, ==, 1);
        g_assert_cmpint(unit.idr, ==, i == 0);
        if (i)
            g_assert_cmpuint(unit.pts_90k, >, receiver_unit(f->rx, i - 1).pts_90k);
        /* Ahead of the clock, and by no more than the lead. */
        g_assert_cmpint((int64_t) (unit.pts_90k - unit.pcr_90k), >=, 15 * 90);
        g_assert_cmpint((int64_t) (unit.pts_90k - unit.pcr_90k), <=, 200 * 90);
    }
    if (audio != MC_STREAM_AUDIO_NONE)
        g_assert_true(receiver_wait_sounds(f->rx, 11, PATIENCE_MS));
    mc_stream_stop(f->stream);
    settle(f);
    g_assert_cmpuint(receiver_unit(f->rx, 0).sps.level_idc, ==, 31);
    g_assert_cmpint(f->encoded, ==, 20);
    g_assert_cmpint(f->sent, ==, 20);
    McStreamStats stats = stats_of(f);
    g_assert_cmpuint(stats.frames_encoded, ==, 20);
    g_assert_cmpuint(stats.idr_frames, ==, 1);
    g_assert_cmpuint(stats.capture_us, ==, 77);
    g_assert_cmpuint(stats.encode_us, >, 0);
    g_assert_cmpuint(stats.datagrams_sent, ==, receiver_datagrams(f->rx));
    g_assert_cmpint(f->rx->sounds->len > 0, ==, audio != MC_STREAM_AUDIO_NONE);
    check_sound(f);
    return finish(f);
}

/* The tables and the clock go on while the test calls. */
/* Sound that a server gives late is said to be later, little by little. */
static bool test_late_sound(gconstpointer data)
{
    Fixture *f = start_from(MC_STREAM_AUDIO_AAC, true);
    const unsigned frames = 70;

    g_assert_true(receiver_wait_sounds(f->rx, frames, PATIENCE_MS));
    g_mutex_lock(&f->rx->lock);
    const RxMark first = g_array_index(f->rx->sounds, RxMark, 0),
                 last = g_array_index(f->rx->sounds, RxMark, frames - 1);
    g_mutex_unlock(&f->rx->lock);
    g_assert_cmpuint(last.value - first.value, >=, (frames - 1) * 1920 + 3 * 90);
    return finish(f);
}

static void check_gaps(Fixture *f)
{
    g_assert_cmpint(receiver_longest_gap_us(f->rx, f->rx->pcrs), <, gap_limit_us(f));
    g_assert_cmpint(receiver_longest_gap_us(f->rx, f->rx->pmts), <, gap_limit_us(f));
}

static bool test_still(gconstpointer data)
{
    Fixture *f = start(MC_STREAM_AUDIO_NONE);
    int64_t begin_us = g_get_monotonic_time();

    push(f);
    stay_still(f, 800);
    unsigned most = intervals_since(begin_us, REPEAT_US);
    NEED_UNITS(f, 5);
    settle(f);
    check_gaps(f);
    g_assert_cmpuint(receiver_n_units(f->rx), <=, most);
    g_assert_cmpuint(stats_of(f).frames_repeated, >=, 4);
    g_assert_cmpint(f->sent, >=, 5); /* each time under the one frame's id */
    g_assert_cmpint(f->wrong_id, ==, 0);
    return finish(f);
}

/* Frames that say they are as before: their pixels are not looked at, which would be deadly here.
 */
static bool test_unchanged(gconstpointer data)
{
    Fixture *f = start(MC_STREAM_AUDIO_NONE);
    int64_t begin_us = g_get_monotonic_time();

    push(f);
    for (int i = 0; i < 15; i++) {
        McFrameDesc frame = next_frame(f);
        frame.pixels = 8;
        frame.flags = MC_FRAME_UNCHANGED;
        g_usleep(FRAME_US);
        g_assert_true(mc_stream_push_frame(f->stream, &frame, NULL));
    }
    unsigned most = intervals_since(begin_us, REPEAT_US);
    NEED_UNITS(f, 3); /* repeated, but rarely */
    settle(f);
    g_assert_cmpuint(receiver_n_units(f->rx), <=, most);
    return finish(f);
}

/* Nobody calls in the meantime: no frame comes, and no repetition is asked for. */
static bool test_idr_while_still(gconstpointer data)
{
    Fixture *f = start(MC_STREAM_AUDIO_NONE);

    push(f);
    g_usleep(IDR_SPACING_US + 100000);
    int64_t asked_us = g_get_monotonic_time();
    mc_stream_force_idr(f->stream);
    NEED_UNITS(f, 2);
    RxUnit first = receiver_unit(f->rx, 1);
    g_test_message("IDR after %" G_GINT64_FORMAT " us", first.time_us - asked_us);
    g_assert_true(first.idr);
    for (int i = 0; i < 20; i++) /* one for them all, when the spacing is over */
        mc_stream_force_idr(f->stream);
    const bool within = g_get_monotonic_time() - asked_us < IDR_SPACING_US;
    NEED_UNITS(f, 3);
    RxUnit second = receiver_unit(f->rx, 2);
    g_assert_true(second.idr);
    /* The first one left after asked_us, whenever it was seen. */
    g_assert_cmpint(second.time_us - asked_us, >=, IDR_SPACING_US);
    if (within)
        g_assert_false(receiver_wait_units(f->rx, 4, 400));
    finish(f);
    return within; /* else some of the twenty came too late to be one with the others */
}

static bool test_idr_while_moving(gconstpointer data)
{
    Fixture *f = start(MC_STREAM_AUDIO_NONE);
    int64_t begin_us = g_get_monotonic_time();
    unsigned idrs = 0;

    for (int i = 0; i < 36; i++) { /* 1.2 s, and more on a busy machine */
        mc_stream_force_idr(f->stream);
        push_for(f, 1);
    }
    NEED_UNITS(f, 36);
    for (unsigned i = 0; i < receiver_n_units(f->rx); i++)
        idrs += receiver_unit(f->rx, i).idr;
    g_assert_cmpuint(idrs, >=, 4);
    g_assert_cmpuint(idrs, <=, intervals_since(begin_us, IDR_SPACING_US));
    return finish(f);
}

static bool test_rate_limit(gconstpointer data)
{
    Fixture *f = start(MC_STREAM_AUDIO_NONE);
    int64_t begin_us = g_get_monotonic_time();

    for (int i = 0; i < 60; i++) { /* 0.5 s, and more on a busy machine */
        push(f);
        g_usleep(G_USEC_PER_SEC / 120);
    }
    NEED_UNITS(f, 12);
    wait_encoded(f, f->frame_id);
    settle(f);
    unsigned intervals = intervals_since(begin_us, FRAME_US);
    g_test_message("%" G_GUINT64_FORMAT " of 60 frames encoded", stats_of(f).frames_encoded);
    /* and a short burst at the start */
    g_assert_cmpuint(receiver_n_units(f->rx), <=, intervals + intervals / 50 + 4);
    return finish(f);
}

/* The last of a burst is shown, though nothing comes after it. */
static bool test_last_of_a_burst(gconstpointer data)
{
    Fixture *f = start(MC_STREAM_AUDIO_NONE);

    for (int i = 0; i < 12; i++)
        push(f);
    wait_encoded(f, 12);
    unsigned units = (unsigned) g_atomic_int_get(&f->encoded);
    g_assert_cmpuint(units, >=, 2);
    NEED_UNITS(f, units);
    for (unsigned i = 1; i < units; i++) /* and as long as the mode shows a picture */
        g_assert_cmpuint(receiver_unit(f->rx, i).pts_90k - receiver_unit(f->rx, i - 1).pts_90k, >=,
                         INTERVAL_90K * 15 / 16);
    g_usleep(REPEAT_US + 10000);
    g_assert_true(mc_stream_push_repeat(f->stream, NULL));
    NEED_UNITS(f, units + 1); /* nothing has changed in this one */
    g_assert_cmpuint(receiver_unit(f->rx, units - 1).bytes, >,
                     2 * receiver_unit(f->rx, units).bytes);
    return finish(f);
}

static bool test_cursor(gconstpointer data)
{
    Fixture *f = start(MC_STREAM_AUDIO_NONE);
    g_autofree uint8_t *arrow = g_malloc(32 * 32 * 4);

    memset(arrow, 0xff, 32 * 32 * 4);
    push(f);
    NEED_UNITS(f, 1);
    g_usleep(200000);
    int64_t moved_us = g_get_monotonic_time();
    mc_stream_set_cursor(f->stream, 300, 200, true, arrow, 32, 32);
    NEED_UNITS(f, 2);
    RxUnit unit = receiver_unit(f->rx, 1);
    g_test_message("cursor after %" G_GINT64_FORMAT " us", unit.time_us - moved_us);
    g_assert_cmpuint(unit.bytes, >, 60);                         /* an empty one has 30 */
    mc_stream_set_cursor(f->stream, 300, 200, true, NULL, 0, 0); /* not moved */
    g_assert_false(receiver_wait_units(f->rx, 3, 150));
    int64_t begin_us = g_get_monotonic_time();
    for (int i = 0; i < 100 || receiver_n_units(f->rx) < 2 + 4; i++) { /* a fast mouse */
        g_assert_cmpint(i, <, 30000);
        mc_stream_set_cursor(f->stream, i % 400, i % 300, true, NULL, 0, 0);
        g_usleep(2000);
    }
    unsigned n = receiver_n_units(f->rx), intervals = intervals_since(begin_us, FRAME_US);
    g_assert_cmpuint(n, <=, 2 + intervals + intervals / 50 + 6); /* in the mode's rate */
    return finish(f);
}

static bool test_new_mode(gconstpointer data)
{
    const McStreamVideo video = {1280, 720, 60, true, 32, 6000},
                        impossible = {1279, 720, 60, true, 32, 6000};
    Fixture *f = start(MC_STREAM_AUDIO_NONE);
    g_autoptr(GError) error = NULL;

    push_for(f, 5);
    NEED_UNITS(f, 5);
    g_assert_false(mc_stream_set_video(f->stream, &impossible, &error)); /* goes on as it was */
    g_assert_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED);
    push(f);
    NEED_UNITS(f, 6);
    unsigned pmts = receiver_n_pmts(f->rx);
    uint64_t version = receiver_last_pmt(f->rx);
    g_assert_true(mc_stream_set_video(f->stream, &video, NULL));
    g_usleep(20000);
    push_for(f, 3);
    NEED_UNITS(f, 9);
    RxUnit unit = receiver_unit(f->rx, 6);
    g_assert_true(unit.idr);
    g_assert_cmpuint(unit.sps.width_px, ==, 1280);
    g_assert_cmpuint(unit.sps.height_px, ==, 720);
    g_assert_cmpuint(unit.sps.profile_idc, ==, 100);
    g_assert_cmpuint(unit.sps.level_idc, ==, 32);
    g_assert_cmpuint(unit.pts_90k, >, receiver_unit(f->rx, 5).pts_90k);
    g_assert_cmpuint(receiver_n_pmts(f->rx), >, pmts);
    g_assert_cmpuint(receiver_last_pmt(f->rx), ==, (version + 1) % 32);
    return finish(f);
}

static bool test_pause(gconstpointer data)
{
    Fixture *f = start(MC_STREAM_AUDIO_LPCM);

    push_for(f, 5);
    NEED_UNITS(f, 5);
    mc_stream_pause(f->stream, true);
    uint64_t sent = settle(f);
    unsigned units = receiver_n_units(f->rx);
    push_for(f, 3);
    g_assert_true(mc_stream_push_repeat(f->stream, NULL));
    mc_stream_force_idr(f->stream);
    g_usleep(150000); /* in which something could leave */
    g_assert_cmpuint(stats_of(f).datagrams_sent, ==, sent);
    uint64_t before_90k = receiver_unit(f->rx, units - 1).pts_90k;
    mc_stream_pause(f->stream, false);
    NEED_UNITS(f, units + 1); /* without a frame */
    RxUnit unit = receiver_unit(f->rx, units);
    g_assert_true(unit.idr);
    g_assert_cmpuint(unit.pts_90k - before_90k, >, 200 * 90); /* the clock went on */
    return finish(f);                                         /* and so did the sequence */
}

/* What was shown before it is not shown again when there is something new. */
static bool test_resume(gconstpointer data)
{
    Fixture *f = start(MC_STREAM_AUDIO_NONE);

    push_for(f, 5);
    NEED_UNITS(f, 5);
    mc_stream_pause(f->stream, true);
    settle(f);
    const unsigned units = receiver_n_units(f->rx);
    const uint64_t repeated = stats_of(f).frames_repeated;
    g_usleep(IDR_SPACING_US);
    mc_stream_pause(f->stream, false);
    g_assert_true(mc_stream_push_repeat(f->stream, NULL));
    push(f);
    wait_encoded(f, f->frame_id);
    NEED_UNITS(f, units + 1);
    g_assert_true(receiver_unit(f->rx, units).idr);
    const bool none = stats_of(f).frames_repeated == repeated;
    return finish(f) && none; /* a busy machine may bring the new one late, but not each time */
}

static bool test_stop(gconstpointer data)
{
    Fixture *f = start(MC_STREAM_AUDIO_AAC);

    push_for(f, 5);
    mc_stream_force_idr(f->stream);
    mc_stream_stop(f->stream);
    uint64_t sent = settle(f);
    push(f);
    g_assert_true(mc_stream_push_repeat(f->stream, NULL));
    g_usleep(150000); /* in which something could leave */
    g_assert_cmpuint(stats_of(f).datagrams_sent, ==, sent);
    return finish(f);
}

/* Setters from other threads, all at once; for the thread sanitiser above all. */
static gpointer pester(gpointer user_data)
{
    Fixture *f = user_data;
    McStreamStats stats;

    for (int i = 0; i < 100; i++) {
        mc_stream_force_idr(f->stream);
        mc_stream_set_pace(f->stream,
                           &(McStreamPace){.kbps = 2000u + (unsigned) i * 10, .tight = i % 2});
        mc_stream_set_cursor(f->stream, i, i, i % 2, i % 10 ? NULL : f->pixels, 16, 16);
        mc_stream_stats(f->stream, &stats);
        g_usleep(3000);
    }
    return NULL;
}

static bool test_threads(gconstpointer data)
{
    const McStreamVideo videos[] = {{320, 240, 60, false, 31, 2000},
                                    {WIDTH, HEIGHT, FPS, true, 31, 4000}};
    Fixture *f = start(MC_STREAM_AUDIO_LPCM);
    GThread *thread = g_thread_new("pester", pester, f);
    McStreamStats stats;

    for (unsigned i = 0; i < 4; i++) {
        push_for(f, 3);
        g_assert_true(mc_stream_set_video(f->stream, &videos[i % 2], NULL));
    }
    g_thread_join(thread);
    mc_stream_stats(f->stream, &stats);
    g_assert_cmpuint(stats.bitrate_kbps, >=, 2000);
    return finish(f);
}

static void test_refusals(void)
{
    Fixture f = {.rx = receiver_new(), .fd = -1};
    McStreamConfig config = config_of(&f, MC_STREAM_AUDIO_NONE);
    g_autoptr(GError) error = NULL;

    g_assert_null(mc_stream_new(&config, &error)); /* no socket */
    g_assert_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_SOCKET);
    g_assert_cmpstr(mc_encoder_error_code(error->code), ==, "stream.socket");
    g_clear_error(&error);
    config.rtp_fd = f.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    g_strlcpy(config.dest_ip, "nowhere", sizeof(config.dest_ip));
    g_assert_null(mc_stream_new(&config, &error));
    g_assert_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_SOCKET);
    g_clear_error(&error);
    g_strlcpy(config.dest_ip, "127.0.0.1", sizeof(config.dest_ip));
    config.video.fps = 0;
    g_assert_null(mc_stream_new(&config, &error));
    g_assert_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED);
    close(f.fd);
    receiver_free(f.rx);
}

typedef struct {
    const char *path;
    Attempt attempt;
    gconstpointer data;
} Test;

static const Test tests[] = {
    {"/stream/picture", test_picture_and_sound, GINT_TO_POINTER(MC_STREAM_AUDIO_NONE)},
    {"/stream/lpcm", test_picture_and_sound, GINT_TO_POINTER(MC_STREAM_AUDIO_LPCM)},
    {"/stream/aac", test_picture_and_sound, GINT_TO_POINTER(MC_STREAM_AUDIO_AAC)},
    {"/stream/late-sound", test_late_sound, NULL},
    {"/stream/still", test_still, NULL},
    {"/stream/unchanged", test_unchanged, NULL},
    {"/stream/idr-while-still", test_idr_while_still, NULL},
    {"/stream/idr-while-moving", test_idr_while_moving, NULL},
    {"/stream/rate-limit", test_rate_limit, NULL},
    {"/stream/last-of-a-burst", test_last_of_a_burst, NULL},
    {"/stream/cursor", test_cursor, NULL},
    {"/stream/new-mode", test_new_mode, NULL},
    {"/stream/pause", test_pause, NULL},
    {"/stream/resume", test_resume, NULL},
    {"/stream/stop", test_stop, NULL},
    {"/stream/threads", test_threads, NULL}};

static void run(gconstpointer data)
{
    const Test *test = data;

    for (unsigned i = 0; i < 10; i++)
        if (test->attempt(test->data) || g_test_failed())
            return;
    g_test_fail_printf("the sender gave up its queue each time");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mc_stream_warm(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add_data_func(tests[i].path, &tests[i], run);
    g_test_add_func("/stream/refusals", test_refusals);
    return g_test_run();
}
