/* SPDX-License-Identifier: MIT */
/* "mice": Miracast over Infrastructure as a link: the control channel first, then the sink dials
 * in. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "p2p/backend.h"
#include "p2p/listener.h"
#include "p2p/mice/channel.h"
#include "p2p/mice/resolve.h"

#define RTSP_WAIT_S 15 /* from SOURCE_READY to the sink's RTSP connection */
#define PROBE_WAIT_S 8 /* the same, while it is not known whether the sink takes open sessions */
#define DEFAULT_RTSP_PORT 7236

typedef struct {
    McLinkConfig config;
    bool automatic; /* the sink's wish for security is not known */
    uint8_t source_id[16];
    uint16_t rtsp_port;
    McMiceChannel *channel; /* to the sink's control port; NULL: not yet */
    int cancel_fd;          /* readable once all is to end */
    gint cancelled;         /* atomic: the same */

    GMutex lock; /* guards listener's pointer and all below */
    McListener *listener;
    int rtsp_fd;  /* our own copy, to end the session with; -1: none */
    GError *lost; /* why the channel ended before the sink dialled in */
} Mice;

static void progress(Mice *self, const char *text)
{
    if (self->config.on_progress)
        self->config.on_progress("control", text, self->config.user_data);
}

static bool fail(McLinkError code, const char *text, GError **error)
{
    g_set_error_literal(error, MC_LINK_ERROR, code, text);
    return false;
}

/* ---- both connections ---- */

/* What the sink wants is known where its beacons were heard. */
static void take_security(Mice *self, const McMiceAnnouncement *heard)
{
    if (!self->automatic)
        return;
    self->automatic = false;
    g_strlcpy(self->config.security,
              heard->shows_pin  ? "pin"
              : heard->encrypts ? "encrypt"
                                : "open",
              sizeof(self->config.security));
}

static bool connect_control(Mice *self, GError **error)
{
    McMicePlace place;

    if (!mc_mice_resolve(&self->config, self->cancel_fd, &self->cancelled, &place, error))
        return false;
    if (place.heard)
        take_security(self, &place.announcement);
    self->channel = mc_mice_channel_connect(place.addresses, self->cancel_fd);
    const int why = errno;
    freeaddrinfo(place.addresses);
    if (!self->channel)
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_UNREACHABLE,
                    "%s does not answer on its control port %u: %s", self->config.sink, place.port,
                    g_strerror(why));
    return self->channel != NULL;
}

static bool open_listener(Mice *self, GError **error)
{
    McListenAddress address = {.len = sizeof(address.addr)};
    struct sockaddr_storage peer = {0};
    size_t bytes;
    McLinkConfig config = self->config;
    const char *colon = strrchr(config.listen, ':');

    if (!mc_mice_channel_ends(self->channel, &address.addr, &peer))
        return fail(MC_LINK_ERROR_LOST, "the control connection is gone", error);
    address.len =
        peer.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    mc_listen_address_set_port(&address, colon ? (uint16_t) atoi(colon + 1) : DEFAULT_RTSP_PORT);
    if (!config.timeout_s)
        config.timeout_s = self->automatic ? PROBE_WAIT_S : RTSP_WAIT_S;
    inet_ntop(peer.ss_family, mc_mice_address_bytes(&peer, &bytes), config.allow, /* A4 */
              sizeof(config.allow));
    McListener *listener = mc_listener_new(&address, &config, &self->rtsp_port, error);
    g_mutex_lock(&self->lock);
    self->listener = listener;
    if (listener && g_atomic_int_get(&self->cancelled))
        mc_listener_cancel(listener);
    g_mutex_unlock(&self->lock);
    return listener != NULL;
}

/* ---- attempts ---- */

static McMiceSecurity security_of(const char *word)
{
    return !strcmp(word, "pin")       ? MC_MICE_WITH_PIN
           : !strcmp(word, "request") ? MC_MICE_REQUESTED
           : !strcmp(word, "encrypt") ? MC_MICE_ENCRYPTED
                                      : MC_MICE_OPEN;
}

