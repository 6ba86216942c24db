/* SPDX-License-Identifier: MIT */
/* wpa_supplicant over D-Bus: finding, pairing and connecting. */
#include <string.h>

#include "p2p/wpas-dbus-private.h"

bool mc_wpas_dbus_find(McWpasDbus *self, const McCommand *command)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "Timeout", g_variant_new_int32((int) command->seconds));
    g_variant_builder_add(&builder, "{sv}", "DiscoveryType",
                          g_variant_new_string(command->social ? "social" : "start_with_full"));
    return mc_wpas_dbus_p2p(self, "Find", g_variant_new("(a{sv})", &builder));
}

bool mc_wpas_dbus_provision(McWpasDbus *self, const McCommand *command)
{
    static const char *const methods[] = {"pbc", "display", "keypad"};
    g_autofree char *peer = mc_wpas_dbus_peer_path(self, &command->peer);

    return mc_wpas_dbus_p2p(self, "ProvisionDiscoveryRequest",
                            g_variant_new("(os)", peer, methods[command->method]));
}

/* The sink's PIN is typed here: keypad. Ours is shown: display. */
static void add_method(GVariantBuilder *builder, const McCommand *command)
{
    static const char *const methods[] = {"pbc", "keypad", "display"};

    g_variant_builder_add(builder, "{sv}", "wps_method",
                          g_variant_new_string(methods[command->method]));
    if (command->method != MC_PEER_METHOD_PBC && command->pin[0])
        g_variant_builder_add(builder, "{sv}", "pin", g_variant_new_string(command->pin));
}

static const char *refusal(const GError *error)
{
    g_autofree char *name = g_dbus_error_get_remote_error(error);

    g_debug("Connect: %s", error->message);
    return g_strcmp0(name, WPAS ".InterfaceP2P.Error.ConnectChannelUnavailable") == 0 ||
                   strstr(name ? name : "", "Channel")
               ? "FAIL-CHANNEL-UNAVAILABLE"
               : "FAIL";
}

char *mc_wpas_dbus_connect(McWpasDbus *self, const McCommand *command)
{
    g_autofree char *peer = mc_wpas_dbus_peer_path(self, &command->peer);
    g_autoptr(GError) error = NULL;
    GVariantBuilder builder;
    const char *pin = "";

    self->target = command->peer;
    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "peer", g_variant_new_object_path(peer));
    g_variant_builder_add(&builder, "{sv}", "persistent", g_variant_new_boolean(TRUE));
    add_method(&builder, command);
    if (command->join)
        g_variant_builder_add(&builder, "{sv}", "join", g_variant_new_boolean(TRUE));
    else
        g_variant_builder_add(&builder, "{sv}", "go_intent",
                              g_variant_new_int32(command->go_intent));
    if (command->freq_mhz)
        g_variant_builder_add(&builder, "{sv}", "frequency",
                              g_variant_new_int32((int) command->freq_mhz));
    g_autoptr(GVariant) reply = mc_wpas_dbus_call(self, self->path, WPAS_P2P, "Connect",
                                                  g_variant_new("(a{sv})", &builder), &error);
    if (!reply)
        return g_strdup(refusal(error));
    if (g_variant_is_of_type(reply, G_VARIANT_TYPE("(s)")))
        g_variant_get(reply, "(&s)", &pin);
    /* With the button it gives a PIN of zeros. */
    bool shown = command->method == MC_PEER_METHOD_SHOW_PIN && !command->pin[0];
    return g_strdup(shown && strlen(pin) == 8 ? pin : "OK");
}

bool mc_wpas_dbus_invite(McWpasDbus *self, const McCommand *command)
{
    g_autofree char *peer = mc_wpas_dbus_peer_path(self, &command->peer);
    g_autofree char *group =
        g_strdup_printf("%s/PersistentGroups/%d", self->path, command->network_id);
    GVariantBuilder builder;

    self->target = command->peer;
    self->invited = true;
    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "peer", g_variant_new_object_path(peer));
    g_variant_builder_add(&builder, "{sv}", "persistent_group_object",
                          g_variant_new_object_path(group));
    return mc_wpas_dbus_p2p(self, "Invite", g_variant_new("(a{sv})", &builder));
}
