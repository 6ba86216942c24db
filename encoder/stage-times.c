/* SPDX-License-Identifier: MIT */
#include "encoder/stage-times.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

void mc_stage_times_add(McStageTimes *self, int64_t us)
{
    self->sample_us[self->count++ % MC_STAGE_SAMPLES] = (uint32_t) CLAMP(us, 0, G_MAXUINT32);
}

static int compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;

    return x < y ? -1 : x > y;
}

McStageFigures mc_stage_times_figures(const McStageTimes *self)
{
    const size_t n = (size_t) MIN(self->count, MC_STAGE_SAMPLES);
    uint32_t sorted[MC_STAGE_SAMPLES];

    if (!n)
        return (McStageFigures){0};
    memcpy(sorted, self->sample_us, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), compare);
    return (McStageFigures){sorted[(n - 1) * 50 / 100], sorted[(n - 1) * 95 / 100]};
}
