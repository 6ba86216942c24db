/* SPDX-License-Identifier: MIT */
#include "encoder/h264.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <libyuv/convert_from.h>
#include <string.h>

#include "encoder/h264-kinds.h"
#include "encoder/patience.h"
#include "encoder/sps.h"
#include "encoder/still.h"

#define POLL_MS 50 /* between looks at the bus */
/* How much a frame may overdraw the rate: enough for text that scrolls to stay readable, and no
 * frame much longer on the air than the sinks' buffers last.
 * A key frame takes most of it (p50 of 183 ms in a desktop with motion, 108 in noise; 1280x720 at 4
 * Mbit/s, bench-recovery ... 200 0 8 none 0 30 -). With 100 ms it takes 90, for 3.1 dB of the
 * desktop (36.0 to 32.9). x264's ratetol=0.1 holds noise to 94 ms at no cost there, but leaves the
 * desktop's as they are and costs 0.5 dB of all; and it cannot be set while the encoder runs. */
#define VBV_MS 200
#define TRIAL_FRAMES 3
#define TRIAL_WAIT_MS 3000 /* an encoder in hardware may have to wake up first */

#define CONSTRAINTS_CBP 0xc0
#define CONSTRAINTS_CHP 0x0c

static const uint8_t start_code[] = {0, 0, 0, 1};
static const uint8_t aud[] = {0, 0, 0, 1, MC_NAL_AUD, 0xf0};

struct McH264 {
    McStreamVideo video;
    const McH264Kind *kind;
    GstElement *pipeline, *src, *encoder, *sink;
    GstBus *bus;
    uint64_t frames;
    unsigned wait_ms;
    GByteArray *headers; /* SPS as rewritten, PPS: with start codes */
    McSps sps;           /* of headers */
    McStill still;
    unsigned slices, most_slices; /* of the last access unit, and of any so far */
};

/* ---- pipeline ---- */

static void set_raw_caps(McH264 *self)
{
    g_autoptr(GstCaps) caps = gst_caps_new_simple(
        "video/x-raw", "format", G_TYPE_STRING, self->kind->nv12 ? "NV12" : "I420", "width",
        G_TYPE_INT, (int) self->video.width_px, "height", G_TYPE_INT, (int) self->video.height_px,
        "framerate", GST_TYPE_FRACTION, (int) self->video.fps, 1, "pixel-aspect-ratio",
        GST_TYPE_FRACTION, 1, 1, "interlace-mode", G_TYPE_STRING, "progressive", "colorimetry",
        G_TYPE_STRING, "bt709", NULL);

    g_object_set(self->src, "caps", caps, "format", GST_FORMAT_TIME, "max-bytes", (guint64) 0,
                 NULL);
}

static void set_h264_caps(McH264 *self)
{
    const char *profile = self->video.high_profile ? "high" : "constrained-baseline";
    g_autoptr(GstCaps) caps = gst_caps_new_simple("video/x-h264", "stream-format", G_TYPE_STRING,
                                                  "byte-stream", "alignment", G_TYPE_STRING, "au",
                                                  "profile", G_TYPE_STRING, profile, NULL);

    if (g_str_equal(self->kind->name, "v4l2")) { /* drivers take the level from here */
        g_autofree char *level =
            self->video.level_idc % 10
                ? g_strdup_printf("%u.%u", self->video.level_idc / 10, self->video.level_idc % 10)
                : g_strdup_printf("%u", self->video.level_idc / 10);
        gst_caps_set_simple(caps, "level", G_TYPE_STRING, level, NULL);
    }
    g_object_set(self->sink, "caps", caps, "sync", FALSE, "async", FALSE, "enable-last-sample",
                 FALSE, NULL);
}

