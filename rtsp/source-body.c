/* SPDX-License-Identifier: MIT */
/* Bodies of our requests, M3..M5, M12, M14, M15. */
#include "rtsp/display-params.h"
#include "rtsp/source-private.h"
#include "rtsp/uibc-capability.h"

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

/* Port 0 and 1 as the sink stated them. */
static void write_rtp_ports(McWfdSource *self, GString *body)
{
    g_autofree char *ports = g_strdup_printf("%s %u %u mode=play",
                                             self->caps->rtp_profile[0] ? self->caps->rtp_profile
                                                                        : "RTP/AVP/UDP;unicast",
                                             self->caps->rtp_port0, self->caps->rtp_port1);

    mc_params_write(body, "wfd_client_rtp_ports", ports);
}

/* The sink's offer without what we do not take; false: nothing is left. */
static bool agree_on_input(const McWfdSource *self, McUibcCapability *ret_answer)
{
    McUibcCapability sink;

    return self->config.uibc_port && self->caps->uibc_line &&
           mc_uibc_capability_parse(self->caps->uibc_line, &sink, NULL, NULL) &&
           mc_uibc_capability_answer(&sink, self->config.uibc_port, ret_answer);
}

bool mc_source_takes_input(const McWfdSource *self)
{
    McUibcCapability ignored;

    return agree_on_input(self, &ignored);
}

/* Its input is on from the start (M14, M15). */
static void write_uibc(McWfdSource *self, GString *body)
{
    McUibcCapability answer;

    if (!agree_on_input(self, &answer))
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

bool mc_source_announces_change(const McWfdSource *self)
{
    return !self->timing_refused && self->config.pts_zero_us;
}

/* When the change comes, on the stream's clock. */
static void write_change_timing(McWfdSource *self, GString *body, int64_t change_us)
{
    if (!mc_source_announces_change(self))
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

/* ---- the table of bodies ---- */

static const struct {
    char *(*write)(McWfdSource *self);
    const char *text; /* where it is always the same */
} bodies[N_REQUESTS] = {
    [REQUEST_CAPS] = {caps_body, NULL},
    [REQUEST_DISPLAY] = {display_body, NULL},
    [REQUEST_SELECT] = {select_body, NULL},
    [REQUEST_TRIGGER_SETUP] = {NULL, "wfd_trigger_method: SETUP\r\n"},
    [REQUEST_TRIGGER_PLAY] = {NULL, "wfd_trigger_method: PLAY\r\n"},
    [REQUEST_TRIGGER_PAUSE] = {NULL, "wfd_trigger_method: PAUSE\r\n"},
    [REQUEST_TRIGGER_TEARDOWN] = {NULL, "wfd_trigger_method: TEARDOWN\r\n"},
    [REQUEST_STANDBY] = {NULL, "wfd_standby\r\n"},
    [REQUEST_UIBC_CAPABILITY] = {uibc_capability_body, NULL},
    [REQUEST_UIBC_SETTING] = {uibc_setting_body, NULL},
    [REQUEST_LATENCY] = {NULL, "microsoft_latency_management_capability: low\r\n"},
};

char *mc_source_body(McWfdSource *self, RequestKind kind)
{
    return bodies[kind].write ? bodies[kind].write(self) : g_strdup(bodies[kind].text);
}
