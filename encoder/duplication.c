/* SPDX-License-Identifier: MIT */
#include "encoder/duplication.h"

#include <glib.h>

#define HOLD_US (10 * G_USEC_PER_SEC)
#define HOLD_MOST_US (40 * G_USEC_PER_SEC)
#define BACK_US (6 * G_USEC_PER_SEC) /* a report or two of a sink that reports seldom */
#define HIDDEN_US (4 * G_USEC_PER_SEC)
#define HIDDEN_DATAGRAMS 16 /* a picture's, or so */
#define HIDDEN_SHARE 128    /* and one in so many: of both, one in 256 */
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
    const bool back = ended && now_us - self->until_us < BACK_US;
    const bool more = datagrams >= MORE_DATAGRAMS ||
                      (self->loss_us && now_us - self->loss_us < MORE_US) ||
                      (back && self->choice == MC_DUPLICATE_ALL);

    if (ended)
        self->hold_us = back ? MIN(self->hold_us * 2, HOLD_MOST_US) : HOLD_US;
    if (ended || !self->choice)
        self->choice = MC_DUPLICATE_KEY_FRAMES;
    if (more)
        self->choice = MC_DUPLICATE_ALL;
    self->until_us = now_us + self->hold_us;
    self->loss_us = now_us;
}

static McDuplicate present(const McDuplication *self, const McDuplicationInput *input)
{
    if (input->tight || !self->until_us || input->now_us >= self->until_us + BACK_US)
        return MC_DUPLICATE_NOTHING;
    if (input->now_us < self->until_us)
        return self->choice;
    return self->choice == MC_DUPLICATE_ALL ? MC_DUPLICATE_KEY_FRAMES : MC_DUPLICATE_NOTHING;
}

/* Where duplicates count as received, what is missing of what left twice is hidden loss.  What is
 * on its way at both reports is about as much, but for a picture's datagrams. */
static bool hides_loss(McDuplication *self, const McDuplicationInput *input)
{
    if (present(self, input) != MC_DUPLICATE_ALL)
        self->mark.at_us = 0;
    if (present(self, input) != MC_DUPLICATE_ALL || !input->has_report ||
        (self->mark.at_us && input->now_us - self->mark.at_us < HIDDEN_US))
        return false;
    const int64_t again = (int64_t) (input->again - self->mark.again);
    const int64_t lost = (int64_t) input->total_lost - self->mark.lost;
    const bool counts = self->mark.at_us && again > 0 && lost < -again / 2;
    self->mark.at_us = input->now_us;
    self->mark.again = input->again;
    self->mark.lost = input->total_lost;
    return counts && again + lost >= HIDDEN_DATAGRAMS + again / HIDDEN_SHARE;
}

bool mc_duplication_is_told(const McDuplication *self, const McDuplicationInput *input)
{
    return !input->tight && input->has_report &&
           (input->fraction_lost || input->total_lost > self->total_lost);
}

McDuplicate mc_duplication_step(McDuplication *self, const McDuplicationInput *input)
{
    if (input->vain)
        self->until_us = 0;
    if (mc_duplication_is_told(self, input))
        note_loss(self, input->now_us, MAX(input->total_lost - self->total_lost, 1));
    if (!input->tight && input->wishes)
        note_loss(self, input->now_us, (int32_t) input->wishes);
    if (hides_loss(self, input))
        note_loss(self, input->now_us, MORE_DATAGRAMS);
    if (input->has_report)
        self->total_lost = input->total_lost;
    return present(self, input);
}

uint32_t mc_duplication_share_kbps(McDuplicate choice, uint32_t kbps)
{
    return choice == MC_DUPLICATE_ALL ? kbps / 2 : kbps;
}
