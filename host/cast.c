/* SPDX-License-Identifier: MIT */
#include "host/cast.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/runtime.h"
#include "host/stop-signal.h"
#include "host/trace.h"
#include "kmd-shim/display-path.h"
#include "umd/link-interface.h"

#define DEFAULT_WIDTH_PX 1280
#define DEFAULT_HEIGHT_PX 720
#define DEFAULT_FPS 60
#define STATISTICS_PERIOD_US G_USEC_PER_SEC

typedef struct {
    const McOptions *options;
    McReport *report;
    McMeter *meter;
    McTrace *trace;
    McDisplayPath *display;
    McRuntime *runtime;
    MC_LINK_INTERFACE link;
    int wake_fd;      /* someone wants the main thread's attention */
    gint stop_wanted; /* atomic: a signal */
    gint ended;       /* atomic: the driver reported the session's end */
    gint error_told;  /* atomic */
} Cast;

/* ---- what drivers and display path report, on their threads ---- */

static void on_progress(const char *step, const char *text, void *user_data)
{
    Cast *self = user_data;

    mc_report_step(self->report, step, text);
}

static void on_error(const char *code, const char *text, void *user_data)
{
    Cast *self = user_data;

    if (g_atomic_int_compare_and_exchange(&self->error_told, 0, 1))
        mc_report_error(self->report, code, text);
}

static void on_trace(char direction, const char *text, size_t len, void *user_data)
{
    Cast *self = user_data;

    mc_trace_rtsp(self->trace, direction, text, len);
}

static void on_status(MIRACAST_STATUS status, NTSTATUS detail, void *user_data)
{
    static const char *const names[] = {
        "critical error",       "the sink stopped answering",      "the sink asked for the end",
        "too little bandwidth", "the sink failed the mode change", "companion driver"};
    Cast *self = user_data;

    if (status != MIRACAST_STATUS_SINK_DISOCNNECT_REQUEST && status < G_N_ELEMENTS(names))
        on_error("session.ended", names[status], self);
    g_atomic_int_set(&self->ended, 1);
    eventfd_write(self->wake_fd, 1);
}

static void on_statistic(const MIRACAST_STATISTIC_DATA *stat, int64_t time_ns, void *user_data)
{
    Cast *self = user_data;

    if (stat->StatisticType == MIRACAST_STATISTIC_TYPE_CHUNK_PROCESSING_COMPLETE)
        mc_meter_chunk(self->meter, &stat->EncodeComplete.ChunkInfo, time_ns);
    else if (stat->StatisticType == MIRACAST_STATISTIC_TYPE_CHUNK_SENT)
        mc_meter_sent(self->meter, stat->ChunkSent.ChunkId, time_ns);
}

static void on_chunk_info(const MIRACAST_CHUNK_INFO *info, int64_t time_ns, void *user_data)
{
    mc_meter_chunk(((Cast *) user_data)->meter, info, time_ns);
}

static void on_capture_error(const GError *error, void *user_data)
{
    Cast *self = user_data;

    on_error(mc_capture_error_code(error->code), error->message, self);
    g_atomic_int_set(&self->ended, 1);
    eventfd_write(self->wake_fd, 1);
}

static void notify_interrupt(MIRACAST_ENCODE_CHUNK_COMPLETED *chunk, void *user_data)
{
    mc_runtime_notify_interrupt(((Cast *) user_data)->runtime, chunk);
}

static void on_stop_signal(void *user_data)
{
    Cast *self = user_data;

    g_atomic_int_set(&self->stop_wanted, 1);
    if (self->link.Cancel)
        self->link.Cancel(mc_runtime_umd_context(self->runtime));
    mc_runtime_cancel_start(self->runtime);
    eventfd_write(self->wake_fd, 1);
}

/* ---- steps ---- */

static bool fail(Cast *self, const char *code, const GError *error)
{
    if (g_atomic_int_compare_and_exchange(&self->error_told, 0, 1))
        mc_report_error(self->report, code, error ? error->message : "unknown");
    return false;
}

static bool open_display(Cast *self)
{
    g_autoptr(GError) error = NULL;
    McDisplayConfig config = {.capture = self->options->capture,
                              .width_px = DEFAULT_WIDTH_PX,
                              .height_px = DEFAULT_HEIGHT_PX,
                              .fps =
                                  self->options->fps ? (uint32_t) self->options->fps : DEFAULT_FPS,
                              .notify_interrupt = notify_interrupt,
                              .on_error = on_capture_error,
                              .user_data = self};

    if (self->options->umd_options.mode_width_px) {
        config.width_px = self->options->umd_options.mode_width_px;
        config.height_px = self->options->umd_options.mode_height_px;
    }
    self->display = mc_display_path_new(&config, &error);
    return self->display ? true : fail(self, mc_capture_error_code(error->code), error);
}

static bool load_driver(Cast *self)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = mc_options_umd_path(self->options);
    DXGK_MIRACAST_DISPLAY_INTERFACE kmd = {.Size = sizeof(kmd),
                                           .Version = DXGK_MIRACAST_DISPLAY_INTERFACE_VERSION_1};
    McRuntimeConfig config = {.umd_path = path,
                              .kmd = &kmd,
                              .on_status = on_status,
                              .on_statistic = on_statistic,
                              .on_chunk_info = on_chunk_info,
                              .user_data = self};

    mc_display_path_query_interface(self->display, &kmd);
    self->runtime = mc_runtime_new(&config, &error);
    return self->runtime ? true : fail(self, mc_runtime_error_code(error->code), error);
}

