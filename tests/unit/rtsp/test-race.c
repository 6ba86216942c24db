/* SPDX-License-Identifier: MIT */
/* Two things at once: what crosses on the wire, comes in one segment, in the wrong order, or in a
 * state where nobody waits for it. */
#include "source-fixture.h"

#define URI "rtsp://192.168.49.1/wfd1.0/streamid=0"
#define SET "SET_PARAMETER rtsp://localhost/wfd1.0"

static const McWfdWish smaller = {
    .desktop_width_px = 1280, .desktop_height_px = 720, .audio = true, .audio_codecs = 6};

static unsigned cseq_of(const char *out)
{
    return (unsigned) g_ascii_strtoull(strstr(out, "CSeq: ") + 6, NULL, 10);
}

/* Number of our next message, which holds text. */
static unsigned expect_number(Fixture *f, const char *text)
{
    g_autofree char *out = next_output(f);

    g_assert_nonnull(out);
    if (!strstr(out, text))
        g_error("no \"%s\" in:\n%s", text, out);
    return cseq_of(out);
}

static void respond(Fixture *f, unsigned cseq, unsigned status, const char *body)
{
    g_autofree char *text =
        g_strdup_printf("RTSP/1.0 %u X\r\nCSeq: %u\r\nContent-Length: %zu\r\n\r\n%s", status, cseq,
                        strlen(body), body);

    feed(f, text);
}

static void expect_no_event(Fixture *f)
{
    McWfdEvent event;

    if (mc_wfd_source_next_event(f->source, &event))
        g_error("event %d: %s", event.type, event.text);
}

/* began: there was a stream before. */
static void expect_end(Fixture *f, McWfdCloseBy by, bool began)
{
    McWfdEvent event;

    g_assert_cmpint(next_event(f, &event), ==, MC_WFD_EVENT_CLOSED);
    g_assert_cmpint(event.value, ==, by);
    if (began)
        g_assert_no_error(event.error);
    else
        g_assert_error(event.error, MC_RTSP_ERROR, MC_RTSP_ERROR_TEARDOWN);
    mc_wfd_event_clear(&event);
    expect_no_event(f);
    g_assert_null(next_output(f));
}

static void expect_closed(Fixture *f, McWfdCloseBy by)
{
    expect_end(f, by, true);
}

static uint32_t height(Fixture *f)
{
    return mc_wfd_decision_video(mc_wfd_source_decision(f->source))->mode.height_px;
}

/* M4 in the session is on the wire. */
static unsigned ask_smaller(Fixture *f)
{
    reach_playing(f);
    g_assert_true(mc_wfd_source_renegotiate(f->source, &smaller, f->now_us, NULL));
    return expect_number(f, "00000040");
}

/* M4 is agreed, and its time has not come: 300 ms after it went. */
static void agree_smaller(Fixture *f)
{
    reach_playing(f);
    mc_wfd_source_set_clock(f->source, f->now_us - 5 * G_USEC_PER_SEC);
    g_assert_true(mc_wfd_source_renegotiate(f->source, &smaller, f->now_us, NULL));
    ok(f, expect_number(f, "wfd_av_format_change_timing"), NULL);
    expect_no_event(f);
}

/* ---- a change of mode, and something else ---- */

/* M13 is for the picture that is on the screen: it is done at once. */
static void test_idr_while_asked(Fixture *f, gconstpointer data)
{
    unsigned cseq = ask_smaller(f);

    request(f, SET, "wfd_idr_request\r\n");
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_FORCE_IDR);
    ok(f, cseq, NULL);
    expect_event(f, MC_WFD_EVENT_MODE);
    g_assert_cmpuint(height(f), ==, 720);
}

static void test_idr_while_agreed(Fixture *f, gconstpointer data)
{
    agree_smaller(f);
    request(f, SET, "wfd_idr_request\r\n");
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_FORCE_IDR);
    g_assert_cmpuint(height(f), ==, 1080);
    live(f, 300 * G_TIME_SPAN_MILLISECOND);
    expect_event(f, MC_WFD_EVENT_MODE);
    g_assert_cmpuint(height(f), ==, 720);
    expect_no_event(f);
}

/* The mode changes while nothing is sent; PLAY begins with it. */
static void test_pause_while_agreed(Fixture *f, gconstpointer data)
{
    agree_smaller(f);
    request(f, "PAUSE " URI, NULL);
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_PAUSE);
    live(f, 300 * G_TIME_SPAN_MILLISECOND);
    expect_event(f, MC_WFD_EVENT_MODE);
    request(f, "PLAY " URI, NULL);
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_PLAY);
    g_assert_cmpuint(height(f), ==, 720);
}

