/* SPDX-License-Identifier: MIT */
/* Chunk packets: the input as what GetNextChunkData wrote, then as a play of pushes and gets on the
 * queue, whose packets must be those that went in. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "kmd-shim/chunk-queue.h"
#include "tests/fuzz/fuzz.h"
#include "umd/chunk-packets.h"

#define CAPACITY 8
#define MAX_PRIVATE 200

/* As the driver reads them; the number of packets. */
static unsigned read_packets(const uint8_t *buffer, size_t size, uint64_t *ret_first)
{
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame;
    bool is_frame;
    size_t pos = 0, before;
    unsigned n = 0;

    for (before = pos; mc_chunk_packets_next(buffer, size, &pos, &info, &is_frame, &frame);
         before = pos) {
        if (pos <= before || pos > size)
            abort();
        if (n++ == 0)
            *ret_first = info.ChunkId.FrameNumber;
    }
    return n;
}

typedef struct {
    uint64_t pushed, next; /* number of the last one in, and of the next one out */
    unsigned queued;
    bool reset;
} Model;

static void push(McChunkQueue *queue, Model *model, const uint8_t *priv, UINT bytes)
{
    MIRACAST_CHUNK_INFO info = {.ChunkType = MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE,
                                .ChunkId.FrameNumber = ++model->pushed};
    NTSTATUS status = mc_chunk_queue_push(queue, &info, priv, bytes);

    if (bytes > MAX_PRIVATE)
        g_assert_cmpint(status, ==, STATUS_INVALID_PARAMETER);
    else if (model->queued == CAPACITY)
        g_assert_cmpint(status, ==, STATUS_NO_MEMORY);
    else
        g_assert_cmpint(status, ==, STATUS_SUCCESS);
    if (status == STATUS_SUCCESS && model->queued++ == 0)
        model->next = model->pushed;
    if (status == STATUS_NO_MEMORY) {
        model->queued = 0;
        model->reset = true;
    }
    if (status == STATUS_INVALID_PARAMETER)
        model->pushed--;
}

static void get(McChunkQueue *queue, Model *model, UINT capacity)
{
    uint8_t *buffer = malloc(capacity ? capacity : 1);
    UINT size = capacity, outstanding = 0;
    uint64_t first = 0;
    NTSTATUS status = mc_chunk_queue_get(queue, 0, 0, NULL, &size, (void *) buffer, &outstanding);

    if (model->reset) {
        g_assert_cmpint(status, ==, STATUS_CONNECTION_RESET);
        model->reset = false;
    } else if (status == STATUS_SUCCESS) {
        g_assert_cmpuint(size, <=, capacity);
        unsigned n = read_packets(buffer, size, &first);
        g_assert_cmpuint(n, >, 0);
        g_assert_cmpuint(first, ==, model->next);
        model->queued -= n;
        model->next += n;
        g_assert_cmpuint(outstanding, ==, model->queued);
    } else {
        g_assert_cmpint(status, ==, model->queued ? STATUS_BUFFER_TOO_SMALL : STATUS_TIMEOUT);
    }
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    McChunkQueue *queue = mc_chunk_queue_new(CAPACITY, MAX_PRIVATE);
    Model model = {0};
    uint64_t first;

    read_packets(data, size, &first);
    for (size_t i = 0; i + 1 < size; i += 2) {
        UINT bytes = MIN(data[i + 1], (UINT) (size - i));
        if (data[i] % 8 < 4)
            push(queue, &model, data + i, bytes);
        else if (data[i] % 8 < 7)
            get(queue, &model, data[i + 1] * 4u);
        else {
            mc_chunk_queue_reset(queue);
            model.queued = 0;
            model.reset = true;
        }
    }
    mc_chunk_queue_free(queue);
    return 0;
}
