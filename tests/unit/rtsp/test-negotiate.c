/* SPDX-License-Identifier: MIT */
/* The choice for every collected reply, worked out by hand from the tables, and its rules alone. */
#include "rtsp/negotiate.h"

#include "rtsp/error.h"

#include <string.h>

#include "real-sinks.h"

#define ALL_AUDIO (1u << MC_AUDIO_LPCM | 1u << MC_AUDIO_AAC | 1u << MC_AUDIO_AC3)
#define CEA MC_TABLE_CEA
#define VESA MC_TABLE_VESA
#define HH MC_TABLE_HH

static const McWfdWish full_hd = {.desktop_width_px = 1920,
                                  .desktop_height_px = 1080,
                                  .max_fps = 60,
                                  .audio = true,
                                  .audio_codecs = ALL_AUDIO};

/* ---- the collection: desktop 1920x1080 at 60, no limit of the link, CBP preferred ---- */

typedef struct {
    const char *id;
    McModeTable table;
    unsigned bit;
    unsigned level_idc;
    McH264Profile profile;
    McAudioCodec audio;
    uint16_t port; /* 0: missing or unreadable */
    const char *because;
} Real;

#define CBP MC_PROFILE_CBP
#define CHP MC_PROFILE_CHP
static const Real reals[] = {
    {"samsung-secwdh-me29-2014", CEA, 7, 40, CBP, MC_AUDIO_AAC, 19000,
     "DEFF lacks bit 8 and 13: 30 is the most at 1080; native 1080p60 is not in the mask"},
    {"samsung-tab-s8plus-2026", CEA, 0, 31, CBP, MC_AUDIO_AAC, 19000, "its only bit"},
    {"lg-2015", CEA, 7, 40, CBP, MC_AUDIO_AAC, 19000,
     "bit 8 is set, and level 4.1 carries 245760 macroblocks a second of the 489600"},
    {"lg-un8000pta-2026", CEA, 7, 40, CBP, MC_AUDIO_AAC, 53000, "94FF lacks bit 8 and 13"},
    {"unnamed-2017-digipine", CEA, 7, 40, CBP, MC_AUDIO_AAC, 19000, "9CEB lacks bit 8 and 13"},
    {"tcl-85q6h-2026", CEA, 7, 40, CBP, MC_AUDIO_AAC, 0, "94A0; the rest of the line was lost"},
    {"windows10-connect-2016", CEA, 8, 42, CBP, MC_AUDIO_AAC, 1028,
     "bit 8 at level 4.2; max-hres 0780 is no limit for it"},
    {"android-442-board-2016", CEA, 5, 31, CBP, MC_AUDIO_AAC, 19000,
     "level 3.1 carries 3600 macroblocks at 30"},
    {"nec-wsbox", CEA, 6, 32, CBP, MC_AUDIO_NONE, 0,
     "level 3.2 carries 216000: 720p60 to the last macroblock; no sound line was seen"},
    {"q-wh-d1", CEA, 7, 40, CBP, MC_AUDIO_AAC, 24030, "DEFF; its max-hres is just the mode"},
    {"mr-a202-2026", CEA, 0, 31, CBP, MC_AUDIO_NONE, 0, "no line was public"},
    {"gnd4-sharp", CEA, 0, 31, CBP, MC_AUDIO_NONE, 0, "no line was public"},
    {"ubtouch781", CEA, 0, 31, CBP, MC_AUDIO_NONE, 0, "no line was public"},
    {"miraclecast-443", HH, 5, 31, CBP, MC_AUDIO_AAC, 1991,
     "864x480p60 shows 0.444 of each side, without the cropping that 854 needs; 800x600 0.417"},
    {"lazycast-61", CEA, 13, 42, CHP, MC_AUDIO_AAC, 1028, "FEFF lacks bit 8 only; CHP alone"},
    {"wds-sink-2015", CEA, 8, 42, CBP, MC_AUDIO_AAC, 51066, "FFFF at 4.2; second tuple is CBP"},
    {"mediatek-android-sink", CEA, 5, 31, CBP, MC_AUDIO_LPCM, 19000,
     "flag 01: 0500 x 02D0 binds; level 3.1"},
    {"rockchip-sink", CEA, 0, 31, CBP, MC_AUDIO_AAC, 0, "the template's native is no number"},
    {"aosp42-sink", CEA, 6, 32, CHP, MC_AUDIO_LPCM, 19000, "level 3.2; CHP alone"},
    {"imx-android-sink", CEA, 6, 32, CBP, MC_AUDIO_AAC, 19000, "level 3.2"},
    {"airserver-viewsonic", CEA, 7, 40, CBP, MC_AUDIO_AAC, 0, "94A0; the template names no port"},
    {"rdk-miracast", CEA, 8, 42, CBP, MC_AUDIO_AAC, 1991, "FFFF at 4.2; both profiles in one"},
    {"picast", CEA, 8, 42, CBP, MC_AUDIO_AAC, 1028, "01C3 has bit 8; native names no table"},
    {"castengine-fixture", CEA, 7, 40, CHP, MC_AUDIO_AAC, 6700, "80 alone; CHP alone"},
    {"ms-wfdpe-metadata", CEA, 0, 31, CBP, MC_AUDIO_LPCM, 0, "its only bit"},
    {"ms-wfdpe-wfdx", CEA, 0, 31, CBP, MC_AUDIO_NONE, 0, "2160p modes at level 3.1 cannot be"},
};

