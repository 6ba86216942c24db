/* SPDX-License-Identifier: MIT */
#include "p2p/dhcp.h"

#include <string.h>

#include "p2p/group-subnet.h"

/*  0  op htype hlen hops     4 xid        8 secs flags    12 ciaddr   16 yiaddr
 * 20  siaddr   24 giaddr    28 chaddr(16)  44 sname(64)  108 file(128)  236 magic 63825363
 * 240 options: code, length, value ... 255 */
enum {
    AT_XID = 4,
    AT_FLAGS = 10,
    AT_CIADDR = 12,
    AT_YIADDR = 16,
    AT_SIADDR = 20,
    AT_CHADDR = 28,
    AT_MAGIC = 236,
    AT_OPTIONS = 240,
    MIN_BYTES = 300, /* older BOOTP agents drop shorter ones */
};

enum {
    OPTION_PAD = 0,
    OPTION_MASK = 1,
    OPTION_REQUESTED_IP = 50,
    OPTION_LEASE = 51,
    OPTION_TYPE = 53,
    OPTION_SERVER_ID = 54,
    OPTION_PARAMETERS = 55,
    OPTION_CLIENT_ID = 61,
    OPTION_END = 255,
};

static const uint8_t magic[4] = {0x63, 0x82, 0x53, 0x63};

static uint32_t read32(const uint8_t *p)
{
    return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

static void write32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t) (value >> 24);
    p[1] = (uint8_t) (value >> 16);
    p[2] = (uint8_t) (value >> 8);
    p[3] = (uint8_t) value;
}

static uint16_t read16(const uint8_t *p)
{
    return (uint16_t) (p[0] << 8 | p[1]);
}

static void write16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t) (value >> 8);
    p[1] = (uint8_t) value;
}

static bool is_zero(const uint8_t ip[4])
{
    return read32(ip) == 0;
}

/* --- messages --------------------------------------------------------------------------------- */

static void take_option(McDhcpMessage *message, uint8_t code, const uint8_t *value, uint8_t len)
{
    if (code == OPTION_TYPE && len == 1 && value[0] >= MC_DHCP_DISCOVER &&
        value[0] <= MC_DHCP_INFORM)
        message->type = (McDhcpType) value[0];
    else if (code == OPTION_MASK && len == 4)
        memcpy(message->mask, value, 4);
    else if (code == OPTION_REQUESTED_IP && len == 4)
        memcpy(message->requested_ip, value, 4);
    else if (code == OPTION_SERVER_ID && len == 4)
        memcpy(message->server_id, value, 4);
    else if (code == OPTION_LEASE && len == 4)
        message->lease_s = read32(value);
}

static bool parse_options(const uint8_t *p, const uint8_t *end, McDhcpMessage *message)
{
    while (p < end && *p != OPTION_END) {
        if (*p == OPTION_PAD) {
            p++;
            continue;
        }
        if (end - p < 2 || end - p - 2 < p[1])
            return false;
        take_option(message, p[0], p + 2, p[1]);
        p += 2 + p[1];
    }
    return message->type != 0;
}

bool mc_dhcp_parse(const uint8_t *bytes, size_t len, McDhcpMessage *ret)
{
    *ret = (McDhcpMessage){0};
    if (len < AT_OPTIONS || (bytes[0] != 1 && bytes[0] != 2) || bytes[1] != 1 ||
        bytes[2] != MC_MAC_BYTES || memcmp(bytes + AT_MAGIC, magic, sizeof(magic)) != 0)
        return false;
    ret->reply = bytes[0] == 2;
    ret->xid = read32(bytes + AT_XID);
    ret->broadcast = (bytes[AT_FLAGS] & 0x80) != 0;
    memcpy(ret->ciaddr, bytes + AT_CIADDR, 4);
    memcpy(ret->yiaddr, bytes + AT_YIADDR, 4);
    memcpy(ret->siaddr, bytes + AT_SIADDR, 4);
    memcpy(ret->chaddr.bytes, bytes + AT_CHADDR, MC_MAC_BYTES);
    return parse_options(bytes + AT_OPTIONS, bytes + len, ret);
}

