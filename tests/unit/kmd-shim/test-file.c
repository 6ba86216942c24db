/* SPDX-License-Identifier: MIT */
/* Media files that GStreamer makes here, and what is shown and heard of them. */
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <sys/stat.h>

#include "fake-runtime.h"
#include "kmd-shim/capture/file-player.h"

#define PATIENCE_US (FAKE_PATIENCE_MS * (int64_t) G_TIME_SPAN_MILLISECOND)
#define SECOND_NS G_GINT64_CONSTANT(1000000000)
#define X264 "x264enc tune=zerolatency key-int-max=10 bitrate=1000"
#define RED 0xff0000u
#define BLUE 0x0000ffu
#define TOLERANCE 40 /* of a colour through a codec */

static char *folder;

/* ---- files ---- */

static bool has_elements(const char *names)
{
    g_auto(GStrv) each = g_strsplit(names, " ", -1);

    for (unsigned i = 0; each[i]; i++) {
        g_autoptr(GstElementFactory) factory = gst_element_factory_find(each[i]);
        if (!factory) {
            g_autofree char *text = g_strdup_printf("there is no %s", each[i]);
            g_test_skip(text);
            return false;
        }
    }
    return true;
}

static char *path_of(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* The pipeline runs to its end and leaves the file; %s in its text is the file's path. */
static char *make(const char *name, const char *format)
{
    g_autoptr(GError) error = NULL;
    char *path = path_of(name);
    g_auto(GStrv) parts = g_strsplit(format, "%s", -1);
    g_autofree char *text = g_strjoinv(path, parts);
    g_autoptr(GstElement) pipeline = gst_parse_launch(text, &error);

    g_assert_no_error(error);
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_autoptr(GstMessage) end =
        gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    if (GST_MESSAGE_TYPE(end) == GST_MESSAGE_ERROR)
        gst_message_parse_error(end, &error, NULL);
    g_assert_no_error(error);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    return path;
}

static void cut(const char *path, double part)
{
    struct stat what;

    g_assert_cmpint(stat(path, &what), ==, 0);
    g_assert_cmpint(truncate(path, (off_t) ((double) what.st_size * part)), ==, 0);
}

/* ---- a file that is shown ---- */

typedef struct {
    McCapture *capture;
    McFrame frame;
    uint32_t width_px, height_px;
    GError *error; /* it is over, or failed */
    unsigned pictures;
} Show;

static McCapture *try_open(const char *argument, GError **error)
{
    return mc_capture_file.open(&(McCaptureConfig){.argument = argument}, error);
}

static void show_close(Show *self)
{
    mc_capture_file.detach(self->capture, &self->frame);
    mc_capture_file.close(self->capture);
    g_clear_error(&self->error);
}

static void grab(Show *self)
{
    g_autoptr(GError) error = NULL;

    mc_capture_file.size(self->capture, &self->width_px, &self->height_px);
    if (!self->frame.pixels || self->frame.width_px != self->width_px ||
        self->frame.height_px != self->height_px) {
        mc_capture_file.detach(self->capture, &self->frame);
        g_assert_true(mc_capture_file.attach(self->capture, &self->frame, &error));
    }
    g_assert_cmpint(mc_capture_file.grab(self->capture, &self->frame, 0, &error), ==, MC_GRAB_OK);
    g_assert_no_error(error);
    self->pictures++;
}

/* Its first picture is there at once. */
static void show_open(Show *self, const char *argument)
{
    g_autoptr(GError) error = NULL;

    *self = (Show){.capture = try_open(argument, &error)};
    g_assert_no_error(error);
    grab(self);
}

/* Waits for the next picture. False: there is none any more. */
static bool show_next(Show *self)
{
    const int64_t end_us = g_get_monotonic_time() + PATIENCE_US;
    GPollFD fd = {.fd = mc_capture_file.fd(self->capture), .events = G_IO_IN};

    while (!self->error) {
        McCaptureNews news = {0};
        g_assert_cmpint(g_get_monotonic_time(), <, end_us);
        g_poll(&fd, 1, 10); /* the frame clock's tick */
        mc_capture_file.poll(self->capture, &news, &self->error);
        if (!news.dirty)
            continue;
        grab(self);
        return true;
    }
    return false;
}

static void show_all(Show *self)
{
    while (show_next(self))
        ;
}

static void assert_ended(const Show *self, const char *code)
{
    g_test_message("%s", self->error->message);
    g_assert_cmpstr(mc_capture_error_code(self->error->code), ==, code);
}

static uint32_t colour_at(const Show *self, uint32_t x, uint32_t y)
{
    const uint8_t *at = self->frame.pixels + (size_t) y * self->frame.stride_bytes + x * 4;

    return (uint32_t) (at[0] | at[1] << 8 | at[2] << 16);
}

static bool is_near(uint32_t colour, uint32_t other)
{
    for (unsigned shift = 0; shift < 24; shift += 8)
        if (ABS((int) (colour >> shift & 0xff) - (int) (other >> shift & 0xff)) > TOLERANCE)
            return false;
    return true;
}

#define ASSERT_COLOUR(show, x, y, colour)                                                          \
    if (!is_near(colour_at(show, x, y), colour))                                                   \
    g_error("(%u,%u) is %06x and not %06x", (unsigned) (x), (unsigned) (y), colour_at(show, x, y), \
            colour)

#define SOLID(colour, n, caps)                                                                     \
    "videotestsrc num-buffers=" #n " pattern=solid-color foreground-color=0xff" colour             \
    " ! video/x-raw,framerate=25/1," caps " ! "

/* ---- pictures, sound, their time ---- */

/* Half a second of red and silence, then of blue and a tone. */
static char *two_halves(const char *name)
{
    return make(name,
                "concat name=v ! " X264 " ! h264parse ! mp4mux name=m ! filesink location=%s "
                "concat name=a ! audioconvert ! avenc_aac ! aacparse ! m. " SOLID(
                    "ff0000", 13,
                    "format=I420,width=160,height=96") "v. " SOLID("0000ff", 12,
                                                                   "format=I420,width=160,height="
                                                                   "96") "v. "
                                                                         "audiotestsrc "
                                                                         "wave=silence "
                                                                         "num-buffers=25 "
                                                                         "samplesperbuffer=960 ! "
                                                                         "audio/"
                                                                         "x-raw,rate=48000,"
                                                                         "channels=2 ! a. "
                                                                         "audiotestsrc freq=1000 "
                                                                         "num-buffers=25 "
                                                                         "samplesperbuffer=960 ! "
                                                                         "audio/"
                                                                         "x-raw,rate=48000,"
                                                                         "channels=2 ! a. ");
}

#define TWO_HALVES_NEED "x264enc h264parse mp4mux avenc_aac aacparse avdec_h264 avdec_aac"

/* From from_ns on, the time at which it is no longer silent; 0: it is for three seconds. */
static int64_t sound_begins(const Show *self, int64_t from_ns)
{
    int16_t block[480 * 2];

    for (int64_t at_ns = from_ns; at_ns < from_ns + 3 * SECOND_NS; at_ns += SECOND_NS / 100) {
        mc_capture_file.read_sound(self->capture, at_ns, block, 480);
        for (unsigned i = 0; i < 480; i++)
            if (ABS(block[2 * i]) > 4000 && ABS(block[2 * i + 1]) > 4000)
                return at_ns + i * SECOND_NS / 48000;
    }
    return 0;
}

/* From the beginning, whether it ended or not. */
static void show_again(Show *self)
{
    g_clear_error(&self->error);
    mc_capture_file.end(self->capture);
    mc_capture_file.begin(self->capture);
}

/* A machine that stops for half a second leaves a colour out; the next time it comes. */
static void show_until(Show *self, uint32_t colour)
{
    for (unsigned i = 0; i < 20; i++) {
        while (show_next(self))
            if (is_near(colour_at(self, 40, 20), colour))
                return;
        assert_ended(self, "capture.finished");
        show_again(self);
    }
    g_error("%06x never comes", colour);
}

/* False: blue was left out. */
static bool turns_blue(Show *self, int64_t *ret_before_ns, int64_t *ret_begun_ns)
{
    *ret_before_ns = g_get_monotonic_time() * 1000;
    show_again(self);
    bool more = show_next(self);
    *ret_begun_ns = g_get_monotonic_time() * 1000;
    while (more && !is_near(colour_at(self, 80, 48), BLUE)) {
        ASSERT_COLOUR(self, 80, 48, RED);
        more = show_next(self);
    }
    return more;
}

static void test_pictures_and_sound(void)
{
    int64_t before_ns, begun_ns;
    int16_t block[480 * 2];
    Show show;

    if (!has_elements(TWO_HALVES_NEED))
        return;
    g_autofree char *path = two_halves("halves.mp4");
    show_open(&show, path);
    g_assert_cmpuint(show.width_px, ==, 160);
    g_assert_cmpuint(show.height_px, ==, 96);
    ASSERT_COLOUR(&show, 80, 48, RED);
    mc_capture_file.read_sound(show.capture, g_get_monotonic_time() * 1000, block, 480);
    g_assert_cmpint(block[0], ==, 0);
    for (unsigned i = 0; !turns_blue(&show, &before_ns, &begun_ns); i++)
        g_assert_cmpuint(i, <, 20);
    const int64_t blue_ns = g_get_monotonic_time() * 1000;
    show_all(&show);
    ASSERT_COLOUR(&show, 80, 48, BLUE);
    assert_ended(&show, "capture.finished");
    /* The whole file is no longer than what is kept of its sound. 0.52 and 0.5 s, less what an AAC
     * encoder leads and a tone takes to be loud. */
    const int64_t tone_ns = sound_begins(&show, before_ns);
    g_assert_cmpint(tone_ns, >=, before_ns + SECOND_NS * 44 / 100);
    g_assert_cmpint(tone_ns, <=, begun_ns + SECOND_NS * 60 / 100);
    g_assert_cmpint(blue_ns, >=, tone_ns - SECOND_NS * 45 / 1000); /* no picture comes early */
    show_close(&show);
}

/* It rests while nobody looks, and begins anew for a session after its end. */
static void test_sessions(void)
{
    Show show;

    if (!has_elements(TWO_HALVES_NEED))
        return;
    g_autofree char *path = two_halves("sessions.mp4");
    show_open(&show, path);
    mc_capture_file.begin(show.capture);
    show_next(&show);
    mc_capture_file.end(show.capture);
    g_assert_cmpint(sound_begins(&show, g_get_monotonic_time() * 1000), ==, 0);
    mc_capture_file.begin(show.capture);
    show_all(&show);
    assert_ended(&show, "capture.finished");
    show_again(&show);
    show_until(&show, RED);
    show_until(&show, BLUE);
    show_all(&show);
    assert_ended(&show, "capture.finished");
    show_close(&show);
}

static void test_loop(void)
{
    Show show;

    if (!has_elements(TWO_HALVES_NEED))
        return;
    g_autofree char *path = two_halves("loop.mp4");
    g_autofree char *argument = g_strconcat(path, ",loop", NULL);
    show_open(&show, argument);
    mc_capture_file.begin(show.capture);
    for (unsigned i = 0; i < 3; i++) {
        const int64_t from_ns = g_get_monotonic_time() * 1000;
        while (!is_near(colour_at(&show, 80, 48), i % 2 ? BLUE : RED)) {
            g_assert_true(show_next(&show));
        }
        g_test_message("%u after %.3f s", i,
                       (double) (g_get_monotonic_time() * 1000 - from_ns) / 1e9);
    }
    show_close(&show);
}

/* ---- kinds ---- */

static void test_odd_size(void)
{
    Show show;

    if (!has_elements("vp8enc webmmux vp8dec"))
        return;
    g_autofree char *path =
        make("odd.webm",
             "videotestsrc num-buffers=5 ! video/x-raw,format=I420,width=101,height=67,"
             "framerate=10/1 ! vp8enc deadline=1 target-bitrate=2000000 ! webmmux ! filesink "
             "location=%s");
    show_open(&show, path);
    g_assert_cmpuint(show.width_px, ==, 101);
    g_assert_cmpuint(show.height_px, ==, 67);
    mc_capture_file.begin(show.capture);
    show_all(&show);
    assert_ended(&show, "capture.finished");
    g_assert_cmpuint(show.frame.stride_bytes, >=, 101 * 4);
    ASSERT_COLOUR(&show, 4, 4, 0xffffff); /* the first bar of SMPTE's, and the seventh */
    ASSERT_COLOUR(&show, 97, 4, BLUE);
    show_close(&show);
}

/* Of ISO/IEC 14496-12's track header: { a b u c d v x y w }, where mp4mux writes none. */
static void turn(const char *path, unsigned degrees)
{
    static const uint8_t one[] = {0, 1, 0, 0}, minus_one[] = {0xff, 0xff, 0, 0}, none[4];
    const uint8_t *const cosine = degrees == 0 ? one : degrees == 180 ? minus_one : none;
    const uint8_t *const sine = degrees == 90 ? one : degrees == 270 ? minus_one : none;
    const uint8_t *const minus_sine = degrees == 90 ? minus_one : degrees == 270 ? one : none;
    g_autofree char *bytes = NULL;
    gsize n;

    g_assert_true(g_file_get_contents(path, &bytes, &n, NULL));
    char *header = memmem(bytes, n, "tkhd\0", 5); /* version 0 */
    g_assert_nonnull(header);
    uint8_t *matrix = (uint8_t *) header + 4 + 40;
    memcpy(matrix, cosine, 4);
    memcpy(matrix + 4, sine, 4);
    memcpy(matrix + 12, minus_sine, 4);
    memcpy(matrix + 16, cosine, 4);
    g_assert_true(g_file_set_contents(path, bytes, (gssize) n, NULL));
}

static void test_turned(void)
{
    static const struct {
        unsigned degrees;
        uint32_t width_px, height_px, x, y; /* of a place in the first bar, the white one */
    } rows[] = {
        {0, 160, 96, 8, 8}, {90, 96, 160, 88, 8}, {180, 160, 96, 152, 88}, {270, 96, 160, 8, 152}};

    if (!has_elements("x264enc h264parse mp4mux avdec_h264"))
        return;
    g_autofree char *path =
        make("turned.mp4", "videotestsrc num-buffers=3 ! "
                           "video/x-raw,format=I420,width=160,height=96,framerate=10/1 ! " X264
                           " ! h264parse ! mp4mux ! filesink location=%s");
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        Show show;
        turn(path, rows[i].degrees);
        show_open(&show, path);
        g_assert_cmpuint(show.width_px, ==, rows[i].width_px);
        g_assert_cmpuint(show.height_px, ==, rows[i].height_px);
        ASSERT_COLOUR(&show, rows[i].x, rows[i].y, 0xffffff);
        show_close(&show);
    }
}