static void test_real(gconstpointer data)
{
    const Real *real = data;
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonArray *entries = real_sinks_load(parser);
    guint index = (guint) (real - reals);
    g_autoptr(GString) body = real_sink_body(entries, index);
    g_autoptr(McWfdCaps) caps = mc_wfd_caps_parse(body->str, body->len);
    McWfdDecision decision;

    g_assert_cmpstr(real_sink_id(entries, index), ==, real->id);
    g_assert_true(mc_wfd_negotiate(caps, &full_hd, &decision, NULL));
    const McVideoChoice *best = &decision.video[0];
    g_test_message("%s: %s", real->id, decision.reason);
    g_test_message("by hand: %s", real->because);
    g_assert_cmpint(best->mode.table, ==, real->table);
    g_assert_cmpuint(best->mode.bit, ==, real->bit);
    g_assert_cmpuint(best->level_idc, ==, real->level_idc);
    g_assert_cmpint(best->profile, ==, real->profile);
    g_assert_cmpuint(caps->rtp_port0, ==, real->port);
    g_assert_cmpint(decision.n_audio ? decision.audio[0].codec : MC_AUDIO_NONE, ==, real->audio);
    g_assert_cmpuint(strlen(decision.reason), >, 20);
}

static void test_real_count(void)
{
    g_autoptr(JsonParser) parser = json_parser_new();

    g_assert_cmpuint(json_array_get_length(real_sinks_load(parser)), ==, G_N_ELEMENTS(reals));
}

/* Whatever the sink and the desktop: each alternative is in the sink's masks, of the lowest level
 * that carries it (so that sinks of different levels can share an encoding) and within the sink's,
 * and M4's line says exactly that mode. */
static void check_choice(const McWfdCaps *caps, const McVideoChoice *choice)
{
    McVideoFormats line;
    McVideoMode mode;

    g_assert_true(mc_video_formats_parse(choice->kind, choice->video_line, &line, NULL, NULL));
    g_assert_cmpuint(line.native, ==, 0);
    g_assert_cmpuint(line.n_codecs, ==, 1);
    g_assert_cmphex(line.codec[0].mask[choice->mode.table], ==, UINT64_C(1) << choice->mode.bit);
    for (McModeTable table = 0; table < MC_N_TABLES; table++)
        if (table != choice->mode.table)
            g_assert_cmphex(line.codec[0].mask[table], ==, 0);
    g_assert_true(mc_mode_get(choice->kind, choice->mode.table, choice->mode.bit, &mode));
    g_assert_false(mode.interlaced);
    g_assert_cmphex(line.codec[0].level_bits, ==, 1u << choice->level_bit);
    g_assert_cmpint(mc_level_for(mode.width_px, mode.height_px, mode.fps), ==, choice->level_bit);
    bool offered = choice->mode.table == CEA && choice->mode.bit == 0; /* mandatory */
    for (unsigned i = 0; i < caps->video[choice->kind].n_codecs; i++) {
        const McVideoCodec *codec = &caps->video[choice->kind].codec[i];
        offered = offered || (codec->mask[choice->mode.table] >> choice->mode.bit & 1 &&
                              codec->profile_bits & line.codec[0].profile_bits &&
                              codec->level_bits >> choice->level_bit);
    }
    g_assert_true(offered);
}

