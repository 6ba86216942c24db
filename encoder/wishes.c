/* SPDX-License-Identifier: MIT */
#include "encoder/wishes.h"

#include <glib.h>
#include <string.h>

#define START_US (500 * 1000)  /* sinks ask for their first picture, and once more */
#define PAUSE_US (150 * 1000)  /* wishes that are nearer are one */
#define STORM_US (1500 * 1000) /* so long without a pause: it does not look at answers */
#define STORM_PAST_US (3 * G_USEC_PER_SEC)
#define GAP_MOST_US (2 * G_USEC_PER_SEC) /* rarer ones are mended well enough by key frames */
#define TRY_MOMENTS 4  /* lead to a try; where they come like a clock's, all that are remembered */
#define CLOCK_SHARE 12 /* gaps that differ by less than this part are a clock's */
#define SETTLE_US (700 * 1000) /* of a try: what was lost before it is still asked for */
#define TRY_LEAST_US (2 * G_USEC_PER_SEC)
#define TRY_GAPS 4 /* as long as the moments that led to it took, and one more */
#define RARER 2
#define MEND_US (1 * G_USEC_PER_SEC)
#define TRUST_US (60 * G_USEC_PER_SEC)
#define TRUST_HOLDS_US (10 * G_USEC_PER_SEC)
#define DOUBT_US (10 * G_USEC_PER_SEC)
#define DOUBT_MOST_US (320 * G_USEC_PER_SEC)

void mc_wishes_init(McWishes *self, int64_t now_us)
{
    *self = (McWishes){
        .start_us = now_us, .doubt_us = DOUBT_US, .asks = self->asks, .mended_us = self->mended_us};
}

static void add_moment(McWishes *self, int64_t now_us)
{
    memmove(self->at_us, self->at_us + 1, sizeof(self->at_us) - sizeof(self->at_us[0]));
    self->at_us[MC_WISHES_MOMENTS - 1] = now_us;
    self->n_moments = MIN(self->n_moments + 1, MC_WISHES_MOMENTS);
    self->fresh++;
    self->in_try += now_us - self->phase_us >= SETTLE_US;
}

void mc_wishes_note(McWishes *self, int64_t now_us)
{
    const bool pause = !self->wish_us || now_us - self->wish_us >= PAUSE_US;

    self->asks = true;
    self->wish_us = now_us;
    if (pause)
        self->burst_us = now_us;
    if (now_us - self->burst_us >= STORM_US) {
        self->storm_us = now_us;
        self->n_moments = 0;
    }
    const bool storms = self->storm_us && now_us - self->storm_us < STORM_PAST_US;
    if (pause && !storms && now_us - self->start_us >= START_US)
        add_moment(self, now_us);
}

static bool has_some(const McWishes *self)
{
    return self->n_moments >= TRY_MOMENTS;
}

static int64_t mean_gap_us(const McWishes *self)
{
    return (self->at_us[MC_WISHES_MOMENTS - 1] - self->at_us[MC_WISHES_MOMENTS - TRY_MOMENTS]) /
           (TRY_MOMENTS - 1);
}

/* Loss has no regular time, but for a sink that loses all the time and asks as often as it lets
 * itself. */
static bool is_clock(const McWishes *self)
{
    int64_t least_us = INT64_MAX, most_us = 0;

    for (unsigned i = MC_WISHES_MOMENTS - TRY_MOMENTS + 1; i < MC_WISHES_MOMENTS; i++) {
        least_us = MIN(least_us, self->at_us[i] - self->at_us[i - 1]);
        most_us = MAX(most_us, self->at_us[i] - self->at_us[i - 1]);
    }
    return has_some(self) && most_us - least_us < least_us / CLOCK_SHARE;
}

static void enter(McWishes *self, McWishesPhase phase, int64_t now_us)
{
    self->phase = phase;
    self->phase_us = now_us;
    self->n_moments = self->in_try = 0;
}