static void test_pixels_are_square(void)
{
    Show show;

    if (!has_elements("vp8enc matroskamux vp8dec"))
        return;
    g_autofree char *path = make(
        "wide.mkv", SOLID("ff0000", 3,
                          "format=I420,width=96,height=96,"
                          "pixel-aspect-ratio=4/3") "vp8enc ! matroskamux ! filesink location=%s");
    show_open(&show, path);
    g_assert_cmpuint(show.width_px, ==, 128);
    g_assert_cmpuint(show.height_px, ==, 96);
    show_close(&show);
}

/* Larger than anything that shows it: its sides keep their ratio. */
static void test_huge(void)
{
    Show show;

    if (!has_elements("jpegenc jpegdec matroskamux"))
        return;
    g_autofree char *path = make(
        "huge.mkv",
        SOLID("ff0000", 1,
              "format=I420,width=8192,height=512") "jpegenc ! matroskamux ! filesink location=%s");
    show_open(&show, path);
    g_assert_cmpuint(show.width_px, ==, 4096);
    g_assert_cmpuint(show.height_px, ==, 256);
    show_close(&show);
}

static void append_file(const char *to, const char *from)
{
    g_autofree char *bytes = NULL;
    gsize n;
    FILE *file = g_fopen(to, "ab");

    g_assert_true(g_file_get_contents(from, &bytes, &n, NULL));
    g_assert_cmpuint(fwrite(bytes, 1, n, file), ==, n);
    fclose(file);
}

