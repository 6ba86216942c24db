/* SPDX-License-Identifier: MIT */
#include "umd/hdcp/crypto.h"

#include <glib.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>

#define CERT_SIGNED_BYTES 138

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)

static void xor_bytes(uint8_t *to, const uint8_t *with, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] ^= with[i];
}

static void put_be(uint8_t *to, uint64_t value, size_t bytes)
{
    while (bytes--) {
        to[bytes] = (uint8_t) value;
        value >>= 8;
    }
}

static bool aes_block(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
    g_autoptr(EVP_CIPHER_CTX) ctx = EVP_CIPHER_CTX_new();
    int n = 0;

    return ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, key, NULL) == 1 &&
           EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
           EVP_EncryptUpdate(ctx, out, &n, in, 16) == 1 && n == 16;
}

static bool hmac_sha256(const uint8_t *key, size_t key_len, const uint8_t *data, size_t len,
                        uint8_t out[32])
{
    size_t out_len = 0;

    return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_len, data, len, out, 32,
                     &out_len) &&
           out_len == 32;
}

bool mc_hdcp_dkey(const McHdcpSecrets *secrets, unsigned i, const uint8_t rn[8],
                  uint8_t ret_dkey[16])
{
    uint8_t key[16], counter[16];

    memcpy(key, secrets->km, 16);
    if (rn)
        xor_bytes(key + 8, rn, 8);
    memcpy(counter, secrets->rtx, 8);
    put_be(counter + 8, i, 8);
    if (secrets->rules22)
        xor_bytes(counter + 8, secrets->rrx, 8);
    bool ok = aes_block(key, counter, ret_dkey);
    mc_hdcp_wipe(key, sizeof(key));
    return ok;
}

bool mc_hdcp_kd(const McHdcpSecrets *secrets, uint8_t ret_kd[32])
{
    return mc_hdcp_dkey(secrets, 0, NULL, ret_kd) && mc_hdcp_dkey(secrets, 1, NULL, ret_kd + 16);
}

bool mc_hdcp_h(const McHdcpSecrets *secrets, const uint8_t kd[32], const McHdcpInfo *info,
               uint8_t ret_h[32])
{
    uint8_t data[8], words[7] = {info->repeater, info->rx_version};

    memcpy(data, secrets->rtx, 8);
    if (!secrets->rules22) {
        data[7] ^= info->repeater;
    } else { /* REPEATER || RxInfo || TxInfo, aligned to the end of rtx (not vector-checked) */
        put_be(words + 2, info->rx_mask, 2);
        words[4] = info->tx_version;
        put_be(words + 5, info->tx_mask, 2);
        xor_bytes(data + 1, words, 7);
    }
    return hmac_sha256(kd, 32, data, 8, ret_h);
}

bool mc_hdcp_l(const McHdcpSecrets *secrets, const uint8_t kd[32], const uint8_t rn[8],
               uint8_t ret_l[32])
{
    uint8_t key[32], data[16];

    memcpy(key, kd, 32);
    xor_bytes(key + 24, secrets->rrx, 8);
    memcpy(data, rn, 8);
    memcpy(data + 8, rn, 8); /* the 2.2 rules take rn twice (not vector-checked) */
    bool ok = hmac_sha256(key, 32, data, secrets->rules22 ? 16 : 8, ret_l);
    mc_hdcp_wipe(key, sizeof(key));
    return ok;
}

bool mc_hdcp_edkey(const McHdcpSecrets *secrets, const uint8_t rn[8], const uint8_t ks[16],
                   uint8_t ret_edkey[16])
{
    uint8_t mask[16];

    if (!mc_hdcp_dkey(secrets, 2, rn, mask))
        return false;
    xor_bytes(mask + 8, secrets->rrx, 8);
    for (int i = 0; i < 16; i++)
        ret_edkey[i] = ks[i] ^ mask[i];
    mc_hdcp_wipe(mask, sizeof(mask));
    return true;
}

bool mc_hdcp_mac(const uint8_t kd[32], const uint8_t *data, size_t len, uint8_t ret_mac[32])
{
    return hmac_sha256(kd, 32, data, len, ret_mac);
}

bool mc_hdcp_m(const uint8_t kd[32], const uint8_t *streams, size_t len, const uint8_t seq_num_m[3],
               uint8_t ret_m[32])
{
    uint8_t key[32];
    size_t key_len = 0;
    g_autofree uint8_t *data = g_malloc(len + 3);

    memcpy(data, streams, len);
    memcpy(data + len, seq_num_m, 3);
    bool ok = EVP_Q_digest(NULL, "SHA256", NULL, kd, 32, key, &key_len) == 1 &&
              hmac_sha256(key, 32, data, len + 3, ret_m);
    mc_hdcp_wipe(key, sizeof(key));
    return ok;
}

/* ---- RSA ---- */

static EVP_PKEY *public_key(const uint8_t *modulus, size_t modulus_len, const uint8_t *exponent,
                            size_t exponent_len)
{
    g_autoptr(BIGNUM) n = BN_bin2bn(modulus, (int) modulus_len, NULL);
    g_autoptr(BIGNUM) e = BN_bin2bn(exponent, (int) exponent_len, NULL);
    g_autoptr(OSSL_PARAM_BLD) build = OSSL_PARAM_BLD_new();
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;

    if (!n || !e || !build || !ctx || !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) ||
        !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
        return NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    OSSL_PARAM_free(params);
    return key;
}

