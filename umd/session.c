/* SPDX-License-Identifier: MIT */
#include "umd/session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rtsp/source.h"
#include "umd/media.h"

#define STOP_PATIENCE_US (800 * G_TIME_SPAN_MILLISECOND) /* for M8; Stop has one second (C-21) */
#define START_LIMIT_US (20 * G_TIME_SPAN_SECOND)
#define MINIMUM_KBPS 2000 /* carries 1024x768 at 30 Hz (decision U31) */
#define MAX_COMMANDS 256  /* posted and not yet done */
#define READ_BYTES 16384

typedef enum {
    COMMAND_DISPLAY_MODE,
    COMMAND_MONITOR_POWER,
    COMMAND_AUDIO,
    COMMAND_FAILED
} CommandKind;

typedef struct {
    CommandKind kind;
    uint32_t width_px, height_px, fps;
    bool on;
    GError *error; /* COMMAND_FAILED: owned */
} Command;

struct McSession {
    McOs os;
    McUmdOptions options;
    MIRACAST_WFD_CONNECTION_STATS stats;
    int rtsp_fd, wake_fd;
    char local_ip[INET6_ADDRSTRLEN], peer_ip[INET6_ADDRSTRLEN];

    /* The session's thread only. */
    McWfdSource *source;
    McMedia *media; /* pointer: constant from start to free */
    McWfdWish wish;
    GByteArray *out; /* bytes that the socket did not take yet */
    bool caps_known, closed, monitor_reported, said_streaming;
    NTSTATUS failure;
    bool wish_pending;

    GThread *thread;
    GAsyncQueue *commands;
    gint stopping; /* atomic */

    GMutex lock; /* guards snapshot */
    McStatusSnapshot snapshot;
};

static void progress(McSession *self, const char *step, const char *text)
{
    if (self->options.on_progress)
        self->options.on_progress(step, text, self->options.user_data);
}

static void tell_error(McSession *self, const GError *error)
{
    const char *code = "session.failed";

    if (error->domain == MC_RTSP_ERROR)
        code = mc_rtsp_error_code(error->code);
    else if (error->domain == MC_ENCODER_ERROR)
        code = mc_encoder_error_code(error->code);
    if (self->options.on_error)
        self->options.on_error(code, error->message, self->options.user_data);
}

/* ---- commands from other threads ---- */

static void command_free(gpointer data)
{
    Command *command = data;

    g_clear_error(&command->error);
    g_free(command);
}

static NTSTATUS post(McSession *self, const Command *command)
{
    if (g_async_queue_length(self->commands) >= MAX_COMMANDS)
        return STATUS_INSUFFICIENT_RESOURCES;
    g_async_queue_push(self->commands, g_memdup2(command, sizeof(*command)));
    eventfd_write(self->wake_fd, 1);
    return STATUS_SUCCESS;
}

static void media_failed(const GError *error, void *user_data)
{
    Command command = {.kind = COMMAND_FAILED, .error = g_error_copy(error)};

    post(user_data, &command);
}

NTSTATUS mc_session_set_display_mode(McSession *self, const McMsgDisplayMode *message)
{
    return post(self, &(Command){.kind = COMMAND_DISPLAY_MODE,
                                 .width_px = message->width_px,
                                 .height_px = message->height_px,
                                 .fps = (message->refresh_mhz + 500) / 1000});
}

NTSTATUS mc_session_set_monitor_power(McSession *self, bool on)
{
    return post(self, &(Command){.kind = COMMAND_MONITOR_POWER, .on = on});
}

NTSTATUS mc_session_set_audio(McSession *self, bool active)
{
    return post(self, &(Command){.kind = COMMAND_AUDIO, .on = active});
}

NTSTATUS mc_session_control_encoder(McSession *self, const McMsgEncoderControl *message)
{
    if (message->flags & MC_ENCODER_SET_BITRATE)
        mc_media_set_bitrate(self->media, message->bitrate_kbps);
    if (message->flags & MC_ENCODER_FORCE_IDR)
        mc_media_force_idr(self->media);
    return STATUS_SUCCESS;
}

