/* SPDX-License-Identifier: MIT */
#include "encoder/rtcp.h"

#include <glib.h>
#include <string.h>

#include "encoder/big-endian.h"

#define UNIX_TO_NTP_S 2208988800ull
#define CNAME_MAX 63u
#define BLOCK_BYTES 24u
#define ROUND_TRIP_MAX_US 10000000
#define QUEUE_MAX 8u /* times what left meanwhile may arrive, out of a queue on the way */

enum {
    PT_SR = 200,
    PT_RR = 201,
    PT_SDES = 202,
    PT_BYE = 203,
    PT_FEEDBACK_TRANSPORT = 205, /* RTPFB */
    PT_FEEDBACK_PICTURE = 206,   /* PSFB */
};
enum { FMT_NACK = 1 };
enum { FMT_PLI = 1, FMT_FIR = 4 };

static uint64_t ntp_time(uint64_t unix_us)
{
    const uint64_t seconds = unix_us / G_USEC_PER_SEC + UNIX_TO_NTP_S;

    return seconds << 32 | (unix_us % G_USEC_PER_SEC << 32) / G_USEC_PER_SEC;
}

static uint32_t get32(const uint8_t *from)
{
    return (uint32_t) from[0] << 24 | (uint32_t) from[1] << 16 | (uint32_t) from[2] << 8 | from[3];
}

uint64_t mc_rtcp_now_us(void)
{
    static gsize ready;
    static int64_t apart_us; /* the two clocks */

    if (g_once_init_enter(&ready)) {
        apart_us = g_get_real_time() - g_get_monotonic_time();
        g_once_init_leave(&ready, 1);
    }
    return (uint64_t) (g_get_monotonic_time() + apart_us);
}

/* ---------- building ---------- */

/*   | V=2 P count:5 | PT | length in words - 1:16 | body ... */
static size_t put_header(uint8_t *to, size_t at, unsigned count, unsigned type, size_t body)
{
    return mc_put_be32(to, at, 0x80000000u | count << 24 | type << 16 | (uint32_t) (body / 4));
}

/*   | SSRC | NTP:64 | RTP time | packets | octets | */
static size_t put_sender_report(const McRtcpSenderInfo *info, uint8_t *to, size_t at)
{
    const uint64_t ntp = ntp_time(info->now_unix_us);

    at = put_header(to, at, 0, PT_SR, 24);
    at = mc_put_be32(to, at, info->ssrc);
    at = mc_put_be32(to, at, (uint32_t) (ntp >> 32));
    at = mc_put_be32(to, at, (uint32_t) ntp);
    at = mc_put_be32(to, at, info->timestamp_90k);
    at = mc_put_be32(to, at, info->packets);
    return mc_put_be32(to, at, info->octets);
}

/*   | SSRC | 01 CNAME | length:8 | text ... | 00, and more of it up to a whole word | */
static size_t put_description(const McRtcpSenderInfo *info, uint8_t *to, size_t at)
{
    const char *cname = info->cname ? info->cname : "miracast";
    const size_t len = MIN(strlen(cname), CNAME_MAX);
    const size_t items = (2 + len + 1 + 3) / 4 * 4;

    at = put_header(to, at, 1, PT_SDES, 4 + items);
    at = mc_put_be32(to, at, info->ssrc);
    memset(to + at, 0, items);
    to[at] = 1;
    to[at + 1] = (uint8_t) len;
    memcpy(to + at + 2, cname, len);
    return at + items;
}

size_t mc_rtcp_build_report(const McRtcpSenderInfo *info, uint8_t ret_packet[MC_RTCP_MAX_BYTES])
{
    return put_description(info, ret_packet, put_sender_report(info, ret_packet, 0));
}

size_t mc_rtcp_build_bye(const McRtcpSenderInfo *info, uint8_t ret_packet[MC_RTCP_MAX_BYTES])
{
    size_t at = mc_rtcp_build_report(info, ret_packet);

    at = put_header(ret_packet, at, 1, PT_BYE, 4);
    return mc_put_be32(ret_packet, at, info->ssrc);
}

/* ---------- reading ---------- */

/* One packet of a compound, its header taken off and its padding too. */
typedef struct {
    unsigned count, type;
    const uint8_t *body;
    size_t len;
} Packet;

/* Takes the packet at *data off; false when what is there cannot be one. */
static bool next_packet(const uint8_t **data, size_t *len, Packet *ret)
{
    const uint8_t *p = *data;
    size_t bytes;

    if (*len < 4 || p[0] >> 6 != 2 || p[1] < 192 || p[1] > 223)
        return false;
    bytes = ((size_t) p[2] << 8 | p[3]) * 4 + 4;
    if (bytes > *len)
        return false;
    *ret = (Packet){p[0] & 0x1f, p[1], p + 4, bytes - 4};
    if (p[0] & 0x20) { /* padding: its last byte counts it */
        const size_t padding = p[bytes - 1];

        if (bytes != *len || !padding || padding > ret->len)
            return false;
        ret->len -= padding;
    }
    *data += bytes;
    *len -= bytes;
    return true;
}

