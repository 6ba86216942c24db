/* SPDX-License-Identifier: MIT */
/* From a name to the sink's connection. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "p2p/p2p-link-private.h"

enum {
    PIN_S = 115,
    DIAL_S = 45,      /* slow sinks open RTSP half a minute after the group */
    GROUP_GOES_S = 3, /* from the kernel's taking its address to the news of its end */
};

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
    explicit_bzero(pin, sizeof(pin));
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

void mc_p2p_open_port(void *backend, bool tcp, uint16_t port)
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
    mc_listener_set_admit(listener, mc_p2p_admit, self);
    g_autofree char *text = g_strdup_printf("listening on %s for the sink", config.listen);
    mc_p2p_tell(self, "link", text);
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
    self->session_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    g_mutex_unlock(&self->lock);
    mc_engine_dialled(self->engine, ip);
}

/* Of a dial before, which was not the session's. */
static void forget_dialled(P2p *self)
{
    g_mutex_lock(&self->lock);
    if (self->session_fd >= 0)
        close(self->session_fd);
    self->session_fd = -1;
    g_mutex_unlock(&self->lock);
}

/* -1 without an error: the group was lost, and another may come. */
static int await_dial(P2p *self, GError **error)
{
    g_autoptr(GError) own = NULL;

    forget_dialled(self);
    int fd = mc_listener_wait(self->listener, &own);
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

/* An address that goes with its group is nobody's mistake: what came of the group is told soon. */
static bool is_group_going(P2p *self, const GError *error)
{
    const int64_t until_us = g_get_monotonic_time() + GROUP_GOES_S * G_USEC_PER_SEC;
    bool in_time = error->code == MC_LINK_ERROR_ADDRESS;

    g_mutex_lock(&self->lock);
    while (in_time && self->has_group && !self->cancelled)
        in_time = g_cond_wait_until(&self->changed, &self->lock, until_us);
    g_mutex_unlock(&self->lock);
    return in_time;
}

static int serve_group(P2p *self, GError **error)
{
    g_autoptr(GError) own = NULL;
    McListener *listener = open_listener(self, &own);

    if (!listener) {
        mc_door_close(&self->door);
        if (!is_group_going(self, own))
            g_propagate_error(error, g_steal_pointer(&own));
        return -1;
    }
    replace_listener(self, listener);
    return await_dial(self, error);
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

/* From here on the group is made, or is there and served by a listener (and then there is one dial
 * more to come). */
static int begin(P2p *self, GError **error)
{
    McControllerWish wish = wish_of(&self->config);

    if (self->listener)
        return await_dial(self, error);
    mc_engine_connect(self->engine, self->config.sink, &wish);
    return -1;
}

int mc_p2p_wait(void *backend, GError **error)
{
    P2p *self = backend;
    GError *own = NULL;
    int fd = begin(self, &own);

    while (fd < 0 && !own) {

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
    }
    if (own)
        g_propagate_error(error, own);
    return fd;
}

void mc_p2p_settle(void *backend)
{
    P2p *self = backend;

    g_mutex_lock(&self->lock);
    if (self->listener)
        mc_listener_settle(self->listener);
    g_mutex_unlock(&self->lock);
}

void mc_p2p_cancel(void *backend)
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
