/* SPDX-License-Identifier: MIT */
#include "rtsp/simple-params.h"

#include <glib.h>
#include <string.h>

#include "rtsp/fields.h"

static bool problem(char **ret_problem, const char *text)
{
    if (ret_problem)
        *ret_problem = g_strdup(text);
    return false;
}

static bool is_none(const char *value)
{
    return !g_ascii_strcasecmp(value, "none");
}

bool mc_word_parse(const char *value, const char *const *words, McWord *ret_word,
                   char **ret_problem)
{
    for (unsigned i = 0; words[i]; i++)
        if (!g_ascii_strcasecmp(value, words[i])) {
            *ret_word = (McWord){i, words[i]};
            return true;
        }
    *ret_word = (McWord){0};
    return problem(ret_problem, "it is none of the words that belong here");
}

bool mc_number_parse(const char *value, uint64_t max, const char *prefix, McNumber *ret_number,
                     char **ret_problem)
{
    size_t skip = prefix ? strlen(prefix) : 0;
    guint64 number = 0;

    *ret_number = (McNumber){.none = is_none(value)};
    if (ret_number->none)
        return true;
    if ((skip && g_ascii_strncasecmp(value, prefix, skip)) ||
        !g_ascii_string_to_unsigned(value + skip, 10, 0, max, &number, NULL))
        return problem(ret_problem, "it is no such number");
    ret_number->number = number;
    return true;
}

char *mc_number_write(const McNumber *number, const char *prefix)
{
    if (number->none)
        return g_strdup("none");
    return g_strdup_printf("%s%" G_GUINT64_FORMAT, prefix ? prefix : "", number->number);
}

bool mc_hex_fields_parse(const char *value, unsigned n_fields, unsigned digits,
                         McHexFields *ret_fields, char **ret_problem)
{
    McFields fields = mc_fields(value);

    *ret_fields = (McHexFields){.none = is_none(value),
                                .lower_case = mc_fields_lower_case(value),
                                .n_fields = n_fields,
                                .digits = digits};
    for (unsigned i = 0; !ret_fields->none && i < n_fields; i++)
        if (!mc_fields_hex64(&fields, digits, "of bits", &ret_fields->field[i]))
            return problem(ret_problem, fields.problem);
    return ret_fields->none || mc_fields_at_end(&fields) ||
           problem(ret_problem, "it has more fields than are known");
}

char *mc_hex_fields_write(const McHexFields *fields)
{
    GString *out = g_string_new(fields->none ? "none" : NULL);

    for (unsigned i = 0; !fields->none && i < fields->n_fields; i++)
        g_string_append_printf(out, fields->lower_case ? "%s%0*" PRIx64 : "%s%0*" PRIX64,
                               i ? " " : "", (int) fields->digits, fields->field[i]);
    return g_string_free(out, FALSE);
}

bool mc_text_value_parse(const char *value, size_t max_bytes, McTextValue *ret_text,
                         char **ret_problem)
{
    *ret_text = (McTextValue){0};
    if (strlen(value) > max_bytes)
        return problem(ret_problem, "it is longer than it may be");
    if (!g_utf8_validate(value, -1, NULL))
        return problem(ret_problem, "it is no UTF-8 text");
    *ret_text = (McTextValue){.none = is_none(value), .text = g_strdup(value)};
    return true;
}

void mc_text_value_clear(McTextValue *text)
{
    g_clear_pointer(&text->text, g_free);
}
