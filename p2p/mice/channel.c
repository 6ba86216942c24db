/* SPDX-License-Identifier: MIT */
#include "p2p/mice/channel.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 5000 /* to the control port */
#define PIN_WAIT_S 120  /* so long a sink shows its PIN */

struct McMiceChannel {
    int fd; /* -1: hung up */
    int cancel_fd, end_fd;
    GThread *thread;
    gint ending; /* atomic: the thread is to end */
    void (*on_over)(const GError *why, void *user_data);
    void *user_data;

    GMutex lock; /* guards control */
    McMiceControl *control;
};

static bool fail(McLinkError code, const char *text, GError **error)
{
    g_set_error_literal(error, MC_LINK_ERROR, code, text);
    return false;
}

/* ---- the connection ---- */

static bool finish_connect(int fd, int cancel_fd)
{
    struct pollfd fds[2] = {{.fd = fd, .events = POLLOUT}, {.fd = cancel_fd, .events = POLLIN}};
    socklen_t len = sizeof(int);
    int problem = ETIMEDOUT;

    if (poll(fds, 2, CONNECT_MS) > 0 && fds[0].revents)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &len);
    errno = problem;
    return problem == 0;
}

static int dial(const struct addrinfo *address, int cancel_fd)
{
    const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && (connect(fd, address->ai_addr, address->ai_addrlen) == 0 ||
                    (errno == EINPROGRESS && finish_connect(fd, cancel_fd))))
        return fd;
    const int why = errno;
    if (fd >= 0)
        close(fd);
    errno = why;
    return -1;
}

McMiceChannel *mc_mice_channel_connect(const struct addrinfo *addresses, int cancel_fd)
{
    int fd = -1;

    errno = EADDRNOTAVAIL;
    for (const struct addrinfo *each = addresses; each && fd < 0; each = each->ai_next)
        fd = dial(each, cancel_fd);
    if (fd < 0)
        return NULL;
    McMiceChannel *self = g_new0(McMiceChannel, 1);
    self->fd = fd;
    self->cancel_fd = cancel_fd;
    self->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_mutex_init(&self->lock);
    return self;
}

bool mc_mice_channel_ends(const McMiceChannel *self, struct sockaddr_storage *ret_local,
                          struct sockaddr_storage *ret_peer)
{
    socklen_t local_len = sizeof(*ret_local), peer_len = sizeof(*ret_peer);

    return getsockname(self->fd, (struct sockaddr *) ret_local, &local_len) == 0 &&
           getpeername(self->fd, (struct sockaddr *) ret_peer, &peer_len) == 0;
}

const void *mc_mice_address_bytes(const struct sockaddr_storage *address, size_t *ret_len)
{
    const bool v6 = address->ss_family == AF_INET6;

    *ret_len = v6 ? 16 : 4;
    return v6 ? (const void *) &((const struct sockaddr_in6 *) address)->sin6_addr
              : (const void *) &((const struct sockaddr_in *) address)->sin_addr;
}

