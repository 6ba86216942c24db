/* SPDX-License-Identifier: MIT */
#include "encoder/audio.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <math.h>
#include <string.h>

#include "encoder/audio-encoder.h"
#include "encoder/audio-source.h"
#include "encoder/lpcm.h"

#define BLOCK 480u                        /* pairs: 10 ms */
#define WAIT_US (30 * G_TIME_SPAN_SECOND) /* a bound on hangs */

typedef struct {
    GMutex lock;
    GCond changed;
    GPtrArray *frames; /* GBytes */
    GArray *times_ns;  /* int64_t; or sample numbers */
    unsigned errors;
} Heard;

static Heard *heard_new(void)
{
    Heard *self = g_new0(Heard, 1);

    self->frames = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    self->times_ns = g_array_new(FALSE, FALSE, sizeof(int64_t));
    return self;
}

static void heard_free(Heard *self)
{
    g_ptr_array_unref(self->frames);
    g_array_unref(self->times_ns);
    g_free(self);
}

static void on_frame(const uint8_t *frame, size_t bytes, int64_t time, void *user_data)
{
    Heard *self = user_data;

    g_mutex_lock(&self->lock);
    g_ptr_array_add(self->frames, g_bytes_new(frame, bytes));
    g_array_append_val(self->times_ns, time);
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
}

static void on_skipped(int64_t skipped_ns, void *user_data)
{
}

static void on_error(const GError *error, void *user_data)
{
    ((Heard *) user_data)->errors++;
}

/* Sound of this kind for so many frames. */
static Heard *listen_to(McStreamAudio codec, const char *source, unsigned frames)
{
    Heard *self = heard_new();
    McAudioConfig config = {.codec = codec,
                            .source = source,
                            .on_frame = on_frame,
                            .on_skipped = on_skipped,
                            .on_error = on_error,
                            .user_data = self};
    g_autoptr(GError) error = NULL;
    McAudio *audio = mc_audio_new(&config, &error);
    const int64_t end_us = g_get_monotonic_time() + WAIT_US;

    g_assert_no_error(error);
    g_mutex_lock(&self->lock);
    while (self->frames->len < frames && g_cond_wait_until(&self->changed, &self->lock, end_us))
        ;
    g_mutex_unlock(&self->lock);
    mc_audio_free(audio);
    guint n = self->frames->len;
    g_assert_cmpuint(n, >=, frames);
    g_assert_cmpuint(self->errors, ==, 0);
    return self;
}

/* Goertzel: the share of the power that stands at this frequency. */
static double share(const double *samples, size_t n, double hz)
{
    double coefficient = 2 * cos(2 * G_PI * hz / MC_AUDIO_RATE_HZ), a = 0, b = 0, total = 0;

    for (size_t i = 0; i < n; i++) {
        double c = samples[i] + coefficient * a - b;
        b = a;
        a = c;
        total += samples[i] * samples[i];
    }
    return total > 0 ? 2 * (a * a + b * b - coefficient * a * b) / ((double) n * total) : 0;
}

static double power(const double *samples, size_t n)
{
    double total = 0;

    for (size_t i = 0; i < n; i++)
        total += samples[i] * samples[i];
    return total / (double) n;
}

/* Left channel of LPCM frames, -1 to 1. */
static double *from_lpcm(const Heard *heard, size_t *ret_n)
{
    double *samples = g_new0(double, heard->frames->len *MC_LPCM_FRAME_SAMPLES);

    *ret_n = 0;
    for (guint i = 0; i < heard->frames->len; i++) {
        gsize bytes;
        const uint8_t *frame = g_bytes_get_data(g_ptr_array_index(heard->frames, i), &bytes);
        g_assert_cmpuint(bytes, ==, MC_LPCM_FRAME_BYTES);
        g_assert_cmpmem(frame, 4, "\xa0\x06\x00\x11", 4);
        for (const uint8_t *p = frame + 4; p < frame + bytes; p += 4) {
            g_assert_cmpmem(p, 2, p + 2, 2); /* both channels */
            samples[(*ret_n)++] = (int16_t) (p[0] << 8 | p[1]) / 32768.0;
        }
    }
    return samples;
}

#define TO_SAMPLES                                                                                 \
    " ! audioconvert ! audio/x-raw,format=F64LE,layout=interleaved ! appsink name=sink sync=false"

