/* SPDX-License-Identifier: MIT */
/* What changes in a running session: the mode (M4), the display behind the sink (M11, M3), the
 * sink's input (M14, M15). */
#include "source-fixture.h"

#define SET "SET_PARAMETER rtsp://localhost/wfd1.0"
#define ONLY_720                                                                                   \
    "wfd_video_formats: 28 00 01 02 00000061 00000000 00000000 00 0000 0000 00 none none\r\n"

static const McWfdWish smaller = {
    .desktop_width_px = 1280, .desktop_height_px = 720, .audio = true, .audio_codecs = 6};

static const McVideoMode *mode_of(Fixture *f)
{
    return &mc_wfd_decision_video(mc_wfd_source_decision(f->source))->mode;
}

static void answer(Fixture *f, unsigned cseq, unsigned status, const char *body)
{
    g_autofree char *text =
        g_strdup_printf("RTSP/1.0 %u X\r\nCSeq: %u\r\nContent-Length: %zu\r\n\r\n%s", status, cseq,
                        strlen(body), body);

    feed(f, text);
}

/* Number of our next request, which holds text. */
static unsigned expect_request(Fixture *f, const char *text)
{
    g_autofree char *out = next_output(f);

    g_assert_nonnull(out);
    if (!strstr(out, text))
        g_error("no \"%s\" in:\n%s", text, out);
    return (unsigned) g_ascii_strtoull(strstr(out, "CSeq: ") + 6, NULL, 10);
}

static void expect_text(Fixture *f, McWfdEventType type, const char *text)
{
    McWfdEvent event;

    g_assert_cmpint(next_event(f, &event), ==, type);
    if (!strstr(event.text, text))
        g_error("no \"%s\" in: %s", text, event.text);
    mc_wfd_event_clear(&event);
}

/* ---- the mode ---- */

static void wish_smaller(Fixture *f)
{
    reach_playing(f);
    g_assert_cmpuint(mode_of(f)->height_px, ==, 1080);
    g_assert_true(mc_wfd_source_renegotiate(f->source, &smaller, f->now_us, NULL));
}

/* Whatever it is offered instead, bounded: then all stays as it was, and the session with it. */
static void test_all_refused(Fixture *f, gconstpointer data)
{
    unsigned tries = 0;

    wish_smaller(f);
    for (char *out; (out = next_output(f)); g_free(out)) {
        g_assert_nonnull(strstr(out, "wfd_video_formats"));
        g_assert_null(strstr(out, "wfd_presentation_URL")); /* the port and the URL stay */
        answer(f, (unsigned) g_ascii_strtoull(strstr(out, "CSeq: ") + 6, NULL, 10), 303,
               "wfd_video_formats: 415\r\n");
        g_assert_cmpuint(++tries, <, 10);
    }
    g_assert_cmpuint(tries, >, 2);
    McWfdEvent event = {0};
    char last[128] = "";
    while (mc_wfd_source_next_event(f->source, &event)) {
        g_assert_cmpint(event.type, ==, MC_WFD_EVENT_ALTERNATIVE);
        g_strlcpy(last, event.text, sizeof(last));
        mc_wfd_event_clear(&event);
    }
    g_assert_cmpstr(last, ==, "the sink refused every new mode; the present one stays");
    g_assert_cmpuint(mode_of(f)->height_px, ==, 1080);
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PLAYING);
    g_assert_true(mc_wfd_source_renegotiate(f->source, &smaller, f->now_us, NULL)); /* again */
    ok(f, expect_request(f, "00000040"), NULL);
    expect_event(f, MC_WFD_EVENT_MODE);
}

/* The first is refused, the next one taken: that is the mode, once it is agreed. */
static void test_one_refused(Fixture *f, gconstpointer data)
{
    wish_smaller(f);
    answer(f, expect_request(f, "00000040"), 303, "wfd_video_formats: 415\r\n");
    expect_text(f, MC_WFD_EVENT_ALTERNATIVE, "refused the choice (303)");
    g_assert_cmpuint(mode_of(f)->height_px, ==, 1080);
    ok(f, expect_request(f, "wfd_video_formats"), NULL);
    expect_event(f, MC_WFD_EVENT_MODE);
    g_assert_cmpuint(mode_of(f)->height_px, !=, 1080);
}

static void test_unanswered(Fixture *f, gconstpointer data)
{
    wish_smaller(f);
    unsigned cseq = expect_request(f, "00000040");
    advance(f, 5 * G_USEC_PER_SEC);
    expect_text(f, MC_WFD_EVENT_ALTERNATIVE,
                "the sink did not answer the new mode; the present one stays");
    McWfdEvent event;
    drain(f);
    ok(f, cseq, NULL); /* too late */
    g_assert_false(mc_wfd_source_next_event(f->source, &event));
    g_assert_cmpuint(mode_of(f)->height_px, ==, 1080);
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PLAYING);
}

