/* SPDX-License-Identifier: MIT */
#include "rtsp/caps.h"

#include <string.h>

static void note(McWfdCaps *caps, const char *name, const char *problem)
{
    g_ptr_array_add(caps->notes, g_strdup_printf("%s: %s", name, problem));
}

/* ---- what the session uses of each parameter; the whole answer stays in caps->typed ---- */

typedef void (*Take)(McWfdCaps *caps, const McTypedParam *param);

/* Names occur twice: the last one counts, if it offers anything. */
static void take_video(McWfdCaps *caps, const McTypedParam *param)
{
    McVideoFormats *formats = &caps->video[param->row->kind];

    if (!formats->n_codecs || param->value.video.n_codecs)
        *formats = param->value.video;
}

static void take_codecs(McAudioCodecs *codecs, const McAudioCodecs *more)
{
    if (!codecs->n_formats || more->n_formats)
        *codecs = *more;
}

static void take_audio(McWfdCaps *caps, const McTypedParam *param)
{
    take_codecs(&caps->audio, &param->value.audio);
}

static void take_audio2(McWfdCaps *caps, const McTypedParam *param)
{
    take_codecs(&caps->audio2, &param->value.audio);
}

static void take_rtp_ports(McWfdCaps *caps, const McTypedParam *param)
{
    const McRtpPorts *ports = &param->value.rtp_ports;

    if (!ports->ports_stated || !ports->port0) {
        note(caps, param->name, "no port is stated");
        return;
    }
    g_strlcpy(caps->rtp_profile, ports->profile, sizeof(caps->rtp_profile));
    caps->rtp_port0 = ports->port0;
    caps->rtp_port1 = ports->port1;
    caps->rtp_ports_present = true;
}

static void take_protection(McWfdCaps *caps, const McTypedParam *param)
{
    const McContentProtection *protection = &param->value.protection;

    g_strlcpy(caps->content_protection, protection->none ? "none" : protection->kind,
              sizeof(caps->content_protection));
    caps->hdcp_port = protection->port;
}

/* Truncated ones exist: whole blocks are kept. */
static void take_edid(McWfdCaps *caps, const McTypedParam *param)
{
    const McEdid *edid = &param->value.edid;
    size_t bytes = MIN(edid->n_bytes, MC_CAPS_MAX_EDID) / MC_EDID_BLOCK_BYTES * MC_EDID_BLOCK_BYTES;

    if (!edid->bytes)
        return;
    if (edid->n_bytes != edid->blocks * (size_t) MC_EDID_BLOCK_BYTES)
        note(caps, param->name, "its length is not what its count says");
    if (!bytes)
        return;
    g_free(caps->edid);
    caps->edid = g_memdup2(edid->bytes, bytes);
    caps->edid_bytes = bytes;
}

static void take_connector(McWfdCaps *caps, const McTypedParam *param)
{
    caps->connector = param->value.hex.none ? MC_CONNECTOR_NONE : (int) param->value.hex.field[0];
}

static void take_idr_request(McWfdCaps *caps, const McTypedParam *param)
{
    caps->idr_request_known = param->value.word.index < 2;
    caps->idr_request = param->value.word.index == 1;
}

static bool is_supported(const McTypedParam *param)
{
    return param->value.word.word && !strcmp(param->value.word.word, "supported");
}

static void take_standby(McWfdCaps *caps, const McTypedParam *param)
{
    caps->standby_resume = is_supported(param);
}

static void take_format_change(McWfdCaps *caps, const McTypedParam *param)
{
    caps->ms_format_change = is_supported(param);
}

static void take_latency(McWfdCaps *caps, const McTypedParam *param)
{
    caps->ms_latency = is_supported(param);
}

static void take_rtcp(McWfdCaps *caps, const McTypedParam *param)
{
    caps->ms_rtcp = is_supported(param);
}

static void take_diagnostics(McWfdCaps *caps, const McTypedParam *param)
{
    caps->ms_diagnostics = is_supported(param);
}

static void take_uibc(McWfdCaps *caps, const McTypedParam *param)
{
    const McUibcCapability *uibc = &param->value.uibc;

    g_free(caps->uibc_line);
    caps->uibc_line = g_strdup(param->text);
    caps->uibc_generic = mc_uibc_capability_has(uibc, MC_UIBC_GENERIC);
    caps->uibc_hidc = mc_uibc_capability_has(uibc, MC_UIBC_HIDC);
}

