/* SPDX-License-Identifier: MIT */
/* host/pcapng.h - what a session said and was told, as packets in a file that Wireshark reads
 * (pcapng, raw IP).  IP, UDP and TCP headers are made here from the connection's two addresses: no
 * packet is captured, so no privilege is needed and nobody else's traffic is in it.
 * Threads: one call at a time.  Owner: host/trace. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

typedef enum { MC_PCAPNG_OUT, MC_PCAPNG_IN } McPcapngDirection;

typedef struct McPcapng McPcapng;
McPcapng *mc_pcapng_new(const char *path, GError **error); /* mode 0600; G_FILE_ERROR */
void mc_pcapng_free(McPcapng *self);                       /* NULL is fine */

/* Both ends of the TCP connection, IPv4 or IPv6, ports included; before it nothing is written. */
void mc_pcapng_set_ends(McPcapng *self, const struct sockaddr_storage *local,
                        const struct sockaddr_storage *peer);
/* False from now on: the file took no more (a full disk), and is whole up to there. */
bool mc_pcapng_tcp(McPcapng *self, McPcapngDirection direction, const uint8_t *bytes, size_t len,
                   int64_t real_us);
/* A datagram of the same two hosts; longer ones than UDP takes are cut. */
bool mc_pcapng_udp(McPcapng *self, McPcapngDirection direction, uint16_t local_port,
                   uint16_t peer_port, const uint8_t *bytes, size_t len, int64_t real_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McPcapng, mc_pcapng_free)
