/* SPDX-License-Identifier: MIT */
#include "encoder/ts-mux.h"

#include <string.h>

#include "encoder/big-endian.h"
#include "encoder/ts-flavour.h"

#define CLOCK_27M_PER_MS 27000u
/* Between two PCR a receiver takes the packets for evenly spread (ISO/IEC 13818-1 2.4.2.2).  Far
 * apart, sound would seem to come after its PTS; close together, what stands between them would
 * seem to come faster than transport buffers take it: 16.8 Mbit/s of pictures at level 3.1, and at
 * 21 Mbit/s a frame of sound overruns its own. */
#define PCR_INTERVAL_27M (20u * CLOCK_27M_PER_MS)
#define PCR_LEAST_27M (5u * CLOCK_27M_PER_MS)   /* before a picture */
#define PCR_LATEST_27M (40u * CLOCK_27M_PER_MS) /* however much stands between */
/* The same before a picture: what it adds would stand in a stretch that is full already. */
#define PCR_PICTURE_27M (25u * CLOCK_27M_PER_MS)
#define PCR_BYTES_PER_MS 2000u /* 16 Mbit/s */
#define DATAGRAM_PACKETS 7u
#define PES_HEADER_MAX (14u + 17u + 32u)
#define AUDIO_STUFFING_MAX 32u
#define BLOCK_BYTES 16u /* of HDCP's cipher */

#define VIDEO_STREAM_ID 0xe0u

static const uint8_t audio_stream_ids[] = {
    [MC_TS_AUDIO_NONE] = 0,
    [MC_TS_AUDIO_LPCM] = 0xbd,
    [MC_TS_AUDIO_AAC] = 0xc0,
    [MC_TS_AUDIO_AC3] = 0xbd,
};

struct McTsMux {
    McTsConfig config;
    McTsPsi *psi;
    uint8_t video_cc, audio_cc; /* of the next packet with payload */
    uint64_t pcr_at_27m;
    bool pcr_due;
    uint64_t since_pcr; /* bytes */
    GByteArray *cipher; /* encrypted payload of one PES */
};

McTsConfig mc_ts_config_default(void)
{
    return (McTsConfig){
        .layout = mc_ts_flavour(NULL)->layout,
        .audio = MC_TS_AUDIO_LPCM,
        .profile_idc = 66,
        .constraints = 0xc0,
        .level_idc = 31,
    };
}

static uint16_t pcr_pid(const McTsConfig *config)
{
    return config->layout.pcr_on_video ? config->layout.video_pid : config->layout.pcr_pid;
}

static McTsProgram program_of(const McTsConfig *config)
{
    return (McTsProgram){.pmt_pid = config->layout.pmt_pid,
                         .pcr_pid = pcr_pid(config),
                         .video_pid = config->layout.video_pid,
                         .audio_pid = config->layout.audio_pid,
                         .audio = config->audio,
                         .avc_descriptors = config->layout.avc_descriptors,
                         .profile_idc = config->profile_idc,
                         .constraints = config->constraints,
                         .level_idc = config->level_idc,
                         .hdcp = config->hdcp.encrypt != NULL};
}

/* ---------- clock ---------- */

static bool pcr_is_due(const McTsMux *self, uint64_t pcr_27m, uint64_t interval_27m,
                       uint64_t latest_27m)
{
    const uint64_t elapsed_27m = pcr_27m - self->pcr_at_27m;

    if (self->pcr_due || elapsed_27m >= latest_27m)
        return true;
    return elapsed_27m >= interval_27m &&
           self->since_pcr <= elapsed_27m * PCR_BYTES_PER_MS / CLOCK_27M_PER_MS;
}

static void pcr_given(McTsMux *self, uint64_t pcr_27m)
{
    self->pcr_at_27m = pcr_27m;
    self->pcr_due = false;
    self->since_pcr = 0;
}

/* A packet without payload, which does not count for continuity. */
static void append_pcr(McTsMux *self, uint64_t pcr_27m, GByteArray *out)
{
    const bool on_video = self->config.layout.pcr_on_video;

    pcr_given(self, pcr_27m);
    mc_ts_packet_append(
        out, &(McTsPacket){.pid = pcr_pid(&self->config),
                           .start = !on_video, /* as the sinks' firmware saw it elsewhere */
                           .cc = on_video ? (self->video_cc - 1) & 0x0f : 0,
                           .af_flags = MC_TS_PCR,
                           .pcr_27m = pcr_27m});
}

