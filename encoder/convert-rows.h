/* SPDX-License-Identifier: MIT */
/* encoder/convert-rows.h - BGRX rows to I420 rows by BT.709 in limited range, with SIMD if there.
 * Threads: none; pure functions.  (libyuv's ARGBToI420 knows BT.601 only.)
 * Owner: encoder/convert. */
#pragma once

#include <stdint.h>

/* Two rows of pixels (the same row twice for the last one of an odd height) to two rows of luma and
 * one of each chroma, (width_px + 1) / 2 long. */
typedef void (*McRowsFunc)(const uint8_t *bgrx0, const uint8_t *bgrx1, uint8_t *y0, uint8_t *y1,
                           uint8_t *u, uint8_t *v, unsigned width_px);
McRowsFunc mc_rows_best(void);  /* for this processor */
McRowsFunc mc_rows_plain(void); /* portable; the others are equal to it bit for bit */

/* One colour; alpha's 16 and 128 are the caller's business: 0..219 and -112..112, times 256. */
static inline int mc_rows_luma_256(int b, int g, int r)
{
    return 47 * r + 157 * g + 16 * b;
}

static inline int mc_rows_cb_256(int b, int g, int r)
{
    return 112 * b - 86 * g - 26 * r;
}

static inline int mc_rows_cr_256(int b, int g, int r)
{
    return 112 * r - 102 * g - 10 * b;
}
