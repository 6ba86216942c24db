/* SPDX-License-Identifier: MIT */
#include "rtsp/fields.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

McFields mc_fields(const char *value)
{
    return (McFields){.at = value};
}

static void skip_blanks(McFields *self)
{
    self->at += strspn(self->at, " \t");
}

static size_t word_length(const McFields *self)
{
    return strcspn(self->at, " \t,");
}

bool mc_fields_at_end(McFields *self)
{
    skip_blanks(self);
    return !*self->at;
}

bool mc_fields_comma(McFields *self)
{
    skip_blanks(self);
    if (*self->at != ',')
        return false;
    self->at++;
    return true;
}

bool mc_fields_word(McFields *self, const char *word)
{
    skip_blanks(self);
    size_t len = word_length(self);
    if (len != strlen(word) || g_ascii_strncasecmp(self->at, word, len))
        return false;
    self->at += len;
    return true;
}

static bool missing(McFields *self, const char *what)
{
    snprintf(self->problem, sizeof(self->problem), "the field %s is missing", what);
    return false;
}

bool mc_fields_text(McFields *self, const char *what, char *buf, size_t size)
{
    skip_blanks(self);
    size_t len = word_length(self);
    if (len == 0)
        return missing(self, what);
    if (len >= size) {
        snprintf(self->problem, sizeof(self->problem), "the field %s is too long", what);
        return false;
    }
    memcpy(buf, self->at, len);
    buf[len] = '\0';
    self->at += len;
    return true;
}

bool mc_fields_hex64(McFields *self, unsigned digits, const char *what, uint64_t *ret)
{
    char word[20];
    guint64 value;

    if (!mc_fields_text(self, what, word, sizeof(word)))
        return false;
    if (strlen(word) > digits ||
        !g_ascii_string_to_unsigned(word, 16, 0, G_MAXUINT64, &value, NULL) ||
        !g_ascii_isxdigit(word[0])) {
        snprintf(self->problem, sizeof(self->problem), "the field %s is \"%s\", not %u hex digits",
                 what, word, digits);
        return false;
    }
    *ret = value;
    return true;
}

#define SHORTER(bits)                                                                              \
    bool mc_fields_hex##bits(McFields *self, unsigned digits, const char *what,                    \
                             uint##bits##_t *ret)                                                  \
    {                                                                                              \
        uint64_t value;                                                                            \
        if (!mc_fields_hex64(self, MIN(digits, bits / 4), what, &value))                           \
            return false;                                                                          \
        *ret = (uint##bits##_t) value;                                                             \
        return true;                                                                               \
    }
SHORTER(32)
SHORTER(16)
SHORTER(8)

bool mc_fields_decimal(McFields *self, const char *what, uint64_t max, uint64_t *ret)
{
    char word[24];
    guint64 value;

    if (!mc_fields_text(self, what, word, sizeof(word)))
        return false;
    if (!g_ascii_string_to_unsigned(word, 10, 0, max, &value, NULL)) {
        snprintf(self->problem, sizeof(self->problem), "the field %s is \"%s\", not a number", what,
                 word);
        return false;
    }
    *ret = value;
    return true;
}

bool mc_fields_lower_case(const char *value)
{
    bool lower = false;

    for (; *value; value++) {
        if (*value >= 'A' && *value <= 'F')
            return false;
        lower = lower || (*value >= 'a' && *value <= 'f');
    }
    return lower;
}

bool mc_fields_tight(const char *value)
{
    const char *comma = strchr(value, ',');

    return comma && comma[1] != ' ';
}
