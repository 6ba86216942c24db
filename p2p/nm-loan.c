/* SPDX-License-Identifier: MIT */
#include "p2p/nm-loan.h"

#include <gio/gio.h>
#include <net/if.h>
#include <string.h>

#include "p2p/guard.h"
#include "p2p/link.h"
#include "p2p/nm-bus.h"
#include "p2p/nm-values.h"
#include "p2p/plan.h"
#include "p2p/system-bus.h"
#include "p2p/wpas-bus.h"

enum { SLOT_CARD, BUS_MS = 1500, REMOVAL_MS = 5000 };

struct McNmLoan {
    GDBusConnection *bus;
    GMainContext *context; /* of wpa_supplicant's signals */
    McGuard *guard;
    char *bus_path, *device;
    char ifname[IFNAMSIZ];
    bool was_removed, late;
};

/* --- what gives it back ----------------------------------------------------------------------- */

/* The arguments that set whether NetworkManager manages the card. */
static GVariant *managed(bool on)
{
    return g_variant_new("(ssv)", MC_NM_DEVICE, "Managed", g_variant_new_boolean(on));
}

/* ours: object of the interface that we had made; NULL: there is none. */
static bool hold(McNmLoan *self, const char *ours)
{
    McGuardCall calls[2];
    unsigned n = 0;

    if (ours)
        calls[n++] =
            (McGuardCall){WPAS, WPAS_PATH, WPAS, "RemoveInterface", g_variant_new("(o)", ours)};
    calls[n++] = (McGuardCall){MC_NM, self->device, DBUS_PROPERTIES, "Set", managed(true)};
    return mc_guard_hold_calls(self->guard, SLOT_CARD, self->bus_path, calls, n);
}

/* --- NetworkManager lets go ------------------------------------------------------------------- */

static char *device_of(GDBusConnection *bus, const char *ifname)
{
    g_autoptr(GVariant) reply = mc_nm_call(bus, MC_NM_PATH, MC_NM, "GetDeviceByIpIface",
                                           g_variant_new("(s)", ifname), "(o)", NULL);
    char *path = NULL;

    if (reply)
        g_variant_get(reply, "(o)", &path);
    return path;
}

static void name_card(McNmLoan *self, const char *interface)
{
    McNmDevice p2p = {0};

    if (*interface)
        g_strlcpy(self->ifname, interface, sizeof(self->ifname));
    else if (mc_nm_find_device(self->bus, "", &p2p) && p2p.state > MC_NM_STATE_UNMANAGED)
        g_strlcpy(self->ifname, mc_nm_station_interface(p2p.ifname), sizeof(self->ifname));
    g_free(p2p.path);
}

/* 0: it has no such card. */
static unsigned find_card(McNmLoan *self, const char *interface)
{
    if (!mc_system_bus_has(self->bus, MC_NM, BUS_MS))
        return 0;
    name_card(self, interface);
    self->device = self->ifname[0] ? device_of(self->bus, self->ifname) : NULL;
    g_autoptr(GVariant) properties =
        self->device ? mc_nm_get_all(self->bus, self->device, MC_NM_DEVICE) : NULL;
    return properties ? mc_nm_number(properties, "State") : 0;
}

static bool let_go(McNmLoan *self, GError **error)
{
    g_autoptr(GError) own = NULL;
    g_autoptr(GVariant) reply =
        mc_nm_call(self->bus, self->device, DBUS_PROPERTIES, "Set", managed(false), "()", &own);

    if (reply)
        return true;
    g_autofree char *why = mc_nm_refusal(own);
    bool denied = strcmp(why, "FAIL-PERMISSION") == 0;
    g_set_error(error, MC_LINK_ERROR, denied ? MC_LINK_ERROR_NO_PERMISSION : MC_LINK_ERROR_FAILED,
                "NetworkManager does not lend %s: %s; --p2p-backend nm asks it to connect instead",
                self->ifname, denied ? "it takes root" : own->message);
    return false;
}

/* --- wpa_supplicant's interface --------------------------------------------------------------- */

static void on_removed(GDBusConnection *bus, const char *sender, const char *path,
                       const char *interface, const char *name, GVariant *parameters,
                       gpointer user_data)
{
    ((McNmLoan *) user_data)->was_removed = true;
}

