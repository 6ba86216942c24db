/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/x11-shm.h - frames whose memory is shared with the X server, which writes the
 * picture right into it.
 * Threads: the connection's.  Owner: the frame has it, until detach. */
#pragma once

#include "kmd-shim/capture/frame-pool.h"
#include "kmd-shim/capture/x11-connection.h"

/* False: the server shares no memory (MC_CAPTURE_ERROR). */
bool mc_x11_shm_attach(McXConnection *x, McFrame *frame, Visual *visual, int depth,
                       uint32_t width_px, uint32_t height_px, GError **error);
void mc_x11_shm_detach(McXConnection *x, McFrame *frame); /* also one that has none */
/* False: the drawable is not as large any more as the frame, or has gone. */
bool mc_x11_shm_read(McXConnection *x, McFrame *frame, Drawable from, int x_px, int y_px);
/* As attach does; sets the error where the connection is gone. */
bool mc_x11_lost(GError **error);
