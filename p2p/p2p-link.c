/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "p2p/address.h"
#include "p2p/backend.h"
#include "p2p/door.h"
#include "p2p/engine.h"
#include "p2p/listener.h"
#include "p2p/station.h"

/* Wi-Fi Direct as a link: the engine joins the sink, the listener opens on the group's address, and
 * the joined sink alone is let in.  The engine's thread tells what happens to the group; the thread
 * of wait() sleeps on `changed`, or in the listener, which is cancelled when the group is lost. */

enum {
    RTSP_PORT = 7236,
    PIN_S = 115,
    DIAL_S = 45
}; /* slow sinks open RTSP half a minute after the group */

typedef struct {
    McLinkConfig config;
    uint16_t port;
    McEngine *engine;

    int abort_fd; /* readable: whoever asks for a PIN gives up */

    GMutex lock;
    GCond changed;
    bool cancelled, failed, pin_wanted, pin_was_wrong;
    bool lost;        /* a group that was ready; for the reason why, which comes before the end */
    int failure_code; /* of McLinkError's space */
    char failure_text[256];
    /* The group; has_group once the kernel has our address in it. */
    bool has_group, is_owner, has_peer_ip, has_station;
    char ifname[16];
    uint8_t own_ip[4], peer_ip[4];
    McMac station;
    McLinkPeer peer;
    McListener *listener; /* changed by wait() and leave() only */
    McDoor door;          /* open as long as the listener lives */
    int session_fd;       /* duplicate of the sink's connection, to end it when the link is lost */
} P2p;

/* --- the engine's thread ---------------------------------------------------------------------- */

/* The session must not wait for its keep-alive to notice. */
static void end_session(P2p *self)
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
    end_session(self);
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

static void on_progress(const McProgress *progress, const McController *now, void *user_data)
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

static void on_address(const McController *now, void *user_data)
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
static bool admit(const char *peer, void *user_data)
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

/* --- life --------------------------------------------------------------------------------------
 */

static void tell(P2p *self, const char *step, const char *text)
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
    end_session(self);
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
    McEngineCalls calls = {.on_progress = on_progress, .on_address = on_address, .user_data = self};
    g_autofree char *why = NULL;

    p2p_leave(self);
    g_strlcpy(supplicant.backend, self->config.driver, sizeof(supplicant.backend));
    g_strlcpy(supplicant.interface, self->config.interface, sizeof(supplicant.interface));
    g_strlcpy(supplicant.control, self->config.control, sizeof(supplicant.control));
    if (self->config.timeout_s > 0)
        controller.search_ms = (unsigned) MIN(self->config.timeout_s, 86400) * 1000;
    eventfd_t ignored;
    eventfd_read(self->abort_fd, &ignored);
    self->cancelled = self->failed = self->has_group = false;
    self->pin_wanted = self->pin_was_wrong = self->lost = false;
    self->engine = mc_engine_new(&supplicant, &controller, &calls, &why, error);
    if (!self->engine)
        return false;
    tell(self, "link", why);
    *ret_port = self->port;
    return true;
}

/* --- wait --------------------------------------------------------------------------------------
 */

static McControllerWish wish_of(const McLinkConfig *config)
{
    static const struct {
        const char *word;
        McControllerMethod method;
    } methods[] = {{"pbc", MC_CONTROLLER_METHOD_PBC},
                   {"enter-pin", MC_CONTROLLER_METHOD_ENTER_PIN},
                   {"show-pin", MC_CONTROLLER_METHOD_SHOW_PIN}};
    McControllerWish wish = {.freq_mhz = config->freq_mhz,
                             .may_drop_station = config->may_drop_station};

    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++)
        if (strcmp(config->pairing, methods[i].word) == 0)
            wish.method = methods[i].method;
    return wish;
}

typedef enum { NEWS_GROUP, NEWS_PIN, NEWS_FAILED, NEWS_CANCELLED } News;

static News wait_for_news(P2p *self)
{
    News news = NEWS_GROUP;

    g_mutex_lock(&self->lock);
    while (!self->cancelled && !self->failed && !self->pin_wanted && !self->has_group)
        g_cond_wait(&self->changed, &self->lock);
    if (self->cancelled)
        news = NEWS_CANCELLED;
    else if (self->failed)
        news = NEWS_FAILED;
    else if (self->pin_wanted)
        news = NEWS_PIN;
    self->pin_wanted = false;
    g_mutex_unlock(&self->lock);
    return news;
}

static bool ask_pin(P2p *self)
{
    char pin[16] = "";
    bool given =
        self->config.ask_pin &&
        self->config.ask_pin(pin, sizeof(pin), PIN_S, self->abort_fd, self->config.user_data);

    if (given)
        mc_engine_pin(self->engine, pin);
    memset(pin, 0, sizeof(pin));
    return given;
}

static void open_door(P2p *self)
{
    char ifname[sizeof(self->ifname)];

    g_mutex_lock(&self->lock);
    g_strlcpy(ifname, self->ifname, sizeof(ifname));
    bool is_owner = self->is_owner;
    g_mutex_unlock(&self->lock);
    mc_door_open(&self->door, ifname, is_owner, self->port);
}

