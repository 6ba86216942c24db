/* SPDX-License-Identifier: MIT */
/* umd/hdcp/error.h - the error domain of content protection and the stable codes a person sees.
 * Thread: any.
 * Owner: none. */
#pragma once

#include <glib.h>

#define MC_HDCP_ERROR mc_hdcp_error_quark()
GQuark mc_hdcp_error_quark(void);

typedef enum {
    MC_HDCP_ERROR_KEYS,         /* hdcp.keys: no usable licensee's key file */
    MC_HDCP_ERROR_KEYS_UNSAFE,  /* hdcp.keys-unsafe: others may read a file of secrets */
    MC_HDCP_ERROR_SRM,          /* hdcp.srm: revocation list malformed or not signed */
    MC_HDCP_ERROR_PAIRING,      /* hdcp.pairing: pairing file cannot be read or written */
    MC_HDCP_ERROR_TIMEOUT,      /* hdcp.timeout: receiver answered late or not at all */
    MC_HDCP_ERROR_MALFORMED,    /* hdcp.malformed: bytes that are no HDCP message */
    MC_HDCP_ERROR_CERTIFICATE,  /* hdcp.certificate: not signed by the root key */
    MC_HDCP_ERROR_REVOKED,      /* hdcp.revoked: receiver, or one behind it, is revoked */
    MC_HDCP_ERROR_H_PRIME,      /* hdcp.h-prime: receiver does not know its key */
    MC_HDCP_ERROR_LOCALITY,     /* hdcp.locality: answers take too long; receiver is not near */
    MC_HDCP_ERROR_TOPOLOGY,     /* hdcp.topology: too many devices, or too deep */
    MC_HDCP_ERROR_V_PRIME,      /* hdcp.v-prime: a repeater's list is not authentic */
    MC_HDCP_ERROR_M_PRIME,      /* hdcp.m-prime: a repeater did not take the streams' rules */
    MC_HDCP_ERROR_TYPE,         /* hdcp.type: Type 1 content, receiver older than 2.2 */
    MC_HDCP_ERROR_CRYPTO,       /* hdcp.crypto: OpenSSL refused */
    MC_HDCP_ERROR_DISCONNECTED, /* hdcp.disconnected */
} McHdcpError;

/* "hdcp.timeout" ...; never NULL. */
const char *mc_hdcp_error_code(int code);
