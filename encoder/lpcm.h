/* SPDX-License-Identifier: MIT */
/* encoder/lpcm.h - WFD LPCM framing: 48 kHz 16-bit stereo, 10 ms a frame.
 * Threads: none of its own; one caller at a time.
 * Owner: encoder/audio. */
#pragma once

#include <glib.h>
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

/* Collects samples that come in pieces of any size into frames; keeps less than one frame. */
typedef struct McLpcm McLpcm;
McLpcm *mc_lpcm_new(void);
void mc_lpcm_free(McLpcm *self); /* NULL is fine */
void mc_lpcm_reset(McLpcm *self);
/* frame holds MC_LPCM_FRAME_BYTES; its first sample is the first_pair-th pair since new/reset. */
typedef void (*McLpcmSink)(const uint8_t *frame, uint64_t first_pair, void *user_data);
void mc_lpcm_push(McLpcm *self, const int16_t *samples, size_t pairs, McLpcmSink sink,
                  void *user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McLpcm, mc_lpcm_free)
