/* SPDX-License-Identifier: MIT */
#include "encoder/udp-out.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "encoder/stream.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define SEGMENTS_MAX 45u /* one segmented send stays below 64 KiB */
#define ANSWERS_MAX 8u   /* of ICMP, one after the other, before datagrams give way */
#define DRAIN_MAX 64
#define SNDBUF_BYTES (512 * 1024)

/* ---- sending ---- */

typedef struct {
    struct mmsghdr msgs[MC_UDP_OUT_MAX];
    struct iovec iov[MC_UDP_OUT_MAX];
    unsigned segments[MC_UDP_OUT_MAX]; /* datagrams of each message */
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
    } control[MC_UDP_OUT_MAX];
    unsigned n_msgs;
} Batch;

/* How many datagrams can leave as one segmented message: equal lengths, the last may be less. */
static unsigned run_length(const McUdpOut *self, const McDatagram *datagrams, unsigned count)
{
    unsigned n = 1;

    if (self->whole_only)
        return 1;
    while (n < count && n < SEGMENTS_MAX && datagrams[n].len <= datagrams[0].len) {
        n++;
        if (datagrams[n - 1].len < datagrams[0].len)
            break;
    }
    return n;
}

static void add_segment_size(Batch *batch, unsigned at, uint16_t size)
{
    struct msghdr *msg = &batch->msgs[at].msg_hdr;
    struct cmsghdr *cmsg;

    msg->msg_control = batch->control[at].bytes;
    msg->msg_controllen = sizeof batch->control[at].bytes;
    cmsg = CMSG_FIRSTHDR(msg);
    cmsg->cmsg_level = IPPROTO_UDP;
    cmsg->cmsg_type = UDP_SEGMENT;
    cmsg->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(cmsg), &size, sizeof size);
}

static void build_batch(McUdpOut *self, const McDatagram *datagrams, unsigned count, Batch *batch)
{
    batch->n_msgs = 0;
    for (unsigned i = 0; i < count;) {
        const unsigned at = batch->n_msgs++;
        const unsigned n = run_length(self, datagrams + i, count - i);
        struct msghdr *msg = &batch->msgs[at].msg_hdr;

        memset(&batch->msgs[at], 0, sizeof batch->msgs[at]);
        msg->msg_name = self->dest_len ? &self->dest : NULL;
        msg->msg_namelen = self->dest_len;
        msg->msg_iov = &batch->iov[i];
        msg->msg_iovlen = n;
        for (unsigned j = i; j < i + n; j++)
            batch->iov[j] = (struct iovec){(void *) datagrams[j].bytes, datagrams[j].len};
        if (n > 1)
            add_segment_size(batch, at, datagrams[i].len);
        batch->segments[at] = n;
        i += n;
    }
}

/* The device or the path may not take segmented sends: never try again. */
static bool segments_were_refused(McUdpOut *self, const Batch *batch, int error)
{
    if (batch->segments[0] < 2 ||
        (error != EIO && error != EINVAL && error != EOPNOTSUPP && error != EMSGSIZE))
        return false;
    self->whole_only = true;
    return true;
}

void mc_udp_out_drain_errors(int fd)
{
    for (int i = 0; i < DRAIN_MAX; i++) {
        struct msghdr msg = {0};

        if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return;
    }
}

static bool is_answer(int error)
{
    return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH;
}

static void warn_once(McUdpOut *self, int error)
{
    if (self->warned_errno == error)
        return;
    self->warned_errno = error;
    g_warning("datagrams to the sink cannot be sent: %s", g_strerror(error));
}

static void count_sent(const Batch *batch, const McDatagram *datagrams, int n_msgs,
                       McUdpOutcome *outcome)
{
    for (int at = 0; at < n_msgs; at++)
        for (unsigned j = 0; j < batch->segments[at]; j++)
            outcome->bytes += datagrams[outcome->sent++].len;
}

