/* SPDX-License-Identifier: MIT */
#include "rtsp/source.h"

#include <stdio.h>
#include <string.h>

#include "rtsp/source-private.h"

#define DEFAULT_KEEPALIVE_US (25 * G_USEC_PER_SEC)
#define DEFAULT_RESPONSE_US (5 * G_USEC_PER_SEC)
#define DEFAULT_SESSION_S 60
#define IDR_PERIOD_US (2 * G_USEC_PER_SEC) /* where the sink cannot ask */
#define IDR_LONG_US (20 * G_USEC_PER_SEC)  /* where it can */

void mc_source_enter(McWfdSource *self, McWfdState state, int64_t deadline_us)
{
    self->state = state;
    self->state_deadline_us = deadline_us;
}

void mc_source_close(McWfdSource *self, McWfdCloseBy by, const char *text, GError *error)
{
    if (self->state == MC_WFD_STATE_CLOSED) {
        g_clear_error(&error);
        return;
    }
    mc_source_enter(self, MC_WFD_STATE_CLOSED, INT64_MAX);
    self->pending = REQUEST_NONE;
    g_queue_clear(&self->waiting);
    mc_source_push(self, MC_WFD_EVENT_CLOSED, by, text)->error = error;
}

void mc_source_fail(McWfdSource *self, McRtspError code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    GError *error = g_error_new_valist(MC_RTSP_ERROR, code, format, args);
    va_end(args);
    mc_source_close(self, MC_WFD_CLOSE_ERROR, NULL, error);
}

/* ---- bytes ---- */

/* What an answer says, without the time at which it was said. */
static unsigned answer_digest(const McRtspMessage *message)
{
    unsigned digest = message->status * 31 + g_str_hash(message->body);

    for (unsigned i = 0; i < message->n_headers; i++)
        if (g_ascii_strcasecmp(message->headers[i].name, "Date"))
            digest = digest * 31 +
                     (g_str_hash(message->headers[i].name) ^ g_str_hash(message->headers[i].value));
    return digest;
}

/* Late, or twice.  A second answer is the first one once more: one that says something else under
 * its number comes from a sink with one number for all. */
static bool was_for_another(const McWfdSource *self, const McRtspMessage *message, uint64_t cseq)
{
    return cseq == self->abandoned_cseq ||
           (cseq == self->answered_cseq && answer_digest(message) == self->answered_digest);
}

static void note_wrong_cseq(McWfdSource *self)
{
    if (self->cseq_noted)
        return;
    self->cseq_noted = true; /* its numbers say nothing from here on */
    mc_source_event(self, MC_WFD_EVENT_ALTERNATIVE, 0,
                    "[rtsp.wrong-cseq] the sink numbers its answers wrongly; they are matched by "
                    "their order");
}

/* Some sinks number their answers wrongly, or do not: with one request on the wire there is no
 * doubt which one is meant, unless it is the late answer to one that was given up. */
static bool answers_pending(McWfdSource *self, const McRtspMessage *message)
{
    uint64_t cseq = 0;
    bool has_cseq = mc_rtsp_message_cseq(message, &cseq);

    if (self->pending == REQUEST_NONE)
        return false;
    if (has_cseq && cseq == self->pending_cseq)
        return true;
    if (has_cseq && !self->cseq_noted && was_for_another(self, message, cseq))
        return false;
    note_wrong_cseq(self);
    return true;
}

/* M3 was given up and asked anew, in fewer words: an answer to the first is one to both. */
static bool answers_late(McWfdSource *self, const McRtspMessage *message)
{
    uint64_t cseq = 0;

    if (self->pending != REQUEST_CAPS || message->status != 200 ||
        !mc_rtsp_message_cseq(message, &cseq) || cseq != self->abandoned_cseq)
        return false;
    self->abandoned_cseq = self->pending_cseq;
    self->pending_cseq = (uint32_t) cseq;
    return true;
}

static void on_response(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    if (message->status < 200 || (!answers_late(self, message) && !answers_pending(self, message)))
        return; /* 1xx: the answer itself comes later */
    self->answered_cseq = self->pending_cseq;
    self->answered_digest = answer_digest(message);
    mc_source_answered(self, message, now_us);
}

/* Names the sink's software; what was said first stays. */
static void note_agent(McWfdSource *self, const McRtspMessage *message)
{
    const char *agent =
        mc_rtsp_message_header(message, message->is_response ? "Server" : "User-Agent");

    if (agent && !self->agent[0])
        g_strlcpy(self->agent, agent, sizeof(self->agent));
}

static void on_message(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    self->counters.messages_in++;
    self->last_heard_us = now_us;
    note_agent(self, message);
    mc_source_trace_message(self, message);
    if (message->is_response)
        on_response(self, message, now_us);
    else
        mc_source_sink_request(self, message, now_us);
}

