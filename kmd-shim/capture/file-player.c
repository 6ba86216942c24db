/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/file-player.h"

#include <gst/app/gstappsink.h>
#include <gst/audio/audio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kmd-shim/capture/error.h"
#include "kmd-shim/capture/sound-ring.h"

/* While nothing is heard of a file that is opened: decodebin now and then keeps a demultiplexer's
 * error to itself. */
#define PATIENCE_US (20 * G_TIME_SPAN_SECOND)
#define TAIL_NS (500 * G_GINT64_CONSTANT(1000000)) /* what is still on its way to the sink */
#define CUT_NS (2 * G_GINT64_CONSTANT(1000000000)) /* so much less than it says is no rounding */

/* Larger pictures are made smaller at once: no sink shows them, and each takes memory. On a slow
 * machine some are left out before they are converted (qos), and what comes late is shown all the
 * same, so that there is always one now and then. */
#define PICTURES                                                                                   \
    "queue max-size-buffers=2 max-size-bytes=0 max-size-time=0 ! deinterlace mode=auto ! "         \
    "videoconvertscale ! video/x-raw,format=BGRx,pixel-aspect-ratio=1/1,width=(int)[16,4096],"     \
    "height=(int)[16,4096] ! videoflip video-direction=auto ! appsink name=out sync=true "         \
    "qos=true processing-deadline=0 enable-last-sample=false"
/* Sound comes half a second early and waits in the ring. */
#define SOUND                                                                                      \
    "queue ! audioconvert ! audioresample ! audio/x-raw,format=" GST_AUDIO_NE(                     \
        S16) ",rate=48000,channels=2,"                                                             \
             "layout=interleaved ! appsink name=out sync=true async=false ts-offset=-500000000 "   \
             "processing-deadline=0 enable-last-sample=false"

struct McFilePlayer {
    char *name; /* of the file, for a person */
    bool loop;
    GstElement *pipeline;
    McSoundRing *ring;
    int news_fd;
    int64_t duration_ns; /* as the file says; 0: it does not */
    bool wanted;         /* to run */
    int64_t position_ns; /* while it rests */

    GMutex lock;                  /* guards the rest; never held while an element is called */
    GstElement *pictures, *sound; /* the pipeline's branches; NULL: the file has none */
    GstSample *newest;
    int64_t heard_us; /* when the last message came */
    bool prerolled, all_pads, over;
    bool leads_away;                   /* something is in it that would open other places */
    GError *trouble;                   /* the first */
    char *lacks_picture, *lacks_sound; /* decoders that are not installed */
    bool playing;
    int64_t base_ns; /* when its beginning was due */
    int64_t end_ns;  /* of what has come so far */
};

static int64_t now_ns(void)
{
    return g_get_monotonic_time() * 1000;
}

static void tell(McFilePlayer *self)
{
    eventfd_write(self->news_fd, 1);
}

/* ---- what may decode ---- */

bool mc_file_player_may_use(const char *klass, const char *name)
{
    /* Hardware: its pictures are in memory of its own. */
    static const char *const never[] = {"Network", "Adaptive", "Editing", "Source", "Hardware"};

    g_auto(GStrv) words = g_strsplit(klass, "/", -1);
    for (size_t i = 0; i < G_N_ELEMENTS(never); i++)
        if (g_strv_contains((const char *const *) words, never[i]))
            return false;
    return strcmp(name, "gesdemux") != 0; /* another class in older releases */
}

/* GstAutoplugSelectResult, which has no header. */
enum { AUTOPLUG_TRY, AUTOPLUG_EXPOSE, AUTOPLUG_SKIP };

static int on_select(GstElement *decode, GstPad *pad, GstCaps *caps, GstElementFactory *factory,
                     gpointer user_data)
{
    const char *klass = gst_element_factory_get_metadata(factory, GST_ELEMENT_METADATA_KLASS);

    return mc_file_player_may_use(klass ? klass : "", GST_OBJECT_NAME(factory)) ? AUTOPLUG_TRY
                                                                                : AUTOPLUG_SKIP;
}

/* ---- what goes wrong ---- */

static const char *type_of(const GstCaps *caps)
{
    return caps && gst_caps_get_size(caps) ? gst_structure_get_name(gst_caps_get_structure(caps, 0))
                                           : "";
}

