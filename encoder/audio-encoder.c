/* SPDX-License-Identifier: MIT */
#include "encoder/audio-encoder.h"

#include <gst/gst.h>
#include <string.h>

#define RATE_HZ 48000
#define ADTS_BYTES 7u
#define MAX_CANDIDATES 3
/* So many frames of silence have gone in before what comes out is taken for settled: the transform
 * overlaps by one, and encoders look one or two ahead. */
#define SETTLED_FRAMES 8u

typedef struct {
    const char *name, *package, *media_type;
    unsigned frame_pairs;
    bool adts; /* the element gives raw frames: they need a header */
    int bitrate;
    /* Elements differ in the sample format that they want, and in how far they look ahead. */
    struct {
        const char *element, *format;
        unsigned priming_pairs; /* a frame decodes to what went in so many pairs before */
    } candidates[MAX_CANDIDATES];
} Kind;

static const Kind kinds[] = {
    [MC_STREAM_AUDIO_AAC] = {.name = "AAC",
                             .package = "gstreamer1.0-libav or gstreamer1.0-plugins-bad",
                             .media_type = "audio/mpeg",
                             .frame_pairs = MC_AAC_FRAME_PAIRS,
                             .adts = true,
                             .bitrate = 128000,
                             .candidates = {{"avenc_aac", "F32LE", 1024},
                                            {"voaacenc", "S16LE", 1600},
                                            {"fdkaacenc", "S16LE", 1600}}},
    /* The bit rate stands in the PMT as well (encoder/ts-mux.c). */
    [MC_STREAM_AUDIO_AC3] = {.name = "AC-3",
                             .package = "gstreamer1.0-libav",
                             .media_type = "audio/x-ac3",
                             .frame_pairs = MC_AC3_FRAME_PAIRS,
                             .bitrate = 192000,
                             .candidates = {{"avenc_ac3", "F32LE", 256}}},
};

struct McAudioEncoder {
    const Kind *kind;
    GstElement *element;
    GstPad *feed, *drain;
    McAudioEncoderSink sink;
    void *user_data;
    bool is_float; /* samples that the element wants */
    unsigned priming_pairs;
    uint64_t pushed; /* pairs, into the element */
    uint64_t frames; /* given, encoded or repeated */
    GByteArray *frame;

    /* Silence. */
    uint64_t silent_pairs; /* in a row, into the element */
    bool settled;          /* the last two frames of silence were the same: frame is given again */
    size_t skipped_pairs;  /* silence that the element has not seen; less than a frame */
    uint64_t repeated;
};

/* ---- out ---- */

static void give(McAudioEncoder *self)
{
    int64_t first = (int64_t) (self->frames++ * self->kind->frame_pairs);

    self->sink(self->frame->data, self->frame->len, first - (int64_t) self->priming_pairs,
               self->user_data);
}

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

static bool is_same(const McAudioEncoder *self, size_t header, const GstMapInfo *map)
{
    return self->frame->len == header + map->size &&
           !memcmp(self->frame->data + header, map->data, map->size);
}

static GstFlowReturn on_buffer(GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
    McAudioEncoder *self = gst_pad_get_element_private(pad);
    const size_t header = self->kind->adts ? ADTS_BYTES : 0;
    GstMapInfo map;

    if (gst_buffer_map(buffer, &map, GST_MAP_READ)) {
        self->settled = self->silent_pairs >= SETTLED_FRAMES * self->kind->frame_pairs &&
                        is_same(self, header, &map);
        g_byte_array_set_size(self->frame, (guint) (header + map.size));
        if (header)
            adts_header(self->frame->data, map.size);
        memcpy(self->frame->data + header, map.data, map.size);
        give(self);
        gst_buffer_unmap(buffer, &map);
    }
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
}

/* ---- opening ---- */

static GstCaps *coded_caps(const Kind *kind)
{
    return kind->adts ? gst_caps_new_simple(kind->media_type, "mpegversion", G_TYPE_INT, 4,
                                            "stream-format", G_TYPE_STRING, "raw", NULL)
                      : gst_caps_new_empty_simple(kind->media_type);
}

