/* SPDX-License-Identifier: MIT */
/* C-67..C-73: modes, and what happens when the sink or the link does not bear them. */
#include "tests/conformance/conformance.h"

/* VGA, 480p, 576p, 720p30 and 720p60 of CEA: 1080p is not among them. */
#define UP_TO_720P                                                                                 \
    "wfd_video_formats: 00 00 01 10 0000006F 00000000 00000000 00 0000 0000 00 none none\r\n"
#define PLAIN SINK_SOUND_NONE SINK_HDMI

static McTargetMode modes_seen[MC_TARGET_MODES_MAX];
static gint n_modes_seen; /* atomic; set when they are there */

/* What the driver tells the display path; the bed's listener keeps no bodies. */
static NTSTATUS keep_modes(FakeKmd *kmd, ULONG in_size, VOID *in, ULONG out_size, VOID *out,
                           ULONG *ret_bytes)
{
    const McIoctlTargetModes *head = in;
    McDisplayInfo info = {.size = sizeof(info),
                          .width_px = 1920,
                          .height_px = 1080,
                          .refresh_mhz = 60000,
                          .capture = "fake"};

    if (head->header.type == MC_IOCTL_TARGET_MODES) {
        memcpy(modes_seen, head + 1, head->count * sizeof(McTargetMode));
        g_atomic_int_set(&n_modes_seen, (gint) head->count);
    } else if (head->header.type == MC_IOCTL_QUERY_DISPLAY && out_size >= sizeof(info)) {
        memcpy(out, &info, sizeof(info));
        *ret_bytes = sizeof(info);
    }
    return STATUS_SUCCESS;
}

/* The real driver on a fake display path. */
static void c67(void)
{
    g_autoptr(GError) error = NULL;
    MIRACAST_WFD_CONNECTION_STATS stats = {0};
    MIRACAST_SESSION_INFO info;
    SinkConfig config = {.caps = UP_TO_720P PLAIN};
    NTSTATUS status;
    int fd;
    Fixture f;

    fixture_init(&f);
    f.config.umd_path = g_getenv("MIRACAST_UMD");
    f.kmd.on_io_control = keep_modes;
    n_modes_seen = 0;
    f.runtime = mc_runtime_new(&f.config, &error);
    g_assert_no_error(error);
    g_autoptr(Sink) sink = sink_new(&config, &fd);
    g_assert_true(mc_runtime_start(f.runtime, fd, &stats, &info, &status, &error));
    BED_EVENTUALLY(sink_count(sink, "wfd_trigger_method: SETUP"));
    BED_EVENTUALLY(g_atomic_int_get(&n_modes_seen));
    for (gint i = 0; i < n_modes_seen; i++) {
        g_assert_cmpuint(modes_seen[i].width_px, <=, 1280);
        g_assert_cmpuint(modes_seen[i].height_px, <=, 720);
        g_assert_cmpuint(modes_seen[i].refresh_mhz, >=, 23900);
    }
    mc_runtime_free(f.runtime);
    f.runtime = NULL;
    fixture_close(&f);
}

/* 1024x768 is what a link must carry for there to be a session. */
static void c68(void)
{
    Bed bed = {.stats.CurrentBitRate = 1999000};

    bed_open(&bed);
    g_assert_false(bed_start(&bed, NULL));
    g_assert_cmphex((guint32) bed.status, ==, (guint32) STATUS_DEVICE_INSUFFICIENT_RESOURCES);
    bed.stats.CurrentBitRate = 2000000;
    bed_must_start(&bed, NULL);
    bed_close(&bed);
}

static NTSTATUS commit(Bed *bed, UINT refresh_mhz, bool stereo)
{
    MC_COMMITVIDPN path = {.TargetId = MC_DISPLAY_TARGET_ID,
                           .Width = 640,
                           .Height = 480,
                           .RefreshMilliHertz = refresh_mhz,
                           .Stereo = stereo};

    return mc_runtime_commit_vidpn(bed->runtime, &path);
}

