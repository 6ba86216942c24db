/* SPDX-License-Identifier: MIT */
/* encoder/duplication.h - whether the datagrams of key frames leave twice: to a sink whose receiver
 * reports told of loss of late.  A receiver knows a datagram that it has by its number and drops it
 * (RFC 3550, A.1); a sink that reports nothing has not shown that it does.
 * Reports say less while duplicates go, as those may count as received (A.3) and make up for what
 * is lost: the wish outlasts such silence, and longer each time that loss is back behind its end.
 * Threads: none; a pure function, one step at a time.  Owner: umd/feedback. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t now_us;
    bool has_report;       /* a receiver report came since the last step */
    uint8_t fraction_lost; /* of it, in 1/256 */
    int32_t total_lost;    /* of it, datagrams; negative where duplicates count */
    bool tight;            /* the link has no room (encoder/rate-control.h) */
} McDuplicationInput;

typedef struct {
    int64_t until_us; /* 0: no loss was ever told */
    int64_t hold_us;
    int32_t total_lost;
} McDuplication;

void mc_duplication_init(McDuplication *self);
bool mc_duplication_step(McDuplication *self, const McDuplicationInput *input);
