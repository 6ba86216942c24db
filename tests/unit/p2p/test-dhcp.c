/* SPDX-License-Identifier: MIT */
/* DHCP: messages there and back, the client and the server against each other with told time. */
#include "p2p/dhcp.h"

#include <string.h>

static const uint8_t owner_ip[4] = {192, 168, 49, 1};
static const McMac sink_mac = {{0x46, 0, 0, 0, 1, 0}};

static void test_round_trip(void)
{
    McDhcpMessage in = {.type = MC_DHCP_REQUEST,
                        .xid = 0x12345678,
                        .broadcast = true,
                        .chaddr = sink_mac,
                        .requested_ip = {192, 168, 49, 20},
                        .server_id = {192, 168, 49, 1}};
    uint8_t bytes[MC_DHCP_MAX_BYTES];
    McDhcpMessage out;
    size_t len = mc_dhcp_build(&in, bytes);

    g_assert_cmpuint(len, >=, 300);
    g_assert_true(mc_dhcp_parse(bytes, len, &out));
    g_assert_cmpmem(&in, sizeof(in), &out, sizeof(out));
    in.reply = true;
    in.type = MC_DHCP_ACK;
    in.lease_s = 86400;
    memcpy(in.mask, (uint8_t[]){255, 255, 255, 0}, 4);
    len = mc_dhcp_build(&in, bytes);
    g_assert_true(mc_dhcp_parse(bytes, len, &out));
    g_assert_cmpmem(&in, sizeof(in), &out, sizeof(out));
}

static void test_bad_messages(void)
{
    McDhcpMessage message = {.type = MC_DHCP_DISCOVER, .chaddr = sink_mac}, out;
    uint8_t bytes[MC_DHCP_MAX_BYTES];
    size_t len = mc_dhcp_build(&message, bytes);

    for (size_t cut = 0; cut < 240; cut++)
        g_assert_false(mc_dhcp_parse(bytes, cut, &out));
    g_assert_false(mc_dhcp_parse(bytes, 241, &out)); /* cut inside an option */
    bytes[1] = 6;
    g_assert_false(mc_dhcp_parse(bytes, len, &out)); /* no Ethernet */
    bytes[1] = 1;
    bytes[236] = 0;
    g_assert_false(mc_dhcp_parse(bytes, len, &out)); /* BOOTP */
    bytes[236] = 0x63;
    bytes[242] = 99;
    g_assert_false(mc_dhcp_parse(bytes, len, &out)); /* no such type */
}

/* The whole dialogue; returns the client, bound. */
static McDhcpClient run_dialogue(McDhcpServer *server, gint64 *now_us)
{
    McDhcpMessage ask, answer;
    McDhcpClient client;
    bool leased;

    mc_dhcp_client_init(&client, &sink_mac, 7, *now_us);
    g_assert_true(mc_dhcp_client_tick(&client, *now_us, &ask));
    g_assert_cmpint(ask.type, ==, MC_DHCP_DISCOVER);
    g_assert_true(mc_dhcp_server_take(server, &ask, &answer, &leased));
    g_assert_cmpint(answer.type, ==, MC_DHCP_OFFER);
    g_assert_false(leased);
    g_assert_true(mc_dhcp_client_take(&client, &answer, *now_us));
    g_assert_true(mc_dhcp_client_tick(&client, *now_us, &ask));
    g_assert_cmpint(ask.type, ==, MC_DHCP_REQUEST);
    g_assert_true(mc_dhcp_server_take(server, &ask, &answer, &leased));
    g_assert_cmpint(answer.type, ==, MC_DHCP_ACK);
    g_assert_true(leased);
    g_assert_true(mc_dhcp_client_take(&client, &answer, *now_us));
    g_assert_cmpint(client.state, ==, MC_DHCP_BOUND);
    return client;
}

static void test_dialogue(void)
{
    static const uint8_t first[4] = {192, 168, 49, 20}, mask[4] = {255, 255, 255, 0};
    McDhcpMessage ask, answer;
    McDhcpServer server;
    gint64 now_us = 1000;
    bool leased;

    mc_dhcp_server_init(&server, owner_ip);
    McDhcpClient client = run_dialogue(&server, &now_us);
    g_assert_cmpmem(client.ip, 4, first, 4);
    g_assert_cmpmem(client.mask, 4, mask, 4);
    g_assert_cmpmem(client.server, 4, owner_ip, 4);
    /* No renewal during an evening, then one that keeps the address. */
    g_assert_false(mc_dhcp_client_tick(&client, now_us + 11 * 3600 * G_TIME_SPAN_SECOND, &ask));
    now_us += 12 * 3600 * G_TIME_SPAN_SECOND;
    g_assert_true(mc_dhcp_client_tick(&client, now_us, &ask));
    g_assert_cmpint(client.state, ==, MC_DHCP_RENEWING);
    g_assert_cmpmem(ask.ciaddr, 4, first, 4);
    g_assert_true(mc_dhcp_server_take(&server, &ask, &answer, &leased));
    g_assert_cmpint(answer.type, ==, MC_DHCP_ACK);
    g_assert_true(mc_dhcp_client_take(&client, &answer, now_us));
    g_assert_cmpint(client.state, ==, MC_DHCP_BOUND);
    g_assert_cmpmem(client.ip, 4, first, 4);
}