static void take_max_bitrate(McWfdCaps *caps, const McTypedParam *param)
{
    uint64_t kbps = param->value.number.number / 1000;

    if (!param->value.number.none && kbps < MC_CAPS_MIN_KBPS)
        note(caps, param->name, "no picture fits into so little; it is ignored");
    caps->max_bitrate_kbps = kbps < MC_CAPS_MIN_KBPS ? 0 : (uint32_t) kbps;
}

static void take_ms_video(McWfdCaps *caps, const McTypedParam *param)
{
    caps->ms_video = param->value.hex.field[0];
}

static void take_cursor(McWfdCaps *caps, const McTypedParam *param)
{
    if (!param->value.cursor.none)
        g_strlcpy(caps->ms_cursor, param->text, sizeof(caps->ms_cursor));
}

static void copy_text(char *to, size_t size, const McTextValue *text)
{
    if (text->none)
        return;
    g_strlcpy(to, text->text, size);
    for (; *to; to++)
        if (g_ascii_iscntrl(*to))
            *to = ' '; /* goes to logs and terminals */
}

static void take_friendly_name(McWfdCaps *caps, const McTypedParam *param)
{
    copy_text(caps->friendly_name, sizeof(caps->friendly_name), &param->value.text);
}

static void take_manufacturer(McWfdCaps *caps, const McTypedParam *param)
{
    copy_text(caps->manufacturer, sizeof(caps->manufacturer), &param->value.text);
}

static void take_model(McWfdCaps *caps, const McTypedParam *param)
{
    copy_text(caps->model, sizeof(caps->model), &param->value.text);
}

static const struct {
    const char *name;
    Take take;
} takes[] = {
    {"wfd_content_protection", take_protection},
    {"wfd_video_formats", take_video},
    {"wfd2_video_formats", take_video},
    {"wfdx_video_formats", take_video},
    {"wfd_audio_codecs", take_audio},
    {"wfd2_audio_codecs", take_audio2},
    {"wfd_client_rtp_ports", take_rtp_ports},
    {"wfd_uibc_capability", take_uibc},
    {"wfd_display_edid", take_edid},
    {"wfd_connector_type", take_connector},
    {"wfd_standby_resume_capability", take_standby},
    {"wfd_idr_request_capability", take_idr_request},
    {"microsoft_video_formats", take_ms_video},
    {"microsoft_rtcp_capability", take_rtcp},
    {"microsoft_max_bitrate", take_max_bitrate},
    {"microsoft_format_change_capability", take_format_change},
    {"microsoft_latency_management_capability", take_latency},
    {"microsoft_diagnostics_capability", take_diagnostics},
    {"microsoft_cursor", take_cursor},
    {"intel_friendly_name", take_friendly_name},
    {"intel_sink_manufacturer_name", take_manufacturer},
    {"intel_sink_model_name", take_model},
};

static void take(McWfdCaps *caps, const McParam *raw)
{
    McTypedParam *param = mc_typed_param_parse(raw, caps->notes);

    g_ptr_array_add(caps->typed, param);
    if (!mc_param_row_find(raw->name))
        g_ptr_array_add(caps->unknown, g_strdup(raw->name));
    if (!param->row || !param->row->type)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(takes); i++)
        if (!strcmp(takes[i].name, param->row->name))
            takes[i].take(caps, param);
    if (g_str_has_prefix(param->row->name, "microsoft_") && g_ascii_strcasecmp(param->text, "none"))
        caps->ms_any = true;
}

static bool same_formats(const McVideoFormats *a, const McVideoFormats *b)
{
    g_autofree char *one = mc_video_formats_write(a), *two = mc_video_formats_write(b);

    return !strcmp(one, two);
}

McCapsChange mc_wfd_caps_take_display(McWfdCaps *caps, McWfdCaps *other)
{
    McCapsChange change = {0};

    for (McFormatsKind kind = 0; kind < MC_N_FORMATS; kind++) {
        if (!other->video[kind].present || other->video[kind].none)
            continue;
        change.video |= !same_formats(&caps->video[kind], &other->video[kind]);
        caps->video[kind] = other->video[kind];
    }
    change.edid = other->edid_bytes && (other->edid_bytes != caps->edid_bytes ||
                                        memcmp(caps->edid, other->edid, other->edid_bytes) != 0);
    if (change.edid) {
        g_free(caps->edid);
        caps->edid = g_steal_pointer(&other->edid);
        caps->edid_bytes = other->edid_bytes;
    }
    return change;
}

