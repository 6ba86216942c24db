/* SPDX-License-Identifier: MIT */
#include "encoder/sender.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "encoder/stream.h"
#include "encoder/udp-out.h"
#include "encoder/urgency.h"

#define FIRST_SLOTS 2048u   /* 2.7 MB: the largest key frame and more */
#define AGAIN_SLOTS 512u    /* a key frame of 0.7 MB: larger ones are for links that lose nothing */
#define QUEUE_AGE_US 250000 /* older pictures are of no use to anyone */
#define AGAIN_AGE_US 100000 /* receivers wait some tens of ms behind a hole */
#define AGAIN_AFTER_US 5000 /* at least: one short gap in the air does not take both */
#define HISTORY_SLOTS (FIRST_SLOTS / 2) /* of those that left, what may be asked for again */
#define RESEND_SHARE 4 /* one for so many that left for the first time, whatever is asked */
#define RESEND_MOST 64
#define BURST_DATAGRAMS 16u   /* leave at once however large the frame */
#define SPACING_MAX_NS 100000 /* about 106 Mbit/s: never slower than this */
#define WAKE_QUANTUM_NS 500000
#define ENOBUFS_WAIT_US 1000

typedef struct {
    int64_t due_us, queued_us;
    uint64_t frame_id; /* first datagram of a frame; 0: no hook to call */
    uint16_t seq;      /* in the bytes it may be encrypted */
    uint16_t len;
    uint8_t bytes[MC_RTP_DATAGRAM_MAX + MC_SENDER_PROTECT_ROOM];
} Slot;

/* A ring. */
typedef struct {
    Slot *slots;
    unsigned size, head, count;
    unsigned in_flight; /* slots at head that are being sent without the lock */
} Queue;

struct McSender {
    McUdpOut out; /* the sending thread's */
    McSenderFrameHook hook;
    void *hook_data;
    McSenderTap tap;
    void *tap_data;
    McSenderProtect protect;
    void *protect_data;

    GMutex lock; /* all below, and slots out of flight */
    GCond changed;
    Queue first;
    Queue again; /* duplicates: they leave when nothing of first is due, and none waits for them */
    unsigned history;     /* slots behind the head of first that have left */
    unsigned resend_room; /* datagrams that left for the first time, not used up yet */
    McSenderStats stats;
    uint32_t window_us;
    GThread *thread; /* NULL: pacing is off */
    int wake_fd;
    bool stop;
};

/* ---------- queue: with the lock held ---------- */

static Slot *slot_at(Queue *self, unsigned i)
{
    return &self->slots[(self->head + i) % self->size];
}

static unsigned cut_queue(Queue *self)
{
    const unsigned cut = self->count - self->in_flight;

    self->count = self->in_flight;
    return cut;
}

static bool is_stale(Queue *self, int64_t now_us, int64_t age_us)
{
    return self->count > self->in_flight &&
           now_us - slot_at(self, self->in_flight)->queued_us > age_us;
}

static void drop_queued(McSender *self)
{
    self->stats.dropped += cut_queue(&self->first);
    cut_queue(&self->again);
}

static void drop_stale(McSender *self, int64_t now_us)
{
    if (is_stale(&self->first, now_us, QUEUE_AGE_US))
        drop_queued(self);
    if (is_stale(&self->again, now_us, AGAIN_AGE_US))
        cut_queue(&self->again);
}

/* One frame on its way into the queue. */
typedef struct {
    McSender *self;
    int64_t now_us;
    int64_t spacing_ns;
    unsigned index;
    uint64_t frame_id;
    int64_t again_after_us; /* 0: they leave once */
} Filling;

/* Due in steps, so that the thread wakes for some datagrams at a time. */
static int64_t delay_us(int64_t spacing_ns, unsigned index)
{
    const int64_t past = (int64_t) index - BURST_DATAGRAMS;

    return past < 0 ? 0 : (past + 1) * spacing_ns / WAKE_QUANTUM_NS * WAKE_QUANTUM_NS / 1000;
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

static void queue_again(McSender *self, const Slot *slot, int64_t due_us, int64_t queued_us)
{
    Queue *queue = &self->again;

    if (queue->count == queue->size)
        return;
    Slot *copy = slot_at(queue, queue->count++);
    copy->due_us = due_us;
    copy->queued_us = queued_us;
    copy->frame_id = 0;
    copy->len = slot->len;
    memcpy(copy->bytes, slot->bytes, slot->len);
}

static void queue_datagram(const uint8_t *header12, const uint8_t *payload, size_t payload_len,
                           void *user_data)
{
    Filling *filling = user_data;
    McSender *self = filling->self;
    Queue *queue = &self->first;
    Slot *slot;

    if (queue->count == queue->size) {
        self->stats.dropped++;
        return;
    }
    slot = slot_at(queue, queue->count);
    slot->due_us = filling->now_us + delay_us(filling->spacing_ns, filling->index);
    slot->queued_us = filling->now_us;
    slot->frame_id = filling->frame_id;
    slot->seq = (uint16_t) (header12[2] << 8 | header12[3]);
    slot->len = (uint16_t) (MC_RTP_HEADER_BYTES + payload_len);
    memcpy(slot->bytes, header12, MC_RTP_HEADER_BYTES);
    memcpy(slot->bytes + MC_RTP_HEADER_BYTES, payload, payload_len);
    if (!protect_slot(self, slot)) {
        self->stats.dropped++;
        return;
    }
    queue->count++;
    if (filling->again_after_us)
        queue_again(self, slot, slot->due_us + filling->again_after_us, slot->queued_us);
    filling->frame_id = 0;
    filling->index++;
}

static unsigned datagrams_of(size_t len)
{
    return (unsigned) (len / MC_RTP_PAYLOAD_MAX + 1);
}

/* A large frame takes the whole window, a smaller one only as long as a fair link needs. */
static int64_t spacing_ns(uint32_t window_us, size_t len)
{
    return MIN(SPACING_MAX_NS, (int64_t) window_us * 1000 / datagrams_of(len));
}

/* ---------- sending ---------- */

static void call_hooks(McSender *self, Queue *queue, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        Slot *slot = slot_at(queue, i);

        if (slot->frame_id && self->hook)
            self->hook(slot->frame_id, self->hook_data);
        slot->frame_id = 0; /* once, also when the socket turns out to be full */
    }
}

