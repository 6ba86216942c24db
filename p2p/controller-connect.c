/* SPDX-License-Identifier: MIT */
/* Wi-Fi Direct: from a device to a plan, and from the plan to attempts. */
#include "p2p/controller-private.h"

#include <string.h>

enum {
    SEEK_FIND_S = 12,    /* a group of the sink's may be on any channel */
    SEEK_LOOK_MS = 1500, /* how often its entry is read again */
    MIDDLE_INTENT = 7
};

void mc_controller_begin(McController *self)
{
    McCommand command = {.kind = MC_COMMAND_PEER, .peer = self->peer};

    self->has_peer = true;
    self->attempt = self->freq_index = 0;
    self->repeated = self->other_method = false;
    self->forming_failure = MC_LINK_FAILURE_NONE;
    self->again_at_us = self->find_at_us = -1;
    self->generation++;
    mc_peer_list_pin(self->peers, &self->peer);
    mc_controller_enter(self, MC_CONTROLLER_CHECKING);
    self->check_id = mc_controller_command(self, &command);
}

/* --- the plan --------------------------------------------------------------------------------- */

static bool chooses_group(const McController *self)
{
    return self->config.abilities & MC_ABILITY_INTENT;
}

static McPlanWish plan_wish(const McController *self)
{
    const McPeer *peer = mc_controller_peer_or_empty(self);
    bool is_go = mc_peer_is_group_owner(peer);

    return (McPlanWish){
        .peer_is_go = is_go,
        .peer_group_freq_mhz = is_go ? self->wish.freq_mhz : 0, /* oper_freq may be outdated */
        .peer_wants_go = peer->brand->role == MC_PEER_ROLE_PEER_IS_GO,
        .peer_joins_only = peer->brand->role == MC_PEER_ROLE_JOIN_RUNNING,
        .avoid_freq_mhz = peer->brand->avoid_freq_mhz,
        .persistent_id = self->wish.forget ? -1 : peer->persistent_id,
        .freq_mhz = chooses_group(self) ? self->wish.freq_mhz : 0,
        .band = self->wish.band,
        .may_drop_station = self->wish.may_drop_station,
    };
}

static void add_attempt(McPlan *plan, McPlanMethod method, int go_intent)
{
    plan->attempts[plan->n_attempts++] = (McPlanAttempt){method, go_intent};
}

/* Nothing is known of the radio: every way, and wpa_supplicant chooses the channel. */
static void plan_blindly(const McPlanWish *wish, McPlan *ret)
{
    bool client_first = wish->peer_wants_go || wish->peer_joins_only;

    *ret = (McPlan){.result = MC_PLAN_OK, .can_be_go = true, .can_be_client = true, .n_freqs = 1};
    ret->freqs_mhz[0] = wish->freq_mhz;
    if (wish->persistent_id >= 0)
        add_attempt(ret, MC_PLAN_REINVOKE, -1);
    if (!wish->peer_is_go) {
        add_attempt(ret, MC_PLAN_FORM, client_first ? 0 : 14);
        add_attempt(ret, MC_PLAN_FORM, client_first ? 14 : 0);
    }
    add_attempt(ret, MC_PLAN_JOIN, -1);
}

/* NetworkManager has one way only: it negotiates or joins, and who owns the group on which channel
 * is not ours to say.  What failed once is tried once more. */
static void plan_one_way(McPlan *plan)
{
    plan->n_attempts = plan->n_freqs = 0;
    add_attempt(plan, MC_PLAN_FORM, -1);
    add_attempt(plan, MC_PLAN_FORM, -1);
    plan->freqs_mhz[plan->n_freqs++] = 0;
    plan->n_reasons = 0; /* they are of our choice */
}

/* What the back end can't do is not tried. */
static void keep_possible(const McController *self, McPlan *plan)
{
    unsigned kept = 0;

    if (plan->result == MC_PLAN_OK && !chooses_group(self))
        plan_one_way(plan);
    for (unsigned i = 0; i < plan->n_attempts; i++)
        if (plan->attempts[i].method != MC_PLAN_REINVOKE ||
            self->config.abilities & MC_ABILITY_INVITE)
            plan->attempts[kept++] = plan->attempts[i];
    plan->n_attempts = kept;
}

