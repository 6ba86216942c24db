/* SPDX-License-Identifier: MIT */
/* encoder/rtcp.h - RTCP of a source (RFC 3550): builds sender reports, reads what a sink sends
 * back.
 * Threads: none; pure functions but for the clock, no I/O.  Owner: encoder/stream. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MC_RTCP_MAX_BYTES 128u /* room that a sender report takes at most */

/* What a sender report says; packets and octets are the packetiser's counters (encoder/rtp.h). */
typedef struct {
    uint32_t ssrc;
    uint64_t now_unix_us;   /* mc_rtcp_now_us() ... */
    uint32_t timestamp_90k; /* ... and the stream's clock, of the same moment */
    uint32_t packets, octets;
    const char *cname; /* up to 63 bytes are used; NULL: "miracast" */
} McRtcpSenderInfo;

/* The wall clock as it was at the first call, moved on by the monotonic one since: a step of the
 * wall clock between a report and its answer would be measured as a round trip.  Any thread. */
uint64_t mc_rtcp_now_us(void);

/* Writes a compound packet (SR and SDES) and returns its length. */
size_t mc_rtcp_build_report(const McRtcpSenderInfo *info, uint8_t ret_packet[MC_RTCP_MAX_BYTES]);
/* The same with a BYE at its end: the stream is over. */
size_t mc_rtcp_build_bye(const McRtcpSenderInfo *info, uint8_t ret_packet[MC_RTCP_MAX_BYTES]);

#define MC_RTCP_MISSING_MAX                                                                        \
    64 /* more is not read: a link that loses so much has no room for them */

typedef struct {
    bool has_report;       /* a report block about our stream; the five below are of the last one */
    uint8_t fraction_lost; /* 1/256 of the datagrams since the report before */
    int32_t total_lost;    /* may be negative (duplicates) */
    uint32_t highest_seq;  /* extended: wraps in the upper 16 bits */
    uint32_t jitter_90k;
    uint32_t last_sr, delay_since_sr; /* 1/65536 s; 0: no sender report came yet */
    bool wants_picture;               /* PLI or FIR about our stream (RFC 4585, 5104) */
    unsigned n_missing;               /* generic NACK about our stream: what may be sent again */
    uint16_t missing[MC_RTCP_MISSING_MAX];
    bool says_bye;
    uint32_t reporter_ssrc; /* who sent it */
    unsigned unknown;       /* packets of other types, skipped */
} McRtcpFeedback;

/* Reads one UDP datagram.  False: not RTCP or cut short; then nothing of it counts. */
bool mc_rtcp_parse(const uint8_t *data, size_t len, uint32_t our_ssrc, McRtcpFeedback *ret);

/* What a sink got in elapsed_us by its own count of datagrams, of which so many with so many bytes
 * left in that time; 0: it cannot be, even behind a queue. */
uint32_t mc_rtcp_received_kbps(int64_t got, uint64_t datagrams, uint64_t bytes, int64_t elapsed_us);

/* Network round trip by a report that came at now_unix_us (mc_rtcp_now_us()); -1: cannot be told,
 * or makes no sense. */
int64_t mc_rtcp_round_trip_us(const McRtcpFeedback *feedback, uint64_t now_unix_us);
