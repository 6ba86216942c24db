/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/kms-choice.h - which screen "kms:WHAT" means, out of those that there are.
 * Threads: pure functions. Owner: the caller. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A connector of a card, with what it shows. */
typedef struct {
    char card[16]; /* "card0" */
    char name[32]; /* "HDMI-A-1" */
    uint32_t connector_id;
    bool connected;
    uint32_t crtc_id;             /* 0: off */
    uint32_t width_px, height_px; /* of the mode */
} McKmsScreen;

/* wanted: NULL or "" (the first one that is on, connected ones before others), "card1" (the first
 * of that card), "HDMI-A-1", "card1-HDMI-A-1". NULL: none, which is MC_CAPTURE_ERROR_NO_SCREEN with
 * a list of what there is. */
const McKmsScreen *mc_kms_choose(const McKmsScreen *screens, unsigned n_screens, const char *wanted,
                                 GError **error);
