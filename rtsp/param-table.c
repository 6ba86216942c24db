/* SPDX-License-Identifier: MIT */
#include "rtsp/param-table.h"

#include <string.h>

#define LONG_TEXT 65535

/* ---- types: one table entry each over the functions of their own files ---- */

/* For types whose functions want the value alone. */
#define PLAIN_TYPE(member, prefix, clear_func)                                                     \
    static bool parse_##member(const McParamRow *row, const char *value, McParamValue *ret_value,  \
                               GPtrArray *notes, char **ret_problem)                               \
    {                                                                                              \
        return prefix##_parse(value, &ret_value->member, ret_problem);                             \
    }                                                                                              \
    static char *write_##member(const McParamRow *row, const McParamValue *value)                  \
    {                                                                                              \
        return prefix##_write(&value->member);                                                     \
    }                                                                                              \
    static const McParamType type_##member = {parse_##member, write_##member, clear_func}

static void clear_edid(McParamValue *value)
{
    mc_edid_clear(&value->edid);
}

PLAIN_TYPE(formats_3d, mc_formats_3d, NULL);
PLAIN_TYPE(display_mode, mc_display_mode, NULL);
PLAIN_TYPE(timing, mc_change_timing, NULL);
PLAIN_TYPE(edid, mc_edid, clear_edid);
PLAIN_TYPE(rtp_ports, mc_rtp_ports, NULL);
PLAIN_TYPE(url, mc_presentation_url, NULL);
PLAIN_TYPE(protection, mc_content_protection, NULL);
PLAIN_TYPE(coupled, mc_coupled_sink, NULL);
PLAIN_TYPE(cursor, mc_cursor_capability, NULL);
PLAIN_TYPE(custom_modes, mc_custom_modes, NULL);
PLAIN_TYPE(projection, mc_projection, NULL);
PLAIN_TYPE(reason, mc_teardown_reason, NULL);
PLAIN_TYPE(version, mc_sink_version, NULL);

static bool parse_video(const McParamRow *row, const char *value, McParamValue *ret_value,
                        GPtrArray *notes, char **ret_problem)
{
    g_autofree char *problem = NULL;

    if (mc_video_formats_parse(row->kind, value, &ret_value->video, notes, &problem))
        return true;
    *ret_problem = g_strdup(problem + strlen(row->name) + 2); /* behind the name, which we add */
    return false;
}

static char *write_video(const McParamRow *row, const McParamValue *value)
{
    return mc_video_formats_write(&value->video);
}
static const McParamType type_video = {parse_video, write_video, NULL};

static bool parse_audio(const McParamRow *row, const char *value, McParamValue *ret_value,
                        GPtrArray *notes, char **ret_problem)
{
    return mc_audio_codecs_parse(value, &ret_value->audio, notes, ret_problem);
}

static char *write_audio(const McParamRow *row, const McParamValue *value)
{
    return mc_audio_codecs_write(&value->audio);
}
static const McParamType type_audio = {parse_audio, write_audio, NULL};

static bool parse_uibc(const McParamRow *row, const char *value, McParamValue *ret_value,
                       GPtrArray *notes, char **ret_problem)
{
    return mc_uibc_capability_parse(value, &ret_value->uibc, notes, ret_problem);
}

static char *write_uibc(const McParamRow *row, const McParamValue *value)
{
    return mc_uibc_capability_write(&value->uibc);
}
static const McParamType type_uibc = {parse_uibc, write_uibc, NULL};

static bool parse_word(const McParamRow *row, const char *value, McParamValue *ret_value,
                       GPtrArray *notes, char **ret_problem)
{
    return mc_word_parse(value, row->words, &ret_value->word, ret_problem);
}

static char *write_word(const McParamRow *row, const McParamValue *value)
{
    return g_strdup(value->word.word);
}
static const McParamType type_word = {parse_word, write_word, NULL};

static bool parse_number(const McParamRow *row, const char *value, McParamValue *ret_value,
                         GPtrArray *notes, char **ret_problem)
{
    return mc_number_parse(value, row->max, row->prefix, &ret_value->number, ret_problem);
}

static char *write_number(const McParamRow *row, const McParamValue *value)
{
    return mc_number_write(&value->number, row->prefix);
}
static const McParamType type_number = {parse_number, write_number, NULL};

static bool parse_hex(const McParamRow *row, const char *value, McParamValue *ret_value,
                      GPtrArray *notes, char **ret_problem)
{
    return mc_hex_fields_parse(value, row->n_fields, row->digits, &ret_value->hex, ret_problem);
}

static char *write_hex(const McParamRow *row, const McParamValue *value)
{
    return mc_hex_fields_write(&value->hex);
}
static const McParamType type_hex = {parse_hex, write_hex, NULL};