void mc_wfd_source_feed(McWfdSource *self, const uint8_t *data, size_t len, int64_t now_us)
{
    if (self->state == MC_WFD_STATE_CLOSED)
        return; /* nothing would take it out again */
    mc_rtsp_reader_feed(self->reader, data, len);
    while (self->state != MC_WFD_STATE_CLOSED) {
        g_auto(McRtspMessage) message = {0};
        GError *error = NULL;
        McRtspRead read = mc_rtsp_reader_next(self->reader, &message, &error);
        if (read == MC_RTSP_MORE)
            return;
        if (read == MC_RTSP_FAILED)
            mc_source_close(self, MC_WFD_CLOSE_ERROR, NULL, error);
        else
            on_message(self, &message, now_us);
    }
}

void mc_wfd_source_eof(McWfdSource *self, int64_t now_us)
{
    if (self->state == MC_WFD_STATE_TEARING)
        mc_source_close(self, MC_WFD_CLOSE_SOURCE, "the sink closed the connection", NULL);
    else if (self->pending == REQUEST_KEEPALIVE)
        mc_source_fail(self, MC_RTSP_ERROR_DISCONNECTED,
                       "the sink closed the connection when it was asked whether it lives (M16)");
    else
        mc_source_fail(self, MC_RTSP_ERROR_DISCONNECTED,
                       "the sink closed the connection without ending the session (%s)",
                       mc_wfd_state_name(self->state));
}

void mc_wfd_source_unread(McWfdSource *self)
{
    mc_source_fail(self, MC_RTSP_ERROR_TOO_LARGE,
                   "the sink goes on asking and does not read what it is answered");
}

/* ---- time ---- */

int64_t mc_source_patience_us(const McWfdSource *self)
{
    /* Some take 8 s to PLAY. */
    return MAX(3 * self->config.response_timeout_us, self->quirks.patience_s * G_USEC_PER_SEC);
}

/* ---- key frames ---- */

/* Without M13 nothing but time mends a picture that a lost packet broke. */
static int64_t idr_period_us(const McWfdSource *self)
{
    bool asks = self->counters.idr_requests || (self->caps && self->caps->idr_request);

    return asks ? IDR_LONG_US : IDR_PERIOD_US;
}

void mc_source_count_idr(McWfdSource *self, int64_t now_us)
{
    self->last_idr_us = now_us;
    self->idr_us = now_us + idr_period_us(self);
}

static void send_idr(McWfdSource *self, bool asked, int64_t now_us)
{
    mc_source_count_idr(self, now_us);
    mc_source_event(self, MC_WFD_EVENT_FORCE_IDR, asked, NULL);
}

void mc_source_want_idr(McWfdSource *self, int64_t now_us)
{
    int64_t free_us = self->last_idr_us + self->quirks.idr_gap_ms * G_TIME_SPAN_MILLISECOND;

    if (now_us >= free_us)
        send_idr(self, true, now_us);
    else
        self->idr_us = MIN(self->idr_us, free_us);
}

static void fail_without_setup(McWfdSource *self)
{
    if (self->refused_transport[0])
        mc_source_fail(self, MC_RTSP_ERROR_TIMEOUT,
                       "the sink asked for its stream by \"%s\" and for nothing else; only UDP to "
                       "itself is sent",
                       self->refused_transport);
    else if (self->refused_status)
        mc_source_fail(self, MC_RTSP_ERROR_TIMEOUT,
                       "the sink's SETUP could not be done (%u %s) and it sent no other one",
                       self->refused_status, mc_rtsp_reason(self->refused_status));
    else
        mc_source_fail(self, MC_RTSP_ERROR_TIMEOUT,
                       "the sink agreed and did not send SETUP within %.0f s",
                       (double) mc_source_patience_us(self) / G_USEC_PER_SEC);
}

static void on_state_deadline(McWfdSource *self, int64_t now_us)
{
    self->state_deadline_us = INT64_MAX;
    switch (self->state) {
    case MC_WFD_STATE_INIT: /* a sink that never sends M2 */
        self->m2_answered = true;
        mc_source_query_caps(self, now_us);
        break;
    case MC_WFD_STATE_TRIGGER:
    case MC_WFD_STATE_WAIT_SETUP:
        fail_without_setup(self);
        break;
    case MC_WFD_STATE_WAIT_PLAY:
        if (self->play_trigger_sent) {
            mc_source_fail(self, MC_RTSP_ERROR_TIMEOUT,
                           "the sink set the stream up and did not send PLAY within %.0f s",
                           2 * (double) mc_source_patience_us(self) / G_USEC_PER_SEC);
            break;
        }
        self->play_trigger_sent = true;
        self->state_deadline_us = now_us + mc_source_patience_us(self);
        mc_source_request(self, REQUEST_TRIGGER_PLAY, now_us);
        break;
    case MC_WFD_STATE_TEARING:
        mc_source_close(self, MC_WFD_CLOSE_SOURCE, "the sink did not send TEARDOWN in time", NULL);
        break;
    default:
        break;
    }
}

static bool keepalive_runs(const McWfdSource *self)
{
    return self->state >= MC_WFD_STATE_WAIT_PLAY && self->state <= MC_WFD_STATE_STANDBY &&
           !self->quirks.no_keepalive;
}

