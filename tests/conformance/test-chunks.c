/* SPDX-License-Identifier: MIT */
/* C-74..C-93: encode chunks, from the display path's interrupt to the network. */
#include <dlfcn.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "tests/conformance/conformance.h"
#include "tests/unit/kmd-shim/fake-runtime.h"

#define HEAD_BYTES 28

/* ---- the network, as the driver calls it ---- */

static gint watching;    /* atomic: of one session */
static gint units_begun; /* atomic: access units whose first datagram was given to the network */
static gint too_early;   /* atomic: of those, that were not reported as sent by then */

/* An access unit begins with its delimiter. */
static bool begins_unit(const struct iovec *part)
{
    static const uint8_t delimiter[] = {0, 0, 1, 9};

    return memmem(part->iov_base, part->iov_len, delimiter, sizeof(delimiter)) != NULL;
}

__attribute__((visibility("default"))) int sendmmsg(int fd, struct mmsghdr *messages, unsigned n,
                                                    int flags)
{
    __typeof__(&sendmmsg) real = (__typeof__(&sendmmsg)) dlsym(RTLD_NEXT, "sendmmsg");

    for (unsigned i = 0; g_atomic_int_get(&watching) && i < n; i++)
        for (size_t j = 0; j < messages[i].msg_hdr.msg_iovlen; j++)
            if (begins_unit(&messages[i].msg_hdr.msg_iov[j]) &&
                bed_count(BED_SENT) < (unsigned) g_atomic_int_add(&units_begun, 1) + 1)
                g_atomic_int_inc(&too_early);
    return real(fd, messages, n, flags);
}

/* ---- one real session's log, read by many ---- */

static GArray *session_log(void)
{
    static GArray *log;
    Bed bed = {0};

    if (log)
        return log;
    bed_open(&bed);
    g_atomic_int_set(&watching, 1);
    bed_play(&bed, NULL);
    BED_EVENTUALLY(bed_count(BED_SENT) >= 20);
    g_atomic_int_set(&watching, 0);
    bed_stop(&bed);
    g_clear_pointer(&bed.runtime, mc_runtime_free);
    log = bed_log();
    bed_close(&bed);
    return log;
}

#define EACH_CALL(call)                                                                            \
    GArray *each_log = session_log();                                                              \
    for (const BedCall *call = (BedCall *) (void *) each_log->data;                                \
         call < (BedCall *) (void *) each_log->data + each_log->len; call++)

static bool is_chunk(const BedCall *call)
{
    return call->kind == BED_KMD_LOGGED || call->kind == BED_PROCESSED || call->kind == BED_SENT;
}

static bool is_stage(const BedCall *call, UINT type)
{
    return (call->kind == BED_KMD_LOGGED || call->kind == BED_PROCESSED) && call->type == type;
}

/* Each FRAME_START opens a new number, and every other report names one that was opened. */
static void c74(void)
{
    UINT64 last = 0;

    EACH_CALL(call)
    {
        UINT64 number = call->chunk.ChunkId.FrameNumber;
        if (is_stage(call, MIRACAST_CHUNK_TYPE_FRAME_START)) {
            g_assert_cmpuint(number, ==, last + 1);
            last = number;
        } else if (is_chunk(call)) {
            g_assert_cmpuint(number, >=, 1);
            g_assert_cmpuint(number, <=, last);
        }
    }
    g_assert_cmpuint(last, >=, 20);
}

static void c75(void)
{
    EACH_CALL(call) /* one slice: the last and only one */
    if (is_chunk(call))
        g_assert_cmpuint(call->chunk.ChunkId.PartNumber, ==, 0);
}

/* The monitor's departure stops capture: what is encoded again has the last frame's number. */
static void c76(void)
{
    McIoctlMonitorDepart gone;
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    g_assert_cmpint(bed_io_control(MC_IOCTL_MONITOR_DEPART, &gone, sizeof(gone), NULL, 0, NULL), ==,
                    STATUS_SUCCESS);
    unsigned sent = bed_count(BED_SENT);
    BED_EVENTUALLY(bed_count(BED_SENT) >= sent + 8);
    bed_stop(&bed);
    g_autoptr(GArray) log = bed_log();
    unsigned again = 0;
    UINT64 last = 0;
    for (guint i = 0; i < log->len; i++) {
        const BedCall *call = &g_array_index(log, BedCall, i);
        UINT64 number = call->chunk.ChunkId.FrameNumber;
        if (!is_stage(call, MIRACAST_CHUNK_TYPE_ENCODE_COMPLETE))
            continue;
        g_assert_cmpuint(number, >=, last); /* never another frame's */
        again += number == last;
        last = number;
    }
    g_assert_cmpuint(again, >=, 2);
    bed_close(&bed);
}

