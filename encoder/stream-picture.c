/* SPDX-License-Identifier: MIT */
/* A picture's way from its encoding to the output; protection, and the refresher of still pictures.
 */
#include <string.h>

#include "encoder/stream-private.h"

/* After so long without a frame the kept one is what the desktop still shows. */
#define STILL_NS (200 * G_GINT64_CONSTANT(1000000))

static int64_t now_ns(void)
{
    return g_get_monotonic_time() * 1000;
}

/* ---- units ---- */

static void count(McStream *self, const McUnit *unit, const uint32_t send_us[2])
{
    const int64_t age_us = (now_ns() - unit->capture_ns) / 1000;

    g_mutex_lock(&self->stats_lock);
    McStreamStats *stats = &self->stats;
    stats->frames_encoded++;
    self->frame_waits = false;
    stats->frames_repeated += unit->repeated;
    stats->idr_frames += unit->idr;
    stats->encode_us = unit->encode_us;
    stats->mux_us = send_us[0];
    stats->send_us = send_us[1];
    mc_stage_times_add(&self->encode_times, unit->encode_us);
    mc_stage_times_add(&self->mux_times, send_us[0]);
    mc_stage_times_add(&self->send_times, send_us[1]);
    if (!unit->repeated) {
        mc_stage_times_add(&self->convert_times, unit->convert_us);
        mc_stage_times_add(&self->age_times, age_us);
        stats->capture_us = unit->capture_us;
        stats->convert_us = unit->convert_us;
        stats->age_us = (uint32_t) age_us;
    }
    g_mutex_unlock(&self->stats_lock);
}

/* The PMT says what the SPS says. */
void mc_stream_announce_video(McStream *self, const McEncoderInfo *info)
{
    self->announced = *info;
    mc_output_set_video(self->output, info->profile_idc, info->constraints, info->level_idc);
}

static bool is_announced(const McStream *self, const McEncoderInfo *info)
{
    return self->announced.profile_idc == info->profile_idc &&
           self->announced.constraints == info->constraints &&
           self->announced.level_idc == info->level_idc;
}

static void tell(McStream *self, const char *text)
{
    if (text && self->config.on_note)
        self->config.on_note(text, self->config.user_data);
}

/* send_lock held. */
static void send_unit(McStream *self, const McTaken *taken)
{
    const McUnit *unit = taken->unit;
    const uint64_t frame_id = taken->frame_id; /* also again: C-76 */
    uint32_t send_us[2] = {0, 0};

    if (!is_announced(self, &unit->info))
        mc_stream_announce_video(self, &unit->info);
    if (frame_id && self->config.on_frame_encoded)
        self->config.on_frame_encoded(frame_id, unit->encode_us,
                                      (uint32_t) (unit->bytes->len * 8 * self->fps / 1000),
                                      self->config.user_data);
    mc_output_video(self->output, unit->bytes, unit->idr, unit->capture_ns, frame_id, send_us);
    count(self, unit, send_us);
    tell(self, unit->note);
    tell(self, taken->news);
}

/* All that there is, else the clock alone. */
static void send_units(McStream *self, bool heartbeat)
{
    McTaken taken;

    g_mutex_lock(&self->send_lock);
    while (!mc_stream_is_quiet(self) && mc_seat_take(self->seat, &taken)) {
        send_unit(self, &taken);
        mc_unit_unref(taken.unit);
        heartbeat = false;
    }
    if (heartbeat && !mc_stream_is_quiet(self))
        mc_output_heartbeat(self->output);
    g_mutex_unlock(&self->send_lock);
}

/* ---- protected content ---- */

void mc_stream_enter_protection(McStream *self, McProtectionMode mode)
{
    self->clear_from_ns = 0;
    if (self->protection == mode)
        return;
    mc_output_protect(self->output, mode == MC_PROTECTION_ENCRYPT,
                      mode == MC_PROTECTION_WITHHOLD ? INT64_MAX : now_ns());
    mc_seat_protect(self->seat, mode != MC_PROTECTION_NONE, mode == MC_PROTECTION_WITHHOLD);
    self->protection = mode;
}

/* What was captured before the end of protection is protected still. */
static void end_protection(McStream *self, int64_t capture_ns)
{
    g_mutex_lock(&self->send_lock);
    if (self->clear_from_ns && capture_ns >= self->clear_from_ns)
        mc_stream_enter_protection(self, MC_PROTECTION_NONE);
    g_mutex_unlock(&self->send_lock);
}

void mc_stream_set_protection(McStream *self, McProtectionMode mode)
{
    g_mutex_lock(&self->send_lock);
    if (mode != MC_PROTECTION_NONE)
        mc_stream_enter_protection(self, mode);
    else if (self->protection != MC_PROTECTION_NONE && !self->clear_from_ns)
        self->clear_from_ns = now_ns();
    g_mutex_unlock(&self->send_lock);
}

/* ---- pushing ---- */

/* The caller of a push hears of it by the return value, and nobody a second time. */
static bool fail(McStream *self)
{
    g_atomic_int_set(&self->failed, 1);
    return false;
}

bool mc_stream_push_frame(McStream *self, const McFrameDesc *frame, GError **error)
{
    bool kept = false;

    g_mutex_lock(&self->stats_lock);
    self->stats.frames_in++;
    g_mutex_unlock(&self->stats_lock);
    if (mc_stream_is_quiet(self))
        return true;
    end_protection(self, frame->capture_ns);
    if (!mc_seat_push_frame(self->seat, frame, &kept, error))
        return fail(self);
    g_mutex_lock(&self->stats_lock);
    self->stats.frames_dropped += self->frame_waits;
    self->frame_waits = kept;
    g_mutex_unlock(&self->stats_lock);
    send_units(self, true);
    return true;
}

bool mc_stream_push_repeat(McStream *self, GError **error)
{
    if (mc_stream_is_quiet(self))
        return true;
    end_protection(self, now_ns() - STILL_NS);
    if (!mc_seat_push_repeat(self->seat, error))
        return fail(self);
    send_units(self, true);
    return true;
}

/* ---- refresher ---- */

gpointer mc_stream_run_refresh(gpointer user_data)
{
    McStream *self = user_data;

    while (!g_atomic_int_get(&self->stopped)) {
        g_autoptr(GError) error = NULL;

        if (mc_seat_refresh(self->seat, &error))
            send_units(self, false);
        else if (error)
            mc_stream_report_failure(error, self);
    }
    return NULL;
}
