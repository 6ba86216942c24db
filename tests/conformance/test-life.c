/* SPDX-License-Identifier: MIT */
/* C-01..C-26: loading, contexts and sessions. */
#include <dlfcn.h>
#include <sys/mman.h>

#include "tests/conformance/conformance.h"
#include "tests/unit/host/driver-calls.h"

/* ---- A: loading and interface ---- */

static QUERY_MIRACAST_DRIVER_INTERFACE real_query(void **ret_module)
{
    *ret_module = dlopen(g_getenv("MIRACAST_UMD"), RTLD_NOW | RTLD_LOCAL);
    g_assert_nonnull(*ret_module);
    return (QUERY_MIRACAST_DRIVER_INTERFACE) dlsym(*ret_module, "QueryMiracastDriverInterface");
}

static void c01(void)
{
    g_autoptr(GError) error = NULL;
    void *module;
    Fixture f;

    g_assert_nonnull(real_query(&module));
    dlclose(module);
    fixture_init(&f);
    f.config.umd_path = "libm.so.6";
    g_assert_null(mc_runtime_new(&f.config, &error));
    g_assert_error(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_NO_ENTRY_POINT);
    g_assert_cmpint(f.kmd.creates, ==, 0);
    fixture_close(&f);
}

static void c02(void)
{
    MIRACAST_DRIVER_INTERFACE umd = {0};
    void *module;

    g_assert_cmpint(real_query(&module)(MIRACAST_DRIVER_INTERFACE_VERSION_1, sizeof(umd), &umd), ==,
                    STATUS_SUCCESS);
    g_assert_cmpuint(umd.Size, ==, 48);
    g_assert_true(umd.CreateMiracastContext && umd.DestroyMiracastContext &&
                  umd.StartMiracastSession && umd.StopMiracastSession &&
                  umd.HandleKernelModeMessage);
    dlclose(module);
}

static void c03(void)
{
    size_t page = (size_t) sysconf(_SC_PAGESIZE);
    uint8_t *area =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *module;
    QUERY_MIRACAST_DRIVER_INTERFACE query = real_query(&module);

    g_assert_true(area != MAP_FAILED && mprotect(area + page, page, PROT_NONE) == 0);
    for (UINT size = 0; size <= 96; size++) {
        memset(area, 0xa5, page);
        NTSTATUS status = query(MIRACAST_DRIVER_INTERFACE_VERSION_1, size, area + page - size);
        g_assert_cmpint(status, ==, size < 48 ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS);
        for (size_t i = 0; i < page - size; i++)
            g_assert_cmpuint(area[i], ==, 0xa5);
        for (size_t i = page - size + (size < 48 ? 0 : 48); i < page; i++)
            g_assert_cmpuint(area[i], ==, 0xa5);
    }
    g_assert_cmpint(query(2, 48, area), ==, STATUS_NOT_SUPPORTED);
    g_assert_cmpint(query(0, 48, area), ==, STATUS_NOT_SUPPORTED);
    g_assert_cmpint(query(1, 48, NULL), ==, STATUS_INVALID_PARAMETER);
    munmap(area, 2 * page);
    dlclose(module);
}

/* This program links the runtime and the display path: the driver comes as a file of its own. */
static void c04(void)
{
    void *module, *self = dlopen(NULL, RTLD_NOW);

    g_assert_null(dlsym(self, "QueryMiracastDriverInterface"));
    g_assert_nonnull(real_query(&module));
    g_assert_null(dlsym(module, "mc_runtime_new"));
    g_assert_null(dlsym(module, "mc_display_path_new"));
    g_assert_null(dlsym(module, "mc_session_new")); /* nothing but its two queries is to be seen */
    dlclose(module);
    dlclose(self);
}

static void c05(void)
{
    unsigned fds = 0, tasks = 0;

    for (unsigned i = 0; i < 3; i++) {
        Bed bed = {0};
        bed_open(&bed);
        bed_play(&bed, NULL);
        bed_close(&bed);
        if (i == 0) { /* libraries keep what they opened once */
            fds = bed_entries("fd");
            tasks = bed_entries("task");
        }
    }
    g_assert_cmpuint(bed_entries("fd"), <=, fds);
    BED_EVENTUALLY(bed_entries("task") <= tasks); /* joined, but procfs lags */
}

