/* SPDX-License-Identifier: MIT */
#include "umd/media.h"

#include <string.h>

#include "encoder/encodings.h"
#include "encoder/h264-opening.h"
#include "umd/bit-rate.h"
#include "umd/chunk-pump.h"
#include "umd/frame-ledger.h"
#include "umd/media-sockets.h"

struct McMedia {
    McOs os;
    McUmdOptions options;
    McLink *link; /* of the context, which outlives the session; may be NULL */
    McMediaFailed on_failed;
    void *user_data;
    McMediaSockets *sockets;
    uint16_t sink_rtp_port;

    McTsHdcp hdcp;

    McEncodings *encodings; /* of all media in this process */

    GMutex lock; /* guards stream's pointer and the fields below */
    McProtectionMode protection;
    McStream *stream; /* NULL before the first PLAY */
    McBitRate rate;
    McStreamPace pace;                   /* that the link is good for; its rate is in the above */
    const char *first_flavour, *flavour; /* NULL: not known yet, none wished for */
    bool single_slice;                   /* as set */
    McDuplicate duplicated;              /* likewise */
    gboolean failed;                     /* on_failed was called */
    struct { /* the pointer as last told: it comes before the stream does, and once */
        int x_px, y_px;
        bool visible;
        uint8_t *bgra; /* NULL: no shape yet */
        unsigned width_px, height_px;
    } cursor;

    McH264Opening *opening; /* the owner's: from prepare to the first PLAY */
    McChunkPump *pump;      /* the owner's; NULL before the first PLAY */
    McFrameLedger *ledger;
};

McMedia *mc_media_new(const McOs *os, const McUmdOptions *options, const char *local_ip,
                      McMediaFailed on_failed, void *user_data, GError **error)
{
    g_autoptr(McMedia) self = g_try_new0(McMedia, 1);

    if (!self) {
        g_set_error_literal(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED, "out of memory");
        return NULL;
    }
    self->os = *os;
    self->options = *options;
    self->on_failed = on_failed;
    self->user_data = user_data;
    self->ledger = mc_frame_ledger_new(os);
    self->encodings = mc_encodings_shared();
    g_mutex_init(&self->lock);
    self->sockets = mc_media_sockets_new(local_ip, error);
    return self->sockets ? g_steal_pointer(&self) : NULL;
}

void mc_media_free(McMedia *self)
{
    if (!self)
        return;
    mc_media_stop(self);
    mc_chunk_pump_free(self->pump);
    mc_stream_free(self->stream);
    mc_h264_opening_free(self->opening);
    mc_encodings_unref(self->encodings);
    mc_frame_ledger_free(self->ledger);
    mc_media_sockets_free(self->sockets);
    g_mutex_clear(&self->lock);
    g_free(self->cursor.bgra);
    g_free(self);
}

uint16_t mc_media_rtp_port(const McMedia *self)
{
    return mc_media_sockets_rtp_port(self->sockets);
}

/* ---- mode ---- */

static McStreamVideo video_of(McMedia *self, const McWfdDecision *decision)
{
    const McVideoChoice *choice = mc_wfd_decision_video(decision);

    g_mutex_lock(&self->lock);
    const uint32_t kbps = mc_bit_rate_begin(&self->rate, choice, self->options.bitrate_kbps);
    const bool single_slice = self->single_slice || decision->quirks.single_slice;
    g_mutex_unlock(&self->lock);
    return (McStreamVideo){.width_px = choice->mode.width_px,
                           .height_px = choice->mode.height_px,
                           .fps = choice->mode.fps,
                           .high_profile = choice->profile == MC_PROFILE_CHP,
                           .level_idc = choice->level_idc,
                           .bitrate_kbps = kbps,
                           .single_slice = single_slice};
}

static McStreamAudio audio_of(const McWfdDecision *decision)
{
    if (decision->n_audio == 0)
        return MC_STREAM_AUDIO_NONE;
    switch (decision->audio[decision->current_audio].codec) {
    case MC_AUDIO_LPCM:
        return MC_STREAM_AUDIO_LPCM;
    case MC_AUDIO_AAC:
        return MC_STREAM_AUDIO_AAC;
    case MC_AUDIO_AC3:
        return MC_STREAM_AUDIO_AC3;
    case MC_AUDIO_NONE:
        break;
    }
    return MC_STREAM_AUDIO_NONE;
}

