/* SPDX-License-Identifier: MIT */
#include "encoder/desktop-sound.h"

#include <pulse/pulseaudio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "encoder/drift.h"

#define RETRY_US (500 * PA_USEC_PER_MSEC) /* and twice as long after each vain try */
#define RETRY_MOST_US (16 * PA_USEC_PER_SEC)
#define TIMING_PIECES 100u /* the server is asked so often for the time of what we read */
#define MAX_OUTPUT_US (150 * G_TIME_SPAN_MILLISECOND)
#define PIECE_BYTES (MC_DRIFT_RATE_HZ / 100 * 4) /* 10 ms */

struct McDesktopSound {
    char *prefer;
    pa_threaded_mainloop *loop;
    /* the rest up to the lock: under the loop's lock */
    pa_context *context;
    pa_stream *stream;
    pa_operation *asking; /* a question whose answer decides on the stream */
    pa_time_event *retry;
    uint32_t sink;      /* whose monitor the stream reads */
    char *monitor;      /* its name */
    unsigned pieces;    /* of the stream */
    bool asked_prefer;  /* else the default output */
    pa_usec_t retry_us; /* until the next try */
    bool met_server;    /* there was one, at some time */
    bool no_server_told, refused_told;

    GMutex lock;
    McDrift *drift;
    bool live;  /* verified, and data may come */
    bool timed; /* their times are known */
    unsigned epoch;
    int64_t newest_ns;
};

static void connect_server(McDesktopSound *self);
static void try_again(McDesktopSound *self);
static void choose(McDesktopSound *self);

/* ---- the stream ---- */

bool mc_desktop_sound_is_monitor(uint32_t monitor_of_sink, uint32_t sink)
{
    return sink != PA_INVALID_INDEX && monitor_of_sink == sink;
}

static void set_live(McDesktopSound *self, bool live)
{
    g_mutex_lock(&self->lock);
    self->live = live;
    self->epoch += live;
    self->newest_ns = 0;
    self->timed = false;
    g_mutex_unlock(&self->lock);
}

static void close_stream(McDesktopSound *self)
{
    set_live(self, false);
    if (self->stream) {
        pa_stream_set_state_callback(self->stream, NULL, NULL);
        pa_stream_set_read_callback(self->stream, NULL, NULL);
        pa_stream_set_moved_callback(self->stream, NULL, NULL);
        pa_stream_disconnect(self->stream);
        pa_stream_unref(g_steal_pointer(&self->stream));
    }
    self->sink = PA_INVALID_INDEX;
}

static void refuse(McDesktopSound *self, const char *source)
{
    if (!self->refused_told)
        g_message("[audio.not-an-output] \"%s\" is not the monitor of an output and is never "
                  "captured: silence is sent",
                  source);
    self->refused_told = true;
    close_stream(self);
}

/* When the next pair to be read is heard. A monitor's sound comes as it is rendered, and is heard
 * when the output's own buffer is through. (pa_stream_get_latency is no help: it wanders by 80 ms
 * in the first seconds with pipewire-pulse, and sticks to an old answer with PulseAudio.) */
static int64_t heard_at_ns(pa_stream *stream)
{
    const pa_timing_info *timing = pa_stream_get_timing_info(stream);
    int64_t pairs = (int64_t) pa_stream_readable_size(stream) / 4;
    int64_t output_us = timing ? (int64_t) timing->sink_usec : 0;

    return (g_get_monotonic_time() + CLAMP(output_us, 0, MAX_OUTPUT_US)) * 1000 -
           pairs * 1000000000 / MC_DRIFT_RATE_HZ;
}

/* What the server said when the stream began may be off by seconds: its output plays what it had
 * rendered until then. */
static void on_timing(pa_stream *stream, int success, void *user_data)
{
    McDesktopSound *self = user_data;

    g_mutex_lock(&self->lock);
    self->timed = self->timed || success;
    g_mutex_unlock(&self->lock);
}

static void ask_for_timing(McDesktopSound *self, pa_stream *stream)
{
    pa_operation *asked;

    if (self->pieces++ % TIMING_PIECES == 0 &&
        (asked = pa_stream_update_timing_info(stream, on_timing, self)))
        pa_operation_unref(asked);
}

static void take_piece(McDesktopSound *self, const void *data, size_t pairs, int64_t first_ns)
{
    g_mutex_lock(&self->lock);
    if (self->live && self->timed) {
        mc_drift_push(self->drift, data, pairs, first_ns); /* data NULL: a hole */
        self->newest_ns = first_ns + (int64_t) pairs * 1000000000 / MC_DRIFT_RATE_HZ;
    }
    g_mutex_unlock(&self->lock);
}

static void on_data(pa_stream *stream, size_t bytes, void *user_data)
{
    McDesktopSound *self = user_data;
    const void *data;
    size_t n;

    ask_for_timing(self, stream);
    while (pa_stream_readable_size(stream) > 0) {
        int64_t first_ns = heard_at_ns(stream);
        if (pa_stream_peek(stream, &data, &n) < 0 || n == 0)
            break;
        take_piece(self, data, n / 4, first_ns);
        pa_stream_drop(stream);
    }
}

