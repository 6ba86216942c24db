/* SPDX-License-Identifier: MIT */
/* The D-Bus back end's events, from a wpa_supplicant on a bus of the test's own. */
#include <glib.h>
#include <string.h>

#include "p2p/supplicant.h"
#include "private-bus.h"

#define WPAS "fi.w1.wpa_supplicant1"
#define ROOT "/fi/w1/wpa_supplicant1"
#define STATION ROOT "/Interfaces/0"
#define P2P WPAS ".Interface.P2PDevice"
#define GROUP_ADDED                                                                                \
    "(objectpath '" ROOT "/Interfaces/1', {'Ifname': <'p2p-wlan0-0'>, 'State': <'inactive'>})"
#define OTHER_ADDED "(objectpath '" ROOT "/Interfaces/2', {'Ifname': <'wlan1'>})"
#define REFUSED "({'status': <1>},)"
#define TAKEN "({'status': <0>},)"
#define NEGOTIATED                                                                                 \
    "({'peer_object': <objectpath '" STATION "/Peers/420000000100'>, 'status': <0>},)"

static const McMac sink = {{0x42, 0, 0, 0, 1, 0}};

static const char root_xml[] = "<node><interface name='" WPAS "'>"
                               "<property name='Interfaces' type='ao' access='read'/>"
                               "<property name='Capabilities' type='as' access='read'/>"
                               "</interface></node>";
static const char interface_xml[] =
    "<node><interface name='" WPAS ".Interface'>"
    "<property name='Ifname' type='s' access='read'/></interface>"
    "<interface name='" P2P "'>"
    "<method name='Invite'><arg type='a{sv}' direction='in'/></method></interface></node>";

static void on_call(GDBusConnection *bus, const char *sender, const char *path,
                    const char *interface, const char *method, GVariant *parameters,
                    GDBusMethodInvocation *invocation, gpointer user_data)
{
    g_dbus_method_invocation_return_value(invocation, NULL);
}

static GVariant *on_get(GDBusConnection *bus, const char *sender, const char *path,
                        const char *interface, const char *property, GError **error,
                        gpointer user_data)
{
    const char *const interfaces[] = {STATION}, *const capabilities[] = {"p2p"};

    if (strcmp(property, "Interfaces") == 0)
        return g_variant_new_objv(interfaces, 1);
    if (strcmp(property, "Capabilities") == 0)
        return g_variant_new_strv(capabilities, 1);
    return g_variant_new_string("wlan0");
}

static const GDBusInterfaceVTable vtable = {on_call, on_get, NULL, {NULL}};

/* --- the one who listens ---------------------------------------------------------------------- */

static GString *told; /* names of events, one after the other, with a "!" where one is the sink's */

static void on_event(const McWpaEvent *event, void *user_data)
{
    const McMac *peer = mc_wpa_event_peer(event);

    g_string_append_printf(told, "%s%s ", mc_wpa_event_kind_name(event->kind),
                           peer && mc_mac_equal(peer, &sink) ? "!" : "");
}

static void on_reply(unsigned id, const char *reply, void *user_data)
{
    g_assert_cmpstr(reply, ==, "OK");
}

static void on_gone(void *user_data)
{
}

static void emit(const char *path, const char *interface, const char *name, const char *value)
{
    GVariant *parameters = g_variant_new_parsed(value);
    g_autoptr(GError) error = NULL;

    g_dbus_connection_emit_signal(private_bus_connection(), NULL, path, interface, name, parameters,
                                  &error);
    g_assert_no_error(error);
}

/* What comes of an invitation and then these signals; FindStopped ends the row. */
static void invite_and(const char *result, const char *agreed, const char *added, const char *want)
{
    McSupplicantConfig config = {.backend = "dbus"};
    McSupplicantCalls calls = {.on_event = on_event, .on_reply = on_reply, .on_gone = on_gone};
    McCommand command = {.kind = MC_COMMAND_INVITE, .peer = sink, .network_id = 3};
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *why = NULL;

    told = g_string_new(NULL);
    g_main_context_push_thread_default(context);
    McSupplicant *supplicant = mc_supplicant_open(&config, &calls, context, &why, &error);
    g_assert_no_error(error);
    mc_supplicant_command(supplicant, 1, &command);
    if (result)
        emit(STATION, P2P, "InvitationResult", result);
    if (agreed)
        emit(STATION, P2P, "GONegotiationSuccess", agreed);
    emit(ROOT, WPAS, "InterfaceAdded", added);
    emit(STATION, P2P, "FindStopped", "()");
    while (!strstr(told->str, "P2P-FIND-STOPPED"))
        g_main_context_iteration(context, TRUE);
    g_assert_cmpstr(told->str, ==, want);
    mc_supplicant_close(supplicant);
    g_main_context_pop_thread_default(context);
    g_string_free(told, TRUE);
}

static void test_acceptance(void)
{
    if (!private_bus_start()) {
        g_test_skip("no dbus-daemon");
        return;
    }
    private_bus_serve(WPAS, ROOT, root_xml, &vtable, NULL);
    private_bus_serve(NULL, STATION, interface_xml, &vtable, NULL);
    invite_and(REFUSED, NULL, GROUP_ADDED,
               "P2P-INVITATION-RESULT P2P-INVITATION-ACCEPTED! P2P-FIND-STOPPED ");
    invite_and(NULL, NULL, GROUP_ADDED, "P2P-INVITATION-ACCEPTED! P2P-FIND-STOPPED ");
    invite_and(REFUSED, NULL, OTHER_ADDED, "P2P-INVITATION-RESULT P2P-FIND-STOPPED ");
    invite_and(TAKEN, NULL, GROUP_ADDED, "P2P-INVITATION-RESULT P2P-FIND-STOPPED ");
    invite_and(REFUSED, NEGOTIATED, GROUP_ADDED,
               "P2P-INVITATION-RESULT P2P-GO-NEG-SUCCESS! P2P-FIND-STOPPED ");
    private_bus_stop();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wpas-dbus/acceptance", test_acceptance);
    return g_test_run();
}
