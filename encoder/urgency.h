/* SPDX-License-Identifier: MIT */
/* encoder/urgency.h - threads that do little and must do it in time: they are scheduled before
 * others where the system lets them.
 * Threads: the calling one is changed.  Owner: none; no state. */
#pragma once

/* A wish: without the right to it (RLIMIT_NICE, CAP_SYS_NICE) the thread stays as it is. */
void mc_urgency_raise(void);
