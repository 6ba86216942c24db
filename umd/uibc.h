/* SPDX-License-Identifier: MIT */
/* umd/uibc.h - the user input back channel of one session: the sink dials in, its packets become
 * INPUT_EVENT I/O controls.
 * Threads: new, free from the session's owner; the rest from any; it has a thread of its own.
 * Owner: umd/session. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "p2p/link.h"
#include "umd/os.h"

typedef struct McUibc McUibc;

/* Listens on a free port of local_ip and lets in peer_ip alone, once at a time; a link that
 * encrypts (else NULL will do) opens the bodies.  refused: the display path takes no input at all,
 * and so it is off; on the thread of this.  NULL: no port. */
McUibc *mc_uibc_new(const McOs *os, McLink *link, const char *local_ip, const char *peer_ip,
                    void (*refused)(void *user_data), void *user_data);
void mc_uibc_free(McUibc *self); /* NULL is fine */
uint16_t mc_uibc_port(const McUibc *self);

void mc_uibc_enable(McUibc *self, bool enabled); /* M15; off at first: input is ignored */
/* Pixels of the negotiated picture that the sink's coordinates mean, and of the desktop in it. */
void mc_uibc_set_picture(McUibc *self, uint32_t picture_width_px, uint32_t picture_height_px,
                         uint32_t desktop_width_px, uint32_t desktop_height_px);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McUibc, mc_uibc_free)
