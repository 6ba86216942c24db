/* SPDX-License-Identifier: MIT */
#include "p2p/wpas-bus.h"

enum { CALL_MS = 10000 };

GVariant *mc_wpas_call(GDBusConnection *bus, const char *path, const char *interface,
                       const char *method, GVariant *parameters, const char *type, GError **error)
{
    return g_dbus_connection_call_sync(bus, WPAS, path, interface, method, parameters,
                                       type ? G_VARIANT_TYPE(type) : NULL,
                                       G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_MS, NULL, error);
}

char *mc_wpas_object_of(GDBusConnection *bus, const char *ifname)
{
    g_autoptr(GVariant) reply = mc_wpas_call(bus, WPAS_PATH, WPAS, "GetInterface",
                                             g_variant_new("(s)", ifname), "(o)", NULL);
    char *path = NULL;

    if (reply)
        g_variant_get(reply, "(o)", &path);
    return path;
}
