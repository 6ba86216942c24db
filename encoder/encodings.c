/* SPDX-License-Identifier: MIT */
#include "encoder/encodings.h"

#include <string.h>

#include "encoder/encodings-private.h"

/* ---- the house ---- */

static GMutex shared_lock;
static McEncodings *shared; /* not a reference: it ends with the last of its users */

McEncodings *mc_encodings_new(void)
{
    McEncodings *self = g_new0(McEncodings, 1);

    g_atomic_ref_count_init(&self->references);
    g_mutex_init(&self->lock);
    self->all = g_ptr_array_new();
    self->dead = g_ptr_array_new_with_free_func((GDestroyNotify) mc_encoding_free);
    return self;
}

McEncodings *mc_encodings_ref(McEncodings *self)
{
    g_atomic_ref_count_inc(&self->references);
    return self;
}

void mc_encodings_unref(McEncodings *self)
{
    if (!self)
        return;
    g_mutex_lock(&shared_lock); /* nobody may find one that ends */
    const bool last = g_atomic_ref_count_dec(&self->references);
    if (last && shared == self)
        shared = NULL;
    g_mutex_unlock(&shared_lock);
    if (!last)
        return;
    g_ptr_array_unref(self->all);
    g_ptr_array_unref(self->dead);
    g_mutex_clear(&self->lock);
    g_free(self);
}

McEncodings *mc_encodings_shared(void)
{
    g_mutex_lock(&shared_lock);
    McEncodings *self = shared ? mc_encodings_ref(shared) : (shared = mc_encodings_new());
    g_mutex_unlock(&shared_lock);
    return self;
}

void mc_encodings_lock(McEncodings *self)
{
    g_mutex_lock(&self->lock);
}

/* To end an encoder takes a while, and perhaps waits for one that opens. */
void mc_encodings_unlock(McEncodings *self)
{
    GPtrArray *dead = self->dead->len ? self->dead : NULL;

    if (dead)
        self->dead = g_ptr_array_new_with_free_func((GDestroyNotify) mc_encoding_free);
    g_mutex_unlock(&self->lock);
    if (dead)
        g_ptr_array_unref(dead);
}

/* ---- frames by name ---- */

const McKnownFrame *mc_known_find(const McKnownFrames *self, uint64_t pixels, int64_t capture_ns)
{
    for (unsigned i = 0; capture_ns && i < MC_FRAMES_KNOWN; i++)
        if (self->frame[i].pixels == pixels && self->frame[i].capture_ns == capture_ns)
            return &self->frame[i];
    return NULL;
}

void mc_known_add(McKnownFrames *self, const McKnownFrame *frame)
{
    self->frame[self->next++ % MC_FRAMES_KNOWN] = *frame;
}

/* ---- encodings ---- */

McEncoding *mc_encoding_new(McEncodings *house, const McStreamVideo *video, const char *wish)
{
    McEncoding *self = g_new0(McEncoding, 1);

    self->house = house;
    self->serial = ++house->last_serial;
    self->video = *video;
    self->single_slice = video->single_slice;
    g_strlcpy(self->wish, wish ? wish : "", sizeof(self->wish));
    self->seats = g_ptr_array_new();
    self->convert = mc_convert_new(video->width_px, video->height_px);
    mc_schedule_restart(&self->schedule, video->fps);
    g_ptr_array_add(house->all, self);
    return self;
}

void mc_unit_unref(McUnit *self)
{
    if (!self || !g_atomic_ref_count_dec(&self->references))
        return;
    g_byte_array_unref(self->bytes);
    g_free(self->note);
    g_free(self);
}

void mc_encoding_free(McEncoding *self)
{
    for (unsigned i = 0; i < MC_UNITS_KEPT; i++)
        mc_unit_unref(self->unit[i]);
    g_ptr_array_unref(self->seats);
    mc_h264_opening_free(self->opening);
    mc_video_encoder_free(self->encoder);
    mc_convert_free(self->convert);
    g_clear_pointer(&self->notice, mc_picture_unref);
    g_clear_error(&self->error);
    g_free(self->note);
    g_free(self);
}

