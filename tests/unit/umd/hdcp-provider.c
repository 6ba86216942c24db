/* SPDX-License-Identifier: MIT */
/* A provider module for tests, with the facsimile lc128 and the test root: what a licensee writes
 * against umd/hdcp/provider.h, and nothing else of ours. */
#include "umd/hdcp/provider.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t lc128[16] = {0x93, 0xce, 0x5a, 0x56, 0xa0, 0xa1, 0xf4, 0xf7,
                                  0x3c, 0x65, 0x8a, 0x1b, 0xd2, 0xae, 0xf0, 0xf7};

typedef struct {
    uint8_t key[16], riv[8];
} Cipher;

static void *cipher_new(void *user_data, const uint8_t ks[16], const uint8_t riv[8])
{
    Cipher *self = malloc(sizeof(*self));

    for (int i = 0; self && i < 16; i++)
        self->key[i] = ks[i] ^ lc128[i];
    if (self)
        memcpy(self->riv, riv, 8);
    return self;
}

static int cipher_run(void *cipher, uint32_t stream_ctr, uint64_t input_ctr, uint8_t *data,
                      size_t len)
{
    Cipher *self = cipher;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t counter[16];
    int n = 0;

    memcpy(counter, self->riv, 8);
    for (int i = 0; i < 4; i++)
        counter[4 + i] ^= (uint8_t) (stream_ctr >> (24 - 8 * i));
    for (int i = 0; i < 8; i++)
        counter[8 + i] = (uint8_t) (input_ctr >> (56 - 8 * i));
    const int ok = ctx &&
                   EVP_EncryptInit_ex(ctx, EVP_aes_128_ctr(), NULL, self->key, counter) == 1 &&
                   EVP_EncryptUpdate(ctx, data, &n, data, (int) len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok ? 0 : -1;
}

static void cipher_free(void *cipher)
{
    OPENSSL_cleanse(cipher, sizeof(Cipher));
    free(cipher);
}

__attribute__((visibility("default"))) int mc_hdcp_provider_query(unsigned version,
                                                                  McHdcpProvider *provider);
int mc_hdcp_provider_query(unsigned version, McHdcpProvider *provider)
{
    if (version != MC_HDCP_PROVIDER_VERSION_1 || provider->size < sizeof(*provider))
        return -1;
    memset(provider->root_modulus, 0xb4, sizeof(provider->root_modulus));
    memcpy(provider->root_exponent, (const uint8_t[]){1, 0, 1}, 3);
    provider->root_exponent_bytes = 3;
    provider->cipher_new = cipher_new;
    provider->cipher_run = cipher_run;
    provider->cipher_free = cipher_free;
    return 0;
}
