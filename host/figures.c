/* SPDX-License-Identifier: MIT */
#include "host/figures.h"

/* Counters of a new stream begin anew. */
static double per_second(uint64_t now, uint64_t before, double seconds)
{
    return seconds > 0 && now > before ? (double) (now - before) / seconds : 0;
}

void mc_figures_step(McFigures *self, const McStatusSnapshot *now, const McMeterSummary *meter,
                     int64_t time_us)
{
    const double seconds = self->time_us ? (double) (time_us - self->time_us) / 1e6 : 0;

    self->fps = per_second(now->frames_encoded, self->now.frames_encoded, seconds);
    self->kbps = per_second(now->bytes_sent, self->now.bytes_sent, seconds) * 8e-3;
    self->drops = (McDrops){.capture = meter->frames_unfetched,
                            .pace = now->frames_dropped,
                            .queue = now->datagrams_dropped,
                            .refused = now->refusals};
    self->now = *now;
    self->meter = *meter;
    self->time_us = time_us;
}
