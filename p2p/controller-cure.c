/* SPDX-License-Identifier: MIT */
/* Wi-Fi Direct: from a failed attempt to its cure, or to the end. */
#include "p2p/controller-private.h"

#include <string.h>

enum { STALE_GROUP_MS = 20000 }; /* a cancelled attempt may still end in a group */

/* A group may appear although its attempt was given up. */
static bool may_leave_a_group(McControllerState state)
{
    return state == MC_CONTROLLER_INVITING || state == MC_CONTROLLER_NEGOTIATING ||
           state == MC_CONTROLLER_FORMING || state == MC_CONTROLLER_JOINING;
}

void mc_controller_clean_up(McController *self)
{
    McCommand command = {.kind = MC_COMMAND_GROUP_REMOVE};

    if (self->ifname[0]) {
        mc_controller_act(self, MC_ACTION_ADDRESS_STOP);
        g_strlcpy(command.ifname, self->ifname, sizeof(command.ifname));
        mc_controller_command(self, &command);
    } else if (self->state == MC_CONTROLLER_SEEKING || self->state == MC_CONTROLLER_LOOKING ||
               self->state == MC_CONTROLLER_ASKED || self->state == MC_CONTROLLER_PROVISIONING) {
        mc_controller_simple(self, MC_COMMAND_STOP_FIND); /* ends the asking, too */
    } else if (may_leave_a_group(self->state)) {
        mc_controller_simple(self, MC_COMMAND_CANCEL);
        self->stale_until_us = self->now_us + STALE_GROUP_MS * G_GINT64_CONSTANT(1000);
    }
    self->generation++;
    self->again_at_us = -1;
    self->state = MC_CONTROLLER_PAUSING; /* nothing is under way; the caller says what comes */
    mc_controller_forget_group(self);
}

/* That it has no group either says less than why it did not form one with us. */
static void fail_with_the_telling_one(McController *self, McLinkFailure failure, const char *detail)
{
    if (failure == MC_LINK_FAILURE_NO_GROUP && self->forming_failure != MC_LINK_FAILURE_NONE)
        mc_controller_fail(self, self->forming_failure, "");
    else
        mc_controller_fail(self, failure, detail);
}

static void next_attempt(McController *self, McLinkFailure failure, const char *detail)
{
    if (mc_controller_attempt(self)->method == MC_PLAN_FORM)
        self->forming_failure = failure;
    self->repeated = false;
    self->freq_index = 0;
    if (++self->attempt >= self->plan.n_attempts || self->tries >= MC_CONTROLLER_MAX_TRIES)
        fail_with_the_telling_one(self, failure, detail);
    else
        mc_controller_enter(self, MC_CONTROLLER_PAUSING);
}

static void try_again(McController *self, McLinkFailure failure, const char *detail)
{
    if (self->repeated || self->tries >= MC_CONTROLLER_MAX_TRIES) {
        next_attempt(self, failure, detail);
        return;
    }
    self->repeated = true;
    mc_controller_enter(self, MC_CONTROLLER_PAUSING);
}

static void forget_remembered(McController *self)
{
    int id = mc_controller_peer_or_empty(self)->persistent_id;

    if (id < 0 || !(self->config.abilities & MC_ABILITY_NETWORKS))
        return;
    mc_controller_command(self, &(McCommand){.kind = MC_COMMAND_REMOVE_NETWORK, .network_id = id});
    mc_controller_simple(self, MC_COMMAND_SAVE);
    mc_peer_list_forget_persistent(self->peers, &self->peer);
}

static bool ask_pin_again(McController *self)
{
    memset(self->pin, 0, sizeof(self->pin));
    return ++self->wrong_pins < MC_CONTROLLER_MAX_PINS;
}

static bool take_other_method(McController *self)
{
    const McPeer *peer = mc_controller_peer_or_empty(self);
    bool has_pin = mc_peer_allows(peer, MC_PEER_METHOD_ENTER_PIN) ||
                   mc_peer_allows(peer, MC_PEER_METHOD_SHOW_PIN);

    if (self->other_method || self->wish.method != MC_CONTROLLER_METHOD_AUTO || !has_pin ||
        self->method != MC_PEER_METHOD_PBC)
        return false;
    return self->other_method = true;
}

