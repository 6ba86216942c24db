/* SPDX-License-Identifier: MIT */
#include "p2p/mice/dtls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "p2p/link.h"

#define MTU 1400
#define MAX_RECORD 16384
/* Sinks have self-signed RSA certificates with SHA-1 signatures; nobody is authenticated by them:
 * that is the PIN's part. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+AES:AESGCM:AES:!aNULL:!eNULL:!MD5:@SECLEVEL=0"

struct McDtls {
    GMutex lock;
    SSL_CTX *context;
    SSL *ssl;
    BIO *in, *out; /* owned by ssl */
};

static bool fail(const char *what, GError **error)
{
    const char *why = ERR_reason_error_string(ERR_get_error());

    g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_SECURITY, "%s%s%s", what, why ? ": " : "",
                why ? why : "");
    return false;
}

static bool open_ssl(McDtls *self)
{
    self->context = SSL_CTX_new(DTLS_client_method());
    if (!self->context || !SSL_CTX_set_cipher_list(self->context, CIPHERS) ||
        !SSL_CTX_set_min_proto_version(self->context, DTLS1_2_VERSION) ||
        !SSL_CTX_set_max_proto_version(self->context, DTLS1_2_VERSION))
        return false;
    SSL_CTX_set_verify(self->context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_options(self->context, SSL_OP_NO_QUERY_MTU | SSL_OP_LEGACY_SERVER_CONNECT |
                                           SSL_OP_NO_RENEGOTIATION);
    self->ssl = SSL_new(self->context);
    self->in = BIO_new(BIO_s_mem());
    self->out = BIO_new(BIO_s_mem());
    if (!self->ssl || !self->in || !self->out)
        return false;
    BIO_set_mem_eof_return(self->in, -1);
    BIO_set_mem_eof_return(self->out, -1);
    SSL_set_bio(self->ssl, self->in, self->out);
    SSL_set_mtu(self->ssl, MTU);
    SSL_set_connect_state(self->ssl);
    return true;
}

McDtls *mc_dtls_new(GError **error)
{
    McDtls *self = g_new0(McDtls, 1);

    g_mutex_init(&self->lock);
    if (open_ssl(self))
        return self;
    fail("OpenSSL makes no DTLS client", error);
    mc_dtls_free(self);
    return NULL;
}

void mc_dtls_free(McDtls *self)
{
    if (!self)
        return;
    SSL_free(self->ssl);
    SSL_CTX_free(self->context);
    g_mutex_clear(&self->lock);
    g_free(self);
}

static void take_output(McDtls *self, GByteArray *out)
{
    char *data;
    long bytes = BIO_get_mem_data(self->out, &data);

    if (bytes > 0)
        g_byte_array_append(out, (const uint8_t *) data, (guint) bytes);
    (void) BIO_reset(self->out);
}

/* A memory BIO is a stream, DTLS wants a datagram a read: one record at a time goes in.
 *   type(1) version(2) epoch(2) sequence(6) length(2) content */
static size_t record_bytes(const uint8_t *data, size_t len)
{
    size_t bytes = len >= 13 ? 13 + ((size_t) data[11] << 8 | data[12]) : 0;

    return bytes && bytes <= len ? bytes : 0;
}

bool mc_dtls_is_record(const uint8_t *data, size_t len)
{
    return record_bytes(data, len) > 0 && data[1] == 0xfe;
}

McDtlsStep mc_dtls_handshake(McDtls *self, const uint8_t *in, size_t len, GByteArray *out,
                             GError **error)
{
    McDtlsStep step = MC_DTLS_MORE;

    g_mutex_lock(&self->lock);
    do {
        size_t bytes = record_bytes(in, len);
        if (len && !bytes) {
            step = MC_DTLS_FAILED;
            break;
        }
        if (bytes) {
            BIO_write(self->in, in, (int) bytes);
            in += bytes;
            len -= bytes;
        }
        ERR_clear_error();
        int done = SSL_do_handshake(self->ssl);
        int why = SSL_get_error(self->ssl, done);
        if (done == 1)
            step = MC_DTLS_DONE;
        else if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
            step = MC_DTLS_FAILED;
    } while (len && step != MC_DTLS_FAILED);
    take_output(self, out);
    g_mutex_unlock(&self->lock);
    if (step == MC_DTLS_FAILED)
        fail("the secure channel with the sink failed", error);
    return step;
}

bool mc_dtls_seal(McDtls *self, const uint8_t *data, size_t len, GByteArray *out)
{
    bool ok;

    g_mutex_lock(&self->lock);
    ok = SSL_is_init_finished(self->ssl) && len && len <= MAX_RECORD &&
         SSL_write(self->ssl, data, (int) len) == (int) len;
    take_output(self, out);
    g_mutex_unlock(&self->lock);
    return ok;
}

bool mc_dtls_seal_in_place(McDtls *self, uint8_t *data, size_t room, size_t *len)
{
    char *sealed;
    bool ok;

    g_mutex_lock(&self->lock);
    ok = SSL_is_init_finished(self->ssl) && SSL_write(self->ssl, data, (int) *len) == (int) *len;
    long bytes = BIO_get_mem_data(self->out, &sealed);
    ok = ok && bytes > 0 && (size_t) bytes <= room;
    if (ok) {
        memcpy(data, sealed, (size_t) bytes);
        *len = (size_t) bytes;
    }
    (void) BIO_reset(self->out);
    g_mutex_unlock(&self->lock);
    return ok;
}

bool mc_dtls_open(McDtls *self, const uint8_t *records, size_t len, GByteArray *out)
{
    g_autofree uint8_t *plain = g_malloc(MAX_RECORD);
    bool any = false;

    g_mutex_lock(&self->lock);
    for (size_t bytes; (bytes = record_bytes(records, len)) > 0; records += bytes, len -= bytes) {
        BIO_write(self->in, records, (int) bytes);
        int n = SSL_read(self->ssl, plain, MAX_RECORD);
        if (n > 0) {
            g_byte_array_append(out, plain, (guint) n);
            any = true;
        }
    }
    ERR_clear_error();
    (void) BIO_reset(self->out); /* an alert to a sink that wants to renegotiate: not its place */
    OPENSSL_cleanse(plain, MAX_RECORD);
    g_mutex_unlock(&self->lock);
    return any;
}