/* A module of someone else's may have no link interface: then ours is taken from this process. */
static bool find_link(Cast *self)
{
    QUERY_MIRACAST_LINK_INTERFACE query = (QUERY_MIRACAST_LINK_INTERFACE) mc_runtime_symbol(
        self->runtime, "QueryMiracastLinkInterface");
    McUmdOptions umd = self->options->umd_options;
    PVOID context = mc_runtime_umd_context(self->runtime);

    if (!query || !NT_SUCCESS(query(MC_LINK_INTERFACE_VERSION_1, sizeof(self->link), &self->link)))
        return fail(
            self, "umd.no-link-interface",
            &(GError){.message = (char *) "the driver module cannot reach a sink by itself"});
    umd.on_progress = on_progress;
    umd.on_error = on_error;
    umd.on_trace = self->trace ? on_trace : NULL;
    umd.user_data = self;
    return NT_SUCCESS(self->link.Configure(context, &umd));
}

static int wait_for_sink(Cast *self, McCastListening on_listening, void *user_data)
{
    g_autoptr(GError) error = NULL;
    McLinkConfig config = {.timeout_s = self->options->wait_s};
    PVOID context = mc_runtime_umd_context(self->runtime);
    uint16_t port = 0;

    g_strlcpy(config.kind, self->options->link, sizeof(config.kind));
    g_strlcpy(config.listen, self->options->listen, sizeof(config.listen));
    g_strlcpy(config.allow, self->options->allow, sizeof(config.allow));
    if (!self->link.Listen(context, &config, &port, &error)) {
        fail(self, mc_link_error_code(error->code), error);
        return -1;
    }
    const char *colon = strrchr(config.listen, ':');
    g_autofree char *text = g_strdup_printf(
        "listening on %.*s:%u", colon ? (int) (colon - config.listen) : 0, config.listen, port);
    mc_report_step(self->report, "link", text);
    if (on_listening)
        on_listening(port, user_data);
    int fd = self->link.Wait(context, &error);
    if (fd < 0 && !g_atomic_int_get(&self->stop_wanted))
        fail(self, mc_link_error_code(error->code), error);
    return fd;
}

static bool start_session(Cast *self, int fd)
{
    g_autoptr(GError) error = NULL;
    MIRACAST_WFD_CONNECTION_STATS stats = {0};
    MIRACAST_SESSION_INFO info = {0};
    NTSTATUS status = STATUS_SUCCESS;

    if (mc_runtime_start(self->runtime, fd, &stats, &info, &status, &error))
        return true;
    if (!g_atomic_int_get(&self->stop_wanted))
        fail(self, mc_runtime_error_code(error->code), error);
    return false;
}

static void on_status_answer(NTSTATUS status, const void *output, UINT bytes, void *user_data)
{
    Cast *self = user_data;
    McStatusSnapshot snapshot;
    McMeterSummary summary;

    if (!NT_SUCCESS(status) || bytes < sizeof(snapshot))
        return;
    memcpy(&snapshot, output, sizeof(snapshot));
    mc_meter_summary(self->meter, &summary);
    mc_report_statistics(self->report, &snapshot, &summary, g_get_monotonic_time());
}

/* Until a signal, the sink's or the driver's end, or --duration. */
static void project(Cast *self)
{
    int64_t now_us = g_get_monotonic_time(), next_us = now_us + STATISTICS_PERIOD_US;
    int64_t end_us = self->options->duration_s
                         ? now_us + (int64_t) self->options->duration_s * G_USEC_PER_SEC
                         : INT64_MAX;

    while (!g_atomic_int_get(&self->stop_wanted) && !g_atomic_int_get(&self->ended) &&
           now_us < end_us) {
        struct pollfd wake = {.fd = self->wake_fd, .events = POLLIN};
        poll(&wake, 1, (int) (MAX(0, MIN(next_us, end_us) - now_us) / 1000 + 1));
        now_us = g_get_monotonic_time();
        if (now_us >= next_us) {
            mc_display_path_send_query_status(self->display, on_status_answer, self);
            next_us += STATISTICS_PERIOD_US;
        }
    }
}

static void run_steps(Cast *self, McCastListening on_listening, void *user_data)
{
    McStopSignal *signals;
    int fd;

    if (!open_display(self) || !load_driver(self) || !find_link(self))
        return;
    signals = mc_stop_signal_new(on_stop_signal, self);
    fd = wait_for_sink(self, on_listening, user_data);
    if (fd >= 0 && start_session(self, fd))
        project(self);
    mc_runtime_stop(self->runtime);
    self->link.Leave(mc_runtime_umd_context(self->runtime));
    mc_stop_signal_free(signals);
}

int mc_cast_run(const McOptions *options, McReport *report, McCastListening on_listening,
                void *user_data)
{
    Cast self = {.options = options, .report = report, .meter = mc_meter_new()};
    g_autoptr(GError) error = NULL;

    self.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (options->trace && !(self.trace = mc_trace_new(options->trace, &error)))
        fail(&self, "usage.trace", error);
    else
        run_steps(&self, on_listening, user_data);
    mc_runtime_free(self.runtime);
    mc_display_path_free(self.display);
    mc_trace_free(self.trace);
    mc_meter_free(self.meter);
    close(self.wake_fd);
    return mc_report_exit(report);
}
