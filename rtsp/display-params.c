/* SPDX-License-Identifier: MIT */
#include "rtsp/display-params.h"

#include "rtsp/fields.h"
#include "rtsp/unconfirmed.h"

static bool problem(char **ret_problem, const char *text)
{
    if (ret_problem)
        *ret_problem = g_strdup(text);
    return false;
}

/* ---- wfd_3d_video_formats ---- */

static bool parse_max(McFields *fields, const char *what, bool *ret_stated, uint16_t *ret)
{
    *ret_stated = !mc_fields_word(fields, "none");
    return !*ret_stated || mc_fields_hex16(fields, 4, what, ret);
}

static bool parse_codec_3d(McFields *fields, McCodec3d *codec)
{
    *codec = (McCodec3d){0};
    return mc_fields_hex8(fields, 2, "profile", &codec->profile) &&
           mc_fields_hex8(fields, 2, "level", &codec->level) &&
           mc_fields_hex64(fields, 16, "3d-capability", &codec->capability) &&
           mc_fields_hex8(fields, 2, "latency", &codec->latency_5ms) &&
           mc_fields_hex16(fields, 4, "min-slice-size", &codec->min_slice) &&
           mc_fields_hex16(fields, 4, "slice-enc-params", &codec->slice_enc) &&
           mc_fields_hex8(fields, 2, "frame-rate-control", &codec->frame_rate_control) &&
           parse_max(fields, "max-hres", &codec->max_hres_stated, &codec->max_hres) &&
           parse_max(fields, "max-vres", &codec->max_vres_stated, &codec->max_vres);
}

bool mc_formats_3d_parse(const char *value, McFormats3d *ret_formats, char **ret_problem)
{
    McFields fields = mc_fields(value);

    *ret_formats =
        (McFormats3d){.lower_case = mc_fields_lower_case(value), .tight = mc_fields_tight(value)};
    if (mc_fields_word(&fields, "none")) {
        ret_formats->none = true;
        return true;
    }
    if (!mc_fields_hex8(&fields, 2, "native", &ret_formats->native) ||
        !mc_fields_hex8(&fields, 2, "preferred-display-mode", &ret_formats->preferred_display_mode))
        return problem(ret_problem, fields.problem);
    do {
        if (ret_formats->n_codecs == MC_MAX_CODECS)
            return problem(ret_problem, "more codecs than are read");
        if (!parse_codec_3d(&fields, &ret_formats->codec[ret_formats->n_codecs]))
            return problem(ret_problem, fields.problem);
        ret_formats->n_codecs++;
    } while (mc_fields_comma(&fields));
    return true;
}

static void put(GString *out, bool lower_case, uint64_t value, int width)
{
    if (out->len && out->str[out->len - 1] != ',' && out->str[out->len - 1] != ' ')
        g_string_append_c(out, ' ');
    g_string_append_printf(out, lower_case ? "%0*" PRIx64 : "%0*" PRIX64, width, value);
}

static void put_max(GString *out, bool lower_case, bool stated, uint16_t value)
{
    if (stated)
        put(out, lower_case, value, 4);
    else
        g_string_append(out, " none");
}

char *mc_formats_3d_write(const McFormats3d *formats)
{
    GString *out = g_string_new(formats->none ? "none" : NULL);
    bool lower = formats->lower_case;

    if (formats->none)
        return g_string_free(out, FALSE);
    put(out, lower, formats->native, 2);
    put(out, lower, formats->preferred_display_mode, 2);
    for (unsigned i = 0; i < formats->n_codecs; i++) {
        const McCodec3d *codec = &formats->codec[i];
        if (i)
            g_string_append(out, formats->tight ? "," : ", ");
        put(out, lower, codec->profile, 2);
        put(out, lower, codec->level, 2);
        put(out, lower, codec->capability, 16);
        put(out, lower, codec->latency_5ms, 2);
        put(out, lower, codec->min_slice, 4);
        put(out, lower, codec->slice_enc, 4);
        put(out, lower, codec->frame_rate_control, 2);
        put_max(out, lower, codec->max_hres_stated, codec->max_hres);
        put_max(out, lower, codec->max_vres_stated, codec->max_vres);
    }
    return g_string_free(out, FALSE);
}

/* ---- wfd_preferred_display_mode ---- */

