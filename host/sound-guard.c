/* SPDX-License-Identifier: MIT */
/* miracast-sound-guard OUTPUT OWNER: holds the desktop's sound at a virtual output of this name
 * while standard input stays open, and puts everything back when it closes: also when whoever held
 * it was killed. A program of its own, in its own session, so that what ends the caster spares it.
 * OWNER is "PID:STARTTIME" of the caster; outputs whose owner has gone are cleaned up at the start.
 * Says on standard output, once a line: "moved" and "failed REASON". */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pulse/pulseaudio.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/sound-route.h"

#define RETRY_MS 500
#define PATIENCE_MS 2000 /* with a server that does not answer, at the end */
#define OWNER_PROPERTY "miracast.owner"
#define PREVIOUS_PROPERTY "miracast.previous"

typedef struct {
    pa_mainloop *loop;
    pa_mainloop_api *api;
    pa_context *context;
    const char *name, *owner;
    char *previous; /* the output that was the default one */
    uint32_t previous_index, ours, module;
    bool leave;   /* the lease has ended */
    bool look;    /* streams came */
    bool expired; /* a timer */
    bool told;
} Guard;

static void say(Guard *self, const char *line)
{
    if (!self->told)
        printf("%s\n", line);
    fflush(stdout);
    self->told = true;
}

/* ---- waiting ---- */

static bool is_ready(Guard *self)
{
    return self->context && pa_context_get_state(self->context) == PA_CONTEXT_READY;
}

static void iterate(Guard *self)
{
    if (pa_mainloop_iterate(self->loop, 1, NULL) < 0)
        self->leave = self->expired = true;
}

/* True: the server answered. */
static bool wait_for(Guard *self, pa_operation *operation)
{
    if (!operation)
        return false;
    while (pa_operation_get_state(operation) == PA_OPERATION_RUNNING && is_ready(self) &&
           !self->expired)
        iterate(self);
    bool done = pa_operation_get_state(operation) == PA_OPERATION_DONE;
    pa_operation_cancel(operation);
    pa_operation_unref(operation);
    return done;
}

static void on_expired(pa_mainloop_api *api, pa_time_event *event, const struct timeval *when,
                       void *user_data)
{
    ((Guard *) user_data)->expired = true;
}

static pa_time_event *set_timer(Guard *self, unsigned ms)
{
    struct timeval when;

    self->expired = false;
    pa_timeval_add(pa_gettimeofday(&when), ms * PA_USEC_PER_MSEC);
    return self->api->time_new(self->api, &when, on_expired, self);
}

static void on_lease(pa_mainloop_api *api, pa_io_event *event, int fd, pa_io_event_flags_t flags,
                     void *user_data)
{
    char ignored[64];
    ssize_t n = read(fd, ignored, sizeof(ignored));

    if (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)))
        return;
    ((Guard *) user_data)->leave = true;
    api->io_free(event);
}

static void on_signal(pa_mainloop_api *api, pa_signal_event *event, int number, void *user_data)
{
    ((Guard *) user_data)->leave = true;
}

/* ---- putting back ---- */

static void on_done(pa_context *context, int success, void *user_data)
{
    *(bool *) user_data = success;
}

typedef struct {
    GArray *streams; /* indexes */
    uint32_t output; /* of those at this one */
} Streams;

static void on_stream(pa_context *context, const pa_sink_input_info *info, int end, void *user_data)
{
    Streams *found = user_data;

    if (!end && info && info->sink == found->output)
        g_array_append_val(found->streams, info->index);
}

/* All streams of one output to another; a stream that refuses stays. */
static void move_streams(Guard *self, uint32_t from, const char *to)
{
    g_autoptr(GArray) streams = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    Streams found = {streams, from};
    bool ignored;

    wait_for(self, pa_context_get_sink_input_info_list(self->context, on_stream, &found));
    for (guint i = 0; i < streams->len; i++)
        wait_for(self, pa_context_move_sink_input_by_name(self->context,
                                                          g_array_index(streams, uint32_t, i), to,
                                                          on_done, &ignored));
}

typedef struct {
    char *default_name;
    uint32_t index, module; /* of a sink; PA_INVALID_INDEX: none */
    bool another_casters;
} Answer;

