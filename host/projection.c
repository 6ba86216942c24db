/* SPDX-License-Identifier: MIT */
#include "host/projection.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "encoder/socket-address.h"
#include "host/link-rate.h"
#include "host/pin-prompt.h"
#include "host/runtime.h"
#include "host/sink-link.h"
#include "host/sound-route.h"
#include "host/trace.h"
#include "kmd-shim/display-path.h"
#include "p2p/mice/discovery.h"

#define DEFAULT_FPS 60
#define STATISTICS_PERIOD_US G_USEC_PER_SEC

/* What goes wrong in a start is told when it is known whose fault it was. */
typedef struct {
    GMutex lock;
    bool runs;
    char *code, *text; /* of the first error meanwhile; NULL: none */
} McStart;

struct McProjection {
    McProjectionConfig config;
    McMetrics *metrics; /* NULL: nobody asked */
    const McOptions *options;
    McReport *report;
    McMeter *meter;
    McFigures figures; /* the answers' thread */
    McTrace *trace;
    McCaptureShare *share; /* what is shown; the caller's */
    McDisplayPath *display;
    McRuntime *runtime;
    McSinkLink link;
    McLinkRate rate;    /* the data rate's thread */
    bool protecting;    /* was told to the driver */
    bool pin_was_used;  /* --pin's on this way to the sink: wrong if it is asked for again */
    int wake_fd;        /* someone wants the running thread's attention */
    gint stop_wanted;   /* atomic */
    gint ended;         /* atomic: the driver reported the session's end */
    gint error_told;    /* atomic */
    gint abandoned;     /* atomic: the driver hangs and may call on; nobody listens any more */
    McStart start;      /* the driver's Start */
    unsigned strangers; /* who dialled in and was no sink */

    /* For stop and toggle_input: display, link and runtime neither come nor go under it. */
    GMutex lock;
    bool cancellable; /* link and runtime are there */
    bool input_off;   /* consent was taken back */
};

/* ---- what drivers and display path report, on their threads ---- */

static void on_progress(const char *step, const char *text, void *user_data)
{
    McProjection *self = user_data;

    if (!g_atomic_int_get(&self->abandoned))
        mc_report_step(self->report, step, text);
}

/* True: it is told later, or never. */
static bool hold_error(McStart *start, const char *code, const char *text)
{
    g_mutex_lock(&start->lock);
    const bool holds = start->runs;
    if (holds && !start->code) {
        start->code = g_strdup(code);
        start->text = g_strdup(text);
    }
    g_mutex_unlock(&start->lock);
    return holds;
}

static void on_error(const char *code, const char *text, void *user_data)
{
    McProjection *self = user_data;

    if (g_atomic_int_get(&self->abandoned) || hold_error(&self->start, code, text))
        return;
    if (g_atomic_int_compare_and_exchange(&self->error_told, 0, 1))
        mc_report_error(self->report, code, text);
}

static void on_trace(char direction, const char *text, size_t len, void *user_data)
{
    McProjection *self = user_data;

    mc_trace_rtsp(self->trace, direction, text, len);
}

static void on_datagram(char direction, uint16_t local_port, uint16_t sink_port,
                        const uint8_t *bytes, size_t len, void *user_data)
{
    McProjection *self = user_data;

    mc_trace_datagram(self->trace, direction, local_port, sink_port, bytes, len);
}

static void end(McProjection *self)
{
    g_atomic_int_set(&self->ended, 1);
    eventfd_write(self->wake_fd, 1);
}

static void on_status(MIRACAST_STATUS status, NTSTATUS detail, void *user_data)
{
    static const char *const names[] = {
        "critical error",       "the sink stopped answering",      "the sink asked for the end",
        "too little bandwidth", "the sink failed the mode change", "companion driver"};
    McProjection *self = user_data;

    if (status != MIRACAST_STATUS_SINK_DISOCNNECT_REQUEST && status < G_N_ELEMENTS(names))
        on_error("session.ended", names[status], self);
    end(self);
}

static void on_statistic(const MIRACAST_STATISTIC_DATA *stat, int64_t time_ns, void *user_data)
{
    McProjection *self = user_data;

    if (stat->StatisticType == MIRACAST_STATISTIC_TYPE_CHUNK_PROCESSING_COMPLETE)
        mc_meter_chunk(self->meter, MC_METER_DRIVER, &stat->EncodeComplete.ChunkInfo, time_ns);
    else if (stat->StatisticType == MIRACAST_STATISTIC_TYPE_CHUNK_SENT)
        mc_meter_sent(self->meter, stat->ChunkSent.ChunkId, time_ns);
}

static void on_chunk_info(const MIRACAST_CHUNK_INFO *info, int64_t time_ns, void *user_data)
{
    mc_meter_chunk(((McProjection *) user_data)->meter, MC_METER_DISPLAY, info, time_ns);
}

static void on_chunk_lost(const MIRACAST_CHUNK_INFO *info, const void *priv, UINT bytes,
                          void *user_data)
{
    mc_display_path_chunk_lost(info, priv, bytes, ((McProjection *) user_data)->display);
}

