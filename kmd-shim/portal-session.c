/* SPDX-License-Identifier: MIT */
#include "kmd-shim/portal-session.h"

#include <string.h>

#define REQUEST "org.freedesktop.portal.Request"
#define SESSION "org.freedesktop.portal.Session"
#define SCREEN_CAST "org.freedesktop.portal.ScreenCast"
#define SOURCE_MONITOR 1u
#define CALL_MS 10000 /* for the portal to take a request; the answer comes when it comes */

struct McPortalSession {
    GDBusConnection *bus;
    GMainContext *loop; /* the thread's */
    GThread *thread;
    GCancellable *cancel;
    uint32_t devices;
    unsigned requests;

    GMutex lock; /* guards the two */
    McPortalState state;
    McPortalGrant grant;
};

static void set_state(McPortalSession *self, McPortalState state)
{
    g_mutex_lock(&self->lock);
    self->state = state;
    g_mutex_unlock(&self->lock);
}

/* ---- requests: a call names an object that tells the answer later ---- */

typedef struct {
    bool come;
    uint32_t response; /* 0: granted, 1: the person said no, 2: otherwise over */
    GVariant *results;
} Answer;

static void on_response(GDBusConnection *bus, const char *sender, const char *path,
                        const char *interface, const char *signal, GVariant *parameters,
                        gpointer user_data)
{
    Answer *answer = user_data;

    if (answer->come || !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(ua{sv})")))
        return;
    g_variant_get(parameters, "(u@a{sv})", &answer->response, &answer->results);
    answer->come = true;
}

static char *request_path(McPortalSession *self, const char *token)
{
    g_autofree char *sender =
        g_strdelimit(g_strdup(g_dbus_connection_get_unique_name(self->bus) + 1), ".", '_');

    return g_strdup_printf(MC_PORTAL_PATH "/request/%s/%s", sender, token);
}

static void add_word(GVariantBuilder *options, const char *name, uint32_t value)
{
    g_variant_builder_add(options, "{sv}", name, g_variant_new_uint32(value));
}

/* The arguments before the options, as a text of the session's path and what follows it. */
typedef struct {
    const char *interface, *method;
    bool session, parent; /* first arguments: the session's path; a parent window: none */
} Call;

static GVariant *arguments_of(const McPortalSession *self, const Call *call,
                              GVariantBuilder *options)
{
    if (call->parent)
        return g_variant_new("(osa{sv})", self->grant.path, "", options);
    return call->session ? g_variant_new("(oa{sv})", self->grant.path, options)
                         : g_variant_new("(a{sv})", options);
}

/* Results of a request that was granted; NULL: it was not, or we are to end. */
static GVariant *ask(McPortalSession *self, const Call *call, GVariantBuilder *options)
{
    g_autofree char *token = g_strdup_printf("mc%u", ++self->requests);
    g_autofree char *path = request_path(self, token);
    Answer answer = {0};

    g_variant_builder_add(options, "{sv}", "handle_token", g_variant_new_string(token));
    /* Before the call: the answer may be quicker than its reply. */
    const guint watch = g_dbus_connection_signal_subscribe(
        self->bus, MC_PORTAL_BUS, REQUEST, "Response", path, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
        on_response, &answer, NULL);
    g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
        self->bus, MC_PORTAL_BUS, MC_PORTAL_PATH, call->interface, call->method,
        arguments_of(self, call, options), G_VARIANT_TYPE("(o)"), G_DBUS_CALL_FLAGS_NONE, CALL_MS,
        self->cancel, NULL);
    while (reply && !answer.come && !g_cancellable_is_cancelled(self->cancel))
        g_main_context_iteration(self->loop, TRUE);
    g_dbus_connection_signal_unsubscribe(self->bus, watch);
    if (answer.come && answer.response == 0)
        return answer.results;
    g_clear_pointer(&answer.results, g_variant_unref);
    if (reply && !answer.come) /* the dialogue goes with us */
        g_dbus_connection_call(self->bus, MC_PORTAL_BUS, path, REQUEST, "Close", NULL, NULL,
                               G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
    return NULL;
}

/* ---- the way to a session ---- */

static bool create(McPortalSession *self)
{
    static const Call call = {MC_PORTAL_REMOTE, "CreateSession", false, false};
    g_auto(GVariantBuilder) options = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
    const char *path;

    g_variant_builder_add(&options, "{sv}", "session_handle_token", g_variant_new_string("mc"));
    g_autoptr(GVariant) results = ask(self, &call, &options);
    if (!results || !g_variant_lookup(results, "session_handle", "&s", &path) ||
        !g_variant_is_object_path(path))
        return false;
    g_strlcpy(self->grant.path, path, sizeof(self->grant.path));
    return true;
}

static bool select_devices(McPortalSession *self)
{
    static const Call call = {MC_PORTAL_REMOTE, "SelectDevices", true, false};
    g_auto(GVariantBuilder) options = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

    add_word(&options, "types", self->devices);
    g_autoptr(GVariant) results = ask(self, &call, &options);
    return results != NULL;
}

/* Places are spoken of in a stream's pixels, so there must be one, though nobody takes its
 * pictures. */
static bool select_screen(McPortalSession *self)
{
    static const Call call = {SCREEN_CAST, "SelectSources", true, false};
    g_auto(GVariantBuilder) options = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

    add_word(&options, "types", SOURCE_MONITOR);
    g_variant_builder_add(&options, "{sv}", "multiple", g_variant_new_boolean(FALSE));
    g_autoptr(GVariant) results = ask(self, &call, &options);
    return results != NULL;
}

static bool read_stream(McPortalGrant *grant, GVariant *results)
{
    g_autoptr(GVariant) streams =
        g_variant_lookup_value(results, "streams", G_VARIANT_TYPE("a(ua{sv})"));
    g_autoptr(GVariant) properties = NULL;

    if (!streams || g_variant_n_children(streams) == 0)
        return false;
    g_variant_get_child(streams, 0, "(u@a{sv})", &grant->stream, &properties);
    if (!g_variant_lookup(properties, "size", "(ii)", &grant->width_px, &grant->height_px) ||
        grant->width_px < 1 || grant->height_px < 1)
        grant->width_px = grant->height_px = 0;
    return true;
}

static bool start(McPortalSession *self)
{
    static const Call call = {MC_PORTAL_REMOTE, "Start", true, true};
    g_auto(GVariantBuilder) options = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
    McPortalGrant grant = self->grant;
    g_autoptr(GVariant) results = ask(self, &call, &options);

    if (!results || !g_variant_lookup(results, "devices", "u", &grant.devices) ||
        !read_stream(&grant, results))
        return false;
    g_mutex_lock(&self->lock);
    self->grant = grant;
    self->state = MC_PORTAL_READY;
    g_mutex_unlock(&self->lock);
    return true;
}

/* ---- the thread ---- */

static void on_closed(GDBusConnection *bus, const char *sender, const char *path,
                      const char *interface, const char *signal, GVariant *parameters,
                      gpointer user_data)
{
    set_state(user_data, MC_PORTAL_CLOSED);
}

static gpointer run(gpointer user_data)
{
    McPortalSession *self = user_data;
    guint watch = 0;

    g_main_context_push_thread_default(self->loop);
    bool ok = create(self);
    if (ok)
        watch = g_dbus_connection_signal_subscribe(self->bus, MC_PORTAL_BUS, SESSION, "Closed",
                                                   self->grant.path, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                                                   on_closed, self, NULL);
    if (!ok || !select_devices(self) || !select_screen(self) || !start(self))
        set_state(self, MC_PORTAL_REFUSED);
    while (watch && !g_cancellable_is_cancelled(self->cancel))
        g_main_context_iteration(self->loop, TRUE);
    if (watch)
        g_dbus_connection_signal_unsubscribe(self->bus, watch);
    while (g_main_context_iteration(self->loop, FALSE)) /* what the unsubscribed left behind */
        ;
    g_main_context_pop_thread_default(self->loop);
    return NULL;
}

/* ---- life ---- */

static GDBusConnection *session_bus(void)
{
    g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SESSION, NULL, NULL);

    /* One of our own: its end is this session's end, whatever happens to us. */
    return address ? g_dbus_connection_new_for_address_sync(
                         address,
                         G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                             G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                         NULL, NULL, NULL)
                   : NULL;
}

