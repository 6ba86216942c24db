/* SPDX-License-Identifier: MIT */
/* umd/warm.h - prepares the encoders while nobody waits for them (C-07), once at a time in a
 * process: each context begins it and ends it.
 * Threads: any; the work has a thread of its own.  Owner: umd/context. */
#pragma once

void mc_warm_begin(void);
/* The last one waits until the thread has ended, but not for longer than Destroy may take (C-23):
 * one that is in the middle of a slow step ends after that step, at the process's exit at last. */
void mc_warm_end(void);
