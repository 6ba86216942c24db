/* SPDX-License-Identifier: MIT */
/* rtsp/modes.h - the resolution, profile and level tables of Wi-Fi Display.
 * Thread: any.  Owner: none; constant data and pure functions. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The three names of the video format parameter read some bits of their tables differently. */
typedef enum { MC_FORMATS_WFD, MC_FORMATS_WFD2, MC_FORMATS_WFDX, MC_N_FORMATS } McFormatsKind;
typedef enum { MC_TABLE_CEA, MC_TABLE_VESA, MC_TABLE_HH, MC_N_TABLES } McModeTable;

typedef struct {
    McModeTable table;
    uint8_t bit;
    uint16_t width_px, height_px;
    uint8_t fps;
    bool interlaced;
} McVideoMode;

/* False for reserved bits; *ret_mode untouched then. */
bool mc_mode_get(McFormatsKind kind, McModeTable table, unsigned bit, McVideoMode *ret_mode);
uint64_t mc_mode_known_bits(McFormatsKind kind, McModeTable table);
const char *mc_mode_table_name(McModeTable table); /* "CEA", "VESA", "HH" */

/* microsoft_video_formats: its own bits, progressive only. */
bool mc_mode_get_microsoft(unsigned bit, McVideoMode *ret_mode);

/* H.264 levels by bit: 3.1 3.2 4 4.1 4.2 5 5.1 5.2 (H.264 Annex A). */
#define MC_N_LEVELS 8
typedef struct {
    uint8_t level_idc;
    uint32_t max_mb_per_s, max_mb_per_frame, max_dpb_mb;
    uint32_t max_kbps_cbp, max_kbps_chp;
    uint32_t max_cpb_kbit_cbp, max_cpb_kbit_chp;
} McLevel;
const McLevel *mc_level(unsigned bit); /* NULL above MC_N_LEVELS */
/* Lowest level that carries the mode; -1 when none does. */
int mc_level_for(uint32_t width_px, uint32_t height_px, uint32_t fps);
