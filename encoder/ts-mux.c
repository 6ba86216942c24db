/* SPDX-License-Identifier: MIT */
#include "encoder/ts-mux.h"

#include <string.h>

#include "encoder/ts-flavour.h"

#define CLOCK_27M_PER_MS 27000u
#define PSI_INTERVAL_27M (50u * CLOCK_27M_PER_MS)
/* Between two PCR a receiver takes the packets for evenly spread (ISO/IEC 13818-1 2.4.2.2).  Far
 * apart, sound would seem to come after its PTS; close together, what stands between them would
 * seem to come faster than transport buffers take it: 16.8 Mbit/s of pictures at level 3.1, and at
 * 21 Mbit/s a frame of sound overruns its own. */
#define PCR_INTERVAL_27M (20u * CLOCK_27M_PER_MS)
#define PCR_LEAST_27M (5u * CLOCK_27M_PER_MS)   /* before a picture */
#define PCR_LATEST_27M (40u * CLOCK_27M_PER_MS) /* however much stands between */
#define PCR_BYTES_PER_MS 2000u                  /* 16 Mbit/s */
#define DATAGRAM_PACKETS 7u
#define PACKET_ROOM 184u /* after the 4-byte header */
#define PES_HEADER_MAX (14u + 17u + 32u)
#define AUDIO_STUFFING_MAX 32u
#define BLOCK_BYTES 16u /* of HDCP's cipher */

#define AF_RANDOM_ACCESS 0x40u
#define AF_PCR 0x10u

/* What PMT and PES say about each kind of sound. */
static const struct {
    uint8_t stream_type, stream_id;
} audio_kinds[] = {
    [MC_TS_AUDIO_NONE] = {0, 0},
    [MC_TS_AUDIO_LPCM] = {0x83, 0xbd},
    [MC_TS_AUDIO_AAC] = {0x0f, 0xc0},
    [MC_TS_AUDIO_AC3] = {0x81, 0xbd},
};

struct McTsMux {
    McTsConfig config;
    uint8_t pat_version, pmt_version;
    uint8_t pat_cc, pmt_cc, video_cc, audio_cc; /* of the next packet with payload */
    uint64_t psi_at_27m, pcr_at_27m;
    bool psi_due, pcr_due;
    uint64_t since_pcr; /* bytes */
    uint64_t tables;    /* so far */
    uint8_t pat[MC_TS_PACKET_BYTES], pmt[MC_TS_PACKET_BYTES];
    GByteArray *cipher; /* encrypted payload of one PES */
};

/* One TS packet to be. */
typedef struct {
    uint16_t pid;
    bool start;
    uint8_t cc;
    uint8_t af_flags;
    uint64_t pcr_27m; /* with AF_PCR */
    const uint8_t *head;
    size_t head_len;
    const uint8_t *data;
    size_t data_len;
} Packet;

McTsConfig mc_ts_config_default(void)
{
    return (McTsConfig){
        .layout = mc_ts_flavour(NULL)->layout,
        .audio = MC_TS_AUDIO_LPCM,
        .profile_idc = 66,
        .constraints = 0xc0,
        .level_idc = 31,
        .lpcm_rate_hz = 48000,
    };
}

static uint32_t crc32_mpeg(const uint8_t *data, size_t len)
{
    uint32_t crc = 0xffffffffu;

    for (size_t i = 0; i < len; i++) {
        crc ^= (uint32_t) data[i] << 24;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x80000000u ? crc << 1 ^ 0x04c11db7u : crc << 1;
    }
    return crc;
}

static size_t put16(uint8_t *to, size_t at, uint16_t value)
{
    to[at] = (uint8_t) (value >> 8);
    to[at + 1] = (uint8_t) value;
    return at + 2;
}

static size_t put_bytes(uint8_t *to, size_t at, const void *from, size_t len)
{
    memcpy(to + at, from, len);
    return at + len;
}

/* ---------- PSI ---------- */

/* Completes a section that stands at packet + 5: its length, its CRC, and the packet around it.
 *
 *   | 47 | 40+pid | 10+cc | 00 pointer | table_id | b0+length | ... | CRC-32 | ff ...
 */
static void finish_section(uint8_t packet[MC_TS_PACKET_BYTES], uint16_t pid, size_t end)
{
    const size_t section = 5;
    uint32_t crc;

    put16(packet, section + 1, (uint16_t) (0xb000 | (end + 4 - (section + 3))));
    crc = GUINT32_TO_BE(crc32_mpeg(packet + section, end - section));
    end = put_bytes(packet, end, &crc, 4);
    memset(packet + end, 0xff, MC_TS_PACKET_BYTES - end);
    packet[0] = 0x47;
    put16(packet, 1, 0x4000 | pid);
    packet[3] = 0x10;
    packet[4] = 0;
}

