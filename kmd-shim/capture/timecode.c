/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/timecode.h"

#include <stddef.h>
#include <string.h>

#define VALUE_BITS 40
#define MARGIN_BLOCKS 2u /* one on each side */

static uint32_t block_px(uint32_t picture_width_px)
{
    return picture_width_px >= MC_TIMECODE_WIDE_PX ? 16 : 8;
}

uint32_t mc_timecode_width_px(uint32_t picture_width_px)
{
    return (MC_TIMECODE_BLOCKS + MARGIN_BLOCKS) * block_px(picture_width_px);
}

uint32_t mc_timecode_height_px(uint32_t picture_width_px)
{
    return (1 + MARGIN_BLOCKS) * block_px(picture_width_px);
}

static bool fits(uint32_t width_px, uint32_t height_px, uint32_t stride_bytes)
{
    return width_px >= mc_timecode_width_px(width_px) &&
           height_px >= mc_timecode_height_px(width_px) && stride_bytes / 4 >= width_px;
}

static uint8_t checksum(uint64_t value)
{
    uint8_t sum = 0;

    for (unsigned shift = 0; shift < VALUE_BITS; shift += 8)
        sum ^= (uint8_t) (value >> shift);
    return sum;
}

/* The 52 blocks as bits, the first one in bit 51. */
static uint64_t blocks_of(uint64_t value)
{
    return (uint64_t) 2 << 50 | value << 10 | (uint64_t) checksum(value) << 2 | 1;
}

void mc_timecode_draw(uint8_t *bgrx, uint32_t width_px, uint32_t height_px, uint32_t stride_bytes,
                      int64_t time_ns)
{
    const uint64_t mask = ((uint64_t) 1 << VALUE_BITS) - 1;
    uint64_t blocks = blocks_of((uint64_t) (time_ns / MC_TIMECODE_TICK_NS) & mask);
    size_t block = block_px(width_px), row_bytes = (size_t) mc_timecode_width_px(width_px) * 4;
    uint8_t *first = bgrx + block * stride_bytes;

    if (!fits(width_px, height_px, stride_bytes))
        return;
    for (size_t y = 0; y < 3 * block; y++)
        if (y < block || y >= 2 * block)
            memset(bgrx + y * stride_bytes, 0, row_bytes);
    memset(first, 0, row_bytes);
    for (size_t i = 0; i < MC_TIMECODE_BLOCKS; i++)
        if (blocks >> (MC_TIMECODE_BLOCKS - 1 - i) & 1)
            memset(first + (i + 1) * block * 4, 0xff, block * 4);
    for (size_t y = 1; y < block; y++)
        memcpy(first + y * stride_bytes, first, row_bytes);
}

bool mc_timecode_read(const uint8_t *bgrx, uint32_t width_px, uint32_t height_px,
                      uint32_t stride_bytes, int64_t *ret_time_ns)
{
    const uint64_t mask = ((uint64_t) 1 << VALUE_BITS) - 1;
    size_t block = block_px(width_px);
    uint64_t blocks = 0, value;

    if (!fits(width_px, height_px, stride_bytes))
        return false;
    const uint8_t *row = bgrx + (block + block / 2) * stride_bytes;
    for (size_t i = 0; i < MC_TIMECODE_BLOCKS; i++) {
        const uint8_t *pixel = row + ((i + 1) * block + block / 2) * 4;
        blocks = blocks << 1 | (pixel[0] + pixel[1] + pixel[2] > 3 * 128);
    }
    value = blocks >> 10 & mask;
    if (blocks != blocks_of(value))
        return false;
    *ret_time_ns = (int64_t) value * MC_TIMECODE_TICK_NS;
    return true;
}
