/* SPDX-License-Identifier: MIT */
/* encoder/pts-spacing.h - the PTS of pictures: when they were captured, and no closer to each other
 * than the mode has them. A level bounds how fast pictures follow one another (H.264 A.3.1), and a
 * key frame between two frames, or two frames after a pause, would be shown for an instant.
 * Threads: none; pure functions.  Owner: encoder/output. */
#pragma once

#include <stdint.h>

typedef struct {
    uint64_t interval_90k; /* of the mode */
    uint64_t last_90k;     /* of the last picture; 0: there was none */
} McPtsSpacing;

/* The PTS of the next picture, which would have wish_90k: that or a little more, and more than the
 * last one. What a late picture moved the others by is made good at a sixteenth an interval. */
uint64_t mc_pts_spacing_next(McPtsSpacing *self, uint64_t wish_90k);
