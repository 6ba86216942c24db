/* SPDX-License-Identifier: MIT */
/* A picture's way to its access unit, done once for all streams of an encoding. */
#include <string.h>

#include "encoder/encodings-private.h"
#include "encoder/notice.h"

#define REPEATS_ENCODED 20 /* two seconds: what is not improved by then is not improved */
#define EMPTY_BYTES 64     /* a unit of this size holds no coded macroblock */
#define OPENING_US (10 * G_TIME_SPAN_MILLISECOND) /* between looks at an encoder that opens */
#define NOTICE                                                                                     \
    "This content is protected. It cannot be shown on this display because the display or this "   \
    "computer does not protect it on the way."

/* ---- units ---- */

/* lock held.  The place of the next one, and its memory where nobody has it any more. */
static McUnit *next_unit(McEncoding *self)
{
    McUnit **place = &self->unit[(self->n_units + 1) % MC_UNITS_KEPT], *old = *place;
    GByteArray *bytes = NULL;

    *place = NULL;
    if (old && g_atomic_ref_count_compare(&old->references, 1))
        bytes = g_byte_array_ref(old->bytes);
    mc_unit_unref(old);
    McUnit *unit = g_new0(McUnit, 1);
    g_atomic_ref_count_init(&unit->references);
    unit->bytes = bytes ? bytes : g_byte_array_sized_new(32 * 1024);
    return unit;
}

/* lock held. */
static void publish(McEncoding *self, McUnit *unit, McSeat *by)
{
    self->unit[++self->n_units % MC_UNITS_KEPT] = unit;
    self->newest_shown = true;
    for (guint i = 0; unit->repeated && i < self->seats->len; i++) {
        McSeat *seat = g_ptr_array_index(self->seats, i);
        if (seat != by)
            g_cond_signal(&seat->news); /* no frame of its own brings it there */
    }
}

/* ---- at work: busy, lock not held ---- */

static McPicture *picture_to_show(McEncoding *self)
{
    if (!self->withheld)
        return mc_convert_compose(self->convert);
    if (!self->notice)
        self->notice = mc_notice_new(self->video.width_px, self->video.height_px, NOTICE);
    return self->notice;
}

/* A still picture is encoded again until that improves it no more; then its repetitions need no
 * encoder. */
static bool make_unit(McEncoding *self, bool again, McUnit *unit, GError **error)
{
    again = again && !unit->idr;
    if (again && self->repeated >= REPEATS_ENCODED &&
        mc_video_encoder_repeat(self->encoder, unit->bytes))
        return true;
    if (!mc_video_encoder_encode(self->encoder, picture_to_show(self), unit->idr, unit->bytes,
                                 &unit->idr, error))
        return false;
    self->repeated = !again                            ? 0
                     : unit->bytes->len <= EMPTY_BYTES ? REPEATS_ENCODED
                                                       : self->repeated + 1;
    return true;
}

static void follow_pace(McEncoding *self, const McStreamPace *pace)
{
    const McStreamPace *now = &self->pace;

    if (pace->kbps == now->kbps && pace->fps == now->fps && pace->tight == now->tight)
        return;
    self->pace = *pace;
    mc_video_encoder_set_pace(self->encoder, pace);
}

static void follow_slices(McEncoding *self, bool single_slice)
{
    if (single_slice != self->single_slice)
        mc_video_encoder_set_single_slice(self->encoder, single_slice);
    self->single_slice = single_slice;
}

/* ---- encoding; lock and busy held ---- */

static void fail(McEncoding *self, GError *failure, GError **error)
{
    self->error = failure;
    g_propagate_error(error, g_error_copy(failure));
    mc_encoding_wake(self);
}

/* A picture with other content before it would show through in the differences: an encoder that did
 * not begin anew has its unit dropped, and is asked again. */
static bool begins_anew(McEncoding *self, const McUnit *unit)
{
    if (!self->content_changed || unit->idr) {
        self->content_changed = false;
        return true;
    }
    self->schedule.idr_wanted = true;
    return false;
}

