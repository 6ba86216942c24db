/* SPDX-License-Identifier: MIT */
/* RTSP framing: the first byte says in which pieces the rest arrives. */
#include "tests/fuzz/fuzz.h"

#include "rtsp/error.h"
#include "rtsp/message.h"

static bool drain(McRtspReader *reader)
{
    for (;;) {
        g_auto(McRtspMessage) message = {0};
        g_autoptr(GError) error = NULL;
        McRtspRead read = mc_rtsp_reader_next(reader, &message, &error);
        if (read == MC_RTSP_FAILED)
            g_assert_nonnull(error);
        if (read != MC_RTSP_MESSAGE)
            return read == MC_RTSP_MORE;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    McRtspReader *reader = mc_rtsp_reader_new();
    size_t piece = data[0] ? data[0] : size;

    for (size_t at = 1; at < size; at += piece) {
        mc_rtsp_reader_feed(reader, data + at, MIN(piece, size - at));
        if (!drain(reader))
            break;
    }
    mc_rtsp_reader_free(reader);
    return 0;
}
