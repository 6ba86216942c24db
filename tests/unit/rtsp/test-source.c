/* SPDX-License-Identifier: MIT */
#include "source-fixture.h"

static void test_dialogue(Fixture *f, gconstpointer data)
{
    reach_playing(f);
    request(f, "SET_PARAMETER rtsp://localhost/wfd1.0", "wfd_idr_request\r\n");
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_FORCE_IDR);
    request(f, "TEARDOWN rtsp://192.168.49.1/wfd1.0/streamid=0", NULL);
    expect(f, "200 OK", "Connection: close", NULL);
    expect_event(f, MC_WFD_EVENT_CLOSED);
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_CLOSED);
}

static void test_teardown_by_source(Fixture *f, gconstpointer data)
{
    McWfdEvent event;

    reach_playing(f);
    mc_wfd_source_teardown(f->source, f->now_us);
    expect(f, "wfd_trigger_method: TEARDOWN", "Session: 48213907", NULL);
    ok(f, 5, NULL);
    request(f, "TEARDOWN rtsp://192.168.49.1/wfd1.0/streamid=0", NULL);
    expect(f, "200 OK", NULL);
    g_assert_cmpint(next_event(f, &event), ==, MC_WFD_EVENT_CLOSED);
    g_assert_cmpint(event.value, ==, MC_WFD_CLOSE_SOURCE);
    g_assert_no_error(event.error);
}

static void test_keepalive_lost(Fixture *f, gconstpointer data)
{
    McWfdEvent event;

    reach_playing(f);
    f->now_us += 24999999;
    mc_wfd_source_time(f->source, f->now_us);
    expect_event(f, MC_WFD_EVENT_FORCE_IDR); /* this sink did not say that it can ask */
    g_assert_null(next_output(f));
    g_assert_cmpint(mc_wfd_source_deadline_us(f->source), ==, f->now_us + 1);
    f->now_us += 1;
    mc_wfd_source_time(f->source, f->now_us);
    expect(f, "GET_PARAMETER rtsp://localhost/wfd1.0", "Session: 48213907", NULL);
    advance(f, 5 * G_USEC_PER_SEC);
    expect(f, "GET_PARAMETER rtsp://localhost/wfd1.0", "CSeq: 6", NULL); /* asked again */
    expect_event(f, MC_WFD_EVENT_FORCE_IDR);
    advance(f, 5 * G_USEC_PER_SEC);
    g_assert_cmpint(next_event(f, &event), ==, MC_WFD_EVENT_CLOSED);
    g_assert_error(event.error, MC_RTSP_ERROR, MC_RTSP_ERROR_KEEPALIVE);
    mc_wfd_event_clear(&event);
}

/* Busy for longer than an answer may take, and alive: its late answer is a sign of that. */
static void test_keepalive_late(Fixture *f, gconstpointer data)
{
    reach_playing(f);
    for (unsigned i = 0; i < 2; i++) {
        const unsigned cseq = 5 + 2 * i;
        advance(f, 25 * G_USEC_PER_SEC);
        drain(f);
        advance(f, 5 * G_USEC_PER_SEC);
        advance(f, 2 * G_USEC_PER_SEC);
        ok(f, cseq, NULL);
        advance(f, 3 * G_USEC_PER_SEC);
        g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PLAYING);
        ok(f, cseq + 1, NULL);
    }
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PLAYING);
}

/* Time in which we did not run is no silence of the sink's; silence after that is. */
static void test_slept(Fixture *f, gconstpointer data)
{
    reach_playing(f);
    f->now_us += 25 * G_USEC_PER_SEC;
    mc_wfd_source_time(f->source, f->now_us); /* M16 */
    f->now_us += 12 * G_USEC_PER_SEC;
    mc_wfd_source_slept(f->source, 12 * G_USEC_PER_SEC);
    mc_wfd_source_time(f->source, f->now_us);
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PLAYING);
    advance(f, 5 * G_USEC_PER_SEC);
    advance(f, 5 * G_USEC_PER_SEC);
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_CLOSED);
}