static gboolean on_late(gpointer user_data)
{
    ((McNmLoan *) user_data)->late = true;
    return G_SOURCE_REMOVE;
}

/* NetworkManager has it removed, a moment after it has let go. */
static void wait_for_removal(McNmLoan *self, const char *theirs)
{
    GSource *timer = g_timeout_source_new(REMOVAL_MS);

    g_source_set_callback(timer, on_late, self, NULL);
    g_source_attach(timer, self->context);
    while (!self->was_removed && !self->late)
        g_main_context_iteration(self->context, TRUE);
    g_source_destroy(timer);
    g_source_unref(timer);
    g_debug("wpa_supplicant's %s %s", theirs, self->late ? "stays" : "is removed");
}

static bool make_interface(McNmLoan *self, GError **error)
{
    GVariantBuilder options;
    g_autoptr(GError) own = NULL;
    const char *path;

    g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&options, "{sv}", "Ifname", g_variant_new_string(self->ifname));
    g_variant_builder_add(&options, "{sv}", "Driver", g_variant_new_string("nl80211"));
    g_autoptr(GVariant) reply = mc_wpas_call(self->bus, WPAS_PATH, WPAS, "CreateInterface",
                                             g_variant_new("(a{sv})", &options), "(o)", &own);
    if (!reply) {
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_FAILED,
                    "NetworkManager lent %s, but wpa_supplicant does not take it: %s", self->ifname,
                    own->message);
        return false;
    }
    g_variant_get(reply, "(&o)", &path);
    return hold(self, path);
}

/* --- life ------------------------------------------------------------------------------------- */

static bool exchange(McNmLoan *self, GError **error)
{
    self->context = g_main_context_new();
    g_main_context_push_thread_default(self->context);
    g_autofree char *theirs = mc_wpas_object_of(self->bus, self->ifname);
    guint signal = g_dbus_connection_signal_subscribe(self->bus, WPAS, WPAS, "InterfaceRemoved",
                                                      WPAS_PATH, theirs, G_DBUS_SIGNAL_FLAGS_NONE,
                                                      on_removed, self, NULL);
    bool ok = let_go(self, error);
    if (ok && theirs)
        wait_for_removal(self, theirs);
    ok = ok && make_interface(self, error);
    g_dbus_connection_signal_unsubscribe(self->bus, signal);
    g_main_context_pop_thread_default(self->context);
    return ok;
}

static void loan_free(McNmLoan *self)
{
    if (self->bus)
        g_dbus_connection_close_sync(self->bus, NULL, NULL);
    g_clear_object(&self->bus);
    g_clear_pointer(&self->context, g_main_context_unref);
    g_free(self->bus_path);
    g_free(self->device);
    g_free(self);
}

bool mc_nm_loan_take(const char *interface, bool may_drop_station, McNmLoan **ret, GError **error)
{
    McNmLoan *self = g_new0(McNmLoan, 1);

    *ret = NULL;
    self->bus = mc_system_bus_connect(NULL);
    self->bus_path = mc_guard_bus_path();
    unsigned state = self->bus && self->bus_path ? find_card(self, interface) : 0;
    if (state <= MC_NM_STATE_UNMANAGED) {
        loan_free(self);
        return true;
    }
    if (state > MC_NM_STATE_DISCONNECTED && !may_drop_station) {
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_PLAN + MC_PLAN_RADIO_BUSY,
                    "NetworkManager removes groups that it did not form from a card that it uses, "
                    "and %s is connected; --drop-wifi gives that up while you cast, --p2p-backend "
                    "nm keeps it",
                    self->ifname);
        loan_free(self);
        return false;
    }
    self->guard = mc_guard_new();
    if (hold(self, NULL) && exchange(self, error)) {
        *ret = self;
        return true;
    }
    mc_nm_loan_give_back(self);
    return false;
}

const char *mc_nm_loan_interface(const McNmLoan *self)
{
    return self->ifname;
}

void mc_nm_loan_give_back(McNmLoan *self)
{
    if (!self)
        return;
    mc_guard_undo(self->guard);
    loan_free(self);
}
