/* SPDX-License-Identifier: MIT */
#include "host/lab-m3.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "host/report.h"
#include "rtsp/negotiate.h"

/* A reply is a text of parameter lines; one file may hold several (JSON: entries[].raw_lines). */
typedef struct {
    char *name, *text;
} Reply;

static void reply_free(gpointer data)
{
    Reply *reply = data;

    g_free(reply->name);
    g_free(reply->text);
    g_free(reply);
}

static void add_reply(GPtrArray *replies, const char *name, const char *text)
{
    Reply *reply = g_new0(Reply, 1);

    reply->name = g_strdup(name);
    reply->text = g_strdup(text);
    g_ptr_array_add(replies, reply);
}

/* ---- reading ---- */

static bool add_entry(GPtrArray *replies, JsonObject *entry)
{
    JsonArray *lines = json_object_has_member(entry, "raw_lines")
                           ? json_object_get_array_member(entry, "raw_lines")
                           : NULL;
    g_autoptr(GString) text = g_string_new(NULL);

    if (!lines)
        return false;
    for (guint i = 0; i < json_array_get_length(lines); i++)
        g_string_append_printf(text, "%s\r\n", json_array_get_string_element(lines, i));
    add_reply(replies, json_object_get_string_member_with_default(entry, "id", "reply"), text->str);
    return true;
}

static bool read_json(GPtrArray *replies, const char *text)
{
    g_autoptr(JsonParser) parser = json_parser_new();

    if (!json_parser_load_from_data(parser, text, -1, NULL))
        return false;
    JsonNode *root = json_parser_get_root(parser);
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
    if (object && !json_object_has_member(object, "entries"))
        return add_entry(replies, object);
    JsonArray *entries = object ? json_object_get_array_member(object, "entries")
                         : JSON_NODE_HOLDS_ARRAY(root) ? json_node_get_array(root)
                                                       : NULL;
    for (guint i = 0; entries && i < json_array_get_length(entries); i++) {
        JsonNode *entry = json_array_get_element(entries, i);
        if (!JSON_NODE_HOLDS_OBJECT(entry) || !add_entry(replies, json_node_get_object(entry)))
            return false;
    }
    return entries != NULL;
}

/* The head of an RTSP message, where it was saved with its body, is no parameter. */
static const char *body_of(const char *text)
{
    const char *blank = strstr(text, "\r\n\r\n");

    if (g_str_has_prefix(text, "RTSP/"))
        return blank ? blank + 4 : strstr(text, "\n\n") ? strstr(text, "\n\n") + 2 : text;
    return text;
}

static bool read_file(GPtrArray *replies, const char *path)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        fprintf(stderr, "miracast: error [usage.file]: %s\n", error->message);
        return false;
    }
    const char *start = text + strspn(text, " \t\r\n");
    if (*start != '{' && *start != '[') {
        g_autofree char *name = g_path_get_basename(path);
        add_reply(replies, name, body_of(start));
        return true;
    }
    if (read_json(replies, text))
        return true;
    fprintf(stderr,
            "miracast: error [usage.file]: %s is no JSON with \"raw_lines\" of capability lines\n",
            path);
    return false;
}

/* ---- words ---- */

static void append_modes(GString *out, const McVideoFormats *formats, const McVideoCodec *codec)
{
    McVideoMode mode;

    for (McModeTable table = 0; table < MC_N_TABLES; table++)
        for (unsigned bit = 0; bit < 48; bit++)
            if (codec->mask[table] >> bit & 1 && mc_mode_get(formats->kind, table, bit, &mode))
                g_string_append_printf(out, "%s%ux%u%c%u", out->len ? " " : "", mode.width_px,
                                       mode.height_px, mode.interlaced ? 'i' : 'p', mode.fps);
}

static const char *level_of(uint16_t bits)
{
    static const char *const names[] = {"3.1", "3.2", "4", "4.1", "4.2", "5", "5.1", "5.2"};
    unsigned highest = bits ? (unsigned) (31 - __builtin_clz(bits)) : 0;

    return bits && highest < G_N_ELEMENTS(names) ? names[highest] : "?";
}

/* Sinks name a native mode that they do not offer. */
static bool is_offered(const McVideoFormats *formats, const McVideoMode *mode)
{
    for (unsigned i = 0; i < formats->n_codecs; i++)
        if (formats->codec[i].mask[mode->table] >> mode->bit & 1)
            return true;
    return false;
}