/* Answers each M4 with that, and finds in it what it should: picture and sound. */
static void refuse_all(Fixture *f, const char *body, const char *const *choices)
{
    char *out;
    unsigned cseq = 3, tries = 0;

    reach_caps(f);
    ok(f, 2, CAPS);
    expect_event(f, MC_WFD_EVENT_CAPS);
    for (; (out = next_output(f)); g_free(out), tries++) {
        g_autofree char *no =
            g_strdup_printf("RTSP/1.0 303 See Other\r\nCSeq: %u\r\nContent-Length: %zu\r\n\r\n%s",
                            cseq++, strlen(body), body);
        g_auto(GStrv) words = g_strsplit(choices[tries], "|", 2);
        for (char **word = words; *word; word++)
            if (!strstr(out, *word))
                g_error("M4 %u: no \"%s\" in:\n%s", tries + 1, *word, out);
        feed(f, no);
    }
    g_assert_null(choices[tries]);
}

static void expect_refused(Fixture *f, const char *text)
{
    McWfdEvent event;

    do
        next_event(f, &event);
    while (event.type == MC_WFD_EVENT_ALTERNATIVE);
    g_assert_cmpint(event.type, ==, MC_WFD_EVENT_CLOSED);
    g_assert_error(event.error, MC_RTSP_ERROR, MC_RTSP_ERROR_REFUSED);
    g_assert_nonnull(strstr(event.error->message, text));
    mc_wfd_event_clear(&event);
}

/* Down the levels to what every sink plays, for no name says what is wrong; then with the other
 * sound. */
static void test_refusals(Fixture *f, gconstpointer data)
{
    static const char *const choices[] = {
        " 01 04 00000080 |AAC 00000001", /* 1080p30 */
        " 01 02 00000040 |AAC 00000001", /* 720p60 */
        " 01 01 00000020 |AAC 00000001", /* 720p30 */
        " 01 01 00000001 |AAC 00000001", /* 480p60 */
        " 01 04 00000080 |LPCM 00000002",
        " 01 02 00000040 |LPCM 00000002",
        " 01 01 00000020 |LPCM 00000002",
        " 01 01 00000001 |LPCM 00000002",
        NULL,
    };

    refuse_all(f, "", choices);
    expect_refused(f, "8 choices");
}

/* It is the picture: the sound stays until the last try. */
static void test_refusals_of_picture(Fixture *f, gconstpointer data)
{
    static const char *const choices[] = {
        " 01 04 00000080 |AAC 00000001",
        " 01 02 00000040 |AAC 00000001",
        " 01 01 00000020 |AAC 00000001",
        " 01 01 00000001 |AAC 00000001",
        " 00000000 00000000 |AAC 00000001", /* what is left, best first */
        "AAC 00000001",
        "AAC 00000001",
        " 01 01 00000001 |LPCM 00000002",
        NULL,
    };

    refuse_all(f, "wfd_video_formats: 415\r\n", choices);
    expect_refused(f, "8 choices");
}