bool mc_hdcp_encrypt_km(const uint8_t modulus[128], const uint8_t exponent[3], const uint8_t km[16],
                        uint8_t ret_ekpub[128])
{
    g_autoptr(EVP_PKEY) key = public_key(modulus, 128, exponent, 3);
    g_autoptr(EVP_PKEY_CTX) ctx = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
    size_t len = 128;

    return ctx && EVP_PKEY_encrypt_init(ctx) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 &&
           EVP_PKEY_encrypt(ctx, ret_ekpub, &len, km, 16) == 1 && len == 128;
}

bool mc_hdcp_verify(const uint8_t *data, size_t len, const uint8_t signature[384],
                    const uint8_t *root_modulus, size_t modulus_len, const uint8_t *root_exponent,
                    size_t exponent_len)
{
    g_autoptr(EVP_PKEY) key = public_key(root_modulus, modulus_len, root_exponent, exponent_len);
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();

    return key && ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
           EVP_DigestVerify(ctx, signature, MC_HDCP_SIGNATURE_BYTES, data, len) == 1;
}

bool mc_hdcp_verify_cert(const uint8_t cert[522], const uint8_t *root_modulus, size_t modulus_len,
                         const uint8_t *root_exponent, size_t exponent_len)
{
    return mc_hdcp_verify(cert, CERT_SIGNED_BYTES, cert + CERT_SIGNED_BYTES, root_modulus,
                          modulus_len, root_exponent, exponent_len);
}

bool mc_hdcp_random(uint8_t *ret_bytes, size_t len)
{
    return RAND_priv_bytes(ret_bytes, (int) len) == 1;
}

bool mc_hdcp_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

void mc_hdcp_wipe(void *secret, size_t len)
{
    OPENSSL_cleanse(secret, len);
}

/* ---- content ---- */

struct McHdcpCipher {
    EVP_CIPHER_CTX *ctx; /* keyed once; only the counter is set for each PES */
    uint8_t riv[8];
    const McHdcpProvider *provider; /* in place of ctx */
    void *provided;
};

McHdcpCipher *mc_hdcp_cipher_new_provided(const McHdcpProvider *provider, const uint8_t ks[16],
                                          const uint8_t riv[8])
{
    McHdcpCipher *self = g_new0(McHdcpCipher, 1);

    self->provider = provider;
    self->provided = provider->cipher_new(provider->user_data, ks, riv);
    if (self->provided)
        return self;
    g_free(self);
    return NULL;
}

McHdcpCipher *mc_hdcp_cipher_new(const uint8_t ks[16], const uint8_t lc128[16],
                                 const uint8_t riv[8])
{
    McHdcpCipher *self = g_new0(McHdcpCipher, 1);
    uint8_t key[16];

    memcpy(self->riv, riv, 8);
    memcpy(key, ks, 16);
    xor_bytes(key, lc128, 16);
    self->ctx = EVP_CIPHER_CTX_new();
    bool ok = self->ctx && EVP_EncryptInit_ex(self->ctx, EVP_aes_128_ctr(), NULL, key, NULL) == 1;
    mc_hdcp_wipe(key, sizeof(key));
    if (!ok) {
        mc_hdcp_cipher_free(self);
        return NULL;
    }
    return self;
}

void mc_hdcp_cipher_free(McHdcpCipher *self)
{
    if (!self)
        return;
    if (self->provided)
        self->provider->cipher_free(self->provided);
    EVP_CIPHER_CTX_free(self->ctx); /* cleanses the key schedule */
    mc_hdcp_wipe(self, sizeof(*self));
    g_free(self);
}

bool mc_hdcp_cipher_run(McHdcpCipher *self, uint32_t stream_ctr, uint64_t input_ctr, uint8_t *data,
                        size_t len)
{
    uint8_t counter[16], low[4];
    int n = 0;

    if (len > INT32_MAX)
        return false;
    if (self->provided)
        return self->provider->cipher_run(self->provided, stream_ctr, input_ctr, data, len) == 0;
    memcpy(counter, self->riv, 8);
    put_be(low, stream_ctr, 4);
    xor_bytes(counter + 4, low, 4);
    put_be(counter + 8, input_ctr, 8);
    return EVP_EncryptInit_ex(self->ctx, NULL, NULL, NULL, counter) == 1 &&
           EVP_EncryptUpdate(self->ctx, data, &n, data, (int) len) == 1 && (size_t) n == len;
}

/* PES private data, each counter cut into 15-bit words with a marker bit behind each:
 *   reserved(13)=0 s[31:30] 1 | s[29:15] 1 | s[14:0] 1 |
 *   reserved(11)=0 i[63:60] 1 | i[59:45] 1 | i[44:30] 1 | i[29:15] 1 | i[14:0] 1 */
void mc_hdcp_pes_private_data(uint32_t stream_ctr, uint64_t input_ctr, uint8_t ret_data[16])
{
    const uint16_t words[8] = {
        (uint16_t) (stream_ctr >> 30),         (uint16_t) (stream_ctr >> 15 & 0x7fff),
        (uint16_t) (stream_ctr & 0x7fff),      (uint16_t) (input_ctr >> 60),
        (uint16_t) (input_ctr >> 45 & 0x7fff), (uint16_t) (input_ctr >> 30 & 0x7fff),
        (uint16_t) (input_ctr >> 15 & 0x7fff), (uint16_t) (input_ctr & 0x7fff)};

    for (int i = 0; i < 8; i++)
        put_be(ret_data + 2 * i, (uint64_t) words[i] << 1 | 1, 2);
}
