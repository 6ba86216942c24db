/* SPDX-License-Identifier: MIT */
/* One desktop's frames into several seats, and what each of them may send. Every unit that a seat
 * takes is checked as a decoder would: it begins with a key frame and its headers, and no picture
 * that another refers to is missing. Usage: test-encodings LIBGSTMCLAB.so */
#include "encoder/encodings.h"

#include <gst/gst.h>
#include <string.h>

#include "encoder/sps.h"
#include "encoder/still.h"

#define PATIENCE_US (60 * G_USEC_PER_SEC) /* a bound on hangs */
#define WIDTH 320
#define HEIGHT 240
#define FPS 30
#define MAX_VIEWS 4

static const McStreamVideo video = {WIDTH, HEIGHT, FPS, false, 31, 2000, false},
                           single = {WIDTH, HEIGHT, FPS, false, 31, 2000, true};
static const char *plugin_path;

/* A seat and what came out of it. */
typedef struct {
    McSeat *seat;
    McStill still; /* reads the frame numbers */
    uint32_t frame_num;
    unsigned units, idrs, shared, notes, most_slices;
    uint64_t last_id;
    guint last_hash; /* of the bytes */
    const char *news;
    McSps sps;
} View;

typedef struct {
    McEncodings *encodings;
    uint8_t *pixels;
    uint64_t frame_id;
    McFrameDesc frame;
    View view[MAX_VIEWS];
    unsigned n_views;
} Desk;

/* ---- a decoder's view ---- */

static void read_nal(View *self, const uint8_t *nal, size_t len, bool *ret_sps)
{
    g_autoptr(GByteArray) ignored = g_byte_array_new();
    const unsigned type = mc_nal_type(nal);

    if (type == MC_NAL_SPS) {
        *ret_sps = true;
        mc_still_sps(&self->still, nal, len);
        g_assert_true(mc_sps_parse(nal, len, &self->sps));
    } else if (type == MC_NAL_PPS) {
        mc_still_pps(&self->still, nal, len);
    } else if (type == MC_NAL_IDR || type == MC_NAL_SLICE) {
        g_assert_cmpint(type == MC_NAL_IDR, <=, *ret_sps);
        mc_still_slice(&self->still, nal, len, ignored);
        g_assert_cmpuint(
            self->still.last_frame_num, ==,
            type == MC_NAL_IDR ? 0 : (self->frame_num + 1) % (1u << self->still.frame_num_bits));
        self->frame_num = self->still.last_frame_num;
    }
}

static void read_unit(View *self, const McUnit *unit)
{
    const uint8_t *nal;
    size_t pos = 0, len;
    unsigned slices = 0;
    bool sps = false;

    if (!self->units)
        g_assert_true(unit->idr);
    while (mc_nal_next(unit->bytes->data, unit->bytes->len, &pos, &nal, &len)) {
        const unsigned type = mc_nal_type(nal);
        slices += type == MC_NAL_IDR || type == MC_NAL_SLICE;
        if (slices < 2) /* the others have the same number */
            read_nal(self, nal, len, &sps);
    }
    self->most_slices = MAX(self->most_slices, slices);
    g_assert_cmpint(sps, ==, unit->idr);
    self->units++;
    self->idrs += unit->idr;
    self->notes += unit->note != NULL;
    self->last_hash = 5381;
    for (guint i = 0; i < unit->bytes->len; i++)
        self->last_hash = self->last_hash * 33 + unit->bytes->data[i];
}

/* All that there is now. */
static unsigned take(View *self)
{
    McTaken taken;
    unsigned n = 0;

    while (mc_seat_take(self->seat, &taken)) {
        read_unit(self, taken.unit);
        self->shared += taken.shared;
        self->last_id = taken.frame_id;
        self->news = taken.news ? taken.news : self->news;
        mc_unit_unref(taken.unit);
        n++;
    }
    return n;
}

/* ---- the desk ---- */

static View *sit_down(Desk *self, const McStreamVideo *mode, const char *wish)
{
    View *view = &self->view[self->n_views++];
    g_autoptr(GError) error = NULL;

    view->seat = mc_seat_new(self->encodings, mode, wish, NULL, &error);
    g_assert_no_error(error);
    return view;
}