static bool build(McH264 *self)
{
    self->src = gst_element_factory_make("appsrc", NULL);
    self->encoder = gst_element_factory_make(self->kind->element, NULL);
    self->sink = gst_element_factory_make("appsink", NULL);
    self->pipeline = gst_pipeline_new(NULL);
    if (!self->src || !self->encoder || !self->sink) {
        gst_clear_object(&self->src);
        gst_clear_object(&self->encoder);
        gst_clear_object(&self->sink);
        return false;
    }
    gst_bin_add_many(GST_BIN(self->pipeline), self->src, self->encoder, self->sink, NULL);
    self->bus = gst_element_get_bus(self->pipeline);
    set_raw_caps(self);
    set_h264_caps(self);
    self->kind->setup(self->encoder, &self->video);
    mc_h264_set_pace(self, &(McStreamPace){.kbps = self->video.bitrate_kbps});
    return gst_element_link_many(self->src, self->encoder, self->sink, NULL) &&
           gst_element_set_state(self->pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
}

void mc_h264_free(McH264 *self)
{
    if (!self)
        return;
    if (self->pipeline)
        gst_element_set_state(self->pipeline, GST_STATE_NULL);
    gst_clear_object(&self->bus);
    gst_clear_object(&self->pipeline);
    g_byte_array_unref(self->headers);
    g_free(self);
}

/* ---- access units ---- */

static void append_nal(GByteArray *out, const uint8_t *nal, size_t len)
{
    g_byte_array_append(out, start_code, sizeof(start_code));
    g_byte_array_append(out, nal, (guint) len);
}

/* A new SPS starts new headers. */
static void take_sps(McH264 *self, const uint8_t *nal, size_t len)
{
    uint8_t constraints = self->video.high_profile ? CONSTRAINTS_CHP : CONSTRAINTS_CBP;
    uint8_t ours[MC_SPS_MAX_BYTES];
    size_t n = mc_sps_rewrite(nal, len, constraints, self->video.level_idc, self->video.fps, ours);

    g_byte_array_set_size(self->headers, 0);
    if (n && mc_sps_parse(ours, n, &self->sps))
        append_nal(self->headers, ours, n);
}

/* Everything but slices is ours to write: AUD, headers in front of an IDR, no SEI. */
static void rewrite(McH264 *self, const uint8_t *data, size_t len, GByteArray *out, bool *ret_idr)
{
    const uint8_t *nal;
    size_t pos = 0, nal_len;

    self->slices = 0;
    *ret_idr = false;
    g_byte_array_append(out, aud, sizeof(aud));
    while (mc_nal_next(data, len, &pos, &nal, &nal_len)) {
        unsigned type = mc_nal_type(nal);
        if (type == MC_NAL_SPS) {
            take_sps(self, nal, nal_len);
            mc_still_sps(&self->still, nal, nal_len);
        } else if (type == MC_NAL_PPS) {
            append_nal(self->headers, nal, nal_len);
            mc_still_pps(&self->still, nal, nal_len);
        } else if (type == MC_NAL_SLICE || type == MC_NAL_IDR) {
            if (type == MC_NAL_IDR && !*ret_idr) {
                *ret_idr = true;
                g_byte_array_append(out, self->headers->data, self->headers->len);
            }
            self->slices++;
            mc_still_slice(&self->still, nal, nal_len, out);
        }
    }
}

static bool fail(McH264 *self, GError **error)
{
    g_autoptr(GstMessage) message = gst_bus_pop_filtered(self->bus, GST_MESSAGE_ERROR);
    g_autoptr(GError) why = NULL;

    if (message)
        gst_message_parse_error(message, &why, NULL);
    g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED, "%s %s%s", self->kind->element,
                why ? "failed: " : "did not give a picture in time", why ? why->message : "");
    return false;
}

static GstSample *pull(McH264 *self)
{
    GstSample *sample = NULL;
    McPatience patience;

    mc_patience_begin(&patience, self->wait_ms * 1000, g_get_monotonic_time());
    do {
        sample = gst_app_sink_try_pull_sample(GST_APP_SINK(self->sink), POLL_MS * GST_MSECOND);
        g_autoptr(GstMessage) message =
            sample ? NULL : gst_bus_pop_filtered(self->bus, GST_MESSAGE_ERROR);
        if (message) { /* fail() wants it */
            gst_bus_post(self->bus, g_steal_pointer(&message));
            return NULL;
        }
    } while (!sample && !mc_patience_is_over(&patience, POLL_MS * 1000, g_get_monotonic_time()));
    return sample;
}

