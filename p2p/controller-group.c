/* SPDX-License-Identifier: MIT */
/* Wi-Fi Direct: from P2P-GROUP-STARTED on: stations, the end of a group, and groups that are
 * remembered. */
#include "p2p/controller-private.h"

#include <string.h>

void mc_controller_forget_group(McController *self)
{
    self->ifname[0] = self->ssid[0] = '\0';
    self->role = MC_WPA_ROLE_UNKNOWN;
    self->freq_mhz = 0;
    self->persistent = self->has_own_ip = self->has_peer_ip = self->has_station = false;
    memset(self->own_ip, 0, sizeof(self->own_ip));
    memset(self->peer_ip, 0, sizeof(self->peer_ip));
}

static bool expects_group(const McController *self)
{
    switch (self->state) {
    case MC_CONTROLLER_INVITING:
    case MC_CONTROLLER_NEGOTIATING:
    case MC_CONTROLLER_FORMING:
    case MC_CONTROLLER_JOINING:
        return true;
    default:
        return false;
    }
}

static void take_group(McController *self, const McWpaEvent *event)
{
    g_strlcpy(self->ifname, event->ifname, sizeof(self->ifname));
    g_strlcpy(self->ssid, "", sizeof(self->ssid));
    memcpy(self->ssid, event->ssid, MIN(event->ssid_len, sizeof(event->ssid)));
    self->ssid[MIN(event->ssid_len, sizeof(event->ssid))] = '\0';
    self->role = event->role;
    self->freq_mhz = event->freq_mhz;
    self->persistent = mc_wpa_event_has(event, MC_WPA_KEY_PERSISTENT);
    self->has_station = mc_wpa_event_has(event, MC_WPA_KEY_BSSID); /* its owner's interface */
    self->station = event->bssid;
}

static void get_address(McController *self, const McWpaEvent *event)
{
    if (self->role == MC_WPA_ROLE_GO) {
        memcpy(self->own_ip, self->config.group_ip, sizeof(self->own_ip));
        mc_controller_act(self, MC_ACTION_DHCP_SERVER);
        mc_controller_enter(self, MC_CONTROLLER_ASSOCIATING);
        return;
    }
    if (mc_wpa_event_has(event, MC_WPA_KEY_IP_ADDR) &&
        mc_wpa_event_has(event, MC_WPA_KEY_GO_IP_ADDR)) {
        memcpy(self->own_ip, event->ip_addr, sizeof(self->own_ip));
        memcpy(self->peer_ip, event->go_ip_addr, sizeof(self->peer_ip));
        self->has_peer_ip = true;
        mc_controller_act(self, MC_ACTION_ADDRESS_STATIC);
    } else {
        mc_controller_act(self, MC_ACTION_DHCP_CLIENT);
    }
    mc_controller_enter(self, MC_CONTROLLER_ADDRESSING);
}

static void remove_stale(McController *self, const char *ifname)
{
    McCommand command = {.kind = MC_COMMAND_GROUP_REMOVE};

    g_strlcpy(command.ifname, ifname, sizeof(command.ifname));
    mc_controller_command(self, &command);
}

void mc_controller_group_started(McController *self, const McWpaEvent *event)
{
    bool ours = event->role == MC_WPA_ROLE_GO ||
                mc_controller_is_peer(self, mc_wpa_event_has(event, MC_WPA_KEY_GO_DEV_ADDR)
                                                ? &event->go_dev_addr
                                                : NULL);

    if (!event->ifname[0] || self->ifname[0])
        return;
    if (expects_group(self) && ours) {
        take_group(self, event);
        mc_controller_act(self, MC_ACTION_POWER_SAVE_OFF);
        get_address(self, event);
    } else if (self->now_us < self->stale_until_us) {
        remove_stale(self, event->ifname); /* of an attempt that was given up */
    }
}

