/* SPDX-License-Identifier: MIT */
/* p2p/firewall-zone.h - firewalld's part of p2p/firewall.h: the group's interface in a zone of its
 * own, at run time only, and ports open there.
 * Thread: one at a time.  Owner: p2p/firewall.
 * Errors: MC_LINK_ERROR. */
#pragma once

#include "p2p/firewall-plan.h"
#include "p2p/guard.h"

typedef struct McFirewallZone McFirewallZone;
/* NULL without an error: firewalld does not run. */
McFirewallZone *mc_firewall_zone_open(const char *ifname, McGuard *guard, unsigned slot,
                                      GError **error);
bool mc_firewall_zone_allow(McFirewallZone *self, McFirewallProtocol protocol, uint16_t port,
                            GError **error);
const char *mc_firewall_zone_name(const McFirewallZone *self);
void mc_firewall_zone_close(McFirewallZone *self); /* NULL is fine */
