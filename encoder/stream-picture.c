/* SPDX-License-Identifier: MIT */
#include "encoder/notice.h"
#include "encoder/stream-private.h"

#define REPEATS_ENCODED 20 /* two seconds: what is not improved by then is not improved */
#define EMPTY_BYTES 64     /* a unit of this size holds no coded macroblock */
/* After so long without a frame the kept one is what the desktop still shows. */
#define STILL_NS (200 * G_GINT64_CONSTANT(1000000))
#define NOTICE                                                                                     \
    "This content is protected. It cannot be shown on this display because the display or this "   \
    "computer does not protect it on the way."

static int64_t now_ns(void)
{
    return g_get_monotonic_time() * 1000;
}

/* ---- encoding ---- */

static bool idr_is_due(McStream *self)
{
    g_mutex_lock(&self->wish_lock);
    bool due = mc_schedule_idr_is_due(&self->schedule, g_get_monotonic_time());
    g_mutex_unlock(&self->wish_lock);
    return due;
}

/* encode_lock held. */
static void note_unit(McStream *self, int64_t start_us, bool idr)
{
    g_mutex_lock(&self->wish_lock);
    mc_schedule_encoded(&self->schedule, start_us, idr,
                        (int64_t) self->unit->len * 8000 / MAX(self->video.bitrate_kbps, 1));
    g_mutex_unlock(&self->wish_lock);
}

/* True: the frame is encoded now; else it is kept, and the refresher sends it in its time. */
static bool note_frame(McStream *self)
{
    g_mutex_lock(&self->wish_lock);
    bool due = mc_schedule_frame(&self->schedule, g_get_monotonic_time());
    if (!due)
        g_cond_signal(&self->wished);
    g_mutex_unlock(&self->wish_lock);
    return due;
}

typedef struct {
    uint64_t frame_id; /* 0: a repetition */
    int64_t capture_ns;
    uint32_t capture_us, convert_us;
} Shot;

static void count(McStream *self, const Shot *shot, bool idr, uint32_t encode_us,
                  const uint32_t send_us[2])
{
    g_mutex_lock(&self->stats_lock);
    McStreamStats *stats = &self->stats;
    stats->frames_encoded++;
    stats->frames_repeated += shot->frame_id == 0;
    stats->idr_frames += idr;
    stats->encode_us = encode_us;
    stats->mux_us = send_us[0];
    stats->send_us = send_us[1];
    mc_stage_times_add(&self->encode_times, encode_us);
    mc_stage_times_add(&self->mux_times, send_us[0]);
    mc_stage_times_add(&self->send_times, send_us[1]);
    if (shot->frame_id) {
        mc_stage_times_add(&self->convert_times, shot->convert_us);
        mc_stage_times_add(&self->age_times, (now_ns() - shot->capture_ns) / 1000);
        stats->capture_us = shot->capture_us;
        stats->convert_us = shot->convert_us;
        stats->age_us = (uint32_t) ((now_ns() - shot->capture_ns) / 1000);
    }
    g_mutex_unlock(&self->stats_lock);
}

/* The PMT says what the SPS says. */
void mc_stream_announce_video(McStream *self)
{
    const McH264 *h264 = mc_video_encoder_h264(self->encoder);
    uint8_t profile_idc, constraints, level_idc;

    mc_h264_profile(h264, &profile_idc, &constraints, &level_idc);
    mc_output_set_video(self->output, profile_idc, constraints, level_idc);
    self->encoders_replaced = mc_video_encoder_stats(self->encoder).replaced;
    g_mutex_lock(&self->stats_lock);
    self->stats.encoders_replaced = self->encoders_replaced;
    g_strlcpy(self->stats.encoder, mc_h264_encoder(h264), sizeof(self->stats.encoder));
    self->stats.bitrate_kbps = self->video.bitrate_kbps;
    g_mutex_unlock(&self->stats_lock);
}

/* ---- protected content ---- */