static void print_video(const McVideoFormats *formats)
{
    McVideoMode native;

    if (!formats->present)
        return;
    printf("  %s%s\n", mc_video_formats_name(formats->kind), formats->none ? ": none" : "");
    if (mc_video_formats_native(formats, &native))
        printf("    native %ux%u%c%u%s\n", native.width_px, native.height_px,
               native.interlaced ? 'i' : 'p', native.fps,
               is_offered(formats, &native) ? "" : ", which it does not offer");
    for (unsigned i = 0; i < formats->n_codecs; i++) {
        const McVideoCodec *codec = &formats->codec[i];
        g_autoptr(GString) modes = g_string_new(NULL);
        append_modes(modes, formats, codec);
        printf("    %s profiles %02x, level %s: %s\n", codec->codec == 1 ? "H.264" : "H.265",
               codec->profile_bits, level_of(codec->level_bits), modes->str);
    }
}

static void print_audio(const McWfdCaps *caps)
{
    const char *name;
    const McAudioCodecs *codecs = mc_wfd_caps_audio(caps, &name);

    printf("  sound:");
    for (unsigned i = 0; i < codecs->n_formats; i++)
        printf("%s %s modes %08x", i ? "," : "", codecs->format[i].name, codecs->format[i].modes);
    puts(codecs->n_formats ? "" : " none");
}

static void print_rest(const McWfdCaps *caps)
{
    if (caps->rtp_ports_present)
        printf("  RTP: %s port %u\n", caps->rtp_profile, caps->rtp_port0);
    if (caps->content_protection[0])
        printf("  content protection: %s\n", caps->content_protection);
    if (caps->uibc_line)
        printf("  input:%s%s%s\n", caps->uibc_generic ? " generic" : "",
               caps->uibc_hidc ? " HID" : "", caps->uibc_generic || caps->uibc_hidc ? "" : " none");
    if (caps->edid_bytes)
        printf("  EDID: %zu bytes\n", caps->edid_bytes);
    for (guint i = 0; i < caps->unknown->len; i++)
        printf("  not known: %s\n", (char *) caps->unknown->pdata[i]);
    for (guint i = 0; i < caps->notes->len; i++)
        printf("  note: %s\n", (char *) caps->notes->pdata[i]);
}

static void print_decision(const McWfdDecision *decision)
{
    printf("  choice: %s\n", decision->reason);
    printf("    M4: %s: %s\n", mc_video_formats_name(decision->video[0].kind),
           decision->video[0].video_line);
    if (decision->n_audio)
        printf("    M4: %s: %s\n", decision->audio[0].name, decision->audio[0].line);
    printf("    then:");
    for (unsigned i = 1; i < decision->n_video; i++)
        printf(" %ux%u@%u", decision->video[i].mode.width_px, decision->video[i].mode.height_px,
               decision->video[i].mode.fps);
    puts("");
}

static void print_reply(const Reply *reply, const McWfdCaps *caps, const McWfdDecision *decision,
                        const GError *error, const char *quirks)
{
    printf("%s\n", reply->name);
    for (McFormatsKind kind = 0; kind < MC_N_FORMATS; kind++)
        print_video(&caps->video[kind]);
    print_audio(caps);
    print_rest(caps);
    if (*quirks)
        printf("  quirks: %s\n", quirks);
    if (error)
        printf("  no choice: %s\n", error->message);
    else
        print_decision(decision);
    puts("");
}

/* ---- JSON ---- */

static void build_strings(JsonBuilder *builder, const char *name, const GPtrArray *strings)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
    for (guint i = 0; i < strings->len; i++)
        json_builder_add_string_value(builder, strings->pdata[i]);
    json_builder_end_array(builder);
}

static void build_string(JsonBuilder *builder, const char *name, const char *value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, value);
}

static void build_int(JsonBuilder *builder, const char *name, gint64 value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, value);
}

static void build_mode(JsonBuilder *builder, const McVideoChoice *choice)
{
    json_builder_begin_object(builder);
    build_int(builder, "width", choice->mode.width_px);
    build_int(builder, "height", choice->mode.height_px);
    build_int(builder, "fps", choice->mode.fps);
    build_string(builder, "profile", choice->profile == MC_PROFILE_CHP ? "CHP" : "CBP");
    build_int(builder, "level_idc", choice->level_idc);
    build_int(builder, "max_kbps", choice->max_kbps);
    build_string(builder, "parameter", mc_video_formats_name(choice->kind));
    build_string(builder, "value", choice->video_line);
    json_builder_end_object(builder);
}

static void build_decision(JsonBuilder *builder, const McWfdDecision *decision)
{
    json_builder_set_member_name(builder, "video");
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < decision->n_video; i++)
        build_mode(builder, &decision->video[i]);
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "audio");
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < decision->n_audio; i++)
        json_builder_add_string_value(builder, decision->audio[i].line);
    json_builder_end_array(builder);
    build_string(builder, "reason", decision->reason);
}

