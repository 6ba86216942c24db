/* SPDX-License-Identifier: MIT */
/* umd/protection.h - content protection of one session: joins what the display path says of its
 * content, what the sink's HDCP receiver is good for, and what the stream may show.
 * Threads: new, connect, settled, stop, free from the session's owner; want from any; the callbacks
 * come from any.
 * Owner: umd/session; outlives its media's stream. */
#pragma once

#include "umd/hdcp/channel.h"
#include "umd/link-interface.h"
#include "umd/media.h"

typedef struct McProtection McProtection;

/* Reads the licensee's keys, revocation list and pairings that options name.  Without keys nothing
 * can be protected, and protected content is withheld.  False: options name keys that are of no use
 * (MC_HDCP_ERROR). on_settled is called when the first authentication ended. */
McProtection *mc_protection_new(const McUmdOptions *options, McMedia *media,
                                void (*on_settled)(void *user_data), void *user_data,
                                GError **error);
void mc_protection_stop(McProtection *self); /* hangs up; the media is not told any more */
void mc_protection_free(McProtection *self); /* stops; after the media's end; NULL is fine */

/* The sink's answer to M3: "HDCP2.1" and its port, "none", or "". */
void mc_protection_connect(McProtection *self, const char *kind, const char *ip, uint16_t port);
bool mc_protection_settled(McProtection *self); /* nothing is to be waited for before M5 */

/* CONTENT_PROTECTION of the display path.  On return nothing of protected content leaves but
 * encrypted.  False: it is withheld for now; a still picture says so. */
bool mc_protection_want(McProtection *self, bool protect, uint32_t type);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McProtection, mc_protection_free)
