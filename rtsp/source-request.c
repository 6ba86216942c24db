/* SPDX-License-Identifier: MIT */
/* Requests of the source's side, M1, M3..M5, M12, M14..M16: their bodies, answers, and what is done
 * where no answer comes. */
#include <stdio.h>
#include <string.h>

#include "rtsp/display-params.h"
#include "rtsp/source-private.h"
#include "rtsp/uibc-capability.h"
#include "rtsp/unconfirmed.h"

#define URI "rtsp://localhost/wfd1.0"
#define MAX_REFUSALS 6                   /* of M4; the last try is the mandatory mode */
#define TRIGGER_US (2 * G_USEC_PER_SEC)  /* patience where no answer changes nothing */
#define TEARDOWN_US (2 * G_USEC_PER_SEC) /* for M8 after the trigger (field-lessons 7) */
#define CHANGE_LEAD_US                                                                             \
    (300 * G_TIME_SPAN_MILLISECOND) /* from M4 to the change that it announces                     \
                                     */
#define M2_PATIENCE_US (MC_UNCONFIRMED_NO_M2_S * G_USEC_PER_SEC)

/* ---- bodies of our requests ---- */

static char *caps_body(McWfdSource *self)
{
    GString *body = g_string_new(NULL);

    for (const char *const *name = mc_wfd_caps_query(self->minimal_caps); *name; name++)
        mc_params_write(body, *name, NULL);
    return g_string_free(body, FALSE);
}

/* What another display may change: in the words that the sink used before. */
static char *display_body(McWfdSource *self)
{
    GString *body = g_string_new(NULL);

    for (McFormatsKind kind = 0; kind < MC_N_FORMATS; kind++)
        if (self->caps->video[kind].present)
            mc_params_write(body, mc_video_formats_name(kind), NULL);
    mc_params_write(body, "wfd_display_edid", NULL);
    return g_string_free(body, FALSE);
}

static void write_presentation_url(McWfdSource *self, GString *body)
{
    McPresentationUrl url;

    mc_presentation_url_make(&url, self->config.local_ip);
    g_autofree char *text = mc_presentation_url_write(&url);
    mc_params_write(body, "wfd_presentation_URL", text);
}

/* Port 0 and 1 as the sink stated them (wfd-rtsp 3.3). */
static void write_rtp_ports(McWfdSource *self, GString *body)
{
    g_autofree char *ports = g_strdup_printf("%s %u %u mode=play",
                                             self->caps->rtp_profile[0] ? self->caps->rtp_profile
                                                                        : "RTP/AVP/UDP;unicast",
                                             self->caps->rtp_port0, self->caps->rtp_port1);

    mc_params_write(body, "wfd_client_rtp_ports", ports);
}

/* The sink's offer without what we do not take; its input is on from the start (M14, M15). */
static void write_uibc(McWfdSource *self, GString *body)
{
    McUibcCapability sink, answer;

    if (!self->config.uibc_port || !self->caps->uibc_line[0] ||
        !mc_uibc_capability_parse(self->caps->uibc_line, &sink, NULL, NULL) ||
        !mc_uibc_capability_answer(&sink, self->config.uibc_port, &answer))
        return;
    g_autofree char *value = mc_uibc_capability_write(&answer);
    mc_params_write(body, "wfd_uibc_capability", value);
    if (self->state == MC_WFD_STATE_SELECT) {
        mc_params_write(body, "wfd_uibc_setting", "enable");
        self->uibc_enabled = true;
    }
    self->uibc_offered = true;
}

static char *uibc_capability_body(McWfdSource *self)
{
    GString *body = g_string_new(NULL);

    write_uibc(self, body);
    return g_string_free(body, FALSE);
}

static char *uibc_setting_body(McWfdSource *self)
{
    return g_strdup_printf("wfd_uibc_setting: %s\r\n", self->uibc_enabled ? "enable" : "disable");
}

static bool announces_change(const McWfdSource *self)
{
    return !self->timing_refused && self->config.pts_zero_us;
}

/* When the change comes, on the stream's clock. */
static void write_change_timing(McWfdSource *self, GString *body, int64_t change_us)
{
    if (!announces_change(self))
        return;
    uint64_t pts = (uint64_t) (change_us - self->config.pts_zero_us) * 9 / 100;
    McChangeTiming timing = mc_change_timing_at(pts);
    g_autofree char *value = mc_change_timing_write(&timing);
    mc_params_write(body, "wfd_av_format_change_timing", value);
}

