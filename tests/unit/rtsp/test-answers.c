/* SPDX-License-Identifier: MIT */
/* Odd answers to M3, through the whole machine: what M4 says then, or why there is none. */
#include "source-fixture.h"

#include "rtsp/message.h"
#include "rtsp/params.h"

#define VIDEO                                                                                      \
    "wfd_video_formats: 40 00 01 04 00000080 00000000 00000000 00 0000 0000 00 none none\r\n"
#define AUDIO "wfd_audio_codecs: LPCM 00000002 00\r\n"
#define PORTS "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 1028 0 mode=play\r\n"
#define REST AUDIO PORTS

#define FULL_HD "wfd_video_formats: 00 00 01 04 00000080 00000000 00000000 "
#define MANDATORY "wfd_video_formats: 00 00 01 01 00000001 00000000 00000000 "
#define LPCM "wfd_audio_codecs: LPCM 00000002 00\r\n"
#define PORT "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 1028 0 mode=play\r\n"
#define PORT_ASSUMED "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 19000 0 mode=play\r\n"

typedef struct {
    const char *name, *body;
    const char *video, *audio, *ports; /* in M4; NULL: not there */
    bool minimal;                      /* the four basic names are asked for first */
    const char *error;                 /* instead of M4: part of the reason */
} Odd;

