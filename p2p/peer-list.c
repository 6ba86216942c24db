/* SPDX-License-Identifier: MIT */
#include "p2p/peer-list.h"

#include <string.h>

#include "p2p/wpa-reply.h"

struct McPeerList {
    McPeer peers[MC_PEER_MAX];
    unsigned n;
    bool pinned;
    McMac pin;
};

McPeerList *mc_peer_list_new(void)
{
    return g_new0(McPeerList, 1);
}

void mc_peer_list_free(McPeerList *self)
{
    g_free(self);
}

static McPeer *find(const McPeerList *self, const McMac *address)
{
    for (unsigned i = 0; i < self->n; i++)
        if (mc_mac_equal(&self->peers[i].address, address))
            return (McPeer *) &self->peers[i];
    return NULL;
}

static bool is_pinned(const McPeerList *self, const McPeer *peer)
{
    return self->pinned && mc_mac_equal(&self->pin, &peer->address);
}

static void remove_at(McPeerList *self, unsigned i)
{
    memmove(&self->peers[i], &self->peers[i + 1], (self->n - i - 1) * sizeof(McPeer));
    self->n--;
}

/* Makes room for a newcomer: the least interesting one goes, of equals the longest silent. A
 * newcomer that is no better than anything here stays out. */
static bool make_room(McPeerList *self, McPeerState newcomer)
{
    unsigned victim = MC_PEER_MAX;

    if (self->n < MC_PEER_MAX)
        return true;
    for (unsigned i = 0; i < self->n; i++) {
        const McPeer *peer = &self->peers[i];
        const McPeer *worst = victim < MC_PEER_MAX ? &self->peers[victim] : NULL;

        if (!is_pinned(self, peer) && (!worst || mc_peer_state(peer) < mc_peer_state(worst) ||
                                       (mc_peer_state(peer) == mc_peer_state(worst) &&
                                        peer->last_seen_us < worst->last_seen_us)))
            victim = i;
    }
    if (victim == MC_PEER_MAX || mc_peer_state(&self->peers[victim]) >= newcomer)
        return false;
    remove_at(self, victim);
    return true;
}

/* Takes over what the event says; fields it does not mention keep their value. */
static bool apply_found(McPeer *peer, const McWpaEvent *event)
{
    McPeer before = *peer;

    if (mc_wpa_event_has(event, MC_WPA_KEY_NAME))
        g_strlcpy(peer->name, event->name, sizeof(peer->name));
    if (mc_wpa_event_has(event, MC_WPA_KEY_PRI_DEV_TYPE))
        g_strlcpy(peer->device_type, event->pri_dev_type, sizeof(peer->device_type));
    if (mc_wpa_event_has(event, MC_WPA_KEY_CONFIG_METHODS))
        peer->config_methods = event->config_methods;
    if (mc_wpa_event_has(event, MC_WPA_KEY_DEV_CAPAB))
        peer->dev_capab = event->dev_capab;
    if (mc_wpa_event_has(event, MC_WPA_KEY_GROUP_CAPAB))
        peer->group_capab = event->group_capab;
    if (mc_wpa_event_has(event, MC_WPA_KEY_WFD_DEV_INFO))
        mc_wfd_ie_set_device(&peer->wfd, &event->wfd);
    else
        memset(&peer->wfd, 0, sizeof(peer->wfd)); /* its display mode was switched off */
    peer->brand = mc_peer_brand_for(peer->name, peer->manufacturer);
    peer->in_reach = true;
    return memcmp(&before, peer, sizeof(before)) != 0;
}

static McPeerChange on_found(McPeerList *self, const McMac *address, const McWpaEvent *event,
                             gint64 now_us, const McPeer **ret_peer)
{
    McPeer *peer = find(self, address);
    McPeerChange change = MC_PEER_CHANGE_ADDED;

    if (peer) {
        change = apply_found(peer, event) ? MC_PEER_CHANGE_UPDATED : MC_PEER_CHANGE_NONE;
    } else {
        McPeer *newcomer = g_new0(McPeer, 1);

        newcomer->address = *address;
        newcomer->persistent_id = -1;
        newcomer->first_seen_us = now_us;
        apply_found(newcomer, event);
        if (make_room(self, mc_peer_state(newcomer))) {
            peer = &self->peers[self->n++];
            *peer = *newcomer;
        }
        g_free(newcomer);
        if (!peer)
            return MC_PEER_CHANGE_NONE;
    }
    peer->last_seen_us = now_us;
    *ret_peer = peer;
    return change;
}

static McPeerChange on_lost(McPeerList *self, const McMac *address, const McPeer **ret_peer)
{
    McPeer *peer = find(self, address);

    if (!peer || !peer->in_reach)
        return MC_PEER_CHANGE_NONE;
    peer->in_reach = false;
    if (is_pinned(self, peer))
        *ret_peer = peer;
    else
        remove_at(self, (unsigned) (peer - self->peers));
    return MC_PEER_CHANGE_LOST;
}