/* One change at a time; the last of many wishes has its turn. */
static void test_wish_meanwhile(Fixture *f, gconstpointer data)
{
    McWfdWish other = {.desktop_width_px = 640, .desktop_height_px = 480, .audio_codecs = 6};

    wish_smaller(f);
    unsigned cseq = expect_request(f, "00000040");
    for (unsigned i = 0; i < 100; i++)
        g_assert_true(mc_wfd_source_renegotiate(f->source, &other, f->now_us, NULL));
    g_assert_null(next_output(f));
    ok(f, cseq, NULL);
    expect_event(f, MC_WFD_EVENT_MODE);
    ok(f, expect_request(f, "00000001 00000000"), NULL);
    expect_event(f, MC_WFD_EVENT_MODE);
    g_assert_cmpuint(mode_of(f)->height_px, ==, 480);
    g_assert_null(next_output(f));
}

/* The sink pauses and leaves while it is asked. */
static void test_ends_meanwhile(Fixture *f, gconstpointer data)
{
    wish_smaller(f);
    unsigned cseq = expect_request(f, "00000040");
    request(f, "PAUSE rtsp://192.168.49.1/wfd1.0/streamid=0", NULL);
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_PAUSE);
    ok(f, cseq, NULL);
    expect_event(f, MC_WFD_EVENT_MODE); /* for the next PLAY */
    g_assert_true(
        mc_wfd_source_renegotiate(f->source, &(McWfdWish){.audio_codecs = 6}, f->now_us, NULL));
    expect_request(f, "wfd_video_formats");
    request(f, "TEARDOWN rtsp://192.168.49.1/wfd1.0/streamid=0", NULL);
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_CLOSED);
    g_assert_cmpint(mc_wfd_source_deadline_us(f->source), ==, INT64_MAX);
}

/* ---- the display behind the sink ---- */

static void connect_display(Fixture *f, const char *type)
{
    g_autofree char *body = g_strdup_printf("wfd_connector_type: %s\r\n", type);

    request(f, SET, body);
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_CONNECTOR);
}

/* It is asked what it is, and its modes are chosen from. */
static void test_display(Fixture *f, gconstpointer data)
{
    McWfdEvent event;

    reach_playing(f);
    connect_display(f, "05");
    unsigned cseq = expect_request(f, "GET_PARAMETER rtsp://localhost/wfd1.0");
    ok(f, cseq, ONLY_720 "wfd_display_edid: none\r\n");
    g_assert_cmpint(next_event(f, &event), ==, MC_WFD_EVENT_DISPLAY);
    g_assert_cmpint(event.value, ==, 0);
    ok(f, expect_request(f, "wfd_video_formats: 00 00 01 02 00000040"), NULL);
    expect_event(f, MC_WFD_EVENT_MODE);
    g_assert_cmpuint(mode_of(f)->height_px, ==, 720);
    connect_display(f, "05"); /* no news */
    g_assert_null(next_output(f));
    connect_display(f, "none"); /* nothing to ask */
    g_assert_null(next_output(f));
    connect_display(f, "04");
    expect_request(f, "\r\n\r\nwfd_video_formats\r\nwfd_display_edid\r\n");
}

/* A refusal, silence, an empty answer: the session goes on as it is. */
static void test_display_unknown(Fixture *f, gconstpointer data)
{
    reach_playing(f);
    connect_display(f, "05");
    answer(f, expect_request(f, "GET_PARAMETER"), 406, "");
    connect_display(f, "04");
    ok(f, expect_request(f, "GET_PARAMETER"), NULL);
    connect_display(f, "05");
    expect_request(f, "GET_PARAMETER");
    live(f, 3 * G_USEC_PER_SEC);
    drain(f);
    connect_display(f, "04");
    ok(f, expect_request(f, "GET_PARAMETER"),
       "wfd_video_formats: none\r\nwfd_display_edid: zz\r\n");
    for (McWfdEvent event; mc_wfd_source_next_event(f->source, &event);)
        g_assert_cmpint(event.type, ==, MC_WFD_EVENT_FORCE_IDR);
    g_assert_cmpuint(mode_of(f)->height_px, ==, 1080);
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PLAYING);
}

/* Where M4 is not allowed, it waits for PLAY. */
static void test_display_in_standby(Fixture *f, gconstpointer data)
{
    g_autofree char *edid = g_strnfill(256, 'a');
    g_autofree char *answer_body = g_strdup_printf(ONLY_720 "wfd_display_edid: 0001 %s\r\n", edid);
    McWfdEvent event;

    reach_playing(f);
    request(f, SET, "wfd_standby\r\n");
    drain(f);
    connect_display(f, "05");
    ok(f, expect_request(f, "GET_PARAMETER"), answer_body);
    g_assert_cmpint(next_event(f, &event), ==, MC_WFD_EVENT_DISPLAY);
    g_assert_cmpint(event.value, ==, 1);
    g_assert_cmpuint(mc_wfd_source_caps(f->source)->edid_bytes, ==, 128);
    g_assert_null(next_output(f));
    request(f, "PLAY rtsp://192.168.49.1/wfd1.0/streamid=0", NULL);
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_PLAY);
    ok(f, expect_request(f, "00000040"), NULL);
    expect_event(f, MC_WFD_EVENT_MODE);
}

