/* SPDX-License-Identifier: MIT */
/* p2p/guard.h - what must be undone even when this program is killed: a small process of its own
 * holds the list and carries it out, last first, as soon as the program is gone.
 *
 * The list is nowhere on disk: it goes through a socket whose other end is ours alone, one message
 * for each change, and the kernel closes our end however we die:
 *
 *     slot | kind | replies | len | path[108] | data[len]
 *       kind datagram  data are commands for wpa_supplicant's control socket at path, a line each
 *            bus       data is what a D-Bus client sends (greeting, Hello, calls) to the socket at
 *                      path; so many replies are waited for, some seconds
 *            program   data are the words of a command line, each with its NUL
 *
 * Thread: one at a time.  Owner: p2p/wpas-ctrl, p2p/wpas-dbus, p2p/nm-activation, p2p/nm-loan,
 * p2p/firewall. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#define MC_GUARD_MAX 16

typedef struct McGuard McGuard;
/* Where no process can be made, an orderly end alone undoes what is held. */
McGuard *mc_guard_new(void);
void mc_guard_free(McGuard *self); /* nothing is undone: an orderly end has done it */
/* The orderly end by the same list: undoes it here and now, then frees. Takes seconds where nobody
 * answers. */
void mc_guard_undo(McGuard *self);

/* slot < MC_GUARD_MAX; what is held for a slot replaces its old entry, NULL empties it. False: too
 * long to be held, the old entry stays. */
bool mc_guard_hold(McGuard *self, unsigned slot, const char *path, const char *command);
/* argv ends with NULL; argv[0] is a path. */
bool mc_guard_hold_program(McGuard *self, unsigned slot, const char *const *argv);

typedef struct {
    const char *name, *path, *interface, *method;
    GVariant *parameters; /* NULL: none; a floating reference is taken */
} McGuardCall;
/* Calls on the bus whose socket is at path, in their order. n 0: empties the slot. */
bool mc_guard_hold_calls(McGuard *self, unsigned slot, const char *path, const McGuardCall *calls,
                         unsigned n);
/* Path of the system bus's socket; g_free(). NULL: it is not at a path. */
char *mc_guard_bus_path(void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McGuard, mc_guard_free)
