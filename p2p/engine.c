/* SPDX-License-Identifier: MIT */
#include "p2p/engine.h"

#include <string.h>

#include "p2p/address.h"
#include "p2p/link.h"
#include "p2p/radio.h"
#include "p2p/station.h"

enum {
    LEAVE_MS = 5000,
    THROUGHPUT_MBPS = 200,
};

struct McEngine {
    McEngineCalls calls;
    McSupplicantConfig config;
    GThread *thread;
    GMainContext *context;
    GMainLoop *loop;

    /* The engine's thread alone. */
    McController *controller;
    McSupplicant *supplicant; /* NULL: gone, and not back when it was asked for */
    bool gone;                /* that one has ended */
    McAddress *address;
    GSource *timer;

    /* Start and leave: the caller waits. */
    GMutex lock;
    GCond changed;
    bool started, running; /* running: the thread has its loop */
    bool resting;          /* no group, and none coming */
    char *why;
    GError *error;
};

/* --- actions ---------------------------------------------------------------------------------- */

/* Addresses are told while one is being set: what follows from them comes after that. */
static void on_address(const McAddressEvent *event, void *user_data)
{
    McEngine *self = user_data;

    mc_controller_address(self->controller, event, g_get_monotonic_time());
    if (event->kind == MC_ADDRESS_OWN && self->calls.on_address)
        self->calls.on_address(self->controller, self->calls.user_data);
    g_source_set_ready_time(self->timer, 0);
}

static void fail_address(McEngine *self, const char *ifname)
{
    McAddressEvent event = {.kind = MC_ADDRESS_FAILED};

    g_strlcpy(event.ifname, ifname, sizeof(event.ifname));
    mc_controller_address(self->controller, &event, g_get_monotonic_time());
}

static void get_address(McEngine *self, const McAction *action)
{
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&self->address, mc_address_free);
    self->address = mc_address_new(action->ifname, self->context, on_address, self, &error);
    if (!self->address) {
        g_debug("%s", error->message);
        fail_address(self, action->ifname);
    } else if (mc_supplicant_backend(self->supplicant)->gives_addresses) {
        mc_address_watch(self->address);
    } else if (action->kind == MC_ACTION_DHCP_SERVER) {
        mc_address_serve(self->address, action->own_ip, action->mask);
    } else if (action->kind == MC_ACTION_DHCP_CLIENT) {
        mc_address_ask(self->address);
    } else {
        mc_address_set(self->address, action->own_ip, action->mask, action->peer_ip);
    }
}

static void note_rest(McEngine *self)
{
    McControllerState state = mc_controller_state(self->controller);

    g_mutex_lock(&self->lock);
    self->resting =
        state == MC_CONTROLLER_IDLE || state == MC_CONTROLLER_LEFT || state == MC_CONTROLLER_FAILED;
    if (self->resting)
        g_cond_broadcast(&self->changed);
    bool resting = self->resting;
    g_mutex_unlock(&self->lock);
    if (self->supplicant && !self->gone)
        mc_supplicant_lease(self->supplicant, resting, mc_controller_ifname(self->controller));
}

static void perform(McEngine *self, const McAction *action)
{
    switch (action->kind) {
    case MC_ACTION_COMMAND:
        if (!self->supplicant)
            mc_controller_reply(self->controller, action->id, "FAIL", g_get_monotonic_time());
        else
            mc_supplicant_command(self->supplicant, action->id, &action->command);
        break;
    case MC_ACTION_DHCP_SERVER:
    case MC_ACTION_DHCP_CLIENT:
    case MC_ACTION_ADDRESS_STATIC:
        get_address(self, action);
        break;
    case MC_ACTION_ADDRESS_STOP:
        g_clear_pointer(&self->address, mc_address_free);
        break;
    case MC_ACTION_POWER_SAVE_OFF:
        mc_station_set_power_save(action->ifname, false); /* not every driver can: no matter */
        break;
    case MC_ACTION_PROGRESS:
        if (self->calls.on_progress)
            self->calls.on_progress(&action->progress, self->controller, self->calls.user_data);
        break;
    }
}

/* Everything that goes in ends here. */
static void pump(McEngine *self)
{
    McAction action;

    while (mc_controller_next_action(self->controller, &action)) {
        perform(self, &action);
        explicit_bzero(&action, sizeof(action)); /* it may have held a PIN */
    }
    note_rest(self);
    g_source_set_ready_time(self->timer, mc_controller_deadline(self->controller));
}

