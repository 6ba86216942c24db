/* SPDX-License-Identifier: MIT */
#include "tests/unit/umd/hdcp-receiver.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>

#include "tests/unit/hex.h"
#include "umd/hdcp/crypto.h"

static char *value_of(const char *text, const char *name)
{
    g_autofree char *pattern = g_strdup_printf("\n%s = ", name);
    const char *at = strstr(text, pattern);

    g_assert_nonnull(at);
    at += strlen(pattern);
    return g_strndup(at, strcspn(at, "\n"));
}

static EVP_PKEY *load_key(const char *dir, const char *file, uint8_t *ret_modulus, size_t len)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    g_autofree char *text = NULL;
    EVP_PKEY *key = NULL;
    BIGNUM *n = NULL, *d = NULL, *e = BN_new();

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_autofree char *modulus = value_of(text, "modulus");
    g_autofree char *exponent = value_of(text, "private_exponent");
    test_hex(modulus, ret_modulus, len);
    BN_hex2bn(&n, modulus);
    BN_hex2bn(&d, exponent);
    BN_set_word(e, 65537);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, d);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    g_assert_cmpint(EVP_PKEY_fromdata_init(ctx), ==, 1);
    g_assert_cmpint(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params), ==, 1);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(d);
    BN_free(e);
    return key;
}

Receiver *receiver_new(const char *data_dir)
{
    Receiver *self = g_new0(Receiver, 1);
    uint8_t root_modulus[384];

    self->version = 2;
    self->precompute = true;
    self->latency_us = 1000;
    self->key = load_key(data_dir, "receiver.txt", self->modulus, 128);
    self->root = load_key(data_dir, "root.txt", root_modulus, 384);
    test_hex("5ac3965aa5", self->id, 5);
    test_hex("1122334455", self->device_id, 5);
    memset(self->kh, 0x4b, 16);
    self->device_count = 1;
    self->depth = 1;
    self->in = g_byte_array_new();
    self->streams = g_byte_array_new();
    self->out = g_queue_new();
    return self;
}

void packet_free(Packet *packet)
{
    g_bytes_unref(packet->bytes);
    g_free(packet);
}

void receiver_free(Receiver *self)
{
    EVP_PKEY_free(self->key);
    EVP_PKEY_free(self->root);
    g_byte_array_unref(self->in);
    g_byte_array_unref(self->streams);
    g_queue_free_full(self->out, (GDestroyNotify) packet_free);
    g_free(self);
}

void receiver_sign(Receiver *self, const uint8_t *data, size_t len, uint8_t ret_signature[384])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t out_len = 384;

    g_assert_cmpint(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, self->root), ==, 1);
    g_assert_cmpint(EVP_DigestSign(ctx, ret_signature, &out_len, data, len), ==, 1);
    EVP_MD_CTX_free(ctx);
}

/* A stream keeps its order: nothing overtakes what was said before. */
void receiver_say(Receiver *self, int64_t due_us, uint8_t id, const uint8_t *fields, size_t len)
{
    Packet *packet = g_new0(Packet, 1);
    const Packet *last = g_queue_peek_tail(self->out);
    g_autofree uint8_t *bytes = g_malloc(len + 1);

    bytes[0] = id;
    if (len)
        memcpy(bytes + 1, fields, len);
    packet->due_us = MAX(due_us, last ? last->due_us : 0);
    packet->bytes = g_bytes_new(bytes, len + 1);
    g_queue_push_tail(self->out, packet);
}

Packet *receiver_take(Receiver *self)
{
    return g_queue_pop_head(self->out);
}

int64_t receiver_due_us(const Receiver *self)
{
    const Packet *first = g_queue_peek_head(self->out);

    return first ? first->due_us : -1;
}

static bool rules22(const Receiver *self)
{
    return self->version >= 2 && self->tx_version >= 2;
}

static bool precomputes(const Receiver *self)
{
    return self->version && self->tells && self->precompute && (self->tx_mask & 1);
}

static void say_cert(Receiver *self, int64_t due_us)
{
    uint8_t fields[523] = {self->repeater};
    uint8_t *cert = fields + 1;
    const uint8_t info[5] = {0, 6, (uint8_t) self->version, 0, self->precompute};

    memcpy(cert, self->id, 5);
    memcpy(cert + 5, self->modulus, 128);
    cert[133] = 1;
    cert[135] = 1;
    receiver_sign(self, cert, 138, cert + 138);
    if (self->bad_signature)
        cert[200] ^= 1;
    receiver_say(self, due_us, 3, fields, sizeof(fields));
    if (self->version && self->tells)
        receiver_say(self, due_us + self->late_info_us, 20, info, sizeof(info));
}