/* The place of a frame's reports in the order that they must have; -1: none of those. */
static int stage_of(const BedCall *call)
{
    if (call->kind == BED_SENT)
        return 3;
    switch (call->type) {
    case MIRACAST_CHUNK_TYPE_FRAME_START:
        return 0;
    case MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE:
        return 1;
    case MIRACAST_CHUNK_TYPE_ENCODE_COMPLETE:
        return 2;
    default:
        return -1;
    }
}

static void c77(void)
{
    g_autoptr(GHashTable) reached = g_hash_table_new(NULL, NULL); /* frame: stage + 1 */

    EACH_CALL(call)
    {
        int stage = is_chunk(call) ? stage_of(call) : -1;
        gpointer frame = GSIZE_TO_POINTER(call->chunk.ChunkId.FrameNumber);
        if (stage < 0)
            continue;
        int before = GPOINTER_TO_INT(g_hash_table_lookup(reached, frame)) - 1;
        g_assert_cmpint(before, >=, MIN(stage, 3) - 1); /* the one before was there */
        g_hash_table_insert(reached, frame, GINT_TO_POINTER(MAX(before, stage) + 1));
    }
}

static void c78(void)
{
    EACH_CALL(call)
    if (call->type == MIRACAST_CHUNK_TYPE_FRAME_START)
        g_assert_true(call->kind != BED_PROCESSED);
}

static void c79(void)
{
    unsigned encoded = 0, converted = 0;

    EACH_CALL(call)
    {
        if (is_stage(call, MIRACAST_CHUNK_TYPE_ENCODE_COMPLETE)) {
            g_assert_cmpuint(call->chunk.ProcessingTime, >, 0);
            g_assert_cmpuint(call->chunk.ProcessingTime, <, 10000000);
            g_assert_cmpuint(call->chunk.EncodeRate, >, 0);
            encoded++;
        } else if (is_stage(call, MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE)) {
            g_assert_cmpuint(call->chunk.EncodeRate, ==, 0);
            converted++;
        } else if (is_stage(call, MIRACAST_CHUNK_TYPE_FRAME_START)) {
            g_assert_cmpuint(call->chunk.ProcessingTime + call->chunk.EncodeRate, ==, 0);
        }
    }
    g_assert_cmpuint(encoded, >=, 20);
    g_assert_cmpuint(converted, >=, 20);
}

/* Once for each time that the part was encoded, and before the network has its first datagram. */
static void c80(void)
{
    g_autoptr(GHashTable) open = g_hash_table_new(NULL, NULL); /* frame: encoded, not sent yet */

    EACH_CALL(call)
    {
        gpointer frame = GSIZE_TO_POINTER(call->chunk.ChunkId.FrameNumber);
        int n = GPOINTER_TO_INT(g_hash_table_lookup(open, frame));
        if (is_stage(call, MIRACAST_CHUNK_TYPE_ENCODE_COMPLETE))
            g_hash_table_insert(open, frame, GINT_TO_POINTER(n + 1));
        if (call->kind != BED_SENT)
            continue;
        g_assert_cmpint(n, >, 0);
        g_hash_table_insert(open, frame, GINT_TO_POINTER(n - 1));
    }
    g_assert_cmpint(units_begun, >=, 15);
    g_assert_cmpint(too_early, ==, 0);
}

static void c81(void)
{
    g_autoptr(GHashTable) open = g_hash_table_new(NULL, NULL);

    EACH_CALL(call)
    {
        gpointer frame = GSIZE_TO_POINTER(call->chunk.ChunkId.FrameNumber);
        if (is_stage(call, MIRACAST_CHUNK_TYPE_FRAME_START))
            g_hash_table_add(open, frame);
        else if (is_stage(call, MIRACAST_CHUNK_TYPE_FRAME_DROPPED) || call->kind == BED_SENT)
            g_hash_table_remove(open, frame);
    }
    g_assert_cmpuint(g_hash_table_size(open), ==, 0);
}

