/* SPDX-License-Identifier: MIT */
#include "kmd-shim/edid.h"

#include <string.h>

#define TIMING_AT 54
#define DESCRIPTOR_BYTES 18
#define MAX_ACTIVE_PX 4095u
#define MAX_CLOCK_10KHZ 65535u

/* VESA CVT 1.2, reduced blanking: these are the same for every mode. */
#define RB_H_BLANK_PX 160u
#define RB_H_FRONT_PX 48u
#define RB_H_SYNC_PX 32u
#define RB_V_FRONT_LINES 3u
#define RB_V_SYNC_LINES 10u
#define RB_V_BLANK_LINES 35u

static const uint8_t magic[8] = {0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00};

static uint8_t sum_of(const uint8_t *block)
{
    uint8_t sum = 0;

    for (unsigned i = 0; i < MC_EDID_BLOCK_BYTES; i++)
        sum = (uint8_t) (sum + block[i]);
    return sum;
}

bool mc_edid_validate(const uint8_t *edid, size_t bytes)
{
    if (!edid || bytes < MC_EDID_BLOCK_BYTES || bytes % MC_EDID_BLOCK_BYTES)
        return false;
    return memcmp(edid, magic, sizeof(magic)) == 0 && edid[18] == 1 && sum_of(edid) == 0 &&
           bytes / MC_EDID_BLOCK_BYTES <= edid[126] + 1u;
}

/* Detailed timing, 18 bytes; sizes are 12 bits, split in a low byte and half of another:
 *   0-1 pixel clock, 10 kHz   2 h active  3 h blank  4 high nibbles of both
 *   5 v active  6 v blank  7 high nibbles of both   8 h front  9 h sync
 *   10 v front:4 v sync:4   12-13 size in mm, 14 their high nibbles   17 flags */
static void put_timing(uint8_t *d, uint32_t width_px, uint32_t height_px, uint32_t clock_10khz)
{
    uint32_t width_mm = width_px * 254 / 960, height_mm = height_px * 254 / 960; /* 96 dpi */

    d[0] = (uint8_t) clock_10khz;
    d[1] = (uint8_t) (clock_10khz >> 8);
    d[2] = (uint8_t) width_px;
    d[3] = RB_H_BLANK_PX;
    d[4] = (uint8_t) (width_px >> 8 << 4);
    d[5] = (uint8_t) height_px;
    d[6] = RB_V_BLANK_LINES;
    d[7] = (uint8_t) (height_px >> 8 << 4);
    d[8] = RB_H_FRONT_PX;
    d[9] = RB_H_SYNC_PX;
    d[10] = RB_V_FRONT_LINES << 4 | RB_V_SYNC_LINES;
    d[12] = (uint8_t) width_mm;
    d[13] = (uint8_t) height_mm;
    d[14] = (uint8_t) (width_mm >> 8 << 4 | height_mm >> 8);
    d[17] = 0x1a; /* digital separate sync, +h -v */
}

static void put_name(uint8_t *d, const char *name)
{
    unsigned n = 0;

    d[3] = 0xfc;
    for (; *name && n < 13; name++)
        if (*name >= ' ' && *name <= '~')
            d[5 + n++] = (uint8_t) *name;
    if (n == 0)
        n = (unsigned) (memcpy(d + 5, "Miracast", 8), 8);
    if (n < 13)
        d[5 + n++] = '\n';
    while (n < 13)
        d[5 + n++] = ' ';
}

static void put_dummy(uint8_t *d)
{
    d[3] = 0x10;
}

static uint32_t clock_of(uint32_t width_px, uint32_t height_px, uint32_t refresh_mhz)
{
    uint64_t dots = (uint64_t) (width_px + RB_H_BLANK_PX) * (height_px + RB_V_BLANK_LINES);

    return (uint32_t) ((dots * refresh_mhz + 5000000) / 10000000);
}

void mc_edid_make(uint8_t edid[MC_EDID_BLOCK_BYTES], const char *name, uint32_t width_px,
                  uint32_t height_px, uint32_t refresh_mhz)
{
    static const uint8_t srgb[10] = {0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54};
    uint32_t w = width_px < 16 ? 16 : width_px, h = height_px < 16 ? 16 : height_px;
    uint32_t hz = refresh_mhz > 240000 ? 240000 : refresh_mhz < 1000 ? 1000 : refresh_mhz;

    while (w > MAX_ACTIVE_PX || h > MAX_ACTIVE_PX) {
        w /= 2;
        h /= 2;
    }
    while (clock_of(w, h, hz) > MAX_CLOCK_10KHZ)
        hz /= 2;
    memset(edid, 0, MC_EDID_BLOCK_BYTES);
    memcpy(edid, magic, sizeof(magic));
    edid[8] = 0x36; /* "MCS": 5 bits a letter, A is 1 */
    edid[9] = 0x73;
    edid[10] = 1;
    edid[17] = 34; /* 2024 */
    edid[18] = 1;
    edid[19] = 4;
    edid[20] = 0xa5; /* digital, 8 bits a colour */
    edid[23] = 120;  /* gamma 2.2 */
    edid[24] = 0x06; /* sRGB, preferred timing is native */
    memcpy(edid + 25, srgb, sizeof(srgb));
    memset(edid + 38, 0x01, 16); /* no standard timings */
    put_timing(edid + TIMING_AT, w, h, clock_of(w, h, hz));
    put_name(edid + TIMING_AT + DESCRIPTOR_BYTES, name ? name : "");
    put_dummy(edid + TIMING_AT + 2 * DESCRIPTOR_BYTES);
    put_dummy(edid + TIMING_AT + 3 * DESCRIPTOR_BYTES);
    edid[127] = (uint8_t) (0x100 - sum_of(edid));
}

bool mc_edid_preferred(const uint8_t *edid, size_t bytes, uint32_t *ret_width_px,
                       uint32_t *ret_height_px, uint32_t *ret_refresh_mhz)
{
    const uint8_t *d = edid + TIMING_AT;

    if (!mc_edid_validate(edid, bytes))
        return false;
    uint64_t clock_10khz = d[0] | d[1] << 8;
    uint32_t w = d[2] | (d[4] & 0xf0u) << 4, w_blank = d[3] | (d[4] & 0x0fu) << 8;
    uint32_t h = d[5] | (d[7] & 0xf0u) << 4, h_blank = d[6] | (d[7] & 0x0fu) << 8;
    if (!clock_10khz || !w || !h)
        return false;
    uint64_t dots = (uint64_t) (w + w_blank) * (h + h_blank);
    *ret_width_px = w;
    *ret_height_px = h;
    *ret_refresh_mhz = (uint32_t) ((clock_10khz * 10000000 + dots / 2) / dots);
    return true;
}
