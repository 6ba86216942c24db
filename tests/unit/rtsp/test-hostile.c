/* SPDX-License-Identifier: MIT */
/* Sinks that mean harm, or that nobody tried yet: what each thing they send leads to, and that none
 * holds a session up for longer than its time-outs. */
#include "source-fixture.h"

#include "rtsp/message.h"

#define URI "rtsp://192.168.49.1/wfd1.0/streamid=0"
#define SET "SET_PARAMETER rtsp://localhost/wfd1.0 RTSP/1.0\r\n"

/* ---- one thing, in the middle of a session ---- */

typedef struct {
    const char *name, *bytes;
    unsigned status; /* of our answer; 0: none */
    int error;       /* McRtspError that ends the session; -1: it goes on */
} Thing;

static const Thing things[] = {
    {"cseq/largest", "OPTIONS * RTSP/1.0\r\nCSeq: 4294967295\r\n\r\n", 200, -1},
    {"cseq/beyond", "OPTIONS * RTSP/1.0\r\nCSeq: 4294967296\r\n\r\n", 200, -1},
    {"cseq/time-of-day", "OPTIONS * RTSP/1.0\r\nCSeq: 1764259200123\r\n\r\n", 200, -1},
    {"blank/after-version", "OPTIONS * RTSP/1.0 \r\nCSeq: 9\r\n\r\n", 200, -1},
    {"cseq/digits", "OPTIONS * RTSP/1.0\r\nCSeq: 99999999999999999999999999\r\n\r\n", 400, -1},
    {"cseq/negative", "OPTIONS * RTSP/1.0\r\nCSeq: -1\r\n\r\n", 400, -1},
    {"cseq/twice", "OPTIONS * RTSP/1.0\r\nCSeq: 7\r\nCSeq: 8\r\n\r\n", 200, -1},
    {"length/negative", SET "CSeq: 9\r\nContent-Length: -1\r\n\r\n", 0, MC_RTSP_ERROR_MALFORMED},
    {"length/plus", SET "CSeq: 9\r\nContent-Length: +1\r\n\r\nx", 0, MC_RTSP_ERROR_MALFORMED},
    {"length/hexadecimal", SET "CSeq: 9\r\nContent-Length: 0x10\r\n\r\n", 0,
     MC_RTSP_ERROR_MALFORMED},
    {"length/beyond", SET "CSeq: 9\r\nContent-Length: 65537\r\n\r\n", 0, MC_RTSP_ERROR_TOO_LARGE},
    {"length/wraps", SET "CSeq: 9\r\nContent-Length: 18446744073709551616\r\n\r\n", 0,
     MC_RTSP_ERROR_MALFORMED},
    {"length/two", SET "CSeq: 9\r\nContent-Length: 0\r\nContent-Length: 4\r\n\r\n", 0,
     MC_RTSP_ERROR_MALFORMED},
    {"interleaved/frame", "$\x01\x05\x30\x47\x40", 0, MC_RTSP_ERROR_MALFORMED},
    {"interleaved/one-byte", "\r\n$", 0, MC_RTSP_ERROR_MALFORMED},
    {"http", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0, MC_RTSP_ERROR_MALFORMED},
    {"tls", "\x16\x03\x01\x02\x01\x01\r\n\r\n", 0, MC_RTSP_ERROR_MALFORMED},
    {"response/unasked", "RTSP/1.0 200 OK\r\nCSeq: 77\r\n\r\n", 0, -1},
    {"response/unasked-refusal", "RTSP/1.0 454 Session Not Found\r\nCSeq: 4\r\n\r\n", 0, -1},
    {"response/no-cseq", "RTSP/1.0 500 X\r\n\r\n", 0, -1},
    {"response/status-0", "RTSP/1.0 0 X\r\nCSeq: 4\r\n\r\n", 0, MC_RTSP_ERROR_MALFORMED},
    {"setup/again",
     "SETUP " URI " RTSP/1.0\r\nCSeq: 9\r\n"
     "Transport: RTP/AVP/UDP;unicast;destination=203.0.113.9;client_port=9\r\n\r\n",
     400, -1},
    {"uri/none", "PLAY  RTSP/1.0\r\nCSeq: 9\r\n\r\n", 0, MC_RTSP_ERROR_MALFORMED},
    {"uri/other", "PAUSE rtsp://203.0.113.9/etc/passwd RTSP/1.0\r\nCSeq: 9\r\n\r\n", 404, -1},
    {"uri/v6", "PAUSE rtsp://[2001:db8::1]:7236/wfd1.0/streamid=0 RTSP/1.0\r\nCSeq: 9\r\n\r\n", 200,
     -1},
    {"get/unknown",
     "GET_PARAMETER " URI
     " RTSP/1.0\r\nCSeq: 9\r\nContent-Length: 21\r\n\r\nwfd_passphrase\r\nwfd_x",
     200, -1},
    {"set/binary", SET "CSeq: 9\r\nContent-Length: 4\r\n\r\n\xff\x01:\xfe", 200, -1},
    {"set/names-alone", SET "CSeq: 9\r\nContent-Length: 6\r\n\r\n:\r\n:\r\n", 200, -1},
    {"session/long",
     "PAUSE " URI " RTSP/1.0\r\nCSeq: 9\r\nSession: "
     "48213907482139074821390748213907482139074821390748213907482139074821390748213907\r\n\r\n",
     454, -1},
    {"method/lower-case", "options * RTSP/1.0\r\nCSeq: 9\r\n\r\n", 501, -1},
    {"teardown/other-session", "TEARDOWN " URI " RTSP/1.0\r\nCSeq: 9\r\nSession: 1\r\n\r\n", 454,
     -1},
};