static bool parse_text(const McParamRow *row, const char *value, McParamValue *ret_value,
                       GPtrArray *notes, char **ret_problem)
{
    return mc_text_value_parse(value, row->max, &ret_value->text, ret_problem);
}

static char *write_text(const McParamRow *row, const McParamValue *value)
{
    return g_strdup(value->text.text);
}

static void clear_text(McParamValue *value)
{
    mc_text_value_clear(&value->text);
}
static const McParamType type_text = {parse_text, write_text, clear_text};

/* ---- vocabularies ---- */

static const char *const triggers[] = {"SETUP", "PLAY", "PAUSE", "TEARDOWN", NULL};
static const char *const routes[] = {"primary", "secondary", NULL};
static const char *const settings[] = {"disable", "enable", NULL};
static const char *const supported[] = {"none", "supported", NULL};
static const char *const flags[] = {"0", "1", "none", NULL};
static const char *const mutes[] = {"0", "1", "none", "supported", NULL};
static const char *const latencies[] = {"none", "supported", "low", "normal", "high", NULL};

/* ---- the table ---- */

static const McParamRow rows[] = {
    {.name = "wfd_audio_codecs", .type = &type_audio},
    {.name = "wfd_video_formats", .type = &type_video, .kind = MC_FORMATS_WFD},
    {.name = "wfd_3d_video_formats", .type = &type_formats_3d},
    {.name = "wfd_content_protection", .type = &type_protection},
    {.name = "wfd_display_edid", .type = &type_edid},
    {.name = "wfd_coupled_sink", .type = &type_coupled},
    {.name = "wfd_trigger_method", .type = &type_word, .words = triggers},
    {.name = "wfd_presentation_URL", .type = &type_url},
    {.name = "wfd_client_rtp_ports", .type = &type_rtp_ports},
    {.name = "wfd_route", .type = &type_word, .words = routes},
    {.name = "wfd_I2C", .type = &type_number, .max = G_MAXUINT16},
    {.name = "wfd_av_format_change_timing", .type = &type_timing},
    {.name = "wfd_preferred_display_mode", .type = &type_display_mode},
    {.name = "wfd_uibc_capability", .type = &type_uibc},
    {.name = "wfd_uibc_setting", .type = &type_word, .words = settings},
    {.name = "wfd_standby_resume_capability", .type = &type_word, .words = supported},
    {.name = "wfd_standby"},
    {.name = "wfd_connector_type", .type = &type_hex, .n_fields = 1, .digits = 2},
    {.name = "wfd_idr_request"},
    {.name = "wfd_idr_request_capability", .type = &type_word, .words = flags},
    {.name = "wfd2_video_formats", .type = &type_video, .kind = MC_FORMATS_WFD2},
    {.name = "wfd2_audio_codecs", .type = &type_audio},
    {.name = "wfd2_video_stream_control",
     .type = &type_hex,
     .unconfirmed = true,
     .n_fields = 2,
     .digits = 2},
    {.name = "wfd2_rotation_capability", .type = &type_word, .words = supported},
    {.name = "wfd2_aux_stream_formats", .type = &type_text, .unconfirmed = true, .max = LONG_TEXT},
    {.name = "wfd2_buffer_length", .type = &type_text, .unconfirmed = true, .max = LONG_TEXT},
    {.name = "wfd2_audio_playback_status",
     .type = &type_text,
     .unconfirmed = true,
     .max = LONG_TEXT},
    {.name = "wfd2_video_playback_status",
     .type = &type_text,
     .unconfirmed = true,
     .max = LONG_TEXT},
    {.name = "wfd2_cta_datablock_collection",
     .type = &type_text,
     .unconfirmed = true,
     .max = LONG_TEXT},
    {.name = "wfd2_video_codecs", .type = &type_text, .unconfirmed = true, .max = LONG_TEXT},
    {.name = "wfd2_transport_switch", .type = &type_text, .unconfirmed = true, .max = LONG_TEXT},
    {.name = "wfdx_video_formats", .type = &type_video, .kind = MC_FORMATS_WFDX},
    {.name = "wfdx_rotation_capability", .type = &type_word, .words = supported},
    {.name = "microsoft_video_formats", .type = &type_hex, .n_fields = 1, .digits = 12},
    {.name = "microsoft_custom_video_formats", .type = &type_custom_modes, .unconfirmed = true},
    {.name = "microsoft_diagnostics_capability", .type = &type_word, .words = supported},
    {.name = "microsoft_format_change_capability", .type = &type_word, .words = supported},
    {.name = "microsoft_rtcp_capability", .type = &type_word, .words = supported},
    {.name = "microsoft_latency_management_capability", .type = &type_word, .words = latencies},
    {.name = "microsoft_max_bitrate", .type = &type_number, .max = UINT64_C(9999999999)},
    {.name = "microsoft_multiscreen_projection", .type = &type_projection},
    {.name = "microsoft_audio_mute", .type = &type_word, .unconfirmed = true, .words = mutes},
    {.name = "microsoft_color_space_conversion", .type = &type_word, .words = supported},
    {.name = "microsoft_cursor", .type = &type_cursor},
    {.name = "microsoft_teardown_reason", .type = &type_reason},
    {.name = "intel_friendly_name", .type = &type_text, .max = 255},
    {.name = "intel_sink_manufacturer_name", .type = &type_text, .max = 255},
    {.name = "intel_sink_model_name", .type = &type_text, .max = 255},
    {.name = "intel_sink_version", .type = &type_version},
    {.name = "intel_sink_device_URL", .type = &type_text, .max = 256},
    {.name = "intel_sink_manufacturer_logo", .type = &type_text, .max = LONG_TEXT},
    {.name = "intel_fast_cursor", .type = &type_number, .prefix = "port=", .max = G_MAXUINT16},
    {.name = "intel_enable_widi_rtcp", .type = &type_number, .max = G_MAXUINT16},
    {.name = "intel_interactivity_mode", .type = &type_text, .unconfirmed = true, .max = LONG_TEXT},
    {.name = "intel_lower_bandwidth", .type = &type_text, .unconfirmed = true, .max = LONG_TEXT},
    {.name = "intel_overscan_comp", .type = &type_text, .unconfirmed = true, .max = LONG_TEXT},
    {.name = "intel_sigma_pipeline_params",
     .type = &type_text,
     .unconfirmed = true,
     .max = LONG_TEXT},
    {.name = "intel_topology", .type = &type_text, .unconfirmed = true, .max = LONG_TEXT},
    {.name = "intel_usboip", .type = &type_text, .unconfirmed = true, .max = LONG_TEXT},
    {.name = "intel_managed_meetings", .type = &type_text, .unconfirmed = true, .max = LONG_TEXT},
    {.name = "intel_sink_information", .type = &type_text, .unconfirmed = true, .max = LONG_TEXT},
    {.name = "intel_source_connection_status",
     .type = &type_text,
     .unconfirmed = true,
     .max = LONG_TEXT},
};

