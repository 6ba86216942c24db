/* SPDX-License-Identifier: MIT */
/* wpa_supplicant over D-Bus: groups, remembered ones too. */
#include "p2p/dbus-values.h"
#include "p2p/wpas-dbus-private.h"

enum { MAX_GROUPS = 64 };

bool mc_wpas_dbus_remove_group(McWpasDbus *self, const char *ifname)
{
    g_autofree char *path = mc_wpas_object_of(self->bus, ifname);
    g_autoptr(GVariant) reply =
        path ? mc_wpas_dbus_call(self, path, WPAS_P2P, "Disconnect", NULL, NULL) : NULL;

    return reply != NULL;
}

/* --- persistent groups ------------------------------------------------------------------------ */

static GVariant *group_properties(McWpasDbus *self, const char *path)
{
    return mc_wpas_dbus_get(self, path, WPAS_PERSISTENT, "Properties", G_VARIANT_TYPE_VARDICT);
}

static GVariant *persistent_groups(McWpasDbus *self)
{
    return mc_wpas_dbus_get(self, self->path, WPAS_P2P, "PersistentGroups", G_VARIANT_TYPE("ao"));
}

int mc_wpas_dbus_remembered_with(McWpasDbus *self, const McMac *peer)
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

char *mc_wpas_dbus_list_groups(McWpasDbus *self)
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

char *mc_wpas_dbus_group_peers(McWpasDbus *self, int id)
{
    g_autofree char *path = g_strdup_printf("%s/PersistentGroups/%d", self->path, id);
    g_autoptr(GVariant) properties = group_properties(self, path);
    const char *clients = NULL;

    if (properties)
        g_variant_lookup(properties, "p2p_client_list", "&s", &clients);
    return g_strdup(clients ? clients : "FAIL");
}

bool mc_wpas_dbus_forget_group(McWpasDbus *self, int id)
{
    g_autofree char *path = g_strdup_printf("%s/PersistentGroups/%d", self->path, id);

    return mc_wpas_dbus_p2p(self, "RemovePersistentGroup", g_variant_new("(o)", path));
}
