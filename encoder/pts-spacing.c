/* SPDX-License-Identifier: MIT */
#include "encoder/pts-spacing.h"

#include <glib.h>

#define PART 16     /* of an interval: pictures may stay that late, and catch up by that much */
#define MOST_LATE 2 /* intervals: pictures that come faster for long are shown faster */

uint64_t mc_pts_spacing_next(McPtsSpacing *self, uint64_t wish_90k)
{
    const uint64_t part = self->interval_90k / PART, even = self->last_90k + self->interval_90k;
    uint64_t pts = wish_90k;

    if (self->last_90k && wish_90k < even) {
        pts = even - wish_90k <= part ? even : even - part;
        pts = MIN(pts, wish_90k + MOST_LATE * self->interval_90k);
        pts = MAX(pts, self->last_90k + 1);
    }
    self->last_90k = pts;
    return pts;
}
