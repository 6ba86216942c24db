/* SPDX-License-Identifier: MIT */
/* From a sink's name to its RTSP connection: which link, which PIN (host/projection-private.h). */
#include <string.h>

#include "host/pin-prompt.h"
#include "host/projection-private.h"
#include "p2p/mice/discovery.h"

/* One person, one keyboard: sinks that ask at the same time wait for each other. */
static bool ask_pin(char *pin, size_t size, unsigned seconds, int abort_fd, void *user_data)
{
    static GMutex one_at_a_time;
    McProjection *self = user_data;
    const char *option = self->options->pin;
    const bool is_pin = option && strcmp(option, "-");

    if (is_pin && self->pin_was_used)
        return false;
    self->pin_was_used = is_pin;
    g_mutex_lock(&one_at_a_time);
    const bool ok = mc_pin_prompt(option, seconds, abort_fd, pin, size);
    g_mutex_unlock(&one_at_a_time);
    return ok;
}

static McLinkConfig link_config(McProjection *self)
{
    const McOptions *options = self->options;
    McLinkConfig config = {.timeout_s = options->wait_s,
                           .control_port = (uint16_t) options->control_port,
                           .freq_mhz = (unsigned) options->channel_mhz,
                           .may_drop_station = options->drop_wifi,
                           .on_progress = mc_projection_on_progress,
                           .ask_pin = ask_pin,
                           .user_data = self};

    g_strlcpy(config.kind, options->link, sizeof(config.kind));
    g_strlcpy(config.listen, options->listen, sizeof(config.listen));
    g_strlcpy(config.allow, options->allow, sizeof(config.allow));
    g_strlcpy(config.sink, options->sink, sizeof(config.sink));
    g_strlcpy(config.security, options->security, sizeof(config.security));
    g_strlcpy(config.driver, options->driver, sizeof(config.driver));
    g_strlcpy(config.interface, options->interface, sizeof(config.interface));
    g_strlcpy(config.control, options->control, sizeof(config.control));
    g_strlcpy(config.pairing, options->pairing, sizeof(config.pairing));
    return config;
}

/* Over Wi-Fi Direct the address comes with the group; the link tells it then. */
static void tell_listening(McProjection *self, const McLinkConfig *config, uint16_t port)
{
    const char *colon = strrchr(config->listen, ':');
    g_autofree char *text = g_strdup_printf(
        "listening on %.*s:%u", colon ? (int) (colon - config->listen) : 0, config->listen, port);

    if (strcmp(config->kind, "p2p"))
        mc_report_step(self->report, "link", text);
}

/* True: someone stopped us before there was a link to cancel. */
static bool is_stopped(McProjection *self, GError **error)
{
    if (!g_atomic_int_get(&self->stop_wanted))
        return false;
    g_set_error_literal(error, MC_LINK_ERROR, MC_LINK_ERROR_CANCELLED, "it was stopped");
    return true;
}

/* One way to the sink; its RTSP connection or -1. */
static int reach(McProjection *self, const McLinkConfig *config, GError **error)
{
    PVOID context = self->link.context;
    uint16_t port = 0;

    self->pin_was_used = false;
    if (is_stopped(self, error))
        return -1;
    if (!strcmp(config->kind, "p2p") && self->config.take_radio &&
        !self->config.take_radio(self->config.user_data)) {
        g_set_error_literal(error, MC_LINK_ERROR, MC_LINK_ERROR_NOT_SUPPORTED,
                            "Wi-Fi Direct reaches one sink at a time, and another has it");
        return -1;
    }
    if (!self->link.calls.Listen(context, config, &port, error))
        return -1;
    tell_listening(self, config, port);
    if (self->config.on_listening)
        self->config.on_listening(port, self->config.user_data);
    return is_stopped(self, error) ? -1 : self->link.calls.Wait(context, error);
}

/* The network first, where the sink is on it (no radio is given up for it); the reason why that did
 * not do is said before Wi-Fi Direct is tried. */
static int reach_any(McProjection *self, McLinkConfig *config, GError **error)
{
    g_autoptr(GError) why = NULL;

    g_strlcpy(config->kind, "mice", sizeof(config->kind));
    if (mc_mice_is_near(config->sink, self->wake_fd, &why)) {
        int fd = reach(self, config, &why);
        if (fd >= 0)
            return fd;
        if (g_atomic_int_get(&self->stop_wanted) || !mc_link_may_fall_back(why) ||
            mc_mice_is_address(config->sink)) {
            g_propagate_error(error, g_steal_pointer(&why));
            return -1;
        }
        self->link.calls.Leave(self->link.context);
    }
    if (is_stopped(self, error))
        return -1;
    g_autofree char *text = g_strdup_printf("Wi-Fi Direct, because over the network: %s",
                                            why ? why->message : "no sink of that name is on it");
    mc_report_step(self->report, "link", text);
    g_strlcpy(config->kind, "p2p", sizeof(config->kind));
    return reach(self, config, error);
}

static int tell_wait(McProjection *self, int fd, const GError *error)
{
    if (fd < 0 && !g_atomic_int_get(&self->stop_wanted))
        mc_projection_fail(self, mc_link_error_code(error->code), error);
    return fd;
}

int mc_projection_reach_sink(McProjection *self)
{
    g_autoptr(GError) error = NULL;
    McLinkConfig config = link_config(self);
    int fd = strcmp(config.kind, "auto") ? reach(self, &config, &error)
                                         : reach_any(self, &config, &error);

    return tell_wait(self, fd, error);
}

int mc_projection_reach_another(McProjection *self)
{
    g_autoptr(GError) error = NULL;
    const int fd = self->link.calls.Wait(self->link.context, &error);

    return tell_wait(self, fd, error);
}
