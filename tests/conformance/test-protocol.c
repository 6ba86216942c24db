/* SPDX-License-Identifier: MIT */
/* C-105..C-113: what the sink's extensions ask for, and the rest of the system's part. */
#include "kmd-shim/abi/message.h"
#include "kmd-shim/edid.h"
#include "rtsp/source.h"
#include "tests/conformance/conformance.h"
#include "tests/unit/kmd-shim/fake-runtime.h"

/* VGA and 1280x720 at 30 (CEA bits 0 and 5), 800x600 at 30 (VESA bit 0). */
#define TWO_SIZES                                                                                  \
    "wfd_video_formats: 00 00 01 10 00000021 00000001 00000000 00 0000 0000 00 none none\r\n"
#define PLAIN SINK_SOUND_NONE SINK_HDMI
#define IN_STREAM "microsoft_format_change_capability: supported\r\n"

static void resize_desktop(Bed *bed)
{
    MC_COMMITVIDPN path = {
        .TargetId = MC_DISPLAY_TARGET_ID, .Width = 1280, .Height = 720, .RefreshMilliHertz = 30000};

    g_assert_cmpint(mc_runtime_commit_vidpn(bed->runtime, &path), ==, STATUS_SUCCESS);
}

static unsigned width_now(void)
{
    McMsgQueryStatus query = {
        {MC_MSG_MAGIC, MC_MSG_VERSION, MC_MSG_QUERY_STATUS, sizeof(query), 1}};
    McStatusSnapshot snapshot = {0};
    UINT bytes;

    bed_umd()->HandleKernelModeMessage(bed_umd_context(), sizeof(query), &query, sizeof(snapshot),
                                       &snapshot, &bytes);
    return snapshot.width_px;
}

static void c105(void)
{
    SinkConfig able = {.caps = TWO_SIZES PLAIN IN_STREAM};
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, &able);
    g_assert_cmpuint(width_now(), ==, 640);
    unsigned key_frames = sink_key_frames(bed.sink),
             choices = sink_count(bed.sink, "wfd_video_formats: ");
    resize_desktop(&bed);
    BED_EVENTUALLY(width_now() == 1280);                                        /* one of M3's */
    g_assert_true(sink_await_key_frames(bed.sink, key_frames + 1));             /* with its SPS */
    g_assert_cmpuint(sink_count(bed.sink, "wfd_video_formats: "), ==, choices); /* no M4 */
    bed_close(&bed);
}

static void c106(void)
{
    SinkConfig plain = {.caps = TWO_SIZES PLAIN};
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, &plain);
    unsigned choices = sink_count(bed.sink, "wfd_video_formats: ");
    resize_desktop(&bed);
    g_assert_true(sink_await(bed.sink, "wfd_video_formats: ", choices + 1));
    BED_EVENTUALLY(width_now() == 1280);
    bed_close(&bed);
}

/* ---- a sink without sockets, in time of the test's own ---- */

typedef struct {
    McWfdSource *source;
    char *caps, *session;
    unsigned cseq;
} PaperSink;

static char *ask(PaperSink *self, const char *method, const char *extra)
{
    return g_strdup_printf("%s %s RTSP/1.0\r\nCSeq: %u\r\n%s\r\n", method,
                           g_str_equal(method, "OPTIONS") ? "*" : "rtsp://localhost/wfd1.0",
                           ++self->cseq, extra);
}

/* What follows the answer to a request of the source's. */
static char *next_of(PaperSink *self, const char *text)
{
    if (g_str_has_prefix(text, "OPTIONS"))
        return ask(self, "OPTIONS", "Require: org.wfa.wfd1.0\r\n");
    if (strstr(text, "wfd_trigger_method: SETUP"))
        return ask(self, "SETUP", "Transport: RTP/AVP/UDP;unicast;client_port=5002\r\n");
    return g_strdup("");
}

static char *reply_to(PaperSink *self, const char *text)
{
    const char *id = strstr(text, "CSeq: "), *named = strstr(text, "Session: ");
    bool is_m3 = g_str_has_prefix(text, "GET_PARAMETER") && strstr(text, "wfd_");
    const char *body = is_m3 ? self->caps : "";

    if (g_str_has_prefix(text, "RTSP/1.0")) {
        if (!named || self->session)
            return NULL;
        self->session = g_strndup(named, strcspn(named, ";\r\n"));
        g_autofree char *line = g_strconcat(self->session, "\r\n", NULL);
        return ask(self, "PLAY", line);
    }
    g_autofree char *next = next_of(self, text);
    return g_strdup_printf("RTSP/1.0 200 OK\r\nCSeq: %d\r\nPublic: org.wfa.wfd1.0, GET_PARAMETER, "
                           "SET_PARAMETER\r\nContent-Type: text/parameters\r\n"
                           "Content-Length: %zu\r\n\r\n%s%s",
                           id ? atoi(id + 6) : 0, strlen(body), body, next);
}

