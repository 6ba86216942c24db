/* SPDX-License-Identifier: MIT */
#include "encoder/h264-kinds.h"

/* Key frames come when they are asked for, and there is no intra refresh between them: what it
 * mends after seconds, a key frame mends at once. Of a desktop with motion, 640x480 at 2 Mbit/s, of
 * which 2 of 100 datagrams got lost for 20 s (bench-recovery mixed 640 480 30 2000 200 2 20
 * idr|none WAVE 0 -, which ./dev bench recovery runs for more):
 *
 *                                whole pictures  longest without  dB as shown  largest picture
 *     key frames when asked for      52 %             0.8 s          27.4          152 ms
 *     refresh over 10 frames         18 %             3.1 s          24.8           75 ms
 *     refresh over 30 frames          0 %            20 s            19.4           73 ms
 *     both, over 30 frames           53 %             0.7 s          27.2          159 ms
 *
 * A refresh is whole only if nothing of it gets lost, and a frame of it hardly ever is. */
#define KEY_INTERVAL (1 << 30)

static void setup_x264(GstElement *encoder, const McStreamVideo *video)
{
    gst_util_set_object_arg(G_OBJECT(encoder), "speed-preset", "ultrafast");
    gst_util_set_object_arg(G_OBJECT(encoder), "tune", "zerolatency");
    /* One slice a picture: the tuning's sliced threads would give more.  Beyond QP 51, which is the
     * element's default limit, x264 smoothes the picture itself: without that, noise breaks the
     * buffer model (93 Mbit/s of 12 asked; 12.1 with it). */
    g_object_set(encoder, "byte-stream", TRUE, "aud", FALSE, "bframes", 0, "cabac", FALSE, "dct8x8",
                 (gboolean) video->high_profile, "threads", 1, "sliced-threads", FALSE,
                 "rc-lookahead", 0, "sync-lookahead", 0, "key-int-max", KEY_INTERVAL,
                 "option-string", "scenecut=0:slices=1:weightp=0:qpmax=69", NULL);
}

static void setup_openh264(GstElement *encoder, const McStreamVideo *video)
{
    gst_util_set_object_arg(G_OBJECT(encoder), "complexity", "low");
    gst_util_set_object_arg(G_OBJECT(encoder), "rate-control", "bitrate");
    gst_util_set_object_arg(G_OBJECT(encoder), "slice-mode", "n-slices");
    g_object_set(encoder, "num-slices", 1, "multi-thread", 1, "gop-size", 0,
                 "scene-change-detection", FALSE, NULL);
}

/* Elements of hardware have not the same properties in all versions and on all chips. */
static void set_where_known(GstElement *encoder, const char *property, const char *value)
{
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(encoder), property))
        gst_util_set_object_arg(G_OBJECT(encoder), property, value);
}

static void setup_vaapi(GstElement *encoder, const McStreamVideo *video)
{
    static const char *const values[][2] = {
        {"rate-control", "cbr"}, {"target-usage", "7"},   {"b-frames", "0"}, {"ref-frames", "1"},
        {"num-slices", "1"},     {"key-int-max", "1024"}, {"aud", "false"},  {"cabac", "false"},
        {"trellis", "false"},    {"cc-insert", "false"},  {"i-frames", "0"}};
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
        set_where_known(encoder, values[i][0], values[i][1]);
    set_where_known(encoder, "dct8x8", video->high_profile ? "true" : "false");
}

static void set_x264_rate(GstElement *encoder, uint32_t kbps, uint32_t vbv_ms)
{
    g_object_set(encoder, "bitrate", (guint) kbps, "vbv-buf-capacity", (guint) vbv_ms, NULL);
}

/* It has no buffer model that could be set. */
static void set_openh264_rate(GstElement *encoder, uint32_t kbps, uint32_t vbv_ms)
{
    g_object_set(encoder, "bitrate", (guint) kbps * 1000, NULL);
}

static void set_vaapi_rate(GstElement *encoder, uint32_t kbps, uint32_t vbv_ms)
{
    g_autofree char *cpb_kbit = g_strdup_printf("%u", MAX(kbps * vbv_ms / 1000, 1));

    g_object_set(encoder, "bitrate", (guint) kbps, NULL);
    set_where_known(encoder, "cpb-size", cpb_kbit);
}

/* Controls of a V4L2 device are set as they are told, also while it runs. */
static void set_v4l2_rate(GstElement *encoder, uint32_t kbps, uint32_t vbv_ms)
{
    g_autoptr(GstStructure) controls = gst_structure_new(
        "controls", "video_bitrate", G_TYPE_INT, (int) kbps * 1000, "video_bitrate_mode",
        G_TYPE_INT, 1, "repeat_sequence_header", G_TYPE_INT, 1, "video_gop_size", G_TYPE_INT,
        100000, "h264_i_frame_period", G_TYPE_INT, 100000, "video_b_frames", G_TYPE_INT, 0, NULL);

    g_object_set(encoder, "extra-controls", controls, NULL);
}

static void setup_v4l2(GstElement *encoder, const McStreamVideo *video)
{
    set_v4l2_rate(encoder, video->bitrate_kbps, 0); /* before it opens */
}

/* Software first: it is the same everywhere. Hardware where it is wished for, or the rest fails. */
const McH264Kind mc_h264_kinds[] = {
    {"x264", "x264enc", "gstreamer1.0-plugins-ugly", false, setup_x264, set_x264_rate},
    {"openh264", "openh264enc", "gstreamer1.0-plugins-bad", false, setup_openh264,
     set_openh264_rate},
    {"vaapi", "vah264enc", "gstreamer1.0-plugins-bad", true, setup_vaapi, set_vaapi_rate},
    {"vaapi", "vah264lpenc", "gstreamer1.0-plugins-bad", true, setup_vaapi, set_vaapi_rate},
    {"v4l2", "v4l2h264enc", "gstreamer1.0-plugins-good", true, setup_v4l2, set_v4l2_rate},
};
const size_t mc_h264_n_kinds = G_N_ELEMENTS(mc_h264_kinds);