static void p2p_open_port(void *backend, bool tcp, uint16_t port)
{
    P2p *self = backend;

    mc_door_add(&self->door, tcp ? MC_FIREWALL_TCP : MC_FIREWALL_UDP, port);
}

static McListener *open_listener(P2p *self, GError **error)
{
    McLinkConfig config = self->config;
    McListenAddress address;
    uint16_t port;

    g_mutex_lock(&self->lock);
    port = config.port_of ? config.port_of(&self->peer) : 0;
    g_snprintf(config.listen, sizeof(config.listen), "%u.%u.%u.%u:%u", self->own_ip[0],
               self->own_ip[1], self->own_ip[2], self->own_ip[3], port ? port : self->port);
    g_mutex_unlock(&self->lock);
    config.timeout_s = DIAL_S;
    if (!mc_listen_address_parse(config.listen, &address, error))
        return NULL;
    open_door(self);
    McListener *listener = mc_listener_new(&address, &config, &port, error);
    if (!listener)
        return NULL;
    mc_listener_set_admit(listener, admit, self);
    g_autofree char *text = g_strdup_printf("listening on %s for the sink", config.listen);
    tell(self, "link", text);
    return listener;
}

static void replace_listener(P2p *self, McListener *listener)
{
    g_mutex_lock(&self->lock);
    McListener *old = self->listener;
    self->listener = listener;
    if (listener && !self->has_group) /* lost meanwhile */
        mc_listener_cancel(listener);
    g_mutex_unlock(&self->lock);
    mc_listener_free(old);
}

static void note_dialled(P2p *self, int fd)
{
    struct sockaddr_in addr = {0};
    socklen_t len = sizeof(addr);
    uint8_t ip[4];

    getpeername(fd, (struct sockaddr *) &addr, &len);
    memcpy(ip, &addr.sin_addr, sizeof(ip));
    g_mutex_lock(&self->lock);
    self->session_fd = dup(fd);
    g_mutex_unlock(&self->lock);
    mc_engine_dialled(self->engine, ip);
}

/* -1 without an error: the group was lost, and another may come. */
static int serve_group(P2p *self, GError **error)
{
    g_autoptr(GError) own = NULL;
    McListener *listener = open_listener(self, error);

    if (!listener)
        return -1;
    replace_listener(self, listener);
    int fd = mc_listener_wait(listener, &own);
    if (fd >= 0) {
        note_dialled(self, fd);
        return fd;
    }
    replace_listener(self, NULL);
    mc_door_close(&self->door);
    if (own->code == MC_LINK_ERROR_TIMEOUT)
        g_set_error_literal(error, MC_LINK_ERROR, MC_LINK_ERROR_NO_DIAL,
                            "the sink is in the group but opened no RTSP connection");
    else if (own->code != MC_LINK_ERROR_CANCELLED)
        g_propagate_error(error, g_steal_pointer(&own));
    return -1;
}

static int fail(int code, const char *text, GError **error)
{
    g_set_error_literal(error, MC_LINK_ERROR, code, text);
    return -1;
}

static int fail_without_pin(P2p *self, GError **error)
{
    g_mutex_lock(&self->lock);
    bool was_wrong = self->pin_was_wrong;
    g_mutex_unlock(&self->lock);
    McLinkFailure failure = was_wrong ? MC_LINK_FAILURE_WRONG_PIN : MC_LINK_FAILURE_PIN_TIMEOUT;
    return fail(MC_LINK_ERROR_CONTROLLER + (int) failure,
                was_wrong ? mc_link_failure_text(failure)
                          : "no PIN was given; give the sink's with --pin",
                error);
}

static bool has_ended(P2p *self)
{
    g_mutex_lock(&self->lock);
    bool ended = self->cancelled || self->failed;
    g_mutex_unlock(&self->lock);
    return ended;
}

static int p2p_wait(void *backend, GError **error)
{
    P2p *self = backend;
    McControllerWish wish = wish_of(&self->config);
    GError *own = NULL;

    mc_engine_connect(self->engine, self->config.sink, &wish);
    for (;;) {
        int fd = -1;

        switch (wait_for_news(self)) {
        case NEWS_CANCELLED:
            return fail(MC_LINK_ERROR_CANCELLED, "waiting for the sink was cancelled", error);
        case NEWS_FAILED:
            return fail(self->failure_code, self->failure_text, error);
        case NEWS_PIN:
            if (!ask_pin(self) && !has_ended(self))
                return fail_without_pin(self, error);
            break;
        case NEWS_GROUP:
            fd = serve_group(self, &own);
            break;
        }
        if (fd >= 0)
            return fd;
        if (own) {
            g_propagate_error(error, own);
            return -1;
        }
    }
}

static void p2p_cancel(void *backend)
{
    P2p *self = backend;

    g_mutex_lock(&self->lock);
    self->cancelled = true;
    eventfd_write(self->abort_fd, 1);
    if (self->listener)
        mc_listener_cancel(self->listener);
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
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
    .wait = p2p_wait,
    .cancel = p2p_cancel,
    .leave = p2p_leave,
    .command = p2p_command,
    .failure = p2p_failure,
    .peer = p2p_peer,
    .open_port = p2p_open_port,
    .statistics = p2p_statistics,
};
