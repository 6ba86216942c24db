/* SPDX-License-Identifier: MIT */
/* fake-runtime.h - the operating system's part for the display path's tests: a callback table, a
 * real chunk queue, and a record of what was said. Threads: callbacks on any. Owner: the test. */
#pragma once

#include <string.h>

#include "kmd-shim/abi/frame.h"
#include "kmd-shim/abi/ioctl.h"
#include "kmd-shim/chunk-queue.h"
#include "kmd-shim/display-path.h"

#define FAKE_PATIENCE_MS 60000u /* a bound on hangs; no test passes by it */

typedef struct {
    McDisplayPath *display;
    DXGK_MIRACAST_DISPLAY_INTERFACE kmd;
    PVOID context;
    ULONG target;
    McChunkQueue *queue;

    GMutex lock;
    GCond changed;
    uint64_t started, dropped; /* how many */
    uint64_t last_started;
    unsigned dpcs, errors, statuses;
    int error_code;
    DXGK_CHILD_STATUS child;
    GPtrArray *messages; /* GBytes */
    NTSTATUS send_result, message_status;
} FakeRuntime;

static inline NTSTATUS fake_send(HANDLE handle, ULONG in_bytes, VOID *in, ULONG out_bytes,
                                 VOID *out, DXGKCB_MIRACAST_SEND_MESSAGE_CALLBACK callback,
                                 PVOID context)
{
    FakeRuntime *self = handle;
    IO_STATUS_BLOCK block = {.Status = self->message_status};

    if (!NT_SUCCESS(self->send_result))
        return self->send_result;
    g_mutex_lock(&self->lock);
    g_ptr_array_add(self->messages, g_bytes_new(in, in_bytes));
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    if (out_bytes)
        memset(out, 0x5a, out_bytes);
    block.Information = out_bytes;
    if (callback)
        callback(context, &block); /* it may come before this function returns (4.4) */
    return STATUS_PENDING;
}

static inline NTSTATUS fake_report(HANDLE handle, DXGK_MIRACAST_CHUNK_INFO *info, PVOID priv,
                                   UINT bytes)
{
    FakeRuntime *self = handle;

    g_assert_null(priv);
    g_assert_cmpuint(bytes, ==, 0);
    g_mutex_lock(&self->lock);
    if (info->ChunkType == MIRACAST_CHUNK_TYPE_FRAME_START) {
        self->started++;
        g_assert_cmpuint(info->ChunkId.FrameNumber, ==, self->last_started + 1);
        self->last_started = info->ChunkId.FrameNumber;
    } else if (info->ChunkType == MIRACAST_CHUNK_TYPE_FRAME_DROPPED) {
        self->dropped++;
    }
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    return STATUS_SUCCESS;
}

static inline void fake_interrupt(MIRACAST_ENCODE_CHUNK_COMPLETED *chunk, void *user_data)
{
    FakeRuntime *self = user_data;

    chunk->Status = mc_chunk_queue_push(self->queue, &chunk->ChunkInfo, chunk->pPrivateDriverData,
                                        chunk->PrivateDataDriverSize);
}

static inline void fake_dpc(void *user_data)
{
    FakeRuntime *self = user_data;

    g_mutex_lock(&self->lock);
    self->dpcs++;
    g_mutex_unlock(&self->lock);
}

static inline void fake_child_status(const DXGK_CHILD_STATUS *status, void *user_data)
{
    FakeRuntime *self = user_data;

    self->child = *status;
    self->statuses++;
}

static inline void fake_error(const GError *error, void *user_data)
{
    FakeRuntime *self = user_data;

    g_mutex_lock(&self->lock);
    self->errors++;
    self->error_code = error->code;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
}

static inline bool fake_open(FakeRuntime *self, const char *capture, UINT queue_capacity,
                             GError **error)
{
    McDisplayConfig config = {.capture = capture,
                              .width_px = 1280,
                              .height_px = 720,
                              .fps = 60,
                              .notify_interrupt = fake_interrupt,
                              .indicate_child_status = fake_child_status,
                              .notify_dpc = fake_dpc,
                              .on_error = fake_error,
                              .user_data = self};

    memset(self, 0, sizeof(*self));
    g_mutex_init(&self->lock);
    g_cond_init(&self->changed);
    self->messages = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    self->queue = mc_chunk_queue_new(queue_capacity, sizeof(McFrameDesc));
    self->display = mc_display_path_new(&config, error);
    if (!self->display)
        return false;
    mc_chunk_queue_set_on_lost(self->queue, mc_display_path_chunk_lost, self->display);
    mc_display_path_query_interface(self->display, &self->kmd);
    return true;
}

