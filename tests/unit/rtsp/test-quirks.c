/* SPDX-License-Identifier: MIT */
/* Each row of the quirk table: what brings it up, what it changes in choice and dialogue. */
#include "rtsp/quirks.h"

#include "source-fixture.h"

static const struct {
    const char *row, *device_name, *agent;
    uint8_t info[6];
    const char *m3;
} keys[] = {
    {"samsung-2014", NULL, "SEC-WDH/ME29", {0}, NULL},
    {"samsung-2020",
     NULL,
     NULL,
     {0},
     "wfd_video_formats: 40 00 01 10 000001e3 0f3fffff 00000fff 00 0000 00c8 01 none none\r\n"},
    {"samsung-tablet", NULL, "SECMX/Android16", {0}, NULL},
    {"samsung", "[TV] Samsung 7 Series", NULL, {0}, NULL},
    {"lg-webos",
     NULL,
     NULL,
     {0},
     "wfd_video_formats: 40 00 01 10 000194FF 155575DF 0000001F 00 0000 0000 1F none none\r\n"},
    {"lg", NULL, "LGE", {0}, NULL},
    {"vidaa", "Smart TV (VIDAA)", NULL, {0}, NULL},
    {"hisense", "Hisense TV", NULL, {0}, NULL},
    {"roku", "Roku Express - 555", NULL, {0}, NULL},
    {"roku-element", NULL, NULL, {0x00, 0x11, 0x1c, 0x44, 0x00, 0x96}, NULL},
    {"fire-tv", "Jo's Fire TV stick", NULL, {0}, NULL},
    {"microsoft-adapter", NULL, "MSFT-WDD/1.0", {0}, NULL},
    {"microsoft-adapter-4k", NULL, NULL, {0}, "intel_sink_model_name: 4K Wireless Display\r\n"},
    {"mediatek",
     NULL,
     NULL,
     {0},
     "wfd_video_formats: 00 01 01 01 0001FFFF 0F3FFFFF 00000FFF 00 0000 0000 19 0500 02D0\r\n"},
    {"tcl",
     NULL,
     NULL,
     {0},
     "wfd_video_formats: 38 00 03 1f 000194a0 00000000 00000000 00 0000 0000 00 none none\r\n"},
    {"actiontec",
     NULL,
     NULL,
     {0},
     "wfd_video_formats: 38 01 01 08 0001deff 07ffffff 00000fff 02 0000 0000 11 0780 0438\r\n"},
    {"android-projector", NULL, "stagefright/1.2", {0}, NULL},
    {"mi-tv", NULL, NULL, {0}, "intel_friendly_name: Mi TV\r\n"},
    {"cast-dongle", NULL, NULL, {0x01, 0x51, 0x02, 0x2a, 0x01, 0x2c}, NULL},
    {"broadcom", "DIRECT-xy-Broadcom", NULL, {0}, NULL},
};

static McQuirks find(unsigned i, char *names)
{
    g_autoptr(McWfdCaps) caps =
        keys[i].m3 ? mc_wfd_caps_parse(keys[i].m3, strlen(keys[i].m3)) : NULL;
    McSinkIdentity sink = {.device_name = keys[i].device_name,
                           .agent = keys[i].agent,
                           .device_info = keys[i].info[1] ? keys[i].info : NULL,
                           .caps = caps};

    return mc_quirks_find(&sink, names);
}

static void test_rows(void)
{
    char names[MC_QUIRKS_NAMES_BYTES];

    g_assert_cmpuint(G_N_ELEMENTS(keys), ==, mc_quirks_count());
    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++) {
        static const McQuirks none;
        g_assert_cmpstr(keys[i].row, ==, mc_quirks_name(i));
        McQuirks quirks = find(i, names);
        g_assert_cmpstr(names, ==, keys[i].row); /* and no other */
        /* A row that changes nothing is not worth its place. */
        g_assert_true(memcmp(&quirks, &none, sizeof(none)) != 0);
    }
    g_assert_null(mc_quirks_name(mc_quirks_count()));
}

static void test_nobody(void)
{
    char names[MC_QUIRKS_NAMES_BYTES];
    McQuirks quirks = mc_quirks_find(&(McSinkIdentity){0}, names);

    g_assert_cmpstr(names, ==, "");
    g_assert_null(quirks.hint);
    g_assert_null(quirks.ts_flavour);
}

/* Several rows together: the stricter limit of each kind. */
static void test_merge(void)
{
    char names[MC_QUIRKS_NAMES_BYTES];
    McSinkIdentity sink = {.device_name = "Hisense Roku TV Broadcom Mi TV", .agent = "LGE"};
    McQuirks quirks = mc_quirks_find(&sink, names);

    g_assert_cmpstr(names, ==, "lg hisense roku mi-tv broadcom");
    g_assert_cmpuint(quirks.session_digits, ==, 8);
    g_assert_cmpuint(quirks.keepalive_s, ==, 20);
    g_assert_cmpuint(quirks.idr_gap_ms, ==, 1000);
    g_assert_cmpuint(quirks.rtsp_port, ==, 8554);
    g_assert_cmpstr(quirks.ts_flavour, ==, "gnd");
}