static const struct {
    /* Not faad: its element gives the first frame's time to what the second decodes to. */
    const char *name, *decoder, *other_decoder;
    const char *source; /* of its frames, for GStreamer */
    unsigned pairs;     /* of a frame */
} codecs[] = {
    [MC_STREAM_AUDIO_AAC] = {"aac", "avdec_aac", NULL,
                             "appsrc name=src format=time caps=audio/mpeg,mpegversion=4,"
                             "stream-format=adts,framed=true,rate=48000,channels=2 ! aacparse",
                             MC_AAC_FRAME_PAIRS},
    [MC_STREAM_AUDIO_AC3] = {"ac3", "avdec_ac3", "a52dec",
                             "appsrc name=src format=time caps=audio/x-ac3 ! ac3parse",
                             MC_AC3_FRAME_PAIRS},
};

/* Left channel of encoded frames, by another's decoder and where that puts it. */
static double *decode_by(const char *decoder, McStreamAudio codec, const Heard *heard,
                         size_t *ret_n)
{
    g_autofree char *text = g_strconcat(codecs[codec].source, " ! ", decoder, TO_SAMPLES, NULL);
    g_autoptr(GstElement) pipe = gst_parse_launch(text, NULL);
    const size_t pairs = codecs[codec].pairs, room = (heard->frames->len + 4) * pairs;
    g_autoptr(GstElement) src = gst_bin_get_by_name(GST_BIN(pipe), "src");
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(pipe), "sink");
    double *samples = g_new0(double, room);
    GstSample *sample;

    gst_element_set_state(pipe, GST_STATE_PLAYING);
    for (guint i = 0; i < heard->frames->len; i++) {
        gsize bytes;
        gconstpointer frame = g_bytes_get_data(g_ptr_array_index(heard->frames, i), &bytes);
        GstBuffer *buffer = gst_buffer_new_memdup(frame, bytes);
        GST_BUFFER_PTS(buffer) = i * pairs * GST_SECOND / 48000;
        gst_app_src_push_buffer(GST_APP_SRC(src), buffer);
    }
    gst_app_src_end_of_stream(GST_APP_SRC(src));
    *ret_n = 0;
    while ((sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 3 * GST_SECOND)) != NULL) {
        GstMapInfo map;
        gst_buffer_map(gst_sample_get_buffer(sample), &map, GST_MAP_READ);
        const double *in = (const double *) (const void *) map.data;
        const GstClockTime pts = GST_BUFFER_PTS(gst_sample_get_buffer(sample));
        *ret_n = gst_util_uint64_scale_round(pts, 48000, GST_SECOND);
        for (size_t i = 0; i < map.size / sizeof(double) / 2; i++)
            if (*ret_n < room)
                samples[(*ret_n)++] = in[2 * i];
        gst_buffer_unmap(gst_sample_get_buffer(sample), &map);
        gst_sample_unref(sample);
    }
    gst_element_set_state(pipe, GST_STATE_NULL);
    return samples;
}

static double *decode(McStreamAudio codec, const Heard *heard, size_t *ret_n)
{
    return decode_by(codecs[codec].decoder, codec, heard, ret_n);
}

static bool no_decoder(McStreamAudio codec)
{
    g_autoptr(GstElementFactory) decoder = gst_element_factory_find(codecs[codec].decoder);

    if (!decoder)
        g_test_skip("no decoder to judge with (gstreamer1.0-libav)");
    return !decoder;
}

/* The n-th time is n steps after the first, exactly but for rounding. */
static void assert_steps(const Heard *heard, double step_ns)
{
    for (guint i = 1; i < heard->times_ns->len; i++) {
        double offset = (double) (g_array_index(heard->times_ns, int64_t, i) -
                                  g_array_index(heard->times_ns, int64_t, 0));
        g_assert_cmpfloat(fabs(offset - i * step_ns), <, 100);
    }
}

static void test_lpcm_tone(void)
{
    int64_t start_ns = g_get_monotonic_time() * 1000;
    Heard *heard = listen_to(MC_STREAM_AUDIO_LPCM, "test", 20);
    size_t n;
    g_autofree double *samples = from_lpcm(heard, &n);

    g_assert_cmpfloat(share(samples, 9600, 440), >, 0.98);
    g_assert_cmpfloat(share(samples, 9600, 880), <, 0.01);
    g_assert_cmpfloat(power(samples, 9600), >, 0.01);
    assert_steps(heard, 1e7);
    g_assert_cmpint(g_array_index(heard->times_ns, int64_t, 0) - start_ns, <, 50000000);
    g_assert_cmpint(g_array_index(heard->times_ns, int64_t, 0), >=, start_ns - 1000);
    heard_free(heard);
}

