/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "p2p/backend.h"
#include "p2p/listener.h"
#include "p2p/mice/control.h"
#include "p2p/mice/message.h"
#include "p2p/mice/resolve.h"

#define CONNECT_MS 5000 /* to the control port (A4) */
#define RTSP_WAIT_S 15  /* from SOURCE_READY to the sink's RTSP connection */
#define PROBE_WAIT_S 8  /* the same, while it is not known whether the sink takes open sessions */
#define PIN_WAIT_S 120  /* so long a sink shows its PIN (A4) */
#define DEFAULT_RTSP_PORT 7236

typedef struct {
    McLinkConfig config;
    bool automatic; /* the sink's wish for security is not known */
    McListener *listener;
    uint16_t rtsp_port;
    int fd, wake_fd; /* control channel; someone wants its thread */
    int rtsp_fd;     /* our own copy, to end the session with; -1: none */
    GThread *thread;
    gint ending;    /* atomic: the channel's thread is to end */
    gint cancelled; /* atomic: all is to end */

    GMutex lock; /* guards control, listener's pointer, and rtsp_fd */
    McMiceControl *control;
    GError *lost; /* why it ended before the sink dialled in */
    uint8_t source_id[16];
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

/* ---- the connection ---- */

static bool finish_connect(int fd, int wake_fd)
{
    struct pollfd fds[2] = {{.fd = fd, .events = POLLOUT}, {.fd = wake_fd, .events = POLLIN}};
    socklen_t len = sizeof(int);
    int problem = ETIMEDOUT;

    if (poll(fds, 2, CONNECT_MS) > 0 && fds[0].revents)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &len);
    errno = problem;
    return problem == 0;
}

static int dial(Mice *self, const struct addrinfo *address)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && (connect(fd, address->ai_addr, address->ai_addrlen) == 0 ||
                    (errno == EINPROGRESS && finish_connect(fd, self->wake_fd))))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* What the sink wants is known where its beacons were heard (A2). */
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

    if (!mc_mice_resolve(&self->config, self->wake_fd, &self->cancelled, &place, error))
        return false;
    if (place.heard)
        take_security(self, &place.announcement);
    for (struct addrinfo *each = place.addresses; each && self->fd < 0; each = each->ai_next)
        self->fd = dial(self, each);
    freeaddrinfo(place.addresses);
    if (self->fd < 0)
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_UNREACHABLE,
                    "%s does not answer on its control port %u: %s", self->config.sink, place.port,
                    g_strerror(errno));
    return self->fd >= 0;
}

static const void *address_bytes(const struct sockaddr_storage *address, size_t *ret_len)
{
    const bool v6 = address->ss_family == AF_INET6;

    *ret_len = v6 ? 16 : 4;
    return v6 ? (const void *) &((const struct sockaddr_in6 *) address)->sin6_addr
              : (const void *) &((const struct sockaddr_in *) address)->sin_addr;
}

static bool open_listener(Mice *self, GError **error)
{
    McListenAddress address = {.len = sizeof(address.addr)};
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);
    size_t bytes;
    McLinkConfig config = self->config;
    const char *colon = strrchr(config.listen, ':');

    if (getsockname(self->fd, (struct sockaddr *) &address.addr, &address.len) < 0 ||
        getpeername(self->fd, (struct sockaddr *) &peer, &len) < 0)
        return fail(MC_LINK_ERROR_LOST, "the control connection is gone", error);
    mc_listen_address_set_port(&address, colon ? (uint16_t) atoi(colon + 1) : DEFAULT_RTSP_PORT);
    if (!config.timeout_s)
        config.timeout_s = self->automatic ? PROBE_WAIT_S : RTSP_WAIT_S;
    inet_ntop(peer.ss_family, address_bytes(&peer, &bytes), config.allow, /* A4 */
              sizeof(config.allow));
    McListener *listener = mc_listener_new(&address, &config, &self->rtsp_port, error);
    g_mutex_lock(&self->lock);
    self->listener = listener;
    if (listener && g_atomic_int_get(&self->cancelled))
        mc_listener_cancel(listener);
    g_mutex_unlock(&self->lock);
    return listener != NULL;
}

/* ---- the control channel ---- */

static void write_all(int fd, const uint8_t *data, size_t len)
{
    while (len) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            struct pollfd room = {.fd = fd, .events = POLLOUT};
            if (poll(&room, 1, 1000) <= 0)
                return;
            continue;
        }
        if (n <= 0)
            return; /* reading tells of it */
        data += n;
        len -= (size_t) n;
    }
}

/* lock held. */
static void flush(Mice *self)
{
    GBytes *bytes;

    while ((bytes = mc_mice_control_output(self->control))) {
        gsize len;
        const uint8_t *data = g_bytes_get_data(bytes, &len);
        write_all(self->fd, data, len);
        g_bytes_unref(bytes);
    }
}