static const Odd odds[] = {
    /* ---- one family alone ---- */
    {"only-3d",
     "wfd_3d_video_formats: 80 00 03 0F 0000000000000005 00 0001 1401 13 none none\r\n" REST,
     MANDATORY, LPCM, PORT, true},
    {"only-wfd2",
     "wfd2_video_formats: 40 01 01 0004 000000000080 000000000000 000000000000 00 0000 0000 00 "
     "00\r\n"
     "wfd2_audio_codecs: LPCM 00000002 00\r\n" PORTS,
     "wfd2_video_formats: 00 01 01 0004 000000000080 ", "wfd2_audio_codecs: LPCM 00000002 00\r\n",
     PORT},
    {"only-wfdx",
     "wfdx_video_formats: 0038 00 0001 0004 0000000080 0000000000 00000000 00 0000 0000 00 none "
     "none\r\n" REST,
     "wfdx_video_formats: 0000 00 0001 0004 0000000080 ", LPCM, PORT},
    {"only-microsoft",
     "microsoft_video_formats: 000000000001\r\nmicrosoft_format_change_capability: supported\r\n"
     "microsoft_rtcp_capability: supported\r\nmicrosoft_max_bitrate: 20000000\r\n",
     MANDATORY, NULL, PORT_ASSUMED, true},
    {"only-sound", AUDIO, MANDATORY, LPCM, PORT_ASSUMED, true},
    {"only-h265",
     "wfd2_video_formats: 40 02 01 0010 000000000100 000000000000 000000000000 00 0000 0000 00 "
     "00\r\n" REST,
     "wfd2_video_formats: 00 01 01 0001 000000000001 ", LPCM, PORT},
    {"nothing", "", MANDATORY, NULL, PORT_ASSUMED, true},
    {"blank-lines", "\r\n\r\n\n\n\r\r", MANDATORY, NULL, PORT_ASSUMED, true},
    {"html", "<html><body>404</body></html>", MANDATORY, NULL, PORT_ASSUMED, true},

    /* ---- none ---- */
    {"all-none",
     "wfd_video_formats: none\r\nwfd2_video_formats: none\r\nwfd_audio_codecs: none\r\n"
     "wfd_3d_video_formats: none\r\nwfd_content_protection: none\r\nwfd_display_edid: none\r\n"
     "wfd_coupled_sink: none\r\nwfd_uibc_capability: none\r\nwfd_connector_type: none\r\n"
     "wfd_standby_resume_capability: none\r\nmicrosoft_cursor: none\r\n" PORTS,
     .error = "takes no video"},
    {"all-none-and-ports", "wfd_video_formats: none\r\nwfd_client_rtp_ports: none\r\n",
     .minimal = true, .error = "takes no video"},
    {"r1-none",
     "wfd_video_formats: none\r\n"
     "wfd2_video_formats: 40 01 01 0004 000000000080 000000000000 000000000000 00 0000 0000 00 "
     "00\r\n" REST,
     "wfd2_video_formats: 00 01 01 0004 000000000080 ", LPCM, PORT},
    {"r2-none", "wfd2_video_formats: none\r\nwfd2_audio_codecs: none\r\n" VIDEO REST, FULL_HD, LPCM,
     PORT},
    {"r1-sound-none",
     "wfd_audio_codecs: none\r\nwfd2_audio_codecs: AAC 00000001 00\r\n" VIDEO PORTS, FULL_HD,
     "wfd2_audio_codecs: AAC 00000001 00\r\n", PORT},
    {"r1-sound-empty",
     "wfd_audio_codecs: AC3 00000000 00, LPCM 00000000 00\r\n"
     "wfd2_audio_codecs: LPCM 00000002 00\r\n" VIDEO PORTS,
     FULL_HD, "wfd2_audio_codecs: LPCM 00000002 00\r\n", PORT},
    {"sound-none", "wfd_audio_codecs: none\r\n" VIDEO PORTS, FULL_HD, NULL, PORT},

    /* ---- twice ---- */
    {"twice-the-same", VIDEO VIDEO REST REST, FULL_HD, LPCM, PORT},
    {"then-none", VIDEO REST "wfd_video_formats: none\r\nwfd_audio_codecs: none\r\n", FULL_HD, LPCM,
     PORT},
    {"none-first", "wfd_video_formats: none\r\nwfd_audio_codecs: none\r\n" VIDEO REST, FULL_HD,
     LPCM, PORT},
    {"then-unreadable",
     VIDEO REST "wfd_video_formats: x\r\nwfd_audio_codecs: x\r\n"
                "wfd_client_rtp_ports: x\r\n",
     FULL_HD, LPCM, PORT},
    {"last-counts", "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 19000 0 mode=play\r\n" VIDEO REST,
     FULL_HD, LPCM, PORT},

    /* ---- numbers ---- */
    {"video-negative",
     "wfd_video_formats: 40 00 -1 -4 -00000080 00000000 00000000 00 0000 0000 00 none "
     "none\r\n" REST,
     MANDATORY, LPCM, PORT, true},
    {"video-nine-digits",
     "wfd_video_formats: 40 00 01 04 100000080 00000000 00000000 00 0000 0000 00 none "
     "none\r\n" REST,
     MANDATORY, LPCM, PORT, true},
    {"video-prefixed",
     "wfd_video_formats: 0x40 00 01 04 0x80 00000000 00000000 00 0000 0000 00 none none\r\n" REST,
     MANDATORY, LPCM, PORT, true},
    {"video-no-bits",
     "wfd_video_formats: 00 00 00 00 00000000 00000000 00000000 00 0000 0000 00 none none\r\n" REST,
     MANDATORY, LPCM, PORT},
    {"video-all-bits",
     "wfd_video_formats: FF FF FF FF FFFFFFFF FFFFFFFF FFFFFFFF FF FFFF FFFF FF FFFF FFFF\r\n" REST,
     "wfd_video_formats: 00 00 01 10 00000100 00000000 00000000 ", LPCM, PORT},
    {"video-max-zero",
     "wfd_video_formats: 40 01 01 04 00000080 00000000 00000000 00 0000 0000 00 0000 0000\r\n" REST,
     FULL_HD, LPCM, PORT},
    {"video-max-tiny",
     "wfd_video_formats: 40 01 01 04 00000080 00000000 00000000 00 0000 0000 00 0001 0001\r\n" REST,
     MANDATORY, LPCM, PORT},
    {"video-empty-value", "wfd_video_formats:\r\n" REST, MANDATORY, LPCM, PORT, true},
    {"video-bare-name", "wfd_video_formats\r\n" REST, MANDATORY, LPCM, PORT, true},
    {"video-commas", "wfd_video_formats: ,,,,\r\n" REST, MANDATORY, LPCM, PORT, true},
    {"sound-beyond", "wfd_audio_codecs: LPCM 100000002 00\r\n" VIDEO PORTS, FULL_HD, NULL, PORT},
    {"sound-negative", "wfd_audio_codecs: LPCM -2 00\r\n" VIDEO PORTS, FULL_HD, NULL, PORT},
    {"sound-no-latency", "wfd_audio_codecs: LPCM 00000002\r\n" VIDEO PORTS, FULL_HD, LPCM, PORT},
    {"sound-then-unreadable", "wfd_audio_codecs: LPCM 00000002 00, AAC -1 00\r\n" VIDEO PORTS,
     FULL_HD, LPCM, PORT},
    {"sound-comma", "wfd_audio_codecs: LPCM 00000002 00,\r\n" VIDEO PORTS, FULL_HD, LPCM, PORT},
    {"sound-no-modes", "wfd_audio_codecs: LPCM, AAC 00000001 00\r\n" VIDEO PORTS, FULL_HD, NULL,
     PORT},
    {"port-negative", "wfd_client_rtp_ports: RTP/AVP/UDP;unicast -1 0 mode=play\r\n" VIDEO AUDIO,
     FULL_HD, LPCM, PORT_ASSUMED, true},
    {"port-zero", "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 0 0 mode=play\r\n" VIDEO AUDIO,
     FULL_HD, LPCM, PORT_ASSUMED, true},
    {"port-beyond", "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 66564 0 mode=play\r\n" VIDEO AUDIO,
     FULL_HD, LPCM, PORT_ASSUMED, true},
    {"port-far-beyond",
     "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 18446744073709552644 0 mode=play\r\n" VIDEO AUDIO,
     FULL_HD, LPCM, PORT_ASSUMED, true},
    {"port-alone", "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 1028\r\n" VIDEO AUDIO, FULL_HD, LPCM,
     PORT},
    {"port-largest",
     "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 65535 65535 mode=play\r\n" VIDEO AUDIO, FULL_HD,
     LPCM, "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 65535 65535 mode=play\r\n"},
    {"edid-huge", "wfd_display_edid: FFFF 00ff\r\n" VIDEO REST, FULL_HD, LPCM, PORT},
    {"edid-odd", "wfd_display_edid: 0001 00f\r\n" VIDEO REST, FULL_HD, LPCM, PORT},
    {"protection-beyond", "wfd_content_protection: HDCP2.1 port=99999\r\n" VIDEO REST, FULL_HD,
     LPCM, PORT},

    /* ---- lines ---- */
    {"lf",
     "wfd_video_formats: 40 00 01 04 00000080 0 0 00 0000 0000 00 none none\n"
     "wfd_audio_codecs: LPCM 00000002 00\n"
     "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 1028 0 mode=play",
     FULL_HD, LPCM, PORT},
    {"cr",
     "wfd_video_formats: 40 00 01 04 00000080 0 0 00 0000 0000 00 none none\r"
     "wfd_audio_codecs: LPCM 00000002 00\r"
     "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 1028 0 mode=play\r",
     FULL_HD, LPCM, PORT},
    {"mixed",
     "\r\n\n\rwfd_video_formats: 40 00 01 04 80 0 0 00 0000 0000 00 none none\n\r\n"
     "wfd_audio_codecs: LPCM 00000002 00\r\r\n"
     "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 1028 0 mode=play\n\n",
     FULL_HD, LPCM, PORT},
    {"case-and-blanks",
     "WFD_Video_Formats \t:40 00 01 04 00000080   00000000\t00000000 00 0000 0000 00 NONE None\r\n"
     "  wfd_audio_codecs:lpcm 2 0\r\n"
     "wfd_client_rtp_ports  :  RTP/AVP/UDP;unicast  1028  0  mode=play  \r\n",
     FULL_HD, LPCM, PORT},
    {"unknown-between",
     "x_a: 1\r\nwfd3_video_formats: 40\r\n" VIDEO "vnd_b\r\nvnd:\r\n" AUDIO
     "samsung_thing: a b c, d\r\n" PORTS "wfd_x: none\r\n",
     FULL_HD, LPCM, PORT},
    {"no-names", ": 1\r\n=\r\n\x01\x02: \xff\r\n" VIDEO ":\r\n" REST, FULL_HD, LPCM, PORT},

    /* ---- what would be a wish of its own ---- */
    {"bitrate-one", "microsoft_max_bitrate: 1\r\n" VIDEO REST, FULL_HD, LPCM, PORT},
    {"bitrate-zero", "microsoft_max_bitrate: 0\r\n" VIDEO REST, FULL_HD, LPCM, PORT},
    {"bitrate-beyond", "microsoft_max_bitrate: 18446744073709551617\r\n" VIDEO REST, FULL_HD, LPCM,
     PORT},
    {"url-in-answer",
     "wfd_presentation_URL: rtsp://203.0.113.9/wfd1.0/streamid=0 none\r\n" VIDEO REST, FULL_HD,
     LPCM, PORT},
    {"trigger-in-answer", "wfd_trigger_method: TEARDOWN\r\n" VIDEO REST, FULL_HD, LPCM, PORT},
};

