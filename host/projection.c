/* SPDX-License-Identifier: MIT */
#include "host/projection-private.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "encoder/socket-address.h"
#include "host/sound-route.h"

#define DEFAULT_FPS 60
#define STATISTICS_PERIOD_US G_USEC_PER_SEC

/* ---- from any thread ---- */

void mc_projection_stop(McProjection *self)
{
    g_atomic_int_set(&self->stop_wanted, 1);
    g_mutex_lock(&self->lock);
    if (self->cancellable) {
        self->link.calls.Cancel(self->link.context);
        mc_runtime_cancel_start(self->runtime);
    }
    g_mutex_unlock(&self->lock);
    eventfd_write(self->wake_fd, 1);
}

void mc_projection_toggle_input(McProjection *self)
{
    g_mutex_lock(&self->lock);
    if (self->config.input && self->display) {
        self->input_off = !self->input_off;
        mc_display_path_allow_input(self->display, !self->input_off);
    }
    g_mutex_unlock(&self->lock);
}

/* ---- steps ---- */

static bool open_display(McProjection *self)
{
    g_autoptr(GError) error = NULL;
    const int fps = self->options->fps;
    McDisplayConfig config = {.capture = self->options->capture,
                              .share = self->share,
                              .allow_input = self->config.input,
                              .fps = fps ? (uint32_t) fps : DEFAULT_FPS};

    mc_projection_hear_display(self, &config);
    McDisplayPath *display = mc_display_path_new(&config, &error);
    g_mutex_lock(&self->lock);
    self->display = display;
    g_mutex_unlock(&self->lock);
    return display ? true : mc_projection_fail(self, mc_capture_error_code(error->code), error);
}

static bool load_driver(McProjection *self)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = mc_options_umd_path(self->options);
    MC_DISPLAY_ADAPTER adapter;
    McRuntimeConfig config = {.umd_path = path, .adapter = &adapter};

    mc_projection_hear_runtime(self, &config);
    mc_display_path_adapter(self->display, &adapter);
    self->runtime = mc_runtime_new(&config, &error);
    return self->runtime ? true
                         : mc_projection_fail(self, mc_runtime_error_code(error->code), error);
}

static bool find_link(McProjection *self)
{
    McUmdOptions umd = self->options->umd_options;

    if (!strcmp(self->options->audio, "auto")) {
        g_autofree char *output = mc_sound_route_output();
        g_snprintf(umd.audio, sizeof(umd.audio), "auto:%s", output);
    }
    umd.input = self->config.input;
    mc_projection_hear_driver(self, &umd);
    return NT_SUCCESS(mc_sink_link_init(&self->link, self->runtime, &umd));
}

static void begin_start(McStart *start)
{
    g_mutex_lock(&start->lock);
    start->runs = true;
    g_mutex_unlock(&start->lock);
}

static void clear_start(McStart *start)
{
    g_clear_pointer(&start->code, g_free);
    g_clear_pointer(&start->text, g_free);
}

/* From here on errors are told at once. */
static void end_start(McStart *start)
{
    g_mutex_lock(&start->lock);
    start->runs = false;
    g_mutex_unlock(&start->lock);
}

/* Of the first, the second, the fourth...: whoever knocks without end does not fill the screen. */
static void tell_stranger(McProjection *self, const char *peer)
{
    const McStart *start = &self->start;
    const unsigned n = ++self->strangers;
    g_autofree char *count = n > 1 ? g_strdup_printf(" (%u so far)", n) : g_strdup("");
    g_autofree char *text =
        g_strdup_printf("[link.no-sink] %s connected and is no sink: %s%s; waiting on", peer,
                        start->text ? start->text : "it closed the connection at once", count);

    if ((n & (n - 1)) == 0)
        mc_report_step(self->report, "link", text);
}

typedef enum { STARTED, NOT_STARTED, NO_SINK } StartResult;

