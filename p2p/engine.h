/* SPDX-License-Identifier: MIT */
/* p2p/engine.h - the Wi-Fi Direct controller at work: its thread, its clock, a back end that drives
 * the card, the group's addresses.
 * Threads: calls from any; they return at once and take effect on the engine's own thread, from
 * where all callbacks come.
 * Owner: p2p/p2p-link, or host/discover.
 * Errors: MC_LINK_ERROR. */
#pragma once

#include "p2p/controller.h"
#include "p2p/supplicant.h"

typedef struct {
    void (*on_progress)(const McProgress *progress, const McController *now, void *user_data);
    /* The kernel has our address in the group: now a listener can be opened there. */
    void (*on_address)(const McController *now, void *user_data);
    void *user_data;
} McEngineCalls;

typedef struct McEngine McEngine;
/* *ret_why: which back end, and why; g_free(). Errors as mc_supplicant_open(). */
McEngine *mc_engine_new(const McSupplicantConfig *supplicant, const McControllerConfig *controller,
                        const McEngineCalls *calls, char **ret_why, GError **error);
void mc_engine_free(McEngine *self); /* leaves first, and waits for it; NULL is fine */

void mc_engine_discover(McEngine *self, bool on);
void mc_engine_connect(McEngine *self, const char *target, const McControllerWish *wish);
void mc_engine_pin(McEngine *self, const char *pin);
void mc_engine_dialled(McEngine *self, const uint8_t peer_ip[4]);
/* Returns when the group is gone, or after some seconds. Not from a callback. */
void mc_engine_leave(McEngine *self);
/* What we announce: a source that is free, has RTSP on this port, and is R2. */
McControllerConfig mc_engine_source_config(uint16_t rtsp_port);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McEngine, mc_engine_free)
