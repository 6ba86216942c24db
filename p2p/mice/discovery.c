/* SPDX-License-Identifier: MIT */
#include "p2p/mice/discovery.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <net/if.h>
#include <string.h>

#include "p2p/link.h"
#include "p2p/plain-text.h"
#include "p2p/system-bus.h"

#define AVAHI "org.freedesktop.Avahi"
#define AVAHI_SERVER AVAHI ".Server"
#define AVAHI_BROWSER AVAHI ".ServiceBrowser"
#define SERVICE "_display._tcp"
#define ANY_INTERFACE (-1)
#define ANY_PROTOCOL (-1)
#define IPV4 0 /* AVAHI_PROTO_INET */
#define IPV6 1
#define CALL_MS 5000
#define IPV4_FIRST_MS 700 /* so long a sink's IPv6 addresses wait for others */
#define NEAR_MS 1500      /* Windows' own patience */
#define SINKS_MAX 256u    /* resolved for one look: a flood of announcements ends there */

typedef struct {
    GDBusConnection *bus;
    GMainContext *context;
    GMainLoop *loop;
    GCancellable *cancellable;
    char *browser;      /* its object; NULL until Avahi answered */
    const char *wanted; /* a name that is looked for; NULL: all */
    unsigned asked, asked_wanted;
    bool enough;
    GHashTable *seen; /* name and port of those told, and the same with the address */
    GPtrArray *later; /* McMiceSink *: with IPv6 alone, as far as is known */
    bool last_call;
    McMiceFound found;
    void *user_data;
    GError *error;
} Look;

/* ---- one sink ---- */

/* TXT: "container_id={GUID}", "p2pMAC=..."; each a byte array. */
static void take_text(McMiceSink *sink, GVariant *texts)
{
    GVariantIter iter;
    GVariant *child;

    g_variant_iter_init(&iter, texts);
    while ((child = g_variant_iter_next_value(&iter))) {
        gsize len = 0;
        const char *bytes = g_variant_get_fixed_array(child, &len, 1);
        g_autofree char *text = g_strndup(bytes ? bytes : "", len);

        if (g_ascii_strncasecmp(text, "container_id=", 13) == 0)
            mc_plain_text_copy(sink->container, sizeof(sink->container), text + 13);
        else if (g_ascii_strncasecmp(text, "p2pMAC=", 7) == 0)
            mc_plain_text_copy(sink->p2p_mac, sizeof(sink->p2p_mac), text + 7);
        g_variant_unref(child);
    }
}

/* A sink with both kinds of addresses is told once, with IPv4. */
static void tell_sink(Look *self, const McMiceSink *sink, int protocol)
{
    char *name = g_strdup_printf("%s %u", sink->name, sink->port);
    char *key = g_strdup_printf("%s %s", name, sink->address);
    const bool known = protocol == IPV6 && g_hash_table_contains(self->seen, name);
    const bool fresh = g_hash_table_add(self->seen, key);

    g_hash_table_add(self->seen, name);
    if (known || !fresh || self->enough)
        return;
    self->enough = !self->found(sink, self->user_data);
    if (self->enough)
        g_main_loop_quit(self->loop);
}

static bool take_address(McMiceSink *sink, int protocol, int interface, const char *text)
{
    char name[IF_NAMESIZE];
    uint8_t bytes[16];

    if (inet_pton(protocol == IPV6 ? AF_INET6 : AF_INET, text, bytes) != 1)
        return false;
    g_strlcpy(sink->address, text, sizeof(sink->address));
    if (protocol == IPV6 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) {
        if (!if_indextoname((unsigned) interface, name))
            return false;
        g_snprintf(sink->address, sizeof(sink->address), "%s%%%s", text, name);
    }
    return true;
}

static void tell(Look *self, GVariant *answer)
{
    McMiceSink sink = {0};
    const char *name, *host, *address;
    int protocol, interface;
    g_autoptr(GVariant) texts = NULL;

    g_variant_get_child(answer, 0, "i", &interface);
    g_variant_get_child(answer, 2, "&s", &name);
    g_variant_get_child(answer, 5, "&s", &host);
    g_variant_get_child(answer, 6, "i", &protocol);
    g_variant_get_child(answer, 7, "&s", &address);
    g_variant_get_child(answer, 8, "q", &sink.port);
    g_variant_get_child(answer, 9, "@aay", &texts);
    if (!sink.port || !take_address(&sink, protocol, interface, address))
        return;
    mc_plain_text_copy(sink.name, sizeof(sink.name), name);
    mc_plain_text_copy(sink.host, sizeof(sink.host), host);
    take_text(&sink, texts);
    if (protocol == IPV6 && !self->last_call) /* first those that have IPv4 */
        g_ptr_array_add(self->later, g_memdup2(&sink, sizeof(sink)));
    else
        tell_sink(self, &sink, protocol);
}