static StartResult run_start(McProjection *self, int fd, GError **error)
{
    MIRACAST_WFD_CONNECTION_STATS stats = {0};
    MIRACAST_SESSION_INFO info = {0};
    NTSTATUS status = STATUS_SUCCESS;

    begin_start(&self->start);
    const bool started = mc_runtime_start(self->runtime, fd, &stats, &info, &status, error);
    end_start(&self->start);
    return started ? STARTED : status == STATUS_INVALID_NETWORK_RESPONSE ? NO_SINK : NOT_STARTED;
}

static bool peer_of(int fd, char text[MC_SOCKET_ADDRESS_TEXT])
{
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof(peer);

    return getpeername(fd, (struct sockaddr *) &peer, &len) == 0 &&
           mc_socket_address_text(&peer, text);
}

/* Takes fd. */
static StartResult start_session(McProjection *self, int fd)
{
    g_autoptr(GError) error = NULL;
    char peer[MC_SOCKET_ADDRESS_TEXT];

    if (!peer_of(fd, peer)) { /* it has gone already */
        close(fd);
        tell_stranger(self, "someone");
        return NO_SINK;
    }
    if (self->trace)
        mc_trace_connected(self->trace, fd);
    const StartResult result = run_start(self, fd, &error);
    if (result == STARTED)
        mc_sink_link_started(&self->link);
    /* A start that the person cancels loses its connection by that: no fault of the sink's. */
    if (g_atomic_int_get(&self->stop_wanted) && result != STARTED) {
        clear_start(&self->start);
        return NOT_STARTED;
    }
    if (result == NO_SINK)
        tell_stranger(self, peer);
    else if (self->start.code)
        mc_projection_on_error(self->start.code, self->start.text, self);
    if (result == NOT_STARTED)
        mc_projection_fail(self, mc_runtime_error_code(error->code), error);
    clear_start(&self->start);
    return result;
}

static void on_status_answer(NTSTATUS status, const void *output, UINT bytes, void *user_data)
{
    McProjection *self = user_data;
    McStatusSnapshot snapshot;
    McMeterSummary summary;

    if (!NT_SUCCESS(status) || bytes < sizeof(snapshot))
        return;
    memcpy(&snapshot, output, sizeof(snapshot));
    mc_meter_summary(self->meter, &summary);
    mc_figures_step(&self->figures, &snapshot, &summary, g_get_monotonic_time());
    mc_metrics_update(self->metrics, &self->figures);
    if (mc_report_statistics(self->report, &self->figures) && self->config.on_unread)
        self->config.on_unread(self->config.user_data);
}

/* Content that is protected from one moment of the session to another: what a player would say. */
static void follow_protect(McProjection *self, double elapsed_s)
{
    const McOptions *options = self->options;
    const bool protect = options->protect_from_s >= 0 && elapsed_s >= options->protect_from_s &&
                         (options->protect_to_s < 0 || elapsed_s < options->protect_to_s);

    if (protect == self->protecting)
        return;
    self->protecting = protect;
    mc_display_path_send_content_protection(self->display, protect, 0, NULL, NULL);
}

static int64_t next_protect_us(const McProjection *self, int64_t start_us)
{
    const double at_s =
        self->protecting ? self->options->protect_to_s : self->options->protect_from_s;
    const int64_t at_us = start_us + (int64_t) (at_s * G_USEC_PER_SEC);

    return at_s >= 0 && at_us > g_get_monotonic_time() ? at_us : INT64_MAX;
}

/* When --duration is over, as far as is known now. */
static int64_t end_of_duration(McProjection *self, int64_t end_us, int64_t now_us)
{
    if (end_us != INT64_MAX || !self->options->duration_s || !g_atomic_int_get(&self->streams))
        return end_us;
    return now_us + (int64_t) self->options->duration_s * G_USEC_PER_SEC;
}