/* lock held. One round: waits at most until the machine's deadline. */
static void iterate(Mice *self)
{
    int64_t deadline_us = mc_mice_control_deadline(self->control);
    struct pollfd fds[2] = {{.fd = self->fd, .events = POLLIN},
                            {.fd = self->wake_fd, .events = POLLIN}};
    int64_t left_us = deadline_us - g_get_monotonic_time();
    uint8_t buffer[4096];

    g_mutex_unlock(&self->lock);
    poll(fds, 2, deadline_us == INT64_MAX ? -1 : (int) CLAMP(left_us / 1000 + 1, 0, 60000));
    g_mutex_lock(&self->lock);
    if (fds[0].revents) {
        ssize_t n = recv(self->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
        if (n > 0)
            mc_mice_control_feed(self->control, buffer, (size_t) n, g_get_monotonic_time());
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            mc_mice_control_eof(self->control);
    }
    mc_mice_control_time(self->control, g_get_monotonic_time());
    flush(self);
}

/* Readable when the sink says something, hangs up, or someone cancels. */
static int make_abort_fd(Mice *self)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);

    epoll_ctl(fd, EPOLL_CTL_ADD, self->fd, &(struct epoll_event){.events = EPOLLIN});
    epoll_ctl(fd, EPOLL_CTL_ADD, self->wake_fd, &(struct epoll_event){.events = EPOLLIN});
    return fd;
}

/* lock held.  True: given, or the next round finds out what was more important. */
static bool ask_pin(Mice *self, GError **error)
{
    char pin[32] = "";
    int abort_fd = make_abort_fd(self);

    g_mutex_unlock(&self->lock);
    bool given = self->config.ask_pin && self->config.ask_pin(pin, sizeof(pin), PIN_WAIT_S,
                                                              abort_fd, self->config.user_data);
    g_mutex_lock(&self->lock);
    struct pollfd news = {.fd = abort_fd, .events = POLLIN};
    bool other = !given && poll(&news, 1, 0) > 0;
    close(abort_fd);
    if (given)
        mc_mice_control_pin(self->control, pin, g_get_monotonic_time());
    explicit_bzero(pin, sizeof(pin));
    flush(self);
    return given || other ||
           fail(MC_LINK_ERROR_PIN, "the sink wants its PIN and none was given", error);
}

/* lock held. Until the sink may dial in. */
static bool become_ready(Mice *self, GError **error)
{
    McMiceEvent event;

    flush(self);
    for (;;) {
        while (mc_mice_control_event(self->control, &event, error)) {
            if (event == MC_MICE_EVENT_FAILED)
                return false;
            if (event == MC_MICE_EVENT_STOPPED)
                return fail(MC_LINK_ERROR_LOST, "the sink does not want to be projected to", error);
            if (event == MC_MICE_EVENT_WANT_PIN && !ask_pin(self, error))
                return false;
            if (event == MC_MICE_EVENT_READY)
                return true;
        }
        if (g_atomic_int_get(&self->cancelled))
            return fail(MC_LINK_ERROR_CANCELLED, "joining the sink was cancelled", error);
        iterate(self);
    }
}

/* The channel stays open for the whole session, and its end is the session's (A4). */
static gpointer run_channel(gpointer user_data)
{
    Mice *self = user_data;
    McMiceEvent event;
    bool over = false;

    g_mutex_lock(&self->lock);
    while (!over && !g_atomic_int_get(&self->ending)) {
        while (mc_mice_control_event(self->control, &event, &self->lost)) /* also behind READY */
            over = true;
        if (!over)
            iterate(self);
    }
    if (over && !self->lost)
        fail(MC_LINK_ERROR_LOST, "the sink asked for the end of the projection", &self->lost);
    if (over) {
        if (self->rtsp_fd >= 0)
            shutdown(self->rtsp_fd, SHUT_RDWR);
        mc_listener_cancel(self->listener);
        progress(self, self->lost->message);
    } else {
        mc_mice_control_stop(self->control);
        flush(self);
    }
    g_mutex_unlock(&self->lock);
    return NULL;
}

/* ---- attempts ---- */

static McMiceSecurity security_of(const char *word)
{
    return !strcmp(word, "pin")       ? MC_MICE_WITH_PIN
           : !strcmp(word, "request") ? MC_MICE_REQUESTED
           : !strcmp(word, "encrypt") ? MC_MICE_ENCRYPTED
                                      : MC_MICE_OPEN;
}

static bool make_control(Mice *self, McMiceSecurity security, GError **error)
{
    McMiceConfig config = {.rtsp_port = self->rtsp_port, .security = security};
    struct sockaddr_storage local, peer;
    socklen_t len = sizeof(local), peer_len = sizeof(peer);

    getsockname(self->fd, (struct sockaddr *) &local, &len);
    getpeername(self->fd, (struct sockaddr *) &peer, &peer_len);
    const void *ours = address_bytes(&local, &config.address_bytes);
    memcpy(config.local_address, ours, config.address_bytes);
    const void *theirs = address_bytes(&peer, &config.address_bytes);
    memcpy(config.peer_address, theirs, config.address_bytes);
    memcpy(config.source_id, self->source_id, sizeof(config.source_id));
    g_strlcpy(config.name, self->config.name[0] ? self->config.name : g_get_host_name(),
              sizeof(config.name));
    g_clear_pointer(&self->control, mc_mice_control_free);
    self->control = mc_mice_control_new(&config, g_get_monotonic_time(), error);
    return self->control != NULL;
}

