/* SPDX-License-Identifier: MIT */
#include "kmd-shim/portal-session.h"

#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "kmd-shim/portal-request.h"

#define SESSION "org.freedesktop.portal.Session"
#define SCREEN_CAST "org.freedesktop.portal.ScreenCast"
#define MAX_TOKEN_BYTES 4096

#define SOURCE_MONITOR 1u
#define SOURCE_WINDOW 2u
#define CURSOR_EMBEDDED 2u /* drawn into the picture */
#define CURSOR_METADATA 4u /* beside it */
#define PERSIST_UNTIL_REVOKED 2u

struct McPortalSession {
    gatomicrefcount references;
    McPortalTalk talk;     /* bus NULL: there is none */
    GThread *thread;       /* NULL: none runs */
    uint32_t devices;      /* asked for */
    const char *interface; /* that the session was made with: RemoteDesktop's or ScreenCast's */
    char *token_path;
    bool choose;
    McPortalState verdict; /* on the last request; READY: granted */

    GMutex lock; /* guards the rest */
    GCond changed;
    McPortalState state;
    McPortalGrant grant;
    int pipewire_fd;
};

static void set_state(McPortalSession *self, McPortalState state)
{
    g_mutex_lock(&self->lock);
    self->state = state;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
}

static void add_word(GVariantBuilder *options, const char *name, uint32_t value)
{
    g_variant_builder_add(options, "{sv}", name, g_variant_new_uint32(value));
}

/* Results of a request that was granted; NULL: it was not (self->verdict), or we are to end. */
static GVariant *ask(McPortalSession *self, const char *interface, const char *method,
                     McPortalSubject subject, GVariantBuilder *options)
{
    GVariant *results = NULL;

    self->verdict =
        mc_portal_ask(&self->talk, interface, method, subject, self->grant.path, options, &results);
    return results;
}

/* ---- the permission that is kept ---- */

/* One token is good once: the answer to Start brings the next. */
static void add_token(McPortalSession *self, GVariantBuilder *options)
{
    g_autofree char *token = NULL;
    gsize len = 0;

    if (!self->token_path)
        return;
    add_word(options, "persist_mode", PERSIST_UNTIL_REVOKED);
    if (!self->choose && g_file_get_contents(self->token_path, &token, &len, NULL) && len > 0 &&
        len < MAX_TOKEN_BYTES && g_utf8_validate(token, (gssize) len, NULL))
        g_variant_builder_add(options, "{sv}", "restore_token", g_variant_new_string(token));
}

static void keep_token(McPortalSession *self, GVariant *results)
{
    g_autoptr(GError) error = NULL;
    const char *token;

    if (!self->token_path || !g_variant_lookup(results, "restore_token", "&s", &token))
        return;
    g_autofree char *folder = g_path_get_dirname(self->token_path);
    g_mkdir_with_parents(folder, 0700);
    if (strlen(token) < MAX_TOKEN_BYTES &&
        !g_file_set_contents_full(self->token_path, token, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                  &error))
        g_message("the desktop's permission cannot be kept, it will ask again: %s", error->message);
}

/* ---- the way to a session ---- */

static bool create(McPortalSession *self, const char *interface)
{
    g_auto(GVariantBuilder) options = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
    const char *path;

    g_variant_builder_add(&options, "{sv}", "session_handle_token", g_variant_new_string("mc"));
    g_autoptr(GVariant) results =
        ask(self, interface, "CreateSession", MC_PORTAL_NOTHING, &options);
    if (!results || !g_variant_lookup(results, "session_handle", "&s", &path) ||
        !g_variant_is_object_path(path) || strlen(path) >= sizeof(self->grant.path))
        return false;
    g_strlcpy(self->grant.path, path, sizeof(self->grant.path));
    self->interface = interface;
    return true;
}

static bool takes_input(const McPortalSession *self)
{
    return !strcmp(self->interface, MC_PORTAL_REMOTE);
}

static bool select_devices(McPortalSession *self)
{
    g_auto(GVariantBuilder) options = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

    add_word(&options, "types", self->devices);
    add_token(self, &options);
    g_autoptr(GVariant) results =
        ask(self, MC_PORTAL_REMOTE, "SelectDevices", MC_PORTAL_SESSION, &options);
    return results != NULL;
}

