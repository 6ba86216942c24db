/* SPDX-License-Identifier: MIT */
/* p2p/mice/dtls.h - the DTLS 1.2 association with a sink (client side) on memory BIOs: no sockets,
 * no timers.  One association serves TLVs and RTP (MS-MICE).
 * Threads: handshake on one; seal and open from any afterwards, they take turns.
 * Owner: p2p/mice/control.
 * Errors: MC_LINK_ERROR. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one record adds to its content, at most (CBC with SHA-384). */
#define MC_DTLS_OVERHEAD 93u

typedef struct McDtls McDtls;
typedef enum { MC_DTLS_MORE, MC_DTLS_DONE, MC_DTLS_FAILED } McDtlsStep;

McDtls *mc_dtls_new(GError **error);
void mc_dtls_free(McDtls *self); /* NULL is fine */

/* One step of the handshake: in is what the sink sent (NULL at the start), out gets what goes to
 * it. */
McDtlsStep mc_dtls_handshake(McDtls *self, const uint8_t *in, size_t len, GByteArray *out,
                             GError **error);
/* One record around data; appended to out. */
bool mc_dtls_seal(McDtls *self, const uint8_t *data, size_t len, GByteArray *out);
/* The same in place, for a datagram in a buffer of room bytes. */
bool mc_dtls_seal_in_place(McDtls *self, uint8_t *data, size_t room, size_t *len);
bool mc_dtls_is_record(const uint8_t *data, size_t len); /* begins with a whole one */
/* What is in the records; false: forged, replayed or none. */
bool mc_dtls_open(McDtls *self, const uint8_t *records, size_t len, GByteArray *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McDtls, mc_dtls_free)
