/* SPDX-License-Identifier: MIT */
/* Every message, answer, deadline, wish and end in every state: the whole table, written by
 * hand, against the machine. */
#include "source-fixture.h"

#include "rtsp/message.h"

#define N_STATES (MC_WFD_STATE_CLOSED + 1)

/* ---- states ---- */

static void hold(Fixture *f)
{
    McWfdSourceConfig config = {.local_ip = "192.168.49.1",
                                .server_rtp_port = 35120,
                                .uibc_port = 50000,
                                .hold_after_caps = true,
                                .wish = {.audio = true, .audio_codecs = 6},
                                .random = 38213907};

    mc_wfd_source_free(f->source);
    f->source = mc_wfd_source_new(&config, f->now_us);
}

#define MATRIX_CAPS                                                                                \
    CAPS "wfd_uibc_capability: input_category_list=GENERIC;generic_cap_list=Mouse;"                \
         "hidc_cap_list=none;port=none\r\nwfd_standby_resume_capability: supported\r\n"

static void play(Fixture *f)
{
    request(f, "PLAY rtsp://192.168.49.1/wfd1.0/streamid=0", NULL);
}

/* Along the one way that leads through all of them. */
static void reach(Fixture *f, McWfdState state)
{
    hold(f);
    if (state >= MC_WFD_STATE_CAPS) {
        ok(f, 1, NULL);
        request(f, "OPTIONS *", NULL);
    }
    if (state >= MC_WFD_STATE_NEGOTIATED)
        ok(f, 2, MATRIX_CAPS);
    if (state >= MC_WFD_STATE_SELECT)
        g_assert_true(mc_wfd_source_proceed(f->source, f->now_us, NULL));
    if (state >= MC_WFD_STATE_TRIGGER)
        ok(f, 3, NULL);
    if (state >= MC_WFD_STATE_WAIT_SETUP)
        ok(f, 4, NULL);
    if (state >= MC_WFD_STATE_WAIT_PLAY)
        feed(f, "SETUP rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 2\r\n"
                "Transport: RTP/AVP/UDP;unicast;client_port=19002\r\n\r\n");
    if (state >= MC_WFD_STATE_PLAYING)
        play(f);
    if (state == MC_WFD_STATE_PAUSED)
        request(f, "PAUSE rtsp://192.168.49.1/wfd1.0/streamid=0", NULL);
    if (state == MC_WFD_STATE_STANDBY)
        request(f, "SET_PARAMETER rtsp://localhost/wfd1.0", "wfd_standby\r\n");
    if (state >= MC_WFD_STATE_TEARING)
        mc_wfd_source_teardown(f->source, f->now_us);
    if (state == MC_WFD_STATE_CLOSED)
        mc_wfd_source_eof(f->source, f->now_us);
    drain(f);
    g_assert_cmpstr(mc_wfd_state_name(mc_wfd_source_state(f->source)), ==,
                    mc_wfd_state_name(state));
}

/* ---- a cell: "status>state", "=" stays; "-" no answer ---- */

static char *cell(Fixture *f, McWfdState before, unsigned status)
{
    McWfdState after = mc_wfd_source_state(f->source);

    return g_strdup_printf("%.0d%s%s%s", (int) status, status ? "" : "-",
                           before == after ? "=" : ">",
                           before == after ? "" : mc_wfd_state_name(after));
}

/* Status of the answer among what went out, 0: none. */
static unsigned answered_with(Fixture *f)
{
    unsigned status = 0;
    char *out;

    while ((out = next_output(f))) {
        if (g_str_has_prefix(out, "RTSP/1.0 ")) {
            g_assert_cmpuint(status, ==, 0); /* one answer for one request */
            status = (unsigned) g_ascii_strtoull(out + 9, NULL, 10);
        }
        g_free(out);
    }
    return status;
}

typedef struct {
    const char *label;
    const char *head, *body; /* a request of the sink's */
    void (*act)(Fixture *f); /* or something else that happens */
    const char *cells[N_STATES];
} Row;

static void check_row(gconstpointer data)
{
    const Row *row = data;

    for (McWfdState state = 0; state < N_STATES; state++) {
        Fixture f;
        set_up(&f, NULL);
        reach(&f, state);
        if (row->head)
            request(&f, row->head, row->body);
        else
            row->act(&f);
        g_autofree char *got = cell(&f, state, answered_with(&f));
        if (g_strcmp0(got, row->cells[state]))
            g_error("%s in %s: %s, not %s", row->label, mc_wfd_state_name(state), got,
                    row->cells[state] ? row->cells[state] : "(no cell)");
        tear_down(&f, NULL);
    }
}

#define URI " rtsp://192.168.49.1/wfd1.0/streamid=0"
#define SET "SET_PARAMETER rtsp://localhost/wfd1.0"
#define OK10(cell) cell, cell, cell, cell, cell, cell, cell, cell, cell, cell

