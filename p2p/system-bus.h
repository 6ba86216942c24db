/* SPDX-License-Identifier: MIT */
/* p2p/system-bus.h - a connection to the system bus of one's own: it lives no longer than its owner
 * wants, and its end gives back what its owner held on the bus.
 * Thread: any.  Owner: the caller. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

/* NULL: there is no system bus, or it lets nobody in. */
GDBusConnection *mc_system_bus_connect(GError **error);
/* A program that runs has this name. False also without an answer in that time. */
bool mc_system_bus_has(GDBusConnection *bus, const char *name, int timeout_ms);
