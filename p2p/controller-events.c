/* SPDX-License-Identifier: MIT */
/* Wi-Fi Direct: what wpa_supplicant says by itself, and what it answers. */
#include "p2p/controller-private.h"

#include <string.h>

enum { STATUS_NOT_YET = 1 }; /* "information is currently unavailable" */

/* --- devices ---------------------------------------------------------------------------------- */

static void on_device(McController *self, const McWpaEvent *event)
{
    const McPeer *peer;
    McPeerChange change = mc_peer_list_event(self->peers, event, self->now_us, &peer);

    if (self->state == MC_CONTROLLER_LOOKING && event->kind == MC_WPA_EVENT_DEVICE_FOUND &&
        mc_controller_is_peer(self, mc_wpa_event_peer(event)))
        mc_controller_start_attempt(self);
    if (change == MC_PEER_CHANGE_NONE)
        return;
    mc_controller_say(self, MC_PROGRESS_PEER, "", "%s", peer ? peer->name : "");
    if (change == MC_PEER_CHANGE_LOST)
        return;
    if (self->state == MC_CONTROLLER_SEEKING && mc_controller_is_peer(self, &peer->address)) {
        if (mc_peer_is_group_owner(peer))
            mc_controller_seek(self);
        return;
    }
    if (mc_controller_is_connecting(self))
        return;
    mc_controller_command(self, &(McCommand){.kind = MC_COMMAND_PEER, .peer = peer->address});
    if (self->state == MC_CONTROLLER_SEARCHING)
        mc_controller_look_for_target(self);
}

static void on_find_stopped(McController *self, const McWpaEvent *event)
{
    mc_controller_find_again(self);
}

/* --- pairing ---------------------------------------------------------------------------------- */

static bool from_peer(const McController *self, const McWpaEvent *event)
{
    return mc_controller_is_peer(self, mc_wpa_event_peer(event));
}

static void on_foreign_request(McController *self, const McWpaEvent *event)
{
    char mac[MC_MAC_TEXT] = "?";
    const McMac *from = mc_wpa_event_peer(event);

    if (from)
        mc_mac_format(from, mac);
    mc_controller_say(self, MC_PROGRESS_REQUEST, "", "%s (%s) asks to be connected; not answered",
                      event->name[0] ? event->name : "a device", mac);
}

/* Between two attempts of ours, or because its user was asked. */
static bool may_come_by_itself(const McController *self)
{
    return self->state == MC_CONTROLLER_PAUSING || self->state == MC_CONTROLLER_LOOKING ||
           self->state == MC_CONTROLLER_SEEKING || self->state == MC_CONTROLLER_ASKED;
}

/* Nobody has the PIN that it would need: the next attempt asks for one first. */
static bool lacks_pin(const McController *self)
{
    return self->method != MC_PEER_METHOD_PBC && !self->pin[0];
}

/* The sink's user agreed late, or it prefers to begin by itself. */
static void on_request(McController *self, const McWpaEvent *event)
{
    if (!from_peer(self, event))
        on_foreign_request(self, event);
    else if (may_come_by_itself(self) && !lacks_pin(self))
        mc_controller_answer(self);
}

static void ask_pin(McController *self)
{
    mc_controller_enter(self, MC_CONTROLLER_WAITING_PIN);
    mc_controller_say_pin(self, MC_PROGRESS_ASK_PIN, "Type the PIN that the sink shows");
}

/* While it is asked to pair: its answer was lost, and wpa_supplicant, which has answered its
 * request, asks no more.  A PIN that its user reads here wpa_supplicant then makes by itself. */
static void on_negotiation_request(McController *self, const McWpaEvent *event)
{
    if (!from_peer(self, event) || self->state != MC_CONTROLLER_PROVISIONING)
        on_request(self, event);
    else if (self->method == MC_PEER_METHOD_ENTER_PIN && lacks_pin(self))
        ask_pin(self);
    else
        mc_controller_answer(self);
}

static void on_enter_pin(McController *self, const McWpaEvent *event)
{
    if (!from_peer(self, event) || self->state != MC_CONTROLLER_PROVISIONING ||
        self->method != MC_PEER_METHOD_ENTER_PIN)
        return;
    if (self->pin[0])
        mc_controller_send_connect(self);
    else
        ask_pin(self);
}