static void picture_released(gpointer picture)
{
    mc_picture_unref(picture);
}

static GstBuffer *nv12_copy(const McPicture *picture)
{
    GstVideoInfo info;
    GstMapInfo map;

    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_NV12, picture->width_px, picture->height_px);
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, info.size, NULL);
    gst_buffer_map(buffer, &map, GST_MAP_WRITE);
    I420ToNV12(picture->plane[0], (int) picture->stride[0], picture->plane[1],
               (int) picture->stride[1], picture->plane[2], (int) picture->stride[2], map.data,
               info.stride[0], map.data + info.offset[1], info.stride[1], (int) picture->width_px,
               (int) picture->height_px);
    gst_buffer_unmap(buffer, &map);
    return buffer;
}

static GstBuffer *buffer_of(const McH264 *self, McPicture *picture)
{
    if (self->kind->nv12)
        return nv12_copy(picture);
    return gst_buffer_new_wrapped_full(GST_MEMORY_FLAG_READONLY, picture->plane[0], picture->size,
                                       0, picture->size, mc_picture_ref(picture), picture_released);
}

static bool push(McH264 *self, McPicture *picture, bool idr)
{
    GstBuffer *buffer = buffer_of(self, picture);

    /* The encoder's clock counts frames: its rate control then never lets a frame be larger for
     * having come late. */
    GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(self->frames++, GST_SECOND, self->video.fps);
    GST_BUFFER_DURATION(buffer) = GST_SECOND / self->video.fps;
    if (idr)
        gst_element_send_event(self->encoder, gst_video_event_new_upstream_force_key_unit(
                                                  GST_CLOCK_TIME_NONE, TRUE, 0));
    return gst_app_src_push_buffer(GST_APP_SRC(self->src), buffer) == GST_FLOW_OK;
}

bool mc_h264_encode(McH264 *self, McPicture *picture, bool idr, GByteArray *ret_au, bool *ret_idr,
                    GError **error)
{
    GstMapInfo map;

    g_byte_array_set_size(ret_au, 0);
    if (picture->width_px != self->video.width_px || picture->height_px != self->video.height_px ||
        !push(self, picture, idr))
        return fail(self, error);
    g_autoptr(GstSample) sample = pull(self);
    GstBuffer *buffer = sample ? gst_sample_get_buffer(sample) : NULL;
    if (!buffer || !gst_buffer_map(buffer, &map, GST_MAP_READ))
        return fail(self, error);
    rewrite(self, map.data, map.size, ret_au, ret_idr);
    gst_buffer_unmap(buffer, &map);
    self->most_slices = MAX(self->most_slices, self->slices);
    if (self->slices == 1 || (self->slices > 1 && !self->video.single_slice))
        return true;
    if (self->slices > 1) {
        g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED,
                    "%s gave %u slices in a picture, and the sink shows one", self->kind->element,
                    self->slices);
        return false;
    }
    g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED, "%s gave a picture without data",
                self->kind->element);
    return false;
}

bool mc_h264_repeat(McH264 *self, GByteArray *ret_au)
{
    g_byte_array_set_size(ret_au, 0);
    g_byte_array_append(ret_au, aud, sizeof(aud));
    return mc_still_repeat(&self->still, ret_au);
}

/* ---- choice ---- */

/* A flat picture thrice: one access unit each, one slice, an IDR when asked for and then only. */
static bool trial(McH264 *self, GError **error)
{
    g_autoptr(McPicture) picture = mc_picture_new(self->video.width_px, self->video.height_px);
    g_autoptr(GByteArray) au = g_byte_array_new();
    uint8_t profile_idc = self->video.high_profile ? 100 : 66;

    for (int i = 0; i < TRIAL_FRAMES; i++) {
        bool want_idr = i != 1, idr = false;
        if (!mc_h264_encode(self, picture, want_idr, au, &idr, error))
            return false;
        if (idr == want_idr && self->slices == 1 && self->headers->len > 0 &&
            self->sps.profile_idc == profile_idc && self->sps.progressive &&
            self->sps.width_px == self->video.width_px &&
            self->sps.height_px == self->video.height_px)
            continue;
        g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED,
                    "%s gives no stream of use: %u slices, profile %u, %s at picture %d",
                    self->kind->element, self->slices, self->sps.profile_idc,
                    idr ? "IDR" : "no IDR", i);
        return false;
    }
    return true;
}