/* The machine asks once more, for less, where the answer has no formats or no port. */
static void answer_caps(Fixture *f, const char *body, bool minimal)
{
    reach_caps(f);
    ok(f, 2, body);
    if (!minimal)
        return;
    expect_event(f, MC_WFD_EVENT_ALTERNATIVE);
    g_autofree char *out = next_output(f);
    g_assert_nonnull(out);
    g_assert_nonnull(strstr(out, "\r\n\r\nwfd_content_protection\r\nwfd_video_formats\r\n"
                                 "wfd_audio_codecs\r\nwfd_client_rtp_ports\r\n"));
    g_assert_true(g_str_has_suffix(out, "wfd_client_rtp_ports\r\n"));
    ok(f, 3, body);
}

static void check_part(const char *out, const char *name, const char *part)
{
    if (part && !strstr(out, part))
        g_error("no \"%s\" in:\n%s", part, out);
    if (!part && strstr(out, name))
        g_error("%s does not belong in:\n%s", name, out);
}

static void check_odd(Fixture *f, gconstpointer data)
{
    const Odd *odd = data;
    McWfdEvent event;

    answer_caps(f, odd->body, odd->minimal);
    if (odd->error) {
        g_assert_cmpint(next_event(f, &event), ==, MC_WFD_EVENT_CLOSED);
        g_assert_error(event.error, MC_RTSP_ERROR, MC_RTSP_ERROR_NO_COMMON_FORMAT);
        g_assert_nonnull(strstr(event.error->message, odd->error));
        mc_wfd_event_clear(&event);
        return;
    }
    expect_event(f, MC_WFD_EVENT_CAPS);
    g_autofree char *out = next_output(f);
    g_assert_nonnull(out);
    check_part(out, "video_formats", odd->video);
    check_part(out, "audio_codecs", odd->audio);
    check_part(out, "wfd_client_rtp_ports", odd->ports);
    g_assert_cmpuint(mc_wfd_decision_video(mc_wfd_source_decision(f->source))->max_kbps, >=,
                     MC_CAPS_MIN_KBPS);
    check_part(out, "wfd_presentation_URL",
               "wfd_presentation_URL: rtsp://192.168.49.1/wfd1.0/streamid=0 none\r\n");
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_SELECT);
}