/* Our PAUSE trigger waits for M4's answer; PAUSE comes before both. */
static void test_pause_trigger_behind(Fixture *f, gconstpointer data)
{
    unsigned cseq = ask_smaller(f);

    g_assert_true(mc_wfd_source_pause(f->source, f->now_us, NULL));
    g_assert_null(next_output(f));
    ok(f, cseq, NULL);
    expect_event(f, MC_WFD_EVENT_MODE);
    expect_number(f, "wfd_trigger_method: PAUSE");
    request(f, "PAUSE " URI, NULL); /* before its trigger is answered */
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_PAUSE);
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PAUSED);
}

/* A wish that came during the change is not lost where the sink went to standby meanwhile. */
static void test_wish_before_standby(Fixture *f, gconstpointer data)
{
    const McWfdWish smallest = {
        .desktop_width_px = 640, .desktop_height_px = 480, .audio_codecs = 6};
    unsigned cseq = ask_smaller(f);

    g_assert_true(mc_wfd_source_renegotiate(f->source, &smallest, f->now_us, NULL));
    request(f, SET, "wfd_standby\r\n");
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_PAUSE);
    ok(f, cseq, NULL);
    expect_event(f, MC_WFD_EVENT_MODE);
    g_assert_null(next_output(f)); /* not in standby */
    request(f, "PLAY " URI, NULL);
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_PLAY);
    ok(f, expect_number(f, "00000001 00000000"), NULL);
    expect_event(f, MC_WFD_EVENT_MODE);
    g_assert_cmpuint(height(f), ==, 480);
}

/* What was agreed does not come true any more once we leave. */
static void test_leave_while_agreed(Fixture *f, gconstpointer data)
{
    agree_smaller(f);
    mc_wfd_source_teardown(f->source, f->now_us);
    expect_number(f, "wfd_trigger_method: TEARDOWN");
    live(f, G_USEC_PER_SEC);
    expect_no_event(f);
    request(f, "TEARDOWN " URI, NULL);
    expect(f, "200 OK", NULL);
    expect_closed(f, MC_WFD_CLOSE_SOURCE);
}

/* The answer to M4 comes behind our TEARDOWN trigger: it is not the trigger's. */
static void test_leave_while_asked(Fixture *f, gconstpointer data)
{
    unsigned cseq = ask_smaller(f);

    mc_wfd_source_teardown(f->source, f->now_us);
    unsigned leave = expect_number(f, "wfd_trigger_method: TEARDOWN");
    ok(f, cseq, NULL);
    respond(f, leave, 200, "");
    expect_no_event(f);
    g_assert_cmpuint(height(f), ==, 1080);
    live(f, 2 * G_USEC_PER_SEC);
    expect_closed(f, MC_WFD_CLOSE_SOURCE);
}

/* M8 crosses M4, the one of the session and the first one; its answer follows and means nothing. */
static void test_sink_leaves_while_asked(Fixture *f, gconstpointer data)
{
    unsigned cseq = ask_smaller(f);

    request(f, "TEARDOWN " URI, NULL);
    expect(f, "200 OK", "Connection: close", NULL);
    ok(f, cseq, NULL);
    expect_closed(f, MC_WFD_CLOSE_SINK);
}

static void test_sink_leaves_at_first_m4(Fixture *f, gconstpointer data)
{
    reach_caps(f);
    ok(f, 2, CAPS);
    expect_event(f, MC_WFD_EVENT_CAPS);
    expect_number(f, "wfd_presentation_URL");
    feed(f, "TEARDOWN " URI " RTSP/1.0\r\nCSeq: 2\r\n\r\nRTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n");
    expect(f, "200 OK", "CSeq: 2", NULL);
    expect_end(f, MC_WFD_CLOSE_SINK, false);
}

/* Its sound runs on: a refusal of that is a refusal of the mode. */
static void test_sound_refused(Fixture *f, gconstpointer data)
{
    unsigned cseq = ask_smaller(f);
    McWfdEvent event;

    for (unsigned i = 0; i < 10 && cseq; i++) {
        respond(f, cseq, 303, "wfd_audio_codecs: 415\r\n");
        g_autofree char *out = next_output(f);
        cseq = out ? cseq_of(out) : 0;
        if (out)
            g_assert_nonnull(strstr(out, "wfd_audio_codecs: AAC 00000001 00\r\n"));
    }
    g_assert_cmpuint(cseq, ==, 0);
    while (mc_wfd_source_next_event(f->source, &event))
        g_assert_cmpint(event.type, ==, MC_WFD_EVENT_ALTERNATIVE);
    const McWfdDecision *decision = mc_wfd_source_decision(f->source);
    g_assert_cmpuint(height(f), ==, 1080);
    g_assert_cmpint(decision->audio[decision->current_audio].codec, ==, MC_AUDIO_AAC);
}