/* Two headers of a name are two wishes, of which one can be had; one that is empty is none. */
static void test_odd_headers(Fixture *f, gconstpointer data)
{
    reach_setup(f);
    feed(f, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nRequire:\r\n\r\n");
    expect(f, "200 OK", "Public: ", NULL);
    feed(f, "SETUP rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 2\r\n"
            "Transport: RTP/AVP/TCP;interleaved=0-1\r\n"
            "Transport: RTP/AVP/UDP;unicast;client_port=19002\r\n\r\n");
    expect(f, "200 OK", "Transport: RTP/AVP/UDP;unicast;client_port=19002;", NULL);
}

/* People hear why a sink that asked for its stream waits for it; once, however often it asks. */
static void test_setup_refused(Fixture *f, gconstpointer data)
{
    McWfdEvent event;

    reach_setup(f);
    for (unsigned i = 0; i < 3; i++)
        feed(f, "SETUP rtsp://localhost/else RTSP/1.0\r\nCSeq: 2\r\n"
                "Transport: RTP/AVP/UDP;unicast;client_port=19002\r\n\r\n");
    g_assert_cmpint(next_event(f, &event), ==, MC_WFD_EVENT_ALTERNATIVE);
    g_assert_nonnull(strstr(event.text, "SETUP cannot be done (404 Not Found)"));
    g_assert_nonnull(strstr(event.text, "rtsp://localhost/else"));
    live(f, 20 * G_USEC_PER_SEC);
    g_assert_cmpint(next_event(f, &event), ==, MC_WFD_EVENT_CLOSED);
    g_assert_error(event.error, MC_RTSP_ERROR, MC_RTSP_ERROR_TIMEOUT);
    g_assert_nonnull(strstr(event.error->message, "404 Not Found"));
    mc_wfd_event_clear(&event);
}

static void test_no_m2(Fixture *f, gconstpointer data)
{
    expect(f, "OPTIONS", NULL);
    ok(f, 1, NULL);
    f->now_us = mc_wfd_source_deadline_us(f->source);
    mc_wfd_source_time(f->source, f->now_us);
    expect(f, "GET_PARAMETER", NULL);
}

/* Sinks that read one message a recv() see M2's answer and M3 apart, however much they ask. */
static void test_answer_gap(Fixture *f, gconstpointer data)
{
    McWfdSourceConfig config = {.local_ip = "192.168.49.1", .answer_gap_us = MC_WFD_ANSWER_GAP_US};
    int64_t gap_end_us = f->now_us + MC_WFD_ANSWER_GAP_US;

    mc_wfd_source_free(f->source);
    f->source = mc_wfd_source_new(&config, f->now_us);
    expect(f, "OPTIONS", NULL);
    ok(f, 1, NULL);
    request(f, "OPTIONS *", NULL);
    expect(f, "200 OK", NULL);
    for (f->now_us++; f->now_us < gap_end_us; f->now_us += MC_WFD_ANSWER_GAP_US / 3) {
        request(f, "GET_PARAMETER rtsp://localhost/wfd1.0", NULL);
        expect(f, "200 OK", NULL);
        g_assert_null(next_output(f));
    }
    g_assert_cmpint(mc_wfd_source_deadline_us(f->source), ==, gap_end_us);
    mc_wfd_source_time(f->source, gap_end_us);
    expect(f, "GET_PARAMETER rtsp://localhost/wfd1.0", "CSeq: 2", NULL);
}

static void test_wrong_cseq(Fixture *f, gconstpointer data)
{
    reach_caps(f);
    ok(f, 77, CAPS);
    expect_event(f, MC_WFD_EVENT_ALTERNATIVE); /* the note */
    expect_event(f, MC_WFD_EVENT_CAPS);
}

static void answer_as(Fixture *f, const char *number, const char *body)
{
    g_autofree char *text = g_strdup_printf("RTSP/1.0 200 OK\r\n%sContent-Length: %zu\r\n\r\n%s",
                                            number, strlen(body), body);
    feed(f, text);
}

/* All answers have one number, or none: said once, and the session lives. */
static void test_one_number(Fixture *f, gconstpointer number)
{
    McWfdEvent event;
    unsigned notes = 0;

    expect(f, "OPTIONS * RTSP/1.0", NULL);
    answer_as(f, number, "");
    request(f, "OPTIONS *", NULL);
    expect(f, "RTSP/1.0 200 OK", NULL);
    expect(f, "GET_PARAMETER", "CSeq: 2", NULL);
    answer_as(f, number, CAPS);
    expect(f, "SET_PARAMETER", "CSeq: 3", NULL);
    answer_as(f, number, "");
    expect(f, "wfd_trigger_method: SETUP", "CSeq: 4", NULL);
    answer_as(f, number, "");
    feed(f, "SETUP rtsp://192.168.49.1/wfd1.0/streamid=0 RTSP/1.0\r\nCSeq: 3\r\n"
            "Transport: RTP/AVP/UDP;unicast;client_port=19002\r\n\r\n");
    expect(f, "RTSP/1.0 200 OK", "Transport", NULL);
    request(f, "PLAY rtsp://192.168.49.1/wfd1.0/streamid=0", NULL);
    expect(f, "RTSP/1.0 200 OK", NULL);
    for (unsigned i = 0; i < 5; i++) {
        live(f, 25 * G_USEC_PER_SEC);
        expect(f, "GET_PARAMETER", NULL);
        answer_as(f, number, "");
        answer_as(f, number, ""); /* to nothing that was asked */
        g_assert_null(next_output(f));
    }
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PLAYING);
    g_assert_cmpuint(mc_wfd_source_counters(f->source).keepalives_answered, ==, 5);
    while (mc_wfd_source_next_event(f->source, &event)) {
        notes += event.type == MC_WFD_EVENT_ALTERNATIVE;
        mc_wfd_event_clear(&event);
    }
    g_assert_cmpuint(notes, ==, 1);
}

