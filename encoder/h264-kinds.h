/* SPDX-License-Identifier: MIT */
/* encoder/h264-kinds.h - the H.264 encoders that we know, and how each is told to add no delay.
 * Threads: any; constant.  Owner: encoder/h264. */
#pragma once

#include <gst/gst.h>

#include "encoder/stream.h"

typedef struct {
    const char *name, *element, *package;
    bool nv12; /* takes NV12 alone, as hardware does; else I420 */
    void (*setup)(GstElement *encoder, const McStreamVideo *video);
    void (*set_rate)(GstElement *encoder, uint32_t kbps, uint32_t vbv_ms); /* also while it runs */
} McH264Kind;

extern const McH264Kind mc_h264_kinds[];
extern const size_t mc_h264_n_kinds;