/* ---- in the choice ---- */

static McWfdDecision choose(const char *m3, McWfdWish wish)
{
    g_autoptr(McWfdCaps) caps = mc_wfd_caps_parse(m3, strlen(m3));
    McSinkIdentity sink = {.caps = caps};
    char names[MC_QUIRKS_NAMES_BYTES];
    McWfdDecision decision;

    if (!wish.quirks.also_width_px && !wish.quirks.audio_first)
        wish.quirks = mc_quirks_find(&sink, names);
    wish.audio_codecs = 6;
    g_assert_true(mc_wfd_negotiate(caps, &wish, &decision, NULL));
    return decision;
}

static void test_limit(void)
{
    McWfdDecision decision = choose(
        "wfd_video_formats: 00 00 01 10 0001FFFF 0F3FFFFF 00000FFF 00 0000 0000 13 0500 02D0\r\n",
        (McWfdWish){0});

    g_assert_cmpuint(decision.video[0].mode.width_px, ==, 1280);
    for (unsigned i = 0; i < decision.n_video; i++)
        g_assert_cmpuint(decision.video[i].mode.height_px, <=, 720);
    g_assert_cmpuint(decision.quirks.max_width_px, ==, 1280);
}

#define ONLY_VGA                                                                                   \
    "wfd_video_formats: 00 00 01 01 00000001 00000000 00000000 00 0000 0000 00 none none\r\n"      \
    "wfd_audio_codecs: LPCM 00000002 00, AAC 00000001 00\r\n"

/* A mode that is played and not offered: only where a person asks for it. */
static void test_also(void)
{
    McWfdWish wish = {.quirks = {.also_width_px = 1920, .also_height_px = 1080, .also_fps = 30}};
    McWfdDecision decision = choose(ONLY_VGA, wish);

    g_assert_cmpuint(decision.n_video, ==, 1);
    wish.mode_width_px = 1920;
    wish.mode_height_px = 1080;
    decision = choose(ONLY_VGA, wish);
    g_assert_cmpuint(decision.n_video, ==, 2);
    g_assert_cmpuint(decision.video[0].mode.width_px, ==, 1920);
    g_assert_cmpuint(decision.video[1].mode.width_px, ==, 640);
}

static void test_audio_first(void)
{
    McWfdDecision decision =
        choose(ONLY_VGA, (McWfdWish){.quirks = {.audio_first = MC_AUDIO_LPCM}});

    g_assert_cmpuint(decision.n_audio, ==, 2);
    g_assert_cmpint(decision.audio[0].codec, ==, MC_AUDIO_LPCM);
    g_assert_cmpint(decision.audio[1].codec, ==, MC_AUDIO_AAC);
}

/* Every row can be told to a person, and the words name what it changes. */
static void test_text(void)
{
    static const struct {
        unsigned row;
        const char *text;
    } said[] = {{0, "a key frame in 500 ms"},
                {1, "transport stream of shape android, one slice a picture"},
                {2, "takes 1920x1080 at 30 on request"},
                {3, ""}, /* a hint and nothing else */
                {4, "keep-alive every 20 s, session id of 8 digits"},
                {11, "LPCM sound first"},
                {12, "no keep-alive"},
                {13, "20 s for SETUP and PLAY, at most 1280x720"},
                {14, "keep-alive every 20 s, at most 50 Hz"},
                {19, "dials port 8554"}};
    char names[MC_QUIRKS_NAMES_BYTES];

    for (size_t i = 0; i < G_N_ELEMENTS(said); i++) {
        McQuirks quirks = find(said[i].row, names);
        g_autofree char *text = mc_quirks_text(&quirks);
        g_assert_cmpstr(text, ==, said[i].text);
    }
}

/* ---- in the dialogue ---- */

/* A machine that was told by the link who dials in, up to the answered M5. */
static void begin_known(Fixture *f, unsigned row)
{
    McWfdSourceConfig config = {.local_ip = "192.168.49.1", .server_rtp_port = 35120};
    const char *agent = keys[row].agent ? keys[row].agent : "x";
    const char *ports = "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 19000 0 mode=play\r\n";

    g_strlcpy(config.device_name, keys[row].device_name ? keys[row].device_name : "",
              sizeof(config.device_name));
    memcpy(config.device_info, keys[row].info, sizeof(config.device_info));
    mc_wfd_source_free(f->source);
    f->source = mc_wfd_source_new(&config, f->now_us);
    f->cseq = 1;
    g_autofree char *m1 =
        g_strdup_printf("RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: %s\r\n\r\n", agent);
    feed(f, m1);
    request(f, "OPTIONS *", NULL);
    g_autofree char *m3 =
        g_strdup_printf("%s%s%s", keys[row].m3 ? keys[row].m3 : "",
                        keys[row].m3 && strstr(keys[row].m3, "wfd_video") ? "" : CAPS,
                        keys[row].m3 && strstr(keys[row].m3, "wfd_video") ? ports : "");
    ok(f, 2, m3);
    ok(f, 3, NULL);
    ok(f, 4, NULL);
    drain(f);
    g_assert_cmpstr(mc_wfd_source_quirks(f->source), ==, keys[row].row);
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_WAIT_SETUP);
}