static bool is_alive(const char *owner)
{
    g_autofree char *now = mc_sound_route_owner((pid_t) g_ascii_strtoll(owner, NULL, 10));

    return !g_strcmp0(now, owner);
}

static void on_server(pa_context *context, const pa_server_info *info, void *user_data)
{
    if (info)
        ((Answer *) user_data)->default_name = g_strdup(info->default_sink_name);
}

static char *default_output(Guard *self)
{
    Answer answer = {0};

    wait_for(self, pa_context_get_server_info(self->context, on_server, &answer));
    return answer.default_name;
}

static void on_sink(pa_context *context, const pa_sink_info *info, int end, void *user_data)
{
    Answer *answer = user_data;

    if (end || !info)
        return;
    answer->index = info->index;
    answer->module = info->owner_module;
    const char *owner = pa_proplist_gets(info->proplist, OWNER_PROPERTY);
    answer->another_casters = owner && is_alive(owner);
}

static Answer find_output(Guard *self, const char *name)
{
    Answer answer = {.index = PA_INVALID_INDEX, .module = PA_INVALID_INDEX};

    wait_for(self, pa_context_get_sink_info_by_name(self->context, name, on_sink, &answer));
    return answer;
}

static void set_default(Guard *self, const char *name)
{
    bool ignored;

    wait_for(self, pa_context_set_default_sink(self->context, name, on_done, &ignored));
}

/* Where a person has chosen another output meanwhile, that stays. */
static void put_back(Guard *self, const char *name, uint32_t index, uint32_t module,
                     const char *previous)
{
    g_autofree char *now = default_output(self);
    bool there = previous && find_output(self, previous).index != PA_INVALID_INDEX, ignored;

    if (there && !g_strcmp0(now, name))
        set_default(self, previous);
    move_streams(self, index, there ? previous : "@DEFAULT_SINK@");
    if (module != PA_INVALID_INDEX)
        wait_for(self, pa_context_unload_module(self->context, module, on_done, &ignored));
}

/* ---- what an earlier caster and its guard left, both killed ---- */

typedef struct {
    char *name, *previous;
    uint32_t index, module;
} Orphan;

static void on_any_sink(pa_context *context, const pa_sink_info *info, int end, void *user_data)
{
    const char *owner = info && !end ? pa_proplist_gets(info->proplist, OWNER_PROPERTY) : NULL;

    if (!owner || is_alive(owner))
        return;
    Orphan orphan = {g_strdup(info->name),
                     g_strdup(pa_proplist_gets(info->proplist, PREVIOUS_PROPERTY)), info->index,
                     info->owner_module};
    g_array_append_val((GArray *) user_data, orphan);
}

static void clean_up(Guard *self)
{
    g_autoptr(GArray) orphans = g_array_new(FALSE, FALSE, sizeof(Orphan));

    wait_for(self, pa_context_get_sink_info_list(self->context, on_any_sink, orphans));
    for (guint i = 0; i < orphans->len; i++) {
        Orphan *orphan = &g_array_index(orphans, Orphan, i);
        put_back(self, orphan->name, orphan->index, orphan->module, orphan->previous);
        g_free(orphan->name);
        g_free(orphan->previous);
    }
}

/* ---- taking over ---- */

static void on_module(pa_context *context, uint32_t index, void *user_data)
{
    *(uint32_t *) user_data = index;
}

static bool make_output(Guard *self)
{
    g_autofree char *arguments = g_strdup_printf(
        "sink_name=%s rate=48000 channels=2 sink_properties=\"device.description='Wireless "
        "display' " OWNER_PROPERTY "='%s' " PREVIOUS_PROPERTY "='%s'\"",
        self->name, self->owner, self->previous ? self->previous : "");

    self->module = PA_INVALID_INDEX;
    if (!wait_for(self, pa_context_load_module(self->context, "module-null-sink", arguments,
                                               on_module, &self->module)) ||
        self->module == PA_INVALID_INDEX)
        return false;
    self->ours = find_output(self, self->name).index;
    return self->ours != PA_INVALID_INDEX;
}

static void on_event(pa_context *context, pa_subscription_event_type_t type, uint32_t index,
                     void *user_data)
{
    ((Guard *) user_data)->look = true;
}

