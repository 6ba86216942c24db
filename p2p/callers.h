/* SPDX-License-Identifier: MIT */
/* p2p/callers.h - who dials a listening socket, one after the other, without spinning while there
 * is no descriptor left for them.
 * Threads: any; next() blocks its caller, take() for a tenth of a second at most.  Owner: the
 * socket's. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

/* Whoever is there, once poll() says so: its socket, close-on-exec, or -1.  flags: SOCK_NONBLOCK or
 * 0; ret_addr may be NULL.  Where there is no descriptor it returns after a pause, which the end
 * cuts short. */
int mc_callers_take(int listen_fd, int end_fd, int flags, struct sockaddr_storage *ret_addr);
/* Waits for the next one, likewise; -1: end_fd is readable.  listen_fd does not block. */
int mc_callers_next(int listen_fd, int end_fd, int flags, struct sockaddr_storage *ret_addr);
/* An error of accept() after which the caller stays in the backlog, where poll() finds it again at
 * once. */
bool mc_callers_must_wait(int number);
