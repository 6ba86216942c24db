/* SPDX-License-Identifier: MIT */
/* umd/hdcp/keys.h - what only the HDCP licence gives: root key, lc128, revocation list (SRM).
 * Thread: any; read-only once loaded, may be shared by sessions that it outlives.
 * Owner: umd/protection.
 * Errors: MC_HDCP_ERROR.
 *
 * The key file is text, of the owner alone (mode 0600 or less), one "name = hex" a line, # begins
 * a comment, spaces and the order do not matter:
 *
 *     root_modulus  = 768 hex digits   # DCP LLC's public key (RSA-3072)
 *     root_exponent = 010001           # 1 to 8 bytes
 *     lc128         = 32 hex digits    # secret global constant
 *
 * The SRM is DCP LLC's own binary file (HDCP 2 System Renewability Message); its signature is
 * checked with the root key.  No key is part of the product. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "umd/hdcp/crypto.h"

#define MC_HDCP_ROOT_BYTES 384

typedef struct McHdcpKeys McHdcpKeys;
/* A key file, or a provider module (umd/hdcp/provider.h): what begins as an ELF file is a module.
 */
McHdcpKeys *mc_hdcp_keys_load(const char *path, GError **error);
void mc_hdcp_keys_free(McHdcpKeys *self); /* wipes; NULL is fine */

/* Replaces the list when the file is signed and not older than the one in use. */
bool mc_hdcp_keys_load_srm(McHdcpKeys *self, const char *path, GError **error);
bool mc_hdcp_keys_set_srm(McHdcpKeys *self, const uint8_t *srm, size_t len, GError **error);
unsigned mc_hdcp_keys_srm_version(const McHdcpKeys *self); /* 0: none */

bool mc_hdcp_keys_revoked(const McHdcpKeys *self, const uint8_t receiver_id[5]);
bool mc_hdcp_keys_verify_cert(const McHdcpKeys *self, const uint8_t cert[522]);
/* The content's cipher under a session key; NULL: OpenSSL or the provider refuses. */
McHdcpCipher *mc_hdcp_keys_new_cipher(const McHdcpKeys *self, const uint8_t ks[16],
                                      const uint8_t riv[8]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McHdcpKeys, mc_hdcp_keys_free)
