/* SPDX-License-Identifier: MIT */
/* p2p/dbus-values.h - wpa_supplicant's D-Bus properties and signals in the words of its control
 * socket, which the Wi-Fi Direct machine understands.
 * Thread: any; pure functions over values that may hold anything.  Owner: none. */
#pragma once

#include "p2p/wpa-event.h"

/* ".../Peers/420000000100" and the like; false: no such path. */
bool mc_dbus_path_mac(const char *path, McMac *ret);
/* ".../PersistentGroups/3"; -1: no such path. */
int mc_dbus_path_number(const char *path);

/* Properties of a peer (a{sv}) as the reply to P2P_PEER. Free with g_free(). */
char *mc_dbus_peer_reply(const McMac *address, GVariant *properties, int persistent_id);
/* The same as P2P-DEVICE-FOUND. */
void mc_dbus_peer_event(const McMac *address, GVariant *properties, McWpaEvent *ret);

/* A signal of fi.w1.wpa_supplicant1.Interface.P2PDevice. False: none that matters, or not in the
 * expected form. GroupStarted and GroupFinished lack what their objects have: see below. */
bool mc_dbus_signal_event(const char *name, GVariant *parameters, McWpaEvent *ret);
/* Path of the group's interface that GroupStarted and GroupFinished name; NULL: none. Of
 * parameters' life. */
const char *mc_dbus_signal_interface(GVariant *parameters);

/* A line of LIST_NETWORKS for a persistent group's Properties (a{sv}); g_free(). */
char *mc_dbus_group_line(int id, GVariant *properties);
bool mc_dbus_group_has_peer(GVariant *properties, const McMac *peer);
