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

/* False: no further one is wanted. */
typedef bool (*Visit)(const XRRMonitorInfo *monitor, const char *name, void *data);

static void visit_monitors(McXConnection *x, Visit visit, void *data)
{
    int count;
    XRRMonitorInfo *monitors = get_monitors(x, &count);
    bool more = true;

    for (int i = 0; i < count && more; i++) {
        char *name = XGetAtomName(x->display, monitors[i].name);
        if (!name)
            continue;
        more = visit(&monitors[i], name, data);
        XFree(name);
    }
    if (monitors)
        XRRFreeMonitors(monitors);
}

typedef struct {
    const char *name;
    McX11Area *area;
    bool found;
} Wanted;

static bool take_wanted(const XRRMonitorInfo *monitor, const char *name, void *data)
{
    Wanted *wanted = data;

    wanted->found = !strcmp(name, wanted->name);
    if (wanted->found)
        *wanted->area = area_of(monitor);
    return !wanted->found;
}

bool mc_x11_monitor_find(McXConnection *x, const char *name, McX11Area *ret)
{
    Wanted wanted = {.name = name, .area = ret};
    uint32_t width_px, height_px;

    visit_monitors(x, take_wanted, &wanted);
    return wanted.found && read_screen_size(x, &width_px, &height_px) &&
           mc_x11_area_clip(ret, width_px, height_px);
}

static bool add_to_list(const XRRMonitorInfo *monitor, const char *name, void *data)
{
    GString *list = data;

    g_string_append_printf(list, "%s%s (%dx%d%+d%+d)", list->len ? ", " : "", name, monitor->width,
                           monitor->height, monitor->x, monitor->y);
    return true;
}

char *mc_x11_monitor_list(McXConnection *x)
{
    GString *list = g_string_new(NULL);

    visit_monitors(x, add_to_list, list);
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
