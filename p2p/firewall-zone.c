/* SPDX-License-Identifier: MIT */
#include "p2p/firewall-zone.h"

#include <string.h>

#include "p2p/link.h"
#include "p2p/system-bus.h"

#define FIREWALLD "org.fedoraproject.FirewallD1"
#define FIREWALLD_PATH "/org/fedoraproject/FirewallD1"
#define FIREWALLD_ZONE FIREWALLD ".zone"

enum { CALL_MS = 5000, MAX_PORTS = 8 };

struct McFirewallZone {
    GDBusConnection *bus;
    McGuard *guard;
    unsigned slot;
    char *bus_path;
    char ifname[16];
    char *zone, *before; /* before: the interface's zone; "": none */
    struct {
        McFirewallProtocol protocol;
        uint16_t port;
    } opened[MAX_PORTS];
    unsigned n_opened;
};

static GVariant *call(McFirewallZone *self, const char *interface, const char *method,
                      GVariant *parameters, const char *type, GError **error)
{
    return g_dbus_connection_call_sync(self->bus, FIREWALLD, FIREWALLD_PATH, interface, method,
                                       parameters, G_VARIANT_TYPE(type),
                                       G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_MS, NULL, error);
}

/* --- what closes it -----------------------------------------------------------------------------
 */

/* The same calls for an orderly end and for the guard. Returns how many. */
static unsigned undo_calls(const McFirewallZone *self, McGuardCall *ret)
{
    const McGuardCall base = {FIREWALLD, FIREWALLD_PATH, FIREWALLD_ZONE, NULL, NULL};
    unsigned n = 0;

    for (unsigned i = 0; i < self->n_opened; i++) {
        g_autofree char *port = g_strdup_printf("%u", self->opened[i].port);

        ret[n] = base;
        ret[n].method = "removePort";
        ret[n++].parameters = g_variant_new("(sss)", self->zone, port,
                                            mc_firewall_protocol_name(self->opened[i].protocol));
    }
    ret[n] = base;
    ret[n].method = self->before[0] ? "changeZoneOfInterface" : "removeInterface";
    ret[n++].parameters =
        g_variant_new("(ss)", self->before[0] ? self->before : self->zone, self->ifname);
    return n;
}

static void note_guard(McFirewallZone *self)
{
    McGuardCall calls[MAX_PORTS + 1];

    mc_guard_hold_calls(self->guard, self->slot, self->bus_path, calls, undo_calls(self, calls));
}

void mc_firewall_zone_close(McFirewallZone *self)
{
    McGuardCall calls[MAX_PORTS + 1];

    if (!self)
        return;
    unsigned n = self->zone ? undo_calls(self, calls) : 0;
    for (unsigned i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) reply =
            call(self, calls[i].interface, calls[i].method, calls[i].parameters, "(s)", &error);

        if (!reply)
            g_debug("firewalld: %s: %s", calls[i].method, error->message);
    }
    mc_guard_hold_calls(self->guard, self->slot, NULL, NULL, 0);
    if (self->bus)
        g_dbus_connection_close_sync(self->bus, NULL, NULL);
    g_clear_object(&self->bus);
    g_free(self->bus_path);
    g_free(self->zone);
    g_free(self->before);
    g_free(self);
}

/* --- opening ------------------------------------------------------------------------------------
 */

static char *one_text(GVariant *reply)
{
    const char *text = "";

    if (reply)
        g_variant_get(reply, "(&s)", &text);
    return g_strdup(text);
}

/* Names in use: zones with an interface or a source of someone else. */
static char **busy_zones(McFirewallZone *self)
{
    g_autoptr(GVariant) reply =
        call(self, FIREWALLD_ZONE, "getActiveZones", NULL, "(a{sa{sas}})", NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    if (reply) {
        g_autoptr(GVariantIter) iter = NULL;
        const char *name;
        GVariant *what;

        g_variant_get(reply, "(a{sa{sas}})", &iter);
        while (g_variant_iter_next(iter, "{&s@a{sas}}", &name, &what)) {
            g_ptr_array_add(names, g_strdup(name));
            g_variant_unref(what);
        }
    }
    g_ptr_array_add(names, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

static bool choose(McFirewallZone *self, GError **error)
{
    g_autoptr(GVariant) first = call(self, FIREWALLD, "getDefaultZone", NULL, "(s)", error);
    g_autoptr(GVariant) all =
        first ? call(self, FIREWALLD_ZONE, "getZones", NULL, "(as)", error) : NULL;
    g_autoptr(GVariant) now = all ? call(self, FIREWALLD_ZONE, "getZoneOfInterface",
                                         g_variant_new("(s)", self->ifname), "(s)", error)
                                  : NULL;

    if (!now)
        return false;
    g_autofree char *usual = one_text(first);
    g_auto(GStrv) busy = busy_zones(self);
    g_autoptr(GVariant) array = g_variant_get_child_value(all, 0);
    g_autofree const char **zones = g_variant_get_strv(array, NULL);
    self->before = one_text(now);
    self->zone = g_strdup(mc_firewall_free_zone(zones, (const char *const *) busy, usual));
    if (!self->zone)
        g_set_error_literal(error, MC_LINK_ERROR, MC_LINK_ERROR_FAILED,
                            "each zone of firewalld is in use");
    return self->zone != NULL;
}

static bool enter(McFirewallZone *self, GError **error)
{
    note_guard(self); /* before: nothing must be open for a moment without a lease */
    g_autoptr(GVariant) reply = call(self, FIREWALLD_ZONE, "changeZoneOfInterface",
                                     g_variant_new("(ss)", self->zone, self->ifname), "(s)", error);

    return reply != NULL;
}

McFirewallZone *mc_firewall_zone_open(const char *ifname, McGuard *guard, unsigned slot,
                                      GError **error)
{
    McFirewallZone *self = g_new0(McFirewallZone, 1);

    self->guard = guard;
    self->slot = slot;
    self->bus = mc_system_bus_connect(NULL);
    self->bus_path = mc_guard_bus_path();
    g_strlcpy(self->ifname, ifname, sizeof(self->ifname));
    if (self->bus && mc_system_bus_has(self->bus, FIREWALLD, CALL_MS) && choose(self, error) &&
        enter(self, error))
        return self;
    mc_firewall_zone_close(self);
    return NULL;
}

bool mc_firewall_zone_allow(McFirewallZone *self, McFirewallProtocol protocol, uint16_t port,
                            GError **error)
{
    g_autofree char *text = g_strdup_printf("%u", port);
    const char *name = mc_firewall_protocol_name(protocol);
    g_autoptr(GVariant) open = call(self, FIREWALLD_ZONE, "queryPort",
                                    g_variant_new("(sss)", self->zone, text, name), "(b)", NULL);
    gboolean is_open = FALSE;

    if (open)
        g_variant_get(open, "(b)", &is_open);
    if (is_open) /* a zone made for this: not ours to close */
        return true;
    if (self->n_opened == MAX_PORTS) {
        g_set_error_literal(error, MC_LINK_ERROR, MC_LINK_ERROR_FAILED, "too many ports");
        return false;
    }
    self->opened[self->n_opened].protocol = protocol;
    self->opened[self->n_opened++].port = port;
    note_guard(self);
    g_autoptr(GVariant) reply =
        call(self, FIREWALLD_ZONE, "addPort", g_variant_new("(sssi)", self->zone, text, name, 0),
             "(s)", error);
    return reply != NULL;
}

const char *mc_firewall_zone_name(const McFirewallZone *self)
{
    return self->zone;
}
