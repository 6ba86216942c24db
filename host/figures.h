/* SPDX-License-Identifier: MIT */
/* host/figures.h - the figures of a session's last second, the same for the live line, the
 * statistics and the Prometheus endpoint. Thread: one caller at a time.  Owner: host/projection. */
#pragma once

#include "host/meter.h"
#include "kmd-shim/abi/message.h"

/* So far, by cause. */
typedef struct {
    uint64_t capture; /* frames that the driver did not fetch before the next ones came */
    uint64_t pace;    /* frames that waited for their time until a newer one replaced them */
    uint64_t queue;   /* datagrams that our queue or the system did not take */
    uint64_t refused; /* datagrams that the sink's machine refused */
} McDrops;

typedef struct {
    McStatusSnapshot now; /* as the driver answered */
    McMeterSummary meter;
    int64_t time_us;
    double fps, kbps; /* got since the step before; 0 at the first one */
    McDrops drops;
} McFigures;

/* The next second's, from those of the one before (zeros at first). */
void mc_figures_step(McFigures *self, const McStatusSnapshot *now, const McMeterSummary *meter,
                     int64_t time_us);
