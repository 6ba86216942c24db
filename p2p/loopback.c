/* SPDX-License-Identifier: MIT */
/* "loopback": a link inside this machine that has what radios have: it can be switched off, moved
 * to a channel, told to save power, and knows who the sink is before it dials in.  Tests and the
 * demo reach every path of the controller's interface by it. */
#include <string.h>

#include "p2p/backend.h"
#include "p2p/listener.h"

typedef struct {
    McLinkConfig config;
    McListenAddress address;
    McListener *listener;
    bool radio_on;
    uint32_t channel_mhz;
    bool power_save;
    McLinkPeer peer;
} Loopback;

/* NAME or NAME,DEVICE-INFORMATION */
static bool read_peer(McLinkPeer *peer, const char *sink, GError **error)
{
    const char *comma = strrchr(sink, ','), *digits = comma ? comma + 1 : "";
    const size_t info_digits = 2 * sizeof(peer->device_info);
    guint64 info = 0;

    g_strlcpy(peer->name, sink,
              comma ? MIN((size_t) (comma - sink) + 1, sizeof(peer->name)) : sizeof(peer->name));
    if (comma && (strlen(digits) != info_digits ||
                  !g_ascii_string_to_unsigned(digits, 16, 0, G_MAXUINT64, &info, NULL))) {
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_ADDRESS,
                    "\"%s\" is no device information of 12 digits", digits);
        return false;
    }
    for (size_t i = 0; i < sizeof(peer->device_info); i++)
        peer->device_info[i] = (uint8_t) (info >> 8 * (sizeof(peer->device_info) - 1 - i));
    return true;
}

static void *loopback_create(const McLinkConfig *config, GError **error)
{
    Loopback *self = g_new0(Loopback, 1);

    self->config = *config;
    self->radio_on = true;
    if (!mc_listen_address_parse(config->listen, &self->address, error)) {
        g_free(self);
        return NULL;
    }
    if (!read_peer(&self->peer, config->sink, error)) {
        g_free(self);
        return NULL;
    }
    if (mc_listen_address_is_loopback(&self->address)) {
        const uint16_t port = config->port_of ? config->port_of(&self->peer) : 0;
        if (port)
            mc_listen_address_set_port(&self->address, port);
        return self;
    }
    g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_ADDRESS,
                "%s is not an address of this machine's loopback", config->listen);
    g_free(self);
    return NULL;
}

static void loopback_leave(void *backend)
{
    Loopback *self = backend;

    g_clear_pointer(&self->listener, mc_listener_free);
}

static void loopback_destroy(void *backend)
{
    loopback_leave(backend);
    g_free(backend);
}

static bool loopback_listen(void *backend, uint16_t *ret_port, GError **error)
{
    Loopback *self = backend;

    loopback_leave(self);
    self->listener = mc_listener_new(&self->address, &self->config, ret_port, error);
    return self->listener != NULL;
}

static int loopback_wait(void *backend, GError **error)
{
    return mc_listener_wait(((Loopback *) backend)->listener, error);
}

static void loopback_settle(void *backend)
{
    mc_listener_settle(((Loopback *) backend)->listener);
}

static void loopback_cancel(void *backend)
{
    mc_listener_cancel(((Loopback *) backend)->listener);
}

static bool loopback_command(void *backend, uint32_t command, uint32_t argument, GError **error)
{
    Loopback *self = backend;

    switch (command) {
    case MC_LINK_COMMAND_RADIO_OFF:
        self->radio_on = false;
        return true;
    case MC_LINK_COMMAND_SET_CHANNEL:
        self->channel_mhz = argument;
        return true;
    case MC_LINK_COMMAND_POWER_SAVE:
        self->power_save = argument != 0;
        return true;
    default:
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_NOT_SUPPORTED, "no such command: %u",
                    command);
        return false;
    }
}

static bool loopback_peer(void *backend, McLinkPeer *ret_peer)
{
    *ret_peer = ((Loopback *) backend)->peer;
    return ret_peer->name[0] || ret_peer->device_info[1];
}

const McLinkBackend mc_link_loopback = {
    .kind = "loopback",
    .create = loopback_create,
    .destroy = loopback_destroy,
    .listen = loopback_listen,
    .wait = loopback_wait,
    .settle = loopback_settle,
    .cancel = loopback_cancel,
    .leave = loopback_leave,
    .command = loopback_command,
    .peer = loopback_peer,
};
