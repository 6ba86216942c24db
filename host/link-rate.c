/* SPDX-License-Identifier: MIT */
#include "host/link-rate.h"

/* A rate counts where so many frames went out: what little a quiet link sends goes at the lowest
 * rate, which says nothing of the air. */
#define BUSY_FRAMES 50

/* A station that came in anew counts from zero. */
static uint64_t since(uint32_t now, uint32_t then)
{
    return now >= then ? now - then : now;
}

/* The better one of two seconds: a frame at the end of the second may be an odd one. */
void mc_link_rate_step(McLinkRate *self, const McLinkStatistics *now,
                       MIRACAST_DATARATE_STATS *ret_stats)
{
    McLinkStatistics last = self->has_last ? self->last : *now;

    *ret_stats = (MIRACAST_DATARATE_STATS){.TransmittedFrameCount = since(now->sent, last.sent),
                                           .FailedFrameCount = since(now->failed, last.failed),
                                           .RetriedFrameCount = since(now->retried, last.retried)};
    uint64_t bits =
        ret_stats->TransmittedFrameCount >= BUSY_FRAMES ? (uint64_t) now->tx_kbps * 1000 : 0;
    ret_stats->CurrentMaxTxDataRate = MAX(bits, self->last_bits);
    self->last_bits = bits;
    self->last = *now;
    self->has_last = true;
}
