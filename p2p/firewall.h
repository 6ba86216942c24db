/* SPDX-License-Identifier: MIT */
/* p2p/firewall.h - lets a sink in for a session: the ports that are named, on the group's interface
 * alone, through the firewall that this machine has (firewalld, nftables and what writes its rules
 * there, ufw and iptables-nft).  A guard process closes it all when we are killed.
 * Threads: any, one at a time.  Owner: p2p/p2p-link.
 * Errors: MC_LINK_ERROR. */
#pragma once

#include "p2p/firewall-plan.h"

typedef struct McFirewall McFirewall;
/* Never NULL: where nothing refuses or nothing can be changed, the calls do nothing. */
McFirewall *mc_firewall_open(const char *ifname);
/* False: it is as it was before; what happened and what to do. */
bool mc_firewall_allow(McFirewall *self, McFirewallProtocol protocol, uint16_t port,
                       GError **error);
/* In a word for a person: "nftables, inet filter input", "firewalld, zone block"; "" where nothing
 * had to be opened. */
const char *mc_firewall_kind(const McFirewall *self);
void mc_firewall_close(McFirewall *self); /* as it was before; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McFirewall, mc_firewall_close)