static McH264 *open_encoder(const McH264Kind *kind, const McStreamVideo *video, GError **error)
{
    g_autoptr(McH264) self = g_new0(McH264, 1);

    self->kind = kind;
    self->video = *video;
    self->headers = g_byte_array_new();
    if (!build(self)) {
        g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_NO_ENCODER, "%s is not installed",
                    kind->element);
        return NULL;
    }
    self->wait_ms = TRIAL_WAIT_MS;
    if (!trial(self, error))
        return NULL;
    self->wait_ms = MC_H264_WAIT_MS;
    return g_steal_pointer(&self);
}

static bool video_is_sane(const McStreamVideo *video, GError **error)
{
    if (video->width_px >= 16 && video->height_px >= 16 && video->width_px % 2 == 0 &&
        video->height_px % 2 == 0 && video->width_px <= MC_FRAME_MAX_PX &&
        video->height_px <= MC_FRAME_MAX_PX && video->fps > 0 && video->fps <= 240 &&
        video->bitrate_kbps > 0 && video->bitrate_kbps <= 1000000)
        return true;
    g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_FAILED,
                "no video of this kind: %ux%u at %u, %u kbit/s", video->width_px, video->height_px,
                video->fps, video->bitrate_kbps);
    return false;
}

McH264 *mc_h264_new(const McStreamVideo *video, const char *wish, uint32_t avoid, GError **error)
{
    g_autoptr(GString) why = g_string_new(NULL);
    bool auto_choice = !wish || !*wish || g_str_equal(wish, "auto");

    if (!gst_init_check(NULL, NULL, error) || !video_is_sane(video, error))
        return NULL;
    for (size_t pass = auto_choice ? 1 : 0; pass < 2; pass++) {
        for (size_t i = 0; i < mc_h264_n_kinds; i++) {
            bool wished = !auto_choice && g_str_equal(wish, mc_h264_kinds[i].name);
            g_autoptr(GError) failure = NULL;
            if (wished != (pass == 0) || avoid & 1u << i)
                continue;
            McH264 *self = open_encoder(&mc_h264_kinds[i], video, &failure);
            if (self)
                return self;
            g_string_append_printf(why, "%s%s (package %s)", why->len ? "; " : "", failure->message,
                                   mc_h264_kinds[i].package);
        }
    }
    g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_NO_ENCODER, "no H.264 encoder works: %s",
                why->str);
    return NULL;
}

uint32_t mc_h264_kind(const McH264 *self)
{
    return 1u << (self->kind - mc_h264_kinds);
}

const char *mc_h264_encoder(const McH264 *self)
{
    return self->kind->element;
}

void mc_h264_profile(const McH264 *self, uint8_t *ret_profile_idc, uint8_t *ret_constraints,
                     uint8_t *ret_level_idc)
{
    *ret_profile_idc = self->sps.profile_idc;
    *ret_constraints = self->sps.constraints;
    *ret_level_idc = self->sps.level_idc;
}

unsigned mc_h264_slices(const McH264 *self)
{
    return self->most_slices;
}

void mc_h264_set_single_slice(McH264 *self, bool single_slice)
{
    self->video.single_slice = single_slice;
}

/* The encoder's clock has an interval of the mode for each picture: of fewer pictures, each may
 * have more, and what the buffer model is by that clock passes more slowly. */
void mc_h264_set_pace(McH264 *self, const McStreamPace *pace)
{
    const uint32_t fps = pace->fps ? MIN(pace->fps, self->video.fps) : self->video.fps;
    const uint32_t least_ms = 2000 / self->video.fps; /* two intervals */
    const uint32_t vbv_ms = pace->tight ? least_ms : MAX(VBV_MS * fps / self->video.fps, least_ms);

    self->kind->set_rate(self->encoder, (uint32_t) ((uint64_t) pace->kbps * self->video.fps / fps),
                         vbv_ms);
}
