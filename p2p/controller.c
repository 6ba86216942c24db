/* SPDX-License-Identifier: MIT */
#include "p2p/controller-private.h"

#include <string.h>

/*            connect()
 *  IDLE ------------------> SEARCHING --> CHECKING --> (plan)
 *                                                        |  one attempt of the plan after the other
 *        +--------------------+-------------------+------+-------------+
 *        v                    v                   v                    v
 *     INVITING          PROVISIONING           SEEKING            NEGOTIATING
 *     (ASKED)          (WAITING_PIN)  -->  JOINING   |                 |
 *        |                                    |      |              FORMING
 *        +------------------+-----------------+------+-----------------+
 *                           v P2P-GROUP-STARTED
 *            ASSOCIATING (we own it) --> ADDRESSING --> READY <--> INTERRUPTED
 *
 *  Any failure: clean up, PAUSING (after silence LOOKING, too), then the next attempt, or FAILED.
 *  leave(): LEAVING, LEFT. */

enum {
    PEER_MAX_AGE_S = 90,
    SHOW_PIN_MS = 120000, /* somebody types at the sink */
};

/* Deadlines stand above every period seen at sinks: a Fire TV tries again after 9.6 s. */
static const struct {
    const char *name;
    unsigned deadline_ms; /* 0: none */
    McLinkFailure timeout;
    const char *text;
} states[MC_CONTROLLER_N_STATES] = {
    [MC_CONTROLLER_IDLE] = {"idle", 0, 0, "Idle"},
    [MC_CONTROLLER_SEARCHING] = {"searching", 30000, MC_LINK_FAILURE_NOT_FOUND,
                                 "Looking for the sink"},
    [MC_CONTROLLER_CHECKING] = {"checking", 2000, 0, "Found the sink"},
    [MC_CONTROLLER_PROVISIONING] = {"provisioning", 30000, MC_LINK_FAILURE_PROVISION_TIMEOUT,
                                    "Asking the sink to pair"},
    [MC_CONTROLLER_WAITING_PIN] = {"waiting-pin", 120000, MC_LINK_FAILURE_PIN_TIMEOUT,
                                   "Waiting for the PIN"},
    [MC_CONTROLLER_INVITING] = {"inviting", 10000, MC_LINK_FAILURE_INVITATION,
                                "Inviting the sink into the remembered group"},
    [MC_CONTROLLER_ASKED] = {"asked", 15000, MC_LINK_FAILURE_INVITATION,
                             "The sink asks its user; accept on its screen"},
    [MC_CONTROLLER_SEEKING] = {"seeking", 12000, MC_LINK_FAILURE_NO_GROUP,
                               "Looking for a group of the sink's own"},
    [MC_CONTROLLER_NEGOTIATING] = {"negotiating", 40000, MC_LINK_FAILURE_NO_ANSWER,
                                   "Negotiating with the sink; it may ask you to accept"},
    [MC_CONTROLLER_FORMING] = {"forming", 25000, MC_LINK_FAILURE_FORMATION_TIMEOUT,
                               "Forming the group"},
    [MC_CONTROLLER_JOINING] = {"joining", 40000, MC_LINK_FAILURE_JOIN_TIMEOUT,
                               "Joining the sink's group; it may ask you to accept"},
    [MC_CONTROLLER_ASSOCIATING] = {"associating", 20000, MC_LINK_FAILURE_ASSOCIATION_TIMEOUT,
                                   "Waiting for the sink to come in"},
    [MC_CONTROLLER_ADDRESSING] = {"addressing", 20000, MC_LINK_FAILURE_ADDRESS_TIMEOUT,
                                  "Exchanging addresses"},
    [MC_CONTROLLER_READY] = {"ready", 0, 0, "Connected"},
    [MC_CONTROLLER_INTERRUPTED] = {"interrupted", 10000, MC_LINK_FAILURE_LOST,
                                   "The sink is away; waiting for it"},
    [MC_CONTROLLER_LOOKING] = {"looking", 14000, MC_LINK_FAILURE_LOST,
                               "Looking whether the sink is still there"},
    [MC_CONTROLLER_PAUSING] = {"pausing", 1000, 0, "Trying another way"},
    [MC_CONTROLLER_LEAVING] = {"leaving", 3000, 0, "Leaving the group"},
    [MC_CONTROLLER_LEFT] = {"left", 0, 0, "Disconnected"},
    [MC_CONTROLLER_FAILED] = {"failed", 0, 0, "Failed"},
};

McController *mc_controller_new(const McControllerConfig *config)
{
    static const uint8_t usual_ip[4] = {192, 168, 49, 1};
    McController *self = g_new0(McController, 1);

    self->config = *config;
    if (memcmp(config->group_ip, (uint8_t[4]){0}, 4) == 0)
        memcpy(self->config.group_ip, usual_ip, 4);
    self->peers = mc_peer_list_new();
    self->deadline_us = self->find_at_us = self->stale_until_us = self->again_at_us = -1;
    self->next_id = 1;
    g_queue_init(&self->actions);
    return self;
}

