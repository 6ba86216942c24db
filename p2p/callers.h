/* SPDX-License-Identifier: MIT */
/* p2p/callers.h - who dials a listening socket, one after the other, without spinning while there
 * is no descriptor left for them.
 * Threads: any; next() blocks its caller.  Owner: the socket's. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

/* The next caller's socket, close-on-exec; -1: end_fd is readable.  listen_fd does not block.
 * flags: SOCK_NONBLOCK or 0; ret_addr may be NULL. */
int mc_callers_next(int listen_fd, int end_fd, int flags, struct sockaddr_storage *ret_addr);
/* An error of accept() after which the caller stays in the backlog, where poll() finds it again at
 * once. */
bool mc_callers_must_wait(int number);