/* Before there is a session nothing is asked: M3 is on its way, or M4 with what it said. */
static void test_display_early(Fixture *f, gconstpointer data)
{
    reach_setup(f);
    connect_display(f, "05");
    g_assert_null(next_output(f));
}

/* ---- the sink's input ---- */

static void reach_input(Fixture *f)
{
    McWfdSourceConfig config = {.local_ip = "192.168.49.1",
                                .server_rtp_port = 35120,
                                .uibc_port = 50000,
                                .wish = {.audio = true, .audio_codecs = 6},
                                .random = 38213907};

    mc_wfd_source_free(f->source);
    f->source = mc_wfd_source_new(&config, f->now_us);
    reach_caps(f);
    ok(f, 2,
       CAPS "wfd_uibc_capability: input_category_list=GENERIC;generic_cap_list=Mouse;"
            "hidc_cap_list=none;port=none\r\n");
    expect(f, "port=50000", "wfd_uibc_setting: enable", NULL);
    ok(f, 3, NULL);
    ok(f, 4, NULL);
    feed(f, "SETUP rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 2\r\n"
            "Transport: RTP/AVP/UDP;unicast;client_port=19002\r\n\r\n");
    request(f, "PLAY rtsp://192.168.49.1/wfd1.0/streamid=0", NULL);
    drain(f);
}

/* Off and on again; a sink that refuses or keeps silent changes nothing. */
static void test_input(Fixture *f, gconstpointer data)
{
    reach_input(f);
    g_assert_true(mc_wfd_source_set_input(f->source, false, f->now_us, NULL));
    ok(f,
       expect_request(f, "Session: 48213907\r\nContent-Type: text/parameters\r\n"
                         "Content-Length: 27\r\n\r\nwfd_uibc_setting: disable\r\n"),
       NULL);
    g_assert_true(mc_wfd_source_set_input(f->source, true, f->now_us, NULL));
    answer(f, expect_request(f, "wfd_uibc_setting: enable\r\n"), 303, "wfd_uibc_setting: 415\r\n");
    g_assert_true(mc_wfd_source_set_input(f->source, false, f->now_us, NULL));
    expect_request(f, "wfd_uibc_setting: disable\r\n");
    live(f, 3 * G_USEC_PER_SEC);
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PLAYING);
}

/* A sink that takes its input back, or offers what is of no use, is asked for nothing more. */
static void test_input_ends(Fixture *f, gconstpointer data)
{
    static const char *const offers[] = {
        "wfd_uibc_capability: none\r\n",
        "wfd_uibc_capability: input_category_list=GENERIC;generic_cap_list=Camera;"
        "hidc_cap_list=none;port=none\r\n"};

    reach_input(f);
    for (size_t i = 0; i < G_N_ELEMENTS(offers); i++) {
        request(f, "SET_PARAMETER rtsp://localhost/wfd1.0", offers[i]);
        expect(f, "RTSP/1.0 200 OK", NULL);
        g_assert_null(next_output(f));
        g_assert_false(mc_wfd_source_set_input(f->source, false, f->now_us, NULL));
    }
    request(f, "SET_PARAMETER rtsp://localhost/wfd1.0",
            "wfd_uibc_capability: input_category_list=GENERIC;generic_cap_list=Mouse;"
            "hidc_cap_list=none;port=none\r\n");
    expect(f, "RTSP/1.0 200 OK", NULL);
    ok(f, expect_request(f, "generic_cap_list=Mouse;hidc_cap_list=none;port=50000\r\n"), NULL);
    g_assert_true(mc_wfd_source_set_input(f->source, false, f->now_us, NULL));
}

/* While one wish is on the wire the last of many follows it. */
static void test_input_storm(Fixture *f, gconstpointer data)
{
    reach_input(f);
    for (unsigned i = 0; i < 101; i++)
        g_assert_true(mc_wfd_source_set_input(f->source, i % 2, f->now_us, NULL));
    ok(f, expect_request(f, "wfd_uibc_setting: disable\r\n"), NULL);
    ok(f, expect_request(f, "wfd_uibc_setting: disable\r\n"), NULL);
    g_assert_null(next_output(f));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)
    ADD("/change/mode/all-refused", test_all_refused);
    ADD("/change/mode/one-refused", test_one_refused);
    ADD("/change/mode/unanswered", test_unanswered);
    ADD("/change/mode/wish-meanwhile", test_wish_meanwhile);
    ADD("/change/mode/ends-meanwhile", test_ends_meanwhile);
    ADD("/change/display/asked-again", test_display);
    ADD("/change/display/unknown", test_display_unknown);
    ADD("/change/display/in-standby", test_display_in_standby);
    ADD("/change/display/early", test_display_early);
    ADD("/change/input/off-and-on", test_input);
    ADD("/change/input/ends", test_input_ends);
    ADD("/change/input/storm", test_input_storm);
    return g_test_run();
}
