/* SPDX-License-Identifier: MIT */
/* A message bus of the test's own that stands for the system's, and a thread in which a fake
 * service answers. Owner: the test that starts it; one in a process. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

/* Sets DBUS_SYSTEM_BUS_ADDRESS. False: dbus-daemon is not installed. */
bool private_bus_start(void);
void private_bus_stop(void);

/* The service's connection, whose signals and calls are delivered in the service's thread. */
GDBusConnection *private_bus_connection(void);
/* Runs call in the service's thread, waits for it. */
void private_bus_run(GSourceFunc call, gpointer user_data);
/* Object with the interfaces of the XML, answered by vtable; own_name NULL: has one already. */
void private_bus_serve(const char *own_name, const char *path, const char *xml,
                       const GDBusInterfaceVTable *vtable, gpointer user_data);