static Desk *desk_new(unsigned seats)
{
    Desk *self = g_new0(Desk, 1);

    self->encodings = mc_encodings_new();
    self->pixels = g_malloc0(WIDTH * HEIGHT * 4);
    for (unsigned i = 0; i < seats; i++)
        sit_down(self, &video, "");
    return self;
}

static void stand_up(View *self)
{
    g_clear_pointer(&self->seat, mc_seat_free);
}

static void desk_free(Desk *self)
{
    for (unsigned i = 0; i < self->n_views; i++)
        stand_up(&self->view[i]);
    mc_encodings_unref(self->encodings);
    g_free(self->pixels);
    g_free(self);
}

/* The next moment of the desktop, which looks different. */
static void draw(Desk *self)
{
    g_usleep(G_USEC_PER_SEC / FPS);
    for (unsigned i = 0; i < 64; i++)
        self->pixels[(self->frame_id * 640 + i * 4) % (WIDTH * HEIGHT * 4)] ^= 0xff;
    self->frame = (McFrameDesc){.size = sizeof(McFrameDesc),
                                .version = MC_FRAME_VERSION,
                                .frame_id = ++self->frame_id,
                                .pixels = (uint64_t) (uintptr_t) self->pixels,
                                .width_px = WIDTH,
                                .height_px = HEIGHT,
                                .stride_bytes = WIDTH * 4,
                                .fourcc = MC_FOURCC_BGRX,
                                .capture_ns = g_get_monotonic_time() * 1000};
}

/* Gives this moment to one; each display path has numbers of its own. */
static unsigned give(Desk *self, View *view)
{
    McFrameDesc frame = self->frame;
    g_autoptr(GError) error = NULL;
    bool kept;

    frame.frame_id += 1000 * (uint64_t) (view - self->view);
    g_assert_true(mc_seat_push_frame(view->seat, &frame, &kept, &error));
    g_assert_no_error(error);
    return take(view);
}

static void step(Desk *self)
{
    draw(self);
    for (unsigned i = 0; i < self->n_views; i++)
        if (self->view[i].seat)
            give(self, &self->view[i]);
}

static unsigned streams(const View *view)
{
    return mc_seat_figures(view->seat).streams;
}

static uint64_t serial(const View *view)
{
    return mc_seat_figures(view->seat).serial;
}

/* Steps until so many are in this one's encoding. */
static void until_streams(Desk *self, const View *view, unsigned n)
{
    const int64_t limit_us = g_get_monotonic_time() + PATIENCE_US;

    while (streams(view) != n) {
        g_assert_cmpint(g_get_monotonic_time(), <, limit_us);
        step(self);
    }
}

static void until_together(Desk *self)
{
    until_streams(self, &self->view[0], self->n_views);
    step(self); /* what was on its way */
}

/* ---- tests ---- */

/* All have the same bytes, made once; each under its own name. */
static void check_one_encoding(gconstpointer seats)
{
    Desk *d = desk_new(GPOINTER_TO_UINT(seats));
    unsigned units[MAX_VIEWS], shared[MAX_VIEWS], made = 0;

    step(d);
    for (unsigned i = 0; i < d->n_views; i++)
        g_assert_cmpuint(d->view[i].units, ==, 1); /* the first picture waits for nobody */
    until_together(d);
    for (unsigned i = 0; i < d->n_views; i++) {
        units[i] = d->view[i].units;
        shared[i] = d->view[i].shared;
    }
    for (unsigned k = 0; k < 20; k++)
        step(d);
    for (unsigned i = 0; i < d->n_views; i++) {
        const View *view = &d->view[i];
        g_assert_cmpuint(serial(view), ==, serial(&d->view[0]));
        g_assert_cmpuint(view->units - units[i], ==, d->view[0].units - units[0]);
        g_assert_cmpuint(view->last_hash, ==, d->view[0].last_hash);
        g_assert_cmpuint(view->last_id, ==, d->frame_id + 1000 * i);
        g_assert_nonnull(view->news);
        made += view->units - units[i] - (view->shared - shared[i]);
    }
    g_assert_cmpuint(made, ==, d->view[0].units - units[0]);
    desk_free(d);
}