static void on_resolved(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (answer) /* else it went away meanwhile, or the look is over: user_data may be gone then */
        tell(user_data, answer);
}

static bool same_name(const char *one, const char *other)
{
    g_autofree char *a = g_utf8_casefold(one, -1);
    g_autofree char *b = g_utf8_casefold(other, -1);

    return !strcmp(a, b);
}

/* A flood of others does not hide the one that is looked for; of those of its name there may be a
 * flood, too. */
static bool may_ask(Look *self, const char *name)
{
    const bool wanted = self->wanted && same_name(self->wanted, name);

    return self->asked++ < SINKS_MAX || (wanted && self->asked_wanted++ < SINKS_MAX);
}

static void on_browser_signal(GDBusConnection *bus, const char *sender, const char *path,
                              const char *interface, const char *signal, GVariant *parameters,
                              gpointer user_data)
{
    Look *self = user_data;
    int index, protocol;
    const char *name, *type, *domain;

    if (strcmp(signal, "ItemNew") || !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(iisssu)")))
        return;
    if (self->browser && strcmp(path, self->browser))
        return; /* someone else's, on the same connection */
    g_variant_get(parameters, "(ii&s&s&su)", &index, &protocol, &name, &type, &domain, NULL);
    if (!may_ask(self, name))
        return;
    for (int kind = IPV4; kind <= IPV6; kind++) /* of address; each may be told by either */
        g_dbus_connection_call(
            bus, AVAHI, "/", AVAHI_SERVER, "ResolveService",
            g_variant_new("(iisssiu)", index, protocol, name, type, domain, kind, 0),
            G_VARIANT_TYPE("(iissssisqaayu)"), G_DBUS_CALL_FLAGS_NONE, CALL_MS, self->cancellable,
            on_resolved, self);
}

/* ---- the look ---- */

static void on_browsing(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
    Look *self = user_data;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    if (answer) {
        g_variant_get(answer, "(o)", &self->browser);
        return;
    }
    g_set_error(&self->error, MC_LINK_ERROR, MC_LINK_ERROR_NOT_SUPPORTED,
                "sinks on the network cannot be looked for: the Avahi daemon does not answer (%s)",
                g_strchomp(error->message));
    g_main_loop_quit(self->loop);
}

static gboolean on_time(gpointer user_data)
{
    g_main_loop_quit(((Look *) user_data)->loop);
    return G_SOURCE_REMOVE;
}

static gboolean on_last_call(gpointer user_data)
{
    Look *self = user_data;

    self->last_call = true;
    for (guint i = 0; i < self->later->len; i++)
        tell_sink(self, self->later->pdata[i], IPV6);
    return G_SOURCE_REMOVE;
}

static gboolean on_cancel(int fd, GIOCondition condition, gpointer user_data)
{
    return on_time(user_data);
}

static void add_source(Look *self, GSource *source, GSourceFunc function)
{
    g_source_set_callback(source, function, self, NULL);
    g_source_attach(source, self->context);
    g_source_unref(source); /* the context has it */
}

/* Signals first, then the question: Avahi announces what it knows before it answers. */
static void run(Look *self, unsigned wait_ms, int cancel_fd)
{
    guint signals =
        g_dbus_connection_signal_subscribe(self->bus, AVAHI, AVAHI_BROWSER, NULL, NULL, NULL,
                                           G_DBUS_SIGNAL_FLAGS_NONE, on_browser_signal, self, NULL);

    g_dbus_connection_call(self->bus, AVAHI, "/", AVAHI_SERVER, "ServiceBrowserNew",
                           g_variant_new("(iissu)", ANY_INTERFACE, ANY_PROTOCOL, SERVICE, "", 0),
                           G_VARIANT_TYPE("(o)"), G_DBUS_CALL_FLAGS_NONE, CALL_MS,
                           self->cancellable, on_browsing, self);
    add_source(self, g_timeout_source_new(wait_ms), on_time);
    add_source(self, g_timeout_source_new(MIN(wait_ms, IPV4_FIRST_MS)), on_last_call);
    if (cancel_fd >= 0)
        add_source(self, g_unix_fd_source_new(cancel_fd, G_IO_IN),
                   (GSourceFunc) (void (*)(void)) on_cancel);
    g_main_loop_run(self->loop);
    g_dbus_connection_signal_unsubscribe(self->bus, signals);
    g_cancellable_cancel(self->cancellable);
    while (g_main_context_iteration(self->context, FALSE)) /* cancelled calls come back */
        ;
    if (self->browser)
        g_dbus_connection_call(self->bus, AVAHI, self->browser, AVAHI_BROWSER, "Free", NULL, NULL,
                               G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}

static GDBusConnection *connect_bus(GError **error)
{
    g_autoptr(GError) why = NULL;
    /* Our own: it lives no longer than the look, and no thread waits for it after. */
    GDBusConnection *bus = mc_system_bus_connect(&why);

    if (!bus)
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_NOT_SUPPORTED,
                    "sinks on the network cannot be looked for: there is no system bus (%s)",
                    g_strchomp(why->message));
    return bus;
}

static bool look(const char *wanted, unsigned wait_ms, int cancel_fd, McMiceFound found,
                 void *user_data, GError **error)
{
    Look self = {.wanted = wanted, .found = found, .user_data = user_data};

    self.context = g_main_context_new();
    g_main_context_push_thread_default(self.context);
    self.bus = connect_bus(error);
    if (self.bus) {
        self.loop = g_main_loop_new(self.context, FALSE);
        self.cancellable = g_cancellable_new();
        self.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        self.later = g_ptr_array_new_with_free_func(g_free);
        run(&self, wait_ms, cancel_fd);
        g_dbus_connection_close_sync(self.bus, NULL, NULL);
        g_hash_table_unref(self.seen);
        g_ptr_array_unref(self.later);
        g_object_unref(self.cancellable);
        g_main_loop_unref(self.loop);
        g_object_unref(self.bus);
        g_free(self.browser);
    }
    g_main_context_pop_thread_default(self.context);
    g_main_context_unref(self.context);
    bool ok = self.bus && !self.error;
    if (self.error)
        g_propagate_error(error, self.error);
    return ok;
}

bool mc_mice_discover(unsigned wait_ms, int cancel_fd, McMiceFound found, void *user_data,
                      GError **error)
{
    return look(NULL, wait_ms, cancel_fd, found, user_data, error);
}

/* ---- by name ---- */

typedef struct {
    const char *name;
    McMiceSink *sink;
    bool found;
} Wanted;

static bool is_host(const char *name, const char *host)
{
    const size_t len = strlen(name);

    return !g_ascii_strncasecmp(name, host, len) &&
           (!host[len] || !g_ascii_strcasecmp(host + len, ".local"));
}

static bool compare(const McMiceSink *sink, void *user_data)
{
    Wanted *self = user_data;

    if (!same_name(self->name, sink->name) && !is_host(self->name, sink->host))
        return true;
    *self->sink = *sink;
    self->found = true;
    return false;
}

bool mc_mice_find(const char *name, unsigned wait_ms, int cancel_fd, McMiceSink *ret_sink,
                  GError **error)
{
    Wanted wanted = {.name = name, .sink = ret_sink};

    return g_utf8_validate(name, -1, NULL) &&
           look(name, wait_ms, cancel_fd, compare, &wanted, error) && wanted.found;
}

static bool take_port(const char *text, uint16_t *ret_port)
{
    guint64 port;

    if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT16, &port, NULL))
        return false;
    *ret_port = (uint16_t) port;
    return true;
}