/* table_id_extension, version, section 0 of 0.  Returns where the table's own fields start. */
static size_t start_section(uint8_t *packet, uint8_t table_id, uint16_t extension, uint8_t version)
{
    size_t at = 8; /* length is filled in later */

    packet[5] = table_id;
    at = put16(packet, at, extension);
    packet[at++] = (uint8_t) (0xc1 | version << 1);
    return put16(packet, at, 0);
}

static void build_pat(McTsMux *self)
{
    size_t at = start_section(self->pat, 0x00, 0, self->pat_version);

    at = put16(self->pat, at, 1); /* program */
    at = put16(self->pat, at, 0xe000 | self->config.layout.pmt_pid);
    finish_section(self->pat, 0x0000, at);
}

static size_t put_video_stream(const McTsConfig *config, uint8_t *to, size_t at)
{
    const uint8_t descriptors[] = {0x28,
                                   4,
                                   config->profile_idc,
                                   config->constraints,
                                   config->level_idc,
                                   0x3f, /* AVC video */
                                   0x2a,
                                   2,
                                   0x7e,
                                   0x1f}; /* AVC timing and HRD */

    const size_t len = config->layout.avc_descriptors ? sizeof descriptors : 0;

    to[at++] = 0x1b;
    at = put16(to, at, 0xe000 | config->layout.video_pid);
    at = put16(to, at, (uint16_t) (0xf000 | len));
    return put_bytes(to, at, descriptors, len);
}

static size_t put_audio_stream(const McTsConfig *config, uint8_t *to, size_t at)
{
    const uint8_t rate = config->lpcm_rate_hz == 44100 ? 1 : 2;
    const uint8_t lpcm[] = {0x83, 2, (uint8_t) (rate << 5 | 3 << 1), 1 << 5 | 0x0f};
    static const uint8_t ac3[] = {0x81, 3, 0x08, 0x28, 0x05}; /* 48 kHz, bsid 8, 2/0 */
    const bool is_lpcm = config->audio == MC_TS_AUDIO_LPCM;
    const bool is_ac3 = config->audio == MC_TS_AUDIO_AC3;
    const size_t len = is_lpcm ? sizeof lpcm : is_ac3 ? sizeof ac3 : 0;

    to[at++] = audio_kinds[config->audio].stream_type;
    at = put16(to, at, 0xe000 | config->layout.audio_pid);
    at = put16(to, at, (uint16_t) (0xf000 | len));
    return put_bytes(to, at, is_lpcm ? lpcm : ac3, len);
}

static uint16_t pcr_pid(const McTsConfig *config)
{
    return config->layout.pcr_on_video ? config->layout.video_pid : config->layout.pcr_pid;
}

static void build_pmt(McTsMux *self)
{
    static const uint8_t hdcp[] = {0x05, 5, 'H', 'D', 'C', 'P', 0x20};
    const McTsConfig *config = &self->config;
    const size_t info_len = config->hdcp.encrypt ? sizeof hdcp : 0;
    size_t at = start_section(self->pmt, 0x02, 1, self->pmt_version);

    at = put16(self->pmt, at, 0xe000 | pcr_pid(config));
    at = put16(self->pmt, at, (uint16_t) (0xf000 | info_len));
    at = put_bytes(self->pmt, at, hdcp, info_len);
    at = put_video_stream(config, self->pmt, at);
    if (config->audio != MC_TS_AUDIO_NONE)
        at = put_audio_stream(config, self->pmt, at);
    finish_section(self->pmt, config->layout.pmt_pid, at);
}

/* A version that nobody saw is not used up: the first PMT has the flavour's. */
static void pmt_changed(McTsMux *self)
{
    if (self->tables)
        self->pmt_version = (self->pmt_version + 1) & 0x1f;
    build_pmt(self);
    self->psi_due = true;
}

/* ---------- packets ---------- */

/* 33 bits of base at 90 kHz, 6 of ones, 9 of extension at 27 MHz. */
static void put_pcr(uint8_t to[6], uint64_t pcr_27m)
{
    const uint64_t base = pcr_27m / 300;
    const uint32_t ext = (uint32_t) (pcr_27m % 300);

    to[0] = (uint8_t) (base >> 25);
    to[1] = (uint8_t) (base >> 17);
    to[2] = (uint8_t) (base >> 9);
    to[3] = (uint8_t) (base >> 1);
    to[4] = (uint8_t) ((base & 1) << 7 | 0x7e | ext >> 8);
    to[5] = (uint8_t) ext;
}

