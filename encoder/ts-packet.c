/* SPDX-License-Identifier: MIT */
#include "encoder/ts-packet.h"

#include <string.h>

#include "encoder/big-endian.h"

#define HEADER_BYTES 4u
#define PACKET_ROOM (MC_TS_PACKET_BYTES - HEADER_BYTES)
#define NULL_PID 0x1fffu

/* In byte 3. */
#define HAS_ADAPTATION 0x20u
#define HAS_PAYLOAD 0x10u

/*   | base:33 at 90 kHz | 111111 | extension:9 at 27 MHz | */
static void put_pcr(uint8_t to[6], uint64_t pcr_27m)
{
    const uint64_t base = pcr_27m / 300;
    const uint32_t ext = (uint32_t) (pcr_27m % 300);

    mc_put_be32(to, 0, (uint32_t) (base >> 1));
    to[4] = (uint8_t) ((base & 1) << 7 | 0x7e | ext >> 8);
    to[5] = (uint8_t) ext;
}

/* Bytes that the adaptation field takes before any stuffing, its length byte included. */
static size_t af_bytes(uint8_t af_flags)
{
    return !af_flags ? 0 : af_flags & MC_TS_PCR ? 8 : 2;
}

size_t mc_ts_packet_room(uint8_t af_flags)
{
    return PACKET_ROOM - af_bytes(af_flags);
}

/*   | length:8 | flags:8 | [PCR:48] | ff ... |   total bytes; one byte alone is a length of 0 */
static void put_adaptation(uint8_t *to, size_t total, uint8_t flags, uint64_t pcr_27m)
{
    const size_t used = MAX(af_bytes(flags), 2);

    to[0] = (uint8_t) (total - 1);
    if (total == 1)
        return;
    to[1] = flags;
    if (flags & MC_TS_PCR)
        put_pcr(to + 2, pcr_27m);
    memset(to + used, 0xff, total - used);
}

static uint8_t *grow(GByteArray *out)
{
    const guint at = out->len;

    g_byte_array_set_size(out, at + MC_TS_PACKET_BYTES);
    return out->data + at;
}

/*   | 47 | error 0, start, priority 0, pid:13 | scrambling 00, adaptation, payload, cc:4 |
 *   | [adaptation field] | [payload] |                                          188 bytes */
void mc_ts_packet_append(GByteArray *out, const McTsPacket *packet)
{
    const size_t payload = packet->head_len + packet->data_len;
    const size_t adaptation = PACKET_ROOM - payload;
    uint8_t *to = grow(out);

    to[0] = MC_TS_SYNC;
    mc_put_be16(to, 1, (uint16_t) ((packet->start ? MC_TS_UNIT_START : 0) | packet->pid));
    to[3] =
        (uint8_t) ((adaptation ? HAS_ADAPTATION : 0) | (payload ? HAS_PAYLOAD : 0) | packet->cc);
    if (adaptation)
        put_adaptation(to + HEADER_BYTES, adaptation, packet->af_flags, packet->pcr_27m);
    to += HEADER_BYTES + adaptation;
    if (packet->head_len)
        memcpy(to, packet->head, packet->head_len);
    if (packet->data_len)
        memcpy(to + packet->head_len, packet->data, packet->data_len);
}

void mc_ts_packet_append_null(GByteArray *out)
{
    uint8_t *to = grow(out);

    memset(to, 0xff, MC_TS_PACKET_BYTES);
    to[0] = MC_TS_SYNC;
    mc_put_be16(to, 1, NULL_PID);
    to[3] = HAS_PAYLOAD;
}