static void test_silence(void)
{
    Heard *heard = listen_to(MC_STREAM_AUDIO_LPCM, "silence", 5);
    size_t n;
    g_autofree double *samples = from_lpcm(heard, &n);

    g_assert_cmpfloat(power(samples, n), ==, 0);
    assert_steps(heard, 1e7);
    heard_free(heard);
}

/* It comes by the clock: twenty blocks in 200 ms, and not all at the end. */
static void test_pace(void)
{
    g_autoptr(McAudioSource) source = mc_audio_source_new("test", BLOCK, NULL, NULL);
    int16_t block[BLOCK * 2];
    int64_t start_us = g_get_monotonic_time(), time_ns, late_us = 0;

    for (int i = 0; i < 20; i++) {
        g_assert_true(mc_audio_source_read(source, block, &time_ns));
        int64_t age_us = g_get_monotonic_time() - time_ns / 1000;
        g_assert_cmpint(age_us, >=, 10000); /* its last sample has been */
        late_us = MAX(late_us, age_us - 10000);
    }
    g_test_message("latest block: %" G_GINT64_FORMAT " us late", late_us);
    g_assert_cmpint(g_get_monotonic_time() - start_us, >=, 195000);
    mc_audio_source_wake(source);
    g_assert_false(mc_audio_source_read(source, block, &time_ns));
    g_assert_false(mc_audio_source_read(source, block, &time_ns));
}

static void give_time(int64_t begin_ns, int16_t *block, size_t pairs, void *user_data)
{
    *(int64_t *) user_data = begin_ns;
    for (size_t i = 0; i < pairs * 2; i++)
        block[i] = (int16_t) i;
}

/* What belongs to the pictures is asked for by its time, when that is over. */
static void test_given(void)
{
    int64_t asked_ns = 0, time_ns;
    g_autoptr(McAudioSource) source = mc_audio_source_new("file", BLOCK, give_time, &asked_ns);
    g_autoptr(McAudioSource) nobody = mc_audio_source_new("file", BLOCK, NULL, NULL);
    int16_t block[BLOCK * 2];

    for (int i = 0; i < 3; i++) {
        g_assert_true(mc_audio_source_read(source, block, &time_ns));
        g_assert_cmpint(asked_ns, ==, time_ns);
        g_assert_cmpint(g_get_monotonic_time() * 1000, >=, time_ns + 10000000);
        for (unsigned at = 0; at < BLOCK * 2; at++)
            g_assert_cmpint(block[at], ==, at);
    }
    g_assert_true(mc_audio_source_read(nobody, block, &time_ns)); /* nothing is given: silence */
    g_assert_cmpint(block[1], ==, 0);
}

/* Each frame says how long it is. */
static void assert_adts(const uint8_t *p, size_t bytes)
{
    g_assert_cmpuint(p[0], ==, 0xff);
    g_assert_cmpuint((p[3] & 3u) << 11 | p[4] << 3 | p[5] >> 5, ==, bytes);
}

/* A/52: sync word, CRC, 48 kHz and the size's code, bsid 8 and bsmod 0, 2/0; 192 kbit/s, as PMT
 * says. */
static void assert_ac3(const uint8_t *p, size_t bytes)
{
    g_assert_cmpmem(p, 2, "\x0b\x77", 2);
    g_assert_cmphex(p[4], ==, 0x14);
    g_assert_cmphex(p[5], ==, 0x40);
    g_assert_cmphex(p[6] >> 5, ==, 2);
    g_assert_cmpuint(bytes, ==, 192000 / 8 * MC_AC3_FRAME_PAIRS / 48000);
}

static void test_tone(gconstpointer data)
{
    const McStreamAudio codec = GPOINTER_TO_UINT(data);
    const unsigned pairs = codecs[codec].pairs;

    if (no_decoder(codec))
        return;
    Heard *heard = listen_to(codec, "test", 14);
    size_t n;
    g_autofree double *samples = decode(codec, heard, &n);

    g_assert_cmpuint(n, >=, 12 * pairs);
    g_assert_cmpfloat(share(samples + 3072, 9600, 440), >, 0.98);
    assert_steps(heard, pairs * 1e9 / 48000);
    for (guint i = 0; i < heard->frames->len; i++) {
        gsize bytes;
        const uint8_t *p = g_bytes_get_data(g_ptr_array_index(heard->frames, i), &bytes);
        (codec == MC_STREAM_AUDIO_AAC ? assert_adts : assert_ac3)(p, bytes);
    }
    heard_free(heard);
}