/* ---- B: context and session life ---- */

static gpointer run_stopper(gpointer user_data)
{
    Fixture *f = user_data;

    while (!g_atomic_int_get(&f->gate)) {
        mc_runtime_stop(f->runtime);
        g_thread_yield();
    }
    return NULL;
}

static gpointer run_reporter(gpointer user_data)
{
    Fixture *f = user_data;

    while (!g_atomic_int_get(&f->gate)) {
        f->umd->os.ReportSessionStatus(f->umd->device, MIRACAST_STATUS_MISSING_KEEPALIVE, 0);
        g_thread_yield();
    }
    return NULL;
}

/* The driver counts its own calls that meet. */
static void c06(void)
{
    GThread *threads[4];
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("end", i % 2 ? run_reporter : run_stopper, &f);
    for (unsigned i = 0; i < 100; i++) {
        g_autoptr(GError) error = NULL;
        MIRACAST_SESSION_INFO info;
        NTSTATUS status;
        fixture_start(&f, &info, &status, &error);
    }
    fixture_open_gate(&f);
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpint(f.umd->breaches, ==, 0);
    fixture_close(&f);
}

/* A Create that fails is an Ntstatus error and leaves nothing, on either side of the interface. */
static void c07(void)
{
    MIRACAST_DRIVER_INTERFACE umd;
    MIRACAST_CALLBACKS nothing = {0};
    PVOID context = NULL;
    void *module;
    Fixture f;

    real_query (&module)(MIRACAST_DRIVER_INTERFACE_VERSION_1, sizeof(umd), &umd);
    unsigned fds = bed_entries("fd"), tasks = bed_entries("task");
    g_assert_cmpint(umd.CreateMiracastContext(&f, &nothing, &context), ==,
                    STATUS_INVALID_PARAMETER);
    g_assert_cmpint(umd.CreateMiracastContext(&f, NULL, &context), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(umd.CreateMiracastContext(&f, &nothing, NULL), ==, STATUS_INVALID_PARAMETER);
    g_assert_null(context);
    dlclose(module);
    fixture_init(&f);
    g_setenv("TEST_UMD", "create-fails", TRUE);
    g_assert_null(mc_runtime_new(&f.config, NULL));
    g_unsetenv("TEST_UMD");
    g_assert_cmpint(f.kmd.destroys, ==, 1);
    fixture_close(&f);
    g_assert_cmpuint(bed_entries("fd"), ==, fds);
    BED_EVENTUALLY(bed_entries("task") <= tasks);
}

/* The table is poisoned after Create, and each callback outside the context's life is a breach. */
static void c08(void)
{
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    bed_stop(&bed);
    bed_play(&bed, NULL);
    bed_close(&bed); /* asserts that there was none */
}

static void c09(void)
{
    Bed bed = {0};
    BedCall call;
    UINT size = 0;

    bed_open(&bed);
    bed_play(&bed, NULL);
    g_assert_true(bed_find(BED_IO_CONTROL, 0, &call));
    const MIRACAST_CALLBACKS *os = bed_os();
    g_assert_cmpint(os->MiracastIoControl(&bed, 0, 0, NULL, 0, NULL, NULL), ==,
                    STATUS_INVALID_HANDLE);
    g_assert_cmpint(os->GetNextChunkData(&bed, 0, 0, NULL, &size, NULL, NULL), ==,
                    STATUS_INVALID_HANDLE);
    g_assert_cmpint(os->RegisterForDataRateNotifications(NULL, NULL, NULL), ==,
                    STATUS_INVALID_HANDLE);
    os->ReportSessionStatus(&bed, MIRACAST_STATUS_CRITICAL_ERROR, 0);
    g_assert_cmpint(mc_runtime_state(bed.runtime), ==, MiracastStarted);
    bed_close(&bed);
}

static NTSTATUS on_start_connected(TestUmd *umd)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);

    return getpeername((int) umd->rtsp, (struct sockaddr *) &peer, &len) == 0 ? STATUS_SUCCESS
                                                                              : STATUS_UNSUCCESSFUL;
}

