/* SPDX-License-Identifier: MIT */
/* p2p/mice/resolve.h - where a sink is: its address and control port, from what a person typed,
 * mDNS, its beacons, and the system's resolver.
 * Thread: any; blocks while it asks.  Owner: p2p/mice/backend. */
#pragma once

#include "p2p/link.h"
#include "p2p/mice/announcement.h"

struct addrinfo;
typedef struct {
    struct addrinfo *addresses; /* to try, best first; the caller's, freeaddrinfo() */
    uint16_t port;              /* of the first */
    bool heard;                 /* its beacons were, and say: */
    McMiceAnnouncement announcement;
} McMicePlace;

/* wake_fd becoming readable ends the waiting for mDNS; what follows is not asked then where
 * *cancelled (atomic) is set.  Errors: MC_LINK_ERROR_UNREACHABLE. */
bool mc_mice_resolve(const McLinkConfig *config, int wake_fd, const gint *cancelled,
                     McMicePlace *ret, GError **error);
