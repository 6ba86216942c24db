/* SPDX-License-Identifier: MIT */
/* wpa_supplicant over D-Bus: its signals as events. */
#include <string.h>

#include "p2p/dbus-values.h"
#include "p2p/wpas-dbus-private.h"

static void tell(McWpasDbus *self, const McWpaEvent *event)
{
    g_debug("D-Bus ! %s", mc_wpa_event_kind_name(event->kind));
    self->calls.on_event(event, self->calls.user_data);
}

static void on_found(McWpasDbus *self, GVariant *parameters)
{
    const char *path;
    McWpaEvent event;
    McMac mac;

    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(o)")))
        return;
    g_variant_get(parameters, "(&o)", &path);
    g_autoptr(GVariant) properties = mc_wpas_dbus_get_all(self, path, WPAS_PEER);
    if (!properties || !mc_dbus_path_mac(path, &mac))
        return;
    mc_dbus_peer_event(&mac, properties, &event);
    tell(self, &event);
}

/* The signal names objects; what the machine wants to know are their properties. */
static void complete_group(McWpasDbus *self, GVariant *parameters, McWpaEvent *event)
{
    const char *path = mc_dbus_signal_interface(parameters);
    g_autoptr(GVariant) name =
        path ? mc_wpas_dbus_get(self, path, WPAS_INTERFACE, "Ifname", G_VARIANT_TYPE_STRING) : NULL;
    g_autoptr(GVariant) dictionary = g_variant_get_child_value(parameters, 0);
    const char *group = NULL;
    McWpaRole role;

    if (name)
        g_strlcpy(event->ifname, g_variant_get_string(name, NULL), sizeof(event->ifname));
    g_variant_lookup(dictionary, "group_object", "&o", &group);
    g_autoptr(GVariant) freq =
        group ? mc_wpas_dbus_get(self, group, WPAS_GROUP, "Frequency", G_VARIANT_TYPE_UINT16)
              : NULL;
    g_autoptr(GVariant) ssid =
        group ? mc_wpas_dbus_get(self, group, WPAS_GROUP, "SSID", G_VARIANT_TYPE_BYTESTRING) : NULL;
    if (freq)
        event->freq_mhz = g_variant_get_uint16(freq);
    if (event->freq_mhz == 0) /* so it says of a group that we were called into; the kernel knows */
        mc_station_group(event->ifname, &role, &event->freq_mhz);
    if (ssid && g_variant_get_size(ssid) <= sizeof(event->ssid)) {
        event->ssid_len = (unsigned) g_variant_get_size(ssid);
        memcpy(event->ssid, g_variant_get_data(ssid), event->ssid_len);
    }
    event->go_dev_addr = self->target;
    event->have |= G_GUINT64_CONSTANT(1) << MC_WPA_KEY_GO_DEV_ADDR | G_GUINT64_CONSTANT(1)
                                                                         << MC_WPA_KEY_IFNAME;
}

/* Groups that were agreed upon have interfaces, too: those are no answer to an invitation. */
static void note_agreement(McWpasDbus *self, const McWpaEvent *event)
{
    if (event->kind == MC_WPA_EVENT_GO_NEG_SUCCESS || event->kind == MC_WPA_EVENT_GROUP_STARTED ||
        (event->kind == MC_WPA_EVENT_INVITATION_RESULT && event->status == 0))
        self->invited = false;
}

/* A sink that was invited and had to ask its user invites us in its turn. wpa_supplicant (2.10)
 * accepts that by itself and has no signal for it: its first sign is the interface of the group,
 * seconds before the group itself, and nothing else may be begun from then on. */
static void on_interface_added(McWpasDbus *self, GVariant *parameters)
{
    McWpaEvent event = {.kind = MC_WPA_EVENT_INVITATION_ACCEPTED, .priority = -1};
    const char *name = NULL;

    if (!self->invited || !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(oa{sv})")))
        return;
    g_autoptr(GVariant) properties = g_variant_get_child_value(parameters, 1);
    if (!g_variant_lookup(properties, "Ifname", "&s", &name) || !g_str_has_prefix(name, "p2p-"))
        return;
    self->invited = false;
    event.sa = self->target;
    event.have = G_GUINT64_CONSTANT(1) << MC_WPA_KEY_SA;
    tell(self, &event);
}

/* GroupFinished comes when the interface may be gone: its name is the path's that started. */
static void on_p2p_signal(McWpasDbus *self, const char *name, GVariant *parameters)
{
    McWpaEvent event;

    if (strcmp(name, "DeviceFound") == 0) {
        on_found(self, parameters);
    } else if (mc_dbus_signal_event(name, parameters, &event)) {
        if (event.kind == MC_WPA_EVENT_GROUP_STARTED || event.kind == MC_WPA_EVENT_GROUP_REMOVED)
            complete_group(self, parameters, &event);
        note_agreement(self, &event);
        tell(self, &event);
    }
}

/* PeerJoined names the device, StaAuthorized after it its interface. */
static void on_group_signal(McWpasDbus *self, const char *name, GVariant *parameters)
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

static void on_station(McWpasDbus *self, GVariant *parameters)
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
    McWpasDbus *self = user_data;

    if (strcmp(interface, WPAS_P2P) == 0)
        on_p2p_signal(self, name, parameters);
    else if (strcmp(interface, WPAS_GROUP) == 0)
        on_group_signal(self, name, parameters);
    else if (strcmp(interface, WPAS_INTERFACE) == 0 && strcmp(name, "StaAuthorized") == 0)
        on_station(self, parameters);
    else if (strcmp(interface, WPAS) == 0 && strcmp(name, "InterfaceAdded") == 0)
        on_interface_added(self, parameters);
}

static void on_owner(GDBusConnection *bus, const char *sender, const char *path,
                     const char *interface, const char *name, GVariant *parameters,
                     gpointer user_data)
{
    McWpasDbus *self = user_data;
    const char *who, *before, *now;

    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sss)")))
        return;
    g_variant_get(parameters, "(&s&s&s)", &who, &before, &now);
    if (*now || self->gone)
        return;
    self->gone = true;
    self->calls.on_gone(self->calls.user_data);
}

/* Delivered in the thread-default context, which is the engine's. */
void mc_wpas_dbus_subscribe(McWpasDbus *self)
{
    self->signals = g_dbus_connection_signal_subscribe(
        self->bus, WPAS, NULL, NULL, NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_signal, self, NULL);
    self->names = g_dbus_connection_signal_subscribe(
        self->bus, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
        "/org/freedesktop/DBus", WPAS, G_DBUS_SIGNAL_FLAGS_NONE, on_owner, self, NULL);
}

void mc_wpas_dbus_unsubscribe(McWpasDbus *self)
{
    if (self->signals)
        g_dbus_connection_signal_unsubscribe(self->bus, self->signals);
    if (self->names)
        g_dbus_connection_signal_unsubscribe(self->bus, self->names);
}
