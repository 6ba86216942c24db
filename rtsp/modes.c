/* SPDX-License-Identifier: MIT */
#include "rtsp/modes.h"

#include <glib.h>

typedef struct {
    uint16_t width_px, height_px;
    uint8_t fps;
    bool interlaced;
} Row;

#define P30_60(w, h)                                                                               \
    {w, h, 30, false},                                                                             \
    {                                                                                              \
        w, h, 60, false                                                                            \
    }

static const Row cea[] = {
    {640, 480, 60, false},   {720, 480, 60, false},   {720, 480, 60, true},
    {720, 576, 50, false},   {720, 576, 50, true},    {1280, 720, 30, false},
    {1280, 720, 60, false},  {1920, 1080, 30, false}, {1920, 1080, 60, false},
    {1920, 1080, 60, true},  {1280, 720, 25, false},  {1280, 720, 50, false},
    {1920, 1080, 25, false}, {1920, 1080, 50, false}, {1920, 1080, 50, true},
    {1280, 720, 24, false},  {1920, 1080, 24, false},
};

/* From CEA bit 17 on, by parameter name. */
static const Row cea_wfd2[] = {
    {3840, 2160, 24, false}, {3840, 2160, 25, false}, {3840, 2160, 30, false},
    {3840, 2160, 50, false}, {3840, 2160, 60, false}, {4096, 2160, 24, false},
    {4096, 2160, 25, false}, {4096, 2160, 30, false}, {4096, 2160, 50, false},
    {4096, 2160, 60, false},
};
static const Row cea_wfdx[] = {
    {3840, 2160, 30, false}, {3840, 2160, 60, false}, {4096, 2160, 30, false},
    {4096, 2160, 60, false}, {3840, 2160, 25, false}, {3840, 2160, 50, false},
    {4096, 2160, 25, false}, {4096, 2160, 50, false}, {3840, 2160, 24, false},
    {4096, 2160, 24, false},
};

static const Row vesa[] = {
    P30_60(800, 600),   P30_60(1024, 768),  P30_60(1152, 864),       P30_60(1280, 768),
    P30_60(1280, 800),  P30_60(1360, 768),  P30_60(1366, 768),       P30_60(1280, 1024),
    P30_60(1400, 1050), P30_60(1440, 900),  P30_60(1600, 900),       P30_60(1600, 1200),
    P30_60(1680, 1024), P30_60(1680, 1050), {1920, 1200, 30, false},
};

/* From VESA bit 29 on, by parameter name; R1 has none (bit 29 is reserved there). */
static const Row vesa_wfd2[] = {
    {1920, 1200, 60, false},
    P30_60(2560, 1440),
    P30_60(2560, 1600),
};
static const Row vesa_wfdx[] = {P30_60(2560, 1440), P30_60(2560, 1600)};

static const Row hh[] = {
    P30_60(800, 480), P30_60(854, 480), P30_60(864, 480),
    P30_60(640, 360), P30_60(960, 540), P30_60(848, 480),
};

/* microsoft_video_formats: triples of p30, p60, p24. */
static const uint16_t microsoft[][2] = {
    {1920, 1280}, {2160, 1440}, {2256, 1504}, {2736, 1824},
    {3000, 2000}, {3240, 2160}, {4500, 3000},
};

typedef struct {
    const Row *rows;
    unsigned n;
} Rows;
#define ROWS(a)                                                                                    \
    {                                                                                              \
        a, G_N_ELEMENTS(a)                                                                         \
    }

static const Rows base[MC_N_TABLES] = {ROWS(cea), ROWS(vesa), ROWS(hh)};
static const Rows extension[MC_N_FORMATS][MC_N_TABLES] = {
    [MC_FORMATS_WFD2] = {ROWS(cea_wfd2), ROWS(vesa_wfd2), {NULL, 0}},
    [MC_FORMATS_WFDX] = {ROWS(cea_wfdx), ROWS(vesa_wfdx), {NULL, 0}},
};

static const Row *find_row(McFormatsKind kind, McModeTable table, unsigned bit)
{
    if (bit < base[table].n)
        return &base[table].rows[bit];
    bit -= base[table].n;
    return bit < extension[kind][table].n ? &extension[kind][table].rows[bit] : NULL;
}

bool mc_mode_get(McFormatsKind kind, McModeTable table, unsigned bit, McVideoMode *ret_mode)
{
    const Row *row = kind < MC_N_FORMATS && table < MC_N_TABLES ? find_row(kind, table, bit) : NULL;

    if (!row)
        return false;
    *ret_mode = (McVideoMode){.table = table,
                              .bit = (uint8_t) bit,
                              .width_px = row->width_px,
                              .height_px = row->height_px,
                              .fps = row->fps,
                              .interlaced = row->interlaced};
    return true;
}

uint64_t mc_mode_known_bits(McFormatsKind kind, McModeTable table)
{
    return (UINT64_C(1) << (base[table].n + extension[kind][table].n)) - 1;
}

const char *mc_mode_table_name(McModeTable table)
{
    static const char *const names[] = {"CEA", "VESA", "HH"};

    return table < MC_N_TABLES ? names[table] : "?";
}

bool mc_mode_get_microsoft(unsigned bit, McVideoMode *ret_mode)
{
    static const uint8_t fps[] = {30, 60, 24};

    if (bit / 3 >= G_N_ELEMENTS(microsoft))
        return false;
    *ret_mode = (McVideoMode){.bit = (uint8_t) bit,
                              .width_px = microsoft[bit / 3][0],
                              .height_px = microsoft[bit / 3][1],
                              .fps = fps[bit % 3]};
    return true;
}

static const McLevel levels[MC_N_LEVELS] = {
    {31, 108000, 3600, 18000, 14000, 17500, 14000, 17500},
    {32, 216000, 5120, 20480, 20000, 25000, 20000, 25000},
    {40, 245760, 8192, 32768, 20000, 25000, 25000, 31250},
    {41, 245760, 8192, 32768, 50000, 62500, 62500, 78125},
    {42, 522240, 8704, 34816, 50000, 62500, 62500, 78125},
    {50, 589824, 22080, 110400, 135000, 168750, 135000, 168750},
    {51, 983040, 36864, 184320, 240000, 300000, 240000, 300000},
    {52, 2073600, 36864, 184320, 240000, 300000, 240000, 300000},
};

const McLevel *mc_level(unsigned bit)
{
    return bit < MC_N_LEVELS ? &levels[bit] : NULL;
}

int mc_level_for(uint32_t width_px, uint32_t height_px, uint32_t fps)
{
    uint32_t mb = (width_px + 15) / 16 * ((height_px + 15) / 16);

    for (int i = 0; i < MC_N_LEVELS; i++)
        if (mb <= levels[i].max_mb_per_frame && mb * fps <= levels[i].max_mb_per_s)
            return i;
    return -1;
}
