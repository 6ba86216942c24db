/* SPDX-License-Identifier: MIT */
#include "encoder/duplication.h"

#include <glib.h>

#define HOLD_US (10 * G_USEC_PER_SEC)
#define HOLD_MOST_US (40 * G_USEC_PER_SEC)
#define BACK_US (6 * G_USEC_PER_SEC) /* a report or two of a sink that reports seldom */
/* Two datagrams in so long are one in a hundred to five hundred: a picture of twelve, one of which
 * refers to the other, is then broken more often than each third second. */
#define MORE_US (2 * G_USEC_PER_SEC)
#define MORE_DATAGRAMS 2

void mc_duplication_init(McDuplication *self, int32_t total_lost)
{
    *self = (McDuplication){.hold_us = HOLD_US, .total_lost = total_lost};
}

static void note_loss(McDuplication *self, int64_t now_us, int32_t datagrams)
{
    const bool ended = self->until_us && now_us >= self->until_us;
    const bool more =
        datagrams >= MORE_DATAGRAMS || (self->loss_us && now_us - self->loss_us < MORE_US);

    if (ended)
        self->hold_us =
            now_us - self->until_us < BACK_US ? MIN(self->hold_us * 2, HOLD_MOST_US) : HOLD_US;
    if (ended || !self->choice)
        self->choice = MC_DUPLICATE_KEY_FRAMES;
    if (more)
        self->choice = MC_DUPLICATE_ALL;
    self->until_us = now_us + self->hold_us;
    self->loss_us = now_us;
}

McDuplicate mc_duplication_step(McDuplication *self, const McDuplicationInput *input)
{
    const int32_t more = input->total_lost - self->total_lost;

    if (input->has_report && !input->tight && (input->fraction_lost || more > 0))
        note_loss(self, input->now_us, MAX(more, 1));
    if (input->has_report)
        self->total_lost = input->total_lost;
    return input->now_us < self->until_us && !input->tight ? self->choice : MC_DUPLICATE_NOTHING;
}

uint32_t mc_duplication_share_kbps(McDuplicate choice, uint32_t kbps)
{
    return choice == MC_DUPLICATE_ALL ? kbps / 2 : kbps;
}
