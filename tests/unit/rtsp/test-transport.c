/* SPDX-License-Identifier: MIT */
/* The Transport header of M6 in the spellings that sinks use, and our answer to each. */
#include "rtsp/transport.h"

#include <glib.h>

static const struct {
    const char *asked;
    const char *answer; /* NULL: refused */
} rows[] = {
    {"RTP/AVP/UDP;unicast;client_port=19000",
     "RTP/AVP/UDP;unicast;client_port=19000;server_port=35120"},
    {"RTP/AVP;unicast;client_port=19000",
     "RTP/AVP/UDP;unicast;client_port=19000;server_port=35120"},
    {"rtp/avp/udp;UNICAST;Client_Port=19000",
     "RTP/AVP/UDP;unicast;client_port=19000;server_port=35120"},
    {"RTP/AVP/UDP;unicast;client_port=53000-53001",
     "RTP/AVP/UDP;unicast;client_port=53000-53001;server_port=35120-35121"},
    {"RTP/AVP/UDP;unicast;client_port=6700-6700",
     "RTP/AVP/UDP;unicast;client_port=6700-6700;server_port=35120-35121"},
    {"RTP/AVP/UDP;unicast;client_port=6700-0",
     "RTP/AVP/UDP;unicast;client_port=6700-0;server_port=35120-35121"},
    {"RTP/AVP/UDP unicast client_port=19000 mode=play",
     "RTP/AVP/UDP;unicast;client_port=19000;server_port=35120"},
    {"RTP/AVP/UDP;unicast", "RTP/AVP/UDP;unicast;client_port=1028;server_port=35120"},
    {"RTP/AVP/UDP;unicast;client_port=0", "RTP/AVP/UDP;unicast;client_port=1028;server_port=35120"},
    {"RTP/AVP/UDP;unicast;destination=203.0.113.9;client_port=19000", /* it goes to the sink alone
                                                                       */
     "RTP/AVP/UDP;unicast;client_port=19000;server_port=35120"},
    {"RTP/AVP/UDP;unicast;destination=[2001:db8::1];source=[::1];client_port=19000;ttl=255",
     "RTP/AVP/UDP;unicast;client_port=19000;server_port=35120"},
    {"RTP/AVP/UDP;unicast;server_port=1-2;client_port=19000;server_port=22",
     "RTP/AVP/UDP;unicast;client_port=19000;server_port=35120"},
    {"RTP/AVP/UDP;unicast;client_port=19000;client_port=19002",
     "RTP/AVP/UDP;unicast;client_port=19002;server_port=35120"},
    {"RTP/AVP/TCP;interleaved=0-1, RTP/AVP/UDP;unicast;client_port=19000",
     "RTP/AVP/UDP;unicast;client_port=19000;server_port=35120"},
    {"RTP/AVP/UDP;unicast;client_port= 53000-53001;mode=play",
     "RTP/AVP/UDP;unicast;client_port=53000-53001;server_port=35120-35121"},
    {"RTP/AVP/UDP;unicast;client_port= 19000x", NULL},
    {"RTP/AVP/TCP;interleaved=0-1", NULL},
    {"RTP/AVP/TCP;unicast;client_port=19000", NULL},
    {"RTP/AVP/UDP;multicast;client_port=19000", NULL},
    {"RTP/SAVP/UDP;unicast;client_port=19000", NULL},
    {"RTP/AVP/UDP;unicast;client_port=70000", NULL},
    {"RTP/AVP/UDP;unicast;client_port=19000-", NULL},
    {"RTP/AVP/UDP;unicast;client_port=-19000", NULL},
    {"RTP/AVP/UDP;unicast;client_port=19000x", NULL},
    {"RTP/AVP/UDP;unicast;client_port=19000-70000", NULL},
    {"RTP/AVP/UDP;unicast;client_port=99999999999999999999", NULL},
    {"RTP/AVP/UDP;unicast;client_port=0x4a38", NULL},
    {"RTP/AVP/UDP;unicast;client_port=", NULL},
    {"", NULL},
    {",", NULL},
};

static void test_rows(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        McTransport transport;
        bool ok =
            mc_transport_parse(rows[i].asked, &transport) && !transport.tcp && !transport.multicast;
        if (ok != (rows[i].answer != NULL))
            g_error("\"%s\": %d", rows[i].asked, ok);
        if (!ok)
            continue;
        if (!transport.client_rtp_port)
            transport.client_rtp_port = 1028; /* M3's */
        g_autofree char *answer =
            mc_transport_write(&transport, 35120, transport.client_rtcp_port != 0);
        g_assert_cmpstr(answer, ==, rows[i].answer);
    }
}

static void test_rtcp(void)
{
    McTransport transport;

    g_assert_true(mc_transport_parse("RTP/AVP/UDP;unicast;client_port=6700-6700", &transport));
    g_assert_cmpuint(transport.client_rtcp_port, ==, 6701);
    g_assert_true(mc_transport_parse("RTP/AVP/UDP;unicast;client_port=53151-53153", &transport));
    g_assert_cmpuint(transport.client_rtcp_port, ==, 53153);
    g_assert_true(mc_transport_parse("RTP/AVP/UDP;unicast;client_port=65535-0", &transport));
    g_assert_cmpuint(transport.client_rtcp_port, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/transport/rows", test_rows);
    g_test_add_func("/transport/rtcp", test_rtcp);
    return g_test_run();
}
