/* SPDX-License-Identifier: MIT */
/* p2p/address.h - the addresses of a group's interface: ours set and read back from the kernel, the
 * sink's given by our DHCP server or ours asked for by our DHCP client.  No default route, no DNS,
 * and no IPv6 on an interface of the group's own.
 * Packet sockets carry DHCP, so that no firewall stands in its way.
 * Thread: the one that runs the GMainContext.  Owner: p2p/engine, one for each group.
 * Errors: MC_LINK_ERROR. */
#pragma once

#include "p2p/controller.h"

typedef void (*McAddressCall)(const McAddressEvent *event, void *user_data);

typedef struct McAddress McAddress;
McAddress *mc_address_new(const char *ifname, GMainContext *context, McAddressCall call,
                          void *user_data, GError **error);
/* Takes back the address that was set; leases end. NULL is fine. */
void mc_address_free(McAddress *self);
/* Events follow: OWN when the kernel has it, LEASE for each device that got one, FAILED. */
void mc_address_serve(McAddress *self, const uint8_t own_ip[4], const uint8_t mask[4]);
void mc_address_ask(McAddress *self);
void mc_address_set(McAddress *self, const uint8_t own_ip[4], const uint8_t mask[4],
                    const uint8_t peer_ip[4]);
void mc_address_watch(McAddress *self); /* another program gives it */

/* A /24 that no interface of this machine is in: 192.168.49.1 if that is free. */
void mc_address_free_subnet(uint8_t ret[4]);
/* Whether the kernel knows this IPv4 address on ifname by that hardware address. */
bool mc_address_is_at(const char *ifname, const uint8_t ip[4], const McMac *mac);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McAddress, mc_address_free)