static void build_codec(JsonBuilder *builder, const McVideoFormats *formats,
                        const McVideoCodec *codec)
{
    g_autoptr(GString) modes = g_string_new(NULL);

    append_modes(modes, formats, codec);
    g_auto(GStrv) words = g_strsplit(modes->str, " ", -1);
    json_builder_begin_object(builder);
    build_string(builder, "parameter", mc_video_formats_name(formats->kind));
    build_string(builder, "codec", codec->codec == 1 ? "H.264" : "H.265");
    build_int(builder, "profiles", codec->profile_bits);
    build_string(builder, "level", level_of(codec->level_bits));
    json_builder_set_member_name(builder, "modes");
    json_builder_begin_array(builder);
    for (char **word = words; *word; word++)
        json_builder_add_string_value(builder, *word);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void build_offers(JsonBuilder *builder, const McWfdCaps *caps)
{
    json_builder_set_member_name(builder, "offers");
    json_builder_begin_array(builder);
    for (McFormatsKind kind = 0; kind < MC_N_FORMATS; kind++)
        for (unsigned i = 0; i < caps->video[kind].n_codecs; i++)
            build_codec(builder, &caps->video[kind], &caps->video[kind].codec[i]);
    json_builder_end_array(builder);
}

/* Each value as the sink wrote it, and whether the table knows it. */
static void build_parameters(JsonBuilder *builder, const McWfdCaps *caps)
{
    json_builder_set_member_name(builder, "parameters");
    json_builder_begin_array(builder);
    for (guint i = 0; i < caps->typed->len; i++) {
        const McTypedParam *param = caps->typed->pdata[i];
        json_builder_begin_object(builder);
        build_string(builder, "name", param->name);
        build_string(builder, "value", param->text ? param->text : "");
        build_string(builder, "state",
                     param->row                       ? "read"
                     : mc_param_row_find(param->name) ? "malformed"
                                                      : "unknown");
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void build_reply(JsonBuilder *builder, const Reply *reply, const McWfdCaps *caps,
                        const McWfdDecision *decision, const GError *error, const char *quirks)
{
    json_builder_begin_object(builder);
    build_string(builder, "id", reply->name);
    if (error)
        build_string(builder, "no_choice", error->message);
    else
        build_decision(builder, decision);
    build_int(builder, "rtp_port", caps->rtp_port0);
    build_string(builder, "content_protection", caps->content_protection);
    build_string(builder, "uibc", caps->uibc_line ? caps->uibc_line : "");
    build_int(builder, "edid_bytes", (gint64) caps->edid_bytes);
    build_string(builder, "quirks", quirks);
    build_offers(builder, caps);
    build_parameters(builder, caps);
    build_strings(builder, "unknown", caps->unknown);
    build_strings(builder, "notes", caps->notes);
    json_builder_end_object(builder);
}

static void print_json(JsonBuilder *builder)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    JsonNode *root = json_builder_get_root(builder);

    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, TRUE);
    g_autofree char *text = json_generator_to_data(generator, NULL);
    puts(text);
    json_node_unref(root);
}

/* ---- the command ---- */

static void judge(const Reply *reply, const McWfdWish *wish, JsonBuilder *builder)
{
    g_autoptr(McWfdCaps) caps = mc_wfd_caps_parse(reply->text, strlen(reply->text));
    g_autoptr(GError) error = NULL;
    McWfdDecision decision = {0};
    McSinkIdentity sink = {.caps = caps};
    McWfdWish ours = *wish;
    char quirks[MC_QUIRKS_NAMES_BYTES];

    ours.quirks = mc_quirks_find(&sink, quirks);
    mc_wfd_negotiate(caps, &ours, &decision, &error);
    if (builder)
        build_reply(builder, reply, caps, &decision, error, quirks);
    else
        print_reply(reply, caps, &decision, error, quirks);
}

int mc_lab_m3_run(int argc, char **argv)
{
    const McWfdWish wish = {.desktop_width_px = 1920,
                            .desktop_height_px = 1080,
                            .audio = true,
                            .audio_codecs =
                                1u << MC_AUDIO_LPCM | 1u << MC_AUDIO_AAC | 1u << MC_AUDIO_AC3};
    g_autoptr(GPtrArray) replies = g_ptr_array_new_with_free_func(reply_free);
    bool json = false, ok = true;

    for (int i = 0; i < argc; i++) {
        if (!strcmp(argv[i], "--json"))
            json = true;
        else if (!strcmp(argv[i], "--help"))
            return puts("usage: miracast lab m3 [--json] FILE...") < 0;
        else
            ok = read_file(replies, argv[i]) && ok;
    }
    if (!replies->len && ok) {
        fputs("miracast: error [usage]: miracast lab m3 [--json] FILE...\n", stderr);
        return MC_EXIT_USAGE;
    }
    g_autoptr(JsonBuilder) builder = json ? json_builder_new() : NULL;
    if (json)
        json_builder_begin_array(builder);
    for (guint i = 0; i < replies->len; i++)
        judge(replies->pdata[i], &wish, builder);
    if (json) {
        json_builder_end_array(builder);
        print_json(builder);
    }
    return ok ? MC_EXIT_OK : MC_EXIT_FAILED;
}
