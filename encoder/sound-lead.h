/* SPDX-License-Identifier: MIT */
/* encoder/sound-lead.h - how much later than its pictures sound is said to be, so that it never
 * comes after its PTS: sound servers give it late, and codecs look ahead.
 * Threads: none; pure functions.  Owner: encoder/output. */
#pragma once

#include <stdint.h>

typedef struct {
    int64_t shift_ns, target_ns;
    int64_t best_ns; /* the most lead of any frame of late */
    unsigned frames; /* since it was reckoned with */
} McSoundLead;

/* A frame is sent so long before its PTS. What this PTS has to be moved by: 0, or where all frames
 * come late for some time (a busy machine's single ones do not count) more and more, too slowly to
 * be heard, until they come in time. It never goes back: sound that wavers would be heard. */
int64_t mc_sound_lead_next(McSoundLead *self, int64_t lead_ns);
