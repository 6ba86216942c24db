/* SPDX-License-Identifier: MIT */
#include "encoder/duplication.h"

#include <glib.h>

#define HOLD_US (10 * G_USEC_PER_SEC)
#define HOLD_MOST_US (80 * G_USEC_PER_SEC)
#define BACK_US (6 * G_USEC_PER_SEC) /* a report or two of a sink that reports seldom */

void mc_duplication_init(McDuplication *self)
{
    *self = (McDuplication){.hold_us = HOLD_US};
}

static void note_loss(McDuplication *self, int64_t now_us)
{
    const int64_t past_us = now_us - self->until_us;

    if (self->until_us && past_us >= 0)
        self->hold_us = past_us < BACK_US ? MIN(self->hold_us * 2, HOLD_MOST_US) : HOLD_US;
    self->until_us = now_us + self->hold_us;
}

bool mc_duplication_step(McDuplication *self, const McDuplicationInput *input)
{
    if (input->has_report && (input->fraction_lost || input->total_lost > self->total_lost))
        note_loss(self, input->now_us);
    if (input->has_report)
        self->total_lost = input->total_lost;
    return input->now_us < self->until_us && !input->tight;
}