static void c10(void)
{
    MIRACAST_WFD_CONNECTION_STATS stats = {0};
    MIRACAST_SESSION_INFO info;
    NTSTATUS status;
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_start = on_start_connected;
    g_assert_false(mc_runtime_start(f.runtime, -1, &stats, &info, &status, NULL));
    g_assert_false(mc_runtime_start(f.runtime, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                                    &stats, &info, &status, NULL));
    g_assert_cmpint(f.umd->starts, ==, 0);
    fixture_must_start(&f);
    fixture_close(&f);
}

/* bed.c looks at the socket when the driver's Stop returns. */
static void c11(void)
{
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    g_assert_false(sink_closed(bed.sink));
    bed_stop(&bed);
    BED_EVENTUALLY(sink_closed(bed.sink)); /* by the host, and no copy of it is left */
    bed_close(&bed);
}

static void c12(void)
{
    SinkConfig mute = {.silent_at = SINK_STEP_M3};
    Bed bed = {.options.response_ms = 1500};

    bed_open(&bed);
    g_assert_false(bed_start(&bed, &mute)); /* nothing known of a monitor: no session */
    g_assert_cmpuint(sink_count(bed.sink, "GET_PARAMETER"), >=, 1);
    bed_must_start(&bed, NULL);
    g_assert_cmpuint(sink_count(bed.sink, "GET_PARAMETER"), >=, 1); /* M3 is behind it */
    bed_close(&bed);
}

static MIRACAST_SESSION_INFO info_for(const char *caps, UINT64 rate_bps)
{
    SinkConfig sink = {.caps = caps};
    Bed bed = {.width_px = 1920, .height_px = 1080, .fps = 60, .stats.CurrentBitRate = rate_bps};

    bed_open(&bed);
    bed_must_start(&bed, &sink);
    MIRACAST_SESSION_INFO info = bed.info;
    bed_close(&bed);
    return info;
}

#define NO_MONITOR "wfd_connector_type: none\r\n"
#define MANY_MODES                                                                                 \
    "wfd_video_formats: 00 00 01 10 000001FF 00000000 00000000 00 0000 0000 00 none none\r\n"

static void c13(void)
{
    g_assert_cmpuint(info_for(SINK_VGA SINK_SOUND_NONE SINK_HDMI, 0).MonitorConnected, ==, 1);
    g_assert_cmpuint(info_for(SINK_VGA SINK_SOUND_NONE NO_MONITOR, 0).MonitorConnected, ==, 0);
}

static void c14(void)
{
    const char *caps = MANY_MODES SINK_SOUND_NONE SINK_HDMI;

    g_assert_cmpuint(info_for(caps, 0).ReducedModeListDueToBandwidth, ==, 0);
    g_assert_cmpuint(info_for(caps, 100000000).ReducedModeListDueToBandwidth, ==, 0);
    g_assert_cmpuint(info_for(caps, 2100000).ReducedModeListDueToBandwidth, ==, 1);
}

static void c15(void)
{
    g_assert_cmpuint(info_for(MANY_MODES SINK_SOUND_NONE SINK_HDMI, 2100000).Reserved, ==, 0);
    g_assert_cmpuint(info_for(SINK_VGA SINK_SOUND_NONE NO_MONITOR, 0).Value, ==, 0);
}

static void c16(void)
{
    Bed bed = {.stats.CurrentBitRate = 1000000};
    SinkConfig none = {.caps = SINK_VGA SINK_SOUND_NONE NO_MONITOR};

    bed_open(&bed);
    g_assert_false(bed_start(&bed, NULL));
    g_assert_cmphex((guint32) bed.status, ==, (guint32) STATUS_DEVICE_INSUFFICIENT_RESOURCES);
    bed_must_start(&bed, &none); /* without a monitor there is nothing to carry yet */
    bed_close(&bed);
}

