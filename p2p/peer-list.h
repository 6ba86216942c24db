/* SPDX-License-Identifier: MIT */
/* p2p/peer-list.h - the Wi-Fi Direct devices in reach (p2p/peer.h), kept by wpa_supplicant's
 * events.
 * Thread: one at a time; no clock and no I/O of its own.
 * Owner: p2p/controller. The list is bounded: whoever invents addresses pushes out neither sinks
 * nor the chosen peer. */
#pragma once

#include "p2p/peer.h"
#include "p2p/wpa-event.h"

#define MC_PEER_MAX 64

typedef enum {
    MC_PEER_CHANGE_NONE,
    MC_PEER_CHANGE_ADDED,
    MC_PEER_CHANGE_UPDATED,
    MC_PEER_CHANGE_LOST,
} McPeerChange;

typedef struct McPeerList McPeerList;
McPeerList *mc_peer_list_new(void);
void mc_peer_list_free(McPeerList *self);

/* DEVICE-FOUND and DEVICE-LOST; other events change nothing. A pinned peer that is lost stays, out
 * of reach. *ret_peer (may be NULL) points into the list, valid until the next call; for
 * a lost one that left the list it is NULL. */
McPeerChange mc_peer_list_event(McPeerList *self, const McWpaEvent *event, gint64 now_us,
                                const McPeer **ret_peer);
/* The reply to P2P_PEER; false: of a device not in the list. */
bool mc_peer_list_details(McPeerList *self, const char *reply);
/* Drops what was not heard of for max_age_us, except the pinned peer. Returns how many. */
unsigned mc_peer_list_expire(McPeerList *self, gint64 now_us, gint64 max_age_us);
void mc_peer_list_clear(McPeerList *self);                     /* except the pinned peer */
void mc_peer_list_pin(McPeerList *self, const McMac *address); /* NULL: none */
void mc_peer_list_forget_persistent(McPeerList *self, const McMac *address);

unsigned mc_peer_list_count(const McPeerList *self);
const McPeer *mc_peer_list_nth(const McPeerList *self, unsigned n); /* order of first sight */
const McPeer *mc_peer_list_find(const McPeerList *self, const McMac *address);
/* The best match of what a person typed: address, whole name, or only beginning of a name, or only
 * part of one, case ignored. NULL and *ret_ambiguous if several fit, or none does. */
const McPeer *mc_peer_list_lookup(const McPeerList *self, const char *text, bool *ret_ambiguous);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McPeerList, mc_peer_list_free)
