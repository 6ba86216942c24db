/* SPDX-License-Identifier: MIT */
#include "umd/hdcp/cipher.h"

#include <string.h>

struct McHdcpContent {
    GMutex lock; /* guards all below */
    McHdcpCipher *cipher;
    uint64_t input_ctr[2]; /* of the next block; by streamCtr */
};

McHdcpContent *mc_hdcp_content_new(void)
{
    McHdcpContent *self = g_new0(McHdcpContent, 1);

    g_mutex_init(&self->lock);
    return self;
}

void mc_hdcp_content_free(McHdcpContent *self)
{
    if (!self)
        return;
    mc_hdcp_cipher_free(self->cipher);
    g_mutex_clear(&self->lock);
    g_free(self);
}

void mc_hdcp_content_set_cipher(McHdcpContent *self, McHdcpCipher *cipher)
{
    g_mutex_lock(&self->lock);
    mc_hdcp_cipher_free(self->cipher);
    self->cipher = cipher;
    memset(self->input_ctr, 0, sizeof(self->input_ctr));
    g_mutex_unlock(&self->lock);
}

bool mc_hdcp_content_has_cipher(McHdcpContent *self)
{
    g_mutex_lock(&self->lock);
    const bool has = self->cipher != NULL;
    g_mutex_unlock(&self->lock);
    return has;
}

bool mc_hdcp_content_encrypt(bool is_audio, const uint8_t *in, uint8_t *out, size_t len,
                             uint8_t ret_private[16], void *user_data)
{
    McHdcpContent *self = user_data;
    const uint32_t ctr = is_audio ? MC_HDCP_STREAM_CTR_AUDIO : MC_HDCP_STREAM_CTR_VIDEO;
    bool ok = false;

    g_mutex_lock(&self->lock);
    if (self->cipher) {
        const uint64_t first = self->input_ctr[ctr];

        if (in != out)
            memcpy(out, in, len);
        ok = mc_hdcp_cipher_run(self->cipher, ctr, first, out, len);
        /* Counted whether or not it worked: no counter is used twice with the same key. */
        self->input_ctr[ctr] += (len + 15) / 16;
        if (ok)
            mc_hdcp_pes_private_data(ctr, first, ret_private);
    }
    g_mutex_unlock(&self->lock);
    return ok;
}