/* Not of the same desktop: the same moment, other pixels; or the same memory, another moment. */
static void test_strangers(void)
{
    Desk *d = desk_new(2);
    g_autofree uint8_t *other = g_memdup2(d->pixels, WIDTH * HEIGHT * 4);
    uint8_t *mine = d->pixels;

    for (unsigned i = 0; i < 20; i++) {
        draw(d);
        give(d, &d->view[0]);
        if (i % 2) {
            d->frame.pixels = (uint64_t) (uintptr_t) other;
        } else {
            d->frame.capture_ns++;
        }
        give(d, &d->view[1]);
        d->pixels = mine;
    }
    g_assert_cmpuint(streams(&d->view[0]), ==, 1);
    g_assert_cmpuint(d->view[1].shared, ==, 0);
    g_assert_cmpuint(d->view[0].idrs, ==, 1); /* nobody was let in */
    desk_free(d);
}

/* A display path that tells no time: its frames are all new ones, in the same memory. */
static void test_no_time(void)
{
    Desk *d = desk_new(2);

    for (unsigned i = 0; i < 20; i++) {
        draw(d);
        d->frame.capture_ns = 0;
        give(d, &d->view[0]);
        give(d, &d->view[1]);
    }
    g_assert_cmpuint(streams(&d->view[0]), ==, 1);
    g_assert_cmpuint(d->view[0].units, >=, 15);
    desk_free(d);
}

static void test_other_modes(void)
{
    const McStreamVideo others[] = {{WIDTH, HEIGHT, 60, false, 31, 2000, false},
                                    {WIDTH, HEIGHT, FPS, true, 31, 2000, false},
                                    {WIDTH, HEIGHT, FPS, false, 32, 2000, false}};
    Desk *d = desk_new(1);

    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        sit_down(d, &others[i], "");
    for (unsigned i = 0; i < 20; i++)
        step(d);
    for (unsigned i = 0; i < d->n_views; i++)
        g_assert_cmpuint(streams(&d->view[i]), ==, 1);
    desk_free(d);
}

/* A sink that shows one slice a picture has the encoding that others have, too; and while it does,
 * an encoder that begins to cut its pictures is replaced, which it is not for the others. */
static void test_single_slice(void)
{
    Desk *d = desk_new(0);
    g_autoptr(GError) error = NULL;
    GstPlugin *plugin = gst_plugin_load_file(plugin_path, &error);

    g_assert_no_error(error);
    gst_object_unref(plugin);
    g_setenv("MCLAB_FRAMES", "6", TRUE); /* three of them are the trial's */
    g_setenv("MCLAB_HOW", "slices", TRUE);
    View *any = sit_down(d, &video, "vaapi");
    if (!g_str_equal(mc_seat_figures(any->seat).info.encoder, "vah264enc")) {
        g_test_skip("x264enc is not installed");
        desk_free(d);
        return;
    }
    for (unsigned i = 0; i < 10; i++)
        step(d);
    g_assert_cmpuint(any->most_slices, ==, 2);
    g_assert_cmpuint(mc_seat_figures(any->seat).replaced, ==, 0);
    g_setenv("MCLAB_FRAMES", "0", TRUE);
    View *strict = sit_down(d, &single, "vaapi");
    until_together(d);
    strict->most_slices = 0;
    for (unsigned i = 0; i < 10; i++)
        step(d);
    g_assert_cmpuint(strict->most_slices, ==, 1);
    g_assert_cmpuint(mc_seat_figures(any->seat).replaced, ==, 1);
    g_assert_cmpuint(serial(any), ==, serial(strict));
    desk_free(d);
}

/* The one that was there goes on without it costing more than a key frame. */
static void test_late(void)
{
    Desk *d = desk_new(1);
    View *first = &d->view[0];

    for (unsigned i = 0; i < 10; i++)
        step(d);
    View *late = sit_down(d, &video, "");
    const uint64_t before = serial(first);
    until_together(d);
    g_assert_cmpuint(serial(late), ==, before); /* it came, not the other */
    g_assert_cmpuint(first->idrs, ==, 2);
    stand_up(first);
    const unsigned units = late->units;
    for (unsigned i = 0; i < 10; i++)
        step(d);
    g_assert_cmpuint(late->units, >=, units + 9);
    g_assert_cmpuint(late->idrs, ==, 2); /* its own, and the one that it came with */
    g_assert_cmpuint(streams(late), ==, 1);
    desk_free(d);
}