static McWishesSay doubt(McWishes *self, int64_t now_us)
{
    enter(self, MC_WISHES_DOUBT, now_us);
    self->until_us = now_us + self->doubt_us;
    self->doubt_us = MIN(self->doubt_us * 2, DOUBT_MOST_US);
    return MC_WISHES_VAIN;
}

static McWishesSay listen(McWishes *self, const McWishesInput *input)
{
    const int64_t now_us = input->now_us;

    if (input->reports || !has_some(self) || mean_gap_us(self) > GAP_MOST_US ||
        now_us - self->wish_us > GAP_MOST_US ||
        (is_clock(self) && self->n_moments < MC_WISHES_MOMENTS))
        return MC_WISHES_NOTHING;
    self->regular = is_clock(self);
    self->gap_us = mean_gap_us(self);
    enter(self, MC_WISHES_IN_TRY, now_us);
    return MC_WISHES_TRY;
}

/* Its end is either of two: too many came in it already, or its time is over. */
static McWishesSay watch_try(McWishes *self, int64_t now_us)
{
    const int64_t try_us = MAX(TRY_GAPS * self->gap_us, TRY_LEAST_US);

    if (self->in_try * self->gap_us * RARER > try_us) {
        if (self->regular)
            self->doubt_us = DOUBT_MOST_US;
        return doubt(self, now_us);
    }
    if (now_us - self->phase_us < SETTLE_US + try_us)
        return MC_WISHES_NOTHING;
    enter(self, MC_WISHES_TRUST, now_us);
    self->trust_us = now_us;
    return MC_WISHES_NOTHING;
}

static McWishesSay watch_trust(McWishes *self, const McWishesInput *input)
{
    const int64_t now_us = input->now_us;

    if (!input->all_twice && !input->reports)
        self->n_moments = 0;
    if (self->gap_us && !input->reports && has_some(self) &&
        mean_gap_us(self) <= self->gap_us * 3 / 2)
        return doubt(self, now_us);
    if (now_us - self->trust_us > TRUST_HOLDS_US)
        self->doubt_us = DOUBT_US;
    if (self->fresh && (self->gap_us || !is_clock(self))) {
        self->phase_us = MAX(self->phase_us, self->wish_us);
        return MC_WISHES_LOSS;
    }
    if (now_us - self->phase_us > TRUST_US)
        enter(self, MC_WISHES_LISTEN, now_us);
    return MC_WISHES_NOTHING;
}

static McWishesSay step(McWishes *self, const McWishesInput *input)
{
    if (input->told_loss && self->phase != MC_WISHES_TRUST) {
        self->gap_us = 0;
        self->trust_us = input->now_us;
        enter(self, MC_WISHES_TRUST, input->now_us);
    } else if (input->told_loss) {
        self->phase_us = input->now_us;
    }
    switch (self->phase) {
    case MC_WISHES_LISTEN:
        return listen(self, input);
    case MC_WISHES_IN_TRY:
        return watch_try(self, input->now_us);
    case MC_WISHES_TRUST:
        return watch_trust(self, input);
    case MC_WISHES_DOUBT:
        if (input->now_us >= self->until_us)
            enter(self, MC_WISHES_LISTEN, input->now_us);
    }
    return MC_WISHES_NOTHING;
}

McWishesSay mc_wishes_step(McWishes *self, const McWishesInput *input)
{
    const McWishesSay say = step(self, input);

    self->fresh = 0;
    return say;
}

bool mc_wishes_mend(McWishes *self, int64_t now_us)
{
    if (self->asks || (self->mended_us && now_us - self->mended_us < MEND_US))
        return false;
    self->mended_us = now_us;
    return true;
}

bool mc_wishes_speak_of_loss(const McWishes *self)
{
    return self->phase == MC_WISHES_IN_TRY || self->phase == MC_WISHES_TRUST;
}
