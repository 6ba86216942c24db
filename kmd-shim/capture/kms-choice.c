/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/kms-choice.h"

#include <string.h>

#include "kmd-shim/capture/error.h"

static bool is_meant(const McKmsScreen *screen, const char *wanted)
{
    const size_t len = strlen(screen->card);

    if (!wanted || !*wanted || !strcmp(wanted, screen->card) || !strcmp(wanted, screen->name))
        return true;
    return !strncmp(wanted, screen->card, len) && wanted[len] == '-' &&
           !strcmp(wanted + len + 1, screen->name);
}

/* "card0: HDMI-A-1 (1920x1080), DP-1 (off), VGA-1 (not connected); card1: ..." */
static char *list(const McKmsScreen *screens, unsigned n_screens)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < n_screens; i++) {
        const McKmsScreen *screen = &screens[i];
        const bool same = i > 0 && !strcmp(screen->card, screens[i - 1].card);
        if (same)
            g_string_append(text, ", ");
        else
            g_string_append_printf(text, "%s%s: ", i ? "; " : "", screen->card);
        g_string_append_printf(text, "%s (", screen->name);
        if (screen->crtc_id)
            g_string_append_printf(text, "%ux%u)", screen->width_px, screen->height_px);
        else
            g_string_append(text, screen->connected ? "off)" : "not connected)");
    }
    return g_string_free(text, FALSE);
}

const McKmsScreen *mc_kms_choose(const McKmsScreen *screens, unsigned n_screens, const char *wanted,
                                 GError **error)
{
    const McKmsScreen *found = NULL;
    bool there = false;

    for (unsigned i = 0; i < n_screens; i++) {
        if (!is_meant(&screens[i], wanted))
            continue;
        there = true;
        if (screens[i].crtc_id && (!found || (screens[i].connected && !found->connected)))
            found = &screens[i];
    }
    if (found)
        return found;
    g_autofree char *all = list(screens, n_screens);
    if (!n_screens)
        g_set_error_literal(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_SCREEN,
                            "the graphics card has no screen");
    else if (!there)
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_SCREEN,
                    "there is no screen \"%s\"; there are %s", wanted, all);
    else
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_SCREEN,
                    "no screen that is meant is on; there are %s", all);
    return NULL;
}
