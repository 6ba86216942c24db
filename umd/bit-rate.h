/* SPDX-License-Identifier: MIT */
/* umd/bit-rate.h - how many bits a second a session's video may have: the least of what its mode,
 * the person or the display path, the sink and the link want. A choice without I/O.
 * Threads: one at a time (the media's lock).  Owner: umd/media. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rtsp/negotiate.h"

/* Each 0: none, or not known. */
typedef struct {
    uint32_t wish_kbps;  /* of the display path or for the link's sake */
    uint32_t limit_kbps; /* of the negotiated mode */
    uint32_t mode_kbps;  /* wished for that mode: the link may give less */
    uint32_t sink_kbps;  /* that the sink wants at most */
    uint32_t link_kbps;  /* that the link is good for */
} McBitRate;

/* Another mode; option_kbps: the person's. What its video begins with, before the link is known. */
uint32_t mc_bit_rate_begin(McBitRate *self, const McVideoChoice *choice, uint32_t option_kbps);
void mc_bit_rate_wish(McBitRate *self, uint32_t kbps); /* never above the mode's limit */
uint32_t mc_bit_rate_least(const McBitRate *self);     /* 0: nobody wants anything */
