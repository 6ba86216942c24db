/* SPDX-License-Identifier: MIT */
#include "encoder/sps.h"

#include <glib.h>
#include <string.h>

#include "encoder/nal-bits.h"

/* ---- byte stream ---- */

static const uint8_t *find_start(const uint8_t *from, const uint8_t *end)
{
    static const uint8_t start[] = {0, 0, 1};

    return from < end ? memmem(from, (size_t) (end - from), start, sizeof(start)) : NULL;
}

bool mc_nal_next(const uint8_t *data, size_t len, size_t *pos, const uint8_t **ret_nal,
                 size_t *ret_len)
{
    const uint8_t *end = data + len, *at = find_start(data + *pos, end);

    while (at) {
        const uint8_t *nal = at + 3, *next = find_start(nal, end), *tail = next ? next : end;
        while (tail > nal && tail[-1] == 0) /* zero_byte of the next start code, or stuffing */
            tail--;
        if (tail > nal) {
            *ret_nal = nal;
            *ret_len = (size_t) (tail - nal);
            *pos = (size_t) ((next ? next : end) - data);
            return true;
        }
        at = next;
    }
    *pos = len;
    return false;
}

static bool sps_open(McBits *bits, const uint8_t *nal, size_t len)
{
    return len >= 5 && len <= MC_SPS_MAX_BYTES && mc_nal_type(nal) == MC_NAL_SPS &&
           mc_bits_open(bits, nal, len);
}

/* ---- sequence parameter set (H.264 7.3.2.1.1) ---- */

static void skip_scaling_lists(McBits *bits, unsigned n)
{
    for (unsigned i = 0; i < n && !bits->overrun; i++) {
        int last = 8, next = 8;
        if (!mc_bits_get(bits, 1))
            continue;
        for (unsigned k = 0; k < (i < 6 ? 16u : 64u) && next != 0 && !bits->overrun; k++) {
            uint32_t code = mc_bits_get_ue(bits);
            int delta = code & 1 ? (int) (code / 2 + 1) : -(int) (code / 2);
            next = (last + delta) & 255;
            last = next ? next : last;
        }
    }
}

static bool has_chroma_format(uint8_t profile_idc)
{
    static const uint8_t high[] = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};

    return memchr(high, profile_idc, sizeof(high)) != NULL;
}

/* Only 4:2:0, which is all that Wi-Fi Display knows. */
static void read_format(McBits *bits)
{
    if (mc_bits_get_ue(bits) != 1)
        bits->overrun = true;
    mc_bits_get_ue(bits); /* bit depths */
    mc_bits_get_ue(bits);
    mc_bits_get(bits, 1);
    if (mc_bits_get(bits, 1))
        skip_scaling_lists(bits, 8);
}

static void read_order_count(McBits *bits)
{
    uint32_t type = mc_bits_get_ue(bits);

    if (type == 0) {
        mc_bits_get_ue(bits);
    } else if (type == 1) {
        mc_bits_get(bits, 1);
        mc_bits_get_ue(bits);
        mc_bits_get_ue(bits);
        for (uint32_t n = mc_bits_get_ue(bits); n > 0 && !bits->overrun; n--)
            mc_bits_get_ue(bits);
    }
}

static void read_size(McBits *bits, McSps *sps)
{
    uint32_t width = (mc_bits_get_ue(bits) + 1) * 16, height = (mc_bits_get_ue(bits) + 1) * 16;
    uint32_t crop[4] = {0};

    sps->progressive = mc_bits_get(bits, 1);
    if (!sps->progressive) {
        height *= 2;
        mc_bits_get(bits, 1);
    }
    mc_bits_get(bits, 1); /* direct_8x8_inference */
    if (mc_bits_get(bits, 1))
        for (int i = 0; i < 4; i++)
            crop[i] = mc_bits_get_ue(bits) * (i < 2 || sps->progressive ? 2 : 4);
    if (width > 16384 || height > 16384 || crop[0] > width || crop[1] > width - crop[0] ||
        crop[2] > height || crop[3] > height - crop[2]) {
        bits->overrun = true;
        return;
    }
    sps->width_px = width - crop[0] - crop[1];
    sps->height_px = height - crop[2] - crop[3];
}

/* Up to and without vui_parameters_present_flag. */
static void read_head(McBits *bits, McSps *sps)
{
    sps->profile_idc = (uint8_t) mc_bits_get(bits, 8);
    sps->constraints = (uint8_t) mc_bits_get(bits, 8);
    sps->level_idc = (uint8_t) mc_bits_get(bits, 8);
    mc_bits_get_ue(bits); /* id */
    if (has_chroma_format(sps->profile_idc))
        read_format(bits);
    mc_bits_get_ue(bits); /* log2_max_frame_num */
    read_order_count(bits);
    sps->ref_frames = mc_bits_get_ue(bits);
    mc_bits_get(bits, 1); /* gaps */
    read_size(bits, sps);
}

static void skip_hrd(McBits *bits)
{
    uint32_t n = mc_bits_get_ue(bits);

    mc_bits_get(bits, 8);
    for (uint32_t i = 0; i <= n && i < 32 && !bits->overrun; i++) {
        mc_bits_get_ue(bits);
        mc_bits_get_ue(bits);
        mc_bits_get(bits, 1);
    }
    mc_bits_get(bits, 20);
}

