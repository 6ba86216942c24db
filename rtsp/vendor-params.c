/* SPDX-License-Identifier: MIT */
#include "rtsp/vendor-params.h"

#include <glib.h>
#include <string.h>

#include "rtsp/fields.h"
#include "rtsp/unconfirmed.h"

static bool problem(char **ret_problem, const char *text)
{
    if (ret_problem)
        *ret_problem = g_strdup(text);
    return false;
}

/* ---- microsoft_cursor ---- */

static bool parse_size(McFields *fields, const char *what, int plain_base, bool *prefixed,
                       uint16_t *ret)
{
    char word[12];
    guint64 number;

    if (!mc_fields_text(fields, what, word, sizeof(word)))
        return false;
    bool prefix = !g_ascii_strncasecmp(word, "0x", 2);
    *prefixed = *prefixed || prefix;
    if (!g_ascii_string_to_unsigned(word + (prefix ? 2 : 0), prefix ? 16u : (guint) plain_base, 0,
                                    G_MAXUINT16, &number, NULL)) {
        g_snprintf(fields->problem, sizeof(fields->problem), "the field %s is \"%s\"", what, word);
        return false;
    }
    *ret = (uint16_t) number;
    return true;
}

bool mc_cursor_capability_parse(const char *value, McCursorCapability *ret, char **ret_problem)
{
    McFields fields = mc_fields(value);

    *ret = (McCursorCapability){.lower_case = mc_fields_lower_case(value)};
    if (mc_fields_word(&fields, "none")) {
        ret->none = mc_fields_at_end(&fields);
        if (ret->none)
            return true;
    } else if (mc_fields_word(&fields, "full")) {
        ret->full = true;
    } else {
        return problem(ret_problem, "its first word is neither \"none\" nor \"full\"");
    }
    if (!parse_size(&fields, "width", 16, &ret->prefixed, &ret->max_width_px) ||
        !parse_size(&fields, "height", 16, &ret->prefixed, &ret->max_height_px))
        return problem(ret_problem, fields.problem);
    int base = ret->prefixed ? MC_UNCONFIRMED_PREFIXED_CURSOR_PORT_BASE : 16;
    bool ignored = false;
    if (!parse_size(&fields, "port", base, &ignored, &ret->port))
        return problem(ret_problem, fields.problem);
    return true;
}

char *mc_cursor_capability_write(const McCursorCapability *cursor)
{
    const char *word = cursor->full ? "full" : "none";

    if (cursor->none)
        return g_strdup("none");
    if (cursor->prefixed)
        return g_strdup_printf(cursor->lower_case ? "%s 0x%04x 0x%04x %u" : "%s 0x%04X 0x%04X %u",
                               word, cursor->max_width_px, cursor->max_height_px, cursor->port);
    return g_strdup_printf(cursor->lower_case ? "%s %04x %04x %04x" : "%s %04X %04X %04X", word,
                           cursor->max_width_px, cursor->max_height_px, cursor->port);
}

/* ---- microsoft_custom_video_formats ---- */

bool mc_custom_modes_parse(const char *value, McCustomModes *ret, char **ret_problem)
{
    McFields fields = mc_fields(value);

    *ret =
        (McCustomModes){.lower_case = mc_fields_lower_case(value), .tight = mc_fields_tight(value)};
    if (mc_fields_word(&fields, "none")) {
        ret->none = true;
        return true;
    }
    do {
        if (ret->n_modes == MC_MAX_CUSTOM_MODES)
            return problem(ret_problem, "more modes than are read");
        if (!mc_fields_hex16(&fields, 4, "width", &ret->mode[ret->n_modes].width_px) ||
            !mc_fields_hex16(&fields, 4, "height", &ret->mode[ret->n_modes].height_px) ||
            !mc_fields_hex16(&fields, 4, "refresh", &ret->mode[ret->n_modes].hz))
            return problem(ret_problem, fields.problem);
        ret->n_modes++;
    } while (mc_fields_comma(&fields));
    return true;
}

char *mc_custom_modes_write(const McCustomModes *modes)
{
    GString *out = g_string_new(modes->none ? "none" : NULL);

    for (unsigned i = 0; i < modes->n_modes; i++) {
        g_string_append(out, i == 0 ? "" : modes->tight ? "," : ", ");
        g_string_append_printf(out, modes->lower_case ? "%04x %04x %04x" : "%04X %04X %04X",
                               modes->mode[i].width_px, modes->mode[i].height_px,
                               modes->mode[i].hz);
    }
    return g_string_free(out, FALSE);
}