static McHdcpSecrets secrets_of(const Receiver *self)
{
    McHdcpSecrets secrets = {.rules22 = rules22(self)};

    memcpy(secrets.km, self->km, 16);
    memcpy(secrets.rtx, self->rtx, 8);
    memcpy(secrets.rrx, self->rrx, 8);
    return secrets;
}

static void say_h(Receiver *self, int64_t due_us)
{
    McHdcpInfo info = {.repeater = self->repeater};
    uint8_t h[32];

    g_assert_cmpint(RAND_bytes(self->rrx, 8), ==, 1);
    const McHdcpSecrets secrets = secrets_of(self);
    if (rules22(self)) {
        info.rx_version = (uint8_t) self->version;
        info.rx_mask = self->precompute;
        info.tx_version = self->tx_version;
        info.tx_mask = self->tx_mask;
    }
    g_assert_true(mc_hdcp_kd(&secrets, self->kd));
    g_assert_true(mc_hdcp_h(&secrets, self->kd, &info, h));
    if (self->wrong_h)
        h[31] ^= 1;
    receiver_say(self, due_us, 6, self->rrx, 8);
    if (!self->no_h)
        receiver_say(self, due_us, 7, h, 32);
}

/* Ekh(km) = km xor AES(kh; m) */
static void mask_km(const Receiver *self, const uint8_t m[16], const uint8_t in[16],
                    uint8_t out[16])
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t kh[16];
    int n = 0;

    memcpy(kh, self->kh, 16);
    kh[0] ^= self->forgot_pairing;
    EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, kh, NULL);
    EVP_EncryptUpdate(ctx, out, &n, m, 16);
    EVP_CIPHER_CTX_free(ctx);
    for (int i = 0; i < 16; i++)
        out[i] ^= in[i];
}

static void on_new_km(Receiver *self, const uint8_t *ekpub, int64_t due_us)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(self->key, NULL);
    uint8_t m[16] = {0}, ekh[16], plain[128];
    size_t len = sizeof(plain);

    self->new_kms++;
    EVP_PKEY_decrypt_init(ctx);
    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING);
    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256());
    g_assert_cmpint(EVP_PKEY_decrypt(ctx, plain, &len, ekpub, 128), ==, 1);
    g_assert_cmpuint(len, ==, 16);
    memcpy(self->km, plain, 16);
    EVP_PKEY_CTX_free(ctx);
    say_h(self, due_us);
    memcpy(m, self->rtx, 8);
    if (rules22(self))
        memcpy(m + 8, self->rrx, 8);
    mask_km(self, m, self->km, ekh);
    if (!self->no_pairing && !self->no_h)
        receiver_say(self, due_us, 8, ekh, 16);
}

static void say_l(Receiver *self, int64_t due_us)
{
    uint8_t l[32];

    memcpy(l, self->l, 32);
    if (self->wrong_l) {
        self->wrong_l--;
        l[0] ^= 1;
    }
    if (self->slow_l) {
        self->slow_l--;
        due_us += self->slow_us;
    }
    receiver_say(self, due_us, 10, l, precomputes(self) ? 16 : 32);
}

static void on_lc_init(Receiver *self, const uint8_t rn[8], int64_t due_us)
{
    const McHdcpSecrets secrets = secrets_of(self);

    self->lc_inits++;
    memcpy(self->rn, rn, 8);
    g_assert_true(mc_hdcp_l(&secrets, self->kd, rn, self->l));
    if (!precomputes(self))
        say_l(self, due_us);
    else if (!self->no_ready)
        receiver_say(self, due_us, 13, NULL, 0);
}

void receiver_send_list(Receiver *self, int64_t due_us)
{
    const size_t ids_len = 5 * self->device_count;
    g_autofree uint8_t *fields = g_malloc0(36 + ids_len), *input = g_malloc0(ids_len + 9);
    const bool old = !self->version || !self->tells;
    const size_t v_len = old ? 32 : 16;
    uint8_t *v = fields + (old ? 4 : 9);
    const uint8_t tail[9] = {(uint8_t) self->depth,
                             (uint8_t) self->device_count,
                             self->max_devs,
                             0,
                             1,
                             0,
                             0,
                             (uint8_t) (self->seq_num_v >> 8),
                             (uint8_t) self->seq_num_v};

    for (unsigned i = 0; i < self->device_count; i++) {
        memcpy(input + 5 * i, self->device_id, 5);
        memcpy(v + v_len + 5 * i, self->device_id, 5);
    }
    memcpy(input + ids_len, tail, old ? 4 : 9);
    g_assert_true(mc_hdcp_mac(self->kd, input, ids_len + (old ? 4 : 9), self->v));
    memcpy(v, self->v, v_len);
    if (self->wrong_v)
        v[0] ^= 1;
    fields[0] = self->max_devs;
    fields[2] = (uint8_t) self->device_count;
    fields[3] = (uint8_t) self->depth;
    if (!old) {
        fields[4] = 1;
        memcpy(fields + 6, tail + 6, 3);
    }
    self->seq_num_v++;
    self->lists++;
    receiver_say(self, due_us, 12, fields, self->max_devs ? 4 : (old ? 36 : 25) + ids_len);
}

