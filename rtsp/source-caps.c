/* SPDX-License-Identifier: MIT */
/* From the first message to the choice: M1, M2, M3 and its repetition for another display. */
#include <string.h>

#include "rtsp/source-private.h"
#include "rtsp/unconfirmed.h"

#define M2_PATIENCE_US (MC_UNCONFIRMED_NO_M2_S * G_USEC_PER_SEC)

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

void mc_source_on_options(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    if (!message) {
        mc_source_fail_missing(self, REQUEST_OPTIONS);
        return;
    }
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

static void retry_minimal_caps(McWfdSource *self, const char *why, int64_t now_us)
{
    g_autofree char *text = g_strdup_printf(
        "the sink %s the long list of capabilities; asking the four basic ones", why);

    self->minimal_caps = true;
    mc_source_event(self, MC_WFD_EVENT_ALTERNATIVE, 0, text);
    mc_source_request(self, REQUEST_CAPS, now_us);
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

static void no_caps(McWfdSource *self, int64_t now_us)
{
    if (self->minimal_caps)
        mc_source_fail_missing(self, REQUEST_CAPS);
    else
        retry_minimal_caps(self, "did not answer", now_us);
}

/* "415, 457" and the like: what is wrong with a parameter, in the way of a strict sink. */
static bool is_status_list(const char *value)
{
    g_auto(GStrv) codes = g_strsplit(value, ",", -1);

    for (char **code = codes; *code; code++)
        if (!g_ascii_string_to_unsigned(g_strstrip(*code), 10, 400, 599, NULL, NULL))
            return false;
    return codes[0] != NULL;
}

/* What the answer says of the sink: all of a 200, and of a 303 the lines that are no refusals. */
static void add_answer(GString *out, const McRtspMessage *message)
{
    g_autoptr(GPtrArray) params = mc_params_parse(message->body, message->body_bytes, NULL);

    g_string_append(out, "\r\n"); /* what stands there may be cut off in a line */
    if (message->status == 200)
        g_string_append_len(out, message->body, (gssize) message->body_bytes);
    for (guint i = 0; message->status == 303 && i < params->len; i++) {
        const McParam *param = params->pdata[i];
        if (!is_status_list(param->value))
            g_string_append_printf(out, "%s: %s\r\n", param->name, param->value);
    }
}

/* What the long question was told holds, and what the short one is told besides, or instead. */
static void parse_answer(McWfdSource *self, const McRtspMessage *message)
{
    if (!self->minimal_caps)
        g_string_truncate(self->answers, 0);
    add_answer(self->answers, message);
    g_clear_pointer(&self->caps, mc_wfd_caps_free);
    self->caps = mc_wfd_caps_parse(self->answers->str, self->answers->len);
}

static void refused_caps(McWfdSource *self, const McRtspMessage *message)
{
    mc_source_fail(self, MC_RTSP_ERROR_REFUSED, "the sink answered M3 (capabilities) with %u %s",
                   message->status, mc_rtsp_reason(message->status));
}

/* M3 is answered as well as it will be. */
static void take_caps(McWfdSource *self, int64_t now_us)
{
    GError *error = NULL;

    complete_caps(self);
    mc_source_find_quirks(self);
    if (!mc_wfd_negotiate(self->caps, &self->config.wish, &self->decision, &error)) {
        mc_source_close(self, MC_WFD_CLOSE_ERROR, NULL, error);
        return;
    }
    mc_source_event(self, MC_WFD_EVENT_CAPS, 0, self->decision.reason);
    mc_source_enter(self, MC_WFD_STATE_NEGOTIATED, INT64_MAX);
    if (!self->config.hold_after_caps)
        mc_source_select_mode(self, now_us);
}

void mc_source_on_caps(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    if (!message) {
        no_caps(self, now_us);
        return;
    }
    const bool refused = message->status != 200;
    parse_answer(self, message);
    if (caps_usable(self->caps) || (self->minimal_caps && !refused))
        take_caps(self, now_us);
    else if (self->minimal_caps)
        refused_caps(self, message);
    else
        retry_minimal_caps(
            self, refused ? "refused" : "named no picture or no port in its answer to", now_us);
}

bool mc_wfd_source_proceed(McWfdSource *self, int64_t now_us, GError **error)
{
    if (self->state != MC_WFD_STATE_NEGOTIATED) {
        g_set_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_STATE, "not negotiated yet");
        return false;
    }
    mc_source_select_mode(self, now_us);
    return true;
}

bool mc_wfd_source_decide_anew(McWfdSource *self, const McWfdWish *wish, GError **error)
{
    McWfdWish known = *wish;

    known.quirks = self->quirks;
    if (!mc_source_allows(self, self->state == MC_WFD_STATE_NEGOTIATED, error) ||
        !mc_wfd_negotiate(self->caps, &known, &self->decision, error))
        return false;
    self->config.wish = known;
    return true;
}

/* ---- M3 again, of another display ---- */

/* A refusal, or an answer without anything in it, leaves all as it is. */
void mc_source_on_display(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    if (!message || message->status != 200)
        return;
    g_autoptr(McWfdCaps) other = mc_wfd_caps_parse(message->body, message->body_bytes);
    const McCapsChange change = mc_wfd_caps_take_display(self->caps, other);
    if (change.edid || change.video)
        mc_source_event(self, MC_WFD_EVENT_DISPLAY, change.edid, NULL);
    if (change.video)
        mc_source_choose_again(self, now_us);
}