static void append_clock(McTsMux *self, uint64_t pcr_27m, GByteArray *out)
{
    if (mc_ts_psi_is_due(self->psi, pcr_27m))
        mc_ts_psi_append(self->psi, pcr_27m, out);
    if (pcr_is_due(self, pcr_27m, PCR_INTERVAL_27M, PCR_LATEST_27M))
        append_pcr(self, pcr_27m, out);
}

/* A call's output is whole. Null packets, so that every datagram of it carries as many packets as
 * go into one. */
static void finish(McTsMux *self, GByteArray *out, guint from)
{
    while (self->config.layout.fill_datagrams && out->len / MC_TS_PACKET_BYTES % DATAGRAM_PACKETS)
        mc_ts_packet_append_null(out);
    self->since_pcr += out->len - from;
}

/* ---------- PES ---------- */

typedef struct {
    uint8_t stream_id, flags;
    bool unbounded;
    unsigned stuffing;
    const uint8_t *private_data; /* NULL: none */
    uint64_t pts_90k;
} Pes;

static size_t pes_header_bytes(const Pes *pes)
{
    return 14 + (pes->private_data ? 1 + MC_TS_PRIVATE_BYTES : 0) + pes->stuffing;
}

/*   | 00 00 01 | stream_id | length:16 | flags | 80, private: 81 | header length | PTS:40 |
 *   | [8e | private:128] | ff ... | payload |
 *   PTS: | 0010 t32..30 1 | t29..15 1 | t14..0 1 |
 * A length of 0 (unbounded) is for video only. */
static size_t put_pes_header(uint8_t *to, const Pes *pes, size_t payload_len)
{
    const size_t header = pes_header_bytes(pes);
    const size_t length = header - 6 + payload_len;
    const uint64_t pts = pes->pts_90k;
    size_t at = mc_put_bytes(to, 0, (const uint8_t[]){0, 0, 1, pes->stream_id}, 4);

    at = mc_put_be16(to, at, length > 0xffff || pes->unbounded ? 0 : (uint16_t) length);
    to[at++] = pes->flags;
    to[at++] = pes->private_data ? 0x81 : 0x80;
    to[at++] = (uint8_t) (header - 9);
    to[at++] = (uint8_t) (0x21 | (pts >> 29 & 0x0e));
    at = mc_put_be16(to, at, (uint16_t) ((pts >> 14 & 0xfffe) | 1));
    at = mc_put_be16(to, at, (uint16_t) ((pts << 1 & 0xfffe) | 1));
    if (pes->private_data) {
        to[at++] = 0x8e;
        at = mc_put_bytes(to, at, pes->private_data, MC_TS_PRIVATE_BYTES);
    }
    memset(to + at, 0xff, pes->stuffing);
    return at + pes->stuffing;
}

/* How much of the payload the next packet takes; encrypted payload is cut at whole blocks. */
static size_t payload_share(size_t room, size_t left, bool encrypted)
{
    if (left <= room)
        return left;
    return encrypted ? room - room % BLOCK_BYTES : room;
}

/* first carries pid and the adaptation field of the first packet. */
static void append_pes(McTsPacket first, uint8_t *cc, const Pes *pes, const uint8_t *payload,
                       size_t len, GByteArray *out)
{
    uint8_t header[PES_HEADER_MAX];
    McTsPacket packet = first;

    packet.start = true;
    packet.head = header;
    packet.head_len = put_pes_header(header, pes, len);
    do {
        const size_t room = mc_ts_packet_room(packet.af_flags) - packet.head_len;

        packet.data = payload;
        packet.data_len = payload_share(room, len, pes->private_data);
        packet.cc = mc_ts_take_cc(cc);
        mc_ts_packet_append(out, &packet);
        payload += packet.data_len;
        len -= packet.data_len;
        packet = (McTsPacket){.pid = first.pid};
    } while (len);
}

/* Replaces the payload by its encrypted form where the stream is protected.  NULL: this PES must
 * not be sent. */
static const uint8_t *protect(McTsMux *self, bool is_audio, const uint8_t *in, size_t len,
                              uint8_t private_data[MC_TS_PRIVATE_BYTES], Pes *pes)
{
    const McTsHdcp *hdcp = &self->config.hdcp;

    if (!hdcp->encrypt)
        return in;
    g_byte_array_set_size(self->cipher, (guint) len);
    if (!hdcp->encrypt(is_audio, in, self->cipher->data, len, private_data, hdcp->user_data))
        return hdcp->required ? NULL : in;
    pes->private_data = private_data;
    return self->cipher->data;
}

/* ---------- public ---------- */

static void pmt_changed(McTsMux *self)
{
    const McTsProgram program = program_of(&self->config);

    mc_ts_psi_change(self->psi, &program);
}

