/* SPDX-License-Identifier: MIT */
/* p2p/listener.h - the RTSP listener: bound to one address, lets in one chosen peer, refuses and
 * names all others while its session lasts.  Who connects while it is not yet known whether the
 * one before is a sink waits in the socket's backlog.
 * Threads: new/wait/settle/free from the link's owner; cancel from any, async-signal-safe; refusals
 * run on a thread of its own. Owner: a back end of p2p. Errors: MC_LINK_ERROR. */
#pragma once

#include <sys/socket.h>

#include "p2p/link.h"

typedef struct {
    struct sockaddr_storage addr;
    socklen_t len;
} McListenAddress;

/* "192.0.2.1:7236", "[2001:db8::1]:7236"; port 0: any. */
bool mc_listen_address_parse(const char *text, McListenAddress *ret_address, GError **error);
void mc_listen_address_set_port(McListenAddress *address, uint16_t port);
bool mc_listen_address_is_loopback(const McListenAddress *address);

/* A caller's address in the words of McLinkConfig.allow; false: it is none. */
bool mc_listener_peer_parse(const char *text, char ret[46]);

typedef struct McListener McListener;
McListener *mc_listener_new(const McListenAddress *address, const McLinkConfig *config,
                            uint16_t *ret_port, GError **error);
void mc_listener_free(McListener *self); /* NULL is fine; the accepted socket is the caller's */
/* A second look at who may come in, after config.allow; on the thread of wait(). */
void mc_listener_set_admit(McListener *self, bool (*admit)(const char *peer, void *user_data),
                           void *user_data);
/* Connected, blocking, close-on-exec socket of the caller's; -1 with TIMEOUT, CANCELLED, FAILED.
 * Again, until it is settled: for the next one, as long as is left of the first wait's time. */
int mc_listener_wait(McListener *self, GError **error);
void mc_listener_settle(McListener *self); /* who came last is the sink: others are refused */
void mc_listener_cancel(McListener *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McListener, mc_listener_free)
