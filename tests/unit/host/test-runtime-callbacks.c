/* SPDX-License-Identifier: MIT */
/* What the driver asks of the runtime: I/O controls by thread and phase, chunks, data rates. */
#include "tests/unit/host/driver-calls.h"

/* ---- I/O control: DDI 1.6, C-42..C-51 ---- */

/* On a thread of the driver's own that it waits for. */
static NTSTATUS foreign(TestUmd *umd)
{
    Foreign other;

    foreign_begin(&other, umd);
    return foreign_end(&other);
}

static Foreign waiting;

static NTSTATUS on_start_io(TestUmd *umd)
{
    Fixture *f = umd->test;

    g_assert_cmpint(io_control(umd), ==, STATUS_SUCCESS); /* C-43 */
    g_assert_cmpint(f->kmd.io_controls, ==, 1);
    foreign_begin(&waiting, umd);
    g_usleep(20 * G_TIME_SPAN_MILLISECOND);
    g_assert_false(g_atomic_int_get(&waiting.done)); /* C-44 */
    g_assert_cmpint(g_atomic_int_get(&f->kmd.io_controls), ==, 1);
    return f->last_status ? STATUS_IO_TIMEOUT : STATUS_SUCCESS;
}

static void on_stop_io(TestUmd *umd)
{
    g_assert_cmpint(io_control(umd), ==, STATUS_SUCCESS); /* C-46 */
    g_assert_cmpint(foreign(umd), ==, STATUS_INVALID_DEVICE_STATE);
}

static void test_io_control_phases(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_start = on_start_io;
    f.umd->on_stop = on_stop_io;
    f.umd->on_destroy = on_stop_io;
    g_assert_cmpint(foreign(f.umd), ==, STATUS_SUCCESS); /* before the first Start */
    f.kmd.io_controls = 0;
    fixture_must_start(&f);
    g_assert_cmpint(foreign_end(&waiting), ==, STATUS_SUCCESS);
    g_assert_cmpint(foreign(f.umd), ==, STATUS_SUCCESS);
    mc_runtime_stop(f.runtime);
    g_assert_cmpint(f.kmd.io_controls, ==, 4);
    g_assert_cmpint(foreign(f.umd), ==, STATUS_INVALID_DEVICE_STATE);
    fixture_close(&f);
    g_assert_cmpint(f.kmd.io_controls, ==, 5); /* Destroy's own */
}

/* A Start that fails lets its waiters go with an error. */
static void test_io_control_failed_start(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_start = on_start_io;
    f.last_status = 1;
    fixture_must_not_start(&f, MC_RUNTIME_ERROR_START);
    g_assert_cmpint(foreign_end(&waiting), ==, STATUS_INVALID_DEVICE_STATE);
    fixture_close(&f);
}

/* A driver that waits in Start for a worker that waits for Start: cancelling ends both. */
static NTSTATUS on_start_deadlock(TestUmd *umd)
{
    foreign_begin(&waiting, umd);
    g_assert_cmpint(foreign_end(&waiting), ==, STATUS_INVALID_DEVICE_STATE);
    return STATUS_IO_TIMEOUT;
}

static void test_io_control_deadlock(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_start = on_start_deadlock;
    GThread *cancel = g_thread_new("cancel", fixture_cancel_start, &f);
    fixture_must_not_start(&f, MC_RUNTIME_ERROR_START_CANCELLED);
    g_thread_join(cancel);
    fixture_close(&f);
}

static NTSTATUS on_io_control(FakeKmd *kmd, ULONG in_size, VOID *in, ULONG out_size, VOID *out,
                              ULONG *ret_bytes)
{
    g_assert_cmpuint(in_size, ==, 3);
    g_assert_cmpuint(out_size, ==, 5);
    g_assert_cmpmem(in, in_size, "abc", 3);
    memcpy(out, "vwxyz", 5);
    *ret_bytes = 4000; /* more than there is room for */
    return STATUS_NOT_SUPPORTED;
}

