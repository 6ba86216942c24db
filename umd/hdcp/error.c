/* SPDX-License-Identifier: MIT */
#include "umd/hdcp/error.h"

G_DEFINE_QUARK(mc - hdcp - error - quark, mc_hdcp_error)

const char *mc_hdcp_error_code(int code)
{
    static const char *const codes[] = {
        [MC_HDCP_ERROR_KEYS] = "hdcp.keys",
        [MC_HDCP_ERROR_KEYS_UNSAFE] = "hdcp.keys-unsafe",
        [MC_HDCP_ERROR_SRM] = "hdcp.srm",
        [MC_HDCP_ERROR_PAIRING] = "hdcp.pairing",
        [MC_HDCP_ERROR_TIMEOUT] = "hdcp.timeout",
        [MC_HDCP_ERROR_MALFORMED] = "hdcp.malformed",
        [MC_HDCP_ERROR_CERTIFICATE] = "hdcp.certificate",
        [MC_HDCP_ERROR_REVOKED] = "hdcp.revoked",
        [MC_HDCP_ERROR_H_PRIME] = "hdcp.h-prime",
        [MC_HDCP_ERROR_LOCALITY] = "hdcp.locality",
        [MC_HDCP_ERROR_TOPOLOGY] = "hdcp.topology",
        [MC_HDCP_ERROR_V_PRIME] = "hdcp.v-prime",
        [MC_HDCP_ERROR_M_PRIME] = "hdcp.m-prime",
        [MC_HDCP_ERROR_TYPE] = "hdcp.type",
        [MC_HDCP_ERROR_CRYPTO] = "hdcp.crypto",
        [MC_HDCP_ERROR_DISCONNECTED] = "hdcp.disconnected",
    };

    if (code < 0 || (size_t) code >= G_N_ELEMENTS(codes))
        return "hdcp.failed";
    return codes[code];
}