static void check_thing(Fixture *f, gconstpointer data)
{
    const Thing *thing = data;
    McWfdEvent event = {0};

    reach_playing(f);
    feed(f, thing->bytes);
    g_autofree char *out = next_output(f);
    g_autofree char *status = g_strdup_printf("RTSP/1.0 %u ", thing->status);
    if ((out != NULL) != (thing->status != 0))
        g_error("not %u but %s", thing->status, out);
    if (out && !g_str_has_prefix(out, status))
        g_error("no %sin:\n%s", status, out);
    g_assert_null(next_output(f));
    if (thing->error < 0) {
        g_assert_cmpint(mc_wfd_source_state(f->source), >=, MC_WFD_STATE_PLAYING);
        g_assert_cmpint(mc_wfd_source_state(f->source), <, MC_WFD_STATE_TEARING);
        return;
    }
    while (next_event(f, &event) != MC_WFD_EVENT_CLOSED)
        ;
    g_assert_error(event.error, MC_RTSP_ERROR, thing->error);
    mc_wfd_event_clear(&event);
}

/* ---- one thing for ever: the session ends by its time-outs, and little is kept ---- */

static const struct {
    const char *name, *bytes;
} storms[] = {
    {"silence", ""},
    {"options", "OPTIONS * RTSP/1.0\r\nCSeq: 5\r\n\r\n"},
    {"get", "GET_PARAMETER " URI " RTSP/1.0\r\nCSeq: 5\r\n\r\n"},
    {"set", SET "CSeq: 5\r\nContent-Length: 17\r\n\r\nwfd_idr_request\r\n"},
    {"play", "PLAY " URI " RTSP/1.0\r\nCSeq: 5\r\n\r\n"},
    {"tcp", "SETUP " URI " RTSP/1.0\r\nCSeq: 5\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n"},
    {"setup-nowhere", "SETUP " URI " RTSP/1.0\r\nCSeq: 5\r\nTransport: x\r\n\r\n"},
    {"trying", "RTSP/1.0 100 Trying\r\nCSeq: 1\r\n\r\n"},
    {"blank-lines", "\r\n\r\n\r\n\r\n"},
    {"one-byte", "A"},
};

typedef struct {
    const char *name, *bytes;
    McWfdState state; /* INIT, CAPS, SELECT, WAIT_SETUP, WAIT_PLAY */
} Storm;

static void reach(Fixture *f, McWfdState state)
{
    if (state == MC_WFD_STATE_INIT)
        return;
    reach_caps(f);
    if (state >= MC_WFD_STATE_SELECT)
        ok(f, 2, CAPS);
    if (state >= MC_WFD_STATE_WAIT_SETUP) {
        ok(f, 3, NULL);
        ok(f, 4, NULL);
    }
    if (state >= MC_WFD_STATE_WAIT_PLAY)
        feed(f, "SETUP rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 2\r\n"
                "Transport: RTP/AVP/UDP;unicast;client_port=19002\r\n\r\n");
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, state);
}

