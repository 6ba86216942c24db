/* SPDX-License-Identifier: MIT */
/* rtsp/caps.h - a sink's capabilities, parsed from its answer to M3 into a typed model.
 * Thread: any.  Owner: caller frees with mc_wfd_caps_free(). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtsp/audio-codecs.h"
#include "rtsp/param-table.h"
#include "rtsp/params.h"
#include "rtsp/video-formats.h"

#define MC_CONNECTOR_NONE (-1)    /* a dongle without a display */
#define MC_CONNECTOR_UNKNOWN (-2) /* not stated */
#define MC_CAPS_MAX_EDID 1024u    /* bytes that are kept */
#define MC_CAPS_MIN_KBPS 64u      /* below that a sink's limit is no limit but a mistake */

typedef struct McWfdCaps {
    McVideoFormats video[MC_N_FORMATS]; /* by McFormatsKind */
    McAudioCodecs audio;                /* wfd_audio_codecs */
    McAudioCodecs audio2;               /* wfd2_audio_codecs */
    bool rtp_ports_present;
    char rtp_profile[40]; /* "RTP/AVP/UDP;unicast" */
    uint16_t rtp_port0, rtp_port1;
    char content_protection[16]; /* "" not stated, "none", "HDCP2.1" */
    uint16_t hdcp_port;
    uint8_t *edid; /* owned; NULL: none */
    size_t edid_bytes;
    int connector; /* wfd_connector_type or MC_CONNECTOR_* */
    bool idr_request_known, idr_request;
    bool standby_resume;
    bool uibc_generic, uibc_hidc;
    char *uibc_line;                                     /* owned; NULL: not stated */
    char friendly_name[64], manufacturer[64], model[64]; /* intel_* */
    uint32_t max_bitrate_kbps;                           /* microsoft_max_bitrate; 0: none */
    bool ms_format_change, ms_latency, ms_rtcp, ms_diagnostics;
    char ms_cursor[40]; /* "" or the value */
    uint64_t ms_video;  /* microsoft_video_formats */
    bool ms_any;        /* answered some microsoft_* with more than "none" */
    GPtrArray *params;  /* McParam *: the whole answer, as it came */
    GPtrArray *typed;   /* McTypedParam *: likewise, typed; in the sink's order */
    GPtrArray *unknown; /* char *: names that the table does not have */
    GPtrArray *notes;   /* char *: what was malformed or masked, in words */
} McWfdCaps;

/* Body of the M3 answer; never fails: what cannot be read is a note. */
McWfdCaps *mc_wfd_caps_parse(const char *body, size_t len);
void mc_wfd_caps_free(McWfdCaps *caps); /* NULL is fine */

/* What another display behind the sink changes: modes and EDID that other has replace caps' own. */
typedef struct {
    bool video, edid;
} McCapsChange;
McCapsChange mc_wfd_caps_take_display(McWfdCaps *caps, McWfdCaps *other);

/* The sound that the sink offers: R1's parameter, R2's where that has none; *ret_name: its name. */
const McAudioCodecs *mc_wfd_caps_audio(const McWfdCaps *caps, const char **ret_name);

/* The answer again: each line as the sink wrote it. */
char *mc_wfd_caps_write(const McWfdCaps *caps);

/* The names of M3's question in order, NULL-terminated; minimal: the four that every sink knows. */
const char *const *mc_wfd_caps_query(bool minimal);

/* Size that the EDID's first detailed timing prefers; false when there is none. */
bool mc_wfd_caps_edid_size(const McWfdCaps *caps, uint32_t *ret_width_px, uint32_t *ret_height_px);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McWfdCaps, mc_wfd_caps_free)