/* Bytes that the adaptation field takes before any stuffing, its length byte included. */
static size_t af_bytes(uint8_t af_flags)
{
    return !af_flags ? 0 : af_flags & AF_PCR ? 8 : 2;
}

/* An adaptation field of total bytes: | length | flags | PCR | ff ... |; one byte is a length of 0.
 */
static void put_adaptation(uint8_t *to, size_t total, uint8_t flags, uint64_t pcr_27m)
{
    const size_t used = MAX(af_bytes(flags), 2);

    to[0] = (uint8_t) (total - 1);
    if (total == 1)
        return;
    to[1] = flags;
    if (flags & AF_PCR)
        put_pcr(to + 2, pcr_27m);
    memset(to + used, 0xff, total - used);
}

/* Head and data fit: the rest of the packet is adaptation field. */
static void append_packet(GByteArray *out, const Packet *packet)
{
    const size_t payload = packet->head_len + packet->data_len;
    const size_t adaptation = PACKET_ROOM - payload;
    const guint at = out->len;
    uint8_t *to;

    g_byte_array_set_size(out, at + MC_TS_PACKET_BYTES);
    to = out->data + at;
    to[0] = 0x47;
    put16(to, 1, (uint16_t) ((packet->start ? 0x4000 : 0) | packet->pid));
    to[3] = (uint8_t) ((adaptation ? 0x20 : 0) | (payload ? 0x10 : 0) | packet->cc);
    if (adaptation)
        put_adaptation(to + 4, adaptation, packet->af_flags, packet->pcr_27m);
    to += 4 + adaptation;
    if (packet->head_len)
        memcpy(to, packet->head, packet->head_len);
    if (packet->data_len)
        memcpy(to + packet->head_len, packet->data, packet->data_len);
}

static uint8_t next_cc(uint8_t *cc)
{
    const uint8_t ret = *cc;

    *cc = (ret + 1) & 0x0f;
    return ret;
}

static bool pcr_is_due(const McTsMux *self, uint64_t pcr_27m, uint64_t interval_27m)
{
    const uint64_t elapsed_27m = pcr_27m - self->pcr_at_27m;

    if (self->pcr_due || elapsed_27m >= PCR_LATEST_27M)
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
    append_packet(out, &(Packet){.pid = pcr_pid(&self->config),
                                 .start = !on_video, /* as the sinks' firmware saw it elsewhere */
                                 .cc = on_video ? (self->video_cc - 1) & 0x0f : 0,
                                 .af_flags = AF_PCR,
                                 .pcr_27m = pcr_27m});
}

static void append_table(const uint8_t *table, uint8_t *cc, GByteArray *out)
{
    const guint at = out->len;

    g_byte_array_append(out, table, MC_TS_PACKET_BYTES);
    out->data[at + 3] |= next_cc(cc);
}

static bool psi_is_due(const McTsMux *self, uint64_t pcr_27m)
{
    /* A clock that went back counts as a long time. */
    return self->psi_due || pcr_27m - self->psi_at_27m >= PSI_INTERVAL_27M;
}

static void append_psi(McTsMux *self, uint64_t pcr_27m, GByteArray *out)
{
    append_table(self->pat, &self->pat_cc, out);
    append_table(self->pmt, &self->pmt_cc, out);
    self->psi_at_27m = pcr_27m;
    self->psi_due = false;
    self->tables++;
}

/* A call's output is whole. Null packets, so that every datagram of it carries as many packets as
 * go into one. */