/* Its codec part is a tuple of wfd_video_formats, and is read as one. */
static bool parse_codec_part(const char *rest, McVideoFormats *ret_codec, char **ret_problem)
{
    g_autofree char *line = g_strconcat("00 00 ", rest, NULL);

    return mc_video_formats_parse(MC_FORMATS_WFD, line, ret_codec, NULL, ret_problem);
}

bool mc_display_mode_parse(const char *value, McDisplayMode *ret_mode, char **ret_problem)
{
    McFields fields = mc_fields(value);

    *ret_mode = (McDisplayMode){0};
    if (!mc_fields_hex32(&fields, 6, "pixel-clock", &ret_mode->pixel_clock_10khz) ||
        !mc_fields_hex16(&fields, 4, "H", &ret_mode->h) ||
        !mc_fields_hex16(&fields, 4, "HB", &ret_mode->hb) ||
        !mc_fields_hex16(&fields, 4, "HSPOL-HSOFF", &ret_mode->hsoff) ||
        !mc_fields_hex16(&fields, 4, "HSW", &ret_mode->hsw) ||
        !mc_fields_hex16(&fields, 4, "V", &ret_mode->v) ||
        !mc_fields_hex16(&fields, 4, "VB", &ret_mode->vb) ||
        !mc_fields_hex16(&fields, 4, "VSPOL-VSOFF", &ret_mode->vsoff) ||
        !mc_fields_hex16(&fields, 4, "VSW", &ret_mode->vsw) ||
        !mc_fields_hex8(&fields, 2, "VBS3D", &ret_mode->vbs3d) ||
        !mc_fields_hex8(&fields, 2, "modes", &ret_mode->modes) ||
        !mc_fields_hex8(&fields, 2, "depth", &ret_mode->depth))
        return problem(ret_problem, fields.problem);
    mc_fields_at_end(&fields); /* skips the blank */
    if (!parse_codec_part(fields.at, &ret_mode->codec, ret_problem))
        return false;
    ret_mode->codec.lower_case = mc_fields_lower_case(value);
    return true;
}

char *mc_display_mode_write(const McDisplayMode *mode)
{
    g_autofree char *codec = mc_video_formats_write(&mode->codec);
    GString *out = g_string_new(NULL);
    bool lower = mode->codec.lower_case;

    put(out, lower, mode->pixel_clock_10khz, 6);
    put(out, lower, mode->h, 4);
    put(out, lower, mode->hb, 4);
    put(out, lower, mode->hsoff, 4);
    put(out, lower, mode->hsw, 4);
    put(out, lower, mode->v, 4);
    put(out, lower, mode->vb, 4);
    put(out, lower, mode->vsoff, 4);
    put(out, lower, mode->vsw, 4);
    put(out, lower, mode->vbs3d, 2);
    put(out, lower, mode->modes, 2);
    put(out, lower, mode->depth, 2);
    g_string_append(out, codec + 5); /* behind "00 00" */
    return g_string_free(out, FALSE);
}

/* ---- wfd_av_format_change_timing ---- */

bool mc_change_timing_parse(const char *value, McChangeTiming *ret_timing, char **ret_problem)
{
    McFields fields = mc_fields(value);

    *ret_timing = (McChangeTiming){.lower_case = mc_fields_lower_case(value)};
    if (!mc_fields_hex64(&fields, 10, "PTS", &ret_timing->pts) ||
        !mc_fields_hex64(&fields, 10, "DTS", &ret_timing->dts))
        return problem(ret_problem, fields.problem);
    return true;
}

char *mc_change_timing_write(const McChangeTiming *timing)
{
    return g_strdup_printf(timing->lower_case ? "%010" PRIx64 " %010" PRIx64
                                              : "%010" PRIX64 " %010" PRIX64,
                           timing->pts, timing->dts);
}

McChangeTiming mc_change_timing_at(uint64_t pts_90khz)
{
    uint64_t field = (pts_90khz & ((UINT64_C(1) << 33) - 1)) << MC_UNCONFIRMED_TIMING_SHIFT;

    return (McChangeTiming){.pts = field, .dts = field};
}

uint64_t mc_change_timing_pts(const McChangeTiming *timing)
{
    return timing->pts >> MC_UNCONFIRMED_TIMING_SHIFT;
}
