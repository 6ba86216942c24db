/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/capture-share.h"

#include "kmd-shim/capture/frame-loans.h"

#define FRAMES_PER_TAP (MC_FRAME_LOANS_LENT + 1u) /* the one that waits */
#define MAX_OPEN 2u /* frames that a capture thread has begun: the one that waits, and the next */

/* A frame that a tap was told of, and that is not dropped or has not come to it yet. */
typedef struct {
    uint64_t number;  /* of the capture thread; 0: none */
    uint64_t as_told; /* as the tap counts */
} Open;

struct McCaptureTap {
    McCaptureShare *share;
    McCaptureTapEvents events;

    /* under the share's call_lock */
    bool active, wants_cursor, force_idr;
    uint64_t count; /* frames of which it was told, which is the number of the last: without a gap,
                     * whatever the capture thread did while the tap was paused or away (C-80) */
    Open open[MAX_OPEN];

    /* under the share's lock */
    bool paused;
    uint32_t refresh_mhz;
    McFrameLoans loans;

    bool renumber; /* the owner's */
};

/* Locks: control_lock > call_lock > lock. The capture thread holds call_lock while it tells the
 * taps, and never waits for control_lock, under which it is joined. */
struct McCaptureShare {
    gatomicrefcount references;
    McCaptureThread *thread;

    GMutex control_lock; /* start, stop and pause, one at a time */

    GMutex call_lock;  /* guards the next ones, and what a tap says */
    GPtrArray *active; /* McCaptureTap *, not owned */
    bool broken;       /* the capture failed for good */
    McCursor cursor;   /* the last one, with all of its shape; shape_id 0: none yet */
    uint8_t *cursor_bgra;

    GMutex lock; /* guards the taps' loans, and how often each frame is lent */
    McLentFrames frames;
};

/* ---- loans ---- */

static void on_free(uint64_t frame_id, void *user_data)
{
    mc_capture_thread_release(((McCaptureShare *) user_data)->thread, frame_id);
}

static void on_doubt(uint64_t frame_id, void *user_data)
{
    mc_capture_thread_doubt(((McCaptureShare *) user_data)->thread, frame_id);
}

static bool is_paused(McCaptureTap *self)
{
    g_mutex_lock(&self->share->lock);
    bool paused = self->paused;
    g_mutex_unlock(&self->share->lock);
    return paused;
}

bool mc_capture_tap_release(McCaptureTap *self, uint64_t frame_id)
{
    McCaptureShare *share = self->share;

    g_mutex_lock(&share->lock);
    const bool found = mc_frame_loans_release(&self->loans, frame_id);
    const bool waits = mc_frame_loans_is_waiting(&self->loans);
    g_mutex_unlock(&share->lock);
    if (found && waits)
        mc_capture_thread_wake(share->thread);
    return found;
}

/* ---- the capture thread's events; call_lock held below them ---- */

static void tell_dropped(McCaptureTap *self, uint64_t number)
{
    self->events.dropped(number, self->events.user_data);
}

static void deliver(McCaptureTap *self, const McFrameLoan *loan)
{
    McFrameDesc desc = loan->desc; /* once delivered, it may be released and filled anew */

    if (self->force_idr)
        desc.flags |= MC_FRAME_FORCE_IDR;
    self->force_idr = false;
    NTSTATUS status = self->events.deliver(&desc, loan->number, self->events.user_data);
    if (NT_SUCCESS(status))
        return;
    self->force_idr = true; /* whether or not it had been asked for: the chain is broken */
    if (status == STATUS_NO_MEMORY) {
        g_mutex_lock(&self->share->lock);
        mc_frame_loans_doubt_all(&self->loans);
        g_mutex_unlock(&self->share->lock);
    }
    mc_capture_tap_release(self, desc.frame_id);
    tell_dropped(self, loan->number);
}

/* Lends the frame to the tap, or lets it wait in the place of an older one. */
static void offer(McCaptureTap *self, const McFrameDesc *desc, uint64_t number)
{
    const McFrameLoan loan = {.desc = *desc, .number = number};
    McFrameLoan replaced;

    g_mutex_lock(&self->share->lock);
    const bool lent = mc_frame_loans_offer(&self->loans, &loan, &replaced);
    g_mutex_unlock(&self->share->lock);
    if (replaced.desc.flags & MC_FRAME_FORCE_IDR)
        self->force_idr = true;
    if (replaced.number)
        tell_dropped(self, replaced.number);
    if (lent)
        deliver(self, &loan);
}