static void finish(McTsMux *self, GByteArray *out, guint from)
{
    while (self->config.layout.fill_datagrams && out->len / MC_TS_PACKET_BYTES % DATAGRAM_PACKETS) {
        const guint at = out->len;

        g_byte_array_set_size(out, at + MC_TS_PACKET_BYTES);
        memset(out->data + at, 0xff, MC_TS_PACKET_BYTES);
        memcpy(out->data + at, (const uint8_t[]){0x47, 0x1f, 0xff, 0x10}, 4);
    }
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

/*   | 00 00 01 id | length:16 | flags | 80 or 81 | header length | PTS:40 | [8e private:128] | ff
 * ... | PTS: 0010 t32..30 1 | t29..15 1 | t14..0 1.  A length of 0 (unbounded) is for video only.
 */
static size_t put_pes_header(uint8_t *to, const Pes *pes, size_t payload_len)
{
    const size_t header = pes_header_bytes(pes);
    const size_t length = header - 6 + payload_len;
    const uint64_t pts = pes->pts_90k;
    size_t at = put_bytes(to, 0, (const uint8_t[]){0, 0, 1, pes->stream_id}, 4);

    at = put16(to, at, length > 0xffff || pes->unbounded ? 0 : (uint16_t) length);
    to[at++] = pes->flags;
    to[at++] = pes->private_data ? 0x81 : 0x80;
    to[at++] = (uint8_t) (header - 9);
    to[at++] = (uint8_t) (0x21 | (pts >> 29 & 0x0e));
    at = put16(to, at, (uint16_t) ((pts >> 14 & 0xfffe) | 1));
    at = put16(to, at, (uint16_t) ((pts << 1 & 0xfffe) | 1));
    if (pes->private_data) {
        to[at++] = 0x8e;
        at = put_bytes(to, at, pes->private_data, MC_TS_PRIVATE_BYTES);
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
static void append_pes(Packet first, uint8_t *cc, const Pes *pes, const uint8_t *payload,
                       size_t len, GByteArray *out)
{
    uint8_t header[PES_HEADER_MAX];
    Packet packet = first;

    packet.start = true;
    packet.head = header;
    packet.head_len = put_pes_header(header, pes, len);
    do {
        const size_t room = PACKET_ROOM - af_bytes(packet.af_flags) - packet.head_len;

        packet.data = payload;
        packet.data_len = payload_share(room, len, pes->private_data);
        packet.cc = next_cc(cc);
        append_packet(out, &packet);
        payload += packet.data_len;
        len -= packet.data_len;
        packet = (Packet){.pid = first.pid};
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

McTsMux *mc_ts_mux_new(const McTsConfig *config)
{
    McTsMux *self = g_new0(McTsMux, 1);

    self->config = *config;
    self->pat_version = self->pmt_version = config->layout.psi_version & 0x1f;
    self->psi_due = self->pcr_due = true;
    self->cipher = g_byte_array_new();
    build_pat(self);
    build_pmt(self);
    return self;
}

void mc_ts_mux_free(McTsMux *self)
{
    if (!self)
        return;
    g_byte_array_unref(self->cipher);
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

void mc_ts_mux_set_audio(McTsMux *self, McTsAudio audio, uint32_t lpcm_rate_hz)
{
    if (self->config.audio == audio && self->config.lpcm_rate_hz == lpcm_rate_hz)
        return;
    self->config.audio = audio;
    self->config.lpcm_rate_hz = lpcm_rate_hz;
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
    if (self->tables)
        self->pat_version = (self->pat_version + 1) & 0x1f;
    else
        self->pat_version = self->pmt_version = layout->psi_version & 0x1f;
    build_pat(self);
    pmt_changed(self);
}

uint64_t mc_ts_mux_tables(const McTsMux *self)
{
    return self->tables;
}

static void append_clock(McTsMux *self, uint64_t pcr_27m, GByteArray *out)
{
    if (psi_is_due(self, pcr_27m))
        append_psi(self, pcr_27m, out);
    if (pcr_is_due(self, pcr_27m, PCR_INTERVAL_27M))
        append_pcr(self, pcr_27m, out);
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
        return AF_PCR;
    }
    append_pcr(self, pcr_27m, out);
    return 0;
}

void mc_ts_mux_video(McTsMux *self, const uint8_t *au, size_t len, uint64_t pts_90k, bool idr,
                     uint64_t pcr_27m, GByteArray *out)
{
    const guint from = out->len;
    uint8_t private_data[MC_TS_PRIVATE_BYTES];
    Pes pes = {.stream_id = 0xe0,
               .flags = self->config.layout.pes_flags,
               .unbounded = self->config.layout.video_pes_unbounded,
               .pts_90k = pts_90k};
    Packet first = {.pid = self->config.layout.video_pid, .pcr_27m = pcr_27m};

    if (!len) {
        mc_ts_mux_heartbeat(self, pcr_27m, out);
        return;
    }
    if (idr)
        first.af_flags |= AF_RANDOM_ACCESS;
    if (idr || psi_is_due(self, pcr_27m))
        append_psi(self, pcr_27m, out);
    au = protect(self, false, au, len, private_data, &pes);
    if (pcr_is_due(self, pcr_27m, PCR_LEAST_27M))
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
    Pes pes = {.stream_id = audio_kinds[self->config.audio].stream_id,
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
        append_pes((Packet){.pid = self->config.layout.audio_pid}, &self->audio_cc, &pes, frame,
                   len, out);
    finish(self, out, from);
}
