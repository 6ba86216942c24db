/* SPDX-License-Identifier: MIT */
/* Video and audio formats: read, written and read again they are the same; real lines to the byte.
 */
#include "rtsp/audio-codecs.h"
#include "rtsp/video-formats.h"

#include <string.h>

#include "real-sinks.h"

#define ROUNDS 3000

static uint64_t random_bits(unsigned bits)
{
    uint64_t all = (uint64_t) (uint32_t) g_test_rand_int() << 32 | (uint32_t) g_test_rand_int();

    return bits == 64 ? all : all & ((UINT64_C(1) << bits) - 1);
}

static bool coin(void)
{
    return g_test_rand_int() & 1;
}

/* ---- video ---- */

static const struct {
    unsigned native, pref, codec, profile, level, cea, vesa, hh;
    bool max;
} widths[MC_N_FORMATS] = {
    [MC_FORMATS_WFD] = {8, 8, 0, 8, 8, 32, 32, 32, true},
    [MC_FORMATS_WFD2] = {8, 0, 8, 8, 16, 48, 48, 48, false},
    [MC_FORMATS_WFDX] = {16, 8, 0, 16, 16, 40, 40, 32, true},
};

static McVideoCodec random_codec(McFormatsKind kind)
{
    McVideoCodec codec = {
        .codec = widths[kind].codec ? (uint8_t) random_bits(8) : 1,
        .profile_bits = (uint16_t) random_bits(widths[kind].profile),
        .level_bits = (uint16_t) random_bits(widths[kind].level),
        .mask = {random_bits(widths[kind].cea), random_bits(widths[kind].vesa),
                 random_bits(widths[kind].hh)},
        .latency_5ms = (uint8_t) random_bits(8),
        .min_slice = (uint16_t) random_bits(16),
        .slice_enc = (uint16_t) random_bits(16),
        .frame_rate_control = (uint8_t) random_bits(8),
    };

    if (widths[kind].max) {
        codec.max_hres_stated = coin();
        codec.max_hres = codec.max_hres_stated ? (uint16_t) random_bits(16) : 0;
        codec.max_vres_stated = coin();
        codec.max_vres = codec.max_vres_stated ? (uint16_t) random_bits(16) : 0;
    }
    return codec;
}

static McVideoFormats random_formats(void)
{
    McFormatsKind kind = (McFormatsKind) g_test_rand_int_range(0, MC_N_FORMATS);
    McVideoFormats formats = {.kind = kind,
                              .present = true,
                              .native = (uint16_t) random_bits(widths[kind].native),
                              .preferred_display_mode = (uint8_t) random_bits(widths[kind].pref),
                              .lower_case = coin(),
                              .tight = coin()};

    if (g_test_rand_int_range(0, 20) == 0)
        return (McVideoFormats){.kind = kind, .present = true, .none = true};
    formats.n_codecs = (unsigned) g_test_rand_int_range(1, MC_MAX_CODECS + 1);
    for (unsigned i = 0; i < formats.n_codecs; i++)
        formats.codec[i] = random_codec(kind);
    if (kind == MC_FORMATS_WFD2)
        formats.non_transcoding = (uint8_t) random_bits(8);
    return formats;
}

static void expect_codec(const McVideoCodec *a, const McVideoCodec *b)
{
    g_assert_cmpuint(a->codec, ==, b->codec);
    g_assert_cmphex(a->profile_bits, ==, b->profile_bits);
    g_assert_cmphex(a->level_bits, ==, b->level_bits);
    for (int table = 0; table < MC_N_TABLES; table++)
        g_assert_cmphex(a->mask[table], ==, b->mask[table]);
    g_assert_cmpuint(a->latency_5ms, ==, b->latency_5ms);
    g_assert_cmpuint(a->min_slice, ==, b->min_slice);
    g_assert_cmpuint(a->slice_enc, ==, b->slice_enc);
    g_assert_cmphex(a->frame_rate_control, ==, b->frame_rate_control);
    g_assert_cmpint(a->max_hres_stated, ==, b->max_hres_stated);
    g_assert_cmpint(a->max_vres_stated, ==, b->max_vres_stated);
    g_assert_cmpuint(a->max_hres, ==, b->max_hres);
    g_assert_cmpuint(a->max_vres, ==, b->max_vres);
    g_assert_cmpuint(a->n_fields, ==, b->n_fields);
}

