/* SPDX-License-Identifier: MIT */
/* The sink's requests: M2, M6..M15 and whatever else it may send. */
#include <stdio.h>
#include <string.h>

#include "rtsp/source-private.h"
#include "rtsp/transport.h"
#include "rtsp/vendor-params.h"

#define PUBLIC "org.wfa.wfd1.0, SETUP, TEARDOWN, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER"

/* ---- answers ---- */

static GString *begin(McWfdSource *self, const McRtspMessage *message, unsigned status)
{
    uint64_t cseq = 0;

    mc_rtsp_message_cseq(message, &cseq);
    return mc_rtsp_begin_response(status, cseq);
}

static void add_session(McWfdSource *self, GString *out, bool with_timeout)
{
    if (!self->session[0])
        return;
    if (with_timeout)
        g_string_append_printf(out, "Session: %s;timeout=%u\r\n", self->session,
                               self->config.session_timeout_s);
    else
        mc_rtsp_add_header(out, "Session", self->session);
}

static void answer(McWfdSource *self, const McRtspMessage *message, unsigned status)
{
    GString *out = begin(self, message, status);

    add_session(self, out, false);
    mc_source_output(self, mc_rtsp_finish(out, NULL));
}

/* A request that the session depends on: people hear of the first that cannot be done, for what
 * comes of it is that the sink waits, and so do we. */
static void refuse(McWfdSource *self, const McRtspMessage *message, unsigned status)
{
    char text[128];

    if ((!strcmp(message->method, "SETUP") || !strcmp(message->method, "PLAY")) &&
        self->state < MC_WFD_STATE_PLAYING && !self->refused_status) {
        self->refused_status = status;
        g_snprintf(text, sizeof(text), "the sink's %s cannot be done (%u %s): \"%.50s\"",
                   message->method, status, mc_rtsp_reason(status), message->uri);
        mc_source_event(self, MC_WFD_EVENT_ALTERNATIVE, (int) status, text);
    }
    answer(self, message, status);
}

/* ---- methods ---- */

static bool known_requirement(const char *require)
{
    return !require || !*require || g_str_has_prefix(require, "org.wfa.wfd");
}

static void on_options(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    const char *require = mc_rtsp_message_header(message, "Require");

    if (!known_requirement(require)) {
        GString *refusal = begin(self, message, 551);
        mc_rtsp_add_header(refusal, "Unsupported", require);
        mc_source_output(self, mc_rtsp_finish(refusal, NULL));
        return;
    }
    GString *out = begin(self, message, 200);
    mc_rtsp_add_header(out, "Public", PUBLIC);
    add_session(self, out, false);
    mc_source_output(self, mc_rtsp_finish(out, NULL));
    self->m2_answered = true;
    mc_source_query_caps(self, now_us);
}

static void take_transport(McWfdSource *self, const McTransport *transport)
{
    bool rtcp = transport->client_rtcp_port || self->caps->ms_rtcp;

    self->transport.client_rtp_port =
        transport->client_rtp_port ? transport->client_rtp_port : self->caps->rtp_port0;
    self->transport.client_rtcp_port = transport->client_rtcp_port;
    if (rtcp && !transport->client_rtcp_port && self->transport.client_rtp_port < G_MAXUINT16)
        self->transport.client_rtcp_port = (uint16_t) (self->transport.client_rtp_port + 1);
}

static void answer_setup(McWfdSource *self, const McRtspMessage *message, const McTransport *asked)
{
    bool rtcp = asked->client_rtcp_port || self->caps->ms_rtcp;
    McTransport transport = *asked;
    GString *out = begin(self, message, 200);

    transport.client_rtp_port = self->transport.client_rtp_port; /* where it states none */
    g_autofree char *line = mc_transport_write(&transport, self->config.server_rtp_port, rtcp);
    add_session(self, out, true);
    mc_rtsp_add_header(out, "Transport", line);
    mc_source_output(self, mc_rtsp_finish(out, NULL));
}

/* Digits alone and no leading zero: sinks read it as a number. */
static void make_session_id(McWfdSource *self)
{
    uint32_t least = 10000000; /* of eight digits, or of as many as the sink bears */

    for (uint32_t digits = 8; self->quirks.session_digits && digits > self->quirks.session_digits;
         digits--)
        least /= 10;
    snprintf(self->session, sizeof(self->session), "%u",
             MAX(least, 1) + self->config.random % (MAX(least, 1) * 9));
}

