/* SPDX-License-Identifier: MIT */
#include "encoder/aac.h"

#include <gst/gst.h>

#include "encoder/stream.h"

#define RATE_HZ 48000
#define BITRATE 128000
#define ADTS_BYTES 7u

struct McAac {
    GstElement *element;
    GstPad *feed, *drain;
    McAacSink sink;
    void *user_data;
    bool is_float; /* samples that the element wants */
    uint64_t pushed, frames;
    GByteArray *frame;
};

/*  fff1                  sync, MPEG-4, layer 0, no CRC
 *  01 0011 0 010 0000    LC, 48 kHz, stereo
 *  13 bits               length with this header
 *  11 bits, 2 bits       buffer fullness 0, one block */
static void adts_header(uint8_t header[ADTS_BYTES], size_t bytes)
{
    size_t length = bytes + ADTS_BYTES;

    header[0] = 0xff;
    header[1] = 0xf1;
    header[2] = 0x4c;
    header[3] = (uint8_t) (0x80 | length >> 11);
    header[4] = (uint8_t) (length >> 3);
    header[5] = (uint8_t) ((length & 7) << 5);
    header[6] = 0;
}

static GstFlowReturn on_buffer(GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
    McAac *self = gst_pad_get_element_private(pad);
    uint8_t header[ADTS_BYTES];
    GstMapInfo map;

    if (gst_buffer_map(buffer, &map, GST_MAP_READ)) {
        int64_t first = (int64_t) (self->frames++ * MC_AAC_FRAME_SAMPLES) - MC_AAC_PRIMING_SAMPLES;
        adts_header(header, map.size);
        g_byte_array_set_size(self->frame, 0);
        g_byte_array_append(self->frame, header, sizeof(header));
        g_byte_array_append(self->frame, map.data, (guint) map.size);
        self->sink(self->frame->data, self->frame->len, first, self->user_data);
        gst_buffer_unmap(buffer, &map);
    }
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
}

static bool link_pads(McAac *self)
{
    g_autoptr(GstPad) in = gst_element_get_static_pad(self->element, "sink");
    g_autoptr(GstPad) out = gst_element_get_static_pad(self->element, "src");
    g_autoptr(GstCaps) caps = gst_caps_new_simple("audio/mpeg", "mpegversion", G_TYPE_INT, 4,
                                                  "stream-format", G_TYPE_STRING, "raw", NULL);
    GstPadTemplate *template = gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps);

    self->feed = gst_pad_new("feed", GST_PAD_SRC);
    self->drain = gst_pad_new_from_template(template, "drain");
    gst_object_unref(template);
    gst_pad_set_element_private(self->drain, self);
    gst_pad_set_chain_function(self->drain, on_buffer);
    gst_pad_set_active(self->feed, TRUE);
    gst_pad_set_active(self->drain, TRUE);
    return gst_pad_link(self->feed, in) == GST_PAD_LINK_OK &&
           gst_pad_link(out, self->drain) == GST_PAD_LINK_OK;
}

/* Encoders differ in the sample format that they want; each candidate names its own. */
static const struct {
    const char *element, *format;
} candidates[] = {{"avenc_aac", "F32LE"}, {"voaacenc", "S16LE"}, {"fdkaacenc", "S16LE"}};

static bool send_format(McAac *self, const char *format)
{
    GstSegment segment;
    g_autoptr(GstCaps) caps =
        gst_caps_new_simple("audio/x-raw", "format", G_TYPE_STRING, format, "layout", G_TYPE_STRING,
                            "interleaved", "rate", G_TYPE_INT, RATE_HZ, "channels", G_TYPE_INT, 2,
                            "channel-mask", GST_TYPE_BITMASK, (guint64) 3, NULL);

    gst_segment_init(&segment, GST_FORMAT_TIME);
    return gst_pad_push_event(self->feed, gst_event_new_stream_start("miracast-sound")) &&
           gst_pad_push_event(self->feed, gst_event_new_caps(caps)) &&
           gst_pad_push_event(self->feed, gst_event_new_segment(&segment));
}

static void close_element(McAac *self)
{
    if (self->feed)
        gst_pad_set_active(self->feed, FALSE);
    if (self->element)
        gst_element_set_state(self->element, GST_STATE_NULL);
    gst_clear_object(&self->feed);
    gst_clear_object(&self->drain);
    gst_clear_object(&self->element);
}

static bool open_element(McAac *self, const char *name, const char *format)
{
    self->element = gst_element_factory_make(name, NULL);
    if (!self->element)
        return false;
    gst_object_ref_sink(self->element);
    self->is_float = g_str_equal(format, "F32LE");
    g_object_set(self->element, "bitrate", BITRATE, NULL);
    /* avenc_aac: the default search takes twice the time for nothing that is heard at this rate. */
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(self->element), "aac-coder"))
        gst_util_set_object_arg(G_OBJECT(self->element), "aac-coder", "fast");
    if (link_pads(self) &&
        gst_element_set_state(self->element, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE &&
        send_format(self, format))
        return true;
    close_element(self);
    return false;
}

McAac *mc_aac_new(McAacSink sink, void *user_data, GError **error)
{
    McAac *self = g_new0(McAac, 1);

    gst_init(NULL, NULL);
    self->sink = sink;
    self->user_data = user_data;
    self->frame = g_byte_array_sized_new(2048);
    for (size_t i = 0; i < G_N_ELEMENTS(candidates); i++)
        if (open_element(self, candidates[i].element, candidates[i].format))
            return self;
    g_set_error_literal(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_AUDIO,
                        "no AAC encoder works here; gstreamer1.0-libav or gstreamer1.0-plugins-bad "
                        "has one");
    mc_aac_free(self);
    return NULL;
}

void mc_aac_free(McAac *self)
{
    if (!self)
        return;
    close_element(self);
    g_byte_array_unref(self->frame);
    g_free(self);
}

static GstBuffer *make_buffer(McAac *self, const int16_t *samples, size_t pairs)
{
    size_t bytes = pairs * 2 * (self->is_float ? sizeof(float) : sizeof(int16_t));
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, bytes, NULL);
    GstMapInfo map;

    if (self->is_float && gst_buffer_map(buffer, &map, GST_MAP_WRITE)) {
        float *out = (float *) (void *) map.data;
        for (size_t i = 0; i < pairs * 2; i++)
            out[i] = (float) samples[i] / 32768.0f;
        gst_buffer_unmap(buffer, &map);
    } else {
        gst_buffer_fill(buffer, 0, samples, bytes);
    }
    GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(self->pushed, GST_SECOND, RATE_HZ);
    self->pushed += pairs;
    GST_BUFFER_DURATION(buffer) =
        gst_util_uint64_scale(self->pushed, GST_SECOND, RATE_HZ) - GST_BUFFER_PTS(buffer);
    return buffer;
}

bool mc_aac_push(McAac *self, const int16_t *samples, size_t pairs, GError **error)
{
    GstFlowReturn flow = gst_pad_push(self->feed, make_buffer(self, samples, pairs));

    if (flow == GST_FLOW_OK)
        return true;
    g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_AUDIO, "the AAC encoder failed: %s",
                gst_flow_get_name(flow));
    return false;
}
