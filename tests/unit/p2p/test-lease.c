/* SPDX-License-Identifier: MIT */
/* What is set at a wpa_supplicant is set back, by an orderly end and by the guard of a program that
 * was killed; with a control socket, and over a bus, that keep what they are told. */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake-supplicant.h"
#include "p2p/guard.h"
#include "p2p/supplicant.h"
#include "private-bus.h"

enum { PATIENCE_S = 60 };

#define OUR_ELEMENTS "0000060010000000320b00020000"

static const char *self_path; /* this program */

/* --- the program that takes ------------------------------------------------------------------- */

static void on_event(const McWpaEvent *event, void *user_data)
{
}

static void on_reply(unsigned id, const char *reply, void *user_data)
{
    g_assert_true(g_str_has_prefix(reply, "OK"));
}

static void on_gone(void *user_data)
{
}

/* All that a connection takes, up to a group. */
static void take(McSupplicant *supplicant)
{
    const McCommand commands[] = {
        {.kind = MC_COMMAND_WIFI_DISPLAY, .on = true},
        {.kind = MC_COMMAND_WFD, .value = OUR_ELEMENTS},
        {.kind = MC_COMMAND_SET, .name = "device_name", .value = "Ours"},
        {.kind = MC_COMMAND_FIND, .seconds = 30},
        {.kind = MC_COMMAND_DROP_STATION},
        {.kind = MC_COMMAND_CONNECT, .peer = {{2, 0, 0, 0, 0, 9}}, .go_intent = 15},
        {.kind = MC_COMMAND_SAVE},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++)
        mc_supplicant_command(supplicant, i, &commands[i]);
    mc_supplicant_lease(supplicant, false, "p2p-wlan0-0");
}

static McSupplicant *open_and_take(const char *kind, const char *control)
{
    McSupplicantConfig config = {0};
    McSupplicantCalls calls = {on_event, on_reply, on_gone, NULL};
    g_autoptr(GError) error = NULL;

    g_strlcpy(config.backend, kind, sizeof(config.backend));
    g_strlcpy(config.control, control, sizeof(config.control));
    McSupplicant *self = mc_supplicant_open(&config, &calls, NULL, NULL, &error);
    g_assert_no_error(error);
    take(self);
    return self;
}

/* Another process takes; gives back by its guard alone. */
static void take_and_be_killed(const char *kind, const char *control)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) child = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
                                                    self_path, "--take", kind, control, NULL);
    char c;

    g_assert_no_error(error);
    g_assert_cmpint(g_input_stream_read(g_subprocess_get_stdout_pipe(child), &c, 1, NULL, NULL), ==,
                    1);
    g_subprocess_send_signal(child, SIGKILL);
    g_subprocess_wait(child, NULL, NULL);
}

static void be_taker(const char *kind, const char *control)
{
    open_and_take(kind, control);
    if (write(STDOUT_FILENO, "t", 1) == 1)
        for (;;)
            pause();
}

/* --- the guard's signals -----------------------------------------------------------------------
 */

enum { HOLDS = 3000 };

static void on_pipe(int number)
{
}

static gpointer hold_often(gpointer user_data)
{
    McGuard *guard = mc_guard_new();

    for (int i = 0; i < HOLDS; i++)
        g_assert_true(mc_guard_hold(guard, 0, "/nonexistent", i % 2 ? "ONE" : "OTHER"));
    mc_guard_free(guard);
    g_atomic_int_set((gint *) user_data, 1);
    return NULL;
}

/* Another thread's broken pipe is the program's affair, whatever the guard is told meanwhile. */
static void test_signal(void)
{
    struct sigaction ours = {.sa_handler = on_pipe}, before, now;
    gint done = 0;

    g_assert_cmpint(sigaction(SIGPIPE, &ours, &before), ==, 0);
    GThread *thread = g_thread_new("holder", hold_often, &done);
    while (!g_atomic_int_get(&done)) {
        sigaction(SIGPIPE, NULL, &now);
        g_assert_true(now.sa_handler == on_pipe);
    }
    g_thread_join(thread);
    sigaction(SIGPIPE, &before, NULL);
}

/* --- control socket --------------------------------------------------------------------------- */

typedef struct {
    const char *const *before;
    bool killed;
    const char *const *back; /* in this order, and nothing that was set is missing */
} Case;

static void test_socket(gconstpointer data)
{
    const Case *is = data;
    g_autofree char *directory = g_dir_make_tmp("mc-lease-XXXXXX", NULL);
    Fake fake;

    fake_start(&fake, directory, is->before);
    if (is->killed)
        take_and_be_killed("wpas", directory);
    else
        mc_supplicant_close(open_and_take("wpas", directory));
    fake_wait(&fake, "SAVE_CONFIG");
    for (const char *const *command = is->back; *command; command++)
        fake_expect(&fake, *command);
    g_assert_null(g_async_queue_try_pop(fake.commands));
    fake_end(&fake, false);
    g_rmdir(directory);
}

