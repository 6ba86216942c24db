/* SPDX-License-Identifier: MIT */
#include "umd/bit-rate.h"

#include <glib.h>

#define DEFAULT_MIN_KBPS 2000

/* Bits a second for a picture of this size: 0.12 bit a pixel keeps text readable. */
static uint32_t default_kbps(const McVideoMode *mode)
{
    uint64_t bits = (uint64_t) mode->width_px * mode->height_px * mode->fps * 12 / 100;

    return MAX(DEFAULT_MIN_KBPS, (uint32_t) (bits / 1000));
}

static uint32_t least(uint32_t a_kbps, uint32_t b_kbps)
{
    return !a_kbps || (b_kbps && b_kbps < a_kbps) ? b_kbps : a_kbps;
}

uint32_t mc_bit_rate_begin(McBitRate *self, const McVideoChoice *choice, uint32_t option_kbps)
{
    const uint32_t kbps = self->wish_kbps ? self->wish_kbps
                          : option_kbps   ? option_kbps
                                          : default_kbps(&choice->mode);

    self->limit_kbps = choice->max_kbps;
    self->mode_kbps = least(kbps, choice->max_kbps);
    return least(self->mode_kbps, self->sink_kbps);
}

void mc_bit_rate_wish(McBitRate *self, uint32_t kbps)
{
    self->wish_kbps = self->limit_kbps ? MIN(kbps, self->limit_kbps) : kbps;
    self->mode_kbps = self->wish_kbps;
}

uint32_t mc_bit_rate_least(const McBitRate *self)
{
    return least(least(self->mode_kbps, self->sink_kbps), self->link_kbps);
}