#define BLOCK 480u

/* 1 kHz from the onset to the end. */
static void fill(int16_t block[BLOCK * 2], unsigned first, unsigned onset, unsigned end)
{
    for (unsigned i = 0; i < BLOCK; i++) {
        unsigned at = first + i;
        bool sounds = at >= onset && at < end;
        block[2 * i] = block[2 * i + 1] =
            (int16_t) (sounds ? 20000 * sin(2 * G_PI * 1000 * at / 48000.0) : 0);
    }
}

/* The first sample at or after from that is loud. */
static size_t onset_after(const double *samples, size_t n, size_t from)
{
    while (from < n && fabs(samples[from]) < 0.25)
        from++;
    return from;
}

enum { DELAY_BLOCKS = 240, DELAY_ONSET = 9600, DELAY_END = 24000, DELAY_AGAIN = 90001 };

/* Both tones begin where they belong, within a millisecond. */
static void assert_in_time(const char *decoder, McStreamAudio codec, const Heard *heard)
{
    const int64_t start = g_array_index(heard->times_ns, int64_t, 0);
    size_t n;
    g_autofree double *decoded = decode_by(decoder, codec, heard, &n);
    const int64_t off = (int64_t) onset_after(decoded, n, 0) + start - DELAY_ONSET;
    const int64_t again =
        (int64_t) onset_after(decoded, n, (size_t) 2 * DELAY_END) + start - DELAY_AGAIN;

    g_test_message("%s: onsets are %+" G_GINT64_FORMAT " and %+" G_GINT64_FORMAT " samples off",
                   decoder, off, again);
    g_assert_cmpint(ABS(off), <, 48);
    g_assert_cmpint(ABS(again), <, 48);
}

/* A tone begins at a known sample; in what is decoded it begins there too, by the numbers that the
 * encoder gives with its frames. And again after so much silence that its frames are given again.
 */
static void test_delay(McStreamAudio codec)
{
    if (no_decoder(codec))
        return;
    Heard *heard = heard_new();
    g_autoptr(McAudioEncoder) encoder = mc_audio_encoder_new(codec, on_frame, heard, NULL);
    const char *other = codecs[codec].other_decoder;
    g_autoptr(GstElementFactory) is_there = other ? gst_element_factory_find(other) : NULL;

    g_assert_nonnull(encoder);
    for (unsigned block = 0; block < DELAY_BLOCKS; block++) {
        int16_t samples[BLOCK * 2];
        unsigned first = block * BLOCK;
        const bool early = first < 2 * DELAY_END;
        fill(samples, first, early ? DELAY_ONSET : DELAY_AGAIN, early ? DELAY_END : UINT_MAX);
        g_assert_true(mc_audio_encoder_push(encoder, samples, BLOCK, NULL));
    }
    g_assert_cmpuint(mc_audio_encoder_repeated(encoder), >, 10);
    assert_steps(heard, codecs[codec].pairs); /* sample numbers here: none is missing */
    assert_in_time(codecs[codec].decoder, codec, heard);
    if (is_there)
        assert_in_time(other, codec, heard);
    heard_free(heard);
}

static const struct {
    McStreamAudio codec;
    const char *element;
} elements[] = {{MC_STREAM_AUDIO_AAC, "avenc_aac"},
                {MC_STREAM_AUDIO_AAC, "voaacenc"},
                {MC_STREAM_AUDIO_AAC, "fdkaacenc"},
                {MC_STREAM_AUDIO_AC3, "avenc_ac3"}};

