/* SPDX-License-Identifier: MIT */
#include "rtsp/params.h"

#include <string.h>

static void param_free(gpointer data)
{
    McParam *param = data;

    g_free(param->name);
    g_free(param->value);
    g_free(param);
}

static bool is_name(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++)
        if (!g_ascii_isalnum(*text) && !strchr("_-.", *text))
            return false;
    return true;
}

static McParam *parse_line(const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    McParam *param = g_new0(McParam, 1);

    param->bare = !colon;
    param->name = g_strstrip(g_strndup(line, colon ? (size_t) (colon - line) : len));
    param->value =
        colon ? g_strstrip(g_strndup(colon + 1, len - (size_t) (colon + 1 - line))) : g_strdup("");
    return param;
}

/* Up to CR or LF: either alone ends a line too (RFC 2326, 4). */
static size_t line_bytes(const char *text, size_t len)
{
    size_t bytes = 0;

    while (bytes < len && text[bytes] != '\r' && text[bytes] != '\n')
        bytes++;
    return bytes;
}

static void note(GPtrArray *notes, const char *text)
{
    if (notes)
        g_ptr_array_add(notes, g_strdup(text));
}

GPtrArray *mc_params_parse(const char *body, size_t len, GPtrArray *notes)
{
    GPtrArray *params = g_ptr_array_new_with_free_func(param_free);

    for (size_t at = 0; at < len;) {
        size_t bytes = line_bytes(body + at, len - at);
        McParam *param = parse_line(body + at, bytes);
        at += bytes + 1;
        if (param->bare && !*param->name) {
            param_free(param); /* a blank line */
        } else if (!is_name(param->name)) {
            param_free(param);
            note(notes, "a line of the body is not a parameter");
        } else if (params->len == MC_MAX_PARAMS) {
            param_free(param);
            note(notes, "the body has more parameters than are read");
            break;
        } else {
            g_ptr_array_add(params, param);
        }
    }
    return params;
}

const McParam *mc_params_find(const GPtrArray *params, const char *name)
{
    for (guint i = 0; i < params->len; i++) {
        const McParam *param = params->pdata[i];
        if (!g_ascii_strcasecmp(param->name, name))
            return param;
    }
    return NULL;
}

void mc_params_write(GString *out, const char *name, const char *value)
{
    if (value)
        g_string_append_printf(out, "%s: %s\r\n", name, value);
    else
        g_string_append_printf(out, "%s\r\n", name);
}
