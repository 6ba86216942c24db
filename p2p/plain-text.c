/* SPDX-License-Identifier: MIT */
#include "p2p/plain-text.h"

#include <glib.h>
#include <string.h>

#define ZERO_WIDTH_NON_JOINER 0x200c /* Persian writing has it, */
#define ZERO_WIDTH_JOINER 0x200d     /* and families of emoji */

/* Control characters of both kinds (U+009B begins a terminal's sequence as ESC [ does), ends of
 * lines, and what turns the direction of writing or is not seen. */
static bool is_fit(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SURROGATE:
        return false;
    case G_UNICODE_FORMAT:
        return c == ZERO_WIDTH_NON_JOINER || c == ZERO_WIDTH_JOINER;
    default:
        return true;
    }
}

char *mc_plain_text(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_sized_new(strlen(valid));

    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        const gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(out, is_fit(c) ? c : '_');
    }
    return g_string_free(out, FALSE);
}

bool mc_plain_text_copy(char *to, size_t size, const char *text)
{
    g_autofree char *plain = mc_plain_text(text);
    const bool fits = g_strlcpy(to, plain, size) < size;
    const char *end;

    if (!g_utf8_validate(to, -1, &end))
        to[end - to] = '\0';
    return fits;
}

bool mc_plain_text_is(const char *text)
{
    g_autofree char *plain = mc_plain_text(text);

    return !strcmp(plain, text);
}
