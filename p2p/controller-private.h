/* SPDX-License-Identifier: MIT */
/* p2p/controller-private.h - what the files of the Wi-Fi Direct machine share.
 * controller.c: state and time; controller-queue.c: what it asks for; controller-find.c: finding;
 * controller-target.c: who is meant; controller-connect.c: plan and attempts; controller-cure.c:
 * what follows a failed one; controller-group.c: the group; controller-events.c: events and
 * replies.
 * Thread and owner: as p2p/controller.h. */
#pragma once

#include "p2p/controller.h"

#define MC_CONTROLLER_FIND_PAUSE_MS 1000
#define MC_CONTROLLER_FIND_RETRY_MS 5000
#define MC_CONTROLLER_MAX_ACTIONS 256 /* progress beyond that is dropped, commands never */
#define MC_CONTROLLER_MAX_PENDING 32
#define MC_CONTROLLER_MAX_TRIES 12
#define MC_CONTROLLER_MAX_PINS 3
#define MC_CONTROLLER_MAX_GROUPS 32 /* remembered ones that are looked through */

typedef struct {
    unsigned id, generation;
    McCommandKind command;
    int network_id;
} McPendingCommand;

struct McController {
    McControllerConfig config;
    McRadioFacts radio;
    bool has_radio, announced, discovering;
    bool swept; /* the social channels; finds look everywhere from now on */
    McPeerList *peers;
    GQueue actions; /* McAction */
    unsigned next_id, next_pending;
    McPendingCommand pending[MC_CONTROLLER_MAX_PENDING];
    unsigned generation; /* a reply to a command of an earlier attempt counts no more */

    McControllerState state;
    gint64 now_us, deadline_us, find_at_us, stale_until_us;
    gint64 again_at_us; /* a second look: at names that settle, at a group that is sought */

    /* The connection under way. */
    char target[128];
    McControllerWish wish;
    McMac peer;
    bool has_peer;
    unsigned check_id; /* P2P_PEER of MC_CONTROLLER_CHECKING */
    McPlan plan;
    unsigned attempt, freq_index, tries, wrong_pins, reconnects_left;
    bool repeated;     /* the attempt was already made again */
    bool wps_failed;   /* the next failure is about the PIN */
    bool other_method; /* the button failed: a PIN */
    McPeerMethod method;
    char pin[9];
    McLinkFailure last_failure, forming_failure; /* forming_failure: why no group was formed */

    /* The group. */
    char ifname[16];
    McWpaRole role;
    unsigned freq_mhz;
    char ssid[100]; /* as wpa_supplicant prints it */
    bool persistent, has_own_ip, has_peer_ip, has_station;
    McMac station; /* the sink's interface in the group */
    uint8_t own_ip[4], peer_ip[4];
};

/* controller.c */
void mc_controller_enter(McController *self, McControllerState state);
void mc_controller_again_in(McController *self, unsigned ms);
void mc_controller_set_now(McController *self, gint64 now_us);
bool mc_controller_is_peer(const McController *self, const McMac *address);
bool mc_controller_is_connecting(const McController *self); /* from CHECKING to INTERRUPTED */
const McPeer *mc_controller_peer_or_empty(const McController *self);
void mc_controller_set_left(McController *self);

/* controller-queue.c */
unsigned mc_controller_command(McController *self, const McCommand *command); /* its id */
void mc_controller_simple(McController *self, McCommandKind kind);
void mc_controller_act(McController *self, McActionKind kind);
void mc_controller_say(McController *self, McProgressKind kind, const char *code,
                       const char *format, ...) G_GNUC_PRINTF(4, 5);
void mc_controller_say_pin(McController *self, McProgressKind kind, const char *text);
void mc_controller_drop_actions(McController *self);

/* controller-find.c */
void mc_controller_announce(McController *self);
bool mc_controller_wants_to_find(const McController *self);
void mc_controller_find(McController *self);
/* Goes over to a state in which it looks around, first where the sink is soonest found. */
void mc_controller_find_in(McController *self, McControllerState state);
void mc_controller_find_again(McController *self); /* a find ended */
void mc_controller_find_later(McController *self, unsigned ms);

/* controller-target.c */
void mc_controller_look_for_target(McController *self);
void mc_controller_settle(McController *self); /* with what was found for a part of a name */
void mc_controller_search_timeout(McController *self);

/* controller-connect.c */
void mc_controller_begin(McController *self); /* with self->peer */
void mc_controller_make_plan(McController *self);
void mc_controller_start_attempt(McController *self);
void mc_controller_resume(McController *self); /* the next attempt, if the sink is still there */
void mc_controller_send_connect(McController *self); /* all is known that it needs */
void mc_controller_seek(McController *self);
void mc_controller_answer(McController *self);                        /* the sink began by itself */
const McPlanAttempt *mc_controller_attempt(const McController *self); /* the present one */

/* controller-cure.c */
void mc_controller_attempt_failed(McController *self, McLinkFailure failure, const char *detail);
void mc_controller_fail(McController *self, McLinkFailure failure, const char *detail);
void mc_controller_clean_up(McController *self);
void mc_controller_lost(McController *self, McLinkFailure failure, const char *detail);

/* controller-group.c: from P2P-GROUP-STARTED on */
void mc_controller_forget_group(McController *self);
void mc_controller_group_started(McController *self, const McWpaEvent *event);
void mc_controller_group_removed(McController *self, const McWpaEvent *event);
void mc_controller_station(McController *self, const McWpaEvent *event);
void mc_controller_set_ready(McController *self);
void mc_controller_check_addresses(McController *self);     /* ready with what is known now? */
McLinkFailure mc_controller_failure_of(McWpaReason reason); /* why a group ended */
void mc_controller_remembered(McController *self, const char *reply);
void mc_controller_remembered_peers(McController *self, int network_id, const char *reply);
