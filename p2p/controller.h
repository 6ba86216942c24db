/* SPDX-License-Identifier: MIT */
/* p2p/controller.h - from "that television" to an address on its group: the Wi-Fi Direct machine.
 * No I/O, no clock, no threads: events and the time go in, actions come out.
 * Thread: one at a time.
 * Owner: p2p/engine, which carries out the actions in their order. */
#pragma once

#include "p2p/controller-action.h"
#include "p2p/controller-error.h"
#include "p2p/peer-list.h"
#include "p2p/plan.h"

/* What the back end can do beyond finding and pairing by button. */
#define MC_ABILITY_INVITE (1u << 0)   /* re-invoke remembered groups */
#define MC_ABILITY_INTENT (1u << 1)   /* choose who owns the group, and its channel */
#define MC_ABILITY_PIN (1u << 2)      /* pair by PIN */
#define MC_ABILITY_NETWORKS (1u << 3) /* list and remove remembered groups */
#define MC_ABILITY_LEASES (1u << 4)   /* know which address the sink was given */
#define MC_ABILITY_ALL 0x1fu

typedef struct {
    unsigned abilities;
    char device_name[33]; /* "": leave as it is */
    McWfdIe wfd;          /* what we announce */
    uint8_t group_ip[4];  /* ours in a group that we own; 0.0.0.0: 192.168.49.1 */
    unsigned reconnects;  /* how often to come back by itself after a loss */
    unsigned search_ms;   /* patience with a sink that is not in sight; 0: 30 s */
} McControllerConfig;

typedef enum {
    MC_CONTROLLER_METHOD_AUTO, /* what the sink offers: PBC, else a PIN */
    MC_CONTROLLER_METHOD_PBC,
    MC_CONTROLLER_METHOD_ENTER_PIN,
    MC_CONTROLLER_METHOD_SHOW_PIN,
} McControllerMethod;

typedef struct {
    McControllerMethod method;
    unsigned freq_mhz;
    McPlanBand band;
    bool may_drop_station;
    bool forget; /* do not use a group that both remember */
} McControllerWish;

typedef enum {
    MC_ADDRESS_OWN,   /* ours is set: own, and peer the group owner's if known */
    MC_ADDRESS_LEASE, /* our server gave peer its address */
    MC_ADDRESS_FAILED,
} McAddressEventKind;

typedef struct {
    McAddressEventKind kind;
    char ifname[16];
    uint8_t own_ip[4], peer_ip[4];
} McAddressEvent;

typedef struct McController McController;
McController *mc_controller_new(const McControllerConfig *config);
void mc_controller_free(McController *self);
void mc_controller_set_radio(McController *self, const McRadioFacts *facts);
/* Of the back end that was found; before anything is begun. */
void mc_controller_set_abilities(McController *self, unsigned abilities);

/* The user. Times are monotonic microseconds. discover() is independent of a connection. */
void mc_controller_discover(McController *self, bool on, gint64 now_us);
/* target: address, name, or a part of one name; "": the only sink. False: one is under way. */
bool mc_controller_connect(McController *self, const char *target, const McControllerWish *wish,
                           gint64 now_us);
bool mc_controller_pin(McController *self, const char *pin, gint64 now_us); /* false: no PIN */
void mc_controller_leave(McController *self, gint64 now_us);

/* The world. */
void mc_controller_event(McController *self, const McWpaEvent *event, gint64 now_us);
void mc_controller_reply(McController *self, unsigned id, const char *reply, gint64 now_us);
void mc_controller_address(McController *self, const McAddressEvent *event, gint64 now_us);
/* RTSP: the sink dialled in (address or NULL). */
void mc_controller_sink_dialled(McController *self, const uint8_t peer_ip[4], gint64 now_us);
void mc_controller_supplicant_gone(McController *self, gint64 now_us);
void mc_controller_tick(McController *self, gint64 now_us);
gint64 mc_controller_deadline(const McController *self); /* next tick; -1: none */

bool mc_controller_next_action(McController *self, McAction *ret); /* false: nothing to do */

McControllerState mc_controller_state(const McController *self);
const McPeerList *mc_controller_peers(const McController *self);
const McPeer *mc_controller_peer(const McController *self); /* the chosen one, or NULL */
const McPlan *mc_controller_plan(const McController *self);
/* Of the group, while there is one: */
const char *mc_controller_ifname(const McController *self); /* "" */
bool mc_controller_is_owner(const McController *self);
bool mc_controller_peer_ip(const McController *self, uint8_t ret[4]);
/* The sink's interface in the group; false: it is not in, or in its own group not known. */
bool mc_controller_station_mac(const McController *self, McMac *ret);
bool mc_controller_own_ip(const McController *self, uint8_t ret[4]);
unsigned mc_controller_freq_mhz(const McController *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McController, mc_controller_free)