/* A slow link leaves, the other gets its rate back, and it returns when it is better; both without
 * a fault. */
static void test_rates(void)
{
    Desk *d = desk_new(2);
    View *good = &d->view[0], *bad = &d->view[1];

    until_together(d);
    mc_seat_set_pace(bad->seat, &(McStreamPace){.kbps = 1600, .tight = false});
    step(d);
    g_assert_cmpuint(streams(good), ==, 2); /* four fifths: both go down a little */
    g_assert_cmpuint(mc_seat_figures(good->seat).kbps, ==, 1600);
    mc_seat_set_pace(bad->seat, &(McStreamPace){.kbps = 600, .tight = true});
    g_assert_cmpuint(mc_seat_figures(good->seat).kbps, ==, 600); /* until it has left */
    until_streams(d, good, 1);
    const int64_t left_us = g_get_monotonic_time();
    g_assert_cmpuint(mc_seat_figures(good->seat).kbps, ==, 2000);
    g_assert_cmpuint(mc_seat_figures(bad->seat).kbps, ==, 600);
    const unsigned idrs = good->idrs;
    mc_seat_set_pace(bad->seat, &(McStreamPace){.kbps = 1600, .tight = false});
    for (unsigned i = 0; i < 20; i++)
        step(d);
    g_assert_cmpuint(streams(good), ==, 1); /* not near enough to come back */
    mc_seat_set_pace(bad->seat, &(McStreamPace){.kbps = 1900, .tight = false});
    until_together(d);
    g_assert_cmpint(g_get_monotonic_time() - left_us, >=, 4 * G_USEC_PER_SEC); /* about five */
    g_assert_cmpuint(good->idrs, ==, idrs + 1);
    g_assert_cmpuint(mc_seat_figures(good->seat).kbps, ==, 1900);
    desk_free(d);
}

/* A sink whose link is good for half the pictures gets those, however many the desktop has for
 * others; in one encoding all have what the best link is good for. */
static void test_fewer_pictures(void)
{
    Desk *d = desk_new(1);
    View *one = &d->view[0];
    const McStreamPace half = {.kbps = 2000, .fps = FPS / 2}, whole = {.kbps = 2000};
    unsigned units;

    mc_seat_set_pace(one->seat, &half);
    for (unsigned i = 0; i < 5; i++)
        step(d);
    const int64_t start_us = g_get_monotonic_time();
    units = one->units;
    for (unsigned i = 0; i < 20; i++)
        step(d);
    const int64_t took_us = g_get_monotonic_time() - start_us;
    g_assert_cmpuint(one->units - units, <=, took_us * FPS / 2 / G_USEC_PER_SEC + 3);
    g_assert_cmpuint(one->units - units, <, 20);
    View *other = sit_down(d, &video, "");
    mc_seat_set_pace(other->seat, &whole);
    until_together(d);
    units = one->units;
    for (unsigned i = 0; i < 20; i++)
        step(d);
    g_assert_cmpuint(one->units - units, >=, 18);
    desk_free(d);
}

/* A seat that sleeps holds nobody up, and goes on with a key frame of its own asking. */
static void test_sleeper(void)
{
    Desk *d = desk_new(2);
    View *awake = &d->view[0], *sleeper = &d->view[1];

    until_together(d);
    unsigned units = awake->units;
    for (unsigned i = 0; i < 20; i++) {
        draw(d);
        g_assert_cmpuint(give(d, awake), >=, i > 2); /* slots may be a little late */
    }
    g_assert_cmpuint(awake->units, >=, units + 18);
    units = sleeper->units;
    const unsigned idrs = sleeper->idrs;
    const int64_t limit_us = g_get_monotonic_time() + PATIENCE_US;
    while (sleeper->units == units) {
        g_assert_cmpint(g_get_monotonic_time(), <, limit_us);
        step(d);
    }
    g_assert_cmpuint(sleeper->idrs, ==, idrs + 1);
    g_assert_cmpuint(streams(awake), ==, 2);
    for (unsigned i = 0; i < 5; i++)
        step(d);
    g_assert_cmpuint(sleeper->last_hash, ==, awake->last_hash);
    desk_free(d);
}

