/* SPDX-License-Identifier: MIT */
/* encoder/rtp.h - RTP packetiser for MPEG-TS (RFC 2250, payload type 33, 90 kHz), no I/O.
 * Threads: none of its own; one caller at a time.
 * Owner: encoder/output. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encoder/ts-packet.h"

#define MC_RTP_HEADER_BYTES 12u
#define MC_RTP_PAYLOAD_TYPE 33u
#define MC_RTP_TS_PER_DATAGRAM 7u
#define MC_RTP_PAYLOAD_MAX (MC_RTP_TS_PER_DATAGRAM * MC_TS_PACKET_BYTES)
#define MC_RTP_DATAGRAM_MAX (MC_RTP_HEADER_BYTES + MC_RTP_PAYLOAD_MAX) /* 1328 */

typedef struct McRtpPacketiser McRtpPacketiser;
McRtpPacketiser *mc_rtp_packetiser_new(uint32_t ssrc, uint16_t first_seq);
void mc_rtp_packetiser_free(McRtpPacketiser *self); /* NULL is fine */

/* Called for each datagram in order; header and payload are valid during the call. */
typedef void (*McRtpSink)(const uint8_t *header12, const uint8_t *payload, size_t payload_len,
                          void *user_data);

/* Cuts ts (whole TS packets; a remainder is ignored) into datagrams of up to 7 packets.  Nothing is
 * kept for the next call, so a frame's last datagram leaves with the frame. */
void mc_rtp_packetise(McRtpPacketiser *self, const uint8_t *ts, size_t len, uint32_t timestamp_90k,
                      bool marker_at_end, McRtpSink sink, void *user_data);

/* For sender reports (encoder/rtcp.h). */
uint32_t mc_rtp_packetiser_ssrc(const McRtpPacketiser *self);
uint16_t mc_rtp_packetiser_next_seq(const McRtpPacketiser *self);
uint32_t mc_rtp_packetiser_packets(const McRtpPacketiser *self); /* datagrams made, wraps */
uint32_t mc_rtp_packetiser_octets(const McRtpPacketiser *self);  /* payload bytes, wraps */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McRtpPacketiser, mc_rtp_packetiser_free)
