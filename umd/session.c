/* SPDX-License-Identifier: MIT */
#include "umd/session.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "encoder/srtp.h"
#include "umd/hdcp/error.h"
#include "umd/session-private.h"
#include "umd/session-wish.h"

#define STOP_PATIENCE_US (800 * G_TIME_SPAN_MILLISECOND) /* for M8; Stop has one second (C-21) */
#define START_LIMIT_US (20 * G_TIME_SPAN_SECOND)
#define HDCP_LIMIT_US (4 * G_TIME_SPAN_SECOND) /* sinks wait some six seconds for M4 */
#define STARVED_KBPS 500                       /* what the rate control goes down to */
#define STARVED_NOTICES 3                      /* of the link's rate, one a second */
#define SLEPT_US (1 * G_TIME_SPAN_SECOND)      /* later than that is no matter of load */

void mc_session_progress(McSession *self, const char *step, const char *text)
{
    if (self->options.on_progress)
        self->options.on_progress(step, text, self->options.user_data);
}

void mc_session_tell_error(McSession *self, const GError *error)
{
    const char *code = "session.failed";

    if (error->domain == MC_LINK_ERROR)
        code = mc_link_error_code(error->code);
    else if (error->domain == MC_RTSP_ERROR)
        code = mc_rtsp_error_code(error->code);
    else if (error->domain == MC_ENCODER_ERROR)
        code = mc_encoder_error_code(error->code);
    else if (error->domain == MC_SRTP_ERROR)
        code = mc_srtp_error_code(error->code);
    else if (error->domain == MC_HDCP_ERROR)
        code = mc_hdcp_error_code(error->code);
    else if (error->domain == G_FILE_ERROR)
        code = "stream.sdp";
    if (self->options.on_error)
        self->options.on_error(code, error->message, self->options.user_data);
}

/* ---- commands from other threads ---- */

static void media_failed(const GError *error, void *user_data)
{
    McCommand command = {.kind = MC_COMMAND_FAILED, .error = g_error_copy(error)};

    mc_session_commands_post(&((McSession *) user_data)->commands, &command);
}

NTSTATUS mc_session_set_display_mode(McSession *self, const McMsgDisplayMode *message)
{
    return mc_session_commands_post(&self->commands,
                                    &(McCommand){.kind = MC_COMMAND_DISPLAY_MODE,
                                                 .width_px = message->width_px,
                                                 .height_px = message->height_px,
                                                 .fps = (message->refresh_mhz + 500) / 1000});
}

NTSTATUS mc_session_set_monitor_power(McSession *self, bool on)
{
    return mc_session_commands_post(&self->commands,
                                    &(McCommand){.kind = MC_COMMAND_MONITOR_POWER, .on = on});
}

NTSTATUS mc_session_set_audio(McSession *self, bool active)
{
    return mc_session_commands_post(&self->commands,
                                    &(McCommand){.kind = MC_COMMAND_AUDIO, .on = active});
}

