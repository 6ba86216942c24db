/* SPDX-License-Identifier: MIT */
/* umd/context.h - the one Miracast context: it owns the negotiator and the encoder of the session
 * and the P2P controller.
 * Threads: create/destroy/start/stop as the DDI calls them, never two at once; handle_message from
 * many threads, never beside those four (C-28).
 * Owner: the runtime, between Create and Destroy.
 * Errors: MC_LINK_ERROR. */
#pragma once

#include "umd/link-interface.h"
#include "umd/os.h"
#include "umd/session.h"

typedef struct McContext McContext;

McContext *mc_context_new(HANDLE device, const MIRACAST_CALLBACKS *callbacks, NTSTATUS *ret_status);
void mc_context_free(McContext *self);
/* The context behind a PVOID of the DDI, NULL if it is none of ours. */
McContext *mc_context_from(PVOID context);

NTSTATUS mc_context_start(McContext *self, int rtsp_fd, const MIRACAST_WFD_CONNECTION_STATS *stats,
                          MIRACAST_SESSION_INFO *ret_info);
void mc_context_stop(McContext *self);

void mc_context_configure(McContext *self, const McUmdOptions *options);
McSession *mc_context_session(McContext *self); /* NULL between sessions */
McLink *mc_context_link(McContext *self);       /* NULL before Listen */
bool mc_context_listen(McContext *self, const McLinkConfig *config, uint16_t *ret_port,
                       GError **error);
void mc_context_cancel(McContext *self); /* of listen and what waits after it; any thread */