static char *select_body(McWfdSource *self)
{
    const McWfdDecision *decision = self->in_session ? &self->next : &self->decision;
    const McVideoChoice *video = mc_wfd_decision_video(decision);
    GString *body = g_string_new(NULL);

    mc_params_write(body, mc_video_formats_name(video->kind), video->video_line);
    if (decision->n_audio)
        mc_params_write(body, decision->audio[decision->current_audio].name,
                        decision->audio[decision->current_audio].line);
    if (self->in_session) {
        write_change_timing(self, body, self->change_us);
        return g_string_free(body, FALSE);
    }
    write_presentation_url(self, body);
    write_rtp_ports(self, body);
    write_uibc(self, body);
    return g_string_free(body, FALSE);
}

static char *trigger_body(const char *method)
{
    return g_strdup_printf("wfd_trigger_method: %s\r\n", method);
}

static char *setup_body(McWfdSource *self)
{
    return trigger_body("SETUP");
}

static char *play_body(McWfdSource *self)
{
    return trigger_body("PLAY");
}

static char *pause_body(McWfdSource *self)
{
    return trigger_body("PAUSE");
}

static char *teardown_body(McWfdSource *self)
{
    return trigger_body("TEARDOWN");
}

static char *standby_body(McWfdSource *self)
{
    return g_strdup("wfd_standby\r\n");
}

static char *latency_body(McWfdSource *self)
{
    return g_strdup("microsoft_latency_management_capability: low\r\n");
}

/* ---- the table of requests ---- */

typedef void (*OnAnswer)(McWfdSource *self, const McRtspMessage *message, int64_t now_us);
typedef void (*OnMissing)(McWfdSource *self, int64_t now_us);

static void on_options_answer(McWfdSource *, const McRtspMessage *, int64_t);
static void on_caps_answer(McWfdSource *, const McRtspMessage *, int64_t);
static void on_display_answer(McWfdSource *, const McRtspMessage *, int64_t);
static void on_select_answer(McWfdSource *, const McRtspMessage *, int64_t);
static void on_setup_answer(McWfdSource *, const McRtspMessage *, int64_t);
static void on_standby_answer(McWfdSource *, const McRtspMessage *, int64_t);
static void on_keepalive_answer(McWfdSource *, const McRtspMessage *, int64_t);
static void on_options_missing(McWfdSource *, int64_t);
static void on_caps_missing(McWfdSource *, int64_t);
static void on_select_missing(McWfdSource *, int64_t);
static void on_setup_missing(McWfdSource *, int64_t);
static void on_keepalive_missing(McWfdSource *, int64_t);

/* For requests whose refusal changes nothing. */
static void on_any_answer(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
}

/* Sinks exist that never answer triggers (field-lessons 7): nothing may depend on it. */
static void on_any_missing(McWfdSource *self, int64_t now_us)
{
}

static const struct {
    const char *label, *method;
    char *(*body)(McWfdSource *self);
    OnAnswer on_answer;
    OnMissing on_missing;
    int64_t patience_us; /* at most; 0: as the configuration says */
} requests[N_REQUESTS] = {
    [REQUEST_OPTIONS] = {"M1 (OPTIONS)", "OPTIONS", NULL, on_options_answer, on_options_missing},
    [REQUEST_CAPS] = {"M3 (capabilities)", "GET_PARAMETER", caps_body, on_caps_answer,
                      on_caps_missing},
    [REQUEST_DISPLAY] = {"M3 (display)", "GET_PARAMETER", display_body, on_display_answer,
                         on_any_missing, TRIGGER_US},
    [REQUEST_SELECT] = {"M4 (selection)", "SET_PARAMETER", select_body, on_select_answer,
                        on_select_missing},
    [REQUEST_TRIGGER_SETUP] = {"M5 (SETUP trigger)", "SET_PARAMETER", setup_body, on_setup_answer,
                               on_setup_missing},
    [REQUEST_TRIGGER_PLAY] = {"M5 (PLAY trigger)", "SET_PARAMETER", play_body, on_any_answer,
                              on_any_missing, TRIGGER_US},
    [REQUEST_TRIGGER_PAUSE] = {"M5 (PAUSE trigger)", "SET_PARAMETER", pause_body, on_any_answer,
                               on_any_missing, TRIGGER_US},
    [REQUEST_TRIGGER_TEARDOWN] = {"M5 (TEARDOWN trigger)", "SET_PARAMETER", teardown_body,
                                  on_any_answer, on_any_missing, TRIGGER_US},
    [REQUEST_STANDBY] = {"M12 (standby)", "SET_PARAMETER", standby_body, on_standby_answer,
                         on_any_missing, TRIGGER_US},
    [REQUEST_UIBC_CAPABILITY] = {"M14 (input)", "SET_PARAMETER", uibc_capability_body,
                                 on_any_answer, on_any_missing, TRIGGER_US},
    [REQUEST_UIBC_SETTING] = {"M15 (input)", "SET_PARAMETER", uibc_setting_body, on_any_answer,
                              on_any_missing, TRIGGER_US},
    [REQUEST_LATENCY] = {"latency wish", "SET_PARAMETER", latency_body, on_any_answer,
                         on_any_missing, TRIGGER_US},
    [REQUEST_KEEPALIVE] = {"M16 (keep-alive)", "GET_PARAMETER", NULL, on_keepalive_answer,
                           on_keepalive_missing},
};

