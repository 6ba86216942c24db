/* SPDX-License-Identifier: MIT */
#include "fake-nm.h"

#include <string.h>

#include "private-bus.h"

#define NM "org.freedesktop.NetworkManager"
#define PATH "/org/freedesktop/NetworkManager"

const FakeNmPlan fake_nm_usual = {
    .device_type = 30,
    .device_state = 30,
    .ip_interface = "",
    .permission = "yes",
    /* As a NetworkManager 1.42 told it of the lab's sink. */
    .peer = {"{'Name': <'Lab Sink'>, 'Flags': <uint32 0>, 'Manufacturer': <' '>, 'Model': <''>,"
             " 'HwAddress': <'42:00:00:00:01:00'>, 'LastSeen': <17>, 'Strength': <byte 84>,"
             " 'WfdIEs': <[byte 0, 0, 6, 0, 17, 28, 68, 0, 50]>}",
             "{'Name': <'Other'>, 'HwAddress': <'42:00:00:00:02:00'>}"},
    .n_peers = 1,
};

static struct {
    GMutex lock;
    FakeNmPlan plan;
    GAsyncQueue *asked;
    GVariant *settings;
    char *client;
    guint32 told_state;
} fake;

static const char xml[] =
    "<node><interface name='org.freedesktop.DBus.Properties'>"
    "<method name='GetAll'><arg type='s' direction='in'/><arg type='a{sv}' "
    "direction='out'/></method>"
    "<method name='Set'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='v' direction='in'/></method>"
    "</interface>"
    "<interface name='" NM "'>"
    "<method name='GetDeviceByIpIface'><arg type='s' direction='in'/><arg type='o' "
    "direction='out'/></method>"
    "<method name='GetDevices'><arg type='ao' direction='out'/></method>"
    "<method name='GetPermissions'><arg type='a{ss}' direction='out'/></method>"
    "<method name='AddAndActivateConnection2'><arg type='a{sa{sv}}' direction='in'/>"
    "<arg type='o' direction='in'/><arg type='o' direction='in'/><arg type='a{sv}' direction='in'/>"
    "<arg type='o' direction='out'/><arg type='o' direction='out'/><arg type='a{sv}' "
    "direction='out'/>"
    "</method>"
    "<method name='DeactivateConnection'><arg type='o' direction='in'/></method>"
    "</interface>"
    "<interface name='" NM ".Device.WifiP2P'>"
    "<method name='StartFind'><arg type='a{sv}' direction='in'/></method><method name='StopFind'/>"
    "</interface></node>";

/* --- answers ---------------------------------------------------------------------------------- */

void fake_nm_say(const char *text)
{
    g_async_queue_push(fake.asked, g_strdup(text));
}

