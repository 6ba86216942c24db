/* SPDX-License-Identifier: MIT */
/* encoder/convert.h - captured BGRX frames to I420 pictures (BT.709, limited range) of the mode's
 * size: scaled with black borders, never stretched, with the cursor drawn in.
 * Threads: none of its own; one caller at a time.  Owner: encoder/encodings.
 * Errors: MC_ENCODER_ERROR. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmd-shim/abi/frame.h"

/* An I420 picture in one block, laid out as GStreamer's default for I420. Counted references. */
typedef struct {
    uint32_t width_px, height_px;
    uint32_t stride[3]; /* bytes; Y, U, V */
    uint8_t *plane[3];
    size_t size; /* of the block that begins at plane[0] */
} McPicture;
McPicture *mc_picture_new(uint32_t width_px, uint32_t height_px); /* black */
McPicture *mc_picture_ref(McPicture *self);
void mc_picture_unref(McPicture *self);

#define MC_CURSOR_MAX_PX 512u
#define MC_FRAME_MAX_PX 8192u /* larger frames are refused */

typedef struct McConvert McConvert;
McConvert *mc_convert_new(uint32_t width_px, uint32_t height_px); /* the mode: even numbers */
/* Another with what this one keeps: the frame and the cursor. */
McConvert *mc_convert_copy(McConvert *self, uint32_t width_px, uint32_t height_px);
void mc_convert_free(McConvert *self); /* NULL is fine */

/* Converts a frame and keeps it (without a cursor).  False: not a frame that can be read. */
bool mc_convert_frame(McConvert *self, const McFrameDesc *frame, GError **error);
bool mc_convert_has_picture(const McConvert *self);

/* Premultiplied BGRA; x_px and y_px: where its top left pixel stands in the captured frame, which
 * may be outside.  bgra NULL: keep the shape.  True: the picture will look different. */
bool mc_convert_set_cursor(McConvert *self, int x_px, int y_px, bool visible, const uint8_t *bgra,
                           unsigned width_px, unsigned height_px);

/* The kept frame with the cursor, in the mode's size; black when there is none yet.  Borrowed, and
 * valid until the next call of any function here. */
McPicture *mc_convert_compose(McConvert *self);

/* Where a frame stands in the mode's picture: even numbers, the frame's proportions. */
typedef struct {
    uint32_t x_px, y_px, width_px, height_px;
} McConvertRect;
McConvertRect mc_convert_fit(uint32_t frame_width_px, uint32_t frame_height_px,
                             uint32_t mode_width_px, uint32_t mode_height_px);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McPicture, mc_picture_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McConvert, mc_convert_free)
