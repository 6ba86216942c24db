/* SPDX-License-Identifier: MIT */
/* p2p/group-subnet.h - which address and subnet a sink may give us in its group: the kernel routes
 * the whole subnet into the group, also what was never meant for a sink.
 * Thread: any; a pure function.  Owner: none, plain values. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* False: no private address for us (or for the sink; 0.0.0.0: not known), or none of its own.
 * Else *mask, as the sink told it (0.0.0.0: not at all), is made as narrow as a group's is, 24
 * bits, or as little wider, down to 16, as has the sink in it. */
bool mc_group_subnet(const uint8_t ip[4], const uint8_t sink_ip[4], uint8_t mask[4]);
