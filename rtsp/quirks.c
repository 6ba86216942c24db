/* SPDX-License-Identifier: MIT */
#include "rtsp/quirks.h"

#include <string.h>

#include "rtsp/caps.h"

#define VIDEO "wfd_video_formats"

/* Keys that are stated must all be there; texts are looked for anywhere, in any case. */
typedef struct {
    const char *name;        /* of the device: its attribute or intel_friendly_name, intel_sink_* */
    const char *agent;       /* Server, User-Agent */
    const char *device_info; /* hexadecimal digits */
    const char *param, *value;
} Key;

static const struct {
    const char *name;
    Key key;
    McQuirks quirks;
} rows[] = {
    {"samsung-2014", {.agent = "SEC-WDH"}, {.idr_gap_ms = 500}},
    {"samsung-2020",
     {.param = VIDEO, .value = "000001e3 0f3fffff 00000fff 00 0000 00c8 01"},
     {.ts_flavour = "android", .single_slice = true}},
    {"samsung-tablet",
     {.agent = "SECMX"},
     {.also_width_px = 1920, .also_height_px = 1080, .also_fps = 30}},
    {"samsung",
     {.name = "Samsung"},
     {.hint = "open the TV's screen mirroring or Wi-Fi Direct menu"}},
    {"lg-webos",
     {.param = VIDEO, .value = "000194ff 155575df"},
     {.session_digits = 8,
      .keepalive_s = 20,
      .hint = "open Screen Share on the TV, and end its screen saver"}},
    {"lg", {.agent = "LGE"}, {.session_digits = 8}},
    {"vidaa", {.name = "Vidaa"}, {.ts_flavour = "gnd", .keepalive_s = 20}},
    {"hisense", {.name = "Hisense"}, {.ts_flavour = "gnd", .keepalive_s = 20}},
    {"roku", {.name = "Roku"}, {.keepalive_s = 20}},
    {"roku-element", {.device_info = "111c440096"}, {.keepalive_s = 20}},
    {"fire-tv",
     {.name = "Fire TV"},
     {.patience_s = 20, .hint = "open Display Mirroring on the Fire TV and leave it open"}},
    {"microsoft-adapter", {.agent = "MSFT-WDD"}, {.audio_first = MC_AUDIO_LPCM}},
    {"microsoft-adapter-4k", {.name = "4K Wireless Display"}, {.no_keepalive = true}},
    {"mediatek",
     {.param = VIDEO, .value = "0500 02d0"},
     {.max_width_px = 1280, .max_height_px = 720, .patience_s = 20}},
    {"tcl", {.param = VIDEO, .value = "03 1f 000194a0"}, {.keepalive_s = 20, .max_fps = 50}},
    {"actiontec",
     {.param = VIDEO, .value = "00000fff 02 0000 0000 11 0780 0438"},
     {.patience_s = 20}},
    {"android-projector", {.agent = "stagefright"}, {.single_slice = true}},
    {"mi-tv", {.name = "Mi TV"}, {.idr_gap_ms = 1000, .patience_s = 20}},
    {"cast-dongle",
     {.device_info = "022a012c"},
     {.patience_s = 20, .hint = "set the dongle to Miracast mode with its button"}},
    {"broadcom", {.name = "Broadcom"}, {.rtsp_port = 8554}},
};

/* ---- matching ---- */

static bool contains(const char *text, const char *part)
{
    if (!text)
        return false;
    for (size_t len = strlen(part); *text; text++)
        if (!g_ascii_strncasecmp(text, part, len))
            return true;
    return false;
}

static bool name_matches(const McSinkIdentity *sink, const char *name)
{
    const McWfdCaps *caps = sink->caps;

    return contains(sink->device_name, name) ||
           (caps && (contains(caps->friendly_name, name) || contains(caps->manufacturer, name) ||
                     contains(caps->model, name)));
}

static bool info_matches(const uint8_t *info, const char *digits)
{
    char text[13];

    if (!info)
        return false;
    g_snprintf(text, sizeof(text), "%02x%02x%02x%02x%02x%02x", info[0], info[1], info[2], info[3],
               info[4], info[5]);
    return contains(text, digits);
}

static bool param_matches(const McWfdCaps *caps, const char *name, const char *value)
{
    const McParam *param = caps ? mc_params_find(caps->params, name) : NULL;

    return param && contains(param->value, value);
}

