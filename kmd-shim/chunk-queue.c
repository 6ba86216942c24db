/* SPDX-License-Identifier: MIT */
#include "kmd-shim/chunk-queue.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PACKET_HEAD_BYTES ((UINT) offsetof(MIRACAST_CHUNK_DATA, PrivateDriverData))

typedef struct {
    MIRACAST_CHUNK_INFO info;
    UINT bytes; /* of private data, which stands in the slot's part of McChunkQueue.memory */
} Slot;

struct McChunkQueue {
    UINT capacity, max_private_bytes;
    McChunkLost on_lost;
    void *user_data;
    int wake_fd; /* written after every change a waiter may wait for */

    GMutex lock; /* guards all below */
    Slot *slots;
    uint8_t *memory;
    UINT first, count;
    bool reset;  /* to be said by the next get */
    bool closed; /* for ever */
};

McChunkQueue *mc_chunk_queue_new(UINT capacity, UINT max_private_bytes)
{
    g_autoptr(McChunkQueue) self = g_try_new0(McChunkQueue, 1);

    if (!self)
        return NULL;
    g_mutex_init(&self->lock);
    self->capacity = MAX(capacity, 1);
    self->max_private_bytes = max_private_bytes;
    self->slots = g_try_new0(Slot, self->capacity);
    self->memory = g_try_malloc0_n(self->capacity, MAX(max_private_bytes, 1));
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return self->slots && self->memory && self->wake_fd >= 0 ? g_steal_pointer(&self) : NULL;
}

void mc_chunk_queue_free(McChunkQueue *self)
{
    if (!self)
        return;
    mc_chunk_queue_close(self);
    if (self->wake_fd >= 0)
        close(self->wake_fd);
    g_mutex_clear(&self->lock);
    g_free(self->slots);
    g_free(self->memory);
    g_free(self);
}

void mc_chunk_queue_set_on_lost(McChunkQueue *self, McChunkLost on_lost, void *user_data)
{
    self->on_lost = on_lost;
    self->user_data = user_data;
}

static uint8_t *private_data(const McChunkQueue *self, UINT index)
{
    return self->memory + (size_t) index * self->max_private_bytes;
}

/* ---- losing chunks ---- */

/* What leaves the queue unread, so that on_lost can be called without the lock: it may well end in
 * another push. */
typedef struct {
    GArray *slots;
    GByteArray *memory;
} Lost;

static Lost take_all(McChunkQueue *self)
{
    Lost lost = {0};

    if (self->count && self->on_lost) {
        lost.slots = g_array_sized_new(FALSE, FALSE, sizeof(Slot), self->count);
        lost.memory = g_byte_array_new();
        for (UINT i = 0; i < self->count; i++) {
            UINT index = (self->first + i) % self->capacity;
            g_array_append_val(lost.slots, self->slots[index]);
            g_byte_array_append(lost.memory, private_data(self, index), self->slots[index].bytes);
        }
    }
    self->first = self->count = 0;
    return lost;
}

static void tell_lost(McChunkQueue *self, Lost lost)
{
    const uint8_t *priv;

    if (!lost.slots)
        return;
    priv = lost.memory->data;
    for (guint i = 0; i < lost.slots->len; i++) {
        const Slot *slot = &g_array_index(lost.slots, Slot, i);
        self->on_lost(&slot->info, slot->bytes ? priv : NULL, slot->bytes, self->user_data);
        if (slot->bytes) /* without any private data there is no memory to step through */
            priv += slot->bytes;
    }
    g_array_unref(lost.slots);
    g_byte_array_unref(lost.memory);
}

static void wake(McChunkQueue *self)
{
    eventfd_write(self->wake_fd, 1);
}

void mc_chunk_queue_reset(McChunkQueue *self)
{
    Lost lost;

    g_mutex_lock(&self->lock);
    lost = take_all(self);
    self->reset = true;
    g_mutex_unlock(&self->lock);
    wake(self);
    tell_lost(self, lost);
}

void mc_chunk_queue_close(McChunkQueue *self)
{
    Lost lost;

    g_mutex_lock(&self->lock);
    lost = take_all(self);
    self->closed = true;
    g_mutex_unlock(&self->lock);
    wake(self);
    tell_lost(self, lost);
}

/* ---- push ---- */

static void append(McChunkQueue *self, const MIRACAST_CHUNK_INFO *info, const void *priv,
                   UINT bytes)
{
    UINT index = (self->first + self->count++) % self->capacity;

    self->slots[index] = (Slot){*info, bytes};
    if (bytes)
        memcpy(private_data(self, index), priv, bytes);
}

NTSTATUS mc_chunk_queue_push(McChunkQueue *self, const MIRACAST_CHUNK_INFO *info, const void *priv,
                             UINT bytes)
{
    NTSTATUS status = STATUS_SUCCESS;
    Lost lost = {0};

    if (!info || bytes > self->max_private_bytes || (bytes && !priv))
        return STATUS_INVALID_PARAMETER;
    g_mutex_lock(&self->lock);
    if (self->closed) {
        status = STATUS_INSTANCE_NOT_AVAILABLE;
    } else if (self->count == self->capacity) {
        lost = take_all(self);
        self->reset = true;
        status = STATUS_NO_MEMORY;
    } else {
        append(self, info, priv, bytes);
    }
    g_mutex_unlock(&self->lock);
    if (status != STATUS_INSTANCE_NOT_AVAILABLE)
        wake(self);
    tell_lost(self, lost);
    return status;
}

