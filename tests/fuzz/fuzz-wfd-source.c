/* SPDX-License-Identifier: MIT */
/* The whole machine: each step of the input is bytes of a sink, a step of the clock or a wish of
 * ours. 0x00-0x5f  a message from the table below, with the number that is awaited 0x60-0x9f  so
 * many of the following bytes, as they are 0xa0-0xdf  time: up to the next deadline (0xa0), else
 * units of 250 ms 0xe0-0xff  a wish, or the end of the connection
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"

#include "rtsp/message.h"
#include "rtsp/source.h"

#define BODY "Content-Type: text/parameters\r\nContent-Length: %u\r\n\r\n%s"
#define SET "SET_PARAMETER rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 9\r\n"

/* %u is the awaited number; b is a body, appended with its length. */
static const struct {
    const char *head, *body;
} messages[] = {
    {"RTSP/1.0 200 OK\r\nCSeq: %u\r\n", NULL},
    {"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nRequire: org.wfa.wfd1.0\r\n", NULL},
    {"RTSP/1.0 200 OK\r\nCSeq: %u\r\n",
     "wfd_video_formats: 40 00 01 10 0001FFFF 1FFFFFFF 00000FFF 00 0000 0000 11 none none\r\n"
     "wfd_audio_codecs: LPCM 00000003 00, AAC 00000001 00\r\n"
     "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 19000 0 mode=play\r\n"
     "wfd_uibc_capability: input_category_list=HIDC;hidc_cap_list=Mouse/USB;port=none\r\n"
     "wfd_standby_resume_capability: supported\r\n"},
    {"SETUP rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 2\r\n"
     "Transport: RTP/AVP/UDP;unicast;client_port=19000-19001\r\n",
     NULL},
    {"PLAY rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 3\r\n", NULL},
    {"PAUSE rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 4\r\n", NULL},
    {"TEARDOWN rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 5\r\n", NULL},
    {"GET_PARAMETER rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 6\r\n", NULL},
    {SET, "wfd_idr_request\r\n"},
    {SET, "wfd_standby\r\n"},
    {SET, "wfd_route: secondary\r\n"},
    {SET, "wfd_connector_type: none\r\n"},
    {SET, "wfd_uibc_setting: disable\r\n"},
    {SET, "wfd_uibc_capability: input_category_list=GENERIC;generic_cap_list=Mouse;port=none\r\n"},
    {SET, "microsoft_audio_mute: 0\r\n"},
    {SET, "microsoft_multiscreen_projection: secondary 640 360 1000000\r\n"},
    {SET, "wfd_trigger_method: TEARDOWN\r\n"},
    {"RTSP/1.0 303 See Other\r\nCSeq: %u\r\n", "wfd_video_formats: 415\r\n"},
    {"RTSP/1.0 303 See Other\r\nCSeq: %u\r\n", "wfd_audio_codecs: 415\r\n"},
    {"RTSP/1.0 400 Bad Request\r\nCSeq: %u\r\n", NULL},
    {"RTSP/1.0 200 OK\r\nCSeq: 4711\r\n", NULL},
    {"RTSP/1.0 454 Session Not Found\r\nCSeq: %u\r\n", NULL},
    {"RTSP/1.0 200 OK\r\nCSeq: %u\r\n",
     "wfd_video_formats: 40 00 01 10 0001FFFF 1FFFFFFF 00000FFF 00 0000 0000 11 none none\r\n"
     "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 19000 0 mode=play\r\n"
     "microsoft_format_change_capability: supported\r\nmicrosoft_rtcp_capability: supported\r\n"
     "microsoft_latency_management_capability: supported\r\nintel_friendly_name: Mi TV\r\n"},
    {"TEARDOWN rtsp://localhost/wfd1.0 RTSP/1.0\r\nCSeq: 5\r\n",
     "microsoft_teardown_reason: C00D36CB bad\r\n"},
};

typedef struct {
    McWfdSource *source;
    int64_t now_us;
    unsigned cseq; /* of our last request */
    unsigned closed;
} Run;

static void send_message(Run *run, unsigned index)
{
    GString *text = g_string_new(NULL);
    const char *body = messages[index].body, *number = strstr(messages[index].head, "%u");

    if (number)
        g_string_append_printf(text, "%.*s%u%s", (int) (number - messages[index].head),
                               messages[index].head, run->cseq, number + 2);
    else
        g_string_append(text, messages[index].head);
    if (body)
        g_string_append_printf(text, BODY, (unsigned) strlen(body), body);
    else
        g_string_append(text, "\r\n");
    mc_wfd_source_feed(run->source, (const uint8_t *) text->str, text->len, run->now_us);
    g_string_free(text, TRUE);
}

