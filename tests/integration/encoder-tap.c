/* SPDX-License-Identifier: MIT */
/* Linked into a driver module of the tests' own (--wrap): what the encoders made, as the
 * multiplexer is given it, goes to the file $MC_ENCODER_TAP as well.  All else is the driver.
 *
 *   | 'V' or 'A' | PTS:64 | length:32 | bytes |   numbers little-endian */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

#include "encoder/ts-mux.h"

/* The names are the linker's. */
void __real_mc_ts_mux_video(McTsMux *self, const uint8_t *au, size_t len, uint64_t pts_90k,
                            bool idr, uint64_t pcr_27m, GByteArray *out);
void __wrap_mc_ts_mux_video(McTsMux *self, const uint8_t *au, size_t len, uint64_t pts_90k,
                            bool idr, uint64_t pcr_27m, GByteArray *out);
void __real_mc_ts_mux_audio(McTsMux *self, const uint8_t *frame, size_t len, uint64_t pts_90k,
                            uint64_t pcr_27m, GByteArray *out);
void __wrap_mc_ts_mux_audio(McTsMux *self, const uint8_t *frame, size_t len, uint64_t pts_90k,
                            uint64_t pcr_27m, GByteArray *out);

/* The multiplexer's callers take turns, so these need no lock. */
static void record(char kind, const uint8_t *bytes, size_t len, uint64_t pts_90k)
{
    static FILE *file;
    const char *path = g_getenv("MC_ENCODER_TAP");
    const uint64_t pts = GUINT64_TO_LE(pts_90k);
    const uint32_t length = GUINT32_TO_LE((uint32_t) len);

    if (!file && path)
        file = fopen(path, "we");
    if (!file || fputc(kind, file) == EOF || fwrite(&pts, sizeof(pts), 1, file) != 1 ||
        fwrite(&length, sizeof(length), 1, file) != 1 || fwrite(bytes, 1, len, file) != len ||
        fflush(file) != 0)
        g_error("encoder-tap: %s cannot be written", path ? path : "MC_ENCODER_TAP");
}

void __wrap_mc_ts_mux_video(McTsMux *self, const uint8_t *au, size_t len, uint64_t pts_90k,
                            bool idr, uint64_t pcr_27m, GByteArray *out)
{
    record('V', au, len, pts_90k);
    __real_mc_ts_mux_video(self, au, len, pts_90k, idr, pcr_27m, out);
}

void __wrap_mc_ts_mux_audio(McTsMux *self, const uint8_t *frame, size_t len, uint64_t pts_90k,
                            uint64_t pcr_27m, GByteArray *out)
{
    record('A', frame, len, pts_90k);
    __real_mc_ts_mux_audio(self, frame, len, pts_90k, pcr_27m, out);
}
