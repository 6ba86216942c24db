/* SPDX-License-Identifier: MIT */
#include "encoder/rtp.h"

#include "encoder/big-endian.h"

struct McRtpPacketiser {
    uint32_t ssrc;
    uint16_t next_seq;
    uint32_t packets, octets;
};

McRtpPacketiser *mc_rtp_packetiser_new(uint32_t ssrc, uint16_t first_seq)
{
    McRtpPacketiser *self = g_new0(McRtpPacketiser, 1);

    self->ssrc = ssrc;
    self->next_seq = first_seq;
    return self;
}

void mc_rtp_packetiser_free(McRtpPacketiser *self)
{
    g_free(self);
}

/*   | V=2 P X CC: 80 | M PT | sequence:16 | timestamp:32 | SSRC:32 | */
static void put_header(McRtpPacketiser *self, uint8_t to[MC_RTP_HEADER_BYTES],
                       uint32_t timestamp_90k, bool marker)
{
    to[0] = 0x80;
    to[1] = (uint8_t) ((marker ? 0x80 : 0) | MC_RTP_PAYLOAD_TYPE);
    mc_put_be16(to, 2, self->next_seq);
    mc_put_be32(to, 4, timestamp_90k);
    mc_put_be32(to, 8, self->ssrc);
    self->next_seq++;
}

void mc_rtp_packetise(McRtpPacketiser *self, const uint8_t *ts, size_t len, uint32_t timestamp_90k,
                      bool marker_at_end, McRtpSink sink, void *user_data)
{
    uint8_t header[MC_RTP_HEADER_BYTES];

    len -= len % MC_TS_PACKET_BYTES;
    while (len) {
        const size_t share = MIN(len, MC_RTP_PAYLOAD_MAX);

        put_header(self, header, timestamp_90k, marker_at_end && share == len);
        self->packets++;
        self->octets += (uint32_t) share;
        sink(header, ts, share, user_data);
        ts += share;
        len -= share;
    }
}

uint32_t mc_rtp_packetiser_ssrc(const McRtpPacketiser *self)
{
    return self->ssrc;
}

uint16_t mc_rtp_packetiser_next_seq(const McRtpPacketiser *self)
{
    return self->next_seq;
}

uint32_t mc_rtp_packetiser_packets(const McRtpPacketiser *self)
{
    return self->packets;
}

uint32_t mc_rtp_packetiser_octets(const McRtpPacketiser *self)
{
    return self->octets;
}
