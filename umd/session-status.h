/* SPDX-License-Identifier: MIT */
/* umd/session-status.h - the snapshot that QUERY_STATUS answers with: what the session's thread
 * knew at its last step, joined with the stream's own figures.
 * Threads: update from the session's, read from any.  Owner: umd/session. */
#pragma once

#include "kmd-shim/abi/message.h"
#include "umd/adapt.h"
#include "umd/life.h"

typedef struct {
    GMutex lock; /* guards snapshot */
    McStatusSnapshot snapshot;
} McSessionStatus;

void mc_session_status_init(McSessionStatus *self);
void mc_session_status_clear(McSessionStatus *self);
void mc_session_status_update(McSessionStatus *self, const McWfdSource *source, McAdapt *adapt,
                              const McLife *life);
void mc_session_status_read(McSessionStatus *self, McMedia *media, McStatusSnapshot *ret_snapshot);