void receiver_ask_reauth(Receiver *self, int64_t due_us)
{
    receiver_say(self, due_us, 18, (const uint8_t[]){0, 4, 1}, 3);
}

static void on_eks(Receiver *self, const uint8_t *fields, int64_t due_us)
{
    const McHdcpSecrets secrets = secrets_of(self);

    self->eks++;
    self->has_ks = true;
    g_assert_true(mc_hdcp_edkey(&secrets, self->rn, fields, self->ks));
    memcpy(self->riv, fields + 16, 8);
    self->seq_num_v = self->first_seq_num_v;
    if (self->repeater && !self->no_list)
        receiver_send_list(self, due_us);
}

static void on_manage(Receiver *self, const uint8_t *message, size_t len, int64_t due_us)
{
    uint8_t m[32];

    self->manages++;
    g_byte_array_set_size(self->streams, 0);
    g_byte_array_append(self->streams, message + 6, (guint) len - 6);
    g_assert_true(mc_hdcp_m(self->kd, message + 6, len - 6, message + 1, m));
    if (self->wrong_m)
        m[5] ^= 1;
    if (!self->no_stream_ready)
        receiver_say(self, due_us, 17, m, 32);
}

static void on_stored_km(Receiver *self, const uint8_t *fields, int64_t due_us)
{
    self->stored_kms++;
    mask_km(self, fields + 16, fields, self->km);
    say_h(self, due_us);
}

static void on_challenge(Receiver *self, const uint8_t *low, int64_t due_us)
{
    self->challenges++;
    if (!memcmp(low, self->l + 16, 16))
        say_l(self, due_us);
}

static size_t length_of(const GByteArray *in)
{
    static const uint8_t lengths[] = {
        [2] = 9, [4] = 129, [5] = 33, [9] = 9, [11] = 25, [14] = 17, [15] = 17, [19] = 6};

    if (in->data[0] == 16)
        return in->len < 6 ? 6 : 6 + 7 * (size_t) (in->data[4] << 8 | in->data[5]);
    g_assert_cmpuint(in->data[0], <, G_N_ELEMENTS(lengths));
    g_assert_cmpuint(lengths[in->data[0]], >, 0);
    return lengths[in->data[0]];
}

static void on_init(Receiver *self, const uint8_t rtx[8], int64_t due_us)
{
    self->inits++;
    self->tells = false;
    self->has_ks = false;
    memcpy(self->rtx, rtx, 8);
    if (!self->version && !self->no_cert)
        say_cert(self, due_us);
}

static void on_transmitter_info(Receiver *self, const uint8_t *message, int64_t due_us)
{
    g_assert_cmpuint(message[2], ==, 6);
    self->tells = true;
    self->tx_version = message[3];
    self->tx_mask = (uint16_t) (message[4] << 8 | message[5]);
    if (self->version && !self->no_cert)
        say_cert(self, due_us);
}

static void on_message(Receiver *self, const uint8_t *message, size_t len, int64_t due_us)
{
    switch (message[0]) {
    case 2:
        on_init(self, message + 1, due_us);
        break;
    case 19:
        on_transmitter_info(self, message, due_us);
        break;
    case 4:
        on_new_km(self, message + 1, due_us);
        break;
    case 5:
        on_stored_km(self, message + 1, due_us);
        break;
    case 9:
        on_lc_init(self, message + 1, due_us);
        break;
    case 14:
        on_challenge(self, message + 1, due_us);
        break;
    case 11:
        on_eks(self, message + 1, due_us);
        break;
    case 15:
        self->acks++;
        g_assert_cmpmem(message + 1, 16, self->v + 16, 16);
        break;
    case 16:
        on_manage(self, message, len, due_us);
        break;
    default:
        g_assert_not_reached();
    }
}

void receiver_feed(Receiver *self, const uint8_t *bytes, size_t len, int64_t now_us)
{
    g_byte_array_append(self->in, bytes, (guint) len);
    while (self->in->len && length_of(self->in) <= self->in->len) {
        const size_t used = length_of(self->in);

        on_message(self, self->in->data, used, now_us + self->latency_us);
        g_byte_array_remove_range(self->in, 0, (guint) used);
    }
}
