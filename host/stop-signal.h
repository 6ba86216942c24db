/* SPDX-License-Identifier: MIT */
/* host/stop-signal.h - SIGINT and SIGTERM as a wish to stop, told to a callback on a thread of its
 * own. Thread: new/free from main, before other threads start (they inherit the mask).  Owner:
 * main. */
#pragma once

typedef struct McStopSignal McStopSignal;
typedef void (*McStopSignalFunc)(void *user_data); /* once for each signal, own thread */

McStopSignal *mc_stop_signal_new(McStopSignalFunc func, void *user_data);
void mc_stop_signal_free(McStopSignal *self);