/* In good order, but of nothing. */
static void expect_early_end(Fixture *f, const char *words)
{
    McWfdEvent event;

    request(f, "TEARDOWN rtsp://192.168.49.1/wfd1.0/streamid=0", NULL);
    do
        g_assert_true(mc_wfd_source_next_event(f->source, &event));
    while (event.type != MC_WFD_EVENT_CLOSED && (mc_wfd_event_clear(&event), true));
    g_assert_cmpint(event.value, ==, MC_WFD_CLOSE_SINK);
    g_assert_error(event.error, MC_RTSP_ERROR, MC_RTSP_ERROR_TEARDOWN);
    g_assert_nonnull(strstr(event.error->message, words));
    mc_wfd_event_clear(&event);
}

static void test_teardown_at_once(Fixture *f, gconstpointer data)
{
    g_assert_false(mc_wfd_source_is_met(f->source));
    expect_early_end(f, "(INIT)");
}

static void test_teardown_after_m2(Fixture *f, gconstpointer data)
{
    reach_caps(f);
    g_assert_true(mc_wfd_source_is_met(f->source));
    expect_early_end(f, "(CAPS)");
}

static void test_teardown_after_m5(Fixture *f, gconstpointer data)
{
    reach_setup(f);
    expect_early_end(f, "(TRIGGER)");
}

static void test_garbage(Fixture *f, gconstpointer data)
{
    McWfdEvent event;
    const char *bad = data;

    feed(f, bad);
    g_assert_cmpint(next_event(f, &event), ==, MC_WFD_EVENT_CLOSED);
    g_assert_cmpint(event.error->domain, ==, MC_RTSP_ERROR);
    mc_wfd_event_clear(&event);
}

static void test_byte_by_byte(Fixture *f, gconstpointer data)
{
    const char *text = "\r\nRTSP/1.0 200 OK\r\ncseq : 1\nPublic:org.wfa.wfd1.0\r\n\r\n"
                       "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n";

    expect(f, "OPTIONS", NULL);
    for (; *text; text++)
        mc_wfd_source_feed(f->source, (const uint8_t *) text, 1, f->now_us);
    expect(f, "200 OK", NULL);
    expect(f, "GET_PARAMETER", NULL);
}

static void test_renegotiate(Fixture *f, gconstpointer data)
{
    McWfdWish wish = {.desktop_width_px = 1280, .desktop_height_px = 720, .audio_codecs = 6};

    reach_playing(f);
    g_assert_true(mc_wfd_source_renegotiate(f->source, &wish, f->now_us, NULL));
    expect(f, "wfd_video_formats: 00 00 01 02 00000040", NULL);
    ok(f, 5, NULL);
    expect_event(f, MC_WFD_EVENT_MODE);
    g_assert_cmpint(mc_wfd_source_decision(f->source)->video[0].mode.height_px, ==, 720);
}

static void collect_trace(char direction, const char *text, size_t len, void *user_data)
{
    GString *log = user_data;

    g_assert_true(direction == '<' || direction == '>');
    g_string_append_printf(log, "%c ", direction);
    g_string_append_len(log, text, (gssize) len);
}