static bool read_rate(MIRACAST_DATARATE_STATS *ret_stats, void *user_data)
{
    McProjection *self = user_data;
    McLinkStatistics now;

    if (!self->link.calls.Statistics(self->link.context, &now))
        return false;
    mc_link_rate_step(&self->rate, &now, ret_stats);
    return true;
}

static void on_capture_error(const GError *error, void *user_data)
{
    McProjection *self = user_data;

    if (g_error_matches(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_FINISHED))
        mc_report_step(self->report, "capture", error->message);
    else
        on_error(mc_capture_error_code(error->code), error->message, self);
    end(self);
}

static void read_sound(int64_t begin_ns, int16_t *block, size_t pairs, void *user_data)
{
    McProjection *self = user_data;

    if (g_atomic_int_get(&self->abandoned))
        memset(block, 0, pairs * 2 * sizeof(*block));
    else
        mc_capture_share_read_sound(self->share, begin_ns, block, pairs);
}

static void notify_interrupt(MIRACAST_ENCODE_CHUNK_COMPLETED *chunk, void *user_data)
{
    mc_runtime_notify_interrupt(((McProjection *) user_data)->runtime, chunk);
}

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

static bool fail(McProjection *self, const char *code, const GError *error)
{
    on_error(code, error ? error->message : "unknown", self);
    return false;
}

static bool open_display(McProjection *self)
{
    g_autoptr(GError) error = NULL;
    McDisplayConfig config = {.capture = self->options->capture,
                              .share = self->share,
                              .allow_input = self->config.input,
                              .fps =
                                  self->options->fps ? (uint32_t) self->options->fps : DEFAULT_FPS,
                              .notify_interrupt = notify_interrupt,
                              .on_error = on_capture_error,
                              .user_data = self};

    McDisplayPath *display = mc_display_path_new(&config, &error);
    g_mutex_lock(&self->lock);
    self->display = display;
    g_mutex_unlock(&self->lock);
    return display ? true : fail(self, mc_capture_error_code(error->code), error);
}

static bool load_driver(McProjection *self)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = mc_options_umd_path(self->options);
    MC_DISPLAY_ADAPTER adapter;
    McRuntimeConfig config = {.umd_path = path,
                              .adapter = &adapter,
                              .on_status = on_status,
                              .on_statistic = on_statistic,
                              .on_chunk_info = on_chunk_info,
                              .on_chunk_lost = on_chunk_lost,
                              .read_rate = read_rate,
                              .user_data = self};

    mc_display_path_adapter(self->display, &adapter);
    self->runtime = mc_runtime_new(&config, &error);
    return self->runtime ? true : fail(self, mc_runtime_error_code(error->code), error);
}

static bool find_link(McProjection *self)
{
    McUmdOptions umd = self->options->umd_options;

    if (!strcmp(self->options->audio, "auto")) {
        g_autofree char *output = mc_sound_route_output();
        g_snprintf(umd.audio, sizeof(umd.audio), "auto:%s", output);
    }
    umd.input = self->config.input;
    umd.on_progress = on_progress;
    umd.on_error = on_error;
    umd.on_trace = self->trace ? on_trace : NULL;
    umd.on_datagram = self->trace ? on_datagram : NULL;
    umd.read_sound = read_sound;
    umd.user_data = self;
    return NT_SUCCESS(mc_sink_link_init(&self->link, self->runtime, &umd));
}

/* One person, one keyboard: sinks that ask at the same time wait for each other. */
static bool ask_pin(char *pin, size_t size, unsigned seconds, int abort_fd, void *user_data)
{
    static GMutex one_at_a_time;
    McProjection *self = user_data;
    const char *option = self->options->pin;
    const bool is_pin = option && strcmp(option, "-");

    if (is_pin && self->pin_was_used)
        return false;
    self->pin_was_used = is_pin;
    g_mutex_lock(&one_at_a_time);
    const bool ok = mc_pin_prompt(option, seconds, abort_fd, pin, size);
    g_mutex_unlock(&one_at_a_time);
    return ok;
}

static McLinkConfig link_config(McProjection *self)
{
    const McOptions *options = self->options;
    McLinkConfig config = {.timeout_s = options->wait_s,
                           .control_port = (uint16_t) options->control_port,
                           .freq_mhz = (unsigned) options->channel_mhz,
                           .may_drop_station = options->drop_wifi,
                           .on_progress = on_progress,
                           .ask_pin = ask_pin,
                           .user_data = self};

    g_strlcpy(config.kind, options->link, sizeof(config.kind));
    g_strlcpy(config.listen, options->listen, sizeof(config.listen));
    g_strlcpy(config.allow, options->allow, sizeof(config.allow));
    g_strlcpy(config.sink, options->sink, sizeof(config.sink));
    g_strlcpy(config.security, options->security, sizeof(config.security));
    g_strlcpy(config.driver, options->driver, sizeof(config.driver));
    g_strlcpy(config.interface, options->interface, sizeof(config.interface));
    g_strlcpy(config.control, options->control, sizeof(config.control));
    g_strlcpy(config.pairing, options->pairing, sizeof(config.pairing));
    return config;
}

