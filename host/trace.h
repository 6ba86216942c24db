/* SPDX-License-Identifier: MIT */
/* host/trace.h - the dialogue of a session in files that a person can read: DIR/rtsp.log.
 * Thread: any.  Owner: host/cast. */
#pragma once

#include <glib.h>
#include <stddef.h>

typedef struct McTrace McTrace;
McTrace *mc_trace_new(const char *dir, GError **error); /* makes the folder */
void mc_trace_free(McTrace *self);                      /* NULL is fine */
void mc_trace_rtsp(McTrace *self, char direction, const char *text, size_t len);
