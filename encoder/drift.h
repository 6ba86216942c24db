/* SPDX-License-Identifier: MIT */
/* encoder/drift.h - sound that a card's clock measured out, as blocks on ours: the two clocks
 * differ by some hundred millionths, and dropping or repeating samples would be heard as clicks.
 * The pieces' times steer a delay-locked loop; what is read is resampled to keep step with it.
 * Threads: pure, one caller at a time. Owner: encoder/desktop-sound. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MC_DRIFT_RATE_HZ 48000

typedef struct McDrift McDrift;
McDrift *mc_drift_new(void);
void mc_drift_free(McDrift *self); /* NULL is fine */

/* pairs samples (L R), the first of which sounded at first_ns. Times that do not fit what came
 * before by more than 60 ms are a new beginning. samples NULL: silence. */
void mc_drift_push(McDrift *self, const int16_t *samples, size_t pairs, int64_t first_ns);

/* What sounded from begin_ns on. False: not all of it has come yet; ask again, or give up with
 * mc_drift_conceal, which fills the block with what there is, faded out, and silence. */
bool mc_drift_pull(McDrift *self, int64_t begin_ns, int16_t *block, size_t pairs);
void mc_drift_conceal(McDrift *self, int16_t *block, size_t pairs);

typedef struct {
    double ppm;      /* the card's clock against ours; positive: it is fast */
    uint64_t jumps;  /* places where sound was cut or stretched audibly, at the most a fade */
    uint64_t behind; /* pairs captured and not yet read */
} McDriftStats;
McDriftStats mc_drift_stats(const McDrift *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McDrift, mc_drift_free)
