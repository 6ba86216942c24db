/* SPDX-License-Identifier: MIT */
#include <gio/gio.h>
#include <string.h>

#include "p2p/controller.h"
#include "p2p/dbus-values.h"
#include "p2p/link.h"
#include "p2p/supplicant.h"
#include "p2p/system-bus.h"

/* wpa_supplicant over the system bus (fi.w1.wpa_supplicant1): the commands of the machine as method
 * calls, signals as its events.  P2P methods belong to the station's interface object. */

#define WPAS "fi.w1.wpa_supplicant1"
#define WPAS_PATH "/fi/w1/wpa_supplicant1"
#define WPAS_INTERFACE WPAS ".Interface"
#define WPAS_P2P WPAS ".Interface.P2PDevice"
#define WPAS_PEER WPAS ".Peer"
#define WPAS_GROUP WPAS ".Group"
#define WPAS_PERSISTENT WPAS ".PersistentGroup"

enum { CALL_MS = 8000, MAX_GROUPS = 64 };

typedef struct {
    McSupplicantCalls calls;
    GDBusConnection *bus;
    char interface[16];
    char *path; /* of the interface object */
    guint signals, names;
    bool gone, announced;
    McMac target; /* of the last CONNECT or INVITE: the owner of a group that we are client in */
    McMac joined; /* device that came into our group last */
} Dbus;

/* --- calls ------------------------------------------------------------------------------------ */

static GVariant *call(Dbus *self, const char *path, const char *interface, const char *method,
                      GVariant *parameters, GError **error)
{
    return g_dbus_connection_call_sync(self->bus, WPAS, path, interface, method, parameters, NULL,
                                       G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_MS, NULL, error);
}

static GVariant *get(Dbus *self, const char *path, const char *interface, const char *property,
                     const GVariantType *type)
{
    g_autoptr(GVariant) reply = call(self, path, "org.freedesktop.DBus.Properties", "Get",
                                     g_variant_new("(ss)", interface, property), NULL);
    g_autoptr(GVariant) value = NULL;

    if (!reply || !g_variant_is_of_type(reply, G_VARIANT_TYPE("(v)")))
        return NULL;
    g_variant_get(reply, "(v)", &value);
    return g_variant_is_of_type(value, type) ? g_steal_pointer(&value) : NULL;
}

/* All properties of a peer; NULL: it is not known. */
static GVariant *get_all(Dbus *self, const char *path, const char *interface)
{
    g_autoptr(GVariant) reply = call(self, path, "org.freedesktop.DBus.Properties", "GetAll",
                                     g_variant_new("(s)", interface), NULL);

    return reply && g_variant_is_of_type(reply, G_VARIANT_TYPE("(a{sv})"))
               ? g_variant_get_child_value(reply, 0)
               : NULL;
}

static bool set(Dbus *self, const char *path, const char *interface, const char *property,
                GVariant *value)
{
    g_autoptr(GVariant) reply = call(self, path, "org.freedesktop.DBus.Properties", "Set",
                                     g_variant_new("(ssv)", interface, property, value), NULL);

    return reply != NULL;
}

static char *peer_path(const Dbus *self, const McMac *mac)
{
    const uint8_t *b = mac->bytes;

    return g_strdup_printf("%s/Peers/%02x%02x%02x%02x%02x%02x", self->path, b[0], b[1], b[2], b[3],
                           b[4], b[5]);
}

/* --- commands --------------------------------------------------------------------------------- */

static bool plain(Dbus *self, const char *method, GVariant *parameters)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply = call(self, self->path, WPAS_P2P, method, parameters, &error);

    if (!reply)
        g_debug("%s: %s", method, error->message);
    return reply != NULL;
}

static bool set_config(Dbus *self, const char *name, GVariant *value)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", name, value);
    return set(self, self->path, WPAS_P2P, "P2PDeviceConfig", g_variant_builder_end(&builder));
}