static void c69(void)
{
    struct {
        McIoctlTargetModes head;
        McTargetMode mode;
    } request = {.head.count = 1, .mode = {640, 480, 23899}};
    Bed bed = {0};

    bed_open(&bed);
    g_assert_cmphex((guint32) commit(&bed, 23899, false), ==,
                    (guint32) STATUS_GRAPHICS_INVALID_VIDPN_TOPOLOGY);
    g_assert_cmphex(
        (guint32) bed_io_control(MC_IOCTL_TARGET_MODES, &request, sizeof(request), NULL, 0, NULL),
        ==, (guint32) STATUS_INVALID_PARAMETER);
    g_assert_cmpint(commit(&bed, 23900, false), ==, STATUS_SUCCESS);
    bed_close(&bed);
}

static void c70(void)
{
    D3DKMDT_VIDEO_SIGNAL_INFO info;
    Bed bed = {0};

    g_assert_cmpuint(mc_display_vsync_divider(240000, 30000), ==, 8);
    g_assert_cmpuint(mc_display_vsync_divider(60000, 60000), ==, 1);
    g_assert_cmpuint(mc_display_vsync_divider(59940, 29970), ==, 2);
    g_assert_cmpuint(mc_display_vsync_divider(30000, 60000), ==, 1);
    bed_open(&bed);
    bed_play(&bed, NULL);
    mc_display_path_signal_info(bed.display, &info);
    g_assert_cmpuint(info.AdditionalSignalInfo.VSyncFreqDivider, >=, 1);
    g_assert_cmpuint(info.AdditionalSignalInfo.Reserved, ==, 0);
    g_assert_cmpuint(info.VSyncFreq.Numerator / info.VSyncFreq.Denominator, ==, 60);
    g_assert_cmpuint(info.ActiveSize.cx, ==, 640);
    bed_close(&bed);
}

static void c71(void)
{
    MC_COMMITVIDPN stereo = {.TargetId = MC_DISPLAY_TARGET_ID, .Stereo = 1};
    Bed bed = {0};

    bed_open(&bed);
    g_assert_false(NT_SUCCESS(commit(&bed, 60000, true)));
    /* Neither would the display path itself. */
    g_assert_false(NT_SUCCESS(bed_adapter()->DxgkDdiCommitVidPn(bed_adapter()->Context, &stereo)));
    bed_close(&bed);
}

static void c72(void)
{
    SinkConfig stubborn = {.refuse_modes = 1000};
    Bed bed = {0};

    bed_open(&bed);
    bed_must_start(&bed, &stubborn);
    BED_EVENTUALLY(bed_count(BED_ENDED) == 1);
    g_assert_cmpuint(bed_count_type(BED_STATUS, MIRACAST_STATUS_SINK_FAILED_STANDARD_MODE_CHANGE),
                     ==, 1);
    bed_close(&bed);
}

static void notify(UINT64 bps)
{
    MIRACAST_DATARATE_STATS stats = {.EncoderBitRate = bps};
    PVOID context;

    bed_notify (&context)(context, &stats);
}

static void c73(void)
{
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    for (unsigned i = 0; i < 2; i++)
        notify(100000);
    notify(5000000); /* a hiccup: it comes back */
    notify(100000);
    notify(100000);
    g_assert_cmpuint(bed_count(BED_STATUS), ==, 0);
    notify(100000);
    BED_EVENTUALLY(bed_count(BED_ENDED) == 1);
    g_assert_cmpuint(bed_count_type(BED_STATUS, MIRACAST_STATUS_INSUFFICIENT_BANDWIDTH), ==, 1);
    bed_close(&bed);
}

static const Statement statements[] = {
    {"C-67-modes-all-can-do", c67},    {"C-68-lowest-mode", c68}, {"C-69-refresh-below-23-9", c69},
    {"C-70-vsync-divider", c70},       {"C-71-no-stereo", c71},   {"C-72-sink-fails-the-mode", c72},
    {"C-73-link-fails-the-mode", c73},
};

CONFORMANCE_MAIN(statements)