/* ---- microsoft_multiscreen_projection ---- */

static const char *const projection_words[] = {"none", "supported", "primary", "secondary"};

bool mc_projection_parse(const char *value, McProjection *ret, char **ret_problem)
{
    McFields fields = mc_fields(value);
    uint64_t width = 0, height = 0;
    unsigned kind = 0;

    *ret = (McProjection){0};
    while (kind < G_N_ELEMENTS(projection_words) &&
           !mc_fields_word(&fields, projection_words[kind]))
        kind++;
    if (kind == G_N_ELEMENTS(projection_words))
        return problem(ret_problem, "its first word is not known");
    ret->kind = (McProjectionKind) kind;
    if (ret->kind == MC_PROJECTION_SECONDARY) {
        if (!mc_fields_decimal(&fields, "width", G_MAXUINT16, &width) ||
            !mc_fields_decimal(&fields, "height", G_MAXUINT16, &height) ||
            !mc_fields_decimal(&fields, "bit rate", UINT64_C(9999999999), &ret->bits_per_s))
            return problem(ret_problem, fields.problem);
        ret->width_px = (uint32_t) width;
        ret->height_px = (uint32_t) height;
    }
    return true;
}

char *mc_projection_write(const McProjection *projection)
{
    if (projection->kind != MC_PROJECTION_SECONDARY)
        return g_strdup(projection_words[projection->kind]);
    return g_strdup_printf("secondary %u %u %" G_GUINT64_FORMAT, projection->width_px,
                           projection->height_px, projection->bits_per_s);
}

/* ---- microsoft_teardown_reason ---- */

bool mc_teardown_reason_parse(const char *value, McTeardownReason *ret, char **ret_problem)
{
    McFields fields = mc_fields(value);
    char word[12];

    *ret = (McTeardownReason){0};
    if (!mc_fields_hex32(&fields, 8, "code", &ret->code))
        return problem(ret_problem, fields.problem);
    fields = mc_fields(value);
    mc_fields_text(&fields, "code", word, sizeof(word));
    ret->lower_case = mc_fields_lower_case(word);
    mc_fields_at_end(&fields); /* skips the blank */
    g_strlcpy(ret->text, fields.at, sizeof(ret->text));
    if (!g_utf8_validate(ret->text, -1, NULL))
        ret->text[0] = '\0'; /* goes to people's screens */
    return true;
}

char *mc_teardown_reason_write(const McTeardownReason *reason)
{
    return g_strdup_printf(reason->lower_case ? "%08x%s%s" : "%08X%s%s", reason->code,
                           reason->text[0] ? " " : "", reason->text);
}

const char *mc_teardown_reason_meaning(uint32_t code)
{
    static const struct {
        uint32_t code;
        const char *meaning;
    } rows[] = {
        {0xC00D36F0, "it does not get a valid transport stream"},
        {0xC00D3E8C, "it cannot play the format"},
        {0xC00D6D74, "it could not follow the change of format"},
        {0xC00D36CB, "it could not decode the stream"},
        {0xC00D4278, "it heard nothing for too long"},
        {0xC00D36C0, "the stream's time stamps are wrong"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].code == code)
            return rows[i].meaning;
    return code & 0x20000000 ? "a reason of its maker's own" : NULL;
}

/* ---- intel_sink_version ---- */

/* The first word that begins with the key. */
static bool take_key(char **words, const char *key, char *buf, size_t size)
{
    for (; *words; words++)
        if (g_str_has_prefix(*words, key)) {
            g_strlcpy(buf, *words + strlen(key), size);
            return true;
        }
    return false;
}

bool mc_sink_version_parse(const char *value, McSinkVersion *ret, char **ret_problem)
{
    *ret = (McSinkVersion){.none = !g_ascii_strcasecmp(value, "none")};
    if (ret->none)
        return true;
    g_auto(GStrv) words = g_strsplit_set(value, " \t", 16);
    if (!take_key(words, "product_ID=", ret->product_id, sizeof(ret->product_id)) ||
        !take_key(words, "hw_version=", ret->hw_version, sizeof(ret->hw_version)) ||
        !take_key(words, "sw_version=", ret->sw_version, sizeof(ret->sw_version)))
        return problem(ret_problem, "product_ID, hw_version or sw_version is missing");
    return true;
}

char *mc_sink_version_write(const McSinkVersion *version)
{
    if (version->none)
        return g_strdup("none");
    return g_strdup_printf("product_ID=%s hw_version=%s sw_version=%s", version->product_id,
                           version->hw_version, version->sw_version);
}
