/* SPDX-License-Identifier: MIT */
/* p2p/station.h - the radio link to the sink, as nl80211 measures it; and its power save.
 * Thread: any; each call asks the kernel anew.  Owner: none. */
#pragma once

#include "p2p/wpa-event.h"

typedef struct {
    McMac mac;
    uint32_t tx_kbps, rx_kbps; /* PHY rates of the last frames; 0: unknown */
    int signal_dbm;            /* 0: unknown */
    uint64_t tx_bytes, rx_bytes;
    uint32_t tx_packets, tx_retries, tx_failed; /* since it came in */
    uint32_t inactive_ms;
} McStation;

/* The attributes of an nl80211 message about a station. False: it names none. */
bool mc_station_parse(const void *attributes, int len, McStation *ret);
/* The one station of a group's interface (the owner, where we are client). False: there is none,
 * or the interface is no radio. */
bool mc_station_read(const char *ifname, McStation *ret);
/* Who owns the group and its channel (MHz). False: no radio's interface, or none of a group. */
bool mc_station_group(const char *ifname, McWpaRole *ret_role, unsigned *ret_freq_mhz);
/* A group's interface outlives a supplicant that was killed: nobody else removes it then. */
typedef struct {
    char ifname[16];
    unsigned ifindex; /* 0: none; the name may be another's later */
} McStationGroup;
void mc_station_group_note(McStationGroup *self, const char *ifname); /* "": there is none */
void mc_station_group_remove(const McStationGroup *self); /* if it is there, and a group's still */
/* False: refused, most often by the driver. */
bool mc_station_set_power_save(const char *ifname, bool on);
