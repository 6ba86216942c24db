/* SPDX-License-Identifier: MIT */
/* p2p/mice/announcement.h - what a sink's beacons and probe responses say of Miracast over
 * Infrastructure: a vendor extension in the WSC element (MS-MICE 2.2.1). No I/O.
 * Thread: any.
 * Owner: none. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MC_MICE_TRANSPORTS_MAX 8u
typedef enum {
    MC_MICE_TRANSPORT_INFRASTRUCTURE = 1,
    MC_MICE_TRANSPORT_WIFI_DIRECT = 2
} McMiceTransport;

typedef struct {
    bool supported, encrypts, shows_pin;
    uint8_t version;
    char host[64];    /* unqualified; to be resolved by mDNS and DNS */
    char address[46]; /* numeric, the first IPv4 one, else the first; "": none */
    bool has_bssid;
    uint8_t bssid[6];                           /* access point that the sink is at */
    uint8_t transports[MC_MICE_TRANSPORTS_MAX]; /* best first; 0: end */
} McMiceAnnouncement;

/* ies: the information elements of a scan result, as wpa_supplicant's "ie=" has them.  False: they
 * hold no such extension, or a malformed one. */
bool mc_mice_announcement_from_ies(const uint8_t *ies, size_t len, McMiceAnnouncement *ret);
/* The vendor extension's data, from its OUI on. */
bool mc_mice_announcement_parse(const uint8_t *data, size_t len, McMiceAnnouncement *ret);