/* Both directions from M1 on; what a name calls a secret is not written down. */
static void test_trace(Fixture *f, gconstpointer data)
{
    g_autoptr(GString) log = g_string_new(NULL);

    mc_wfd_source_set_trace(f->source, collect_trace, log);
    reach_caps(f);
    ok(f, 2, CAPS "wfd_vnd_pin: 12345678\r\nvnd_session-key : 00ff00ff\r\nwfd_vnd_pinky: 4711");
    feed(f, "GET_PARAMETER rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 9\r\nX-Passphrase: secret1\r\n"
            "Authorization: Basic c2VjcmV0\r\n\r\n");
    g_assert_nonnull(strstr(log->str, "> OPTIONS * RTSP/1.0"));
    g_assert_nonnull(strstr(log->str, "< RTSP/1.0 200"));
    g_assert_nonnull(strstr(log->str, "wfd_vnd_pin: [removed]\r\n"));
    g_assert_nonnull(strstr(log->str, "wfd_vnd_pinky: 4711"));
    g_assert_null(strstr(log->str, "12345678"));
    g_assert_null(strstr(log->str, "00ff00ff"));
    g_assert_null(strstr(log->str, "secret1"));
    g_assert_null(strstr(log->str, "c2VjcmV0"));
}

/* More events in one read than an owner could want: bounded. */
static void test_flood(Fixture *f, gconstpointer data)
{
    McWfdEvent event;
    unsigned n = 0;

    reach_playing(f);
    for (unsigned i = 0; i < 1000; i++) {
        request(f, "SET_PARAMETER rtsp://localhost/wfd1.0",
                "wfd_route: primary\r\nmicrosoft_audio_mute: 1\r\n");
        g_free(next_output(f));
    }
    request(f, "PAUSE rtsp://192.168.49.1/wfd1.0/streamid=0", NULL);
    for (; mc_wfd_source_next_event(f->source, &event); n++)
        mc_wfd_event_clear(&event);
    g_assert_cmpuint(n, ==, 65);
    g_assert_cmpint(event.type, ==, MC_WFD_EVENT_PAUSE); /* which must not be lost */
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PAUSED);
}

/* Closes while it is asked whether it lives: that is said. */
static void test_leaves_at_keepalive(Fixture *f, gconstpointer data)
{
    McWfdEvent event;

    reach_playing(f);
    live(f, 25 * G_USEC_PER_SEC);
    expect_event(f, MC_WFD_EVENT_FORCE_IDR);
    mc_wfd_source_eof(f->source, f->now_us);
    g_assert_cmpint(next_event(f, &event), ==, MC_WFD_EVENT_CLOSED);
    g_assert_nonnull(strstr(event.error->message, "M16"));
    mc_wfd_event_clear(&event);
    mc_wfd_source_time(f->source, f->now_us); /* nothing is left to do */
    g_assert_null(mc_wfd_source_hint(f->source));
    g_assert_nonnull(mc_wfd_source_caps(f->source));
}

static void test_no_setup_but_tcp(Fixture *f, gconstpointer data)
{
    McWfdEvent event;

    reach_setup(f);
    ok(f, 4, NULL);
    feed(f, "SETUP rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 2\r\n"
            "Transport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n");
    expect(f, "461 Unsupported Transport", NULL);
    expect_event(f, MC_WFD_EVENT_ALTERNATIVE);
    live(f, 15 * G_USEC_PER_SEC);
    g_assert_cmpint(next_event(f, &event), ==, MC_WFD_EVENT_CLOSED);
    g_assert_error(event.error, MC_RTSP_ERROR, MC_RTSP_ERROR_TIMEOUT);
    g_assert_nonnull(strstr(event.error->message, "TCP"));
    mc_wfd_event_clear(&event);
}