static void say_one_way(McController *self)
{
    g_autofree char *refused =
        self->wish.freq_mhz
            ? g_strdup_printf("; it can't be told to use %u MHz, --p2p-backend wpas can",
                              self->wish.freq_mhz)
            : g_strdup("");

    mc_controller_say(self, MC_PROGRESS_PLAN, "",
                      "as NetworkManager does it: it decides who owns the group and on which "
                      "channel, and remembers none%s",
                      refused);
}

static void say_plan(McController *self)
{
    const McPlan *plan = &self->plan;
    g_autoptr(GString) text = g_string_new("");

    for (unsigned i = 0; i < plan->n_attempts; i++) {
        g_string_append_printf(text, "%s%s", i ? ", then " : "",
                               mc_plan_method_text(plan->attempts[i].method));
        if (plan->attempts[i].method == MC_PLAN_FORM)
            g_string_append_printf(text, " (intent %d)", plan->attempts[i].go_intent);
    }
    if (plan->n_freqs && plan->freqs_mhz[0])
        g_string_append_printf(text, " on %u MHz", plan->freqs_mhz[0]);
    if (plan->n_reasons)
        g_string_append_printf(text, "; %s", plan->reasons[0]);
    if (plan->n_costs)
        g_string_append_printf(text, "; cost: %s", plan->costs[0]);
    mc_controller_say(self, MC_PROGRESS_PLAN, "", "%s", text->str);
}

void mc_controller_make_plan(McController *self)
{
    McPlanWish wish = plan_wish(self);

    if (self->has_radio)
        mc_plan_make(&self->radio, &wish, &self->plan);
    else
        plan_blindly(&wish, &self->plan);
    keep_possible(self, &self->plan);
    if (self->plan.result != MC_PLAN_OK || self->plan.n_attempts == 0) {
        mc_controller_fail(self, MC_LINK_FAILURE_PLAN, "");
        return;
    }
    if (chooses_group(self))
        say_plan(self);
    else
        say_one_way(self);
    if (chooses_group(self) && self->plan.drops_station)
        mc_controller_simple(self, MC_COMMAND_DROP_STATION);
    mc_controller_start_attempt(self);
}

/* --- an attempt ------------------------------------------------------------------------------- */

static McPeerMethod choose_method(const McController *self)
{
    static const McPeerMethod methods[] = {
        [MC_CONTROLLER_METHOD_PBC] = MC_PEER_METHOD_PBC,
        [MC_CONTROLLER_METHOD_ENTER_PIN] = MC_PEER_METHOD_ENTER_PIN,
        [MC_CONTROLLER_METHOD_SHOW_PIN] = MC_PEER_METHOD_SHOW_PIN,
    };
    const McPeer *peer = mc_controller_peer_or_empty(self);

    if (self->wish.method != MC_CONTROLLER_METHOD_AUTO)
        return methods[self->wish.method];
    if (self->other_method)
        return mc_peer_allows(peer, MC_PEER_METHOD_ENTER_PIN) ? MC_PEER_METHOD_ENTER_PIN
                                                              : MC_PEER_METHOD_SHOW_PIN;
    return mc_peer_method(peer);
}

const McPlanAttempt *mc_controller_attempt(const McController *self)
{
    return &self->plan.attempts[self->attempt];
}

/* The sink shows its PIN, or its question to the user, only when it is asked first. */
static bool must_provision(const McController *self)
{
    return self->method != MC_PEER_METHOD_PBC ||
           (self->config.abilities & MC_ABILITY_PIN && /* NetworkManager can't */
            mc_controller_peer_or_empty(self)->brand->provision_first);
}

static void pair(McController *self)
{
    if (!must_provision(self)) {
        mc_controller_send_connect(self);
        return;
    }
    mc_controller_enter(self, MC_CONTROLLER_PROVISIONING);
    /* A find goes on asking between its scans, where the sink does not listen; without one
     * wpa_supplicant asks again and again. */
    mc_controller_simple(self, MC_COMMAND_STOP_FIND);
    mc_controller_command(
        self, &(McCommand){.kind = MC_COMMAND_PROV_DISC,
                           .peer = self->peer,
                           .method = self->method,
                           .join = mc_controller_attempt(self)->method == MC_PLAN_JOIN});
}

