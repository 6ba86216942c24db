/* SPDX-License-Identifier: MIT */
/* host/link-rate.h - what the driver is told of its radio link once a second (C-102): counts since
 * the last time, and the rate that the air carries.
 * Thread: one at a time; pure.  Owner: host/projection. */
#pragma once

#include "p2p/link.h"
#include "umd/netdispumdddi.h"

typedef struct {
    McLinkStatistics last;
    bool has_last;
    uint64_t last_bits; /* rate of the last second; 0: unknown */
} McLinkRate;

/* No recommendation for the encoder is made: the driver knows its own stream better. */
void mc_link_rate_step(McLinkRate *self, const McLinkStatistics *now,
                       MIRACAST_DATARATE_STATS *ret_stats);
