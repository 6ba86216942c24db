/* SPDX-License-Identifier: MIT */
/* p2p/dhcp.h - DHCP (RFC 2131) as the group needs it: messages, a client and a server without I/O.
 * Messages and the time go in, messages come out.  No router, no names: the group is no way out.
 * Thread: one at a time; plain values.  Owner: p2p/address. */
#pragma once

#include "p2p/mac.h"

#define MC_DHCP_MAX_BYTES 576 /* what every client takes */

typedef enum {
    MC_DHCP_DISCOVER = 1,
    MC_DHCP_OFFER,
    MC_DHCP_REQUEST,
    MC_DHCP_DECLINE,
    MC_DHCP_ACK,
    MC_DHCP_NAK,
    MC_DHCP_RELEASE,
    MC_DHCP_INFORM,
} McDhcpType;

typedef struct {
    bool reply;
    McDhcpType type;
    uint32_t xid;
    bool broadcast; /* the client cannot take a unicast before it has its address */
    uint8_t ciaddr[4], yiaddr[4], siaddr[4];
    McMac chaddr;
    /* Options; all zero: not there. */
    uint8_t requested_ip[4], server_id[4], mask[4];
    uint32_t lease_s;
} McDhcpMessage;

/* The UDP payload. False: no DHCP message for Ethernet addresses, or cut off. */
bool mc_dhcp_parse(const uint8_t *bytes, size_t len, McDhcpMessage *ret);
size_t mc_dhcp_build(const McDhcpMessage *self, uint8_t ret[MC_DHCP_MAX_BYTES]);

/* --- client ------------------------------------------------------------------------------------
 */

typedef enum {
    MC_DHCP_SELECTING,  /* waits for an offer */
    MC_DHCP_REQUESTING, /* waits for its acknowledgement */
    MC_DHCP_BOUND,
    MC_DHCP_RENEWING, /* the address stays meanwhile */
} McDhcpState;

typedef struct {
    McDhcpState state;
    McMac mac;
    uint32_t xid;
    uint8_t ip[4], mask[4], server[4]; /* of the lease, from BOUND on */
    unsigned tries;
    gint64 started_us, next_us; /* when to call mc_dhcp_client_tick() */
} McDhcpClient;

void mc_dhcp_client_init(McDhcpClient *self, const McMac *mac, uint32_t xid, gint64 now_us);
/* True: send *ret. */
bool mc_dhcp_client_tick(McDhcpClient *self, gint64 now_us, McDhcpMessage *ret);
/* True: the state changed. A new lease makes it BOUND, a refusal SELECTING again. */
bool mc_dhcp_client_take(McDhcpClient *self, const McDhcpMessage *message, gint64 now_us);

/* --- server ------------------------------------------------------------------------------------
 */

#define MC_DHCP_MAX_LEASES 16

typedef struct {
    uint8_t ip[4]; /* ours; leases are in the same /24 */
    unsigned n;
    struct {
        McMac mac;
        bool taken; /* acknowledged, not only offered */
    } leases[MC_DHCP_MAX_LEASES];
} McDhcpServer;

void mc_dhcp_server_init(McDhcpServer *self, const uint8_t ip[4]);
/* True: send *ret. *ret_leased: its yiaddr now belongs to its chaddr. */
bool mc_dhcp_server_take(McDhcpServer *self, const McDhcpMessage *message, McDhcpMessage *ret,
                         bool *ret_leased);

/* --- packets -----------------------------------------------------------------------------------
 */

#define MC_DHCP_SERVER_PORT 67
#define MC_DHCP_CLIENT_PORT 68
#define MC_DHCP_MAX_PACKET (28 + MC_DHCP_MAX_BYTES)

/* An IPv4 packet with UDP, for a packet socket: an interface without an address has no other. */
size_t mc_dhcp_packet_build(const McDhcpMessage *message, const uint8_t from[4],
                            const uint8_t to[4], uint8_t ret[MC_DHCP_MAX_PACKET]);
/* False: not UDP to this port, fragmented, cut off, or a bad header. *ret_payload points in. */
bool mc_dhcp_packet_parse(const uint8_t *bytes, size_t len, uint16_t port,
                          const uint8_t **ret_payload, size_t *ret_len);
