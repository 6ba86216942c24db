/* SPDX-License-Identifier: MIT */
/* bench-dispatch UMD: what a call of the driver's HandleKernelModeMessage costs, from one thread
 * and from eight, beside an empty function called through the same table; what a chunk costs in the
 * queue, and a message from DxgkCbMiracastSendMessage to its completion.
 * The driver is the real module in a real session: the sink dials the port that is printed. The
 * message's way is measured through the runtime with the module of TEST_UMD_PATH behind it. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmd-shim/abi/ioctl.h"
#include "kmd-shim/abi/message.h"
#include "kmd-shim/chunk-queue.h"
#include "tests/bench/samples.h"
#include "tests/unit/host/runtime-fixture.h"
#include "umd/netdispumdddi.h"

#define BATCH 64 /* calls to one reading of the clock */
#define BATCHES 2000
#define THREADS_MAX 8
#define CHUNKS 200000
#define MESSAGES 5000

typedef struct {
    const MIRACAST_DRIVER_INTERFACE *table;
    PVOID context;
    McMsgType type;
    double *values;
    NTSTATUS status; /* of the last call */
} Caller;

static McChunkQueue *queue;

/* ---- the driver's operating system ---- */

static VOID NTAPI report_status(HANDLE device, MIRACAST_STATUS status, NTSTATUS detail)
{
}

static NTSTATUS NTAPI io_control(HANDLE device, BOOL hardware, UINT in_bytes, VOID *in,
                                 UINT out_bytes, VOID *out, UINT *ret_bytes)
{
    const McIoctlHeader *header = in;
    McDisplayInfo info = {sizeof(info), 1280, 720, 60000, "bench"};

    if (header->type != MC_IOCTL_QUERY_DISPLAY || !out)
        return STATUS_SUCCESS;
    memcpy(out, &info, MIN(sizeof(info), out_bytes));
    if (ret_bytes)
        *ret_bytes = sizeof(info);
    return STATUS_SUCCESS;
}

static VOID NTAPI report_statistic(HANDLE device, MIRACAST_STATISTIC_DATA *statistic)
{
}

static NTSTATUS NTAPI next_chunk(HANDLE device, UINT timeout_ms, UINT n_events, HANDLE *events,
                                 UINT *size, MIRACAST_CHUNK_DATA *buffer, UINT *outstanding)
{
    return mc_chunk_queue_get(queue, timeout_ms, n_events, events, size, buffer, outstanding);
}

static NTSTATUS NTAPI register_rate(HANDLE device, PVOID context, PFN_DATARATE_NOTIFICATION notify)
{
    return STATUS_SUCCESS;
}

/* ---- calls ---- */

static NTSTATUS NTAPI nothing(PVOID context, UINT in_bytes, VOID *in, UINT out_bytes, VOID *out,
                              UINT *ret_bytes)
{
    *ret_bytes = 0;
    return STATUS_SUCCESS;
}

static gpointer run_caller(gpointer user_data)
{
    Caller *self = user_data;
    McMsgCursor cursor = {.x_px = 1, .y_px = 1};
    McMsgHeader query = {MC_MSG_MAGIC, MC_MSG_VERSION, (uint16_t) self->type, sizeof(query), 1};
    UINT in_bytes = self->type == MC_MSG_CURSOR ? sizeof(cursor) : sizeof(query), written;
    void *in = self->type == MC_MSG_CURSOR ? (void *) &cursor : &query;
    uint64_t out[64];

    cursor.header = query;
    cursor.header.size = sizeof(cursor);
    for (unsigned i = 0; i < BATCHES; i++) {
        int64_t start_ns = now_ns();
        for (unsigned k = 0; k < BATCH; k++)
            self->status = self->table->HandleKernelModeMessage(self->context, in_bytes, in,
                                                                sizeof(out), out, &written);
        self->values[i] = (double) (now_ns() - start_ns) / BATCH;
    }
    return NULL;
}

static void call(const char *name, const MIRACAST_DRIVER_INTERFACE *table, PVOID context,
                 McMsgType type, unsigned n_threads)
{
    g_autofree double *values = g_new(double, THREADS_MAX *BATCHES);
    GThread *threads[THREADS_MAX];
    Caller callers[THREADS_MAX];

    for (unsigned i = 0; i < n_threads; i++) {
        callers[i] = (Caller){table, context, type, values + i * BATCHES, STATUS_SUCCESS};
        threads[i] = g_thread_new("caller", run_caller, &callers[i]);
    }
    for (unsigned i = 0; i < n_threads; i++)
        g_thread_join(threads[i]);
    if (!NT_SUCCESS(callers[0].status) && strcmp(name, "unknown-type"))
        fprintf(stderr, "bench-dispatch: %s answers %08x\n", name, (unsigned) callers[0].status);
    samples_print(name, n_threads, values, n_threads * BATCHES);
}

static void measure_calls(const MIRACAST_DRIVER_INTERFACE *table, PVOID context)
{
    MIRACAST_DRIVER_INTERFACE empty = *table;

    empty.HandleKernelModeMessage = nothing;
    for (unsigned threads = 1; threads <= THREADS_MAX; threads *= THREADS_MAX) {
        call("empty", &empty, context, MC_MSG_QUERY_STATUS, threads);
        call("unknown-type", table, context, 99, threads);
        call("query-status", table, context, MC_MSG_QUERY_STATUS, threads);
        call("cursor", table, context, MC_MSG_CURSOR, threads);
    }
}

/* ---- session ---- */

static int accept_sink(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (bind(fd, (struct sockaddr *) &address, len) || listen(fd, 1) ||
        getsockname(fd, (struct sockaddr *) &address, &len))
        return -1;
    printf("port %u\n", ntohs(address.sin_port));
    fflush(stdout);
    int sink = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    close(fd);
    return sink;
}

