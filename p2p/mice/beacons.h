/* SPDX-License-Identifier: MIT */
/* p2p/mice/beacons.h - sinks that say in their beacons and probe responses that they take Miracast
 * over Infrastructure, out of wpa_supplicant's scan results (MS-MICE 2.2.1): "BSS RANGE=..." on
 * its control socket.  It is asked for what it has heard; nothing is scanned.
 * Thread: any; reading blocks for one answer, 10 s at most.  Owner: the caller. */
#pragma once

#include "p2p/mice/announcement.h"
#include "p2p/supplicant.h"

typedef void (*McMiceHeard)(const McMiceAnnouncement *sink, void *user_data);

/* One reply, whose last block may be cut short. Number of blocks; *ret_last_id: of the last one. */
unsigned mc_mice_beacons_parse(const char *reply, unsigned *ret_last_id, McMiceHeard heard,
                               void *user_data);
/* False: there is no wpa_supplicant that we may ask. */
bool mc_mice_beacons_read(const McSupplicantConfig *config, McMiceHeard heard, void *user_data);
/* The sink whose host name that is, with or without ".local"; case does not matter. */
bool mc_mice_beacons_find(const McSupplicantConfig *config, const char *name,
                          McMiceAnnouncement *ret);