/* encode_lock held. */
static McPicture *picture_to_show(McStream *self)
{
    if (self->protection != MC_PROTECTION_WITHHOLD)
        return mc_convert_compose(self->convert);
    if (!self->notice)
        self->notice = mc_notice_new(self->video.width_px, self->video.height_px, NOTICE);
    return self->notice;
}

/* encode_lock held. */
void mc_stream_enter_protection(McStream *self, McProtectionMode mode)
{
    const bool encrypt = mode == MC_PROTECTION_ENCRYPT;

    self->clear_from_ns = 0;
    if (self->protection == mode)
        return;
    mc_output_protect(self->output, encrypt, mode == MC_PROTECTION_WITHHOLD ? INT64_MAX : now_ns());
    self->protection = mode;
    self->content_changed = true;
    mc_stream_force_idr(self);
}

/* encode_lock held.  What was captured before the end of protection is protected still. */
static void end_protection(McStream *self, int64_t capture_ns)
{
    if (self->clear_from_ns && capture_ns >= self->clear_from_ns)
        mc_stream_enter_protection(self, MC_PROTECTION_NONE);
}

void mc_stream_set_protection(McStream *self, McProtectionMode mode)
{
    g_mutex_lock(&self->encode_lock);
    if (mode != MC_PROTECTION_NONE)
        mc_stream_enter_protection(self, mode);
    else if (self->protection != MC_PROTECTION_NONE && !self->clear_from_ns)
        self->clear_from_ns = now_ns();
    g_mutex_unlock(&self->encode_lock);
}

/* ---- units ---- */

/* encode_lock held.  A picture with other content before it would show through in the differences:
 * an encoder that did not begin anew has its unit dropped, and is asked again. */
static bool begins_anew(McStream *self, bool idr)
{
    if (!self->content_changed)
        return true;
    if (idr)
        self->content_changed = false;
    else
        mc_stream_force_idr(self);
    return idr;
}

/* A still picture is encoded again until that improves it no more; then its repetitions need no
 * encoder. */
static bool has_news(McStream *self, const Shot *shot)
{
    g_mutex_lock(&self->wish_lock);
    bool news = shot->frame_id || mc_schedule_has_news(&self->schedule);
    g_mutex_unlock(&self->wish_lock);
    return news;
}

/* encode_lock held. */
static bool make_unit(McStream *self, const Shot *shot, bool *idr, GError **error)
{
    const bool again = !*idr && !has_news(self, shot);

    if (again && self->repeated >= REPEATS_ENCODED &&
        mc_video_encoder_repeat(self->encoder, self->unit))
        return true;
    if (!mc_video_encoder_encode(self->encoder, picture_to_show(self), *idr, self->unit, idr,
                                 error))
        return false;
    if (mc_video_encoder_stats(self->encoder).replaced != self->encoders_replaced)
        mc_stream_announce_video(self);
    self->repeated = !again                           ? 0
                     : self->unit->len <= EMPTY_BYTES ? REPEATS_ENCODED
                                                      : self->repeated + 1;
    return true;
}

/* encode_lock held. */
static bool encode_and_send(McStream *self, const Shot *shot, GError **error)
{
    int64_t start_us = g_get_monotonic_time();
    bool idr = idr_is_due(self) || self->content_changed;
    uint32_t send_us[2] = {0, 0};

    if (!make_unit(self, shot, &idr, error))
        return false;
    uint32_t encode_us = (uint32_t) (g_get_monotonic_time() - start_us);
    note_unit(self, start_us, idr);
    const uint64_t frame_id = shot->frame_id ? shot->frame_id : self->shown_id; /* again: C-76 */
    if (frame_id && self->config.on_frame_encoded)
        self->config.on_frame_encoded(frame_id, encode_us,
                                      (uint32_t) (self->unit->len * 8 * self->video.fps / 1000),
                                      self->config.user_data);
    if (begins_anew(self, idr))
        mc_output_video(self->output, self->unit, idr, shot->capture_ns, frame_id, send_us);
    count(self, shot, idr, encode_us, send_us);
    return true;
}

