/* SPDX-License-Identifier: MIT */
/* MIRACAST_CALLBACKS: what the user-mode driver asks of the operating system. */
#include "host/runtime-private.h"

static int64_t now_ns(void)
{
    return g_get_monotonic_time() * 1000;
}

static bool on_control(const McRuntime *self)
{
    return g_thread_self() == self->control;
}

/* lock held. Stop's own thread passes, others fail. */
static bool fails_now(const McRuntime *self)
{
    return !on_control(self) &&
           (self->phase >= PHASE_STOP || (self->phase == PHASE_START && self->start_cancelled));
}

/* lock held. Start's own thread passes, others wait for its end. */
static bool waits_now(const McRuntime *self)
{
    return !on_control(self) && self->phase == PHASE_START && !self->start_cancelled;
}

/* With kmd_lock on success. The phase is looked at again under kmd_lock, for which this thread may
 * have waited. */
static NTSTATUS admit_io_control(McRuntime *self)
{
    for (;;) {
        g_mutex_lock(&self->lock);
        while (waits_now(self))
            g_cond_wait(&self->changed, &self->lock);
        g_mutex_unlock(&self->lock);
        g_mutex_lock(&self->kmd_lock);
        g_mutex_lock(&self->lock);
        bool waits = waits_now(self), fails = fails_now(self);
        g_mutex_unlock(&self->lock);
        if (!waits && !fails)
            return STATUS_SUCCESS;
        g_mutex_unlock(&self->kmd_lock);
        if (fails)
            return STATUS_INVALID_DEVICE_STATE;
    }
}

static NTSTATUS forward_io_control(McRuntime *self, UINT in_size, VOID *in, UINT out_size,
                                   VOID *out, UINT *ret_bytes)
{
    ULONG bytes = 0;
    NTSTATUS status = admit_io_control(self);

    if (!NT_SUCCESS(status))
        return status;
    status = self->kmd_gone
                 ? STATUS_DEVICE_REMOVED
                 : self->kmd.DxgkDdiMiracastIoControl(self->kmd.Context, self->kmd_context, in_size,
                                                      in, out_size, out, &bytes);
    g_mutex_unlock(&self->kmd_lock);
    if (ret_bytes)
        *ret_bytes = MIN(bytes, out_size);
    return status;
}

/* There is no GPU queue to flush for hardware_access: kmd_lock alone keeps others out. */
static NTSTATUS NTAPI io_control(HANDLE device, BOOL hardware_access, UINT in_size, VOID *in,
                                 UINT out_size, VOID *out, UINT *ret_bytes)
{
    if (ret_bytes)
        *ret_bytes = 0;
    if ((in_size && !in) || (out_size && !out))
        return STATUS_INVALID_PARAMETER;
    McRuntime *self = mc_runtime_enter(device);
    if (!self)
        return STATUS_INVALID_HANDLE;
    NTSTATUS status = forward_io_control(self, in_size, in, out_size, out, ret_bytes);
    mc_runtime_leave(self);
    return status;
}

/* Only taken note of here: Stop from inside the driver's call would wait for itself (C-94). */
static VOID NTAPI report_status(HANDLE device, MIRACAST_STATUS status, NTSTATUS detail)
{
    McRuntime *self = mc_runtime_enter(device);

    if (!self)
        return;
    g_mutex_lock(&self->lock);
    if (!self->reported && (self->phase == PHASE_START || self->phase == PHASE_STARTED)) {
        self->reported = true;
        self->reported_status = status;
        self->reported_detail = detail;
        if (self->phase == PHASE_STARTED)
            mc_runtime_tear_down_later(self);
    }
    g_mutex_unlock(&self->lock);
    mc_runtime_leave(self);
}

static VOID NTAPI report_statistic(HANDLE device, MIRACAST_STATISTIC_DATA *statistic)
{
    McRuntime *self = mc_runtime_enter(device);

    if (!self)
        return;
    if (statistic && self->config.on_statistic)
        self->config.on_statistic(statistic, now_ns(), self->config.user_data);
    mc_runtime_leave(self);
}

/* The queue of the session, safe from being freed until given back. */
McChunkQueue *mc_runtime_take_chunks(McRuntime *self)
{
    g_mutex_lock(&self->lock);
    McChunkQueue *chunks = self->chunks;
    if (chunks)
        self->chunk_users++;
    g_mutex_unlock(&self->lock);
    return chunks;
}

void mc_runtime_give_chunks(McRuntime *self)
{
    g_mutex_lock(&self->lock);
    if (--self->chunk_users == 0)
        g_cond_broadcast(&self->chunks_idle);
    g_mutex_unlock(&self->lock);
}

static NTSTATUS NTAPI get_next_chunk(HANDLE device, UINT timeout_ms, UINT n_events, HANDLE *events,
                                     UINT *size, MIRACAST_CHUNK_DATA *buffer, UINT *ret_outstanding)
{
    NTSTATUS status = STATUS_INSTANCE_NOT_AVAILABLE;

    if (!size || (*size && !buffer) || (n_events && !events))
        return STATUS_INVALID_PARAMETER;
    McRuntime *self = mc_runtime_enter(device);
    if (!self)
        return STATUS_INVALID_HANDLE;
    McChunkQueue *chunks = mc_runtime_take_chunks(self);
    if (chunks) {
        status =
            mc_chunk_queue_get(chunks, timeout_ms, n_events, events, size, buffer, ret_outstanding);
        mc_runtime_give_chunks(self);
    } else {
        *size = 0;
    }
    mc_runtime_leave(self);
    return status;
}

static NTSTATUS push_chunk(McRuntime *self, const MIRACAST_ENCODE_CHUNK_COMPLETED *chunk)
{
    McChunkQueue *chunks = mc_runtime_take_chunks(self);

    if (!chunks)
        return STATUS_INVALID_DEVICE_STATE;
    NTSTATUS status = mc_chunk_queue_push(chunks, &chunk->ChunkInfo, chunk->pPrivateDriverData,
                                          chunk->PrivateDataDriverSize);
    mc_runtime_give_chunks(self);
    return status;
}

void mc_runtime_notify_interrupt(McRuntime *handle, MIRACAST_ENCODE_CHUNK_COMPLETED *chunk)
{
    chunk->Status = STATUS_INVALID_DEVICE_STATE;
    McRuntime *self = mc_runtime_enter(handle);
    if (!self)
        return;
    if (self->config.on_chunk_info)
        self->config.on_chunk_info(&chunk->ChunkInfo, now_ns(), self->config.user_data);
    chunk->Status = push_chunk(self, chunk);
    mc_runtime_leave(self);
}

void mc_runtime_umd_callbacks(MIRACAST_CALLBACKS *ret)
{
    *ret = (MIRACAST_CALLBACKS){report_status, io_control, report_statistic, get_next_chunk,
                                mc_runtime_register_rate};
}
