/* SPDX-License-Identifier: MIT */
/* The sink's SET_PARAMETER, M10..M15 and others, by name.  All of a request is done or nothing of
 * it (RFC 2326, 10.9): its values are looked at first, and what they ask for is done once it has
 * its answer. */
#include <string.h>

#include "rtsp/source-private.h"
#include "rtsp/uibc-capability.h"
#include "rtsp/unconfirmed.h"
#include "rtsp/vendor-params.h"

/* ---- values: 0, or the code that belongs beside the name in a 303 ---- */

/* There is one sink: sound cannot go to another (which code is expected: unconfirmed). */
static unsigned check_route(const char *value)
{
    return g_ascii_strcasecmp(value, "primary") ? MC_UNCONFIRMED_ROUTE_STATUS : 0;
}

static bool parse_connector(const char *value, int *ret_connector)
{
    guint64 type;

    *ret_connector = MC_CONNECTOR_NONE;
    if (!g_ascii_strcasecmp(value, "none"))
        return true;
    if (!g_ascii_string_to_unsigned(value, 16, 0, 0xff, &type, NULL))
        return false;
    *ret_connector = (int) type;
    return true;
}

static unsigned check_connector(const char *value)
{
    int connector;

    return parse_connector(value, &connector) ? 0 : 415;
}

static unsigned check_uibc_capability(const char *value)
{
    McUibcCapability capability;

    return mc_uibc_capability_parse(value, &capability, NULL, NULL) ? 0 : 415;
}

static unsigned check_uibc_setting(const char *value)
{
    return g_ascii_strcasecmp(value, "enable") && g_ascii_strcasecmp(value, "disable") ? 415 : 0;
}

static unsigned check_audio_mute(const char *value)
{
    return strcmp(value, "0") && strcmp(value, "1") ? 415 : 0;
}

static unsigned check_projection(const char *value)
{
    McProjection projection;

    return mc_projection_parse(value, &projection, NULL) ? 0 : 415;
}

/* ---- what they ask for ---- */

static void set_idr_request(McWfdSource *self, const char *value, int64_t now_us)
{
    self->counters.idr_requests++;
    if (self->state == MC_WFD_STATE_PLAYING)
        mc_source_want_idr(self, now_us);
}

static void set_route(McWfdSource *self, const char *value, int64_t now_us)
{
    mc_source_event(self, MC_WFD_EVENT_ROUTE, 0, "primary");
}

static void set_connector(McWfdSource *self, const char *value, int64_t now_us)
{
    int connector;

    parse_connector(value, &connector);
    mc_source_event(self, MC_WFD_EVENT_CONNECTOR, connector, NULL);
    if (!self->caps || self->caps->connector == connector)
        return;
    self->caps->connector = connector;
    /* Another display has an EDID and perhaps modes of its own. */
    if (connector != MC_CONNECTOR_NONE && self->session[0])
        mc_source_request(self, REQUEST_DISPLAY, now_us);
}

static void set_standby(McWfdSource *self, const char *value, int64_t now_us)
{
    if (self->state == MC_WFD_STATE_PLAYING)
        mc_source_event(self, MC_WFD_EVENT_PAUSE, 0, "standby");
    if (self->state == MC_WFD_STATE_PLAYING || self->state == MC_WFD_STATE_PAUSED)
        mc_source_enter(self, MC_WFD_STATE_STANDBY, INT64_MAX);
}

/* It learns from our own M14 which of it we take, and where; of nothing there is nothing to say. */
static void set_uibc_capability(McWfdSource *self, const char *value, int64_t now_us)
{
    if (!self->caps)
        return;
    g_free(self->caps->uibc_line);
    self->caps->uibc_line = g_strdup(value);
    self->uibc_offered = self->uibc_offered && mc_source_takes_input(self);
    if (self->session[0] && mc_source_takes_input(self))
        mc_source_request(self, REQUEST_UIBC_CAPABILITY, now_us);
}

static void set_uibc_setting(McWfdSource *self, const char *value, int64_t now_us)
{
    if (!self->uibc_offered)
        return;
    self->uibc_enabled = !g_ascii_strcasecmp(value, "enable");
    mc_source_event(self, MC_WFD_EVENT_UIBC, self->uibc_enabled, NULL);
}

static void set_audio_mute(McWfdSource *self, const char *value, int64_t now_us)
{
    mc_source_event(self, MC_WFD_EVENT_AUDIO_MUTE, value[0] == MC_UNCONFIRMED_AUDIO_MUTE_VALUE,
                    NULL);
}

/* The sink shows us beside others, smaller; its bit rate is then a limit. */
static void set_projection(McWfdSource *self, const char *value, int64_t now_us)
{
    McProjection projection;

    mc_projection_parse(value, &projection, NULL);
    uint64_t kbps = projection.kind == MC_PROJECTION_SECONDARY ? projection.bits_per_s / 1000 : 0;
    mc_source_event(self, MC_WFD_EVENT_LIMIT, (int) MIN(kbps, G_MAXINT32), NULL);
}

/* Triggers are the source's, and yet a sink exists that sends this one. */
static void set_trigger(McWfdSource *self, const char *value, int64_t now_us)
{
    if (!g_ascii_strcasecmp(value, "TEARDOWN"))
        mc_source_sink_ends(self, NULL);
}

/* ---- the table of settings ---- */

typedef struct {
    const char *name;
    unsigned (*check)(const char *value); /* NULL: whatever it says */
    void (*set)(McWfdSource *self, const char *value, int64_t now_us);
} Setting;

static const Setting settings[] = {
    {"wfd_idr_request", NULL, set_idr_request},
    {"wfd_route", check_route, set_route},
    {"wfd_connector_type", check_connector, set_connector},
    {"wfd_standby", NULL, set_standby},
    {"wfd_uibc_capability", check_uibc_capability, set_uibc_capability},
    {"wfd_uibc_setting", check_uibc_setting, set_uibc_setting},
    {"microsoft_audio_mute", check_audio_mute, set_audio_mute},
    {"microsoft_multiscreen_projection", check_projection, set_projection},
    {"wfd_trigger_method", NULL, set_trigger},
};

/* NULL for unknown ones: they are answered with 200, as the field does. */
static const Setting *find(const McParam *param)
{
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
        if (!g_ascii_strcasecmp(param->name, settings[i].name))
            return &settings[i];
    return NULL;
}

char *mc_source_check_settings(const GPtrArray *params)
{
    GString *refused = g_string_new(NULL);

    for (guint i = 0; i < params->len; i++) {
        const McParam *param = params->pdata[i];
        const Setting *setting = find(param);
        unsigned code = setting && setting->check ? setting->check(param->value) : 0;
        if (code)
            g_string_append_printf(refused, "%s: %u\r\n", param->name, code);
    }
    return g_string_free(refused, refused->len == 0);
}

void mc_source_set(McWfdSource *self, const GPtrArray *params, int64_t now_us)
{
    for (guint i = 0; i < params->len && self->state != MC_WFD_STATE_CLOSED; i++) {
        const McParam *param = params->pdata[i];
        const Setting *setting = find(param);
        if (setting)
            setting->set(self, param->value, now_us);
    }
}
