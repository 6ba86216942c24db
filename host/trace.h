/* SPDX-License-Identifier: MIT */
/* host/trace.h - what passed in a session, for people: DIR/rtsp.log, and DIR/session.pcapng for
 * Wireshark, with RTSP (redacted), RTP and RTCP, these as they are on the wire.
 * Thread: any.  Owner: host/projection.
 * Errors: G_FILE_ERROR. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

typedef struct McTrace McTrace;
McTrace *mc_trace_new(const char *dir, GError **error); /* makes the folder */
void mc_trace_free(McTrace *self);                      /* NULL is fine */
/* Whose session it is: the RTSP socket; packets have its addresses, and begin with it. */
void mc_trace_connected(McTrace *self, int rtsp_fd);
/* direction: '>' to the sink, '<' from it. */
void mc_trace_rtsp(McTrace *self, char direction, const char *text, size_t len);
void mc_trace_datagram(McTrace *self, char direction, uint16_t local_port, uint16_t sink_port,
                       const uint8_t *bytes, size_t len);
