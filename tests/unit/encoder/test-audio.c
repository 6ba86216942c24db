/* SPDX-License-Identifier: MIT */
#include "encoder/audio.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <math.h>
#include <string.h>

#include "encoder/aac.h"
#include "encoder/audio-source.h"
#include "encoder/lpcm.h"

#define WAIT_US (3 * G_TIME_SPAN_SECOND)

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

static void on_error(const GError *error, void *user_data)
{
    ((Heard *) user_data)->errors++;
}

/* Sound of this kind for so many frames. */
static Heard *listen_to(McStreamAudio codec, const char *source, unsigned frames)
{
    Heard *self = heard_new();
    McAudioConfig config = {codec, source, on_frame, on_error, self};
    g_autoptr(GError) error = NULL;
    int64_t end_us = g_get_monotonic_time() + WAIT_US;
    McAudio *audio = mc_audio_new(&config, &error);

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

/* Left channel of ADTS frames, by another's decoder. */
static double *from_aac(const Heard *heard, size_t *ret_n)
{
    g_autoptr(GstElement) pipe = gst_parse_launch(
        "appsrc name=src format=time "
        "caps=audio/mpeg,mpegversion=4,stream-format=adts,framed=true,rate=48000,channels=2 ! "
        "aacparse ! avdec_aac ! audioconvert ! audio/x-raw,format=F64LE,layout=interleaved ! "
        "appsink name=sink sync=false",
        NULL);
    g_autoptr(GstElement) src = gst_bin_get_by_name(GST_BIN(pipe), "src");
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(pipe), "sink");
    double *samples = g_new0(double, (heard->frames->len + 4) * MC_AAC_FRAME_SAMPLES);
    GstSample *sample;

    gst_element_set_state(pipe, GST_STATE_PLAYING);
    for (guint i = 0; i < heard->frames->len; i++) {
        gsize bytes;
        gconstpointer frame = g_bytes_get_data(g_ptr_array_index(heard->frames, i), &bytes);
        GstBuffer *buffer = gst_buffer_new_memdup(frame, bytes);
        GST_BUFFER_PTS(buffer) = i * 1024 * GST_SECOND / 48000;
        gst_app_src_push_buffer(GST_APP_SRC(src), buffer);
    }
    gst_app_src_end_of_stream(GST_APP_SRC(src));
    *ret_n = 0;
    while ((sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 3 * GST_SECOND)) != NULL) {
        GstMapInfo map;
        gst_buffer_map(gst_sample_get_buffer(sample), &map, GST_MAP_READ);
        const double *in = (const double *) (const void *) map.data;
        for (size_t i = 0; i < map.size / sizeof(double) / 2; i++)
            if (*ret_n < (heard->frames->len + 4) * MC_AAC_FRAME_SAMPLES)
                samples[(*ret_n)++] = in[2 * i];
        gst_buffer_unmap(gst_sample_get_buffer(sample), &map);
        gst_sample_unref(sample);
    }
    gst_element_set_state(pipe, GST_STATE_NULL);
    return samples;
}

static bool no_aac(void)
{
    g_autoptr(GstElementFactory) decoder = gst_element_factory_find("avdec_aac");

    if (!decoder)
        g_test_skip("no AAC decoder to judge with (gstreamer1.0-libav)");
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
    g_autoptr(McAudioSource) source = mc_audio_source_new("test");
    int16_t block[MC_AUDIO_BLOCK * 2];
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

static void test_aac_tone(void)
{
    if (no_aac())
        return;
    Heard *heard = listen_to(MC_STREAM_AUDIO_AAC, "test", 14);
    size_t n;
    g_autofree double *samples = from_aac(heard, &n);

    g_assert_cmpuint(n, >=, 12 * 1024);
    g_assert_cmpfloat(share(samples + 3072, 9600, 440), >, 0.98);
    assert_steps(heard, 1024e9 / 48000);
    for (guint i = 0; i < heard->frames->len; i++) {
        gsize bytes;
        const uint8_t *p = g_bytes_get_data(g_ptr_array_index(heard->frames, i), &bytes);
        g_assert_cmpuint(p[0], ==, 0xff);
        g_assert_cmpuint((p[3] & 3u) << 11 | p[4] << 3 | p[5] >> 5, ==, bytes);
    }
    heard_free(heard);
}

/* A tone begins at a known sample; in what is decoded it begins there too, by the numbers that the
 * encoder gives with its frames: within 5 ms, of -45 to +125 that are allowed between picture and
 * sound. */
static void test_aac_delay(void)
{
    enum { BLOCKS = 40, ONSET = 9600 };
    if (no_aac())
        return;
    Heard *heard = heard_new();
    McAac *aac = mc_aac_new(on_frame, heard, NULL);
    size_t n, first = 0;

    g_assert_nonnull(aac);
    for (int block = 0; block < BLOCKS; block++) {
        int16_t samples[960];
        for (int i = 0; i < 480; i++) {
            int at = block * 480 + i;
            double value = at < ONSET ? 0 : 20000 * sin(2 * G_PI * 1000 * at / 48000.0);
            samples[2 * i] = samples[2 * i + 1] = (int16_t) value;
        }
        g_assert_true(mc_aac_push(aac, samples, 480, NULL));
    }
    mc_aac_free(aac);
    g_autofree double *decoded = from_aac(heard, &n);
    while (first < n && fabs(decoded[first]) < 0.25)
        first++;
    int64_t offset = (int64_t) first + g_array_index(heard->times_ns, int64_t, 0) - ONSET;
    g_test_message("onset is %+" G_GINT64_FORMAT " samples off", offset);
    g_assert_cmpint(ABS(offset), <, 240);
    heard_free(heard);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    gst_init(NULL, NULL);
    g_test_add_func("/audio/lpcm-tone", test_lpcm_tone);
    g_test_add_func("/audio/silence", test_silence);
    g_test_add_func("/audio/pace", test_pace);
    g_test_add_func("/audio/aac-tone", test_aac_tone);
    g_test_add_func("/audio/aac-delay", test_aac_delay);
    g_test_add_func("/audio/no-server", test_no_server);
    return g_test_run();
}
