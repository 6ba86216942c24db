/* SPDX-License-Identifier: MIT */
#include "host/discover.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "host/options.h"
#include "host/report.h"
#include "host/stop-signal.h"
#include "p2p/link.h"
#include "p2p/plain-text.h"

enum { DEFAULT_WAIT_S = 15, MAX_WAIT_S = 86400 };

static const McFinder finders[] = {
    {"p2p", mc_discover_p2p},
    {"mice", mc_discover_mice},
};

typedef struct {
    McLook look;
    /* options */
    int wait_s;
    gboolean json, watch, all;
    char *kind, *driver, *interface, *control;

    GMutex lock; /* guards the rest, and the order of lines */
    bool titled;
    GHashTable *ready; /* addresses of sinks that can be cast to now */
} Discovery;

/* ---- the list ---- */

/* A sink's own words. */
static void set_text(JsonObject *object, const char *name, const char *text)
{
    g_autofree char *plain = mc_plain_text(text);

    json_object_set_string_member(object, name, plain);
}

static void print_json(const McDiscovered *sink)
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autoptr(JsonNode) root = json_node_init_object(json_node_alloc(), object);

    json_object_set_string_member(object, "event", sink->event);
    json_object_set_string_member(object, "link", sink->kind);
    set_text(object, "name", sink->name);
    json_object_set_string_member(object, "address", sink->address);
    json_object_set_string_member(object, "state", *sink->state ? sink->state : "ready");
    set_text(object, "note", sink->note);
    if (sink->more) {
        g_autoptr(GList) names = json_object_get_members(sink->more);

        for (GList *name = names; name; name = name->next)
            json_object_set_member(object, name->data,
                                   json_object_dup_member(sink->more, name->data));
    }
    g_autofree char *text = json_to_string(root, FALSE);
    puts(text);
}

static void print_line(Discovery *self, const McDiscovered *sink)
{
    if (!self->titled)
        printf("%-8s %-9s %-28s %-5s %-18s %s\n", "", "STATE", "NAME", "LINK", "ADDRESS", "NOTE");
    self->titled = true;
    g_autofree char *line =
        g_strdup_printf("%-8s %-9s %-28s %-5s %-18s %s", sink->event, sink->state, sink->name,
                        sink->kind, sink->address, sink->note);
    g_autofree char *plain = mc_plain_text(line);
    puts(plain);
}

static void on_sink(const McDiscovered *sink, void *user_data)
{
    Discovery *self = user_data;
    bool ready = strcmp(sink->event, "lost") && (!*sink->state || !strcmp(sink->state, "ready"));

    g_mutex_lock(&self->lock);
    if (ready)
        g_hash_table_add(self->ready, g_strdup(sink->address));
    else
        g_hash_table_remove(self->ready, sink->address);
    if (self->json)
        print_json(sink);
    else
        print_line(self, sink);
    fflush(stdout);
    g_mutex_unlock(&self->lock);
}

static void say(const char *text, void *user_data)
{
    g_autofree char *plain = mc_plain_text(text);

    fprintf(stderr, "miracast: %-12s %s\n", "discover", plain);
}

/* ---- the searches ---- */

typedef struct {
    const McLook *look;
    const McFinder *finder;
    GThread *thread;
    GError *error;
} Search;

static gpointer run_search(gpointer user_data)
{
    Search *self = user_data;

    self->finder->look(self->look, &self->error);
    return NULL;
}

static void on_stop(void *user_data)
{
    eventfd_write(((Discovery *) user_data)->look.cancel_fd, 1);
}

/* Exit code of a search that every kind failed in: the only one's, or Wi-Fi Direct's. */
static int report_failure(const Search *searches)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(finders); i++)
        if (searches[i].error) {
            const char *code = mc_link_error_code(searches[i].error->code);
            const char *next = mc_report_next_step(code);

            fprintf(stderr, "miracast: error [%s]: %s%s%s\n", code, searches[i].error->message,
                    next ? "; " : "", next ? next : "");
            return mc_report_exit_of(code);
        }
    return MC_EXIT_FAILED;
}

static int judge(Discovery *self, const Search *searches, unsigned looked)
{
    unsigned failed = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(finders); i++)
        failed += searches[i].error != NULL;
    if (failed == looked)
        return report_failure(searches);
    for (unsigned i = 0; i < G_N_ELEMENTS(finders); i++) /* no failure while another could look */
        if (searches[i].error)
            fprintf(stderr, "miracast: %-12s %s\n", finders[i].kind, searches[i].error->message);
    if (self->watch || g_hash_table_size(self->ready))
        return MC_EXIT_OK;
    say("no sink that is ready was found; open screen mirroring on it, and stay near", self);
    return mc_report_exit_of("link.not-found");
}

