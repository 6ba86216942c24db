/* SPDX-License-Identifier: MIT */
/* kmd-shim/input/x11-place.h - where a place of the picture is on the X server's screen: the
 * picture may be of one monitor or one window, which move.
 * Threads: one call at a time.  Owner: the XTEST target. */
#pragma once

#include "kmd-shim/capture/x11-connection.h"
#include "kmd-shim/capture/x11-target.h"

typedef struct McXPlace McXPlace;

/* target: what was parsed, which is taken over and empty after that; NULL: it is not there. */
McXPlace *mc_x_place_new(McXConnection *x, McX11Target *target);
void mc_x_place_free(McXPlace *self); /* NULL is fine */

/* From a place of the picture to one of the screen. False: another window than the one that is
 * shown is there, or none; nothing may be pressed at it. */
bool mc_x_place_map(McXPlace *self, int32_t *x_px, int32_t *y_px);
/* Keys go to what is shown. */
bool mc_x_place_has_keys(McXPlace *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McXPlace, mc_x_place_free)
