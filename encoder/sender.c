/* SPDX-License-Identifier: MIT */
#include "encoder/sender.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "encoder/stream.h"
#include "encoder/urgency.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define RING_SLOTS 2048u /* 2.7 MB: the largest key frame and more */
#define BATCH_MAX 64u
#define SEGMENTS_MAX 45u      /* one GSO send stays below 64 KiB */
#define QUEUE_AGE_US 250000   /* older pictures are of no use to anyone */
#define BURST_DATAGRAMS 16u   /* leave at once however large the frame */
#define SPACING_MAX_NS 100000 /* about 106 Mbit/s: never slower than this */
#define WAKE_QUANTUM_NS 500000
#define ENOBUFS_WAIT_US 1000
#define DRAIN_MAX 64
#define SNDBUF_BYTES (512 * 1024)

typedef struct {
    int64_t due_us, queued_us;
    uint64_t frame_id; /* first datagram of a frame; 0: no hook to call */
    uint16_t len;
    uint8_t bytes[MC_RTP_DATAGRAM_MAX + MC_SENDER_PROTECT_ROOM];
} Slot;

struct McSender {
    int fd;
    struct sockaddr_storage dest;
    socklen_t dest_len; /* 0: the socket is connected to it */
    McSenderFrameHook hook;
    void *hook_data;
    McSenderTap tap;
    void *tap_data;
    McSenderProtect protect;
    void *protect_data;
    bool use_gso; /* until the system refuses; the sending thread's */
    int warned_errno;

    GMutex lock; /* all below, and slots out of flight */
    GCond changed;
    Slot *ring;
    unsigned head, count; /* of ring */
    unsigned in_flight;   /* slots at head that are being sent without the lock */
    McSenderStats stats;
    int last_errno;
    uint32_t window_us;
    GThread *thread; /* NULL: pacing is off */
    int wake_fd;
    bool stop;
};

typedef enum { SEND_DONE, SEND_FULL, SEND_NO_BUFFERS } SendResult;

/* ---------- queue: with the lock held ---------- */

static Slot *slot_at(McSender *self, unsigned i)
{
    return &self->ring[(self->head + i) % RING_SLOTS];
}

static void drop_queued(McSender *self)
{
    self->stats.dropped += self->count - self->in_flight;
    self->count = self->in_flight;
}

static void drop_stale(McSender *self, int64_t now_us)
{
    if (self->count > self->in_flight &&
        now_us - slot_at(self, self->in_flight)->queued_us > QUEUE_AGE_US)
        drop_queued(self);
}

/* One frame on its way into the queue. */
typedef struct {
    McSender *self;
    int64_t now_us;
    int64_t spacing_ns;
    unsigned index;
    uint64_t frame_id;
} Filling;

/* Due in steps, so that the thread wakes for some datagrams at a time. */
static int64_t due_us(const Filling *filling)
{
    const int64_t past = (int64_t) filling->index - BURST_DATAGRAMS;
    int64_t delay_ns;

    if (past < 0)
        return filling->now_us;
    delay_ns = (past + 1) * filling->spacing_ns;
    return filling->now_us + delay_ns / WAKE_QUANTUM_NS * WAKE_QUANTUM_NS / 1000;
}

static bool protect_slot(McSender *self, Slot *slot)
{
    size_t len = slot->len;

    if (!self->protect)
        return true;
    if (!self->protect(slot->bytes, sizeof(slot->bytes), &len, self->protect_data))
        return false;
    slot->len = (uint16_t) len;
    return true;
}

static void queue_datagram(const uint8_t *header12, const uint8_t *payload, size_t payload_len,
                           void *user_data)
{
    Filling *filling = user_data;
    McSender *self = filling->self;
    Slot *slot;

    if (self->count == RING_SLOTS) {
        self->stats.dropped++;
        return;
    }
    slot = slot_at(self, self->count);
    slot->due_us = due_us(filling);
    slot->queued_us = filling->now_us;
    slot->frame_id = filling->frame_id;
    slot->len = (uint16_t) (MC_RTP_HEADER_BYTES + payload_len);
    memcpy(slot->bytes, header12, MC_RTP_HEADER_BYTES);
    memcpy(slot->bytes + MC_RTP_HEADER_BYTES, payload, payload_len);
    if (!protect_slot(self, slot)) {
        self->stats.dropped++;
        return;
    }
    self->count++;
    filling->frame_id = 0;
    filling->index++;
}

/* A large frame takes the whole window, a smaller one only as long as a fair link needs. */
static int64_t spacing_ns(uint32_t window_us, size_t len)
{
    const int64_t datagrams = (int64_t) (len / MC_RTP_PAYLOAD_MAX + 1);

    return MIN(SPACING_MAX_NS, (int64_t) window_us * 1000 / datagrams);
}

