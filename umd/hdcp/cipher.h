/* SPDX-License-Identifier: MIT */
/* umd/hdcp/cipher.h - encrypts PES payloads: streamCtr and inputCtr of each elementary stream.
 * Thread: any; the stream encrypts while the session's thread puts a new key in or takes it out.
 * Owner: umd/protection; outlives the multiplexer it is plugged into. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "umd/hdcp/crypto.h"

#define MC_HDCP_STREAM_CTR_VIDEO 0u /* least significant bit 0 for video, 1 for sound */
#define MC_HDCP_STREAM_CTR_AUDIO 1u

typedef struct McHdcpContent McHdcpContent;
McHdcpContent *mc_hdcp_content_new(void);       /* holds no key */
void mc_hdcp_content_free(McHdcpContent *self); /* wipes; NULL is fine */

/* Takes the cipher of a new session key: counters begin at 0 again.  NULL takes the key away; once
 * this returns, nothing is encrypted any more.  Protected content must have stopped before. */
void mc_hdcp_content_set_cipher(McHdcpContent *self, McHdcpCipher *cipher);
bool mc_hdcp_content_has_cipher(McHdcpContent *self);

/* A PES payload from in to out (they may be the same), and the 16 bytes of PES private data.
 * The signature is McTsHdcp.encrypt's; user_data is the McHdcpContent.  False: there is no key,
 * out is undefined and the PES stays in the clear. */
bool mc_hdcp_content_encrypt(bool is_audio, const uint8_t *in, uint8_t *out, size_t len,
                             uint8_t ret_private[16], void *user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McHdcpContent, mc_hdcp_content_free)
