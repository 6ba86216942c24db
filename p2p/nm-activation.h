/* SPDX-License-Identifier: MIT */
/* p2p/nm-activation.h - one connection to a sink by NetworkManager at a time: begun, watched until
 * there is a group and while there is one, and ended.  It is volatile and bound to our connection
 * to the bus: if that ends, so does the group.
 * Thread: the one that runs the GMainContext, the thread-default one.  Owner: p2p/nm.c. */
#pragma once

#include <gio/gio.h>

#include "p2p/supplicant.h"

typedef struct McNmActivation McNmActivation;
McNmActivation *mc_nm_activation_new(GDBusConnection *bus, const char *device,
                                     GMainContext *context, const McSupplicantCalls *calls);
/* What is under way is deactivated first. NULL is fine. */
void mc_nm_activation_free(McNmActivation *self);
/* The answer to the machine's command: "OK" or mc_nm_refusal()'s; g_free(). NULL: NetworkManager
 * did not answer, so nobody knows what it does: only the end of the bus connection ends that.
 * Events tell what becomes of it. */
char *mc_nm_activation_start(McNmActivation *self, const McMac *peer, const uint8_t *wfd,
                             size_t wfd_len);
/* False: there was nothing. Where there was a group, its end is told as an event. */
bool mc_nm_activation_stop(McNmActivation *self);
