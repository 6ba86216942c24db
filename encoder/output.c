/* SPDX-License-Identifier: MIT */
#include "encoder/output.h"

#include "encoder/pts-spacing.h"
#include "encoder/rtp.h"
#include "encoder/sound-lead.h"
#include "encoder/wire.h"

/* PTS stands so far ahead of the moment of capture: an AAC frame is 64 ms old when it is whole, and
 * sinks that play by the clock want some lead over PCR left. A picture that took long keeps FLOOR;
 * sound that always comes late is moved (encoder/sound-lead). */
#define LEAD_NS (100 * G_GINT64_CONSTANT(1000000))
#define FLOOR_NS (20 * G_GINT64_CONSTANT(1000000))
#define DRAIN_US                                                                                   \
    (50 * G_TIME_SPAN_MILLISECOND) /* for a frame under way, before a pause or an end */
#define PACING_SHARE 3             /* a large frame leaves within this part of the frame interval */

struct McOutput {
    McStreamConfig config;
    int64_t epoch_ns; /* of PCR */
    McWire *wire;

    GMutex lock; /* guards all below */
    McTsMux *mux;
    McRtpPacketiser *rtp;
    McSender *sender;
    GByteArray *ts;
    bool held; /* no sound leaves */
    McDuplicate duplicated;
    int64_t sound_from_ns; /* older sound is still protected; INT64_MAX: all is withheld */
    McPtsSpacing spacing;  /* of pictures */
    McSoundLead sound_lead;
    uint64_t sound_bytes;                 /* of transport stream, as often as it left */
    int64_t video_lead_ns, audio_lead_ns; /* of the last ones: from sending to their PTS */
};

static int64_t now_ns(void)
{
    return g_get_monotonic_time() * 1000;
}

/* ---- clock ---- */

static uint64_t pcr_of(const McOutput *self, int64_t time_ns)
{
    return (uint64_t) (MAX(time_ns - self->epoch_ns, 0) * 27 / 1000);
}

static uint64_t pts_of(const McOutput *self, int64_t time_ns)
{
    return (uint64_t) (MAX(time_ns + LEAD_NS - self->epoch_ns, 0) * 9 / 100000);
}

static uint32_t rtp_now(const McOutput *self)
{
    return (uint32_t) (pcr_of(self, now_ns()) / 300);
}

int64_t mc_output_pts_zero_us(const McOutput *self)
{
    return (self->epoch_ns - LEAD_NS) / 1000;
}

/* ---- sending ---- */

void mc_output_video(McOutput *self, const GByteArray *unit, bool idr, int64_t capture_ns,
                     uint64_t frame_id, uint32_t ret_us[2])
{
    int64_t start_us = g_get_monotonic_time(), muxed_us;

    g_mutex_lock(&self->lock);
    const int64_t sent_ns = now_ns(); /* one moment for PTS and PCR: the lead is what we say */
    int64_t time_ns = MAX(capture_ns, sent_ns + FLOOR_NS - LEAD_NS);
    uint64_t pts = mc_pts_spacing_next(&self->spacing, pts_of(self, time_ns));
    self->video_lead_ns = (int64_t) (pts * 100000 / 9) + self->epoch_ns - sent_ns;
    g_byte_array_set_size(self->ts, 0);
    mc_ts_mux_video(self->mux, unit->data, unit->len, pts, idr, pcr_of(self, sent_ns), self->ts);
    muxed_us = g_get_monotonic_time();
    mc_sender_send_frame(self->sender, self->rtp,
                         &(McSenderFrame){.ts = self->ts->data,
                                          .len = self->ts->len,
                                          .timestamp_90k = rtp_now(self),
                                          .frame_id = frame_id,
                                          .twice = self->duplicated == MC_DUPLICATE_ALL ||
                                                   (idr && self->duplicated)});
    g_mutex_unlock(&self->lock);
    ret_us[0] = (uint32_t) (muxed_us - start_us);
    ret_us[1] = (uint32_t) (g_get_monotonic_time() - muxed_us);
}

/* What is no picture. */
static void send_between(McOutput *self)
{
    mc_sender_send_frame(self->sender, self->rtp,
                         &(McSenderFrame){.ts = self->ts->data,
                                          .len = self->ts->len,
                                          .timestamp_90k = rtp_now(self),
                                          .no_marker = true,
                                          .twice = self->duplicated == MC_DUPLICATE_ALL});
}

void mc_output_heartbeat(McOutput *self)
{
    g_mutex_lock(&self->lock);
    g_byte_array_set_size(self->ts, 0);
    mc_ts_mux_heartbeat(self->mux, pcr_of(self, now_ns()), self->ts);
    if (self->ts->len)
        send_between(self);
    g_mutex_unlock(&self->lock);
}

