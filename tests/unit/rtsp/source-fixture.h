/* SPDX-License-Identifier: MIT */
/* The source machine with a sink played by hand and a clock that the test moves. */
#pragma once

#include <string.h>

#include "rtsp/source.h"

#define CAPS                                                                                       \
    "wfd_content_protection: none\r\n"                                                             \
    "wfd_video_formats: 40 00 02 04 0001DEFF 053C7FFF 00000FFF 00 0000 0000 11 none none, "        \
    "01 04 0001DEFF 053C7FFF 00000FFF 00 0000 0000 11 none none\r\n"                               \
    "wfd_audio_codecs: LPCM 00000003 00, AAC 00000001 00\r\n"                                      \
    "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 19000 0 mode=play\r\n"

typedef struct {
    McWfdSource *source;
    int64_t now_us;
    unsigned cseq; /* the sink's own */
} Fixture;

static inline void set_up(Fixture *f, gconstpointer data)
{
    McWfdSourceConfig config = {.local_ip = "192.168.49.1",
                                .server_rtp_port = 35120,
                                .wish = {.desktop_width_px = 1920,
                                         .desktop_height_px = 1080,
                                         .audio = true,
                                         .audio_codecs = 6},
                                .random = 38213907};

    f->now_us = 1000000;
    f->source = mc_wfd_source_new(&config, f->now_us);
    f->cseq = 1;
}

static inline void tear_down(Fixture *f, gconstpointer data)
{
    mc_wfd_source_free(f->source);
}

static inline char *next_output(Fixture *f)
{
    GBytes *bytes = NULL;
    gsize len;

    if (!mc_wfd_source_next_output(f->source, &bytes))
        return NULL;
    const char *text = g_bytes_get_data(bytes, &len);
    char *copy = g_strndup(text, len);
    g_bytes_unref(bytes);
    return copy;
}

/* The next output must hold each of the texts. */
static inline void expect(Fixture *f, ...)
{
    g_autofree char *out = next_output(f);
    const char *text;
    va_list args;

    g_assert_nonnull(out);
    va_start(args, f);
    while ((text = va_arg(args, const char *)))
        if (!strstr(out, text))
            g_error("no \"%s\" in:\n%s", text, out);
    va_end(args);
}

static inline void feed(Fixture *f, const char *text)
{
    mc_wfd_source_feed(f->source, (const uint8_t *) text, strlen(text), f->now_us);
}

static inline void ok(Fixture *f, unsigned cseq, const char *body)
{
    g_autofree char *text =
        body ? g_strdup_printf("RTSP/1.0 200 OK\r\nCSeq: %u\r\nContent-Type: text/parameters\r\n"
                               "Content-Length: %zu\r\n\r\n%s",
                               cseq, strlen(body), body)
             : g_strdup_printf("RTSP/1.0 200 OK\r\nCSeq: %u\r\n\r\n", cseq);
    feed(f, text);
}

static inline void request(Fixture *f, const char *head, const char *body)
{
    g_autofree char *text =
        g_strdup_printf("%s RTSP/1.0\r\nCSeq: %u\r\nContent-Length: %zu\r\n\r\n%s", head, f->cseq++,
                        body ? strlen(body) : 0, body ? body : "");
    feed(f, text);
}

static inline McWfdEventType next_event(Fixture *f, McWfdEvent *ret_event)
{
    g_assert_true(mc_wfd_source_next_event(f->source, ret_event));
    return ret_event->type;
}

static inline void expect_event(Fixture *f, McWfdEventType type)
{
    McWfdEvent event;

    g_assert_cmpint(next_event(f, &event), ==, type);
    mc_wfd_event_clear(&event);
}

/* Both ends of the dialogue up to a state; nothing is left to be read. */
static inline void reach_caps(Fixture *f)
{
    expect(f, "OPTIONS * RTSP/1.0", "CSeq: 1", "Require: org.wfa.wfd1.0", NULL);
    ok(f, 1, NULL);
    g_assert_null(next_output(f)); /* M3 waits for M2 */
    request(f, "OPTIONS *", NULL);
    expect(f, "RTSP/1.0 200 OK", "Public: org.wfa.wfd1.0, SETUP, TEARDOWN, PLAY", NULL);
    expect(f, "GET_PARAMETER rtsp://localhost/wfd1.0", "CSeq: 2", "wfd_content_protection\r\n",
           NULL);
}

static inline void reach_setup(Fixture *f)
{
    reach_caps(f);
    ok(f, 2, CAPS);
    expect_event(f, MC_WFD_EVENT_CAPS);
    expect(
        f, "SET_PARAMETER", "CSeq: 3",
        "wfd_video_formats: 00 00 01 04 00000080 00000000 00000000 00 0000 0000 00 none none\r\n",
        "wfd_audio_codecs: AAC 00000001 00\r\n",
        "wfd_presentation_URL: rtsp://192.168.49.1/wfd1.0/streamid=0 none\r\n",
        "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 19000 0 mode=play\r\n", NULL);
    ok(f, 3, NULL);
    expect(f, "wfd_trigger_method: SETUP\r\n", "CSeq: 4", NULL);
}

static inline void reach_playing(Fixture *f)
{
    reach_setup(f);
    ok(f, 4, NULL);
    feed(f, "SETUP rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 2\r\n"
            "Transport: RTP/AVP/UDP;unicast;client_port=19002\r\n\r\n");
    expect(f, "200 OK", "Session: 48213907;timeout=60",
           "Transport: RTP/AVP/UDP;unicast;client_port=19002;server_port=35120\r\n", NULL);
    expect_event(f, MC_WFD_EVENT_SETUP);
    g_assert_cmpint(mc_wfd_source_transport(f->source)->client_rtp_port, ==, 19002);
    request(f, "PLAY rtsp://192.168.49.1/wfd1.0/streamid=0", NULL);
    expect(f, "200 OK", "Session: 48213907", "Range: npt=now-", NULL);
    expect_event(f, MC_WFD_EVENT_PLAY);
}

static inline void drain(Fixture *f)
{
    McWfdEvent event;
    char *out;

    while ((out = next_output(f)))
        g_free(out);
    while (mc_wfd_source_next_event(f->source, &event))
        mc_wfd_event_clear(&event);
}

static inline void advance(Fixture *f, int64_t us)
{
    f->now_us += us;
    mc_wfd_source_time(f->source, f->now_us);
}

/* Steps from deadline to deadline until that time is over. */
static inline void live(Fixture *f, int64_t us)
{
    int64_t end_us = f->now_us + us, next_us;

    while ((next_us = mc_wfd_source_deadline_us(f->source)) <= end_us) {
        f->now_us = MAX(f->now_us, next_us);
        mc_wfd_source_time(f->source, f->now_us);
    }
    f->now_us = end_us;
}