void mc_encoding_bury(McEncoding *self)
{
    if (self->busy || self->seats->len)
        return;
    mc_encoding_cancel_guests(self);
    if (g_ptr_array_remove(self->house->all, self))
        g_ptr_array_add(self->house->dead, self);
}

void mc_encoding_begin(McEncoding *self)
{
    self->busy = true;
}

void mc_encoding_end(McEncoding *self)
{
    self->busy = false;
    mc_encoding_follow_cursor(self);
    for (guint i = 0; i < self->seats->len; i++) {
        McSeat *seat = g_ptr_array_index(self->seats, i);
        g_cond_broadcast(&seat->done);
    }
    if (mc_schedule_next_us(&self->schedule) != MC_SCHEDULE_NEVER)
        mc_encoding_wake(self); /* a wish came meanwhile */
    mc_encoding_bury(self);
}

void mc_encoding_wake(McEncoding *self)
{
    for (guint i = 0; i < self->seats->len; i++)
        g_cond_signal(&((McSeat *) g_ptr_array_index(self->seats, i))->news);
}

static void note(const char *text, void *encoding)
{
    McEncoding *self = encoding;

    g_free(self->note);
    self->note = g_strdup(text);
}

void mc_encoding_describe(const McEncoding *self, McEncoderInfo *ret)
{
    const McH264 *h264 = mc_video_encoder_h264(self->encoder);

    mc_h264_profile(h264, &ret->profile_idc, &ret->constraints, &ret->level_idc);
    g_strlcpy(ret->encoder, mc_h264_encoder(h264), sizeof(ret->encoder));
    ret->slices = mc_h264_slices(h264);
    ret->replaced = mc_video_encoder_stats(self->encoder).replaced;
}

void mc_encoding_set_encoder(McEncoding *self, McVideoEncoder *encoder)
{
    self->encoder = encoder;
    mc_video_encoder_on_note(encoder, note, self);
    mc_encoding_describe(self, &self->info);
}

unsigned mc_encoding_streams(const McEncoding *self)
{
    unsigned streams = 0;

    for (guint i = 0; i < self->seats->len; i++)
        streams += !((const McSeat *) g_ptr_array_index(self->seats, i))->resting;
    return streams;
}

McStreamPace mc_encoding_pace(const McEncoding *self)
{
    const uint32_t most_fps = self->video.fps;
    McStreamPace pace = {0};

    for (guint i = 0; i < self->seats->len; i++) {
        const McSeat *seat = g_ptr_array_index(self->seats, i);
        const McStreamPace *one = &seat->pace;
        if (seat->resting)
            continue;
        pace.kbps = pace.kbps ? MIN(pace.kbps, one->kbps) : one->kbps;
        pace.fps = MAX(pace.fps, one->fps ? MIN(one->fps, most_fps) : most_fps);
        pace.tight = pace.tight || one->tight;
    }
    if (!pace.kbps) /* they all went to rest, or away */
        pace.kbps = self->video.bitrate_kbps;
    if (!pace.fps)
        pace.fps = most_fps;
    return pace;
}

void mc_encoding_follow_pace(McEncoding *self)
{
    const McStreamPace pace = mc_encoding_pace(self);

    self->schedule.tight = pace.tight;
    mc_schedule_set_fps(&self->schedule, pace.fps);
}

bool mc_encoding_single_slice(const McEncoding *self)
{
    for (guint i = 0; i < self->house->all->len; i++) {
        const McEncoding *encoding = g_ptr_array_index(self->house->all, i);
        for (guint k = 0; k < encoding->seats->len; k++) {
            const McSeat *seat = g_ptr_array_index(encoding->seats, k);
            if (seat->single_slice && (encoding == self || seat->next == self))
                return true;
        }
    }
    return false;
}

McSeat *mc_encoding_lead(const McEncoding *self)
{
    McSeat *lead = NULL;

    for (guint i = 0; i < self->seats->len && (!lead || lead->resting); i++)
        lead = g_ptr_array_index(self->seats, i);
    return lead;
}

