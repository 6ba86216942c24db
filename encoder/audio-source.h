/* SPDX-License-Identifier: MIT */
/* encoder/audio-source.h - where sound comes from: a tone, silence, what the desktop plays, or what
 * belongs to the pictures.
 * Always 48 kHz, 16 bit, stereo; never a microphone.
 * Threads: one caller (the sound's thread); wake from any.  Owner: encoder/audio. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MC_AUDIO_RATE_HZ 48000
#define MC_AUDIO_MOST_PAIRS 1536u /* of a block: 32 ms */

/* Fills the block with the sound of begin_ns (CLOCK_MONOTONIC) on, or with silence. Sound's thread.
 */
typedef void (*McAudioRead)(int64_t begin_ns, int16_t *block, size_t pairs, void *user_data);

typedef struct McAudioSource McAudioSource;
/* "test" (440 Hz), "beep" (50 ms of 1 kHz with each second of CLOCK_MONOTONIC), "silence", "auto"
 * (the default output's monitor; silence where there is none, said once), "auto:OUTPUT" (that
 * output's, while it is there), "file" (what read gives); other names are silence.
 * block_pairs: what a read gives, MC_AUDIO_MOST_PAIRS at most; the codec's frame, so that nothing
 * is woken for a part of one. */
McAudioSource *mc_audio_source_new(const char *kind, unsigned block_pairs, McAudioRead read,
                                   void *user_data);
void mc_audio_source_free(McAudioSource *self);
/* Waits for the next block, block_pairs of L and R; *ret_time_ns is CLOCK_MONOTONIC of its first
 * sample.  False: woken. */
bool mc_audio_source_read(McAudioSource *self, int16_t *block, int64_t *ret_time_ns);
/* Left out so far: after a suspend, or where the machine gave this thread no time for a second. */
int64_t mc_audio_source_skipped_ns(const McAudioSource *self);
void mc_audio_source_wake(McAudioSource *self); /* every later read returns false */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McAudioSource, mc_audio_source_free)
