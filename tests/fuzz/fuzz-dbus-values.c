/* SPDX-License-Identifier: MIT */
/* Whatever comes over the bus from wpa_supplicant or NetworkManager, as GVariant text: a line with
 * a signal's name, and a value of any type.  What is made of it goes through the Wi-Fi Direct
 * machine. */
#include "p2p/dbus-values.h"

#include <string.h>

#include "p2p/controller.h"
#include "p2p/nm-values.h"
#include "tests/fuzz/fuzz.h"

static void take_event(McController *controller, const McWpaEvent *event)
{
    McAction action;

    g_assert(g_utf8_validate(event->name, -1, NULL));
    g_assert(strlen(event->ifname) < sizeof(event->ifname));
    mc_controller_event(controller, event, 2);
    while (mc_controller_next_action(controller, &action))
        ;
}

static void take_peer(McController *controller, const McMac *mac, GVariant *properties)
{
    g_autofree char *reply = mc_dbus_peer_reply(mac, properties, 3);
    McWpaEvent event;

    mc_dbus_peer_event(mac, properties, &event);
    take_event(controller, &event);
    mc_controller_reply(controller, 1, reply, 2);
}

static void take_properties(McController *controller, GVariant *properties)
{
    McMac mac = {{0x42, 0, 0, 0, 1, 0}}, own;
    g_autofree char *line = mc_dbus_group_line(1, properties);
    g_autoptr(GVariant) as_wpas = mc_nm_peer_properties(properties, &own);
    McWpaEvent event;
    char ifname[16];

    g_assert(strchr(line, '\n') == line + strlen(line) - 1); /* it makes no lines of its own */
    mc_dbus_group_has_peer(properties, &mac);
    take_peer(controller, &mac, properties);
    if (as_wpas)
        take_peer(controller, &own, as_wpas);
    if (mc_nm_group_interface(properties, ifname))
        g_assert(*ifname && strlen(ifname) < sizeof(ifname));
    mc_nm_end_event(mc_nm_number(properties, "State"), mc_nm_text(properties, "Interface"), &event);
    take_event(controller, &event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *) data, size);
    char *value = strchr(text, '\n');
    McControllerConfig config = {.abilities = MC_ABILITY_ALL};
    McWpaEvent event;

    g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
    if (!value || !g_utf8_validate(text, -1, NULL)) /* GDBus lets only UTF-8 in */
        return 0;
    *value++ = '\0';
    g_autoptr(GVariant) parsed = g_variant_parse(NULL, value, NULL, NULL, NULL);
    if (!parsed)
        return 0;
    McController *controller = mc_controller_new(&config);
    mc_controller_connect(controller, "Lab", &(McControllerWish){0}, 1);
    if (g_variant_is_of_type(parsed, G_VARIANT_TYPE_VARDICT))
        take_properties(controller, parsed);
    if (g_variant_is_of_type(parsed, G_VARIANT_TYPE("a{ss}")))
        mc_nm_is_forbidden(parsed);
    if (mc_dbus_signal_event(text, parsed, &event))
        take_event(controller, &event);
    if (g_variant_is_of_type(parsed, G_VARIANT_TYPE_TUPLE))
        mc_dbus_signal_interface(parsed);
    mc_controller_free(controller);
    return 0;
}
