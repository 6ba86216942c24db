/* SPDX-License-Identifier: MIT */
#include "p2p/nm-unlisted.h"

#include "p2p/wpas-bus.h"

static gsize known_to_wpas(GDBusConnection *bus, const char *path)
{
    g_autoptr(GVariant) reply = mc_wpas_call(bus, path, DBUS_PROPERTIES, "Get",
                                             g_variant_new("(ss)", WPAS_P2P, "Peers"), "(v)", NULL);
    g_autoptr(GVariant) peers = NULL;

    if (!reply)
        return 0;
    g_variant_get(reply, "(v)", &peers);
    return g_variant_is_of_type(peers, G_VARIANT_TYPE("ao")) ? g_variant_n_children(peers) : 0;
}

bool mc_nm_forget_unlisted(GDBusConnection *bus, const char *station, gsize n_listed)
{
    g_autofree char *path = mc_wpas_object_of(bus, station);

    if (!path || known_to_wpas(bus, path) <= n_listed)
        return false;
    g_autoptr(GVariant) reply = mc_wpas_call(bus, path, WPAS_P2P, "Flush", NULL, NULL, NULL);
    return reply != NULL;
}
