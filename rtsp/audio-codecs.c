/* SPDX-License-Identifier: MIT */
#include "rtsp/audio-codecs.h"

#include "rtsp/fields.h"

/*  name SP modes8 SP latency2 *("," name SP modes8 SP latency2)   or   "none"  */

const char *mc_audio_codec_name(McAudioCodec codec)
{
    static const char *const names[] = {"none", "LPCM", "AAC", "AC3"};

    return codec < G_N_ELEMENTS(names) ? names[codec] : "?";
}

static McAudioCodec codec_of(const char *name)
{
    for (McAudioCodec codec = MC_AUDIO_LPCM; codec <= MC_AUDIO_AC3; codec++)
        if (!g_ascii_strcasecmp(name, mc_audio_codec_name(codec)))
            return codec;
    return MC_AUDIO_NONE;
}

/* The case is seen in the numbers alone: "AAC" would pass for hexadecimal digits too. */
static bool parse_format(McFields *fields, McAudioFormat *format, bool *lower_case)
{
    *format = (McAudioFormat){0};
    if (!mc_fields_text(fields, "codec", format->name, sizeof(format->name)))
        return false;
    const char *numbers = fields->at;
    if (!mc_fields_hex32(fields, 8, "modes", &format->modes))
        return false;
    if (!mc_fields_at_end(fields) && *fields->at != ',' && /* else it says nothing of it */
        !mc_fields_hex8(fields, 2, "latency", &format->latency_5ms))
        return false;
    for (; numbers < fields->at; numbers++)
        *lower_case = *lower_case || (*numbers >= 'a' && *numbers <= 'f');
    format->codec = codec_of(format->name);
    return true;
}

static void note(GPtrArray *notes, const char *text)
{
    if (notes)
        g_ptr_array_add(notes, g_strdup_printf("audio codecs: %s", text));
}

/* What was read before something that cannot be read is an offer all the same. */
bool mc_audio_codecs_parse(const char *value, McAudioCodecs *ret_codecs, GPtrArray *notes,
                           char **ret_problem)
{
    McFields fields = mc_fields(value);
    McAudioFormat format;

    *ret_codecs = (McAudioCodecs){.tight = mc_fields_tight(value)};
    if (mc_fields_word(&fields, "none")) {
        ret_codecs->present = ret_codecs->none = true;
        return true;
    }
    do {
        if (!parse_format(&fields, &format, &ret_codecs->lower_case)) {
            ret_codecs->present = ret_codecs->n_formats > 0;
            if (ret_codecs->present)
                note(notes, fields.problem);
            else if (ret_problem)
                *ret_problem = g_strdup_printf("audio codecs: %s", fields.problem);
            return ret_codecs->present;
        }
        if (ret_codecs->n_formats == MC_MAX_AUDIO_FORMATS) {
            note(notes, "more than are read");
            ret_codecs->present = true;
            return true;
        }
        ret_codecs->format[ret_codecs->n_formats++] = format;
    } while (mc_fields_comma(&fields));
    ret_codecs->present = true;
    if (!mc_fields_at_end(&fields))
        note(notes, "text after the last one is ignored");
    return true;
}

char *mc_audio_codecs_write(const McAudioCodecs *codecs)
{
    GString *out = g_string_new(codecs->none ? "none" : NULL);

    for (unsigned i = 0; i < codecs->n_formats; i++) {
        const McAudioFormat *format = &codecs->format[i];
        g_string_append(out, i == 0 ? "" : codecs->tight ? "," : ", ");
        g_string_append_printf(out, codecs->lower_case ? "%s %08x %02x" : "%s %08X %02X",
                               format->name, format->modes, format->latency_5ms);
    }
    return g_string_free(out, FALSE);
}

uint32_t mc_audio_codecs_modes(const McAudioCodecs *codecs, McAudioCodec codec)
{
    uint32_t modes = 0;

    for (unsigned i = 0; i < codecs->n_formats; i++)
        if (codecs->format[i].codec == codec)
            modes |= codecs->format[i].modes;
    return modes;
}