/* ---- stream's callbacks ---- */

static void frame_encoded(uint64_t frame_id, uint32_t encode_us, uint32_t kbps, void *user_data)
{
    mc_frame_ledger_encoded(((McMedia *) user_data)->ledger, frame_id, encode_us, kbps);
}

static void frame_sent(uint64_t frame_id, void *user_data)
{
    mc_frame_ledger_sent(((McMedia *) user_data)->ledger, frame_id);
}

static void stream_note(const char *text, void *user_data)
{
    McMedia *self = user_data;

    if (self->options.on_progress)
        self->options.on_progress("encoder", text, self->options.user_data);
}

static void stream_datagram(char direction, const uint8_t *datagram, size_t len, void *user_data)
{
    const McMedia *self = user_data;

    self->options.on_datagram(direction, mc_media_rtp_port(self), self->sink_rtp_port, datagram,
                              len, self->options.user_data);
}

static void stream_rtcp(const uint8_t *datagram, size_t len, void *user_data)
{
    mc_media_sockets_keep_rtcp(((McMedia *) user_data)->sockets, datagram, len);
}

static void stream_failed(const GError *error, void *user_data)
{
    McMedia *self = user_data;
    gboolean first;

    g_mutex_lock(&self->lock);
    first = !self->failed;
    self->failed = TRUE;
    g_mutex_unlock(&self->lock);
    if (first)
        self->on_failed(error, self->user_data);
}

/* ---- life ---- */

void mc_media_set_link(McMedia *self, McLink *link)
{
    self->link = link;
}

void mc_media_set_hdcp(McMedia *self, const McTsHdcp *hdcp)
{
    self->hdcp = *hdcp;
}

void mc_media_set_protection(McMedia *self, McProtectionMode mode)
{
    g_mutex_lock(&self->lock);
    self->protection = mode;
    if (self->stream)
        mc_stream_set_protection(self->stream, mode);
    g_mutex_unlock(&self->lock);
}

static bool link_protect(uint8_t *datagram, size_t room, size_t *len, void *user_data)
{
    return mc_link_protect(user_data, datagram, room, len);
}

static McProtectionMode protection_of(McMedia *self)
{
    g_mutex_lock(&self->lock);
    const McProtectionMode mode = self->protection;
    g_mutex_unlock(&self->lock);
    return mode;
}

static McStream *new_stream(McMedia *self, const char *dest_ip, uint16_t dest_port,
                            const McWfdDecision *decision, GError **error)
{
    McStreamConfig config = {.dest_rtp_port = dest_port,
                             .rtp_fd = mc_media_sockets_rtp_fd(self->sockets),
                             .video = video_of(self, decision),
                             .audio = audio_of(decision),
                             .hdcp = self->hdcp,
                             .protection = protection_of(self),
                             .opening = self->opening,
                             .encodings = self->encodings,
                             .read_sound = self->options.read_sound,
                             .sound_data = self->options.user_data,
                             .on_frame_sent = frame_sent,
                             .on_frame_encoded = frame_encoded,
                             .on_error = stream_failed,
                             .on_note = stream_note,
                             .on_rtcp = stream_rtcp,
                             .on_datagram = self->options.on_datagram ? stream_datagram : NULL,
                             .user_data = self};

    g_strlcpy(config.dest_ip, dest_ip, sizeof(config.dest_ip));
    g_strlcpy(config.audio_source, self->options.audio, sizeof(config.audio_source));
    g_strlcpy(config.encoder, self->options.encoder, sizeof(config.encoder));
    if (!self->first_flavour)
        self->first_flavour = self->options.ts_flavour[0]   ? self->options.ts_flavour
                              : decision->quirks.ts_flavour ? decision->quirks.ts_flavour
                                                            : "";
    g_strlcpy(config.ts_flavour, self->flavour ? self->flavour : self->first_flavour,
              sizeof(config.ts_flavour));
    if (self->link && mc_link_encrypts(self->link)) {
        config.protect = link_protect;
        config.protect_data = self->link;
    }
    g_strlcpy(config.srtp_key, self->options.srtp_key, sizeof(config.srtp_key));
    config.srtp_dtls = self->options.srtp_dtls;
    config.srtp_passive = self->options.srtp_passive;
    g_strlcpy(config.srtp_fingerprint, self->options.srtp_fingerprint,
              sizeof(config.srtp_fingerprint));
    g_strlcpy(config.sdp, self->options.sdp, sizeof(config.sdp));
    return mc_stream_new(&config, error);
}

