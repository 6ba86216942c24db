/* SPDX-License-Identifier: MIT */
/* encoder/ts-packet.h - one packet of an MPEG transport stream (ISO/IEC 13818-1 2.4.3): header,
 * adaptation field with clock reference, payload. What is in the payload is for the caller.
 * Threads: any; pure. Owner: none. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MC_TS_PACKET_BYTES 188u
#define MC_TS_SYNC 0x47u
#define MC_TS_UNIT_START 0x4000u /* beside the PID: a section or a PES begins here */

/* Flags of an adaptation field. */
#define MC_TS_RANDOM_ACCESS 0x40u
#define MC_TS_PCR 0x10u

typedef struct {
    uint16_t pid;
    bool start;
    uint8_t cc;       /* continuity_counter, 0..15 */
    uint8_t af_flags; /* 0: an adaptation field only where one must fill the packet */
    uint64_t pcr_27m; /* with MC_TS_PCR; may grow past 33 bits of 90 kHz */
    const uint8_t *head;
    size_t head_len; /* payload is the head, then the data */
    const uint8_t *data;
    size_t data_len;
} McTsPacket;

/* Bytes of payload that fit beside such an adaptation field. */
size_t mc_ts_packet_room(uint8_t af_flags);

/* Appends the packet; head and data must fit, the rest of it becomes adaptation field. */
void mc_ts_packet_append(GByteArray *out, const McTsPacket *packet);
void mc_ts_packet_append_null(GByteArray *out);

/* The continuity counter of a packet with payload; *cc becomes the next one's. */
static inline uint8_t mc_ts_take_cc(uint8_t *cc)
{
    const uint8_t ret = *cc;

    *cc = (ret + 1) & 0x0f;
    return ret;
}
