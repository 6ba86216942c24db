/* SPDX-License-Identifier: MIT */
/* p2p/door.h - what the firewall lets a sink send to us in a group: opened for the session, told to
 * the person.  A session may do without: the sink's knock is the proof.
 * Threads: any.  Owner: p2p/p2p-link. */
#pragma once

#include "p2p/firewall.h"

typedef struct {
    void (*on_progress)(const char *step, const char *text, void *user_data); /* may be NULL */
    void *user_data;
    GMutex lock; /* guards firewall; held while it is changed */
    McFirewall *firewall;
} McDoor;

void mc_door_init(McDoor *self,
                  void (*on_progress)(const char *step, const char *text, void *user_data),
                  void *user_data);
void mc_door_clear(McDoor *self); /* closes */
/* RTSP's listener, and DHCP for our part in the group. */
void mc_door_open(McDoor *self, const char *ifname, bool is_owner, uint16_t rtsp_port);
void mc_door_add(McDoor *self, McFirewallProtocol protocol, uint16_t port); /* if it is open */
void mc_door_close(McDoor *self);