/* The server's word, after the fact: what it connected us to. */
static void verify(pa_stream *stream, void *user_data)
{
    McDesktopSound *self = user_data;
    const char *name = pa_stream_get_device_name(stream);

    if (g_strcmp0(name, self->monitor))
        refuse(self, name ? name : "?");
    else if (!self->live)
        set_live(self, true);
}

static void on_stream_state(pa_stream *stream, void *user_data)
{
    McDesktopSound *self = user_data;

    switch (pa_stream_get_state(stream)) {
    case PA_STREAM_READY:
        verify(stream, self);
        break;
    case PA_STREAM_FAILED: /* its output has gone; another is chosen when the server tells of it */
    case PA_STREAM_TERMINATED:
        close_stream(self);
        choose(self);
        break;
    default:
        break;
    }
}

static void open_stream(McDesktopSound *self)
{
    const pa_sample_spec format = {PA_SAMPLE_S16NE, MC_DRIFT_RATE_HZ, 2};
    const pa_buffer_attr pieces = {.maxlength = (uint32_t) -1, .fragsize = PIECE_BYTES};

    self->pieces = 0;
    self->stream = pa_stream_new(self->context, "sound of the desktop", &format, NULL);
    if (!self->stream)
        return;
    pa_stream_set_state_callback(self->stream, on_stream_state, self);
    pa_stream_set_read_callback(self->stream, on_data, self);
    pa_stream_set_moved_callback(self->stream, verify, self);
    if (pa_stream_connect_record(self->stream, self->monitor, &pieces,
                                 PA_STREAM_DONT_MOVE | PA_STREAM_ADJUST_LATENCY) < 0)
        close_stream(self);
}

/* ---- which output ---- */

static void ask(McDesktopSound *self, pa_operation *operation)
{
    if (self->asking) {
        pa_operation_cancel(self->asking);
        pa_operation_unref(self->asking);
    }
    self->asking = operation;
}

static void on_monitor(pa_context *context, const pa_source_info *info, int end, void *user_data)
{
    McDesktopSound *self = user_data;

    if (end || !info)
        return;
    if (!mc_desktop_sound_is_monitor(info->monitor_of_sink, self->sink))
        refuse(self, info->name);
    else if (!self->stream)
        open_stream(self);
}

static void use_output(McDesktopSound *self, const pa_sink_info *info)
{
    if (self->stream && self->sink == info->index)
        return;
    close_stream(self);
    if (!info->monitor_source_name)
        return;
    self->sink = info->index;
    g_free(self->monitor);
    self->monitor = g_strdup(info->monitor_source_name);
    ask(self, pa_context_get_source_info_by_name(self->context, self->monitor, on_monitor, self));
}

static void on_server_info(pa_context *context, const pa_server_info *info, void *user_data);

static void on_output(pa_context *context, const pa_sink_info *info, int end, void *user_data)
{
    McDesktopSound *self = user_data;

    if (info && !end)
        use_output(self, info);
    else if (end < 0 && self->asked_prefer)
        ask(self, pa_context_get_server_info(context, on_server_info, self));
}

static void on_server_info(pa_context *context, const pa_server_info *info, void *user_data)
{
    McDesktopSound *self = user_data;

    self->asked_prefer = false;
    if (info && info->default_sink_name)
        ask(self,
            pa_context_get_sink_info_by_name(context, info->default_sink_name, on_output, self));
}

static void choose(McDesktopSound *self)
{
    if (!self->context || pa_context_get_state(self->context) != PA_CONTEXT_READY)
        return;
    self->asked_prefer = *self->prefer;
    if (self->asked_prefer)
        ask(self, pa_context_get_sink_info_by_name(self->context, self->prefer, on_output, self));
    else
        ask(self, pa_context_get_server_info(self->context, on_server_info, self));
}

/* ---- the server ---- */

static void on_event(pa_context *context, pa_subscription_event_type_t type, uint32_t index,
                     void *user_data)
{
    pa_subscription_event_type_t facility = type & PA_SUBSCRIPTION_EVENT_FACILITY_MASK;
    pa_subscription_event_type_t what = type & PA_SUBSCRIPTION_EVENT_TYPE_MASK;

    /* A sink changes with each turn of its volume: no news. */
    if (facility == PA_SUBSCRIPTION_EVENT_SERVER || what != PA_SUBSCRIPTION_EVENT_CHANGE)
        choose(user_data);
}

static void close_server(McDesktopSound *self)
{
    close_stream(self);
    ask(self, NULL);
    if (!self->context)
        return;
    pa_context_set_state_callback(self->context, NULL, NULL);
    pa_context_set_subscribe_callback(self->context, NULL, NULL);
    pa_context_disconnect(self->context);
    pa_context_unref(g_steal_pointer(&self->context));
}

static bool is_set(const char *variable)
{
    const char *value = g_getenv(variable);

    return value && *value;
}

/* Why libpulse cannot look for this user's server, which it writes to standard error at each try;
 * NULL: it can, or is told where the server is. */