NTSTATUS mc_session_set_input(McSession *self, bool allowed)
{
    return mc_session_commands_post(&self->commands,
                                    &(McCommand){.kind = MC_COMMAND_INPUT, .on = allowed});
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

NTSTATUS mc_session_protect_content(McSession *self, const McMsgContentProtection *message)
{
    return mc_protection_want(self->protection, message->protect, message->hdcp_type)
               ? STATUS_SUCCESS
               : STATUS_NOT_SUPPORTED;
}

/* Below this no mode is a picture any more; one notice alone may be a hiccup (C-73). */
void mc_session_set_bitrate(McSession *self, uint32_t kbps)
{
    self->starved = kbps < STARVED_KBPS ? self->starved + 1 : 0;
    if (self->starved == STARVED_NOTICES)
        mc_session_commands_post(&self->commands, &(McCommand){.kind = MC_COMMAND_STARVED});
    mc_media_set_bitrate(self->media, MAX(kbps, STARVED_KBPS));
}

void mc_session_radio(McSession *self, const McRadioNotice *notice)
{
    mc_session_commands_post(&self->commands,
                             &(McCommand){.kind = MC_COMMAND_RADIO, .radio = *notice});
}

void mc_session_snapshot(McSession *self, McStatusSnapshot *ret_snapshot)
{
    mc_session_status_read(&self->status, self->media, ret_snapshot);
}

/* ---- commands, on the session's thread ---- */

static void follow_link(McSession *self, int64_t now_us)
{
    McVideoMode mode;

    if (now_us < mc_adapt_deadline_us(self->adapt))
        return;
    mc_adapt_time(self->adapt, mc_wfd_source_decision(self->source),
                  mc_wfd_source_counters(self->source).idr_requests, now_us);
    mc_session_follow_sound(self);
    if (!mc_adapt_take_wish(self->adapt, &mode))
        return;
    self->wish.mode_width_px = mode.width_px;
    self->wish.mode_height_px = mode.height_px;
    self->wish.mode_fps = mode.fps;
    self->wish_pending = true;
}

static void apply_wish(McSession *self)
{
    g_autoptr(GError) error = NULL;
    McWfdState state = mc_wfd_source_state(self->source);

    if (state != MC_WFD_STATE_PLAYING && state != MC_WFD_STATE_PAUSED)
        return; /* stays pending until the machine is there */
    self->wish_pending = false;
    if (!mc_wfd_source_renegotiate(self->source, &self->wish, g_get_monotonic_time(), &error))
        mc_session_progress(self, "mode", error->message);
}

static void set_power(McSession *self, bool on)
{
    int64_t now_us = g_get_monotonic_time();

    /* Standby where both sides know it, else PAUSE: the picture goes dark either way (C-63). The
     * display path knows of it: presents go on (C-64). */
    self->dark = !on;
    if (on)
        mc_wfd_source_play(self->source, now_us, NULL);
    else if (!mc_wfd_source_standby(self->source, now_us, NULL))
        mc_wfd_source_pause(self->source, now_us, NULL);
}

static void starve(McSession *self)
{
    if (self->options.on_error)
        self->options.on_error("link.too-slow", "the link carries no picture any more",
                               self->options.user_data);
    mc_os_report_status(&self->os, MIRACAST_STATUS_INSUFFICIENT_BANDWIDTH, STATUS_IO_TIMEOUT);
}

static void run_command(McSession *self, McCommand *command)
{
    switch (command->kind) {
    case MC_COMMAND_DISPLAY_MODE:
        self->wish.desktop_width_px = command->width_px;
        self->wish.desktop_height_px = command->height_px;
        self->wish_pending = true;
        mc_session_update_input(self);
        break;
    case MC_COMMAND_MONITOR_POWER:
        set_power(self, command->on);
        break;
    case MC_COMMAND_AUDIO:
        self->wish.audio = command->on;
        self->desktop_silent = !command->on;
        mc_session_update_mute(self);
        break;
    case MC_COMMAND_INPUT:
        mc_session_allow_input(self, command->on);
        mc_session_progress(self, "input",
                            command->on ? "the sink's input is let in"
                                        : "the sink's input is not taken");
        break;
    case MC_COMMAND_RADIO:
        mc_feedback_radio(mc_adapt_feedback(self->adapt), &command->radio);
        break;
    case MC_COMMAND_STARVED:
        starve(self);
        break;
    case MC_COMMAND_FAILED:
        mc_session_close_failed(self, command->error);
        mc_os_report_status(&self->os, MIRACAST_STATUS_CRITICAL_ERROR, STATUS_UNSUCCESSFUL);
        break;
    }
    mc_command_free(command);
}

/* ---- the loop ---- */

static void drain_outputs(McSession *self)
{
    if (!mc_rtsp_socket_write(&self->socket, self->source) && !self->closed)
        mc_wfd_source_unread(self->source);
}

/* Until it has answered M1 it may be anyone, who is no news and keeps no other out. */
static void meet_sink(McSession *self)
{
    if (self->met || !mc_wfd_source_is_met(self->source))
        return;
    self->met = true;
    if (self->link)
        mc_link_settle(self->link);
    mc_session_progress(self, "negotiate", self->socket.peer_ip);
}

/* Media stops before a PAUSE or TEARDOWN is answered, and starts after a PLAY was. Events may make
 * new messages: those go out before this returns. */
static void drain_machine(McSession *self)
{
    McWfdEvent event;

    if (self->wish_pending)
        apply_wish(self);
    meet_sink(self);
    while (mc_wfd_source_next_event(self->source, &event)) {
        if (event.type == MC_WFD_EVENT_PLAY)
            drain_outputs(self);
        mc_session_on_event(self, &event);
        mc_wfd_event_clear(&event);
    }
    drain_outputs(self);
    mc_session_status_update(&self->status, self->source, self->adapt, self->life);
}

/* This process was stopped, or its machine, or this thread had work that took long: what the sink
 * said meanwhile waits here, and what it was to do, it may not have been able to. */
static void wake_up(McSession *self, int64_t slept_us)
{
    g_autofree char *text =
        g_strdup_printf("this program did not get on for %.1f s; that is not held against the sink",
                        (double) slept_us / G_USEC_PER_SEC);

    self->slept_us += slept_us;
    mc_wfd_source_slept(self->source, slept_us);
    mc_feedback_slept(mc_adapt_feedback(self->adapt));
    mc_life_slept(self->life, slept_us);
    mc_media_force_idr(self->media);
    mc_session_progress(self, "slept", text);
}

static void look_at_clock(McSession *self, int64_t waited_us)
{
    const int64_t now_us = g_get_monotonic_time(), last_us = self->looked_us;

    self->looked_us = now_us;
    if (last_us && now_us - last_us - waited_us > SLEPT_US)
        wake_up(self, now_us - last_us - waited_us);
}

static void iterate(McSession *self, int64_t limit_us)
{
    int64_t next_us = MIN(mc_wfd_source_deadline_us(self->source),
                          MIN(mc_adapt_deadline_us(self->adapt), mc_life_deadline_us(self->life)));
    int64_t until_us = MIN(next_us, limit_us);
    int64_t wait_us = until_us - g_get_monotonic_time();
    struct pollfd fds[3] = {
        {.fd = self->socket.fd, .events = mc_rtsp_socket_events(&self->socket)},
        {.fd = self->commands.wake_fd, .events = POLLIN},
        {.fd = mc_feedback_fd(mc_adapt_feedback(self->adapt)), .events = POLLIN}};
    int wait_ms = until_us == INT64_MAX ? -1 : (int) CLAMP((wait_us + 999) / 1000, 0, 60000);

    poll(fds, G_N_ELEMENTS(fds), wait_ms);
    look_at_clock(self, wait_ms < 0 ? INT64_MAX / 2 : (int64_t) wait_ms * 1000);
    if (fds[1].revents)
        mc_session_commands_woken(&self->commands);
    for (McCommand *c; (c = mc_session_commands_next(&self->commands));)
        run_command(self, c);
    if (fds[0].revents & POLLOUT)
        mc_rtsp_socket_flush(&self->socket);
    if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
        mc_rtsp_socket_read(&self->socket, self->source);
    if (fds[2].revents)
        mc_feedback_read(mc_adapt_feedback(self->adapt));
    follow_link(self, g_get_monotonic_time());
    if (mc_life_time(self->life, self->source, mc_adapt_feedback(self->adapt),
                     g_get_monotonic_time(), &self->wish))
        self->wish_pending = true;
    mc_wfd_source_time(self->source, g_get_monotonic_time());
    drain_machine(self);
}

/* What the sink can be shown must be known before it is told to set the stream up (M5); what is
 * withheld is no reason to fail. */
static void wait_for_protection(McSession *self)
{
    const int64_t limit_us = g_get_monotonic_time() + HDCP_LIMIT_US;

    while (!self->closed && !g_atomic_int_get(&self->stopping) &&
           !mc_protection_settled(self->protection) && g_get_monotonic_time() < limit_us)
        iterate(self, limit_us);
}

static void protection_settled(void *user_data)
{
    mc_session_commands_wake(&((McSession *) user_data)->commands);
}

static gpointer run_session(gpointer user_data)
{
    McSession *self = user_data;
    int64_t stop_by_us = INT64_MAX;

    /* Start has returned when this I/O control comes through: the DDI holds it until then (C-17).
     */
    if (mc_monitor_is_connected(mc_wfd_source_caps(self->source)))
        mc_monitor_arrive(&self->monitor, mc_wfd_source_caps(self->source));
    wait_for_protection(self);
    mc_wfd_source_proceed(self->source, g_get_monotonic_time(), NULL);
    drain_machine(self);
    while (!self->closed && g_get_monotonic_time() < stop_by_us) {
        if (g_atomic_int_get(&self->stopping) && stop_by_us == INT64_MAX) {
            stop_by_us = g_get_monotonic_time() + STOP_PATIENCE_US;
            mc_adapt_stop(self->adapt, true);
            mc_media_stop(self->media); /* traffic ends first (C-19) */
            mc_wfd_source_teardown(self->source, g_get_monotonic_time());
            drain_machine(self);
            continue;
        }
        iterate(self, stop_by_us);
    }
    mc_monitor_pause(&self->monitor, false); /* the next session's sink has paused nothing */
    return NULL;
}

/* ---- life ---- */

McSession *mc_session_new(const McOs *os, const McUmdOptions *options, McLink *link, int rtsp_fd,
                          const MIRACAST_WFD_CONNECTION_STATS *stats)
{
    McSession *self = g_try_new0(McSession, 1);

    if (!self)
        return NULL;
    self->os = *os;
    self->options = *options;
    self->link = link;
    if (stats)
        self->stats = *stats;
    self->monitor.os = &self->os;
    mc_rtsp_socket_init(&self->socket, rtsp_fd);
    mc_session_commands_init(&self->commands);
    mc_session_status_init(&self->status);
    return self;
}

void mc_session_free(McSession *self)
{
    if (!self)
        return;
    mc_session_stop(self);
    mc_life_free(self->life);
    mc_adapt_free(self->adapt);
    mc_media_free(self->media);
    mc_protection_free(self->protection);
    mc_wfd_source_free(self->source);
    mc_rtsp_socket_clear(&self->socket);
    mc_session_commands_clear(&self->commands);
    mc_session_status_clear(&self->status);
    g_free(self);
}

/* On the input channel's thread. */
static void input_refused(void *user_data)
{
    mc_session_set_input(user_data, false);
}

static void make_source(McSession *self)
{
    McWfdSourceConfig config = {.server_rtp_port = mc_media_rtp_port(self->media),
                                .uibc_port = self->uibc ? mc_uibc_port(self->uibc) : 0,
                                .wish = self->wish,
                                .hold_after_caps = true,
                                .keepalive_period_us =
                                    (int64_t) self->options.keepalive_s * G_USEC_PER_SEC,
                                .response_timeout_us = (int64_t) self->options.response_ms * 1000,
                                .answer_gap_us = MC_WFD_ANSWER_GAP_US,
                                .random = g_random_int()};

    McLinkPeer peer = {0};

    g_strlcpy(config.local_ip, self->socket.local_ip, sizeof(config.local_ip));
    if (self->link && mc_link_peer(self->link, &peer)) {
        g_strlcpy(config.device_name, peer.name, sizeof(config.device_name));
        memcpy(config.device_info, peer.device_info, sizeof(config.device_info));
    }
    self->source = mc_wfd_source_new(&config, g_get_monotonic_time());
    if (self->options.on_trace)
        mc_wfd_source_set_trace(self->source, self->options.on_trace, self->options.user_data);
}

static NTSTATUS negotiate(McSession *self)
{
    int64_t limit_us = g_get_monotonic_time() + START_LIMIT_US;

    drain_machine(self);
    while (!self->closed && !self->caps_known && g_get_monotonic_time() < limit_us + self->slept_us)
        iterate(self, limit_us + self->slept_us);
    if (self->closed)
        return self->failure;
    return self->caps_known ? STATUS_SUCCESS : STATUS_IO_TIMEOUT;
}

/* What the sink sends by itself: receiver reports, and its input where a person agreed to it. */
static void open_ports(McSession *self)
{
    if (!self->link)
        return;
    mc_link_open_port(self->link, false, (uint16_t) (mc_media_rtp_port(self->media) + 1));
    if (self->uibc)
        mc_link_open_port(self->link, true, mc_uibc_port(self->uibc));
}

NTSTATUS mc_session_start(McSession *self, MIRACAST_SESSION_INFO *ret_info)
{
    g_autoptr(GError) error = NULL;

    if (self->commands.wake_fd < 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!mc_rtsp_socket_open(&self->socket)) /* who dialled in may have gone already */
        return errno == ENOTCONN ? STATUS_INVALID_NETWORK_RESPONSE : STATUS_INVALID_PARAMETER;
    self->media =
        mc_media_new(&self->os, &self->options, self->socket.local_ip, media_failed, self, &error);
    if (!self->media) {
        mc_session_tell_error(self, error);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    mc_media_set_link(self->media, self->link);
    self->protection =
        mc_protection_new(&self->options, self->media, protection_settled, self, &error);
    if (!self->protection) {
        mc_session_tell_error(self, error);
        return STATUS_INVALID_PARAMETER;
    }
    self->adapt = mc_adapt_new(&self->os, &self->options, self->media, self->socket.peer_ip);
    self->life = mc_life_new(&self->options, self->media, self->socket.fd);
    self->wish = mc_session_wish(&self->os, &self->options, &self->stats);
    if (self->options.input)
        self->uibc = mc_uibc_new(&self->os, self->link, self->socket.local_ip, self->socket.peer_ip,
                                 input_refused, self);
    open_ports(self);
    make_source(self);
    NTSTATUS status = negotiate(self);
    if (!NT_SUCCESS(status))
        return status;

    /* Before the session's thread, to which the machine belongs from then on. */
    bool monitor = mc_monitor_is_connected(mc_wfd_source_caps(self->source));
    bool reduced = mc_session_wish_is_reduced(&self->wish, self->source);
    if (monitor && mc_session_wish_is_hopeless(&self->wish))
        return STATUS_DEVICE_INSUFFICIENT_RESOURCES;
    self->started = true; /* before the thread is: it may end at once */
    self->thread = g_thread_try_new("mc-session", run_session, self, NULL);
    if (!self->thread)
        return STATUS_INSUFFICIENT_RESOURCES;
    *ret_info = (MIRACAST_SESSION_INFO){.Value = 0};
    ret_info->MonitorConnected = monitor;
    ret_info->ReducedModeListDueToBandwidth = reduced;
    return STATUS_SUCCESS;
}

void mc_session_stop(McSession *self)
{
    g_atomic_int_set(&self->stopping, 1);
    if (self->thread) {
        mc_session_commands_wake(&self->commands);
        g_thread_join(g_steal_pointer(&self->thread));
    }
    g_clear_pointer(&self->uibc, mc_uibc_free);
    if (self->media) /* the session's thread may have ended before, with the sink */
        mc_media_stop(self->media);
    if (self->protection)
        mc_protection_stop(self->protection);
}
