/* SPDX-License-Identifier: MIT */
#include "fake-portal.h"

#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#define NAME "org.freedesktop.portal.Desktop"
#define PATH "/org/freedesktop/portal/desktop"

/* ---- answers ---- */

static GVariant *results_of(FakePortal *self, const char *method)
{
    GVariantBuilder results;

    if (self->said && !strcmp(method, self->said_to))
        return g_variant_new_parsed(self->said);
    g_variant_builder_init(&results, G_VARIANT_TYPE_VARDICT);
    if (!strcmp(method, "CreateSession"))
        g_variant_builder_add(&results, "{sv}", "session_handle",
                              g_variant_new_string(self->session));
    if (!strcmp(method, "Start")) {
        g_variant_builder_add(&results, "{sv}", "devices", g_variant_new_uint32(self->devices));
        if (!self->no_stream)
            g_variant_builder_add_parsed(&results, "{'streams', <[(%u, {'size': <(960, 540)>})]>}",
                                         self->node);
        g_autofree char *token = g_strdup_printf("token-%u", ++self->tokens);
        g_variant_builder_add(&results, "{sv}", "restore_token", g_variant_new_string(token));
    }
    return g_variant_builder_end(&results);
}

static void emit(FakePortal *self, const char *path, const char *interface, const char *signal,
                 GVariant *parameters)
{
    g_dbus_connection_emit_signal(self->bus, self->client, path, interface, signal, parameters,
                                  NULL);
}