static inline NTSTATUS fake_create(FakeRuntime *self)
{
    DXGK_MIRACAST_DISPLAY_CALLBACKS callbacks = {self, fake_send, fake_report};

    self->last_started = 0;
    return self->kmd.DxgkDdiMiracastCreateContext(self->kmd.Context, &callbacks, &self->context,
                                                  &self->target);
}

static inline void fake_destroy(FakeRuntime *self)
{
    self->kmd.DxgkDdiMiracastDestroyContext(self->kmd.Context, self->context);
}

static inline void fake_close(FakeRuntime *self)
{
    fake_destroy(self); /* where the test did not: no chunk may come for a queue that has gone */
    mc_chunk_queue_free(self->queue);
    mc_display_path_free(self->display);
    g_ptr_array_unref(self->messages);
    g_cond_clear(&self->changed);
    g_mutex_clear(&self->lock);
}

static inline NTSTATUS fake_ioctl(FakeRuntime *self, McIoctlType type, void *request, ULONG bytes,
                                  void *output, ULONG output_bytes, ULONG *ret_bytes)
{
    *(McIoctlHeader *) request =
        (McIoctlHeader){MC_IOCTL_MAGIC, MC_IOCTL_VERSION, (uint16_t) type, bytes, 0};
    return self->kmd.DxgkDdiMiracastIoControl(self->kmd.Context, self->context, bytes, request,
                                              output_bytes, output, ret_bytes);
}

static inline NTSTATUS fake_modes(FakeRuntime *self, uint32_t refresh_mhz)
{
    struct {
        McIoctlTargetModes head;
        McTargetMode mode[2];
    } request = {.head = {.count = 2, .current = 1},
                 .mode = {{640, 480, 60000}, {1280, 720, refresh_mhz}}};

    return fake_ioctl(self, MC_IOCTL_TARGET_MODES, &request, sizeof(request), NULL, 0, NULL);
}

static inline NTSTATUS fake_release(FakeRuntime *self, uint64_t frame_id)
{
    McIoctlFrameRelease request = {.frame_id = frame_id};

    return fake_ioctl(self, MC_IOCTL_FRAME_RELEASE, &request, sizeof(request), NULL, 0, NULL);
}

/* Until n frames more were begun than now, or were dropped. */
static inline void fake_wait_frames(FakeRuntime *self, uint64_t n, bool dropped)
{
    const int64_t end_us =
        g_get_monotonic_time() + FAKE_PATIENCE_MS * (int64_t) G_TIME_SPAN_MILLISECOND;
    const uint64_t *count = dropped ? &self->dropped : &self->started;

    g_mutex_lock(&self->lock);
    for (const uint64_t goal = *count + n; *count < goal;)
        g_assert_true(g_cond_wait_until(&self->changed, &self->lock, end_us));
    g_mutex_unlock(&self->lock);
}

/* The next packet alone. */
static inline NTSTATUS fake_get(FakeRuntime *self, UINT timeout_ms, MIRACAST_CHUNK_INFO *info,
                                McFrameDesc *frame)
{
    uint8_t buffer[28 + sizeof(McFrameDesc)];
    UINT size = sizeof(buffer);
    NTSTATUS status =
        mc_chunk_queue_get(self->queue, timeout_ms, 0, NULL, &size, (void *) buffer, NULL);

    memset(info, 0, sizeof(*info));
    memset(frame, 0, sizeof(*frame));
    if (status == STATUS_SUCCESS) {
        memcpy(info, buffer, sizeof(*info));
        memcpy(frame, buffer + 28, sizeof(*frame));
    }
    return status;
}

/* What is late on a busy machine comes to an end; a stream does not. */
static inline void assert_falls_silent(FakeRuntime *fake)
{
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame;

    for (unsigned i = 0; i < 10; i++) {
        if (fake_get(fake, 300, &info, &frame) == STATUS_TIMEOUT)
            return;
        fake_release(fake, frame.frame_id);
    }
    g_test_fail_printf("frames come and come");
}
