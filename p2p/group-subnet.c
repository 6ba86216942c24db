/* SPDX-License-Identifier: MIT */
#include "p2p/group-subnet.h"

#include <string.h>

#define USUAL_BITS 24
#define LEAST_BITS 16
#define MOST_BITS 30 /* two hosts */

static uint32_t number(const uint8_t ip[4])
{
    return (uint32_t) ip[0] << 24 | (uint32_t) ip[1] << 16 | (uint32_t) ip[2] << 8 | ip[3];
}

/* 10/8, 172.16/12, 192.168/16 (RFC 1918) and 169.254/16 (RFC 3927) */
static bool is_private(const uint8_t ip[4])
{
    return ip[0] == 10 || (ip[0] == 172 && (ip[1] & 0xf0) == 16) ||
           (ip[0] == 192 && ip[1] == 168) || (ip[0] == 169 && ip[1] == 254);
}

static int bits_of(const uint8_t mask[4])
{
    int bits = 0;

    while (bits < 32 && number(mask) & 0x80000000u >> bits)
        bits++;
    return bits;
}

static uint32_t mask_of(int bits)
{
    return 0xffffffffu << (32 - bits);
}

bool mc_group_subnet(const uint8_t ip[4], const uint8_t sink_ip[4], uint8_t mask[4])
{
    const uint32_t apart = number(sink_ip) ? number(ip) ^ number(sink_ip) : 0;
    const int told = number(mask) ? bits_of(mask) : USUAL_BITS;
    int bits = told < USUAL_BITS ? USUAL_BITS : told > MOST_BITS ? MOST_BITS : told;

    if (!is_private(ip) || (number(sink_ip) && (!is_private(sink_ip) || !apart)))
        return false;
    while (bits > LEAST_BITS && apart & mask_of(bits))
        bits--;
    if (apart & mask_of(bits))
        return false;
    for (int i = 0; i < 4; i++)
        mask[i] = (uint8_t) (mask_of(bits) >> (24 - 8 * i));
    return true;
}