void mc_controller_free(McController *self)
{
    mc_controller_drop_actions(self);
    mc_peer_list_free(self->peers);
    explicit_bzero(self->pin, sizeof(self->pin));
    g_free(self);
}

void mc_controller_set_radio(McController *self, const McRadioFacts *facts)
{
    self->radio = *facts;
    self->has_radio = true;
}

void mc_controller_set_abilities(McController *self, unsigned abilities)
{
    self->config.abilities = abilities;
}

static unsigned deadline_ms(const McController *self, McControllerState state)
{
    unsigned ms = states[state].deadline_ms;
    unsigned patience = mc_controller_peer_or_empty(self)->brand->patience_ms;

    if (state == MC_CONTROLLER_SEARCHING && self->config.search_ms)
        return self->config.search_ms;
    if (state == MC_CONTROLLER_NEGOTIATING && self->method == MC_PEER_METHOD_SHOW_PIN)
        return SHOW_PIN_MS;
    if (state == MC_CONTROLLER_PAUSING && self->last_failure == MC_LINK_FAILURE_PEER_BUSY)
        return 3 * ms;
    if (state >= MC_CONTROLLER_PROVISIONING && state <= MC_CONTROLLER_INTERRUPTED && ms)
        return MAX(ms, 2 * patience);
    return ms;
}

void mc_controller_enter(McController *self, McControllerState state)
{
    unsigned ms = deadline_ms(self, state);

    self->state = state;
    self->deadline_us = ms ? self->now_us + ms * G_GINT64_CONSTANT(1000) : -1;
    if (state != MC_CONTROLLER_READY && state != MC_CONTROLLER_LEFT &&
        state != MC_CONTROLLER_FAILED)
        mc_controller_say(self, MC_PROGRESS_STEP, "", "%s", states[state].text);
}

void mc_controller_again_in(McController *self, unsigned ms)
{
    self->again_at_us = self->now_us + ms * G_GINT64_CONSTANT(1000);
}

void mc_controller_set_now(McController *self, gint64 now_us)
{
    self->now_us = MAX(self->now_us, now_us);
}

bool mc_controller_is_peer(const McController *self, const McMac *address)
{
    return self->has_peer && address && mc_mac_equal(&self->peer, address);
}

bool mc_controller_is_connecting(const McController *self)
{
    return self->state >= MC_CONTROLLER_CHECKING && self->state <= MC_CONTROLLER_PAUSING;
}

const McPeer *mc_controller_peer_or_empty(const McController *self)
{
    static McPeer empty = {.persistent_id = -1};
    const McPeer *peer = mc_controller_peer(self);

    if (!empty.brand)
        empty.brand = mc_peer_brand_for("", "");
    return peer ? peer : &empty;
}

/* --- the user --------------------------------------------------------------------------------- */

bool mc_controller_connect(McController *self, const char *target, const McControllerWish *wish,
                           gint64 now_us)
{
    bool was_finding = mc_controller_wants_to_find(self);

    mc_controller_set_now(self, now_us);
    if (mc_controller_is_connecting(self) || self->state == MC_CONTROLLER_SEARCHING ||
        self->state == MC_CONTROLLER_LEAVING)
        return false;
    g_strlcpy(self->target, target, sizeof(self->target));
    self->wish = *wish;
    self->has_peer = false;
    self->wrong_pins = self->tries = 0;
    self->reconnects_left = self->config.reconnects;
    self->again_at_us = -1;
    self->swept = was_finding;
    self->last_failure = MC_LINK_FAILURE_NONE;
    memset(self->pin, 0, sizeof(self->pin));
    mc_controller_announce(self);
    mc_controller_enter(self, MC_CONTROLLER_SEARCHING);
    mc_controller_look_for_target(self);
    if (self->state == MC_CONTROLLER_SEARCHING && (!was_finding || self->find_at_us >= 0))
        mc_controller_find(self);
    return true;
}

bool mc_controller_pin(McController *self, const char *pin, gint64 now_us)
{
    size_t len = strnlen(pin, sizeof(self->pin));

    mc_controller_set_now(self, now_us);
    if ((len != 4 && len != 8) || strspn(pin, "0123456789") != len)
        return false;
    g_strlcpy(self->pin, pin, sizeof(self->pin));
    if (self->state == MC_CONTROLLER_WAITING_PIN)
        mc_controller_send_connect(self);
    return true;
}

void mc_controller_set_left(McController *self)
{
    self->has_peer = false;
    self->again_at_us = -1;
    mc_peer_list_pin(self->peers, NULL);
    mc_controller_enter(self, MC_CONTROLLER_LEFT);
    mc_controller_say(self, MC_PROGRESS_LEFT, "", "%s", states[MC_CONTROLLER_LEFT].text);
    mc_controller_find_later(self, MC_CONTROLLER_FIND_PAUSE_MS);
}

