/* SPDX-License-Identifier: MIT */
/* host/stop-signal.h - SIGINT and SIGTERM as a wish to stop, SIGUSR1 as another wish, told to
 * callbacks on a thread of its own.
 * Thread: new/free from main, before other threads start (they inherit the mask).  Owner: main. */
#pragma once

typedef struct McStopSignal McStopSignal;
typedef void (*McStopSignalFunc)(void *user_data); /* once for each signal, own thread */

/* on_user: SIGUSR1; NULL leaves it as it is. */
McStopSignal *mc_stop_signal_new(McStopSignalFunc on_stop, McStopSignalFunc on_user,
                                 void *user_data);
void mc_stop_signal_free(McStopSignal *self);