/* ---- the queue ---- */

static NTSTATUS push(Fixture *f, UINT64 number, UINT bytes)
{
    static uint8_t priv[4096];
    MIRACAST_ENCODE_CHUNK_COMPLETED chunk = {.ChunkInfo.ChunkId.FrameNumber = number,
                                             .pPrivateDriverData = bytes ? priv : NULL,
                                             .PrivateDataDriverSize = bytes};

    mc_runtime_notify_interrupt(f->runtime, &chunk);
    return chunk.Status;
}

static NTSTATUS get_into(Fixture *f, UINT timeout_ms, void *buffer, UINT *size, UINT *outstanding)
{
    return f->umd->os.GetNextChunkData(f->umd->device, timeout_ms, 0, NULL, size, buffer,
                                       outstanding);
}

static NTSTATUS get(Fixture *f, UINT timeout_ms)
{
    uint8_t buffer[4096];
    UINT size = sizeof(buffer), outstanding;

    return get_into(f, timeout_ms, buffer, &size, &outstanding);
}

static void open_queue(Fixture *f, UINT capacity)
{
    fixture_init(f);
    f->config.chunk_capacity = capacity;
    fixture_open(f);
    fixture_must_start(f);
}

static void c82(void)
{
    DXGK_MIRACAST_CHUNK_INFO info = {.ChunkType = MIRACAST_CHUNK_TYPE_FRAME_START};
    Fixture f;

    open_queue(&f, 4);
    for (unsigned i = 0; i < 100; i++) /* more than the queue holds */
        g_assert_cmpint(f.kmd.os.DxgkCbReportChunkInfo(f.kmd.os.MiracastHandle, &info, NULL, 0), ==,
                        STATUS_SUCCESS);
    g_assert_cmpint(f.chunk_infos, ==, 100);
    g_assert_cmpint(get(&f, 0), ==, STATUS_TIMEOUT);
    g_assert_cmphex(
        (guint32) f.kmd.os.DxgkCbReportChunkInfo(f.kmd.os.MiracastHandle, &info, &info, 4), ==,
        (guint32) STATUS_INVALID_PARAMETER);
    fixture_close(&f);
}

static void c83(void)
{
    Fixture f;

    open_queue(&f, 4);
    g_assert_cmpint(push(&f, 1, sizeof(McFrameDesc)), ==, STATUS_SUCCESS);
    g_assert_cmpint(f.chunk_infos, ==, 1);
    g_assert_cmphex((guint32) push(&f, 2, sizeof(McFrameDesc) + 1), ==,
                    (guint32) STATUS_INVALID_PARAMETER);
    g_assert_cmpint(get(&f, 0), ==, STATUS_SUCCESS);
    g_assert_cmpint(get(&f, 0), ==, STATUS_TIMEOUT);
    fixture_close(&f);
}

static void c84(void)
{
    uint8_t buffer[4096];
    UINT size = sizeof(buffer), outstanding;
    MIRACAST_CHUNK_INFO info;
    Fixture f;

    open_queue(&f, 3);
    for (UINT64 i = 1; i <= 3; i++)
        g_assert_cmpint(push(&f, i, 8), ==, STATUS_SUCCESS);
    g_assert_cmphex((guint32) push(&f, 4, 8), ==, (guint32) STATUS_NO_MEMORY);
    g_assert_cmpint(push(&f, 5, 8), ==, STATUS_SUCCESS);
    g_assert_cmphex((guint32) get(&f, 0), ==, (guint32) STATUS_CONNECTION_RESET);
    g_assert_cmpint(get_into(&f, 0, buffer, &size, &outstanding), ==, STATUS_SUCCESS);
    memcpy(&info, buffer, sizeof(info));
    g_assert_cmpuint(size, ==, HEAD_BYTES + 8);
    g_assert_cmpuint(info.ChunkId.FrameNumber, ==, 5);
    g_assert_cmpint(get(&f, 0), ==, STATUS_TIMEOUT);
    fixture_close(&f);
}