static void write_all(int fd, const uint8_t *data, size_t len)
{
    while (len) {
        const ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
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

/* ---- its machine: with the lock held ---- */

static void flush(McMiceChannel *self)
{
    GBytes *bytes;

    while ((bytes = mc_mice_control_output(self->control))) {
        gsize len;
        const uint8_t *data = g_bytes_get_data(bytes, &len);
        write_all(self->fd, data, len);
        g_bytes_unref(bytes);
    }
}

/* One round: waits at most until the machine's deadline. */
static void iterate(McMiceChannel *self, int wake_fd)
{
    const int64_t deadline_us = mc_mice_control_deadline_us(self->control);
    struct pollfd fds[2] = {{.fd = self->fd, .events = POLLIN}, {.fd = wake_fd, .events = POLLIN}};
    const int64_t left_us = deadline_us - g_get_monotonic_time();
    uint8_t buffer[4096];

    g_mutex_unlock(&self->lock);
    poll(fds, 2, deadline_us == INT64_MAX ? -1 : (int) CLAMP(left_us / 1000 + 1, 0, 60000));
    g_mutex_lock(&self->lock);
    if (fds[0].revents) {
        const ssize_t n = recv(self->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
        if (n > 0)
            mc_mice_control_feed(self->control, buffer, (size_t) n, g_get_monotonic_time());
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            mc_mice_control_eof(self->control);
    }
    mc_mice_control_time(self->control, g_get_monotonic_time());
    flush(self);
}

/* Readable when the sink says something, hangs up, or someone cancels. */
static int make_abort_fd(McMiceChannel *self)
{
    const int fd = epoll_create1(EPOLL_CLOEXEC);

    epoll_ctl(fd, EPOLL_CTL_ADD, self->fd, &(struct epoll_event){.events = EPOLLIN});
    epoll_ctl(fd, EPOLL_CTL_ADD, self->cancel_fd, &(struct epoll_event){.events = EPOLLIN});
    return fd;
}

/* True: given, or the next round finds out what was more important. */
static bool ask_pin(McMiceChannel *self, const McLinkConfig *link, GError **error)
{
    char pin[32] = "";
    const int abort_fd = make_abort_fd(self);

    g_mutex_unlock(&self->lock);
    const bool given =
        link->ask_pin && link->ask_pin(pin, sizeof(pin), PIN_WAIT_S, abort_fd, link->user_data);
    g_mutex_lock(&self->lock);
    struct pollfd news = {.fd = abort_fd, .events = POLLIN};
    const bool other = !given && poll(&news, 1, 0) > 0;
    close(abort_fd);
    if (given)
        mc_mice_control_pin(self->control, pin, g_get_monotonic_time());
    explicit_bzero(pin, sizeof(pin));
    flush(self);
    return given || other ||
           fail(MC_LINK_ERROR_PIN, "the sink wants its PIN and none was given", error);
}

static bool is_cancelled(const McMiceChannel *self)
{
    struct pollfd cancel = {.fd = self->cancel_fd, .events = POLLIN};

    return poll(&cancel, 1, 0) > 0;
}

/* Until the sink may dial in. */
static bool become_ready(McMiceChannel *self, const McLinkConfig *link, GError **error)
{
    McMiceEvent event;

    flush(self);
    for (;;) {
        while (mc_mice_control_event(self->control, &event, error)) {
            if (event == MC_MICE_EVENT_FAILED)
                return false;
            if (event == MC_MICE_EVENT_STOPPED)
                return fail(MC_LINK_ERROR_LOST, "the sink does not want to be projected to", error);
            if (event == MC_MICE_EVENT_WANT_PIN && !ask_pin(self, link, error))
                return false;
            if (event == MC_MICE_EVENT_READY)
                return true;
        }
        if (is_cancelled(self))
            return fail(MC_LINK_ERROR_CANCELLED, "joining the sink was cancelled", error);
        iterate(self, self->cancel_fd);
    }
}

bool mc_mice_channel_begin(McMiceChannel *self, const McMiceConfig *machine,
                           const McLinkConfig *link, GError **error)
{
    McMiceConfig config = *machine;
    struct sockaddr_storage local = {0}, peer = {0};

    if (!mc_mice_channel_ends(self, &local, &peer))
        return fail(MC_LINK_ERROR_LOST, "the control connection is gone", error);
    const void *ours = mc_mice_address_bytes(&local, &config.address_bytes);
    memcpy(config.local_address, ours, config.address_bytes);
    const void *theirs = mc_mice_address_bytes(&peer, &config.address_bytes);
    memcpy(config.peer_address, theirs, config.address_bytes);
    self->control = mc_mice_control_new(&config, g_get_monotonic_time(), error);
    if (!self->control)
        return false;
    g_mutex_lock(&self->lock);
    const bool ready = become_ready(self, link, error);
    g_mutex_unlock(&self->lock);
    return ready;
}

/* ---- the session ---- */

/* The channel stays open for the whole session, and its end is the session's. */
static gpointer listen_to_sink(gpointer user_data)
{
    McMiceChannel *self = user_data;
    g_autoptr(GError) why = NULL;
    McMiceEvent event;
    bool over = false;

    g_mutex_lock(&self->lock);
    while (!over && !g_atomic_int_get(&self->ending)) {
        while (mc_mice_control_event(self->control, &event, &why)) /* also behind READY */
            over = true;
        if (!over)
            iterate(self, self->end_fd);
    }
    if (!over) {
        mc_mice_control_stop(self->control);
        flush(self);
    }
    g_mutex_unlock(&self->lock);
    if (over && !why)
        fail(MC_LINK_ERROR_LOST, "the sink asked for the end of the projection", &why);
    if (over)
        self->on_over(why, self->user_data);
    return NULL;
}

void mc_mice_channel_run(McMiceChannel *self, void (*on_over)(const GError *why, void *user_data),
                         void *user_data)
{
    self->on_over = on_over;
    self->user_data = user_data;
    self->thread = g_thread_new("mc-mice", listen_to_sink, self);
}

void mc_mice_channel_end(McMiceChannel *self)
{
    if (self->thread) {
        g_atomic_int_set(&self->ending, 1);
        eventfd_write(self->end_fd, 1);
        g_thread_join(g_steal_pointer(&self->thread));
    }
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
}

void mc_mice_channel_free(McMiceChannel *self)
{
    if (!self)
        return;
    mc_mice_channel_end(self);
    mc_mice_control_free(self->control);
    close(self->end_fd);
    g_mutex_clear(&self->lock);
    g_free(self);
}

/* ---- datagrams and input ---- */

bool mc_mice_channel_encrypts(const McMiceChannel *self)
{
    return self && self->control && mc_mice_control_encrypts(self->control);
}

bool mc_mice_channel_protect(McMiceChannel *self, uint8_t *datagram, size_t room, size_t *len)
{
    return mc_mice_control_protect(self->control, datagram, room, len);
}

bool mc_mice_channel_open(McMiceChannel *self, const uint8_t *records, size_t len, GByteArray *out)
{
    return mc_mice_control_open(self->control, records, len, out);
}
