/* SPDX-License-Identifier: MIT */
/* encoder/stage-times.h - how long a stage took for the last frames, as p50 and p95.
 * Threads: none of its own; the owner's lock.  Owner: encoder/stream. */
#pragma once

#include <stdint.h>

#define MC_STAGE_SAMPLES 256u

typedef struct {
    uint32_t sample_us[MC_STAGE_SAMPLES];
    uint64_t count;
} McStageTimes;

typedef struct {
    uint32_t p50_us, p95_us;
} McStageFigures;

void mc_stage_times_add(McStageTimes *self, int64_t us);
McStageFigures mc_stage_times_figures(const McStageTimes *self); /* zeros before the first */
