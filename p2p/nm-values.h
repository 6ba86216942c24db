/* SPDX-License-Identifier: MIT */
/* p2p/nm-values.h - NetworkManager's D-Bus values (org.freedesktop.NetworkManager) in the words of
 * wpa_supplicant's control socket, which the Wi-Fi Direct machine understands, and ours in its.
 * Thread: any; pure functions over values that may hold anything.  Owner: none. */
#pragma once

#include "p2p/wpa-event.h"

/* NMDeviceState; what lies between is on the way up. */
enum {
    MC_NM_STATE_UNMANAGED = 10,
    MC_NM_STATE_UNAVAILABLE = 20,
    MC_NM_STATE_DISCONNECTED = 30,
    MC_NM_STATE_PREPARE = 40,
    MC_NM_STATE_IP_CONFIG = 70, /* the group is there */
    MC_NM_STATE_ACTIVATED = 100,
    MC_NM_STATE_DEACTIVATING = 110,
    MC_NM_STATE_FAILED = 120,
};

/* Properties (a{sv}) of a WifiP2PPeer as wpa_supplicant gives them (a{sv}, see p2p/dbus-values.h),
 * and its device address. NULL: it has no address. */
GVariant *mc_nm_peer_properties(GVariant *properties, McMac *ret_address);

/* A device's property, 0 or "" if it is not there or of another type. text: of properties' life. */
unsigned mc_nm_number(GVariant *properties, const char *name);
const char *mc_nm_text(GVariant *properties, const char *name);
/* The group's interface by a device's properties; false: there is none yet. */
bool mc_nm_group_interface(GVariant *properties, char ret[16]);
/* "wlan0" of "p2p-dev-wlan0". */
const char *mc_nm_station_interface(const char *device_interface);

/* Settings (a{sa{sv}}) of a connection with peer, by the button; wfd: all sub-elements announced.
 */
GVariant *mc_nm_connection(const McMac *peer, const uint8_t *wfd, size_t wfd_len);
/* It ends with its connection to the bus, and nobody keeps it (a{sv}). */
GVariant *mc_nm_connection_options(void);

/* How an activation ended, by NMDeviceStateReason: before there was a group (ifname NULL), or one.
 */
void mc_nm_end_event(unsigned reason, const char *ifname, McWpaEvent *ret);
/* NMActiveConnectionStateReason in terms of NMDeviceStateReason. */
unsigned mc_nm_reason_of_active(unsigned reason);
/* True: GetPermissions' answer (a{ss}) forbids Wi-Fi Direct. */
bool mc_nm_is_forbidden(GVariant *permissions);
