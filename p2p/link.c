/* SPDX-License-Identifier: MIT */
#include "p2p/link.h"

#include <string.h>
#include <unistd.h>

#include "p2p/backend.h"
#include "p2p/controller-error.h"
#include "p2p/listener.h"

static const McLinkBackend *const backends[] = {&mc_link_lan, &mc_link_loopback, &mc_link_mice,
                                                &mc_link_p2p};

struct McLink {
    const McLinkBackend *vtable;
    void *backend;

    /* Guards what follows. Never held while waiting for a sink. */
    GMutex lock;
    McLinkState state;
    bool joining;   /* listen() is inside a back end that joins a sink by it */
    bool waiting;   /* wait() is inside the back end: only its cancel may be called beside */
    bool cancelled; /* sticky until the next listen() */
    bool leave_wanted;
    bool settled; /* who connected is the sink */
};

G_DEFINE_QUARK(mc - link - error - quark, mc_link_error)

const char *mc_link_error_code(int code)
{
    static const char *const codes[] = {
        [MC_LINK_ERROR_ADDRESS] = "link.bad-address",
        [MC_LINK_ERROR_PORT_USED] = "link.port-in-use",
        [MC_LINK_ERROR_TIMEOUT] = "link.timeout",
        [MC_LINK_ERROR_CANCELLED] = "link.cancelled",
        [MC_LINK_ERROR_KIND] = "link.unknown-kind",
        [MC_LINK_ERROR_FAILED] = "link.failed",
        [MC_LINK_ERROR_NOT_SUPPORTED] = "link.not-supported",
        [MC_LINK_ERROR_UNREACHABLE] = "link.unreachable",
        [MC_LINK_ERROR_SECURITY] = "link.security",
        [MC_LINK_ERROR_PIN] = "link.wrong-pin",
        [MC_LINK_ERROR_PROTOCOL] = "link.protocol",
        [MC_LINK_ERROR_LOST] = "link.lost",
        [MC_LINK_ERROR_NO_SUPPLICANT] = "link.no-supplicant",
        [MC_LINK_ERROR_NO_PERMISSION] = "link.no-permission",
        [MC_LINK_ERROR_NO_P2P] = "link.no-p2p",
        [MC_LINK_ERROR_NO_DIAL] = "link.no-dial",
    };

    if (code >= MC_LINK_ERROR_PLAN && code <= MC_LINK_ERROR_PLAN + MC_PLAN_ROLE_IMPOSSIBLE)
        return mc_plan_result_code((McPlanResult) (code - MC_LINK_ERROR_PLAN));
    if (code >= MC_LINK_ERROR_CONTROLLER && code < MC_LINK_ERROR_CONTROLLER + MC_LINK_FAILURE_N)
        return mc_link_failure_code((McLinkFailure) (code - MC_LINK_ERROR_CONTROLLER));
    return code >= 0 && (size_t) code < G_N_ELEMENTS(codes) ? codes[code] : "link.failed";
}

bool mc_link_may_fall_back(const GError *error)
{
    return error->domain == MC_LINK_ERROR && error->code != MC_LINK_ERROR_PIN &&
           error->code != MC_LINK_ERROR_SECURITY && error->code != MC_LINK_ERROR_CANCELLED;
}

/* The one who may connect, as the listener will read it off a connection. */
static bool take_peer(McLinkConfig *config, GError **error)
{
    char text[sizeof(config->allow)];

    if (!config->allow[0])
        return true;
    if (!mc_listener_peer_parse(config->allow, text)) {
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_ADDRESS,
                    "\"%s\", which alone may connect, is no address such as 192.0.2.7",
                    config->allow);
        return false;
    }
    g_strlcpy(config->allow, text, sizeof(config->allow));
    return true;
}

McLink *mc_link_new(const McLinkConfig *wanted, GError **error)
{
    McLinkConfig known = *wanted, *config = &known;

    if (!take_peer(config, error))
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(backends); i++) {
        if (strcmp(config->kind, backends[i]->kind))
            continue;
        void *backend = backends[i]->create(config, error);
        if (!backend)
            return NULL;
        McLink *self = g_new0(McLink, 1);
        g_mutex_init(&self->lock);
        self->vtable = backends[i];
        self->backend = backend;
        return self;
    }
    g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_KIND, "\"%s\" is no kind of link",
                config->kind);
    return NULL;
}

void mc_link_free(McLink *self)
{
    if (!self)
        return;
    self->vtable->destroy(self->backend);
    g_mutex_clear(&self->lock);
    g_free(self);
}