McUdpOutcome mc_udp_out_send(McUdpOut *self, const McDatagram *datagrams, unsigned count)
{
    McUdpOutcome outcome = {.result = MC_UDP_OUT_DONE};
    unsigned answers = 0; /* since something left */
    Batch batch;

    while (outcome.sent < count) {
        build_batch(self, datagrams + outcome.sent, count - outcome.sent, &batch);
        const int n = sendmmsg(self->fd, batch.msgs, batch.n_msgs, MSG_DONTWAIT | MSG_NOSIGNAL);
        const int error = errno;

        if (n > 0) {
            count_sent(&batch, datagrams, n, &outcome);
            answers = 0;
            continue;
        }
        if (error == EINTR || segments_were_refused(self, &batch, error))
            continue;
        if (error == EAGAIN || error == ENOBUFS) {
            outcome.result = error == EAGAIN ? MC_UDP_OUT_FULL : MC_UDP_OUT_NO_BUFFERS;
            break;
        }
        /* An ICMP answer is told once, instead of a send: that datagram was not tried yet. */
        mc_udp_out_drain_errors(self->fd);
        outcome.refusals += error == ECONNREFUSED;
        if (is_answer(error) && ++answers < ANSWERS_MAX)
            continue;
        outcome.lost = count - outcome.sent;
        if (error != ECONNREFUSED)
            warn_once(self, error);
        break;
    }
    return outcome;
}

/* ---- opening ---- */

static int socket_option(int fd, int name)
{
    int value = -1;
    socklen_t len = sizeof value;

    return getsockopt(fd, SOL_SOCKET, name, &value, &len) < 0 ? -1 : value;
}

/* A numeric address in the socket's own family; IPv4 becomes v4-mapped for an IPv6 socket. */
static bool resolve(McUdpOut *self, const char *ip, uint16_t port, GError **error)
{
    const int family = socket_option(self->fd, SO_DOMAIN);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_family = family,
                             .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    char service[8];
    int rc;

    if (socket_option(self->fd, SO_TYPE) != SOCK_DGRAM ||
        (family != AF_INET && family != AF_INET6) || !port) {
        g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_SOCKET,
                    "not a UDP socket, or no port to send to");
        return false;
    }
    if (family == AF_INET6)
        hints.ai_flags |= AI_V4MAPPED;
    g_snprintf(service, sizeof service, "%u", port);
    rc = getaddrinfo(ip, service, &hints, &found);
    if (rc) {
        g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_SOCKET, "sink's address \"%s\": %s",
                    ip, gai_strerror(rc));
        return false;
    }
    memcpy(&self->dest, found->ai_addr, found->ai_addrlen);
    self->dest_len = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

/* The kernel need not look up a route for each datagram of a socket that is connected already. */
static void use_connection(McUdpOut *self)
{
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof peer;

    if (getpeername(self->fd, (struct sockaddr *) &peer, &len) == 0 && len == self->dest_len &&
        memcmp(&peer, &self->dest, len) == 0)
        self->dest_len = 0;
}

/* On a socket that is not connected, the kernel tells of ICMP answers only who asks for them. */
static void ask_for_errors(int fd)
{
    const int on = 1;

    (void) setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
    if (socket_option(fd, SO_DOMAIN) == AF_INET6)
        (void) setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
}

bool mc_udp_out_open(McUdpOut *self, int fd, const char *dest_ip, uint16_t dest_port,
                     GError **error)
{
    const int sndbuf = SNDBUF_BYTES;

    *self = (McUdpOut){.fd = fd};
    if (!resolve(self, dest_ip, dest_port, error))
        return false;
    use_connection(self);
    if (socket_option(fd, SO_SNDBUF) < sndbuf) /* room for a key frame; less will do */
        (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof sndbuf);
    ask_for_errors(fd);
    return true;
}

/* ---- the rest ---- */

/* What the socket's packets take of the kernel's memory is about twice what is in them. */
uint64_t mc_udp_out_queued_bytes(const McUdpOut *self)
{
    int bytes = 0;

    return ioctl(self->fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? (uint64_t) bytes / 2 : 0;
}

bool mc_udp_out_set_dscp(McUdpOut *self, unsigned dscp, GError **error)
{
    const int tos = (int) (dscp & 0x3f) << 2;
    const bool is_ipv6 = socket_option(self->fd, SO_DOMAIN) == AF_INET6;
    const int rc4 = setsockopt(self->fd, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
    const int rc =
        is_ipv6 ? setsockopt(self->fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos) : rc4;

    if (rc < 0)
        g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_SOCKET, "setting DSCP %u: %s", dscp,
                    g_strerror(errno));
    return rc == 0;
}
