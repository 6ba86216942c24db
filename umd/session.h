/* SPDX-License-Identifier: MIT */
/* umd/session.h - one session: joins the RTSP socket, the source machine and the media; the only
 * place that knows all three.
 * Threads: new/start/stop/free from the DDI's Start and Stop threads; post and snapshot from any.
 * During Start the caller is the session's thread; afterwards a thread of its own is (the DDI
 * blocks I/O controls of other threads during Start, so nothing else could report the monitor).
 * Owner: umd/context. */
#pragma once

#include "kmd-shim/abi/message.h"
#include "umd/link-interface.h"
#include "umd/os.h"
#include "umd/radio-notice.h"

typedef struct McSession McSession;

/* rtsp_fd: borrowed, never closed or shut down here (C-11). */
/* link: borrowed, outlives the session; NULL where someone else reached the sink. */
McSession *mc_session_new(const McOs *os, const McUmdOptions *options, McLink *link, int rtsp_fd,
                          const MIRACAST_WFD_CONNECTION_STATS *stats);
void mc_session_free(McSession *self); /* stops; NULL is fine */

/* Negotiates through M3, then lets the session's thread go on with M4..M7.  STATUS_SUCCESS,
 * STATUS_DEVICE_INSUFFICIENT_RESOURCES (C-16), STATUS_CONNECTION_RESET, STATUS_IO_TIMEOUT, ... */
NTSTATUS mc_session_start(McSession *self, MIRACAST_SESSION_INFO *ret_info);
/* Ends the traffic, asks the sink for M8 and waits for it a moment; at most one second (C-21). */
void mc_session_stop(McSession *self);

/* Messages of the display path, already checked; done by the session's thread, in order. */
NTSTATUS mc_session_set_display_mode(McSession *self, const McMsgDisplayMode *message);
NTSTATUS mc_session_set_monitor_power(McSession *self, bool on);
NTSTATUS mc_session_set_audio(McSession *self, bool active);
NTSTATUS mc_session_set_input(McSession *self, bool allowed);
/* Done at once, on the caller's thread. */
NTSTATUS mc_session_control_encoder(McSession *self, const McMsgEncoderControl *message);
NTSTATUS mc_session_set_cursor(McSession *self, const McMsgCursor *message, const uint8_t *bgra);
/* STATUS_NOT_SUPPORTED: what is protected is withheld, and a still picture says so. */
NTSTATUS mc_session_protect_content(McSession *self, const McMsgContentProtection *message);
void mc_session_set_bitrate(McSession *self, uint32_t kbps);
void mc_session_radio(McSession *self, const McRadioNotice *notice); /* once a second */
void mc_session_snapshot(McSession *self, McStatusSnapshot *ret_snapshot);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McSession, mc_session_free)
