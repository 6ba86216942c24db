/* SPDX-License-Identifier: MIT */
#include "umd/session-status.h"

void mc_session_status_init(McSessionStatus *self)
{
    *self = (McSessionStatus){0};
    g_mutex_init(&self->lock);
    self->snapshot.size = sizeof(self->snapshot);
    self->snapshot.version = MC_STATUS_VERSION;
}

void mc_session_status_clear(McSessionStatus *self)
{
    g_mutex_clear(&self->lock);
}

void mc_session_status_update(McSessionStatus *self, const McWfdSource *source, McAdapt *adapt,
                              const McLife *life)
{
    const McWfdDecision *decision = mc_wfd_source_decision(source);
    McWfdCounters counters = mc_wfd_source_counters(source);

    g_mutex_lock(&self->lock);
    McStatusSnapshot *snap = &self->snapshot;
    snap->wfd_state = mc_wfd_source_state(source);
    if (decision && decision->n_video) {
        const McVideoMode *mode = &mc_wfd_decision_video(decision)->mode;
        snap->width_px = mode->width_px;
        snap->height_px = mode->height_px;
        snap->fps = mode->fps;
        snap->audio_codec =
            decision->n_audio ? decision->audio[decision->current_audio].codec : MC_AUDIO_NONE;
    }
    const McFeedbackCounters back = mc_feedback_counters(mc_adapt_feedback(adapt));
    snap->live = mc_life_is_live(life);
    snap->rtcp_reports = back.reports;
    snap->rtcp_lost = back.lost;
    snap->rtcp_loss_permille = back.fraction_lost * 1000u / 256;
    snap->received_kbps = back.received_kbps;
    snap->trip_us = (int32_t) back.trip_us;
    snap->radio_kbps = back.radio.kbps;
    snap->radio_sent = back.radio.sent;
    snap->radio_failed = back.radio.failed;
    snap->radio_retried = back.radio.retried;
    snap->idr_requests = counters.idr_requests;
    snap->keepalives_sent = counters.keepalives_sent;
    snap->keepalives_answered = counters.keepalives_answered;
    g_mutex_unlock(&self->lock);
}

static McStatusStage stage_of(McStageFigures figures)
{
    return (McStatusStage){figures.p50_us, figures.p95_us};
}

void mc_session_status_read(McSessionStatus *self, McMedia *media, McStatusSnapshot *ret_snapshot)
{
    McStreamStats stats;

    mc_media_stats(media, &stats);
    g_mutex_lock(&self->lock);
    *ret_snapshot = self->snapshot;
    g_mutex_unlock(&self->lock);
    ret_snapshot->frames_in = stats.frames_in;
    ret_snapshot->frames_encoded = stats.frames_encoded;
    ret_snapshot->frames_dropped = stats.frames_dropped;
    ret_snapshot->idr_frames = stats.idr_frames;
    ret_snapshot->datagrams_sent = stats.datagrams_sent;
    ret_snapshot->bytes_sent = stats.bytes_sent + stats.bytes_duplicated;
    ret_snapshot->datagrams_duplicated = stats.datagrams_duplicated;
    ret_snapshot->datagrams_dropped = stats.datagrams_dropped;
    ret_snapshot->bitrate_kbps = stats.bitrate_kbps;
    ret_snapshot->convert_us = stats.convert_us;
    ret_snapshot->encode_us = stats.encode_us;
    ret_snapshot->mux_us = stats.mux_us;
    ret_snapshot->send_us = stats.send_us;
    ret_snapshot->convert = stage_of(stats.convert);
    ret_snapshot->encode = stage_of(stats.encode);
    ret_snapshot->mux = stage_of(stats.mux);
    ret_snapshot->send = stage_of(stats.send);
    ret_snapshot->age = stage_of(stats.age);
    ret_snapshot->frames_repeated = stats.frames_repeated;
    ret_snapshot->refusals = stats.refusals;
    ret_snapshot->queued_bytes = stats.queued_bytes;
    ret_snapshot->encoders_replaced = stats.encoders_replaced;
    ret_snapshot->av_offset_us = stats.av_offset_us;
    ret_snapshot->sound_skipped_us = stats.sound_skipped_us;
    ret_snapshot->encoding = stats.encoding;
    ret_snapshot->encoding_sinks = stats.encoding_streams;
    ret_snapshot->frames_shared = stats.frames_shared;
    g_strlcpy(ret_snapshot->encoder, stats.encoder, sizeof(ret_snapshot->encoder));
}
