/* SPDX-License-Identifier: MIT */
/* encoder/nal-bits.h - the bits of a NAL unit (H.264 7.3.1, 9.1) without its emulation prevention.
 * Threads: none; plain data.  Owner: the caller. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MC_BITS_MAX_BYTES 256u

typedef struct {
    uint8_t bytes[MC_BITS_MAX_BYTES]; /* behind the header byte */
    size_t n_bits, pos;
    bool overrun; /* more was read than there is, or written than there is room for */
} McBits;

/* A whole NAL unit; its stop bit is not among the bits.  False: it has none, or is too long. */
bool mc_bits_open(McBits *bits, const uint8_t *nal, size_t len);
/* Its beginning alone, up to len or the room; the number of the NAL's bytes that were taken. They
 * end where no emulation prevention is pending, so that others may take their place. */
size_t mc_bits_open_head(McBits *bits, const uint8_t *nal, size_t len, size_t wanted);

uint32_t mc_bits_get(McBits *bits, unsigned n);
uint32_t mc_bits_get_ue(McBits *bits);
int32_t mc_bits_get_se(McBits *bits);
/* Over what is there, from pos on. */
void mc_bits_put(McBits *bits, uint32_t value, unsigned n);
void mc_bits_put_ue(McBits *bits, uint32_t value);

/* Whole bytes up to pos, escaped behind the header byte; the length, 0: no room. */
size_t mc_bits_escape(const McBits *bits, uint8_t header, uint8_t *ret_nal, size_t room);
/* The same with stop bit and alignment. */
size_t mc_bits_close(McBits *bits, uint8_t header, uint8_t *ret_nal, size_t room);
