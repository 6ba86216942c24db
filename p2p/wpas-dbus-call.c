/* SPDX-License-Identifier: MIT */
/* wpa_supplicant over D-Bus: calls and properties of its interface object. */
#include "p2p/wpas-dbus-private.h"

GVariant *mc_wpas_dbus_call(McWpasDbus *self, const char *path, const char *interface,
                            const char *method, GVariant *parameters, GError **error)
{
    return mc_wpas_call(self->bus, path, interface, method, parameters, NULL, error);
}

GVariant *mc_wpas_dbus_get(McWpasDbus *self, const char *path, const char *interface,
                           const char *property, const GVariantType *type)
{
    g_autoptr(GVariant) reply = mc_wpas_dbus_call(self, path, DBUS_PROPERTIES, "Get",
                                                  g_variant_new("(ss)", interface, property), NULL);
    g_autoptr(GVariant) value = NULL;

    if (!reply || !g_variant_is_of_type(reply, G_VARIANT_TYPE("(v)")))
        return NULL;
    g_variant_get(reply, "(v)", &value);
    return g_variant_is_of_type(value, type) ? g_steal_pointer(&value) : NULL;
}

/* All properties of a peer; NULL: it is not known. */
GVariant *mc_wpas_dbus_get_all(McWpasDbus *self, const char *path, const char *interface)
{
    g_autoptr(GVariant) reply = mc_wpas_dbus_call(self, path, DBUS_PROPERTIES, "GetAll",
                                                  g_variant_new("(s)", interface), NULL);

    return reply && g_variant_is_of_type(reply, G_VARIANT_TYPE("(a{sv})"))
               ? g_variant_get_child_value(reply, 0)
               : NULL;
}

bool mc_wpas_dbus_set(McWpasDbus *self, const char *path, const char *interface,
                      const char *property, GVariant *value)
{
    g_autoptr(GVariant) reply =
        mc_wpas_dbus_call(self, path, DBUS_PROPERTIES, "Set",
                          g_variant_new("(ssv)", interface, property, value), NULL);

    return reply != NULL;
}

char *mc_wpas_dbus_peer_path(const McWpasDbus *self, const McMac *mac)
{
    const uint8_t *b = mac->bytes;

    return g_strdup_printf("%s/Peers/%02x%02x%02x%02x%02x%02x", self->path, b[0], b[1], b[2], b[3],
                           b[4], b[5]);
}

bool mc_wpas_dbus_p2p(McWpasDbus *self, const char *method, GVariant *parameters)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply =
        mc_wpas_dbus_call(self, self->path, WPAS_P2P, method, parameters, &error);

    if (!reply)
        g_debug("%s: %s", method, error->message);
    return reply != NULL;
}
