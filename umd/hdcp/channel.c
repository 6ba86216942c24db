/* SPDX-License-Identifier: MIT */
#include "umd/hdcp/channel.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h> /* ppoll: a millisecond is too coarse for locality */
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "encoder/socket-address.h"
#include "umd/hdcp/error.h"

#define CONNECT_US (2 * G_USEC_PER_SEC)
#define READ_BYTES 2048
#define PRIORITY_VOICE 6 /* Wi-Fi's most urgent class: the answer to a challenge has 7 ms */
#define TOS_VOICE 0xc0

struct McHdcpChannel {
    McHdcpChannelConfig config;
    char *pairings_path;
    McHdcpMachine *machine; /* the thread's */
    bool failed;            /* the thread's */
    int fd, wake_fd;
    GThread *thread;
    gint ending;      /* atomic */
    gint wanted_type; /* atomic */

    GMutex lock; /* guards state */
    McHdcpChannelState state;
};

/* ---- what others see ---- */

static void publish(McHdcpChannel *self, bool settled, bool authenticated)
{
    const McHdcpStatus *receiver = mc_hdcp_machine_status(self->machine);

    g_mutex_lock(&self->lock);
    self->state.settled |= settled;
    self->state.authenticated = authenticated;
    self->state.receiver = *receiver;
    self->state.type = self->config.machine.streams[0].type;
    g_mutex_unlock(&self->lock);
    self->config.on_change(self->config.user_data);
}

static void fail(McHdcpChannel *self, const char *code, const char *text)
{
    mc_hdcp_content_set_cipher(self->config.content, NULL);
    publish(self, true, false);
    self->config.on_error(code, text, self->config.user_data);
}

/* ---- the machine's events ---- */

static void save_pairings(McHdcpChannel *self)
{
    g_autoptr(GError) error = NULL;

    if (self->pairings_path &&
        !mc_hdcp_pairings_save(self->config.machine.pairings, self->pairings_path, &error))
        self->config.on_error(mc_hdcp_error_code(error->code), error->message,
                              self->config.user_data);
}

static void on_event(McHdcpChannel *self, McHdcpEventType event)
{
    switch (event) {
    case MC_HDCP_EVENT_READY:
        mc_hdcp_content_set_cipher(self->config.content, mc_hdcp_machine_new_cipher(self->machine));
        publish(self, true, mc_hdcp_content_has_cipher(self->config.content));
        break;
    case MC_HDCP_EVENT_STREAMS_AGREED:
        publish(self, true, true);
        break;
    case MC_HDCP_EVENT_STOP_CONTENT: /* the key first: nothing more is encrypted, so nothing leaves
                                      */
        mc_hdcp_content_set_cipher(self->config.content, NULL);
        publish(self, false, false);
        break;
    case MC_HDCP_EVENT_PAIRINGS_CHANGED:
        save_pairings(self);
        break;
    case MC_HDCP_EVENT_FAILED:
        self->failed = true;
        fail(self, mc_hdcp_error_code(mc_hdcp_machine_error(self->machine)->code),
             mc_hdcp_machine_error(self->machine)->message);
        break;
    }
}

static void take_events(McHdcpChannel *self)
{
    McHdcpEventType event;

    while (mc_hdcp_machine_next_event(self->machine, &event))
        on_event(self, event);
}

/* A receiver that may not get Type 1 is not asked: the content stays withheld, Type 0 goes on. */
static void follow_type(McHdcpChannel *self)
{
    const uint8_t type = (uint8_t) g_atomic_int_get(&self->wanted_type);
    const McHdcpStatus *receiver = mc_hdcp_machine_status(self->machine);
    McHdcpStream *streams = self->config.machine.streams;

    if (!self->state.authenticated || type == streams[0].type ||
        (type && (receiver->version < 2 || receiver->legacy_below || receiver->hdcp1_below)))
        return;
    for (unsigned i = 0; i < self->config.machine.stream_count; i++)
        streams[i].type = type;
    if (!mc_hdcp_machine_set_streams(self->machine, streams, self->config.machine.stream_count,
                                     g_get_monotonic_time()))
        return;             /* FAILED says it */
    if (receiver->repeater) /* until it agreed, nothing of either type is its */
        publish(self, false, false);
    else
        publish(self, true, true);
}

/* ---- the connection ---- */