/* The answer to M6 with its session id; its number of digits. */
static size_t set_up_session(Fixture *f)
{
    feed(f, "SETUP rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 2\r\n"
            "Transport: RTP/AVP/UDP;unicast;client_port=19002\r\n\r\n");
    g_autofree char *out = next_output(f);
    const char *id = strstr(out, "Session: ");
    g_assert_nonnull(id);
    return strspn(id + strlen("Session: "), "0123456789");
}

/* When the next M16 goes; 0: not within the minute. */
static int64_t keepalive_us(Fixture *f)
{
    const int64_t start_us = f->now_us;

    for (int i = 0; i < 60; i++) {
        live(f, G_USEC_PER_SEC);
        for (char *out; (out = next_output(f)); g_free(out))
            if (g_str_has_prefix(out, "GET_PARAMETER")) {
                g_free(out);
                return f->now_us - start_us;
            }
    }
    return 0;
}

/* What each row says about time and ids is what the machine does with such a sink. */
static void test_effects(Fixture *f, gconstpointer data)
{
    char names[MC_QUIRKS_NAMES_BYTES];

    for (unsigned row = 0; row < mc_quirks_count(); row++) {
        const McQuirks quirks = find(row, names);
        begin_known(f, row);
        g_assert_cmpint(mc_wfd_source_deadline_us(f->source) - f->now_us, ==,
                        MAX(quirks.patience_s, 15u) * G_USEC_PER_SEC);
        g_assert_cmpuint(set_up_session(f), ==, quirks.session_digits ? quirks.session_digits : 8);
        request(f, "PLAY rtsp://192.168.49.1/wfd1.0/streamid=0", NULL);
        drain(f);
        g_assert_cmpint(keepalive_us(f), ==,
                        quirks.no_keepalive  ? 0
                        : quirks.keepalive_s ? quirks.keepalive_s * G_USEC_PER_SEC
                                             : 25 * G_USEC_PER_SEC);
    }
}

static unsigned idrs(Fixture *f)
{
    unsigned n = 0;
    McWfdEvent event;

    while (mc_wfd_source_next_event(f->source, &event)) {
        n += event.type == MC_WFD_EVENT_FORCE_IDR;
        mc_wfd_event_clear(&event);
    }
    return n;
}

/* A storm of M13, ten a second for ten seconds: one a second comes out. */
static void test_storm(Fixture *f, gconstpointer data)
{
    reach_caps(f);
    ok(f, 2, CAPS "intel_friendly_name: Mi TV\r\n");
    ok(f, 3, NULL);
    feed(f, "SETUP rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 2\r\n"
            "Transport: RTP/AVP/UDP;unicast;client_port=19002\r\n\r\n");
    request(f, "PLAY rtsp://localhost/wfd1.0", NULL);
    drain(f);
    unsigned n = 0;
    for (unsigned i = 0; i < 100; i++) {
        live(f, 100000);
        request(f, "SET_PARAMETER rtsp://localhost/wfd1.0", "wfd_idr_request\r\n");
        n += idrs(f);
    }
    g_assert_cmpstr(mc_wfd_source_quirks(f->source), ==, "mi-tv");
    g_assert_cmpuint(n, >=, 9);
    g_assert_cmpuint(n, <=, 11);
    g_assert_cmpuint(mc_wfd_source_counters(f->source).idr_requests, ==, 100);
}

/* Without M13 a key frame comes every two seconds; with it every twenty. */
static void test_idr_period(Fixture *f, gconstpointer data)
{
    unsigned n = 0;

    reach_playing(f);
    for (unsigned i = 0; i < 100; i++) {
        live(f, 100000);
        n += idrs(f);
    }
    g_assert_cmpuint(n, ==, 5);
    request(f, "SET_PARAMETER rtsp://localhost/wfd1.0", "wfd_idr_request\r\n");
    g_assert_cmpuint(idrs(f), ==, 1);
    n = 0;
    for (unsigned i = 0; i < 100; i++) {
        live(f, 100000);
        n += idrs(f);
    }
    g_assert_cmpuint(n, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quirks/rows", test_rows);
    g_test_add_func("/quirks/nobody", test_nobody);
    g_test_add_func("/quirks/merge", test_merge);
    g_test_add_func("/quirks/text", test_text);
    g_test_add("/quirks/effects", Fixture, NULL, set_up, test_effects, tear_down);
    g_test_add_func("/quirks/limit", test_limit);
    g_test_add_func("/quirks/also", test_also);
    g_test_add_func("/quirks/audio-first", test_audio_first);
    g_test_add("/quirks/storm", Fixture, NULL, set_up, test_storm, tear_down);
    g_test_add("/quirks/idr-period", Fixture, NULL, set_up, test_idr_period, tear_down);
    return g_test_run();
}
