/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/capture.h"

#include <string.h>

static const McCaptureOps *const kinds[] = {
    &mc_capture_test_pattern, &mc_capture_x11,  &mc_capture_portal,
    &mc_capture_kms,          &mc_capture_file,
};

GQuark mc_capture_error_quark(void)
{
    return g_quark_from_static_string("mc-capture-error");
}

const char *mc_capture_error_code(int code)
{
    static const char *const names[] = {
        [MC_CAPTURE_ERROR_NO_DISPLAY] = "capture.no-display",
        [MC_CAPTURE_ERROR_FAILED] = "capture.failed",
        [MC_CAPTURE_ERROR_UNKNOWN_KIND] = "capture.unknown-kind",
        [MC_CAPTURE_ERROR_NO_SHM] = "capture.no-shm",
        [MC_CAPTURE_ERROR_REFUSED] = "capture.refused",
        [MC_CAPTURE_ERROR_NO_PORTAL] = "capture.no-portal",
        [MC_CAPTURE_ERROR_NO_PIPEWIRE] = "capture.no-pipewire",
        [MC_CAPTURE_ERROR_NO_SOURCE] = "capture.no-source",
        [MC_CAPTURE_ERROR_ENDED] = "capture.ended",
        [MC_CAPTURE_ERROR_NO_MONITOR] = "capture.no-monitor",
        [MC_CAPTURE_ERROR_NO_WINDOW] = "capture.no-window",
        [MC_CAPTURE_ERROR_NO_CARD] = "capture.no-card",
        [MC_CAPTURE_ERROR_NO_SCREEN] = "capture.no-screen",
        [MC_CAPTURE_ERROR_CARD_DENIED] = "capture.card-denied",
        [MC_CAPTURE_ERROR_UNREADABLE] = "capture.unreadable",
        [MC_CAPTURE_ERROR_NO_FILE] = "capture.no-file",
        [MC_CAPTURE_ERROR_NOT_MEDIA] = "capture.not-media",
        [MC_CAPTURE_ERROR_NO_DECODER] = "capture.no-decoder",
        [MC_CAPTURE_ERROR_DAMAGED] = "capture.damaged",
        [MC_CAPTURE_ERROR_FINISHED] = "capture.finished",
    };

    return names[code >= 0 && code < (int) G_N_ELEMENTS(names) ? code : MC_CAPTURE_ERROR_FAILED];
}

const McCaptureOps *mc_capture_find(const char *text, const char **ret_argument, GError **error)
{
    size_t len = text ? strcspn(text, ":,") : 0;

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (len == strlen(kinds[i]->kind) && strncmp(text, kinds[i]->kind, len) == 0) {
            *ret_argument = text[len] ? text + len + 1 : NULL;
            return kinds[i];
        }
    }
    g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_UNKNOWN_KIND,
                "there is no picture source \"%s\"; use test, x11, x11:DISPLAY, x11:MONITOR, "
                "x11,window=TITLE, portal, kms or file:PATH",
                text ? text : "");
    return NULL;
}