static const char *const plain[] = {"wifi_display", "0", "all", "", NULL, NULL};
static const char *const plain_back[] = {"P2P_GROUP_REMOVE p2p-wlan0-0",
                                         "P2P_CANCEL",
                                         "P2P_STOP_FIND",
                                         "WFD_SUBELEM_SET 0 ",
                                         "WFD_SUBELEM_SET 11 ",
                                         "SET wifi_display 0",
                                         "SET device_name ",
                                         "SAVE_CONFIG",
                                         "RECONNECT",
                                         NULL};
static const char *const used[] = {"wifi_display", "1",      "all", "000006001100000064",
                                   "device_name",  "Theirs", NULL,  NULL};
static const char *const used_back[] = {"P2P_GROUP_REMOVE p2p-wlan0-0",
                                        "P2P_CANCEL",
                                        "P2P_STOP_FIND",
                                        "WFD_SUBELEM_SET all 000006001100000064",
                                        "SET device_name Theirs",
                                        "SAVE_CONFIG",
                                        "RECONNECT",
                                        NULL};
static const char *const same[] = {"wifi_display", "1",    "all", OUR_ELEMENTS,
                                   "device_name",  "Ours", NULL,  NULL};
static const char *const same_back[] = {"P2P_GROUP_REMOVE p2p-wlan0-0", "P2P_CANCEL",
                                        "P2P_STOP_FIND", "RECONNECT", NULL};

/* --- bus -------------------------------------------------------------------------------------- */

#define WPAS "fi.w1.wpa_supplicant1"
#define ROOT "/fi/w1/wpa_supplicant1"
#define STATION ROOT "/Interfaces/0"
#define GROUP ROOT "/Interfaces/1"

static const char root_xml[] =
    "<node><interface name='" WPAS "'>"
    "<method name='GetInterface'><arg type='s' direction='in'/><arg type='o' "
    "direction='out'/></method>"
    "<property name='Interfaces' type='ao' access='read'/>"
    "<property name='Capabilities' type='as' access='read'/>"
    "<property name='WFDIEs' type='ay' access='readwrite'/></interface></node>";
static const char interface_xml[] =
    "<node><interface name='" WPAS ".Interface'><method name='SaveConfig'/>"
    "<method name='Disconnect'/><method name='Reconnect'/>"
    "<property name='Ifname' type='s' access='read'/></interface>"
    "<interface name='" WPAS ".Interface.P2PDevice'>"
    "<method name='Find'><arg type='a{sv}' direction='in'/></method>"
    "<method name='StopFind'/><method name='Cancel'/><method name='Disconnect'/>"
    "<method name='Connect'><arg type='a{sv}' direction='in'/><arg type='s' "
    "direction='out'/></method>"
    "<property name='P2PDeviceConfig' type='a{sv}' access='readwrite'/></interface></node>";

/* The service's state: written in its thread, told to the test by the queue. */
static struct {
    GAsyncQueue *log;
    GVariant *elements, *name; /* name NULL: not set */
} service;

static void on_call(GDBusConnection *bus, const char *sender, const char *path,
                    const char *interface, const char *method, GVariant *parameters,
                    GDBusMethodInvocation *invocation, gpointer user_data)
{
    g_async_queue_push(service.log, g_strdup_printf("%s %s", method, path + strlen(ROOT)));
    if (strcmp(method, "GetInterface") == 0)
        g_dbus_method_invocation_return_value(invocation, g_variant_new("(o)", GROUP));
    else if (strcmp(method, "Connect") == 0)
        g_dbus_method_invocation_return_value(invocation, g_variant_new("(s)", "00000000"));
    else
        g_dbus_method_invocation_return_value(invocation, NULL);
}

static GVariant *config(void)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "GOIntent", g_variant_new_uint32(7));
    if (service.name)
        g_variant_builder_add(&builder, "{sv}", "DeviceName", service.name);
    return g_variant_builder_end(&builder);
}

static GVariant *on_get(GDBusConnection *bus, const char *sender, const char *path,
                        const char *interface, const char *property, GError **error,
                        gpointer user_data)
{
    const char *const interfaces[] = {STATION}, *const capabilities[] = {"ap", "p2p"};

    if (strcmp(property, "Interfaces") == 0)
        return g_variant_new_objv(interfaces, 1);
    if (strcmp(property, "Capabilities") == 0)
        return g_variant_new_strv(capabilities, 2);
    if (strcmp(property, "WFDIEs") == 0)
        return g_variant_ref(service.elements);
    if (strcmp(property, "Ifname") == 0)
        return g_variant_new_string("wlan0");
    return config();
}