static const char *server_folder_problem(void)
{
    const char *runtime = g_getenv("XDG_RUNTIME_DIR");
    struct stat folder;

    if (is_set("PULSE_SERVER") || is_set("PULSE_RUNTIME_PATH"))
        return NULL;
    if (!runtime)
        return access(g_get_home_dir(), W_OK) == 0 ? NULL : "there is no home folder to find it by";
    return stat(runtime, &folder) == 0 && folder.st_uid != geteuid()
               ? "XDG_RUNTIME_DIR is another user's"
               : NULL;
}

static void tell_no_server(McDesktopSound *self)
{
    const char *problem = server_folder_problem();

    if (!self->no_server_told && problem)
        g_message(
            "[audio.no-server] no sound server is found, for %s: silence is sent; run this as "
            "the desktop's user, or set PULSE_SERVER",
            problem);
    else if (!self->no_server_told)
        g_message("[audio.no-server] no sound server answers: silence is sent until one does");
    self->no_server_told = true;
}

static void on_retry(pa_mainloop_api *api, pa_time_event *event, const struct timeval *tv,
                     void *user_data)
{
    McDesktopSound *self = user_data;

    api->time_free(g_steal_pointer(&self->retry));
    if (self->met_server || !server_folder_problem())
        connect_server(self);
    else
        try_again(self);
}

/* There is no event for a server that comes, on a socket that may not even have a folder yet. */
static void try_again(McDesktopSound *self)
{
    pa_mainloop_api *api = pa_threaded_mainloop_get_api(self->loop);
    struct timeval when;

    tell_no_server(self);
    close_server(self);
    pa_timeval_add(pa_gettimeofday(&when), self->retry_us);
    self->retry_us = MIN(self->retry_us * 2, RETRY_MOST_US);
    self->retry = api->time_new(api, &when, on_retry, self);
}

static void on_context_state(pa_context *context, void *user_data)
{
    McDesktopSound *self = user_data;

    switch (pa_context_get_state(context)) {
    case PA_CONTEXT_READY:
        self->no_server_told = false;
        self->met_server = true;
        self->retry_us = RETRY_US;
        pa_context_set_subscribe_callback(context, on_event, self);
        pa_operation_unref(pa_context_subscribe(
            context, PA_SUBSCRIPTION_MASK_SINK | PA_SUBSCRIPTION_MASK_SERVER, NULL, NULL));
        choose(self);
        break;
    case PA_CONTEXT_FAILED:
    case PA_CONTEXT_TERMINATED:
        try_again(self);
        break;
    default:
        break;
    }
}

static void connect_server(McDesktopSound *self)
{
    self->context = pa_context_new(pa_threaded_mainloop_get_api(self->loop), "miracast");
    pa_context_set_state_callback(self->context, on_context_state, self);
    if (pa_context_connect(self->context, NULL, PA_CONTEXT_NOAUTOSPAWN, NULL) < 0 && !self->retry)
        try_again(self);
}

/* ---- life and reading ---- */

McDesktopSound *mc_desktop_sound_new(const char *prefer)
{
    McDesktopSound *self = g_new0(McDesktopSound, 1);

    self->prefer = g_strdup(prefer);
    self->sink = PA_INVALID_INDEX;
    self->retry_us = RETRY_US;
    self->drift = mc_drift_new();
    g_mutex_init(&self->lock);
    self->loop = pa_threaded_mainloop_new();
    pa_threaded_mainloop_set_name(self->loop, "mc-pulse");
    pa_threaded_mainloop_lock(self->loop);
    connect_server(self);
    pa_threaded_mainloop_unlock(self->loop);
    pa_threaded_mainloop_start(self->loop);
    return self;
}

void mc_desktop_sound_free(McDesktopSound *self)
{
    if (!self)
        return;
    pa_threaded_mainloop_stop(self->loop);
    close_server(self);
    if (self->retry)
        pa_threaded_mainloop_get_api(self->loop)->time_free(self->retry);
    pa_threaded_mainloop_free(self->loop);
    mc_drift_free(self->drift);
    g_mutex_clear(&self->lock);
    g_free(self->monitor);
    g_free(self->prefer);
    g_free(self);
}

bool mc_desktop_sound_is_live(McDesktopSound *self, unsigned *ret_epoch, int64_t *ret_newest_ns)
{
    g_mutex_lock(&self->lock);
    bool live = self->live;
    *ret_epoch = self->epoch;
    *ret_newest_ns = self->newest_ns;
    g_mutex_unlock(&self->lock);
    return live;
}

bool mc_desktop_sound_pull(McDesktopSound *self, int64_t begin_ns, int16_t *block, size_t pairs)
{
    g_mutex_lock(&self->lock);
    bool there = mc_drift_pull(self->drift, begin_ns, block, pairs);
    g_mutex_unlock(&self->lock);
    return there;
}

void mc_desktop_sound_conceal(McDesktopSound *self, int16_t *block, size_t pairs)
{
    g_mutex_lock(&self->lock);
    mc_drift_conceal(self->drift, block, pairs);
    g_mutex_unlock(&self->lock);
}