/* The last try is the mode that every sink must play, wherever it stands among the alternatives. */
static void test_last_resort(Fixture *f, gconstpointer data)
{
    g_autofree char *last = NULL;

    reach_caps(f);
    ok(f, 2,
       "wfd_video_formats: 00 00 03 10 0000001F 00000003 000003FF 00 0000 0000 00 none none\r\n"
       "wfd_audio_codecs: LPCM 00000002 00, AAC 00000007 00\r\n"
       "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 1991 0 mode=play\r\n");
    for (char *out; (out = next_output(f));) {
        respond(f, cseq_of(out), 303, "wfd_video_formats: 415\r\n");
        g_free(last);
        last = out;
    }
    g_test_message("%s", last);
    g_assert_nonnull(strstr(last, " 00 00 01 01 00000001 00000000 00000000 "));
    g_assert_nonnull(strstr(last, "wfd_audio_codecs: LPCM 00000002 00\r\n"));
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_CLOSED);
}

/* ---- pauses ---- */

/* Our wish to go on overtakes our own pause, not one of the sink's. */
static void test_sinks_own_pause(Fixture *f, gconstpointer data)
{
    reach_playing(f);
    g_assert_true(mc_wfd_source_play(f->source, f->now_us, NULL)); /* it plays: nothing to do */
    request(f, "PAUSE " URI, NULL);
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_PAUSE);
    live(f, G_USEC_PER_SEC);
    g_assert_null(next_output(f));
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PAUSED);
}

static void test_pause_overtaken(Fixture *f, gconstpointer data)
{
    reach_playing(f);
    g_assert_true(mc_wfd_source_pause(f->source, f->now_us, NULL));
    ok(f, expect_number(f, "wfd_trigger_method: PAUSE"), NULL);
    g_assert_true(mc_wfd_source_play(f->source, f->now_us, NULL));
    request(f, "PAUSE " URI, NULL);
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_PAUSE);
    ok(f, expect_number(f, "wfd_trigger_method: PLAY"), NULL);
    request(f, "PLAY " URI, NULL);
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_PLAY);
    request(f, "PAUSE " URI, NULL); /* and now the sink's own */
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_PAUSE);
    g_assert_null(next_output(f));
}

/* Likewise with standby, which is in force with its answer. */
static void test_standby_overtaken(Fixture *f, gconstpointer data)
{
    reach_caps(f);
    ok(f, 2, CAPS "wfd_standby_resume_capability: supported\r\n");
    ok(f, 3, NULL);
    ok(f, 4, NULL);
    feed(f, "SETUP " URI " RTSP/1.0\r\nCSeq: 2\r\n"
            "Transport: RTP/AVP/UDP;unicast;client_port=19002\r\n\r\n");
    request(f, "PLAY " URI, NULL);
    drain(f);
    g_assert_true(mc_wfd_source_standby(f->source, f->now_us, NULL));
    unsigned cseq = expect_number(f, "wfd_standby\r\n");
    g_assert_true(mc_wfd_source_play(f->source, f->now_us, NULL));
    ok(f, cseq, NULL);
    expect_event(f, MC_WFD_EVENT_PAUSE);
    expect_number(f, "wfd_trigger_method: PLAY");
    g_assert_null(next_output(f));
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_STANDBY);
}

/* Triggers that the sink refuses change nothing. */
static void test_triggers_refused(Fixture *f, gconstpointer data)
{
    reach_playing(f);
    g_assert_true(mc_wfd_source_pause(f->source, f->now_us, NULL));
    respond(f, expect_number(f, "wfd_trigger_method: PAUSE"), 455, "");
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PLAYING);
    g_assert_true(mc_wfd_source_play(f->source, f->now_us, NULL));
    request(f, "PAUSE " URI, NULL); /* long after the refusal: it is the sink's own */
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_PAUSE);
    g_assert_null(next_output(f));
}

/* ---- one segment ---- */

