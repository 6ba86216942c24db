/* SPDX-License-Identifier: MIT */
/* encoder/dtls-srtp.h - SRTP keys from a DTLS 1.2 handshake on RTP's own ports (RFC 5764): we are
 * the client ("active") and the receiver answers on the port where it wants RTP, or it begins from
 * there and we are the server ("passive", RFC 4145).  RTCP takes the same way (RFC 5761).  Both
 * sides have self-signed certificates: a receiver is known by the fingerprint of its own, or not at
 * all.
 * Threads: one of its own, which calls back; new, send and free from the owner's.
 * Owner: encoder/wire.  The socket stays the caller's; nobody else may read it.
 * Errors: MC_SRTP_ERROR. */
#pragma once

#include "encoder/fingerprint.h"
#include "encoder/srtp.h"

typedef struct {
    int fd;           /* UDP */
    char dest_ip[46]; /* of the receiver */
    uint16_t dest_port;
    bool passive;                         /* the receiver begins */
    char fingerprint[MC_FINGERPRINT_MAX]; /* the receiver's must be; "": any will do */
    /* Once: keys of what we send and of what comes back, and the receiver's fingerprint. The keys
     * are wiped when it returns. */
    void (*on_keys)(const McSrtpKey *out, const McSrtpKey *in, const char *fingerprint,
                    void *user_data);
    void (*on_rtcp)(const uint8_t *datagram, size_t len, void *user_data); /* still protected */
    /* Once, and nothing follows: no handshake, the wrong receiver, or it hung up. */
    void (*on_error)(const GError *error, void *user_data);
    void *user_data;
    /* Each datagram that is sent ('>') or came ('<') here; NULL: nobody looks. */
    void (*tap)(char direction, const uint8_t *datagram, size_t len, void *tap_data);
    void *tap_data;
} McDtlsSrtpConfig;

typedef struct McDtlsSrtp McDtlsSrtp;
McDtlsSrtp *mc_dtls_srtp_new(const McDtlsSrtpConfig *config, GError **error);
void mc_dtls_srtp_free(McDtlsSrtp *self); /* says good-bye and wipes; NULL is fine */

const char *mc_dtls_srtp_fingerprint(const McDtlsSrtp *self); /* our own certificate's */
/* A datagram beside those of the sender: RTCP.  It is lost where the system has no room. */
void mc_dtls_srtp_send(McDtlsSrtp *self, const uint8_t *datagram, size_t len);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McDtlsSrtp, mc_dtls_srtp_free)
