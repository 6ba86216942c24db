/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/sound-ring.h - two seconds of a file's sound by their place in the file, so that
 * several readers may read the same. 48 kHz, 16 bit, stereo; times in ns from the file's beginning.
 * Threads: any. Owner: kmd-shim/capture/file-player. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#define MC_SOUND_RING_RATE_HZ 48000
#define MC_SOUND_RING_PAIRS (2u * MC_SOUND_RING_RATE_HZ)

typedef struct McSoundRing McSoundRing;

McSoundRing *mc_sound_ring_new(void);
void mc_sound_ring_free(McSoundRing *self); /* NULL is fine */

/* Nothing is there any more. */
void mc_sound_ring_clear(McSoundRing *self);
/* pairs of samples (L R) from first_ns on; what is older than two seconds makes room. Files round
 * their times: up to 40 ms off what came before is taken to follow it. */
void mc_sound_ring_push(McSoundRing *self, int64_t first_ns, const int16_t *samples, size_t pairs);
/* What belongs there, and silence where nothing is. */
void mc_sound_ring_read(McSoundRing *self, int64_t first_ns, int16_t *block, size_t pairs);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McSoundRing, mc_sound_ring_free)
