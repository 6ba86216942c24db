/* SPDX-License-Identifier: MIT */
/* Which sinks a command line names: by the words after the options, or by where they dial in. */
#include <string.h>

#include "host/options.h"

static bool usage(GError **error, const char *text)
{
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, text);
    return false;
}

bool mc_options_refuse_sinks(const McOptions *self, unsigned n_names, GError **error)
{
    if (n_names || self->listens || self->link)
        return usage(error,
                     "the demo brings its own sink on this machine: it takes no sink's name, no "
                     "--link and no --listen; 'miracast cast' does");
    return true;
}

bool mc_options_take_sinks(McOptions *self, char **names, unsigned n_names, GError **error)
{
    const unsigned n_listens = self->listens ? g_strv_length(self->listens) : 0;

    if (n_names && n_listens > 1 && n_listens != n_names)
        return usage(error, "--listen is given once, or once for each sink");
    self->n_sinks = MAX(MAX(n_names, n_listens), 1);
    if (self->n_sinks > MC_OPTIONS_MAX_SINKS)
        return usage(error, "16 sinks are the most");
    if (n_names)
        self->sink = g_strdup(names[0]);
    if (n_listens)
        self->listen = g_strdup(self->listens[0]);
    return true;
}

/* A file that is for one sink would be written by all. */
static bool allows_several(const McOptions *self, GError **error)
{
    if (self->sdp)
        return usage(error, "--sdp is for one sink");
    if (self->metrics)
        return usage(error, "--metrics is for one sink; --stats names the sink in each object");
    if (self->pin && strcmp(self->pin, "-"))
        return usage(error, "--pin is for one sink; without it each PIN is asked for");
    return true;
}

/* The same port cannot be listened on twice: the others have any, which a sink on the network is
 * told.
 */
static char *listen_of(const McOptions *self, unsigned i)
{
    const char *colon = strrchr(self->listen, ':');

    if (i == 0 || !colon)
        return g_strdup(self->listen);
    if (self->listens && i < g_strv_length(self->listens))
        return g_strdup(self->listens[i]);
    return g_strdup_printf("%.*s:0", (int) (colon - self->listen), self->listen);
}

/* Two that are called the same are told apart by their place. */
static char *label_of(const McOptions *self, unsigned i)
{
    const char *text = *self->sinks[i].name ? self->sinks[i].name : self->sinks[i].listen;

    for (unsigned k = 0; k < i; k++)
        if (!strcmp(self->sinks[k].label, text))
            return g_strdup_printf("%s#%u", text, i + 1);
    return g_strdup(text);
}

bool mc_options_set_sinks(McOptions *self, char **names, unsigned n_names, GError **error)
{
    if (self->n_sinks > 1 && !allows_several(self, error))
        return false;
    self->sinks = g_new0(McOptionsSink, self->n_sinks);
    for (unsigned i = 0; i < self->n_sinks; i++) {
        self->sinks[i].name = g_strdup(i < n_names ? names[i] : "");
        self->sinks[i].listen = listen_of(self, i);
        self->sinks[i].label = label_of(self, i);
    }
    return true;
}

void mc_options_clear_sinks(McOptions *self)
{
    for (unsigned i = 0; self->sinks && i < self->n_sinks; i++) {
        g_free(self->sinks[i].name);
        g_free(self->sinks[i].listen);
        g_free(self->sinks[i].label);
    }
    g_clear_pointer(&self->sinks, g_free);
    g_clear_pointer(&self->listens, g_strfreev);
}