static uint8_t *put_option(uint8_t *p, uint8_t code, const void *value, uint8_t len)
{
    p[0] = code;
    p[1] = len;
    memcpy(p + 2, value, len);
    return p + 2 + len;
}

static uint8_t *put_ip_option(uint8_t *p, uint8_t code, const uint8_t ip[4])
{
    return is_zero(ip) ? p : put_option(p, code, ip, 4);
}

static uint8_t *put_client_options(uint8_t *p, const McDhcpMessage *self)
{
    static const uint8_t wanted[] = {OPTION_MASK, OPTION_LEASE, OPTION_SERVER_ID};
    uint8_t id[1 + MC_MAC_BYTES] = {1};

    memcpy(id + 1, self->chaddr.bytes, MC_MAC_BYTES);
    p = put_option(p, OPTION_CLIENT_ID, id, sizeof(id));
    return put_option(p, OPTION_PARAMETERS, wanted, sizeof(wanted));
}

size_t mc_dhcp_build(const McDhcpMessage *self, uint8_t ret[MC_DHCP_MAX_BYTES])
{
    uint8_t type = (uint8_t) self->type, lease[4], *p = ret + AT_OPTIONS;

    memset(ret, 0, MC_DHCP_MAX_BYTES);
    ret[0] = self->reply ? 2 : 1;
    ret[1] = 1;
    ret[2] = MC_MAC_BYTES;
    write32(ret + AT_XID, self->xid);
    ret[AT_FLAGS] = self->broadcast ? 0x80 : 0;
    memcpy(ret + AT_CIADDR, self->ciaddr, 4);
    memcpy(ret + AT_YIADDR, self->yiaddr, 4);
    memcpy(ret + AT_SIADDR, self->siaddr, 4);
    memcpy(ret + AT_CHADDR, self->chaddr.bytes, MC_MAC_BYTES);
    memcpy(ret + AT_MAGIC, magic, sizeof(magic));
    p = put_option(p, OPTION_TYPE, &type, 1);
    p = put_ip_option(p, OPTION_SERVER_ID, self->server_id);
    p = put_ip_option(p, OPTION_REQUESTED_IP, self->requested_ip);
    p = put_ip_option(p, OPTION_MASK, self->mask);
    if (self->lease_s) {
        write32(lease, self->lease_s);
        p = put_option(p, OPTION_LEASE, lease, 4);
    }
    if (!self->reply)
        p = put_client_options(p, self);
    *p++ = OPTION_END;
    return MAX((size_t) (p - ret), (size_t) MIN_BYTES);
}

/* --- client ----------------------------------------------------------------------------------- */

enum {
    RETRY_US = 1000000, /* a group owner's server may start after us: ask each second */
    REQUEST_TRIES = 4,
    RENEW_RETRY_US = 30000000,
    MIN_LEASE_S = 60, /* shorter ones would be asked for all the time */
};

void mc_dhcp_client_init(McDhcpClient *self, const McMac *mac, uint32_t xid, gint64 now_us)
{
    *self = (McDhcpClient){.mac = *mac, .xid = xid, .started_us = now_us, .next_us = now_us};
}

static McDhcpMessage client_message(const McDhcpClient *self, McDhcpType type)
{
    return (McDhcpMessage){.type = type, .xid = self->xid, .broadcast = true, .chaddr = self->mac};
}

bool mc_dhcp_client_tick(McDhcpClient *self, gint64 now_us, McDhcpMessage *ret)
{
    if (now_us < self->next_us)
        return false;
    if (self->state == MC_DHCP_REQUESTING && self->tries >= REQUEST_TRIES)
        self->state = MC_DHCP_SELECTING;
    if (self->state == MC_DHCP_BOUND)
        self->state = MC_DHCP_RENEWING;
    self->tries++;
    self->next_us = now_us + (self->state == MC_DHCP_RENEWING ? RENEW_RETRY_US : RETRY_US);
    *ret =
        client_message(self, self->state == MC_DHCP_SELECTING ? MC_DHCP_DISCOVER : MC_DHCP_REQUEST);
    if (self->state == MC_DHCP_REQUESTING) {
        memcpy(ret->requested_ip, self->ip, 4);
        memcpy(ret->server_id, self->server, 4);
    } else if (self->state == MC_DHCP_RENEWING) {
        memcpy(ret->ciaddr, self->ip, 4);
        ret->broadcast = false;
    }
    return true;
}