static int measure_driver(const char *path)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    QUERY_MIRACAST_DRIVER_INTERFACE query =
        module ? (QUERY_MIRACAST_DRIVER_INTERFACE) dlsym(module, "QueryMiracastDriverInterface")
               : NULL;
    MIRACAST_DRIVER_INTERFACE table = {.Size = sizeof(table)};
    MIRACAST_CALLBACKS callbacks = {report_status, io_control, report_statistic, next_chunk,
                                    register_rate};
    MIRACAST_WFD_CONNECTION_STATS stats = {.CurrentBitRate = 20000000};
    MIRACAST_SESSION_INFO info;
    PVOID context = NULL;

    if (!query || !NT_SUCCESS(query(MIRACAST_DRIVER_INTERFACE_VERSION_1, sizeof(table), &table)) ||
        !NT_SUCCESS(table.CreateMiracastContext((HANDLE) &table, &callbacks, &context))) {
        fprintf(stderr, "bench-dispatch: %s is no driver\n", path);
        return 1;
    }
    int sink = accept_sink();
    NTSTATUS status = table.StartMiracastSession(context, sink, &stats, &info);
    if (NT_SUCCESS(status))
        measure_calls(&table, context);
    else
        fprintf(stderr, "bench-dispatch: the session did not start: %08x\n", (unsigned) status);
    table.StopMiracastSession(context);
    table.DestroyMiracastContext(context);
    close(sink);
    return NT_SUCCESS(status) ? 0 : 1;
}

/* ---- chunks ---- */

static gpointer push_chunks(gpointer user_data)
{
    McFrameDesc frame = {.size = sizeof(frame)};

    for (unsigned i = 1; i <= CHUNKS; i++) {
        MIRACAST_CHUNK_INFO info = {.ChunkType = MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE,
                                    .ChunkId.FrameNumber = i};
        while (g_atomic_int_get((gint *) user_data) + 48 < (gint) i)
            g_thread_yield(); /* a full queue would be a reset */
        mc_chunk_queue_push(queue, &info, &frame, sizeof(frame));
    }
    return NULL;
}

static void measure_chunks(void)
{
    uint8_t buffer[16384];
    gint taken = 0; /* atomic */
    int64_t start_ns = now_ns();
    GThread *pusher = g_thread_new("pusher", push_chunks, &taken);
    const UINT packet = offsetof(MIRACAST_CHUNK_DATA, PrivateDriverData) + sizeof(McFrameDesc);

    while (taken < CHUNKS) {
        UINT size = sizeof(buffer);
        if (mc_chunk_queue_get(queue, 1000, 0, NULL, &size, (MIRACAST_CHUNK_DATA *) buffer, NULL) ==
            STATUS_SUCCESS)
            g_atomic_int_add(&taken, (gint) (size / packet));
    }
    g_thread_join(pusher);
    double each = (double) (now_ns() - start_ns) / CHUNKS;
    samples_print("chunk-queue", 2, &each, 1);
}

/* One in, one out on one thread: the queue's own cost. */
static void measure_chunk_alone(void)
{
    static double values[CHUNKS / BATCH];
    McFrameDesc frame = {.size = sizeof(frame)};
    uint8_t buffer[256];

    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
        int64_t start_ns = now_ns();
        for (unsigned k = 0; k < BATCH; k++) {
            MIRACAST_CHUNK_INFO info = {.ChunkType = MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE};
            UINT size = sizeof(buffer);
            mc_chunk_queue_push(queue, &info, &frame, sizeof(frame));
            mc_chunk_queue_get(queue, 0, 0, NULL, &size, (MIRACAST_CHUNK_DATA *) buffer, NULL);
        }
        values[i] = (double) (now_ns() - start_ns) / BATCH;
    }
    samples_print("chunk-push-get", 1, values, G_N_ELEMENTS(values));
}

/* ---- messages ---- */

typedef struct {
    GMutex lock;
    GCond changed;
    bool done;
} Waiting;

static VOID NTAPI message_done(PVOID context, IO_STATUS_BLOCK *block)
{
    Waiting *waiting = context;

    g_mutex_lock(&waiting->lock);
    waiting->done = true;
    g_cond_signal(&waiting->changed);
    g_mutex_unlock(&waiting->lock);
}

static void measure_messages(void)
{
    static double values[MESSAGES];
    Waiting waiting = {0};
    McMsgQueryStatus message = {
        .header = {MC_MSG_MAGIC, MC_MSG_VERSION, MC_MSG_QUERY_STATUS, sizeof(message), 1}};
    uint64_t out[64];
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    fixture_must_start(&f);
    for (unsigned i = 0; i < MESSAGES; i++) {
        waiting.done = false;
        int64_t start_ns = now_ns();
        f.kmd.os.DxgkCbMiracastSendMessage(f.kmd.os.MiracastHandle, sizeof(message), &message,
                                           sizeof(out), out, message_done, &waiting);
        g_mutex_lock(&waiting.lock);
        while (!waiting.done)
            g_cond_wait(&waiting.changed, &waiting.lock);
        g_mutex_unlock(&waiting.lock);
        values[i] = (double) (now_ns() - start_ns);
    }
    fixture_close(&f);
    samples_print("send-to-completion", 1, values, MESSAGES);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: bench-dispatch UMD\n", stderr);
        return 2;
    }
    queue = mc_chunk_queue_new(64, sizeof(McFrameDesc));
    int code = measure_driver(argv[1]);
    measure_chunk_alone();
    measure_chunks();
    measure_messages();
    mc_chunk_queue_free(queue);
    return code;
}
