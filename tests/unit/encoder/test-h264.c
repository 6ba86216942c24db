/* SPDX-License-Identifier: MIT */
#include "encoder/h264.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <string.h>
#include <unistd.h>

#include "encoder/h264-opening.h"
#include "encoder/sps.h"

/* A picture that moves: noise over a slope, so that frames are neither empty nor endless. */
static McPicture *moving(uint32_t width, uint32_t height, unsigned t)
{
    McPicture *p = mc_picture_new(width, height);
    uint32_t seed = t * 2654435761u + 1;

    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            seed = seed * 1664525u + 1013904223u;
            p->plane[0][y * p->stride[0] + x] =
                (uint8_t) (40 + (x + y + 8 * t) % 160 + (seed >> 28));
        }
    return p;
}

typedef struct {
    unsigned aud, sps, pps, idr, slice, other, slices;
    bool aud_first;
    McSps parsed;
} Unit;

static Unit look(const GByteArray *au)
{
    static const uint8_t aud[] = {0, 0, 0, 1, 9, 0xf0};
    Unit unit = {.aud_first = au->len > sizeof(aud) && !memcmp(au->data, aud, sizeof(aud))};
    const uint8_t *nal;
    size_t pos = 0, len;

    while (mc_nal_next(au->data, au->len, &pos, &nal, &len)) {
        switch (mc_nal_type(nal)) {
        case MC_NAL_AUD:
            unit.aud++;
            break;
        case MC_NAL_SPS:
            unit.sps++;
            g_assert_true(mc_sps_parse(nal, len, &unit.parsed));
            break;
        case MC_NAL_PPS:
            unit.pps++;
            break;
        case MC_NAL_IDR:
            unit.idr++;
            break;
        case MC_NAL_SLICE:
            unit.slice++;
            break;
        default:
            unit.other++;
        }
    }
    unit.slices = unit.idr + unit.slice;
    return unit;
}

static void assert_unit(const Unit *unit, bool idr)
{
    g_assert_true(unit->aud_first);
    g_assert_cmpuint(unit->aud, ==, 1);
    g_assert_cmpuint(unit->slices, ==, 1);
    g_assert_cmpuint(unit->other, ==, 0);
    g_assert_cmpuint(unit->idr, ==, idr);
    g_assert_cmpuint(unit->sps, ==, idr);
    g_assert_cmpuint(unit->pps, ==, idr);
}

static void assert_sps(const McSps *sps, const McStreamVideo *video)
{
    g_assert_cmpuint(sps->profile_idc, ==, video->high_profile ? 100 : 66);
    g_assert_cmpuint(sps->constraints, ==, video->high_profile ? 0x0c : 0xc0);
    g_assert_cmpuint(sps->level_idc, ==, video->level_idc);
    g_assert_cmpuint(sps->width_px, ==, video->width_px);
    g_assert_cmpuint(sps->height_px, ==, video->height_px);
    g_assert_true(sps->progressive && sps->has_vui && !sps->full_range);
    g_assert_cmpuint(sps->primaries, ==, 1);
    g_assert_cmpuint(sps->transfer, ==, 1);
    g_assert_cmpuint(sps->matrix, ==, 1);
    g_assert_cmpint(sps->reorder_frames, ==, 0);
    g_assert_cmpint(sps->dec_frame_buffering, ==, (int) MAX(sps->ref_frames, 1));
}

/* entropy_coding_mode_flag of the PPS: ids are 0 in one bit each. */
static bool is_cabac(const GByteArray *au)
{
    const uint8_t *nal;
    size_t pos = 0, len;

    while (mc_nal_next(au->data, au->len, &pos, &nal, &len))
        if (mc_nal_type(nal) == MC_NAL_PPS && nal[1] >> 6 == 3)
            return nal[1] & 0x20;
    return false;
}

/* ---- judge: another decoder ---- */