static McCaptureError code_of(const GError *error)
{
    if (g_error_matches(error, GST_STREAM_ERROR, GST_STREAM_ERROR_TYPE_NOT_FOUND) ||
        g_error_matches(error, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE))
        return MC_CAPTURE_ERROR_NOT_MEDIA;
    if (g_error_matches(error, GST_STREAM_ERROR, GST_STREAM_ERROR_CODEC_NOT_FOUND) ||
        g_error_matches(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN) ||
        error->domain == GST_PARSE_ERROR)
        return MC_CAPTURE_ERROR_NO_DECODER;
    return error->domain == GST_RESOURCE_ERROR ? MC_CAPTURE_ERROR_NO_FILE
                                               : MC_CAPTURE_ERROR_DAMAGED;
}

static void note_error(McFilePlayer *self, const GError *error)
{
    g_mutex_lock(&self->lock);
    if (!self->trouble)
        self->trouble = g_error_new(MC_CAPTURE_ERROR, (int) code_of(error), "%s: %s", self->name,
                                    error->message);
    g_mutex_unlock(&self->lock);
}

static void note_error_message(McFilePlayer *self, GstMessage *message)
{
    g_autoptr(GError) error = NULL;

    gst_message_parse_error(message, &error, NULL);
    note_error(self, error);
}

/* What nothing of ours may decode, installed or not. */
static bool leads_away(const char *type)
{
    static const char *const types[] = {
        "application/dash+xml", "application/sdp",  "application/vnd.ms-sstr+xml",
        "application/x-hls",    "application/xges", "text/uri-list"};

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (!strcmp(type, types[i]))
            return true;
    return false;
}

/* As GStreamer's gst_missing_*_message_new fill it. */
static void note_missing(McFilePlayer *self, const GstStructure *what)
{
    const char *name = what ? gst_structure_get_string(what, "name") : NULL;
    GstCaps *caps = NULL;

    if (!name || !gst_structure_has_name(what, "missing-plugin"))
        return;
    gst_structure_get(what, "detail", GST_TYPE_CAPS, &caps, NULL);
    const char *type = type_of(caps);
    g_mutex_lock(&self->lock);
    char **lacks = g_str_has_prefix(type, "audio/") ? &self->lacks_sound : &self->lacks_picture;
    if (!*lacks)
        *lacks = g_strdup(name);
    self->leads_away = self->leads_away || leads_away(type);
    g_mutex_unlock(&self->lock);
    gst_clear_caps(&caps);
}

static GstBusSyncReply on_message(GstBus *bus, GstMessage *message, gpointer user_data)
{
    McFilePlayer *self = user_data;
    const GstMessageType type = GST_MESSAGE_TYPE(message);

    if (type == GST_MESSAGE_ERROR)
        note_error_message(self, message);
    else if (type == GST_MESSAGE_ELEMENT)
        note_missing(self, gst_message_get_structure(message));
    g_mutex_lock(&self->lock);
    self->heard_us = g_get_monotonic_time();
    self->prerolled = self->prerolled || (type == GST_MESSAGE_ASYNC_DONE &&
                                          GST_MESSAGE_SRC(message) == GST_OBJECT(self->pipeline));
    self->over = self->over || type == GST_MESSAGE_EOS;
    g_mutex_unlock(&self->lock);
    if (type & (GST_MESSAGE_ERROR | GST_MESSAGE_ASYNC_DONE | GST_MESSAGE_EOS))
        tell(self);
    gst_message_unref(message);
    return GST_BUS_DROP;
}

/* ---- pictures and sound, on GStreamer's threads ---- */

/* When the sample is due, counted from the file's beginning; negative: never. */
static int64_t due_ns(GstSample *sample)
{
    const GstClockTime pts = GST_BUFFER_PTS(gst_sample_get_buffer(sample));
    const GstClockTime due =
        gst_segment_to_running_time(gst_sample_get_segment(sample), GST_FORMAT_TIME, pts);

    return GST_CLOCK_TIME_IS_VALID(due) ? (int64_t) due : -1;
}

static void note_end(McFilePlayer *self, GstSample *sample, int64_t from_ns)
{
    const GstClockTime lasts = GST_BUFFER_DURATION(gst_sample_get_buffer(sample));

    self->end_ns =
        MAX(self->end_ns, from_ns + (GST_CLOCK_TIME_IS_VALID(lasts) ? (int64_t) lasts : 0));
}

static GstFlowReturn show(McFilePlayer *self, GstSample *sample)
{
    if (!sample)
        return GST_FLOW_EOS;
    const int64_t from_ns = due_ns(sample);
    g_mutex_lock(&self->lock);
    GstSample *older = self->newest;
    self->newest = sample;
    note_end(self, sample, from_ns);
    g_mutex_unlock(&self->lock);
    g_clear_pointer(&older, gst_sample_unref);
    tell(self);
    return GST_FLOW_OK;
}

