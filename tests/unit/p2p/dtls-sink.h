/* SPDX-License-Identifier: MIT */
/* A sink's end of DTLS for tests: OpenSSL's server on memory BIOs, with the kind of certificate
 * that sinks have (self-signed RSA-2048, signed with SHA-1). Thread: one. */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>
#include <stdbool.h>

typedef struct {
    SSL_CTX *context;
    SSL *ssl;
    BIO *in, *out;
} DtlsSink;

DtlsSink *dtls_sink_new(const char *ciphers); /* NULL: those that CRES has */
void dtls_sink_free(DtlsSink *self);
/* Records of the source in, records for it out. */
GByteArray *dtls_sink_handshake(DtlsSink *self, const uint8_t *records, size_t len);
GByteArray *dtls_sink_seal(DtlsSink *self, const void *data, size_t len);
GByteArray *dtls_sink_open(DtlsSink *self, const uint8_t *records, size_t len); /* NULL: no */
