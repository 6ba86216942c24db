/* SPDX-License-Identifier: MIT */
/* encoder/big-endian.h - numbers in network order, written into a buffer that has room for them.
 * Each writes at `at` and returns where the next one goes.
 * Threads: any; pure.  Owner: none. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline size_t mc_put_be16(uint8_t *to, size_t at, uint16_t value)
{
    to[at] = (uint8_t) (value >> 8);
    to[at + 1] = (uint8_t) value;
    return at + 2;
}

static inline size_t mc_put_be32(uint8_t *to, size_t at, uint32_t value)
{
    return mc_put_be16(to, mc_put_be16(to, at, (uint16_t) (value >> 16)), (uint16_t) value);
}

static inline size_t mc_put_bytes(uint8_t *to, size_t at, const void *from, size_t len)
{
    memcpy(to + at, from, len);
    return at + len;
}