static void lend_waiting(McCaptureTap *self)
{
    McFrameLoan loan;

    g_mutex_lock(&self->share->lock);
    const bool lent = mc_frame_loans_lend_waiting(&self->loans, &loan);
    g_mutex_unlock(&self->share->lock);
    if (lent)
        deliver(self, &loan);
}

static void tell_cursor(McCaptureTap *self)
{
    if (self->wants_cursor && self->share->cursor.shape_id)
        self->events.cursor(&self->share->cursor, self->events.user_data);
    self->wants_cursor = false;
}

#define FOR_EACH_TAP(self, tap)                                                                    \
    for (guint i_ = 0; i_ < (self)->active->len; i_++)                                             \
        for (McCaptureTap *tap = g_ptr_array_index((self)->active, i_); tap; tap = NULL)

/* Its number for the tap, or 0 if that did not hear of it: it was paused, or came later. */
static uint64_t take_open(McCaptureTap *self, uint64_t number)
{
    uint64_t as_told = 0;

    for (unsigned i = 0; i < MAX_OPEN; i++) {
        if (self->open[i].number != number)
            continue;
        as_told = self->open[i].as_told;
        self->open[i] = (Open){0};
    }
    return as_told;
}

static void tell_started(McCaptureTap *self, uint64_t number)
{
    for (unsigned i = 0; i < MAX_OPEN; i++) {
        if (self->open[i].number)
            continue;
        self->open[i] = (Open){number, ++self->count};
        self->events.started(self->count, self->events.user_data);
        return;
    }
}

static void on_started(uint64_t number, void *user_data)
{
    McCaptureShare *self = user_data;

    g_mutex_lock(&self->call_lock);
    FOR_EACH_TAP(self, tap)
    {
        tell_cursor(tap);
        if (!is_paused(tap))
            tell_started(tap, number);
    }
    g_mutex_unlock(&self->call_lock);
}

/* Its start was reported, so is its end (C-81). */
static void drop_open(McCaptureTap *self, uint64_t number)
{
    const uint64_t as_told = take_open(self, number);

    if (as_told)
        tell_dropped(self, as_told);
}

static void on_dropped(uint64_t number, void *user_data)
{
    McCaptureShare *self = user_data;

    g_mutex_lock(&self->call_lock);
    FOR_EACH_TAP(self, tap)
    drop_open(tap, number);
    g_mutex_unlock(&self->call_lock);
}

static void on_frame(const McFrameDesc *desc, uint64_t number, void *user_data)
{
    McCaptureShare *self = user_data;

    g_mutex_lock(&self->call_lock);
    g_mutex_lock(&self->lock);
    mc_lent_frames_hold(&self->frames, desc->frame_id); /* for the time of the offers */
    g_mutex_unlock(&self->lock);
    FOR_EACH_TAP(self, tap)
    {
        const uint64_t as_told = take_open(tap, number);
        if (as_told)
            offer(tap, desc, as_told);
    }
    g_mutex_lock(&self->lock);
    mc_lent_frames_give_up(&self->frames, desc->frame_id);
    g_mutex_unlock(&self->lock);
    g_mutex_unlock(&self->call_lock);
}

static void on_woken(void *user_data)
{
    McCaptureShare *self = user_data;

    g_mutex_lock(&self->call_lock);
    FOR_EACH_TAP(self, tap)
    lend_waiting(tap);
    g_mutex_unlock(&self->call_lock);
}

static void keep_cursor(McCaptureShare *self, const McCursor *cursor)
{
    const McCursor shape = self->cursor;

    self->cursor = *cursor;
    if (cursor->shape_id) {
        g_free(self->cursor_bgra);
        self->cursor_bgra =
            g_memdup2(cursor->bgra, (size_t) cursor->width_px * cursor->height_px * 4);
    } else { /* position alone */
        self->cursor.shape_id = shape.shape_id;
        self->cursor.width_px = shape.width_px;
        self->cursor.height_px = shape.height_px;
        self->cursor.hot_x_px = shape.hot_x_px;
        self->cursor.hot_y_px = shape.hot_y_px;
    }
    self->cursor.bgra = self->cursor_bgra;
}