static void test_size_changes(void)
{
    Show show;

    if (!has_elements("x264enc h264parse avdec_h264"))
        return;
    g_autofree char *path =
        make("one.h264", SOLID("ff0000", 25, "format=I420,width=160,height=96") X264
             " ! video/x-h264,stream-format=byte-stream ! filesink location=%s");
    g_autofree char *more =
        make("two.h264", SOLID("0000ff", 25, "format=I420,width=96,height=64") X264
             " ! video/x-h264,stream-format=byte-stream ! filesink location=%s");
    append_file(path, more);
    show_open(&show, path);
    g_assert_cmpuint(show.width_px, ==, 160);
    mc_capture_file.begin(show.capture);
    show_until(&show, RED);
    g_assert_cmpuint(show.width_px, ==, 160);
    show_until(&show, BLUE);
    g_assert_cmpuint(show.width_px, ==, 96);
    g_assert_cmpuint(show.height_px, ==, 64);
    show_close(&show);
}

/* A photograph has no end: what is due later than everything is still it. */
static void test_still(gconstpointer format)
{
    Show show;

    if (!has_elements("pngenc pngdec jpegenc jpegdec"))
        return;
    g_autofree char *text =
        g_strdup_printf(SOLID("ff0000", 1, "width=64,height=48") "%senc ! filesink location=%%s",
                        (const char *) format);
    g_autofree char *path = make("still", text);
    show_open(&show, path);
    mc_capture_file.begin(show.capture);
    g_assert_true(show_next(&show));
    const int64_t end_us = g_get_monotonic_time() + 800 * G_TIME_SPAN_MILLISECOND;
    while (g_get_monotonic_time() < end_us) {
        McCaptureNews news = {0};
        const bool lasts = mc_capture_file.poll(show.capture, &news, &show.error);
        g_assert_no_error(show.error);
        g_assert_true(lasts);
        g_poll(NULL, 0, 10);
    }
    grab(&show);
    ASSERT_COLOUR(&show, 32, 24, RED);
    show_close(&show);
}