static void name_unit(McEncoding *self, McUnit *unit, const McShot *shot)
{
    unit->repeated = shot->frame == NULL;
    unit->capture_ns = shot->capture_ns;
    unit->capture_us = shot->frame ? shot->frame->capture_us : 0;
    unit->convert_us = shot->convert_us;
    unit->pixels = self->newest.pixels;
    unit->shown_ns = self->newest.capture_ns;
    unit->first = !self->newest_shown;
}

static bool encode(McEncoding *self, McSeat *by, const McShot *shot, GError **error)
{
    const int64_t start_us = g_get_monotonic_time();
    const bool again = !shot->frame && !mc_schedule_has_news(&self->schedule);
    McUnit *unit = next_unit(self);
    GError *failure = NULL;
    const McStreamPace pace = mc_encoding_pace(self);
    const bool single_slice = mc_encoding_single_slice(self);

    name_unit(self, unit, shot);
    unit->idr = mc_schedule_idr_is_due(&self->schedule, start_us) || self->content_changed;
    mc_encodings_unlock(self->house);
    follow_pace(self, &pace);
    follow_slices(self, single_slice);
    const bool ok = make_unit(self, again, unit, &failure);
    mc_encoding_describe(self, &unit->info);
    unit->made_us = g_get_monotonic_time();
    unit->encode_us = (uint32_t) (unit->made_us - start_us);
    mc_encodings_lock(self->house);
    self->info = unit->info;
    unit->note = g_steal_pointer(&self->note);
    unit->made_by = by;
    if (!ok) {
        mc_unit_unref(unit);
        fail(self, failure, error);
        return false;
    }
    mc_schedule_encoded(&self->schedule, start_us, unit->idr,
                        (int64_t) unit->bytes->len * 8000 / MAX(pace.kbps, 1));
    if (begins_anew(self, unit))
        publish(self, unit, by);
    else
        mc_unit_unref(unit);
    return true;
}

/* False: not yet, or never. */
static bool is_open(McEncoding *self, GError **error)
{
    if (self->encoder || !mc_h264_opening_is_done(self->opening))
        return self->encoder != NULL;
    McH264 *h264 = mc_h264_opening_take(self->opening, &self->video);
    if (h264)
        mc_encoding_set_encoder(
            self, mc_video_encoder_new(&self->video, self->wish, self->avoid, h264, NULL));
    else
        fail(self,
             g_error_new(MC_ENCODER_ERROR, MC_ENCODER_ERROR_NO_ENCODER,
                         "no H.264 encoder works for another %ux%u at %u", self->video.width_px,
                         self->video.height_px, self->video.fps),
             error);
    return self->encoder != NULL;
}

/* ---- pushing ---- */

static bool has_failed(McEncoding *self, GError **error)
{
    if (self->error)
        g_propagate_error(error, g_error_copy(self->error));
    return self->error != NULL;
}

/* The last picture again where it is due by the schedule. */
static bool repeat(McSeat *self, GError **error)
{
    McEncoding *encoding = self->encoding;
    const McShot shot = {.capture_ns = g_get_monotonic_time() * 1000};
    bool ok = true;

    if (!mc_schedule_repeat_is_due(&encoding->schedule, g_get_monotonic_time()))
        return true;
    mc_encoding_begin(encoding);
    if (is_open(encoding, error))
        ok = encode(encoding, self, &shot, error);
    else
        ok = encoding->error == NULL;
    mc_encoding_end(encoding);
    return ok;
}

/* lock and busy held. */
static bool convert(McEncoding *self, const McFrameDesc *frame, McShot *shot, GError **error)
{
    const int64_t start_us = g_get_monotonic_time();

    mc_encodings_unlock(self->house);
    const bool ok = mc_convert_frame(self->convert, frame, error);
    shot->convert_us = (uint32_t) (g_get_monotonic_time() - start_us);
    mc_encodings_lock(self->house);
    return ok;
}