/* The sink may ask again, for what we send: RTP over UDP to itself. */
static void refuse_transport(McWfdSource *self, const McRtspMessage *message, const char *asked)
{
    char text[128];

    if (!asked) {
        refuse(self, message, 400);
        return;
    }
    g_strlcpy(self->refused_transport, asked, sizeof(self->refused_transport));
    g_snprintf(text, sizeof(text), "the sink asked for the transport \"%.60s\"; only UDP is sent",
               asked);
    mc_source_event(self, MC_WFD_EVENT_ALTERNATIVE, 461, text);
    answer(self, message, 461);
}

/* Several headers of a name are one, with commas between (RFC 2326, 4.2); NULL: none. */
static char *asked_transports(const McRtspMessage *message)
{
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; i < message->n_headers; i++)
        if (!g_ascii_strcasecmp(message->headers[i].name, "Transport"))
            g_string_append_printf(out, "%s%s", out->len ? ", " : "", message->headers[i].value);
    return g_string_free(out, out->len == 0);
}

/* M6; it may come before the answer to its trigger. */
static void on_setup(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    g_autofree char *value = asked_transports(message);
    McTransport transport;

    if (self->session[0]) {
        refuse(self, message, 400);
        return;
    }
    if (self->state != MC_WFD_STATE_TRIGGER && self->state != MC_WFD_STATE_WAIT_SETUP) {
        refuse(self, message, 455);
        return;
    }
    if (!value || !mc_transport_parse(value, &transport) || transport.tcp || transport.multicast) {
        refuse_transport(self, message, value);
        return;
    }
    make_session_id(self);
    take_transport(self, &transport);
    answer_setup(self, message, &transport);
    mc_source_enter(self, MC_WFD_STATE_WAIT_PLAY, now_us + mc_source_patience_us(self));
    self->keepalive_us = now_us + self->config.keepalive_period_us;
    mc_source_event(self, MC_WFD_EVENT_SETUP, self->transport.client_rtp_port, value);
}

static void answer_play(McWfdSource *self, const McRtspMessage *message)
{
    GString *out = begin(self, message, 200);

    add_session(self, out, true);
    mc_rtsp_add_header(out, "Range", "npt=now-");
    mc_source_output(self, mc_rtsp_finish(out, NULL));
}

/* M7. While playing it is answered and nothing more: some sinks send it twice. */
static void on_play(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    bool first = self->state == MC_WFD_STATE_WAIT_PLAY;

    answer_play(self, message);
    if (self->state == MC_WFD_STATE_PLAYING)
        return;
    mc_source_count_idr(self, now_us); /* the first picture is one */
    mc_source_enter(self, MC_WFD_STATE_PLAYING, INT64_MAX);
    mc_source_event(self, MC_WFD_EVENT_PLAY, 0, NULL);
    if (first && self->caps->ms_latency)
        mc_source_request(self, REQUEST_LATENCY, now_us);
    if (self->choose_again)
        mc_source_choose_again(self, now_us);
}

static void on_pause(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    answer(self, message, 200);
    if (self->state != MC_WFD_STATE_PLAYING)
        return;
    mc_source_enter(self, MC_WFD_STATE_PAUSED, INT64_MAX);
    mc_source_event(self, MC_WFD_EVENT_PAUSE, 0, NULL);
    mc_source_paused(self, now_us);
}

/* Microsoft sinks say why. */
static char *teardown_reason(const McRtspMessage *message)
{
    g_autoptr(GPtrArray) params = mc_params_parse(message->body, message->body_bytes, NULL);
    const McParam *param = mc_params_find(params, "microsoft_teardown_reason");
    McTeardownReason reason;

    if (!param || !mc_teardown_reason_parse(param->value, &reason, NULL))
        return NULL;
    const char *meaning = mc_teardown_reason_meaning(reason.code);
    return g_strdup_printf("the sink ended the session: %s%s%.70s (%08X)", meaning ? meaning : "",
                           meaning && reason.text[0] ? ": " : "", reason.text, reason.code);
}

/* In good order; before PLAY it is an end of nothing, which is a refusal. */
void mc_source_sink_ends(McWfdSource *self, const char *reason)
{
    GError *error = NULL;

    if (self->state < MC_WFD_STATE_PLAYING)
        error = g_error_new(
            MC_RTSP_ERROR, MC_RTSP_ERROR_TEARDOWN, "%s before the stream began (%s)",
            reason ? reason : "the sink ended the session", mc_wfd_state_name(self->state));
    mc_source_close(self, MC_WFD_CLOSE_SINK, reason, error);
}