bool mc_link_listen(McLink *self, uint16_t *ret_port, GError **error)
{
    g_mutex_lock(&self->lock);
    self->cancelled = self->leave_wanted = self->settled = false;
    self->joining = self->vtable->joins;
    g_mutex_unlock(&self->lock);
    const bool ok = self->vtable->listen(self->backend, ret_port, error);
    g_mutex_lock(&self->lock);
    self->joining = false;
    if (ok)
        self->state = MC_LINK_STATE_LISTENING;
    g_mutex_unlock(&self->lock);
    return ok;
}

static bool begin_wait(McLink *self, GError **error)
{
    bool ok;

    g_mutex_lock(&self->lock);
    if (self->state == MC_LINK_STATE_READY && !self->settled)
        self->state = MC_LINK_STATE_LISTENING;
    ok = self->state == MC_LINK_STATE_LISTENING && !self->cancelled;
    self->waiting = ok;
    if (!ok)
        g_set_error_literal(
            error, MC_LINK_ERROR, self->cancelled ? MC_LINK_ERROR_CANCELLED : MC_LINK_ERROR_FAILED,
            self->cancelled ? "waiting for a sink was cancelled" : "the link does not listen");
    g_mutex_unlock(&self->lock);
    return ok;
}

/* A leave() that came meanwhile is done here, by the thread that was in the way. */
static bool end_wait(McLink *self, bool connected)
{
    g_mutex_lock(&self->lock);
    bool leave = self->leave_wanted;
    self->waiting = false;
    if (connected && !leave)
        self->state = MC_LINK_STATE_READY;
    g_mutex_unlock(&self->lock);
    if (leave)
        mc_link_leave(self);
    return leave;
}

int mc_link_wait(McLink *self, GError **error)
{
    if (!begin_wait(self, error))
        return -1;
    int fd = self->vtable->wait(self->backend, error);
    if (end_wait(self, fd >= 0) && fd >= 0) {
        close(fd);
        g_set_error_literal(error, MC_LINK_ERROR, MC_LINK_ERROR_CANCELLED, "the link was left");
        return -1;
    }
    return fd;
}

void mc_link_settle(McLink *self)
{
    g_mutex_lock(&self->lock);
    if (self->state == MC_LINK_STATE_READY && !self->settled) {
        self->settled = true;
        self->vtable->settle(self->backend);
    }
    g_mutex_unlock(&self->lock);
}

void mc_link_cancel(McLink *self)
{
    g_mutex_lock(&self->lock);
    self->cancelled = true;
    if (self->joining || self->waiting)
        self->vtable->cancel(self->backend);
    g_mutex_unlock(&self->lock);
}

void mc_link_leave(McLink *self)
{
    g_mutex_lock(&self->lock);
    bool now = !self->waiting && self->state != MC_LINK_STATE_LEFT;
    if (self->waiting) {
        self->leave_wanted = self->cancelled = true;
        self->vtable->cancel(self->backend);
    } else {
        self->state = MC_LINK_STATE_LEFT;
    }
    g_mutex_unlock(&self->lock);
    if (now)
        self->vtable->leave(self->backend);
}

bool mc_link_command(McLink *self, uint32_t command, uint32_t argument, GError **error)
{
    if (command == MC_LINK_COMMAND_LEAVE) {
        mc_link_leave(self);
        return true;
    }
    g_mutex_lock(&self->lock); /* back ends' commands are quick and one at a time */
    bool ok = self->vtable->command(self->backend, command, argument, error);
    if (ok && command == MC_LINK_COMMAND_RADIO_OFF)
        self->state = MC_LINK_STATE_LOST;
    g_mutex_unlock(&self->lock);
    return ok;
}

McLinkState mc_link_state(McLink *self)
{
    g_mutex_lock(&self->lock);
    McLinkState state = self->state;
    g_mutex_unlock(&self->lock);
    return state;
}

bool mc_link_encrypts(McLink *self)
{
    return self->vtable->encrypts && self->vtable->encrypts(self->backend);
}

bool mc_link_protect(McLink *self, uint8_t *datagram, size_t room, size_t *len)
{
    return self->vtable->protect(self->backend, datagram, room, len);
}

bool mc_link_open(McLink *self, const uint8_t *records, size_t len, GByteArray *out)
{
    return self->vtable->open(self->backend, records, len, out);
}

const char *mc_link_kind(McLink *self)
{
    return self->vtable->kind;
}

bool mc_link_failure(McLink *self, GError **error)
{
    return self->vtable->failure && self->vtable->failure(self->backend, error);
}

bool mc_link_peer(McLink *self, McLinkPeer *ret_peer)
{
    return self->vtable->peer && self->vtable->peer(self->backend, ret_peer);
}

bool mc_link_statistics(McLink *self, McLinkStatistics *ret_statistics)
{
    return self->vtable->statistics && self->vtable->statistics(self->backend, ret_statistics);
}

void mc_link_open_port(McLink *self, bool tcp, uint16_t port)
{
    if (self->vtable->open_port)
        self->vtable->open_port(self->backend, tcp, port);
}