static void send_request(McWfdSource *self, RequestKind kind, int64_t now_us)
{
    uint32_t cseq = self->next_cseq++;
    const char *uri = kind == REQUEST_OPTIONS ? "*" : URI;
    int64_t patience_us = requests[kind].patience_us;
    GString *out = mc_rtsp_begin_request(requests[kind].method, uri, cseq);
    if (kind == REQUEST_SELECT && self->in_session)
        self->change_us = now_us + (announces_change(self) ? CHANGE_LEAD_US : 0);
    g_autofree char *body = requests[kind].body ? requests[kind].body(self) : NULL;

    if (kind == REQUEST_OPTIONS)
        mc_rtsp_add_header(out, "Require", "org.wfa.wfd1.0");
    if (self->session[0])
        mc_rtsp_add_header(out, "Session", self->session);
    self->pending = kind;
    self->pending_cseq = cseq;
    self->pending_deadline_us =
        now_us + (patience_us ? MIN(patience_us, self->config.response_timeout_us)
                              : self->config.response_timeout_us);
    if (kind == REQUEST_KEEPALIVE) {
        self->counters.keepalives_sent++;
        self->keepalive_sent_us = now_us;
    }
    mc_source_output(self, mc_rtsp_finish(out, body));
}

void mc_source_request(McWfdSource *self, RequestKind kind, int64_t now_us)
{
    if (!g_queue_find(&self->waiting, GINT_TO_POINTER(kind)))
        g_queue_push_tail(&self->waiting, GINT_TO_POINTER(kind));
    mc_source_send_waiting(self, now_us);
}

void mc_source_send_waiting(McWfdSource *self, int64_t now_us)
{
    if (self->pending == REQUEST_NONE && now_us >= self->quiet_us &&
        !g_queue_is_empty(&self->waiting))
        send_request(self, GPOINTER_TO_INT(g_queue_pop_head(&self->waiting)), now_us);
}

void mc_source_answered(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    RequestKind kind = self->pending;

    self->pending = REQUEST_NONE;
    requests[kind].on_answer(self, message, now_us);
    mc_source_send_waiting(self, now_us);
}

void mc_source_missed(McWfdSource *self, int64_t now_us)
{
    RequestKind kind = self->pending;

    self->abandoned_cseq = self->pending_cseq;
    self->pending = REQUEST_NONE;
    requests[kind].on_missing(self, now_us);
    if (self->state != MC_WFD_STATE_CLOSED)
        mc_source_send_waiting(self, now_us);
}

static void fail_missing(McWfdSource *self, RequestKind kind)
{
    mc_source_fail(self, MC_RTSP_ERROR_TIMEOUT, "the sink did not answer %s within %.1f s",
                   requests[kind].label,
                   (double) self->config.response_timeout_us / G_USEC_PER_SEC);
}

/* ---- M1, M2 -> M3 ---- */

void mc_source_query_caps(McWfdSource *self, int64_t now_us)
{
    if (self->state != MC_WFD_STATE_INIT || !self->m1_answered)
        return;
    if (!self->m2_answered) {
        self->state_deadline_us = now_us + M2_PATIENCE_US;
        return;
    }
    mc_source_enter(self, MC_WFD_STATE_CAPS, INT64_MAX);
    mc_source_request(self, REQUEST_CAPS, now_us);
}