/* Frames that one is not given come to it all the same, a little later. */
static void test_dropped_on_the_way(void)
{
    Desk *d = desk_new(2);
    View *all = &d->view[0], *some = &d->view[1];

    until_together(d);
    for (unsigned i = 0; i < 20; i++) {
        draw(d);
        give(d, all);
        if (i % 3 == 0)
            give(d, some);
        else
            take(some);
    }
    step(d);
    g_assert_cmpuint(some->last_hash, ==, all->last_hash);
    g_assert_cmpuint(streams(all), ==, 2);
    desk_free(d);
}

/* One wish is served to all, and those of all are one. */
static void test_key_frames(void)
{
    Desk *d = desk_new(3);

    until_together(d);
    g_usleep(350000);
    const unsigned idrs[] = {d->view[0].idrs, d->view[1].idrs, d->view[2].idrs};
    for (unsigned i = 0; i < 3; i++)
        mc_seat_force_idr(d->view[i].seat);
    for (unsigned i = 0; i < 3; i++)
        step(d);
    for (unsigned i = 0; i < 3; i++)
        g_assert_cmpuint(d->view[i].idrs, ==, idrs[i] + 1);
    desk_free(d);
}

static void test_rest(void)
{
    Desk *d = desk_new(2);
    View *one = &d->view[0], *paused = &d->view[1];

    until_together(d);
    mc_seat_set_pace(paused->seat, &(McStreamPace){.kbps = 1600, .tight = false});
    mc_seat_rest(paused->seat, true);
    const unsigned units = paused->units, idrs = paused->idrs;
    for (unsigned i = 0; i < 5; i++)
        step(d);
    g_assert_cmpuint(paused->units, ==, units);
    g_assert_cmpuint(mc_seat_figures(one->seat).kbps, ==, 2000); /* it has no say */
    g_assert_cmpuint(streams(one), ==, 1);
    mc_seat_rest(paused->seat, false);
    for (unsigned i = 0; i < 15; i++)
        step(d);
    g_assert_cmpuint(paused->idrs, >, idrs);
    g_assert_cmpuint(paused->last_hash, ==, one->last_hash);
    desk_free(d);
}

/* To another mode alone, and the others of that mode meet there. */
static void test_new_mode(void)
{
    const McStreamVideo small = {160, 120, FPS, false, 31, 2000, false},
                        none = {161, 120, FPS, false, 31, 2000, false};
    Desk *d = desk_new(2);
    View *one = &d->view[0], *other = &d->view[1];
    g_autoptr(GError) error = NULL;

    until_together(d);
    g_assert_false(mc_seat_set_video(other->seat, &none, &error));
    g_assert_cmpuint(streams(one), ==, 2); /* goes on as it was */
    const unsigned idrs = one->idrs;
    g_assert_true(mc_seat_set_video(other->seat, &small, NULL));
    for (unsigned i = 0; i < 5; i++)
        step(d);
    g_assert_cmpuint(streams(one), ==, 1);
    g_assert_cmpuint(other->sps.width_px, ==, 160);
    g_assert_cmpuint(one->sps.width_px, ==, WIDTH);
    g_assert_cmpuint(one->idrs, ==, idrs);
    g_assert_true(mc_seat_set_video(one->seat, &small, NULL));
    until_together(d);
    g_assert_cmpuint(one->sps.width_px, ==, 160);
    desk_free(d);
}

/* Content that is protected for one is shown by it in no other way from then on, and is not made
 * with anyone. */
static void test_protection(void)
{
    Desk *d = desk_new(2);
    View *open = &d->view[0], *held = &d->view[1];

    until_together(d);
    draw(d);
    give(d, open);
    mc_seat_protect(held->seat, true, true);
    g_assert_cmpuint(streams(open), ==, 1); /* at once */
    g_assert_cmpuint(take(held), ==, 0);
    const unsigned idrs = held->idrs, units = held->units;
    const int64_t limit_us = g_get_monotonic_time() + PATIENCE_US;
    while (held->units == units) {
        g_assert_cmpint(g_get_monotonic_time(), <, limit_us);
        step(d);
    }
    g_assert_cmpuint(held->idrs, ==, idrs + 1);
    for (unsigned i = 0; i < 15; i++)
        step(d);
    g_assert_cmpuint(streams(held), ==, 1);
    g_assert_cmpuint(held->shared, <=, units);
    mc_seat_protect(held->seat, false, false);
    until_together(d);
    desk_free(d);
}

