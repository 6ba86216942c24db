/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/error.h - what can go wrong with a picture's source, with stable names.
 * Threads: any. Owner: none, plain data. */
#pragma once

#include <glib.h>

typedef enum {
    MC_CAPTURE_ERROR_NO_DISPLAY,   /* capture.no-display: there is no such X server */
    MC_CAPTURE_ERROR_FAILED,       /* capture.failed: it cannot be captured, or no longer */
    MC_CAPTURE_ERROR_UNKNOWN_KIND, /* capture.unknown-kind: see --capture */
    MC_CAPTURE_ERROR_NO_SHM,       /* capture.no-shm: the X server shares no memory with us */
    MC_CAPTURE_ERROR_REFUSED,      /* capture.refused: the person said no */
    MC_CAPTURE_ERROR_NO_PORTAL,    /* capture.no-portal: there is no portal that casts screens */
    MC_CAPTURE_ERROR_NO_PIPEWIRE,  /* capture.no-pipewire: it does not run, or no longer */
    MC_CAPTURE_ERROR_NO_SOURCE,    /* capture.no-source: what was asked for is not there */
    MC_CAPTURE_ERROR_ENDED,        /* capture.ended: what was shown is over */
    MC_CAPTURE_ERROR_NO_MONITOR,   /* capture.no-monitor: the X server has none of that name */
    MC_CAPTURE_ERROR_NO_WINDOW,    /* capture.no-window: none is meant, or more than one */
    MC_CAPTURE_ERROR_NO_CARD,      /* capture.no-card: no graphics card that drives screens */
    MC_CAPTURE_ERROR_NO_SCREEN,    /* capture.no-screen: a card's, of that name, that is on */
    MC_CAPTURE_ERROR_CARD_DENIED,  /* capture.card-denied: its picture takes a privilege */
    MC_CAPTURE_ERROR_UNREADABLE,   /* capture.unreadable: a layout or format of the card's own */
    MC_CAPTURE_ERROR_NO_FILE,      /* capture.no-file: none that can be read */
    MC_CAPTURE_ERROR_NOT_MEDIA,    /* capture.not-media: no pictures are in it */
    MC_CAPTURE_ERROR_NO_DECODER,   /* capture.no-decoder: what it takes is not installed */
    MC_CAPTURE_ERROR_DAMAGED,      /* capture.damaged: it cannot be decoded, or ends early */
    MC_CAPTURE_ERROR_FINISHED,     /* capture.finished: all was shown, which is no fault */
} McCaptureError;

#define MC_CAPTURE_ERROR (mc_capture_error_quark())
GQuark mc_capture_error_quark(void);

/* "capture.no-display", ...; any other number is "capture.failed". */
const char *mc_capture_error_code(int code);