/* The last picture again when it is due, else the heartbeat; encode_lock held. */
static bool repeat(McStream *self, GError **error)
{
    Shot shot = {.capture_ns = now_ns()};

    g_mutex_lock(&self->wish_lock);
    bool due = mc_schedule_repeat_is_due(&self->schedule, g_get_monotonic_time());
    g_mutex_unlock(&self->wish_lock);
    if (due)
        return encode_and_send(self, &shot, error);
    mc_output_heartbeat(self->output);
    return true;
}

/* encode_lock held. */
static bool show(McStream *self, const McFrameDesc *frame, GError **error)
{
    Shot shot = {.frame_id = frame->frame_id,
                 .capture_ns = frame->capture_ns,
                 .capture_us = frame->capture_us};
    int64_t start_us = g_get_monotonic_time();

    end_protection(self, frame->capture_ns);
    if (frame->flags & MC_FRAME_UNCHANGED && mc_convert_has_picture(self->convert))
        return repeat(self, error);
    if (!mc_convert_frame(self->convert, frame, error))
        return false;
    shot.convert_us = (uint32_t) (g_get_monotonic_time() - start_us);
    self->shown_id = frame->frame_id;
    if (note_frame(self))
        return encode_and_send(self, &shot, error);
    g_mutex_lock(&self->stats_lock);
    self->stats.frames_dropped++;
    g_mutex_unlock(&self->stats_lock);
    return true;
}

/* The caller of a push hears of it by the return value, and nobody a second time. */
static bool fail(McStream *self)
{
    g_atomic_int_set(&self->failed, 1);
    return false;
}

bool mc_stream_push_frame(McStream *self, const McFrameDesc *frame, GError **error)
{
    g_mutex_lock(&self->stats_lock);
    self->stats.frames_in++;
    g_mutex_unlock(&self->stats_lock);
    g_mutex_lock(&self->encode_lock);
    bool ok = mc_stream_is_quiet(self) || show(self, frame, error);
    g_mutex_unlock(&self->encode_lock);
    return ok || fail(self);
}

bool mc_stream_push_repeat(McStream *self, GError **error)
{
    g_mutex_lock(&self->encode_lock);
    end_protection(self, now_ns() - STILL_NS);
    bool ok = mc_stream_is_quiet(self) || repeat(self, error);
    g_mutex_unlock(&self->encode_lock);
    return ok || fail(self);
}

/* ---- refresher ---- */

static void refresh(McStream *self)
{
    g_autoptr(GError) error = NULL;
    Shot shot = {.capture_ns = now_ns()};
    bool ok = true;

    g_mutex_lock(&self->encode_lock);
    g_mutex_lock(&self->wish_lock); /* a frame may have brought it meanwhile */
    bool due = mc_schedule_next_us(&self->schedule) <= g_get_monotonic_time();
    g_mutex_unlock(&self->wish_lock);
    if (due && !mc_stream_is_quiet(self))
        ok = encode_and_send(self, &shot, &error);
    g_mutex_unlock(&self->encode_lock);
    if (!ok)
        mc_stream_report_failure(error, self);
}

gpointer mc_stream_run_refresh(gpointer user_data)
{
    McStream *self = user_data;

    g_mutex_lock(&self->wish_lock);
    while (!g_atomic_int_get(&self->stopped)) {
        int64_t next_us = mc_stream_is_quiet(self) || g_atomic_int_get(&self->failed)
                              ? MC_SCHEDULE_NEVER
                              : mc_schedule_next_us(&self->schedule);
        if (next_us == MC_SCHEDULE_NEVER) {
            g_cond_wait(&self->wished, &self->wish_lock);
        } else if (next_us > g_get_monotonic_time()) {
            g_cond_wait_until(&self->wished, &self->wish_lock, next_us);
        } else {
            g_mutex_unlock(&self->wish_lock);
            refresh(self);
            g_mutex_lock(&self->wish_lock);
        }
    }
    g_mutex_unlock(&self->wish_lock);
    return NULL;
}
