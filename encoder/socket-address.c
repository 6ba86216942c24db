/* SPDX-License-Identifier: MIT */
#include "encoder/socket-address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

bool mc_socket_address_parse(const char *ip, uint16_t port, struct sockaddr_storage *ret,
                             socklen_t *ret_len)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    char service[8];

    snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(ip, service, &hints, &found) != 0)
        return false;
    memset(ret, 0, sizeof(*ret));
    memcpy(ret, found->ai_addr, found->ai_addrlen);
    *ret_len = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

bool mc_socket_address_text(const struct sockaddr_storage *address,
                            char text[MC_SOCKET_ADDRESS_TEXT])
{
    const socklen_t len =
        address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

    return (address->ss_family == AF_INET || address->ss_family == AF_INET6) &&
           getnameinfo((const struct sockaddr *) address, len, text, MC_SOCKET_ADDRESS_TEXT, NULL,
                       0, NI_NUMERICHOST) == 0;
}

uint16_t mc_socket_address_port(const struct sockaddr_storage *address)
{
    return ntohs(address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *) address)->sin6_port
                                                : ((const struct sockaddr_in *) address)->sin_port);
}

void mc_socket_address_set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET6)
        ((struct sockaddr_in6 *) address)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *) address)->sin_port = htons(port);
}

bool mc_socket_address_same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family != AF_INET6)
        return ((const struct sockaddr_in *) a)->sin_addr.s_addr ==
               ((const struct sockaddr_in *) b)->sin_addr.s_addr;
    const struct sockaddr_in6 *one = (const struct sockaddr_in6 *) a;
    const struct sockaddr_in6 *other = (const struct sockaddr_in6 *) b;
    return !memcmp(&one->sin6_addr, &other->sin6_addr, sizeof(one->sin6_addr)) &&
           (!one->sin6_scope_id || !other->sin6_scope_id ||
            one->sin6_scope_id == other->sin6_scope_id);
}

bool mc_socket_address_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    return mc_socket_address_same_host(a, b) &&
           mc_socket_address_port(a) == mc_socket_address_port(b);
}