static void test_pipelined(Fixture *f, gconstpointer data)
{
    reach_playing(f);
    feed(f, "PAUSE " URI " RTSP/1.0\r\nCSeq: 31\r\n\r\n"
            "PLAY " URI " RTSP/1.0\r\nCSeq: 32\r\nSession: 48213907\r\n\r\n"
            "\r\n" SET " RTSP/1.0\r\nCSeq: 33\r\nContent-Length: 15\r\n\r\nwfd_idr_request"
            "GET_PARAMETER " URI " RTSP/1.0\r\nCSeq: 34\r\n\r\n");
    for (unsigned cseq = 31; cseq <= 34; cseq++)
        g_assert_cmpuint(expect_number(f, "200 OK"), ==, cseq);
    expect_event(f, MC_WFD_EVENT_PAUSE);
    expect_event(f, MC_WFD_EVENT_PLAY);
    expect_event(f, MC_WFD_EVENT_FORCE_IDR);
    g_assert_null(next_output(f));
    expect_no_event(f);
}

/* What stands behind M8 is not read any more. */
static void test_behind_the_end(Fixture *f, gconstpointer data)
{
    reach_playing(f);
    feed(f, "TEARDOWN " URI " RTSP/1.0\r\nCSeq: 31\r\n\r\n"
            "PLAY " URI " RTSP/1.0\r\nCSeq: 32\r\n\r\n\x16garbage\r\n\r\n");
    g_assert_cmpuint(expect_number(f, "200 OK"), ==, 31);
    expect_closed(f, MC_WFD_CLOSE_SINK);
    for (unsigned i = 0; i < 1000; i++)
        feed(f, "OPTIONS * RTSP/1.0\r\nCSeq: 5\r\n\r\n");
    g_assert_null(next_output(f));
    expect_no_event(f);
}

/* M1's answer, M2 and all that we ask, in one segment each way of cutting it. */
static void test_answer_and_request(Fixture *f, gconstpointer data)
{
    expect(f, "OPTIONS *", NULL);
    feed(f, "OPTIONS * RTSP/1.0\r\nCSeq: 7\r\n\r\nRTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n");
    g_assert_cmpuint(expect_number(f, "200 OK"), ==, 7);
    g_assert_cmpuint(expect_number(f, "GET_PARAMETER"), ==, 2);
    g_assert_null(next_output(f));
}

/* ---- answers out of order ---- */

/* M16 was given up while the sink spoke of other things; its refusal comes behind M15's answer. */
static void test_late_refusal(Fixture *f, gconstpointer data)
{
    reach_playing(f);
    live(f, 25 * G_USEC_PER_SEC);
    drain(f); /* M16 is number 5 */
    request(f, "GET_PARAMETER " URI, NULL);
    live(f, 6 * G_USEC_PER_SEC);
    drain(f);
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PLAYING);
    g_assert_true(mc_wfd_source_pause(f->source, f->now_us, NULL));
    unsigned cseq = expect_number(f, "wfd_trigger_method: PAUSE");
    respond(f, 5, 454, ""); /* would end the session if it were in time */
    expect_no_event(f);
    respond(f, cseq, 200, "");
    respond(f, 5, 454, "");
    expect_no_event(f);
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PLAYING);
}

/* ---- requests, half right ---- */

/* RFC 2326, 10.9: a request of which one value cannot be is not done at all. */
static void test_all_or_nothing(Fixture *f, gconstpointer data)
{
    reach_playing(f);
    request(f, SET,
            "wfd_idr_request\r\nwfd_route: secondary\r\nwfd_standby\r\nwfd_x: 1\r\n"
            "microsoft_audio_mute: loud\r\nwfd_trigger_method: TEARDOWN\r\n");
    expect(f, "303 See Other", "wfd_route: 415\r\nmicrosoft_audio_mute: 415\r\n", NULL);
    expect_no_event(f);
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PLAYING);
    g_assert_cmpuint(mc_wfd_source_counters(f->source).idr_requests, ==, 0);
    request(f, SET, "wfd_idr_request\nwfd_x: 1\n\nWFD_ROUTE : primary"); /* LF alone is enough */
    expect(f, "200 OK", NULL);
    expect_event(f, MC_WFD_EVENT_FORCE_IDR);
    expect_event(f, MC_WFD_EVENT_ROUTE);
}

