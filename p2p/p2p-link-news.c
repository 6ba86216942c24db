/* SPDX-License-Identifier: MIT */
/* What the engine's thread tells, kept for whoever waits, and who may come in after that. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "p2p/address.h"
#include "p2p/p2p-link-private.h"

/* The session must not wait for its keep-alive to notice. */
void mc_p2p_end_session(P2p *self)
{
    if (self->session_fd >= 0) {
        shutdown(self->session_fd, SHUT_RDWR);
        close(self->session_fd);
    }
    self->session_fd = -1;
}

static void set_failure(P2p *self, const McProgress *progress, const McController *now)
{
    McLinkFailure failure = (McLinkFailure) progress->failure;

    self->failure_code = failure == MC_LINK_FAILURE_PLAN
                             ? MC_LINK_ERROR_PLAN + (int) mc_controller_plan(now)->result
                             : MC_LINK_ERROR_CONTROLLER + (int) failure;
    g_strlcpy(self->failure_text, progress->text, sizeof(self->failure_text));
}

static void group_gone(P2p *self)
{
    self->has_group = false;
    if (self->listener)
        mc_listener_cancel(self->listener);
    mc_p2p_end_session(self);
}

static void note_group(P2p *self, const McController *now)
{
    self->is_owner = mc_controller_is_owner(now);
    self->has_peer_ip = mc_controller_peer_ip(now, self->peer_ip);
    self->has_station = mc_controller_station_mac(now, &self->station);
}

static void note_progress(P2p *self, const McProgress *progress, const McController *now)
{
    switch (progress->kind) {
    case MC_PROGRESS_ASK_PIN:
        self->pin_wanted = true;
        break;
    case MC_PROGRESS_RETRY:
        self->pin_was_wrong = progress->failure == MC_LINK_FAILURE_WRONG_PIN;
        group_gone(self);
        break;
    case MC_PROGRESS_LOST:
        self->lost = true;
        set_failure(self, progress, now);
        group_gone(self);
        break;
    case MC_PROGRESS_LEFT:
        group_gone(self);
        break;
    case MC_PROGRESS_FAILED:
        self->failed = true;
        set_failure(self, progress, now);
        group_gone(self);
        eventfd_write(self->abort_fd, 1);
        break;
    default:
        break;
    }
    note_group(self, now);
    g_cond_broadcast(&self->changed);
}

static void show(P2p *self, const McProgress *progress)
{
    bool coded = progress->code && *progress->code;
    g_autofree char *text =
        progress->kind == MC_PROGRESS_SHOW_PIN
            ? g_strdup_printf("type this PIN at the sink: %s", progress->pin)
            : g_strdup_printf("%s%s%s%s", coded ? "[" : "", coded ? progress->code : "",
                              coded ? "] " : "", progress->text);

    if (self->config.on_progress && progress->kind != MC_PROGRESS_PEER)
        self->config.on_progress(
            progress->kind == MC_PROGRESS_STEP ? mc_controller_state_name(progress->state) : "link",
            text, self->config.user_data);
}

void mc_p2p_on_progress(const McProgress *progress, const McController *now, void *user_data)
{
    P2p *self = user_data;

    if (progress->kind != MC_PROGRESS_FAILED) /* told by wait(), or as the end of the session */
        show(self, progress);
    g_mutex_lock(&self->lock);
    note_progress(self, progress, now);
    g_mutex_unlock(&self->lock);
}

/*   bitmap:16 | control port:16 | throughput:16   of the WFD element's device information */
static void note_peer(P2p *self, const McPeer *peer)
{
    const McWfdDeviceInfo *info = &peer->wfd.device;
    const uint16_t words[] = {info->bitmap, info->control_port, info->max_throughput_mbps};

    g_strlcpy(self->peer.name, peer->name, sizeof(self->peer.name));
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        self->peer.device_info[2 * i] = (uint8_t) (words[i] >> 8);
        self->peer.device_info[2 * i + 1] = (uint8_t) words[i];
    }
}

void mc_p2p_on_address(const McController *now, void *user_data)
{
    P2p *self = user_data;

    g_mutex_lock(&self->lock);
    g_strlcpy(self->ifname, mc_controller_ifname(now), sizeof(self->ifname));
    note_group(self, now);
    if (mc_controller_peer(now))
        note_peer(self, mc_controller_peer(now));
    self->has_group = self->ifname[0] && mc_controller_own_ip(now, self->own_ip);
    self->lost = self->lost && !self->has_group;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
}

/* --- who may come in ---------------------------------------------------------------------------
 */

/* Whoever has the hardware address of the sink's interface in the group; where that is not known,
 * the group owner's address. */
bool mc_p2p_admit(const char *peer, void *user_data)
{
    P2p *self = user_data;
    char ifname[sizeof(self->ifname)];
    uint8_t ip[4];
    McMac station;

    if (inet_pton(AF_INET, peer, ip) != 1)
        return false;
    g_mutex_lock(&self->lock);
    bool may = self->has_peer_ip ? memcmp(ip, self->peer_ip, 4) == 0 : !self->is_owner;
    bool has_station = self->has_station;
    station = self->station;
    g_strlcpy(ifname, self->ifname, sizeof(ifname));
    g_mutex_unlock(&self->lock);
    return has_station ? mc_address_is_at(ifname, ip, &station) : may;
}