static void c17(void)
{
    BedCall started, start, asked, arrived;
    Bed bed = {0};

    bed_open(&bed);
    bed_must_start(&bed, NULL);
    BED_EVENTUALLY(bed_count_type(BED_KMD_IO_CONTROL, MC_IOCTL_MONITOR_ARRIVE) == 1);
    g_assert_true(bed_find(BED_START, 0, &start) && bed_find(BED_STARTED, 0, &started));
    g_assert_true(bed_find_type(BED_IO_CONTROL, MC_IOCTL_MONITOR_ARRIVE, 0, &asked));
    g_assert_true(bed_find_type(BED_KMD_IO_CONTROL, MC_IOCTL_MONITOR_ARRIVE, 0, &arrived));
    g_assert_true(asked.thread != start.thread);
    g_assert_cmpint(arrived.time_us, >=, started.time_us);
    bed_close(&bed);
}

static void c18(void)
{
    SinkConfig mute = {.silent_at = SINK_STEP_M4};
    Bed bed = {0};

    bed_open(&bed);
    unsigned fds = bed_entries("fd");
    bed_must_start(&bed, &mute); /* the sink's four, and of the driver's at least RTP and RTCP */
    g_assert_cmpuint(bed_entries("fd"), >=, fds + 4 + 2);
    g_assert_true(sink_await(bed.sink, "wfd_presentation_URL: rtsp://127.0.0.1/", 1));
    bed_close(&bed);
}

/* Every socket that could send is closed. */
static void c19(void)
{
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL); /* libraries open what they keep */
    bed_stop(&bed);
    g_clear_pointer(&bed.sink, sink_free);
    unsigned fds = bed_entries("fd");
    bed_play(&bed, NULL);
    g_assert_cmpuint(sink_datagrams(bed.sink), >, 0);
    bed_stop(&bed);
    unsigned datagrams = sink_datagrams(bed.sink);
    for (unsigned i = 0, before = datagrams + 1; before != datagrams;
         i++) { /* some are under way */
        g_assert_cmpuint(i, <, 20);
        before = datagrams;
        g_usleep(200 * G_TIME_SPAN_MILLISECOND);
        datagrams = sink_datagrams(bed.sink);
    }
    g_clear_pointer(&bed.sink, sink_free);
    g_assert_cmpuint(bed_entries("fd"), ==, fds);
    bed_close(&bed);
}

static void c20(void)
{
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    bed_stop(&bed);
    g_assert_cmpuint(bed_count_type(BED_IO_CONTROL, MC_IOCTL_MONITOR_DEPART), ==, 0);
    bed_close(&bed);
}

static int64_t took_us(BedKind from, BedKind to)
{
    BedCall begin, end;

    g_assert_true(bed_find(from, 0, &begin) && bed_find(to, 0, &end));
    return end.time_us - begin.time_us;
}

/* The limit is 1 s; the rest is for a machine that does eight other things. */
static void c21(void)
{
    SinkConfig deaf = {.deaf_at_end = true};
    Bed bed = {0};

    g_log_set_always_fatal(G_LOG_FATAL_MASK);
    bed_open(&bed);
    bed_play(&bed, &deaf);
    bed_stop(&bed);
    g_test_message("Stop took %" G_GINT64_FORMAT " us", took_us(BED_STOP, BED_STOPPED));
    g_assert_cmpint(took_us(BED_STOP, BED_STOPPED), <, 2 * G_USEC_PER_SEC);
    bed_close(&bed);
}

static void c22(void)
{
    McFrameDesc frame = {.size = sizeof(frame), .version = MC_FRAME_VERSION, .frame_id = 1};
    MIRACAST_ENCODE_CHUNK_COMPLETED chunk = {.pPrivateDriverData = &frame,
                                             .PrivateDataDriverSize = sizeof(frame)};
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    bed_stop(&bed);
    for (unsigned i = 0; i < 100; i++)
        mc_runtime_notify_interrupt(bed.runtime, &chunk);
    g_assert_false(NT_SUCCESS(chunk.Status));
    g_assert_cmpuint(bed_count(BED_STATUS), ==, 0);
    bed_play(&bed, NULL); /* nothing of it is the next session's */
    bed_close(&bed);
}

/* What the reader calls with; the driver itself is gone before it may have begun. */
typedef struct {
    MIRACAST_CALLBACKS os;
    HANDLE device;
} Reader;