static bool link_pads(McAudioEncoder *self)
{
    g_autoptr(GstPad) in = gst_element_get_static_pad(self->element, "sink");
    g_autoptr(GstPad) out = gst_element_get_static_pad(self->element, "src");
    g_autoptr(GstCaps) caps = coded_caps(self->kind);
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

static bool send_format(McAudioEncoder *self, const char *format)
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

static void close_element(McAudioEncoder *self)
{
    if (self->feed)
        gst_pad_set_active(self->feed, FALSE);
    if (self->element)
        gst_element_set_state(self->element, GST_STATE_NULL);
    gst_clear_object(&self->feed);
    gst_clear_object(&self->drain);
    gst_clear_object(&self->element);
}

static bool open_element(McAudioEncoder *self, const char *name, const char *format)
{
    self->element = gst_element_factory_make(name, NULL);
    if (!self->element)
        return false;
    gst_object_ref_sink(self->element);
    self->is_float = g_str_equal(format, "F32LE");
    g_object_set(self->element, "bitrate", self->kind->bitrate, NULL);
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

McAudioEncoder *mc_audio_encoder_new(McStreamAudio kind, McAudioEncoderSink sink, void *user_data,
                                     GError **error)
{
    McAudioEncoder *self = g_new0(McAudioEncoder, 1);

    gst_init(NULL, NULL);
    self->kind = &kinds[kind];
    self->sink = sink;
    self->user_data = user_data;
    self->frame = g_byte_array_sized_new(2048);
    for (size_t i = 0; i < MAX_CANDIDATES && self->kind->candidates[i].element; i++)
        if (open_element(self, self->kind->candidates[i].element,
                         self->kind->candidates[i].format)) {
            self->priming_pairs = self->kind->candidates[i].priming_pairs;
            return self;
        }
    g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_AUDIO,
                "no %s encoder works here; %s has one", self->kind->name, self->kind->package);
    mc_audio_encoder_free(self);
    return NULL;
}

void mc_audio_encoder_free(McAudioEncoder *self)
{
    if (!self)
        return;
    close_element(self);
    g_byte_array_unref(self->frame);
    g_free(self);
}

bool mc_audio_encoder_exists(McStreamAudio kind)
{
    gst_init(NULL, NULL);
    for (size_t i = 0; i < MAX_CANDIDATES && kinds[kind].candidates[i].element; i++) {
        g_autoptr(GstElementFactory) factory =
            gst_element_factory_find(kinds[kind].candidates[i].element);
        if (factory)
            return true;
    }
    return false;
}

/* ---- in ---- */

/* samples NULL: silence. */
static GstBuffer *make_buffer(McAudioEncoder *self, const int16_t *samples, size_t pairs)
{
    size_t bytes = pairs * 2 * (self->is_float ? sizeof(float) : sizeof(int16_t));
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, bytes, NULL);
    GstMapInfo map;

    if (!samples) {
        gst_buffer_memset(buffer, 0, 0, bytes);
    } else if (self->is_float && gst_buffer_map(buffer, &map, GST_MAP_WRITE)) {
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

static bool encode(McAudioEncoder *self, const int16_t *samples, size_t pairs, GError **error)
{
    GstFlowReturn flow = gst_pad_push(self->feed, make_buffer(self, samples, pairs));

    if (flow == GST_FLOW_OK)
        return true;
    g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_AUDIO, "the %s encoder failed: %s",
                self->kind->name, gst_flow_get_name(flow));
    return false;
}

static bool is_silence(const int16_t *samples, size_t pairs)
{
    return samples[0] == 0 && !memcmp(samples, samples + 1, (pairs * 2 - 1) * sizeof(*samples));
}

/* The element stands still meanwhile, as whole frames of silence leave its state as it is; so none
 * is missing when it goes on, and each frame begins where it would have begun. */
static void repeat(McAudioEncoder *self, size_t pairs)
{
    self->skipped_pairs += pairs;
    for (; self->skipped_pairs >= self->kind->frame_pairs;
         self->skipped_pairs -= self->kind->frame_pairs) {
        self->repeated++;
        give(self);
    }
}

static bool wake_up(McAudioEncoder *self, GError **error)
{
    size_t pairs = self->skipped_pairs;

    self->settled = false;
    self->skipped_pairs = 0;
    return !pairs || encode(self, NULL, pairs, error);
}

bool mc_audio_encoder_push(McAudioEncoder *self, const int16_t *samples, size_t pairs,
                           GError **error)
{
    bool silence = is_silence(samples, pairs);

    if (silence && self->settled) {
        repeat(self, pairs);
        return true;
    }
    if (!wake_up(self, error))
        return false;
    self->silent_pairs = silence ? self->silent_pairs + pairs : 0;
    return encode(self, samples, pairs, error);
}

uint64_t mc_audio_encoder_repeated(const McAudioEncoder *self)
{
    return self->repeated;
}