static bool write_out(McHdcpChannel *self)
{
    size_t len;
    const uint8_t *bytes = mc_hdcp_machine_output(self->machine, &len);

    while (len) {
        const ssize_t n = send(self->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return true;
        if (n <= 0)
            return false;
        mc_hdcp_machine_consume(self->machine, (size_t) n);
        bytes = mc_hdcp_machine_output(self->machine, &len);
    }
    return true;
}

/* False: the connection is over. */
static bool read_some(McHdcpChannel *self)
{
    uint8_t bytes[READ_BYTES];
    const ssize_t n = recv(self->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (n > 0)
        mc_hdcp_machine_receive(self->machine, bytes, (size_t) n, g_get_monotonic_time());
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void wait_for(McHdcpChannel *self, short events, int64_t deadline_us, short *ret_revents)
{
    struct pollfd fds[2] = {{.fd = self->fd, .events = events},
                            {.fd = self->wake_fd, .events = POLLIN}};
    const int64_t left_us = MAX(deadline_us - g_get_monotonic_time(), 0);
    const struct timespec time = {.tv_sec = left_us / G_USEC_PER_SEC,
                                  .tv_nsec = left_us % G_USEC_PER_SEC * 1000};
    eventfd_t ignored;

    ppoll(fds, 2, deadline_us < 0 ? NULL : &time, NULL);
    if (fds[1].revents)
        eventfd_read(self->wake_fd, &ignored);
    *ret_revents = fds[0].revents;
}

static bool iterate(McHdcpChannel *self)
{
    size_t pending;
    short revents;

    mc_hdcp_machine_output(self->machine, &pending);
    wait_for(self, (short) (POLLIN | (pending ? POLLOUT : 0)),
             mc_hdcp_machine_deadline_us(self->machine), &revents);
    if (revents & (POLLIN | POLLHUP | POLLERR) && !read_some(self))
        return false;
    mc_hdcp_machine_tick(self->machine, g_get_monotonic_time());
    if (!write_out(self))
        return false;
    take_events(self);
    follow_type(self);
    return write_out(self);
}

static bool connect_sink(McHdcpChannel *self)
{
    struct sockaddr_storage addr;
    socklen_t addr_len = 0;
    const int one = 1, priority = PRIORITY_VOICE, tos = TOS_VOICE;
    const int64_t end_us = g_get_monotonic_time() + CONNECT_US;
    int problem = ETIMEDOUT;
    socklen_t len = sizeof(problem);
    short revents = 0;

    if (!mc_socket_address_parse(self->config.ip, self->config.port, &addr, &addr_len))
        return false;
    self->fd = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (self->fd < 0)
        return false;
    setsockopt(self->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(self->fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
    setsockopt(self->fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority));
    if (connect(self->fd, (struct sockaddr *) &addr, addr_len) == 0)
        return true;
    if (errno != EINPROGRESS)
        return false;
    while (!revents && !g_atomic_int_get(&self->ending) && g_get_monotonic_time() < end_us)
        wait_for(self, POLLOUT, end_us, &revents);
    if (revents)
        getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &problem, &len);
    errno = problem;
    return problem == 0;
}

static gpointer run(gpointer user_data)
{
    McHdcpChannel *self = user_data;

    if (!connect_sink(self)) {
        g_autofree char *text = g_strdup_printf("the sink's HDCP port %u does not answer: %s",
                                                self->config.port, g_strerror(errno));
        if (!g_atomic_int_get(&self->ending))
            fail(self, "hdcp.disconnected", text);
        return NULL;
    }
    mc_hdcp_machine_start(self->machine, g_get_monotonic_time());
    bool open = write_out(self);
    /* After a failure nothing is asked of the receiver, and nothing it says is listened to; the
     * connection stays, for sinks to which its end would be the session's. */
    while (open && !self->failed && !g_atomic_int_get(&self->ending))
        open = iterate(self);
    if (!open) {
        mc_hdcp_machine_disconnected(self->machine);
        take_events(self);
    }
    return NULL;
}

/* ---- life ---- */

McHdcpChannel *mc_hdcp_channel_new(const McHdcpChannelConfig *config, GError **error)
{
    McHdcpChannel *self = g_new0(McHdcpChannel, 1);

    self->config = *config;
    self->pairings_path = g_strdup(config->pairings_path);
    self->fd = -1;
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_mutex_init(&self->lock);
    self->machine = mc_hdcp_machine_new(&config->machine, error);
    if (self->machine)
        self->thread = g_thread_try_new("mc-hdcp", run, self, error);
    if (self->thread)
        return self;
    mc_hdcp_channel_free(self);
    return NULL;
}

void mc_hdcp_channel_free(McHdcpChannel *self)
{
    if (!self)
        return;
    if (self->thread) {
        g_atomic_int_set(&self->ending, 1);
        eventfd_write(self->wake_fd, 1);
        g_thread_join(self->thread);
    }
    mc_hdcp_content_set_cipher(self->config.content, NULL);
    mc_hdcp_machine_free(self->machine);
    if (self->fd >= 0)
        close(self->fd);
    if (self->wake_fd >= 0)
        close(self->wake_fd);
    g_free(self->pairings_path);
    g_mutex_clear(&self->lock);
    g_free(self);
}

void mc_hdcp_channel_state(McHdcpChannel *self, McHdcpChannelState *ret_state)
{
    g_mutex_lock(&self->lock);
    *ret_state = self->state;
    g_mutex_unlock(&self->lock);
}

void mc_hdcp_channel_want_type(McHdcpChannel *self, uint8_t type)
{
    g_atomic_int_set(&self->wanted_type, type);
    eventfd_write(self->wake_fd, 1);
}