McPeerChange mc_peer_list_event(McPeerList *self, const McWpaEvent *event, gint64 now_us,
                                const McPeer **ret_peer)
{
    const McMac *address = mc_wpa_event_peer(event);
    const McPeer *unused;

    ret_peer = ret_peer ? ret_peer : &unused;
    *ret_peer = NULL;
    if (!address || mc_mac_is_zero(address))
        return MC_PEER_CHANGE_NONE;
    if (event->kind == MC_WPA_EVENT_DEVICE_FOUND)
        return on_found(self, address, event, now_us, ret_peer);
    if (event->kind == MC_WPA_EVENT_DEVICE_LOST)
        return on_lost(self, address, ret_peer);
    return MC_PEER_CHANGE_NONE;
}

static void details_wfd(McPeer *peer, const char *reply)
{
    g_autofree char *hex = g_malloc(2 * MC_WFD_MAX_IE_BYTES + 1);
    McWfdIe *wfd = g_new0(McWfdIe, 1);

    /* A list without device information says less than the event did. */
    if (mc_wpa_reply_value(reply, "wfd_subelems", hex, 2 * MC_WFD_MAX_IE_BYTES + 1) &&
        mc_wfd_ie_parse_hex(hex, wfd) && mc_wfd_ie_has(wfd, MC_WFD_SUBELEMENT_DEVICE_INFO))
        peer->wfd = *wfd;
    g_free(wfd);
}

bool mc_peer_list_details(McPeerList *self, const char *reply)
{
    McPeer *peer;
    McMac address;

    if (!mc_mac_parse(reply, &address) || !(peer = find(self, &address)))
        return false;
    mc_wpa_reply_text(reply, "device_name", peer->name, sizeof(peer->name));
    mc_wpa_reply_text(reply, "manufacturer", peer->manufacturer, sizeof(peer->manufacturer));
    mc_wpa_reply_text(reply, "model_name", peer->model, sizeof(peer->model));
    mc_wpa_reply_unsigned(reply, "config_methods", &peer->config_methods);
    mc_wpa_reply_unsigned(reply, "dev_capab", &peer->dev_capab);
    mc_wpa_reply_unsigned(reply, "group_capab", &peer->group_capab);
    mc_wpa_reply_unsigned(reply, "listen_freq", &peer->listen_freq_mhz);
    mc_wpa_reply_unsigned(reply, "oper_freq", &peer->oper_freq_mhz);
    mc_wpa_reply_number(reply, "level", &peer->level_dbm);
    if (!mc_wpa_reply_number(reply, "persistent", &peer->persistent_id))
        peer->persistent_id = -1;
    details_wfd(peer, reply);
    peer->brand = mc_peer_brand_for(peer->name, peer->manufacturer);
    return true;
}

unsigned mc_peer_list_expire(McPeerList *self, gint64 now_us, gint64 max_age_us)
{
    unsigned kept = 0, removed;

    for (unsigned i = 0; i < self->n; i++)
        if (now_us - self->peers[i].last_seen_us <= max_age_us || is_pinned(self, &self->peers[i]))
            self->peers[kept++] = self->peers[i];
    removed = self->n - kept;
    self->n = kept;
    return removed;
}

void mc_peer_list_clear(McPeerList *self)
{
    mc_peer_list_expire(self, G_MAXINT64, -1);
}

void mc_peer_list_pin(McPeerList *self, const McMac *address)
{
    self->pinned = address != NULL;
    if (address)
        self->pin = *address;
}

void mc_peer_list_forget_persistent(McPeerList *self, const McMac *address)
{
    McPeer *peer = find(self, address);

    if (peer)
        peer->persistent_id = -1;
}

unsigned mc_peer_list_count(const McPeerList *self)
{
    return self->n;
}

const McPeer *mc_peer_list_nth(const McPeerList *self, unsigned n)
{
    return n < self->n ? &self->peers[n] : NULL;
}

const McPeer *mc_peer_list_find(const McPeerList *self, const McMac *address)
{
    return find(self, address);
}

const McPeer *mc_peer_list_lookup(const McPeerList *self, const char *text, bool *ret_ambiguous)
{
    const McPeer *best = NULL;
    int best_fit = 0;

    *ret_ambiguous = false;
    for (unsigned i = 0; i < self->n; i++) {
        const int value = mc_peer_fit(&self->peers[i], text);

        if (value > best_fit) {
            best = &self->peers[i];
            best_fit = value;
            *ret_ambiguous = false;
        } else if (value > 0 && value == best_fit) {
            *ret_ambiguous = true;
        }
    }
    return *ret_ambiguous ? NULL : best;
}
