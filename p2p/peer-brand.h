/* SPDX-License-Identifier: MIT */
/* p2p/peer-brand.h - habits of known families of sinks, as data: a row of a table each.
 * Thread: any; constant.  Owner: none. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    MC_PEER_ROLE_ANY,
    MC_PEER_ROLE_PEER_IS_GO,   /* it insists on owning the group: intent 0 first */
    MC_PEER_ROLE_JOIN_RUNNING, /* it already runs one: do not negotiate */
    MC_PEER_ROLE_WE_ARE_GO,
} McPeerRole;

/* Habits of a family of devices. Data, chosen by the first rows that match. */
typedef struct {
    const char *name_prefix;         /* of the device name, case ignored; NULL: any */
    const char *manufacturer_prefix; /* of the manufacturer, case ignored; NULL: any */
    const char *label;
    const char *open_screen; /* where its owner makes it visible, NULL: unknown */
    McPeerRole role;
    unsigned patience_ms;    /* longest time it was seen to need for one step; 0: ordinary */
    unsigned avoid_freq_mhz; /* it refuses this channel; 0: none */
    bool provision_first;    /* asks its user only upon provision discovery */
    bool keep_when_lost;     /* stops answering probes while in a group */
} McPeerBrand;

/* The first row that matches; never NULL, the last one has no habits. */
const McPeerBrand *mc_peer_brand_for(const char *name, const char *manufacturer);
