/* SPDX-License-Identifier: MIT */
/* What the source machine says, and what the session does about it. */
#include "umd/session-private.h"

void mc_session_close_failed(McSession *self, const GError *error)
{
    if (self->closed)
        return;
    mc_session_tell_error(self, error);
    self->failure = STATUS_UNSUCCESSFUL;
    mc_wfd_source_teardown(self->source, g_get_monotonic_time());
}

/* What this sink needed the last time. */
static void recall_sink(McSession *self)
{
    g_autofree char *text = NULL;
    McWfdWish wish = self->wish;

    if (mc_life_recall(self->life, self->source, &wish, &text) &&
        mc_wfd_source_decide_anew(self->source, &wish, NULL))
        self->wish = wish;
    if (text)
        mc_session_progress(self, "memory", text);
}

static void on_caps(McSession *self)
{
    const McWfdDecision *decision = mc_wfd_source_decision(self->source);

    self->caps_known = true;
    mc_protection_connect(self->protection, mc_wfd_source_caps(self->source)->content_protection,
                          self->socket.peer_ip, mc_wfd_source_caps(self->source)->hdcp_port);
    recall_sink(self);
    if (decision)
        mc_media_prepare(self->media, decision);
    mc_session_progress(self, "capabilities", decision ? decision->reason : "");
    if (decision && *mc_wfd_source_quirks(self->source)) {
        g_autofree char *what = mc_quirks_text(&decision->quirks);
        g_autofree char *text =
            g_strdup_printf("%s%s%s", mc_wfd_source_quirks(self->source), *what ? ": " : "", what);
        mc_session_progress(self, "quirks", text);
    }
}

/* What the sink's coordinates mean changes with the mode and with the desktop. */
void mc_session_update_input(McSession *self)
{
    const McWfdDecision *decision = mc_wfd_source_decision(self->source);

    if (!self->uibc || !decision)
        return;
    const McVideoMode *mode = &mc_wfd_decision_video(decision)->mode;
    mc_uibc_set_picture(self->uibc, mode->width_px, mode->height_px, self->wish.desktop_width_px,
                        self->wish.desktop_height_px);
}

/* The sink is told (M15), so that it need not send what nobody takes. */
void mc_session_allow_input(McSession *self, bool allowed)
{
    self->input_off = !allowed;
    if (!self->uibc)
        return;
    mc_uibc_enable(self->uibc, allowed);
    if (self->input_told_off != self->input_off &&
        mc_wfd_source_set_input(self->source, allowed, g_get_monotonic_time(), NULL))
        self->input_told_off = self->input_off; /* before M6 it cannot be said: with PLAY, then */
}

/* The rate of a new stream or mode, and what the link makes of it from here on. */
static void start_adapt(McSession *self)
{
    mc_adapt_start(self->adapt, mc_wfd_source_decision(self->source),
                   mc_wfd_source_transport(self->source)->client_rtcp_port, g_get_monotonic_time());
    mc_session_follow_sound(self);
}

static void on_play(McSession *self)
{
    const McWfdDecision *decision = mc_wfd_source_decision(self->source);
    const McWfdTransport *transport = mc_wfd_source_transport(self->source);
    const McVideoMode *mode = &mc_wfd_decision_video(decision)->mode;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(
        "%ux%u at %u, sound %s, to %s:%u", mode->width_px, mode->height_px, mode->fps,
        decision->n_audio ? decision->audio[decision->current_audio].line : "none",
        self->socket.peer_ip, transport->client_rtp_port);

    mc_monitor_report_modes(&self->monitor, decision);
    if (!mc_media_play(self->media, self->socket.peer_ip, transport->client_rtp_port, decision,
                       &error)) {
        mc_session_close_failed(self, error);
        return;
    }
    mc_monitor_pause(&self->monitor, false); /* after the stream, which takes the first picture */
    mc_wfd_source_set_clock(self->source, mc_media_pts_zero_us(self->media));
    mc_session_update_input(self);
    start_adapt(self);
    mc_life_start(self->life, self->source, g_get_monotonic_time());
    mc_session_allow_input(self, !self->input_off);
    mc_session_progress(self, "play", text);
}

static void on_mode(McSession *self)
{
    const McWfdDecision *decision = mc_wfd_source_decision(self->source);
    const McVideoMode *mode = &mc_wfd_decision_video(decision)->mode;
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        g_strdup_printf("%ux%u at %u", mode->width_px, mode->height_px, mode->fps);

    mc_monitor_report_modes(&self->monitor, decision);
    mc_session_update_input(self);
    if (!mc_media_set_mode(self->media, decision, &error)) {
        mc_session_close_failed(self, error);
        return;
    }
    start_adapt(self);
    mc_session_progress(self, "mode", text);
}

/* A connection that breaks with the link has the link's reason.  One that breaks by itself before
 * M1 was answered was no sink's: Start says so by its result, and who waits may go on waiting. */