static void on_options_missing(McWfdSource *self, int64_t now_us)
{
    fail_missing(self, REQUEST_OPTIONS);
}

static void on_options_answer(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    if (message->status != 200) {
        mc_source_fail(self, MC_RTSP_ERROR_REFUSED, "the sink answered M1 (OPTIONS) with %u %s",
                       message->status, mc_rtsp_reason(message->status));
        return;
    }
    self->m1_answered = true;
    mc_source_query_caps(self, now_us);
}

/* ---- M3 -> M4 ---- */

static bool caps_usable(const McWfdCaps *caps)
{
    bool video = false;

    for (int kind = 0; kind < MC_N_FORMATS; kind++)
        video = video || caps->video[kind].present;
    return video && caps->rtp_ports_present;
}

/* Ports may be missing where M6 states them; the field's default stands in until then. */
static void complete_caps(McWfdSource *self)
{
    if (self->caps->rtp_ports_present)
        return;
    self->caps->rtp_port0 = 19000;
    g_ptr_array_add(self->caps->notes,
                    g_strdup("wfd_client_rtp_ports: missing, 19000 assumed until SETUP"));
}

static void select_mode(McWfdSource *self, int64_t now_us)
{
    self->in_session = false;
    self->refusals = 0;
    mc_source_enter(self, MC_WFD_STATE_SELECT, INT64_MAX);
    mc_source_request(self, REQUEST_SELECT, now_us);
}

static void retry_minimal_caps(McWfdSource *self, int64_t now_us)
{
    self->minimal_caps = true;
    mc_source_event(self, MC_WFD_EVENT_ALTERNATIVE, 0,
                    "the sink did not answer the long list of capabilities; asking the four basic "
                    "ones");
    mc_source_request(self, REQUEST_CAPS, now_us);
}

static void on_caps_missing(McWfdSource *self, int64_t now_us)
{
    if (self->minimal_caps)
        fail_missing(self, REQUEST_CAPS);
    else
        retry_minimal_caps(self, now_us);
}

void mc_source_find_quirks(McWfdSource *self)
{
    static const uint8_t unknown[6];
    const uint8_t *info = self->config.device_info;
    McSinkIdentity identity = {.device_name = self->config.device_name,
                               .agent = self->agent,
                               .device_info = memcmp(info, unknown, 6) ? info : NULL,
                               .caps = self->caps};

    self->quirks = mc_quirks_find(&identity, self->quirk_names);
    self->config.wish.quirks = self->quirks;
    if (self->quirks.keepalive_s)
        self->config.keepalive_period_us =
            MIN(self->config.keepalive_period_us, self->quirks.keepalive_s * G_USEC_PER_SEC);
}

static void on_caps_answer(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    GError *error = NULL;

    if (message->status != 200 && self->minimal_caps) {
        mc_source_fail(self, MC_RTSP_ERROR_REFUSED,
                       "the sink answered M3 (capabilities) with %u %s", message->status,
                       mc_rtsp_reason(message->status));
        return;
    }
    g_clear_pointer(&self->caps, mc_wfd_caps_free);
    self->caps = mc_wfd_caps_parse(message->body, message->status == 200 ? message->body_bytes : 0);
    if (!caps_usable(self->caps) && !self->minimal_caps) {
        retry_minimal_caps(self, now_us);
        return;
    }
    complete_caps(self);
    mc_source_find_quirks(self);
    if (!mc_wfd_negotiate(self->caps, &self->config.wish, &self->decision, &error)) {
        mc_source_close(self, MC_WFD_CLOSE_ERROR, NULL, error);
        return;
    }
    mc_source_event(self, MC_WFD_EVENT_CAPS, 0, self->decision.reason);
    mc_source_enter(self, MC_WFD_STATE_NEGOTIATED, INT64_MAX);
    if (!self->config.hold_after_caps)
        select_mode(self, now_us);
}

bool mc_wfd_source_proceed(McWfdSource *self, int64_t now_us, GError **error)
{
    if (self->state != MC_WFD_STATE_NEGOTIATED) {
        g_set_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_STATE, "not negotiated yet");
        return false;
    }
    select_mode(self, now_us);
    return true;
}

