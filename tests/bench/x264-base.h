/* SPDX-License-Identifier: MIT */
/* tests/bench/x264-base.h - what the bench's own encoders have in common: no delay, a constant
 * rate, headers with each key frame, nothing on the terminal. */
#pragma once

#include <stdint.h>
#include <x264.h>

typedef struct {
    int width, height, fps, kbps, vbv_ms, slices;
} X264Base;

static inline void x264_base(x264_param_t *p, const X264Base *base)
{
    x264_param_default_preset(p, "ultrafast", "zerolatency");
    p->i_width = base->width;
    p->i_height = base->height;
    p->i_csp = X264_CSP_I420;
    p->i_fps_num = (uint32_t) base->fps;
    p->i_fps_den = 1;
    p->i_timebase_num = 1;
    p->i_timebase_den = (uint32_t) base->fps;
    p->b_vfr_input = 0;
    p->i_threads = base->slices;
    p->b_sliced_threads = base->slices > 1;
    p->i_slice_count = base->slices;
    p->i_scenecut_threshold = 0;
    p->rc.i_rc_method = X264_RC_ABR;
    p->rc.i_bitrate = base->kbps;
    p->rc.i_vbv_max_bitrate = base->kbps;
    p->rc.i_vbv_buffer_size = (int) ((int64_t) base->kbps * base->vbv_ms / 1000);
    p->b_repeat_headers = 1;
    p->b_annexb = 1;
    p->i_log_level = X264_LOG_NONE;
}
