/* SPDX-License-Identifier: MIT */
/* rtsp/edid.h - wfd_display_edid: "none" or count4 SP ("none" / hex digits).
 * Thread: any.  Owner: caller; mc_edid_clear(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MC_EDID_BLOCK_BYTES 128u

typedef struct {
    bool none;       /* "none" alone */
    uint16_t blocks; /* as stated; 0: not available now */
    uint8_t *bytes;  /* NULL: "none" behind the count, or nothing */
    size_t n_bytes;
    bool odd, lower_case; /* odd: a last digit without its partner was dropped */
    bool data_stated;     /* there is a second word */
} McEdid;

bool mc_edid_parse(const char *value, McEdid *ret_edid, char **ret_problem);
char *mc_edid_write(const McEdid *edid);
void mc_edid_clear(McEdid *edid);
/* Size that the first detailed timing prefers; false when there is none. */
bool mc_edid_size(const uint8_t *bytes, size_t n_bytes, uint32_t *ret_width_px,
                  uint32_t *ret_height_px);
