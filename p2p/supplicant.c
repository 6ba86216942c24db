/* SPDX-License-Identifier: MIT */
#include "p2p/supplicant.h"

#include <gio/gio.h>
#include <string.h>

#include "p2p/link.h"
#include "p2p/nm-bus.h"
#include "p2p/nm-loan.h"
#include "p2p/nm-values.h"
#include "p2p/system-bus.h"

struct McSupplicant {
    const McSupplicantBackend *vtable;
    void *backend;
    McNmLoan *loan; /* NULL: none was needed */
};

static const McSupplicantBackend *const backends[] = {&mc_supplicant_wpas, &mc_supplicant_dbus,
                                                      &mc_supplicant_nm};

enum { BUS_MS = 1500 };

/* --- looking at the machine ------------------------------------------------------------------- */

static bool nm_owns_p2p(GDBusConnection *bus, const char *interface)
{
    McNmDevice device;

    if (!mc_nm_find_device(bus, interface, &device))
        return false;
    g_free(device.path);
    return device.state > MC_NM_STATE_UNMANAGED;
}

McSupplicantLook mc_supplicant_look(const McSupplicantConfig *config)
{
    g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
    g_autofree char *socket = mc_wpas_find_socket(config);
    McSupplicantLook look = {.wpas_socket = socket != NULL, .socket_named = config->control[0]};

    if (bus) {
        look.nm_runs = mc_system_bus_has(bus, MC_NM, BUS_MS);
        look.nm_owns_p2p = look.nm_runs && nm_owns_p2p(bus, config->interface);
        look.wpas_on_dbus = mc_system_bus_has(bus, "fi.w1.wpa_supplicant1", BUS_MS);
    }
    return look;
}

/* --- choice ----------------------------------------------------------------------------------- */

const McSupplicantBackend *mc_supplicant_choose(const McSupplicantLook *look, const char **ret_why)
{
    *ret_why = "nothing on this machine drives a Wi-Fi card: neither NetworkManager nor a "
               "wpa_supplicant that we can reach";
    if (look->nm_owns_p2p && !look->socket_named) {
        *ret_why = "it manages the card's Wi-Fi Direct device, and ends groups that others form";
        return &mc_supplicant_nm;
    }
    if (look->wpas_socket) {
        *ret_why = "its control socket is there";
        return &mc_supplicant_wpas;
    }
    if (look->wpas_on_dbus) {
        *ret_why = "it has no control socket that we can reach";
        return &mc_supplicant_dbus;
    }
    return NULL;
}

static const McSupplicantBackend *by_kind(const char *kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(backends); i++)
        if (strcmp(backends[i]->kind, kind) == 0)
            return backends[i];
    return NULL;
}

static const McSupplicantBackend *decide(const McSupplicantConfig *config, const char **ret_why,
                                         GError **error)
{
    const McSupplicantBackend *vtable;

    if (config->backend[0]) {
        *ret_why = "as you wished";
        vtable = by_kind(config->backend);
        if (!vtable)
            g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_KIND,
                        "\"%s\" is no way to drive the card", config->backend);
        return vtable;
    }
    McSupplicantLook look = mc_supplicant_look(config);
    vtable = mc_supplicant_choose(&look, ret_why);
    if (!vtable)
        g_set_error(error, MC_LINK_ERROR, MC_LINK_ERROR_NO_SUPPLICANT, "%s", *ret_why);
    return vtable;
}

/* The station's interface whose P2P socket this is. */
static const char *station_of_socket(const char *socket)
{
    const char *name = socket ? strrchr(socket, '/') : NULL;

    return name ? mc_nm_station_interface(name + 1) : "";
}

/* A card of NetworkManager's for who drives it directly and forms groups. */
static bool borrow(const McSupplicantConfig *config, const McSupplicantBackend *vtable,
                   McNmLoan **ret, GError **error)
{
    g_autofree char *socket = vtable == &mc_supplicant_wpas ? mc_wpas_find_socket(config) : NULL;

    *ret = NULL;
    if (!config->forms_groups || vtable == &mc_supplicant_nm ||
        (vtable == &mc_supplicant_wpas && !socket))
        return true;
    return mc_nm_loan_take(socket ? station_of_socket(socket) : config->interface,
                           config->may_drop_station, ret, error);
}

static void *open_backend(const McSupplicantConfig *config, const McSupplicantBackend *vtable,
                          const McSupplicantCalls *calls, GMainContext *context, McNmLoan **loan,
                          GError **error)
{
    void *backend =
        borrow(config, vtable, loan, error) ? vtable->open(config, calls, context, error) : NULL;

    if (!backend)
        mc_nm_loan_give_back(g_steal_pointer(loan));
    return backend;
}

McSupplicant *mc_supplicant_open(const McSupplicantConfig *config, const McSupplicantCalls *calls,
                                 GMainContext *context, char **ret_why, GError **error)
{
    const char *why;
    const McSupplicantBackend *vtable = decide(config, &why, error);
    McNmLoan *loan = NULL;
    void *backend = vtable ? open_backend(config, vtable, calls, context, &loan, error) : NULL;

    if (!backend)
        return NULL;
    McSupplicant *self = g_new0(McSupplicant, 1);
    self->vtable = vtable;
    self->backend = backend;
    self->loan = loan;
    if (ret_why) {
        g_autofree char *what = vtable->describe(backend);
        *ret_why =
            g_strdup_printf("by %s: %s%s%s%s", what, why, loan ? "; NetworkManager lends " : "",
                            loan ? mc_nm_loan_interface(loan) : "", loan ? " until the end" : "");
    }
    return self;
}

void mc_supplicant_close(McSupplicant *self)
{
    if (!self)
        return;
    self->vtable->close(self->backend);
    mc_nm_loan_give_back(self->loan);
    g_free(self);
}

void mc_supplicant_command(McSupplicant *self, unsigned id, const McCommand *command)
{
    self->vtable->command(self->backend, id, command);
}

void mc_supplicant_lease(McSupplicant *self, bool resting, const char *ifname)
{
    if (self->vtable->lease)
        self->vtable->lease(self->backend, resting, ifname);
}

const McSupplicantBackend *mc_supplicant_backend(const McSupplicant *self)
{
    return self->vtable;
}

const char *mc_supplicant_interface(const McSupplicant *self)
{
    return self->vtable->interface(self->backend);
}
