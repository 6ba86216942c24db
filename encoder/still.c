/* SPDX-License-Identifier: MIT */
#include "encoder/still.h"

#include <string.h>

#include "encoder/nal-bits.h"
#include "encoder/sps.h"

#define HEAD_BYTES 16 /* of a slice: more than what stands in front of frame_num and itself */
#define SLICE_P 5     /* slice_type: this one and all others of the picture */
#define REPEAT_MAX_BYTES 64

static const uint8_t start_code[] = {0, 0, 0, 1};

/* ---- parameter sets ---- */

/* The part that differs between profiles (7.3.2.1.1): false where there are scaling lists. */
static bool skip_format(McBits *bits, uint8_t profile_idc)
{
    if (profile_idc == 66 || profile_idc == 77)
        return true;
    if (profile_idc != 100 || mc_bits_get_ue(bits) != 1)
        return false;
    mc_bits_get_ue(bits); /* bit depths */
    mc_bits_get_ue(bits);
    mc_bits_get(bits, 1);
    return mc_bits_get(bits, 1) == 0;
}

void mc_still_sps(McStill *self, const uint8_t *nal, size_t len)
{
    McBits bits;

    memset(self, 0, sizeof(*self));
    if (!mc_bits_open(&bits, nal, len))
        return;
    uint8_t profile_idc = (uint8_t) mc_bits_get(&bits, 8);
    mc_bits_get(&bits, 16);
    mc_bits_get_ue(&bits); /* id */
    bool plain = skip_format(&bits, profile_idc);
    self->frame_num_bits = mc_bits_get_ue(&bits) + 4;
    plain = plain && mc_bits_get_ue(&bits) == 2; /* pic_order_cnt_type */
    plain = plain && mc_bits_get_ue(&bits) == 1; /* max_num_ref_frames */
    mc_bits_get(&bits, 1);                       /* gaps */
    uint64_t macroblocks = (uint64_t) (mc_bits_get_ue(&bits) + 1) * (mc_bits_get_ue(&bits) + 1);
    plain = plain && mc_bits_get(&bits, 1); /* frame_mbs_only */
    self->macroblocks = (uint32_t) macroblocks;
    self->sps_fits =
        plain && !bits.overrun && self->frame_num_bits <= 16 && macroblocks <= 1u << 20;
}

void mc_still_pps(McStill *self, const uint8_t *nal, size_t len)
{
    McBits bits;

    self->pps_fits = false;
    if (!mc_bits_open(&bits, nal, len))
        return;
    self->pps_id = mc_bits_get_ue(&bits);
    mc_bits_get_ue(&bits);                       /* SPS */
    bool plain = mc_bits_get(&bits, 1) == 0;     /* CAVLC */
    plain = mc_bits_get(&bits, 1) == 0 && plain; /* no order counts in slices */
    plain = plain && mc_bits_get_ue(&bits) == 0; /* one slice group */
    plain = plain && mc_bits_get_ue(&bits) == 0; /* one reference in list 0 */
    mc_bits_get_ue(&bits);
    plain = mc_bits_get(&bits, 1) == 0 && plain; /* no weights */
    mc_bits_get(&bits, 2);
    mc_bits_get_se(&bits); /* QP, QS, chroma */
    mc_bits_get_se(&bits);
    mc_bits_get_se(&bits);
    self->deblocking_control = mc_bits_get(&bits, 1);
    mc_bits_get(&bits, 1);
    plain = mc_bits_get(&bits, 1) == 0 && plain; /* no redundant pictures */
    self->pps_fits = plain && !bits.overrun;
}

/* ---- slices ---- */

static void append(GByteArray *out, const uint8_t *nal, size_t len)
{
    g_byte_array_append(out, start_code, sizeof(start_code));
    g_byte_array_append(out, nal, (guint) len);
}

static uint32_t wrapped(const McStill *self, uint32_t frame_num)
{
    return frame_num & ((1u << self->frame_num_bits) - 1);
}

void mc_still_slice(McStill *self, const uint8_t *nal, size_t len, GByteArray *out)
{
    uint8_t head[HEAD_BYTES * 4 + MC_BITS_MAX_BYTES * 2];
    McBits bits;

    if (!self->sps_fits) {
        append(out, nal, len);
        return;
    }
    if (mc_nal_type(nal) == MC_NAL_IDR)
        self->moved = 0;
    size_t taken = mc_bits_open_head(&bits, nal, len, HEAD_BYTES);
    mc_bits_get_ue(&bits); /* first macroblock, slice type, PPS */
    mc_bits_get_ue(&bits);
    mc_bits_get_ue(&bits);
    size_t at = bits.pos;
    uint32_t frame_num = mc_bits_get(&bits, self->frame_num_bits);
    self->ref_idc = nal[0] >> 5 & 3;
    self->has_reference = !bits.overrun && self->ref_idc != 0;
    self->last_frame_num = wrapped(self, frame_num + self->moved);
    if (!self->moved || bits.overrun) {
        append(out, nal, len);
        return;
    }
    bits.pos = at;
    mc_bits_put(&bits, self->last_frame_num, self->frame_num_bits);
    bits.pos = bits.n_bits;
    size_t head_len = mc_bits_escape(&bits, nal[0], head, sizeof(head));
    append(out, head, head_len);
    g_byte_array_append(out, nal + taken, (guint) (len - taken));
}

/* slice_header() (7.3.3) of a P slice without anything that may be left out, slice_data(): all
 * macroblocks in one mb_skip_run. */
bool mc_still_repeat(McStill *self, GByteArray *out)
{
    uint8_t nal[REPEAT_MAX_BYTES];
    McBits bits = {0};

    if (!self->sps_fits || !self->pps_fits || !self->has_reference)
        return false;
    mc_bits_put_ue(&bits, 0); /* first macroblock */
    mc_bits_put_ue(&bits, SLICE_P);
    mc_bits_put_ue(&bits, self->pps_id);
    self->moved++;
    self->last_frame_num = wrapped(self, self->last_frame_num + 1);
    mc_bits_put(&bits, self->last_frame_num, self->frame_num_bits);
    mc_bits_put(&bits, 0, 1); /* as many references as the PPS says */
    mc_bits_put(&bits, 0, 1); /* in their own order */
    mc_bits_put(&bits, 0, 1); /* none is marked otherwise */
    mc_bits_put_ue(&bits, 0); /* slice_qp_delta */
    if (self->deblocking_control)
        mc_bits_put_ue(&bits, 1); /* off: there is nothing to filter */
    mc_bits_put_ue(&bits, self->macroblocks);
    size_t len =
        mc_bits_close(&bits, (uint8_t) (self->ref_idc << 5 | MC_NAL_SLICE), nal, sizeof(nal));
    append(out, nal, len);
    return true;
}