McTsMux *mc_ts_mux_new(const McTsConfig *config)
{
    McTsMux *self = g_new0(McTsMux, 1);
    const McTsProgram program = program_of(config);

    self->config = *config;
    self->pcr_due = true;
    self->cipher = g_byte_array_new();
    self->psi = mc_ts_psi_new(&program, config->layout.psi_version);
    return self;
}

void mc_ts_mux_free(McTsMux *self)
{
    if (!self)
        return;
    g_byte_array_unref(self->cipher);
    mc_ts_psi_free(self->psi);
    g_free(self);
}

void mc_ts_mux_set_video(McTsMux *self, uint8_t profile_idc, uint8_t constraints, uint8_t level_idc)
{
    McTsConfig *config = &self->config;

    if (config->profile_idc == profile_idc && config->constraints == constraints &&
        config->level_idc == level_idc)
        return;
    config->profile_idc = profile_idc;
    config->constraints = constraints;
    config->level_idc = level_idc;
    pmt_changed(self);
}

void mc_ts_mux_set_hdcp(McTsMux *self, const McTsHdcp *hdcp)
{
    const bool was = self->config.hdcp.encrypt;

    self->config.hdcp = hdcp ? *hdcp : (McTsHdcp){0};
    if (was != (self->config.hdcp.encrypt != NULL))
        pmt_changed(self);
}

void mc_ts_mux_set_layout(McTsMux *self, const McTsLayout *layout)
{
    self->config.layout = *layout;
    self->pcr_due = true;
    const McTsProgram program = program_of(&self->config);
    mc_ts_psi_replace(self->psi, &program, layout->psi_version);
}

uint64_t mc_ts_mux_tables(const McTsMux *self)
{
    return mc_ts_psi_count(self->psi);
}

void mc_ts_mux_heartbeat(McTsMux *self, uint64_t pcr_27m, GByteArray *out)
{
    const guint from = out->len;

    append_clock(self, pcr_27m, out);
    finish(self, out, from);
}

/* In a packet of its own, or as the adaptation field of the picture's first packet. */
static uint8_t give_pcr(McTsMux *self, bool picture, uint64_t pcr_27m, GByteArray *out)
{
    if (picture && self->config.layout.pcr_on_video) {
        pcr_given(self, pcr_27m);
        return MC_TS_PCR;
    }
    append_pcr(self, pcr_27m, out);
    return 0;
}

void mc_ts_mux_video(McTsMux *self, const uint8_t *au, size_t len, uint64_t pts_90k, bool idr,
                     uint64_t pcr_27m, GByteArray *out)
{
    const guint from = out->len;
    uint8_t private_data[MC_TS_PRIVATE_BYTES];
    Pes pes = {.stream_id = VIDEO_STREAM_ID,
               .flags = self->config.layout.pes_flags,
               .unbounded = self->config.layout.video_pes_unbounded,
               .pts_90k = pts_90k};
    McTsPacket first = {.pid = self->config.layout.video_pid, .pcr_27m = pcr_27m};

    if (!len) {
        mc_ts_mux_heartbeat(self, pcr_27m, out);
        return;
    }
    if (idr)
        first.af_flags |= MC_TS_RANDOM_ACCESS;
    if (idr || mc_ts_psi_is_due(self->psi, pcr_27m))
        mc_ts_psi_append(self->psi, pcr_27m, out);
    au = protect(self, false, au, len, private_data, &pes);
    if (pcr_is_due(self, pcr_27m, PCR_LEAST_27M, PCR_PICTURE_27M))
        first.af_flags |= give_pcr(self, au != NULL, pcr_27m, out);
    if (au)
        append_pes(first, &self->video_cc, &pes, au, len, out);
    finish(self, out, from);
}

void mc_ts_mux_audio(McTsMux *self, const uint8_t *frame, size_t len, uint64_t pts_90k,
                     uint64_t pcr_27m, GByteArray *out)
{
    const guint from = out->len;
    uint8_t private_data[MC_TS_PRIVATE_BYTES];
    Pes pes = {.stream_id = audio_stream_ids[self->config.audio],
               .flags = self->config.layout.pes_flags,
               .stuffing = MIN(self->config.layout.audio_pes_stuffing, AUDIO_STUFFING_MAX),
               .pts_90k = pts_90k};

    append_clock(self, pcr_27m, out);
    if (!len || !pes.stream_id || len + PES_HEADER_MAX > 0xffff) {
        finish(self, out, from);
        return;
    }
    frame = protect(self, true, frame, len, private_data, &pes);
    if (frame)
        append_pes((McTsPacket){.pid = self->config.layout.audio_pid}, &self->audio_cc, &pes, frame,
                   len, out);
    finish(self, out, from);
}