static gboolean on_time(gpointer user_data)
{
    McEngine *self = user_data;

    mc_controller_tick(self->controller, g_get_monotonic_time());
    pump(self);
    return G_SOURCE_CONTINUE;
}

/* --- what the back end says ------------------------------------------------------------------- */

static void on_event(const McWpaEvent *event, void *user_data)
{
    McEngine *self = user_data;

    mc_controller_event(self->controller, event, g_get_monotonic_time());
    pump(self);
}

static void on_reply(unsigned id, const char *reply, void *user_data)
{
    McEngine *self = user_data;

    mc_controller_reply(self->controller, id, reply, g_get_monotonic_time());
    /* Within pump() this comes from a command, and pump() goes on; else the timer wakes us. */
    g_source_set_ready_time(self->timer, 0);
}

static void on_gone(void *user_data)
{
    McEngine *self = user_data;

    self->gone = true;
    mc_controller_supplicant_gone(self->controller, g_get_monotonic_time());
    g_source_set_ready_time(self->timer, 0);
}

/* --- thread ----------------------------------------------------------------------------------- */

static gboolean on_tick(GSource *source, GSourceFunc callback, gpointer user_data)
{
    return callback(user_data);
}

static void start_timer(McEngine *self)
{
    static GSourceFuncs functions = {.dispatch = on_tick};

    self->timer = g_source_new(&functions, sizeof(GSource));
    g_source_set_callback(self->timer, on_time, self, NULL);
    g_source_attach(self->timer, self->context);
}

/* Asked anew before each connection: the station may have moved to another channel. */
static void read_radio(McEngine *self)
{
    McRadioFacts facts;

    if (self->supplicant && mc_radio_facts(mc_supplicant_interface(self->supplicant), &facts, NULL))
        mc_controller_set_radio(self->controller, &facts);
}

static bool reach_supplicant(McEngine *self, char **ret_why, GError **error)
{
    McSupplicantCalls calls = {
        .on_event = on_event, .on_reply = on_reply, .on_gone = on_gone, .user_data = self};

    self->supplicant = mc_supplicant_open(&self->config, &calls, self->context, ret_why, error);
    self->gone = !self->supplicant;
    if (self->supplicant)
        mc_controller_set_abilities(self->controller,
                                    mc_supplicant_backend(self->supplicant)->abilities);
    return self->supplicant != NULL;
}

/* Whoever begins anew finds a supplicant that was started again. */
static void reach_again(McEngine *self)
{
    g_autoptr(GError) error = NULL;

    if (!self->gone)
        return;
    mc_supplicant_close(g_steal_pointer(&self->supplicant));
    if (!reach_supplicant(self, NULL, &error))
        g_debug("%s", error->message);
}

static bool open_back_end(McEngine *self)
{
    GError *error = NULL;
    char *why = NULL;

    reach_supplicant(self, &why, &error);
    g_mutex_lock(&self->lock);
    self->why = why;
    self->error = error;
    self->started = self->resting = true;
    self->running = self->supplicant != NULL;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    return self->running;
}

static gpointer run(gpointer user_data)
{
    McEngine *self = user_data;

    g_main_context_push_thread_default(self->context);
    start_timer(self);
    if (open_back_end(self))
        g_main_loop_run(self->loop);
    mc_supplicant_close(g_steal_pointer(&self->supplicant));
    mc_address_free(self->address);
    g_source_destroy(self->timer);
    g_source_unref(self->timer);
    g_main_context_pop_thread_default(self->context);
    return NULL;
}

McEngine *mc_engine_new(const McSupplicantConfig *supplicant, const McControllerConfig *controller,
                        const McEngineCalls *calls, char **ret_why, GError **error)
{
    McEngine *self = g_new0(McEngine, 1);
    McControllerConfig config = *controller;

    self->calls = *calls;
    self->config = *supplicant;
    self->context = g_main_context_new();
    self->loop = g_main_loop_new(self->context, FALSE);
    g_mutex_init(&self->lock);
    g_cond_init(&self->changed);
    mc_address_free_subnet(config.group_ip);
    self->controller = mc_controller_new(&config);
    self->thread = g_thread_new("mc-p2p", run, self);
    g_mutex_lock(&self->lock);
    while (!self->started)
        g_cond_wait(&self->changed, &self->lock);
    g_mutex_unlock(&self->lock);
    if (!self->error) {
        *ret_why = g_steal_pointer(&self->why);
        return self;
    }
    g_propagate_error(error, g_steal_pointer(&self->error));
    mc_engine_free(self);
    return NULL;
}

