/* SPDX-License-Identifier: MIT */
/* encoder/video-encoder.h - one H.264 encoder after the other: takes the first that works, watches
 * what comes out of it, and goes on with another when it fails in the middle of a stream.
 * Threads: one caller at a time.  Owner: encoder/encodings.
 * Errors: MC_ENCODER_ERROR. */
#pragma once

#include "encoder/h264.h"

typedef struct McVideoEncoder McVideoEncoder;

/* on_note: a person should hear of it (which encoder failed, and which goes on). */
typedef void (*McVideoEncoderNote)(const char *text, void *user_data);
/* h264: one that is open already, which it takes; NULL: one of wish (as mc_h264_new) is opened.
 * Kinds of the set avoid failed before. */
McVideoEncoder *mc_video_encoder_new(const McStreamVideo *video, const char *wish, uint32_t avoid,
                                     McH264 *h264, GError **error);
void mc_video_encoder_free(McVideoEncoder *self); /* NULL is fine */
void mc_video_encoder_on_note(McVideoEncoder *self, McVideoEncoderNote on_note, void *user_data);
uint32_t mc_video_encoder_failed(const McVideoEncoder *self); /* kinds; any thread */

void mc_video_encoder_set_pace(McVideoEncoder *self, const McStreamPace *pace);
void mc_video_encoder_set_single_slice(McVideoEncoder *self, bool single_slice);

/* As mc_h264_encode; a failure is answered by another encoder's IDR of the same picture.  False:
 * none is left that works. */
bool mc_video_encoder_encode(McVideoEncoder *self, McPicture *picture, bool idr, GByteArray *ret_au,
                             bool *ret_idr, GError **error);

/* As mc_h264_repeat. */
bool mc_video_encoder_repeat(McVideoEncoder *self, GByteArray *ret_au);

const McH264 *mc_video_encoder_h264(const McVideoEncoder *self); /* in use; for its profile */
typedef struct {
    uint64_t pictures_in, units_out; /* equal while all is well */
    unsigned replaced;
} McVideoEncoderStats;
McVideoEncoderStats mc_video_encoder_stats(const McVideoEncoder *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McVideoEncoder, mc_video_encoder_free)
