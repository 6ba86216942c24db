/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/x11-cursor.h - the pointer's shape and place as a picture sees them, through
 * XFIXES.
 * Threads: the connection's.  Owner: the X11 capture. */
#pragma once

#include "kmd-shim/capture/capture.h"
#include "kmd-shim/capture/x11-connection.h"

typedef struct McXCursor McXCursor;

/* NULL: the server has no XFIXES, and no cursor is shown. */
McXCursor *mc_x_cursor_new(McXConnection *x);
void mc_x_cursor_free(McXCursor *self); /* NULL is fine */

void mc_x_cursor_watch(McXCursor *self);
/* True: the event was a new shape. */
bool mc_x_cursor_event(McXCursor *self, const XEvent *event);
void mc_x_cursor_renew(McXCursor *self); /* the shape is news again */

/* The pointer is at this place of a picture of this size; here: it may be seen in it. */
typedef struct {
    int32_t x_px, y_px;
    bool here;
} McXPointer;
void mc_x_cursor_look(McXCursor *self, const McXPointer *pointer, uint32_t width_px,
                      uint32_t height_px, McCaptureNews *news);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McXCursor, mc_x_cursor_free)
