/* SPDX-License-Identifier: MIT */
/* Requests of the source's side: which there are, what waits for an answer, and for how long. */
#include "rtsp/source-private.h"

#define URI "rtsp://localhost/wfd1.0"
#define TRIGGER_US (2 * G_USEC_PER_SEC) /* patience where no answer changes nothing */
/* From M4 to the change that it announces. */
#define CHANGE_LEAD_US (300 * G_TIME_SPAN_MILLISECOND)

/* ---- the table of requests ---- */

/* For requests whose refusal changes nothing.  Sinks exist that never answer triggers: nothing may
 * depend on it. */
static void on_any(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
}

static const struct {
    const char *label, *method;
    McSourceOnAnswer on_answer;
    int64_t patience_us; /* at most; 0: as the configuration says */
} requests[N_REQUESTS] = {
    [REQUEST_OPTIONS] = {"M1 (OPTIONS)", "OPTIONS", mc_source_on_options},
    [REQUEST_CAPS] = {"M3 (capabilities)", "GET_PARAMETER", mc_source_on_caps},
    [REQUEST_DISPLAY] = {"M3 (display)", "GET_PARAMETER", mc_source_on_display, TRIGGER_US},
    [REQUEST_SELECT] = {"M4 (selection)", "SET_PARAMETER", mc_source_on_select},
    [REQUEST_TRIGGER_SETUP] = {"M5 (SETUP trigger)", "SET_PARAMETER", mc_source_on_setup_trigger},
    [REQUEST_TRIGGER_PLAY] = {"M5 (PLAY trigger)", "SET_PARAMETER", on_any, TRIGGER_US},
    [REQUEST_TRIGGER_PAUSE] = {"M5 (PAUSE trigger)", "SET_PARAMETER", mc_source_on_pause_trigger,
                               TRIGGER_US},
    [REQUEST_TRIGGER_TEARDOWN] = {"M5 (TEARDOWN trigger)", "SET_PARAMETER", on_any, TRIGGER_US},
    [REQUEST_STANDBY] = {"M12 (standby)", "SET_PARAMETER", mc_source_on_standby, TRIGGER_US},
    [REQUEST_UIBC_CAPABILITY] = {"M14 (input)", "SET_PARAMETER", on_any, TRIGGER_US},
    [REQUEST_UIBC_SETTING] = {"M15 (input)", "SET_PARAMETER", on_any, TRIGGER_US},
    [REQUEST_LATENCY] = {"latency wish", "SET_PARAMETER", on_any, TRIGGER_US},
    [REQUEST_KEEPALIVE] = {"M16 (keep-alive)", "GET_PARAMETER", mc_source_on_keepalive},
};

/* ---- one on the wire ---- */

void mc_source_send(McWfdSource *self, RequestKind kind, int64_t now_us)
{
    uint32_t cseq = self->next_cseq++;
    const char *uri = kind == REQUEST_OPTIONS ? "*" : URI;
    int64_t patience_us = requests[kind].patience_us;
    GString *out = mc_rtsp_begin_request(requests[kind].method, uri, cseq);
    if (kind == REQUEST_SELECT && self->in_session)
        self->change_us = now_us + (mc_source_announces_change(self) ? CHANGE_LEAD_US : 0);
    g_autofree char *body = mc_source_body(self, kind);

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
        mc_source_send(self, GPOINTER_TO_INT(g_queue_pop_head(&self->waiting)), now_us);
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
    requests[kind].on_answer(self, NULL, now_us);
    if (self->state != MC_WFD_STATE_CLOSED)
        mc_source_send_waiting(self, now_us);
}

void mc_source_fail_missing(McWfdSource *self, RequestKind kind)
{
    mc_source_fail(self, MC_RTSP_ERROR_TIMEOUT, "the sink did not answer %s within %.1f s",
                   requests[kind].label,
                   (double) self->config.response_timeout_us / G_USEC_PER_SEC);
}
