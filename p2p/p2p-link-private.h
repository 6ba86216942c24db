/* SPDX-License-Identifier: MIT */
/* p2p/p2p-link-private.h - what the files of the Wi-Fi Direct link share.
 * p2p-link.c: life and small questions; p2p-link-news.c: what the engine tells, and who may come
 * in; p2p-link-wait.c: from a name to the sink's connection.
 * Threads: the engine's own tells, the caller of wait() waits; `lock` is between them.
 * Owner: p2p/p2p-link. */
#pragma once

#include "p2p/backend.h"
#include "p2p/door.h"
#include "p2p/engine.h"
#include "p2p/listener.h"

typedef struct P2p P2p;
struct P2p {
    McLinkConfig config;
    uint16_t port;
    McEngine *engine;

    int abort_fd; /* readable: whoever asks for a PIN gives up */

    GMutex lock;
    GCond changed;
    bool cancelled, failed, pin_wanted, pin_was_wrong;
    bool lost;        /* a group that was ready; for the reason why, which comes before the end */
    int failure_code; /* of McLinkError's space */
    char failure_text[256];
    /* The group; has_group once the kernel has our address in it. */
    bool has_group, is_owner, has_peer_ip, has_station;
    char ifname[16];
    uint8_t own_ip[4], peer_ip[4];
    McMac station;
    McLinkPeer peer;
    McListener *listener; /* changed by wait() and leave() only */
    McDoor door;          /* open as long as the listener lives */
    int session_fd;       /* duplicate of the sink's connection, to end it when the link is lost */
};

/* p2p-link-news.c; the first two on the engine's thread */
void mc_p2p_on_progress(const McProgress *progress, const McController *now, void *user_data);
void mc_p2p_on_address(const McController *now, void *user_data);
bool mc_p2p_admit(const char *peer, void *user_data);
void mc_p2p_end_session(P2p *self); /* with the lock */

/* p2p-link-wait.c: of the back end's table */
int mc_p2p_wait(void *backend, GError **error);
void mc_p2p_settle(void *backend);
void mc_p2p_cancel(void *backend);
void mc_p2p_open_port(void *backend, bool tcp, uint16_t port);

/* p2p-link.c */
void mc_p2p_tell(P2p *self, const char *step, const char *text);