void mc_mice_split_port(const char *sink, char **ret_name, uint16_t *ret_port)
{
    const char *close = *sink == '[' ? strchr(sink, ']') : NULL;
    const char *colon = strchr(sink, ':');

    *ret_port = 0;
    if (close && (!close[1] || (close[1] == ':' && take_port(close + 2, ret_port))))
        *ret_name = g_strndup(sink + 1, (gsize) (close - sink - 1));
    else if (colon && colon == strrchr(sink, ':') && take_port(colon + 1, ret_port))
        *ret_name = g_strndup(sink, (gsize) (colon - sink));
    else
        *ret_name = g_strdup(sink); /* also IPv6 with its colons */
}

bool mc_mice_is_address(const char *sink)
{
    g_autofree char *host = NULL;
    uint8_t bytes[16];
    uint16_t port;

    mc_mice_split_port(sink, &host, &port);
    if (inet_pton(AF_INET, host, bytes) == 1)
        return true;
    host[strcspn(host, "%")] = '\0'; /* scope */
    return inet_pton(AF_INET6, host, bytes) == 1;
}

bool mc_mice_is_near(const char *sink, int cancel_fd, GError **error)
{
    McMiceSink found;

    return mc_mice_is_address(sink) || mc_mice_find(sink, NEAR_MS, cancel_fd, &found, error);
}
