/* SPDX-License-Identifier: MIT */
/* umd/hdcp/crypto.h - the cryptography of an HDCP 2.x transmitter: pure functions over OpenSSL's
 * EVP. All values are byte strings in the order of the specification (big-endian).  rules22 selects
 * the derivations that both sides use from HDCP 2.2 on.
 * Thread: any.
 * Owner: caller wipes its keys (mc_hdcp_wipe).  Every function returns false when OpenSSL refuses;
 * results are then undefined. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "umd/hdcp/provider.h"

#define MC_HDCP_KM_BYTES 16
#define MC_HDCP_KD_BYTES 32
#define MC_HDCP_NONCE_BYTES 8
#define MC_HDCP_MAC_BYTES 32
#define MC_HDCP_MODULUS_BYTES 128
#define MC_HDCP_CERT_BYTES 522
#define MC_HDCP_SIGNATURE_BYTES 384

typedef struct {
    uint8_t km[MC_HDCP_KM_BYTES];
    uint8_t rtx[MC_HDCP_NONCE_BYTES], rrx[MC_HDCP_NONCE_BYTES];
    bool rules22;
} McHdcpSecrets;

/* What both sides said of themselves; xored into rtx for H' by the 2.2 rules. */
typedef struct {
    bool repeater;
    uint8_t rx_version, tx_version;
    uint16_t rx_mask, tx_mask;
} McHdcpInfo;

/* dkey_i for i = 0, 1, 2; rn NULL means zero (i < 2). */
bool mc_hdcp_dkey(const McHdcpSecrets *secrets, unsigned i, const uint8_t rn[8],
                  uint8_t ret_dkey[16]);
bool mc_hdcp_kd(const McHdcpSecrets *secrets, uint8_t ret_kd[32]); /* dkey_0 || dkey_1 */
bool mc_hdcp_h(const McHdcpSecrets *secrets, const uint8_t kd[32], const McHdcpInfo *info,
               uint8_t ret_h[32]);
bool mc_hdcp_l(const McHdcpSecrets *secrets, const uint8_t kd[32], const uint8_t rn[8],
               uint8_t ret_l[32]);
/* ks in, Edkey(ks) out, or the other way round: it is an exclusive or. */
bool mc_hdcp_edkey(const McHdcpSecrets *secrets, const uint8_t rn[8], const uint8_t ks[16],
                   uint8_t ret_edkey[16]);
/* V of a repeater: its fields as they stand in the message, seq_num_V last (2.1 and later). */
bool mc_hdcp_mac(const uint8_t kd[32], const uint8_t *data, size_t len, uint8_t ret_mac[32]);
bool mc_hdcp_m(const uint8_t kd[32], const uint8_t *streams, size_t len, const uint8_t seq_num_m[3],
               uint8_t ret_m[32]);
/* RSAES-OAEP, SHA-256, of km with the receiver's key (modulus 128 bytes, exponent 3 bytes). */
bool mc_hdcp_encrypt_km(const uint8_t modulus[128], const uint8_t exponent[3], const uint8_t km[16],
                        uint8_t ret_ekpub[128]);
/* A signature of the root key (RSA-3072, PKCS#1 v1.5, SHA-256), as under an SRM. */
bool mc_hdcp_verify(const uint8_t *data, size_t len, const uint8_t signature[384],
                    const uint8_t *root_modulus, size_t modulus_len, const uint8_t *root_exponent,
                    size_t exponent_len);
/* certrx's signature (RSA-3072, PKCS#1 v1.5, SHA-256 over the first 138 bytes (unconfirmed)). */
bool mc_hdcp_verify_cert(const uint8_t cert[522], const uint8_t *root_modulus, size_t modulus_len,
                         const uint8_t *root_exponent, size_t exponent_len);
bool mc_hdcp_random(uint8_t *ret_bytes, size_t len);
bool mc_hdcp_equal(const uint8_t *a, const uint8_t *b, size_t len); /* constant time */
void mc_hdcp_wipe(void *secret, size_t len);

/* The content cipher: AES-128-CTR, key ks ^ lc128, block counter (riv ^ stream_ctr) || input_ctr.
 */
typedef struct McHdcpCipher McHdcpCipher;
/* The same done by someone else, who keeps lc128 to himself (umd/hdcp/provider.h). */
McHdcpCipher *mc_hdcp_cipher_new_provided(const McHdcpProvider *provider, const uint8_t ks[16],
                                          const uint8_t riv[8]);
McHdcpCipher *mc_hdcp_cipher_new(const uint8_t ks[16], const uint8_t lc128[16],
                                 const uint8_t riv[8]);
void mc_hdcp_cipher_free(McHdcpCipher *self); /* wipes; NULL is fine */
/* In place; input_ctr is the first block's, a trailing part counts as a block. */
bool mc_hdcp_cipher_run(McHdcpCipher *self, uint32_t stream_ctr, uint64_t input_ctr, uint8_t *data,
                        size_t len);

/* The 16 bytes of PES private data that name the counters. */
void mc_hdcp_pes_private_data(uint32_t stream_ctr, uint64_t input_ctr, uint8_t ret_data[16]);