static bool select_source(McPortalSession *self)
{
    g_auto(GVariantBuilder) options = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
    const uint32_t types =
        mc_portal_property(self->talk.bus, SCREEN_CAST, "AvailableSourceTypes", self->talk.cancel) &
        (SOURCE_MONITOR | SOURCE_WINDOW);
    const uint32_t cursors =
        mc_portal_property(self->talk.bus, SCREEN_CAST, "AvailableCursorModes", self->talk.cancel);

    add_word(&options, "types", types ? types : SOURCE_MONITOR);
    g_variant_builder_add(&options, "{sv}", "multiple", g_variant_new_boolean(FALSE));
    if (cursors & (CURSOR_METADATA | CURSOR_EMBEDDED))
        add_word(&options, "cursor_mode",
                 cursors & CURSOR_METADATA ? CURSOR_METADATA : CURSOR_EMBEDDED);
    if (!takes_input(self)) /* else it goes with the devices */
        add_token(self, &options);
    g_autoptr(GVariant) results =
        ask(self, SCREEN_CAST, "SelectSources", MC_PORTAL_SESSION, &options);
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

static int open_pipewire(McPortalSession *self)
{
    g_autoptr(GUnixFDList) fds = NULL;
    g_autoptr(GVariant) reply = g_dbus_connection_call_with_unix_fd_list_sync(
        self->talk.bus, MC_PORTAL_BUS, MC_PORTAL_PATH, SCREEN_CAST, "OpenPipeWireRemote",
        g_variant_new("(o@a{sv})", self->grant.path, g_variant_new("a{sv}", NULL)),
        G_VARIANT_TYPE("(h)"), G_DBUS_CALL_FLAGS_NONE, MC_PORTAL_CALL_MS, NULL, &fds,
        self->talk.cancel, NULL);
    gint32 index = -1;

    if (reply)
        g_variant_get(reply, "(h)", &index);
    return fds && index >= 0 && index < g_unix_fd_list_get_length(fds)
               ? g_unix_fd_list_get(fds, index, NULL)
               : -1;
}

static bool start(McPortalSession *self)
{
    g_auto(GVariantBuilder) options = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
    McPortalGrant grant = self->grant;
    g_autoptr(GVariant) results =
        ask(self, self->interface, "Start", MC_PORTAL_SESSION_AND_PARENT, &options);

    if (!results)
        return false;
    self->verdict = MC_PORTAL_NO_SOURCE;
    if (!read_stream(&grant, results))
        return false;
    if (!takes_input(self) || !g_variant_lookup(results, "devices", "u", &grant.devices))
        grant.devices = 0;
    keep_token(self, results);
    const int fd = open_pipewire(self);
    self->verdict = fd >= 0 ? MC_PORTAL_READY : MC_PORTAL_NO_PIPEWIRE;
    g_mutex_lock(&self->lock);
    self->grant = grant;
    self->pipewire_fd = fd;
    g_mutex_unlock(&self->lock);
    return fd >= 0;
}

/* Some desktops cast screens and take no input. */
static bool create_either(McPortalSession *self)
{
    return (self->devices && create(self, MC_PORTAL_REMOTE)) ||
           (!g_cancellable_is_cancelled(self->talk.cancel) && create(self, SCREEN_CAST));
}

/* ---- the thread ---- */

static void on_closed(GDBusConnection *bus, const char *sender, const char *path,
                      const char *interface, const char *signal, GVariant *parameters,
                      gpointer user_data)
{
    McPortalSession *self = user_data;

    self->talk.closed = true;
    set_state(self, MC_PORTAL_CLOSED);
}

/* Nobody is left who could answer. */
static void on_owner(GDBusConnection *bus, const char *sender, const char *path,
                     const char *interface, const char *signal, GVariant *parameters,
                     gpointer user_data)
{
    McPortalSession *self = user_data;
    const char *owner;

    g_variant_get(parameters, "(&s&s&s)", NULL, NULL, &owner);
    self->talk.gone = self->talk.gone || !*owner;
}

static void on_bus_closed(GDBusConnection *bus, gboolean remote, GError *error, gpointer user_data)
{
    ((McPortalSession *) user_data)->talk.gone = true;
}

static bool talk_it_over(McPortalSession *self, guint *ret_watch)
{
    if (!create_either(self))
        return false;
    *ret_watch = g_dbus_connection_signal_subscribe(
        self->talk.bus, MC_PORTAL_BUS, SESSION, "Closed", self->grant.path, NULL,
        G_DBUS_SIGNAL_FLAGS_NONE, on_closed, self, NULL);
    return (!takes_input(self) || select_devices(self)) && select_source(self) && start(self);
}

static gpointer run(gpointer user_data)
{
    McPortalSession *self = user_data;
    guint watch = 0;

    g_main_context_push_thread_default(self->talk.loop);
    const guint owner_watch = g_dbus_connection_signal_subscribe(
        self->talk.bus, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
        "/org/freedesktop/DBus", MC_PORTAL_BUS, G_DBUS_SIGNAL_FLAGS_NONE, on_owner, self, NULL);
    const bool ok = talk_it_over(self, &watch);
    if (self->talk.closed)
        self->verdict = MC_PORTAL_CLOSED;
    /* An answer that makes no sense is none. */
    set_state(self, ok || self->verdict != MC_PORTAL_READY ? self->verdict : MC_PORTAL_NO_PORTAL);
    while (watch && !g_cancellable_is_cancelled(self->talk.cancel))
        g_main_context_iteration(self->talk.loop, TRUE);
    if (watch)
        g_dbus_connection_signal_unsubscribe(self->talk.bus, watch);
    g_dbus_connection_signal_unsubscribe(self->talk.bus, owner_watch);
    while (g_main_context_iteration(self->talk.loop, FALSE)) /* what the unsubscribed left behind */
        ;
    g_main_context_pop_thread_default(self->talk.loop);
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

McPortalSession *mc_portal_session_new(const McPortalRequest *request)
{
    McPortalSession *self = g_new0(McPortalSession, 1);

    g_atomic_ref_count_init(&self->references);
    self->devices = request->devices;
    self->token_path = g_strdup(request->token_path);
    self->choose = request->choose;
    self->pipewire_fd = -1;
    self->talk.loop = g_main_context_new();
    self->talk.cancel = g_cancellable_new();
    g_mutex_init(&self->lock);
    g_cond_init(&self->changed);
    g_main_context_push_thread_default(self->talk.loop); /* where its end is told */
    self->talk.bus = session_bus();
    g_main_context_pop_thread_default(self->talk.loop);
    if (self->talk.bus)
        g_signal_connect(self->talk.bus, "closed", G_CALLBACK(on_bus_closed), self);
    if (self->talk.bus)
        self->thread = g_thread_new("mc-portal", run, self);
    else
        self->state = MC_PORTAL_NO_PORTAL;
    return self;
}

bool mc_portal_offers_screens(bool *ret_input)
{
    g_autoptr(GDBusConnection) bus = session_bus();

    if (!bus)
        return false;
    *ret_input = mc_portal_property(bus, MC_PORTAL_REMOTE, "AvailableDeviceTypes", NULL) != 0;
    const bool screens = mc_portal_property(bus, SCREEN_CAST, "AvailableSourceTypes", NULL) != 0;
    g_dbus_connection_close_sync(bus, NULL, NULL);
    return screens;
}

McPortalSession *mc_portal_session_ref(McPortalSession *self)
{
    g_atomic_ref_count_inc(&self->references);
    return self;
}

static void leave_bus(McPortalSession *self)
{
    g_signal_handlers_disconnect_by_data(self->talk.bus, self);
    if (self->grant.path[0])
        g_dbus_connection_call(self->talk.bus, MC_PORTAL_BUS, self->grant.path, SESSION, "Close",
                               NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
    g_dbus_connection_flush_sync(self->talk.bus, NULL, NULL);
    g_dbus_connection_close_sync(self->talk.bus, NULL, NULL);
    g_object_unref(self->talk.bus);
}

void mc_portal_session_unref(McPortalSession *self)
{
    if (!self || !g_atomic_ref_count_dec(&self->references))
        return;
    g_cancellable_cancel(self->talk.cancel);
    g_main_context_wakeup(self->talk.loop);
    if (self->thread)
        g_thread_join(self->thread);
    if (self->talk.bus)
        leave_bus(self);
    if (self->pipewire_fd >= 0)
        close(self->pipewire_fd);
    g_main_context_unref(self->talk.loop);
    g_object_unref(self->talk.cancel);
    g_cond_clear(&self->changed);
    g_mutex_clear(&self->lock);
    g_free(self->token_path);
    g_free(self);
}

/* ---- what others ask ---- */

McPortalState mc_portal_session_state(McPortalSession *self, McPortalGrant *ret_grant)
{
    g_mutex_lock(&self->lock);
    const McPortalState state = self->state;
    if (state == MC_PORTAL_READY && ret_grant)
        *ret_grant = self->grant;
    g_mutex_unlock(&self->lock);
    return state;
}

static void on_cancelled(GCancellable *cancel, gpointer user_data)
{
    McPortalSession *self = user_data;

    g_mutex_lock(&self->lock);
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
}

McPortalState mc_portal_session_wait(McPortalSession *self, GCancellable *cancel,
                                     McPortalGrant *ret_grant)
{
    const gulong watch =
        cancel ? g_cancellable_connect(cancel, G_CALLBACK(on_cancelled), self, NULL) : 0;

    g_mutex_lock(&self->lock);
    while (self->state == MC_PORTAL_ASKING && !g_cancellable_is_cancelled(cancel))
        g_cond_wait(&self->changed, &self->lock);
    g_mutex_unlock(&self->lock);
    g_cancellable_disconnect(cancel, watch);
    return mc_portal_session_state(self, ret_grant);
}

int mc_portal_session_take_pipewire(McPortalSession *self)
{
    g_mutex_lock(&self->lock);
    const int fd = self->pipewire_fd;
    self->pipewire_fd = -1;
    g_mutex_unlock(&self->lock);
    return fd;
}

void mc_portal_session_notify(McPortalSession *self, const char *method, GVariant *arguments)
{
    g_dbus_connection_call(self->talk.bus, MC_PORTAL_BUS, MC_PORTAL_PATH, MC_PORTAL_REMOTE, method,
                           arguments, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
}