static int32_t signed24(uint32_t value)
{
    return value & 0x800000 ? (int32_t) value - 0x1000000 : (int32_t) value;
}

/*   | SSRC | fraction:8 total:24 | highest sequence | jitter | last SR | delay since | */
static void read_block(const uint8_t *block, McRtcpFeedback *ret)
{
    ret->has_report = true;
    ret->fraction_lost = block[4];
    ret->total_lost = signed24(get32(block + 4) & 0xffffff);
    ret->highest_seq = get32(block + 8);
    ret->jitter_90k = get32(block + 12);
    ret->last_sr = get32(block + 16);
    ret->delay_since_sr = get32(block + 20);
}

static bool read_reports(const Packet *packet, uint32_t our_ssrc, McRtcpFeedback *ret)
{
    const size_t start = packet->type == PT_SR ? 24 : 4;

    if (packet->len < start + packet->count * BLOCK_BYTES)
        return false;
    ret->reporter_ssrc = get32(packet->body);
    for (unsigned i = 0; i < packet->count; i++) {
        const uint8_t *block = packet->body + start + i * BLOCK_BYTES;

        if (get32(block) == our_ssrc)
            read_block(block, ret);
    }
    return true;
}

/*   | SSRC of sender | SSRC of media | FIR: { SSRC | number:8, 0:24 } ... | */
static bool read_picture_feedback(const Packet *packet, uint32_t our_ssrc, McRtcpFeedback *ret)
{
    if (packet->len < 8)
        return false;
    ret->reporter_ssrc = get32(packet->body);
    if (packet->count == FMT_PLI && get32(packet->body + 4) == our_ssrc)
        ret->wants_picture = true;
    if (packet->count == FMT_FIR)
        for (size_t at = 8; at + 8 <= packet->len; at += 8)
            ret->wants_picture |= get32(packet->body + at) == our_ssrc;
    return true;
}

static void add_missing(McRtcpFeedback *ret, uint16_t seq)
{
    if (ret->n_missing < MC_RTCP_MISSING_MAX)
        ret->missing[ret->n_missing++] = seq;
}

/*   | SSRC of sender | SSRC of media | { first:16, those behind it as bits:16 } ... | */
static bool read_transport_feedback(const Packet *packet, uint32_t our_ssrc, McRtcpFeedback *ret)
{
    if (packet->len < 8)
        return false;
    ret->reporter_ssrc = get32(packet->body);
    if (packet->count != FMT_NACK || get32(packet->body + 4) != our_ssrc)
        return true;
    for (size_t at = 8; at + 4 <= packet->len; at += 4) {
        const uint32_t word = get32(packet->body + at);
        const uint16_t first = (uint16_t) (word >> 16);

        add_missing(ret, first);
        for (unsigned bit = 0; bit < 16; bit++)
            if (word >> bit & 1)
                add_missing(ret, (uint16_t) (first + 1 + bit));
    }
    return true;
}

static bool read_packet(const Packet *packet, uint32_t our_ssrc, McRtcpFeedback *ret)
{
    switch (packet->type) {
    case PT_SR:
    case PT_RR:
        return read_reports(packet, our_ssrc, ret);
    case PT_FEEDBACK_TRANSPORT:
        return read_transport_feedback(packet, our_ssrc, ret);
    case PT_FEEDBACK_PICTURE:
        return read_picture_feedback(packet, our_ssrc, ret);
    case PT_BYE:
        ret->says_bye = true;
        return true;
    case PT_SDES:
        return true;
    default:
        ret->unknown++;
        return true;
    }
}

bool mc_rtcp_parse(const uint8_t *data, size_t len, uint32_t our_ssrc, McRtcpFeedback *ret)
{
    McRtcpFeedback feedback = {0};

    *ret = feedback;
    if (!len)
        return false;
    while (len) {
        Packet packet;

        if (!next_packet(&data, &len, &packet) || !read_packet(&packet, our_ssrc, &feedback))
            return false;
    }
    *ret = feedback;
    return true;
}

uint32_t mc_rtcp_received_kbps(int64_t got, uint64_t datagrams, uint64_t bytes, int64_t elapsed_us)
{
    if (got <= 0 || !datagrams || elapsed_us <= 0 || (uint64_t) got > QUEUE_MAX * datagrams)
        return 0;
    return (uint32_t) MIN((uint64_t) got * (bytes / datagrams) * 8000 / (uint64_t) elapsed_us,
                          UINT32_MAX);
}

int64_t mc_rtcp_round_trip_us(const McRtcpFeedback *feedback, uint64_t now_unix_us)
{
    const uint32_t now = (uint32_t) (ntp_time(now_unix_us) >> 16);
    const uint32_t trip = now - feedback->last_sr - feedback->delay_since_sr;
    const int64_t trip_us = (int64_t) trip * G_USEC_PER_SEC / 65536;

    if (!feedback->has_report || !feedback->last_sr || trip_us > ROUND_TRIP_MAX_US)
        return -1;
    return trip_us;
}
