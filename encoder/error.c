/* SPDX-License-Identifier: MIT */
/* The codes of encoder/stream.h's errors. */
#include "encoder/stream.h"

G_DEFINE_QUARK(mc - encoder - error - quark, mc_encoder_error)

static const char *const codes[] = {
    [MC_ENCODER_ERROR_NO_ENCODER] = "encoder.missing",
    [MC_ENCODER_ERROR_FAILED] = "encoder.failed",
    [MC_ENCODER_ERROR_SOCKET] = "stream.socket",
    [MC_ENCODER_ERROR_AUDIO] = "audio.failed",
};

const char *mc_encoder_error_code(int code)
{
    if (code < 0 || (size_t) code >= G_N_ELEMENTS(codes))
        return "encoder.unknown";
    return codes[code];
}
