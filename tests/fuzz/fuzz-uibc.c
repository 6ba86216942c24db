/* SPDX-License-Identifier: MIT */
/* The input back channel: the first byte says in which pieces the rest arrives. */
#include "tests/fuzz/fuzz.h"

#include "rtsp/hid-report.h"
#include "rtsp/uibc.h"

static void check(const McUibcEvent *event, void *user_data)
{
    int32_t x_px, y_px;

    mc_uibc_map(1280, 720, 1920, 1200, event->x, event->y, &x_px, &y_px);
    g_assert_true(x_px >= 0 && x_px < 1920 && y_px >= 0 && y_px < 1200);
    g_assert_true(event->dx >= -G_MAXINT16 * 120 && event->dx <= G_MAXINT16 * 120);
    ++*(unsigned *) user_data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    unsigned events = 0;
    McUibcReader *reader = mc_uibc_reader_new(check, &events);
    size_t piece = data[0] ? data[0] : size;

    for (size_t at = 1; at < size; at += piece)
        if (!mc_uibc_reader_feed(reader, data + at, MIN(piece, size - at), NULL))
            break;
    /* No small packet makes many: a report of a few bytes has at most as many keys as its layout.
     */
    g_assert_cmpuint(events, <=, 2 * size + size / 9 * (2 * 256 + MC_HID_MAX_FIELDS));
    mc_uibc_reader_free(reader);
    return 0;
}