McLinkFailure mc_controller_failure_of(McWpaReason reason)
{
    switch (reason) {
    case MC_WPA_REASON_GO_ENDING_SESSION:
        return MC_LINK_FAILURE_PEER_LEFT;
    case MC_WPA_REASON_PSK_FAILURE:
        return MC_LINK_FAILURE_INVITATION_STALE;
    case MC_WPA_REASON_FREQ_CONFLICT:
        return MC_LINK_FAILURE_NO_COMMON_CHANNEL;
    case MC_WPA_REASON_FORMATION_FAILED:
        return MC_LINK_FAILURE_FORMATION;
    case MC_WPA_REASON_REQUESTED:
        return MC_LINK_FAILURE_GROUP_REMOVED;
    case MC_WPA_REASON_NO_ADDRESS:
        return MC_LINK_FAILURE_ADDRESS_TIMEOUT;
    default:
        return MC_LINK_FAILURE_LOST;
    }
}

void mc_controller_group_removed(McController *self, const McWpaEvent *event)
{
    McLinkFailure failure = mc_controller_failure_of(event->reason);

    if (self->state == MC_CONTROLLER_LEAVING) {
        mc_controller_set_left(self);
        return;
    }
    if (!self->ifname[0] || strcmp(self->ifname, event->ifname) != 0)
        return;
    mc_controller_act(self, MC_ACTION_ADDRESS_STOP);
    self->ifname[0] = '\0'; /* gone: nothing to remove */
    if (self->state == MC_CONTROLLER_READY || self->state == MC_CONTROLLER_INTERRUPTED)
        mc_controller_lost(self, failure, "");
    else if (failure == MC_LINK_FAILURE_PEER_LEFT) /* before it began: perhaps the user of the TV */
        mc_controller_attempt_failed(self, MC_LINK_FAILURE_LOST, event->reason_text);
    else
        mc_controller_attempt_failed(self, failure, event->reason_text);
}

static void station_came(McController *self, const McWpaEvent *event)
{
    self->has_station = mc_wpa_event_has(event, MC_WPA_KEY_ADDRESS); /* D-Bus tells it later */
    self->station = event->address;
    if (mc_wpa_event_has(event, MC_WPA_KEY_IP_ADDR)) {
        memcpy(self->peer_ip, event->ip_addr, sizeof(self->peer_ip));
        self->has_peer_ip = true;
    }
    if (self->state == MC_CONTROLLER_INTERRUPTED)
        mc_controller_set_ready(self);
    else if (self->state == MC_CONTROLLER_ASSOCIATING)
        mc_controller_enter(self, MC_CONTROLLER_ADDRESSING);
    mc_controller_check_addresses(self);
}

/* In a group of ours: whoever gives the addresses does not always tell the sink's. */
void mc_controller_check_addresses(McController *self)
{
    bool knows_peer = self->has_peer_ip || !(self->config.abilities & MC_ABILITY_LEASES);

    if (self->state == MC_CONTROLLER_ADDRESSING && self->has_own_ip && knows_peer)
        mc_controller_set_ready(self);
}

/* It may come back at once (a Fire TV does): only time makes it a failure. */
static void station_went(McController *self)
{
    self->has_station = false;
    if (self->state == MC_CONTROLLER_READY)
        mc_controller_enter(self, MC_CONTROLLER_INTERRUPTED);
    else if (self->state == MC_CONTROLLER_ADDRESSING)
        mc_controller_enter(self, MC_CONTROLLER_ASSOCIATING);
}

void mc_controller_station(McController *self, const McWpaEvent *event)
{
    bool came = event->kind == MC_WPA_EVENT_AP_STA_CONNECTED;

    if (self->role != MC_WPA_ROLE_GO || !mc_wpa_event_has(event, MC_WPA_KEY_P2P_DEV_ADDR) ||
        !mc_controller_is_peer(self, &event->p2p_dev_addr))
        return;
    if (came)
        station_came(self, event);
    else
        station_went(self);
}

void mc_controller_set_ready(McController *self)
{
    const uint8_t *own = self->own_ip, *peer = self->peer_ip;
    g_autofree char *sink = self->has_peer_ip ? g_strdup_printf(", the sink %u.%u.%u.%u", peer[0],
                                                                peer[1], peer[2], peer[3])
                                              : g_strdup("");
    bool first = self->state != MC_CONTROLLER_INTERRUPTED;

    mc_controller_enter(self, MC_CONTROLLER_READY);
    mc_controller_say(self, MC_PROGRESS_READY, "",
                      "group on %u MHz owned by %s, we are %u.%u.%u.%u%s", self->freq_mhz,
                      self->role == MC_WPA_ROLE_GO ? "us" : "the sink", own[0], own[1], own[2],
                      own[3], sink);
    if (first && self->persistent && self->config.abilities & MC_ABILITY_NETWORKS)
        mc_controller_simple(self, MC_COMMAND_LIST_NETWORKS);
}