/* ---- what cannot be shown ---- */

static void refuse(const char *argument, const char *code, const char *says)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(try_open(argument, &error));
    g_assert_nonnull(error);
    g_test_message("%s", error->message);
    g_assert_cmpint(error->domain, ==, MC_CAPTURE_ERROR);
    g_assert_cmpstr(mc_capture_error_code(error->code), ==, code);
    if (!strstr(error->message, says))
        g_error("\"%s\" does not say \"%s\"", error->message, says);
}

static char *write_file(const char *name, const char *text, gssize len)
{
    char *path = path_of(name);

    g_assert_true(g_file_set_contents(path, text, len, NULL));
    return path;
}

static void test_no_file(void)
{
    g_autofree char *missing = path_of("missing.mp4");
    g_autofree char *pipe = path_of("pipe");

    refuse(missing, "capture.no-file", "No such file");
    refuse(folder, "capture.no-file", "a folder");
    refuse("/dev/zero", "capture.no-file", "a device");
    refuse("", "capture.no-file", "no name");
    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    refuse(pipe, "capture.no-file", "a pipe");
    g_autofree char *secret = write_file("secret.mp4", "x", 1);
    g_assert_cmpint(chmod(secret, 0), ==, 0);
    if (geteuid() != 0)
        refuse(secret, "capture.no-file", "Permission denied");
}

