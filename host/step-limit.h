/* SPDX-License-Identifier: MIT */
/* host/step-limit.h - how often a step is said: a sink that goes to and fro as fast as it can does
 * not fill the log.  Each step has its own count, so that no other is missed for it.
 * Thread: one at a time; a pure function of calls and their times.  Owner: host/report. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MC_STEP_LIMIT_BURST 50u         /* so many at once, */
#define MC_STEP_LIMIT_PERIOD_US 1000000 /* and then one in this time */

typedef struct {
    struct {
        char step[16];
        int64_t spent_us; /* what was said takes so long to earn back; a point in time */
        unsigned left_out;
    } rows[32];
    unsigned n;
} McStepLimit;

/* True: it may be said, and so many before it were not. */
bool mc_step_limit_pass(McStepLimit *self, const char *step, int64_t now_us,
                        unsigned *ret_left_out);
