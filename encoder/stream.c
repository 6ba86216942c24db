/* SPDX-License-Identifier: MIT */
#include "encoder/stream.h"

#include "encoder/audio-encoder.h"
#include "encoder/h264-opening.h"
#include "encoder/stream-private.h"
#include "encoder/ts-flavour.h"

bool mc_stream_is_quiet(McStream *self)
{
    return g_atomic_int_get(&self->paused) || g_atomic_int_get(&self->stopped) ||
           !mc_output_is_ready(self->output);
}

static void on_sound(const uint8_t *frame, size_t bytes, int64_t time_ns, void *user_data)
{
    McStream *self = user_data;

    if (!g_atomic_int_get(&self->muted))
        mc_output_sound(self->output, frame, bytes, time_ns);
    g_mutex_lock(&self->stats_lock);
    self->stats.audio_frames++;
    g_mutex_unlock(&self->stats_lock);
}

static void on_sound_skipped(int64_t skipped_ns, void *user_data)
{
    McStream *self = user_data;

    g_mutex_lock(&self->stats_lock);
    self->stats.sound_skipped_us = (uint64_t) skipped_ns / 1000;
    g_mutex_unlock(&self->stats_lock);
}

void mc_stream_report_failure(const GError *error, void *stream)
{
    McStream *self = stream;

    if (g_atomic_int_compare_and_exchange(&self->failed, 0, 1) && self->config.on_error)
        self->config.on_error(error, self->config.user_data);
}

static void note(const char *text, void *user_data)
{
    McStream *self = user_data;

    if (self->config.on_note)
        self->config.on_note(text, self->config.user_data);
}

static void on_frame_sent(uint64_t frame_id, void *user_data)
{
    McStream *self = user_data;

    if (frame_id && self->config.on_frame_sent)
        self->config.on_frame_sent(frame_id, self->config.user_data);
}

static void on_rtcp(const uint8_t *datagram, size_t len, void *user_data)
{
    McStream *self = user_data;

    if (self->config.on_rtcp)
        self->config.on_rtcp(datagram, len, self->config.user_data);
}

/* As the stream is quiet, so its seat rests; send_lock held. */
static void follow_rest(McStream *self, bool ready)
{
    mc_seat_rest(self->seat,
                 g_atomic_int_get(&self->paused) || g_atomic_int_get(&self->stopped) || !ready);
}

/* Perhaps before there is an output. */
static void on_ready(void *user_data)
{
    McStream *self = user_data;

    g_mutex_lock(&self->send_lock);
    follow_rest(self, true);
    g_mutex_unlock(&self->send_lock);
    mc_stream_force_idr(self);
}

/* ---- wishes ---- */

void mc_stream_force_idr(McStream *self)
{
    mc_seat_force_idr(self->seat);
}

void mc_stream_mute(McStream *self, bool muted)
{
    g_atomic_int_set(&self->muted, muted);
}

int64_t mc_stream_pts_zero_us(const McStream *self)
{
    return mc_output_pts_zero_us(self->output);
}

void mc_stream_set_pace(McStream *self, const McStreamPace *pace)
{
    mc_seat_set_pace(self->seat, pace);
}

void mc_stream_set_duplication(McStream *self, McDuplicate what)
{
    mc_output_set_duplication(self->output, what);
}

void mc_stream_resend(McStream *self, const uint16_t *seqs, unsigned n)
{
    mc_output_resend(self->output, seqs, n);
}

void mc_stream_set_cursor(McStream *self, int x_px, int y_px, bool visible, const uint8_t *bgra,
                          unsigned width_px, unsigned height_px)
{
    mc_seat_set_cursor(self->seat, x_px, y_px, visible, bgra, width_px, height_px);
}

/* What is under way in the two locks goes out or sees the flag; nothing follows. */
static void flush(McStream *self)
{
    g_mutex_lock(&self->send_lock);
    g_mutex_unlock(&self->send_lock);
    mc_output_hold(self->output);
}

void mc_stream_pause(McStream *self, bool paused)
{
    g_atomic_int_set(&self->paused, paused);
    if (!paused)
        mc_output_release(self->output);
    g_mutex_lock(&self->send_lock);
    follow_rest(self, mc_output_is_ready(self->output));
    g_mutex_unlock(&self->send_lock);
    if (paused)
        flush(self);
    else
        mc_stream_force_idr(self);
}

void mc_stream_stats(McStream *self, McStreamStats *ret_stats)
{
    g_mutex_lock(&self->stats_lock);
    *ret_stats = self->stats;
    ret_stats->convert = mc_stage_times_figures(&self->convert_times);
    ret_stats->encode = mc_stage_times_figures(&self->encode_times);
    ret_stats->mux = mc_stage_times_figures(&self->mux_times);
    ret_stats->send = mc_stage_times_figures(&self->send_times);
    ret_stats->age = mc_stage_times_figures(&self->age_times);
    g_mutex_unlock(&self->stats_lock);
    const McSeatFigures seat = mc_seat_figures(self->seat);
    ret_stats->bitrate_kbps = seat.kbps;
    ret_stats->encoders_replaced = seat.replaced;
    ret_stats->slices = seat.info.slices;
    ret_stats->encoding = seat.serial;
    ret_stats->encoding_streams = seat.streams;
    ret_stats->frames_shared = seat.taken;
    g_strlcpy(ret_stats->encoder, seat.info.encoder, sizeof(ret_stats->encoder));
    mc_output_stats(self->output, ret_stats);
}