/* By this element: the others of its kind are not there meanwhile. */
static void test_element(gconstpointer data)
{
    const unsigned wanted = GPOINTER_TO_UINT(data);
    GstPluginFeature *hidden[G_N_ELEMENTS(elements)] = {0};
    g_autoptr(GstElementFactory) it = gst_element_factory_find(elements[wanted].element);

    if (!it) {
        g_test_skip("there is no such element");
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(elements); i++)
        if (i != wanted && elements[i].codec == elements[wanted].codec)
            hidden[i] = gst_registry_lookup_feature(gst_registry_get(), elements[i].element);
    for (unsigned i = 0; i < G_N_ELEMENTS(elements); i++)
        if (hidden[i])
            gst_registry_remove_feature(gst_registry_get(), hidden[i]);
    test_delay(elements[wanted].codec);
    for (unsigned i = 0; i < G_N_ELEMENTS(elements); i++)
        if (hidden[i]) {
            gst_registry_add_feature(gst_registry_get(), hidden[i]);
            gst_object_unref(hidden[i]);
        }
}

/* Silence, or what is nearly silence, and then a tone: the share of the tone's power in what is
 * decoded from two frames after its onset on. Before, nothing is heard. */
static double tone_after(McStreamAudio codec, int16_t nearly, uint64_t *ret_repeated)
{
    enum { BLOCKS = 200, ONSET = 70003 };
    Heard *heard = heard_new();
    g_autoptr(McAudioEncoder) encoder = mc_audio_encoder_new(codec, on_frame, heard, NULL);
    size_t n, quiet = 0;

    for (unsigned block = 0; block < BLOCKS; block++) {
        int16_t samples[BLOCK * 2];
        fill(samples, block * BLOCK, ONSET, UINT_MAX);
        samples[0] = (int16_t) (samples[0] + nearly);
        g_assert_true(mc_audio_encoder_push(encoder, samples, BLOCK, NULL));
    }
    *ret_repeated = mc_audio_encoder_repeated(encoder);
    g_autofree double *decoded = decode(codec, heard, &n);
    const size_t onset = (size_t) (ONSET - g_array_index(heard->times_ns, int64_t, 0));
    const size_t loud = onset + 2 * codecs[codec].pairs;
    g_assert_cmpuint(n, >, loud + 9600);
    while (fabs(decoded[quiet]) < 1e-3)
        quiet++;
    g_assert_cmpuint(quiet, >=, onset - 2 * codecs[codec].pairs);
    heard_free(heard);
    return share(decoded + loud, 9600, 1000);
}

/* An encoder that slept gives the sound that one gives which never did. */
static void test_repeat(gconstpointer data)
{
    const McStreamAudio codec = GPOINTER_TO_UINT(data);
    uint64_t repeated, never;

    if (no_decoder(codec))
        return;
    double slept = tone_after(codec, 0, &repeated), awake = tone_after(codec, 1, &never);
    g_test_message("tone's share %.5f after %" G_GUINT64_FORMAT " frames given again, else %.5f",
                   slept, repeated, awake);
    g_assert_cmpuint(repeated, >, 10);
    g_assert_cmpuint(never, ==, 0);
    g_assert_cmpfloat(slept, >, awake - 0.002);
}

/* Asks a sound server that is not there: said once, silence from then on, never another input. */
static void test_no_server(void)
{
    if (g_test_subprocess()) {
        g_setenv("PULSE_SERVER", "unix:/nonexistent", TRUE);
        Heard *heard = listen_to(MC_STREAM_AUDIO_LPCM, "auto", 10);
        size_t n;
        g_autofree double *samples = from_lpcm(heard, &n);
        g_assert_cmpfloat(power(samples, n), ==, 0);
        assert_steps(heard, 1e7);
        heard_free(heard);
        return;
    }
    g_test_trap_subprocess(NULL, 20 * G_USEC_PER_SEC, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("*audio.no-server*");
}

static void add(const char *what, McStreamAudio codec, GTestDataFunc test)
{
    g_autofree char *path = g_strdup_printf("/audio/%s-%s", codecs[codec].name, what);

    g_test_add_data_func(path, GUINT_TO_POINTER(codec), test);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    gst_init(NULL, NULL);
    g_test_add_func("/audio/lpcm-tone", test_lpcm_tone);
    g_test_add_func("/audio/silence", test_silence);
    g_test_add_func("/audio/pace", test_pace);
    g_test_add_func("/audio/given", test_given);
    for (McStreamAudio codec = MC_STREAM_AUDIO_AAC; codec <= MC_STREAM_AUDIO_AC3; codec++) {
        add("tone", codec, test_tone);
        add("repeat", codec, test_repeat);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(elements); i++) {
        g_autofree char *path = g_strdup_printf("/audio/delay-%s", elements[i].element);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_element);
    }
    g_test_add_func("/audio/no-server", test_no_server);
    return g_test_run();
}