/* A reset of the display path loses what was queued; the driver's next picture is a key frame. */
static void c85(void)
{
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    BED_EVENTUALLY(bed_count(BED_SENT) >= 10);
    unsigned key_frames = sink_key_frames(bed.sink);
    g_assert_true(mc_runtime_reset_display(bed.runtime));
    BED_EVENTUALLY(bed_count(BED_GET_CHUNK) >= 1);
    BedCall reset;
    g_assert_true(bed_find(BED_GET_CHUNK, 0, &reset));
    g_assert_cmphex((guint32) reset.status, ==, (guint32) STATUS_CONNECTION_RESET);
    g_assert_true(sink_await_key_frames(bed.sink, key_frames + 1));
    bed_close(&bed);
}

static gpointer run_reader(gpointer user_data)
{
    return GINT_TO_POINTER(get(user_data, INFINITE));
}

static void c86(void)
{
    Fixture f;

    open_queue(&f, 4);
    g_assert_cmpint(get(&f, 0), ==, STATUS_TIMEOUT);
    g_assert_cmpint(get(&f, 5), ==, STATUS_TIMEOUT);
    GThread *reader = g_thread_new("reader", run_reader, &f);
    g_usleep(10 * G_TIME_SPAN_MILLISECOND);
    g_assert_cmpint(push(&f, 1, 8), ==, STATUS_SUCCESS);
    g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(reader)), ==, STATUS_SUCCESS);
    fixture_close(&f);
}

static void c87(void)
{
    uint8_t buffer[256];
    HANDLE events[MAX_ADDITIONAL_EVENTS + 1];
    int fds[MAX_ADDITIONAL_EVENTS + 1];
    UINT size, outstanding;
    Fixture f;

    open_queue(&f, 4);
    for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
        fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        events[i] = (HANDLE) (intptr_t) (fds[i] + 1);
    }
    PFN_GET_NEXT_CHUNK_DATA call = f.umd->os.GetNextChunkData;
    for (unsigned i = 0; i < MAX_ADDITIONAL_EVENTS; i++) {
        size = sizeof(buffer);
        eventfd_write(fds[i], 1);
        g_assert_cmpint(call(f.umd->device, INFINITE, MAX_ADDITIONAL_EVENTS, events, &size,
                             (void *) buffer, &outstanding),
                        ==, STATUS_WAIT_0 + (NTSTATUS) i);
        g_assert_cmpuint(size, ==, 0);
    }
    size = sizeof(buffer);
    g_assert_cmphex((guint32) call(f.umd->device, 0, MAX_ADDITIONAL_EVENTS + 1, events, &size,
                                   (void *) buffer, &outstanding),
                    ==, (guint32) STATUS_INVALID_PARAMETER);
    for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++)
        close(fds[i]);
    fixture_close(&f);
}

/* Our driver's pump ends on its event 0 and goes on with a chunk, whose statuses are equal. */
static void c88(void)
{
    BedCall last;
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL); /* chunks are taken for chunks */
    sink_ask(bed.sink, "TEARDOWN");
    BED_EVENTUALLY(bed_count(BED_ENDED) == 1);
    bed_stop(&bed);
    g_assert_true(bed_find(BED_GET_CHUNK, bed_count(BED_GET_CHUNK) - 1, &last));
    g_assert_true((last.status == STATUS_WAIT_0 && last.type == 0) ||
                  last.status == STATUS_INSTANCE_NOT_AVAILABLE); /* whichever was first */
    bed_close(&bed);
}

static void c89(void)
{
    uint8_t buffer[1 + 3 * (HEAD_BYTES + 8)];
    UINT size = sizeof(buffer) - 1, outstanding;
    Fixture f;

    open_queue(&f, 8);
    for (UINT64 i = 1; i <= 3; i++)
        g_assert_cmpint(push(&f, i, (UINT) i), ==, STATUS_SUCCESS); /* 29, 30, 31 bytes */
    g_assert_cmpint(get_into(&f, 0, buffer + 1, &size, &outstanding), ==, STATUS_SUCCESS);
    g_assert_cmpuint(size, ==, 3 * HEAD_BYTES + 6);
    g_assert_cmpuint(outstanding, ==, 0);
    const uint8_t *at = buffer + 1;
    for (UINT64 i = 1; i <= 3; i++) {
        MIRACAST_CHUNK_INFO info;
        UINT bytes;
        memcpy(&info, at, sizeof(info));
        memcpy(&bytes, at + 24, sizeof(bytes));
        g_assert_cmpuint(info.ChunkId.FrameNumber, ==, i);
        g_assert_cmpuint(bytes, ==, i);
        at += HEAD_BYTES + bytes;
    }
    fixture_close(&f);
}