static void test_no_media(void)
{
    uint8_t noise[4096];

    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t) ((i * 2654435761u) >> 13);
    noise[0] = 1;
    g_autofree char *random = write_file("random.mp4", (const char *) noise, sizeof(noise));
    g_autofree char *text = write_file("text.mp4", "Dear diary,\nnothing moves today.\n", -1);
    g_autofree char *empty = write_file("empty.mp4", "", 0);
    refuse(random, "capture.not-media", "random.mp4");
    refuse(text, "capture.not-media", "text.mp4");
    refuse(empty, "capture.not-media", "empty.mp4");
}

/* What names other places is not followed. */
static void test_leads_away(void)
{
    g_autofree char *list = write_file("list.m3u8",
                                       "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n"
                                       "http://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
                                       -1);
    g_autofree char *dash =
        write_file("list.mpd",
                   "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" "
                   "type=\"static\"><Period/></MPD>\n",
                   -1);
    g_autofree char *sdp =
        write_file("call.sdp",
                   "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
                   "m=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
                   -1);
    refuse(list, "capture.not-media", "list.m3u8");
    refuse(dash, "capture.not-media", "list.mpd");
    refuse(sdp, "capture.not-media", "call.sdp");
}

static void test_may_use(void)
{
    g_assert_true(mc_file_player_may_use("Codec/Demuxer", "qtdemux"));
    g_assert_true(mc_file_player_may_use("Codec/Decoder/Video", "avdec_h264"));
    g_assert_true(mc_file_player_may_use("Codec/Parser/Converter/Video", "h264parse"));
    g_assert_false(mc_file_player_may_use("Codec/Demuxer/Adaptive", "hlsdemux"));
    g_assert_false(mc_file_player_may_use("Codec/Demuxer/Network/RTSP", "sdpdemux"));
    g_assert_false(mc_file_player_may_use("Codec/Demux/Editing", "gesdemux"));
    g_assert_false(mc_file_player_may_use("Codec/Demuxer", "gesdemux"));
    g_assert_false(mc_file_player_may_use("Codec/Decoder/Video/Hardware", "vah264dec"));
    g_assert_false(mc_file_player_may_use("Source/File", "filesrc"));
}

