/* SPDX-License-Identifier: MIT */
#include "host/cast.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host/projection.h"
#include "host/sound-route.h"
#include "host/stop-signal.h"

#define DEFAULT_WIDTH_PX 1280
#define DEFAULT_HEIGHT_PX 720
#define SECURE_HEAP_BYTES (256u * 1024)

typedef struct Cast Cast;

/* One sink's share of the work. */
typedef struct {
    Cast *cast;
    McOptions options; /* the cast's, with this sink's name and address; borrows them */
    McReport *report;
    char *trace; /* folder; NULL: none */
    McProjection *projection;
    GThread *thread;
} Sink;

struct Cast {
    const McOptions *options;
    McReport *report;
    McMetrics *metrics; /* NULL: nobody asked */
    McCaptureShare *share;
    GCancellable *opening; /* the desktop's dialogue */
    McSoundRoute *sound;   /* while the desktop's sound is at a sink */
    bool input;            /* a person agreed to the sinks' input */
    Sink *sinks;
    unsigned n_sinks;
    McCastListening on_listening;
    void *user_data;

    int wake_fd;      /* someone wants the main thread's attention */
    gint unread;      /* atomic: the statistics' reader has gone */
    gint live;        /* atomic: sessions that run */
    gint running;     /* atomic: threads of sinks */
    gint radio_taken; /* atomic: a sink is reached by Wi-Fi Direct */
};

/* ---- from the sinks' and the signals' threads ---- */

static void on_stop_signal(void *user_data)
{
    Cast *self = user_data;

    g_cancellable_cancel(self->opening);
    for (unsigned i = 0; i < self->n_sinks; i++)
        mc_projection_stop(self->sinks[i].projection);
    eventfd_write(self->wake_fd, 1);
}

static void on_unread(void *user_data)
{
    Cast *self = ((Sink *) user_data)->cast;

    g_atomic_int_set(&self->unread, 1);
    eventfd_write(self->wake_fd, 1);
}

static void on_user_signal(void *user_data)
{
    Cast *self = user_data;

    for (unsigned i = 0; i < self->n_sinks; i++)
        mc_projection_toggle_input(self->sinks[i].projection);
}

static void on_listening(uint16_t port, void *user_data)
{
    Cast *self = ((Sink *) user_data)->cast;

    if (self->on_listening)
        self->on_listening(port, self->user_data);
}

static bool take_radio(void *user_data)
{
    Cast *self = ((Sink *) user_data)->cast;

    return g_atomic_int_compare_and_exchange(&self->radio_taken, 0, 1);
}

static void on_live(bool live, void *user_data)
{
    Cast *self = ((Sink *) user_data)->cast;

    g_atomic_int_add(&self->live, live ? 1 : -1);
    eventfd_write(self->wake_fd, 1);
}

static gpointer run_sink(gpointer user_data)
{
    Sink *sink = user_data;

    mc_projection_run(sink->projection, sink->cast->share);
    g_atomic_int_add(&sink->cast->running, -1);
    eventfd_write(sink->cast->wake_fd, 1);
    return NULL;
}

/* ---- sound ---- */

static void move_sound(Cast *self)
{
    g_autoptr(GError) error = NULL;

    self->sound = mc_sound_route_new(&error);
    if (!self->sound) {
        g_autofree char *text = g_strdup_printf("the sound stays here, too: %s", error->message);
        mc_report_step(self->report, "sound", text);
    }
}

/* Where the first session is, it goes, and comes back with the end of the last. */
static void follow_sound(Cast *self, bool *moved)
{
    const bool wanted = g_atomic_int_get(&self->live) > 0 && !strcmp(self->options->audio, "auto");

    if (wanted && !*moved)
        move_sound(self);
    else if (!wanted && *moved)
        g_clear_pointer(&self->sound, mc_sound_route_free);
    *moved = wanted;
}

static void tell_of_sound(Cast *self)
{
    g_autofree char *line = mc_sound_route_read(self->sound);

    if (line)
        mc_report_step(self->report, "sound", line);
}

/* ---- the cast ---- */

static bool fail(Cast *self, const char *code, const GError *error)
{
    mc_report_error(self->report, code, error ? error->message : "unknown");
    return false;
}

/* Until the last sink has gone. */
static void watch(Cast *self)
{
    bool moved = false;

    while (g_atomic_int_get(&self->running)) {
        struct pollfd fds[] = {{.fd = self->wake_fd, .events = POLLIN},
                               {.fd = mc_sound_route_fd(self->sound), .events = POLLIN}};
        eventfd_t ignored;

        poll(fds, G_N_ELEMENTS(fds), -1);
        if (fds[0].revents)
            eventfd_read(self->wake_fd, &ignored);
        if (g_atomic_int_compare_and_exchange(&self->unread, 1, 0)) {
            mc_report_step(self->report, "stats", "nobody reads them any more: ending");
            on_stop_signal(self);
        }
        if (fds[1].revents)
            tell_of_sound(self);
        follow_sound(self, &moved);
    }
    g_clear_pointer(&self->sound, mc_sound_route_free);
}

