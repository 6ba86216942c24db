/* SPDX-License-Identifier: MIT */
#include "umd/chunk-pump.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "umd/chunk-packets.h"

/* A still desktop's stream still needs its clock: three of them are the 100 ms within which a PCR
 * is due. */
#define HEARTBEAT_MS 32
#define CHUNK_BUFFER_BYTES 16384
#define MAX_KEPT 16 /* the display path lends fewer */

struct McChunkPump {
    McOs os;
    McStream *stream;
    McFrameLedger *ledger;
    McChunkPumpFailed on_failed;
    void *user_data;
    int stop_event;
    gint paused; /* atomic */
    GThread *thread;
    uint64_t kept[MAX_KEPT]; /* the thread's, then the owner's: not given back yet */
    unsigned n_kept;
};

static void drop_frame(McChunkPump *self, const MIRACAST_CHUNK_INFO *info)
{
    MIRACAST_CHUNK_INFO dropped = {.ChunkType = MIRACAST_CHUNK_TYPE_FRAME_DROPPED,
                                   .ChunkId = info->ChunkId};

    mc_os_report_chunk(&self->os, &dropped);
}

static bool push_frame(McChunkPump *self, const MIRACAST_CHUNK_INFO *info, const McFrameDesc *frame,
                       GError **error)
{
    if (frame->flags & MC_FRAME_FORCE_IDR)
        mc_stream_force_idr(self->stream);
    mc_frame_ledger_add(self->ledger, frame->frame_id, info->ChunkId);
    return mc_stream_push_frame(self->stream, frame, error);
}

static bool is_wanted(const McChunkPump *self, const McFrameDesc *frame)
{
    return !g_atomic_int_get(&self->paused) && frame->size >= sizeof(*frame) &&
           frame->version == MC_FRAME_VERSION && frame->pixels;
}

static void take_frame(McChunkPump *self, const MIRACAST_CHUNK_INFO *info, const McFrameDesc *frame)
{
    g_autoptr(GError) error = NULL;
    bool ok = true;

    if (is_wanted(self, frame))
        ok = push_frame(self, info, frame, &error);
    else
        drop_frame(self, info);
    if (!mc_os_release_frame(&self->os, frame->frame_id) && self->n_kept < MAX_KEPT)
        self->kept[self->n_kept++] = frame->frame_id;
    if (!ok)
        self->on_failed(error, self->user_data);
}

static void take_packets(McChunkPump *self, const uint8_t *buffer, UINT size)
{
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame;
    bool is_frame;
    size_t pos = 0;

    while (mc_chunk_packets_next(buffer, size, &pos, &info, &is_frame, &frame))
        if (is_frame)
            take_frame(self, &info, &frame);
}

static void repeat(McChunkPump *self)
{
    g_autoptr(GError) error = NULL;

    if (!g_atomic_int_get(&self->paused) && !mc_stream_push_repeat(self->stream, &error))
        self->on_failed(error, self->user_data);
}

static gpointer run(gpointer user_data)
{
    McChunkPump *self = user_data;
    HANDLE stop = (HANDLE) (intptr_t) (self->stop_event + 1);
    g_autofree uint8_t *buffer = g_malloc(CHUNK_BUFFER_BYTES);

    for (;;) {
        UINT size = CHUNK_BUFFER_BYTES, outstanding = 0;
        NTSTATUS status =
            self->os.callbacks.GetNextChunkData(self->os.device, HEARTBEAT_MS, 1, &stop, &size,
                                                (MIRACAST_CHUNK_DATA *) buffer, &outstanding);

        if (status == STATUS_SUCCESS && size > 0)
            take_packets(self, buffer, size);
        else if (status == STATUS_WAIT_0 || status == STATUS_INSTANCE_NOT_AVAILABLE)
            return NULL; /* the stop event, told from SUCCESS by its size (C-88) */
        else if (status == STATUS_CONNECTION_RESET)
            mc_stream_force_idr(self->stream); /* C-85 */
        else if (status == STATUS_TIMEOUT)
            repeat(self);
        else
            return NULL;
    }
}

McChunkPump *mc_chunk_pump_new(const McOs *os, McStream *stream, McFrameLedger *ledger,
                               McChunkPumpFailed on_failed, void *user_data, GError **error)
{
    g_autoptr(McChunkPump) self = g_new0(McChunkPump, 1);

    self->os = *os;
    self->stream = stream;
    self->ledger = ledger;
    self->on_failed = on_failed;
    self->user_data = user_data;
    self->stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->stop_event < 0) {
        g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED,
                    "no event for the end of the chunk pump: %s", g_strerror(errno));
        return NULL;
    }
    self->thread = g_thread_try_new("mc-pump", run, self, error);
    return self->thread ? g_steal_pointer(&self) : NULL;
}

void mc_chunk_pump_free(McChunkPump *self)
{
    if (!self)
        return;
    mc_chunk_pump_stop(self);
    if (self->stop_event >= 0)
        close(self->stop_event);
    g_free(self);
}

void mc_chunk_pump_pause(McChunkPump *self, bool paused)
{
    if (self)
        g_atomic_int_set(&self->paused, paused);
}

void mc_chunk_pump_stop(McChunkPump *self)
{
    if (!self || !self->thread)
        return;
    eventfd_write(self->stop_event, 1);
    g_thread_join(g_steal_pointer(&self->thread));
}

void mc_chunk_pump_give_back(McChunkPump *self)
{
    unsigned left = 0;

    if (!self)
        return;
    for (unsigned i = 0; i < self->n_kept; i++)
        if (!mc_os_release_frame(&self->os, self->kept[i]))
            self->kept[left++] = self->kept[i];
    self->n_kept = left;
}