/* ---------- sending ---------- */

typedef struct {
    struct mmsghdr msgs[BATCH_MAX];
    struct iovec iov[BATCH_MAX];
    unsigned segments[BATCH_MAX]; /* datagrams of each message */
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
    } control[BATCH_MAX];
    unsigned n_msgs;
} Batch;

/* How many datagrams from i on can leave as one GSO message: equal lengths, the last may be less.
 */
static unsigned run_length(McSender *self, unsigned i, unsigned count)
{
    const uint16_t len = slot_at(self, i)->len;
    unsigned n = 1;

    if (!self->use_gso)
        return 1;
    while (i + n < count && n < SEGMENTS_MAX && slot_at(self, i + n)->len <= len) {
        n++;
        if (slot_at(self, i + n - 1)->len < len)
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

static void build_batch(McSender *self, unsigned first, unsigned count, Batch *batch)
{
    batch->n_msgs = 0;
    for (unsigned i = first; i < count;) {
        const unsigned at = batch->n_msgs++;
        const unsigned n = run_length(self, i, count);
        struct msghdr *msg = &batch->msgs[at].msg_hdr;

        memset(&batch->msgs[at], 0, sizeof batch->msgs[at]);
        msg->msg_name = self->dest_len ? &self->dest : NULL;
        msg->msg_namelen = self->dest_len;
        msg->msg_iov = &batch->iov[i];
        msg->msg_iovlen = n;
        for (unsigned j = i; j < i + n; j++)
            batch->iov[j] = (struct iovec){slot_at(self, j)->bytes, slot_at(self, j)->len};
        if (n > 1)
            add_segment_size(batch, at, slot_at(self, i)->len);
        batch->segments[at] = n;
        i += n;
    }
}

/* The device or the path may not take segmented sends: never try again. */
static bool gso_was_refused(McSender *self, const Batch *batch, int error)
{
    if (batch->segments[0] < 2 ||
        (error != EIO && error != EINVAL && error != EOPNOTSUPP && error != EMSGSIZE))
        return false;
    self->use_gso = false;
    return true;
}

/* Whoever wants to hear of ICMP answers has to take them off the socket. */
static void drain_errors(int fd)
{
    for (int i = 0; i < DRAIN_MAX; i++) {
        struct msghdr msg = {0};

        if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return;
    }
}

static void warn_once(McSender *self, int error)
{
    if (self->warned_errno == error)
        return;
    self->warned_errno = error;
    g_warning("datagrams to the sink are refused: %s", g_strerror(error));
}

/* Result of sending some slots without the lock. */
typedef struct {
    unsigned sent, refused, refusals;
    uint64_t bytes;
    int error; /* why refused */
    SendResult result;
} Outcome;

static void count_sent(McSender *self, const Batch *batch, int n_msgs, Outcome *outcome)
{
    for (int at = 0; at < n_msgs; at++) {
        for (unsigned j = 0; j < batch->segments[at]; j++)
            outcome->bytes += slot_at(self, outcome->sent + j)->len;
        outcome->sent += batch->segments[at];
    }
}

static Outcome send_slots(McSender *self, unsigned count)
{
    Outcome outcome = {.result = SEND_DONE};
    bool retried = false;
    Batch batch;

    while (outcome.sent < count) {
        int n, error;

        build_batch(self, outcome.sent, count, &batch);
        n = sendmmsg(self->fd, batch.msgs, batch.n_msgs, MSG_DONTWAIT | MSG_NOSIGNAL);
        error = errno;
        if (n > 0) {
            count_sent(self, &batch, n, &outcome);
            continue;
        }
        if (error == EINTR || gso_was_refused(self, &batch, error))
            continue;
        if (error == EAGAIN || error == ENOBUFS) {
            outcome.result = error == EAGAIN ? SEND_FULL : SEND_NO_BUFFERS;
            break;
        }
        /* An ICMP answer to an earlier datagram is reported once; this one was not tried yet. */
        if (error == ECONNREFUSED) {
            outcome.refusals++;
            drain_errors(self->fd);
        }
        if (error == ECONNREFUSED && !retried) {
            retried = true;
            continue;
        }
        outcome.error = error;
        outcome.refused = count - outcome.sent;
        warn_once(self, error);
        break;
    }
    return outcome;
}

static void call_hooks(McSender *self, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        Slot *slot = slot_at(self, i);

        if (slot->frame_id && self->hook)
            self->hook(slot->frame_id, self->hook_data);
        slot->frame_id = 0; /* once, also when the socket turns out to be full */
    }
}

static void show_sent(McSender *self, unsigned count)
{
    for (unsigned i = 0; self->tap && i < count; i++)
        self->tap(slot_at(self, i)->bytes, slot_at(self, i)->len, self->tap_data);
}

static void account(McSender *self, const Outcome *outcome)
{
    const unsigned gone = outcome->sent + outcome->refused;

    self->head = (self->head + gone) % RING_SLOTS;
    self->count -= gone;
    self->in_flight = 0;
    self->stats.datagrams += outcome->sent;
    self->stats.bytes += outcome->bytes;
    self->stats.dropped += outcome->refused;
    self->stats.refusals += outcome->refusals;
    if (outcome->error)
        self->last_errno = outcome->error;
    g_cond_broadcast(&self->changed);
}

/* Sends the first count slots; called and returns with the lock held, gives it up in between. */
static SendResult send_batch(McSender *self, unsigned count)
{
    Outcome outcome;

    self->in_flight = count;
    g_mutex_unlock(&self->lock);
    call_hooks(self, count);
    outcome = send_slots(self, count);
    show_sent(self, outcome.sent);
    g_mutex_lock(&self->lock);
    account(self, &outcome);
    return outcome.result;
}

/* Without pacing.  What the socket does not take waits for the next call. */
static void send_queued(McSender *self)
{
    while (self->count && send_batch(self, MIN(self->count, BATCH_MAX)) == SEND_DONE)
        ;
}

/* ---------- pacing thread ---------- */

static unsigned count_due(McSender *self, int64_t now_us)
{
    unsigned n = 0;

    while (n < self->count && n < BATCH_MAX && slot_at(self, n)->due_us <= now_us)
        n++;
    return n;
}

static void wait_for_socket(McSender *self)
{
    struct pollfd fds[] = {{self->fd, POLLOUT, 0}, {self->wake_fd, POLLIN, 0}};

    g_mutex_unlock(&self->lock);
    if (poll(fds, G_N_ELEMENTS(fds), -1) < 0 && errno != EINTR)
        g_warning("poll: %s", g_strerror(errno));
    g_mutex_lock(&self->lock);
}

static void send_due(McSender *self, unsigned count)
{
    switch (send_batch(self, count)) {
    case SEND_DONE:
        break;
    case SEND_FULL:
        wait_for_socket(self);
        break;
    case SEND_NO_BUFFERS: /* a full device queue makes no event */
        g_cond_wait_until(&self->changed, &self->lock, g_get_monotonic_time() + ENOBUFS_WAIT_US);
        break;
    }
}

static void *run(void *user_data)
{
    McSender *self = user_data;

    mc_urgency_raise();
    prctl(PR_SET_TIMERSLACK, 1000ul); /* ns; the usual 50 us would add up */
    g_mutex_lock(&self->lock);
    while (!self->stop) {
        const int64_t now_us = g_get_monotonic_time();
        const unsigned due = count_due(self, now_us);

        drop_stale(self, now_us);
        if (!self->count)
            g_cond_wait(&self->changed, &self->lock);
        else if (!due)
            g_cond_wait_until(&self->changed, &self->lock, slot_at(self, 0)->due_us);
        else
            send_due(self, MIN(due, self->count));
    }
    g_mutex_unlock(&self->lock);
    return NULL;
}

static void stop_thread(McSender *self)
{
    if (!self->thread)
        return;
    g_mutex_lock(&self->lock);
    self->stop = true;
    eventfd_write(self->wake_fd, 1);
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    g_thread_join(self->thread);
    self->thread = NULL;
    self->stop = false;
    close(self->wake_fd);
    self->wake_fd = -1;
}

static bool start_thread(McSender *self, GError **error)
{
    self->wake_fd = eventfd(0, EFD_CLOEXEC);
    if (self->wake_fd < 0) {
        g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED, "eventfd: %s",
                    g_strerror(errno));
        return false;
    }
    self->thread = g_thread_try_new("mc-sender", run, self, error);
    if (!self->thread) {
        close(self->wake_fd);
        self->wake_fd = -1;
    }
    return self->thread;
}