static void answer(GDBusMethodInvocation *invocation, FakeNmMood mood, GVariant *value)
{
    GDBusMessage *call = g_dbus_method_invocation_get_message(invocation);
    g_autoptr(GVariant) owned = value ? g_variant_ref_sink(value) : NULL;
    g_autoptr(GDBusMessage) reply = NULL;

    switch (mood) {
    case FAKE_NM_SILENT:
        g_object_unref(invocation);
        return;
    case FAKE_NM_REFUSES:
        g_dbus_method_invocation_return_dbus_error(invocation, NM ".UnknownConnection",
                                                   "not now\nat all");
        return;
    case FAKE_NM_DENIES:
        g_dbus_method_invocation_return_dbus_error(invocation, NM ".PermissionDenied",
                                                   "Not authorized");
        return;
    case FAKE_NM_GARBAGE:
        reply = g_dbus_message_new_method_reply(call);
        g_dbus_message_set_body(reply, g_variant_new_parsed("(uint16 7, ['x'])"));
        g_dbus_connection_send_message(private_bus_connection(), reply,
                                       G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
        g_object_unref(invocation);
        return;
    default:
        g_dbus_method_invocation_return_value(invocation, owned);
    }
}

static GVariant *device_properties(void)
{
    return g_variant_new_parsed("({'Interface': <'p2p-dev-wlp0s20f3'>, 'DeviceType': <%u>,"
                                " 'State': <%u>, 'IpInterface': <%s>},)",
                                fake.plan.device_type, fake.plan.device_state,
                                fake.plan.ip_interface);
}

static GVariant *p2p_properties(void)
{
    GVariantBuilder paths;

    g_variant_builder_init(&paths, G_VARIANT_TYPE("ao"));
    for (unsigned i = 1; i <= fake.plan.n_peers; i++) {
        g_autofree char *path = g_strdup_printf(FAKE_NM_PEER "%u", i);
        g_variant_builder_add(&paths, "o", path);
    }
    return g_variant_new_parsed("({'Peers': <%*>},)", g_variant_builder_end(&paths));
}

static GVariant *peer_properties(const char *path)
{
    unsigned n = (unsigned) (path[strlen(path) - 1] - '1');
    g_autoptr(GError) error = NULL;
    GVariant *properties =
        g_variant_parse(G_VARIANT_TYPE_VARDICT, fake.plan.peer[n], NULL, NULL, &error);

    g_assert_no_error(error);
    return g_variant_new("(@a{sv})", properties);
}

static void get_all(const char *path, GVariant *parameters, GDBusMethodInvocation *invocation)
{
    const char *interface;
    GVariant *value;

    g_variant_get(parameters, "(&s)", &interface);
    if (strcmp(interface, NM ".Device") == 0)
        value = device_properties();
    else if (strcmp(interface, NM ".Device.WifiP2P") == 0)
        value = p2p_properties();
    else
        value = peer_properties(path);
    answer(invocation, fake.plan.properties, value);
}

static void fail_activation(unsigned reason)
{
    fake_nm_state(40, 0);
    fake_nm_state(50, 0);
    fake_nm_state(120, reason);
    fake_nm_state(30, 0);
}

static void add_and_activate(GVariant *parameters, GDBusMethodInvocation *invocation)
{
    unsigned fails_with = fake.plan.fails_with;

    g_clear_pointer(&fake.settings, g_variant_unref);
    fake.settings = g_variant_ref(parameters);
    g_free(fake.client);
    fake.client = g_strdup(g_dbus_method_invocation_get_sender(invocation));
    fake_nm_say("AddAndActivate");
    answer(invocation, fake.plan.activate,
           g_variant_new("(ooa{sv})", PATH "/Settings/1", FAKE_NM_ACTIVE, NULL));
    g_mutex_unlock(&fake.lock);
    if (fails_with)
        fail_activation(fails_with);
    g_mutex_lock(&fake.lock);
}

static void deactivate(GDBusMethodInvocation *invocation)
{
    enum { USER_REQUESTED = 39 };
    bool obeys = fake.plan.obeys;

    fake_nm_say("DeactivateConnection");
    answer(invocation, fake.plan.deactivate, NULL);
    g_mutex_unlock(&fake.lock);
    if (obeys) {
        fake_nm_state(110, USER_REQUESTED);
        fake_nm_state(30, USER_REQUESTED);
    }
    g_mutex_lock(&fake.lock);
}

static void start_find(GVariant *parameters, GDBusMethodInvocation *invocation)
{
    g_autoptr(GVariant) options = g_variant_get_child_value(parameters, 0);
    gint32 seconds = 0;

    g_variant_lookup(options, "timeout", "i", &seconds);
    g_autofree char *text = g_strdup_printf("StartFind %d", seconds);
    fake_nm_say(text);
    answer(invocation, fake.plan.find, NULL);
}

/* Of the device: Managed.  Who lets go of it has wpa_supplicant's interface removed. */
static void set_property(GVariant *parameters, GDBusMethodInvocation *invocation)
{
    g_autoptr(GVariant) value = NULL;
    const char *interface, *name;

    g_variant_get(parameters, "(&s&sv)", &interface, &name, &value);
    g_autofree char *text =
        g_strdup_printf("%s %s", name, g_variant_get_boolean(value) ? "true" : "false");
    fake_nm_say(text);
    answer(invocation, fake.plan.lend, NULL);
    if (fake.plan.lend == FAKE_NM_ANSWERS && !g_variant_get_boolean(value))
        fake_nm_emit("/fi/w1/wpa_supplicant1", "fi.w1.wpa_supplicant1", "InterfaceRemoved",
                     g_variant_new("(o)", FAKE_NM_STATION));
}

static void on_call(GDBusConnection *bus, const char *sender, const char *path,
                    const char *interface, const char *method, GVariant *parameters,
                    GDBusMethodInvocation *invocation, gpointer user_data)
{
    const char *const devices[] = {FAKE_NM_DEVICE, NULL};

    g_mutex_lock(&fake.lock);
    if (strcmp(method, "GetAll") == 0) {
        get_all(path, parameters, invocation);
    } else if (strcmp(method, "GetDevices") == 0) {
        answer(invocation, fake.plan.devices, g_variant_new("(^ao)", devices));
    } else if (strcmp(method, "GetDeviceByIpIface") == 0) {
        answer(invocation, FAKE_NM_ANSWERS, g_variant_new("(o)", FAKE_NM_DEVICE));
    } else if (strcmp(method, "Set") == 0) {
        set_property(parameters, invocation);
    } else if (strcmp(method, "GetPermissions") == 0) {
        answer(invocation, FAKE_NM_ANSWERS,
               g_variant_new_parsed("({'" NM ".network-control': %s},)", fake.plan.permission));
    } else if (strcmp(method, "AddAndActivateConnection2") == 0) {
        add_and_activate(parameters, invocation);
    } else if (strcmp(method, "StartFind") == 0) {
        start_find(parameters, invocation);
    } else if (strcmp(method, "DeactivateConnection") == 0) {
        deactivate(invocation);
    } else {
        fake_nm_say(method);
        answer(invocation, fake.plan.find, NULL);
    }
    g_mutex_unlock(&fake.lock);
}

static const GDBusInterfaceVTable vtable = {.method_call = on_call};

void fake_nm_start(void)
{
    fake.asked = g_async_queue_new_full(g_free);
    fake.plan = fake_nm_usual;
    private_bus_serve(NULL, PATH, xml, &vtable, NULL);
    private_bus_serve(NULL, FAKE_NM_DEVICE, xml, &vtable, NULL);
    private_bus_serve(NULL, FAKE_NM_PEER "1", xml, &vtable, NULL);
    private_bus_serve(NULL, FAKE_NM_PEER "2", xml, &vtable, NULL);
    fake_nm_be_there(true);
}

/* --- wpa_supplicant, below it ------------------------------------------------------------------
 */

#define WPAS "fi.w1.wpa_supplicant1"
#define WPAS_PATH "/fi/w1/wpa_supplicant1"
#define GROUP WPAS_PATH "/Interfaces/1"

static const char wpas_xml[] =
    "<node><interface name='" WPAS "'>"
    "<method name='GetInterface'><arg type='s' direction='in'/><arg type='o' "
    "direction='out'/></method>"
    "<method name='CreateInterface'><arg type='a{sv}' direction='in'/><arg type='o' "
    "direction='out'/></method>"
    "<method name='RemoveInterface'><arg type='o' direction='in'/></method></interface>"
    "<interface name='" WPAS ".Interface.P2PDevice'><method name='Disconnect'/><method "
    "name='Flush'/><property name='Peers' type='ao' access='read'/></interface></node>";

static void on_wpas(GDBusConnection *bus, const char *sender, const char *path,
                    const char *interface, const char *method, GVariant *parameters,
                    GDBusMethodInvocation *invocation, gpointer user_data)
{
    const char *object = NULL;

    if (strcmp(method, "GetInterface") == 0) {
        const char *ifname;
        g_variant_get(parameters, "(&s)", &ifname);
        object = g_str_has_prefix(ifname, "p2p-") ? GROUP : FAKE_NM_STATION;
    } else {
        fake_nm_say(method);
        object = strcmp(method, "CreateInterface") == 0 ? WPAS_PATH "/Interfaces/7" : NULL;
    }
    g_dbus_method_invocation_return_value(invocation, object ? g_variant_new("(o)", object) : NULL);
}

static GVariant *get_wpas_peers(GDBusConnection *bus, const char *sender, const char *path,
                                const char *interface, const char *property, GError **error,
                                gpointer user_data)
{
    GVariantBuilder paths;

    g_variant_builder_init(&paths, G_VARIANT_TYPE("ao"));
    g_mutex_lock(&fake.lock);
    for (unsigned i = 0; i < fake.plan.n_peers + fake.plan.n_unlisted; i++) {
        g_autofree char *peer = g_strdup_printf(FAKE_NM_STATION "/Peers/42000000%02u00", i + 1);
        g_variant_builder_add(&paths, "o", peer);
    }
    g_mutex_unlock(&fake.lock);
    return g_variant_builder_end(&paths);
}

void fake_nm_start_wpas(void)
{
    static const GDBusInterfaceVTable calls = {.method_call = on_wpas,
                                               .get_property = get_wpas_peers};

    private_bus_serve(WPAS, WPAS_PATH, wpas_xml, &calls, NULL);
    private_bus_serve(NULL, FAKE_NM_STATION, wpas_xml, &calls, NULL);
    private_bus_serve(NULL, GROUP, wpas_xml, &calls, NULL);
}

/* --- for the test ----------------------------------------------------------------------------- */

void fake_nm_set(const FakeNmPlan *plan)
{
    char *old;

    g_mutex_lock(&fake.lock);
    fake.plan = *plan;
    fake.told_state = plan->device_state;
    g_mutex_unlock(&fake.lock);
    while ((old = g_async_queue_try_pop(fake.asked)))
        g_free(old);
}

void fake_nm_be_there(bool there)
{
    g_autoptr(GError) error = NULL;
    GVariant *reply = g_dbus_connection_call_sync(
        private_bus_connection(), "org.freedesktop.DBus", "/org/freedesktop/DBus",
        "org.freedesktop.DBus", there ? "RequestName" : "ReleaseName",
        there ? g_variant_new("(su)", NM, 4u) : g_variant_new("(s)", NM), NULL,
        G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);

    g_assert_no_error(error);
    g_variant_unref(reply);
}

char *fake_nm_asked(int timeout_s)
{
    return g_async_queue_timeout_pop(fake.asked, (guint64) timeout_s * G_USEC_PER_SEC);
}

GVariant *fake_nm_settings(void)
{
    g_mutex_lock(&fake.lock);
    GVariant *settings = g_variant_ref(fake.settings);
    g_mutex_unlock(&fake.lock);
    return settings;
}

void fake_nm_emit(const char *path, const char *interface, const char *signal, GVariant *parameters)
{
    g_autoptr(GError) error = NULL;

    g_dbus_connection_emit_signal(private_bus_connection(), NULL, path, interface, signal,
                                  parameters, &error);
    g_assert_no_error(error);
}

void fake_nm_state(guint32 state, guint32 reason)
{
    g_mutex_lock(&fake.lock);
    guint32 before = fake.told_state;
    fake.told_state = fake.plan.device_state = state;
    g_mutex_unlock(&fake.lock);
    fake_nm_emit(FAKE_NM_DEVICE, NM ".Device", "StateChanged",
                 g_variant_new("(uuu)", state, before, reason));
}

bool fake_nm_has_client(int timeout_s)
{
    gint64 end_us = g_get_monotonic_time() + timeout_s * G_USEC_PER_SEC;
    gboolean there = TRUE;

    while (there && g_get_monotonic_time() < end_us) {
        g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
            private_bus_connection(), "org.freedesktop.DBus", "/org/freedesktop/DBus",
            "org.freedesktop.DBus", "NameHasOwner", g_variant_new("(s)", fake.client), NULL,
            G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);

        g_assert_nonnull(reply);
        g_variant_get(reply, "(b)", &there);
    }
    return there;
}