/* What stands behind the sink's own TEARDOWN trigger is not done. */
static void test_trigger_first(Fixture *f, gconstpointer data)
{
    reach_playing(f);
    request(f, SET, "wfd_trigger_method: TEARDOWN\r\nwfd_standby\r\nwfd_idr_request\r\n");
    expect(f, "200 OK", NULL);
    expect_closed(f, MC_WFD_CLOSE_SINK);
}

/* Its other triggers are not its to send; they are answered and lead nowhere, whenever they come.
 */
static void test_sinks_triggers(Fixture *f, gconstpointer data)
{
    static const char *const methods[] = {"SETUP", "PLAY", "PAUSE", "RECORD", ""};

    reach_caps(f);
    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
        g_autofree char *body = g_strdup_printf("wfd_trigger_method: %s\r\n", methods[i]);
        request(f, SET, body);
        expect(f, "200 OK", NULL);
    }
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_CAPS);
    expect_no_event(f);
}

/* ---- heads ---- */

static void test_session_spellings(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *header;
        unsigned status;
    } rows[] = {
        {"Session: 48213907;timeout=60\r\n", 200},
        {"Session: 48213907 ; timeout=60\r\n", 200},
        {"session:48213907;\r\n", 200},
        {"Session: 48213907;timeout=\r\n", 200},
        {"Session: ;timeout=60\r\n", 200},
        {"Session:\r\n", 200},
        {"Session: 4821390;timeout=60\r\n", 454},
        {"Session: 482139070;timeout=60\r\n", 454},
        {"Session: timeout=60;48213907\r\n", 454},
    };

    reach_playing(f);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *head =
            g_strdup_printf(SET " RTSP/1.0\r\nCSeq: 40\r\n%s\r\n", rows[i].header);
        g_autofree char *status = g_strdup_printf("RTSP/1.0 %u ", rows[i].status);
        feed(f, head);
        expect(f, status, NULL);
    }
}

/* A body is what Content-Length says, whatever it calls itself. */
static void test_body_without_type(Fixture *f, gconstpointer data)
{
    static const char *const types[] = {"", "Content-Type: text/plain\r\n",
                                        "Content-Type: text/parameters;charset=utf-8\r\n"};

    reach_playing(f);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *text = g_strdup_printf(
            SET " RTSP/1.0\r\nCSeq: 9\r\n%sContent-Length: 17\r\n\r\nwfd_idr_request\r\n",
            types[i]);
        feed(f, text);
        expect(f, "200 OK", NULL);
        expect_event(f, MC_WFD_EVENT_FORCE_IDR);
    }
}

static void test_caps_without_type(Fixture *f, gconstpointer data)
{
    g_autofree char *text = g_strdup_printf(
        "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: %zu\r\n\r\n" CAPS, strlen(CAPS));

    reach_caps(f);
    feed(f, text);
    expect_event(f, MC_WFD_EVENT_CAPS);
    g_assert_cmpuint(height(f), ==, 1080);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add("/race/" path, Fixture, NULL, set_up, func, tear_down)
    ADD("change/idr-while-asked", test_idr_while_asked);
    ADD("change/idr-while-agreed", test_idr_while_agreed);
    ADD("change/pause-while-agreed", test_pause_while_agreed);
    ADD("change/pause-trigger-behind", test_pause_trigger_behind);
    ADD("change/wish-before-standby", test_wish_before_standby);
    ADD("change/leave-while-agreed", test_leave_while_agreed);
    ADD("change/leave-while-asked", test_leave_while_asked);
    ADD("change/sink-leaves-while-asked", test_sink_leaves_while_asked);
    ADD("change/sink-leaves-at-first-m4", test_sink_leaves_at_first_m4);
    ADD("change/sound-refused", test_sound_refused);
    ADD("change/last-resort", test_last_resort);
    ADD("pause/sinks-own", test_sinks_own_pause);
    ADD("pause/overtaken", test_pause_overtaken);
    ADD("pause/standby-overtaken", test_standby_overtaken);
    ADD("pause/triggers-refused", test_triggers_refused);
    ADD("segment/pipelined", test_pipelined);
    ADD("segment/behind-the-end", test_behind_the_end);
    ADD("segment/answer-and-request", test_answer_and_request);
    ADD("answer/late-refusal", test_late_refusal);
    ADD("request/all-or-nothing", test_all_or_nothing);
    ADD("request/trigger-first", test_trigger_first);
    ADD("request/sinks-triggers", test_sinks_triggers);
    ADD("head/session-spellings", test_session_spellings);
    ADD("head/body-without-type", test_body_without_type);
    ADD("head/caps-without-type", test_caps_without_type);
    return g_test_run();
}
