/* SPDX-License-Identifier: MIT */
#include "rtsp/error.h"

G_DEFINE_QUARK(mc - rtsp - error - quark, mc_rtsp_error)

const char *mc_rtsp_error_code(int code)
{
    static const char *const codes[] = {
        [MC_RTSP_ERROR_MALFORMED] = "rtsp.malformed",
        [MC_RTSP_ERROR_TOO_LARGE] = "rtsp.too-large",
        [MC_RTSP_ERROR_UNEXPECTED] = "rtsp.unexpected-message",
        [MC_RTSP_ERROR_TIMEOUT] = "rtsp.timeout",
        [MC_RTSP_ERROR_KEEPALIVE] = "rtsp.keepalive-lost",
        [MC_RTSP_ERROR_REFUSED] = "rtsp.refused",
        [MC_RTSP_ERROR_NO_COMMON_FORMAT] = "rtsp.no-common-format",
        [MC_RTSP_ERROR_DISCONNECTED] = "rtsp.disconnected",
        [MC_RTSP_ERROR_STATE] = "rtsp.wrong-state",
        [MC_RTSP_ERROR_TEARDOWN] = "rtsp.teardown",
    };

    if (code < 0 || (size_t) code >= G_N_ELEMENTS(codes))
        return "rtsp.failed";
    return codes[code];
}
