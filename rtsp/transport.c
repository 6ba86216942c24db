/* SPDX-License-Identifier: MIT */
#include "rtsp/transport.h"

#include <glib.h>
#include <string.h>

#define PORTS "client_port="

/* port ["-" port]; bounds of 16 bits; 0 is as good as none. */
static bool parse_ports(const char *text, McTransport *transport)
{
    g_auto(GStrv) ports = g_strsplit(text, "-", 2);
    guint64 rtp = 0, rtcp = 0;

    if (!ports[0] || !g_ascii_string_to_unsigned(ports[0], 10, 0, G_MAXUINT16, &rtp, NULL))
        return false;
    if (ports[1] && !g_ascii_string_to_unsigned(ports[1], 10, 0, G_MAXUINT16, &rtcp, NULL))
        return false;
    if (rtp == 0)
        return true;
    transport->client_rtp_port = (uint16_t) rtp;
    /* Roku and Hisense write the RTP port twice: their RTCP is the next one. */
    if (ports[1] && (rtcp == 0 || rtcp == rtp))
        rtcp = rtp < G_MAXUINT16 ? rtp + 1 : 0;
    transport->client_rtcp_port = (uint16_t) rtcp;
    g_strlcpy(transport->client_ports, text, sizeof(transport->client_ports));
    return true;
}

static bool parse_one(const char *value, McTransport *ret_transport)
{
    g_autofree char *text = g_strstrip(g_strdup(value));
    g_auto(GStrv) tokens = g_strsplit_set(text, "; \t", 32);
    McTransport transport = {0};

    if (!tokens[0] || g_ascii_strncasecmp(tokens[0], "RTP/AVP", 7))
        return false;
    transport.tcp = !g_ascii_strcasecmp(tokens[0] + 7, "/TCP");
    if (!transport.tcp && tokens[0][7] && g_ascii_strcasecmp(tokens[0] + 7, "/UDP"))
        return false;
    for (char **token = tokens + 1; *token; token++) {
        const char *ports = *token + strlen(PORTS);
        if (!g_ascii_strcasecmp(*token, "multicast"))
            transport.multicast = true;
        if (g_ascii_strncasecmp(*token, PORTS, strlen(PORTS)))
            continue;
        if (!*ports && token[1]) /* a blank behind it */
            ports = *++token;
        if (!parse_ports(ports, &transport))
            return false;
    }
    *ret_transport = transport;
    return true;
}

bool mc_transport_parse(const char *value, McTransport *ret_transport)
{
    g_auto(GStrv) transports = g_strsplit(value, ",", 8);
    bool found = false;

    for (char **one = transports; *one; one++) {
        McTransport transport;
        if (!parse_one(*one, &transport))
            continue;
        if (!found || (ret_transport->tcp && !transport.tcp))
            *ret_transport = transport;
        found = true;
    }
    return found;
}

char *mc_transport_write(const McTransport *transport, uint16_t server_rtp_port, bool server_rtcp)
{
    GString *out = g_string_new("RTP/AVP/UDP;unicast;client_port=");

    if (transport->client_ports[0])
        g_string_append(out, transport->client_ports);
    else
        g_string_append_printf(out, "%u", transport->client_rtp_port);
    g_string_append_printf(out, ";server_port=%u", server_rtp_port);
    if (server_rtcp)
        g_string_append_printf(out, "-%u", server_rtp_port + 1);
    return g_string_free(out, FALSE);
}