/* ---- long ones: as much as a body may hold ---- */

/* What stands behind the codecs that are read is not looked at; those before it count. */
static void test_many_codecs(Fixture *f, gconstpointer data)
{
    g_autoptr(GString) body = g_string_new("wfd_video_formats: 40 00");

    for (unsigned i = 0; body->len < MC_RTSP_MAX_BODY - 500; i++)
        g_string_append(body, i ? ", 01 04 00000080 00000000 00000000 00 0000 0000 00 none none"
                                : " 01 04 00000080 00000000 00000000 00 0000 0000 00 none none");
    g_string_append(body, "\r\n" REST);
    answer_caps(f, body->str, false);
    expect_event(f, MC_WFD_EVENT_CAPS);
    expect(f, FULL_HD, LPCM, PORT, NULL);
}

static void test_many_names(Fixture *f, gconstpointer data)
{
    g_autoptr(GString) body = g_string_new(VIDEO REST);

    while (body->len < MC_RTSP_MAX_BODY - 20)
        g_string_append(body, "x: 1\r\n");
    answer_caps(f, body->str, false);
    expect_event(f, MC_WFD_EVENT_CAPS);
    expect(f, FULL_HD, LPCM, PORT, NULL);
    g_assert_cmpuint(mc_wfd_source_caps(f->source)->params->len, ==, MC_MAX_PARAMS);
}

static void test_one_long_name(Fixture *f, gconstpointer data)
{
    g_autoptr(GString) body = g_string_new(VIDEO REST "intel_friendly_name: ");

    while (body->len < MC_RTSP_MAX_BODY - 1)
        g_string_append_c(body, 'n');
    answer_caps(f, body->str, false);
    expect_event(f, MC_WFD_EVENT_CAPS);
    expect(f, FULL_HD, LPCM, PORT, NULL);
    g_assert_cmpuint(strlen(mc_wfd_source_caps(f->source)->friendly_name), <, 64);
}