static void expect_formats(const McVideoFormats *a, const McVideoFormats *b)
{
    g_assert_cmpint(a->kind, ==, b->kind);
    g_assert_cmpint(a->present, ==, b->present);
    g_assert_cmpint(a->none, ==, b->none);
    g_assert_cmphex(a->native, ==, b->native);
    g_assert_cmphex(a->preferred_display_mode, ==, b->preferred_display_mode);
    g_assert_cmphex(a->non_transcoding, ==, b->non_transcoding);
    g_assert_cmpuint(a->n_codecs, ==, b->n_codecs);
    for (unsigned i = 0; i < a->n_codecs; i++)
        expect_codec(&a->codec[i], &b->codec[i]);
}

static void test_video_property(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        McVideoFormats formats = random_formats(), back;
        g_autofree char *text = mc_video_formats_write(&formats), *problem = NULL;
        if (!mc_video_formats_parse(formats.kind, text, &back, NULL, &problem))
            g_error("\"%s\": %s", text, problem);
        g_autofree char *again = mc_video_formats_write(&back);
        expect_formats(&formats, &back);
        g_assert_cmpstr(text, ==, again);
    }
}

/* One line cut behind each of its words: what could be read is an offer, else a named problem. */
static void test_video_cut(void)
{
    static const char line[] = "40 00 01 10 0001bdeb 051557ff 00000fff 10 0000 001f 11 0780 0438";
    unsigned read = 0;

    for (size_t cut = 0; cut <= strlen(line); cut++) {
        g_autofree char *part = g_strndup(line, cut);
        g_autofree char *problem = NULL;
        g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
        McVideoFormats formats;
        bool ok = mc_video_formats_parse(MC_FORMATS_WFD, part, &formats, notes, &problem);
        g_assert_cmpint(ok, ==, cut > strlen("40 00 01 10 "));
        g_assert_cmpint(ok, ==, problem == NULL);
        if (!ok)
            continue;
        read++;
        g_assert_cmphex(formats.codec[0].level_bits, ==, 0x10);
        bool whole = cut > strlen(line) - 4;
        g_assert_cmpint(formats.codec[0].n_fields == 0, ==, whole);
        g_assert_cmpuint(notes->len, ==, whole ? 0 : 1);
        g_autofree char *back = mc_video_formats_write(&formats);
        if (line[cut] == ' ' || !line[cut])
            g_assert_cmpstr(back, ==, part);
    }
    g_assert_cmpuint(read, >, 40);
}

