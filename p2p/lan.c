/* SPDX-License-Identifier: MIT */
/* "lan": the network is there already and is not ours to change: a link is a listener and no more.
 */
#include "p2p/backend.h"
#include "p2p/listener.h"

typedef struct {
    McLinkConfig config;
    McListenAddress address;
    McListener *listener;
} Lan;

static void *lan_create(const McLinkConfig *config, GError **error)
{
    Lan *self = g_new0(Lan, 1);

    self->config = *config;
    if (mc_listen_address_parse(config->listen, &self->address, error))
        return self;
    g_free(self);
    return NULL;
}

static void lan_leave(void *backend)
{
    Lan *self = backend;

    g_clear_pointer(&self->listener, mc_listener_free);
}

static void lan_destroy(void *backend)
{
    lan_leave(backend);
    g_free(backend);
}

static bool lan_listen(void *backend, uint16_t *ret_port, GError **error)
{
    Lan *self = backend;

    lan_leave(self);
    self->listener = mc_listener_new(&self->address, &self->config, ret_port, error);
    return self->listener != NULL;
}

static int lan_wait(void *backend, GError **error)
{
    return mc_listener_wait(((Lan *) backend)->listener, error);
}

static void lan_settle(void *backend)
{
    mc_listener_settle(((Lan *) backend)->listener);
}

static void lan_cancel(void *backend)
{
    mc_listener_cancel(((Lan *) backend)->listener);
}

static bool lan_command(void *backend, uint32_t command, uint32_t argument, GError **error)
{
    g_set_error_literal(error, MC_LINK_ERROR, MC_LINK_ERROR_NOT_SUPPORTED,
                        "this link has no radio of its own");
    return false;
}

const McLinkBackend mc_link_lan = {
    .kind = "lan",
    .create = lan_create,
    .destroy = lan_destroy,
    .listen = lan_listen,
    .wait = lan_wait,
    .settle = lan_settle,
    .cancel = lan_cancel,
    .leave = lan_leave,
    .command = lan_command,
};