static GstFlowReturn on_first_picture(GstAppSink *sink, gpointer user_data)
{
    return show(user_data, gst_app_sink_pull_preroll(sink));
}

static GstFlowReturn on_picture(GstAppSink *sink, gpointer user_data)
{
    return show(user_data, gst_app_sink_pull_sample(sink));
}

static GstFlowReturn on_sound(GstAppSink *sink, gpointer user_data)
{
    McFilePlayer *self = user_data;
    g_autoptr(GstSample) sample = gst_app_sink_pull_sample(sink);
    GstMapInfo map;

    if (!sample)
        return GST_FLOW_EOS;
    const int64_t from_ns = due_ns(sample);
    GstBuffer *buffer = gst_sample_get_buffer(sample);
    if (from_ns < 0 || !gst_buffer_map(buffer, &map, GST_MAP_READ))
        return GST_FLOW_OK;
    mc_sound_ring_push(self->ring, from_ns, (const int16_t *) (const void *) map.data,
                       map.size / 4);
    gst_buffer_unmap(buffer, &map);
    g_mutex_lock(&self->lock);
    note_end(self, sample, from_ns);
    g_mutex_unlock(&self->lock);
    return GST_FLOW_OK;
}

/* ---- branches, on GStreamer's threads ---- */

static GstElement *new_branch(McFilePlayer *self, const char *description,
                              GstAppSinkCallbacks *callbacks)
{
    g_autoptr(GError) error = NULL;
    GstElement *bin = gst_parse_bin_from_description(description, TRUE, &error);

    if (!bin) {
        note_error(self, error);
        return NULL;
    }
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(bin), "out");
    gst_app_sink_set_callbacks(GST_APP_SINK(sink), callbacks, self, NULL);
    gst_bin_add(GST_BIN(self->pipeline), bin);
    gst_element_sync_state_with_parent(bin);
    return bin;
}

/* The first of each kind is played; a file that begins anew brings its streams again. */
static void link_branch(McFilePlayer *self, GstElement **branch, const char *description,
                        GstAppSinkCallbacks *callbacks, GstPad *pad)
{
    if (!*branch) {
        GstElement *made = new_branch(self, description, callbacks);
        g_mutex_lock(&self->lock);
        *branch = made;
        g_mutex_unlock(&self->lock);
    }
    g_autoptr(GstPad) sink = *branch ? gst_element_get_static_pad(*branch, "sink") : NULL;
    if (sink && !gst_pad_is_linked(sink))
        gst_pad_link(pad, sink);
}

static void on_pad(GstElement *decode, GstPad *pad, gpointer user_data)
{
    McFilePlayer *self = user_data;
    GstAppSinkCallbacks pictures = {.new_preroll = on_first_picture, .new_sample = on_picture};
    GstAppSinkCallbacks sound = {.new_sample = on_sound};
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    const char *type = type_of(caps);

    if (!strcmp(type, "video/x-raw"))
        link_branch(self, &self->pictures, PICTURES, &pictures, pad);
    else if (!strcmp(type, "audio/x-raw"))
        link_branch(self, &self->sound, SOUND, &sound, pad);
}

static void on_all_pads(GstElement *decode, gpointer user_data)
{
    McFilePlayer *self = user_data;

    g_mutex_lock(&self->lock);
    self->all_pads = true;
    g_mutex_unlock(&self->lock);
    tell(self);
}

/* ---- life ---- */

static bool build(McFilePlayer *self, const char *path, GError **error)
{
    g_autoptr(GError) why = NULL;
    GstElement *pipeline = gst_init_check(NULL, NULL, &why)
                               ? gst_parse_launch("filesrc name=file ! decodebin name=decode", &why)
                               : NULL;

    if (why) {
        g_clear_object(&pipeline);
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_DECODER, "GStreamer: %s",
                    why->message);
        return false;
    }
    self->pipeline = gst_object_ref_sink(pipeline);
    g_autoptr(GstElement) file = gst_bin_get_by_name(GST_BIN(pipeline), "file");
    g_autoptr(GstElement) decode = gst_bin_get_by_name(GST_BIN(pipeline), "decode");
    g_autoptr(GstClock) clock =
        g_object_new(GST_TYPE_SYSTEM_CLOCK, "clock-type", GST_CLOCK_TYPE_MONOTONIC, NULL);
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    g_object_set(file, "location", path, NULL);
    g_signal_connect(decode, "autoplug-select", G_CALLBACK(on_select), self);
    g_signal_connect(decode, "pad-added", G_CALLBACK(on_pad), self);
    g_signal_connect(decode, "no-more-pads", G_CALLBACK(on_all_pads), self);
    gst_bus_set_sync_handler(bus, on_message, self, NULL);
    gst_pipeline_use_clock(GST_PIPELINE(pipeline), clock);
    gst_element_set_start_time(pipeline, GST_CLOCK_TIME_NONE); /* the base time is ours */
    return true;
}

