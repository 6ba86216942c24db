/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/timecode.h - a time drawn into the picture, by which a sink measures latency.
 * Threads: pure functions. Owner: the caller owns the pixels.
 *
 * One row of 52 square blocks with a black margin of one block on every side.
 * 864 px or wider: 16 px blocks from (16,16); narrower: 8 px blocks from (8,8).
 *   | 1 0 | 40 bits of CLOCK_MONOTONIC in 100 us, MSB first | 8 bits: XOR of the 5 bytes | 0 1 |
 * 1 is white. Read by tests/lab/sink/timecode.py. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MC_TIMECODE_BLOCKS 52u
#define MC_TIMECODE_TICK_NS 100000
#define MC_TIMECODE_WIDE_PX 864u

/* The strip with its margin, in pixels; a picture smaller than that is left untouched. */
uint32_t mc_timecode_width_px(uint32_t picture_width_px);
uint32_t mc_timecode_height_px(uint32_t picture_width_px);

/* bgrx: the picture's upper left pixel, 4 bytes a pixel. */
void mc_timecode_draw(uint8_t *bgrx, uint32_t width_px, uint32_t height_px, uint32_t stride_bytes,
                      int64_t time_ns);

/* The time in ns, truncated to a tick and modulo 2^40 ticks. False: there is no code. */
bool mc_timecode_read(const uint8_t *bgrx, uint32_t width_px, uint32_t height_px,
                      uint32_t stride_bytes, int64_t *ret_time_ns);