/* INIT CAPS NEGOTIATED SELECT TRIGGER WAIT_SETUP WAIT_PLAY PLAYING PAUSED STANDBY TEARING CLOSED */
static const Row requests[] = {
    {"OPTIONS", "OPTIONS *", NULL, NULL, {OK10("200="), "200=", "-="}},
    {"SETUP",
     "SETUP" URI,
     NULL,
     NULL,
     {"455=", "455=", "455=", "455=", "400=", "400=", "400=", "400=", "400=", "400=", "400=",
      "-="}}, /* it states no transport */
    {"PLAY",
     "PLAY" URI,
     NULL,
     NULL,
     {"455=", "455=", "455=", "455=", "455=", "455=", "200>PLAYING", "200=", "200>PLAYING",
      "200>PLAYING", "455=", "-="}},
    {"PAUSE",
     "PAUSE" URI,
     NULL,
     NULL,
     {"455=", "455=", "455=", "455=", "455=", "455=", "455=", "200>PAUSED",
      "200=", "200=", "455=", "-="}},
    {"TEARDOWN", "TEARDOWN" URI, NULL, NULL, {OK10("200>CLOSED"), "200>CLOSED", "-="}},
    {"GET_PARAMETER", "GET_PARAMETER" URI, NULL, NULL, {OK10("200="), "200=", "-="}},
    {"GET_PARAMETER names", "GET_PARAMETER" URI, "wfd_x\r\n", NULL, {OK10("200="), "200=", "-="}},
    {"M10 primary", SET, "wfd_route: primary\r\n", NULL, {OK10("200="), "200=", "-="}},
    {"M10 secondary", SET, "wfd_route: secondary\r\n", NULL, {OK10("303="), "303=", "-="}},
    {"M11", SET, "wfd_connector_type: 05\r\n", NULL, {OK10("200="), "200=", "-="}},
    {"M11 none", SET, "wfd_connector_type: none\r\n", NULL, {OK10("200="), "200=", "-="}},
    {"M11 wrong", SET, "wfd_connector_type: zz\r\n", NULL, {OK10("303="), "303=", "-="}},
    {"M12",
     SET,
     "wfd_standby\r\n",
     NULL,
     {"200=", "200=", "200=", "200=", "200=", "200=", "200=", "200>STANDBY", "200>STANDBY",
      "200=", "200=", "-="}},
    {"M13", SET, "wfd_idr_request\r\n", NULL, {OK10("200="), "200=", "-="}},
    {"M14",
     SET,
     "wfd_uibc_capability: input_category_list=GENERIC;generic_cap_list=Keyboard;"
     "hidc_cap_list=none;port=none\r\n",
     NULL,
     {OK10("200="), "200=", "-="}},
    {"M14 wrong", SET, "wfd_uibc_capability: x\r\n", NULL, {OK10("303="), "303=", "-="}},
    {"M15", SET, "wfd_uibc_setting: disable\r\n", NULL, {OK10("200="), "200=", "-="}},
    {"M15 wrong", SET, "wfd_uibc_setting: x\r\n", NULL, {OK10("303="), "303=", "-="}},
    {"mute", SET, "microsoft_audio_mute: 0\r\n", NULL, {OK10("200="), "200=", "-="}},
    {"mute wrong", SET, "microsoft_audio_mute: 2\r\n", NULL, {OK10("303="), "303=", "-="}},
    {"multi-screen",
     SET,
     "microsoft_multiscreen_projection: secondary 640 360 900000\r\n",
     NULL,
     {OK10("200="), "200=", "-="}},
    {"multi-screen wrong",
     SET,
     "microsoft_multiscreen_projection: x\r\n",
     NULL,
     {OK10("303="), "303=", "-="}},
    {"trigger of the sink's",
     SET,
     "wfd_trigger_method: TEARDOWN\r\n",
     NULL,
     {OK10("200>CLOSED"), "200>CLOSED", "-="}},
    {"other trigger", SET, "wfd_trigger_method: PLAY\r\n", NULL, {OK10("200="), "200=", "-="}},
    {"unknown", SET, "wfd_vnd_thing: 1\r\n", NULL, {OK10("200="), "200=", "-="}},
    {"empty", SET, NULL, NULL, {OK10("200="), "200=", "-="}},
    {"DESCRIBE", "DESCRIBE" URI, NULL, NULL, {OK10("405="), "405=", "-="}},
    {"method unknown", "JUMP" URI, NULL, NULL, {OK10("501="), "501=", "-="}},
};

/* ---- M6 with its transport, answers, time, ends ---- */

static void send_setup(Fixture *f)
{
    feed(f, "SETUP" URI " RTSP/1.0\r\nCSeq: 9\r\n"
            "Transport: RTP/AVP/UDP;unicast;client_port=19002\r\n\r\n");
}