/* Until it is stopped, the sink's or the driver's end, or --duration. */
static void project(McProjection *self)
{
    const int64_t start_us = g_get_monotonic_time();
    int64_t now_us = start_us, next_us = now_us + STATISTICS_PERIOD_US, end_us = INT64_MAX;

    while (!g_atomic_int_get(&self->stop_wanted) && !g_atomic_int_get(&self->ended) &&
           now_us < end_us) {
        struct pollfd wake = {.fd = self->wake_fd, .events = POLLIN};
        eventfd_t wakes;
        end_us = end_of_duration(self, end_us, now_us);
        follow_protect(self, (double) (now_us - start_us) / G_USEC_PER_SEC);
        int64_t until_us = MIN(MIN(next_us, end_us), next_protect_us(self, start_us));
        if (poll(&wake, 1, (int) (MAX(0, until_us - now_us) / 1000 + 1)) > 0)
            eventfd_read(self->wake_fd, &wakes); /* what they stand for is in the flags */
        now_us = g_get_monotonic_time();
        if (now_us >= next_us) {
            mc_display_path_send_query_status(self->display, on_status_answer, self);
            next_us += STATISTICS_PERIOD_US;
        }
    }
}

static void tell_live(McProjection *self, bool live)
{
    if (self->config.on_live)
        self->config.on_live(live, self->config.user_data);
}

/* Whoever scans ports, or closes and comes again, does not end the waiting. */
static bool meet_sink(McProjection *self)
{
    StartResult result = NO_SINK;
    int fd = mc_projection_reach_sink(self);

    while (fd >= 0 && (result = start_session(self, fd)) == NO_SINK)
        fd = mc_projection_reach_another(self);
    return result == STARTED;
}

static void run_session(McProjection *self)
{
    const bool started = meet_sink(self);

    if (started) {
        tell_live(self, true);
        project(self);
    }
    mc_runtime_stop(self->runtime);
    if (started)
        tell_live(self, false);
    self->link.calls.Leave(self->link.context);
}

static bool open_trace(McProjection *self)
{
    g_autoptr(GError) error = NULL;

    if (!self->config.trace)
        return true;
    self->trace = mc_trace_new(self->config.trace, &error);
    return self->trace ? true : mc_projection_fail(self, "usage.trace", error);
}

/* ---- life ---- */

McProjection *mc_projection_new(const McProjectionConfig *config)
{
    McProjection *self = g_new0(McProjection, 1);

    self->config = *config;
    self->options = config->options;
    self->report = config->report;
    self->meter = mc_meter_new();
    g_mutex_init(&self->lock);
    g_mutex_init(&self->start.lock);
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return self;
}

static void set_cancellable(McProjection *self, bool cancellable)
{
    g_mutex_lock(&self->lock);
    self->cancellable = cancellable;
    g_mutex_unlock(&self->lock);
}

void mc_projection_run(McProjection *self, McCaptureShare *share)
{
    self->share = share;
    if (open_trace(self) && open_display(self) && load_driver(self) && find_link(self)) {
        set_cancellable(self, true);
        if (!g_atomic_int_get(&self->stop_wanted))
            run_session(self);
    }
    /* Here and not in free: what the sink had is given up when it has gone, not with the last one.
     */
    set_cancellable(self, false);
    mc_sink_link_clear(&self->link);
    if (!mc_runtime_free(g_steal_pointer(&self->runtime)))
        g_atomic_int_set(&self->abandoned, 1);
    g_mutex_lock(&self->lock);
    McDisplayPath *display = g_steal_pointer(&self->display);
    g_mutex_unlock(&self->lock);
    mc_display_path_free(display);
}

void mc_projection_set_metrics(McProjection *self, McMetrics *metrics)
{
    self->metrics = metrics;
}

void mc_projection_free(McProjection *self)
{
    if (!self || g_atomic_int_get(&self->abandoned)) /* threads of the driver still have it */
        return;
    mc_trace_free(self->trace);
    mc_meter_free(self->meter);
    close(self->wake_fd);
    clear_start(&self->start);
    g_mutex_clear(&self->start.lock);
    g_mutex_clear(&self->lock);
    g_free(self);
}