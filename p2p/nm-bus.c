/* SPDX-License-Identifier: MIT */
#include "p2p/nm-bus.h"

#include <net/if.h>
#include <string.h>

#include "p2p/nm-values.h"

enum { CALL_MS = 4000, MAX_DEVICES = 256, DEVICE_TYPE_WIFI_P2P = 30 };

GVariant *mc_nm_call(GDBusConnection *bus, const char *path, const char *interface,
                     const char *method, GVariant *parameters, const char *type, GError **error)
{
    return g_dbus_connection_call_sync(bus, MC_NM, path, interface, method, parameters,
                                       G_VARIANT_TYPE(type), G_DBUS_CALL_FLAGS_NO_AUTO_START,
                                       CALL_MS, NULL, error);
}

GVariant *mc_nm_get_all(GDBusConnection *bus, const char *path, const char *interface)
{
    g_autoptr(GVariant) reply = mc_nm_call(bus, path, "org.freedesktop.DBus.Properties", "GetAll",
                                           g_variant_new("(s)", interface), "(a{sv})", NULL);

    return reply ? g_variant_get_child_value(reply, 0) : NULL;
}

static bool is_denied(const GError *error)
{
    g_autofree char *name = g_dbus_error_get_remote_error(error);

    return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_AUTH_FAILED) ||
           (name && g_str_has_suffix(name, ".PermissionDenied"));
}

char *mc_nm_refusal(const GError *error)
{
    g_autoptr(GError) plain = g_error_copy(error);

    if (is_denied(error))
        return g_strdup("FAIL-PERMISSION");
    g_dbus_error_strip_remote_error(plain);
    return g_strdup_printf("FAIL NetworkManager: %s", g_strdelimit(plain->message, "\r\n\t", ' '));
}

static bool take_device(GDBusConnection *bus, const char *path, const char *station,
                        McNmDevice *ret)
{
    g_autoptr(GVariant) properties = mc_nm_get_all(bus, path, MC_NM_DEVICE);
    const char *ifname = properties ? mc_nm_text(properties, "Interface") : "";

    if (!*ifname || strlen(mc_nm_station_interface(ifname)) >= IFNAMSIZ ||
        mc_nm_number(properties, "DeviceType") != DEVICE_TYPE_WIFI_P2P ||
        (*station && strcmp(mc_nm_station_interface(ifname), station) != 0))
        return false;
    g_free(ret->path);
    ret->path = g_strdup(path);
    g_strlcpy(ret->ifname, ifname, sizeof(ret->ifname));
    ret->state = mc_nm_number(properties, "State");
    return true;
}

bool mc_nm_find_device(GDBusConnection *bus, const char *station, McNmDevice *ret)
{
    g_autoptr(GVariant) reply =
        mc_nm_call(bus, MC_NM_PATH, MC_NM, "GetDevices", NULL, "(ao)", NULL);
    g_autoptr(GVariant) paths = reply ? g_variant_get_child_value(reply, 0) : NULL;
    gsize n = paths ? g_variant_n_children(paths) : 0;

    *ret = (McNmDevice){0};
    for (gsize i = 0; i < MIN(n, MAX_DEVICES); i++) {
        const char *path;

        g_variant_get_child(paths, i, "&o", &path);
        if (take_device(bus, path, station, ret) && ret->state > MC_NM_STATE_UNMANAGED)
            break;
    }
    return ret->path != NULL;
}
