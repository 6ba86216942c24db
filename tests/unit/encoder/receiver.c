/* SPDX-License-Identifier: MIT */
#include "tests/unit/encoder/receiver.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define PID_PMT 0x100
#define PID_PCR 0x1000
#define PID_VIDEO 0x1011
#define PID_SOUND 0x1100

static uint64_t read_pts(const uint8_t *p)
{
    return (uint64_t) (p[0] >> 1 & 7) << 30 | (uint64_t) p[1] << 22 | (uint64_t) (p[2] >> 1) << 15 |
           (uint64_t) p[3] << 7 | p[4] >> 1;
}

static void add_mark(Receiver *self, GArray *marks, uint64_t value)
{
    RxMark mark = {g_get_monotonic_time(), value, self->pcr_90k};

    g_array_append_val(marks, mark);
}

static void end_unit(Receiver *self)
{
    RxUnit unit = {.time_us = g_get_monotonic_time(), .pcr_90k = self->pcr_90k};
    const uint8_t *nal;
    size_t pos = 0, len;
    unsigned n = 0;

    if (self->pes->len < 14)
        return;
    unit.pts_90k = read_pts(self->pes->data + 9);
    size_t head = 9u + self->pes->data[8];
    unit.bytes = self->pes->len - head;
    while (mc_nal_next(self->pes->data + head, unit.bytes, &pos, &nal, &len)) {
        unsigned type = mc_nal_type(nal);
        unit.has_aud |= type == MC_NAL_AUD && n == 0;
        unit.idr |= type == MC_NAL_IDR;
        unit.slices += type == MC_NAL_IDR || type == MC_NAL_SLICE;
        if (type == MC_NAL_SPS)
            self->bad += !mc_sps_parse(nal, len, &unit.sps);
        n++;
    }
    g_array_append_val(self->units, unit);
    g_byte_array_set_size(self->pes, 0);
}

static void take_packet(Receiver *self, const uint8_t *p)
{
    unsigned pid = (p[1] & 0x1fu) << 8 | p[2];
    bool start = p[1] & 0x40;
    size_t at = 4;

    self->bad += p[0] != 0x47;
    if (p[3] & 0x20) {
        if (p[4] >= 7 && p[5] & 0x10) {
            self->pcr_90k = (uint64_t) p[6] << 25 | p[7] << 17 | p[8] << 9 | p[9] << 1 | p[10] >> 7;
            add_mark(self, self->pcrs, self->pcr_90k);
        }
        at += 1u + p[4];
    }
    if (!(p[3] & 0x10) || at >= 188)
        return;
    if (pid == PID_PMT && start)
        add_mark(self, self->pmts, p[at + 1 + 5] >> 1 & 31);
    else if (pid == PID_SOUND && start)
        add_mark(self, self->sounds, read_pts(p + at + 9));
    else if (pid == PID_VIDEO && (start || self->pes->len > 0))
        g_byte_array_append(self->pes, p + at, (guint) (188 - at));
}

static void take_datagram(Receiver *self, const uint8_t *data, size_t len)
{
    if (len < 12 || data[0] != 0x80 || (data[1] & 0x7f) != 33 || (len - 12) % 188) {
        self->bad++;
        return;
    }
    uint16_t seq = (uint16_t) (data[2] << 8 | data[3]);
    self->lost += self->datagrams && seq != self->next_seq;
    self->next_seq = (uint16_t) (seq + 1);
    self->datagrams++;
    self->last_us = g_get_monotonic_time();
    for (size_t at = 12; at < len; at += 188)
        take_packet(self, data + at);
    if (data[1] & 0x80)
        end_unit(self);
}

static gpointer run(gpointer user_data)
{
    Receiver *self = user_data;
    uint8_t data[2048];
    struct pollfd fds[2] = {{.fd = self->fd, .events = POLLIN},
                            {.fd = self->stop_fd, .events = POLLIN}};

    while (poll(fds, 2, -1) >= 0 && !fds[1].revents) {
        ssize_t n = recv(self->fd, data, sizeof(data), MSG_DONTWAIT);
        if (n < 0)
            continue;
        g_mutex_lock(&self->lock);
        take_datagram(self, data, (size_t) n);
        g_cond_broadcast(&self->changed);
        g_mutex_unlock(&self->lock);
    }
    return NULL;
}

