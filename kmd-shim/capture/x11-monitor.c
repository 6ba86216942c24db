/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/x11-monitor.h"

#include <X11/extensions/Xrandr.h>
#include <string.h>

static XRRMonitorInfo *get_monitors(McXConnection *x, int *ret_count)
{
    int event, error, major = 0, minor = 0;

    *ret_count = 0;
    if (x->broken || !XRRQueryExtension(x->display, &event, &error) ||
        !XRRQueryVersion(x->display, &major, &minor) || major < 1 || (major == 1 && minor < 5))
        return NULL;
    return XRRGetMonitors(x->display, DefaultRootWindow(x->display), True, ret_count);
}

static McX11Area area_of(const XRRMonitorInfo *monitor)
{
    return (McX11Area){monitor->x, monitor->y, (uint32_t) MAX(monitor->width, 0),
                       (uint32_t) MAX(monitor->height, 0)};
}

static bool read_screen_size(McXConnection *x, uint32_t *ret_width_px, uint32_t *ret_height_px)
{
    XWindowAttributes root; /* Xlib's own numbers may be older */

    if (x->broken || !XGetWindowAttributes(x->display, DefaultRootWindow(x->display), &root))
        return false;
    *ret_width_px = (uint32_t) root.width;
    *ret_height_px = (uint32_t) root.height;
    return true;
}

bool mc_x11_monitor_find(McXConnection *x, const char *name, McX11Area *ret)
{
    uint32_t width_px, height_px;
    int count;
    XRRMonitorInfo *monitors = get_monitors(x, &count);
    bool found = false;

    for (int i = 0; i < count && !found; i++) {
        char *text = XGetAtomName(x->display, monitors[i].name);
        found = text && !strcmp(text, name);
        if (found)
            *ret = area_of(&monitors[i]);
        if (text)
            XFree(text);
    }
    if (monitors)
        XRRFreeMonitors(monitors);
    return found && read_screen_size(x, &width_px, &height_px) &&
           mc_x11_area_clip(ret, width_px, height_px);
}

char *mc_x11_monitor_list(McXConnection *x)
{
    GString *list = g_string_new(NULL);
    int count;
    XRRMonitorInfo *monitors = get_monitors(x, &count);

    for (int i = 0; i < count; i++) {
        char *text = XGetAtomName(x->display, monitors[i].name);
        if (text)
            g_string_append_printf(list, "%s%s (%dx%d%+d%+d)", list->len ? ", " : "", text,
                                   monitors[i].width, monitors[i].height, monitors[i].x,
                                   monitors[i].y);
        if (text)
            XFree(text);
    }
    if (monitors)
        XRRFreeMonitors(monitors);
    return g_string_free(list, FALSE);
}

void mc_x11_monitor_watch(McXConnection *x)
{
    const Window root = DefaultRootWindow(x->display);
    int event, error;

    XSelectInput(x->display, root, StructureNotifyMask);
    if (XRRQueryExtension(x->display, &event, &error))
        XRRSelectInput(x->display, root,
                       RRScreenChangeNotifyMask | RRCrtcChangeNotifyMask |
                           RROutputChangeNotifyMask);
}