static void on_show_pin(McController *self, const McWpaEvent *event)
{
    if (!from_peer(self, event)) {
        on_foreign_request(self, event);
        return;
    }
    if (self->state != MC_CONTROLLER_PROVISIONING || self->method != MC_PEER_METHOD_SHOW_PIN)
        return;
    g_strlcpy(self->pin, event->pin, sizeof(self->pin));
    mc_controller_say_pin(self, MC_PROGRESS_SHOW_PIN, "Type this PIN at the sink");
    mc_controller_send_connect(self);
}

static void on_pbc_answer(McController *self, const McWpaEvent *event)
{
    if (from_peer(self, event) && self->state == MC_CONTROLLER_PROVISIONING &&
        self->method == MC_PEER_METHOD_PBC)
        mc_controller_send_connect(self);
}

static void on_provision_failed(McController *self, const McWpaEvent *event)
{
    static const McLinkFailure failures[] = {
        [1] = MC_LINK_FAILURE_PROVISION_TIMEOUT,
        [2] = MC_LINK_FAILURE_WPS_METHOD,
        [3] = MC_LINK_FAILURE_PROVISION_TIMEOUT, /* of a group that we wanted to join */
    };
    bool known = event->status > 0 && (size_t) event->status < G_N_ELEMENTS(failures);

    if (from_peer(self, event) && self->state == MC_CONTROLLER_PROVISIONING)
        mc_controller_attempt_failed(
            self, known ? failures[event->status] : MC_LINK_FAILURE_PROVISION_FAILED, "");
}

/* --- negotiation ------------------------------------------------------------------------------ */

static void on_negotiated(McController *self, const McWpaEvent *event)
{
    if (self->state == MC_CONTROLLER_NEGOTIATING && from_peer(self, event))
        mc_controller_enter(self, MC_CONTROLLER_FORMING);
}

static void on_negotiation_failed(McController *self, const McWpaEvent *event)
{
    McLinkFailure failure = mc_link_failure_of_status(event->status);

    if (self->state != MC_CONTROLLER_NEGOTIATING && self->state != MC_CONTROLLER_FORMING)
        return;
    if (failure == MC_LINK_FAILURE_NONE || failure == MC_LINK_FAILURE_INVITATION_STALE)
        failure = MC_LINK_FAILURE_NEGOTIATION;
    mc_controller_attempt_failed(self, failure, mc_wpa_status_text(event->status));
}

static void on_formation_failed(McController *self, const McWpaEvent *event)
{
    bool joining = self->state == MC_CONTROLLER_JOINING;

    if (!joining && self->state != MC_CONTROLLER_FORMING &&
        self->state != MC_CONTROLLER_NEGOTIATING && self->state != MC_CONTROLLER_INVITING)
        return;
    mc_controller_attempt_failed(self,
                                 event->reason == MC_WPA_REASON_OTHER
                                     ? MC_LINK_FAILURE_FORMATION
                                     : mc_controller_failure_of(event->reason),
                                 event->reason_text);
}

static void on_wps_failed(McController *self, const McWpaEvent *event)
{
    self->wps_failed = true;
}

static void on_wps_overlap(McController *self, const McWpaEvent *event)
{
    mc_controller_attempt_failed(self, MC_LINK_FAILURE_PBC_OVERLAP, "");
}

/* --- invitation ------------------------------------------------------------------------------- */

static void on_invitation_result(McController *self, const McWpaEvent *event)
{
    McLinkFailure failure = MC_LINK_FAILURE_INVITATION;

    if (self->state != MC_CONTROLLER_INVITING)
        return;
    if (event->status == 0) {
        mc_controller_enter(self, MC_CONTROLLER_FORMING);
        return;
    }
    if (event->status == STATUS_NOT_YET) {
        /* Its own invitation finds us where we listen, which a find does between its scans. */
        mc_controller_find_in(self, MC_CONTROLLER_ASKED);
        return;
    }
    if (event->status == 7 || event->status == 8)
        failure = mc_link_failure_of_status(event->status);
    mc_controller_attempt_failed(self, failure, mc_wpa_status_text(event->status));
}

