/* SPDX-License-Identifier: MIT */
/* encoder/h264.h - H.264 as Wi-Fi Display wants it: a picture in, its access unit out, no delay.
 * Threads: one caller at a time; set_pace from any thread.
 * Owner: encoder/video-encoder.
 * Errors: MC_ENCODER_ERROR. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "encoder/convert.h"
#include "encoder/stream.h"

typedef struct McH264 McH264;

/* Takes the first encoder that really encodes pictures of this mode: of wish ("x264", "openh264",
 * "vaapi", "v4l2"; "" or "auto": none) first, then as listed, without those of the set avoid.
 * Error NO_ENCODER names the packages to install. */
McH264 *mc_h264_new(const McStreamVideo *video, const char *wish, uint32_t avoid, GError **error);
uint32_t mc_h264_kind(const McH264 *self); /* as a set of one, for avoid */
void mc_h264_free(McH264 *self);           /* NULL is fine */

const char *mc_h264_encoder(const McH264 *self); /* GStreamer element in use */
/* As in the SPS; for the AVC descriptor. */
void mc_h264_profile(const McH264 *self, uint8_t *ret_profile_idc, uint8_t *ret_constraints,
                     uint8_t *ret_level_idc);
unsigned mc_h264_slices(const McH264 *self); /* the most that a picture had so far */
/* tight: the largest picture takes two intervals of this rate, else 200 ms of it. */
void mc_h264_set_pace(McH264 *self, const McStreamPace *pace);

/* From the next picture on: more than one slice in it is a failure. */
void mc_h264_set_single_slice(McH264 *self, bool single_slice);

/* Encodes a picture of the mode's size; ret_au is emptied first.  The access unit begins with an
 * AUD, has one slice (checked in a trial, and in each picture where single_slice asks for it), and
 * with idr (always heeded) SPS and PPS.  False: encoder.failed; waits at most MC_H264_WAIT_MS of
 * the time in which this process runs.  The first picture should be asked for as an IDR: the
 * trial's came before.
 */
#define MC_H264_WAIT_MS 1000
bool mc_h264_encode(McH264 *self, McPicture *picture, bool idr, GByteArray *ret_au, bool *ret_idr,
                    GError **error);

/* The access unit of the last picture once more, without the encoder's knowing and at no cost
 * (encoder/still.h).  False: not with this encoder; encode it again. */
bool mc_h264_repeat(McH264 *self, GByteArray *ret_au);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McH264, mc_h264_free)
