/* SPDX-License-Identifier: MIT */
/* rtsp/video-formats.h - wfd_video_formats, wfd2_video_formats and wfdx_video_formats as a typed
 * model, parsed and written.
 * Thread: any.  Owner: caller; plain values. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtsp/modes.h"

#define MC_PROFILE_BIT_CBP 1u
#define MC_PROFILE_BIT_CHP 2u
#define MC_PROFILE_BIT_RHP2 4u /* wfd2: CHP with CABAC */

typedef struct {
    uint8_t codec; /* wfd2: 1 H.264, 2 H.265; else 1 */
    uint16_t profile_bits;
    uint16_t level_bits;
    uint64_t mask[MC_N_TABLES]; /* as received, reserved bits included */
    uint8_t latency_5ms;        /* in units of that */
    uint16_t min_slice, slice_enc;
    uint8_t frame_rate_control;
    bool max_hres_stated, max_vres_stated; /* false: "none" */
    uint16_t max_hres, max_vres;
    uint8_t n_fields; /* of a tuple that ends early; 0: it is whole */
} McVideoCodec;

#define MC_MAX_CODECS 8
typedef struct {
    McFormatsKind kind;
    bool present; /* the parameter was in the reply and could be read */
    bool none;    /* value "none" */
    uint16_t native;
    uint8_t preferred_display_mode; /* not in wfd2 */
    McVideoCodec codec[MC_MAX_CODECS];
    unsigned n_codecs;
    uint8_t non_transcoding; /* wfd2's last byte */
    bool no_trailer;         /* which the sink left out */
    bool lower_case, tight;  /* how the sink writes: hex digits; no blank after commas */
} McVideoFormats;

/* "wfd_video_formats", ... */
const char *mc_video_formats_name(McFormatsKind kind);
/* False when the value breaks its grammar: *ret_problem says how, *ret_formats is unusable.
 * notes (char *, may be NULL) takes what was odd and still read. */
bool mc_video_formats_parse(McFormatsKind kind, const char *value, McVideoFormats *ret_formats,
                            GPtrArray *notes, char **ret_problem);
char *mc_video_formats_write(const McVideoFormats *formats);
/* Mode that the native byte names; false when it names none. */
bool mc_video_formats_native(const McVideoFormats *formats, McVideoMode *ret_mode);