static bool show(McSeat *self, const McFrameDesc *frame, bool *ret_kept, GError **error)
{
    McEncoding *encoding = self->encoding;
    McShot shot = {.frame = frame, .capture_ns = frame->capture_ns};
    bool ok = true;

    mc_encoding_begin(encoding);
    if (convert(encoding, frame, &shot, error)) {
        *ret_kept = !mc_schedule_frame(&encoding->schedule, g_get_monotonic_time()) ||
                    !is_open(encoding, error);
        encoding->newest = (McKnownFrame){
            .pixels = frame->pixels, .capture_ns = frame->capture_ns, .kept = *ret_kept};
        encoding->newest_shown = false;
        mc_known_add(&encoding->known, &encoding->newest);
        if (*ret_kept)
            g_cond_signal(&self->news);
        else
            ok = encode(encoding, self, &shot, error);
        ok = ok && !encoding->error;
    } else {
        ok = false;
    }
    mc_encoding_end(encoding);
    return ok;
}

/* Another seat brought it, or a newer one. */
static bool is_done(const McEncoding *self, const McFrameDesc *frame, bool *ret_kept)
{
    const McKnownFrame *known = mc_known_find(&self->known, frame->pixels, frame->capture_ns);

    *ret_kept = !known || known->kept;
    return self->seats->len > 1 && (known || frame->capture_ns < self->newest.capture_ns);
}

static void note_given(McSeat *self, const McFrameDesc *frame)
{
    mc_known_add(&self->given, &(McKnownFrame){.pixels = frame->pixels,
                                               .capture_ns = frame->capture_ns,
                                               .frame_id = frame->frame_id});
    self->last_id = frame->frame_id;
}

static bool push(McSeat *self, const McFrameDesc *frame, bool *ret_kept, GError **error)
{
    *ret_kept = false;
    if (has_failed(self->encoding, error))
        return false;
    note_given(self, frame);
    if (is_done(self->encoding, frame, ret_kept))
        return true;
    *ret_kept = false;
    if (frame->flags & MC_FRAME_UNCHANGED && mc_convert_has_picture(self->encoding->convert))
        return repeat(self, error);
    return show(self, frame, ret_kept, error);
}

/* Nobody is at work where this seat is, and it is where it shall be. False: it rests or stopped. */
static bool settle(McSeat *self)
{
    do {
        if (!mc_seat_await(self, false))
            return false;
        mc_seat_move_if_open(self);
    } while (mc_seat_move_if_idr(self));
    return true;
}

bool mc_seat_push_frame(McSeat *self, const McFrameDesc *frame, bool *ret_kept, GError **error)
{
    bool ok = true;

    *ret_kept = false;
    mc_encodings_lock(self->house);
    if (settle(self)) {
        ok = push(self, frame, ret_kept, error);
        mc_seat_meet(self, frame);
    }
    mc_encodings_unlock(self->house);
    return ok;
}

bool mc_seat_push_repeat(McSeat *self, GError **error)
{
    bool ok = true;

    mc_encodings_lock(self->house);
    if (settle(self))
        ok = !has_failed(self->encoding, error) && repeat(self, error);
    mc_encodings_unlock(self->house);
    return ok;
}

/* ---- taking; lock held ---- */

static McUnit *waiting_unit(McSeat *self)
{
    McEncoding *encoding = self->encoding;

    if (self->at + MC_UNITS_KEPT <= encoding->n_units) { /* it slept */
        self->at = encoding->n_units + 1 - (MC_UNITS_KEPT - 1);
        self->needs_idr = true;
    }
    return self->at <= encoding->n_units ? encoding->unit[self->at % MC_UNITS_KEPT] : NULL;
}

/* A frame that this seat was not given yet comes in a moment, and is told of by its own name; but
 * it may also have been dropped on its way here. */