static void show_sent(McSender *self, Queue *queue, unsigned count)
{
    for (unsigned i = 0; self->tap && i < count; i++)
        self->tap(slot_at(queue, i)->bytes, slot_at(queue, i)->len, self->tap_data);
}

static void account(McSender *self, Queue *queue, const McUdpOutcome *outcome)
{
    const unsigned gone = outcome->sent + outcome->lost;

    queue->head = (queue->head + gone) % queue->size;
    queue->count -= gone;
    queue->in_flight = 0;
    self->stats.refusals += outcome->refusals;
    if (queue == &self->again) {
        self->stats.duplicates += outcome->sent;
        self->stats.duplicate_bytes += outcome->bytes;
    } else {
        self->stats.datagrams += outcome->sent;
        self->stats.bytes += outcome->bytes;
        self->stats.dropped += outcome->lost;
        self->history = MIN(self->history + gone, HISTORY_SLOTS);
        self->resend_room = MIN(self->resend_room + outcome->sent, RESEND_MOST * RESEND_SHARE);
    }
    g_cond_broadcast(&self->changed);
}

/* Sends the first count slots; called and returns with the lock held, gives it up in between. */
static McUdpOutResult send_batch(McSender *self, Queue *queue, unsigned count)
{
    McDatagram datagrams[MC_UDP_OUT_MAX];

    queue->in_flight = count;
    g_mutex_unlock(&self->lock);
    call_hooks(self, queue, count);
    for (unsigned i = 0; i < count; i++)
        datagrams[i] = (McDatagram){slot_at(queue, i)->bytes, slot_at(queue, i)->len};
    const McUdpOutcome outcome = mc_udp_out_send(&self->out, datagrams, count);
    show_sent(self, queue, outcome.sent);
    g_mutex_lock(&self->lock);
    account(self, queue, &outcome);
    return outcome.result;
}

/* A socket that is full has no room for what was sent already. */
static void send_again(McSender *self, unsigned count)
{
    if (send_batch(self, &self->again, count) != MC_UDP_OUT_DONE)
        cut_queue(&self->again);
}

/* Without pacing.  What the socket does not take waits for the next call. */
static void send_queued(McSender *self)
{
    while (self->first.count &&
           send_batch(self, &self->first, MIN(self->first.count, MC_UDP_OUT_MAX)) ==
               MC_UDP_OUT_DONE)
        ;
    while (self->again.count)
        send_again(self, MIN(self->again.count, MC_UDP_OUT_MAX));
}

/* Of what left; NULL: it is not known any more. What waits may have taken the oldest slots. */
static const Slot *find_sent(McSender *self, uint16_t seq)
{
    const unsigned known = MIN(self->history, self->first.size - self->first.count);

    for (unsigned i = 1; i <= known; i++) {
        const Slot *slot = slot_at(&self->first, self->first.size - i);

        if (slot->seq == seq)
            return slot;
    }
    return NULL;
}

/* ---------- pacing thread ---------- */

static unsigned count_due(Queue *self, int64_t now_us)
{
    unsigned n = 0;

    while (n < self->count && n < MC_UDP_OUT_MAX && slot_at(self, n)->due_us <= now_us)
        n++;
    return n;
}

static void wait_for_socket(McSender *self)
{
    struct pollfd fds[] = {{self->out.fd, POLLOUT, 0}, {self->wake_fd, POLLIN, 0}};

    g_mutex_unlock(&self->lock);
    if (poll(fds, G_N_ELEMENTS(fds), -1) < 0 && errno != EINTR)
        g_warning("poll: %s", g_strerror(errno));
    g_mutex_lock(&self->lock);
}

static void send_due(McSender *self, unsigned count)
{
    switch (send_batch(self, &self->first, count)) {
    case MC_UDP_OUT_DONE:
        break;
    case MC_UDP_OUT_FULL:
        wait_for_socket(self);
        break;
    case MC_UDP_OUT_NO_BUFFERS: /* a full device queue makes no event */
        g_cond_wait_until(&self->changed, &self->lock, g_get_monotonic_time() + ENOBUFS_WAIT_US);
        break;
    }
}

