/* SPDX-License-Identifier: MIT */
#include "encoder/fingerprint.h"

#include <glib.h>

void mc_fingerprint_print(const uint8_t bytes[MC_FINGERPRINT_BYTES],
                          char ret_text[MC_FINGERPRINT_MAX])
{
    for (unsigned i = 0; i < MC_FINGERPRINT_BYTES; i++)
        g_snprintf(ret_text + 3 * i, 4, i + 1 < MC_FINGERPRINT_BYTES ? "%02X:" : "%02X", bytes[i]);
}

bool mc_fingerprint_parse(const char *text, char ret_text[MC_FINGERPRINT_MAX])
{
    uint8_t bytes[MC_FINGERPRINT_BYTES];

    for (unsigned i = 0; i < MC_FINGERPRINT_BYTES; i++) {
        const int high = g_ascii_xdigit_value(text[0]);
        const int low = high < 0 ? -1 : g_ascii_xdigit_value(text[1]);
        if (low < 0)
            return false;
        bytes[i] = (uint8_t) (high << 4 | low);
        text += 2;
        if (*text == ':' && i + 1 < MC_FINGERPRINT_BYTES)
            text++;
    }
    if (*text)
        return false;
    mc_fingerprint_print(bytes, ret_text);
    return true;
}
