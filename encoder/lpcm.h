/* SPDX-License-Identifier: MIT */
/* encoder/lpcm.h - WFD LPCM framing: 48 kHz 16-bit stereo, 10 ms a frame.
 * Threads: any; pure.  Owner: encoder/audio. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MC_LPCM_HEADER_BYTES 4u
#define MC_LPCM_FRAME_SAMPLES 480u                       /* pairs: 6 units of 80, 10 ms */
#define MC_LPCM_BLOCK_BYTES (MC_LPCM_FRAME_SAMPLES * 4u) /* 1920 */
#define MC_LPCM_FRAME_BYTES (MC_LPCM_HEADER_BYTES + MC_LPCM_BLOCK_BYTES)
#define MC_LPCM_FRAME_90K 900u /* PTS step */

/* Writes one frame: header a0 06 00 11 and the 960 samples (L R L R ..., host order) big-endian. */
void mc_lpcm_frame(const int16_t samples[MC_LPCM_FRAME_SAMPLES * 2],
                   uint8_t ret_frame[MC_LPCM_FRAME_BYTES]);
