/* SPDX-License-Identifier: MIT */
/* wpa_supplicant over D-Bus: settings, and what gives everything back. */
#include <string.h>

#include "p2p/wpas-dbus-private.h"

/* The configuration file is written by the card's P2P device, with each group to remember and all
 * that is set then; no word on the bus has it written again (SaveConfig writes what the station's
 * interface knows, without those groups). */

/* call NULL: no longer. */
static void hold(McWpasDbus *self, McLease item, const McGuardCall *call)
{
    GVariant *parameters = call ? call->parameters : NULL;

    if (parameters)
        g_variant_ref_sink(parameters); /* who cannot hold it lets go of it, too */
    self->held[item] = self->bus_path &&
                       mc_guard_hold_calls(self->guard, item, self->bus_path, call, call ? 1 : 0) &&
                       call;
    g_clear_pointer(&parameters, g_variant_unref);
}

static McGuardCall set_call(const char *path, const char *interface, const char *property,
                            GVariant *value)
{
    return (McGuardCall){WPAS, path, DBUS_PROPERTIES, "Set",
                         g_variant_new("(ssv)", interface, property, value)};
}

/* --- settings --------------------------------------------------------------------------------- */

/* A dictionary of one: wpa_supplicant leaves what is not in it. */
static GVariant *config_with(const char *name, GVariant *value)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", name, value);
    return g_variant_builder_end(&builder);
}

/* What is not in the dictionary was never set. */
static void hold_name(McWpasDbus *self, const char *now)
{
    g_autoptr(GVariant) all = NULL;
    const char *before = "";

    if (self->asked[MC_LEASE_NAME] ||
        !(all = mc_wpas_dbus_get(self, self->path, WPAS_P2P, "P2PDeviceConfig",
                                 G_VARIANT_TYPE_VARDICT)))
        return;
    self->asked[MC_LEASE_NAME] = true;
    g_variant_lookup(all, "DeviceName", "&s", &before);
    if (strcmp(before, now) == 0)
        return;
    McGuardCall back = set_call(self->path, WPAS_P2P, "P2PDeviceConfig",
                                config_with("DeviceName", g_variant_new_string(before)));
    hold(self, MC_LEASE_NAME, &back);
}

bool mc_wpas_dbus_set_named(McWpasDbus *self, const McCommand *command)
{
    if (strcmp(command->name, "device_name") != 0)
        return false;
    hold_name(self, command->value);
    return mc_wpas_dbus_set(self, self->path, WPAS_P2P, "P2PDeviceConfig",
                            config_with("DeviceName", g_variant_new_string(command->value)));
}

/* Without elements Wi-Fi Display is off, with some it is on: one property for both. */
static void hold_elements(McWpasDbus *self)
{
    g_autoptr(GVariant) before = NULL;

    if (self->asked[MC_LEASE_ELEMENTS] ||
        !(before = mc_wpas_dbus_get(self, WPAS_PATH, WPAS, "WFDIEs", G_VARIANT_TYPE_BYTESTRING)))
        return;
    self->asked[MC_LEASE_ELEMENTS] = true;
    McGuardCall back = set_call(WPAS_PATH, WPAS, "WFDIEs", before);
    hold(self, MC_LEASE_ELEMENTS, &back);
}

bool mc_wpas_dbus_set_wfd(McWpasDbus *self, const char *hex)
{
    uint8_t bytes[MC_COMMAND_VALUE / 2];
    size_t len = 0;

    hold_elements(self);
    return mc_hex_parse(hex, -1, bytes, sizeof(bytes), &len) &&
           mc_wpas_dbus_set(self, WPAS_PATH, WPAS, "WFDIEs",
                            g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, len, 1));
}

bool mc_wpas_dbus_drop_station(McWpasDbus *self)
{
    const McGuardCall reconnect = {WPAS, self->path, WPAS_INTERFACE, "Reconnect", NULL};

    hold(self, MC_LEASE_STATION, &reconnect);
    g_autoptr(GVariant) reply =
        mc_wpas_dbus_call(self, self->path, WPAS_INTERFACE, "Disconnect", NULL, NULL);
    return reply != NULL;
}

/* --- the radio -------------------------------------------------------------------------------- */

void mc_wpas_dbus_hold_before(McWpasDbus *self, const McCommand *command)
{
    const McGuardCall stop = {WPAS, self->path, WPAS_P2P, "StopFind", NULL};

    if (command->kind == MC_COMMAND_FIND)
        hold(self, MC_LEASE_FIND, &stop);
}

void mc_wpas_dbus_lease(void *backend, bool resting, const char *ifname)
{
    McWpasDbus *self = backend;
    const McGuardCall cancel = {WPAS, self->path, WPAS_P2P, "Cancel", NULL};

    if (self->held[MC_LEASE_CONNECT] == resting)
        hold(self, MC_LEASE_CONNECT, resting ? NULL : &cancel);
    mc_station_group_note(&self->group, ifname);
    if (self->held[MC_LEASE_GROUP] != (*ifname != '\0')) {
        g_autofree char *path = *ifname ? mc_wpas_object_of(self->bus, ifname) : NULL;
        const McGuardCall remove = {WPAS, path, WPAS_P2P, "Disconnect", NULL};

        hold(self, MC_LEASE_GROUP, path ? &remove : NULL);
    }
}