static void on_teardown(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    g_autofree char *reason = teardown_reason(message);
    GString *out = begin(self, message, 200);

    add_session(self, out, false);
    mc_rtsp_add_header(out, "Connection", "close");
    mc_source_output(self, mc_rtsp_finish(out, NULL));
    if (self->state == MC_WFD_STATE_TEARING)
        mc_source_close(self, MC_WFD_CLOSE_SOURCE, reason, NULL);
    else
        mc_source_sink_ends(self, reason);
}

/* Keep-alives of the sink's own: unanswered ones make LG leave. */
static void on_get_parameter(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    answer(self, message, 200);
}

static void on_set_parameter(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    g_autoptr(GPtrArray) params = mc_params_parse(message->body, message->body_bytes, NULL);
    g_autofree char *refused = mc_source_check_settings(params);

    if (!refused) {
        answer(self, message, 200);
        mc_source_set(self, params, now_us);
        return;
    }
    GString *out = begin(self, message, 303);
    add_session(self, out, false);
    mc_source_output(self, mc_rtsp_finish(out, refused));
}

/* ---- table of methods ---- */

#define STATES(from, to) ((2u << (to)) - (1u << (from)))
#define ANY_STATE STATES(MC_WFD_STATE_INIT, MC_WFD_STATE_TEARING)
#define IN_SESSION STATES(MC_WFD_STATE_WAIT_PLAY, MC_WFD_STATE_STANDBY)

static const struct {
    const char *method;
    unsigned states; /* outside of them: 455 */
    bool stream_uri; /* the URI must name a stream of ours */
    bool session;    /* another session's id is refused */
    void (*handle)(McWfdSource *self, const McRtspMessage *message, int64_t now_us);
} methods[] = {
    {"OPTIONS", ANY_STATE, false, false, on_options},
    {"SETUP", ANY_STATE, true, false, on_setup},
    {"PLAY", IN_SESSION, true, true, on_play},
    {"PAUSE", STATES(MC_WFD_STATE_PLAYING, MC_WFD_STATE_STANDBY), true, true, on_pause},
    {"TEARDOWN", ANY_STATE, false, true, on_teardown},
    {"GET_PARAMETER", ANY_STATE, false, false, on_get_parameter},
    {"SET_PARAMETER", ANY_STATE, false, true, on_set_parameter},
};

/* Known to RTSP, not to Wi-Fi Display. */
static bool foreign_method(const char *method)
{
    static const char *const names[] = {"DESCRIBE", "ANNOUNCE", "RECORD", "REDIRECT",
                                        "PLAY_NOTIFY"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (!strcmp(method, names[i]))
            return true;
    return false;
}

/* Schemes, hosts, ports and ends vary: what names our stream names it. */
static bool stream_uri(const char *uri)
{
    return !strcmp(uri, "*") || strstr(uri, "wfd1.0") || strstr(uri, "streamid=0");
}

/* Missing means the present session; sinks echo parameters or leave it out.  One
 * writes a word of its own in M7 and keeps to it: there is one session on a connection. */
static bool other_session(McWfdSource *self, const McRtspMessage *message)
{
    char id[64];

    if (!self->session[0] || !mc_rtsp_message_session(message, id, sizeof(id)) || !id[0] ||
        !strcmp(id, self->session) || !strcmp(id, self->session_alias))
        return false;
    if (self->state != MC_WFD_STATE_WAIT_PLAY || strcmp(message->method, "PLAY"))
        return true;
    g_strlcpy(self->session_alias, id, sizeof(self->session_alias));
    return false;
}

void mc_source_sink_request(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    uint64_t cseq;

    if (g_queue_is_empty(&self->waiting)) /* a chatty sink does not put off what waits already */
        self->quiet_us = now_us + self->config.answer_gap_us;
    if (!mc_rtsp_message_cseq(message, &cseq)) {
        refuse(self, message, 400);
        return;
    }
    if (g_ascii_strcasecmp(message->version, "RTSP/1.0")) {
        refuse(self, message, 505);
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
        if (strcmp(message->method, methods[i].method))
            continue;
        if (!(methods[i].states >> self->state & 1))
            refuse(self, message, 455);
        else if (methods[i].stream_uri && !stream_uri(message->uri))
            refuse(self, message, 404);
        else if (methods[i].session && other_session(self, message))
            refuse(self, message, 454);
        else
            methods[i].handle(self, message, now_us);
        return;
    }
    answer(self, message, foreign_method(message->method) ? 405 : 501);
}