static bool matches(const McSinkIdentity *sink, const Key *key)
{
    return (!key->name || name_matches(sink, key->name)) &&
           (!key->agent || contains(sink->agent, key->agent)) &&
           (!key->device_info || info_matches(sink->device_info, key->device_info)) &&
           (!key->param || param_matches(sink->caps, key->param, key->value));
}

/* ---- merging ---- */

static uint32_t least(uint32_t a, uint32_t b)
{
    return a && b ? MIN(a, b) : MAX(a, b); /* 0 states nothing */
}

static void merge(McQuirks *all, const McQuirks *one)
{
    all->ts_flavour = all->ts_flavour ? all->ts_flavour : one->ts_flavour;
    all->single_slice |= one->single_slice;
    all->no_keepalive |= one->no_keepalive;
    all->keepalive_s = least(all->keepalive_s, one->keepalive_s);
    all->session_digits = least(all->session_digits, one->session_digits);
    all->patience_s = MAX(all->patience_s, one->patience_s);
    all->idr_gap_ms = MAX(all->idr_gap_ms, one->idr_gap_ms);
    all->audio_first = all->audio_first ? all->audio_first : one->audio_first;
    all->max_width_px = (uint16_t) least(all->max_width_px, one->max_width_px);
    all->max_height_px = (uint16_t) least(all->max_height_px, one->max_height_px);
    all->max_fps = (uint16_t) least(all->max_fps, one->max_fps);
    if (!all->also_width_px) {
        all->also_width_px = one->also_width_px;
        all->also_height_px = one->also_height_px;
        all->also_fps = one->also_fps;
    }
    all->rtsp_port = all->rtsp_port ? all->rtsp_port : one->rtsp_port;
    all->hint = all->hint ? all->hint : one->hint;
}

McQuirks mc_quirks_find(const McSinkIdentity *identity, char names[MC_QUIRKS_NAMES_BYTES])
{
    McQuirks all = {0};

    names[0] = '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!matches(identity, &rows[i].key))
            continue;
        merge(&all, &rows[i].quirks);
        if (names[0])
            g_strlcat(names, " ", MC_QUIRKS_NAMES_BYTES);
        g_strlcat(names, rows[i].name, MC_QUIRKS_NAMES_BYTES);
    }
    return all;
}

/* ---- for people ---- */

static void say(GString *text, bool applies, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void say(GString *text, bool applies, const char *format, ...)
{
    va_list args;

    if (!applies)
        return;
    if (text->len)
        g_string_append(text, ", ");
    va_start(args, format);
    g_string_append_vprintf(text, format, args);
    va_end(args);
}

char *mc_quirks_text(const McQuirks *quirks)
{
    GString *text = g_string_new(NULL);

    say(text, quirks->ts_flavour, "transport stream of shape %s", quirks->ts_flavour);
    say(text, quirks->single_slice, "one slice a picture");
    say(text, quirks->no_keepalive, "no keep-alive");
    say(text, quirks->keepalive_s, "keep-alive every %u s", quirks->keepalive_s);
    say(text, quirks->session_digits, "session id of %u digits", quirks->session_digits);
    say(text, quirks->patience_s, "%u s for SETUP and PLAY", quirks->patience_s);
    say(text, quirks->idr_gap_ms, "a key frame in %u ms", quirks->idr_gap_ms);
    say(text, quirks->audio_first != MC_AUDIO_NONE, "%s sound first",
        mc_audio_codec_name(quirks->audio_first));
    say(text, quirks->max_width_px, "at most %ux%u", quirks->max_width_px, quirks->max_height_px);
    say(text, quirks->max_fps, "at most %u Hz", quirks->max_fps);
    say(text, quirks->also_width_px, "takes %ux%u at %u on request", quirks->also_width_px,
        quirks->also_height_px, quirks->also_fps);
    say(text, quirks->rtsp_port, "dials port %u", quirks->rtsp_port);
    return g_string_free(text, FALSE);
}

unsigned mc_quirks_count(void)
{
    return G_N_ELEMENTS(rows);
}

const char *mc_quirks_name(unsigned row)
{
    return row < G_N_ELEMENTS(rows) ? rows[row].name : NULL;
}