static void run_sinks(Cast *self)
{
    g_atomic_int_set(&self->running, (gint) self->n_sinks);
    for (unsigned i = 0; i < self->n_sinks; i++)
        self->sinks[i].thread = g_thread_new("mc-sink", run_sink, &self->sinks[i]);
    watch(self);
    for (unsigned i = 0; i < self->n_sinks; i++)
        g_thread_join(self->sinks[i].thread);
}

/* Nobody to ask means no. */
static bool consents(const McOptions *options)
{
    char answer[16];

    if (strcmp(options->input, "ask"))
        return !strcmp(options->input, "allow");
    if (!mc_options_show_desktop(options) || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return false;
    fputs("May the sink move the pointer and type on this desktop? [y/N] ", stderr);
    return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* Keys and PINs are in memory that libraries allocate: no core dump, and no other process of this
 * user, may read it. */
static void guard_secrets(const McOptions *options)
{
    const struct rlimit none = {0, 0};
    const bool given = options->srtp || options->hdcp_keys || options->pin;

    if (!given && !options->sink[0])
        return;
    CRYPTO_secure_malloc_init(SECURE_HEAP_BYTES, 32); /* OpenSSL's own private keys go there, too */
    setrlimit(RLIMIT_CORE, &none);
    if (given)
        prctl(PR_SET_DUMPABLE, 0);
}

static bool open_desktop(Cast *self)
{
    const McUmdOptions *umd = &self->options->umd_options;
    g_autofree char *folder = g_build_filename(g_get_user_state_dir(), "miracast", NULL);
    g_autoptr(GError) error = NULL;
    const McCaptureConfig config = {
        .capture = self->options->capture,
        .width_px = umd->mode_width_px ? umd->mode_width_px : DEFAULT_WIDTH_PX,
        .height_px = umd->mode_width_px ? umd->mode_height_px : DEFAULT_HEIGHT_PX,
        .input = self->input,
        .state_folder = folder,
        .cancel = self->opening};

    if (g_str_has_prefix(config.capture, "portal"))
        mc_report_step(self->report, "capture", "asking the desktop what may be shown");
    self->share = mc_capture_share_new(&config, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return false; /* by the person: that is no error */
    return self->share ? true : fail(self, mc_capture_error_code(error->code), error);
}

static bool open_metrics(Cast *self)
{
    g_autoptr(GError) error = NULL;

    if (!self->options->metrics)
        return true;
    self->metrics = mc_metrics_new(self->options->metrics, &error);
    if (!self->metrics)
        return fail(self, "usage.metrics", error);
    g_autofree char *text =
        g_strdup_printf("http://127.0.0.1:%u/metrics", mc_metrics_port(self->metrics));
    mc_projection_set_metrics(self->sinks[0].projection, self->metrics); /* there is one */
    mc_report_step(self->report, "metrics", text);
    return true;
}

static void add_sink(Cast *self, unsigned i)
{
    Sink *sink = &self->sinks[i];
    const char *trace = self->options->trace;

    *sink = (Sink){.cast = self, .options = *self->options, .report = self->report};
    if (self->n_sinks > 1) {
        sink->options.sink = self->options->sinks[i].name;
        sink->options.listen = self->options->sinks[i].listen;
        sink->report = mc_report_new_for(self->report, self->options->sinks[i].label);
    }
    if (trace)
        sink->trace = self->n_sinks > 1 ? g_strdup_printf("%s/%u", trace, i + 1) : g_strdup(trace);
    sink->projection = mc_projection_new(&(McProjectionConfig){.options = &sink->options,
                                                               .report = sink->report,
                                                               .trace = sink->trace,
                                                               .input = self->input,
                                                               .on_listening = on_listening,
                                                               .take_radio = take_radio,
                                                               .on_live = on_live,
                                                               .on_unread = on_unread,
                                                               .user_data = sink});
}

static void clear_sink(Sink *sink)
{
    mc_projection_free(sink->projection);
    if (sink->report != sink->cast->report)
        mc_report_free(sink->report);
    g_free(sink->trace);
}

int mc_cast_run(const McOptions *options, McReport *report, McCastListening listening,
                void *user_data)
{
    Cast self = {.options = options,
                 .report = report,
                 .n_sinks = options->n_sinks,
                 .on_listening = listening,
                 .user_data = user_data};

    guard_secrets(options);
    self.input = consents(options);
    self.opening = g_cancellable_new();
    self.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self.sinks = g_new0(Sink, self.n_sinks);
    for (unsigned i = 0; i < self.n_sinks; i++)
        add_sink(&self, i);
    /* First, so that every thread that follows leaves these signals to it. */
    McStopSignal *signals = mc_stop_signal_new(on_stop_signal, on_user_signal, &self);
    if (open_metrics(&self) && open_desktop(&self))
        run_sinks(&self);
    mc_stop_signal_free(signals);
    for (unsigned i = 0; i < self.n_sinks; i++)
        clear_sink(&self.sinks[i]);
    g_free(self.sinks);
    mc_capture_share_unref(self.share);
    g_object_unref(self.opening);
    mc_metrics_free(self.metrics);
    close(self.wake_fd);
    return mc_report_exit(report);
}