/* Its end is the session's, and that of waiting for one. */
static void on_channel_over(const GError *why, void *user_data)
{
    Mice *self = user_data;

    g_mutex_lock(&self->lock);
    self->lost = g_error_copy(why);
    if (self->rtsp_fd >= 0)
        shutdown(self->rtsp_fd, SHUT_RDWR);
    mc_listener_cancel(self->listener);
    g_mutex_unlock(&self->lock);
    progress(self, why->message);
}

static bool begin(Mice *self, McMiceSecurity security, GError **error)
{
    McMiceConfig machine = {.rtsp_port = self->rtsp_port, .security = security};

    memcpy(machine.source_id, self->source_id, sizeof(machine.source_id));
    g_strlcpy(machine.name, self->config.name[0] ? self->config.name : g_get_host_name(),
              sizeof(machine.name));
    if (!mc_mice_channel_begin(self->channel, &machine, &self->config, error))
        return false;
    progress(self, "the sink knows of us; waiting for its RTSP connection");
    mc_mice_channel_run(self->channel, on_channel_over, self);
    return true;
}

static int await_dial(Mice *self, GError **error)
{
    int fd = mc_listener_wait(self->listener, error);
    g_mutex_lock(&self->lock);
    if (self->lost) { /* even where the sink dialled in meanwhile */
        g_clear_error(error);
        g_propagate_error(error, g_steal_pointer(&self->lost));
        if (fd >= 0)
            close(fd);
        fd = -1;
    } else if (fd >= 0) {
        self->rtsp_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    }
    g_mutex_unlock(&self->lock);
    return fd;
}

static int attempt(Mice *self, McMiceSecurity security, GError **error)
{
    return begin(self, security, error) ? await_dial(self, error) : -1;
}

/* Who dialled in was no sink: the sink may still. */
static int await_another(Mice *self, GError **error)
{
    g_mutex_lock(&self->lock);
    close(self->rtsp_fd);
    self->rtsp_fd = -1;
    g_mutex_unlock(&self->lock);
    return await_dial(self, error);
}

static bool reconnect(Mice *self, GError **error)
{
    g_clear_pointer(&self->channel, mc_mice_channel_free);
    g_mutex_lock(&self->lock);
    g_clear_pointer(&self->listener, mc_listener_free); /* a cancelled one stays cancelled */
    g_clear_error(&self->lost);
    g_mutex_unlock(&self->lock);
    return connect_control(self, error) && open_listener(self, error);
}

static bool worth_a_pin(Mice *self, const GError *error)
{
    return !g_atomic_int_get(&self->cancelled) &&
           (g_error_matches(error, MC_LINK_ERROR, MC_LINK_ERROR_LOST) ||
            g_error_matches(error, MC_LINK_ERROR, MC_LINK_ERROR_TIMEOUT));
}

/* A sink that was found by name alone does not say whether it wants security: open first, and where
 * it hangs up or never comes, again with a PIN. */
static int mice_wait(void *backend, GError **error)
{
    Mice *self = backend;
    g_autoptr(GError) first = NULL;

    if (self->rtsp_fd >= 0)
        return await_another(self, error);
    int fd =
        attempt(self, self->automatic ? MC_MICE_OPEN : security_of(self->config.security), &first);

    if (fd >= 0)
        return fd;
    if (!self->automatic || !worth_a_pin(self, first)) {
        g_propagate_error(error, g_steal_pointer(&first));
        return -1;
    }
    g_autofree char *text =
        g_strdup_printf("no open session (%s); trying with a PIN", first->message);
    progress(self, text);
    self->automatic = false; /* from now on it waits as long as it should */
    fd = reconnect(self, error) ? attempt(self, MC_MICE_WITH_PIN, error) : -1;
    if (fd < 0)
        g_prefix_error(error, "neither in the open (%s) nor with a PIN: ", first->message);
    return fd;
}

/* ---- back end ---- */

