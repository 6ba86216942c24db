/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/x11-target.h - what of an X server is meant: its whole desktop, one monitor or
 * one window, and where that is.
 * Threads: pure functions.  Owner: the caller. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum { MC_X11_DESKTOP, MC_X11_MONITOR, MC_X11_WINDOW } McX11Part;

typedef struct {
    McX11Part part;
    char *display;      /* NULL: $DISPLAY's */
    char *name;         /* of the monitor; of the window: its number as given, or its title */
    uint32_t window_id; /* 0: name is no number */
} McX11Target;

/* A rectangle of the screen, in pixels. */
typedef struct {
    int32_t x_px, y_px;
    uint32_t width_px, height_px;
} McX11Area;

/* What follows "x11" and its colon (NULL: nothing does):
 *
 *   [DISPLAY]                  :0, host:0.1, /tmp/.X11-unix/X0
 *   [DISPLAY,]monitor=NAME     NAME goes to the end of the text
 *   [DISPLAY,]window=ID|TITLE  decimal or 0x...
 *   NAME                       a monitor's, as it has no colon and no slash
 *
 * False: it is none of these (MC_CAPTURE_ERROR_UNKNOWN_KIND). */
bool mc_x11_target_parse(const char *argument, McX11Target *ret, GError **error);
void mc_x11_target_clear(McX11Target *self);

/* The part of the area that the screen has; false: none of it. */
bool mc_x11_area_clip(McX11Area *area, uint32_t width_px, uint32_t height_px);
