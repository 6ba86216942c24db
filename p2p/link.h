/* SPDX-License-Identifier: MIT */
/* p2p/link.h - reaching a sink: one vtable, one file per back end (loopback, lan, ...).
 * Threads: all calls from the owner's thread; leave() and command() also from any other.
 * Owner: umd/context. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define MC_LINK_ERROR mc_link_error_quark()
GQuark mc_link_error_quark(void);
typedef enum {
    MC_LINK_ERROR_ADDRESS,   /* link.bad-address */
    MC_LINK_ERROR_PORT_USED, /* link.port-in-use */
    MC_LINK_ERROR_TIMEOUT,   /* link.timeout: no sink dialled in */
    MC_LINK_ERROR_CANCELLED, /* link.cancelled */
    MC_LINK_ERROR_KIND,      /* link.unknown-kind */
    MC_LINK_ERROR_FAILED,    /* link.failed */
    MC_LINK_ERROR_NOT_SUPPORTED, /* link.not-supported */
} McLinkError;
const char *mc_link_error_code(int code);

typedef enum {
    MC_LINK_STATE_IDLE,
    MC_LINK_STATE_LISTENING,
    MC_LINK_STATE_READY, /* a sink's RTSP connection was accepted */
    MC_LINK_STATE_LOST,
    MC_LINK_STATE_LEFT,
} McLinkState;

typedef struct {
    char kind[16];     /* "lan", "loopback" */
    char listen[64];   /* ADDR:PORT; port 0: any */
    char allow[46];    /* only this peer may connect; "": the first one */
    int timeout_s;     /* for wait(); 0: none */
    void (*on_progress)(const char *step, const char *text, void *user_data); /* any thread */
    void *user_data;
} McLinkConfig;

typedef struct McLink McLink;
McLink *mc_link_new(const McLinkConfig *config, GError **error); /* copies config */
void mc_link_free(McLink *self);

/* Opens the listener; *ret_port is the bound port. */
bool mc_link_listen(McLink *self, uint16_t *ret_port, GError **error);
/* Waits until a sink has connected; returns a connected, blocking socket that the caller owns, or -1.
 * Once a sink is in, later connections are closed at once (one session). */
int mc_link_wait(McLink *self, GError **error);
void mc_link_cancel(McLink *self); /* wakes wait(); any thread; async-signal-safe */
void mc_link_leave(McLink *self);  /* idempotent */
/* LINK_CONTROL of the display path (kmd-shim/abi/message.h McLinkCommand values). */
bool mc_link_command(McLink *self, uint32_t command, uint32_t argument, GError **error);
McLinkState mc_link_state(McLink *self);
const char *mc_link_kind(McLink *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McLink, mc_link_free)
