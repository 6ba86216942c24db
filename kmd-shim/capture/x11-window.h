/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/x11-window.h - one window's own picture, whatever covers it (COMPOSITE): found
 * by number or title, followed through sizes, kept when it is minimised.
 * Threads: the connection's.  Owner: the X11 capture.
 *
 * The server draws a redirected window into memory of its own, which is named anew with each size
 * and each time that the window is mapped. Such memory begins as a copy of what was on the screen
 * there, until the program has drawn: it is not read before that had time. */
#pragma once

#include "kmd-shim/capture/x11-connection.h"
#include "kmd-shim/capture/x11-cursor.h"
#include "kmd-shim/capture/x11-target.h"

/* The one window that the target names; false: none or several (MC_CAPTURE_ERROR_NO_WINDOW). */
bool mc_x11_window_find(McXConnection *x, const McX11Target *target, Window *ret, GError **error);
/* The child of the root in which the window is: its frame, or itself; None: it is no more. */
Window mc_x11_window_toplevel(McXConnection *x, Window window);

typedef struct McXWindow McXWindow;
/* Redirects the window until free. */
McXWindow *mc_x_window_new(McXConnection *x, Window window, GError **error);
void mc_x_window_free(McXWindow *self); /* NULL is fine */

typedef struct {
    Pixmap pixmap; /* None: nothing to be read yet */
    int x_px, y_px;
    uint32_t width_px, height_px;
    Visual *visual;
    int depth;
} McXWindowPicture;
void mc_x_window_picture(const McXWindow *self, McXWindowPicture *ret);

void mc_x_window_watch(McXWindow *self);
/* True: the event was this window's. */
bool mc_x_window_event(McXWindow *self, const XEvent *event);
/* After the events: takes a new size on, once that had time to be drawn. False: the window was
 * closed (MC_CAPTURE_ERROR_ENDED). */
bool mc_x_window_follow(McXWindow *self, int64_t now_us, GError **error);
/* Here: the pointer is over the window, and no other one in between. */
void mc_x_window_pointer(McXWindow *self, McXPointer *ret);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McXWindow, mc_x_window_free)
