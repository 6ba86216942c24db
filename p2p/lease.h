/* SPDX-License-Identifier: MIT */
/* p2p/lease.h - what is taken from a wpa_supplicant for a while, as slots of the guard. Each is
 * held with what gives it back before it is taken; what stands last is given back first: the group,
 * then what was set for it.
 * Thread: the back end's.  Owner: p2p/wpas-ctrl, p2p/wpas-dbus; of the last one p2p/nm-activation.
 */
#pragma once

#include "p2p/guard.h"

typedef enum {
    MC_LEASE_STATION,  /* its connection to an access point */
    MC_LEASE_FILE,     /* its configuration file, once it may hold the next one */
    MC_LEASE_NAME,     /* device_name */
    MC_LEASE_DISPLAY,  /* wifi_display */
    MC_LEASE_ELEMENTS, /* sub-elements of Wi-Fi Display */
    MC_LEASE_FIND,     /* its radio, for looking around */
    MC_LEASE_CONNECT,  /* a connection under way */
    MC_LEASE_GROUP,    /* a group's interface */
    MC_LEASE_N
} McLease;
G_STATIC_ASSERT(MC_LEASE_N <= MC_GUARD_MAX);