static void test_alternatives(void)
{
    static const uint32_t desktops[][2] = {{1920, 1080}, {1366, 768},  {2560, 1440}, {3840, 2160},
                                           {1080, 1920}, {1280, 1024}, {640, 480},   {8192, 8192}};
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonArray *entries = real_sinks_load(parser);

    for (guint i = 0; i < json_array_get_length(entries); i++) {
        g_autoptr(GString) body = real_sink_body(entries, i);
        g_autoptr(McWfdCaps) caps = mc_wfd_caps_parse(body->str, body->len);
        for (size_t j = 0; j < G_N_ELEMENTS(desktops); j++) {
            McWfdWish wish = full_hd;
            McWfdDecision decision;
            wish.desktop_width_px = desktops[j][0];
            wish.desktop_height_px = desktops[j][1];
            wish.allow_chp = j & 1;
            g_assert_true(mc_wfd_negotiate(caps, &wish, &decision, NULL));
            g_assert_cmpuint(decision.n_video, <=, MC_MAX_ALTERNATIVES);
            bool mandatory = false;
            for (unsigned k = 0; k < decision.n_video; k++) {
                check_choice(caps, &decision.video[k]);
                mandatory = mandatory || decision.video[k].mode.width_px == 640;
                if (k)
                    g_assert_cmpint(decision.video[k].score, <=, decision.video[k - 1].score);
            }
            g_assert_true(mandatory); /* the last resort is always there */
        }
    }
}

/* ---- single rules ---- */

#define ALL "0001FFFF 1FFFFFFF 00000FFF"

typedef struct {
    const char *name, *video;
    McWfdWish wish; /* sound is added */
    uint32_t width_px, height_px, fps;
    const char *word; /* in the reason; may be NULL */
} Rule;