void mc_media_prepare(McMedia *self, const McWfdDecision *decision)
{
    const McStreamVideo video = video_of(self, decision);

    mc_h264_opening_free(self->opening);
    self->opening = mc_h264_opening_new(&video, self->options.encoder, 0);
}

bool mc_media_play(McMedia *self, const char *dest_ip, uint16_t dest_port,
                   const McWfdDecision *decision, GError **error)
{
    if (self->stream) {
        mc_stream_force_idr(self->stream);
        mc_stream_pause(self->stream, false);
        mc_chunk_pump_pause(self->pump, false);
        return true;
    }
    self->sink_rtp_port = dest_port;
    g_autoptr(McStream) stream = new_stream(self, dest_ip, dest_port, decision, error);
    g_clear_pointer(&self->opening, mc_h264_opening_free);
    if (!stream || !mc_stream_start(stream, error))
        return false;
    g_mutex_lock(&self->lock);
    self->stream = g_steal_pointer(&stream);
    mc_stream_set_protection(self->stream, self->protection);
    mc_stream_set_duplication(self->stream, self->duplicated);
    mc_stream_set_cursor(self->stream, self->cursor.x_px, self->cursor.y_px, self->cursor.visible,
                         self->cursor.bgra, self->cursor.width_px, self->cursor.height_px);
    g_mutex_unlock(&self->lock);
    self->pump =
        mc_chunk_pump_new(&self->os, self->stream, self->ledger, stream_failed, self, error);
    return self->pump != NULL;
}

void mc_media_pause(McMedia *self)
{
    mc_chunk_pump_pause(self->pump, true);
    if (self->stream)
        mc_stream_pause(self->stream, true);
}

bool mc_media_set_mode(McMedia *self, const McWfdDecision *decision, GError **error)
{
    if (!self->stream)
        return true; /* the first PLAY takes the decision as it then is */
    McStreamVideo video = video_of(self, decision);
    return mc_stream_set_video(self->stream, &video, error);
}

void mc_media_stop(McMedia *self)
{
    mc_chunk_pump_stop(self->pump);
    if (self->stream)
        mc_stream_stop(self->stream);
    mc_frame_ledger_end(self->ledger);
    mc_chunk_pump_give_back(self->pump);
}

void mc_media_force_idr(McMedia *self)
{
    g_mutex_lock(&self->lock);
    if (self->stream)
        mc_stream_force_idr(self->stream);
    g_mutex_unlock(&self->lock);
}

/* With the lock held. */
static void apply_kbps(McMedia *self)
{
    McStreamPace pace = self->pace;

    pace.kbps = mc_bit_rate_least(&self->rate);
    if (self->stream && pace.kbps)
        mc_stream_set_pace(self->stream, &pace);
}

void mc_media_set_bitrate(McMedia *self, uint32_t kbps)
{
    g_mutex_lock(&self->lock);
    mc_bit_rate_wish(&self->rate, kbps);
    apply_kbps(self);
    g_mutex_unlock(&self->lock);
}

void mc_media_limit(McMedia *self, uint32_t kbps)
{
    g_mutex_lock(&self->lock);
    self->rate.sink_kbps = kbps;
    apply_kbps(self);
    g_mutex_unlock(&self->lock);
}

void mc_media_mute(McMedia *self, bool muted)
{
    g_mutex_lock(&self->lock);
    if (self->stream)
        mc_stream_mute(self->stream, muted);
    g_mutex_unlock(&self->lock);
}

void mc_media_set_duplication(McMedia *self, McDuplicate what)
{
    g_mutex_lock(&self->lock);
    self->duplicated = what;
    if (self->stream)
        mc_stream_set_duplication(self->stream, what);
    g_mutex_unlock(&self->lock);
}

void mc_media_resend(McMedia *self, const uint16_t *seqs, unsigned n)
{
    g_mutex_lock(&self->lock);
    if (self->stream)
        mc_stream_resend(self->stream, seqs, n);
    g_mutex_unlock(&self->lock);
}