/* The pointer of one that is not told the same is not shown to it for long. */
static void test_pointers(void)
{
    g_autofree uint8_t *arrow = g_malloc(16 * 16 * 4), *hand = g_malloc(16 * 16 * 4);
    Desk *d = desk_new(2);

    memset(arrow, 0xff, 16 * 16 * 4);
    memset(hand, 0x80, 16 * 16 * 4);
    mc_seat_set_cursor(d->view[0].seat, 10, 10, true, arrow, 16, 16);
    for (unsigned i = 0; i < 15; i++)
        step(d);
    g_assert_cmpuint(streams(&d->view[0]), ==, 1); /* one has none */
    mc_seat_set_cursor(d->view[1].seat, 10, 10, true, arrow, 16, 16);
    until_together(d);
    for (unsigned i = 0; i < 20; i++) { /* told to both, in turn */
        mc_seat_set_cursor(d->view[i % 2].seat, 10 + (int) i / 2, 10, true, NULL, 0, 0);
        step(d);
    }
    g_assert_cmpuint(streams(&d->view[0]), ==, 2);
    mc_seat_set_cursor(d->view[1].seat, 10, 10, true, hand, 16, 16);
    until_streams(d, &d->view[0], 1);
    desk_free(d);
}

/* Nobody knows of the others here: each on threads of its own, as streams are, with comings and
 * goings. */
typedef struct {
    Desk *desk;
    View *view;
    GThread *pump, *refresh;
    GMutex lock; /* of view */
    gint end;    /* atomic */
    uint64_t given;
} Worker;

static GMutex desk_lock;
static GCond desk_drawn, desk_given;

static gpointer run_refresh(gpointer user_data)
{
    Worker *self = user_data;

    while (mc_seat_refresh(self->view->seat, NULL)) {
        g_mutex_lock(&self->lock);
        take(self->view);
        g_mutex_unlock(&self->lock);
    }
    return NULL;
}

static gpointer run_pump(gpointer user_data)
{
    Worker *self = user_data;
    bool kept;

    while (!g_atomic_int_get(&self->end)) {
        g_mutex_lock(&desk_lock);
        const bool news =
            self->desk->frame_id != self->given ||
            g_cond_wait_until(&desk_drawn, &desk_lock, g_get_monotonic_time() + 32000);
        McFrameDesc frame = self->desk->frame;
        const bool fresh = news && frame.frame_id && frame.frame_id != self->given;
        self->given = frame.frame_id;
        g_cond_signal(&desk_given);
        g_mutex_unlock(&desk_lock);
        g_assert_true(fresh ? mc_seat_push_frame(self->view->seat, &frame, &kept, NULL)
                            : mc_seat_push_repeat(self->view->seat, NULL));
        g_mutex_lock(&self->lock);
        take(self->view);
        g_mutex_unlock(&self->lock);
    }
    return NULL;
}

static void work(Worker *self)
{
    g_atomic_int_set(&self->end, 0);
    self->pump = g_thread_new("pump", run_pump, self);
    self->refresh = g_thread_new("refresh", run_refresh, self);
}

static void rest_for_good(Worker *self)
{
    g_atomic_int_set(&self->end, 1);
    g_thread_join(self->pump);
    mc_seat_stop(self->view->seat);
    g_thread_join(self->refresh);
    stand_up(self->view);
}

/* Frames lie each in memory of its own, as they are lent. */
static void draw_for(Desk *d, unsigned frames, uint8_t *const memory[8])
{
    for (unsigned i = 0; i < frames; i++) {
        g_mutex_lock(&desk_lock);
        d->pixels = memory[d->frame_id % 8];
        draw(d);
        g_cond_broadcast(&desk_drawn);
        g_mutex_unlock(&desk_lock);
        g_usleep(1000);
    }
}