#define DESKTOP(w, h) .desktop_width_px = w, .desktop_height_px = h
static const Rule rules[] = {
    {"native-not-offered",
     "40 00 01 10 00000080 0 0 00 0000 0000 00 none none",
     {DESKTOP(1920, 1080)},
     1920,
     1080,
     30,
     "own size"},
    {"native-decides",
     "D1 00 01 10 0 05000000 0 00 0000 0000 00 none none",
     {DESKTOP(1680, 1000)},
     1680,
     1050,
     30,
     NULL},
    {"native-absent",
     "00 00 01 10 0 05000000 0 00 0000 0000 00 none none",
     {DESKTOP(1680, 1000)},
     1680,
     1024,
     30,
     NULL},
    {"reserved-cea",
     "40 00 01 80 FFFE0020 0 0 00 0000 0000 00 none none",
     {DESKTOP(3840, 2160)},
     1280,
     720,
     30,
     NULL},
    {"reserved-vesa",
     "40 00 01 80 00000020 E0000000 0 00 0000 0000 00 none none",
     {DESKTOP(1920, 1200)},
     1280,
     720,
     30,
     NULL},
    {"reserved-hh",
     "40 00 01 80 00000001 0 FFFFF000 00 0000 0000 00 none none",
     {DESKTOP(1920, 1200)},
     640,
     480,
     60,
     NULL},
    /* The mandatory mode has more pixels a second than these two, and yet they alone are offered.
     */
    {"offered-first-vesa",
     "00 00 01 10 0 00000001 0 00 0000 0000 00 none none",
     {DESKTOP(1280, 720)},
     800,
     600,
     30,
     NULL},
    {"offered-first-cea",
     "18 00 01 10 00000008 0 0 00 0000 0000 00 none none",
     {DESKTOP(1280, 720)},
     720,
     576,
     50,
     NULL},
    {"interlaced-never",
     "48 00 01 10 00004214 0 0 00 0000 0000 00 none none",
     {DESKTOP(1920, 1080)},
     640,
     480,
     60,
     NULL},
    {"level-mask",
     "40 00 03 1f " ALL " 00 0000 0000 00 none none",
     {DESKTOP(1920, 1080)},
     1920,
     1080,
     60,
     NULL},
    {"no-level",
     "40 00 01 00 " ALL " 00 0000 0000 00 none none",
     {DESKTOP(1920, 1080)},
     640,
     480,
     60,
     NULL},
    {"max-binds",
     "40 01 01 10 " ALL " 00 0000 0000 00 0500 02D0",
     {DESKTOP(1920, 1080)},
     1280,
     720,
     60,
     NULL},
    {"max-is-noise",
     "40 00 01 10 00000080 0 0 00 0000 0000 00 0500 02D0",
     {DESKTOP(1920, 1080)},
     1920,
     1080,
     30,
     NULL},
    {"max-in-doubt",
     "40 00 01 10 " ALL " 00 0000 0000 00 0500 02D0",
     {DESKTOP(1280, 720)},
     1280,
     720,
     60,
     NULL},
    {"slow-link",
     "40 00 01 10 " ALL " 00 0000 0000 00 none none",
     {DESKTOP(1920, 1080), .bitrate_kbps = 4000},
     1920,
     1080,
     30,
     NULL},
    {"very-slow-link",
     "40 00 01 10 " ALL " 00 0000 0000 00 none none",
     {DESKTOP(1920, 1080), .bitrate_kbps = 900},
     960,
     540,
     30,
     NULL},
    {"capture-at-30",
     "40 00 01 10 " ALL " 00 0000 0000 00 none none",
     {DESKTOP(1920, 1080), .max_fps = 30},
     1920,
     1080,
     30,
     NULL},
    {"encoder-limit",
     "40 00 01 10 " ALL " 00 0000 0000 00 none none",
     {DESKTOP(1920, 1080), .max_width_px = 1280, .max_height_px = 720},
     1280,
     720,
     60,
     NULL},
    {"wish",
     "40 00 01 10 " ALL " 00 0000 0000 00 none none",
     {DESKTOP(1920, 1080), .mode_width_px = 1280, .mode_height_px = 720},
     1280,
     720,
     60,
     "asked for"},
    {"wish-with-rate",
     "40 00 01 10 " ALL " 00 0000 0000 00 none none",
     {DESKTOP(1920, 1080), .mode_width_px = 1280, .mode_height_px = 720, .mode_fps = 25},
     1280,
     720,
     25,
     "asked for"},
    {"wish-of-other-rate",
     "40 00 01 10 " ALL " 00 0000 0000 00 none none",
     {DESKTOP(1920, 1080), .mode_width_px = 800, .mode_height_px = 480, .mode_fps = 50},
     800,
     480,
     60,
     NULL},
    {"wish-not-offered",
     "40 00 01 10 000000A0 0 0 00 0000 0000 00 none none",
     {DESKTOP(1920, 1080), .mode_width_px = 1440, .mode_height_px = 900},
     1920,
     1080,
     30,
     "does not offer"},
    {"desktop-1366",
     "40 00 01 10 " ALL " 00 0000 0000 00 none none",
     {DESKTOP(1366, 768)},
     1366,
     768,
     60,
     "own size"},
    {"desktop-1280x1024",
     "40 00 01 10 " ALL " 00 0000 0000 00 none none",
     {DESKTOP(1280, 1024)},
     1280,
     1024,
     60,
     "own size"},
    {"desktop-1440x900",
     "40 00 01 10 " ALL " 00 0000 0000 00 none none",
     {DESKTOP(1440, 900)},
     1440,
     900,
     60,
     "own size"},
    {"desktop-small",
     "40 00 01 10 " ALL " 00 0000 0000 00 none none",
     {DESKTOP(600, 440)},
     640,
     480,
     60,
     "whole desktop"},
    {"desktop-2160",
     "40 00 01 10 " ALL " 00 0000 0000 00 none none",
     {DESKTOP(3840, 2160)},
     1920,
     1080,
     60,
     "panel's own size"},
    {"desktop-unknown", "40 00 01 10 " ALL " 00 0000 0000 00 none none", {0}, 1920, 1080, 60, NULL},
};

static McWfdCaps *caps_of(const char *name, const char *value, const char *more)
{
    g_autofree char *body = g_strdup_printf("%s: %s\r\n%s", name, value, more ? more : "");

    return mc_wfd_caps_parse(body, strlen(body));
}

