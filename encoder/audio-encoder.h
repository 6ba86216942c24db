/* SPDX-License-Identifier: MIT */
/* encoder/audio-encoder.h - AAC-LC as ADTS frames, AC-3 as sync frames; 48 kHz stereo: GStreamer's
 * encoder elements without a pipeline around them. Silence that goes on is not encoded over and
 * over: the encoder's own frame of it is given again.
 * Threads: none of its own; one caller at a time.  Owner: encoder/audio. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encoder/stream.h"

#define MC_AAC_FRAME_PAIRS 1024u
#define MC_AC3_FRAME_PAIRS 1536u

typedef struct McAudioEncoder McAudioEncoder;
/* frame: ready for a PES; its first sample is the first_pair-th that was pushed (negative at the
 * start: the encoder's own priming). */
typedef void (*McAudioEncoderSink)(const uint8_t *frame, size_t bytes, int64_t first_pair,
                                   void *user_data);

/* kind: AAC or AC3.  Error: MC_ENCODER_ERROR_AUDIO, with the package that is missing. */
McAudioEncoder *mc_audio_encoder_new(McStreamAudio kind, McAudioEncoderSink sink, void *user_data,
                                     GError **error);
void mc_audio_encoder_free(McAudioEncoder *self); /* NULL is fine */
bool mc_audio_encoder_push(McAudioEncoder *self, const int16_t *samples, size_t pairs,
                           GError **error);
/* Frames that were given again instead of being encoded. */
uint64_t mc_audio_encoder_repeated(const McAudioEncoder *self);
/* Whether this machine has an element for it; it is not opened. */
bool mc_audio_encoder_exists(McStreamAudio kind);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McAudioEncoder, mc_audio_encoder_free)
