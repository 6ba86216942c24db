/* SPDX-License-Identifier: MIT */
/* encoder/patience.h - how long somebody else was waited for: a pure function of looks at the
 * clock.  Time in which this process did not run (it was stopped, or its machine had no time for
 * it) is not theirs.  Threads: none.  Owner: who waits. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t left_us, looked_us;
} McPatience;

static inline void mc_patience_begin(McPatience *self, int64_t patience_us, int64_t now_us)
{
    *self = (McPatience){patience_us, now_us};
}

/* A look after a wait of at most wait_us: what it took beyond twice that was our own. */
static inline bool mc_patience_is_over(McPatience *self, int64_t wait_us, int64_t now_us)
{
    self->left_us -= CLAMP(now_us - self->looked_us, 0, 2 * wait_us);
    self->looked_us = now_us;
    return self->left_us <= 0;
}