NTSTATUS mc_session_set_cursor(McSession *self, const McMsgCursor *message, const uint8_t *bgra)
{
    mc_media_set_cursor(self->media, message->x_px, message->y_px, message->visible, bgra,
                        message->width_px, message->height_px);
    return STATUS_SUCCESS;
}

void mc_session_set_bitrate(McSession *self, uint32_t kbps)
{
    mc_media_set_bitrate(self->media, kbps);
}

/* ---- snapshot ---- */

static void update_snapshot(McSession *self)
{
    const McWfdDecision *decision = mc_wfd_source_decision(self->source);
    McWfdCounters counters = mc_wfd_source_counters(self->source);

    g_mutex_lock(&self->lock);
    McStatusSnapshot *snap = &self->snapshot;
    snap->wfd_state = mc_wfd_source_state(self->source);
    if (decision && decision->n_video) {
        const McVideoMode *mode = &decision->video[decision->current_video].mode;
        snap->width_px = mode->width_px;
        snap->height_px = mode->height_px;
        snap->fps = mode->fps;
        snap->audio_codec =
            decision->n_audio ? decision->audio[decision->current_audio].codec : MC_AUDIO_NONE;
    }
    snap->idr_requests = counters.idr_requests;
    snap->keepalives_sent = counters.keepalives_sent;
    snap->keepalives_answered = counters.keepalives_answered;
    g_mutex_unlock(&self->lock);
}

void mc_session_snapshot(McSession *self, McStatusSnapshot *ret_snapshot)
{
    McStreamStats stats;

    mc_media_stats(self->media, &stats);
    g_mutex_lock(&self->lock);
    *ret_snapshot = self->snapshot;
    g_mutex_unlock(&self->lock);
    ret_snapshot->frames_in = stats.frames_in;
    ret_snapshot->frames_encoded = stats.frames_encoded;
    ret_snapshot->frames_dropped = stats.frames_dropped;
    ret_snapshot->idr_frames = stats.idr_frames;
    ret_snapshot->datagrams_sent = stats.datagrams_sent;
    ret_snapshot->bytes_sent = stats.bytes_sent;
    ret_snapshot->datagrams_dropped = stats.datagrams_dropped;
    ret_snapshot->bitrate_kbps = stats.bitrate_kbps;
    ret_snapshot->convert_us = stats.convert_us;
    ret_snapshot->encode_us = stats.encode_us;
    ret_snapshot->mux_us = stats.mux_us;
    ret_snapshot->send_us = stats.send_us;
    g_strlcpy(ret_snapshot->encoder, stats.encoder, sizeof(ret_snapshot->encoder));
}

/* ---- monitor ---- */

static bool monitor_connected(const McWfdCaps *caps)
{
    return caps->connector != -1 || caps->edid_bytes > 0;
}

static void report_monitor(McSession *self)
{
    const McWfdCaps *caps = mc_wfd_source_caps(self->source);
    size_t edid = MIN(caps->edid_bytes & ~(size_t) 127, MC_EDID_MAX_BYTES);
    size_t size = sizeof(McIoctlMonitorArrive) + edid;
    g_autofree McIoctlMonitorArrive *request = g_malloc0(size);

    mc_os_ioctl_header(&request->header, MC_IOCTL_MONITOR_ARRIVE, (uint32_t) size);
    /* WFD's connector table names HDMI 5 as the DDI does; 15 is a sink built into the display. */
    request->connector = caps->connector == 5 ? 5 : 15;
    request->edid_bytes = (uint32_t) edid;
    g_strlcpy(request->name, caps->friendly_name[0] ? caps->friendly_name : caps->model,
              sizeof(request->name));
    if (edid)
        memcpy((uint8_t *) request + sizeof(*request), caps->edid, edid);
    mc_os_report_event(&self->os, MIRACAST_PROTOCOL_EVENT_MONITOR_ARRIVE);
    mc_os_io_control(&self->os, request, (UINT) size, NULL, 0, NULL);
    self->monitor_reported = true;
}

static void report_departure(McSession *self)
{
    McIoctlMonitorDepart request;

    mc_os_ioctl_header(&request.header, MC_IOCTL_MONITOR_DEPART, sizeof(request));
    mc_os_report_event(&self->os, MIRACAST_PROTOCOL_EVENT_MONITOR_DEPART);
    mc_os_io_control(&self->os, &request, sizeof(request), NULL, 0, NULL);
    self->monitor_reported = false;
}