void mc_controller_leave(McController *self, gint64 now_us)
{
    bool had_group = self->ifname[0] != '\0';

    mc_controller_set_now(self, now_us);
    if (self->state == MC_CONTROLLER_SEARCHING) {
        if (!self->discovering)
            mc_controller_simple(self, MC_COMMAND_STOP_FIND);
        mc_controller_set_left(self);
    } else if (mc_controller_is_connecting(self)) {
        mc_controller_clean_up(self);
        memset(self->pin, 0, sizeof(self->pin));
        if (had_group)
            mc_controller_enter(self, MC_CONTROLLER_LEAVING);
        else
            mc_controller_set_left(self);
    }
}

void mc_controller_supplicant_gone(McController *self, gint64 now_us)
{
    mc_controller_set_now(self, now_us);
    self->announced = false;
    self->find_at_us = -1;
    mc_peer_list_pin(self->peers, NULL);
    mc_peer_list_clear(self->peers);
    if (mc_controller_is_connecting(self) || self->state == MC_CONTROLLER_SEARCHING ||
        self->state == MC_CONTROLLER_LEAVING || self->discovering) {
        self->discovering = false; /* begun again by whoever wants it */
        mc_controller_fail(self, MC_LINK_FAILURE_SUPPLICANT_GONE, "");
    }
}

/* --- time ------------------------------------------------------------------------------------- */

static void on_timeout(McController *self)
{
    self->deadline_us = -1;
    switch (self->state) {
    case MC_CONTROLLER_SEARCHING:
        mc_controller_search_timeout(self);
        break;
    case MC_CONTROLLER_CHECKING:
        mc_controller_make_plan(self);
        break;
    case MC_CONTROLLER_PAUSING:
        mc_controller_resume(self);
        break;
    case MC_CONTROLLER_LOOKING:
        mc_controller_fail(self, MC_LINK_FAILURE_LOST, "it fell silent and is not seen any more");
        break;
    case MC_CONTROLLER_LEAVING:
        mc_controller_set_left(self);
        break;
    case MC_CONTROLLER_WAITING_PIN:
        mc_controller_fail(self, MC_LINK_FAILURE_PIN_TIMEOUT, "");
        break;
    case MC_CONTROLLER_INTERRUPTED:
        mc_controller_lost(self, MC_LINK_FAILURE_LOST, "");
        break;
    default:
        mc_controller_attempt_failed(self, states[self->state].timeout, "");
    }
}

static void look_again(McController *self)
{
    self->again_at_us = -1;
    if (self->state == MC_CONTROLLER_SEARCHING)
        mc_controller_settle(self);
    else if (self->state == MC_CONTROLLER_SEEKING)
        mc_controller_seek(self);
}

void mc_controller_tick(McController *self, gint64 now_us)
{
    mc_controller_set_now(self, now_us);
    if (self->find_at_us >= 0 && self->now_us >= self->find_at_us) {
        self->find_at_us = -1;
        mc_peer_list_expire(self->peers, self->now_us, PEER_MAX_AGE_S * G_USEC_PER_SEC);
        if (mc_controller_wants_to_find(self))
            mc_controller_find(self);
    }
    if (self->again_at_us >= 0 && self->now_us >= self->again_at_us)
        look_again(self);
    if (self->deadline_us >= 0 && self->now_us >= self->deadline_us)
        on_timeout(self);
}

gint64 mc_controller_deadline(const McController *self)
{
    const gint64 times[] = {self->find_at_us, self->again_at_us, self->deadline_us};
    gint64 first = -1;

    for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
        if (times[i] >= 0 && (first < 0 || times[i] < first))
            first = times[i];
    return first;
}

/* --- questions -------------------------------------------------------------------------------- */

McControllerState mc_controller_state(const McController *self)
{
    return self->state;
}

const McPeerList *mc_controller_peers(const McController *self)
{
    return self->peers;
}

const McPeer *mc_controller_peer(const McController *self)
{
    return self->has_peer ? mc_peer_list_find(self->peers, &self->peer) : NULL;
}

const McPlan *mc_controller_plan(const McController *self)
{
    return &self->plan;
}

const char *mc_controller_ifname(const McController *self)
{
    return self->ifname;
}

bool mc_controller_is_owner(const McController *self)
{
    return self->role == MC_WPA_ROLE_GO;
}

bool mc_controller_peer_ip(const McController *self, uint8_t ret[4])
{
    if (self->has_peer_ip)
        memcpy(ret, self->peer_ip, sizeof(self->peer_ip));
    return self->has_peer_ip;
}

bool mc_controller_own_ip(const McController *self, uint8_t ret[4])
{
    if (self->has_own_ip)
        memcpy(ret, self->own_ip, sizeof(self->own_ip));
    return self->has_own_ip;
}

bool mc_controller_station_mac(const McController *self, McMac *ret)
{
    if (self->has_station)
        *ret = self->station;
    return self->has_station;
}

unsigned mc_controller_freq_mhz(const McController *self)
{
    return self->freq_mhz;
}

const char *mc_controller_state_name(McControllerState state)
{
    return states[state].name;
}
