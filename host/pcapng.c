/* SPDX-License-Identifier: MIT */
#include "host/pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINKTYPE_RAW 101u /* IPv4 or IPv6 by its first nibble */
#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET 6u
#define SEGMENT_MAX 32768u /* of TCP: IP's length has 16 bits */
#define DATAGRAM_MAX 65000u
#define HEADERS_MAX (40u + 20u)
#define TCP_PSH_ACK 0x18u
#define FILE_BUFFER (256u * 1024)

typedef struct {
    uint8_t address[16];
    uint16_t port;
    uint32_t sequence; /* of its next byte */
} End;

struct McPcapng {
    FILE *file; /* NULL: it took no more */
    bool has_ends, v6;
    End ends[2]; /* ours, the sink's */
    uint8_t packet[HEADERS_MAX + DATAGRAM_MAX];
};

static uint8_t *put16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t) (value >> 8);
    to[1] = (uint8_t) value;
    return to + 2;
}

static uint8_t *put32(uint8_t *to, uint32_t value)
{
    return put16(put16(to, value >> 16), value);
}

static uint8_t *put_bytes(uint8_t *to, const void *from, size_t len)
{
    memcpy(to, from, len);
    return to + len;
}

/* ---- blocks: the file is in this machine's byte order, as its magic number says ---- */

static bool write_words(McPcapng *self, const uint32_t *words, size_t count)
{
    return fwrite(words, sizeof(*words), count, self->file) == count;
}

/* | type | length | magic | version 1.0 | section length: not known | length |
 * | type | length | link type, 0 | snap length: none | length | */
static bool begin(McPcapng *self)
{
    const uint32_t section[] = {BLOCK_SECTION, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX, 28};
    const uint32_t interface[] = {BLOCK_INTERFACE, 20, LINKTYPE_RAW, 0, 20};

    return write_words(self, section, G_N_ELEMENTS(section)) &&
           write_words(self, interface, G_N_ELEMENTS(interface)) && fflush(self->file) == 0;
}

/* | type | length | interface | time in us: high, low | captured, original length |
 * | packet, filled up to words | option 2, 4 bytes | 1: in, 2: out | end of options | length | */
static bool write_packet(McPcapng *self, McPcapngDirection direction, size_t len, int64_t real_us)
{
    const uint32_t filled = (uint32_t) (len + 3) & ~3u;
    const uint32_t total = 28 + filled + 12 + 4;
    const uint64_t us = (uint64_t) real_us;
    const uint32_t head[] = {BLOCK_PACKET,   total,         0, (uint32_t) (us >> 32), (uint32_t) us,
                             (uint32_t) len, (uint32_t) len};
    const uint32_t tail[] = {GUINT32_FROM_LE(4u << 16 | 2u), direction == MC_PCAPNG_IN ? 1u : 2u, 0,
                             total};

    memset(self->packet + len, 0, filled - len);
    if (write_words(self, head, G_N_ELEMENTS(head)) &&
        fwrite(self->packet, 1, filled, self->file) == filled &&
        write_words(self, tail, G_N_ELEMENTS(tail)))
        return true;
    fclose(self->file);
    self->file = NULL;
    return false;
}

/* ---- headers ---- */

static uint32_t add_words(uint32_t sum, const uint8_t *data, size_t len)
{
    for (; len > 1; data += 2, len -= 2)
        sum += (uint32_t) data[0] << 8 | data[1];
    return len ? sum + ((uint32_t) data[0] << 8) : sum;
}

static uint16_t checksum(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~sum;
}

/* Of both addresses, the protocol, and what it carries. */
static uint16_t transport_checksum(const McPcapng *self, uint8_t protocol, const uint8_t *data,
                                   size_t len)
{
    const size_t address = self->v6 ? 16 : 4;
    uint32_t sum = (uint32_t) len + protocol;

    sum = add_words(sum, self->ends[0].address, address);
    sum = add_words(sum, self->ends[1].address, address);
    return checksum(add_words(sum, data, len));
}

/* | 45 00 length | 0, do not fragment | TTL 64, protocol, checksum | from | to |
 * | 60 00 00 00 length of what follows, protocol, hop limit 64 | from | to | */
static uint8_t *put_ip(McPcapng *self, const End *from, const End *to, uint8_t protocol, size_t len)
{
    uint8_t *at = self->packet;

    if (self->v6) {
        at = put32(at, 0x60000000);
        at = put32(at, (uint32_t) len << 16 | (uint32_t) protocol << 8 | 64);
        return put_bytes(put_bytes(at, from->address, 16), to->address, 16);
    }
    at = put32(at, 0x45000000 | (uint32_t) (20 + len));
    at = put32(at, 0x00004000);
    at = put32(at, 64u << 24 | (uint32_t) protocol << 16);
    at = put_bytes(put_bytes(at, from->address, 4), to->address, 4);
    put16(self->packet + 10, checksum(add_words(0, self->packet, 20)));
    return at;
}

