/* SPDX-License-Identifier: MIT */
#include "p2p/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "p2p/callers.h"

#define BACKLOG 4

struct McListener {
    McLinkConfig config;
    int fd, cancel_fd, end_fd;
    int64_t end_us; /* of all waits; 0: none has begun */
    GThread *guard; /* refuses later callers; NULL: not settled */
    unsigned refused;
    bool (*admit)(const char *peer, void *user_data);
    void *admit_data;
};

/* ---- addresses ---- */

static bool bad_address(const char *text, GError **error)
{
    g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_ADDRESS,
                "\"%s\" is no address and port such as 192.0.2.1:7236", text);
    return false;
}

bool mc_listen_address_parse(const char *text, McListenAddress *ret_address, GError **error)
{
    const char *colon = strrchr(text, ':');
    McListenAddress address = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *) &address.addr;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) &address.addr;
    guint64 port;

    if (!colon || !g_ascii_string_to_unsigned(colon + 1, 10, 0, G_MAXUINT16, &port, NULL))
        return bad_address(text, error);
    g_autofree char *host = g_strndup(text, (size_t) (colon - text));
    size_t len = strlen(host);
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        if (inet_pton(AF_INET6, host + 1, &v6->sin6_addr) != 1)
            return bad_address(text, error);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t) port);
        address.len = sizeof(*v6);
    } else {
        if (inet_pton(AF_INET, host, &v4->sin_addr) != 1)
            return bad_address(text, error);
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t) port);
        address.len = sizeof(*v4);
    }
    *ret_address = address;
    return true;
}

void mc_listen_address_set_port(McListenAddress *address, uint16_t port)
{
    if (address->addr.ss_family == AF_INET)
        ((struct sockaddr_in *) &address->addr)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *) &address->addr)->sin6_port = htons(port);
}

bool mc_listen_address_is_loopback(const McListenAddress *address)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *) &address->addr;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) &address->addr;

    if (address->addr.ss_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* Numeric, IPv4 also where it came mapped into IPv6. */
static void address_text(const struct sockaddr_storage *addr, char *text, socklen_t size)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) addr;

    if (addr->ss_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *) addr)->sin_addr, text, size);
    else if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, text, size);
    else
        inet_ntop(AF_INET6, &v6->sin6_addr, text, size);
}

/* Without a scope, which a caller's has not either. */
bool mc_listener_peer_parse(const char *text, char ret[INET6_ADDRSTRLEN])
{
    g_autofree char *host = g_strndup(text, strcspn(text, "%"));
    struct sockaddr_storage addr = {.ss_family = AF_INET};

    if (inet_pton(AF_INET, host, &((struct sockaddr_in *) &addr)->sin_addr) != 1) {
        addr.ss_family = AF_INET6;
        if (inet_pton(AF_INET6, host, &((struct sockaddr_in6 *) &addr)->sin6_addr) != 1)
            return false;
    }
    address_text(&addr, ret, INET6_ADDRSTRLEN);
    return true;
}

/* ---- open ---- */

static bool system_error(const char *what, int number, GError **error)
{
    g_set_error(error, MC_LINK_ERROR,
                number == EADDRINUSE      ? MC_LINK_ERROR_PORT_USED
                : number == EADDRNOTAVAIL ? MC_LINK_ERROR_ADDRESS
                                          : MC_LINK_ERROR_FAILED,
                "%s: %s", what, g_strerror(number));
    return false;
}