static void read_signal_type(McBits *bits, McSps *sps)
{
    mc_bits_get(bits, 3);
    sps->full_range = mc_bits_get(bits, 1);
    if (!mc_bits_get(bits, 1))
        return;
    sps->primaries = (uint8_t) mc_bits_get(bits, 8);
    sps->transfer = (uint8_t) mc_bits_get(bits, 8);
    sps->matrix = (uint8_t) mc_bits_get(bits, 8);
}

static void read_restriction(McBits *bits, McSps *sps)
{
    mc_bits_get(bits, 1);
    for (int i = 0; i < 4; i++)
        mc_bits_get_ue(bits);
    uint32_t reorder = mc_bits_get_ue(bits), buffering = mc_bits_get_ue(bits);
    sps->reorder_frames = (int) MIN(reorder, 16);
    sps->dec_frame_buffering = (int) MIN(buffering, 16);
}

static void read_vui(McBits *bits, McSps *sps)
{
    if (mc_bits_get(bits, 1) && mc_bits_get(bits, 8) == 255) /* aspect ratio */
        mc_bits_get(bits, 32);
    if (mc_bits_get(bits, 1)) /* overscan */
        mc_bits_get(bits, 1);
    if (mc_bits_get(bits, 1))
        read_signal_type(bits, sps);
    if (mc_bits_get(bits, 1)) { /* chroma location */
        mc_bits_get_ue(bits);
        mc_bits_get_ue(bits);
    }
    if (mc_bits_get(bits, 1)) { /* timing */
        mc_bits_get(bits, 32);
        mc_bits_get(bits, 32);
        mc_bits_get(bits, 1);
    }
    bool nal_hrd = mc_bits_get(bits, 1);
    if (nal_hrd)
        skip_hrd(bits);
    bool vcl_hrd = mc_bits_get(bits, 1);
    if (vcl_hrd)
        skip_hrd(bits);
    if (nal_hrd || vcl_hrd)
        mc_bits_get(bits, 1);
    mc_bits_get(bits, 1); /* pic_struct */
    if (mc_bits_get(bits, 1))
        read_restriction(bits, sps);
}

bool mc_sps_parse(const uint8_t *nal, size_t len, McSps *ret)
{
    McBits bits;

    memset(ret, 0, sizeof(*ret));
    ret->reorder_frames = ret->dec_frame_buffering = -1;
    if (!sps_open(&bits, nal, len))
        return false;
    read_head(&bits, ret);
    ret->has_vui = mc_bits_get(&bits, 1);
    if (ret->has_vui)
        read_vui(&bits, ret);
    return !bits.overrun;
}

/* ---- writing ---- */

static void put_vui(McBits *bits, uint32_t fps, uint32_t ref_frames)
{
    mc_bits_put(bits, 1, 1); /* aspect ratio: square */
    mc_bits_put(bits, 1, 8);
    mc_bits_put(bits, 0, 1); /* overscan: not said */
    mc_bits_put(bits, 1, 1); /* signal type: unspecified format, limited range, BT.709 thrice */
    mc_bits_put(bits, 5, 3);
    mc_bits_put(bits, 0, 1);
    mc_bits_put(bits, 1, 1);
    mc_bits_put(bits, 0x010101, 24);
    mc_bits_put(bits, 0, 1); /* chroma location: not said */
    mc_bits_put(bits, 1,
                1); /* timing: in fields; not fixed, since a still desktop is sent less often */
    mc_bits_put(bits, 1, 32);
    mc_bits_put(bits, 2 * fps, 32);
    mc_bits_put(bits, 0, 1);
    mc_bits_put(bits, 0, 3); /* no HRD for NAL and VCL, no pic_struct */
    mc_bits_put(bits, 1, 1); /* restriction: vectors may point outside; sizes unlimited */
    mc_bits_put(bits, 1, 1);
    mc_bits_put_ue(bits, 0);
    mc_bits_put_ue(bits, 0);
    mc_bits_put_ue(bits, 16);
    mc_bits_put_ue(bits, 16);
    mc_bits_put_ue(bits, 0);          /* max_num_reorder_frames */
    mc_bits_put_ue(bits, ref_frames); /* max_dec_frame_buffering */
}

size_t mc_sps_rewrite(const uint8_t *nal, size_t len, uint8_t constraints, uint8_t level_idc,
                      uint32_t fps, uint8_t ret_nal[MC_SPS_MAX_BYTES])
{
    McBits bits;
    McSps sps;

    if (!mc_sps_parse(nal, len, &sps) || !sps_open(&bits, nal, len))
        return 0;
    read_head(&bits, &sps);
    bits.bytes[1] = constraints;
    bits.bytes[2] = level_idc;
    mc_bits_put(&bits, 1, 1); /* in the place of vui_parameters_present_flag */
    put_vui(&bits, fps, MAX(sps.ref_frames, 1));
    return mc_bits_close(&bits, nal[0], ret_nal, MC_SPS_MAX_BYTES);
}