unsigned mc_param_rows(void)
{
    return G_N_ELEMENTS(rows);
}

const McParamRow *mc_param_row(unsigned index)
{
    return index < G_N_ELEMENTS(rows) ? &rows[index] : NULL;
}

const McParamRow *mc_param_row_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (!g_ascii_strcasecmp(rows[i].name, name))
            return &rows[i];
    return NULL;
}

/* ---- one parameter ---- */

char *mc_param_value_write(const McParamRow *row, const McParamValue *value)
{
    return row->type ? row->type->write(row, value) : NULL;
}

static void note(GPtrArray *notes, const char *name, const char *problem)
{
    if (notes)
        g_ptr_array_add(notes, g_strdup_printf("%s: %s", name, problem));
}

/* False: the value stays a text. */
static bool parse_value(McTypedParam *self, const McParamRow *row, GPtrArray *notes)
{
    g_autofree char *problem = NULL;

    if (!row->type)
        return true; /* a value behind a bare name says nothing */
    if (!self->text || !*self->text) {
        note(notes, self->name, "has no value");
        return false;
    }
    if (row->type->parse(row, self->text, &self->value, notes, &problem))
        return true;
    if (row->type->clear)
        row->type->clear(&self->value);
    self->value = (McParamValue){0};
    note(notes, self->name, problem ? problem : "its value cannot be read");
    return false;
}

McTypedParam *mc_typed_param_parse(const McParam *param, GPtrArray *notes)
{
    McTypedParam *self = g_new0(McTypedParam, 1);
    const McParamRow *row = mc_param_row_find(param->name);

    self->name = g_strdup(param->name);
    self->text = param->bare ? NULL : g_strdup(param->value);
    if (!row || !parse_value(self, row, notes))
        return self;
    self->row = row;
    g_autofree char *ours = mc_param_value_write(row, &self->value);
    self->own_spelling = g_strcmp0(ours, self->text) != 0;
    return self;
}

void mc_typed_param_free(McTypedParam *self)
{
    if (!self)
        return;
    if (self->row && self->row->type && self->row->type->clear)
        self->row->type->clear(&self->value);
    g_free(self->name);
    g_free(self->text);
    g_free(self);
}

char *mc_typed_param_write(const McTypedParam *self)
{
    return !self->row || self->own_spelling ? g_strdup(self->text)
                                            : mc_param_value_write(self->row, &self->value);
}