static bool set_named(Dbus *self, const McCommand *command)
{
    if (strcmp(command->name, "device_name") == 0)
        return set_config(self, "DeviceName", g_variant_new_string(command->value));
    if (strcmp(command->name, "persistent_reconnect") == 0)
        return set_config(self, "PersistentReconnect", g_variant_new_boolean(TRUE));
    return false;
}

static bool set_wfd(Dbus *self, const char *hex)
{
    uint8_t bytes[MC_COMMAND_VALUE / 2];
    size_t len = 0;

    self->announced = true;
    return mc_hex_parse(hex, -1, bytes, sizeof(bytes), &len) &&
           set(self, WPAS_PATH, WPAS, "WFDIEs",
               g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, len, 1));
}

static bool find(Dbus *self, const McCommand *command)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "Timeout", g_variant_new_int32((int) command->seconds));
    g_variant_builder_add(&builder, "{sv}", "DiscoveryType",
                          g_variant_new_string(command->social ? "social" : "start_with_full"));
    return plain(self, "Find", g_variant_new("(a{sv})", &builder));
}

static bool provision(Dbus *self, const McCommand *command)
{
    static const char *const methods[] = {"pbc", "display", "keypad"};
    g_autofree char *peer = peer_path(self, &command->peer);

    return plain(self, "ProvisionDiscoveryRequest",
                 g_variant_new("(os)", peer, methods[command->method]));
}

/* The sink's PIN is typed here: keypad. Ours is shown: display. */
static void add_method(GVariantBuilder *builder, const McCommand *command)
{
    static const char *const methods[] = {"pbc", "keypad", "display"};

    g_variant_builder_add(builder, "{sv}", "wps_method",
                          g_variant_new_string(methods[command->method]));
    if (command->method != MC_PEER_METHOD_PBC && command->pin[0])
        g_variant_builder_add(builder, "{sv}", "pin", g_variant_new_string(command->pin));
}

static const char *refusal(const GError *error)
{
    g_autofree char *name = g_dbus_error_get_remote_error(error);

    g_debug("Connect: %s", error->message);
    return g_strcmp0(name, WPAS ".InterfaceP2P.Error.ConnectChannelUnavailable") == 0 ||
                   strstr(name ? name : "", "Channel")
               ? "FAIL-CHANNEL-UNAVAILABLE"
               : "FAIL";
}

static char *connect_peer(Dbus *self, const McCommand *command)
{
    g_autofree char *peer = peer_path(self, &command->peer);
    g_autoptr(GError) error = NULL;
    GVariantBuilder builder;
    const char *pin = "";

    self->target = command->peer;
    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "peer", g_variant_new_object_path(peer));
    g_variant_builder_add(&builder, "{sv}", "persistent", g_variant_new_boolean(TRUE));
    add_method(&builder, command);
    if (command->join)
        g_variant_builder_add(&builder, "{sv}", "join", g_variant_new_boolean(TRUE));
    else
        g_variant_builder_add(&builder, "{sv}", "go_intent",
                              g_variant_new_int32(command->go_intent));
    if (command->freq_mhz)
        g_variant_builder_add(&builder, "{sv}", "frequency",
                              g_variant_new_int32((int) command->freq_mhz));
    g_autoptr(GVariant) reply =
        call(self, self->path, WPAS_P2P, "Connect", g_variant_new("(a{sv})", &builder), &error);
    if (!reply)
        return g_strdup(refusal(error));
    if (g_variant_is_of_type(reply, G_VARIANT_TYPE("(s)")))
        g_variant_get(reply, "(&s)", &pin);
    /* With the button it gives a PIN of zeros. */
    bool shown = command->method == MC_PEER_METHOD_SHOW_PIN && !command->pin[0];
    return g_strdup(shown && strlen(pin) == 8 ? pin : "OK");
}

static bool invite(Dbus *self, const McCommand *command)
{
    g_autofree char *peer = peer_path(self, &command->peer);
    g_autofree char *group =
        g_strdup_printf("%s/PersistentGroups/%d", self->path, command->network_id);
    GVariantBuilder builder;

    self->target = command->peer;
    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "peer", g_variant_new_object_path(peer));
    g_variant_builder_add(&builder, "{sv}", "persistent_group_object",
                          g_variant_new_object_path(group));
    return plain(self, "Invite", g_variant_new("(a{sv})", &builder));
}

