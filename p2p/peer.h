/* SPDX-License-Identifier: MIT */
/* p2p/peer.h - the devices in reach: what each one is, whether it can be cast to, and how.
 * Thread: one at a time; no clock and no I/O of its own.  Owner: p2p/controller.
 * The list is bounded: whoever invents addresses pushes out neither sinks nor the chosen peer. */
#pragma once

#include "p2p/wpa-event.h"

#define MC_PEER_MAX 64

typedef enum {
    MC_PEER_KIND_UNKNOWN, /* no Wi-Fi Display element seen (yet) */
    MC_PEER_KIND_SOURCE,
    MC_PEER_KIND_SECONDARY_SINK, /* sound of a coupled pair only: not castable alone */
    MC_PEER_KIND_PRIMARY_SINK,
    MC_PEER_KIND_DUAL,
} McPeerKind;

typedef enum {
    MC_PEER_STATE_IRRELEVANT, /* no sink, and does not look like one */
    MC_PEER_STATE_NOT_READY,  /* looks like a television, but its display mode is off; see hint */
    MC_PEER_STATE_BUSY,       /* a sink that announces no free session */
    MC_PEER_STATE_READY,
} McPeerState;

typedef enum {
    MC_PEER_METHOD_PBC,       /* push button: nothing to type */
    MC_PEER_METHOD_ENTER_PIN, /* the sink shows a PIN, our user types it */
    MC_PEER_METHOD_SHOW_PIN,  /* we show a PIN, it is typed at the sink */
} McPeerMethod;

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

typedef struct {
    McMac address; /* device address: its identity */
    char name[100];
    char device_type[24];
    char manufacturer[100], model[100]; /* of P2P_PEER, "" until then */
    unsigned config_methods, dev_capab, group_capab;
    McWfdIe wfd;   /* device information from the event, all from P2P_PEER */
    int level_dbm; /* 0: unknown */
    unsigned listen_freq_mhz, oper_freq_mhz;
    int persistent_id; /* network to re-invoke, -1: none */
    bool in_reach;
    const McPeerBrand *brand; /* never NULL; the last row of the table has no habits */
    gint64 first_seen_us, last_seen_us;
} McPeer;

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
/* Whether that text could mean this one. */
bool mc_peer_matches(const McPeer *self, const char *text);
/* Pointers to all, best first: ready before busy before not ready, then by signal, then by name. */
GPtrArray *mc_peer_list_ranked(const McPeerList *self);

McPeerKind mc_peer_kind(const McPeer *self);
McPeerState mc_peer_state(const McPeer *self);
bool mc_peer_is_sink(const McPeer *self); /* primary sink or dual role */
bool mc_peer_has_hdcp(const McPeer *self);
uint16_t mc_peer_rtsp_port(const McPeer *self); /* a hint; 0: said nothing */
bool mc_peer_is_group_owner(const McPeer *self);
McPeerMethod mc_peer_method(const McPeer *self);
bool mc_peer_allows(const McPeer *self, McPeerMethod method);
const char *mc_peer_kind_text(McPeerKind kind);
const char *mc_peer_method_text(McPeerMethod method); /* "pbc", "enter-pin", "show-pin" */
/* What the owner should do before it can be cast to; NULL if it is ready. Free with g_free(). */
char *mc_peer_hint(const McPeer *self);
const McPeerBrand *mc_peer_brand_for(const char *name, const char *manufacturer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McPeerList, mc_peer_list_free)