static void report_modes(McSession *self)
{
    const McWfdDecision *decision = mc_wfd_source_decision(self->source);
    struct {
        McIoctlTargetModes head;
        McTargetMode mode[MC_MAX_ALTERNATIVES];
    } request = {0};
    uint32_t size = (uint32_t) (sizeof(request.head) + decision->n_video * sizeof(McTargetMode));

    mc_os_ioctl_header(&request.head.header, MC_IOCTL_TARGET_MODES, size);
    request.head.count = decision->n_video;
    request.head.current = decision->current_video;
    for (unsigned i = 0; i < decision->n_video; i++) {
        const McVideoMode *mode = &decision->video[i].mode;
        request.mode[i] = (McTargetMode){mode->width_px, mode->height_px, mode->fps * 1000u};
    }
    mc_os_io_control(&self->os, &request, size, NULL, 0, NULL);
}

/* ---- events of the source machine ---- */

static void close_failed(McSession *self, const GError *error)
{
    if (self->closed)
        return;
    tell_error(self, error);
    self->failure = STATUS_UNSUCCESSFUL;
    mc_wfd_source_teardown(self->source, g_get_monotonic_time());
}

static void on_caps(McSession *self)
{
    const McWfdDecision *decision = mc_wfd_source_decision(self->source);

    self->caps_known = true;
    progress(self, "capabilities", decision ? decision->reason : "");
}

static void on_play(McSession *self)
{
    const McWfdDecision *decision = mc_wfd_source_decision(self->source);
    const McWfdTransport *transport = mc_wfd_source_transport(self->source);
    const McVideoMode *mode = &decision->video[decision->current_video].mode;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(
        "%ux%u at %u, sound %s, to %s:%u", mode->width_px, mode->height_px, mode->fps,
        decision->n_audio ? decision->audio[decision->current_audio].line : "none", self->peer_ip,
        transport->client_rtp_port);

    report_modes(self);
    if (!mc_media_play(self->media, self->peer_ip, transport->client_rtp_port, decision, &error)) {
        close_failed(self, error);
        return;
    }
    progress(self, "play", text);
}

static void on_mode(McSession *self)
{
    const McWfdDecision *decision = mc_wfd_source_decision(self->source);
    const McVideoMode *mode = &decision->video[decision->current_video].mode;
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        g_strdup_printf("%ux%u at %u", mode->width_px, mode->height_px, mode->fps);

    report_modes(self);
    if (!mc_media_set_mode(self->media, decision, &error))
        close_failed(self, error);
    else
        progress(self, "mode", text);
}

static void on_closed(McSession *self, const McWfdEvent *event)
{
    MIRACAST_STATUS status = MIRACAST_STATUS_CRITICAL_ERROR;

    self->closed = true;
    if (event->error && g_error_matches(event->error, MC_RTSP_ERROR, MC_RTSP_ERROR_KEEPALIVE))
        status = MIRACAST_STATUS_MISSING_KEEPALIVE;
    else if (event->value == MC_WFD_CLOSE_SINK)
        status = MIRACAST_STATUS_SINK_DISOCNNECT_REQUEST;
    else if (event->error &&
             g_error_matches(event->error, MC_RTSP_ERROR, MC_RTSP_ERROR_NO_COMMON_FORMAT))
        status = MIRACAST_STATUS_SINK_FAILED_STANDARD_MODE_CHANGE;
    if (!self->failure)
        self->failure = event->error ? STATUS_CONNECTION_RESET : STATUS_CANCELLED;
    if (g_atomic_int_get(&self->stopping)) {
        progress(self, "teardown", event->error ? "the sink did not answer" : "done");
        return;
    }
    if (event->error)
        tell_error(self, event->error);
    else
        progress(self, "teardown", event->text[0] ? event->text : "the sink ended the session");
    mc_media_pause(self->media);
    if (self->thread) /* during Start its result says it (U13) */
        mc_os_report_status(&self->os, status, self->failure);
}