static char *interface_path(Dbus *self, const char *ifname)
{
    g_autoptr(GVariant) reply =
        call(self, WPAS_PATH, WPAS, "GetInterface", g_variant_new("(s)", ifname), NULL);
    const char *path;

    if (!reply || !g_variant_is_of_type(reply, G_VARIANT_TYPE("(o)")))
        return NULL;
    g_variant_get(reply, "(&o)", &path);
    return g_strdup(path);
}

static bool remove_group(Dbus *self, const char *ifname)
{
    g_autofree char *path = interface_path(self, ifname);
    g_autoptr(GVariant) reply = path ? call(self, path, WPAS_P2P, "Disconnect", NULL, NULL) : NULL;

    return reply != NULL;
}

/* --- persistent groups ------------------------------------------------------------------------ */

static GVariant *group_properties(Dbus *self, const char *path)
{
    return get(self, path, WPAS_PERSISTENT, "Properties", G_VARIANT_TYPE_VARDICT);
}

static GVariant *persistent_groups(Dbus *self)
{
    return get(self, self->path, WPAS_P2P, "PersistentGroups", G_VARIANT_TYPE("ao"));
}

static int remembered_with(Dbus *self, const McMac *peer)
{
    g_autoptr(GVariant) groups = persistent_groups(self);
    gsize n = groups ? g_variant_n_children(groups) : 0;

    for (gsize i = 0; i < MIN(n, MAX_GROUPS); i++) {
        const char *path;

        g_variant_get_child(groups, i, "&o", &path);
        g_autoptr(GVariant) properties = group_properties(self, path);
        if (properties && mc_dbus_group_has_peer(properties, peer))
            return mc_dbus_path_number(path);
    }
    return -1;
}

static char *list_groups(Dbus *self)
{
    g_autoptr(GVariant) groups = persistent_groups(self);
    gsize n = groups ? g_variant_n_children(groups) : 0;
    GString *text = g_string_new("network id / ssid / bssid / flags\n");

    for (gsize i = 0; i < MIN(n, MAX_GROUPS); i++) {
        const char *path;

        g_variant_get_child(groups, i, "&o", &path);
        g_autoptr(GVariant) properties = group_properties(self, path);
        if (!properties || mc_dbus_path_number(path) < 0)
            continue;
        g_autofree char *line = mc_dbus_group_line(mc_dbus_path_number(path), properties);
        g_string_append(text, line);
    }
    return g_string_free(text, FALSE);
}

static char *group_peers(Dbus *self, int id)
{
    g_autofree char *path = g_strdup_printf("%s/PersistentGroups/%d", self->path, id);
    g_autoptr(GVariant) properties = group_properties(self, path);
    const char *clients = NULL;

    if (properties)
        g_variant_lookup(properties, "p2p_client_list", "&s", &clients);
    return g_strdup(clients ? clients : "FAIL");
}

static bool remove_persistent(Dbus *self, int id)
{
    g_autofree char *path = g_strdup_printf("%s/PersistentGroups/%d", self->path, id);

    return plain(self, "RemovePersistentGroup", g_variant_new("(o)", path));
}

static bool save(Dbus *self)
{
    g_autoptr(GVariant) reply = call(self, self->path, WPAS_INTERFACE, "SaveConfig", NULL, NULL);

    return reply != NULL;
}

static char *describe_peer(Dbus *self, const McMac *mac)
{
    g_autofree char *path = peer_path(self, mac);
    g_autoptr(GVariant) properties = get_all(self, path, WPAS_PEER);

    return properties ? mc_dbus_peer_reply(mac, properties, remembered_with(self, mac))
                      : g_strdup("FAIL");
}

