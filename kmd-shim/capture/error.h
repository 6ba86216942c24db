/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/error.h - what can go wrong with a picture's source, with stable names.
 * Threads: any. Owner: none, plain data. */
#pragma once

#include <glib.h>

typedef enum {
    MC_CAPTURE_ERROR_NO_DISPLAY,   /* capture.no-display: there is no such X server */
    MC_CAPTURE_ERROR_FAILED,       /* capture.failed: it cannot be captured, or no longer */
    MC_CAPTURE_ERROR_UNKNOWN_KIND, /* capture.unknown-kind: "test", "x11" and "x11:DISPLAY" are */
    MC_CAPTURE_ERROR_NO_SHM,       /* capture.no-shm: the X server shares no memory with us */
} McCaptureError;

#define MC_CAPTURE_ERROR (mc_capture_error_quark())
GQuark mc_capture_error_quark(void);

/* "capture.no-display", ...; any other number is "capture.failed". */
const char *mc_capture_error_code(int code);
