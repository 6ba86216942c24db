/* SPDX-License-Identifier: MIT */
#include "rtsp/video-formats.h"

#include "rtsp/fields.h"

/*
 *  wfd   native2 pref2  { profile2        level2 cea8  vesa8  hh8  lat2 min4 enc4 frc2 maxh maxv },
 *  wfdx  native4 pref2  { profile4        level4 cea10 vesa10 hh8  lat2 min4 enc4 frc2 maxh maxv },
 *  wfd2  native2        { codec2 profile2 level4 cea12 vesa12 hh12 lat2 min4 enc4 frc2 }, nt2
 *
 * Fields are read as words of any length up to their width: sinks exist that drop zeros.
 */

typedef struct {
    uint8_t native, pref, codec, profile, level, mask[MC_N_TABLES];
    bool max_res, trailer;
} Layout;

#define FIELDS_OF_OFFER 3 /* profile, level, CEA: with less there is none */

static const Layout layouts[MC_N_FORMATS] = {
    [MC_FORMATS_WFD] = {2, 2, 0, 2, 2, {8, 8, 8}, true, false},
    [MC_FORMATS_WFD2] = {2, 0, 2, 2, 4, {12, 12, 12}, false, true},
    [MC_FORMATS_WFDX] = {4, 2, 0, 4, 4, {10, 10, 8}, true, false},
};

const char *mc_video_formats_name(McFormatsKind kind)
{
    static const char *const names[] = {"wfd_video_formats", "wfd2_video_formats",
                                        "wfdx_video_formats"};

    return kind < MC_N_FORMATS ? names[kind] : "?";
}

/* ---- reading ---- */

static bool parse_max(McFields *fields, const char *what, bool *ret_stated, uint16_t *ret)
{
    if (mc_fields_word(fields, "none"))
        return true;
    *ret_stated = true;
    return mc_fields_hex16(fields, 4, what, ret);
}

static bool parse_offer(McFields *fields, const Layout *layout, McVideoCodec *codec)
{
    if (layout->codec && !mc_fields_hex8(fields, layout->codec, "codec", &codec->codec))
        return false;
    return mc_fields_hex16(fields, layout->profile, "profile", &codec->profile_bits) &&
           mc_fields_hex16(fields, layout->level, "level", &codec->level_bits) &&
           mc_fields_hex64(fields, layout->mask[0], "CEA", &codec->mask[0]);
}

/* Field number `index` behind the CEA mask. */
static bool parse_rest(McFields *fields, const Layout *layout, unsigned index, McVideoCodec *codec)
{
    switch (index) {
    case 0:
        return mc_fields_hex64(fields, layout->mask[1], "VESA", &codec->mask[1]);
    case 1:
        return mc_fields_hex64(fields, layout->mask[2], "HH", &codec->mask[2]);
    case 2:
        return mc_fields_hex8(fields, 2, "latency", &codec->latency_5ms);
    case 3:
        return mc_fields_hex16(fields, 4, "min-slice-size", &codec->min_slice);
    case 4:
        return mc_fields_hex16(fields, 4, "slice-enc-params", &codec->slice_enc);
    case 5:
        return mc_fields_hex8(fields, 2, "frame-rate-control", &codec->frame_rate_control);
    case 6:
        return parse_max(fields, "max-hres", &codec->max_hres_stated, &codec->max_hres);
    default:
        return parse_max(fields, "max-vres", &codec->max_vres_stated, &codec->max_vres);
    }
}

/* Sinks exist that stop after some of the masks, and one that goes on with something else: what
 * they named before is their offer. */
static bool parse_codec(McFields *fields, const Layout *layout, McVideoCodec *codec)
{
    unsigned n = layout->max_res ? 8 : 6;

    *codec = (McVideoCodec){.codec = 1};
    if (!parse_offer(fields, layout, codec))
        return false;
    for (unsigned i = 0; i < n; i++) {
        if (mc_fields_at_end(fields) || *fields->at == ',' ||
            !parse_rest(fields, layout, i, codec)) {
            codec->n_fields = (uint8_t) (FIELDS_OF_OFFER + i);
            break;
        }
    }
    return true;
}

static void note(GPtrArray *notes, const McVideoFormats *formats, const char *text)
{
    if (notes)
        g_ptr_array_add(notes,
                        g_strdup_printf("%s: %s", mc_video_formats_name(formats->kind), text));
}

static void note_early_end(GPtrArray *notes, const McVideoFormats *formats, const McFields *fields)
{
    char text[160];

    g_snprintf(text, sizeof(text), "codec %u ends early%s%s", formats->n_codecs,
               fields->problem[0] ? ": " : "", fields->problem);
    note(notes, formats, text);
}

