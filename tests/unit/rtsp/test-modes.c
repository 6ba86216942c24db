/* SPDX-License-Identifier: MIT */
/* Every row of every table, against a list of its own; the code's tables are not consulted. */
#include "rtsp/modes.h"

#include <glib.h>

typedef struct {
    unsigned bit;
    uint32_t width_px, height_px, fps;
    bool interlaced;
} Row;

/* clang-format off */
static const Row cea[] = {
    {0, 640, 480, 60, false},
    {1, 720, 480, 60, false},
    {2, 720, 480, 60, true},
    {3, 720, 576, 50, false},
    {4, 720, 576, 50, true},
    {5, 1280, 720, 30, false},
    {6, 1280, 720, 60, false},
    {7, 1920, 1080, 30, false},
    {8, 1920, 1080, 60, false},
    {9, 1920, 1080, 60, true},
    {10, 1280, 720, 25, false},
    {11, 1280, 720, 50, false},
    {12, 1920, 1080, 25, false},
    {13, 1920, 1080, 50, false},
    {14, 1920, 1080, 50, true},
    {15, 1280, 720, 24, false},
    {16, 1920, 1080, 24, false},
};
/* clang-format on */

/* clang-format off */
static const Row cea_wfd2[] = {
    {17, 3840, 2160, 24, false},
    {18, 3840, 2160, 25, false},
    {19, 3840, 2160, 30, false},
    {20, 3840, 2160, 50, false},
    {21, 3840, 2160, 60, false},
    {22, 4096, 2160, 24, false},
    {23, 4096, 2160, 25, false},
    {24, 4096, 2160, 30, false},
    {25, 4096, 2160, 50, false},
    {26, 4096, 2160, 60, false},
};
/* clang-format on */

/* clang-format off */
static const Row cea_wfdx[] = {
    {17, 3840, 2160, 30, false},
    {18, 3840, 2160, 60, false},
    {19, 4096, 2160, 30, false},
    {20, 4096, 2160, 60, false},
    {21, 3840, 2160, 25, false},
    {22, 3840, 2160, 50, false},
    {23, 4096, 2160, 25, false},
    {24, 4096, 2160, 50, false},
    {25, 3840, 2160, 24, false},
    {26, 4096, 2160, 24, false},
};
/* clang-format on */

/* clang-format off */
static const Row vesa[] = {
    {0, 800, 600, 30, false},
    {1, 800, 600, 60, false},
    {2, 1024, 768, 30, false},
    {3, 1024, 768, 60, false},
    {4, 1152, 864, 30, false},
    {5, 1152, 864, 60, false},
    {6, 1280, 768, 30, false},
    {7, 1280, 768, 60, false},
    {8, 1280, 800, 30, false},
    {9, 1280, 800, 60, false},
    {10, 1360, 768, 30, false},
    {11, 1360, 768, 60, false},
    {12, 1366, 768, 30, false},
    {13, 1366, 768, 60, false},
    {14, 1280, 1024, 30, false},
    {15, 1280, 1024, 60, false},
    {16, 1400, 1050, 30, false},
    {17, 1400, 1050, 60, false},
    {18, 1440, 900, 30, false},
    {19, 1440, 900, 60, false},
    {20, 1600, 900, 30, false},
    {21, 1600, 900, 60, false},
    {22, 1600, 1200, 30, false},
    {23, 1600, 1200, 60, false},
    {24, 1680, 1024, 30, false},
    {25, 1680, 1024, 60, false},
    {26, 1680, 1050, 30, false},
    {27, 1680, 1050, 60, false},
    {28, 1920, 1200, 30, false},
};
/* clang-format on */

/* clang-format off */
static const Row vesa_wfd2[] = {
    {29, 1920, 1200, 60, false},
    {30, 2560, 1440, 30, false},
    {31, 2560, 1440, 60, false},
    {32, 2560, 1600, 30, false},
    {33, 2560, 1600, 60, false},
};
/* clang-format on */

/* clang-format off */
static const Row vesa_wfdx[] = {
    {29, 2560, 1440, 30, false},
    {30, 2560, 1440, 60, false},
    {31, 2560, 1600, 30, false},
    {32, 2560, 1600, 60, false},
};
/* clang-format on */

