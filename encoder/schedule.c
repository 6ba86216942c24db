/* SPDX-License-Identifier: MIT */
#include "encoder/schedule.h"

#define AIR_MAX_US G_USEC_PER_SEC /* a debt is forgiven some time */

void mc_schedule_set_fps(McSchedule *self, uint32_t fps)
{
    const int64_t before_us = self->interval_us;

    self->interval_us = G_USEC_PER_SEC / MAX(fps, 1);
    if (self->interval_us < before_us) /* what was taken ahead is paid at the new rate */
        self->slot_us =
            self->unit_us + (self->slot_us - self->unit_us) * self->interval_us / before_us;
}

void mc_schedule_restart(McSchedule *self, uint32_t fps)
{
    mc_schedule_set_fps(self, fps);
    self->slot_us = 0;
    self->first = true;
}

/* Slots keep the mode's rate in the long run, and nothing more: a frame that comes in the mode's
 * rate must never wait because one before it came late and moved the slots; but for pictures that
 * are larger than the rate has room for. */
static int64_t open_us(const McSchedule *self)
{
    const int64_t ahead_us =
        self->tight ? MC_SCHEDULE_AHEAD_TIGHT * self->interval_us : MC_SCHEDULE_AHEAD_US;

    return MAX(self->slot_us - self->interval_us * 15 / 8, self->air_us - ahead_us);
}

bool mc_schedule_frame(McSchedule *self, int64_t now_us)
{
    self->has_picture = true;
    self->frame_us = now_us;
    self->frame_waits = true;
    return now_us >= open_us(self) ||
           (self->idr_wanted && mc_schedule_idr_is_due(self, now_us)); /* which waited for it */
}

void mc_schedule_expect_frame(McSchedule *self, int64_t now_us)
{
    self->frame_us = self->unit_us = now_us;
}

bool mc_schedule_idr_is_due(const McSchedule *self, int64_t now_us)
{
    return self->first || (self->idr_wanted && now_us - self->idr_us >= MC_SCHEDULE_IDR_SPACING_US);
}

bool mc_schedule_repeat_is_due(const McSchedule *self, int64_t now_us)
{
    return self->has_picture &&
           (now_us - self->unit_us >= MC_SCHEDULE_REPEAT_US || now_us >= mc_schedule_next_us(self));
}

bool mc_schedule_has_news(const McSchedule *self)
{
    return self->frame_waits || self->cursor_waits;
}

int64_t mc_schedule_next_us(const McSchedule *self)
{
    const int64_t calm_us = self->frame_us + self->interval_us * 3 / 2;
    int64_t next_us = MC_SCHEDULE_NEVER;

    if (!self->has_picture)
        return MC_SCHEDULE_NEVER;
    if (self->frame_waits)
        next_us = open_us(self);
    if (self->cursor_waits)
        next_us = MIN(next_us, MAX(calm_us, open_us(self)));
    if (self->first)
        next_us = MIN(next_us, calm_us);
    if (self->idr_wanted)
        next_us = MIN(next_us, MAX(calm_us, self->idr_us + MC_SCHEDULE_IDR_SPACING_US));
    return next_us;
}

void mc_schedule_encoded(McSchedule *self, int64_t now_us, bool idr, int64_t takes_us)
{
    /* A repetition takes nobody's slot: what happens next on the screen need not wait for it. */
    if (self->frame_waits || self->cursor_waits)
        self->slot_us = MAX(self->slot_us, now_us) + self->interval_us - self->interval_us / 64;
    self->frame_waits = self->cursor_waits = false;
    self->unit_us = now_us;
    self->air_us = MIN(MAX(self->air_us, now_us) + takes_us, now_us + AIR_MAX_US);
    if (!idr)
        return;
    self->idr_us = now_us;
    self->idr_wanted = self->first = false;
}
