/* SPDX-License-Identifier: MIT */
/* host/cast.h - `miracast cast`: one desktop to one sink or several, each with its own projection;
 * what they share (picture, sound, signals, consent) is here.
 * Thread: main, which blocks; SIGINT and SIGTERM end it with M8.  Owner: host/main.c. */
#pragma once

#include "host/options.h"
#include "host/report.h"

/* Returns the program's exit code. on_listening (may be NULL) gets the bound port once. */
typedef void (*McCastListening)(uint16_t port, void *user_data);
int mc_cast_run(const McOptions *options, McReport *report, McCastListening on_listening,
                void *user_data);