/* False when not even the first one can be read. */
static bool parse_codecs(McFields *fields, const Layout *layout, McVideoFormats *formats,
                         GPtrArray *notes)
{
    formats->no_trailer = true; /* until it is read */
    do {
        McVideoCodec codec;
        if (!parse_codec(fields, layout, &codec)) {
            if (formats->n_codecs)
                note(notes, formats, fields->problem);
            return formats->n_codecs > 0;
        }
        if (formats->n_codecs == MC_MAX_CODECS) {
            note(notes, formats, "more codecs than are read");
            return true;
        }
        if (codec.n_fields)
            note_early_end(notes, formats, fields);
        formats->codec[formats->n_codecs++] = codec;
        if (fields->problem[0])
            return true;
    } while (mc_fields_comma(fields));
    if (!layout->trailer || mc_fields_at_end(fields))
        return true;
    formats->no_trailer = !mc_fields_hex8(fields, 2, "non-transcoding", &formats->non_transcoding);
    if (formats->no_trailer)
        note(notes, formats, fields->problem);
    return true;
}

bool mc_video_formats_parse(McFormatsKind kind, const char *value, McVideoFormats *ret_formats,
                            GPtrArray *notes, char **ret_problem)
{
    const Layout *layout = &layouts[kind];
    McFields fields = mc_fields(value);
    bool ok;

    *ret_formats = (McVideoFormats){
        .kind = kind, .lower_case = mc_fields_lower_case(value), .tight = mc_fields_tight(value)};
    if (mc_fields_word(&fields, "none")) {
        ret_formats->none = true;
        ok = true;
    } else {
        ok = mc_fields_hex16(&fields, layout->native, "native", &ret_formats->native) &&
             (!layout->pref || mc_fields_hex8(&fields, layout->pref, "preferred-display-mode",
                                              &ret_formats->preferred_display_mode)) &&
             parse_codecs(&fields, layout, ret_formats, notes);
    }
    ret_formats->present = ok;
    if (ok && !fields.problem[0] && ret_formats->n_codecs < MC_MAX_CODECS &&
        !mc_fields_at_end(&fields))
        note(notes, ret_formats, "text after the last field is ignored");
    if (!ok && ret_problem)
        *ret_problem = g_strdup_printf("%s: %s", mc_video_formats_name(kind), fields.problem);
    return ok;
}

/* ---- writing ---- */

static void put(GString *out, const McVideoFormats *formats, uint64_t value, int width)
{
    if (out->len && out->str[out->len - 1] != ',' && out->str[out->len - 1] != ' ')
        g_string_append_c(out, ' ');
    g_string_append_printf(out, formats->lower_case ? "%0*" PRIx64 : "%0*" PRIX64, width, value);
}

static void put_max(GString *out, const McVideoFormats *formats, bool stated, uint16_t value)
{
    if (stated)
        put(out, formats, value, 4);
    else
        g_string_append(out, " none");
}

static void write_codec(GString *out, const McVideoFormats *formats, const McVideoCodec *codec)
{
    const Layout *layout = &layouts[formats->kind];
    unsigned n = codec->n_fields ? codec->n_fields - FIELDS_OF_OFFER : 8;

    if (layout->codec)
        put(out, formats, codec->codec, layout->codec);
    put(out, formats, codec->profile_bits, layout->profile);
    put(out, formats, codec->level_bits, layout->level);
    for (unsigned table = 0; table < MC_N_TABLES && table < n + 1; table++)
        put(out, formats, codec->mask[table], layout->mask[table]);
    if (n > 2)
        put(out, formats, codec->latency_5ms, 2);
    if (n > 3)
        put(out, formats, codec->min_slice, 4);
    if (n > 4)
        put(out, formats, codec->slice_enc, 4);
    if (n > 5)
        put(out, formats, codec->frame_rate_control, 2);
    if (n > 6 && layout->max_res)
        put_max(out, formats, codec->max_hres_stated, codec->max_hres);
    if (n > 7 && layout->max_res)
        put_max(out, formats, codec->max_vres_stated, codec->max_vres);
}

char *mc_video_formats_write(const McVideoFormats *formats)
{
    const Layout *layout = &layouts[formats->kind];
    GString *out = g_string_new(NULL);

    if (formats->none)
        return g_string_free(g_string_append(out, "none"), FALSE);
    put(out, formats, formats->native, layout->native);
    if (layout->pref)
        put(out, formats, formats->preferred_display_mode, layout->pref);
    for (unsigned i = 0; i < formats->n_codecs; i++) {
        if (i)
            g_string_append(out, formats->tight ? "," : ", ");
        write_codec(out, formats, &formats->codec[i]);
    }
    if (layout->trailer && !formats->no_trailer)
        put(out, formats, formats->non_transcoding, 2);
    return g_string_free(out, FALSE);
}

/* ---- native ---- */

/* wfd and wfdx: index<<3 | table.  wfd2 is read likewise, as a Windows sink writes it; other
 * implementations put the table in two bits (unconfirmed). */
bool mc_video_formats_native(const McVideoFormats *formats, McVideoMode *ret_mode)
{
    unsigned table = formats->native & 7;

    return formats->present && !formats->none && table < MC_N_TABLES &&
           mc_mode_get(formats->kind, table, formats->native >> 3, ret_mode);
}