/* It called us into the group that both remember, while we were about to try again. */
static void on_invitation_accepted(McController *self, const McWpaEvent *event)
{
    if (from_peer(self, event) &&
        (may_come_by_itself(self) || self->state == MC_CONTROLLER_INVITING ||
         self->state == MC_CONTROLLER_NEGOTIATING))
        mc_controller_enter(self, MC_CONTROLLER_FORMING);
}

static void on_psk_failed(McController *self, const McWpaEvent *event)
{
    int id = mc_controller_peer_or_empty(self)->persistent_id;

    if (mc_wpa_event_has(event, MC_WPA_KEY_NETWORK_ID) && event->network_id == id && id >= 0)
        mc_controller_attempt_failed(self, MC_LINK_FAILURE_INVITATION_STALE, "");
}

/* --- the rest --------------------------------------------------------------------------------- */

static void on_channel(McController *self, const McWpaEvent *event)
{
    if (self->ifname[0] && mc_wpa_event_has(event, MC_WPA_KEY_FREQ) &&
        (!event->source[0] || !strcmp(event->source, self->ifname)))
        self->freq_mhz = event->freq_mhz;
}

static void on_terminating(McController *self, const McWpaEvent *event)
{
    mc_controller_supplicant_gone(self, self->now_us);
}

typedef void (*EventHandler)(McController *self, const McWpaEvent *event);
static const EventHandler handlers[MC_WPA_EVENT_N] = {
    [MC_WPA_EVENT_DEVICE_FOUND] = on_device,
    [MC_WPA_EVENT_DEVICE_LOST] = on_device,
    [MC_WPA_EVENT_FIND_STOPPED] = on_find_stopped,
    [MC_WPA_EVENT_PROV_DISC_SHOW_PIN] = on_show_pin,
    [MC_WPA_EVENT_PROV_DISC_ENTER_PIN] = on_enter_pin,
    [MC_WPA_EVENT_PROV_DISC_PBC_REQ] = on_request,
    [MC_WPA_EVENT_PROV_DISC_PBC_RESP] = on_pbc_answer,
    [MC_WPA_EVENT_PROV_DISC_FAILURE] = on_provision_failed,
    [MC_WPA_EVENT_GO_NEG_REQUEST] = on_negotiation_request,
    [MC_WPA_EVENT_GO_NEG_SUCCESS] = on_negotiated,
    [MC_WPA_EVENT_GO_NEG_FAILURE] = on_negotiation_failed,
    [MC_WPA_EVENT_GROUP_FORMATION_FAILURE] = on_formation_failed,
    [MC_WPA_EVENT_GROUP_STARTED] = mc_controller_group_started,
    [MC_WPA_EVENT_GROUP_REMOVED] = mc_controller_group_removed,
    [MC_WPA_EVENT_INVITATION_RECEIVED] = on_request,
    [MC_WPA_EVENT_INVITATION_ACCEPTED] = on_invitation_accepted,
    [MC_WPA_EVENT_INVITATION_RESULT] = on_invitation_result,
    [MC_WPA_EVENT_PERSISTENT_PSK_FAIL] = on_psk_failed,
    [MC_WPA_EVENT_AP_STA_CONNECTED] = mc_controller_station,
    [MC_WPA_EVENT_AP_STA_DISCONNECTED] = mc_controller_station,
    [MC_WPA_EVENT_CHANNEL_SWITCH] = on_channel,
    [MC_WPA_EVENT_TERMINATING] = on_terminating,
    [MC_WPA_EVENT_WPS_FAIL] = on_wps_failed,
    [MC_WPA_EVENT_WPS_OVERLAP] = on_wps_overlap,
};