/* As fast as the slowest of them: each is given each frame, whatever encoding one costs here. */
static void draw_for_all(Desk *d, const Worker worker[MAX_VIEWS], uint8_t *const memory[8])
{
    g_mutex_lock(&desk_lock);
    d->pixels = memory[d->frame_id % 8];
    draw(d);
    g_cond_broadcast(&desk_drawn);
    for (unsigned i = 0; i < MAX_VIEWS; i++)
        while (worker[i].given != d->frame_id)
            g_cond_wait(&desk_given, &desk_lock);
    g_mutex_unlock(&desk_lock);
}

static void test_threads(void)
{
    const McStreamVideo small = {160, 120, FPS, false, 31, 2000, false};
    Desk *d = desk_new(MAX_VIEWS);
    Worker worker[MAX_VIEWS] = {0};
    uint8_t *memory[8], *mine = d->pixels;

    for (unsigned i = 0; i < 8; i++)
        memory[i] = g_malloc0(WIDTH * HEIGHT * 4);
    for (unsigned i = 0; i < MAX_VIEWS; i++) {
        worker[i].desk = d;
        worker[i].view = &d->view[i];
        g_mutex_init(&worker[i].lock);
        work(&worker[i]);
    }
    const int64_t limit_us = g_get_monotonic_time() + PATIENCE_US;
    while (streams(&d->view[0]) != MAX_VIEWS) {
        g_assert_cmpint(g_get_monotonic_time(), <, limit_us);
        draw_for_all(d, worker, memory);
    }
    for (unsigned i = 0; i < 12; i++) {
        mc_seat_force_idr(d->view[i % 4].seat);
        mc_seat_set_pace(d->view[1].seat,
                         &(McStreamPace){.kbps = i % 2 ? 2000 : 600, .tight = i % 2});
        mc_seat_set_cursor(d->view[2].seat, (int) i, 1, i % 3, mine, 16, 16);
        mc_seat_rest(d->view[0].seat, i % 4 == 1);
        if (i % 5 == 2)
            mc_seat_set_video(d->view[3].seat, i > 5 ? &video : &small, NULL);
        mc_seat_protect(d->view[2].seat, i == 6, i == 6);
        draw_for(d, 5, memory);
    }
    mc_seat_rest(d->view[0].seat, false);
    rest_for_good(&worker[1]);
    rest_for_good(&worker[0]);
    draw_for(d, 15, memory);
    rest_for_good(&worker[2]);
    rest_for_good(&worker[3]);
    for (unsigned i = 0; i < MAX_VIEWS; i++) {
        g_assert_cmpuint(d->view[i].units, >=, 5);
        g_mutex_clear(&worker[i].lock);
    }
    d->pixels = mine;
    desk_free(d);
    for (unsigned i = 0; i < 8; i++)
        g_free(memory[i]);
}

/* Nothing is left of those of a process when the last one has gone. */
static void test_shared(void)
{
    McEncodings *one = mc_encodings_shared(), *same = mc_encodings_shared();

    g_assert_true(one == same);
    mc_encodings_unref(one);
    g_assert_true(mc_encodings_shared() == same);
    mc_encodings_unref(same);
    mc_encodings_unref(same);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    plugin_path = argv[1];
    mc_stream_warm(NULL);
    g_test_add_data_func("/encodings/two", GUINT_TO_POINTER(2), check_one_encoding);
    g_test_add_data_func("/encodings/four", GUINT_TO_POINTER(4), check_one_encoding);
    g_test_add_func("/encodings/strangers", test_strangers);
    g_test_add_func("/encodings/no-time", test_no_time);
    g_test_add_func("/encodings/other-modes", test_other_modes);
    g_test_add_func("/encodings/single-slice", test_single_slice);
    g_test_add_func("/encodings/late", test_late);
    g_test_add_func("/encodings/rates", test_rates);
    g_test_add_func("/encodings/fewer-pictures", test_fewer_pictures);
    g_test_add_func("/encodings/sleeper", test_sleeper);
    g_test_add_func("/encodings/dropped-on-the-way", test_dropped_on_the_way);
    g_test_add_func("/encodings/key-frames", test_key_frames);
    g_test_add_func("/encodings/rest", test_rest);
    g_test_add_func("/encodings/new-mode", test_new_mode);
    g_test_add_func("/encodings/protection", test_protection);
    g_test_add_func("/encodings/pointers", test_pointers);
    g_test_add_func("/encodings/threads", test_threads);
    g_test_add_func("/encodings/shared", test_shared);
    return g_test_run();
}