static void test_rule(gconstpointer data)
{
    const Rule *rule = data;
    g_autoptr(McWfdCaps) caps = caps_of("wfd_video_formats", rule->video, NULL);
    McWfdDecision decision;

    g_assert_true(mc_wfd_negotiate(caps, &rule->wish, &decision, NULL));
    g_test_message("%s", decision.reason);
    g_assert_cmpuint(decision.video[0].mode.width_px, ==, rule->width_px);
    g_assert_cmpuint(decision.video[0].mode.height_px, ==, rule->height_px);
    g_assert_cmpuint(decision.video[0].mode.fps, ==, rule->fps);
    if (rule->word && !strstr(decision.reason, rule->word))
        g_error("no \"%s\" in: %s", rule->word, decision.reason);
}

static void test_none(void)
{
    g_autoptr(McWfdCaps) caps = caps_of("wfd_video_formats", "none", NULL);
    g_autoptr(GError) error = NULL, too_small = NULL;
    McWfdWish wish = {.max_width_px = 320, .max_height_px = 200};
    McWfdDecision decision = {.n_video = 77};

    g_assert_false(mc_wfd_negotiate(caps, &full_hd, &decision, &error));
    g_assert_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_NO_COMMON_FORMAT);
    g_assert_cmpuint(decision.n_video, ==, 77);
    g_autoptr(McWfdCaps) empty = mc_wfd_caps_parse("", 0);
    g_assert_false(mc_wfd_negotiate(empty, &wish, &decision, &too_small));
    g_assert_error(too_small, MC_RTSP_ERROR, MC_RTSP_ERROR_NO_COMMON_FORMAT);
    g_assert_nonnull(strstr(too_small->message, "1 beyond the encoder"));
}

static void test_r2(void)
{
    g_autoptr(McWfdCaps) caps =
        caps_of("wfd2_video_formats",
                "40 02 01 0004 000000000080 000000000000 000000000000 00 0000 0000 00, "
                "01 02 0080 000000210180 000000000000 000000000000 00 0000 0000 00 00",
                "wfd2_audio_codecs: LPCM 000001ff 00\r\n");
    McWfdWish wish = full_hd;
    McWfdDecision decision;

    wish.desktop_width_px = 3840;
    wish.desktop_height_px = 2160;
    g_assert_true(mc_wfd_negotiate(caps, &wish, &decision, NULL));
    g_assert_cmpint(decision.video[0].kind, ==, MC_FORMATS_WFD2);
    g_assert_cmpstr(decision.video[0].video_line, ==,
                    "00 01 02 0080 000000200000 000000000000 000000000000 00 0000 0000 00 00");
    g_assert_cmpstr(decision.audio[0].name, ==, "wfd2_audio_codecs");
    g_assert_cmpstr(decision.audio[0].line, ==, "LPCM 00000002 00");
}

/* wfdx beside wfd: the R1 line must be ignored. */
static void test_wfdx_first(void)
{
    g_autoptr(McWfdCaps) caps = caps_of(
        "wfd_video_formats", "40 00 01 10 " ALL " 00 0000 0000 00 none none",
        "wfdx_video_formats: 0028 00 0001 0001 0000000021 0000000000 00000000 00 0000 0000 00 none "
        "none\r\n");
    McWfdDecision decision;

    g_assert_true(mc_wfd_negotiate(caps, &full_hd, &decision, NULL));
    g_assert_cmpstr(decision.video[0].video_line, ==,
                    "0000 00 0001 0001 0000000020 0000000000 00000000 00 0000 0000 00 none none");
}

static void test_max_bitrate(void)
{
    g_autoptr(McWfdCaps) caps =
        caps_of("wfd_video_formats", "40 00 03 10 00000100 0 0 00 0000 0000 00 none none",
                "microsoft_max_bitrate: 15000000\r\n");
    McWfdWish wish = full_hd;
    McWfdDecision decision;

    g_assert_true(mc_wfd_negotiate(caps, &wish, &decision, NULL));
    g_assert_cmpuint(decision.video[0].max_kbps, ==, 15000); /* sink's */
    wish.bitrate_kbps = 9000;
    g_assert_true(mc_wfd_negotiate(caps, &wish, &decision, NULL));
    g_assert_cmpuint(decision.video[0].max_kbps, ==, 9000); /* link's */
    caps->max_bitrate_kbps = 0;
    wish.bitrate_kbps = 0;
    wish.allow_chp = true;
    g_assert_true(mc_wfd_negotiate(caps, &wish, &decision, NULL));
    g_assert_cmpint(decision.video[0].profile, ==, CHP);
    g_assert_cmpuint(decision.video[0].max_kbps, ==, 62500); /* level's */
}

