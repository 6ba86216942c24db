/* SPDX-License-Identifier: MIT */
/* p2p/nm-bus.h - calls to NetworkManager on the system bus, each with a deadline and its types
 * checked.
 * Thread: the caller's, which waits.  Owner: none. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#define MC_NM "org.freedesktop.NetworkManager"
#define MC_NM_PATH "/org/freedesktop/NetworkManager"
#define MC_NM_DEVICE MC_NM ".Device"
#define MC_NM_P2P MC_NM ".Device.WifiP2P"
#define MC_NM_PEER MC_NM ".WifiP2PPeer"
#define MC_NM_ACTIVE MC_NM ".Connection.Active"

/* parameters may be floating, or NULL. NULL with G_DBUS_ERROR or G_IO_ERROR: refused, no answer in
 * time, or one of another type than `type`. */
GVariant *mc_nm_call(GDBusConnection *bus, const char *path, const char *interface,
                     const char *method, GVariant *parameters, const char *type, GError **error);
GVariant *mc_nm_get_all(GDBusConnection *bus, const char *path, const char *interface); /* a{sv} */
/* What the machine is told for an error: "FAIL-PERMISSION", "FAIL <why>". g_free(). */
char *mc_nm_refusal(const GError *error);

typedef struct {
    char *path;
    char ifname[32]; /* "p2p-dev-wlp0s20f3": longer than an interface's name may be */
    unsigned state;  /* MC_NM_STATE_* */
} McNmDevice;
/* The managed Wi-Fi Direct device, or one that is not; of this station interface, "": any. False:
 * there is none. */
bool mc_nm_find_device(GDBusConnection *bus, const char *station, McNmDevice *ret);