static void test_no_pictures(void)
{
    if (!has_elements("wavenc"))
        return;
    g_autofree char *path =
        make("sound.wav", "audiotestsrc num-buffers=10 ! wavenc ! filesink location=%s");
    refuse(path, "capture.not-media", "sound alone");
}

/* main() has taken this decoder away. */
static void test_no_decoder(void)
{
    if (!has_elements("theoraenc oggmux vorbisenc"))
        return;
    g_autofree char *alone =
        make("alone.ogv",
             SOLID("ff0000", 3,
                   "format=I420,width=160,height=96") "theoraenc ! oggmux ! filesink location=%s");
    g_autofree char *sound = make(
        "with-sound.ogv",
        SOLID("ff0000", 3,
              "format=I420,width=160,height=96") "theoraenc ! oggmux name=m ! filesink location=%s "
                                                 "audiotestsrc num-buffers=10 ! audioconvert ! "
                                                 "vorbisenc ! m.");
    refuse(alone, "capture.no-decoder", "Theora decoder");
    refuse(sound, "capture.no-decoder", "Theora decoder");
}

/* The sound alone is left out, and that is said. */
static void test_no_sound_decoder(void)
{
    Show show;

    if (!has_elements("x264enc h264parse mp4mux avdec_h264 lamemp3enc mpegaudioparse"))
        return;
    g_autofree char *path =
        make("mute.mp4", SOLID("ff0000", 3, "format=I420,width=160,height=96") X264
             " ! h264parse ! mp4mux name=m ! filesink location=%s "
             "audiotestsrc num-buffers=10 ! audioconvert ! lamemp3enc ! mpegaudioparse ! m.");
    g_test_expect_message("mc-kmd-shim", G_LOG_LEVEL_MESSAGE, "*capture.no-sound*");
    show_open(&show, path);
    g_test_assert_expected_messages();
    mc_capture_file.begin(show.capture);
    show_all(&show);
    ASSERT_COLOUR(&show, 80, 48, RED);
    assert_ended(&show, "capture.finished");
    show_close(&show);
}

/* Its index is at the front, or at the end, which is gone. */
static void test_truncated(void)
{
    Show show;

    if (!has_elements("x264enc h264parse mp4mux avdec_h264"))
        return;
    g_autofree char *path =
        make("cut.mp4", "videotestsrc num-buffers=50 ! video/x-raw,format=I420,width=160,"
                        "height=96,framerate=10/1 ! " X264 " ! h264parse ! mp4mux faststart=true "
                        "! filesink location=%s");
    cut(path, 0.5);
    show_open(&show, path);
    mc_capture_file.begin(show.capture);
    show_all(&show);
    assert_ended(&show, "capture.damaged");
    g_assert_cmpuint(show.pictures, >, 1);
    show_close(&show);

    g_autofree char *no_index =
        make("no-index.mp4",
             "videotestsrc num-buffers=10 ! " X264 " ! h264parse ! mp4mux ! filesink location=%s");
    cut(no_index, 0.5);
    refuse(no_index, "capture.damaged", "no-index.mp4");
}