/* The others' news of it is the same, a little later. */
void mc_encoding_follow_cursor(McEncoding *self)
{
    McSeat *lead = mc_encoding_lead(self);

    if (!self->cursor_waits || self->busy || !lead)
        return;
    const McSeatCursor *cursor = &lead->cursor;
    const bool news = cursor->bgra && cursor->shape != self->shape;
    self->cursor_waits = false;
    self->shape = cursor->bgra ? cursor->shape : self->shape;
    if (!mc_convert_set_cursor(self->convert, cursor->x_px, cursor->y_px, cursor->visible,
                               news ? g_bytes_get_data(cursor->bgra, NULL) : NULL, cursor->width_px,
                               cursor->height_px))
        return;
    self->schedule.cursor_waits = true;
    g_cond_signal(&lead->news);
}

/* ---- seats ---- */

McSeat *mc_seat_new(McEncodings *encodings, const McStreamVideo *video, const char *wish,
                    McH264 *h264, GError **error)
{
    McVideoEncoder *encoder = mc_video_encoder_new(video, wish, 0, h264, error);

    if (!encoder)
        return NULL;
    McSeat *self = g_new0(McSeat, 1);
    self->house = mc_encodings_ref(encodings);
    g_cond_init(&self->done);
    g_cond_init(&self->news);
    self->pace.kbps = video->bitrate_kbps;
    self->single_slice = video->single_slice;
    self->at = 1;
    mc_encodings_lock(self->house);
    self->encoding = mc_encoding_new(self->house, video, wish);
    mc_encoding_set_encoder(self->encoding, encoder);
    g_ptr_array_add(self->encoding->seats, self);
    mc_encodings_unlock(self->house);
    return self;
}

void mc_seat_free(McSeat *self)
{
    if (!self)
        return;
    mc_seat_stop(self);
    mc_encodings_lock(self->house);
    McEncoding *encoding = self->encoding;
    mc_seat_cancel_next(self);
    g_ptr_array_remove(encoding->seats, self);
    encoding->cursor_waits = true; /* another's */
    mc_encoding_follow_cursor(encoding);
    mc_encoding_wake(encoding); /* what it was to do, another does */
    mc_encoding_bury(encoding);
    mc_encodings_unlock(self->house);
    mc_encodings_unref(self->house);
    g_cond_clear(&self->done);
    g_cond_clear(&self->news);
    g_clear_pointer(&self->cursor.bgra, g_bytes_unref);
    g_free(self);
}

/* lock held. */
static void wake(McSeat *self)
{
    g_cond_broadcast(&self->done);
    g_cond_broadcast(&self->news);
}

void mc_seat_stop(McSeat *self)
{
    mc_encodings_lock(self->house);
    self->stopped = self->resting = true;
    mc_encoding_judge(self->encoding);
    wake(self);
    mc_encodings_unlock(self->house);
}

void mc_seat_rest(McSeat *self, bool resting)
{
    mc_encodings_lock(self->house);
    if (!self->stopped && self->resting != resting) {
        self->resting = resting;
        self->needs_idr = true;
        self->at = self->encoding->n_units + 1;
        if (!resting) {
            self->encoding->schedule.idr_wanted = true;
            mc_schedule_expect_frame(&self->encoding->schedule, g_get_monotonic_time());
        }
        self->encoding->cursor_waits = true;
        mc_encoding_follow_cursor(self->encoding);
        mc_encoding_judge(self->encoding);
        wake(self);
    }
    mc_encodings_unlock(self->house);
}

bool mc_seat_await(McSeat *self, bool even_resting)
{
    while (self->encoding->busy && !self->stopped && (even_resting || !self->resting))
        g_cond_wait(&self->done, &self->house->lock);
    return !self->stopped && (even_resting || !self->resting);
}

/* ---- wishes ---- */

void mc_seat_force_idr(McSeat *self)
{
    mc_encodings_lock(self->house);
    if (!self->resting) /* it gets one at the end of its rest */
        self->encoding->schedule.idr_wanted = true;
    g_cond_signal(&self->news);
    mc_encodings_unlock(self->house);
}