static int64_t takeable_us(const McSeat *self, const McUnit *unit)
{
    if (!unit->first || unit->made_by == self ||
        mc_known_find(&self->given, unit->pixels, unit->shown_ns))
        return unit->made_us;
    return unit->made_us + G_USEC_PER_SEC / self->encoding->video.fps;
}

/* The next one that this seat can make use of. */
static McUnit *find_unit(McSeat *self)
{
    McUnit *unit;

    mc_seat_move_if_idr(self);
    while ((unit = waiting_unit(self)) && self->needs_idr && !unit->idr) {
        self->at++;
        self->encoding->schedule.idr_wanted = true;
    }
    return unit;
}

bool mc_seat_take(McSeat *self, McTaken *ret_taken)
{
    mc_encodings_lock(self->house);
    McUnit *unit = self->resting ? NULL : find_unit(self);
    if (unit && takeable_us(self, unit) > g_get_monotonic_time())
        unit = NULL;
    if (unit) {
        const McKnownFrame *known = mc_known_find(&self->given, unit->pixels, unit->shown_ns);
        g_atomic_ref_count_inc(&unit->references);
        *ret_taken = (McTaken){.unit = unit,
                               .frame_id = known ? known->frame_id : self->last_id,
                               .shared = unit->made_by != self,
                               .news = g_steal_pointer(&self->said)};
        self->taken += ret_taken->shared;
        self->replaced += unit->info.replaced - self->replaced_seen;
        self->replaced_seen = unit->info.replaced;
        self->needs_idr = false;
        self->at++;
    }
    mc_encodings_unlock(self->house);
    return unit != NULL;
}

/* ---- refreshing ---- */

/* When this seat has something to do; lock held. */
static int64_t next_us(McSeat *self)
{
    if (self->resting)
        return MC_SCHEDULE_NEVER;
    const McUnit *unit = find_unit(self);
    int64_t due_us = unit ? takeable_us(self, unit) : MC_SCHEDULE_NEVER;
    const McEncoding *encoding = self->encoding; /* to find a unit may have moved it */
    if (encoding->busy || encoding->error)
        return due_us;
    int64_t work_us = mc_schedule_next_us(&encoding->schedule);
    if (!encoding->encoder && work_us != MC_SCHEDULE_NEVER)
        work_us = MAX(work_us, g_get_monotonic_time() + OPENING_US);
    return MIN(due_us, work_us);
}

/* lock held.  What cannot wait for a frame is encoded. */
static bool refresh(McSeat *self, GError **error)
{
    McEncoding *encoding = self->encoding;
    const McShot shot = {.capture_ns = g_get_monotonic_time() * 1000};
    bool ok = true;

    if (encoding->busy || encoding->error ||
        mc_schedule_next_us(&encoding->schedule) > g_get_monotonic_time())
        return true; /* there is a unit to take, or a frame has brought it meanwhile */
    mc_encoding_begin(encoding);
    if (is_open(encoding, NULL)) /* what it says is said by the next call */
        ok = encode(encoding, self, &shot, error);
    self->error_told = !ok;
    mc_encoding_end(encoding);
    return ok;
}

bool mc_seat_refresh(McSeat *self, GError **error)
{
    bool ok = true;

    mc_encodings_lock(self->house);
    while (!self->stopped) {
        const int64_t due_us = next_us(self);
        if (self->encoding->error && !self->error_told) {
            self->error_told = true;
            ok = !has_failed(self->encoding, error);
            break;
        }
        if (due_us == MC_SCHEDULE_NEVER)
            g_cond_wait(&self->news, &self->house->lock);
        else if (due_us > g_get_monotonic_time())
            g_cond_wait_until(&self->news, &self->house->lock, due_us);
        else
            break;
    }
    if (ok && !self->stopped)
        ok = refresh(self, error);
    ok = ok && !self->stopped;
    mc_encodings_unlock(self->house);
    return ok;
}