/* ---------- public ---------- */

static int socket_option(int fd, int name)
{
    int value = -1;
    socklen_t len = sizeof value;

    return getsockopt(fd, SOL_SOCKET, name, &value, &len) < 0 ? -1 : value;
}

/* A numeric address in the socket's own family; IPv4 becomes v4-mapped for an IPv6 socket. */
static bool resolve(McSender *self, const char *ip, uint16_t port, GError **error)
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
static void use_connection(McSender *self)
{
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof peer;

    if (getpeername(self->fd, (struct sockaddr *) &peer, &len) == 0 && len == self->dest_len &&
        memcmp(&peer, &self->dest, len) == 0)
        self->dest_len = 0;
}

McSender *mc_sender_new(int fd, const char *dest_ip, uint16_t dest_port, GError **error)
{
    g_autoptr(McSender) self = g_new0(McSender, 1);
    const int sndbuf = SNDBUF_BYTES;

    g_mutex_init(&self->lock);
    g_cond_init(&self->changed);
    self->fd = fd;
    self->wake_fd = -1;
    self->use_gso = true;
    if (!resolve(self, dest_ip, dest_port, error))
        return NULL;
    use_connection(self);
    self->ring = g_new(Slot, RING_SLOTS);
    if (socket_option(fd, SO_SNDBUF) < sndbuf) /* room for a key frame; less will do */
        (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof sndbuf);
    return g_steal_pointer(&self);
}

