/* SPDX-License-Identifier: MIT */
/* encoder/sps.h - walks H.264 byte streams, reads a sequence parameter set and writes its VUI anew.
 * Threads: none; pure functions, bounded for any input.
 * Owner: encoder/h264. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MC_NAL_SLICE = 1,
    MC_NAL_IDR = 5,
    MC_NAL_SEI = 6,
    MC_NAL_SPS = 7,
    MC_NAL_PPS = 8,
    MC_NAL_AUD = 9
};

/* The next NAL unit (without start code) of a byte stream from *pos on, which moves behind it.
 * False: no more. */
bool mc_nal_next(const uint8_t *data, size_t len, size_t *pos, const uint8_t **ret_nal,
                 size_t *ret_len);
static inline unsigned mc_nal_type(const uint8_t *nal)
{
    return nal[0] & 0x1f;
}

#define MC_SPS_MAX_BYTES 256u

typedef struct {
    uint8_t profile_idc, constraints, level_idc;
    uint32_t width_px, height_px; /* cropped */
    uint32_t ref_frames;
    bool progressive;
    bool has_vui;
    /* Of the VUI; reorder_frames is -1 when it does not say. */
    uint8_t primaries, transfer, matrix; /* 0: not said; BT.709: 1, 1, 1 */
    bool full_range;
    int reorder_frames, dec_frame_buffering;
} McSps;

/* nal: header byte first, with its emulation prevention.  False: no SPS, cut short or too long. */
bool mc_sps_parse(const uint8_t *nal, size_t len, McSps *ret);

/* Copies an SPS with constraint byte, level and VUI replaced: square pixels, BT.709 in limited
 * range, fps, no reordering, as many buffered pictures as references.  0: as above. */
size_t mc_sps_rewrite(const uint8_t *nal, size_t len, uint8_t constraints, uint8_t level_idc,
                      uint32_t fps, uint8_t ret_nal[MC_SPS_MAX_BYTES]);