/* Every input on every way of transport is more than 256 bytes, and all of it is answered. */
static void test_long_input(Fixture *f, gconstpointer data)
{
    static const char *const paths[] = {"Infrared", "USB", "BT", "Wi-Fi"};
    McWfdSourceConfig config = {.local_ip = "192.168.49.1",
                                .server_rtp_port = 35120,
                                .uibc_port = 50000,
                                .wish = {.audio_codecs = 6}};
    g_autoptr(GString) body = g_string_new(
        VIDEO REST
        "wfd_uibc_capability: input_category_list=GENERIC, HIDC;generic_cap_list=Keyboard, "
        "Mouse, SingleTouch, MultiTouch, Joystick, Gesture, RemoteControl;hidc_cap_list=");

    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
        g_string_append_printf(body, "%sKeyboard/%s, Mouse/%s, MultiTouch/%s", i ? ", " : "",
                               paths[i], paths[i], paths[i]);
    g_string_append(body, ";port=none\r\n");
    mc_wfd_source_free(f->source);
    f->source = mc_wfd_source_new(&config, f->now_us);
    answer_caps(f, body->str, false);
    expect_event(f, MC_WFD_EVENT_CAPS);
    expect(f, "Keyboard/Wi-Fi, Mouse/Wi-Fi, MultiTouch/Wi-Fi;port=50000\r\n",
           "wfd_uibc_setting: enable\r\n", NULL);
}

/* ---- other ways of answering ---- */

static void test_refused(Fixture *f, gconstpointer data)
{
    reach_caps(f);
    feed(f, "RTSP/1.0 406 X\r\nCSeq: 2\r\n\r\n");
    expect_event(f, MC_WFD_EVENT_ALTERNATIVE);
    expect(f, "GET_PARAMETER", "CSeq: 3", NULL);
    ok(f, 3, VIDEO REST);
    expect_event(f, MC_WFD_EVENT_CAPS);
    expect(f, FULL_HD, LPCM, PORT, NULL);
}