static void answer_all(PaperSink *self, int64_t now_us)
{
    GBytes *bytes;

    while (mc_wfd_source_next_output(self->source, &bytes)) {
        gsize size;
        const char *data = g_bytes_get_data(bytes, &size);
        g_autofree char *text = g_strndup(data, size);
        g_autofree char *reply = reply_to(self, text);
        g_bytes_unref(bytes);
        if (reply)
            mc_wfd_source_feed(self->source, (const uint8_t *) reply, strlen(reply), now_us);
    }
}

static unsigned key_frames_a_minute(const char *extra)
{
    McWfdSourceConfig config = {.local_ip = "127.0.0.1",
                                .server_rtp_port = 5000,
                                .wish = {.desktop_width_px = 640, .desktop_height_px = 480}};
    g_autoptr(McWfdSource) source = mc_wfd_source_new(&config, G_USEC_PER_SEC);
    g_autofree char *caps =
        g_strconcat(SINK_VGA PLAIN "wfd_client_rtp_ports: RTP/AVP/UDP;unicast 5002 0 mode=play\r\n",
                    extra, NULL);
    PaperSink sink = {.source = source, .caps = caps};
    unsigned wanted = 0;

    for (int64_t tenths = 10; tenths < 900; tenths++) {
        McWfdEvent event;
        answer_all(&sink, tenths * G_USEC_PER_SEC / 10);
        while (mc_wfd_source_next_event(source, &event)) {
            wanted += event.type == MC_WFD_EVENT_FORCE_IDR && tenths > 200 && tenths <= 800;
            mc_wfd_event_clear(&event);
        }
        mc_wfd_source_time(source, tenths * G_USEC_PER_SEC / 10);
    }
    g_assert_cmpint(mc_wfd_source_state(source), ==, MC_WFD_STATE_PLAYING);
    g_free(sink.session);
    return wanted;
}

static void c107(void)
{
    unsigned asks = key_frames_a_minute("wfd_idr_request_capability: 1\r\n"),
             asks_not = key_frames_a_minute("wfd_idr_request_capability: 0\r\n");

    g_test_message("%u key frames a minute where the sink asks, else %u", asks, asks_not);
    g_assert_cmpuint(asks_not, >, 2 * asks);
    g_assert_cmpuint(asks_not, >=, 20);
}

static void c108(void)
{
    SinkConfig able = {.caps =
                           SINK_VGA PLAIN "microsoft_latency_management_capability: supported\r\n"};
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, &able);
    g_assert_true(sink_await(bed.sink, "microsoft_latency_management_capability: low", 1));
    bed_stop(&bed);
    bed_play(&bed, NULL); /* and not to one that did not announce it */
    g_assert_cmpuint(sink_count(bed.sink, "microsoft_latency_management_capability: "), ==, 0);
    bed_close(&bed);
}

/* ---- the system's part ---- */

static void c109(void)
{
    McRuntimeTarget target;
    BedCall started, asked;
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    g_assert_true(bed_find(BED_STARTED, 0, &started) && bed_find(BED_CHILD_QUERY, 0, &asked));
    g_assert_cmpint(asked.time_us, >=, started.time_us);
    g_assert_cmpuint(asked.type, ==, StatusMiracastConnection);
    g_assert_true(mc_runtime_target(bed.runtime, &target));
    g_assert_true(target.active);
    bed_close(&bed);
}

static gint resets; /* atomic */

static NTSTATUS on_reset(PVOID context)
{
    FakeKmd *kmd = context;

    fake_kmd_enter(kmd);
    g_usleep(2 * G_TIME_SPAN_MILLISECOND); /* long enough to be met */
    g_atomic_int_inc(&resets);
    fake_kmd_leave(kmd);
    return STATUS_SUCCESS;
}

static NTSTATUS query_fake(PVOID context, PQUERY_INTERFACE query)
{
    *(DXGK_MIRACAST_DISPLAY_INTERFACE *) query->Interface = fake_kmd_interface(context);
    return STATUS_SUCCESS;
}

static NTSTATUS one_child(PVOID context, PDXGK_CHILD_DESCRIPTOR children, ULONG bytes)
{
    children[0].ChildDeviceType = TypeVideoOutput;
    children[0].ChildCapabilities.VideoOutput.InterfaceTechnology = D3DKMDT_VOT_MIRACAST;
    children[0].ChildCapabilities.HpdAwareness = HpdAwarenessInterruptible;
    return STATUS_SUCCESS;
}

static gpointer run_requests(gpointer user_data)
{
    Fixture *f = user_data;

    while (!g_atomic_int_get(&f->gate))
        f->umd->os.MiracastIoControl(f->umd->device, 0, 0, NULL, 0, NULL, NULL);
    return NULL;
}

