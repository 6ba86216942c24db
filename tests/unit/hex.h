/* SPDX-License-Identifier: MIT */
/* tests/unit/hex.h - bytes as a test or a published vector writes them: "47 40 00", blanks where
 * they help the reader. */
#pragma once

#include <glib.h>
#include <stdint.h>

/* How many they are; more than room, or what is not hexadecimal, is the test's fault. */
static inline size_t test_hex(const char *text, uint8_t *ret_bytes, size_t room)
{
    size_t n = 0;

    for (const char *at = text; *at; at++) {
        if (*at == ' ')
            continue;
        g_assert_true(g_ascii_isxdigit(at[0]) && g_ascii_isxdigit(at[1]));
        g_assert_cmpuint(n, <, room);
        ret_bytes[n++] = (uint8_t) (g_ascii_xdigit_value(at[0]) << 4 | g_ascii_xdigit_value(at[1]));
        at++;
    }
    return n;
}

/* data begins with these. */
static inline void assert_starts_with(const uint8_t *data, const char *text)
{
    uint8_t wish[188];
    const size_t len = test_hex(text, wish, sizeof wish);

    g_assert_cmpmem(data, len, wish, len);
}