static unsigned decode(GPtrArray *units, McPicture *const *wanted, double *ret_worst_error)
{
    g_autoptr(GstElement) pipe = gst_parse_launch(
        "appsrc name=src format=time caps=video/x-h264,stream-format=byte-stream,alignment=au ! "
        "avdec_h264 ! video/x-raw,format=I420 ! appsink name=sink sync=false",
        NULL);
    g_autoptr(GstElement) src = gst_bin_get_by_name(GST_BIN(pipe), "src");
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(pipe), "sink");
    unsigned n = 0;

    *ret_worst_error = 0;
    gst_element_set_state(pipe, GST_STATE_PLAYING);
    for (guint i = 0; i < units->len; i++) {
        GByteArray *au = g_ptr_array_index(units, i);
        GstBuffer *buffer = gst_buffer_new_memdup(au->data, au->len);
        GST_BUFFER_PTS(buffer) = i * 33 * GST_MSECOND;
        gst_app_src_push_buffer(GST_APP_SRC(src), buffer);
    }
    gst_app_src_end_of_stream(GST_APP_SRC(src));
    for (;; n++) {
        g_autoptr(GstSample) sample =
            gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 5 * GST_SECOND);
        GstMapInfo map;
        if (!sample || n >= units->len)
            break;
        gst_buffer_map(gst_sample_get_buffer(sample), &map, GST_MAP_READ);
        double sum = 0;
        size_t luma = (size_t) wanted[n]->width_px * wanted[n]->height_px;
        for (size_t k = 0; k < luma; k++)
            sum += ABS(map.data[k] - wanted[n]->plane[0][k]);
        *ret_worst_error = MAX(*ret_worst_error, sum / (double) luma);
        gst_buffer_unmap(gst_sample_get_buffer(sample), &map);
    }
    gst_element_set_state(pipe, GST_STATE_NULL);
    return n;
}

/* ---- tests ---- */

static void check_stream(McH264 *h264, const McStreamVideo *video)
{
    enum { FRAMES = 8 };
    g_autoptr(GPtrArray) units =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_byte_array_unref);
    McPicture *pictures[FRAMES];
    double error_mean;

    for (unsigned i = 0; i < FRAMES; i++) {
        GByteArray *au = g_byte_array_new();
        bool want = i == 0 || i == 5, idr;
        g_autoptr(GError) error = NULL;
        pictures[i] = moving(video->width_px, video->height_px, i);
        bool ok = mc_h264_encode(h264, pictures[i], want, au, &idr, &error);
        g_assert_no_error(error);
        g_assert_true(ok);
        g_assert_cmpint(idr, ==, want); /* in the very picture, and in no other */
        Unit unit = look(au);
        assert_unit(&unit, want);
        if (want)
            assert_sps(&unit.parsed, video);
        g_assert_false(is_cabac(au));
        g_ptr_array_add(units, au);
    }
    unsigned decoded = decode(units, pictures, &error_mean);
    g_test_message("%s: %u decoded, mean error %.2f", mc_h264_encoder(h264), decoded, error_mean);
    g_assert_cmpuint(decoded, ==, FRAMES);
    g_assert_cmpfloat(error_mean, <, 12);
    for (unsigned i = 0; i < FRAMES; i++)
        mc_picture_unref(pictures[i]);
}

static const McStreamVideo modes[] = {
    {640, 480, 60, false, 31, 6000},   {1280, 720, 30, false, 31, 8000},
    {1280, 720, 60, true, 32, 8000},   {1920, 1080, 30, false, 40, 12000},
    {1920, 1080, 60, true, 42, 20000}, {1366, 768, 30, false, 32, 8000}};

static void test_encoder(gconstpointer data)
{
    const char *wish = data;

    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(McH264) h264 = mc_h264_new(&modes[i], wish, 0, &error);
        uint8_t profile_idc, constraints, level_idc;
        g_assert_no_error(error);
        g_assert_nonnull(h264);
        if (!strstr(mc_h264_encoder(h264), wish)) {
            g_test_skip("not installed");
            return;
        }
        mc_h264_profile(h264, &profile_idc, &constraints, &level_idc);
        g_assert_cmpuint(profile_idc, ==, modes[i].high_profile ? 100 : 66);
        g_assert_cmpuint(level_idc, ==, modes[i].level_idc);
        check_stream(h264, &modes[i]);
    }
}