/* A sink that offers all, and room for few: the best of each level is among the alternatives, for
 * these are the steps down after a refusal. */
static void test_best_of_each_level(void)
{
    static const struct {
        uint16_t height_px, fps;
        uint8_t level_idc;
    } rows[] = {{1080, 60, 42}, {1080, 30, 40}, {720, 60, 32}, {720, 30, 31}, {480, 60, 31}};
    g_autoptr(McWfdCaps) caps =
        caps_of("wfd_video_formats",
                "40 00 01 10 0001FFFF 1FFFFFFF 00000FFF 00 0000 0000 00 none none", NULL);
    McWfdDecision decision;

    g_assert_true(mc_wfd_negotiate(caps, &full_hd, &decision, NULL));
    g_assert_cmpuint(decision.n_video, ==, MC_MAX_ALTERNATIVES);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const McVideoChoice *choice = mc_wfd_decision_video(&decision);
        g_assert_cmpuint(choice->mode.height_px, ==, rows[i].height_px);
        g_assert_cmpuint(choice->mode.fps, ==, rows[i].fps);
        g_assert_cmpuint(choice->level_idc, ==, rows[i].level_idc);
        g_assert_true(mc_wfd_decision_next(&decision));
    }
    for (unsigned left = decision.n_video - G_N_ELEMENTS(rows); left > 1; left--)
        g_assert_true(mc_wfd_decision_next(&decision));
    g_assert_false(mc_wfd_decision_next(&decision));
    g_assert_cmphex(decision.refused, ==, (1u << MC_MAX_ALTERNATIVES) - 1);
}

/* ---- sound ---- */

static void test_sound(void)
{
    static const struct {
        const char *codecs;
        uint32_t ours;
        const char *first; /* NULL: no sound in common */
        unsigned n;
    } rows[] = {
        {"LPCM 00000003 00, AAC 00000001 00", ALL_AUDIO, "AAC 00000001 00", 2},
        {"LPCM 00000003 00, AAC 00000001 00", 1u << MC_AUDIO_LPCM, "LPCM 00000002 00", 1},
        {"LPCM 00000001 00", ALL_AUDIO, "LPCM 00000002 00", 1},
        {"AC3 00000007 00", ALL_AUDIO, "AC3 00000001 00", 1},
        {"AC3 00000007 00", 1u << MC_AUDIO_AAC, NULL, 0},
        {"AC3 00000000 00, LPCM 00000002 00", ALL_AUDIO, "LPCM 00000002 00", 1},
        {"AAC 0000000E 00", ALL_AUDIO, NULL, 0}, /* 4, 6 and 8 channels */
        {"AAC 00000007 00, AAC 00000001 00", ALL_AUDIO, "AAC 00000001 00", 1},
        {"none", ALL_AUDIO, NULL, 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(McWfdCaps) caps = caps_of("wfd_audio_codecs", rows[i].codecs, NULL);
        McWfdWish wish = {.audio_codecs = rows[i].ours};
        McWfdDecision decision;
        g_assert_true(mc_wfd_negotiate(caps, &wish, &decision, NULL));
        g_assert_cmpuint(decision.n_audio, ==, rows[i].n);
        if (rows[i].first)
            g_assert_cmpstr(decision.audio[0].line, ==, rows[i].first);
        else
            g_assert_nonnull(strstr(decision.reason, "none in common"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(reals); i++) {
        g_autofree char *path = g_strdup_printf("/negotiate/real/%s", reals[i].id);
        g_test_add_data_func(path, &reals[i], test_real);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        g_autofree char *path = g_strdup_printf("/negotiate/rule/%s", rules[i].name);
        g_test_add_data_func(path, &rules[i], test_rule);
    }
    g_test_add_func("/negotiate/real-count", test_real_count);
    g_test_add_func("/negotiate/alternatives", test_alternatives);
    g_test_add_func("/negotiate/none", test_none);
    g_test_add_func("/negotiate/r2", test_r2);
    g_test_add_func("/negotiate/wfdx-first", test_wfdx_first);
    g_test_add_func("/negotiate/max-bitrate", test_max_bitrate);
    g_test_add_func("/negotiate/best-of-each-level", test_best_of_each_level);
    g_test_add_func("/negotiate/sound", test_sound);
    return g_test_run();
}