static void check_storm(Fixture *f, gconstpointer data)
{
    const Storm *storm = data;
    const int64_t start_us = f->now_us;
    int64_t end_us = INT64_MAX;

    reach(f, storm->state);
    while (end_us == INT64_MAX && f->now_us - start_us < 300 * G_USEC_PER_SEC) {
        feed(f, storm->bytes);
        McWfdEvent event;
        while (mc_wfd_source_next_event(f->source, &event)) {
            if (event.type == MC_WFD_EVENT_CLOSED) {
                end_us = f->now_us;
                g_assert_nonnull(event.error);
                g_assert_true(event.error->code == MC_RTSP_ERROR_TIMEOUT ||
                              event.error->code == MC_RTSP_ERROR_REFUSED ||
                              event.error->code == MC_RTSP_ERROR_KEEPALIVE ||
                              event.error->code == MC_RTSP_ERROR_NO_COMMON_FORMAT);
            }
            mc_wfd_event_clear(&event);
        }
        drain(f);
        live(f, 100 * G_TIME_SPAN_MILLISECOND);
    }
    const bool played = storm->state == MC_WFD_STATE_WAIT_PLAY && !strcmp(storm->name, "play");
    if (played) /* that is what was missing */
        g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_PLAYING);
    else
        g_assert_cmpint(end_us - start_us, <=, 60 * G_USEC_PER_SEC);
}

/* In a running session: it lives as long as it answers M16, or says anything whole. */
static void test_trickle(Fixture *f, gconstpointer data)
{
    const int64_t start_us = f->now_us;

    reach_playing(f);
    feed(f, SET "CSeq: 9\r\nContent-Length: 65536\r\n\r\n");
    while (mc_wfd_source_state(f->source) == MC_WFD_STATE_PLAYING) {
        feed(f, "x");
        live(f, G_USEC_PER_SEC);
        drain(f);
        g_assert_cmpint(f->now_us - start_us, <, 60 * G_USEC_PER_SEC);
    }
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_CLOSED);
}

/* ---- answers that nobody asked for, or twice ---- */

/* A second answer to M1 is not the one to M3. */
static void test_answered_twice(Fixture *f, gconstpointer data)
{
    reach_caps(f);
    for (unsigned i = 0; i < 50; i++)
        ok(f, 1, NULL);
    g_assert_null(next_output(f));
    g_assert_cmpint(mc_wfd_source_state(f->source), ==, MC_WFD_STATE_CAPS);
    ok(f, 2, CAPS);
    expect_event(f, MC_WFD_EVENT_CAPS);
}

/* ---- words for a terminal ---- */

static void test_escapes(Fixture *f, gconstpointer data)
{
    McWfdEvent event;

    reach_setup(f);
    ok(f, 4, NULL);
    feed(f, "SETUP " URI " RTSP/1.0\r\nCSeq: 2\r\n"
            "Transport: \x1b]0;owned\x07\x1b[31m\xff\xc3\x28 RTP\r\n\r\n");
    expect(f, "461", NULL);
    g_assert_cmpint(next_event(f, &event), ==, MC_WFD_EVENT_ALTERNATIVE);
    g_assert_true(g_utf8_validate(event.text, -1, NULL));
    for (const char *c = event.text; *c; c++)
        g_assert_false(g_ascii_iscntrl(*c));
}

static void add_storms(void)
{
    static const McWfdState states[] = {MC_WFD_STATE_INIT, MC_WFD_STATE_CAPS, MC_WFD_STATE_SELECT,
                                        MC_WFD_STATE_WAIT_SETUP, MC_WFD_STATE_WAIT_PLAY};
    static Storm all[G_N_ELEMENTS(storms) * G_N_ELEMENTS(states)];
    unsigned n = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(storms); i++)
        for (size_t s = 0; s < G_N_ELEMENTS(states); s++, n++) {
            all[n] = (Storm){storms[i].name, storms[i].bytes, states[s]};
            g_autofree char *path = g_strdup_printf("/hostile/storm/%s/%s", storms[i].name,
                                                    mc_wfd_state_name(states[s]));
            g_test_add(path, Fixture, &all[n], set_up, check_storm, tear_down);
        }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(things); i++) {
        g_autofree char *path = g_strdup_printf("/hostile/thing/%s", things[i].name);
        g_test_add(path, Fixture, &things[i], set_up, check_thing, tear_down);
    }
    add_storms();
#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)
    ADD("/hostile/trickle", test_trickle);
    ADD("/hostile/answered-twice", test_answered_twice);
    ADD("/hostile/escapes", test_escapes);
    return g_test_run();
}