static void test_client_repeats(void)
{
    McDhcpMessage ask;
    McDhcpClient client;
    unsigned sent = 0;

    mc_dhcp_client_init(&client, &sink_mac, 7, 0);
    for (gint64 now_us = 0; now_us < 10 * G_USEC_PER_SEC; now_us += 100000)
        sent += mc_dhcp_client_tick(&client, now_us, &ask);
    g_assert_cmpuint(sent, ==, 10);
}

static void test_client_ignores(void)
{
    McDhcpMessage offer = {.reply = true,
                           .type = MC_DHCP_OFFER,
                           .xid = 8,
                           .chaddr = sink_mac,
                           .yiaddr = {10, 0, 0, 2}},
                  ask;
    McDhcpClient client;

    mc_dhcp_client_init(&client, &sink_mac, 7, 0);
    g_assert_true(mc_dhcp_client_tick(&client, 0, &ask));
    g_assert_false(mc_dhcp_client_take(&client, &offer, 0)); /* another one's */
    offer.xid = 7;
    offer.chaddr.bytes[5] = 9;
    g_assert_false(mc_dhcp_client_take(&client, &offer, 0));
    offer.chaddr = sink_mac;
    offer.reply = false;
    g_assert_false(mc_dhcp_client_take(&client, &offer, 0));
    offer.reply = true;
    offer.type = MC_DHCP_ACK;
    g_assert_false(mc_dhcp_client_take(&client, &offer, 0)); /* not asked for yet */
    offer.type = MC_DHCP_OFFER;
    g_assert_true(mc_dhcp_client_take(&client, &offer, 0));
    offer.type = MC_DHCP_ACK;
    offer.yiaddr[3] = 3;
    g_assert_false(mc_dhcp_client_take(&client, &offer, 0)); /* not what was offered */
    offer.type = MC_DHCP_NAK;
    g_assert_true(mc_dhcp_client_take(&client, &offer, 0));
    g_assert_cmpint(client.state, ==, MC_DHCP_SELECTING);
}

/* A NAK or another address while bound would end the session: the lease stays. */
static void test_lease_stays(void)
{
    McDhcpServer server;
    gint64 now_us = 0;
    McDhcpMessage ask;

    mc_dhcp_server_init(&server, owner_ip);
    McDhcpClient client = run_dialogue(&server, &now_us);
    McDhcpMessage nak = {.reply = true, .type = MC_DHCP_NAK, .xid = client.xid, .chaddr = sink_mac};
    g_assert_false(mc_dhcp_client_take(&client, &nak, now_us));
    g_assert_true(mc_dhcp_client_tick(&client, client.next_us, &ask));
    g_assert_false(mc_dhcp_client_take(&client, &nak, now_us));
    g_assert_cmpint(client.state, ==, MC_DHCP_RENEWING);
    g_assert_cmpuint(client.ip[3], ==, 20);
}

static void test_request_in_vain(void)
{
    McDhcpMessage ask, answer;
    McDhcpServer server;
    McDhcpClient client;
    unsigned discovers = 0;
    bool leased;

    mc_dhcp_server_init(&server, owner_ip);
    mc_dhcp_client_init(&client, &sink_mac, 7, 0);
    g_assert_true(mc_dhcp_client_tick(&client, 0, &ask));
    g_assert_true(mc_dhcp_server_take(&server, &ask, &answer, &leased));
    g_assert_true(mc_dhcp_client_take(&client, &answer, 0));
    for (gint64 now_us = 0; now_us < 10 * G_USEC_PER_SEC; now_us += G_USEC_PER_SEC)
        discovers += mc_dhcp_client_tick(&client, now_us, &ask) && ask.type == MC_DHCP_DISCOVER;
    g_assert_cmpuint(discovers, ==, 6); /* after four requests it looks anew */
}