/* Neither an answer to M5 nor SETUP: the time runs from M5 on, once. */
static void test_no_setup_no_answer(Fixture *f, gconstpointer data)
{
    McWfdEvent event;

    reach_setup(f);
    for (int second = 1; second < 15; second++) {
        f->now_us += G_USEC_PER_SEC;
        mc_wfd_source_time(f->source, f->now_us);
    }
    g_assert_false(mc_wfd_source_next_event(f->source, &event));
    f->now_us += G_USEC_PER_SEC;
    mc_wfd_source_time(f->source, f->now_us);
    g_assert_cmpint(next_event(f, &event), ==, MC_WFD_EVENT_CLOSED);
    g_assert_error(event.error, MC_RTSP_ERROR, MC_RTSP_ERROR_TIMEOUT);
    g_assert_nonnull(strstr(event.error->message, "SETUP within 15 s"));
    mc_wfd_event_clear(&event);
}

/* PLAY does not come: asked for once, then given up. */
static void test_no_play(Fixture *f, gconstpointer data)
{
    McWfdEvent event;

    reach_setup(f);
    ok(f, 4, NULL);
    feed(f, "SETUP rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 2\r\n"
            "Transport: RTP/AVP/UDP;unicast;client_port=19002\r\n\r\n");
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_SETUP);
    live(f, 15 * G_USEC_PER_SEC);
    expect(f, "wfd_trigger_method: PLAY", NULL);
    ok(f, 5, NULL);
    live(f, 9 * G_USEC_PER_SEC);
    g_assert_null(next_output(f));
    f->now_us += G_USEC_PER_SEC;
    mc_wfd_source_time(f->source, f->now_us);
    expect(f, "GET_PARAMETER", NULL); /* M16 goes on all the while */
    ok(f, 6, NULL);
    live(f, 5 * G_USEC_PER_SEC);
    g_assert_cmpint(next_event(f, &event), ==, MC_WFD_EVENT_CLOSED);
    g_assert_error(event.error, MC_RTSP_ERROR, MC_RTSP_ERROR_TIMEOUT);
    mc_wfd_event_clear(&event);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name, *bytes;
    } bad[] = {
        {"/source/bad/text", "hello\r\n\r\n"},
        {"/source/bad/negative-length", "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: -5\r\n\r\n"},
        {"/source/bad/two-lengths", "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 1\r\n"
                                    "Content-Length: 2\r\n\r\n"},
        {"/source/bad/huge-length", "RTSP/1.0 200 OK\r\nContent-Length: 999999999999\r\n\r\n"},
    };

    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)
    ADD("/source/dialogue", test_dialogue);
    ADD("/source/teardown-by-source", test_teardown_by_source);
    ADD("/source/keepalive-lost", test_keepalive_lost);
    ADD("/source/keepalive-late", test_keepalive_late);
    ADD("/source/slept", test_slept);
    ADD("/source/refusals", test_refusals);
    ADD("/source/refusals-of-picture", test_refusals_of_picture);
    ADD("/source/setup-refused", test_setup_refused);
    ADD("/source/odd-headers", test_odd_headers);
    ADD("/source/no-m2", test_no_m2);
    ADD("/source/answer-gap", test_answer_gap);
    ADD("/source/wrong-cseq", test_wrong_cseq);
    g_test_add("/source/one-number", Fixture, "CSeq: 1\r\n", set_up, test_one_number, tear_down);
    g_test_add("/source/no-number", Fixture, "", set_up, test_one_number, tear_down);
    ADD("/source/teardown-at-once", test_teardown_at_once);
    ADD("/source/teardown-after-m2", test_teardown_after_m2);
    ADD("/source/teardown-after-m5", test_teardown_after_m5);
    ADD("/source/byte-by-byte", test_byte_by_byte);
    ADD("/source/renegotiate", test_renegotiate);
    ADD("/source/trace", test_trace);
    ADD("/source/flood", test_flood);
    ADD("/source/leaves-at-keepalive", test_leaves_at_keepalive);
    ADD("/source/no-setup-but-tcp", test_no_setup_but_tcp);
    ADD("/source/no-setup-no-answer", test_no_setup_no_answer);
    ADD("/source/no-play", test_no_play);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_test_add(bad[i].name, Fixture, bad[i].bytes, set_up, test_garbage, tear_down);
    return g_test_run();
}