void mc_output_sound(McOutput *self, const uint8_t *frame, size_t bytes, int64_t time_ns)
{
    g_mutex_lock(&self->lock);
    if (!self->held && mc_wire_is_ready(self->wire) && time_ns >= self->sound_from_ns) {
        g_byte_array_set_size(self->ts, 0);
        const int64_t sent_ns = now_ns();
        time_ns += mc_sound_lead_next(&self->sound_lead, time_ns + LEAD_NS - sent_ns);
        self->audio_lead_ns = time_ns + LEAD_NS - sent_ns;
        mc_ts_mux_audio(self->mux, frame, bytes, pts_of(self, time_ns), pcr_of(self, sent_ns),
                        self->ts);
        send_between(self);
        self->sound_bytes += self->ts->len * (self->duplicated == MC_DUPLICATE_ALL ? 2 : 1);
    }
    g_mutex_unlock(&self->lock);
}

void mc_output_hold(McOutput *self)
{
    g_mutex_lock(&self->lock); /* a caller that was in it has sent */
    self->held = true;
    g_mutex_unlock(&self->lock);
    mc_sender_drain(self->sender, DRAIN_US);
    mc_sender_discard(self->sender);
}

void mc_output_end(McOutput *self)
{
    mc_output_hold(self);
    mc_wire_stop(self->wire);
}

bool mc_output_is_ready(const McOutput *self)
{
    return mc_wire_is_ready(self->wire);
}

void mc_output_release(McOutput *self)
{
    g_mutex_lock(&self->lock);
    self->held = false;
    g_mutex_unlock(&self->lock);
}

/* ---- settings ---- */

void mc_output_set_video(McOutput *self, uint8_t profile_idc, uint8_t constraints,
                         uint8_t level_idc)
{
    g_mutex_lock(&self->lock);
    mc_ts_mux_set_video(self->mux, profile_idc, constraints, level_idc);
    g_mutex_unlock(&self->lock);
}

void mc_output_set_flavour(McOutput *self, const McTsFlavour *flavour)
{
    g_mutex_lock(&self->lock);
    mc_ts_mux_set_layout(self->mux, &flavour->layout);
    g_mutex_unlock(&self->lock);
}

bool mc_output_set_pacing(McOutput *self, uint32_t fps, GError **error)
{
    uint32_t interval_us = (uint32_t) (G_USEC_PER_SEC / fps);

    g_mutex_lock(&self->lock);
    bool ok = mc_sender_set_pacing(self->sender, interval_us / PACING_SHARE, error);
    self->spacing.interval_90k = 90000 / fps;
    g_mutex_unlock(&self->lock);
    return ok;
}

void mc_output_set_duplication(McOutput *self, McDuplicate what)
{
    g_mutex_lock(&self->lock);
    self->duplicated = what;
    g_mutex_unlock(&self->lock);
}

void mc_output_resend(McOutput *self, const uint16_t *seqs, unsigned n)
{
    g_mutex_lock(&self->lock); /* one sends at a time */
    if (!self->held)
        mc_sender_resend(self->sender, seqs, n);
    g_mutex_unlock(&self->lock);
}

void mc_output_protect(McOutput *self, bool encrypt, int64_t sound_from_ns)
{
    g_mutex_lock(&self->lock);
    mc_ts_mux_set_hdcp(self->mux, encrypt ? &self->config.hdcp : NULL);
    self->sound_from_ns = sound_from_ns;
    g_mutex_unlock(&self->lock);
}

void mc_output_stats(McOutput *self, McStreamStats *stats)
{
    McSenderStats sent = mc_sender_stats(self->sender);

    stats->datagrams_sent = sent.datagrams;
    stats->bytes_sent = sent.bytes;
    stats->datagrams_duplicated = sent.duplicates;
    stats->bytes_duplicated = sent.duplicate_bytes;
    stats->datagrams_dropped = sent.dropped;
    stats->queued_bytes = sent.queued_bytes;
    stats->refusals = sent.refusals;
    stats->waits_for_keys = !mc_wire_is_ready(self->wire);
    g_mutex_lock(&self->lock);
    stats->sound_bytes = self->sound_bytes;
    stats->tables_sent = mc_ts_mux_tables(self->mux);
    if (self->audio_lead_ns && self->video_lead_ns)
        stats->av_offset_us = (int32_t) ((self->video_lead_ns - self->audio_lead_ns) / 1000);
    g_mutex_unlock(&self->lock);
}

/* ---- RTCP ---- */