/* G_MAXINT64: nothing waits. */
static int64_t next_due_us(McSender *self)
{
    const int64_t first_us = self->first.count ? slot_at(&self->first, 0)->due_us : G_MAXINT64;

    return self->again.count ? MIN(first_us, slot_at(&self->again, 0)->due_us) : first_us;
}

static void wait_for_work(McSender *self)
{
    const int64_t due_us = next_due_us(self);

    if (due_us == G_MAXINT64)
        g_cond_wait(&self->changed, &self->lock);
    else
        g_cond_wait_until(&self->changed, &self->lock, due_us);
}

static void *run(void *user_data)
{
    McSender *self = user_data;

    mc_urgency_raise();
    prctl(PR_SET_TIMERSLACK, 1000ul); /* ns; the usual 50 us would add up */
    g_mutex_lock(&self->lock);
    while (!self->stop) {
        const int64_t now_us = g_get_monotonic_time();

        drop_stale(self, now_us);
        const unsigned due = count_due(&self->first, now_us);
        const unsigned again = count_due(&self->again, now_us);
        if (due)
            send_due(self, due);
        else if (again)
            send_again(self, again);
        else
            wait_for_work(self);
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

McSender *mc_sender_new(int fd, const char *dest_ip, uint16_t dest_port, GError **error)
{
    g_autoptr(McSender) self = g_new0(McSender, 1);

    g_mutex_init(&self->lock);
    g_cond_init(&self->changed);
    self->wake_fd = -1;
    if (!mc_udp_out_open(&self->out, fd, dest_ip, dest_port, error))
        return NULL;
    self->first = (Queue){.slots = g_new(Slot, FIRST_SLOTS), .size = FIRST_SLOTS};
    self->again = (Queue){.slots = g_new(Slot, AGAIN_SLOTS), .size = AGAIN_SLOTS};
    return g_steal_pointer(&self);
}

void mc_sender_free(McSender *self)
{
    if (!self)
        return;
    stop_thread(self);
    g_free(self->first.slots);
    g_free(self->again.slots);
    g_cond_clear(&self->changed);
    g_mutex_clear(&self->lock);
    g_free(self);
}

void mc_sender_send_frame(McSender *self, McRtpPacketiser *rtp, const McSenderFrame *frame)
{
    Filling filling = {.self = self,
                       .now_us = g_get_monotonic_time(),
                       .spacing_ns = spacing_ns(self->window_us, frame->len),
                       .frame_id = frame->frame_id};

    if (frame->twice)
        filling.again_after_us =
            MAX(AGAIN_AFTER_US, delay_us(filling.spacing_ns, datagrams_of(frame->len)));
    g_mutex_lock(&self->lock);
    drop_stale(self, filling.now_us);
    mc_rtp_packetise(rtp, frame->ts, frame->len, frame->timestamp_90k, !frame->no_marker,
                     queue_datagram, &filling);
    if (self->thread)
        g_cond_broadcast(&self->changed);
    else
        send_queued(self);
    g_mutex_unlock(&self->lock);
}

unsigned mc_sender_resend(McSender *self, const uint16_t *seqs, unsigned n)
{
    const int64_t now_us = g_get_monotonic_time();
    unsigned found = 0;

    g_mutex_lock(&self->lock);
    for (unsigned i = 0; i < n && self->resend_room >= RESEND_SHARE; i++) {
        const Slot *slot = find_sent(self, seqs[i]);

        if (!slot || now_us - slot->queued_us > QUEUE_AGE_US)
            continue;
        queue_again(self, slot, now_us, now_us);
        self->resend_room -= RESEND_SHARE;
        found++;
    }
    if (self->thread)
        g_cond_broadcast(&self->changed);
    else if (found)
        send_queued(self);
    g_mutex_unlock(&self->lock);
    return found;
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
    while (self->first.count && g_cond_wait_until(&self->changed, &self->lock, end_us))
        ;
    empty = self->first.count == 0;
    g_mutex_unlock(&self->lock);
    return empty;
}

void mc_sender_discard(McSender *self)
{
    g_mutex_lock(&self->lock);
    drop_queued(self);
    while (self->first.in_flight || self->again.in_flight) {
        g_cond_wait(&self->changed, &self->lock);
        drop_queued(self); /* the rest of a batch that the socket did not take */
    }
    g_mutex_unlock(&self->lock);
}

McSenderStats mc_sender_stats(McSender *self)
{
    McSenderStats ret;

    g_mutex_lock(&self->lock);
    ret = self->stats;
    for (unsigned i = 0; i < self->first.count; i++)
        ret.queued_bytes += slot_at(&self->first, i)->len;
    g_mutex_unlock(&self->lock);
    ret.queued_bytes += mc_udp_out_queued_bytes(&self->out);
    return ret;
}

bool mc_sender_set_dscp(McSender *self, unsigned dscp, GError **error)
{
    return mc_udp_out_set_dscp(&self->out, dscp, error);
}