/* | ports | sequence | acknowledged | 50 flags, window | checksum, 0 | */
static bool write_segment(McPcapng *self, McPcapngDirection direction, const uint8_t *bytes,
                          size_t len, int64_t real_us)
{
    End *from = &self->ends[direction == MC_PCAPNG_IN],
        *to = &self->ends[direction != MC_PCAPNG_IN];
    uint8_t *head = put_ip(self, from, to, IPPROTO_TCP, 20 + len), *at = head;

    at = put16(put16(at, from->port), to->port);
    at = put32(put32(at, from->sequence), to->sequence);
    at = put32(at, 0x50000000 | TCP_PSH_ACK << 16 | 0xffff);
    at = put_bytes(put32(at, 0), bytes, len);
    put16(head + 16, transport_checksum(self, IPPROTO_TCP, head, 20 + len));
    from->sequence += (uint32_t) len;
    return write_packet(self, direction, (size_t) (at - self->packet), real_us);
}

bool mc_pcapng_tcp(McPcapng *self, McPcapngDirection direction, const uint8_t *bytes, size_t len,
                   int64_t real_us)
{
    bool ok = self->file != NULL;

    for (size_t part; ok && self->has_ends && len; bytes += part, len -= part) {
        part = MIN(len, SEGMENT_MAX);
        ok = write_segment(self, direction, bytes, part, real_us);
    }
    return ok && fflush(self->file) == 0; /* as rtsp.log: there also when we are killed */
}

/* | ports | length, checksum (0 would say: none) | */
bool mc_pcapng_udp(McPcapng *self, McPcapngDirection direction, uint16_t local_port,
                   uint16_t peer_port, const uint8_t *bytes, size_t len, int64_t real_us)
{
    const bool in = direction == MC_PCAPNG_IN;
    const size_t part = MIN(len, DATAGRAM_MAX);

    if (!self->file || !self->has_ends)
        return self->file != NULL;
    uint8_t *head = put_ip(self, &self->ends[in], &self->ends[!in], IPPROTO_UDP, 8 + part), *at;
    at = put16(put16(head, in ? peer_port : local_port), in ? local_port : peer_port);
    at = put_bytes(put32(at, (uint32_t) (8 + part) << 16), bytes, part);
    const uint16_t sum = transport_checksum(self, IPPROTO_UDP, head, 8 + part);
    put16(head + 6, sum ? sum : 0xffff);
    return write_packet(self, direction, (size_t) (at - self->packet), real_us);
}

/* ---- life ---- */

McPcapng *mc_pcapng_new(const char *path, GError **error)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    g_autoptr(McPcapng) self = g_new0(McPcapng, 1);

    self->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (self->file && setvbuf(self->file, NULL, _IOFBF, FILE_BUFFER) == 0 && begin(self))
        return g_steal_pointer(&self);
    g_set_error(error, G_FILE_ERROR, (int) g_file_error_from_errno(errno),
                "%s cannot be written: %s", path, g_strerror(errno));
    if (fd >= 0 && !self->file)
        close(fd);
    return NULL;
}

void mc_pcapng_free(McPcapng *self)
{
    if (!self)
        return;
    if (self->file)
        fclose(self->file);
    g_free(self);
}

static bool take_end(End *end, const struct sockaddr_storage *address, bool *ret_v6)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) address;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *) address;

    *end = (End){.sequence = 1};
    *ret_v6 = address->ss_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
    if (address->ss_family == AF_INET6) {
        end->port = ntohs(v6->sin6_port);
        memcpy(end->address, &v6->sin6_addr.s6_addr[*ret_v6 ? 0 : 12], *ret_v6 ? 16 : 4);
    } else {
        end->port = ntohs(v4->sin_port);
        memcpy(end->address, &v4->sin_addr, 4);
    }
    return address->ss_family == AF_INET || address->ss_family == AF_INET6;
}

void mc_pcapng_set_ends(McPcapng *self, const struct sockaddr_storage *local,
                        const struct sockaddr_storage *peer)
{
    bool peer_v6;

    self->has_ends = take_end(&self->ends[0], local, &self->v6) &&
                     take_end(&self->ends[1], peer, &peer_v6) && self->v6 == peer_v6;
}