size_t mc_output_rtcp_report(McOutput *self, bool bye, uint8_t ret_packet[MC_RTCP_MAX_BYTES])
{
    g_mutex_lock(&self->lock);
    McRtcpSenderInfo info = {.ssrc = mc_rtp_packetiser_ssrc(self->rtp),
                             .now_unix_us = mc_rtcp_now_us(),
                             .timestamp_90k = rtp_now(self),
                             .packets = mc_rtp_packetiser_packets(self->rtp),
                             .octets = mc_rtp_packetiser_octets(self->rtp)};
    g_mutex_unlock(&self->lock);
    size_t len =
        bye ? mc_rtcp_build_bye(&info, ret_packet) : mc_rtcp_build_report(&info, ret_packet);
    return mc_wire_protect_rtcp(self->wire, ret_packet, MC_RTCP_MAX_BYTES, len);
}

bool mc_output_rtcp_open(McOutput *self, uint8_t *datagram, size_t *len)
{
    return mc_wire_open_rtcp(self->wire, datagram, len);
}

uint32_t mc_output_ssrc(McOutput *self)
{
    return mc_rtp_packetiser_ssrc(self->rtp);
}

/* ---- opening ---- */

static McTsAudio ts_audio(McStreamAudio audio)
{
    switch (audio) {
    case MC_STREAM_AUDIO_LPCM:
        return MC_TS_AUDIO_LPCM;
    case MC_STREAM_AUDIO_AAC:
        return MC_TS_AUDIO_AAC;
    case MC_STREAM_AUDIO_AC3:
        return MC_TS_AUDIO_AC3;
    case MC_STREAM_AUDIO_NONE:
        break;
    }
    return MC_TS_AUDIO_NONE;
}

static void show_sent(const uint8_t *datagram, size_t len, void *user_data)
{
    const McOutput *self = user_data;

    self->config.on_datagram('>', datagram, len, self->config.user_data);
}

static McWire *new_wire(McOutput *self, const McOutputHooks *hooks, GError **error)
{
    const McStreamConfig *config = &self->config;

    return mc_wire_new(&(McWireConfig){.fd = config->rtp_fd,
                                       .dest_ip = config->dest_ip,
                                       .dest_rtp_port = config->dest_rtp_port,
                                       .protect = config->protect,
                                       .protect_data = config->protect_data,
                                       .srtp_key = config->srtp_key,
                                       .srtp_dtls = config->srtp_dtls,
                                       .srtp_passive = config->srtp_passive,
                                       .fingerprint = config->srtp_fingerprint,
                                       .ssrc = mc_rtp_packetiser_ssrc(self->rtp),
                                       .sdp = config->sdp,
                                       .on_ready = hooks->on_ready,
                                       .on_rtcp = hooks->on_rtcp,
                                       .on_note = hooks->on_note,
                                       .on_error = hooks->on_error,
                                       .user_data = hooks->user_data,
                                       .tap = config->on_datagram,
                                       .tap_data = config->user_data},
                       error);
}

static bool open_all(McOutput *self, const McOutputHooks *hooks, GError **error)
{
    const McTsFlavour *flavour = mc_ts_flavour(self->config.ts_flavour);
    McTsConfig ts = mc_ts_config_default();

    if (flavour)
        ts.layout = flavour->layout;
    ts.audio = ts_audio(self->config.audio);
    self->mux = mc_ts_mux_new(&ts);
    /* Below 2^15, so that a receiver who joins late guesses the rollovers right (RFC 3711 3.3.1).
     */
    self->rtp = mc_rtp_packetiser_new(g_random_int(), (uint16_t) (g_random_int() & 0x7fff));
    self->sender =
        mc_sender_new(self->config.rtp_fd, self->config.dest_ip, self->config.dest_rtp_port, error);
    self->wire = self->sender ? new_wire(self, hooks, error) : NULL;
    if (!self->wire)
        return false;
    mc_sender_set_protect(self->sender, mc_wire_protect, self->wire);
    if (self->config.on_datagram)
        mc_sender_set_tap(self->sender, show_sent, self);
    mc_sender_set_frame_hook(self->sender, hooks->on_sent, hooks->user_data);
    mc_sender_set_dscp(self->sender, MC_DSCP_AF41, NULL); /* a wish: the network may not care */
    return true;
}

McOutput *mc_output_new(const McStreamConfig *config, const McOutputHooks *hooks, GError **error)
{
    g_autoptr(McOutput) self = g_new0(McOutput, 1);

    self->config = *config;
    self->epoch_ns = now_ns() - 1000000000; /* clocks that start at zero trip some demultiplexers */
    self->sound_from_ns = INT64_MIN;
    self->ts = g_byte_array_sized_new(128 * 1024);
    g_mutex_init(&self->lock);
    if (!open_all(self, hooks, error))
        return NULL;
    return g_steal_pointer(&self);
}

void mc_output_free(McOutput *self)
{
    if (!self)
        return;
    mc_sender_free(self->sender);
    mc_wire_free(self->wire);
    mc_rtp_packetiser_free(self->rtp);
    mc_ts_mux_free(self->mux);
    g_byte_array_unref(self->ts);
    g_mutex_clear(&self->lock);
    g_free(self);
}