static char *answer(Dbus *self, const McCommand *command)
{
    bool ok = true;

    switch (command->kind) {
    case MC_COMMAND_PEER:
        return describe_peer(self, &command->peer);
    case MC_COMMAND_CONNECT:
        return connect_peer(self, command);
    case MC_COMMAND_LIST_NETWORKS:
        return list_groups(self);
    case MC_COMMAND_NETWORK_PEERS:
        return group_peers(self, command->network_id);
    case MC_COMMAND_WIFI_DISPLAY: /* comes with the elements */
        break;
    case MC_COMMAND_SET:
        ok = set_named(self, command);
        break;
    case MC_COMMAND_WFD:
        ok = set_wfd(self, command->value);
        break;
    case MC_COMMAND_FIND:
        ok = find(self, command);
        break;
    case MC_COMMAND_STOP_FIND:
        ok = plain(self, "StopFind", NULL);
        break;
    case MC_COMMAND_PROV_DISC:
        ok = provision(self, command);
        break;
    case MC_COMMAND_INVITE:
        ok = invite(self, command);
        break;
    case MC_COMMAND_CANCEL:
        ok = plain(self, "Cancel", NULL);
        break;
    case MC_COMMAND_GROUP_REMOVE:
        ok = remove_group(self, command->ifname);
        break;
    case MC_COMMAND_REMOVE_NETWORK:
        ok = remove_persistent(self, command->network_id);
        break;
    case MC_COMMAND_SAVE:
        ok = save(self);
        break;
    default:
        ok = false;
    }
    return g_strdup(ok ? "OK" : "FAIL");
}

static void dbus_command(void *backend, unsigned id, const McCommand *command)
{
    Dbus *self = backend;
    g_autofree char *redacted = mc_command_text_redacted(command);
    g_autofree char *reply = answer(self, command);

    g_debug("D-Bus > %s", redacted);
    self->calls.on_reply(id, reply, self->calls.user_data);
}

/* --- signals ---------------------------------------------------------------------------------- */

static void tell(Dbus *self, const McWpaEvent *event)
{
    g_debug("D-Bus ! %s", mc_wpa_event_kind_name(event->kind));
    self->calls.on_event(event, self->calls.user_data);
}

static void on_found(Dbus *self, GVariant *parameters)
{
    const char *path;
    McWpaEvent event;
    McMac mac;

    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(o)")))
        return;
    g_variant_get(parameters, "(&o)", &path);
    g_autoptr(GVariant) properties = get_all(self, path, WPAS_PEER);
    if (!properties || !mc_dbus_path_mac(path, &mac))
        return;
    mc_dbus_peer_event(&mac, properties, &event);
    tell(self, &event);
}

/* The signal names objects; what the machine wants to know are their properties. */
static void complete_group(Dbus *self, GVariant *parameters, McWpaEvent *event)
{
    const char *path = mc_dbus_signal_interface(parameters);
    g_autoptr(GVariant) name =
        path ? get(self, path, WPAS_INTERFACE, "Ifname", G_VARIANT_TYPE_STRING) : NULL;
    g_autoptr(GVariant) dictionary = g_variant_get_child_value(parameters, 0);
    const char *group = NULL;

    if (name)
        g_strlcpy(event->ifname, g_variant_get_string(name, NULL), sizeof(event->ifname));
    g_variant_lookup(dictionary, "group_object", "&o", &group);
    g_autoptr(GVariant) freq =
        group ? get(self, group, WPAS_GROUP, "Frequency", G_VARIANT_TYPE_UINT16) : NULL;
    g_autoptr(GVariant) ssid =
        group ? get(self, group, WPAS_GROUP, "SSID", G_VARIANT_TYPE_BYTESTRING) : NULL;
    if (freq)
        event->freq_mhz = g_variant_get_uint16(freq);
    if (ssid && g_variant_get_size(ssid) <= sizeof(event->ssid)) {
        event->ssid_len = (unsigned) g_variant_get_size(ssid);
        memcpy(event->ssid, g_variant_get_data(ssid), event->ssid_len);
    }
    event->go_dev_addr = self->target;
    event->have |= G_GUINT64_CONSTANT(1) << MC_WPA_KEY_GO_DEV_ADDR | G_GUINT64_CONSTANT(1)
                                                                         << MC_WPA_KEY_IFNAME;
}