static void vanish(FakePortal *self)
{
    g_dbus_connection_call(self->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                           "org.freedesktop.DBus", "ReleaseName", g_variant_new("(s)", NAME), NULL,
                           G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
}

static void respond(FakePortal *self, const char *method)
{
    static const uint32_t responses[] = {[FAKE_REFUSE] = 1, [FAKE_NOTHING] = 2, [FAKE_VANISH] = 0};
    const FakeAnswer answer = strcmp(method, "Start") ? FAKE_GRANT : self->answer;

    if (answer == FAKE_CLOSE)
        fake_portal_end_session(self);
    else if (answer == FAKE_VANISH)
        vanish(self);
    else if (answer != FAKE_WAIT)
        emit(self, self->request, "org.freedesktop.portal.Request", "Response",
             answer == FAKE_GARBAGE
                 ? g_variant_new("(s)", "yes")
                 : g_variant_new("(u@a{sv})", responses[answer], results_of(self, method)));
}

static char *path_of(GDBusMessage *message, const char *kind, const char *token)
{
    g_autofree char *sender =
        g_strdelimit(g_strdup(g_dbus_message_get_sender(message) + 1), ".", '_');

    return g_strdup_printf(PATH "/%s/%s/%s", kind, sender, token);
}

static const char *token_of(GVariant *body, const char *name)
{
    g_autoptr(GVariant) options = g_variant_get_child_value(body, g_variant_n_children(body) - 1);
    const char *token = "";

    g_variant_lookup(options, name, "&s", &token);
    return token;
}

static void on_request(FakePortal *self, GDBusMessage *message, const char *method)
{
    GVariant *body = g_dbus_message_get_body(message);
    g_autofree char *path = path_of(message, "request", token_of(body, "handle_token"));

    g_strlcpy(self->request, path, sizeof(self->request));
    g_free(self->client);
    self->client = g_strdup(g_dbus_message_get_sender(message));
    if (!strcmp(method, "CreateSession")) {
        g_autofree char *session =
            path_of(message, "session", token_of(body, "session_handle_token"));
        g_strlcpy(self->session, session, sizeof(self->session));
    }
    GDBusMessage *reply = g_dbus_message_new_method_reply(message);
    g_dbus_message_set_body(reply, g_variant_new("(o)", path));
    g_dbus_connection_send_message(self->bus, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
    g_object_unref(reply);
    respond(self, method);
}

/* ---- what has no request ---- */

static void reply_with(FakePortal *self, GDBusMessage *reply)
{
    g_dbus_connection_send_message(self->bus, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
    g_object_unref(reply);
}

static void on_open_pipewire(FakePortal *self, GDBusMessage *message)
{
    const int fd =
        self->open_pipewire ? self->open_pipewire(self->user_data) : open("/dev/null", O_RDWR);
    GDBusMessage *reply;

    if (fd >= 0) {
        g_autoptr(GUnixFDList) fds = g_unix_fd_list_new_from_array(&fd, 1); /* takes it */
        reply = g_dbus_message_new_method_reply(message);
        g_dbus_message_set_body(reply, g_variant_new("(h)", 0));
        g_dbus_message_set_unix_fd_list(reply, fds);
    } else {
        reply = g_dbus_message_new_method_error_literal(
            message, "org.freedesktop.portal.Error.Failed", "no PipeWire");
    }
    reply_with(self, reply);
}

static void on_get(FakePortal *self, GDBusMessage *message)
{
    GDBusMessage *reply = g_dbus_message_new_method_reply(message);

    g_dbus_message_set_body(reply, g_variant_new("(v)", g_variant_new_uint32(7)));
    reply_with(self, reply);
}

static void refuse_method(FakePortal *self, GDBusMessage *message)
{
    reply_with(self, g_dbus_message_new_method_error_literal(
                         message, "org.freedesktop.DBus.Error.UnknownMethod", "no such interface"));
}

static void answer(FakePortal *self, GDBusMessage *message, const char *method)
{
    if (!strcmp(method, "Get"))
        on_get(self, message);
    else if (self->no_remote &&
             g_str_has_suffix(g_dbus_message_get_interface(message), "RemoteDesktop"))
        refuse_method(self, message);
    else if (!strcmp(method, "OpenPipeWireRemote"))
        on_open_pipewire(self, message);
    else if (!g_str_has_prefix(method, "Notify") && strcmp(method, "Close"))
        on_request(self, message, method);
}

/* ---- calls: taken off the wire, so that no interface need be declared ---- */

typedef struct {
    FakePortal *self;
    GDBusMessage *message;
} Taken;

static gboolean on_call(gpointer user_data)
{
    Taken *taken = user_data;
    FakePortal *self = taken->self;
    const char *method = g_dbus_message_get_member(taken->message);
    GVariant *body = g_dbus_message_get_body(taken->message);
    g_autofree char *text = body ? g_variant_print(body, FALSE) : g_strdup("()");

    if (strcmp(method, "Get"))
        g_string_append_printf(self->log, "%s %s\n", method, text);
    if (self->loud && strcmp(method, "Get")) {
        printf("%s %s\n", method, text);
        fflush(stdout);
    }
    answer(self, taken->message, method);
    g_object_unref(taken->message);
    g_free(taken);
    return G_SOURCE_REMOVE;
}

/* The bus's thread. */
static GDBusMessage *filter(GDBusConnection *bus, GDBusMessage *message, gboolean incoming,
                            gpointer user_data)
{
    const char *interface = g_dbus_message_get_interface(message);

    if (!incoming || g_dbus_message_get_message_type(message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL ||
        !interface ||
        (!g_str_has_prefix(interface, "org.freedesktop.portal.") &&
         strcmp(interface, "org.freedesktop.DBus.Properties")))
        return message;
    Taken *taken = g_new0(Taken, 1);
    *taken = (Taken){user_data, message};
    g_idle_add(on_call, taken);
    return NULL;
}

/* ---- life ---- */

static void die_with_test(gpointer ignored)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* A bus that starts no services of the machine's; its address becomes the session's. */
static void start_bus(FakePortal *self, const char *daemon)
{
    static const char config_text[] =
        "<busconfig><type>session</type><listen>unix:tmpdir=%s</listen><policy context='default'>"
        "<allow send_destination='*'/><allow eavesdrop='true'/><allow own='*'/></policy>"
        "</busconfig>";
    g_autoptr(GError) error = NULL;

    self->folder = g_dir_make_tmp("miracast-bus-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(self->folder, "config", NULL);
    g_autofree char *config = g_strdup_printf(config_text, self->folder);
    g_autofree char *option = g_strdup_printf("--config-file=%s", path);
    g_assert_true(g_file_set_contents(path, config, -1, NULL));
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    g_subprocess_launcher_set_child_setup(launcher, die_with_test, NULL, NULL);
    self->bus_daemon = g_subprocess_launcher_spawn(launcher, &error, daemon, option, "--nofork",
                                                   "--print-address=1", NULL);
    g_assert_no_error(error);
    g_autoptr(GDataInputStream) lines =
        g_data_input_stream_new(g_subprocess_get_stdout_pipe(self->bus_daemon));
    g_autofree char *address = g_data_input_stream_read_line(lines, NULL, NULL, NULL);
    g_assert_nonnull(address);
    g_setenv("DBUS_SESSION_BUS_ADDRESS", address, TRUE);
}

static void stop_bus(FakePortal *self)
{
    g_autofree char *path = g_build_filename(self->folder, "config", NULL);

    g_subprocess_send_signal(self->bus_daemon, SIGTERM);
    g_subprocess_wait(self->bus_daemon, NULL, NULL);
    g_object_unref(self->bus_daemon);
    g_unlink(path);
    g_rmdir(self->folder); /* the daemon took its socket away */
    g_free(self->folder);
}

bool fake_portal_start(FakePortal *self)
{
    g_autofree char *daemon = g_find_program_in_path("dbus-daemon");
    g_autoptr(GError) error = NULL;

    if (!daemon)
        return false;
    *self = (FakePortal){.devices = 7, .node = 42, .log = g_string_new(NULL)};
    start_bus(self, daemon);
    self->bus =
        g_dbus_connection_new_for_address_sync(g_getenv("DBUS_SESSION_BUS_ADDRESS"),
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, &error);
    g_assert_no_error(error);
    self->filter = g_dbus_connection_add_filter(self->bus, filter, self, NULL);
    GVariant *owned = g_dbus_connection_call_sync(self->bus, "org.freedesktop.DBus",
                                                  "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                                  "RequestName", g_variant_new("(su)", NAME, 0),
                                                  NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
    g_assert_no_error(error);
    g_variant_unref(owned);
    return true;
}

void fake_portal_stop(FakePortal *self)
{
    g_dbus_connection_remove_filter(self->bus, self->filter);
    g_dbus_connection_close_sync(self->bus, NULL, NULL);
    g_object_unref(self->bus);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    stop_bus(self);
    g_string_free(self->log, TRUE);
    g_free(self->client);
}

void fake_portal_end_session(FakePortal *self)
{
    emit(self, self->session, "org.freedesktop.portal.Session", "Closed",
         g_variant_new("(@a{sv})", g_variant_new("a{sv}", NULL)));
}

void fake_portal_wait(FakePortal *self, const char *text)
{
    while (!strstr(self->log->str, text))
        g_main_context_iteration(NULL, TRUE);
}