McPortalSession *mc_portal_session_new(uint32_t devices, const char **ret_why)
{
    GDBusConnection *bus = session_bus();

    if (!bus) {
        *ret_why = "there is no session bus";
        return NULL;
    }
    McPortalSession *self = g_new0(McPortalSession, 1);
    self->bus = bus;
    self->devices = devices;
    self->loop = g_main_context_new();
    self->cancel = g_cancellable_new();
    g_mutex_init(&self->lock);
    self->thread = g_thread_new("mc-portal", run, self);
    return self;
}

void mc_portal_session_free(McPortalSession *self)
{
    if (!self)
        return;
    g_cancellable_cancel(self->cancel);
    g_main_context_wakeup(self->loop);
    g_thread_join(self->thread);
    if (self->grant.path[0])
        g_dbus_connection_call(self->bus, MC_PORTAL_BUS, self->grant.path, SESSION, "Close", NULL,
                               NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
    g_dbus_connection_flush_sync(self->bus, NULL, NULL);
    g_dbus_connection_close_sync(self->bus, NULL, NULL);
    g_object_unref(self->bus);
    g_main_context_unref(self->loop);
    g_object_unref(self->cancel);
    g_mutex_clear(&self->lock);
    g_free(self);
}

McPortalState mc_portal_session_state(McPortalSession *self, McPortalGrant *ret_grant)
{
    g_mutex_lock(&self->lock);
    const McPortalState state = self->state;
    if (state == MC_PORTAL_READY && ret_grant)
        *ret_grant = self->grant;
    g_mutex_unlock(&self->lock);
    return state;
}

void mc_portal_session_notify(McPortalSession *self, const char *method, GVariant *arguments)
{
    g_dbus_connection_call(self->bus, MC_PORTAL_BUS, MC_PORTAL_PATH, MC_PORTAL_REMOTE, method,
                           arguments, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
}