static void note_reserved(McWfdCaps *caps, McFormatsKind kind)
{
    const McVideoFormats *formats = &caps->video[kind];

    for (unsigned i = 0; i < formats->n_codecs; i++)
        for (McModeTable table = 0; table < MC_N_TABLES; table++) {
            uint64_t reserved = formats->codec[i].mask[table] & ~mc_mode_known_bits(kind, table);
            if (reserved)
                g_ptr_array_add(caps->notes,
                                g_strdup_printf("%s: reserved %s bits %" G_GINT64_MODIFIER
                                                "X are ignored",
                                                mc_video_formats_name(kind),
                                                mc_mode_table_name(table), reserved));
        }
}

McWfdCaps *mc_wfd_caps_parse(const char *body, size_t len)
{
    McWfdCaps *caps = g_new0(McWfdCaps, 1);

    caps->connector = MC_CONNECTOR_UNKNOWN;
    caps->notes = g_ptr_array_new_with_free_func(g_free);
    caps->unknown = g_ptr_array_new_with_free_func(g_free);
    caps->typed = g_ptr_array_new_with_free_func((GDestroyNotify) mc_typed_param_free);
    caps->params = mc_params_parse(body, len, caps->notes);
    for (guint i = 0; i < caps->params->len; i++)
        take(caps, caps->params->pdata[i]);
    for (McFormatsKind kind = 0; kind < MC_N_FORMATS; kind++)
        note_reserved(caps, kind);
    return caps;
}

void mc_wfd_caps_free(McWfdCaps *caps)
{
    if (!caps)
        return;
    g_free(caps->edid);
    g_free(caps->uibc_line);
    g_ptr_array_unref(caps->params);
    g_ptr_array_unref(caps->typed);
    g_ptr_array_unref(caps->unknown);
    g_ptr_array_unref(caps->notes);
    g_free(caps);
}

static bool offers_sound(const McAudioCodecs *codecs)
{
    for (unsigned i = 0; i < codecs->n_formats; i++)
        if (codecs->format[i].codec != MC_AUDIO_NONE && codecs->format[i].modes)
            return true;
    return false;
}

const McAudioCodecs *mc_wfd_caps_audio(const McWfdCaps *caps, const char **ret_name)
{
    bool r2 = offers_sound(&caps->audio2) && !offers_sound(&caps->audio);

    *ret_name = r2 ? "wfd2_audio_codecs" : "wfd_audio_codecs";
    return r2 ? &caps->audio2 : &caps->audio;
}

/* Content protection is asked always: the Microsoft 4K adapter leaves when it is not.  wfdx is not
 * asked: a sink that answers it obliges us to use it, and only one Windows version did. */
const char *const *mc_wfd_caps_query(bool minimal)
{
    static const char *const four[] = {"wfd_content_protection", "wfd_video_formats",
                                       "wfd_audio_codecs", "wfd_client_rtp_ports", NULL};
    static const char *const all[] = {"wfd_content_protection",
                                      "wfd_video_formats",
                                      "wfd_audio_codecs",
                                      "wfd_client_rtp_ports",
                                      "wfd2_video_formats",
                                      "wfd2_audio_codecs",
                                      "wfd_uibc_capability",
                                      "wfd_display_edid",
                                      "wfd_connector_type",
                                      "wfd_standby_resume_capability",
                                      "wfd_idr_request_capability",
                                      "intel_friendly_name",
                                      "intel_sink_manufacturer_name",
                                      "intel_sink_model_name",
                                      "microsoft_rtcp_capability",
                                      "microsoft_max_bitrate",
                                      "microsoft_format_change_capability",
                                      "microsoft_latency_management_capability",
                                      "microsoft_diagnostics_capability",
                                      "microsoft_multiscreen_projection",
                                      "microsoft_audio_mute",
                                      NULL};

    return minimal ? four : all;
}

bool mc_wfd_caps_edid_size(const McWfdCaps *caps, uint32_t *ret_width_px, uint32_t *ret_height_px)
{
    return mc_edid_size(caps->edid, caps->edid_bytes, ret_width_px, ret_height_px);
}

char *mc_wfd_caps_write(const McWfdCaps *caps)
{
    GString *body = g_string_new(NULL);

    for (guint i = 0; i < caps->typed->len; i++) {
        const McTypedParam *param = caps->typed->pdata[i];
        g_autofree char *value = mc_typed_param_write(param);
        mc_params_write(body, param->name, value);
    }
    return g_string_free(body, FALSE);
}
