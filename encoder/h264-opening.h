/* SPDX-License-Identifier: MIT */
/* encoder/h264-opening.h - an encoder that opens while its sink is still being asked. To choose one
 * by encoding takes a tenth of a second, which would stand between PLAY and the first picture.
 * Threads: one caller at a time; the encoder opens on a thread of this one's own.
 * Owner: umd/media, encoder/encodings. */
#pragma once

#include "encoder/h264.h"

typedef struct McH264Opening McH264Opening;

/* As mc_h264_new, with the first choice of wish; returns at once. */
McH264Opening *mc_h264_opening_new(const McStreamVideo *video, const char *wish, uint32_t avoid);
void mc_h264_opening_free(McH264Opening *self); /* waits; NULL is fine */

bool mc_h264_opening_is_done(const McH264Opening *self); /* to take it is not to wait */
/* Waits for the encoder, once, and sets it to this video's rate.  NULL: it was opened for another
 * mode, or none works; mc_h264_new says why. */
McH264 *mc_h264_opening_take(McH264Opening *self, const McStreamVideo *video);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McH264Opening, mc_h264_opening_free)