/* GroupFinished comes when the interface may be gone: its name is the path's that started. */
static void on_p2p_signal(Dbus *self, const char *name, GVariant *parameters)
{
    McWpaEvent event;

    if (strcmp(name, "DeviceFound") == 0) {
        on_found(self, parameters);
    } else if (mc_dbus_signal_event(name, parameters, &event)) {
        if (event.kind == MC_WPA_EVENT_GROUP_STARTED || event.kind == MC_WPA_EVENT_GROUP_REMOVED)
            complete_group(self, parameters, &event);
        tell(self, &event);
    }
}

/* PeerJoined names the device, StaAuthorized after it its interface. */
static void on_group_signal(Dbus *self, const char *name, GVariant *parameters)
{
    McWpaEvent event = {.priority = -1};
    const char *path;

    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(o)")))
        return;
    g_variant_get(parameters, "(&o)", &path);
    if (!mc_dbus_path_mac(path, &event.p2p_dev_addr))
        return;
    event.have = G_GUINT64_CONSTANT(1) << MC_WPA_KEY_P2P_DEV_ADDR;
    event.kind = strcmp(name, "PeerJoined") == 0 ? MC_WPA_EVENT_AP_STA_CONNECTED
                                                 : MC_WPA_EVENT_AP_STA_DISCONNECTED;
    if (strcmp(name, "PeerJoined") != 0 && strcmp(name, "PeerDisconnected") != 0)
        return;
    self->joined = event.p2p_dev_addr;
    tell(self, &event);
}

static void on_station(Dbus *self, GVariant *parameters)
{
    McWpaEvent event = {.kind = MC_WPA_EVENT_AP_STA_CONNECTED, .priority = -1};
    const char *mac;

    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(s)")))
        return;
    g_variant_get(parameters, "(&s)", &mac);
    if (!mc_mac_parse(mac, &event.address))
        return;
    event.p2p_dev_addr = self->joined;
    event.have = G_GUINT64_CONSTANT(1) << MC_WPA_KEY_P2P_DEV_ADDR | G_GUINT64_CONSTANT(1)
                                                                        << MC_WPA_KEY_ADDRESS;
    tell(self, &event);
}

static void on_signal(GDBusConnection *bus, const char *sender, const char *path,
                      const char *interface, const char *name, GVariant *parameters,
                      gpointer user_data)
{
    Dbus *self = user_data;

    if (strcmp(interface, WPAS_P2P) == 0)
        on_p2p_signal(self, name, parameters);
    else if (strcmp(interface, WPAS_GROUP) == 0)
        on_group_signal(self, name, parameters);
    else if (strcmp(interface, WPAS_INTERFACE) == 0 && strcmp(name, "StaAuthorized") == 0)
        on_station(self, parameters);
}

static void on_owner(GDBusConnection *bus, const char *sender, const char *path,
                     const char *interface, const char *name, GVariant *parameters,
                     gpointer user_data)
{
    Dbus *self = user_data;
    const char *who, *before, *now;

    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sss)")))
        return;
    g_variant_get(parameters, "(&s&s&s)", &who, &before, &now);
    if (*now || self->gone)
        return;
    self->gone = true;
    self->calls.on_gone(self->calls.user_data);
}

/* --- life ------------------------------------------------------------------------------------- */

/* The one that was named, or the first. */
static bool take_interface(Dbus *self, const char *wanted)
{
    g_autoptr(GVariant) all = get(self, WPAS_PATH, WPAS, "Interfaces", G_VARIANT_TYPE("ao"));
    gsize n = all ? g_variant_n_children(all) : 0;

    for (gsize i = 0; i < n && !self->path; i++) {
        const char *path;

        g_variant_get_child(all, i, "&o", &path);
        g_autoptr(GVariant) name = get(self, path, WPAS_INTERFACE, "Ifname", G_VARIANT_TYPE_STRING);
        const char *ifname = name ? g_variant_get_string(name, NULL) : "";
        if (!*ifname || g_str_has_prefix(ifname, "p2p-") ||
            (*wanted && strcmp(wanted, ifname) != 0))
            continue;
        self->path = g_strdup(path);
        g_strlcpy(self->interface, ifname, sizeof(self->interface));
    }
    return self->path != NULL;
}

