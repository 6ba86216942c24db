/* SPDX-License-Identifier: MIT */
/* DHCP from the air: packets, messages, the server and the client at every state. */
#include <glib.h>
#include <string.h>

#include "p2p/dhcp.h"
#include "tests/fuzz/fuzz.h"

static void serve(const McDhcpMessage *message)
{
    static const uint8_t ip[4] = {192, 168, 49, 1};
    uint8_t packet[MC_DHCP_MAX_PACKET];
    McDhcpServer server;
    McDhcpMessage reply;
    bool leased;

    mc_dhcp_server_init(&server, ip);
    for (int i = 0; i < 2; i++)
        if (mc_dhcp_server_take(&server, message, &reply, &leased)) {
            g_assert(reply.reply && (!leased || memcmp(reply.yiaddr, ip, 3) == 0));
            g_assert(mc_dhcp_packet_build(&reply, ip, reply.yiaddr, packet) <= sizeof(packet));
        }
}

static void ask(const McDhcpMessage *message)
{
    McDhcpClient client;
    McDhcpMessage request, reply = *message;
    gint64 now_us = 0;

    mc_dhcp_client_init(&client, &message->chaddr, message->xid, now_us);
    for (int type = MC_DHCP_DISCOVER; type <= MC_DHCP_INFORM; type++) {
        reply.type = (McDhcpType) type;
        mc_dhcp_client_tick(&client, now_us, &request);
        mc_dhcp_client_take(&client, &reply, now_us);
        now_us += G_USEC_PER_SEC;
        g_assert(client.next_us >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[MC_DHCP_MAX_BYTES];
    McDhcpMessage message, again;
    const uint8_t *payload;
    size_t len;

    if (mc_dhcp_packet_parse(data, size, MC_DHCP_SERVER_PORT, &payload, &len))
        g_assert(payload >= data && payload + len <= data + size);
    if (!mc_dhcp_parse(data, size, &message))
        return 0;
    g_assert(mc_dhcp_parse(bytes, mc_dhcp_build(&message, bytes), &again));
    g_assert(memcmp(&message, &again, sizeof(message)) == 0);
    serve(&message);
    ask(&message);
    return 0;
}