/* --- addresses -------------------------------------------------------------------------------- */

static void take_own(McController *self, const McAddressEvent *event)
{
    memcpy(self->own_ip, event->own_ip, sizeof(self->own_ip));
    self->has_own_ip = true;
    if (self->role != MC_WPA_ROLE_CLIENT) {
        mc_controller_check_addresses(self); /* the server is up; now the sink needs its address */
        return;
    }
    if (memcmp(event->peer_ip, (uint8_t[4]){0}, 4) != 0) {
        memcpy(self->peer_ip, event->peer_ip, sizeof(self->peer_ip));
        self->has_peer_ip = true;
    }
    if (self->state == MC_CONTROLLER_ADDRESSING)
        mc_controller_set_ready(self);
}

void mc_controller_address(McController *self, const McAddressEvent *event, gint64 now_us)
{
    mc_controller_set_now(self, now_us);
    if (!self->ifname[0] || strcmp(self->ifname, event->ifname) != 0)
        return;
    switch (event->kind) {
    case MC_ADDRESS_OWN:
        take_own(self, event);
        break;
    case MC_ADDRESS_LEASE:
        mc_controller_sink_dialled(self, event->peer_ip, now_us);
        break;
    case MC_ADDRESS_FAILED:
        if (self->state == MC_CONTROLLER_ADDRESSING || self->state == MC_CONTROLLER_ASSOCIATING)
            mc_controller_attempt_failed(self, MC_LINK_FAILURE_ADDRESS, "");
        break;
    }
}

void mc_controller_sink_dialled(McController *self, const uint8_t peer_ip[4], gint64 now_us)
{
    mc_controller_set_now(self, now_us);
    if (!self->ifname[0])
        return;
    if (peer_ip) {
        memcpy(self->peer_ip, peer_ip, sizeof(self->peer_ip));
        self->has_peer_ip = true;
    }
    if (self->state == MC_CONTROLLER_ASSOCIATING || self->state == MC_CONTROLLER_ADDRESSING ||
        self->state == MC_CONTROLLER_INTERRUPTED)
        mc_controller_set_ready(self);
}

/* --- groups that are remembered ----------------------------------------------------------------
 */

/* One for each sink and owner is enough; older ones pile up, and wedge some sinks. */
static void drop_network(McController *self, int id)
{
    mc_controller_command(self, &(McCommand){.kind = MC_COMMAND_REMOVE_NETWORK, .network_id = id});
    mc_controller_simple(self, MC_COMMAND_SAVE);
}

void mc_controller_remembered(McController *self, const char *reply)
{
    McRememberedGroup groups[MC_CONTROLLER_MAX_GROUPS];
    unsigned n = mc_remembered_groups_parse(reply, groups, MC_CONTROLLER_MAX_GROUPS);

    if (self->state != MC_CONTROLLER_READY)
        return;
    for (unsigned i = 0; i < n; i++) {
        const McRememberedGroup *group = &groups[i];

        if (strcmp(group->ssid, self->ssid) == 0)
            continue;
        if (mc_controller_is_peer(self, &group->bssid))
            drop_network(self, group->id); /* its owner has made a new one with us */
        else
            mc_controller_command(
                self, &(McCommand){.kind = MC_COMMAND_NETWORK_PEERS, .network_id = group->id});
    }
}

/* A group of ours that only this sink could come back into, and it is in a newer one of ours. */
void mc_controller_remembered_peers(McController *self, int network_id, const char *reply)
{
    if (self->state == MC_CONTROLLER_READY && self->role == MC_WPA_ROLE_GO &&
        mc_remembered_group_is_only_for(reply, &self->peer))
        drop_network(self, network_id);
}
