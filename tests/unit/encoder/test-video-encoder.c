/* SPDX-License-Identifier: MIT */
/* An encoder that fails in the middle is replaced at that picture. The failing one is the lab's
 * GStreamer element "vah264enc"; usage: test-video-encoder LIBGSTMCLAB.so */
#include "encoder/video-encoder.h"

#include <gst/gst.h>
#include <string.h>

#include "encoder/sps.h"

#define TRIAL 3 /* pictures that the choice takes */

static McStreamVideo video = {320, 240, 30, false, 31, 1000};
static const char *plugin_path;

typedef struct {
    char *text;
    unsigned count;
} Notes;

static void on_note(const char *text, void *user_data)
{
    Notes *notes = user_data;

    g_free(notes->text);
    notes->text = g_strdup(text);
    notes->count++;
}

static bool load_lab_element(void)
{
    g_autoptr(GError) error = NULL;
    GstPlugin *plugin = gst_plugin_load_file(plugin_path, &error);

    g_assert_no_error(error);
    gst_object_unref(plugin);
    if (gst_registry_check_feature_version(gst_registry_get(), "x264enc", 1, 0, 0))
        return true;
    g_test_skip("x264enc is not installed");
    return false;
}

static bool is_whole_idr(const GByteArray *au)
{
    bool sps = false, pps = false;
    const uint8_t *nal;
    size_t pos = 0, len;

    while (mc_nal_next(au->data, au->len, &pos, &nal, &len)) {
        sps |= mc_nal_type(nal) == MC_NAL_SPS;
        pps |= mc_nal_type(nal) == MC_NAL_PPS;
        if (mc_nal_type(nal) == MC_NAL_IDR)
            return sps && pps;
    }
    return false;
}

static McVideoEncoder *new_failing(const char *how, unsigned after, Notes *notes)
{
    g_autofree char *frames = g_strdup_printf("%u", after ? TRIAL + after : 0);
    g_autoptr(GError) error = NULL;

    g_setenv("MCLAB_FRAMES", frames, TRUE);
    g_setenv("MCLAB_HOW", how, TRUE);
    McVideoEncoder *self = mc_video_encoder_new(&video, "vaapi", 0, NULL, &error);
    g_assert_no_error(error);
    mc_video_encoder_on_note(self, on_note, notes);
    g_assert_cmpstr(mc_h264_encoder(mc_video_encoder_h264(self)), ==, "vah264enc");
    return self;
}

/* Every picture comes out, and the replacement's first one is an IDR with its headers. */
static void test_replaced(gconstpointer how)
{
    g_autoptr(McPicture) picture = mc_picture_new(video.width_px, video.height_px);
    g_autoptr(GByteArray) au = g_byte_array_new();
    Notes notes = {0};
    unsigned replaced_at = 0;

    if (!load_lab_element())
        return;
    g_autoptr(McVideoEncoder) self = new_failing(how, 5, &notes);
    for (unsigned i = 1; i <= 12; i++) {
        g_autoptr(GError) error = NULL;
        bool idr;
        /* The keyless one fails only where a key frame is wished for. */
        g_assert_true(
            mc_video_encoder_encode(self, picture, i == 1 || i == 8 || i == 9, au, &idr, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(au->len, >, 6);
        if (mc_video_encoder_stats(self).replaced && !replaced_at) {
            replaced_at = i;
            g_assert_true(idr && is_whole_idr(au));
        }
    }
    g_assert_cmpuint(replaced_at, ==, strcmp(how, "keyless") ? 6 : 9);
    g_assert_cmpuint(notes.count, ==, 1);
    g_test_message("%s", notes.text);
    g_assert_nonnull(strstr(notes.text, "vah264enc"));
    g_assert_nonnull(strstr(notes.text, " goes on"));
    g_assert_cmpstr(mc_h264_encoder(mc_video_encoder_h264(self)), !=, "vah264enc");
    g_assert_cmpuint(mc_video_encoder_stats(self).pictures_in, ==, 12);
    g_assert_cmpuint(mc_video_encoder_stats(self).units_out, ==, 12);
    g_free(notes.text);
}

/* An encoder that begins to cut its pictures is wrong for a sink that shows one slice alone, and
 * right for all others. */
static void test_slices(void)
{
    video.single_slice = true;
    test_replaced("slices");
    video.single_slice = false;
    if (!load_lab_element())
        return;
    g_autoptr(McPicture) picture = mc_picture_new(video.width_px, video.height_px);
    g_autoptr(GByteArray) au = g_byte_array_new();
    Notes notes = {0};
    bool idr;
    g_autoptr(McVideoEncoder) self = new_failing("slices", 5, &notes);
    for (unsigned i = 0; i < 12; i++)
        g_assert_true(mc_video_encoder_encode(self, picture, i == 0, au, &idr, NULL));
    g_assert_cmpuint(mc_video_encoder_stats(self).replaced, ==, 0);
}

/* NV12 in, and the properties of VA-API: nothing is wrong with the element, and it stays. */
static void test_stays(void)
{
    g_autoptr(McPicture) picture = mc_picture_new(video.width_px, video.height_px);
    g_autoptr(GByteArray) au = g_byte_array_new();
    Notes notes = {0};
    bool idr;

    if (!load_lab_element())
        return;
    g_autoptr(McVideoEncoder) self = new_failing("error", 0, &notes);
    mc_video_encoder_set_pace(self, &(McStreamPace){.kbps = 500});
    for (unsigned i = 0; i < 20; i++)
        g_assert_true(mc_video_encoder_encode(self, picture, i == 0, au, &idr, NULL));
    g_assert_cmpuint(mc_video_encoder_stats(self).replaced, ==, 0);
    g_assert_cmpuint(notes.count, ==, 0);
}

/* A new mode does not go back to the kind that failed. */
static void test_new_mode(void)
{
    static const McStreamVideo larger = {640, 480, 30, false, 31, 2000};
    g_autoptr(McPicture) picture = mc_picture_new(video.width_px, video.height_px);
    g_autoptr(GByteArray) au = g_byte_array_new();
    Notes notes = {0};
    bool idr;

    if (!load_lab_element())
        return;
    g_autoptr(McVideoEncoder) self = new_failing("error", 1, &notes);
    for (unsigned i = 0; i < 3; i++)
        g_assert_true(mc_video_encoder_encode(self, picture, i == 0, au, &idr, NULL));
    g_assert_cmpuint(mc_video_encoder_stats(self).replaced, ==, 1);
    g_autoptr(McVideoEncoder) next =
        mc_video_encoder_new(&larger, "vaapi", mc_video_encoder_failed(self), NULL, NULL);
    g_assert_nonnull(next);
    g_assert_cmpstr(mc_h264_encoder(mc_video_encoder_h264(next)), !=, "vah264enc");
    g_autoptr(McPicture) other = mc_picture_new(640, 480);
    g_assert_true(mc_video_encoder_encode(next, other, true, au, &idr, NULL));
    g_assert_true(idr);
    g_free(notes.text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    plugin_path = argv[1];
    gst_init(NULL, NULL);
    g_test_add_data_func("/video-encoder/error", "error", test_replaced);
    g_test_add_data_func("/video-encoder/silent", "silent", test_replaced);
    g_test_add_data_func("/video-encoder/empty", "empty", test_replaced);
    g_test_add_data_func("/video-encoder/keyless", "keyless", test_replaced);
    g_test_add_func("/video-encoder/slices", test_slices);
    g_test_add_func("/video-encoder/stays", test_stays);
    g_test_add_func("/video-encoder/new-mode", test_new_mode);
    return g_test_run();
}
