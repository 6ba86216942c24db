/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/pipewire-cursor.h - the cursor that a PipeWire buffer carries beside its picture
 * (SPA_META_Cursor).
 * Threads: one at a time.  Owner: kmd-shim/capture/pipewire.
 *
 *   spa_meta_cursor                         bitmap_offset          + offset
 *   +----+-------+----------+---------+-----+-----------------+-----+----------------
 *   | id | flags | position | hotspot | ... | spa_meta_bitmap | ... | rows of stride
 *   +----+-------+----------+---------+-----+-----------------+-----+----------------
 *   id 0: there is none to see.  bitmap_offset 0: the shape is the one before. */
#pragma once

#include <spa/buffer/buffer.h>
#include <spa/buffer/meta.h>
#include <stdbool.h>

#include "kmd-shim/capture/capture.h"
#include "kmd-shim/capture/cursor.h"

/* Room for a square cursor of so many pixels a side. */
#define MC_PIPEWIRE_CURSOR_BYTES(side_px)                                                          \
    ((int) (sizeof(struct spa_meta_cursor) + sizeof(struct spa_meta_bitmap)) +                     \
     (side_px) * (side_px) *4)

typedef struct {
    McCursorImage image;
    uint32_t shape_id;
    int32_t x_px, y_px; /* of the hot spot */
    bool visible, moved, reshaped;
    bool known; /* one was ever told of */
} McPipeWireCursor;

/* Whatever the buffer claims: only what lies within it is read. */
void mc_pipewire_cursor_read(McPipeWireCursor *self, const struct spa_buffer *buffer);
/* False: nothing has changed since the last time. */
bool mc_pipewire_cursor_news(McPipeWireCursor *self, McCursor *ret_cursor);
void mc_pipewire_cursor_renew(McPipeWireCursor *self); /* all of it is news again */
void mc_pipewire_cursor_clear(McPipeWireCursor *self);