static bool open_socket(McListener *self, const McListenAddress *address, GError **error)
{
    int one = 1;

    self->fd = socket(address->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (self->fd < 0)
        return system_error("no socket", errno, error);
    setsockopt(self->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(self->fd, (const struct sockaddr *) &address->addr, address->len) < 0 ||
        listen(self->fd, BACKLOG) < 0) {
        g_autofree char *what = g_strdup_printf("cannot listen on %s", self->config.listen);
        return system_error(what, errno, error);
    }
    return true;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage addr = {0};
    socklen_t len = sizeof(addr);

    getsockname(fd, (struct sockaddr *) &addr, &len);
    return ntohs(addr.ss_family == AF_INET ? ((struct sockaddr_in *) &addr)->sin_port
                                           : ((struct sockaddr_in6 *) &addr)->sin6_port);
}

McListener *mc_listener_new(const McListenAddress *address, const McLinkConfig *config,
                            uint16_t *ret_port, GError **error)
{
    g_autoptr(McListener) self = g_new0(McListener, 1);

    self->config = *config;
    self->fd = -1;
    self->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->cancel_fd < 0 || self->end_fd < 0) {
        system_error("no eventfd", errno, error);
        return NULL;
    }
    if (!open_socket(self, address, error))
        return NULL;
    *ret_port = bound_port(self->fd);
    return g_steal_pointer(&self);
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void mc_listener_free(McListener *self)
{
    if (!self)
        return;
    if (self->guard) {
        eventfd_write(self->end_fd, 1);
        g_thread_join(self->guard);
    }
    close_fd(self->fd);
    close_fd(self->cancel_fd);
    close_fd(self->end_fd);
    g_free(self);
}

void mc_listener_cancel(McListener *self)
{
    const uint64_t one = 1;
    ssize_t written = write(self->cancel_fd, &one, sizeof(one)); /* async-signal-safe */

    (void) written;
}

/* ---- callers ---- */

static int accept_caller(McListener *self, char *peer, socklen_t size)
{
    struct sockaddr_storage addr = {0};
    socklen_t len = sizeof(addr);
    int fd = accept4(self->fd, (struct sockaddr *) &addr, &len, SOCK_CLOEXEC);

    if (fd >= 0)
        address_text(&addr, peer, size);
    return fd;
}

/* Said for the first one; a flood does not flood the log. */
static void refuse(McListener *self, int fd, const char *peer, const char *why)
{
    g_autofree char *text = g_strdup_printf("[link.refused] %s was turned away: %s", peer, why);

    close(fd);
    if (self->refused++ == 0 && self->config.on_progress)
        self->config.on_progress("link", text, self->config.user_data);
}

static gpointer run_guard(gpointer user_data)
{
    McListener *self = user_data;
    struct sockaddr_storage addr;
    char peer[INET6_ADDRSTRLEN];
    int fd;

    while ((fd = mc_callers_next(self->fd, self->end_fd, 0, &addr)) >= 0) {
        address_text(&addr, peer, sizeof(peer));
        refuse(self, fd, peer, "a session is running");
    }
    return NULL;
}

static bool allowed(const McListener *self, const char *peer)
{
    return (!self->config.allow[0] || !strcmp(self->config.allow, peer)) &&
           (!self->admit || self->admit(peer, self->admit_data));
}

void mc_listener_set_admit(McListener *self, bool (*admit)(const char *peer, void *user_data),
                           void *user_data)
{
    self->admit = admit;
    self->admit_data = user_data;
}

static int take_caller(McListener *self, int fd, const char *peer)
{
    if (!allowed(self, peer)) {
        refuse(self, fd, peer, "it is not the chosen sink");
        return -1;
    }
    return fd;
}

void mc_listener_settle(McListener *self)
{
    if (!self->guard)
        self->guard = g_thread_new("mc-listener", run_guard, self);
}

static int fail_wait(McLinkError code, const char *text, GError **error)
{
    g_set_error_literal(error, MC_LINK_ERROR, code, text);
    return -1;
}

/* The first wait's time is all that there is. */
static int64_t end_of_waits(McListener *self)
{
    if (!self->end_us)
        self->end_us =
            self->config.timeout_s > 0
                ? g_get_monotonic_time() + (int64_t) self->config.timeout_s * G_USEC_PER_SEC
                : INT64_MAX;
    return self->end_us;
}

int mc_listener_wait(McListener *self, GError **error)
{
    const int64_t end_us = end_of_waits(self);
    struct pollfd fds[2] = {{.fd = self->fd, .events = POLLIN},
                            {.fd = self->cancel_fd, .events = POLLIN}};
    char peer[INET6_ADDRSTRLEN];

    if (self->guard)
        return fail_wait(MC_LINK_ERROR_FAILED, "a sink is connected already", error);
    for (;;) {
        int64_t left_us = end_us - g_get_monotonic_time();
        if (left_us <= 0)
            return fail_wait(MC_LINK_ERROR_TIMEOUT, "no sink connected in time", error);
        poll(fds, 2, end_us == INT64_MAX ? -1 : (int) MIN(left_us / 1000 + 1, G_MAXINT));
        if (fds[1].revents)
            return fail_wait(MC_LINK_ERROR_CANCELLED, "waiting for a sink was cancelled", error);
        if (!fds[0].revents)
            continue;
        int fd = accept_caller(self, peer, sizeof(peer));
        if (fd < 0 && mc_callers_must_wait(errno))
            return fail_wait(MC_LINK_ERROR_FAILED, "no descriptor is left for the sink", error);
        if (fd >= 0 && (fd = take_caller(self, fd, peer)) >= 0)
            return fd;
    }
}
