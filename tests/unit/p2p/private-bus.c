/* SPDX-License-Identifier: MIT */
#include "private-bus.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static struct {
    GSubprocess *daemon;
    char *dir;
    GThread *thread;
    GMainContext *context;
    GMainLoop *loop;
    GDBusConnection *connection;
} bus;

static gpointer run_loop(gpointer user_data)
{
    g_main_context_push_thread_default(bus.context);
    g_main_loop_run(bus.loop);
    g_main_context_pop_thread_default(bus.context);
    return NULL;
}

typedef struct {
    GSourceFunc call;
    gpointer user_data;
    GMutex lock;
    GCond changed;
    bool done;
} Job;

static gboolean on_job(gpointer user_data)
{
    Job *job = user_data;

    job->call(job->user_data);
    g_mutex_lock(&job->lock);
    job->done = true;
    g_cond_signal(&job->changed);
    g_mutex_unlock(&job->lock);
    return G_SOURCE_REMOVE;
}

void private_bus_run(GSourceFunc call, gpointer user_data)
{
    Job job = {.call = call, .user_data = user_data};
    GSource *source = g_idle_source_new();

    g_mutex_init(&job.lock);
    g_cond_init(&job.changed);
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, on_job, &job, NULL);
    g_source_attach(source, bus.context);
    g_source_unref(source);
    g_mutex_lock(&job.lock);
    while (!job.done)
        g_cond_wait(&job.changed, &job.lock);
    g_mutex_unlock(&job.lock);
    g_mutex_clear(&job.lock);
    g_cond_clear(&job.changed);
}

static gboolean on_connect(gpointer user_data)
{
    g_autoptr(GError) error = NULL;

    bus.connection =
        g_dbus_connection_new_for_address_sync(g_getenv("DBUS_SYSTEM_BUS_ADDRESS"),
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, &error);
    g_assert_no_error(error);
    return G_SOURCE_REMOVE;
}

/* A test that fails leaves no daemon. */
static void die_with_us(gpointer user_data)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

bool private_bus_start(void)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
    g_autofree char *program = g_find_program_in_path("dbus-daemon");

    if (!program)
        return false;
    bus.dir = g_dir_make_tmp("mc-bus-XXXXXX", NULL);
    g_autofree char *address = g_strdup_printf("unix:path=%s/bus", bus.dir);
    g_autofree char *option = g_strdup_printf("--address=%s", address);
    g_subprocess_launcher_set_child_setup(launcher, die_with_us, NULL, NULL);
    bus.daemon = g_subprocess_launcher_spawn(launcher, NULL, program, "--session", "--nofork",
                                             "--print-address=1", option, NULL);
    g_assert_nonnull(bus.daemon);
    char c; /* the address is printed once the socket is there */
    g_assert_cmpint(
        g_input_stream_read(g_subprocess_get_stdout_pipe(bus.daemon), &c, 1, NULL, NULL), ==, 1);
    g_setenv("DBUS_SYSTEM_BUS_ADDRESS", address, TRUE);
    bus.context = g_main_context_new();
    bus.loop = g_main_loop_new(bus.context, FALSE);
    bus.thread = g_thread_new("fake-service", run_loop, NULL);
    private_bus_run(on_connect, NULL);
    return true;
}

static gboolean on_stop(gpointer user_data)
{
    g_dbus_connection_close_sync(bus.connection, NULL, NULL);
    g_main_loop_quit(bus.loop);
    return G_SOURCE_REMOVE;
}

void private_bus_stop(void)
{
    g_autofree char *socket = g_build_filename(bus.dir, "bus", NULL);

    private_bus_run(on_stop, NULL);
    g_thread_join(bus.thread);
    g_clear_object(&bus.connection);
    g_main_loop_unref(bus.loop);
    g_main_context_unref(bus.context);
    g_subprocess_force_exit(bus.daemon);
    g_subprocess_wait(bus.daemon, NULL, NULL);
    g_clear_object(&bus.daemon);
    g_unlink(socket);
    g_rmdir(bus.dir);
    g_clear_pointer(&bus.dir, g_free);
}

GDBusConnection *private_bus_connection(void)
{
    return bus.connection;
}

typedef struct {
    const char *own_name, *path, *xml;
    const GDBusInterfaceVTable *vtable;
    gpointer user_data;
} Service;

static gboolean on_serve(gpointer user_data)
{
    const Service *service = user_data;
    g_autoptr(GError) error = NULL;
    GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(service->xml, &error);

    g_assert_no_error(error);
    for (unsigned i = 0; node->interfaces && node->interfaces[i]; i++)
        g_assert_cmpuint(g_dbus_connection_register_object(bus.connection, service->path,
                                                           node->interfaces[i], service->vtable,
                                                           service->user_data, NULL, &error),
                         >, 0);
    g_dbus_node_info_unref(node);
    if (!service->own_name)
        return G_SOURCE_REMOVE;
    g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
        bus.connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "RequestName", g_variant_new("(su)", service->own_name, 4), NULL, G_DBUS_CALL_FLAGS_NONE,
        -1, NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(reply);
    return G_SOURCE_REMOVE;
}

void private_bus_serve(const char *own_name, const char *path, const char *xml,
                       const GDBusInterfaceVTable *vtable, gpointer user_data)
{
    private_bus_run(on_serve, &(Service){own_name, path, xml, vtable, user_data});
}
