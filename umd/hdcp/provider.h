/* SPDX-License-Identifier: MIT */
/* umd/hdcp/provider.h - the plug-in interface of --hdcp-keys: a module of an HDCP licensee that
 * holds the global constant lc128 and encrypts, so that the constant never is in this program's
 * hands. It stands alone: a provider needs this header and nothing else of ours.
 * Threads: query and close from one thread; cipher_new, cipher_run and cipher_free from any, one at
 * a time for each cipher.
 * Owner: umd/hdcp/keys, for the module's whole life.
 *
 * The module is a shared object that exports one function:
 *
 *     int mc_hdcp_provider_query(unsigned version, McHdcpProvider *provider);
 *
 * It gets version 1 and a structure whose size member is set; it fills in the rest and returns 0,
 * or returns anything else when it has no keys for this program.  A provider writes no more than
 * size bytes. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MC_HDCP_PROVIDER_VERSION_1 1u
#define MC_HDCP_PROVIDER_SYMBOL "mc_hdcp_provider_query"

typedef struct {
    size_t size;
    /* DCP LLC's public key, which receivers' certificates and revocation lists are signed with. */
    uint8_t root_modulus[384];
    uint8_t root_exponent[8];
    size_t root_exponent_bytes; /* used of them, 1..8 */
    /* AES-128 in counter mode with the key ks XOR lc128; NULL: it cannot now. */
    void *(*cipher_new)(void *user_data, const uint8_t ks[16], const uint8_t riv[8]);
    /* In place; block i of data has the counter (riv ^ stream_ctr) || input_ctr + i, a trailing
     * part counts as a block.  0: done. */
    int (*cipher_run)(void *cipher, uint32_t stream_ctr, uint64_t input_ctr, uint8_t *data,
                      size_t len);
    void (*cipher_free)(void *cipher); /* wipes */
    void (*close)(void *user_data);    /* before the module is unloaded; may be NULL */
    void *user_data;
} McHdcpProvider;

typedef int (*McHdcpProviderQuery)(unsigned version, McHdcpProvider *provider);