static void end_channel(Mice *self)
{
    if (self->thread) {
        g_atomic_int_set(&self->ending, 1);
        eventfd_write(self->wake_fd, 1);
        g_thread_join(g_steal_pointer(&self->thread));
    }
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
}

static int attempt(Mice *self, McMiceSecurity security, GError **error)
{
    int fd = -1;

    g_mutex_lock(&self->lock);
    bool ready = make_control(self, security, error) && become_ready(self, error);
    g_mutex_unlock(&self->lock);
    if (!ready)
        return -1;
    progress(self, "the sink knows of us; waiting for its RTSP connection");
    self->thread = g_thread_new("mc-mice", run_channel, self);
    fd = mc_listener_wait(self->listener, error);
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

/* A cancel that came meanwhile stays in the eventfd. */
static bool reconnect(Mice *self, GError **error)
{
    eventfd_t ignored;

    end_channel(self);
    g_mutex_lock(&self->lock);
    g_clear_pointer(&self->listener, mc_listener_free); /* a cancelled one stays cancelled */
    g_clear_error(&self->lost);
    g_mutex_unlock(&self->lock);
    if (!g_atomic_int_get(&self->cancelled))
        eventfd_read(self->wake_fd, &ignored);
    g_atomic_int_set(&self->ending, 0);
    return connect_control(self, error) && open_listener(self, error);
}

static bool worth_a_pin(Mice *self, const GError *error)
{
    return !g_atomic_int_get(&self->cancelled) &&
           (g_error_matches(error, MC_LINK_ERROR, MC_LINK_ERROR_LOST) ||
            g_error_matches(error, MC_LINK_ERROR, MC_LINK_ERROR_TIMEOUT));
}

/* A sink that was found by name alone does not say whether it wants security: open first, and where
 * it hangs up or never comes, again with a PIN (A7). */
static int mice_wait(void *backend, GError **error)
{
    Mice *self = backend;
    g_autoptr(GError) first = NULL;
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
    self->fd = self->rtsp_fd = -1;
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_mutex_init(&self->lock);
    for (size_t i = 0; i < sizeof(self->source_id); i += 4) {
        uint32_t word = g_random_int();
        memcpy(self->source_id + i, &word, sizeof(word));
    }
    return self;
}

static void mice_leave(void *backend)
{
    Mice *self = backend;

    end_channel(self);
    g_clear_pointer(&self->listener, mc_listener_free);
    if (self->rtsp_fd >= 0)
        close(self->rtsp_fd);
    self->rtsp_fd = -1;
}

static void mice_destroy(void *backend)
{
    Mice *self = backend;

    mice_leave(self);
    mc_mice_control_free(self->control);
    g_clear_error(&self->lost);
    close(self->wake_fd);
    g_mutex_clear(&self->lock);
    g_free(self);
}

static bool mice_listen(void *backend, uint16_t *ret_port, GError **error)
{
    Mice *self = backend;

    g_atomic_int_set(&self->cancelled, 0);
    if (!connect_control(self, error) || !open_listener(self, error))
        return false;
    *ret_port = self->rtsp_port;
    return true;
}

static void mice_cancel(void *backend)
{
    Mice *self = backend;

    g_atomic_int_set(&self->cancelled, 1);
    eventfd_write(self->wake_fd, 1);
    g_mutex_lock(&self->lock);
    if (self->listener)
        mc_listener_cancel(self->listener);
    g_mutex_unlock(&self->lock);
}

static bool mice_command(void *backend, uint32_t command, uint32_t argument, GError **error)
{
    return fail(MC_LINK_ERROR_NOT_SUPPORTED, "this link has no radio of its own", error);
}

static bool mice_encrypts(void *backend)
{
    Mice *self = backend;

    return self->control && mc_mice_control_encrypts(self->control);
}

static bool mice_protect(void *backend, uint8_t *datagram, size_t room, size_t *len)
{
    return mc_mice_control_protect(((Mice *) backend)->control, datagram, room, len);
}

static bool mice_open(void *backend, const uint8_t *records, size_t len, GByteArray *out)
{
    return mc_mice_control_open(((Mice *) backend)->control, records, len, out);
}

const McLinkBackend mc_link_mice = {
    .kind = "mice",
    .create = mice_create,
    .destroy = mice_destroy,
    .listen = mice_listen,
    .wait = mice_wait,
    .cancel = mice_cancel,
    .leave = mice_leave,
    .command = mice_command,
    .encrypts = mice_encrypts,
    .protect = mice_protect,
    .open = mice_open,
};