/* What another program's decoder has to say; empty: nothing. */
static char *complaints(GPtrArray *units)
{
    g_autofree char *path = NULL;
    char *said = NULL;
    int fd = g_file_open_tmp("miracast-XXXXXX.h264", &path, NULL);
    GByteArray *all = g_byte_array_new();

    for (guint i = 0; i < units->len; i++) {
        GByteArray *au = g_ptr_array_index(units, i);
        g_byte_array_append(all, au->data, au->len);
    }
    g_assert_cmpint(write(fd, all->data, all->len), ==, (ssize_t) all->len);
    char *argv[] = {"ffmpeg", "-nostdin", "-v", "warning", "-i", path, "-f", "null", "-", NULL};
    g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &said, NULL, NULL);
    close(fd);
    g_unlink(path);
    g_byte_array_unref(all);
    return said ? said : g_strdup("");
}

/* Repetitions that the encoder knows nothing of stand between its pictures: each shows the picture
 * before, and those that follow are decoded as if there were none. */
static void check_repetitions(McH264 *h264, const McStreamVideo *video)
{
    enum { FRAMES = 300 };
    g_autoptr(GPtrArray) units =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_byte_array_unref);
    McPicture *pictures[FRAMES];
    double error_mean;

    for (unsigned i = 0; i < FRAMES; i++) {
        GByteArray *au = g_byte_array_new();
        bool idr = false;
        if (i % 9 < 3 || i % 151 == 0) {
            pictures[i] = moving(video->width_px, video->height_px, i);
            g_assert_true(mc_h264_encode(h264, pictures[i], i % 151 == 0, au, &idr, NULL));
        } else {
            pictures[i] = mc_picture_ref(pictures[i - 1]);
            g_assert_true(mc_h264_repeat(h264, au));
            g_assert_cmpuint(au->len, <, 32);
        }
        g_ptr_array_add(units, au);
    }
    g_assert_cmpuint(decode(units, pictures, &error_mean), ==, FRAMES);
    g_assert_cmpfloat(error_mean, <, 12);
    g_autofree char *said = complaints(units);
    g_assert_cmpstr(said, ==, "");
    for (unsigned i = 0; i < FRAMES; i++)
        mc_picture_unref(pictures[i]);
}

static void test_repeat(void)
{
    McStreamVideo video[] = {{640, 480, 30, false, 31, 20000}, {648, 368, 30, true, 31, 20000}};

    for (size_t i = 0; i < G_N_ELEMENTS(video); i++) {
        g_autoptr(McH264) h264 = mc_h264_new(&video[i], "x264", 0, NULL);
        if (!h264 || strcmp(mc_h264_encoder(h264), "x264enc")) {
            g_test_skip("x264 is not installed");
            return;
        }
        check_repetitions(h264, &video[i]);
    }
}

static size_t bytes_of(McH264 *h264, unsigned frames, unsigned *t)
{
    g_autoptr(GByteArray) au = g_byte_array_new();
    size_t bytes = 0;
    bool idr;

    for (unsigned i = 0; i < frames; i++) {
        g_autoptr(McPicture) picture = moving(640, 480, (*t)++);
        g_assert_true(mc_h264_encode(h264, picture, *t == 1, au, &idr, NULL));
        bytes += au->len;
    }
    return bytes;
}

