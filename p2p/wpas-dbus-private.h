/* SPDX-License-Identifier: MIT */
/* p2p/wpas-dbus-private.h - what the files of the D-Bus back end share.
 * wpas-dbus.c: life, commands by their kind; wpas-dbus-call.c: the bus; wpas-dbus-connect.c:
 * finding and connecting; wpas-dbus-groups.c: groups, remembered ones too; wpas-dbus-signals.c:
 * events; wpas-dbus-lease.c: settings, and what gives everything back. Thread and owner: as
 * p2p/supplicant.h. */
#pragma once

#include <gio/gio.h>

#include "p2p/lease.h"
#include "p2p/station.h"
#include "p2p/supplicant.h"
#include "p2p/wpas-bus.h"

typedef struct {
    McSupplicantCalls calls;
    GDBusConnection *bus;
    char interface[16];
    char *path; /* of the interface object */
    guint signals, names;
    bool gone;
    McMac target; /* of the last CONNECT or INVITE: the owner of a group that we are client in */
    bool invited; /* the target, and it has neither come nor was negotiated with since */
    McMac joined; /* device that came into our group last */
    McStationGroup group; /* ours */
    McGuard *guard;
    char *bus_path; /* for the guard; NULL: it cannot reach the bus */
    bool asked[MC_LEASE_N], held[MC_LEASE_N];
} McWpasDbus;

/* wpas-dbus-call.c: synchronous; NULL or false: refused, no answer, or not of that type. */
GVariant *mc_wpas_dbus_call(McWpasDbus *self, const char *path, const char *interface,
                            const char *method, GVariant *parameters, GError **error);
GVariant *mc_wpas_dbus_get(McWpasDbus *self, const char *path, const char *interface,
                           const char *property, const GVariantType *type);
GVariant *mc_wpas_dbus_get_all(McWpasDbus *self, const char *path, const char *interface);
bool mc_wpas_dbus_set(McWpasDbus *self, const char *path, const char *interface,
                      const char *property, GVariant *value);
bool mc_wpas_dbus_p2p(McWpasDbus *self, const char *method, GVariant *parameters);
char *mc_wpas_dbus_peer_path(const McWpasDbus *self, const McMac *mac);

/* wpas-dbus-connect.c */
bool mc_wpas_dbus_find(McWpasDbus *self, const McCommand *command);
bool mc_wpas_dbus_provision(McWpasDbus *self, const McCommand *command);
char *mc_wpas_dbus_connect(McWpasDbus *self, const McCommand *command); /* the answer */
bool mc_wpas_dbus_invite(McWpasDbus *self, const McCommand *command);

/* wpas-dbus-groups.c: text as the control socket answers; g_free(). */
bool mc_wpas_dbus_remove_group(McWpasDbus *self, const char *ifname);
int mc_wpas_dbus_remembered_with(McWpasDbus *self, const McMac *peer); /* -1: none */
char *mc_wpas_dbus_list_groups(McWpasDbus *self);
char *mc_wpas_dbus_group_peers(McWpasDbus *self, int id);
bool mc_wpas_dbus_forget_group(McWpasDbus *self, int id);

/* wpas-dbus-signals.c */
void mc_wpas_dbus_subscribe(McWpasDbus *self);
void mc_wpas_dbus_unsubscribe(McWpasDbus *self);

/* wpas-dbus-lease.c: what a command changes is held before it is carried out. */
void mc_wpas_dbus_hold_before(McWpasDbus *self, const McCommand *command);
void mc_wpas_dbus_lease(void *backend, bool resting, const char *ifname);
bool mc_wpas_dbus_set_named(McWpasDbus *self, const McCommand *command);
bool mc_wpas_dbus_set_wfd(McWpasDbus *self, const char *hex);
bool mc_wpas_dbus_drop_station(McWpasDbus *self);
