/* SPDX-License-Identifier: MIT */
/* rtsp/caps.h - a sink's capabilities, parsed from its answer to M3 into a typed model.
 * Thread: any.  Owner: caller frees with mc_wfd_caps_free(). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint16_t profile_bits; /* bit 0 CBP, 1 CHP; wfd2: 2 RHP2; wfdx: 2, 3 H.265 */
    uint16_t level_bits;
    uint64_t cea, vesa, hh; /* as received, reserved bits included */
    uint8_t latency;        /* 5 ms units */
    uint16_t min_slice, slice_enc;
    uint8_t frame_rate_control;
    uint16_t max_hres, max_vres; /* 0: none */
    uint8_t codec;               /* wfd2: 1 H.264, 2 H.265; else 1 */
} McVideoCodec;

#define MC_MAX_CODECS 8
typedef struct {
    bool present;  /* parameter was in the reply */
    bool none;     /* value "none" */
    uint16_t native;
    bool preferred_display_mode;
    McVideoCodec codec[MC_MAX_CODECS];
    unsigned n_codecs;
} McVideoFormats;

typedef struct {
    bool present;
    uint32_t lpcm_modes, aac_modes, ac3_modes; /* 0: not offered */
    uint8_t lpcm_latency, aac_latency, ac3_latency;
} McAudioCodecs;

typedef struct McWfdCaps {
    McVideoFormats video;  /* wfd_video_formats */
    McVideoFormats video2; /* wfd2_video_formats */
    McVideoFormats videox; /* wfdx_video_formats */
    McAudioCodecs audio;   /* wfd_audio_codecs, or wfd2_audio_codecs where only that came */
    bool rtp_ports_present;
    char rtp_profile[32]; /* "RTP/AVP/UDP;unicast" */
    uint16_t rtp_port0, rtp_port1;
    char content_protection[16]; /* "", "none", "HDCP2.1" */
    uint16_t hdcp_port;
    uint8_t *edid; /* owned; NULL: none */
    size_t edid_bytes;
    int connector;          /* wfd_connector_type, -1: none, -2: not stated */
    bool idr_request_known, idr_request; /* wfd_idr_request_capability */
    bool standby_resume;
    bool uibc_generic, uibc_hidc;
    char uibc_line[256];
    char friendly_name[64], manufacturer[64], model[64]; /* intel_* */
    uint32_t max_bitrate_kbps;                           /* microsoft_max_bitrate */
    bool ms_format_change, ms_latency, ms_rtcp, ms_diagnostics, ms_any;
    GPtrArray *unknown; /* char *: lines kept and reported */
    GPtrArray *notes;   /* char *: what was malformed or masked, in words */
} McWfdCaps;

/* Body of the M3 answer; never fails: what cannot be read is a note. */
McWfdCaps *mc_wfd_caps_parse(const char *body, size_t len);
void mc_wfd_caps_free(McWfdCaps *caps);

/* The names of M3's question in order, NULL-terminated; minimal: the four that every sink knows. */
const char *const *mc_wfd_caps_query(bool minimal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McWfdCaps, mc_wfd_caps_free)