static void replace(GVariant **value, GVariant *by)
{
    g_clear_pointer(value, g_variant_unref);
    *value = by ? g_variant_ref_sink(by) : NULL;
}

static gboolean on_set(GDBusConnection *bus, const char *sender, const char *path,
                       const char *interface, const char *property, GVariant *value, GError **error,
                       gpointer user_data)
{
    GVariant *name = NULL;

    if (strcmp(property, "WFDIEs") == 0) {
        replace(&service.elements, value);
    } else {
        name = g_variant_lookup_value(value, "DeviceName", G_VARIANT_TYPE_STRING);
        if (name)
            replace(&service.name, name);
        g_clear_pointer(&name, g_variant_unref);
    }
    g_autofree char *text = g_variant_print(value, FALSE);
    g_async_queue_push(service.log, g_strdup_printf("%s %s", property, text));
    return TRUE;
}

static const GDBusInterfaceVTable vtable = {on_call, on_get, on_set, {NULL}};

static void expect_log(const char *want)
{
    g_autofree char *got =
        g_async_queue_timeout_pop(service.log, PATIENCE_S * (guint64) G_USEC_PER_SEC);

    g_assert_cmpstr(got, ==, want);
}

static void expect_taken(void)
{
    expect_log("WFDIEs [0x00, 0x00, 0x06, 0x00, 0x10, 0x00, 0x00, 0x00, 0x32, 0x0b, 0x00, 0x02, "
               "0x00, 0x00]");
    expect_log("P2PDeviceConfig {'DeviceName': <'Ours'>}");
    expect_log("Find /Interfaces/0");
    expect_log("Disconnect /Interfaces/0");
    expect_log("Connect /Interfaces/0");
    expect_log("GetInterface ");
}

static void expect_given_back(const char *elements, const char *name)
{
    g_autofree char *ies = g_strdup_printf("WFDIEs %s", elements);
    g_autofree char *set_name = g_strdup_printf("P2PDeviceConfig {'DeviceName': <'%s'>}", name);

    expect_log("Disconnect /Interfaces/1");
    expect_log("Cancel /Interfaces/0");
    expect_log("StopFind /Interfaces/0");
    expect_log(ies);
    expect_log(set_name);
    expect_log("Reconnect /Interfaces/0");
}

static void test_bus(gconstpointer data)
{
    bool killed = data != NULL;

    if (!private_bus_start()) {
        g_test_skip("no dbus-daemon");
        return;
    }
    service.log = g_async_queue_new_full(g_free);
    replace(&service.elements, g_variant_new_parsed(killed ? "[byte 0, 0, 1, 5]" : "@ay []"));
    replace(&service.name, killed ? g_variant_new_string("Theirs") : NULL);
    private_bus_serve(WPAS, ROOT, root_xml, &vtable, NULL);
    private_bus_serve(NULL, STATION, interface_xml, &vtable, NULL);
    private_bus_serve(NULL, GROUP, interface_xml, &vtable, NULL);
    if (killed)
        take_and_be_killed("dbus", "");
    else
        mc_supplicant_close(open_and_take("dbus", ""));
    expect_taken();
    expect_given_back(killed ? "[0x00, 0x00, 0x01, 0x05]" : "[]", killed ? "Theirs" : "");
    private_bus_stop();
    replace(&service.elements, NULL);
    replace(&service.name, NULL);
    g_async_queue_unref(service.log);
}

int main(int argc, char **argv)
{
    static const Case cases[] = {{plain, false, plain_back}, {plain, true, plain_back},
                                 {used, false, used_back},   {used, true, used_back},
                                 {same, false, same_back},   {same, true, same_back}};

    self_path = argv[0];
    if (argc == 4 && strcmp(argv[1], "--take") == 0)
        be_taker(argv[2], argv[3]);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lease/signal", test_signal);
    g_test_add_data_func("/lease/socket/plain/end", &cases[0], test_socket);
    g_test_add_data_func("/lease/socket/plain/killed", &cases[1], test_socket);
    g_test_add_data_func("/lease/socket/used/end", &cases[2], test_socket);
    g_test_add_data_func("/lease/socket/used/killed", &cases[3], test_socket);
    g_test_add_data_func("/lease/socket/same/end", &cases[4], test_socket);
    g_test_add_data_func("/lease/socket/same/killed", &cases[5], test_socket);
    g_test_add_data_func("/lease/bus/end", NULL, test_bus);
    g_test_add_data_func("/lease/bus/killed", "killed", test_bus);
    return g_test_run();
}
