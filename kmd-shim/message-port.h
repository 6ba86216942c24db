/* SPDX-License-Identifier: MIT */
/* kmd-shim/message-port.h - messages to the user-mode driver, each with its completion.
 * Threads: _send on any; completions on any of the runtime's, even before _send returns; _attach
 * and _detach by turns.
 * Owner: the display path. */
#pragma once

#include <glib.h>

#include "kmd-shim/abi/message.h"
#include "kmd-shim/dispmprt.h"

typedef struct McMessagePort McMessagePort;

/* The driver's answer; output is valid during the call. Comes once for each STATUS_PENDING. */
typedef void (*McMessageDone)(NTSTATUS status, const void *output, UINT bytes, void *user_data);

McMessagePort *mc_message_port_new(void);
/* Completions may still come: they know nothing of the port. NULL is fine. */
void mc_message_port_free(McMessagePort *self);

void mc_message_port_attach(McMessagePort *self, const DXGK_MIRACAST_DISPLAY_CALLBACKS *os);
/* When it returns, no thread is inside the runtime for us; not to be called from a completion. */
void mc_message_port_detach(McMessagePort *self);

/* Copies the message and fills in its header (sequence counts up). done may be NULL.
 * STATUS_PENDING: done comes. A failure: it does not; STATUS_INVALID_DEVICE_STATE: not attached. */
NTSTATUS mc_message_port_send(McMessagePort *self, McMsgType type, const void *message,
                              ULONG message_bytes, ULONG output_bytes, McMessageDone done,
                              void *user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McMessagePort, mc_message_port_free)
