/* SPDX-License-Identifier: MIT */
/* "p2p": Wi-Fi Direct as a link: the engine joins the sink, the listener opens on the group's
 * address, and the joined sink alone is let in.  The engine's thread tells what happens to the
 * group; the thread of wait() sleeps on `changed`, or in the listener, which is cancelled when the
 * group is lost. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "p2p/p2p-link-private.h"
#include "p2p/station.h"

enum { RTSP_PORT = 7236 };

/* --- life --------------------------------------------------------------------------------------
 */

void mc_p2p_tell(P2p *self, const char *step, const char *text)
{
    if (self->config.on_progress)
        self->config.on_progress(step, text, self->config.user_data);
}

static void *p2p_create(const McLinkConfig *config, GError **error)
{
    McListenAddress address;
    P2p *self = g_new0(P2p, 1);

    self->config = *config;
    self->session_fd = -1;
    self->abort_fd = -1;
    self->port = RTSP_PORT;
    if (config->listen[0]) {
        if (!mc_listen_address_parse(config->listen, &address, error)) {
            g_free(self);
            return NULL;
        }
        self->port = ntohs(((struct sockaddr_in *) &address.addr)->sin_port);
    }
    self->abort_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_mutex_init(&self->lock);
    mc_door_init(&self->door, config->on_progress, config->user_data);
    g_cond_init(&self->changed);
    return self;
}

static void p2p_leave(void *backend)
{
    P2p *self = backend;

    if (self->engine)
        mc_engine_leave(self->engine);
    g_mutex_lock(&self->lock);
    McListener *listener = g_steal_pointer(&self->listener);
    mc_p2p_end_session(self);
    g_mutex_unlock(&self->lock);
    mc_listener_free(listener);
    mc_door_close(&self->door);
    g_clear_pointer(&self->engine, mc_engine_free);
}

static void p2p_destroy(void *backend)
{
    P2p *self = backend;

    p2p_leave(self);
    if (self->abort_fd >= 0)
        close(self->abort_fd);
    g_mutex_clear(&self->lock);
    mc_door_clear(&self->door);
    g_cond_clear(&self->changed);
    g_free(self);
}

static bool p2p_listen(void *backend, uint16_t *ret_port, GError **error)
{
    P2p *self = backend;
    McControllerConfig controller = mc_engine_source_config(self->port);
    McSupplicantConfig supplicant = {0};
    McEngineCalls calls = {
        .on_progress = mc_p2p_on_progress, .on_address = mc_p2p_on_address, .user_data = self};
    g_autofree char *why = NULL;

    p2p_leave(self);
    g_strlcpy(supplicant.backend, self->config.driver, sizeof(supplicant.backend));
    g_strlcpy(supplicant.interface, self->config.interface, sizeof(supplicant.interface));
    g_strlcpy(supplicant.control, self->config.control, sizeof(supplicant.control));
    supplicant.forms_groups = true;
    supplicant.may_drop_station = self->config.may_drop_station;
    if (self->config.timeout_s > 0)
        controller.search_ms = (unsigned) MIN(self->config.timeout_s, 86400) * 1000;
    eventfd_t ignored;
    eventfd_read(self->abort_fd, &ignored);
    self->cancelled = self->failed = self->has_group = false;
    self->pin_wanted = self->pin_was_wrong = self->lost = false;
    self->engine = mc_engine_new(&supplicant, &controller, &calls, &why, error);
    if (!self->engine)
        return false;
    mc_p2p_tell(self, "link", why);
    *ret_port = self->port;
    return true;
}

/* --- commands ----------------------------------------------------------------------------------
 */

static bool p2p_command(void *backend, uint32_t command, uint32_t argument, GError **error)
{
    P2p *self = backend;
    bool ok = false;

    if (command == MC_LINK_COMMAND_RADIO_OFF) {
        mc_engine_leave(self->engine);
        return true;
    }
    g_mutex_lock(&self->lock);
    if (command == MC_LINK_COMMAND_POWER_SAVE && self->has_group)
        ok = mc_station_set_power_save(self->ifname, argument != 0);
    g_mutex_unlock(&self->lock);
    if (!ok)
        g_set_error_literal(error, MC_LINK_ERROR, MC_LINK_ERROR_NOT_SUPPORTED,
                            "the radio does not do that during a session");
    return ok;
}

static bool p2p_peer(void *backend, McLinkPeer *ret_peer)
{
    P2p *self = backend;

    g_mutex_lock(&self->lock);
    *ret_peer = self->peer;
    g_mutex_unlock(&self->lock);
    return ret_peer->name[0];
}

static bool p2p_failure(void *backend, GError **error)
{
    P2p *self = backend;

    g_mutex_lock(&self->lock);
    bool failed = self->failed || self->lost;
    if (failed)
        g_set_error_literal(error, MC_LINK_ERROR, self->failure_code, self->failure_text);
    g_mutex_unlock(&self->lock);
    return failed;
}

static bool p2p_statistics(void *backend, McLinkStatistics *ret_statistics)
{
    P2p *self = backend;
    char ifname[sizeof(self->ifname)];
    McStation station = {0};

    g_mutex_lock(&self->lock);
    bool has_group = self->has_group;
    g_strlcpy(ifname, self->ifname, sizeof(ifname));
    g_mutex_unlock(&self->lock);
    if (has_group)
        mc_station_read(ifname, &station);
    *ret_statistics = (McLinkStatistics){.tx_kbps = station.tx_kbps,
                                         .sent = station.tx_packets,
                                         .failed = station.tx_failed,
                                         .retried = station.tx_retries,
                                         .signal_dbm = station.signal_dbm};
    return has_group;
}

const McLinkBackend mc_link_p2p = {
    .kind = "p2p",
    .create = p2p_create,
    .destroy = p2p_destroy,
    .listen = p2p_listen,
    .wait = mc_p2p_wait,
    .settle = mc_p2p_settle,
    .cancel = mc_p2p_cancel,
    .leave = p2p_leave,
    .command = p2p_command,
    .failure = p2p_failure,
    .peer = p2p_peer,
    .open_port = mc_p2p_open_port,
    .statistics = p2p_statistics,
};