/* What may be tried once more, or not. */
static void pause_or_fail(McController *self, bool may_try, McLinkFailure failure,
                          const char *detail)
{
    if (may_try)
        mc_controller_enter(self, MC_CONTROLLER_PAUSING);
    else
        mc_controller_fail(self, failure, detail);
}

static void cure(McController *self, McLinkFailure failure, const char *detail)
{
    switch (mc_link_failure_cure(failure)) {
    case MC_CURE_NONE:
        mc_controller_fail(self, failure, detail);
        return;
    case MC_CURE_AGAIN:
        try_again(self, failure, detail);
        return;
    case MC_CURE_NEXT_FREQ:
        if (self->freq_index + 1 < self->plan.n_freqs) {
            self->freq_index++;
            mc_controller_enter(self, MC_CONTROLLER_PAUSING);
            return;
        }
        break;
    case MC_CURE_FORGET:
        forget_remembered(self);
        break;
    case MC_CURE_ASK_PIN:
        pause_or_fail(self, ask_pin_again(self), failure, detail);
        return;
    case MC_CURE_OTHER_METHOD:
        pause_or_fail(self, take_other_method(self), failure, detail);
        return;
    case MC_CURE_NEXT:
        break;
    }
    next_attempt(self, failure, detail);
}

/* WPS ends in the same failure whatever went wrong; with a PIN it is the PIN. */
static McLinkFailure refine(const McController *self, McLinkFailure failure)
{
    bool formation = failure == MC_LINK_FAILURE_FORMATION ||
                     failure == MC_LINK_FAILURE_FORMATION_TIMEOUT ||
                     failure == MC_LINK_FAILURE_JOIN_TIMEOUT;

    return self->wps_failed && formation && self->method != MC_PEER_METHOD_PBC
               ? MC_LINK_FAILURE_WRONG_PIN
               : failure;
}

static bool is_between(const McController *self)
{
    return self->state == MC_CONTROLLER_PAUSING || self->state == MC_CONTROLLER_LOOKING;
}

void mc_controller_attempt_failed(McController *self, McLinkFailure failure, const char *detail)
{
    if (!mc_controller_is_connecting(self) || is_between(self))
        return;
    failure = refine(self, failure);
    self->last_failure = failure;
    mc_controller_clean_up(self);
    cure(self, failure, detail);
    if (self->state == MC_CONTROLLER_PAUSING)
        mc_controller_say(self, MC_PROGRESS_RETRY, mc_link_failure_code(failure), "%s%s%s",
                          mc_link_failure_text(failure), *detail ? ": " : "", detail);
}

void mc_controller_fail(McController *self, McLinkFailure failure, const char *detail)
{
    bool plan = failure == MC_LINK_FAILURE_PLAN;
    const char *code =
        plan ? mc_plan_result_code(self->plan.result) : mc_link_failure_code(failure);
    const char *text =
        plan ? mc_plan_result_text(self->plan.result) : mc_link_failure_text(failure);

    if (mc_controller_is_connecting(self))
        mc_controller_clean_up(self);
    else if (self->state == MC_CONTROLLER_SEARCHING && !self->discovering)
        mc_controller_simple(self, MC_COMMAND_STOP_FIND);
    self->last_failure = failure;
    self->again_at_us = -1;
    self->has_peer = false;
    mc_peer_list_pin(self->peers, NULL);
    memset(self->pin, 0, sizeof(self->pin));
    mc_controller_enter(self, MC_CONTROLLER_FAILED);
    mc_controller_say(self, MC_PROGRESS_FAILED, code, "%s%s%s", text, *detail ? ": " : "", detail);
    mc_controller_find_later(self, MC_CONTROLLER_FIND_PAUSE_MS);
}

void mc_controller_lost(McController *self, McLinkFailure failure, const char *detail)
{
    mc_controller_clean_up(self);
    self->last_failure = failure;
    mc_controller_say(self, MC_PROGRESS_LOST, mc_link_failure_code(failure), "%s%s%s",
                      mc_link_failure_text(failure), *detail ? ": " : "", detail);
    if (self->reconnects_left == 0) {
        mc_controller_fail(self, failure, detail);
        return;
    }
    self->reconnects_left--;
    self->tries = 0;
    mc_controller_begin(self);
}
