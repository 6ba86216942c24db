/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/x11-connection.h - a connection to an X server that may err, hang and go without
 * taking the process with it: Xlib's handlers are the process's, and by default they end it.
 * Threads: one at a time; hang_up on any. Owner: the capture, or the input's target. */
#pragma once

#include <X11/Xlib.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    Display *display;
    int fd;
    int error;   /* code of the last request that failed; the caller sets it to 0 */
    bool broken; /* the connection is gone: no request may be made any more */
} McXConnection;

/* name: ":0", NULL: $DISPLAY's. NULL: it cannot be opened. */
McXConnection *mc_x_connection_new(const char *name);
void mc_x_connection_free(McXConnection *self); /* NULL is fine */

/* Waits until every request was answered: false if one of them failed since error was 0. */
bool mc_x_connection_settle(McXConnection *self);

/* A request that hangs returns, and the connection is broken. */
void mc_x_connection_hang_up(McXConnection *self);

/* A 32-bit property of a window: *ret_count longs, XFree's; NULL: there is none of that type. */
unsigned long *mc_x_connection_property(McXConnection *self, Window window, const char *name,
                                        Atom type, unsigned long *ret_count);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McXConnection, mc_x_connection_free)