/* --- calls from other threads ----------------------------------------------------------------- */

typedef struct {
    McEngine *engine;
    enum { CALL_DISCOVER, CALL_CONNECT, CALL_PIN, CALL_DIALLED, CALL_LEAVE, CALL_QUIT } kind;
    bool on;
    char text[128]; /* target or PIN */
    McControllerWish wish;
    uint8_t ip[4];
} Call;

static void free_call(gpointer data)
{
    explicit_bzero(data, sizeof(Call));
    g_free(data);
}

static gboolean on_call(gpointer data)
{
    Call *call = data;
    McEngine *self = call->engine;
    gint64 now_us = g_get_monotonic_time();

    switch (call->kind) {
    case CALL_DISCOVER:
        if (call->on)
            reach_again(self);
        mc_controller_discover(self->controller, call->on, now_us);
        break;
    case CALL_CONNECT:
        reach_again(self);
        read_radio(self);
        mc_controller_connect(self->controller, call->text, &call->wish, now_us);
        break;
    case CALL_PIN:
        mc_controller_pin(self->controller, call->text, now_us);
        break;
    case CALL_DIALLED:
        mc_controller_sink_dialled(self->controller, call->ip, now_us);
        break;
    case CALL_LEAVE:
        mc_controller_discover(self->controller, false, now_us);
        mc_controller_leave(self->controller, now_us);
        break;
    case CALL_QUIT:
        g_main_loop_quit(self->loop);
        break;
    }
    if (self->gone)
        mc_controller_supplicant_gone(self->controller, now_us); /* still: says so */
    pump(self);
    return G_SOURCE_REMOVE;
}

static void post(McEngine *self, const Call *call)
{
    GSource *source = g_idle_source_new();
    Call *copy = g_memdup2(call, sizeof(*call));

    copy->engine = self;
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, on_call, copy, free_call);
    g_source_attach(source, self->context);
    g_source_unref(source);
}

void mc_engine_discover(McEngine *self, bool on)
{
    post(self, &(Call){.kind = CALL_DISCOVER, .on = on});
}

void mc_engine_connect(McEngine *self, const char *target, const McControllerWish *wish)
{
    Call call = {.kind = CALL_CONNECT, .wish = *wish};

    g_strlcpy(call.text, target, sizeof(call.text));
    post(self, &call);
}

void mc_engine_pin(McEngine *self, const char *pin)
{
    Call call = {.kind = CALL_PIN};

    g_strlcpy(call.text, pin, sizeof(call.text));
    post(self, &call);
    explicit_bzero(&call, sizeof(call));
}

void mc_engine_dialled(McEngine *self, const uint8_t peer_ip[4])
{
    Call call = {.kind = CALL_DIALLED};

    memcpy(call.ip, peer_ip, sizeof(call.ip));
    post(self, &call);
}

void mc_engine_leave(McEngine *self)
{
    gint64 end_us = g_get_monotonic_time() + LEAVE_MS * G_GINT64_CONSTANT(1000);

    g_mutex_lock(&self->lock);
    self->resting = false; /* until the engine's thread says so after our call */
    post(self, &(Call){.kind = CALL_LEAVE});
    while (!self->resting && g_cond_wait_until(&self->changed, &self->lock, end_us))
        ;
    g_mutex_unlock(&self->lock);
}

void mc_engine_free(McEngine *self)
{
    if (!self)
        return;
    if (self->running) {
        mc_engine_leave(self);
        post(self, &(Call){.kind = CALL_QUIT});
    }
    g_thread_join(self->thread);
    mc_controller_free(self->controller);
    g_main_loop_unref(self->loop);
    g_main_context_unref(self->context);
    g_clear_error(&self->error);
    g_free(self->why);
    g_mutex_clear(&self->lock);
    g_cond_clear(&self->changed);
    g_free(self);
}

McControllerConfig mc_engine_source_config(uint16_t rtsp_port)
{
    McControllerConfig config = {.abilities = MC_ABILITY_ALL};

    mc_wfd_ie_set_device(&config.wfd,
                         &(McWfdDeviceInfo){.bitmap = MC_WFD_TYPE_SOURCE | MC_WFD_INFO_AVAILABLE,
                                            .control_port = rtsp_port,
                                            .max_throughput_mbps = THROUGHPUT_MBPS});
    mc_wfd_ie_set_extended(&config.wfd, MC_WFD_EXTENDED_UIBC);
    mc_wfd_ie_set_r2(&config.wfd, MC_WFD_TYPE_SOURCE);
    return config;
}