static void on_connector(McSession *self, int connector)
{
    if (connector == -1 && self->monitor_reported)
        report_departure(self);
    else if (connector >= 0 && !self->monitor_reported && self->thread)
        report_monitor(self);
}

static void on_event(McSession *self, const McWfdEvent *event)
{
    switch (event->type) {
    case MC_WFD_EVENT_CAPS:
        on_caps(self);
        break;
    case MC_WFD_EVENT_SETUP:
        progress(self, "setup", "the sink asked for the stream");
        break;
    case MC_WFD_EVENT_PLAY:
        on_play(self);
        break;
    case MC_WFD_EVENT_PAUSE:
        mc_media_pause(self->media);
        progress(self, "pause", "the sink paused the stream");
        break;
    case MC_WFD_EVENT_MODE:
        on_mode(self);
        break;
    case MC_WFD_EVENT_FORCE_IDR:
        mc_os_report_event(&self->os, MIRACAST_PROTOCOL_EVENT_IFRAME_RQ);
        mc_media_force_idr(self->media);
        break;
    case MC_WFD_EVENT_CONNECTOR:
        on_connector(self, event->value);
        break;
    case MC_WFD_EVENT_ALTERNATIVE:
        progress(self, "alternative", event->text);
        break;
    case MC_WFD_EVENT_CLOSED:
        on_closed(self, event);
        break;
    case MC_WFD_EVENT_ROUTE:
    case MC_WFD_EVENT_UIBC:
    case MC_WFD_EVENT_AUDIO_MUTE:
        g_debug("sink's request %d noted: %s", event->type, event->text);
        break;
    }
}

/* ---- commands, on the session's thread ---- */

static void apply_wish(McSession *self)
{
    g_autoptr(GError) error = NULL;
    McWfdState state = mc_wfd_source_state(self->source);

    if (state != MC_WFD_STATE_PLAYING && state != MC_WFD_STATE_PAUSED)
        return; /* stays pending until the machine is there */
    self->wish_pending = false;
    if (!mc_wfd_source_renegotiate(self->source, &self->wish, g_get_monotonic_time(), &error))
        progress(self, "mode", error->message);
}

static void set_power(McSession *self, bool on)
{
    int64_t now_us = g_get_monotonic_time();

    /* Standby where both sides know it, else PAUSE: the picture goes dark either way (C-63). */
    if (on)
        mc_wfd_source_play(self->source, now_us, NULL);
    else if (!mc_wfd_source_standby(self->source, now_us, NULL))
        mc_wfd_source_pause(self->source, now_us, NULL);
}

static void run_command(McSession *self, Command *command)
{
    switch (command->kind) {
    case COMMAND_DISPLAY_MODE:
        self->wish.desktop_width_px = command->width_px;
        self->wish.desktop_height_px = command->height_px;
        self->wish_pending = true;
        break;
    case COMMAND_MONITOR_POWER:
        set_power(self, command->on);
        break;
    case COMMAND_AUDIO:
        self->wish.audio = command->on;
        break;
    case COMMAND_FAILED:
        close_failed(self, command->error);
        mc_os_report_status(&self->os, MIRACAST_STATUS_CRITICAL_ERROR, STATUS_UNSUCCESSFUL);
        break;
    }
    command_free(command);
}

/* ---- the loop ---- */

