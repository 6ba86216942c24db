/* SPDX-License-Identifier: MIT */
#include "p2p/mac.h"

#include <string.h>

static int hex_byte(const char *text)
{
    int high = g_ascii_xdigit_value(text[0]);
    int low = high < 0 ? -1 : g_ascii_xdigit_value(text[1]);

    return low < 0 ? -1 : high << 4 | low;
}

bool mc_mac_parse(const char *text, McMac *ret)
{
    McMac mac;

    for (size_t i = 0; i < MC_MAC_BYTES; i++, text += 3) {
        int value = hex_byte(text);

        /* hex_byte has looked at two characters that are no NUL, so text[2] exists. */
        if (value < 0 || (i + 1 < MC_MAC_BYTES && text[2] != ':'))
            return false;
        mac.bytes[i] = (uint8_t) value;
    }
    if (text[-1] == ':' || g_ascii_isxdigit(text[-1]))
        return false;
    *ret = mac;
    return true;
}

const char *mc_mac_format(const McMac *self, char *text)
{
    const uint8_t *b = self->bytes;

    g_snprintf(text, MC_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
               b[5]);
    return text;
}

bool mc_mac_equal(const McMac *a, const McMac *b)
{
    return memcmp(a->bytes, b->bytes, MC_MAC_BYTES) == 0;
}

bool mc_mac_is_zero(const McMac *self)
{
    return mc_mac_equal(self, &(McMac){{0}});
}

bool mc_hex_parse(const char *text, gssize text_len, uint8_t *ret, size_t max, size_t *ret_len)
{
    size_t len = text_len < 0 ? strlen(text) : (size_t) text_len;

    if (len % 2 != 0 || len / 2 > max)
        return false;
    for (size_t i = 0; i < len / 2; i++) {
        int value = hex_byte(text + 2 * i);

        if (value < 0)
            return false;
        ret[i] = (uint8_t) value;
    }
    *ret_len = len / 2;
    return true;
}

void mc_hex_append(GString *text, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
}