/* The rate is kept, and changes while it runs without a new stream. */
static void test_bitrate(void)
{
    const McStreamVideo video = {640, 480, 30, false, 31, 6000};
    g_autoptr(McH264) h264 = mc_h264_new(&video, "", 0, NULL);
    unsigned t = 0;

    bytes_of(h264, 30, &t);
    size_t high = bytes_of(h264, 30, &t);
    mc_h264_set_pace(h264, &(McStreamPace){.kbps = 1500});
    bytes_of(h264, 30, &t);
    size_t low = bytes_of(h264, 30, &t);
    g_test_message("kbit/s: %zu at 6000, %zu at 1500", high * 8 / 1000, low * 8 / 1000);
    g_assert_cmpuint(high * 8 / 1000, <, 6000 * 13 / 10);
    g_assert_cmpuint(low * 8 / 1000, <, 1500 * 14 / 10);
    g_assert_cmpuint(low, <, high / 2);
}

/* Of half the pictures each has twice as much: the rate stays used. */
static void test_fewer_pictures(void)
{
    const McStreamVideo video = {640, 480, 30, false, 31, 1500};
    g_autoptr(McH264) h264 = mc_h264_new(&video, "", 0, NULL);
    unsigned t = 0;

    bytes_of(h264, 30, &t);
    const size_t all = bytes_of(h264, 60, &t);
    mc_h264_set_pace(h264, &(McStreamPace){.kbps = 1500, .fps = 15});
    bytes_of(h264, 15, &t);
    const size_t half = bytes_of(h264, 30, &t);
    g_test_message("bytes in two seconds: %zu of 30 pictures a second, %zu of 15", all, half);
    g_assert_cmpuint(half, >, all * 7 / 10);
    g_assert_cmpuint(half, <, all * 13 / 10);
}

/* With no room on the link no picture is much larger than two intervals of the rate, on the fly. */
static void test_tight(void)
{
    const McStreamVideo video = {640, 480, 30, false, 31, 3000};
    g_autoptr(McH264) h264 = mc_h264_new(&video, "x264", 0, NULL);
    g_autoptr(GByteArray) au = g_byte_array_new();
    size_t largest[2] = {0};
    bool idr;

    if (!g_str_equal(mc_h264_encoder(h264), "x264enc")) {
        g_test_skip("x264enc is not installed");
        return;
    }
    for (unsigned tight = 0; tight < 2; tight++) {
        mc_h264_set_pace(h264, &(McStreamPace){.kbps = 3000, .tight = tight});
        for (unsigned i = 0; i < 60; i++) { /* still, with a burst of motion in the middle */
            g_autoptr(McPicture) picture =
                moving(640, 480, 1000 * tight + (i >= 30 && i < 50 ? 40 * i : 7));
            g_assert_true(mc_h264_encode(h264, picture, false, au, &idr, NULL));
            if (i > 20)
                largest[tight] = MAX(largest[tight], au->len);
        }
    }
    g_test_message("largest picture: %zu bytes, tight %zu", largest[0], largest[1]);
    g_assert_cmpuint(largest[1], <, 3000 / 8 * 67 * 3 / 2);
    g_assert_cmpuint(largest[1], <, largest[0]);
}

/* A picture goes in and comes out: none is held back, and none comes late. */
static void test_no_delay(void)
{
    const McStreamVideo video = {1280, 720, 30, false, 31, 8000};
    g_autoptr(McH264) h264 = mc_h264_new(&video, "", 0, NULL);
    g_autoptr(GByteArray) au = g_byte_array_new();
    g_autoptr(McPicture) picture = mc_picture_new(1280, 720);
    g_autoptr(McPicture) other = moving(1280, 720, 90);
    bool idr;
    size_t still = 0, changed;

    for (int i = 0; i < 12; i++) {
        g_assert_true(mc_h264_encode(h264, picture, i == 0, au, &idr, NULL));
        still = au->len;
    }
    g_assert_true(mc_h264_encode(h264, other, false, au, &idr, NULL));
    changed = au->len;
    g_test_message("still %zu bytes, changed %zu", still, changed);
    g_assert_cmpuint(changed, >, 10 * still); /* this unit is of this picture, not of an older */
}

