/* SPDX-License-Identifier: MIT */
/* encoder/ts-mux.h - MPEG-TS multiplexer (ISO/IEC 13818-1): access units and sound frames to PES,
 * PES to packets, tables (encoder/ts-psi.h) and clock where they are due; adds no delay.
 * Threads: none of its own; one caller at a time (the output's lock). Owner: encoder/output. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encoder/ts-packet.h"
#include "encoder/ts-psi.h"

#define MC_TS_PRIVATE_BYTES 16u /* PES_private_data */

/* Content protection.  With encrypt set, the PMT carries the HDCP descriptor, every PES carries 16
 * bytes of private data, and every TS packet of a PES but the last a multiple of 16 payload bytes.
 */
typedef struct {
    /* Encrypts a PES payload from in to out (same length) and fills in its private data.
     * False: this PES stays in the clear, or with required set, is not sent. */
    bool (*encrypt)(bool is_audio, const uint8_t *in, uint8_t *out, size_t len,
                    uint8_t ret_private[MC_TS_PRIVATE_BYTES], void *user_data);
    void *user_data;
    bool required;
} McTsHdcp;

/* What differs between the flavours that sinks want (encoder/ts-flavour.h). */
typedef struct {
    uint16_t pmt_pid, pcr_pid, video_pid, audio_pid;
    uint8_t psi_version;         /* 0..31, of the first PAT and PMT */
    bool pcr_on_video;           /* PCR in the video's packets; pcr_pid is not used */
    bool video_pes_unbounded;    /* PES_packet_length 0 */
    bool avc_descriptors;        /* PMT has the AVC descriptors of the video */
    bool fill_datagrams;         /* null packets up to a multiple of seven packets a call */
    uint8_t pes_flags;           /* byte 6 of a PES header: 84 says data_alignment */
    unsigned audio_pes_stuffing; /* bytes of ff at the end of each audio PES header, 0..32 */
} McTsLayout;

typedef struct {
    McTsLayout layout;
    McTsAudio audio;
    uint8_t profile_idc, constraints, level_idc; /* as in the SPS; for the AVC descriptor */
    McTsHdcp hdcp;                               /* encrypt NULL: in the clear */
} McTsConfig;

/* The first flavour's layout, LPCM, CBP 3.1. */
McTsConfig mc_ts_config_default(void);

typedef struct McTsMux McTsMux;
McTsMux *mc_ts_mux_new(const McTsConfig *config); /* copies config */
void mc_ts_mux_free(McTsMux *self);               /* NULL is fine */

/* Each of these makes PSI due at once when something changed, with the next version of the tables
 * unless nobody saw the last one. */
void mc_ts_mux_set_video(McTsMux *self, uint8_t profile_idc, uint8_t constraints,
                         uint8_t level_idc);
void mc_ts_mux_set_hdcp(McTsMux *self, const McTsHdcp *hdcp); /* NULL: in the clear from now on */
/* An IDR should follow: to the sink this is a new program. */
void mc_ts_mux_set_layout(McTsMux *self, const McTsLayout *layout);

/* All append whole 188-byte packets to out.  Times: pcr_27m in 27 MHz, pts_90k in 90 kHz, both may
 * grow past 33 bits.  PAT, PMT and PCR go first when due, the tables before
 * an IDR always. Tables fall due 50 ms after the last ones, a PCR 20 ms (before a picture 5 ms):
 * call something at least every 40 ms (heartbeat will do) and they are never more than 90 ms and
 * 60 ms apart. */
void mc_ts_mux_video(McTsMux *self, const uint8_t *au, size_t len, uint64_t pts_90k, bool idr,
                     uint64_t pcr_27m, GByteArray *out);
/* One PES: an LPCM frame with its 4-byte header, an ADTS frame or an AC-3 frame; at most 64 KiB
 * less the PES header (longer: dropped). */
void mc_ts_mux_audio(McTsMux *self, const uint8_t *frame, size_t len, uint64_t pts_90k,
                     uint64_t pcr_27m, GByteArray *out);
uint64_t mc_ts_mux_tables(const McTsMux *self); /* pairs of PAT and PMT so far */
void mc_ts_mux_heartbeat(McTsMux *self, uint64_t pcr_27m, GByteArray *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McTsMux, mc_ts_mux_free)