static void wish(Run *run, unsigned which)
{
    McWfdWish other = {.desktop_width_px = which & 1 ? 1280 : 1920,
                       .desktop_height_px = which & 1 ? 720 : 1080,
                       .audio_codecs = 6};

    switch (which % 8) {
    case 0:
    case 1:
        mc_wfd_source_renegotiate(run->source, &other, run->now_us, NULL);
        break;
    case 2:
        mc_wfd_source_pause(run->source, run->now_us, NULL);
        break;
    case 3:
        mc_wfd_source_play(run->source, run->now_us, NULL);
        break;
    case 4:
        mc_wfd_source_standby(run->source, run->now_us, NULL);
        break;
    case 5:
        mc_wfd_source_set_input(run->source, which & 8, run->now_us, NULL);
        break;
    case 6:
        mc_wfd_source_set_clock(run->source, run->now_us - 1000000);
        mc_wfd_source_proceed(run->source, run->now_us, NULL);
        break;
    default:
        if (which & 8)
            mc_wfd_source_teardown(run->source, run->now_us);
        else
            mc_wfd_source_eof(run->source, run->now_us);
    }
}

/* What every message of ours is; what every event is. */
static void collect(Run *run)
{
    GBytes *bytes;
    McWfdEvent event;

    while (mc_wfd_source_next_output(run->source, &bytes)) {
        g_autoptr(McRtspReader) reader = mc_rtsp_reader_new();
        g_auto(McRtspMessage) message = {0};
        gsize len;
        const uint8_t *data = g_bytes_get_data(bytes, &len);
        mc_rtsp_reader_feed(reader, data, len);
        g_assert_cmpint(mc_rtsp_reader_next(reader, &message, NULL), ==, MC_RTSP_MESSAGE);
        g_assert_cmpuint(mc_rtsp_reader_held(reader), ==, 0);
        if (!message.is_response) {
            uint64_t cseq;
            g_assert_true(mc_rtsp_message_cseq(&message, &cseq));
            g_assert_cmpuint(cseq, ==, run->cseq + 1);
            run->cseq = cseq;
        }
        g_bytes_unref(bytes);
    }
    while (mc_wfd_source_next_event(run->source, &event)) {
        g_assert_cmpuint(run->closed, ==, 0); /* nothing comes behind the end */
        run->closed += event.type == MC_WFD_EVENT_CLOSED;
        mc_wfd_event_clear(&event);
    }
    g_assert_true((mc_wfd_source_state(run->source) == MC_WFD_STATE_CLOSED) == (run->closed == 1));
}

static size_t step(Run *run, const uint8_t *data, size_t size)
{
    unsigned op = data[0];
    size_t used = 1;

    if (op < 0x60) {
        send_message(run, op % G_N_ELEMENTS(messages));
    } else if (op < 0xa0) {
        size_t bytes = MIN(size - 1, op - 0x60u + 1);
        mc_wfd_source_feed(run->source, data + 1, bytes, run->now_us);
        used += bytes;
    } else if (op < 0xe0) {
        int64_t deadline_us = mc_wfd_source_deadline_us(run->source);
        if (op > 0xa0)
            run->now_us += (op - 0xa0) * 250000;
        else if (deadline_us != INT64_MAX)
            run->now_us = MAX(run->now_us, deadline_us);
        mc_wfd_source_time(run->source, run->now_us);
    } else {
        wish(run, op - 0xe0);
    }
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    McWfdSourceConfig config = {.local_ip = "192.168.49.1",
                                .server_rtp_port = 35120,
                                .uibc_port = data[0] & 1 ? 50000 : 0,
                                .hold_after_caps = data[0] & 2,
                                .wish = {.audio = true, .audio_codecs = 6},
                                .random = 1};
    Run run = {.now_us = 1000000};

    run.source = mc_wfd_source_new(&config, run.now_us);
    collect(&run);
    for (size_t at = 1; at < size;) {
        at += step(&run, data + at, size - at);
        collect(&run);
    }
    /* Left alone it ends. */
    mc_wfd_source_teardown(run.source, run.now_us);
    run.now_us += 10 * G_USEC_PER_SEC;
    mc_wfd_source_time(run.source, run.now_us);
    collect(&run);
    g_assert_cmpuint(run.closed, ==, 1);
    mc_wfd_source_free(run.source);
    return 0;
}
