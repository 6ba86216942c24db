/* SPDX-License-Identifier: MIT */
/* rtsp/uibc.h - the user input back channel: packets of a sink to input events.
 * Generic input and HID reports, by their descriptors.  Bytes in, events out; no I/O.
 * Threads: one caller at a time for each reader.  Owner: umd/uibc. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    MC_UIBC_EVENT_POINTER, /* x, y, id; changed: down or up, else a move (pressed: of a finger) */
    MC_UIBC_EVENT_KEY,     /* code: ASCII, or MC_UIBC_KEY_HID and a usage; pressed */
    MC_UIBC_EVENT_SCROLL,  /* dx, dy in 1/120 notch; up and right are positive */
    MC_UIBC_EVENT_ZOOM,    /* x, y, factor_256 */
    MC_UIBC_EVENT_ROTATE,  /* angle_256: radians times 256, negative is clockwise */
    MC_UIBC_EVENT_MOTION,  /* dx, dy in pixels, relative (HID mouse) */
    MC_UIBC_EVENT_BUTTON,  /* code: 1 left, 2 middle, 3 right; pressed (HID mouse) */
} McUibcEventKind;
#define MC_UIBC_KEY_HID 0x100u /* a key of HID's keyboard page, whatever it types */

typedef struct {
    McUibcEventKind kind;
    uint8_t id;
    bool pressed, changed;
    bool shares;   /* x and y are 65535ths of the picture's sides */
    uint16_t x, y; /* else pixels of the negotiated picture */
    int32_t dx, dy;
    uint32_t code;
    uint32_t factor_256;
    int32_t angle_256;
} McUibcEvent;
typedef void (*McUibcSink)(const McUibcEvent *event, void *user_data);

typedef struct McUibcReader McUibcReader;
McUibcReader *mc_uibc_reader_new(McUibcSink sink, void *user_data);
void mc_uibc_reader_free(McUibcReader *self); /* NULL is fine */
/* Each body is encrypted: open appends what is in it.  One that does not open is skipped. */
typedef bool (*McUibcOpen)(const uint8_t *body, size_t len, GByteArray *out, void *user_data);
void mc_uibc_reader_set_open(McUibcReader *self, McUibcOpen open, void *user_data);
/* False with MC_RTSP_ERROR_MALFORMED: the stream cannot be followed any more, close it.  Bodies
 * that make no sense are skipped and counted. */
bool mc_uibc_reader_feed(McUibcReader *self, const uint8_t *data, size_t len, GError **error);
unsigned mc_uibc_reader_skipped(const McUibcReader *self);

/* Where a pixel of the picture lies on the desktop that is shown in it with borders; clamped. */
void mc_uibc_map(uint32_t picture_width_px, uint32_t picture_height_px, uint32_t desktop_width_px,
                 uint32_t desktop_height_px, uint16_t x, uint16_t y, int32_t *ret_x_px,
                 int32_t *ret_y_px);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McUibcReader, mc_uibc_reader_free)