static void write_out(McSession *self)
{
    while (self->out->len > 0) {
        ssize_t n =
            send(self->rtsp_fd, self->out->data, self->out->len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* full: poll says when; broken: reading says so */
        g_byte_array_remove_range(self->out, 0, (guint) n);
    }
}

/* Each message goes with one write: simple sinks read one message a recv() (wfd-rtsp 1). */
static void drain_machine(McSession *self)
{
    GBytes *bytes;
    McWfdEvent event;

    while (mc_wfd_source_next_output(self->source, &bytes)) {
        g_byte_array_append(self->out, g_bytes_get_data(bytes, NULL),
                            (guint) g_bytes_get_size(bytes));
        g_bytes_unref(bytes);
        write_out(self);
    }
    while (mc_wfd_source_next_event(self->source, &event)) {
        on_event(self, &event);
        mc_wfd_event_clear(&event);
    }
    if (self->wish_pending)
        apply_wish(self);
    update_snapshot(self);
}

static void read_socket(McSession *self)
{
    uint8_t buffer[READ_BYTES];
    ssize_t n = recv(self->rtsp_fd, buffer, sizeof(buffer), MSG_DONTWAIT);

    if (n > 0)
        mc_wfd_source_feed(self->source, buffer, (size_t) n, g_get_monotonic_time());
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        mc_wfd_source_eof(self->source, g_get_monotonic_time());
}

static void iterate(McSession *self, int64_t limit_us)
{
    int64_t until_us = MIN(mc_wfd_source_deadline(self->source), limit_us);
    int64_t wait_us = until_us - g_get_monotonic_time();
    struct pollfd fds[2] = {
        {.fd = self->rtsp_fd, .events = (short) (POLLIN | (self->out->len ? POLLOUT : 0))},
        {.fd = self->wake_fd, .events = POLLIN}};
    int wait_ms = until_us == INT64_MAX ? -1 : (int) CLAMP((wait_us + 999) / 1000, 0, 60000);

    poll(fds, 2, wait_ms);
    if (fds[1].revents) {
        eventfd_t ignored;
        eventfd_read(self->wake_fd, &ignored);
    }
    for (Command *c; (c = g_async_queue_try_pop(self->commands));)
        run_command(self, c);
    if (fds[0].revents & POLLOUT)
        write_out(self);
    if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
        read_socket(self);
    mc_wfd_source_time(self->source, g_get_monotonic_time());
    drain_machine(self);
}

static gpointer run_session(gpointer user_data)
{
    McSession *self = user_data;
    int64_t stop_by_us = INT64_MAX;

    /* Start has returned when this I/O control comes through: the DDI holds it until then (C-17).
     */
    if (monitor_connected(mc_wfd_source_caps(self->source)))
        report_monitor(self);
    mc_wfd_source_proceed(self->source, g_get_monotonic_time(), NULL);
    drain_machine(self);
    while (!self->closed && g_get_monotonic_time() < stop_by_us) {
        if (g_atomic_int_get(&self->stopping) && stop_by_us == INT64_MAX) {
            stop_by_us = g_get_monotonic_time() + STOP_PATIENCE_US;
            mc_media_stop(self->media); /* traffic ends first (C-19) */
            mc_wfd_source_teardown(self->source, g_get_monotonic_time());
            drain_machine(self);
            continue;
        }
        iterate(self, stop_by_us);
    }
    return NULL;
}

/* ---- life ---- */

McSession *mc_session_new(const McOs *os, const McUmdOptions *options, int rtsp_fd,
                          const MIRACAST_WFD_CONNECTION_STATS *stats)
{
    McSession *self = g_new0(McSession, 1);

    self->os = *os;
    self->options = *options;
    self->rtsp_fd = rtsp_fd;
    if (stats)
        self->stats = *stats;
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->out = g_byte_array_new();
    self->commands = g_async_queue_new_full(command_free);
    g_mutex_init(&self->lock);
    self->snapshot.size = sizeof(self->snapshot);
    self->snapshot.version = MC_STATUS_VERSION;
    return self;
}

void mc_session_free(McSession *self)
{
    if (!self)
        return;
    mc_session_stop(self);
    mc_media_free(self->media);
    mc_wfd_source_free(self->source);
    g_byte_array_unref(self->out);
    g_async_queue_unref(self->commands);
    if (self->wake_fd >= 0)
        close(self->wake_fd);
    g_mutex_clear(&self->lock);
    g_free(self);
}

static bool address_text(const struct sockaddr_storage *addr, char *text)
{
    const void *bytes = addr->ss_family == AF_INET
                            ? (const void *) &((const struct sockaddr_in *) addr)->sin_addr
                            : (const void *) &((const struct sockaddr_in6 *) addr)->sin6_addr;

    return (addr->ss_family == AF_INET || addr->ss_family == AF_INET6) &&
           inet_ntop(addr->ss_family, bytes, text, INET6_ADDRSTRLEN) != NULL;
}

/* The sink's address and ours, from the socket itself (C-18). */
static bool read_addresses(McSession *self)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr);
    int one = 1;

    if (getpeername(self->rtsp_fd, (struct sockaddr *) &addr, &len) < 0 ||
        !address_text(&addr, self->peer_ip))
        return false;
    len = sizeof(addr);
    if (getsockname(self->rtsp_fd, (struct sockaddr *) &addr, &len) < 0 ||
        !address_text(&addr, self->local_ip))
        return false;
    setsockopt(self->rtsp_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return true;
}

