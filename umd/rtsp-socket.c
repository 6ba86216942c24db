/* SPDX-License-Identifier: MIT */
#include "umd/rtsp-socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#define READ_BYTES 16384
#define MAX_UNREAD_BYTES (256 * 1024) /* of ours that the sink may leave in its socket */

void mc_rtsp_socket_init(McRtspSocket *self, int fd)
{
    *self = (McRtspSocket){.fd = fd, .out = g_byte_array_new()};
}

void mc_rtsp_socket_clear(McRtspSocket *self)
{
    g_clear_pointer(&self->out, g_byte_array_unref);
}

/* A sink that bears no M16 is heard of by the kernel's own probes. */
static void watch_peer(int fd)
{
    int one = 1, idle_s = 10, interval_s = 5, probes = 4;

    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

bool mc_rtsp_socket_open(McRtspSocket *self)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr);
    int one = 1;

    if (getpeername(self->fd, (struct sockaddr *) &addr, &len) < 0 ||
        !mc_socket_address_text(&addr, self->peer_ip))
        return false;
    len = sizeof(addr);
    if (getsockname(self->fd, (struct sockaddr *) &addr, &len) < 0 ||
        !mc_socket_address_text(&addr, self->local_ip))
        return false;
    setsockopt(self->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    watch_peer(self->fd);
    return true;
}

short mc_rtsp_socket_events(const McRtspSocket *self)
{
    return (short) (POLLIN | (self->out->len ? POLLOUT : 0));
}

void mc_rtsp_socket_flush(McRtspSocket *self)
{
    while (self->out->len > 0) {
        ssize_t n = send(self->fd, self->out->data, self->out->len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* full: poll says when; broken: reading says so */
        g_byte_array_remove_range(self->out, 0, (guint) n);
    }
}

/* Each message goes with one write: simple sinks read one message a recv(). */
bool mc_rtsp_socket_write(McRtspSocket *self, McWfdSource *source)
{
    GBytes *bytes;

    while (mc_wfd_source_next_output(source, &bytes)) {
        g_byte_array_append(self->out, g_bytes_get_data(bytes, NULL),
                            (guint) g_bytes_get_size(bytes));
        g_bytes_unref(bytes);
        mc_rtsp_socket_flush(self);
    }
    if (self->out->len <= MAX_UNREAD_BYTES)
        return true;
    g_byte_array_set_size(self->out, 0);
    return false;
}

void mc_rtsp_socket_read(McRtspSocket *self, McWfdSource *source)
{
    uint8_t buffer[READ_BYTES];
    ssize_t n = recv(self->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

    if (n > 0)
        mc_wfd_source_feed(source, buffer, (size_t) n, g_get_monotonic_time());
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        mc_wfd_source_eof(source, g_get_monotonic_time());
}
