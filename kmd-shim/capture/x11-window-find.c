/* SPDX-License-Identifier: MIT */
/* Which window is meant: by number, else by title or class among those that people see. */
#include <X11/Xatom.h>
#include <X11/Xutil.h>
#include <string.h>

#include "kmd-shim/capture/error.h"
#include "kmd-shim/capture/x11-window.h"

#define MAX_LISTED 12
#define MAX_DEPTH 16 /* of windows within windows */
#define MAX_TITLE_BYTES 1024

/* ---- the tree ---- */

Window mc_x11_window_toplevel(McXConnection *x, Window window)
{
    const Window root = DefaultRootWindow(x->display);

    for (int i = 0; i < MAX_DEPTH && !x->broken; i++) {
        Window above_root, parent, *children = NULL;
        unsigned count;
        if (!XQueryTree(x->display, window, &above_root, &parent, &children, &count))
            return None;
        if (children)
            XFree(children);
        if (parent == root || parent == None)
            return parent == root ? window : None;
        window = parent;
    }
    return None;
}

/* What the window manager says, else what is mapped right on the root. */
static GArray *list_windows(McXConnection *x)
{
    const Window root = DefaultRootWindow(x->display);
    GArray *windows = g_array_new(FALSE, FALSE, sizeof(Window));
    unsigned long count;
    unsigned long *managed =
        mc_x_connection_property(x, root, "_NET_CLIENT_LIST", XA_WINDOW, &count);
    Window ignored, *children = NULL;
    unsigned n = 0;

    if (managed) {
        for (unsigned long i = 0; i < count; i++)
            g_array_append_val(windows, managed[i]);
        XFree(managed);
    } else if (!x->broken && XQueryTree(x->display, root, &ignored, &ignored, &children, &n) &&
               children) {
        g_array_append_vals(windows, children, n);
        XFree(children);
    }
    return windows;
}

static bool is_shown(McXConnection *x, Window window)
{
    XWindowAttributes attributes;

    return !x->broken && XGetWindowAttributes(x->display, window, &attributes) &&
           attributes.class == InputOutput && attributes.map_state == IsViewable &&
           !attributes.override_redirect;
}

/* ---- names ---- */

static char *utf8_title(McXConnection *x, Window window)
{
    const Atom name = XInternAtom(x->display, "_NET_WM_NAME", True),
               utf8 = XInternAtom(x->display, "UTF8_STRING", True);
    unsigned char *data = NULL;
    unsigned long count, left;
    Atom actual;
    int format;

    if (name == None || utf8 == None ||
        XGetWindowProperty(x->display, window, name, 0, MAX_TITLE_BYTES / 4, False, utf8, &actual,
                           &format, &count, &left, &data) != Success)
        return NULL;
    char *title = data && actual == utf8 && format == 8 && count
                      ? g_utf8_make_valid((const char *) data, (gssize) count)
                      : NULL;
    if (data)
        XFree(data);
    return title;
}

static char *title_of(McXConnection *x, Window window)
{
    char *latin1 = NULL, *title = x->broken ? NULL : utf8_title(x, window);

    if (title || x->broken || !XFetchName(x->display, window, &latin1) || !latin1)
        return title;
    title = g_utf8_validate(latin1, -1, NULL)
                ? g_strdup(latin1)
                : g_convert(latin1, -1, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
    XFree(latin1);
    return title;
}

/* Both of its names, "xterm XTerm"; NULL: it has none. */
static char *class_of(McXConnection *x, Window window)
{
    XClassHint hint = {0};

    if (x->broken || !XGetClassHint(x->display, window, &hint))
        return NULL;
    g_autofree char *text = g_strdup_printf("%s %s", hint.res_name ? hint.res_name : "",
                                            hint.res_class ? hint.res_class : "");
    if (hint.res_name)
        XFree(hint.res_name);
    if (hint.res_class)
        XFree(hint.res_class);
    return g_utf8_make_valid(text, -1);
}

static bool contains(const char *text, const char *part)
{
    if (!text)
        return false;
    g_autofree char *folded = g_utf8_casefold(text, -1), *wanted = g_utf8_casefold(part, -1);
    return strstr(folded, wanted) != NULL;
}

/* ---- the choice ---- */

typedef struct {
    unsigned count;
    Window window; /* the last of them */
    GString *list;
} Matches;

static void add_match(Matches *matches, Window window, const char *title, const char *class)
{
    matches->window = window;
    if (matches->count++ < MAX_LISTED)
        g_string_append_printf(matches->list, "%s0x%lx \"%s\"", matches->list->len ? ", " : "",
                               window, title ? title : class);
}

/* An exact title is meant as such, even if others contain it. */
static void match(McXConnection *x, const char *name, Matches *exact, Matches *similar,
                  Matches *all)
{
    g_autoptr(GArray) windows = list_windows(x);

    for (guint i = 0; i < windows->len && !x->broken; i++) {
        const Window window = g_array_index(windows, Window, i);
        if (!is_shown(x, window))
            continue;
        g_autofree char *title = title_of(x, window), *class = class_of(x, window);
        if (!title && !class)
            continue;
        add_match(all, window, title, class);
        if (!g_strcmp0(title, name))
            add_match(exact, window, title, class);
        if (contains(title, name) || contains(class, name))
            add_match(similar, window, title, class);
    }
}

static bool choose(const char *name, const Matches *exact, const Matches *similar,
                   const Matches *all, Window *ret, GError **error)
{
    const Matches *found = exact->count ? exact : similar;

    *ret = found->window;
    if (found->count == 1)
        return true;
    if (found->count)
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_WINDOW,
                    "%u windows are called \"%s\": %s; name one of them by its number",
                    found->count, name, found->list->str);
    else
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_WINDOW,
                    "no window that is shown is called \"%s\"; there are: %s", name,
                    all->count ? all->list->str : "none");
    return false;
}

static bool find_by_name(McXConnection *x, const char *name, Window *ret, GError **error)
{
    Matches exact = {.list = g_string_new(NULL)}, similar = {.list = g_string_new(NULL)},
            all = {.list = g_string_new(NULL)};

    match(x, name, &exact, &similar, &all);
    const bool ok = choose(name, &exact, &similar, &all, ret, error);
    g_string_free(exact.list, TRUE);
    g_string_free(similar.list, TRUE);
    g_string_free(all.list, TRUE);
    return ok;
}

bool mc_x11_window_find(McXConnection *x, const McX11Target *target, Window *ret, GError **error)
{
    XWindowAttributes attributes;

    *ret = target->window_id;
    if (*ret && *ret != DefaultRootWindow(x->display) &&
        XGetWindowAttributes(x->display, *ret, &attributes))
        return true;
    return find_by_name(x, target->name, ret, error); /* a title may be a number, too */
}