void mc_sender_free(McSender *self)
{
    if (!self)
        return;
    stop_thread(self);
    g_free(self->ring);
    g_cond_clear(&self->changed);
    g_mutex_clear(&self->lock);
    g_free(self);
}

void mc_sender_send_frame(McSender *self, McRtpPacketiser *rtp, const uint8_t *ts, size_t len,
                          uint32_t timestamp_90k, bool marker, uint64_t frame_id)
{
    Filling filling = {.self = self,
                       .now_us = g_get_monotonic_time(),
                       .spacing_ns = spacing_ns(self->window_us, len),
                       .frame_id = frame_id};

    g_mutex_lock(&self->lock);
    drop_stale(self, filling.now_us);
    mc_rtp_packetise(rtp, ts, len, timestamp_90k, marker, queue_datagram, &filling);
    if (self->thread)
        g_cond_broadcast(&self->changed);
    else
        send_queued(self);
    g_mutex_unlock(&self->lock);
}

void mc_sender_send(McSender *self, McRtpPacketiser *rtp, const uint8_t *ts, size_t len,
                    uint32_t timestamp_90k, bool marker)
{
    mc_sender_send_frame(self, rtp, ts, len, timestamp_90k, marker, 0);
}

void mc_sender_set_protect(McSender *self, McSenderProtect protect, void *user_data)
{
    g_mutex_lock(&self->lock);
    self->protect = protect;
    self->protect_data = user_data;
    g_mutex_unlock(&self->lock);
}

void mc_sender_set_frame_hook(McSender *self, McSenderFrameHook hook, void *user_data)
{
    self->hook = hook;
    self->hook_data = user_data;
}

void mc_sender_set_tap(McSender *self, McSenderTap tap, void *user_data)
{
    self->tap = tap;
    self->tap_data = user_data;
}

bool mc_sender_set_pacing(McSender *self, uint32_t window_us, GError **error)
{
    if (!window_us)
        stop_thread(self);
    else if (!self->thread && !start_thread(self, error))
        return false;
    self->window_us = window_us;
    return true;
}

bool mc_sender_drain(McSender *self, int64_t timeout_us)
{
    int64_t end_us = g_get_monotonic_time() + timeout_us;
    bool empty;

    g_mutex_lock(&self->lock);
    while (self->count && g_cond_wait_until(&self->changed, &self->lock, end_us))
        ;
    empty = self->count == 0;
    g_mutex_unlock(&self->lock);
    return empty;
}

void mc_sender_discard(McSender *self)
{
    g_mutex_lock(&self->lock);
    drop_queued(self);
    while (self->in_flight) {
        g_cond_wait(&self->changed, &self->lock);
        drop_queued(self); /* the rest of a batch that the socket did not take */
    }
    g_mutex_unlock(&self->lock);
}

/* What the socket's packets take of the kernel's memory is about twice what is in them. */
static uint64_t socket_bytes(int fd)
{
    int bytes = 0;

    return ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? (uint64_t) bytes / 2 : 0;
}

McSenderStats mc_sender_stats(McSender *self)
{
    McSenderStats ret;

    g_mutex_lock(&self->lock);
    ret = self->stats;
    for (unsigned i = 0; i < self->count; i++)
        ret.queued_bytes += slot_at(self, i)->len;
    g_mutex_unlock(&self->lock);
    ret.queued_bytes += socket_bytes(self->fd);
    return ret;
}

int mc_sender_last_errno(McSender *self)
{
    int ret;

    g_mutex_lock(&self->lock);
    ret = self->last_errno;
    g_mutex_unlock(&self->lock);
    return ret;
}

bool mc_sender_set_dscp(McSender *self, unsigned dscp, GError **error)
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
