/* SPDX-License-Identifier: MIT */
/* umd/hdcp/pairing.h - what makes the next authentication short: km of receivers met before.
 * Thread: one at a time.
 * Owner: umd/protection.
 * Errors: MC_HDCP_ERROR.
 *
 * In memory (secure heap) until saved; the file is text, mode 0600, replaced as a whole, one
 * receiver a line, the one used last at the end: "receiver-id km Ekh(km) m" in hex. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define MC_HDCP_PAIRINGS_MAX 64u /* the one unused for longest makes room */

typedef struct {
    uint8_t receiver_id[5];
    uint8_t km[16]; /* secret */
    uint8_t ekh_km[16], m[16];
} McHdcpPairing;

typedef struct McHdcpPairings McHdcpPairings;
McHdcpPairings *mc_hdcp_pairings_new(void);       /* NULL: no secure memory left */
void mc_hdcp_pairings_free(McHdcpPairings *self); /* wipes; NULL is fine */

/* Takes the file's pairings in place of its own; a file that does not exist holds none.  A file
 * with a damaged line is refused as a whole and leaves the store empty: receivers pair again. */
bool mc_hdcp_pairings_load(McHdcpPairings *self, const char *path, GError **error);
bool mc_hdcp_pairings_save(const McHdcpPairings *self, const char *path, GError **error);

/* Valid until the store changes.  NULL: not met before. */
const McHdcpPairing *mc_hdcp_pairings_find(const McHdcpPairings *self,
                                           const uint8_t receiver_id[5]);
void mc_hdcp_pairings_put(McHdcpPairings *self, const McHdcpPairing *pairing);
bool mc_hdcp_pairings_remove(McHdcpPairings *self, const uint8_t receiver_id[5]);
unsigned mc_hdcp_pairings_count(const McHdcpPairings *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McHdcpPairings, mc_hdcp_pairings_free)