static gpointer run_forever(gpointer user_data)
{
    const Reader *reader = user_data;
    UINT size = 0;

    return GINT_TO_POINTER(
        reader->os.GetNextChunkData(reader->device, INFINITE, 0, NULL, &size, NULL, NULL));
}

static void c23(void)
{
    SinkConfig deaf = {.deaf_at_end = true};
    Bed bed = {0};
    Fixture f;

    bed_open(&bed);
    bed_play(&bed, &deaf);
    g_clear_pointer(&bed.runtime, mc_runtime_free);
    g_assert_cmpint(took_us(BED_DESTROY, BED_DESTROYED), <, 3 * G_USEC_PER_SEC);
    bed_close(&bed);
    fixture_init(&f);
    fixture_open(&f);
    fixture_must_start(&f);
    Reader calls = {f.umd->os, f.umd->device};
    GThread *reader = g_thread_new("reader", run_forever, &calls);
    fixture_close(&f);
    NTSTATUS status = GPOINTER_TO_INT(g_thread_join(reader));
    g_assert_true(status == STATUS_INSTANCE_NOT_AVAILABLE || status == STATUS_INVALID_HANDLE);
}

static gint status_after_destroy;

static void on_stop_overruns(TestUmd *umd)
{
    Fixture *f = umd->test;

    EVENTUALLY(g_atomic_int_get(&f->kmd.destroys));
    g_atomic_int_set(&status_after_destroy, io_control(umd));
}

static void c24(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_stop = on_stop_overruns;
    fixture_must_start(&f);
    for (unsigned i = 0; i < 2; i++)
        g_test_expect_message("mc-host", G_LOG_LEVEL_WARNING, "*session.stop-overrun*");
    mc_runtime_stop(f.runtime);
    g_test_assert_expected_messages();
    g_assert_cmphex((guint32) status_after_destroy, ==, (guint32) STATUS_DEVICE_REMOVED);
    fixture_close(&f);
    g_assert_cmpint(f.kmd.io_controls, ==, 0);
}

static void c25(void)
{
    BedCall last = {0};
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    g_clear_pointer(&bed.runtime, mc_runtime_free);
    g_assert_cmpuint(bed_count_type(BED_IO_CONTROL, MC_IOCTL_MONITOR_DEPART), ==, 0);
    g_assert_true(bed_find(BED_CHILD_STATUS, bed_count(BED_CHILD_STATUS) - 1, &last));
    g_assert_cmpint(last.status, ==, 0);
    bed_close(&bed);
}

static void c26(void)
{
    SinkConfig none = {.caps = SINK_VGA SINK_SOUND_NONE NO_MONITOR};
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, &none);
    g_assert_cmpint(mc_runtime_state(bed.runtime), ==, MiracastStarted);
    g_assert_cmpuint(bed_count(BED_CHILD_STATUS), ==, 0);
    bed_close(&bed);
}

static const Statement statements[] = {
    {"C-01-entry-point", c01},
    {"C-02-interface-filled", c02},
    {"C-03-interface-never-overruns", c03},
    {"C-04-module-of-its-own", c04},
    {"C-05-unload-leaves-nothing", c05},
    {"C-06-one-of-four-at-a-time", c06},
    {"C-07-create-fails-clean", c07},
    {"C-08-callbacks-within-life", c08},
    {"C-09-device-handle", c09},
    {"C-10-start-on-a-connection", c10},
    {"C-11-rtsp-socket-is-the-hosts", c11},
    {"C-12-start-knows-the-monitor", c12},
    {"C-13-monitor-connected", c13},
    {"C-14-reduced-mode-list", c14},
    {"C-15-session-info-reserved", c15},
    {"C-16-too-slow-for-xga", c16},
    {"C-17-arrival-after-start", c17},
    {"C-18-own-media-sockets", c18},
    {"C-19-stop-ends-traffic", c19},
    {"C-20-stop-is-no-departure", c20},
    {"C-21-stop-is-prompt", c21},
    {"C-22-late-stream-data", c22},
    {"C-23-destroy-within-3-s", c23},
    {"C-24-stop-overrun", c24},
    {"C-25-target-disconnected-at-end", c25},
    {"C-26-session-without-monitor", c26},
};

CONFORMANCE_MAIN(statements)