static void *mice_create(const McLinkConfig *config, GError **error)
{
    Mice *self = g_new0(Mice, 1);

    if (!config->sink[0]) {
        g_free(self);
        fail(MC_LINK_ERROR_ADDRESS, "the sink's address or name is missing", error);
        return NULL;
    }
    self->config = *config;
    self->automatic = !config->security[0] || !strcmp(config->security, "auto");
    self->rtsp_fd = -1;
    self->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_mutex_init(&self->lock);
    for (size_t i = 0; i < sizeof(self->source_id); i += 4) {
        uint32_t word = g_random_int();
        memcpy(self->source_id + i, &word, sizeof(word));
    }
    return self;
}

/* The channel's object stays: a datagram may still ask it for protection. */
static void mice_leave(void *backend)
{
    Mice *self = backend;

    if (self->channel)
        mc_mice_channel_end(self->channel);
    g_clear_pointer(&self->listener, mc_listener_free);
    if (self->rtsp_fd >= 0)
        close(self->rtsp_fd);
    self->rtsp_fd = -1;
}

static void mice_destroy(void *backend)
{
    Mice *self = backend;

    mice_leave(self);
    mc_mice_channel_free(self->channel);
    g_clear_error(&self->lost);
    close(self->cancel_fd);
    g_mutex_clear(&self->lock);
    g_free(self);
}

static bool mice_listen(void *backend, uint16_t *ret_port, GError **error)
{
    Mice *self = backend;
    eventfd_t ignored;

    g_clear_pointer(&self->channel, mc_mice_channel_free);
    eventfd_read(self->cancel_fd, &ignored);
    g_atomic_int_set(&self->cancelled, 0);
    *ret_port = 0;
    if (connect_control(self, error) && open_listener(self, error)) {
        *ret_port = self->rtsp_port;
        return true;
    }
    if (!g_atomic_int_get(&self->cancelled))
        return false;
    g_clear_error(error);
    return fail(MC_LINK_ERROR_CANCELLED, "joining the sink was cancelled", error);
}

static void mice_settle(void *backend)
{
    mc_listener_settle(((Mice *) backend)->listener);
}

static void mice_cancel(void *backend)
{
    Mice *self = backend;

    g_atomic_int_set(&self->cancelled, 1);
    eventfd_write(self->cancel_fd, 1);
    g_mutex_lock(&self->lock);
    if (self->listener)
        mc_listener_cancel(self->listener);
    g_mutex_unlock(&self->lock);
}

static bool mice_command(void *backend, uint32_t command, uint32_t argument, GError **error)
{
    return fail(MC_LINK_ERROR_NOT_SUPPORTED, "this link has no radio of its own", error);
}

static bool mice_failure(void *backend, GError **error)
{
    Mice *self = backend;

    g_mutex_lock(&self->lock);
    GError *why = self->lost ? g_error_copy(self->lost) : NULL;
    g_mutex_unlock(&self->lock);
    if (why)
        g_propagate_error(error, why);
    return why != NULL;
}

static bool mice_encrypts(void *backend)
{
    return mc_mice_channel_encrypts(((Mice *) backend)->channel);
}

static bool mice_protect(void *backend, uint8_t *datagram, size_t room, size_t *len)
{
    return mc_mice_channel_protect(((Mice *) backend)->channel, datagram, room, len);
}

static bool mice_open(void *backend, const uint8_t *records, size_t len, GByteArray *out)
{
    return mc_mice_channel_open(((Mice *) backend)->channel, records, len, out);
}

const McLinkBackend mc_link_mice = {
    .kind = "mice",
    .joins = true,
    .create = mice_create,
    .destroy = mice_destroy,
    .listen = mice_listen,
    .wait = mice_wait,
    .settle = mice_settle,
    .cancel = mice_cancel,
    .leave = mice_leave,
    .command = mice_command,
    .failure = mice_failure,
    .encrypts = mice_encrypts,
    .protect = mice_protect,
    .open = mice_open,
};
