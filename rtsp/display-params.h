/* SPDX-License-Identifier: MIT */
/* rtsp/display-params.h - wfd_3d_video_formats, wfd_preferred_display_mode,
 * wfd_av_format_change_timing.
 * Thread: any.  Owner: caller; plain values. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rtsp/video-formats.h"

typedef struct {
    uint8_t profile, level;
    uint64_t capability; /* bits' meanings: unconfirmed */
    uint8_t latency_5ms;
    uint16_t min_slice, slice_enc;
    uint8_t frame_rate_control;
    bool max_hres_stated, max_vres_stated;
    uint16_t max_hres, max_vres;
} McCodec3d;

/* "none" / native2 SP pref2 SP codec *("," SP codec) */
typedef struct {
    bool none;
    uint8_t native, preferred_display_mode;
    McCodec3d codec[MC_MAX_CODECS];
    unsigned n_codecs;
    bool lower_case, tight;
} McFormats3d;
bool mc_formats_3d_parse(const char *value, McFormats3d *ret_formats, char **ret_problem);
char *mc_formats_3d_write(const McFormats3d *formats);

/* pclk6 H4 HB4 HSOFF4 HSW4 V4 VB4 VSOFF4 VSW4 VBS3D2 modes2 depth2 codec */
typedef struct {
    uint32_t pixel_clock_10khz;
    uint16_t h, hb, hsoff, hsw; /* bit 15 of an offset: positive polarity */
    uint16_t v, vb, vsoff, vsw;
    uint8_t vbs3d, modes, depth;
    McVideoFormats codec; /* its one codec; masks are 0 */
} McDisplayMode;
bool mc_display_mode_parse(const char *value, McDisplayMode *ret_mode, char **ret_problem);
char *mc_display_mode_write(const McDisplayMode *mode);

/* PTS10 SP DTS10: 90 kHz stamps of 33 bits */
typedef struct {
    uint64_t pts, dts; /* the 40 bits as they stand */
    bool lower_case;
} McChangeTiming;
bool mc_change_timing_parse(const char *value, McChangeTiming *ret_timing, char **ret_problem);
char *mc_change_timing_write(const McChangeTiming *timing);
McChangeTiming mc_change_timing_at(uint64_t pts_90khz);
uint64_t mc_change_timing_pts(const McChangeTiming *timing);
