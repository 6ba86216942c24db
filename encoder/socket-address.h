/* SPDX-License-Identifier: MIT */
/* encoder/socket-address.h - numeric IPv4 and IPv6 addresses ("192.0.2.1", "fe80::1%eth0") as
 * sockets want them.
 * Thread: any.  Owner: the caller. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* False: no numeric address, or a scope that this machine does not have. */
bool mc_socket_address_parse(const char *ip, uint16_t port, struct sockaddr_storage *ret,
                             socklen_t *ret_len);
/* Numeric, the longest kind; link-local IPv6 with its scope is shorter. */
#define MC_SOCKET_ADDRESS_TEXT 46u
bool mc_socket_address_text(const struct sockaddr_storage *address,
                            char text[MC_SOCKET_ADDRESS_TEXT]); /* false: neither kind */
uint16_t mc_socket_address_port(const struct sockaddr_storage *address);
void mc_socket_address_set_port(struct sockaddr_storage *address, uint16_t port);

/* Family, host, and where both have one, scope. */
bool mc_socket_address_same_host(const struct sockaddr_storage *a,
                                 const struct sockaddr_storage *b);
bool mc_socket_address_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b);
