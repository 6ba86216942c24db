/* SPDX-License-Identifier: MIT */
/* p2p/wpas-names.h - wpa_supplicant's names on the system bus. */
#pragma once

#define WPAS "fi.w1.wpa_supplicant1"
#define WPAS_PATH "/fi/w1/wpa_supplicant1"
#define WPAS_INTERFACE WPAS ".Interface"
#define WPAS_P2P WPAS ".Interface.P2PDevice"
#define WPAS_PEER WPAS ".Peer"
#define WPAS_GROUP WPAS ".Group"
#define WPAS_PERSISTENT WPAS ".PersistentGroup"
#define DBUS_PROPERTIES "org.freedesktop.DBus.Properties"