/* ---- M4 -> M5 ---- */

static bool names_param(const McRtspMessage *message, const char *name)
{
    g_autoptr(GPtrArray) params = mc_params_parse(message->body, message->body_bytes, NULL);

    return mc_params_find(params, name) != NULL;
}

/* Which choice comes next after a refusal; false: there is none. */
static bool next_choice(McWfdDecision *decision, bool audio_named, bool video_named,
                        unsigned refusals)
{
    if (audio_named && decision->current_audio + 1 < decision->n_audio) {
        decision->current_audio++;
        if (!video_named)
            return true;
    } else if (audio_named && !video_named && decision->n_audio) {
        decision->n_audio = decision->current_audio = 0; /* no sound that it takes */
        return true;
    }
    if (decision->current_video + 1 >= decision->n_video)
        return false;
    decision->current_video++;
    if (refusals + 1 >= MAX_REFUSALS) {
        /* The last try is what is mandatory for every sink. */
        decision->current_video = decision->n_video - 1;
        for (unsigned i = 0; i < decision->n_audio; i++)
            if (decision->audio[i].codec == MC_AUDIO_LPCM && decision->audio[i].rate_hz == 48000)
                decision->current_audio = i;
    }
    return true;
}

/* A change of mode is over, done or not; a wish that came meanwhile has its turn. */
static void change_done(McWfdSource *self, int64_t now_us)
{
    McWfdWish wish = self->config.wish;
    bool again = self->wish_again;

    self->in_session = self->change_agreed = self->wish_again = false;
    self->change_us = INT64_MAX;
    if (again)
        mc_wfd_source_renegotiate(self, &wish, now_us, NULL);
}

void mc_source_change_mode(McWfdSource *self, int64_t now_us)
{
    self->decision = self->next;
    mc_source_event(self, MC_WFD_EVENT_MODE, 0, self->decision.reason);
    change_done(self, now_us);
}

static void tell_alternative(McWfdSource *self, const McWfdDecision *decision, unsigned status)
{
    const McVideoMode *mode = &mc_wfd_decision_video(decision)->mode;
    char text[128];

    snprintf(text, sizeof(text), "the sink refused the choice (%u); trying %ux%u at %u, sound %s",
             status, mode->width_px, mode->height_px, mode->fps,
             decision->n_audio ? decision->audio[decision->current_audio].line : "none");
    mc_source_event(self, MC_WFD_EVENT_ALTERNATIVE, (int) status, text);
}

static void on_select_refused(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    McWfdDecision *decision = self->in_session ? &self->next : &self->decision;
    const char *video = mc_video_formats_name(mc_wfd_decision_video(decision)->kind);
    bool audio_named =
        decision->n_audio && names_param(message, decision->audio[decision->current_audio].name);
    bool video_named = names_param(message, video);

    self->refusals++;
    self->change_us = INT64_MAX;
    if (self->in_session && announces_change(self) && !audio_named && !video_named) {
        self->timing_refused = true; /* few sinks know it */
        mc_source_request(self, REQUEST_SELECT, now_us);
    } else if (!self->in_session && self->uibc_offered && !audio_named && !video_named) {
        self->uibc_offered = false; /* the first suspect where no name is given (wfd-rtsp 3.3) */
        self->config.uibc_port = 0;
        mc_source_event(self, MC_WFD_EVENT_ALTERNATIVE, (int) message->status,
                        "the sink refused the choice; trying without its input channel");
        mc_source_request(self, REQUEST_SELECT, now_us);
    } else if (self->refusals < MAX_REFUSALS + 1 &&
               next_choice(decision, audio_named, video_named, self->refusals)) {
        tell_alternative(self, decision, message->status);
        mc_source_request(self, REQUEST_SELECT, now_us);
    } else if (self->in_session) {
        mc_source_event(self, MC_WFD_EVENT_ALTERNATIVE, (int) message->status,
                        "the sink refused every new mode; the present one stays");
        change_done(self, now_us);
    } else {
        mc_source_fail(
            self, MC_RTSP_ERROR_REFUSED,
            "the sink refused every mode that it offers; its last answer to M4 was %u %s",
            message->status, mc_rtsp_reason(message->status));
    }
}