static bool take_offer(McDhcpClient *self, const McDhcpMessage *message, gint64 now_us)
{
    const uint8_t *server = is_zero(message->server_id) ? message->siaddr : message->server_id;
    uint8_t mask[4];

    memcpy(mask, message->mask, 4);
    if (message->type != MC_DHCP_OFFER || !mc_group_subnet(message->yiaddr, server, mask))
        return false;
    memcpy(self->ip, message->yiaddr, 4);
    memcpy(self->server, server, 4);
    self->state = MC_DHCP_REQUESTING;
    self->tries = 0;
    self->next_us = now_us;
    return true;
}

static bool take_answer(McDhcpClient *self, const McDhcpMessage *message, gint64 now_us)
{
    if (message->type == MC_DHCP_NAK && self->state == MC_DHCP_REQUESTING) {
        self->state = MC_DHCP_SELECTING;
        self->next_us = now_us + RETRY_US;
        return true;
    }
    /* A server that gives another address while we stream would end the session: not taken. */
    if (message->type != MC_DHCP_ACK || memcmp(message->yiaddr, self->ip, 4) != 0)
        return false;
    memcpy(self->mask, message->mask, 4);
    mc_group_subnet(self->ip, self->server, self->mask); /* both were fit when they were offered */
    self->state = MC_DHCP_BOUND;
    self->tries = 0;
    self->next_us =
        now_us + (gint64) (MAX(message->lease_s, (uint32_t) MIN_LEASE_S) / 2) * G_USEC_PER_SEC;
    return true;
}

bool mc_dhcp_client_take(McDhcpClient *self, const McDhcpMessage *message, gint64 now_us)
{
    if (!message->reply || message->xid != self->xid || !mc_mac_equal(&message->chaddr, &self->mac))
        return false;
    if (self->state == MC_DHCP_SELECTING)
        return take_offer(self, message, now_us);
    return self->state != MC_DHCP_BOUND && take_answer(self, message, now_us);
}

/* --- server ----------------------------------------------------------------------------------- */

enum {
    FIRST_HOST = 20,
    LEASE_S = 86400, /* longer than a session's evening; renewals are answered */
};

void mc_dhcp_server_init(McDhcpServer *self, const uint8_t ip[4])
{
    *self = (McDhcpServer){0};
    memcpy(self->ip, ip, 4);
}

/* A device keeps its address. When all are given, one that was only offered goes round. */
static int lease_of(McDhcpServer *self, const McMac *mac)
{
    unsigned i = 0;

    while (i < self->n && !mc_mac_equal(&self->leases[i].mac, mac))
        i++;
    if (i == self->n && self->n == MC_DHCP_MAX_LEASES) {
        for (i = 0; i < self->n && self->leases[i].taken; i++)
            ;
        if (i == self->n)
            return -1;
    }
    self->n = MAX(self->n, i + 1);
    if (!mc_mac_equal(&self->leases[i].mac, mac))
        self->leases[i].taken = false;
    self->leases[i].mac = *mac;
    return (int) i;
}

static void lease_ip(const McDhcpServer *self, int lease, uint8_t ret[4])
{
    memcpy(ret, self->ip, 4);
    ret[3] = (uint8_t) (FIRST_HOST + lease);
}

static bool asks_for_other(const McDhcpMessage *message, const uint8_t ip[4])
{
    const uint8_t *wanted = is_zero(message->ciaddr) ? message->requested_ip : message->ciaddr;

    return memcmp(wanted, ip, 4) != 0;
}