/* How long the answer may still take; 0: it is known whether the file can be shown. */
static int64_t patience_us(McFilePlayer *self)
{
    g_mutex_lock(&self->lock);
    const bool decided =
        self->newest || self->trouble || (self->pictures ? self->prerolled : self->all_pads);
    const int64_t left_us = self->heard_us + PATIENCE_US - g_get_monotonic_time();
    g_mutex_unlock(&self->lock);
    return decided ? 0 : MAX(0, left_us);
}

static void wait_for_picture(McFilePlayer *self, GCancellable *cancel)
{
    GPollFD fds[2] = {{.fd = self->news_fd, .events = G_IO_IN}};
    const bool cancellable = g_cancellable_make_pollfd(cancel, &fds[1]);
    int64_t left_us;
    eventfd_t ignored;

    while (!g_cancellable_is_cancelled(cancel) && (left_us = patience_us(self)) > 0) {
        g_poll(fds, cancellable ? 2 : 1, (gint) (left_us / 1000 + 1));
        eventfd_read(self->news_fd, &ignored);
    }
    if (cancellable)
        g_cancellable_release_fd(cancel);
}

/* Why there is no picture; lock held. What is not installed says more than that nothing came. */
static void explain(McFilePlayer *self, GError **error)
{
    const bool no_type =
        g_error_matches(self->trouble, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NOT_MEDIA);

    if (self->leads_away)
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NOT_MEDIA,
                    "%s: it is a list of other places, which are not opened", self->name);
    else if (self->lacks_picture && !no_type)
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_DECODER, "%s: there is no %s",
                    self->name, self->lacks_picture);
    else if (self->trouble)
        g_propagate_error(error, g_error_copy(self->trouble));
    else if (self->all_pads && !self->pictures)
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NOT_MEDIA,
                    "%s: it has sound alone, and no picture", self->name);
    else
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_DAMAGED,
                    "%s: no picture comes out of it", self->name);
}

static bool has_picture(McFilePlayer *self, GError **error)
{
    g_mutex_lock(&self->lock);
    const bool there = self->newest && !self->trouble;
    if (!there)
        explain(self, error);
    g_mutex_unlock(&self->lock);
    return there;
}

static void tell_of_no_sound(const McFilePlayer *self)
{
    if (self->lacks_sound && !self->sound)
        g_message("[capture.no-sound] %s is shown without its sound: there is no %s", self->name,
                  self->lacks_sound);
}

McFilePlayer *mc_file_player_new(const char *path, bool loop, GCancellable *cancel, GError **error)
{
    g_autoptr(McFilePlayer) self = g_new0(McFilePlayer, 1);
    gint64 duration_ns = 0;

    self->name = g_filename_display_basename(path);
    self->loop = loop;
    self->ring = mc_sound_ring_new();
    self->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_mutex_init(&self->lock);
    if (!build(self, path, error))
        return NULL;
    self->heard_us = g_get_monotonic_time();
    gst_element_set_state(self->pipeline, GST_STATE_PAUSED);
    wait_for_picture(self, cancel);
    if (g_cancellable_set_error_if_cancelled(cancel, error) || !has_picture(self, error))
        return NULL;
    if (gst_element_query_duration(self->pipeline, GST_FORMAT_TIME, &duration_ns))
        self->duration_ns = duration_ns;
    tell_of_no_sound(self);
    return g_steal_pointer(&self);
}

void mc_file_player_free(McFilePlayer *self)
{
    if (!self)
        return;
    if (self->pipeline) {
        gst_element_set_state(self->pipeline, GST_STATE_NULL);
        gst_object_unref(self->pipeline);
    }
    g_clear_pointer(&self->newest, gst_sample_unref);
    mc_sound_ring_free(self->ring);
    if (self->news_fd >= 0)
        close(self->news_fd);
    g_clear_error(&self->trouble);
    g_mutex_clear(&self->lock);
    g_free(self->lacks_picture);
    g_free(self->lacks_sound);
    g_free(self->name);
    g_free(self);
}

