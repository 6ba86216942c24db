/* SPDX-License-Identifier: MIT */
/* p2p/station-watch.h - who comes into a group of ours and goes, as nl80211 tells it: for back ends
 * that do not say so.
 * Thread: the one that runs the GMainContext.  Owner: the back end, one for each group. */
#pragma once

#include <glib.h>

#include "p2p/mac.h"

typedef void (*McStationCall)(const McMac *station, bool came, void *user_data);

typedef struct McStationWatch McStationWatch;
/* NULL: the kernel has no nl80211, or no such interface. Stations that are in already are told by
 * mc_station_read(), asked after this. */
McStationWatch *mc_station_watch_new(const char *ifname, GMainContext *context, McStationCall call,
                                     void *user_data);
void mc_station_watch_free(McStationWatch *self); /* NULL is fine; also within the call */