static void test_server_refuses(void)
{
    McDhcpMessage ask = {.type = MC_DHCP_REQUEST,
                         .chaddr = sink_mac,
                         .requested_ip = {192, 168, 1, 99}},
                  answer;
    McDhcpServer server;
    bool leased;

    mc_dhcp_server_init(&server, owner_ip);
    g_assert_true(mc_dhcp_server_take(&server, &ask, &answer, &leased)); /* of another network */
    g_assert_cmpint(answer.type, ==, MC_DHCP_NAK);
    g_assert_false(leased);
    memcpy(ask.server_id, (uint8_t[]){192, 168, 49, 2}, 4);
    g_assert_false(mc_dhcp_server_take(&server, &ask, &answer, &leased)); /* another server's */
    ask.type = MC_DHCP_INFORM;
    memset(ask.server_id, 0, 4);
    g_assert_false(mc_dhcp_server_take(&server, &ask, &answer, &leased));
    ask.type = MC_DHCP_DISCOVER;
    ask.reply = true;
    g_assert_false(mc_dhcp_server_take(&server, &ask, &answer, &leased));
    ask.reply = false;
    ask.chaddr = (McMac){0};
    g_assert_false(mc_dhcp_server_take(&server, &ask, &answer, &leased));
}

/* Whoever invents addresses cannot take the sink's, and uses bounded room. */
static void test_server_is_full(void)
{
    McDhcpMessage ask = {.type = MC_DHCP_DISCOVER}, answer;
    McDhcpServer server;
    gint64 now_us = 0;
    bool leased;

    mc_dhcp_server_init(&server, owner_ip);
    for (unsigned i = 0; i < 1000; i++) {
        memcpy(ask.chaddr.bytes, &(uint32_t){i + 1}, 4);
        g_assert_true(mc_dhcp_server_take(&server, &ask, &answer, &leased));
        g_assert_cmpuint(answer.yiaddr[3], <, 20 + MC_DHCP_MAX_LEASES);
        if (i == 500) {
            McDhcpClient client = run_dialogue(&server, &now_us);
            g_assert_cmpuint(client.ip[3], <, 20 + MC_DHCP_MAX_LEASES);
        }
    }
    McDhcpClient again = run_dialogue(&server, &now_us);
    for (unsigned i = 0; i < server.n; i++)
        if (mc_mac_equal(&server.leases[i].mac, &sink_mac))
            g_assert_cmpuint(again.ip[3], ==, 20 + i);
}

static void test_packets(void)
{
    static const uint8_t from[4] = {0}, to[4] = {255, 255, 255, 255};
    McDhcpMessage message = {.type = MC_DHCP_DISCOVER, .xid = 9, .chaddr = sink_mac}, out;
    uint8_t packet[MC_DHCP_MAX_PACKET];
    const uint8_t *payload;
    size_t len = mc_dhcp_packet_build(&message, from, to, packet), payload_len;

    g_assert_true(mc_dhcp_packet_parse(packet, len, MC_DHCP_SERVER_PORT, &payload, &payload_len));
    g_assert_true(mc_dhcp_parse(payload, payload_len, &out));
    g_assert_cmpuint(out.xid, ==, 9);
    g_assert_false(mc_dhcp_packet_parse(packet, len, MC_DHCP_CLIENT_PORT, &payload, &payload_len));
    for (size_t cut = 0; cut < len; cut++)
        g_assert_false(
            mc_dhcp_packet_parse(packet, cut, MC_DHCP_SERVER_PORT, &payload, &payload_len));
    packet[12] ^= 1; /* header sum */
    g_assert_false(mc_dhcp_packet_parse(packet, len, MC_DHCP_SERVER_PORT, &payload, &payload_len));
    packet[12] ^= 1;
    packet[6] = 0x20; /* a fragment */
    g_assert_false(mc_dhcp_packet_parse(packet, len, MC_DHCP_SERVER_PORT, &payload, &payload_len));
    packet[6] = 0;
    packet[25] = 4; /* UDP length below its header */
    packet[24] = 0;
    g_assert_false(mc_dhcp_packet_parse(packet, len, MC_DHCP_SERVER_PORT, &payload, &payload_len));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dhcp/round-trip", test_round_trip);
    g_test_add_func("/dhcp/bad-messages", test_bad_messages);
    g_test_add_func("/dhcp/dialogue", test_dialogue);
    g_test_add_func("/dhcp/client-repeats", test_client_repeats);
    g_test_add_func("/dhcp/client-ignores", test_client_ignores);
    g_test_add_func("/dhcp/lease-stays", test_lease_stays);
    g_test_add_func("/dhcp/request-in-vain", test_request_in_vain);
    g_test_add_func("/dhcp/server-refuses", test_server_refuses);
    g_test_add_func("/dhcp/server-is-full", test_server_is_full);
    g_test_add_func("/dhcp/packets", test_packets);
    return g_test_run();
}
