/* SPDX-License-Identifier: MIT */
/* "dbus": wpa_supplicant over the system bus (fi.w1.wpa_supplicant1): the commands of the machine
 * as method calls, signals as its events.  P2P methods belong to the station's interface object. */
#include <string.h>

#include "p2p/controller.h"
#include "p2p/dbus-values.h"
#include "p2p/link.h"
#include "p2p/system-bus.h"
#include "p2p/wpas-dbus-private.h"

static char *describe_peer(McWpasDbus *self, const McMac *mac)
{
    g_autofree char *path = mc_wpas_dbus_peer_path(self, mac);
    g_autoptr(GVariant) properties = mc_wpas_dbus_get_all(self, path, WPAS_PEER);

    return properties ? mc_dbus_peer_reply(mac, properties, mc_wpas_dbus_remembered_with(self, mac))
                      : g_strdup("FAIL");
}

static char *answer(McWpasDbus *self, const McCommand *command)
{
    bool ok = true;

    switch (command->kind) {
    case MC_COMMAND_PEER:
        return describe_peer(self, &command->peer);
    case MC_COMMAND_CONNECT:
        return mc_wpas_dbus_connect(self, command);
    case MC_COMMAND_LIST_NETWORKS:
        return mc_wpas_dbus_list_groups(self);
    case MC_COMMAND_NETWORK_PEERS:
        return mc_wpas_dbus_group_peers(self, command->network_id);
    case MC_COMMAND_WIFI_DISPLAY: /* comes with the elements */
        break;
    case MC_COMMAND_SET:
        ok = mc_wpas_dbus_set_named(self, command);
        break;
    case MC_COMMAND_WFD:
        ok = mc_wpas_dbus_set_wfd(self, command->value);
        break;
    case MC_COMMAND_FIND:
        ok = mc_wpas_dbus_find(self, command);
        break;
    case MC_COMMAND_STOP_FIND:
        ok = mc_wpas_dbus_p2p(self, "StopFind", NULL);
        break;
    case MC_COMMAND_PROV_DISC:
        ok = mc_wpas_dbus_provision(self, command);
        break;
    case MC_COMMAND_INVITE:
        ok = mc_wpas_dbus_invite(self, command);
        break;
    case MC_COMMAND_CANCEL:
        ok = mc_wpas_dbus_p2p(self, "Cancel", NULL);
        break;
    case MC_COMMAND_GROUP_REMOVE:
        ok = mc_wpas_dbus_remove_group(self, command->ifname);
        break;
    case MC_COMMAND_REMOVE_NETWORK:
        ok = mc_wpas_dbus_forget_group(self, command->network_id);
        break;
    case MC_COMMAND_DROP_STATION:
        ok = mc_wpas_dbus_drop_station(self);
        break;
    case MC_COMMAND_SAVE: /* with the next group to remember: see wpas-dbus-lease.c */
        break;
    default:
        ok = false;
    }
    return g_strdup(ok ? "OK" : "FAIL");
}

static void dbus_command(void *backend, unsigned id, const McCommand *command)
{
    McWpasDbus *self = backend;
    g_autofree char *redacted = mc_command_text_redacted(command);

    mc_wpas_dbus_hold_before(self, command);
    g_autofree char *reply = answer(self, command);

    g_debug("D-Bus > %s", redacted);
    self->calls.on_reply(id, reply, self->calls.user_data);
}

/* --- life ------------------------------------------------------------------------------------- */

/* The one that was named, or the first. */
static bool take_interface(McWpasDbus *self, const char *wanted)
{
    g_autoptr(GVariant) all =
        mc_wpas_dbus_get(self, WPAS_PATH, WPAS, "Interfaces", G_VARIANT_TYPE("ao"));
    gsize n = all ? g_variant_n_children(all) : 0;

    for (gsize i = 0; i < n && !self->path; i++) {
        const char *path;

        g_variant_get_child(all, i, "&o", &path);
        g_autoptr(GVariant) name =
            mc_wpas_dbus_get(self, path, WPAS_INTERFACE, "Ifname", G_VARIANT_TYPE_STRING);
        const char *ifname = name ? g_variant_get_string(name, NULL) : "";
        if (!*ifname || g_str_has_prefix(ifname, "p2p-") ||
            (*wanted && strcmp(wanted, ifname) != 0))
            continue;
        self->path = g_strdup(path);
        g_strlcpy(self->interface, ifname, sizeof(self->interface));
    }
    return self->path != NULL;
}

static bool has_p2p(McWpasDbus *self)
{
    g_autoptr(GVariant) all =
        mc_wpas_dbus_get(self, WPAS_PATH, WPAS, "Capabilities", G_VARIANT_TYPE("as"));
    g_autofree const char **words = all ? g_variant_get_strv(all, NULL) : NULL;

    return words && g_strv_contains(words, "p2p");
}

static bool find_interface(McWpasDbus *self, const char *wanted, GError **error)
{
    g_autoptr(GError) own = NULL;
    g_autoptr(GVariant) alive = mc_wpas_dbus_call(self, WPAS_PATH, DBUS_PROPERTIES, "GetAll",
                                                  g_variant_new("(s)", WPAS), &own);

    if (!alive) {
        bool denied = g_error_matches(own, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
        g_dbus_error_strip_remote_error(own);
        g_set_error(error, MC_LINK_ERROR,
                    denied ? MC_LINK_ERROR_NO_PERMISSION : MC_LINK_ERROR_NO_SUPPLICANT,
                    "wpa_supplicant on the system bus: %s",
                    denied ? "it does not let you in" : own->message);
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
    McWpasDbus *self = backend;

    if (self->gone) {
        mc_guard_free(self->guard); /* with it everything that was set there */
        mc_station_group_remove(&self->group);
    } else {
        mc_guard_undo(self->guard);
    }
    mc_wpas_dbus_unsubscribe(self);
    if (self->bus)
        g_dbus_connection_close_sync(self->bus, NULL, NULL);
    g_clear_object(&self->bus);
    g_free(self->path);
    g_free(self->bus_path);
    g_free(self);
}

static void *dbus_open(const McSupplicantConfig *config, const McSupplicantCalls *calls,
                       GMainContext *context, GError **error)
{
    McWpasDbus *self = g_new0(McWpasDbus, 1);
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
    mc_wpas_dbus_subscribe(self);
    self->bus_path = mc_guard_bus_path();
    self->guard = mc_guard_new();
    return self;
}

static const char *dbus_interface(void *backend)
{
    return ((McWpasDbus *) backend)->interface;
}

static char *dbus_describe(void *backend)
{
    return g_strdup_printf("wpa_supplicant on the system bus, interface %s",
                           ((McWpasDbus *) backend)->interface);
}

const McSupplicantBackend mc_supplicant_dbus = {
    .kind = "dbus",
    .abilities = MC_ABILITY_ALL,
    .open = dbus_open,
    .close = dbus_close,
    .command = dbus_command,
    .lease = mc_wpas_dbus_lease,
    .interface = dbus_interface,
    .describe = dbus_describe,
};
