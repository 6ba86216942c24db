/* SPDX-License-Identifier: MIT */
/* rtsp/vendor-params.h - the microsoft_* and intel_* parameters that are more than a word.
 * Thread: any.  Owner: caller; plain values. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* microsoft_cursor: "none" / ("none" / "full") SP xmax4 SP ymax4 SP port4 */
typedef struct {
    bool none; /* "none" alone */
    bool full; /* XOR cursors too */
    uint16_t max_width_px, max_height_px, port;
    bool lower_case, prefixed; /* prefixed: "0x0040", and a port in decimal (unconfirmed) */
} McCursorCapability;
bool mc_cursor_capability_parse(const char *value, McCursorCapability *ret, char **ret_problem);
char *mc_cursor_capability_write(const McCursorCapability *cursor);

/* microsoft_custom_video_formats: "none" / mode *(", " mode); mode = width4 SP height4 SP hz4 */
#define MC_MAX_CUSTOM_MODES 16
typedef struct {
    bool none, lower_case, tight;
    struct {
        uint16_t width_px, height_px, hz;
    } mode[MC_MAX_CUSTOM_MODES];
    unsigned n_modes;
} McCustomModes;
bool mc_custom_modes_parse(const char *value, McCustomModes *ret, char **ret_problem);
char *mc_custom_modes_write(const McCustomModes *modes);

/* microsoft_multiscreen_projection: in M3 "none" / "supported"; the sink's own request:
 * "primary" / "secondary" SP width SP height SP bit rate (decimal) */
typedef enum {
    MC_PROJECTION_NONE,
    MC_PROJECTION_SUPPORTED,
    MC_PROJECTION_PRIMARY,
    MC_PROJECTION_SECONDARY
} McProjectionKind;
typedef struct {
    McProjectionKind kind;
    uint32_t width_px, height_px;
    uint64_t bits_per_s;
} McProjection;
bool mc_projection_parse(const char *value, McProjection *ret, char **ret_problem);
char *mc_projection_write(const McProjection *projection);

/* microsoft_teardown_reason: 8HEXDIG SP text */
typedef struct {
    uint32_t code; /* HRESULT; bit 29 set: the vendor's own */
    bool lower_case;
    char text[160];
} McTeardownReason;
bool mc_teardown_reason_parse(const char *value, McTeardownReason *ret, char **ret_problem);
char *mc_teardown_reason_write(const McTeardownReason *reason);
/* What the code means, in words; NULL when it is not known. */
const char *mc_teardown_reason_meaning(uint32_t code);

/* intel_sink_version: "product_ID=" SP "hw_version=" a.b.c.d SP "sw_version=" a.b.c.d */
typedef struct {
    bool none;
    char product_id[64], hw_version[40], sw_version[40];
} McSinkVersion;
bool mc_sink_version_parse(const char *value, McSinkVersion *ret, char **ret_problem);
char *mc_sink_version_write(const McSinkVersion *version);