int64_t mc_media_pts_zero_us(McMedia *self)
{
    g_mutex_lock(&self->lock);
    int64_t zero_us = self->stream ? mc_stream_pts_zero_us(self->stream) : 0;
    g_mutex_unlock(&self->lock);
    return zero_us;
}

void mc_media_set_flavour(McMedia *self, const char *name)
{
    g_mutex_lock(&self->lock);
    self->flavour = name;
    if (self->stream)
        mc_stream_set_flavour(self->stream, name ? name : self->first_flavour);
    g_mutex_unlock(&self->lock);
}

bool mc_media_set_single_slice(McMedia *self, bool single, const McWfdDecision *decision,
                               GError **error)
{
    g_mutex_lock(&self->lock);
    const bool before = self->single_slice;
    self->single_slice = single;
    g_mutex_unlock(&self->lock);
    const bool ok = before == single || mc_media_set_mode(self, decision, error);
    g_mutex_lock(&self->lock);
    self->single_slice = ok ? single : before;
    if (before != single)
        apply_kbps(self); /* a new encoder begins with the mode's */
    g_mutex_unlock(&self->lock);
    return ok;
}

void mc_media_set_cursor(McMedia *self, int x_px, int y_px, bool visible, const uint8_t *bgra,
                         unsigned width_px, unsigned height_px)
{
    g_mutex_lock(&self->lock);
    self->cursor.x_px = x_px;
    self->cursor.y_px = y_px;
    self->cursor.visible = visible;
    if (bgra) {
        g_free(self->cursor.bgra);
        self->cursor.bgra = g_memdup2(bgra, (size_t) width_px * height_px * 4);
        self->cursor.width_px = width_px;
        self->cursor.height_px = height_px;
    }
    if (self->stream)
        mc_stream_set_cursor(self->stream, x_px, y_px, visible, bgra, width_px, height_px);
    g_mutex_unlock(&self->lock);
}

void mc_media_stats(McMedia *self, McStreamStats *ret_stats)
{
    memset(ret_stats, 0, sizeof(*ret_stats));
    g_mutex_lock(&self->lock);
    if (self->stream)
        mc_stream_stats(self->stream, ret_stats);
    g_mutex_unlock(&self->lock);
}

/* ---- feedback ---- */

void mc_media_show_rtcp(const McMedia *self, char direction, uint16_t sink_port,
                        const uint8_t *packet, size_t len)
{
    if (self->options.on_datagram)
        self->options.on_datagram(direction, mc_media_rtp_port(self) + 1, sink_port, packet, len,
                                  self->options.user_data);
}

int mc_media_rtcp_fd(const McMedia *self)
{
    return mc_media_sockets_rtcp_fd(self->sockets);
}

size_t mc_media_rtcp_report(McMedia *self, bool bye, uint8_t ret_packet[MC_RTCP_MAX_BYTES])
{
    g_mutex_lock(&self->lock);
    size_t bytes = self->stream ? mc_stream_rtcp_report(self->stream, bye, ret_packet) : 0;
    g_mutex_unlock(&self->lock);
    return bytes;
}

uint32_t mc_media_ssrc(McMedia *self)
{
    g_mutex_lock(&self->lock);
    uint32_t ssrc = self->stream ? mc_stream_ssrc(self->stream) : 0;
    g_mutex_unlock(&self->lock);
    return ssrc;
}

void mc_media_follow_link(McMedia *self, const McStreamPace *pace)
{
    g_mutex_lock(&self->lock);
    self->pace = *pace;
    self->rate.link_kbps = pace->kbps;
    apply_kbps(self);
    g_mutex_unlock(&self->lock);
}

uint32_t mc_media_kbps(McMedia *self)
{
    g_mutex_lock(&self->lock);
    uint32_t kbps = self->rate.mode_kbps;
    g_mutex_unlock(&self->lock);
    return kbps;
}

GBytes *mc_media_rtcp_take(McMedia *self)
{
    return mc_media_sockets_take_rtcp(self->sockets);
}

bool mc_media_rtcp_open(McMedia *self, uint8_t *datagram, size_t *len)
{
    g_mutex_lock(&self->lock);
    bool ok = self->stream && mc_stream_rtcp_open(self->stream, datagram, len);
    g_mutex_unlock(&self->lock);
    return ok;
}