static void tell_why(McSession *self, const GError *error)
{
    g_autoptr(GError) reason = NULL;

    if (g_error_matches(error, MC_RTSP_ERROR, MC_RTSP_ERROR_DISCONNECTED) && self->link)
        mc_link_failure(self->link, &reason);
    if (!reason && !mc_wfd_source_is_met(self->source))
        self->failure = STATUS_INVALID_NETWORK_RESPONSE;
    mc_session_tell_error(self, reason ? reason : error);
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
             (g_error_matches(event->error, MC_RTSP_ERROR, MC_RTSP_ERROR_NO_COMMON_FORMAT) ||
              g_error_matches(event->error, MC_RTSP_ERROR, MC_RTSP_ERROR_REFUSED)))
        status = MIRACAST_STATUS_SINK_FAILED_STANDARD_MODE_CHANGE;
    if (!self->failure)
        self->failure = event->error ? STATUS_CONNECTION_RESET : STATUS_CANCELLED;
    if (g_atomic_int_get(&self->stopping)) {
        mc_session_progress(self, "teardown", event->error ? "the sink did not answer" : "done");
        return;
    }
    if (event->error && mc_wfd_source_hint(self->source))
        mc_session_progress(self, "hint", mc_wfd_source_hint(self->source));
    if (event->error)
        tell_why(self, event->error);
    else
        mc_session_progress(self, "teardown",
                            event->text[0] ? event->text : "the sink ended the session");
    mc_adapt_stop(self->adapt, true);
    mc_life_stop(self->life);
    mc_media_pause(self->media);
    if (self->started) /* during Start its result says it (U13) */
        mc_os_report_status(&self->os, status, self->failure);
}

static void on_connector(McSession *self, int connector)
{
    if (connector == -1 && self->monitor.reported) {
        mc_monitor_depart(&self->monitor);
        mc_session_progress(self, "display",
                            "none is connected to the sink any more; pictures go on with the next");
    } else if (connector >= 0 && !self->monitor.reported && self->started) {
        mc_monitor_arrive(&self->monitor, mc_wfd_source_caps(self->source));
        mc_session_progress(self, "display", "one is connected to the sink again");
    }
}

/* Its new modes come with an event of their own. */
static void on_display(McSession *self, bool other_edid)
{
    if (other_edid && self->monitor.reported) {
        mc_monitor_depart(&self->monitor);
        mc_monitor_arrive(&self->monitor, mc_wfd_source_caps(self->source));
    }
    mc_session_progress(self, "display", "another display is connected to the sink");
}

/* The sink shows us small, beside others. */
static void on_limit(McSession *self, uint32_t kbps)
{
    g_autofree char *text = kbps ? g_strdup_printf("the sink wants at most %u kbit/s", kbps)
                                 : g_strdup("the sink sets no limit any more");

    mc_media_limit(self->media, kbps);
    mc_session_progress(self, "rate", text);
}

/* No sound is sent while either side wants none; its clock goes on. */
void mc_session_update_mute(McSession *self)
{
    mc_media_mute(self->media, self->sink_mutes || self->desktop_silent || self->link_mutes);
}

void mc_session_follow_sound(McSession *self)
{
    if (self->link_mutes == mc_adapt_mutes(self->adapt))
        return;
    self->link_mutes = !self->link_mutes;
    mc_session_update_mute(self);
    mc_session_progress(
        self, "sound",
        self->link_mutes
            ? "the link has no room for it beside the pictures; it is left out until there is"
            : "the link has room for it again");
}

void mc_session_on_event(McSession *self, const McWfdEvent *event)
{
    switch (event->type) {
    case MC_WFD_EVENT_CAPS:
        on_caps(self);
        break;
    case MC_WFD_EVENT_SETUP:
        mc_session_progress(self, "setup", "the sink asked for the stream");
        break;
    case MC_WFD_EVENT_PLAY:
        on_play(self);
        break;
    case MC_WFD_EVENT_PAUSE:
        mc_adapt_stop(self->adapt, false);
        mc_life_stop(self->life);
        mc_media_pause(self->media);
        mc_monitor_pause(&self->monitor, !self->dark);
        mc_session_progress(self, "pause", "the sink paused the stream");
        break;
    case MC_WFD_EVENT_MODE:
        on_mode(self);
        break;
    case MC_WFD_EVENT_FORCE_IDR:
        if (event->value) {
            mc_os_report_event(&self->os, MIRACAST_PROTOCOL_EVENT_IFRAME_RQ);
            mc_feedback_asked(mc_adapt_feedback(self->adapt), g_get_monotonic_time());
        }
        mc_media_force_idr(self->media);
        break;
    case MC_WFD_EVENT_CONNECTOR:
        on_connector(self, event->value);
        break;
    case MC_WFD_EVENT_DISPLAY:
        on_display(self, event->value);
        break;
    case MC_WFD_EVENT_ALTERNATIVE:
        mc_session_progress(self, "alternative", event->text);
        break;
    case MC_WFD_EVENT_CLOSED:
        on_closed(self, event);
        break;
    case MC_WFD_EVENT_UIBC:
        if (self->uibc)
            mc_uibc_enable(self->uibc, event->value && !self->input_off);
        break;
    case MC_WFD_EVENT_AUDIO_MUTE:
        self->sink_mutes = event->value;
        mc_session_update_mute(self);
        mc_session_progress(self, "sound",
                            event->value ? "the sink wants none" : "the sink wants it again");
        break;
    case MC_WFD_EVENT_LIMIT:
        on_limit(self, (uint32_t) event->value);
        break;
    case MC_WFD_EVENT_ROUTE: /* to the one sink there is */
        break;
    }
}