/* clang-format off */
static const Row hh[] = {
    {0, 800, 480, 30, false},
    {1, 800, 480, 60, false},
    {2, 854, 480, 30, false},
    {3, 854, 480, 60, false},
    {4, 864, 480, 30, false},
    {5, 864, 480, 60, false},
    {6, 640, 360, 30, false},
    {7, 640, 360, 60, false},
    {8, 960, 540, 30, false},
    {9, 960, 540, 60, false},
    {10, 848, 480, 30, false},
    {11, 848, 480, 60, false},
};
/* clang-format on */

/* clang-format off */
static const Row microsoft[] = {
    {0, 1920, 1280, 30, false},
    {1, 1920, 1280, 60, false},
    {2, 1920, 1280, 24, false},
    {3, 2160, 1440, 30, false},
    {4, 2160, 1440, 60, false},
    {5, 2160, 1440, 24, false},
    {6, 2256, 1504, 30, false},
    {7, 2256, 1504, 60, false},
    {8, 2256, 1504, 24, false},
    {9, 2736, 1824, 30, false},
    {10, 2736, 1824, 60, false},
    {11, 2736, 1824, 24, false},
    {12, 3000, 2000, 30, false},
    {13, 3000, 2000, 60, false},
    {14, 3000, 2000, 24, false},
    {15, 3240, 2160, 30, false},
    {16, 3240, 2160, 60, false},
    {17, 3240, 2160, 24, false},
    {18, 4500, 3000, 30, false},
    {19, 4500, 3000, 60, false},
    {20, 4500, 3000, 24, false},
};
/* clang-format on */

/* kind -1: the rows are in all three */
static const struct {
    int kind;
    McModeTable table;
    const Row *rows;
    size_t n;
} tables[] = {
    {-1, MC_TABLE_CEA, cea, G_N_ELEMENTS(cea)},
    {-1, MC_TABLE_VESA, vesa, G_N_ELEMENTS(vesa)},
    {-1, MC_TABLE_HH, hh, G_N_ELEMENTS(hh)},
    {MC_FORMATS_WFD2, MC_TABLE_CEA, cea_wfd2, G_N_ELEMENTS(cea_wfd2)},
    {MC_FORMATS_WFDX, MC_TABLE_CEA, cea_wfdx, G_N_ELEMENTS(cea_wfdx)},
    {MC_FORMATS_WFD2, MC_TABLE_VESA, vesa_wfd2, G_N_ELEMENTS(vesa_wfd2)},
    {MC_FORMATS_WFDX, MC_TABLE_VESA, vesa_wfdx, G_N_ELEMENTS(vesa_wfdx)},
};

static const Row *find(McFormatsKind kind, McModeTable table, unsigned bit)
{
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
        if (tables[i].table == table && (tables[i].kind < 0 || tables[i].kind == (int) kind))
            for (size_t j = 0; j < tables[i].n; j++)
                if (tables[i].rows[j].bit == bit)
                    return &tables[i].rows[j];
    return NULL;
}

static void expect_row(const McVideoMode *mode, const Row *row)
{
    g_assert_cmpuint(mode->bit, ==, row->bit);
    g_assert_cmpuint(mode->width_px, ==, row->width_px);
    g_assert_cmpuint(mode->height_px, ==, row->height_px);
    g_assert_cmpuint(mode->fps, ==, row->fps);
    g_assert_cmpint(mode->interlaced, ==, row->interlaced);
}

/* All 64 bits of the nine tables: a row of the list, or reserved. */
static void test_every_bit(void)
{
    unsigned rows = 0;

    for (McFormatsKind kind = 0; kind < MC_N_FORMATS; kind++)
        for (McModeTable table = 0; table < MC_N_TABLES; table++)
            for (unsigned bit = 0; bit < 64; bit++) {
                const Row *row = find(kind, table, bit);
                McVideoMode mode = {.width_px = 1};
                g_assert_cmpint(mc_mode_get(kind, table, bit, &mode), ==, row != NULL);
                g_assert_cmpint(mc_mode_known_bits(kind, table) >> bit & 1, ==, row != NULL);
                if (!row) {
                    g_assert_cmpuint(mode.width_px, ==, 1);
                    continue;
                }
                g_assert_cmpint(mode.table, ==, table);
                expect_row(&mode, row);
                rows++;
            }
    g_assert_cmpuint(rows, ==, 3 * (17 + 29 + 12) + 10 + 10 + 5 + 4);
}

