/* SPDX-License-Identifier: MIT */
/* p2p/command.h - what the Wi-Fi Direct machine wants of wpa_supplicant, as a typed value, and its
 * text for the control socket.  The answers are the control socket's too ("OK", "FAIL...", a PIN,
 * the lines of P2P_PEER); other back ends phrase theirs like them.
 * Thread: any; plain values and pure functions.  Owner: none. */
#pragma once

#include "p2p/peer.h"

typedef enum {
    MC_COMMAND_SET,            /* name, value */
    MC_COMMAND_WIFI_DISPLAY,   /* on */
    MC_COMMAND_WFD,            /* value: hex of all sub-elements */
    MC_COMMAND_FIND,           /* seconds, social */
    MC_COMMAND_STOP_FIND,      /* */
    MC_COMMAND_PEER,           /* peer */
    MC_COMMAND_PROV_DISC,      /* peer, method, join */
    MC_COMMAND_CONNECT,        /* peer, method, pin, join, go_intent, freq_mhz */
    MC_COMMAND_INVITE,         /* peer, network_id, freq_mhz */
    MC_COMMAND_CANCEL,         /* */
    MC_COMMAND_GROUP_REMOVE,   /* ifname */
    MC_COMMAND_LIST_NETWORKS,  /* */
    MC_COMMAND_NETWORK_PEERS,  /* network_id: devices that may come into this group of ours */
    MC_COMMAND_REMOVE_NETWORK, /* network_id */
    MC_COMMAND_SAVE,           /* */
    MC_COMMAND_DROP_STATION,   /* the card's connection to an access point ends, until we end */
    MC_COMMAND_N
} McCommandKind;

#define MC_COMMAND_VALUE 192

typedef struct {
    McCommandKind kind;
    McMac peer;
    McPeerMethod method;
    char pin[9]; /* never to be logged */
    bool join;   /* the peer owns a group already */
    bool on;
    bool social;   /* only the three channels where devices listen: no scan first */
    int go_intent; /* 0 to 15; unused with join */
    unsigned freq_mhz, seconds;
    int network_id;
    char ifname[16];
    const char *name; /* static */
    char value[MC_COMMAND_VALUE];
} McCommand;

/* "P2P_CONNECT 42:00:00:00:01:00 pbc persistent go_intent=15 freq=2412". Free with g_free(). */
char *mc_command_text(const McCommand *self);
/* The same for logs: without the PIN. */
char *mc_command_text_redacted(const McCommand *self);

/* A line of LIST_NETWORKS that is a persistent group. */
typedef struct {
    int id;
    char ssid[100]; /* as wpa_supplicant prints it */
    McMac bssid;    /* its owner's device address */
} McRememberedGroup;
/* Returns how many of at most max were found. */
unsigned mc_remembered_groups_parse(const char *reply, McRememberedGroup *ret, unsigned max);
/* Whether a reply to NETWORK_PEERS names this device and no other. */
bool mc_remembered_group_is_only_for(const char *reply, const McMac *peer);