static void test_video_bad(void)
{
    static const struct {
        const char *value, *word;
    } rows[] = {
        {"", "native"},
        {"40", "preferred-display-mode"},
        {"4x 00 01 10 0001bdeb 051557ff 00000fff 10 0000 001f 11 none none", "native"},
        {"400 00 01 10 0001bdeb 051557ff 00000fff 10 0000 001f 11 none none", "native"},
        {"40 00 01 10 00001bdeb 051557ff 00000fff 10 0000 001f 11 none none", "CEA"},
        {"xxx", "native"},
        {"<native> 00 02 08 0001DEFF", "native"},
        {"-1 00 02 08 0001DEFF", "native"},
        {"+1 00 02 08 0001DEFF", "native"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *problem = NULL;
        McVideoFormats formats;
        g_assert_false(
            mc_video_formats_parse(MC_FORMATS_WFD, rows[i].value, &formats, NULL, &problem));
        if (!strstr(problem, rows[i].word) || !strstr(problem, "wfd_video_formats"))
            g_error("no \"%s\" in: %s", rows[i].word, problem);
        g_assert_false(formats.present);
    }
}

/* An offer is kept when what stands behind it cannot be read; the note says what that was. */
static void test_video_odd(void)
{
    static const struct {
        const char *value, *word;
        unsigned codecs;
    } rows[] = {
        {"40 00 01 10 0001bdeb 051557ff 00000fff 10 0000 001f 11 never none", "max-hres", 1},
        {"40 00 01 10 0001bdeb 051557ff 00000fff 10 0000 001f 11 none none, ", "profile", 1},
        {"40 00 01 10 0001bdeb 051557ff 00000fff 10 0000 001f 11 none none, xx", "profile", 1},
        {"38 00 03 1f 000194a0 \xe2\x80\xa6", "VESA", 1},
        {"40 00 01 10 1 2 3, 02 10 1 2 3 0 0 0 0 none none", "codec 0 ends early", 2},
        {"40 00 01 10 1 2 3 0 0 0 0 none none tail", "after the last field", 1},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
        McVideoFormats formats;
        g_assert_true(mc_video_formats_parse(MC_FORMATS_WFD, rows[i].value, &formats, notes, NULL));
        g_assert_cmpuint(formats.n_codecs, ==, rows[i].codecs);
        g_assert_cmpuint(notes->len, ==, 1);
        if (!strstr(notes->pdata[0], rows[i].word))
            g_error("no \"%s\" in: %s", rows[i].word, (char *) notes->pdata[0]);
    }
}

static void test_video_many(void)
{
    g_autoptr(GString) text = g_string_new("40 00 ");
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    McVideoFormats formats;

    for (int i = 0; i < 20; i++)
        g_string_append(text,
                        i ? ",01 10 1 1 1 0 0 0 0 none none" : "01 10 1 1 1 0 0 0 0 none none");
    g_string_append(text, " and more");
    g_assert_true(mc_video_formats_parse(MC_FORMATS_WFD, text->str, &formats, notes, NULL));
    g_assert_cmpuint(formats.n_codecs, ==, MC_MAX_CODECS);
    g_assert_cmpuint(notes->len, ==, 1);
    g_assert_cmpstr(mc_video_formats_name(MC_N_FORMATS), ==, "?");
}

static void test_native(void)
{
    static const struct {
        McFormatsKind kind;
        unsigned native;
        uint32_t width_px, fps; /* 0: names none */
    } rows[] = {
        {MC_FORMATS_WFD, 0x00, 640, 60},     {MC_FORMATS_WFD, 0x40, 1920, 60},
        {MC_FORMATS_WFD, 0x38, 1920, 30},    {MC_FORMATS_WFD, 0x28, 1280, 30},
        {MC_FORMATS_WFD, 0x79, 1280, 60},    {MC_FORMATS_WFD, 0x06, 0, 0},
        {MC_FORMATS_WFD, 0x03, 0, 0},        {MC_FORMATS_WFD, 0x88, 0, 0},
        {MC_FORMATS_WFDX, 0x0040, 1920, 60}, {MC_FORMATS_WFDX, 0x0088, 3840, 30},
        {MC_FORMATS_WFD2, 0x40, 1920, 60},   {MC_FORMATS_WFD, 0x42, 960, 30},
    };
    McVideoMode mode;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        McVideoFormats formats = {
            .kind = rows[i].kind, .present = true, .native = (uint16_t) rows[i].native};
        bool named = mc_video_formats_native(&formats, &mode);
        g_assert_cmpint(named, ==, rows[i].width_px != 0);
        if (named) {
            g_assert_cmpuint(mode.width_px, ==, rows[i].width_px);
            g_assert_cmpuint(mode.fps, ==, rows[i].fps);
        }
        formats.none = true;
        g_assert_false(mc_video_formats_native(&formats, &mode));
    }
}

/* ---- audio ---- */

static McAudioCodecs random_audio(void)
{
    static const char *const names[] = {"LPCM", "AAC", "AC3", "EAC3", "DTS-HD", "MPEG-H"};
    McAudioCodecs codecs = {.present = true, .lower_case = coin(), .tight = coin()};

    if (g_test_rand_int_range(0, 20) == 0)
        return (McAudioCodecs){.present = true, .none = true};
    codecs.n_formats = (unsigned) g_test_rand_int_range(1, MC_MAX_AUDIO_FORMATS + 1);
    for (unsigned i = 0; i < codecs.n_formats; i++) {
        unsigned name = (unsigned) g_test_rand_int_range(0, G_N_ELEMENTS(names));
        codecs.format[i] = (McAudioFormat){.codec = name < 3 ? MC_AUDIO_LPCM + name : 0,
                                           .modes = (uint32_t) random_bits(32),
                                           .latency_5ms = (uint8_t) random_bits(8)};
        g_strlcpy(codecs.format[i].name, names[name], sizeof(codecs.format[i].name));
    }
    return codecs;
}

static void test_audio_property(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        McAudioCodecs codecs = random_audio(), back;
        g_autofree char *text = mc_audio_codecs_write(&codecs);
        g_assert_true(mc_audio_codecs_parse(text, &back, NULL, NULL));
        g_assert_cmpint(back.none, ==, codecs.none);
        g_assert_cmpuint(back.n_formats, ==, codecs.n_formats);
        for (unsigned j = 0; j < back.n_formats; j++) {
            g_assert_cmpstr(back.format[j].name, ==, codecs.format[j].name);
            g_assert_cmpint(back.format[j].codec, ==, codecs.format[j].codec);
            g_assert_cmphex(back.format[j].modes, ==, codecs.format[j].modes);
            g_assert_cmpuint(back.format[j].latency_5ms, ==, codecs.format[j].latency_5ms);
        }
        g_autofree char *again = mc_audio_codecs_write(&back);
        g_assert_cmpstr(text, ==, again);
    }
}