static void on_select_answer(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    if (message->status != 200) {
        on_select_refused(self, message, now_us);
    } else if (self->in_session) {
        self->change_agreed = true; /* at change_us, or now where that is over */
        if (now_us >= self->change_us)
            mc_source_change_mode(self, now_us);
    } else {
        mc_source_enter(self, MC_WFD_STATE_TRIGGER, INT64_MAX);
        mc_source_request(self, REQUEST_TRIGGER_SETUP, now_us);
    }
}

static void on_select_missing(McWfdSource *self, int64_t now_us)
{
    if (!self->in_session) {
        fail_missing(self, REQUEST_SELECT);
        return;
    }
    mc_source_event(self, MC_WFD_EVENT_ALTERNATIVE, 0,
                    "the sink did not answer the new mode; the present one stays");
    change_done(self, now_us);
}

/* M6 may come before this answer: then the state is beyond TRIGGER already. */
static void on_setup_answer(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    if (self->state != MC_WFD_STATE_TRIGGER)
        return;
    if (message->status != 200)
        mc_source_fail(self, MC_RTSP_ERROR_REFUSED,
                       "the sink answered the SETUP trigger with %u %s", message->status,
                       mc_rtsp_reason(message->status));
    else
        mc_source_enter(self, MC_WFD_STATE_WAIT_SETUP, now_us + mc_source_patience_us(self));
}

/* What counts is SETUP itself, and that may still come. */
static void on_setup_missing(McWfdSource *self, int64_t now_us)
{
    if (self->state == MC_WFD_STATE_TRIGGER)
        mc_source_enter(self, MC_WFD_STATE_WAIT_SETUP, now_us + mc_source_patience_us(self));
}

/* ---- in the session ---- */

void mc_source_choose_again(McWfdSource *self, int64_t now_us)
{
    const McWfdWish wish = self->config.wish;
    g_autoptr(GError) error = NULL;

    self->choose_again = self->state != MC_WFD_STATE_PLAYING && self->state != MC_WFD_STATE_PAUSED;
    if (!self->choose_again && !mc_wfd_source_renegotiate(self, &wish, now_us, &error))
        mc_source_event(self, MC_WFD_EVENT_ALTERNATIVE, 0,
                        "the sink's other display takes no mode of ours; the present one stays");
}

/* A refusal, or an answer without anything in it, leaves all as it is. */
static void on_display_answer(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    if (message->status != 200)
        return;
    g_autoptr(McWfdCaps) other = mc_wfd_caps_parse(message->body, message->body_bytes);
    const McCapsChange change = mc_wfd_caps_take_display(self->caps, other);
    if (change.edid || change.video)
        mc_source_event(self, MC_WFD_EVENT_DISPLAY, change.edid, NULL);
    if (change.video)
        mc_source_choose_again(self, now_us);
}

static void on_standby_answer(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    if (message->status != 200 || self->state != MC_WFD_STATE_PLAYING)
        return;
    mc_source_enter(self, MC_WFD_STATE_STANDBY, INT64_MAX);
    mc_source_event(self, MC_WFD_EVENT_PAUSE, 0, "standby");
}

static void on_keepalive_answer(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    self->counters.keepalives_answered++;
    if (message->status == 454)
        mc_source_fail(self, MC_RTSP_ERROR_KEEPALIVE, "the sink no longer knows the session (454)");
}

static void on_keepalive_missing(McWfdSource *self, int64_t now_us)
{
    if (self->last_heard_us < self->keepalive_sent_us) /* else it lives, and only leaves this out */
        mc_source_fail(self, MC_RTSP_ERROR_KEEPALIVE, "the sink has not answered for %.0f s",
                       (double) (now_us - self->last_heard_us) / G_USEC_PER_SEC);
}

static bool in_state(McWfdSource *self, bool allowed, GError **error)
{
    if (!allowed)
        g_set_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_STATE, "not possible in state %s",
                    mc_wfd_state_name(self->state));
    return allowed;
}

static bool same_choice(const McWfdDecision *a, const McWfdDecision *b)
{
    const McVideoChoice *x = mc_wfd_decision_video(a), *y = mc_wfd_decision_video(b);

    return x->mode.width_px == y->mode.width_px && x->mode.height_px == y->mode.height_px &&
           x->mode.fps == y->mode.fps && x->profile == y->profile;
}

/* Sound stays as it is: its format belongs to the running stream. */
static void keep_audio(McWfdSource *self)
{
    memcpy(self->next.audio, self->decision.audio, sizeof(self->next.audio));
    self->next.n_audio = self->decision.n_audio;
    self->next.current_audio = self->decision.current_audio;
}

