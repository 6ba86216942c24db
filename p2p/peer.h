/* SPDX-License-Identifier: MIT */
/* p2p/peer.h - one Wi-Fi Direct device in reach: what it is, whether it can be cast to, and how.
 * Thread: any; pure functions over a plain value.  Owner: p2p/peer-list. */
#pragma once

#include "p2p/mac.h"
#include "p2p/peer-brand.h"
#include "p2p/wfd-ie.h"

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
/* How well it fits what a person typed: 0: not; the more, the better. Case is ignored. */
int mc_peer_fit(const McPeer *self, const char *text);
