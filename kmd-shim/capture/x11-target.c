/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/x11-target.h"

#include <errno.h>
#include <string.h>

#include "kmd-shim/capture/error.h"

static uint32_t window_number(const char *text)
{
    char *end;

    if (!g_ascii_isdigit(text[0]))
        return 0;
    errno = 0;
    const guint64 value =
        g_ascii_strtoull(text, &end, g_ascii_strncasecmp(text, "0x", 2) ? 10 : 16);
    return *end || errno || value > G_MAXUINT32 ? 0 : (uint32_t) value;
}

/* "monitor=..." or "window=...". */
static bool parse_part(const char *text, McX11Target *ret)
{
    if (g_str_has_prefix(text, "monitor="))
        ret->part = MC_X11_MONITOR;
    else if (g_str_has_prefix(text, "window="))
        ret->part = MC_X11_WINDOW;
    else
        return false;
    ret->name = g_strdup(strchr(text, '=') + 1);
    if (ret->part == MC_X11_WINDOW)
        ret->window_id = window_number(ret->name);
    return ret->name[0] != '\0';
}

static bool parse(const char *text, McX11Target *ret)
{
    const char *comma = strchr(text, ',');

    if (!*text)
        return true;
    if (g_str_has_prefix(text, "monitor=") || g_str_has_prefix(text, "window="))
        return parse_part(text, ret);
    if (!comma && !strpbrk(text, ":/")) {
        ret->part = MC_X11_MONITOR;
        ret->name = g_strdup(text);
        return true;
    }
    const size_t len = comma ? (size_t) (comma - text) : strlen(text);
    ret->display = len ? g_strndup(text, len) : NULL;
    return !comma || parse_part(comma + 1, ret);
}

bool mc_x11_target_parse(const char *argument, McX11Target *ret, GError **error)
{
    *ret = (McX11Target){0};
    if (parse(argument ? argument : "", ret))
        return true;
    g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_UNKNOWN_KIND,
                "\"x11:%s\" names no part of an X server; use x11:DISPLAY, x11:MONITOR, "
                "x11:DISPLAY,monitor=NAME or x11:DISPLAY,window=ID-OR-TITLE, of which x11,monitor= "
                "and x11,window= leave DISPLAY out",
                argument);
    mc_x11_target_clear(ret);
    return false;
}

void mc_x11_target_clear(McX11Target *self)
{
    g_clear_pointer(&self->display, g_free);
    g_clear_pointer(&self->name, g_free);
}

bool mc_x11_area_clip(McX11Area *area, uint32_t width_px, uint32_t height_px)
{
    const int64_t left = MAX(area->x_px, 0), top = MAX(area->y_px, 0),
                  right = MIN((int64_t) area->x_px + area->width_px, width_px),
                  bottom = MIN((int64_t) area->y_px + area->height_px, height_px);

    if (left >= right || top >= bottom)
        return false;
    *area = (McX11Area){(int32_t) left, (int32_t) top, (uint32_t) (right - left),
                        (uint32_t) (bottom - top)};
    return true;
}
