/* SPDX-License-Identifier: MIT */
/* p2p/mice/channel.h - the control connection with a sink (TCP 7250): its socket, its machine
 * (p2p/mice/control.h), and the thread that listens to it for the whole session.
 * Threads: connect, begin, run, end and free from the back end's; protect and open from any.
 * Owner: p2p/mice/backend.c.
 * Errors: MC_LINK_ERROR. */
#pragma once

#include <netdb.h>

#include "p2p/link.h"
#include "p2p/mice/control.h"

typedef struct McMiceChannel McMiceChannel;

/* To the first of addresses that answers.  NULL: none did, and errno says why. cancel_fd: an
 * eventfd that stays readable once all is to end; it must live as long as the channel. */
McMiceChannel *mc_mice_channel_connect(const struct addrinfo *addresses, int cancel_fd);
void mc_mice_channel_free(McMiceChannel *self); /* ends; NULL is fine */

/* Both ends' addresses; false: the connection is gone. */
bool mc_mice_channel_ends(const McMiceChannel *self, struct sockaddr_storage *ret_local,
                          struct sockaddr_storage *ret_peer);
/* The numeric address in it, and how many bytes it has. */
const void *mc_mice_address_bytes(const struct sockaddr_storage *address, size_t *ret_len);

/* Says all that must be said until the sink may dial in, and asks for the PIN where it wants one:
 * machine is what mc_mice_control_new() wants, without the addresses; link's ask_pin is used.
 * False: LINK errors, CANCELLED among them. */
bool mc_mice_channel_begin(McMiceChannel *self, const McMiceConfig *machine,
                           const McLinkConfig *link, GError **error);
/* Listens from now on, on a thread of its own, which calls on_over once when the sink ends it or is
 * lost. */
void mc_mice_channel_run(McMiceChannel *self, void (*on_over)(const GError *why, void *user_data),
                         void *user_data);
/* STOP_PROJECTION, and hangs up; what protects datagrams stays until free. */
void mc_mice_channel_end(McMiceChannel *self);

bool mc_mice_channel_encrypts(const McMiceChannel *self); /* NULL: false */
bool mc_mice_channel_protect(McMiceChannel *self, uint8_t *datagram, size_t room, size_t *len);
bool mc_mice_channel_open(McMiceChannel *self, const uint8_t *records, size_t len, GByteArray *out);