void mc_wfd_source_time(McWfdSource *self, int64_t now_us)
{
    if (self->state == MC_WFD_STATE_CLOSED)
        return;
    if (self->pending != REQUEST_NONE && now_us >= self->pending_deadline_us)
        mc_source_missed(self, now_us);
    if (self->change_agreed && now_us >= self->change_us)
        mc_source_change_mode(self, now_us);
    if (self->state == MC_WFD_STATE_PLAYING && now_us >= self->idr_us)
        send_idr(self, false, now_us);
    if (now_us >= self->state_deadline_us)
        on_state_deadline(self, now_us);
    if (keepalive_runs(self) && now_us >= self->keepalive_us) {
        self->keepalive_us = now_us + self->config.keepalive_period_us;
        mc_source_request(self, REQUEST_KEEPALIVE, now_us);
    }
    mc_source_send_waiting(self, now_us);
}

static void postpone(int64_t *deadline_us, int64_t by_us)
{
    if (*deadline_us != INT64_MAX)
        *deadline_us += by_us;
}

void mc_wfd_source_slept(McWfdSource *self, int64_t slept_us)
{
    if (self->pending != REQUEST_NONE)
        postpone(&self->pending_deadline_us, slept_us);
    postpone(&self->state_deadline_us, slept_us);
}

int64_t mc_wfd_source_deadline_us(const McWfdSource *self)
{
    int64_t deadline_us = self->state_deadline_us;

    if (self->state == MC_WFD_STATE_CLOSED)
        return INT64_MAX;
    if (self->pending != REQUEST_NONE)
        deadline_us = MIN(deadline_us, self->pending_deadline_us);
    else if (self->waiting.length)
        deadline_us = MIN(deadline_us, self->quiet_us);
    if (keepalive_runs(self))
        deadline_us = MIN(deadline_us, self->keepalive_us);
    if (self->change_agreed)
        deadline_us = MIN(deadline_us, self->change_us);
    if (self->state == MC_WFD_STATE_PLAYING)
        deadline_us = MIN(deadline_us, self->idr_us);
    return deadline_us;
}

/* ---- life ---- */

McWfdSource *mc_wfd_source_new(const McWfdSourceConfig *config, int64_t now_us)
{
    McWfdSource *self = g_new0(McWfdSource, 1);

    self->config = *config;
    if (!self->config.keepalive_period_us)
        self->config.keepalive_period_us = DEFAULT_KEEPALIVE_US;
    if (!self->config.response_timeout_us)
        self->config.response_timeout_us = DEFAULT_RESPONSE_US;
    if (!self->config.session_timeout_s)
        self->config.session_timeout_s = DEFAULT_SESSION_S;
    self->reader = mc_rtsp_reader_new();
    self->answers = g_string_new(NULL);
    g_queue_init(&self->outputs);
    g_queue_init(&self->events);
    g_queue_init(&self->waiting);
    self->next_cseq = 1;
    self->last_heard_us = now_us;
    self->keepalive_us = self->change_us = self->idr_us = INT64_MAX;
    mc_source_find_quirks(self); /* a sink that closes early has its hint */
    mc_source_enter(self, MC_WFD_STATE_INIT, INT64_MAX);
    mc_source_request(self, REQUEST_OPTIONS, now_us);
    return self;
}

void mc_wfd_source_free(McWfdSource *self)
{
    McWfdEvent *event;

    if (!self)
        return;
    while ((event = g_queue_pop_head(&self->events))) {
        mc_wfd_event_clear(event);
        g_free(event);
    }
    g_queue_clear_full(&self->outputs, (GDestroyNotify) g_bytes_unref);
    g_queue_clear(&self->waiting);
    mc_rtsp_reader_free(self->reader);
    mc_wfd_caps_free(self->caps);
    g_string_free(self->answers, TRUE);
    g_free(self);
}

bool mc_wfd_source_is_met(const McWfdSource *self)
{
    return self->m1_answered;
}

McWfdState mc_wfd_source_state(const McWfdSource *self)
{
    return self->state;
}

const char *mc_wfd_state_name(McWfdState state)
{
    static const char *const names[] = {"INIT",    "CAPS",       "NEGOTIATED", "SELECT",
                                        "TRIGGER", "WAIT_SETUP", "WAIT_PLAY",  "PLAYING",
                                        "PAUSED",  "STANDBY",    "TEARING",    "CLOSED"};

    return state < G_N_ELEMENTS(names) ? names[state] : "?";
}

const McWfdCaps *mc_wfd_source_caps(const McWfdSource *self)
{
    return self->caps;
}

const McWfdDecision *mc_wfd_source_decision(const McWfdSource *self)
{
    return self->decision.n_video ? &self->decision : NULL;
}

const McWfdTransport *mc_wfd_source_transport(const McWfdSource *self)
{
    return &self->transport;
}

McWfdCounters mc_wfd_source_counters(const McWfdSource *self)
{
    return self->counters;
}

const char *mc_wfd_source_quirks(const McWfdSource *self)
{
    return self->quirk_names;
}

const char *mc_wfd_source_hint(const McWfdSource *self)
{
    return self->quirks.hint;
}

void mc_wfd_source_set_clock(McWfdSource *self, int64_t pts_zero_us)
{
    self->config.pts_zero_us = pts_zero_us;
}