void mc_controller_event(McController *self, const McWpaEvent *event, gint64 now_us)
{
    mc_controller_set_now(self, now_us);
    if (event->kind >= 0 && event->kind < MC_WPA_EVENT_N && handlers[event->kind])
        handlers[event->kind](self, event);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void on_connect_reply(McController *self, const char *reply)
{
    if (g_str_has_prefix(reply, "OK"))
        return;
    if (strspn(reply, "0123456789") == 8) {
        g_strlcpy(self->pin, reply, sizeof(self->pin));
        mc_controller_say_pin(self, MC_PROGRESS_SHOW_PIN, "Type this PIN at the sink");
    } else if (g_str_has_prefix(reply, "FAIL-CHANNEL")) {
        mc_controller_attempt_failed(self, MC_LINK_FAILURE_NO_COMMON_CHANNEL, "");
    } else if (g_str_has_prefix(reply, "FAIL-INVALID-PIN")) {
        mc_controller_attempt_failed(self, MC_LINK_FAILURE_WRONG_PIN, "");
    } else {
        mc_controller_attempt_failed(self, MC_LINK_FAILURE_REFUSED,
                                     g_str_has_prefix(reply, "FAIL ") ? reply + strlen("FAIL ")
                                                                      : "P2P_CONNECT");
    }
}

/* Whatever it was: nothing else will go better. */
static void on_denied(McController *self)
{
    self->discovering = false;
    mc_controller_fail(self, MC_LINK_FAILURE_NO_PERMISSION, "");
}

static void on_peer_reply(McController *self, unsigned id, const char *reply)
{
    const McPeer *peer;

    if (mc_peer_list_details(self->peers, reply))
        mc_controller_say(self, MC_PROGRESS_PEER, "", "%s", "");
    if (self->state == MC_CONTROLLER_CHECKING && id == self->check_id) {
        mc_controller_make_plan(self);
    } else if (self->state == MC_CONTROLLER_SEARCHING) {
        mc_controller_look_for_target(self);
    } else if (self->state == MC_CONTROLLER_SEEKING) {
        peer = mc_controller_peer_or_empty(self);
        if (mc_peer_is_group_owner(peer))
            mc_controller_seek(self);
    }
}

static void on_refused(McController *self, McCommandKind command)
{
    switch (command) {
    case MC_COMMAND_WIFI_DISPLAY:
    case MC_COMMAND_WFD:
        self->announced = false;
        if (self->state != MC_CONTROLLER_FAILED)
            mc_controller_fail(self, MC_LINK_FAILURE_NO_WIFI_DISPLAY, "");
        break;
    case MC_COMMAND_PROV_DISC:
        if (self->state == MC_CONTROLLER_PROVISIONING)
            mc_controller_attempt_failed(self, MC_LINK_FAILURE_REFUSED, "P2P_PROV_DISC");
        break;
    case MC_COMMAND_INVITE:
        if (self->state == MC_CONTROLLER_INVITING)
            mc_controller_attempt_failed(self, MC_LINK_FAILURE_INVITATION, "P2P_INVITE");
        break;
    case MC_COMMAND_GROUP_REMOVE:
        if (self->state == MC_CONTROLLER_LEAVING)
            mc_controller_set_left(self); /* it was gone already */
        break;
    default:
        break; /* a find in vain has its own path; the rest is best effort */
    }
}

static void on_reply(McController *self, const McPendingCommand *pending, const char *reply)
{
    bool ok = g_str_has_prefix(reply, "OK"), current = pending->generation == self->generation;

    if (g_str_has_prefix(reply, "FAIL-PERMISSION") && self->state != MC_CONTROLLER_FAILED) {
        on_denied(self);
        return;
    }
    switch (pending->command) {
    case MC_COMMAND_FIND:
        if (!ok)
            mc_controller_find_later(self, MC_CONTROLLER_FIND_RETRY_MS);
        break;
    case MC_COMMAND_PEER:
        on_peer_reply(self, pending->id, reply);
        break;
    case MC_COMMAND_CONNECT:
        if (current)
            on_connect_reply(self, reply);
        break;
    case MC_COMMAND_LIST_NETWORKS:
        if (current)
            mc_controller_remembered(self, reply);
        break;
    case MC_COMMAND_NETWORK_PEERS:
        if (current)
            mc_controller_remembered_peers(self, pending->network_id, reply);
        break;
    default:
        if (!ok)
            on_refused(self, pending->command);
    }
}

void mc_controller_reply(McController *self, unsigned id, const char *reply, gint64 now_us)
{
    mc_controller_set_now(self, now_us);
    for (int i = 0; i < MC_CONTROLLER_MAX_PENDING && id; i++) {
        McPendingCommand pending = self->pending[i];

        if (pending.id != id)
            continue;
        self->pending[i].id = 0;
        on_reply(self, &pending, reply);
        return;
    }
}