static void on_cursor(const McCursor *cursor, void *user_data)
{
    McCaptureShare *self = user_data;

    g_mutex_lock(&self->call_lock);
    keep_cursor(self, cursor);
    FOR_EACH_TAP(self, tap)
    {
        const bool whole = tap->wants_cursor && self->cursor.shape_id;
        tap->wants_cursor = false;
        tap->events.cursor(whole ? &self->cursor : cursor, tap->events.user_data);
    }
    g_mutex_unlock(&self->call_lock);
}

static void on_resized(uint32_t width_px, uint32_t height_px, void *user_data)
{
    McCaptureShare *self = user_data;

    g_mutex_lock(&self->call_lock);
    FOR_EACH_TAP(self, tap)
    tap->events.resized(width_px, height_px, tap->events.user_data);
    g_mutex_unlock(&self->call_lock);
}

static void on_failed(const GError *error, void *user_data)
{
    McCaptureShare *self = user_data;

    g_mutex_lock(&self->call_lock);
    self->broken = true;
    FOR_EACH_TAP(self, tap)
    tap->events.failed(error, tap->events.user_data);
    g_mutex_unlock(&self->call_lock);
}

/* ---- life ---- */

McCaptureShare *mc_capture_share_new(const McCaptureConfig *config, GError **error)
{
    g_autoptr(McCaptureShare) self = g_new0(McCaptureShare, 1);
    McCaptureEvents events = {.started = on_started,
                              .dropped = on_dropped,
                              .deliver = on_frame,
                              .woken = on_woken,
                              .cursor = on_cursor,
                              .resized = on_resized,
                              .failed = on_failed,
                              .user_data = self};

    g_atomic_ref_count_init(&self->references);
    g_mutex_init(&self->control_lock);
    g_mutex_init(&self->call_lock);
    g_mutex_init(&self->lock);
    self->active = g_ptr_array_new();
    self->frames = (McLentFrames){.on_free = on_free, .on_doubt = on_doubt, .user_data = self};
    self->thread = mc_capture_thread_new(config, &events, error);
    return self->thread ? g_steal_pointer(&self) : NULL;
}

McCaptureShare *mc_capture_share_ref(McCaptureShare *self)
{
    g_atomic_ref_count_inc(&self->references);
    return self;
}

void mc_capture_share_unref(McCaptureShare *self)
{
    if (!self || !g_atomic_ref_count_dec(&self->references))
        return;
    mc_capture_thread_free(self->thread);
    g_ptr_array_unref(self->active);
    g_free(self->cursor_bgra);
    g_mutex_clear(&self->control_lock);
    g_mutex_clear(&self->call_lock);
    g_mutex_clear(&self->lock);
    g_free(self);
}

void mc_capture_share_read_sound(McCaptureShare *self, int64_t begin_ns, int16_t *block,
                                 size_t pairs)
{
    mc_capture_thread_read_sound(self->thread, begin_ns, block, pairs);
}

McCaptureTap *mc_capture_tap_new(McCaptureShare *share, const McCaptureTapEvents *events)
{
    McCaptureTap *self = g_new0(McCaptureTap, 1);

    self->share = mc_capture_share_ref(share);
    self->events = *events;
    self->loans.frames = &share->frames;
    self->renumber = true;
    return self;
}

void mc_capture_tap_free(McCaptureTap *self)
{
    if (!self)
        return;
    mc_capture_tap_stop(self);
    mc_capture_share_unref(self->share);
    g_free(self);
}

const char *mc_capture_tap_kind(const McCaptureTap *self)
{
    return mc_capture_thread_kind(self->share->thread);
}

const char *mc_capture_tap_input_target(const McCaptureTap *self)
{
    return mc_capture_thread_input_target(self->share->thread);
}

McPortalSession *mc_capture_tap_portal(McCaptureTap *self)
{
    return mc_capture_thread_portal(self->share->thread);
}

void mc_capture_tap_size(McCaptureTap *self, uint32_t *ret_width_px, uint32_t *ret_height_px)
{
    mc_capture_thread_size(self->share->thread, ret_width_px, ret_height_px);
}

/* ---- start and stop; control_lock held ---- */

/* The fastest of the started taps. */
static uint32_t clock_mhz(McCaptureShare *self)
{
    uint32_t refresh_mhz = 0;

    g_mutex_lock(&self->call_lock);
    g_mutex_lock(&self->lock);
    FOR_EACH_TAP(self, tap)
    refresh_mhz = MAX(refresh_mhz, tap->refresh_mhz);
    g_mutex_unlock(&self->lock);
    g_mutex_unlock(&self->call_lock);
    return refresh_mhz;
}