static void test_microsoft(void)
{
    McVideoMode mode;

    for (size_t i = 0; i < G_N_ELEMENTS(microsoft); i++) {
        g_assert_true(mc_mode_get_microsoft(microsoft[i].bit, &mode));
        expect_row(&mode, &microsoft[i]);
    }
    for (unsigned bit = G_N_ELEMENTS(microsoft); bit < 64; bit++)
        g_assert_false(mc_mode_get_microsoft(bit, &mode));
}

static void test_bounds(void)
{
    McVideoMode mode;

    g_assert_false(mc_mode_get(MC_N_FORMATS, MC_TABLE_CEA, 0, &mode));
    g_assert_false(mc_mode_get(MC_FORMATS_WFD, MC_N_TABLES, 0, &mode));
    g_assert_false(mc_mode_get(MC_FORMATS_WFD, MC_TABLE_CEA, G_MAXUINT, &mode));
    g_assert_cmpstr(mc_mode_table_name(MC_TABLE_CEA), ==, "CEA");
    g_assert_cmpstr(mc_mode_table_name(MC_TABLE_VESA), ==, "VESA");
    g_assert_cmpstr(mc_mode_table_name(MC_TABLE_HH), ==, "HH");
    g_assert_cmpstr(mc_mode_table_name(MC_N_TABLES), ==, "?");
}

/* clang-format off */
static const McLevel levels[] = {
    {31, 108000, 3600, 18000, 14000, 17500, 14000, 17500},
    {32, 216000, 5120, 20480, 20000, 25000, 20000, 25000},
    {40, 245760, 8192, 32768, 20000, 25000, 25000, 31250},
    {41, 245760, 8192, 32768, 50000, 62500, 62500, 78125},
    {42, 522240, 8704, 34816, 50000, 62500, 62500, 78125},
    {50, 589824, 22080, 110400, 135000, 168750, 135000, 168750},
    {51, 983040, 36864, 184320, 240000, 300000, 240000, 300000},
    {52, 2073600, 36864, 184320, 240000, 300000, 240000, 300000},
};
/* clang-format on */

static void test_levels(void)
{
    for (unsigned bit = 0; bit < G_N_ELEMENTS(levels); bit++)
        g_assert_cmpmem(mc_level(bit), sizeof(McLevel), &levels[bit], sizeof(McLevel));
    g_assert_cmpuint(G_N_ELEMENTS(levels), ==, MC_N_LEVELS);
    g_assert_null(mc_level(MC_N_LEVELS));
}

/* What each level typically is for, and both sides of each limit. */
static void test_level_for(void)
{
    static const struct {
        uint32_t width_px, height_px, fps;
        int bit;
    } rows[] = {
        {640, 480, 60, 0},    {1280, 720, 30, 0},  {1280, 720, 31, 1},  {1280, 720, 60, 1},
        {1296, 720, 30, 1},   {1920, 1080, 24, 2}, {1920, 1080, 30, 2}, {1920, 1080, 31, 4},
        {1920, 1080, 60, 4},  {1920, 1080, 64, 4}, {1920, 1200, 30, 5}, {1600, 1200, 60, 4},
        {1680, 1050, 60, 4},  {2560, 1600, 30, 5}, {2560, 1600, 60, 6}, {3840, 2160, 30, 6},
        {3840, 2160, 60, 7},  {4096, 2160, 30, 7}, {4096, 2160, 60, 7}, {4096, 2304, 57, -1},
        {4500, 3000, 24, -1}, {1366, 768, 60, 4},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(mc_level_for(rows[i].width_px, rows[i].height_px, rows[i].fps), ==,
                        rows[i].bit);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/modes/every-bit", test_every_bit);
    g_test_add_func("/modes/microsoft", test_microsoft);
    g_test_add_func("/modes/bounds", test_bounds);
    g_test_add_func("/modes/levels", test_levels);
    g_test_add_func("/modes/level-for", test_level_for);
    return g_test_run();
}
