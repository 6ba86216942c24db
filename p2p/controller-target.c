/* SPDX-License-Identifier: MIT */
/* Wi-Fi Direct: which device a person means. */
#include "p2p/controller-private.h"

#include <string.h>

enum { SETTLE_MS = 2500 }; /* a part of a name: perhaps more devices have it */

/* Without a name: the one sink that is ready, if it is the only one. */
static const McPeer *only_ready(const McController *self, bool *ret_ambiguous)
{
    const McPeer *only = NULL;

    for (unsigned i = 0; i < mc_peer_list_count(self->peers); i++) {
        const McPeer *peer = mc_peer_list_nth(self->peers, i);

        if (mc_peer_state(peer) != MC_PEER_STATE_READY)
            continue;
        *ret_ambiguous = only != NULL;
        if (*ret_ambiguous)
            return NULL;
        only = peer;
    }
    return only;
}

static const McPeer *lookup(const McController *self, bool *ret_ambiguous)
{
    *ret_ambiguous = false;
    if (!self->target[0])
        return only_ready(self, ret_ambiguous);
    return mc_peer_list_lookup(self->peers, self->target, ret_ambiguous);
}

static bool is_exact(const McController *self, const McPeer *peer)
{
    g_autofree char *target = g_utf8_casefold(self->target, -1);
    g_autofree char *name = g_utf8_casefold(peer->name, -1);
    McMac mac;

    return mc_mac_parse(self->target, &mac) || strcmp(target, name) == 0;
}

void mc_controller_look_for_target(McController *self)
{
    bool ambiguous;
    const McPeer *peer = lookup(self, &ambiguous);

    if (!peer && !ambiguous)
        return;
    if (peer && mc_peer_state(peer) != MC_PEER_STATE_READY)
        return; /* perhaps it will be */
    if (peer && is_exact(self, peer)) {
        self->peer = peer->address;
        mc_controller_begin(self);
    } else if (self->again_at_us < 0) {
        mc_controller_again_in(self, SETTLE_MS);
    }
}

/* "Living Room (02:…), Living Room TV (02:…)" */
static char *describe_matches(const McController *self)
{
    GString *text = g_string_new(NULL);
    char mac[MC_MAC_TEXT];

    for (unsigned i = 0; i < mc_peer_list_count(self->peers) && text->len < 180; i++) {
        const McPeer *peer = mc_peer_list_nth(self->peers, i);

        if (self->target[0] ? mc_peer_fit(peer, self->target)
                            : mc_peer_state(peer) == MC_PEER_STATE_READY)
            g_string_append_printf(text, "%s%s (%s)", text->len ? ", " : "", peer->name,
                                   mc_mac_format(&peer->address, mac));
    }
    return g_string_free(text, FALSE);
}

static void fail_ambiguous(McController *self)
{
    g_autofree char *matches = describe_matches(self);

    mc_controller_fail(self, MC_LINK_FAILURE_AMBIGUOUS, matches);
}

void mc_controller_settle(McController *self)
{
    bool ambiguous;
    const McPeer *peer = lookup(self, &ambiguous);

    if (ambiguous) {
        fail_ambiguous(self);
    } else if (peer && mc_peer_state(peer) == MC_PEER_STATE_READY) {
        self->peer = peer->address;
        mc_controller_begin(self);
    }
}

void mc_controller_search_timeout(McController *self)
{
    static const McLinkFailure failures[] = {
        [MC_PEER_STATE_IRRELEVANT] = MC_LINK_FAILURE_NOT_A_SINK,
        [MC_PEER_STATE_NOT_READY] = MC_LINK_FAILURE_NOT_READY,
        [MC_PEER_STATE_BUSY] = MC_LINK_FAILURE_PEER_BUSY,
        [MC_PEER_STATE_READY] = MC_LINK_FAILURE_NOT_FOUND,
    };
    bool ambiguous;
    const McPeer *peer = lookup(self, &ambiguous);

    if (ambiguous) {
        fail_ambiguous(self);
    } else if (peer) {
        g_autofree char *hint = mc_peer_hint(peer);
        mc_controller_fail(self, failures[mc_peer_state(peer)], hint ? hint : "");
    } else {
        mc_controller_fail(self, MC_LINK_FAILURE_NOT_FOUND, "");
    }
}
