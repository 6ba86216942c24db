/* SPDX-License-Identifier: MIT */
#include "encoder/ts-psi.h"

#include <string.h>

#include "encoder/big-endian.h"
#include "encoder/ts-packet.h"

#define INTERVAL_27M (50u * 27000u)
#define VERSION_MAX 0x1fu
#define SECTION 5u /* where a section starts in its packet */

/* In front of PIDs and of lengths. */
#define RESERVED_3 0xe000u
#define RESERVED_4 0xf000u

enum { TABLE_PAT = 0x00, TABLE_PMT = 0x02 };
enum { PAT_PID = 0, PROGRAM = 1 };

#define STREAM_TYPE_AVC 0x1bu

struct McTsPsi {
    McTsProgram program;
    uint8_t pat_version, pmt_version;
    uint8_t pat_cc, pmt_cc;
    uint64_t sent_27m;
    bool due;
    uint64_t count;
    uint8_t pat[MC_TS_PACKET_BYTES], pmt[MC_TS_PACKET_BYTES];
};

/* Of what stands behind it (ISO/IEC 13818-1 annex A). */
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

/* ---- sections ----
 *
 *   packet:   | 47 | 4000+pid:16 | 10+cc | pointer 00 | section | ff ...               188 bytes
 *   section:  | table_id | b000+length:16 | extension:16 | c1+2*version | 00 | 00 | body | CRC:32 |
 *   PAT body: | program:16 | e000+pmt_pid:16 |
 *   PMT body: | e000+pcr_pid:16 | f000+length:16 | descriptors | stream ...
 *   stream:   | stream_type | e000+pid:16 | f000+length:16 | descriptors |
 */

/* Returns where the body starts. */
static size_t start_section(uint8_t *packet, uint8_t table_id, uint16_t extension, uint8_t version)
{
    size_t at = SECTION + 3; /* the length comes last */

    packet[SECTION] = table_id;
    at = mc_put_be16(packet, at, extension);
    packet[at++] = (uint8_t) (0xc1 | version << 1);
    return mc_put_be16(packet, at, 0); /* section 0 of 0 */
}

/* Body ends at end: completes the section, and the packet around it. */
static void finish_section(uint8_t packet[MC_TS_PACKET_BYTES], uint16_t pid, size_t end)
{
    mc_put_be16(packet, SECTION + 1, (uint16_t) (0xb000 | (end + 4 - (SECTION + 3))));
    end = mc_put_be32(packet, end, crc32_mpeg(packet + SECTION, end - SECTION));
    memset(packet + end, 0xff, MC_TS_PACKET_BYTES - end);
    packet[0] = MC_TS_SYNC;
    mc_put_be16(packet, 1, MC_TS_UNIT_START | pid);
    packet[3] = 0x10; /* payload alone; the counter is put in with each sending */
    packet[4] = 0;
}

static void build_pat(McTsPsi *self)
{
    size_t at = start_section(self->pat, TABLE_PAT, 0, self->pat_version);

    at = mc_put_be16(self->pat, at, PROGRAM);
    at = mc_put_be16(self->pat, at, RESERVED_3 | self->program.pmt_pid);
    finish_section(self->pat, PAT_PID, at);
}

static size_t put_descriptors(uint8_t *to, size_t at, const void *descriptors, size_t len)
{
    at = mc_put_be16(to, at, (uint16_t) (RESERVED_4 | len));
    return mc_put_bytes(to, at, descriptors, len);
}

/*   AVC video:          | 28 | 04 | profile_idc | constraints | level_idc | 3f |
 *   AVC timing and HRD: | 2a | 02 | 7e | 1f | */
static size_t put_video_stream(const McTsProgram *program, uint8_t *to, size_t at)
{
    const uint8_t descriptors[] = {
        0x28, 4,   program->profile_idc, program->constraints, program->level_idc, 0x3f, 0x2a, 2,
        0x7e, 0x1f};

    to[at++] = STREAM_TYPE_AVC;
    at = mc_put_be16(to, at, RESERVED_3 | program->video_pid);
    return put_descriptors(to, at, descriptors, program->avc_descriptors ? sizeof descriptors : 0);
}