/* ---- get ---- */

/* One packet, every field where MIRACAST_CHUNK_DATA has it, at any address (C-89):
 *   0           24                 28
 *   | ChunkInfo | private bytes n  | n bytes */
static void write_packet(const McChunkQueue *self, UINT index, uint8_t *at)
{
    const Slot *slot = &self->slots[index];

    memcpy(at, &slot->info, sizeof(slot->info));
    memcpy(at + sizeof(slot->info), &slot->bytes, sizeof(slot->bytes));
    memcpy(at + PACKET_HEAD_BYTES, private_data(self, index), slot->bytes);
}

static NTSTATUS take_packets(McChunkQueue *self, UINT capacity, uint8_t *buffer, UINT *ret_size)
{
    UINT need = PACKET_HEAD_BYTES + self->slots[self->first].bytes, used = 0;

    if (need > capacity) {
        *ret_size = need;
        return STATUS_BUFFER_TOO_SMALL;
    }
    while (self->count && need <= capacity - used) {
        write_packet(self, self->first, buffer + used);
        used += need;
        self->first = (self->first + 1) % self->capacity;
        self->count--;
        need = PACKET_HEAD_BYTES + self->slots[self->first].bytes;
    }
    *ret_size = used;
    return STATUS_SUCCESS;
}

/* STATUS_PENDING: there is nothing to say yet. */
static NTSTATUS try_get(McChunkQueue *self, UINT capacity, uint8_t *buffer, UINT *ret_size,
                        UINT *ret_outstanding)
{
    NTSTATUS status = STATUS_PENDING;

    g_mutex_lock(&self->lock);
    if (self->closed) {
        status = STATUS_INSTANCE_NOT_AVAILABLE;
        wake(self); /* for any other waiter: the event is read by one of them only */
    } else if (self->reset) {
        self->reset = false;
        status = STATUS_CONNECTION_RESET;
    } else if (self->count) {
        status = take_packets(self, capacity, buffer, ret_size);
    }
    if (ret_outstanding)
        *ret_outstanding = self->count;
    g_mutex_unlock(&self->lock);
    return status;
}

/* STATUS_PENDING: none fired. Reading is the automatic reset (U25); who reads nothing came second.
 */
static NTSTATUS take_event(const struct pollfd *fds, UINT n_events)
{
    for (UINT i = 0; i < n_events; i++) {
        eventfd_t value;

        if (fds[i].revents & (POLLNVAL | POLLERR | POLLHUP))
            return STATUS_INVALID_HANDLE;
        if ((fds[i].revents & POLLIN) && eventfd_read(fds[i].fd, &value) == 0)
            return STATUS_WAIT_0 + (NTSTATUS) i;
    }
    return STATUS_PENDING;
}

static int remaining_ms(int64_t deadline_us)
{
    if (deadline_us == INT64_MAX)
        return -1;
    int64_t left_us = deadline_us - g_get_monotonic_time();
    return left_us <= 0 ? 0 : (int) MIN((left_us + 999) / 1000, G_MAXINT);
}

static NTSTATUS wait_and_get(McChunkQueue *self, int64_t deadline_us, struct pollfd *fds,
                             UINT n_events, UINT capacity, uint8_t *buffer, UINT *ret_size,
                             UINT *ret_outstanding)
{
    for (;;) {
        NTSTATUS status = try_get(self, capacity, buffer, ret_size, ret_outstanding);
        if (status != STATUS_PENDING)
            return status;

        int left_ms = remaining_ms(deadline_us);
        int n = poll(fds, n_events + 1, left_ms);
        if (n < 0 && errno != EINTR)
            return STATUS_INVALID_HANDLE;
        if (n == 0 && left_ms == 0)
            return STATUS_TIMEOUT;
        if (n <= 0)
            continue;
        if (fds[n_events].revents & POLLIN) {
            eventfd_t value;
            eventfd_read(self->wake_fd, &value);
            status = try_get(self, capacity, buffer, ret_size, ret_outstanding);
            if (status != STATUS_PENDING)
                return status;
        }
        status = take_event(fds, n_events);
        if (status != STATUS_PENDING)
            return status;
    }
}

NTSTATUS mc_chunk_queue_get(McChunkQueue *self, UINT timeout_ms, UINT n_events, HANDLE *events,
                            UINT *size, MIRACAST_CHUNK_DATA *buffer, UINT *ret_outstanding)
{
    struct pollfd fds[MC_CHUNK_QUEUE_MAX_EVENTS + 1];
    int64_t deadline_us = INT64_MAX;
    UINT capacity;

    if (!size || (*size && !buffer) || n_events > MC_CHUNK_QUEUE_MAX_EVENTS ||
        (n_events && !events))
        return STATUS_INVALID_PARAMETER;
    capacity = *size;
    *size = 0;
    for (UINT i = 0; i < n_events; i++) {
        if (!events[i])
            return STATUS_INVALID_HANDLE;
        fds[i] = (struct pollfd){.fd = (int) ((intptr_t) events[i] - 1), .events = POLLIN};
    }
    fds[n_events] = (struct pollfd){.fd = self->wake_fd, .events = POLLIN};
    if (timeout_ms != INFINITE)
        deadline_us = g_get_monotonic_time() + (int64_t) timeout_ms * 1000;
    return wait_and_get(self, deadline_us, fds, n_events, capacity, (uint8_t *) buffer, size,
                        ret_outstanding);
}
