/* SPDX-License-Identifier: MIT */
/* p2p/wpas-bus.h - calls to wpa_supplicant on the system bus, each with a deadline and its types
 * checked.
 * Thread: the caller's, which waits.  Owner: none. */
#pragma once

#include <gio/gio.h>

#define WPAS "fi.w1.wpa_supplicant1"
#define WPAS_PATH "/fi/w1/wpa_supplicant1"
#define WPAS_INTERFACE WPAS ".Interface"
#define WPAS_P2P WPAS ".Interface.P2PDevice"
#define WPAS_PEER WPAS ".Peer"
#define WPAS_GROUP WPAS ".Group"
#define WPAS_PERSISTENT WPAS ".PersistentGroup"
#define DBUS_PROPERTIES "org.freedesktop.DBus.Properties"

/* parameters may be floating, or NULL; so may type: any. NULL with G_DBUS_ERROR or G_IO_ERROR:
 * refused, no answer in time, or one of another type. */
GVariant *mc_wpas_call(GDBusConnection *bus, const char *path, const char *interface,
                       const char *method, GVariant *parameters, const char *type, GError **error);
/* The object of a network interface that it drives: g_free(). NULL: it drives no such one. */
char *mc_wpas_object_of(GDBusConnection *bus, const char *ifname);