static bool has_p2p(Dbus *self)
{
    g_autoptr(GVariant) all = get(self, WPAS_PATH, WPAS, "Capabilities", G_VARIANT_TYPE("as"));
    g_autofree const char **words = all ? g_variant_get_strv(all, NULL) : NULL;

    return words && g_strv_contains(words, "p2p");
}

static bool find_interface(Dbus *self, const char *wanted, GError **error)
{
    g_autoptr(GError) own = NULL;
    g_autoptr(GVariant) alive = call(self, WPAS_PATH, "org.freedesktop.DBus.Properties", "GetAll",
                                     g_variant_new("(s)", WPAS), &own);

    if (!alive) {
        bool denied = g_error_matches(own, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
        g_set_error(error, MC_LINK_ERROR,
                    denied ? MC_LINK_ERROR_NO_PERMISSION : MC_LINK_ERROR_NO_SUPPLICANT,
                    "wpa_supplicant on the system bus: %s", own->message);
    } else if (!has_p2p(self)) {
        g_set_error_literal(error, MC_LINK_ERROR, MC_LINK_ERROR_NO_P2P,
                            "this wpa_supplicant does not do Wi-Fi Direct");
    } else if (!take_interface(self, wanted)) {
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_NO_SUPPLICANT,
                    "wpa_supplicant drives no interface%s%s", *wanted ? " " : "", wanted);
    }
    return self->path != NULL;
}

static void dbus_close(void *backend)
{
    Dbus *self = backend;

    if (self->announced && !self->gone)
        set(self, WPAS_PATH, WPAS, "WFDIEs",
            g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, "", 0, 1));
    if (self->signals)
        g_dbus_connection_signal_unsubscribe(self->bus, self->signals);
    if (self->names)
        g_dbus_connection_signal_unsubscribe(self->bus, self->names);
    if (self->bus)
        g_dbus_connection_close_sync(self->bus, NULL, NULL);
    g_clear_object(&self->bus);
    g_free(self->path);
    g_free(self);
}

static void *dbus_open(const McSupplicantConfig *config, const McSupplicantCalls *calls,
                       GMainContext *context, GError **error)
{
    Dbus *self = g_new0(Dbus, 1);
    g_autoptr(GError) own = NULL;

    self->calls = *calls;
    self->bus = mc_system_bus_connect(&own);
    if (!self->bus)
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_NO_SUPPLICANT, "no system bus: %s",
                    own->message);
    if (!self->bus || !find_interface(self, config->interface, error)) {
        dbus_close(self);
        return NULL;
    }
    /* Delivered in the thread-default context, which is the engine's. */
    self->signals = g_dbus_connection_signal_subscribe(
        self->bus, WPAS, NULL, NULL, NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_signal, self, NULL);
    self->names = g_dbus_connection_signal_subscribe(
        self->bus, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
        "/org/freedesktop/DBus", WPAS, G_DBUS_SIGNAL_FLAGS_NONE, on_owner, self, NULL);
    return self;
}

static const char *dbus_interface(void *backend)
{
    return ((Dbus *) backend)->interface;
}

static char *dbus_describe(void *backend)
{
    return g_strdup_printf("wpa_supplicant on the system bus, interface %s",
                           ((Dbus *) backend)->interface);
}

const McSupplicantBackend mc_supplicant_dbus = {
    .kind = "dbus",
    .abilities = MC_ABILITY_ALL,
    .open = dbus_open,
    .close = dbus_close,
    .command = dbus_command,
    .interface = dbus_interface,
    .describe = dbus_describe,
};