/* Where another caster has the sound already, it is shared: the default output is captured. */
static bool take_over(Guard *self)
{
    g_free(self->previous);
    self->previous = default_output(self);
    Answer found = {.index = PA_INVALID_INDEX};
    if (self->previous)
        found = find_output(self, self->previous);
    self->previous_index = found.index;
    if (found.another_casters)
        return true;
    if (!make_output(self))
        return false;
    set_default(self, self->name);
    return true;
}

static bool watch(Guard *self)
{
    bool ignored;

    pa_context_set_subscribe_callback(self->context, on_event, self);
    return wait_for(
        self, pa_context_subscribe(self->context,
                                   PA_SUBSCRIPTION_MASK_SINK_INPUT | PA_SUBSCRIPTION_MASK_SERVER,
                                   on_done, &ignored));
}

/* ---- the server ---- */

static void disconnect(Guard *self)
{
    if (!self->context)
        return;
    pa_context_disconnect(self->context);
    pa_context_unref(g_steal_pointer(&self->context));
}

static bool connect_server(Guard *self)
{
    self->context = pa_context_new(self->api, "miracast");
    if (pa_context_connect(self->context, NULL, PA_CONTEXT_NOAUTOSPAWN, NULL) >= 0)
        while (PA_CONTEXT_IS_GOOD(pa_context_get_state(self->context)) && !is_ready(self) &&
               !self->leave)
            iterate(self);
    if (!is_ready(self))
        disconnect(self);
    return self->context != NULL;
}

/* Streams that do not follow the default output; or the other caster has ended. */
static bool look_around(Guard *self)
{
    if (self->module == PA_INVALID_INDEX && !take_over(self))
        return false;
    if (self->module != PA_INVALID_INDEX && self->previous_index != PA_INVALID_INDEX)
        move_streams(self, self->previous_index, self->name);
    return true;
}

static void hold(Guard *self)
{
    self->module = self->ours = PA_INVALID_INDEX;
    self->look = true;
    clean_up(self);
    if (!watch(self))
        return;
    while (!self->leave && is_ready(self)) {
        if (!self->look) {
            iterate(self);
            continue;
        }
        self->look = false;
        if (!look_around(self)) {
            say(self, "failed the sound server makes no virtual output");
            return;
        }
        say(self, "moved");
    }
}

static void pause_before_retry(Guard *self)
{
    pa_time_event *timer = set_timer(self, RETRY_MS);

    while (!self->expired && !self->leave)
        iterate(self);
    self->api->time_free(timer);
    self->expired = false;
}

static void run(Guard *self)
{
    while (!self->leave) {
        if (connect_server(self))
            hold(self);
        else
            say(self, "failed no sound server answers");
        if (self->leave)
            break;
        disconnect(self);
        pause_before_retry(self);
    }
    pa_time_event *timer = set_timer(self, PATIENCE_MS);
    if (is_ready(self) && self->module != PA_INVALID_INDEX)
        put_back(self, self->name, self->ours, self->module, self->previous);
    self->api->time_free(timer);
    disconnect(self);
}

int main(int argc, char **argv)
{
    Guard self = {.ours = PA_INVALID_INDEX, .module = PA_INVALID_INDEX};

    if (argc != 3) {
        fprintf(stderr, "usage: miracast-sound-guard OUTPUT OWNER; miracast starts it\n");
        return 2;
    }
    setsid();
    signal(SIGPIPE, SIG_IGN);
    self.name = argv[1];
    self.owner = argv[2];
    self.loop = pa_mainloop_new();
    self.api = pa_mainloop_get_api(self.loop);
    pa_signal_init(self.api);
    pa_signal_new(SIGTERM, on_signal, &self);
    pa_signal_new(SIGINT, on_signal, &self);
    pa_signal_new(SIGHUP, on_signal, &self);
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    self.api->io_new(self.api, STDIN_FILENO, PA_IO_EVENT_INPUT | PA_IO_EVENT_HANGUP, on_lease,
                     &self);
    run(&self);
    pa_signal_done();
    pa_mainloop_free(self.loop);
    g_free(self.previous);
    return 0;
}
