/* SPDX-License-Identifier: MIT */
/* encoder/aac.h - AAC-LC, 48 kHz stereo, as ADTS frames: GStreamer's encoder elements without a
 * pipeline around them.
 * Threads: none of its own; one caller at a time.  Owner: encoder/audio. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MC_AAC_FRAME_SAMPLES 1024u   /* pairs */
#define MC_AAC_PRIMING_SAMPLES 1024u /* a frame decodes to what went in so many pairs before */

typedef struct McAac McAac;
/* frame: ADTS header and data; its first sample is the first_pair-th that was pushed (negative at
 * the start: the encoder's own priming). */
typedef void (*McAacSink)(const uint8_t *frame, size_t bytes, int64_t first_pair, void *user_data);

McAac *mc_aac_new(McAacSink sink, void *user_data, GError **error); /* MC_ENCODER_ERROR_AUDIO */
void mc_aac_free(McAac *self);
bool mc_aac_push(McAac *self, const int16_t *samples, size_t pairs, GError **error);