static void c90(void)
{
    uint8_t buffer[HEAD_BYTES + 8];
    UINT size, outstanding;
    Fixture f;

    open_queue(&f, 8);
    push(&f, 1, 8);
    for (UINT room = 0; room < sizeof(buffer); room++) {
        size = room;
        g_assert_cmphex((guint32) get_into(&f, 0, buffer, &size, &outstanding), ==,
                        (guint32) STATUS_BUFFER_TOO_SMALL);
    }
    size = sizeof(buffer);
    g_assert_cmpint(get_into(&f, 0, buffer, &size, &outstanding), ==, STATUS_SUCCESS);
    g_assert_cmpuint(size, ==, sizeof(buffer));
    fixture_close(&f);
}

static void c91(void)
{
    Fixture f;

    open_queue(&f, 4);
    GThread *reader = g_thread_new("reader", run_reader, &f);
    g_usleep(10 * G_TIME_SPAN_MILLISECOND);
    mc_runtime_stop(f.runtime);
    g_assert_cmphex((guint32) GPOINTER_TO_INT(g_thread_join(reader)), ==,
                    (guint32) STATUS_INSTANCE_NOT_AVAILABLE);
    fixture_close(&f);
}

/* Two readers at once are a breach that bed.c counts. */
static void c92(void)
{
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    sink_ask(bed.sink, "PAUSE");
    sink_ask(bed.sink, "PLAY");
    BED_EVENTUALLY(bed_count(BED_SENT) >= 10);
    bed_stop(&bed);
    bed_play(&bed, NULL);
    bed_close(&bed);
}

/* The picture that the encoder reads is not drawn over before it was given back. */
static void c93(void)
{
    g_autoptr(GError) error = NULL;
    MIRACAST_CHUNK_INFO info;
    McFrameDesc held, frame;
    FakeRuntime fake;

    g_assert_true(fake_open(&fake, "test", 64, &error));
    g_assert_cmpint(fake_create(&fake), ==, STATUS_SUCCESS);
    fake_modes(&fake, 200000);
    g_assert_cmpint(fake_get(&fake, 2000, &info, &held), ==, STATUS_SUCCESS);
    size_t bytes = (size_t) held.stride_bytes * held.height_px;
    g_autofree uint8_t *copy = g_memdup2((void *) (uintptr_t) held.pixels, bytes);
    for (unsigned i = 0; i < 5; i++) {
        g_assert_cmpint(fake_get(&fake, 2000, &info, &frame), ==, STATUS_SUCCESS);
        g_assert_cmpuint(frame.pixels, !=, held.pixels);
        fake_release(&fake, frame.frame_id);
    }
    g_assert_cmpmem((void *) (uintptr_t) held.pixels, bytes, copy, bytes);
    fake_close(&fake);
}

static const Statement statements[] = {
    {"C-74-one-number-a-frame", c74},
    {"C-75-last-part-is-0", c75},
    {"C-76-re-encode-repeats-the-number", c76},
    {"C-77-order-of-the-log", c77},
    {"C-78-frame-start-by-the-kmd", c78},
    {"C-79-time-and-rate", c79},
    {"C-80-sent-once-before-the-network", c80},
    {"C-81-every-start-has-an-end", c81},
    {"C-82-report-queues-nothing", c82},
    {"C-83-interrupt-logs-and-queues", c83},
    {"C-84-overflow-resets", c84},
    {"C-85-reset-brings-a-key-frame", c85},
    {"C-86-timeouts", c86},
    {"C-87-additional-events", c87},
    {"C-88-success-or-wait-0", c88},
    {"C-89-packets-back-to-back", c89},
    {"C-90-too-large-is-kept", c90},
    {"C-91-waiter-is-released", c91},
    {"C-92-one-reader", c92},
    {"C-93-no-flip-while-read", c93},
};

CONFORMANCE_MAIN(statements)