Receiver *receiver_new(void)
{
    Receiver *self = g_new0(Receiver, 1);
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    int size = 4 * 1024 * 1024;

    self->units = g_array_new(FALSE, FALSE, sizeof(RxUnit));
    self->pcrs = g_array_new(FALSE, FALSE, sizeof(RxMark));
    self->sounds = g_array_new(FALSE, FALSE, sizeof(RxMark));
    self->pmts = g_array_new(FALSE, FALSE, sizeof(RxMark));
    self->pes = g_byte_array_new();
    self->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    self->stop_fd = eventfd(0, EFD_CLOEXEC);
    setsockopt(self->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    setsockopt(self->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)); /* root may more */
    g_assert_cmpint(bind(self->fd, (struct sockaddr *) &addr, sizeof(addr)), ==, 0);
    getsockname(self->fd, (struct sockaddr *) &addr, &len);
    self->port = ntohs(addr.sin_port);
    self->thread = g_thread_new("receiver", run, self);
    return self;
}

void receiver_free(Receiver *self)
{
    eventfd_write(self->stop_fd, 1);
    g_thread_join(self->thread);
    close(self->fd);
    close(self->stop_fd);
    g_array_unref(self->units);
    g_array_unref(self->pcrs);
    g_array_unref(self->sounds);
    g_array_unref(self->pmts);
    g_byte_array_unref(self->pes);
    g_free(self);
}

static bool wait_for(Receiver *self, const unsigned *count, unsigned n, unsigned timeout_ms)
{
    int64_t end_us = g_get_monotonic_time() + timeout_ms * G_TIME_SPAN_MILLISECOND;

    g_mutex_lock(&self->lock);
    while (*count < n && g_cond_wait_until(&self->changed, &self->lock, end_us))
        ;
    bool ok = *count >= n;
    g_mutex_unlock(&self->lock);
    return ok;
}

bool receiver_wait_units(Receiver *self, unsigned n, unsigned timeout_ms)
{
    return wait_for(self, &self->units->len, n, timeout_ms);
}

bool receiver_wait_sounds(Receiver *self, unsigned n, unsigned timeout_ms)
{
    return wait_for(self, &self->sounds->len, n, timeout_ms);
}

bool receiver_wait_datagrams(Receiver *self, unsigned n, unsigned timeout_ms)
{
    return wait_for(self, &self->datagrams, n, timeout_ms);
}

unsigned receiver_n_pmts(Receiver *self)
{
    g_mutex_lock(&self->lock);
    unsigned n = self->pmts->len;
    g_mutex_unlock(&self->lock);
    return n;
}

uint64_t receiver_last_pmt(Receiver *self)
{
    g_mutex_lock(&self->lock);
    g_assert_cmpuint(self->pmts->len, >, 0);
    uint64_t version = g_array_index(self->pmts, RxMark, self->pmts->len - 1).value;
    g_mutex_unlock(&self->lock);
    return version;
}

RxUnit receiver_unit(Receiver *self, unsigned i)
{
    g_mutex_lock(&self->lock);
    g_assert_cmpuint(i, <, self->units->len);
    RxUnit unit = g_array_index(self->units, RxUnit, i);
    g_mutex_unlock(&self->lock);
    return unit;
}

unsigned receiver_n_units(Receiver *self)
{
    g_mutex_lock(&self->lock);
    unsigned n = self->units->len;
    g_mutex_unlock(&self->lock);
    return n;
}

unsigned receiver_datagrams(Receiver *self)
{
    g_mutex_lock(&self->lock);
    unsigned n = self->datagrams;
    g_mutex_unlock(&self->lock);
    return n;
}

/* By the sender's clock: the machine may keep us from receiving in time. */
int64_t receiver_longest_gap_us(Receiver *self, GArray *marks)
{
    int64_t longest_us = 0;

    g_mutex_lock(&self->lock);
    for (guint i = 1; i < marks->len; i++)
        if (g_array_index(marks, RxMark, i - 1).pcr_90k) /* 0: before the first PCR */
            longest_us = MAX(longest_us, ((int64_t) g_array_index(marks, RxMark, i).pcr_90k -
                                          (int64_t) g_array_index(marks, RxMark, i - 1).pcr_90k) *
                                             100 / 9);
    g_mutex_unlock(&self->lock);
    return longest_us;
}