/* Over Wi-Fi Direct the address comes with the group; the link tells it then. */
static void tell_listening(McProjection *self, const McLinkConfig *config, uint16_t port)
{
    const char *colon = strrchr(config->listen, ':');
    g_autofree char *text = g_strdup_printf(
        "listening on %.*s:%u", colon ? (int) (colon - config->listen) : 0, config->listen, port);

    if (strcmp(config->kind, "p2p"))
        mc_report_step(self->report, "link", text);
}

/* True: someone stopped us before there was a link to cancel. */
static bool is_stopped(McProjection *self, GError **error)
{
    if (!g_atomic_int_get(&self->stop_wanted))
        return false;
    g_set_error_literal(error, MC_LINK_ERROR, MC_LINK_ERROR_CANCELLED, "it was stopped");
    return true;
}

/* One way to the sink; its RTSP connection or -1. */
static int reach(McProjection *self, const McLinkConfig *config, GError **error)
{
    PVOID context = self->link.context;
    uint16_t port = 0;

    self->pin_was_used = false;
    if (is_stopped(self, error))
        return -1;
    if (!strcmp(config->kind, "p2p") && self->config.take_radio &&
        !self->config.take_radio(self->config.user_data)) {
        g_set_error_literal(error, MC_LINK_ERROR, MC_LINK_ERROR_NOT_SUPPORTED,
                            "Wi-Fi Direct reaches one sink at a time, and another has it");
        return -1;
    }
    if (!self->link.calls.Listen(context, config, &port, error))
        return -1;
    tell_listening(self, config, port);
    if (self->config.on_listening)
        self->config.on_listening(port, self->config.user_data);
    return is_stopped(self, error) ? -1 : self->link.calls.Wait(context, error);
}

/* The network first, where the sink is on it (no radio is given up for it); the reason why that did
 * not do is said before Wi-Fi Direct is tried. */
static int reach_any(McProjection *self, McLinkConfig *config, GError **error)
{
    g_autoptr(GError) why = NULL;

    g_strlcpy(config->kind, "mice", sizeof(config->kind));
    if (mc_mice_is_near(config->sink, &why)) {
        int fd = reach(self, config, &why);
        if (fd >= 0)
            return fd;
        if (g_atomic_int_get(&self->stop_wanted) || !mc_link_may_fall_back(why) ||
            mc_mice_is_address(config->sink)) {
            g_propagate_error(error, g_steal_pointer(&why));
            return -1;
        }
        self->link.calls.Leave(self->link.context);
    }
    g_autofree char *text = g_strdup_printf("Wi-Fi Direct, because over the network: %s",
                                            why ? why->message : "no sink of that name is on it");
    mc_report_step(self->report, "link", text);
    g_strlcpy(config->kind, "p2p", sizeof(config->kind));
    return reach(self, config, error);
}

static int tell_wait(McProjection *self, int fd, const GError *error)
{
    if (fd < 0 && !g_atomic_int_get(&self->stop_wanted))
        fail(self, mc_link_error_code(error->code), error);
    return fd;
}

static int wait_for_sink(McProjection *self)
{
    g_autoptr(GError) error = NULL;
    McLinkConfig config = link_config(self);
    int fd = strcmp(config.kind, "auto") ? reach(self, &config, &error)
                                         : reach_any(self, &config, &error);

    return tell_wait(self, fd, error);
}

static int wait_for_another(McProjection *self)
{
    g_autoptr(GError) error = NULL;
    const int fd = self->link.calls.Wait(self->link.context, &error);

    return tell_wait(self, fd, error);
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
        on_error(self->start.code, self->start.text, self);
    if (result == NOT_STARTED)
        fail(self, mc_runtime_error_code(error->code), error);
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

/* Until it is stopped, the sink's or the driver's end, or --duration. */
static void project(McProjection *self)
{
    const int64_t start_us = g_get_monotonic_time();
    int64_t now_us = start_us, next_us = now_us + STATISTICS_PERIOD_US;
    int64_t end_us = self->options->duration_s
                         ? now_us + (int64_t) self->options->duration_s * G_USEC_PER_SEC
                         : INT64_MAX;

    while (!g_atomic_int_get(&self->stop_wanted) && !g_atomic_int_get(&self->ended) &&
           now_us < end_us) {
        struct pollfd wake = {.fd = self->wake_fd, .events = POLLIN};
        follow_protect(self, (double) (now_us - start_us) / G_USEC_PER_SEC);
        int64_t until_us = MIN(MIN(next_us, end_us), next_protect_us(self, start_us));
        poll(&wake, 1, (int) (MAX(0, until_us - now_us) / 1000 + 1));
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
    int fd = wait_for_sink(self);

    while (fd >= 0 && (result = start_session(self, fd)) == NO_SINK)
        fd = wait_for_another(self);
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
    return self->trace ? true : fail(self, "usage.trace", error);
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
