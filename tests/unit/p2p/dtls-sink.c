/* SPDX-License-Identifier: MIT */
#include "tests/unit/p2p/dtls-sink.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define RECORD_MAX 16384

static void use_certificate(SSL_CTX *context)
{
    static EVP_PKEY *key; /* made once: it takes longer than all tests */
    static X509 *cert;

    if (!cert) {
        key = EVP_RSA_gen(2048);
        cert = X509_new();
        ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
        X509_gmtime_adj(X509_getm_notBefore(cert), 0);
        X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
        X509_set_pubkey(cert, key);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                                   (const unsigned char *) "localhost", -1, -1, 0);
        X509_set_issuer_name(cert, X509_get_subject_name(cert));
        g_assert_cmpint(X509_sign(cert, key, EVP_sha1()), >, 0);
    }
    g_assert_cmpint(SSL_CTX_use_certificate(context, cert), ==, 1);
    g_assert_cmpint(SSL_CTX_use_PrivateKey(context, key), ==, 1);
}

DtlsSink *dtls_sink_new(const char *ciphers)
{
    DtlsSink *self = g_new0(DtlsSink, 1);

    self->context = SSL_CTX_new(DTLS_server_method());
    SSL_CTX_set_security_level(self->context, 0);
    SSL_CTX_set_max_proto_version(self->context, DTLS1_2_VERSION);
    g_assert_cmpint(SSL_CTX_set_cipher_list(
                        self->context, ciphers ? ciphers : "ALL:!ADH:!LOW:!EXP:!MD5:@STRENGTH"),
                    ==, 1);
    use_certificate(self->context);
    self->ssl = SSL_new(self->context);
    self->in = BIO_new(BIO_s_mem());
    self->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(self->in, -1);
    BIO_set_mem_eof_return(self->out, -1);
    SSL_set_bio(self->ssl, self->in, self->out);
    SSL_set_options(self->ssl, SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(self->ssl, 1400);
    SSL_set_accept_state(self->ssl);
    return self;
}

void dtls_sink_free(DtlsSink *self)
{
    SSL_free(self->ssl);
    SSL_CTX_free(self->context);
    g_free(self);
}

static GByteArray *take_out(DtlsSink *self)
{
    GByteArray *out = g_byte_array_new();
    char *data;
    const long bytes = BIO_get_mem_data(self->out, &data);

    if (bytes > 0)
        g_byte_array_append(out, (const uint8_t *) data, (guint) bytes);
    (void) BIO_reset(self->out);
    return out;
}

GByteArray *dtls_sink_handshake(DtlsSink *self, const uint8_t *records, size_t len)
{
    while (len) {
        const size_t bytes = 13 + ((size_t) records[11] << 8 | records[12]);

        g_assert_cmpuint(bytes, <=, len);
        BIO_write(self->in, records, (int) bytes);
        SSL_do_handshake(self->ssl);
        records += bytes;
        len -= bytes;
    }
    return take_out(self);
}

GByteArray *dtls_sink_seal(DtlsSink *self, const void *data, size_t len)
{
    g_assert_cmpint(SSL_write(self->ssl, data, (int) len), ==, len);
    return take_out(self);
}

GByteArray *dtls_sink_open(DtlsSink *self, const uint8_t *records, size_t len)
{
    GByteArray *plain = g_byte_array_sized_new(RECORD_MAX);

    g_byte_array_set_size(plain, RECORD_MAX);
    BIO_write(self->in, records, (int) len);
    const int n = SSL_read(self->ssl, plain->data, RECORD_MAX);
    g_byte_array_set_size(plain, n > 0 ? (guint) n : 0);
    if (n > 0)
        return plain;
    g_byte_array_unref(plain);
    return NULL;
}