static int search_all(Discovery *self)
{
    Search searches[G_N_ELEMENTS(finders)] = {0};
    unsigned looked = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(finders); i++) {
        if (self->kind && strcmp(self->kind, finders[i].kind))
            continue;
        searches[i] = (Search){.look = &self->look, .finder = &finders[i]};
        searches[i].thread = g_thread_new("mc-discover", run_search, &searches[i]);
        looked++;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(finders); i++)
        if (searches[i].thread)
            g_thread_join(searches[i].thread);
    if (looked == 0)
        fprintf(stderr,
                "miracast: error [usage]: \"%s\" is no kind of link to look on; see 'miracast "
                "discover --help'\n",
                self->kind);
    int code = looked ? judge(self, searches, looked) : MC_EXIT_USAGE;
    for (unsigned i = 0; i < G_N_ELEMENTS(finders); i++)
        g_clear_error(&searches[i].error);
    return code;
}

/* ---- the command ---- */

static bool parse(Discovery *self, int argc, char **argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"timeout", 0, 0, G_OPTION_ARG_INT, &self->wait_s, "how long to search [15]", "SECONDS"},
        {"wait", 0, 0, G_OPTION_ARG_INT, &self->wait_s, "the same", "SECONDS"},
        {"watch", 0, 0, G_OPTION_ARG_NONE, &self->watch, "search until interrupted", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &self->json, "one JSON object a line", NULL},
        {"all", 0, 0, G_OPTION_ARG_NONE, &self->all, "devices that are no sinks, too", NULL},
        {"link", 0, 0, G_OPTION_ARG_STRING, &self->kind, "this kind alone: p2p, mice", "KIND"},
        {"p2p-backend", 0, 0, G_OPTION_ARG_STRING, &self->driver,
         "p2p: who drives the card: wpas, dbus, nm [by looking]", "NAME"},
        {"interface", 0, 0, G_OPTION_ARG_STRING, &self->interface, "p2p: Wi-Fi interface", "NAME"},
        {"wpa-control", 0, 0, G_OPTION_ARG_FILENAME, &self->control,
         "p2p: wpa_supplicant's control socket, or its directory", "PATH"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("- list the sinks in reach");
    g_autoptr(GPtrArray) args = g_ptr_array_new();
    g_auto(GStrv) copy = NULL;

    g_ptr_array_add(args, (gpointer) "miracast");
    for (int i = 0; i < argc; i++)
        g_ptr_array_add(args, argv[i]);
    g_ptr_array_add(args, NULL);
    copy = g_strdupv((char **) args->pdata);
    g_option_context_add_main_entries(context, entries, NULL);
    g_set_prgname("miracast discover");
    if (!g_option_context_parse_strv(context, &copy, error))
        return false;
    if (!mc_options_check_radio(self->driver, self->interface, self->control, error))
        return false;
    if (!copy[1] && self->wait_s >= 1 && self->wait_s <= MAX_WAIT_S)
        return true;
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "--timeout is 1 to 86400 seconds, and there is nothing else");
    return false;
}

static int run(Discovery *self)
{
    g_mutex_init(&self->lock);
    self->ready = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->look = (McLook){.wait_ms = self->watch ? G_MAXINT : (unsigned) self->wait_s * 1000,
                          .cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                          .all = self->all,
                          .driver = self->driver ? self->driver : "",
                          .interface = self->interface ? self->interface : "",
                          .control = self->control ? self->control : "",
                          .say = say,
                          .tell = on_sink,
                          .user_data = self};
    McStopSignal *signals = mc_stop_signal_new(on_stop, NULL, self);
    int code = search_all(self);
    mc_stop_signal_free(signals);
    close(self->look.cancel_fd);
    g_hash_table_unref(self->ready);
    g_mutex_clear(&self->lock);
    return code;
}

int mc_discover_run(int argc, char **argv)
{
    Discovery self = {.wait_s = DEFAULT_WAIT_S};
    g_autoptr(GError) error = NULL;
    int code = MC_EXIT_USAGE;

    if (parse(&self, argc, argv, &error))
        code = run(&self);
    else
        fprintf(stderr, "miracast: error [usage]: %s; see 'miracast discover --help'\n",
                error->message);
    g_free(self.kind);
    g_free(self.driver);
    g_free(self.interface);
    g_free(self.control);
    return code;
}