static void invite(McController *self)
{
    mc_controller_enter(self, MC_CONTROLLER_INVITING);
    mc_controller_command(
        self, &(McCommand){.kind = MC_COMMAND_INVITE,
                           .peer = self->peer,
                           .network_id = mc_controller_peer_or_empty(self)->persistent_id,
                           .freq_mhz = self->plan.same_channel ? self->plan.freqs_mhz[0] : 0});
}

void mc_controller_seek(McController *self)
{
    if (mc_peer_is_group_owner(mc_controller_peer_or_empty(self))) {
        pair(self);
        return;
    }
    if (self->state != MC_CONTROLLER_SEEKING) {
        mc_controller_enter(self, MC_CONTROLLER_SEEKING);
        mc_controller_command(self, &(McCommand){.kind = MC_COMMAND_FIND, .seconds = SEEK_FIND_S});
    }
    mc_controller_command(self, &(McCommand){.kind = MC_COMMAND_PEER, .peer = self->peer});
    mc_controller_again_in(self, SEEK_LOOK_MS);
}

/* A sink that has become the owner of a group since the plan was made does not negotiate. */
static void skip_forming(McController *self)
{
    unsigned next = self->attempt;

    if (!mc_peer_is_group_owner(mc_controller_peer_or_empty(self)))
        return;
    while (next < self->plan.n_attempts && self->plan.attempts[next].method == MC_PLAN_FORM)
        next++;
    if (next < self->plan.n_attempts)
        self->attempt = next;
}

void mc_controller_start_attempt(McController *self)
{
    skip_forming(self);
    self->wps_failed = false;
    self->method = choose_method(self);
    if (self->method != MC_PEER_METHOD_PBC && !(self->config.abilities & MC_ABILITY_PIN)) {
        mc_controller_fail(self, MC_LINK_FAILURE_WPS_METHOD,
                           "NetworkManager knows only the button; --p2p-backend wpas knows PINs");
        return;
    }
    self->tries++;
    switch (mc_controller_attempt(self)->method) {
    case MC_PLAN_REINVOKE:
        invite(self);
        break;
    case MC_PLAN_FORM:
        pair(self);
        break;
    case MC_PLAN_JOIN:
        mc_controller_seek(self);
        break;
    }
}

/* Without the sink each attempt would take its whole time.  One that seeks a group looks anyway. */
void mc_controller_resume(McController *self)
{
    bool seeks = mc_controller_attempt(self)->method == MC_PLAN_JOIN &&
                 !mc_peer_is_group_owner(mc_controller_peer_or_empty(self));

    if (seeks || !mc_link_failure_is_silence(self->last_failure)) {
        mc_controller_start_attempt(self);
        return;
    }
    mc_controller_find_in(self, MC_CONTROLLER_LOOKING);
}

static void connect_as(McController *self, bool join, int go_intent)
{
    McCommand command = {
        .kind = MC_COMMAND_CONNECT,
        .peer = self->peer,
        .method = self->method,
        .join = join,
        .go_intent = go_intent,
        /* A group that runs has its channel. P2P_PEER's oper_freq may be an earlier group's, so
         * wpa_supplicant has to look for it. */
        .freq_mhz = join ? self->wish.freq_mhz : self->plan.freqs_mhz[self->freq_index],
    };

    self->again_at_us = -1;
    memcpy(command.pin, self->pin, sizeof(command.pin));
    mc_controller_enter(self, join ? MC_CONTROLLER_JOINING : MC_CONTROLLER_NEGOTIATING);
    mc_controller_command(self, &command);
    explicit_bzero(&command, sizeof(command));
}

void mc_controller_send_connect(McController *self)
{
    connect_as(self, mc_controller_attempt(self)->method == MC_PLAN_JOIN,
               MAX(0, mc_controller_attempt(self)->go_intent));
}

/* Whoever begins, a group comes of it; what we would have tried next is our answer. */
void mc_controller_answer(McController *self)
{
    const McPlanAttempt *attempt = mc_controller_attempt(self);

    connect_as(self, false, attempt->method == MC_PLAN_FORM ? attempt->go_intent : MIDDLE_INTENT);
}
