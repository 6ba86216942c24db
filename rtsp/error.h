/* SPDX-License-Identifier: MIT */
/* rtsp/error.h - the room's error domain and the stable codes a person sees.
 * Thread: any.  Owner: none. */
#pragma once

#include <glib.h>

#define MC_RTSP_ERROR mc_rtsp_error_quark()
GQuark mc_rtsp_error_quark(void);

typedef enum {
    MC_RTSP_ERROR_MALFORMED,        /* rtsp.malformed */
    MC_RTSP_ERROR_TOO_LARGE,        /* rtsp.too-large */
    MC_RTSP_ERROR_UNEXPECTED,       /* rtsp.unexpected-message */
    MC_RTSP_ERROR_TIMEOUT,          /* rtsp.timeout */
    MC_RTSP_ERROR_KEEPALIVE,        /* rtsp.keepalive-lost */
    MC_RTSP_ERROR_REFUSED,          /* rtsp.refused: sink answered with an error status */
    MC_RTSP_ERROR_NO_COMMON_FORMAT, /* rtsp.no-common-format */
    MC_RTSP_ERROR_DISCONNECTED,     /* rtsp.disconnected: EOF or reset without TEARDOWN */
    MC_RTSP_ERROR_STATE,            /* rtsp.wrong-state */
    MC_RTSP_ERROR_TEARDOWN,         /* rtsp.teardown: the sink's, before the stream began */
} McRtspError;

/* "rtsp.malformed" ...; never NULL. */
const char *mc_rtsp_error_code(int code);