static void send_setup_tcp(Fixture *f)
{
    feed(f, "SETUP" URI " RTSP/1.0\r\nCSeq: 9\r\n"
            "Transport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n");
}

static void no_cseq(Fixture *f)
{
    feed(f, "PLAY" URI " RTSP/1.0\r\n\r\n");
}

static void other_version(Fixture *f)
{
    feed(f, "OPTIONS * RTSP/2.0\r\nCSeq: 9\r\n\r\n");
}

static void other_requirement(Fixture *f)
{
    feed(f, "OPTIONS * RTSP/1.0\r\nCSeq: 9\r\nRequire: com.example\r\n\r\n");
}

static void other_session(Fixture *f)
{
    feed(f, "PAUSE" URI " RTSP/1.0\r\nCSeq: 9\r\nSession: 4711\r\n\r\n");
}

/* The number of the last request of ours: after the way to each state. */
static void respond(Fixture *f, const char *status)
{
    static const unsigned cseq[N_STATES] = {1, 2, 2, 3, 4, 4, 4, 4, 4, 4, 5, 5};
    g_autofree char *text = g_strdup_printf("RTSP/1.0 %s\r\nCSeq: %u\r\n\r\n", status,
                                            cseq[mc_wfd_source_state(f->source)]);

    feed(f, text);
}

static void respond_200(Fixture *f)
{
    respond(f, "200 OK");
}

static void respond_100(Fixture *f)
{
    respond(f, "100 Continue");
}

static void respond_303(Fixture *f)
{
    respond(f, "303 See Other");
}

static void respond_404(Fixture *f)
{
    respond(f, "404 Not Found");
}

static void garbage(Fixture *f)
{
    feed(f, "\x16\x03\x01 hello\r\n\r\n");
}

static void eof(Fixture *f)
{
    mc_wfd_source_eof(f->source, f->now_us);
}

/* One deadline, whatever it is for. */
static void deadline(Fixture *f)
{
    int64_t at_us = mc_wfd_source_deadline_us(f->source);

    if (at_us == INT64_MAX)
        return;
    f->now_us = at_us;
    mc_wfd_source_time(f->source, at_us);
}

static void minute(Fixture *f)
{
    live(f, 60 * G_USEC_PER_SEC);
}

static void teardown(Fixture *f)
{
    mc_wfd_source_teardown(f->source, f->now_us);
}

static const Row others[] = {
    {"M6",
     NULL,
     NULL,
     send_setup,
     {"455=", "455=", "455=", "455=", "200>WAIT_PLAY", "200>WAIT_PLAY",
      "400=", "400=", "400=", "400=", "400=", "-="}},
    {"M6 over TCP",
     NULL,
     NULL,
     send_setup_tcp,
     {"455=", "455=", "455=", "455=", "461=", "461=", "400=", "400=", "400=", "400=", "400=",
      "-="}},
    {"no CSeq", NULL, NULL, no_cseq, {OK10("400="), "400=", "-="}},
    {"RTSP/2.0", NULL, NULL, other_version, {OK10("505="), "505=", "-="}},
    {"another Require", NULL, NULL, other_requirement, {OK10("551="), "551=", "-="}},
    {"another session",
     NULL,
     NULL,
     other_session,
     {"455=", "455=", "455=", "455=", "455=", "455=", "455=", "454=", "454=", "454=", "455=",
      "-="}},
    {"200",
     NULL,
     NULL,
     respond_200,
     {"-=", "-=", "-=", "->TRIGGER", "->WAIT_SETUP", "-=", "-=", "-=", "-=", "-=", "-=", "-="}},
    {"100", NULL, NULL, respond_100, {OK10("-="), "-=", "-="}},
    {"303",
     NULL,
     NULL,
     respond_303,
     {"->CLOSED", "-=", "-=", "-=", "->CLOSED", "-=", "-=", "-=", "-=", "-=", "-=", "-="}},
    {"404",
     NULL,
     NULL,
     respond_404,
     {"->CLOSED", "-=", "-=", "-=", "->CLOSED", "-=", "-=", "-=", "-=", "-=", "-=", "-="}},
    {"garbage", NULL, NULL, garbage, {OK10("->CLOSED"), "->CLOSED", "-="}},
    {"end of file", NULL, NULL, eof, {OK10("->CLOSED"), "->CLOSED", "-="}},
    {"one deadline",
     NULL,
     NULL,
     deadline,
     {"->CLOSED", "-=", "-=", "->CLOSED", "->WAIT_SETUP", "->CLOSED",
      "-=", "-=", "-=", "-=", "->CLOSED", "-="}},
    {"a silent minute",
     NULL,
     NULL,
     minute,
     {"->CLOSED", "->CLOSED", "-=", "->CLOSED", "->CLOSED", "->CLOSED", "->CLOSED", "->CLOSED",
      "->CLOSED", "->CLOSED", "->CLOSED", "-="}},
    {"our teardown",
     NULL,
     NULL,
     teardown,
     {"->CLOSED", "->CLOSED", "->CLOSED", "->CLOSED", "->CLOSED", "->CLOSED", "->TEARING",
      "->TEARING", "->TEARING", "->TEARING", "-=", "-="}},
};