/* The fake miniport counts whom a reset meets; the real one's takes less than two seconds. */
static void c110(void)
{
    MC_DISPLAY_ADAPTER adapter = {.DxgkDdiQueryInterface = query_fake,
                                  .DxgkDdiQueryChildRelations = one_child,
                                  .DxgkDdiResetFromTimeout = on_reset,
                                  .DxgkDdiRestartFromTimeout = on_reset};
    GThread *threads[4];
    Bed bed = {0};
    Fixture f;

    fixture_init(&f);
    adapter.Context = &f.kmd;
    f.config.kmd = NULL;
    f.config.adapter = &adapter;
    fixture_open(&f);
    fixture_must_start(&f);
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("requests", run_requests, &f);
    for (unsigned i = 0; i < 20; i++)
        g_assert_true(mc_runtime_reset_display(f.runtime));
    fixture_open_gate(&f);
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpint(resets, ==, 40);
    fixture_close(&f); /* no breach */
    bed_open(&bed);
    bed_play(&bed, NULL);
    int64_t took_us = INT64_MAX;
    for (unsigned i = 0; i < 10 && took_us >= 2 * G_USEC_PER_SEC;
         i++) { /* the machine's share aside */
        int64_t begin_us = g_get_monotonic_time();
        g_assert_true(mc_runtime_reset_display(bed.runtime));
        took_us = g_get_monotonic_time() - begin_us;
    }
    g_assert_cmpint(took_us, <, 2 * G_USEC_PER_SEC);
    bed_close(&bed);
}

/* A queue of one that nobody reads: notice after notice is refused, each with its DPC. */
static void c111(void)
{
    g_autoptr(GError) error = NULL;
    FakeRuntime fake;

    g_assert_true(fake_open(&fake, "test", 1, &error));
    g_assert_cmpint(fake_create(&fake), ==, STATUS_SUCCESS);
    fake_modes(&fake, 200000);
    BED_EVENTUALLY(g_atomic_int_get((gint *) &fake.dpcs) >= 4);
    fake_destroy(&fake);
    g_assert_cmpuint(fake.dropped, >, 0); /* some did not fit */
    g_assert_cmpuint(fake.dpcs, >=, 4);
    fake_close(&fake);
}

static void c112(void)
{
    McRuntimeTarget target;
    Bed bed = {0};

    bed_open(&bed);
    g_assert_true(mc_runtime_target(bed.runtime, &target));
    g_assert_false(target.active);
    bed_play(&bed, NULL);
    g_assert_true(mc_runtime_target(bed.runtime, &target));
    g_assert_true(target.active);
    g_assert_cmpint(target.base, ==, D3DKMDT_VOT_MIRACAST);
    g_assert_cmpint(target.path, ==, D3DKMDT_VOT_HDMI);
    sink_set(bed.sink, "wfd_connector_type: none\r\n");
    BED_EVENTUALLY(bed_count(BED_CHILD_STATUS) == 2);
    g_assert_true(mc_runtime_target(bed.runtime, &target));
    g_assert_false(target.active);
    bed_close(&bed);
}

static void c113(void)
{
    uint8_t edid[MC_EDID_BLOCK_BYTES], got[MC_EDID_BLOCK_BYTES];
    GString *caps = g_string_new(SINK_VGA PLAIN "wfd_display_edid: 0001 ");
    Bed bed = {0};

    mc_edid_make(edid, "Sink of C-113", 1920, 1080, 60000);
    for (unsigned i = 0; i < sizeof(edid); i++)
        g_string_append_printf(caps, "%02X", edid[i]);
    g_string_append(caps, "\r\n");
    SinkConfig sink = {.caps = caps->str};
    bed_open(&bed);
    bed_play(&bed, &sink);
    g_assert_cmpuint(mc_display_path_edid(bed.display, got, sizeof(got)), ==, sizeof(got));
    g_assert_cmpmem(got, sizeof(got), edid, sizeof(edid)); /* as it came */
    g_assert_cmpuint(bed_count_type(BED_KMD_IO_CONTROL, MC_IOCTL_MONITOR_ARRIVE), ==, 1);
    g_assert_cmpuint(bed_count_type(BED_KMD_IO_CONTROL, MC_IOCTL_TARGET_MODES), >=, 1);
    bed_close(&bed);
    g_string_free(caps, TRUE);
}

static const Statement statements[] = {
    {"C-105-key-frame-after-change", c105},    {"C-106-change-through-m4", c106},
    {"C-107-more-key-frames", c107},           {"C-108-latency-mode", c108},
    {"C-109-status-after-start", c109},        {"C-110-reset-is-alone", c110},
    {"C-111-dpc-after-no-memory", c111},       {"C-112-topology", c112},
    {"C-113-description-by-io-control", c113},
};

CONFORMANCE_MAIN(statements)