bool mc_dhcp_server_take(McDhcpServer *self, const McDhcpMessage *message, McDhcpMessage *ret,
                         bool *ret_leased)
{
    bool elsewhere = !is_zero(message->server_id) && memcmp(message->server_id, self->ip, 4) != 0;
    int lease;

    *ret_leased = false;
    if (message->reply || mc_mac_is_zero(&message->chaddr) ||
        (message->type != MC_DHCP_DISCOVER && message->type != MC_DHCP_REQUEST) || elsewhere ||
        (lease = lease_of(self, &message->chaddr)) < 0)
        return false;
    *ret = (McDhcpMessage){.reply = true,
                           .type = message->type == MC_DHCP_DISCOVER ? MC_DHCP_OFFER : MC_DHCP_ACK,
                           .xid = message->xid,
                           .broadcast = message->broadcast,
                           .chaddr = message->chaddr};
    memcpy(ret->server_id, self->ip, 4);
    lease_ip(self, lease, ret->yiaddr);
    if (ret->type == MC_DHCP_ACK && asks_for_other(message, ret->yiaddr)) {
        ret->type = MC_DHCP_NAK;
        ret->broadcast = true;
        memset(ret->yiaddr, 0, 4);
        return true;
    }
    memcpy(ret->siaddr, self->ip, 4);
    memcpy(ret->ciaddr, message->ciaddr, 4);
    memcpy(ret->mask, (uint8_t[]){255, 255, 255, 0}, 4);
    ret->lease_s = LEASE_S;
    *ret_leased = ret->type == MC_DHCP_ACK;
    self->leases[lease].taken |= *ret_leased;
    return true;
}

/* --- packets ---------------------------------------------------------------------------------- */

enum { IP_BYTES = 20, UDP_BYTES = 8, IP_UDP = 17, TTL = 64 };

static uint32_t sum16(const uint8_t *bytes, size_t len, uint32_t sum)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += read16(bytes + i);
    if (len & 1)
        sum += (uint32_t) bytes[len - 1] << 8;
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~sum;
}

/* UDP's sum goes over the addresses, too. */
static uint16_t udp_sum(const uint8_t *packet, const uint8_t *udp, size_t udp_len)
{
    uint32_t sum = sum16(packet + 12, 8, IP_UDP + (uint32_t) udp_len);

    return fold(sum16(udp, udp_len, sum));
}

size_t mc_dhcp_packet_build(const McDhcpMessage *message, const uint8_t from[4],
                            const uint8_t to[4], uint8_t ret[MC_DHCP_MAX_PACKET])
{
    uint8_t *udp = ret + IP_BYTES;
    size_t len = mc_dhcp_build(message, udp + UDP_BYTES);
    uint16_t sum;

    memset(ret, 0, IP_BYTES + UDP_BYTES);
    ret[0] = 0x45;
    write16(ret + 2, (unsigned) (IP_BYTES + UDP_BYTES + len));
    ret[8] = TTL;
    ret[9] = IP_UDP;
    memcpy(ret + 12, from, 4);
    memcpy(ret + 16, to, 4);
    write16(ret + 10, fold(sum16(ret, IP_BYTES, 0)));
    write16(udp, message->reply ? MC_DHCP_SERVER_PORT : MC_DHCP_CLIENT_PORT);
    write16(udp + 2, message->reply ? MC_DHCP_CLIENT_PORT : MC_DHCP_SERVER_PORT);
    write16(udp + 4, (unsigned) (UDP_BYTES + len));
    sum = udp_sum(ret, udp, UDP_BYTES + len);
    write16(udp + 6, sum ? sum : 0xffff);
    return IP_BYTES + UDP_BYTES + len;
}

bool mc_dhcp_packet_parse(const uint8_t *bytes, size_t len, uint16_t port,
                          const uint8_t **ret_payload, size_t *ret_len)
{
    size_t header = len ? (bytes[0] & 0xfu) * 4u : 0, total, udp_len;

    if (header < IP_BYTES || len < header + UDP_BYTES || bytes[0] >> 4 != 4 || bytes[9] != IP_UDP ||
        (read16(bytes + 6) & 0x3fff) != 0)
        return false;
    total = read16(bytes + 2);
    if (total > len || total < header + UDP_BYTES || fold(sum16(bytes, header, 0)) != 0)
        return false;
    const uint8_t *udp = bytes + header;
    udp_len = read16(udp + 4);
    if (udp_len < UDP_BYTES || udp_len > total - header || read16(udp + 2) != port)
        return false;
    /* A sum that the sending kernel left to its card is not there yet on a virtual link: DHCP's
     * own fields are checked in any case. */
    *ret_payload = udp + UDP_BYTES;
    *ret_len = udp_len - UDP_BYTES;
    return true;
}
