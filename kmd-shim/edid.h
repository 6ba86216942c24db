/* SPDX-License-Identifier: MIT */
/* kmd-shim/edid.h - the monitor's descriptor: checked when a sink has one, made when it has none.
 * Threads: pure functions. Owner: the caller's memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MC_EDID_BLOCK_BYTES 128u

/* Header, as many blocks as bytes say, and the first block's checksum. Extension blocks with wrong
 * checksums are common in the field and do not matter here. */
bool mc_edid_validate(const uint8_t *edid, size_t bytes);

/* EDID 1.4 with one detailed timing: reduced blanking, 4095 px and 655.35 MHz at most, the nearest
 * smaller mode otherwise. name: UTF-8, its first 13 ASCII characters are used. */
void mc_edid_make(uint8_t edid[MC_EDID_BLOCK_BYTES], const char *name, uint32_t width_px,
                  uint32_t height_px, uint32_t refresh_mhz);

/* Mode of the first detailed timing of a valid EDID; false: there is none. */
bool mc_edid_preferred(const uint8_t *edid, size_t bytes, uint32_t *ret_width_px,
                       uint32_t *ret_height_px, uint32_t *ret_refresh_mhz);