static bool join_in(McCaptureTap *self)
{
    McCaptureShare *share = self->share;

    g_mutex_lock(&share->call_lock);
    const bool room = self->active || share->active->len < MC_CAPTURE_MAX_TAPS;
    if (!self->active && room) {
        self->active = self->wants_cursor = true;
        if (self->renumber)
            self->count = 0;
        self->renumber = false;
        g_ptr_array_add(share->active, self);
    }
    self->force_idr = true;
    g_mutex_unlock(&share->call_lock);
    return room;
}

static void set_lent(McCaptureShare *self)
{
    g_mutex_lock(&self->call_lock);
    const guint taps = self->active->len;
    g_mutex_unlock(&self->call_lock);
    mc_capture_thread_set_readers(self->thread,
                                  taps > 1 ? taps * FRAMES_PER_TAP : MC_FRAME_LOANS_LENT);
}

/* A capture that failed is begun anew with the next session, as it always was. */
static void mend(McCaptureShare *self)
{
    g_mutex_lock(&self->call_lock);
    const bool broken = self->broken && self->active->len == 0;
    if (broken)
        self->broken = false;
    g_mutex_unlock(&self->call_lock);
    if (broken)
        mc_capture_thread_stop(self->thread);
}

bool mc_capture_tap_start(McCaptureTap *self, uint32_t refresh_mhz)
{
    McCaptureShare *share = self->share;

    g_mutex_lock(&share->control_lock);
    mend(share);
    g_mutex_lock(&share->lock);
    self->refresh_mhz = refresh_mhz;
    g_mutex_unlock(&share->lock);
    bool ok = join_in(self);
    if (ok) {
        set_lent(share);
        ok = mc_capture_thread_start(share->thread, clock_mhz(share));
    }
    g_mutex_unlock(&share->control_lock);
    return ok;
}

static bool all_are_paused(McCaptureShare *self)
{
    bool all = true;

    g_mutex_lock(&self->call_lock);
    FOR_EACH_TAP(self, tap)
    all = all && is_paused(tap);
    all = all && self->active->len > 0;
    g_mutex_unlock(&self->call_lock);
    return all;
}

void mc_capture_tap_pause(McCaptureTap *self, bool paused)
{
    McCaptureShare *share = self->share;

    g_mutex_lock(&share->control_lock);
    g_mutex_lock(&share->lock);
    const bool resumes = self->paused && !paused;
    self->paused = paused;
    g_mutex_unlock(&share->lock);
    mc_capture_thread_pause(share->thread, all_are_paused(share));
    g_mutex_lock(&share->call_lock);
    const bool active = self->active;
    self->force_idr = self->force_idr || resumes;
    g_mutex_unlock(&share->call_lock);
    if (active && resumes) /* a frame at once, however still the desktop is */
        mc_capture_thread_start(share->thread, clock_mhz(share));
    g_mutex_unlock(&share->control_lock);
}

static void leave(McCaptureTap *self)
{
    McCaptureShare *share = self->share;

    g_mutex_lock(&share->call_lock);
    self->active = false;
    g_ptr_array_remove(share->active, self);
    g_mutex_lock(&share->lock);
    const uint64_t waiting = mc_frame_loans_end_all(&self->loans);
    self->paused = false;
    g_mutex_unlock(&share->lock);
    if (waiting) /* as drop_open */
        tell_dropped(self, waiting);
    for (unsigned i = 0; i < MAX_OPEN; i++)
        drop_open(self, self->open[i].number);
    g_mutex_unlock(&share->call_lock);
}

void mc_capture_tap_stop(McCaptureTap *self)
{
    McCaptureShare *share = self->share;

    g_mutex_lock(&share->control_lock);
    g_mutex_lock(&share->call_lock);
    const bool active = self->active, last = active && share->active->len == 1;
    g_mutex_unlock(&share->call_lock);
    if (last) /* before it leaves: it hears of the frames that are dropped with the thread */
        mc_capture_thread_stop(share->thread);
    if (active)
        leave(self);
    if (active && !last) {
        set_lent(share);
        mc_capture_thread_pause(share->thread, all_are_paused(share));
    }
    g_mutex_unlock(&share->control_lock);
}

void mc_capture_tap_renumber(McCaptureTap *self)
{
    self->renumber = true;
}