/* ---- playing ---- */

static void set_playing(McFilePlayer *self, bool playing, int64_t base_ns)
{
    g_mutex_lock(&self->lock);
    self->playing = playing;
    self->base_ns = base_ns;
    g_mutex_unlock(&self->lock);
}

static void start(McFilePlayer *self)
{
    const int64_t base_ns = now_ns() - self->position_ns;

    set_playing(self, true, base_ns);
    gst_element_set_base_time(self->pipeline, (GstClockTime) base_ns);
    gst_element_set_state(self->pipeline, GST_STATE_PLAYING);
}

static void rest(McFilePlayer *self)
{
    if (self->playing)
        self->position_ns = MAX(0, now_ns() - self->base_ns);
    set_playing(self, false, 0);
    gst_element_set_state(self->pipeline, GST_STATE_PAUSED);
}

/* Every kind of file can be read anew, not every one can be sought in. The last picture stays until
 * the first is there again. */
static void rewind_file(McFilePlayer *self)
{
    set_playing(self, false, 0);
    gst_element_set_state(self->pipeline, GST_STATE_READY);
    mc_sound_ring_clear(self->ring);
    self->position_ns = 0;
    g_mutex_lock(&self->lock);
    self->prerolled = self->all_pads = self->over = false;
    self->end_ns = 0;
    g_mutex_unlock(&self->lock);
    gst_element_set_state(self->pipeline, GST_STATE_PAUSED);
}

void mc_file_player_run(McFilePlayer *self, bool running)
{
    g_mutex_lock(&self->lock);
    const bool over = self->over;
    g_mutex_unlock(&self->lock);
    self->wanted = running;
    if (!running)
        rest(self);
    else if (over)
        rewind_file(self);
    tell(self); /* step starts it */
}

void mc_file_player_pause(McFilePlayer *self, bool paused)
{
    self->wanted = !paused;
    if (paused)
        rest(self);
    tell(self);
}

int mc_file_player_fd(const McFilePlayer *self)
{
    return self->news_fd;
}

GstSample *mc_file_player_take(McFilePlayer *self)
{
    eventfd_t ignored;

    eventfd_read(self->news_fd, &ignored);
    g_mutex_lock(&self->lock);
    GstSample *newest = g_steal_pointer(&self->newest);
    g_mutex_unlock(&self->lock);
    return newest;
}

/* A picture that lasts no time, a photograph, stays. */
static bool is_still(const McFilePlayer *self)
{
    return self->end_ns == 0 && self->duration_ns == 0 && !self->sound;
}

/* The end has come; since_ns: so long ago. */
static bool step_over(McFilePlayer *self, int64_t end_ns, int64_t since_ns, GError **error)
{
    if (self->duration_ns - end_ns > CUT_NS) {
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_DAMAGED,
                    "%s: it ends after %.1f of %.1f seconds", self->name, (double) end_ns / 1e9,
                    (double) self->duration_ns / 1e9);
        return false;
    }
    if (self->loop) {
        rewind_file(self);
    } else if (since_ns >= TAIL_NS) {
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_FINISHED, "%s has been shown",
                    self->name);
        return false;
    }
    return true;
}

bool mc_file_player_step(McFilePlayer *self, GError **error)
{
    g_mutex_lock(&self->lock);
    GError *trouble = self->trouble ? g_error_copy(self->trouble) : NULL;
    const bool prerolled = self->prerolled, playing = self->playing;
    const bool ends = self->over && playing && !is_still(self);
    const int64_t end_ns = self->end_ns, since_ns = now_ns() - self->base_ns - end_ns;
    g_mutex_unlock(&self->lock);
    if (trouble) {
        g_propagate_error(error, trouble);
        return false;
    }
    if (self->wanted && !playing && prerolled)
        start(self);
    return !ends || since_ns < 0 || step_over(self, end_ns, since_ns, error);
}

void mc_file_player_read_sound(McFilePlayer *self, int64_t begin_ns, int16_t *block, size_t pairs)
{
    g_mutex_lock(&self->lock);
    const bool playing = self->playing;
    const int64_t base_ns = self->base_ns;
    g_mutex_unlock(&self->lock);
    /* Before its beginning nothing is there. */
    mc_sound_ring_read(self->ring, playing ? begin_ns - base_ns : -1, block, pairs);
}
