/* SPDX-License-Identifier: MIT */
/* p2p/firewall-plan.h - from what a firewall is to what opens it: pure functions.
 *
 * nftables: a packet passes every base chain of the input hook, and each may refuse it; an "accept"
 * ends only the chain that it stands in.  So a table of our own could open nothing: the rule goes
 * to the head of each chain that may refuse, marked by a comment, and is found again by it.
 * firewalld: a port belongs to a zone.  The group's interface moves to a zone in which nothing else
 * is, so that the port is open there and nowhere else.
 * Thread: any.  Owner: none. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum { MC_FIREWALL_TCP, MC_FIREWALL_UDP } McFirewallProtocol;
const char *mc_firewall_protocol_name(McFirewallProtocol protocol); /* "tcp" */

#define MC_FIREWALL_MAX_CHAINS 8

typedef struct {
    char family[8], table[64], name[64];
} McFirewallChain;

/* Base chains of the input hook that may refuse IPv4 packets: by their policy, by a rule, or by a
 * chain that a rule leads to. ruleset: what `nft -j list ruleset` prints.  firewalld's own table is
 * left out: it is firewalld's.  Returns how many of at most MC_FIREWALL_MAX_CHAINS were found, -1:
 * this is no ruleset. */
int mc_firewall_refusing_chains(const char *ruleset, McFirewallChain *ret);

/* Whether it may stand in a rule and a command line: letters, digits, "-_.". */
bool mc_firewall_name_is_plain(const char *name);

/* For `nft -f -`: this port, on this interface, in each chain. g_free(). */
char *mc_firewall_rules(const McFirewallChain *chains, unsigned n, const char *tag,
                        const char *ifname, McFirewallProtocol protocol, uint16_t port);
/* For `sh -c`: removes every rule with this tag from the chains, all or none, and no other even if
 * the tables were made anew meanwhile. g_free(). */
char *mc_firewall_undo(const McFirewallChain *chains, unsigned n, const char *nft, const char *tag);

/* A zone of firewalld that serves nothing now: one made for this, else the strictest first. NULL:
 * all are in use. Of zones' life. */
const char *mc_firewall_free_zone(const char *const *zones, const char *const *busy,
                                  const char *default_zone);