/*   LPCM: | 83 | 02 | rate:3 (48 kHz: 2), 00, 11, emphasis 0 | channels - 1:3, 0f |
 *   AC-3: | 81 | 03 | rate:3 (48 kHz: 0), bsid:5 | bit rate:6, 00 | bsmod:3, channels:4 (2/0), 1 |
 */
static const struct {
    uint8_t stream_type;
    uint8_t descriptor_len, descriptor[5];
} audio_kinds[] = {
    [MC_TS_AUDIO_LPCM] = {0x83, 4, {0x83, 2, 0x46, 0x2f}},
    [MC_TS_AUDIO_AAC] = {0x0f, 0, {0}},
    [MC_TS_AUDIO_AC3] = {0x81, 5, {0x81, 3, 0x08, 0x28, 0x05}},
};

static size_t put_audio_stream(const McTsProgram *program, uint8_t *to, size_t at)
{
    to[at++] = audio_kinds[program->audio].stream_type;
    at = mc_put_be16(to, at, RESERVED_3 | program->audio_pid);
    return put_descriptors(to, at, audio_kinds[program->audio].descriptor,
                           audio_kinds[program->audio].descriptor_len);
}

/*   registration: | 05 | 05 | 'H' 'D' 'C' 'P' | version 2.x: 20 | */
static void build_pmt(McTsPsi *self)
{
    static const uint8_t hdcp[] = {0x05, 5, 'H', 'D', 'C', 'P', 0x20};
    const McTsProgram *program = &self->program;
    size_t at = start_section(self->pmt, TABLE_PMT, PROGRAM, self->pmt_version);

    at = mc_put_be16(self->pmt, at, RESERVED_3 | program->pcr_pid);
    at = put_descriptors(self->pmt, at, hdcp, program->hdcp ? sizeof hdcp : 0);
    at = put_video_stream(program, self->pmt, at);
    if (program->audio != MC_TS_AUDIO_NONE)
        at = put_audio_stream(program, self->pmt, at);
    finish_section(self->pmt, program->pmt_pid, at);
}

/* ---- life ---- */

McTsPsi *mc_ts_psi_new(const McTsProgram *program, uint8_t version)
{
    McTsPsi *self = g_new0(McTsPsi, 1);

    mc_ts_psi_replace(self, program, version);
    return self;
}

void mc_ts_psi_free(McTsPsi *self)
{
    g_free(self);
}

static uint8_t next_version(uint8_t version)
{
    return (version + 1) & VERSION_MAX;
}

/* A version that nobody saw is not used up: the first PMT has the one that was asked for. */
void mc_ts_psi_change(McTsPsi *self, const McTsProgram *program)
{
    self->program = *program;
    if (self->count)
        self->pmt_version = next_version(self->pmt_version);
    build_pmt(self);
    self->due = true;
}

void mc_ts_psi_replace(McTsPsi *self, const McTsProgram *program, uint8_t version)
{
    if (self->count)
        self->pat_version = next_version(self->pat_version);
    else
        self->pat_version = self->pmt_version = version & VERSION_MAX;
    mc_ts_psi_change(self, program);
    build_pat(self);
}

/* ---- sending ---- */

bool mc_ts_psi_is_due(const McTsPsi *self, uint64_t pcr_27m)
{
    /* A clock that went back counts as a long time. */
    return self->due || pcr_27m - self->sent_27m >= INTERVAL_27M;
}

static void append_table(const uint8_t *table, uint8_t *cc, GByteArray *out)
{
    const guint at = out->len;

    g_byte_array_append(out, table, MC_TS_PACKET_BYTES);
    out->data[at + 3] |= mc_ts_take_cc(cc);
}

void mc_ts_psi_append(McTsPsi *self, uint64_t pcr_27m, GByteArray *out)
{
    append_table(self->pat, &self->pat_cc, out);
    append_table(self->pmt, &self->pmt_cc, out);
    self->sent_27m = pcr_27m;
    self->due = false;
    self->count++;
}

uint64_t mc_ts_psi_count(const McTsPsi *self)
{
    return self->count;
}