static void test_cancelled(void)
{
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = make(
        "cancelled.png", SOLID("ff0000", 1, "width=64,height=48") "pngenc ! filesink location=%s");
    McCaptureConfig config = {.argument = path, .cancel = cancel};

    g_cancellable_cancel(cancel);
    g_assert_null(mc_capture_file.open(&config, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* ---- as a session has it ---- */

static void test_display_path(void)
{
    g_autoptr(GError) error = NULL;
    MIRACAST_CHUNK_INFO info;
    McFrameDesc frame, held = {0};
    uint32_t first = 0;
    FakeRuntime fake;

    if (!has_elements(TWO_HALVES_NEED))
        return;
    g_autofree char *path = two_halves("path.mp4");
    g_autofree char *capture = g_strconcat("file:", path, NULL);
    g_assert_true(fake_open(&fake, capture, 64, &error));
    g_assert_no_error(error);
    g_assert_cmpint(fake_create(&fake), ==, STATUS_SUCCESS);
    g_assert_cmpint(fake_modes(&fake, 60000), ==, STATUS_SUCCESS);
    g_assert_cmpint(fake_get(&fake, FAKE_PATIENCE_MS, &info, &held), ==, STATUS_SUCCESS);
    g_assert_cmpuint(held.width_px, ==, 160);
    memcpy(&first, (void *) (uintptr_t) held.pixels, 4);
    while (!fake.errors) /* the one frame is held to the end */
        if (fake_get(&fake, 100, &info, &frame) == STATUS_SUCCESS)
            fake_release(&fake, frame.frame_id);
    g_assert_cmpstr(mc_capture_error_code(fake.error_code), ==, "capture.finished");
    g_assert_cmpmem((void *) (uintptr_t) held.pixels, 4, &first, 4);
    g_assert_true(is_near(first & 0xffffff, RED));
    fake_close(&fake);
}

static void remove_folder(void)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = path_of(name);
        g_unlink(path);
    }
    g_dir_close(dir);
    g_rmdir(folder);
    g_free(folder);
}

int main(int argc, char **argv)
{
    /* Before GStreamer looks: for those files that need a decoder that is not there. */
    g_setenv(
        "GST_PLUGIN_FEATURE_RANK",
        "theoradec:NONE,avdec_theora:NONE,mpg123audiodec:NONE,avdec_mp3float:NONE,avdec_mp3:NONE",
        TRUE);
    g_test_init(&argc, &argv, NULL);
    gst_init(NULL, NULL);
    folder = g_dir_make_tmp("miracast-file-XXXXXX", NULL);
    g_assert_nonnull(folder);
    g_test_add_func("/file/pictures-and-sound", test_pictures_and_sound);
    g_test_add_func("/file/sessions", test_sessions);
    g_test_add_func("/file/loop", test_loop);
    g_test_add_func("/file/odd-size", test_odd_size);
    g_test_add_func("/file/turned", test_turned);
    g_test_add_func("/file/pixels-are-square", test_pixels_are_square);
    g_test_add_func("/file/huge", test_huge);
    g_test_add_func("/file/size-changes", test_size_changes);
    g_test_add_data_func("/file/png", "png", test_still);
    g_test_add_data_func("/file/jpeg", "jpeg", test_still);
    g_test_add_func("/file/no-file", test_no_file);
    g_test_add_func("/file/no-media", test_no_media);
    g_test_add_func("/file/leads-away", test_leads_away);
    g_test_add_func("/file/may-use", test_may_use);
    g_test_add_func("/file/no-pictures", test_no_pictures);
    g_test_add_func("/file/no-decoder", test_no_decoder);
    g_test_add_func("/file/no-sound-decoder", test_no_sound_decoder);
    g_test_add_func("/file/truncated", test_truncated);
    g_test_add_func("/file/cancelled", test_cancelled);
    g_test_add_func("/file/display-path", test_display_path);
    const int result = g_test_run();
    remove_folder();
    return result;
}