static uint32_t link_kbps(const MIRACAST_WFD_CONNECTION_STATS *stats)
{
    uint64_t least = 0;

    for (const UINT64 *rate = &stats->CurrentBitRate; rate <= &stats->RemoteMaxBitRate; rate++)
        if (*rate && (!least || *rate < least))
            least = *rate; /* of those that are known (U44) */
    return (uint32_t) MIN(least / 1000, UINT32_MAX);
}

static void make_wish(McSession *self)
{
    McDisplayInfo display = {0};
    bool sound = strcmp(self->options.audio, "none") != 0;

    mc_os_query_display(&self->os, &display);
    self->wish = (McWfdWish){.desktop_width_px = display.width_px,
                             .desktop_height_px = display.height_px,
                             .max_fps = (display.refresh_mhz + 500) / 1000,
                             .mode_width_px = self->options.mode_width_px,
                             .mode_height_px = self->options.mode_height_px,
                             .mode_fps = self->options.mode_fps,
                             .bitrate_kbps = link_kbps(&self->stats),
                             .allow_chp = self->options.high_profile,
                             .audio = sound,
                             .audio_codecs = 1u << MC_AUDIO_LPCM | 1u << MC_AUDIO_AAC};
}

static void make_source(McSession *self)
{
    McWfdSourceConfig config = {.server_rtp_port = mc_media_rtp_port(self->media),
                                .wish = self->wish,
                                .hold_after_caps = true,
                                .keepalive_period_us =
                                    (int64_t) self->options.keepalive_s * G_USEC_PER_SEC,
                                .response_timeout_us = (int64_t) self->options.response_ms * 1000,
                                .random = g_random_int()};

    g_strlcpy(config.local_ip, self->local_ip, sizeof(config.local_ip));
    self->source = mc_wfd_source_new(&config, g_get_monotonic_time());
    if (self->options.on_trace)
        mc_wfd_source_set_trace(self->source, self->options.on_trace, self->options.user_data);
}

static NTSTATUS negotiate(McSession *self)
{
    int64_t limit_us = g_get_monotonic_time() + START_LIMIT_US;

    progress(self, "negotiate", self->peer_ip);
    drain_machine(self);
    while (!self->closed && !self->caps_known && g_get_monotonic_time() < limit_us)
        iterate(self, limit_us);
    if (self->closed)
        return self->failure;
    return self->caps_known ? STATUS_SUCCESS : STATUS_IO_TIMEOUT;
}

NTSTATUS mc_session_start(McSession *self, MIRACAST_SESSION_INFO *ret_info)
{
    g_autoptr(GError) error = NULL;

    if (self->wake_fd < 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!read_addresses(self))
        return STATUS_INVALID_PARAMETER;
    self->media =
        mc_media_new(&self->os, &self->options, self->local_ip, media_failed, self, &error);
    if (!self->media) {
        tell_error(self, error);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    make_wish(self);
    make_source(self);
    NTSTATUS status = negotiate(self);
    if (!NT_SUCCESS(status))
        return status;

    bool monitor = monitor_connected(mc_wfd_source_caps(self->source));
    if (monitor && self->wish.bitrate_kbps && self->wish.bitrate_kbps < MINIMUM_KBPS)
        return STATUS_DEVICE_INSUFFICIENT_RESOURCES;
    *ret_info = (MIRACAST_SESSION_INFO){.Value = 0};
    ret_info->MonitorConnected = monitor;
    self->thread = g_thread_new("mc-session", run_session, self);
    return STATUS_SUCCESS;
}

void mc_session_stop(McSession *self)
{
    g_atomic_int_set(&self->stopping, 1);
    if (self->thread) {
        eventfd_write(self->wake_fd, 1);
        g_thread_join(g_steal_pointer(&self->thread));
    }
    if (self->media) /* the session's thread may have ended before, with the sink */
        mc_media_stop(self->media);
}
