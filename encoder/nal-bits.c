/* SPDX-License-Identifier: MIT */
#include "encoder/nal-bits.h"

#include <glib.h>
#include <string.h>

uint32_t mc_bits_get(McBits *bits, unsigned n)
{
    uint32_t value = 0;

    for (; n; n--, bits->pos++) {
        if (bits->pos >= bits->n_bits) {
            bits->overrun = true;
            return 0;
        }
        value = value << 1 | (bits->bytes[bits->pos / 8] >> (7 - bits->pos % 8) & 1);
    }
    return value;
}

uint32_t mc_bits_get_ue(McBits *bits)
{
    unsigned zeros = 0;

    while (!bits->overrun && zeros < 32 && mc_bits_get(bits, 1) == 0)
        zeros++;
    if (zeros > 31)
        bits->overrun = true;
    return bits->overrun ? 0 : (1u << zeros) - 1 + mc_bits_get(bits, zeros);
}

int32_t mc_bits_get_se(McBits *bits)
{
    uint32_t code = mc_bits_get_ue(bits);

    return code & 1 ? (int32_t) (code / 2 + 1) : -(int32_t) (code / 2);
}

void mc_bits_put(McBits *bits, uint32_t value, unsigned n)
{
    while (n--) {
        if (bits->pos >= sizeof(bits->bytes) * 8) {
            bits->overrun = true;
            return;
        }
        uint8_t mask = (uint8_t) (0x80 >> bits->pos % 8), *byte = &bits->bytes[bits->pos / 8];
        *byte = (uint8_t) (value >> n & 1 ? *byte | mask : *byte & ~mask);
        bits->pos++;
    }
}

void mc_bits_put_ue(McBits *bits, uint32_t value)
{
    unsigned length = g_bit_storage((gulong) value + 1);

    mc_bits_put(bits, 0, length - 1);
    mc_bits_put(bits, value + 1, length);
}

size_t mc_bits_open_head(McBits *bits, const uint8_t *nal, size_t len, size_t wanted)
{
    size_t n = 0, i;
    unsigned zeros = 0;

    memset(bits, 0, sizeof(*bits));
    for (i = 1; i < len && n < sizeof(bits->bytes) && (n < wanted || zeros); i++) {
        bool prevention = zeros >= 2 && nal[i] == 3;
        zeros = !prevention && nal[i] == 0 ? zeros + 1 : 0;
        if (!prevention)
            bits->bytes[n++] = nal[i];
    }
    bits->n_bits = n * 8;
    return i;
}

bool mc_bits_open(McBits *bits, const uint8_t *nal, size_t len)
{
    if (mc_bits_open_head(bits, nal, len, len) < len)
        return false;
    while (bits->n_bits > 0) {
        size_t last = --bits->n_bits;
        if (bits->bytes[last / 8] >> (7 - last % 8) & 1)
            return true;
    }
    return false;
}

size_t mc_bits_escape(const McBits *bits, uint8_t header, uint8_t *ret_nal, size_t room)
{
    size_t n = 0;
    unsigned zeros = 0;

    if (bits->overrun || room < 1)
        return 0;
    ret_nal[n++] = header;
    for (size_t i = 0; i < bits->pos / 8; i++) {
        if (n + 2 > room)
            return 0;
        if (zeros >= 2 && bits->bytes[i] <= 3) {
            ret_nal[n++] = 3;
            zeros = 0;
        }
        ret_nal[n++] = bits->bytes[i];
        zeros = bits->bytes[i] == 0 ? zeros + 1 : 0;
    }
    return n;
}

size_t mc_bits_close(McBits *bits, uint8_t header, uint8_t *ret_nal, size_t room)
{
    mc_bits_put(bits, 1, 1);
    while (bits->pos % 8 && !bits->overrun)
        mc_bits_put(bits, 0, 1);
    return mc_bits_escape(bits, header, ret_nal, room);
}