bool mc_wfd_source_decide_anew(McWfdSource *self, const McWfdWish *wish, GError **error)
{
    McWfdWish known = *wish;

    known.quirks = self->quirks;
    if (!in_state(self, self->state == MC_WFD_STATE_NEGOTIATED, error) ||
        !mc_wfd_negotiate(self->caps, &known, &self->decision, error))
        return false;
    self->config.wish = known;
    return true;
}

bool mc_wfd_source_renegotiate(McWfdSource *self, const McWfdWish *wish, int64_t now_us,
                               GError **error)
{
    bool allowed = self->state == MC_WFD_STATE_PLAYING || self->state == MC_WFD_STATE_PAUSED;
    McWfdDecision next;
    McWfdWish known = *wish;

    known.quirks = self->quirks;
    if (!in_state(self, allowed, error) || !mc_wfd_negotiate(self->caps, &known, &next, error))
        return false;
    self->config.wish = known;
    if (self->in_session) {
        self->wish_again = true; /* one change at a time */
        return true;
    }
    self->next = next;
    keep_audio(self);
    if (same_choice(&self->next, &self->decision)) {
        mc_source_event(self, MC_WFD_EVENT_FORCE_IDR, 0, NULL);
    } else if (self->caps->ms_format_change) {
        self->decision = self->next; /* announced in-band, by the IDR (wfd-rtsp 4.4) */
        mc_source_event(self, MC_WFD_EVENT_MODE, 0, self->decision.reason);
    } else {
        self->in_session = true;
        self->refusals = 0;
        mc_source_request(self, REQUEST_SELECT, now_us);
    }
    return true;
}

bool mc_wfd_source_pause(McWfdSource *self, int64_t now_us, GError **error)
{
    if (!in_state(self, self->state == MC_WFD_STATE_PLAYING, error))
        return false;
    self->wants_play = false;
    mc_source_request(self, REQUEST_TRIGGER_PAUSE, now_us);
    return true;
}

bool mc_wfd_source_play(McWfdSource *self, int64_t now_us, GError **error)
{
    bool allowed = self->state >= MC_WFD_STATE_PLAYING && self->state <= MC_WFD_STATE_STANDBY;

    if (!in_state(self, allowed, error))
        return false;
    self->wants_play = true; /* while playing: a pause may be on its way */
    if (self->state != MC_WFD_STATE_PLAYING)
        mc_source_request(self, REQUEST_TRIGGER_PLAY, now_us);
    return true;
}

bool mc_wfd_source_standby(McWfdSource *self, int64_t now_us, GError **error)
{
    bool allowed = self->state == MC_WFD_STATE_PLAYING && self->caps->standby_resume;

    if (!in_state(self, allowed, error))
        return false;
    self->wants_play = false;
    mc_source_request(self, REQUEST_STANDBY, now_us);
    return true;
}

bool mc_wfd_source_set_input(McWfdSource *self, bool enabled, int64_t now_us, GError **error)
{
    bool allowed = self->uibc_offered && self->state >= MC_WFD_STATE_WAIT_PLAY &&
                   self->state <= MC_WFD_STATE_STANDBY;

    if (!in_state(self, allowed, error))
        return false;
    self->uibc_enabled = enabled;
    mc_source_request(self, REQUEST_UIBC_SETTING, now_us);
    return true;
}

void mc_wfd_source_teardown(McWfdSource *self, int64_t now_us)
{
    if (self->state == MC_WFD_STATE_CLOSED || self->state == MC_WFD_STATE_TEARING)
        return;
    if (self->state < MC_WFD_STATE_WAIT_PLAY) { /* no session that M8 could end */
        mc_source_close(self, MC_WFD_CLOSE_SOURCE, "before the session began", NULL);
        return;
    }
    mc_source_enter(self, MC_WFD_STATE_TEARING, now_us + TEARDOWN_US);
    g_queue_clear(&self->waiting);
    self->pending = REQUEST_NONE; /* leaving does not wait for an answer that may never come */
    self->abandoned_cseq = self->pending_cseq;
    send_request(self, REQUEST_TRIGGER_TEARDOWN, now_us);
    self->pending_deadline_us = INT64_MAX; /* the state's own deadline is the shorter one */
}
