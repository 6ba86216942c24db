/* SPDX-License-Identifier: MIT */
/* Loading, the life of contexts and sessions, and drivers that misbehave in it. */
#include <dirent.h>

#include "tests/unit/host/driver-calls.h"

/* ---- loading ---- */

static void assert_no_runtime(Fixture *f, const char *umd, McRuntimeError code, int kmd_creates)
{
    g_autoptr(GError) error = NULL;

    if (umd)
        g_setenv("TEST_UMD", umd, TRUE);
    g_assert_null(mc_runtime_new(&f->config, &error));
    g_unsetenv("TEST_UMD");
    g_assert_error(error, MC_RUNTIME_ERROR, (gint) code);
    g_assert_cmpint(f->kmd.creates, ==, kmd_creates);
    g_assert_cmpint(f->kmd.context, ==, 0);
}

static void test_load(void)
{
    static const char *const refused[] = {"refuse", "silent", "null-function", "wrong-size",
                                          "wrong-bigger-size"};
    Fixture f;

    fixture_init(&f);
    f.config.umd_path = "/nonexistent/driver.so";
    assert_no_runtime(&f, NULL, MC_RUNTIME_ERROR_NOT_FOUND, 0);
    f.config.umd_path = "libm.so.6";
    assert_no_runtime(&f, NULL, MC_RUNTIME_ERROR_NO_ENTRY_POINT, 0);
    f.config.umd_path = g_getenv("TEST_UMD_PATH");
    for (unsigned i = 0; i < G_N_ELEMENTS(refused); i++)
        assert_no_runtime(&f, refused[i], MC_RUNTIME_ERROR_REFUSED, 0);
    assert_no_runtime(&f, "create-fails", MC_RUNTIME_ERROR_UMD_CREATE, 1);
    assert_no_runtime(&f, "create-null", MC_RUNTIME_ERROR_UMD_CREATE, 2);
    g_assert_cmpint(f.kmd.destroys, ==, 2);
    fixture_close(&f);
}

static void test_kmd_fails(void)
{
    Fixture f;

    fixture_init(&f);
    f.kmd.create_status = STATUS_RESOURCE_IN_USE; /* C-60 */
    assert_no_runtime(&f, NULL, MC_RUNTIME_ERROR_KMD_CREATE, 1);
    g_assert_cmpint(f.kmd.destroys, ==, 0);
    f.kmd.create_status = STATUS_SUCCESS;
    f.kmd.caps_status = STATUS_NOT_SUPPORTED;
    assert_no_runtime(&f, NULL, MC_RUNTIME_ERROR_KMD_CREATE, 1);
    f.kmd.caps_status = STATUS_SUCCESS;
    f.interface.DxgkDdiMiracastIoControl = NULL;
    assert_no_runtime(&f, NULL, MC_RUNTIME_ERROR_KMD_CREATE, 1);
    fixture_close(&f);
}

static void test_codes(void)
{
    g_assert_cmpstr(mc_runtime_error_code(MC_RUNTIME_ERROR_NOT_FOUND), ==, "umd.not-found");
    g_assert_cmpstr(mc_runtime_error_code(MC_RUNTIME_ERROR_STOP_OVERRUN), ==,
                    "session.stop-overrun");
    g_assert_cmpstr(mc_runtime_error_code(-1), ==, "session.failed");
    g_assert_cmpstr(mc_runtime_error_code(1000), ==, "session.failed");
}

/* Every callback from inside Create is answered; the I/O control reaches the miniport (C-43). */
static void test_callbacks_in_create(void)
{
    Fixture f;

    fixture_init(&f);
    g_setenv("TEST_UMD", "create-calls", TRUE);
    fixture_open(&f);
    g_unsetenv("TEST_UMD");
    g_assert_cmpint(f.umd->create_io_control, ==, STATUS_SUCCESS);
    g_assert_cmpint(f.kmd.io_controls, ==, 1);
    g_assert_cmpint(f.statistics, ==, 1);
    fixture_must_start(&f);
    fixture_close(&f);
    g_assert_cmpint(f.statuses, ==, 0); /* there was no session to end */
}