void mc_seat_set_pace(McSeat *self, const McStreamPace *pace)
{
    mc_encodings_lock(self->house);
    self->pace = *pace;
    mc_encoding_follow_pace(self->encoding);
    mc_encoding_judge(self->encoding);
    mc_encodings_unlock(self->house);
}

void mc_seat_set_cursor(McSeat *self, int x_px, int y_px, bool visible, const uint8_t *bgra,
                        unsigned width_px, unsigned height_px)
{
    g_autoptr(GBytes) shape = bgra && width_px && height_px && width_px <= MC_CURSOR_MAX_PX &&
                                      height_px <= MC_CURSOR_MAX_PX
                                  ? g_bytes_new(bgra, (size_t) width_px * height_px * 4)
                                  : NULL;

    mc_encodings_lock(self->house);
    self->cursor.x_px = x_px;
    self->cursor.y_px = y_px;
    self->cursor.visible = visible;
    if (shape) {
        g_clear_pointer(&self->cursor.bgra, g_bytes_unref);
        self->cursor.bgra = g_steal_pointer(&shape);
        self->cursor.width_px = width_px;
        self->cursor.height_px = height_px;
        self->cursor.shape = g_bytes_hash(self->cursor.bgra) ^ width_px << 16 ^ height_px;
    }
    self->encoding->cursor_waits = true;
    mc_encoding_follow_cursor(self->encoding);
    mc_encoding_judge(self->encoding);
    mc_encodings_unlock(self->house);
}

static uint32_t avoided(McSeat *self, char ret_wish[32])
{
    mc_encodings_lock(self->house);
    const McVideoEncoder *encoder = self->encoding->encoder;
    const uint32_t avoid = encoder ? mc_video_encoder_failed(encoder) : self->encoding->avoid;
    memcpy(ret_wish, self->encoding->wish, 32);
    mc_encodings_unlock(self->house);
    return avoid;
}

bool mc_seat_set_video(McSeat *self, const McStreamVideo *video, GError **error)
{
    char wish[32];
    const uint32_t avoid = avoided(self, wish);
    McVideoEncoder *encoder = mc_video_encoder_new(video, wish, avoid, NULL, error);

    if (!encoder)
        return false;
    mc_encodings_lock(self->house);
    if (mc_seat_await(self, true)) {
        McEncoding *own = mc_encoding_new(self->house, video, wish);
        mc_encoding_set_encoder(own, g_steal_pointer(&encoder));
        own->avoid = avoid;
        self->pace = (McStreamPace){.kbps = video->bitrate_kbps};
        self->single_slice = video->single_slice;
        mc_seat_move_to(self, own);
        wake(self);
    }
    mc_encodings_unlock(self->house);
    mc_video_encoder_free(encoder);
    return true;
}

static void guard(McEncoding *self, bool protect, bool withhold)
{
    self->guarded = protect;
    self->withheld = withhold;
    self->content_changed = self->schedule.idr_wanted = true;
}

void mc_seat_protect(McSeat *self, bool protect, bool withhold)
{
    mc_encodings_lock(self->house);
    if (mc_seat_await(self, true)) {
        mc_seat_cancel_next(self);
        mc_encoding_cancel_guests(self->encoding);
        if (protect && self->encoding->seats->len > 1)
            mc_seat_move_to(self, mc_encoding_new_opening(self));
        guard(self->encoding, protect, withhold);
        self->needs_idr = true;
        self->at = self->encoding->n_units + 1;
        wake(self);
    }
    mc_encodings_unlock(self->house);
}

McSeatFigures mc_seat_figures(McSeat *self)
{
    McSeatFigures ret = {0};

    mc_encodings_lock(self->house);
    const McEncoding *encoding = self->encoding;
    ret.kbps = mc_encoding_pace(encoding).kbps;
    ret.serial = encoding->serial;
    ret.streams = mc_encoding_streams(encoding);
    ret.taken = self->taken;
    ret.replaced = self->replaced;
    ret.info = encoding->info;
    mc_encodings_unlock(self->house);
    return ret;
}