/* ---- our own wishes: which states allow them ---- */

static bool wish_renegotiate(Fixture *f, GError **error)
{
    McWfdWish wish = {.desktop_width_px = 1280, .desktop_height_px = 720, .audio_codecs = 6};

    return mc_wfd_source_renegotiate(f->source, &wish, f->now_us, error);
}

static bool wish_proceed(Fixture *f, GError **error)
{
    return mc_wfd_source_proceed(f->source, f->now_us, error);
}

static bool wish_pause(Fixture *f, GError **error)
{
    return mc_wfd_source_pause(f->source, f->now_us, error);
}

static bool wish_play(Fixture *f, GError **error)
{
    return mc_wfd_source_play(f->source, f->now_us, error);
}

static bool wish_standby(Fixture *f, GError **error)
{
    return mc_wfd_source_standby(f->source, f->now_us, error);
}

static bool wish_input(Fixture *f, GError **error)
{
    return mc_wfd_source_set_input(f->source, false, f->now_us, error);
}

static const struct {
    const char *label;
    bool (*wish)(Fixture *f, GError **error);
    const char *allowed; /* a letter for each state */
} wishes[] = {
    {"proceed", wish_proceed, "nnynnnnnnnnn"}, {"renegotiate", wish_renegotiate, "nnnnnnnyynnn"},
    {"pause", wish_pause, "nnnnnnnynnnn"},     {"play", wish_play, "nnnnnnnyyynn"},
    {"standby", wish_standby, "nnnnnnnynnnn"}, {"input", wish_input, "nnnnnnyyyynn"},
};

static void test_wishes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(wishes); i++)
        for (McWfdState state = 0; state < N_STATES; state++) {
            g_autoptr(GError) error = NULL;
            Fixture f;
            set_up(&f, NULL);
            reach(&f, state);
            bool done = wishes[i].wish(&f, &error);
            if (done != (wishes[i].allowed[state] == 'y'))
                g_error("%s in %s: %d", wishes[i].label, mc_wfd_state_name(state), done);
            if (!done)
                g_assert_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_STATE);
            tear_down(&f, NULL);
        }
}

/* Whatever comes, in any order: the machine ends by itself once nobody feeds it, and says so once.
 */
static void test_walks(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(g_test_rand_int());

    for (unsigned walk = 0; walk < 300; walk++) {
        unsigned closed = 0;
        McWfdEvent event;
        Fixture f;
        set_up(&f, NULL);
        reach(&f, (McWfdState) g_rand_int_range(rand, 0, N_STATES - 1));
        for (unsigned step = 0; step < 30; step++) {
            unsigned pick = (unsigned) g_rand_int_range(
                rand, 0, G_N_ELEMENTS(requests) + G_N_ELEMENTS(others) + G_N_ELEMENTS(wishes));
            if (pick < G_N_ELEMENTS(requests))
                request(&f, requests[pick].head, requests[pick].body);
            else if ((pick -= G_N_ELEMENTS(requests)) < G_N_ELEMENTS(others))
                others[pick].act(&f);
            else
                wishes[pick - G_N_ELEMENTS(others)].wish(&f, NULL);
            while (mc_wfd_source_next_event(f.source, &event)) {
                closed += event.type == MC_WFD_EVENT_CLOSED;
                mc_wfd_event_clear(&event);
            }
        }
        mc_wfd_source_teardown(f.source, f.now_us);
        live(&f, 10 * G_USEC_PER_SEC);
        while (mc_wfd_source_next_event(f.source, &event)) {
            closed += event.type == MC_WFD_EVENT_CLOSED;
            mc_wfd_event_clear(&event);
        }
        g_assert_cmpint(mc_wfd_source_state(f.source), ==, MC_WFD_STATE_CLOSED);
        g_assert_cmpuint(closed, ==, 1);
        g_assert_cmpint(mc_wfd_source_deadline_us(f.source), ==, INT64_MAX);
        tear_down(&f, NULL);
    }
}

static void add(const Row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_autofree char *path = g_strdup_printf("/matrix/%s", rows[i].label);
        g_test_add_data_func(path, &rows[i], check_row);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add(requests, G_N_ELEMENTS(requests));
    add(others, G_N_ELEMENTS(others));
    g_test_add_func("/matrix/wishes", test_wishes);
    g_test_add_func("/matrix/walks", test_walks);
    return g_test_run();
}
