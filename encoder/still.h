/* SPDX-License-Identifier: MIT */
/* encoder/still.h - the last picture once more in a dozen bytes: a P slice that skips every
 * macroblock, put between an encoder's own slices, whose frame numbers move on by one for each.
 *
 * It costs nothing where an encoder would look at every macroblock to find the same. Possible where
 * one reference and the output order (H.264 8.2.1.3) leave no doubt what is repeated: with CAVLC,
 * one reference picture, pic_order_cnt_type 2, frames; that is, with x264 as we set it up. Other
 * streams pass unchanged and are not repeated.
 * Threads: none; one caller at a time.  Owner: encoder/h264. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    bool sps_fits, pps_fits; /* what they say lets a picture be repeated */
    unsigned frame_num_bits; /* log2_max_frame_num */
    uint32_t macroblocks;    /* of a picture */
    uint32_t pps_id;
    bool deblocking_control; /* slices say how they are filtered */
    bool has_reference;      /* the last picture that went out is one */
    uint32_t last_frame_num; /* of it, as it went out */
    uint32_t moved;          /* pictures put in since the last IDR */
    uint8_t ref_idc;         /* nal_ref_idc that the encoder uses */
} McStill;

/* A parameter set of the stream, with its header byte. */
void mc_still_sps(McStill *self, const uint8_t *nal, size_t len);
void mc_still_pps(McStill *self, const uint8_t *nal, size_t len);

/* A slice of the encoder's is appended to out with its start code and its number moved. */
void mc_still_slice(McStill *self, const uint8_t *nal, size_t len, GByteArray *out);

/* Appends the slice of a repetition.  False: this stream has none, or nothing to repeat. */
bool mc_still_repeat(McStill *self, GByteArray *out);
