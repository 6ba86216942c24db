/* SPDX-License-Identifier: MIT */
#include "umd/media-sockets.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "encoder/socket-address.h"
#include "encoder/stream.h"

#define ATTEMPTS 64
#define RTCP_HELD_MAX 64 /* a flood is not kept */

struct McMediaSockets {
    int rtp_fd, rtcp_fd; /* -1: not bound */
    uint16_t rtp_port;
    GAsyncQueue *rtcp; /* GBytes *: what came on RTP's own port */
};

static int bind_udp(const char *ip, uint16_t port)
{
    struct sockaddr_storage addr;
    socklen_t len;

    if (!mc_socket_address_parse(ip, port, &addr, &len))
        return -1;
    int fd = socket(addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *) &addr, len) < 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr);

    return getsockname(fd, (struct sockaddr *) &addr, &len) == 0 ? mc_socket_address_port(&addr)
                                                                 : 0;
}

/* An even port with its odd neighbour free: the kernel's ephemeral choice, tried again until so. */
static bool bind_pair(McMediaSockets *self, const char *ip)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        int fd = bind_udp(ip, 0);
        uint16_t port = fd < 0 ? 0 : bound_port(fd);

        if (port && port % 2 == 0 && port < 65535) {
            int rtcp = bind_udp(ip, (uint16_t) (port + 1));
            if (rtcp >= 0) {
                self->rtp_fd = fd;
                self->rtcp_fd = rtcp;
                self->rtp_port = port;
                return true;
            }
        }
        if (fd >= 0)
            close(fd);
    }
    return false;
}

McMediaSockets *mc_media_sockets_new(const char *local_ip, GError **error)
{
    g_autoptr(McMediaSockets) self = g_new0(McMediaSockets, 1);

    self->rtp_fd = self->rtcp_fd = -1;
    self->rtcp = g_async_queue_new_full((GDestroyNotify) g_bytes_unref);
    if (bind_pair(self, local_ip))
        return g_steal_pointer(&self);
    g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_SOCKET,
                "no pair of UDP ports could be bound on %s: %s", local_ip, g_strerror(errno));
    return NULL;
}

void mc_media_sockets_free(McMediaSockets *self)
{
    if (!self)
        return;
    if (self->rtp_fd >= 0)
        close(self->rtp_fd);
    if (self->rtcp_fd >= 0)
        close(self->rtcp_fd);
    g_async_queue_unref(self->rtcp);
    g_free(self);
}

int mc_media_sockets_rtp_fd(const McMediaSockets *self)
{
    return self->rtp_fd;
}

int mc_media_sockets_rtcp_fd(const McMediaSockets *self)
{
    return self->rtcp_fd;
}

uint16_t mc_media_sockets_rtp_port(const McMediaSockets *self)
{
    return self->rtp_port;
}

void mc_media_sockets_keep_rtcp(McMediaSockets *self, const uint8_t *datagram, size_t len)
{
    if (g_async_queue_length(self->rtcp) < RTCP_HELD_MAX)
        g_async_queue_push(self->rtcp, g_bytes_new(datagram, len));
}

GBytes *mc_media_sockets_take_rtcp(McMediaSockets *self)
{
    return g_async_queue_try_pop(self->rtcp);
}