static void test_io_control_data(void)
{
    char in[3] = "abc", out[5];
    UINT bytes = 77;
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.kmd.on_io_control = on_io_control;
    PFN_MIRACAST_IO_CONTROL call = f.umd->os.MiracastIoControl;
    HANDLE device = f.umd->device;
    g_assert_cmpint(call(device, 1, 3, in, 5, out, &bytes), ==, STATUS_NOT_SUPPORTED);
    g_assert_cmpmem(out, sizeof(out), "vwxyz", 5);
    g_assert_cmpuint(bytes, ==, 5);
    g_assert_cmpint(call(device, 0, 3, in, 5, out, NULL), ==, STATUS_NOT_SUPPORTED);
    g_assert_cmpint(call(device, 0, 3, NULL, 5, out, &bytes), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(call(device, 0, 3, in, 5, NULL, &bytes), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpuint(bytes, ==, 0);
    fixture_close(&f);
}

/* Long enough to be met by the next one. */
static NTSTATUS on_io_linger(FakeKmd *kmd, ULONG in_size, VOID *in, ULONG out_size, VOID *out,
                             ULONG *ret_bytes)
{
    g_usleep(200);
    return STATUS_SUCCESS;
}

static gpointer run_many(gpointer user_data)
{
    for (unsigned i = 0; i < 50; i++) {
        NTSTATUS status = io_control(user_data);
        g_assert_true(status == STATUS_SUCCESS || status == STATUS_INVALID_DEVICE_STATE);
    }
    return NULL;
}

/* C-49: the fake miniport counts calls that meet. */
static void test_io_control_serial(void)
{
    GThread *threads[8];
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.kmd.on_io_control = on_io_linger;
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("io", run_many, f.umd);
    for (unsigned i = 0; i < 10; i++) {
        fixture_must_start(&f);
        mc_runtime_stop(f.runtime);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    fixture_close(&f);
}

/* ---- chunks ---- */

static NTSTATUS push(Fixture *f, UINT64 number)
{
    McFrameDesc frame = {.size = sizeof(frame), .frame_id = number};
    MIRACAST_ENCODE_CHUNK_COMPLETED chunk = {.ChunkInfo.ChunkId.FrameNumber = number,
                                             .pPrivateDriverData = &frame,
                                             .PrivateDataDriverSize = sizeof(frame)};

    mc_runtime_notify_interrupt(f->runtime, &chunk);
    return chunk.Status;
}

static NTSTATUS next_chunk(TestUmd *umd, UINT timeout_ms, UINT *ret_size, UINT64 *ret_number)
{
    UCHAR buffer[28 + sizeof(McFrameDesc)];
    MIRACAST_CHUNK_INFO info = {0};
    UINT outstanding = 0;

    *ret_size = sizeof(buffer);
    NTSTATUS status =
        umd->os.GetNextChunkData(umd->device, timeout_ms, 0, NULL, ret_size,
                                 (MIRACAST_CHUNK_DATA *) (void *) buffer, &outstanding);
    if (status == STATUS_SUCCESS)
        memcpy(&info, buffer, sizeof(info));
    *ret_number = info.ChunkId.FrameNumber;
    return status;
}

static gpointer run_reader(gpointer user_data)
{
    UINT size;
    UINT64 number;

    return GINT_TO_POINTER(next_chunk(user_data, INFINITE, &size, &number));
}

static void test_chunks(void)
{
    MIRACAST_ENCODE_CHUNK_COMPLETED early = {0};
    UINT size;
    UINT64 number;
    Fixture f;

    mc_runtime_notify_interrupt(NULL, &early);
    g_assert_cmpint(early.Status, ==, STATUS_INVALID_DEVICE_STATE);
    fixture_init(&f);
    f.config.chunk_capacity = 2;
    fixture_open(&f);
    g_assert_cmpint(push(&f, 1), ==, STATUS_INVALID_DEVICE_STATE);
    g_assert_cmpint(next_chunk(f.umd, 0, &size, &number), ==, STATUS_INSTANCE_NOT_AVAILABLE);
    g_assert_cmpuint(size, ==, 0);
    fixture_must_start(&f);
    g_assert_cmpint(next_chunk(f.umd, 0, &size, &number), ==, STATUS_TIMEOUT); /* C-86 */
    g_assert_cmpint(push(&f, 5), ==, STATUS_SUCCESS);
    g_assert_cmpint(next_chunk(f.umd, INFINITE, &size, &number), ==, STATUS_SUCCESS);
    g_assert_cmpuint(number, ==, 5);
    g_assert_cmpuint(size, ==, 28 + sizeof(McFrameDesc));
    push(&f, 6);
    push(&f, 7);
    g_assert_cmpint(push(&f, 8), ==, STATUS_NO_MEMORY); /* C-84 */
    g_assert_cmpint(f.lost, ==, 2);
    g_assert_cmpint(next_chunk(f.umd, 0, &size, &number), ==, STATUS_CONNECTION_RESET);
    g_assert_cmpint(next_chunk(f.umd, 0, &size, &number), ==, STATUS_TIMEOUT);
    g_assert_cmpint(f.chunk_infos, ==, 5); /* each is logged (C-83) */
    GThread *reader = g_thread_new("reader", run_reader, f.umd);
    g_usleep(5 * G_TIME_SPAN_MILLISECOND);
    mc_runtime_stop(f.runtime);
    g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(reader)), ==, STATUS_INSTANCE_NOT_AVAILABLE);
    g_assert_cmpint(push(&f, 9), ==, STATUS_INVALID_DEVICE_STATE);
    fixture_close(&f);
}

/* A chunk that nobody fetched is given back when its session ends, and is not the next one's. */
static void test_chunks_end(void)
{
    UINT size;
    UINT64 number;
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    fixture_must_start(&f);
    g_assert_cmpint(push(&f, 1), ==, STATUS_SUCCESS);
    mc_runtime_stop(f.runtime);
    g_assert_cmpint(f.lost, ==, 1);
    fixture_must_start(&f);
    g_assert_cmpint(next_chunk(f.umd, 0, &size, &number), ==, STATUS_TIMEOUT);
    fixture_close(&f);
    g_assert_cmpint(f.lost, ==, 1);
}

static gpointer run_pushes(gpointer user_data)
{
    Fixture *f = user_data;

    for (UINT64 i = 0; !g_atomic_int_get(&f->gate); i++)
        push(f, i);
    return NULL;
}

static gpointer run_reads(gpointer user_data)
{
    Fixture *f = user_data;
    UINT size;
    UINT64 number;

    while (!g_atomic_int_get(&f->gate))
        next_chunk(f->umd, 1, &size, &number);
    return NULL;
}

static void test_chunks_beside_sessions(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    GThread *pusher = g_thread_new("pusher", run_pushes, &f);
    GThread *reader = g_thread_new("reader", run_reads, &f);
    for (unsigned i = 0; i < 50; i++) {
        fixture_must_start(&f);
        mc_runtime_stop(f.runtime);
    }
    fixture_open_gate(&f);
    g_thread_join(pusher);
    g_thread_join(reader);
    fixture_close(&f);
}

/* C-82: the reserved arguments. */
static void test_report_chunk_info(void)
{
    DXGK_MIRACAST_CHUNK_INFO info = {.ChunkType = MIRACAST_CHUNK_TYPE_FRAME_START};
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    DXGKCB_MIRACAST_REPORT_CHUNK_INFO call = f.kmd.os.DxgkCbReportChunkInfo;
    HANDLE handle = f.kmd.os.MiracastHandle;
    g_assert_cmpint(call(handle, &info, NULL, 0), ==, STATUS_SUCCESS);
    g_assert_cmpint(f.chunk_infos, ==, 1);
    g_assert_cmpint(call(handle, &info, &info, 0), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(call(handle, NULL, NULL, 0), ==, STATUS_INVALID_PARAMETER);
    fixture_close(&f);
    g_assert_cmpint(call(handle, &info, NULL, 0), ==, STATUS_INVALID_HANDLE);
    g_assert_cmpint(f.chunk_infos, ==, 1);
}

/* ---- data rates ---- */

typedef struct {
    gint notices, ends; /* atomic */
    int64_t begin_us, second_us;
    TestUmd *umd;
} Rate;

static Rate rate;

static void NTAPI on_rate(PVOID context, MIRACAST_DATARATE_STATS *stats)
{
    Rate *self = context;

    g_assert_false(g_atomic_int_get(&self->umd->control)); /* never beside Start or Stop */
    if (!stats) {
        g_atomic_int_inc(&self->ends);
        return;
    }
    g_assert_cmpuint(stats->EncoderBitRate, ==, g_atomic_int_get(&self->notices) + 1);
    if (g_atomic_int_add(&self->notices, 1) == 1)
        self->second_us = g_get_monotonic_time();
}

static NTSTATUS register_rate(TestUmd *umd, PFN_DATARATE_NOTIFICATION notify)
{
    return umd->os.RegisterForDataRateNotifications(umd->device, &rate, notify);
}

static NTSTATUS on_start_rate(TestUmd *umd)
{
    rate = (Rate){.umd = umd, .begin_us = g_get_monotonic_time()};
    g_assert_cmpint(register_rate(umd, NULL), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(register_rate(umd, on_rate), ==, STATUS_SUCCESS);
    g_assert_cmpint(register_rate(umd, on_rate), ==, STATUS_INVALID_PARAMETER); /* C-101 */
    g_assert_cmpint(register_rate(umd, NULL), ==, STATUS_SUCCESS);
    g_assert_cmpint(register_rate(umd, on_rate), ==, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

static void on_stop_rate(TestUmd *umd)
{
    g_assert_cmpint(register_rate(umd, NULL), ==, STATUS_SUCCESS);
    g_assert_cmpint(register_rate(umd, NULL), ==, STATUS_INVALID_PARAMETER);
}

static void test_rate(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_start = on_start_rate;
    f.umd->on_stop = on_stop_rate;
    fixture_must_start(&f);
    g_assert_cmpint(register_rate(f.umd, NULL), ==, STATUS_NOT_SUPPORTED); /* C-100 */
    EVENTUALLY(g_atomic_int_get(&rate.notices) >= 2);
    mc_runtime_stop(f.runtime);
    g_assert_cmpint(rate.second_us - rate.begin_us, >, 1800 * G_TIME_SPAN_MILLISECOND); /* C-102 */
    g_assert_cmpint(rate.ends, ==, 0);
    fixture_close(&f);
}

/* C-103, and a driver that forgets to unregister (U12). */
static void test_rate_fails(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_start = on_start_rate;
    f.rate_fails = 1;
    fixture_must_start(&f);
    EVENTUALLY(g_atomic_int_get(&rate.ends));
    mc_runtime_stop(f.runtime);
    g_assert_cmpint(rate.ends, ==, 1);
    g_assert_cmpint(rate.notices, ==, 0);
    fixture_must_start(&f); /* registering works again */
    fixture_close(&f);
    g_assert_cmpint(f.rate_reads, ==, 1);
}

static NTSTATUS on_start_no_rate(TestUmd *umd)
{
    g_assert_cmpint(register_rate(umd, on_rate), ==, STATUS_NOT_SUPPORTED);
    return STATUS_SUCCESS;
}

static void test_no_rate(void)
{
    Fixture f;

    fixture_init(&f);
    f.config.read_rate = NULL;
    fixture_open(&f);
    f.umd->on_start = on_start_no_rate;
    fixture_must_start(&f);
    fixture_close(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/runtime/io-control/phases", test_io_control_phases);
    g_test_add_func("/runtime/io-control/failed-start", test_io_control_failed_start);
    g_test_add_func("/runtime/io-control/deadlock", test_io_control_deadlock);
    g_test_add_func("/runtime/io-control/data", test_io_control_data);
    g_test_add_func("/runtime/io-control/serial", test_io_control_serial);
    g_test_add_func("/runtime/chunks/queue", test_chunks);
    g_test_add_func("/runtime/chunks/end", test_chunks_end);
    g_test_add_func("/runtime/chunks/beside-sessions", test_chunks_beside_sessions);
    g_test_add_func("/runtime/chunks/report", test_report_chunk_info);
    g_test_add_func("/runtime/rate/notices", test_rate);
    g_test_add_func("/runtime/rate/fails", test_rate_fails);
    g_test_add_func("/runtime/rate/none", test_no_rate);
    return g_test_run();
}