/* The names that it does not know in the way of a strict sink: 303 and what is wrong with each. */
static void test_refused_by_name(Fixture *f, gconstpointer data)
{
    static const char refusal[] = "wfd2_video_formats: 404\r\nmicrosoft_audio_mute: 404\r\n";
    g_autofree char *text =
        g_strdup_printf("RTSP/1.0 303 See Other\r\nCSeq: 2\r\nContent-Type: text/parameters\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        strlen(refusal), refusal);

    reach_caps(f);
    feed(f, text);
    expect_event(f, MC_WFD_EVENT_ALTERNATIVE);
    expect(f, "GET_PARAMETER", "CSeq: 3", NULL);
    ok(f, 3, VIDEO REST);
    expect_event(f, MC_WFD_EVENT_CAPS);
}

/* Likewise, and beside that it says what it can: that is an answer. */
static void test_refused_in_part(Fixture *f, gconstpointer data)
{
    static const char part[] = VIDEO REST "wfd2_video_formats: 404\r\n"
                                          "microsoft_max_bitrate: 404\r\n"
                                          "intel_friendly_name: 415, 451\r\n";
    g_autofree char *text =
        g_strdup_printf("RTSP/1.0 303 See Other\r\nCSeq: 2\r\nContent-Type: text/parameters\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        strlen(part), part);

    reach_caps(f);
    feed(f, text);
    expect_event(f, MC_WFD_EVENT_CAPS);
    expect(f, FULL_HD, LPCM, PORT, NULL);
    const McWfdCaps *caps = mc_wfd_source_caps(f->source);
    g_assert_cmpuint(caps->max_bitrate_kbps, ==, 0);
    g_assert_cmpstr(caps->friendly_name, ==, "");
}

/* A NUL in one value takes nothing from those behind it. */
static void test_nul(Fixture *f, gconstpointer data)
{
    static const char body[] = "intel_friendly_name: a\0b\r\n" VIDEO REST;
    g_autofree char *head = g_strdup_printf(
        "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: %zu\r\n\r\n", sizeof(body) - 1);

    reach_caps(f);
    feed(f, head);
    mc_wfd_source_feed(f->source, (const uint8_t *) body, sizeof(body) - 1, f->now_us);
    expect_event(f, MC_WFD_EVENT_CAPS);
    expect(f, FULL_HD, LPCM, PORT, NULL);
}

/* An answer that does not reach as far as picture and ports: the short question brings these, and
 * what was said already holds. */
static void test_cut(Fixture *f, gconstpointer data)
{
    reach_caps(f);
    ok(f, 2, "intel_friendly_name: Den\r\nwfd_audio_codecs: LPCM 00000002 00\r\nwfd_video_for");
    expect_event(f, MC_WFD_EVENT_ALTERNATIVE);
    expect(f, "GET_PARAMETER", "CSeq: 3", NULL);
    ok(f, 3, VIDEO PORTS);
    expect_event(f, MC_WFD_EVENT_CAPS);
    expect(f, FULL_HD, LPCM, PORT, NULL);
    g_assert_cmpstr(mc_wfd_source_caps(f->source)->friendly_name, ==, "Den");
}

/* Too late for the long question and while the short one is asked: it is an answer to both.  The
 * one to the short question, when that comes, is none to M4. */
static void test_late(Fixture *f, gconstpointer data)
{
    reach_caps(f);
    advance(f, 5 * G_USEC_PER_SEC);
    expect_event(f, MC_WFD_EVENT_ALTERNATIVE);
    expect(f, "GET_PARAMETER", "CSeq: 3", NULL);
    advance(f, G_USEC_PER_SEC);
    ok(f, 2, VIDEO REST "intel_friendly_name: Slow\r\n");
    expect_event(f, MC_WFD_EVENT_CAPS);
    expect(f, FULL_HD, LPCM, PORT, "CSeq: 4", NULL);
    g_assert_cmpstr(mc_wfd_source_caps(f->source)->friendly_name, ==, "Slow");
    ok(f, 3, VIDEO REST);
    g_assert_null(next_output(f));
    ok(f, 4, NULL);
    expect(f, "wfd_trigger_method: SETUP", NULL);
}

/* ---- sessions: nothing of one is in the next ---- */

/* Samsung counts its port up from session to session. */
static void test_port_of_each_session(Fixture *f, gconstpointer data)
{
    static const unsigned ports[] = {19000, 19002, 19000, 49152};

    for (size_t i = 0; i < G_N_ELEMENTS(ports); i++) {
        g_autofree char *caps = g_strdup_printf(
            VIDEO AUDIO "wfd_client_rtp_ports: RTP/AVP/UDP;unicast %u 0 mode=play\r\n", ports[i]);
        g_autofree char *said = g_strdup_printf("RTP/AVP/UDP;unicast %u 0 mode=play\r\n", ports[i]);
        g_autofree char *setup =
            g_strdup_printf("SETUP rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 2\r\n"
                            "Transport: RTP/AVP/UDP;unicast\r\n\r\n");
        g_autofree char *transport =
            g_strdup_printf("Transport: RTP/AVP/UDP;unicast;client_port=%u;", ports[i]);
        tear_down(f, NULL);
        set_up(f, NULL);
        answer_caps(f, caps, false);
        expect_event(f, MC_WFD_EVENT_CAPS);
        expect(f, said, NULL);
        ok(f, 3, NULL);
        expect(f, "wfd_trigger_method: SETUP", NULL);
        feed(f, setup);
        expect(f, "200 OK", transport, NULL);
        g_assert_cmpuint(mc_wfd_source_transport(f->source)->client_rtp_port, ==, ports[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(odds); i++) {
        g_autofree char *path = g_strdup_printf("/answers/odd/%s", odds[i].name);
        g_test_add(path, Fixture, &odds[i], set_up, check_odd, tear_down);
    }
#define ADD(path, func) g_test_add("/answers/" path, Fixture, NULL, set_up, func, tear_down)
    ADD("long/many-codecs", test_many_codecs);
    ADD("long/many-names", test_many_names);
    ADD("long/one-long-name", test_one_long_name);
    ADD("long/input", test_long_input);
    ADD("refused", test_refused);
    ADD("refused-by-name", test_refused_by_name);
    ADD("refused-in-part", test_refused_in_part);
    ADD("nul", test_nul);
    ADD("cut", test_cut);
    ADD("late", test_late);
    ADD("port-of-each-session", test_port_of_each_session);
    return g_test_run();
}