static void test_audio_odd(void)
{
    static const char *const bad[] = {"", "LPCM", "LPCM 000000030 00", "LPCM xyz 00",
                                      "averylongcodec 1 1"};
    /* One sound is named, and then something that is none. */
    static const char *const halves[] = {"LPCM 00000003", "LPCM 00000003 00,",
                                         "LPCM 00000003 00, AAC", "LPCM 00000003, AAC 1 x",
                                         "LPCM 00000003 00, averylongcodec 1 1"};
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) many = g_string_new("AAC 1 0");
    McAudioCodecs codecs;

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *problem = NULL;
        g_assert_false(mc_audio_codecs_parse(bad[i], &codecs, NULL, &problem));
        g_assert_nonnull(problem);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(halves); i++) {
        g_assert_true(mc_audio_codecs_parse(halves[i], &codecs, NULL, NULL));
        g_assert_cmpuint(codecs.n_formats, ==, 1);
        g_assert_cmphex(mc_audio_codecs_modes(&codecs, MC_AUDIO_LPCM), ==, 3);
    }
    for (int i = 0; i < 20; i++)
        g_string_append(many, ",AAC 2 0");
    g_string_append(many, " tail");
    g_assert_true(mc_audio_codecs_parse(many->str, &codecs, notes, NULL));
    g_assert_cmpuint(codecs.n_formats, ==, MC_MAX_AUDIO_FORMATS);
    g_assert_cmphex(mc_audio_codecs_modes(&codecs, MC_AUDIO_AAC), ==, 3);
    g_assert_cmphex(mc_audio_codecs_modes(&codecs, MC_AUDIO_AC3), ==, 0);
    g_assert_cmpuint(notes->len, ==, 1);
    g_assert_true(mc_audio_codecs_parse("lpcm  00000002   00", &codecs, NULL, NULL));
    g_assert_cmphex(mc_audio_codecs_modes(&codecs, MC_AUDIO_LPCM), ==, 2);
    g_assert_cmpstr(mc_audio_codec_name(99), ==, "?");
}

/* ---- real lines ---- */

static char *write_back(const char *name, const char *value)
{
    McVideoFormats formats;
    McAudioCodecs codecs;

    for (McFormatsKind kind = 0; kind < MC_N_FORMATS; kind++)
        if (!strcmp(name, mc_video_formats_name(kind)))
            return mc_video_formats_parse(kind, value, &formats, NULL, NULL)
                       ? mc_video_formats_write(&formats)
                       : g_strdup("");
    if (g_str_has_suffix(name, "_audio_codecs"))
        return mc_audio_codecs_parse(value, &codecs, NULL, NULL) ? mc_audio_codecs_write(&codecs)
                                                                 : g_strdup("");
    return NULL;
}

static void test_real_lines(void)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonArray *entries = real_sinks_load(parser);
    unsigned exact = 0, unreadable = 0;

    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonArray *lines = real_sink_lines(entries, i);
        for (guint j = 0; j < json_array_get_length(lines); j++) {
            g_auto(GStrv) parts = g_strsplit(json_array_get_string_element(lines, j), ":", 2);
            const char *value = parts[1] ? g_strstrip(parts[1]) : "";
            g_autofree char *back = write_back(g_strstrip(parts[0]), value);
            if (!back)
                continue;
            if (strcmp(back, value)) { /* a template, and a line that its finder cut */
                g_assert_true(strchr(value, '<') || strstr(value, "\xe2\x80\xa6"));
                unreadable++;
                continue;
            }
            exact++;
        }
    }
    g_test_message("%u lines to the byte, %u that are no value", exact, unreadable);
    g_assert_cmpuint(exact, ==, 44);
    g_assert_cmpuint(unreadable, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/formats/video/property", test_video_property);
    g_test_add_func("/formats/video/cut", test_video_cut);
    g_test_add_func("/formats/video/bad", test_video_bad);
    g_test_add_func("/formats/video/odd", test_video_odd);
    g_test_add_func("/formats/video/many", test_video_many);
    g_test_add_func("/formats/video/native", test_native);
    g_test_add_func("/formats/audio/property", test_audio_property);
    g_test_add_func("/formats/audio/odd", test_audio_odd);
    g_test_add_func("/formats/real-lines", test_real_lines);
    return g_test_run();
}