/* ---- life ---- */

static unsigned count_entries(const char *path)
{
    unsigned n = 0;
    DIR *dir = opendir(path);

    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static bool is_mapped(const char *name)
{
    g_autofree char *maps = NULL;

    g_assert_true(g_file_get_contents("/proc/self/maps", &maps, NULL, NULL));
    return strstr(maps, name) != NULL;
}

static void test_life(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    g_assert_cmpint(mc_runtime_state(f.runtime), ==, MiracastStopped);
    g_assert_nonnull(mc_runtime_symbol(f.runtime, "QueryMiracastDriverInterface"));
    g_assert_null(mc_runtime_symbol(f.runtime, "NoSuchSymbol"));
    for (int i = 1; i <= 3; i++) {
        fixture_must_start(&f);
        g_assert_false(fixture_closed(&f));
        mc_runtime_stop(f.runtime);
        mc_runtime_stop(f.runtime);
        g_assert_cmpint(mc_runtime_state(f.runtime), ==, MiracastStopped);
        g_assert_true(fixture_closed(&f)); /* C-11 */
        g_assert_cmpint(f.umd->stops, ==, i);
    }
    g_assert_cmpint(f.kmd.destroys, ==, 0);
    fixture_close(&f);
    g_assert_cmpint(f.kmd.destroys, ==, 1);
    mc_runtime_free(NULL);
    mc_runtime_stop(NULL);
    mc_runtime_cancel_start(NULL);
}

static void test_second_start(void)
{
    g_autoptr(GError) error = NULL;
    MIRACAST_WFD_CONNECTION_STATS stats = {0};
    MIRACAST_SESSION_INFO info;
    NTSTATUS status;
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    fixture_must_start(&f);
    g_assert_false(mc_runtime_start(f.runtime, dup(f.peer), &stats, &info, &status, &error));
    g_assert_error(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_START);
    g_clear_error(&error);
    g_assert_cmpint(mc_runtime_state(f.runtime), ==, MiracastStarted);
    g_assert_false(fixture_closed(&f));
    mc_runtime_stop(f.runtime);
    g_assert_false(mc_runtime_start(f.runtime, -1, &stats, &info, &status, &error));
    g_assert_error(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_START);
    fixture_close(&f);
}

/* C-05: no thread, descriptor or mapping stays. */
static void test_leaves_nothing(void)
{
    unsigned tasks = 0, fds = 0;

    for (unsigned i = 0; i < 20; i++) {
        Fixture f;
        fixture_init(&f);
        fixture_open(&f);
        g_assert_true(is_mapped("test-umd.so"));
        fixture_must_start(&f);
        if (i % 2)
            mc_runtime_stop(f.runtime);
        fixture_close(&f);
        g_assert_false(is_mapped("test-umd.so"));
        if (i == 0)
            fds = count_entries("/proc/self/fd");
        if (i == 0)
            tasks = count_entries("/proc/self/task");
    }
    g_assert_cmpuint(count_entries("/proc/self/fd"), ==, fds);
    EVENTUALLY(count_entries("/proc/self/task") <= tasks); /* joined, but procfs lags */
}

/* C-09: nobody but a live runtime answers. */
static void test_foreign_handle(void)
{
    MIRACAST_ENCODE_CHUNK_COMPLETED chunk = {0};
    MIRACAST_STATISTIC_DATA statistic = {0};
    UINT size = 0;
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    MIRACAST_CALLBACKS os = f.umd->os;
    HANDLE old = f.umd->device, handles[] = {NULL, &f, (HANDLE) (uintptr_t) 0xdeadbeef, old};
    fixture_close(&f);
    for (unsigned i = 0; i < G_N_ELEMENTS(handles); i++) {
        g_assert_cmpint(os.MiracastIoControl(handles[i], 0, 0, NULL, 0, NULL, NULL), ==,
                        STATUS_INVALID_HANDLE);
        g_assert_cmpint(os.GetNextChunkData(handles[i], INFINITE, 0, NULL, &size, NULL, NULL), ==,
                        STATUS_INVALID_HANDLE);
        g_assert_cmpint(os.RegisterForDataRateNotifications(handles[i], NULL, NULL), ==,
                        STATUS_INVALID_HANDLE);
        os.ReportStatistic(handles[i], &statistic);
        os.ReportSessionStatus(handles[i], MIRACAST_STATUS_CRITICAL_ERROR, STATUS_UNSUCCESSFUL);
        mc_runtime_notify_interrupt(handles[i], &chunk);
        g_assert_false(NT_SUCCESS(chunk.Status));
    }
    g_assert_cmpint(f.statistics + f.statuses + f.chunk_infos, ==, 0);
}

typedef struct {
    MIRACAST_CALLBACKS os;
    HANDLE device;
    gint calls, stop; /* atomic */
} Caller;

static gpointer run_caller(gpointer user_data)
{
    Caller *self = user_data;
    MIRACAST_STATISTIC_DATA statistic = {0};

    while (!g_atomic_int_get(&self->stop)) {
        MIRACAST_ENCODE_CHUNK_COMPLETED chunk = {0};
        self->os.ReportStatistic(self->device, &statistic);
        self->os.MiracastIoControl(self->device, 0, 0, NULL, 0, NULL, NULL);
        mc_runtime_notify_interrupt(self->device, &chunk);
        g_atomic_int_inc(&self->calls);
    }
    return NULL;
}

/* Threads that a driver forgot go on calling while the runtime ends, and after. */
static void test_callbacks_beside_free(void)
{
    for (unsigned i = 0; i < 20; i++) {
        Caller caller = {0};
        GThread *threads[4];
        Fixture f;
        fixture_init(&f);
        fixture_open(&f);
        fixture_must_start(&f);
        caller.os = f.umd->os;
        caller.device = f.umd->device;
        for (unsigned j = 0; j < G_N_ELEMENTS(threads); j++)
            threads[j] = g_thread_new("caller", run_caller, &caller);
        EVENTUALLY(g_atomic_int_get(&caller.calls) > 10);
        fixture_close(&f);
        gint statistics = g_atomic_int_get(&f.statistics), calls = g_atomic_int_get(&caller.calls);
        EVENTUALLY(g_atomic_int_get(&caller.calls) > calls + 10);
        g_assert_cmpint(g_atomic_int_get(&f.statistics), ==, statistics);
        g_atomic_int_set(&caller.stop, 1);
        for (unsigned j = 0; j < G_N_ELEMENTS(threads); j++)
            g_thread_join(threads[j]);
    }
}

/* ---- reported status ---- */

static void report(TestUmd *umd, MIRACAST_STATUS status)
{
    umd->os.ReportSessionStatus(umd->device, status, STATUS_UNSUCCESSFUL);
}

static gpointer run_reporter(gpointer user_data)
{
    for (unsigned i = 0; i < 200; i++)
        report(user_data, MIRACAST_STATUS_MISSING_KEEPALIVE);
    return NULL;
}

/* C-94, with the user's own Stop beside it. */
static void test_status_once(void)
{
    Fixture f;
    GThread *threads[8];

    fixture_init(&f);
    fixture_open(&f);
    for (int round = 1; round <= 20; round++) {
        fixture_must_start(&f);
        for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
            threads[i] = g_thread_new("reporter", run_reporter, f.umd);
        mc_runtime_stop(f.runtime);
        for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
            g_thread_join(threads[i]);
        g_assert_cmpint(g_atomic_int_get(&f.umd->stops), ==, round);
        g_assert_cmpint(mc_runtime_state(f.runtime), ==, MiracastStopped);
    }
    TestUmd *umd = f.umd;
    g_assert_cmpint(umd->breaches, ==, 0);
    fixture_close(&f);
    g_assert_cmpint(f.statuses, <=, 20); /* none where Stop came first */
}

static NTSTATUS on_message_report(TestUmd *umd, UINT in_size, VOID *in, UINT out_size, VOID *out,
                                  UINT *ret_bytes)
{
    report(umd, MIRACAST_STATUS_SINK_DISOCNNECT_REQUEST);
    report(umd, MIRACAST_STATUS_CRITICAL_ERROR);
    return STATUS_SUCCESS;
}

static void test_status_in_handler(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_message = on_message_report;
    fixture_must_start(&f);
    f.kmd.os.DxgkCbMiracastSendMessage(f.kmd.os.MiracastHandle, 0, NULL, 0, NULL, NULL, NULL);
    EVENTUALLY(g_atomic_int_get(&f.statuses));
    g_assert_cmpint(f.last_status, ==, MIRACAST_STATUS_SINK_DISOCNNECT_REQUEST);
    g_assert_cmpint(f.umd->stops, ==, 1); /* on_status comes after the tear-down */
    g_assert_cmpint(mc_runtime_state(f.runtime), ==, MiracastStopped);
    report(f.umd, MIRACAST_STATUS_CRITICAL_ERROR); /* after Stop: nothing */
    fixture_close(&f);
    g_assert_cmpint(f.statuses, ==, 1);
}

static NTSTATUS on_start_report(TestUmd *umd)
{
    report(umd, MIRACAST_STATUS_INSUFFICIENT_BANDWIDTH);
    return STATUS_SUCCESS;
}

static NTSTATUS on_start_report_fail(TestUmd *umd)
{
    report(umd, MIRACAST_STATUS_INSUFFICIENT_BANDWIDTH);
    return STATUS_IO_TIMEOUT;
}

/* U13: Start's own result goes first. */
static void test_status_in_start(void)
{
    g_autoptr(GError) error = NULL;
    MIRACAST_SESSION_INFO info;
    NTSTATUS status;
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_start = on_start_report_fail;
    fixture_must_not_start(&f, MC_RUNTIME_ERROR_START);
    g_assert_cmpint(f.umd->stops, ==, 0);
    f.umd->on_start = on_start_report;
    g_assert_true(fixture_start(&f, &info, &status, &error));
    EVENTUALLY(g_atomic_int_get(&f.statuses));
    g_assert_cmpint(f.umd->stops, ==, 1);
    fixture_close(&f);
    g_assert_cmpint(f.statuses, ==, 1);
}

static void on_status_restart(MIRACAST_STATUS status, NTSTATUS detail, void *user_data)
{
    Fixture *f = user_data;

    fixture_must_start(f);
    fixture_status(status, detail, f);
}

static void test_restart_from_status(void)
{
    Fixture f;

    fixture_init(&f);
    f.config.on_status = on_status_restart;
    fixture_open(&f);
    fixture_must_start(&f);
    for (int i = 1; i <= 3; i++) {
        report(f.umd, MIRACAST_STATUS_MISSING_KEEPALIVE);
        EVENTUALLY(g_atomic_int_get(&f.statuses) == i);
        g_assert_cmpint(mc_runtime_state(f.runtime), ==, MiracastStarted);
    }
    fixture_close(&f);
}

/* Whoever sees that the session has ended may start the next: nothing of the old one is left to be
 * closed or dropped. */
static void test_restart_at_once(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    for (int i = 1; i <= 100; i++) {
        fixture_must_start(&f);
        report(f.umd, MIRACAST_STATUS_MISSING_KEEPALIVE);
        while (mc_runtime_state(f.runtime) != MiracastStopped)
            g_thread_yield();
        g_assert_true(fixture_closed(&f));
        fixture_must_start(&f);
        g_assert_cmpint(g_atomic_int_get(&f.statuses), ==, i);
        g_assert_false(fixture_closed(&f));
        mc_runtime_stop(f.runtime);
    }
    fixture_close(&f);
}

/* ---- cancelling ---- */

static NTSTATUS on_start_recv(TestUmd *umd)
{
    char byte;

    g_assert_cmpint(recv((int) umd->rtsp, &byte, 1, 0), ==, 0);
    return STATUS_IO_TIMEOUT;
}

static gpointer run_stop_in_start(gpointer user_data)
{
    Fixture *f = user_data;

    EVENTUALLY(g_atomic_int_get(&f->umd->starts));
    mc_runtime_stop(f->runtime);
    g_assert_cmpint(mc_runtime_state(f->runtime), !=, MiracastStarted);
    return NULL;
}

static void start_beside(Fixture *f, GThreadFunc func)
{
    f->umd->starts = 0;
    GThread *thread = g_thread_new("beside", func, f);
    fixture_must_not_start(f, MC_RUNTIME_ERROR_START_CANCELLED);
    g_thread_join(thread);
    g_assert_true(fixture_closed(f));
}

static NTSTATUS on_start_recv_but_succeed(TestUmd *umd)
{
    on_start_recv(umd);
    return STATUS_SUCCESS;
}

static void test_cancel(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    mc_runtime_cancel_start(f.runtime);
    fixture_must_not_start(&f, MC_RUNTIME_ERROR_START_CANCELLED);
    g_assert_cmpint(f.umd->starts, ==, 0);
    g_assert_true(fixture_closed(&f));
    f.umd->on_start = on_start_recv;
    start_beside(&f, fixture_cancel_start);
    start_beside(&f, run_stop_in_start);
    g_assert_cmpint(f.umd->stops, ==, 0);
    mc_runtime_cancel_start(f.runtime); /* between two: the next one */
    fixture_must_not_start(&f, MC_RUNTIME_ERROR_START_CANCELLED);
    f.umd->on_start = on_start_recv_but_succeed;
    start_beside(&f, fixture_cancel_start);
    g_assert_cmpint(f.umd->stops, ==, 1); /* it had started, so it is stopped */
    f.umd->on_start = NULL;
    fixture_must_start(&f);
    mc_runtime_cancel_start(f.runtime); /* too late */
    g_assert_cmpint(mc_runtime_state(f.runtime), ==, MiracastStarted);
    fixture_close(&f);
}

/* ---- drivers that hang; the gate lets them go at the end, so that no thread is left ---- */

static Fixture hung; /* outlives the driver's thread */
static gint hung_ended;

static void hang(void)
{
    fixture_wait_gate(&hung);
    g_atomic_int_set(&hung_ended, 1);
}

static NTSTATUS on_start_hang(TestUmd *umd)
{
    hang();
    return STATUS_SUCCESS;
}

static void on_destroy_hang(TestUmd *umd)
{
    hang();
}

static NTSTATUS on_message_hang(TestUmd *umd, UINT in_size, VOID *in, UINT out_size, VOID *out,
                                UINT *ret_bytes)
{
    hang();
    return STATUS_SUCCESS;
}

static void expect_overrun(const char *text)
{
    g_test_expect_message("mc-host", G_LOG_LEVEL_WARNING, text);
}

/* Frees the runtime although the driver hangs, and then lets the driver go.  The runtime's own
 * limits are up to three seconds; without them this would last until the gate is opened, which is
 * never. */
static void free_hung(void)
{
    MIRACAST_CALLBACKS os = hung.umd->os;
    HANDLE device = hung.umd->device;
    unsigned tasks;

    g_test_timer_start();
    mc_runtime_free(hung.runtime);
    g_test_message("freed after %.2f s", g_test_timer_elapsed());
    g_assert_cmpint(g_atomic_int_get(&hung_ended), ==, 0);
    g_test_assert_expected_messages();
    g_assert_cmpint(hung.kmd.context, ==, 0);
    g_assert_cmpint(os.MiracastIoControl(device, 0, 0, NULL, 0, NULL, NULL), ==,
                    STATUS_INVALID_HANDLE);
    g_assert_cmpint(hung.kmd.breaches, ==, 0);
    tasks = count_entries("/proc/self/task");
    fixture_open_gate(&hung);
    EVENTUALLY(g_atomic_int_get(&hung_ended));
    EVENTUALLY(count_entries("/proc/self/task") < tasks);
    close(hung.peer);
}

static void open_hung(void)
{
    fixture_init(&hung);
    hung_ended = 0;
    fixture_open(&hung);
}

static void test_start_hangs(void)
{
    open_hung();
    hung.umd->on_start = on_start_hang;
    GThread *cancel = g_thread_new("cancel", fixture_cancel_start, &hung);
    fixture_must_not_start(&hung, MC_RUNTIME_ERROR_START_CANCELLED);
    g_thread_join(cancel);
    fixture_must_not_start(&hung, MC_RUNTIME_ERROR_START); /* never again */
    expect_overrun("*hangs*");
    free_hung();
}

static void test_destroy_hangs(void)
{
    open_hung();
    hung.umd->on_destroy = on_destroy_hang;
    fixture_must_start(&hung);
    mc_runtime_stop(hung.runtime);
    expect_overrun("*hangs*");
    free_hung(); /* C-23 */
}

static VOID on_done_never(PVOID context, PIO_STATUS_BLOCK block)
{
    g_assert_not_reached(); /* its sender is gone */
}

static void test_handler_hangs(void)
{
    open_hung();
    hung.umd->on_message = on_message_hang;
    fixture_must_start(&hung);
    hung.kmd.os.DxgkCbMiracastSendMessage(hung.kmd.os.MiracastHandle, 0, NULL, 0, NULL,
                                          on_done_never, NULL);
    EVENTUALLY(g_atomic_int_get(&hung.umd->handlers));
    expect_overrun("*handler*");
    expect_overrun("*hangs*");
    free_hung();
}

/* ---- Stop that overruns ---- */

static void on_stop_slow(TestUmd *umd)
{
    g_usleep(1200 * G_TIME_SPAN_MILLISECOND);
}

static void test_stop_slow(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_stop = on_stop_slow;
    fixture_must_start(&f);
    expect_overrun("*session.stop-overrun*more than a second*");
    mc_runtime_stop(f.runtime);
    g_test_assert_expected_messages();
    f.umd->on_stop = NULL;
    fixture_must_start(&f); /* slow, but good */
    fixture_close(&f);
}

static gint status_in_stop;

static void on_stop_overrun(TestUmd *umd)
{
    Fixture *f = umd->test;

    EVENTUALLY(g_atomic_int_get(&f->kmd.destroys));
    g_atomic_int_set(&status_in_stop, io_control(umd));
}

/* C-24: the miniport's context goes while the driver still runs; then nothing reaches it. */
static void test_stop_overruns(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_stop = on_stop_overrun;
    fixture_must_start(&f);
    expect_overrun("*session.stop-overrun*more than a second*");
    expect_overrun("*session.stop-overrun*goes on alone*");
    mc_runtime_stop(f.runtime);
    g_test_assert_expected_messages();
    g_assert_cmpint(status_in_stop, ==, STATUS_DEVICE_REMOVED);
    fixture_must_not_start(&f, MC_RUNTIME_ERROR_START);
    fixture_close(&f);
    g_assert_cmpint(f.kmd.destroys, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/runtime/load", test_load);
    g_test_add_func("/runtime/kmd-fails", test_kmd_fails);
    g_test_add_func("/runtime/codes", test_codes);
    g_test_add_func("/runtime/callbacks-in-create", test_callbacks_in_create);
    g_test_add_func("/runtime/life", test_life);
    g_test_add_func("/runtime/second-start", test_second_start);
    g_test_add_func("/runtime/leaves-nothing", test_leaves_nothing);
    g_test_add_func("/runtime/foreign-handle", test_foreign_handle);
    g_test_add_func("/runtime/status/once", test_status_once);
    g_test_add_func("/runtime/status/in-handler", test_status_in_handler);
    g_test_add_func("/runtime/status/in-start", test_status_in_start);
    g_test_add_func("/runtime/status/restart", test_restart_from_status);
    g_test_add_func("/runtime/status/restart-at-once", test_restart_at_once);
    g_test_add_func("/runtime/callbacks-beside-free", test_callbacks_beside_free);
    g_test_add_func("/runtime/cancel", test_cancel);
    g_test_add_func("/runtime/stop-slow", test_stop_slow);
    g_test_add_func("/runtime/stop-overruns", test_stop_overruns);
    g_test_add_func("/runtime/hung/start", test_start_hangs);
    g_test_add_func("/runtime/hung/destroy", test_destroy_hangs);
    g_test_add_func("/runtime/hung/handler", test_handler_hangs);
    return g_test_run();
}