/* ---- RTCP ---- */

size_t mc_stream_rtcp_report(McStream *self, bool bye, uint8_t ret_packet[MC_RTCP_MAX_BYTES])
{
    return mc_output_rtcp_report(self->output, bye, ret_packet);
}

bool mc_stream_rtcp_open(McStream *self, uint8_t *datagram, size_t *len)
{
    return mc_output_rtcp_open(self->output, datagram, len);
}

uint32_t mc_stream_ssrc(McStream *self)
{
    return mc_output_ssrc(self->output);
}

/* ---- mode ---- */

void mc_stream_set_flavour(McStream *self, const char *name)
{
    const McTsFlavour *flavour = mc_ts_flavour(name);

    if (!flavour)
        return;
    mc_output_set_flavour(self->output, flavour);
    mc_stream_force_idr(self);
}

bool mc_stream_set_video(McStream *self, const McStreamVideo *video, GError **error)
{
    if (!mc_seat_set_video(self->seat, video, error))
        return false;
    g_mutex_lock(&self->send_lock);
    self->fps = video->fps;
    bool ok = mc_output_set_pacing(self->output, self->fps, error);
    g_mutex_unlock(&self->send_lock);
    return ok;
}

/* ---- life ---- */

static void ignore_sound(const uint8_t *frame, size_t bytes, int64_t first_pair, void *user_data)
{
}

void mc_stream_warm(const gint *unwanted)
{
    const McStreamVideo video = {
        .width_px = 640, .height_px = 480, .fps = 30, .level_idc = 31, .bitrate_kbps = 2000};

    mc_h264_free(mc_h264_new(&video, "", 0, NULL));
    if (unwanted && g_atomic_int_get(unwanted))
        return;
    mc_audio_encoder_free(mc_audio_encoder_new(MC_STREAM_AUDIO_AAC, ignore_sound, NULL, NULL));
}

bool mc_stream_has_sound(McStreamAudio audio)
{
    return audio == MC_STREAM_AUDIO_LPCM || mc_audio_encoder_exists(audio);
}

static McSeat *new_seat(const McStreamConfig *config, GError **error)
{
    McH264 *h264 = config->opening ? mc_h264_opening_take(config->opening, &config->video) : NULL;
    g_autoptr(McEncodings) encodings =
        config->encodings ? mc_encodings_ref(config->encodings) : mc_encodings_new();

    return mc_seat_new(encodings, &config->video, config->encoder, h264, error);
}

McStream *mc_stream_new(const McStreamConfig *config, GError **error)
{
    g_autoptr(McStream) self = g_new0(McStream, 1);
    const McOutputHooks hooks = {.on_sent = on_frame_sent,
                                 .on_ready = on_ready,
                                 .on_rtcp = on_rtcp,
                                 .on_note = note,
                                 .on_error = mc_stream_report_failure,
                                 .user_data = self};

    self->config = *config;
    self->config.opening = NULL; /* the caller's, which ends it after this call */
    self->config.encodings = NULL;
    self->fps = config->video.fps;
    g_mutex_init(&self->send_lock);
    g_mutex_init(&self->stats_lock);
    self->seat = new_seat(config, error);
    self->output = self->seat ? mc_output_new(&self->config, &hooks, error) : NULL;
    if (!self->output)
        return NULL;
    g_mutex_lock(&self->send_lock);
    follow_rest(self, mc_output_is_ready(self->output));
    const McSeatFigures seat = mc_seat_figures(self->seat);
    mc_stream_announce_video(self, &seat.info);
    mc_stream_enter_protection(self, config->protection);
    g_mutex_unlock(&self->send_lock);
    return mc_output_set_pacing(self->output, self->fps, error) ? g_steal_pointer(&self) : NULL;
}

bool mc_stream_start(McStream *self, GError **error)
{
    McAudioConfig audio = {.codec = self->config.audio,
                           .source = self->config.audio_source,
                           .read = self->config.read_sound,
                           .read_data = self->config.sound_data,
                           .on_frame = on_sound,
                           .on_skipped = on_sound_skipped,
                           .on_error = mc_stream_report_failure,
                           .user_data = self};

    if (self->config.audio != MC_STREAM_AUDIO_NONE) {
        self->audio = mc_audio_new(&audio, error);
        if (!self->audio)
            return false;
    }
    self->refresh = g_thread_new("mc-refresh", mc_stream_run_refresh, self);
    return true;
}

void mc_stream_stop(McStream *self)
{
    g_atomic_int_set(&self->stopped, 1);
    g_clear_pointer(&self->audio, mc_audio_free);
    if (self->seat)
        mc_seat_stop(self->seat);
    g_clear_pointer(&self->refresh, g_thread_join);
    if (!self->output)
        return;
    flush(self);
    mc_output_end(self->output);
}

void mc_stream_free(McStream *self)
{
    if (!self)
        return;
    mc_stream_stop(self);
    mc_output_free(self->output);
    mc_seat_free(self->seat);
    g_mutex_clear(&self->send_lock);
    g_mutex_clear(&self->stats_lock);
    g_free(self);
}