static void test_refusals(void)
{
    static const McStreamVideo bad[] = {{0, 720, 30, false, 31, 8000},
                                        {1281, 720, 30, false, 31, 8000},
                                        {1280, 720, 0, false, 31, 8000},
                                        {1280, 720, 30, false, 31, 0},
                                        {100000, 720, 30, false, 31, 8000}};
    const McStreamVideo video = {640, 480, 30, false, 31, 2000};
    g_autoptr(GByteArray) au = g_byte_array_new();
    g_autoptr(McPicture) wrong = mc_picture_new(320, 240);
    bool idr;

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(mc_h264_new(&bad[i], "", 0, &error));
        g_assert_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED);
    }
    g_autoptr(McH264) h264 =
        mc_h264_new(&video, "no-such-encoder", 0, NULL); /* a wish, not a must */
    g_assert_nonnull(h264);
    g_autoptr(GError) error = NULL;
    g_assert_false(mc_h264_encode(h264, wrong, true, au, &idr, &error));
    g_assert_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED);
}

/* In a process of its own: GStreamer finds no plugin at all. */
static void test_none_installed(void)
{
    if (g_test_subprocess()) {
        const McStreamVideo video = {640, 480, 30, false, 31, 2000};
        g_autoptr(GError) error = NULL;
        g_setenv("GST_PLUGIN_SYSTEM_PATH_1_0", "/nonexistent", TRUE);
        g_setenv("GST_REGISTRY_1_0", "/dev/null", TRUE);
        g_assert_null(mc_h264_new(&video, "", 0, &error));
        g_assert_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_NO_ENCODER);
        g_printerr("%s: %s\n", mc_encoder_error_code(error->code), error->message);
        return;
    }
    g_test_trap_subprocess(NULL, 20 * G_USEC_PER_SEC, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("*encoder.missing: *gstreamer1.0-plugins-ugly*bad*");
}

/* Opened ahead, then asked for at another rate: that one is kept to; for another mode it is of no
 * use, and one that was never asked for goes away with its opening. */
static void test_opening(void)
{
    const McStreamVideo video = {640, 480, 30, false, 31, 1000};
    McStreamVideo faster = video, larger = video;
    g_autoptr(GByteArray) au = g_byte_array_new();
    g_autoptr(McH264Opening) opening = mc_h264_opening_new(&video, "openh264", 0);
    g_autoptr(McH264Opening) unused = mc_h264_opening_new(&video, "", 0);
    bool idr;

    faster.bitrate_kbps = 3000;
    larger.height_px = 576;
    g_assert_nonnull(unused);
    g_assert_null(mc_h264_opening_take(opening, &larger));
    g_autoptr(McH264) h264 = mc_h264_opening_take(opening, &faster);
    g_assert_nonnull(h264);
    g_assert_null(mc_h264_opening_take(opening, &faster));
    g_assert_cmpstr(mc_h264_encoder(h264), ==, "openh264enc");
    for (unsigned t = 0; t < 3; t++) {
        g_autoptr(McPicture) picture = moving(640, 480, t);
        g_assert_true(mc_h264_encode(h264, picture, t == 0, au, &idr, NULL));
        Unit unit = look(au);
        assert_unit(&unit, t == 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!g_test_subprocess())
        gst_init(NULL, NULL);
    g_test_add_data_func("/h264/x264", "x264", test_encoder);
    g_test_add_data_func("/h264/openh264", "openh264", test_encoder);
    g_test_add_func("/h264/repeat", test_repeat);
    g_test_add_func("/h264/bitrate", test_bitrate);
    g_test_add_func("/h264/fewer-pictures", test_fewer_pictures);
    g_test_add_func("/h264/tight", test_tight);
    g_test_add_func("/h264/no-delay", test_no_delay);
    g_test_add_func("/h264/opening", test_opening);
    g_test_add_func("/h264/refusals", test_refusals);
    g_test_add_func("/h264/none-installed", test_none_installed);
    return g_test_run();
}
