/* SPDX-License-Identifier: MIT */
/* wpa_supplicant's D-Bus values in the control socket's words; and which back end is chosen. */
#include "p2p/dbus-values.h"

#include <string.h>

#include "p2p/supplicant.h"

#define SINK_PATH "/fi/w1/wpa_supplicant1/Interfaces/0/Peers/420000000100"

static GVariant *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    GVariant *value = g_variant_parse(NULL, text, NULL, NULL, &error);

    g_assert_no_error(error);
    return g_variant_ref_sink(value);
}

/* As a wpa_supplicant 2.10 told it of the lab's sink. */
static const char sink[] =
    "{'DeviceName': <'Lab Sink'>, 'PrimaryDeviceType': <[byte 0, 7, 0, 80, 242, 4, 0, 1]>,"
    " 'config_method': <uint16 392>, 'level': <-50>, 'devicecapability': <byte 37>,"
    " 'groupcapability': <byte 9>, 'IEs': <[byte 0, 0, 6, 0, 17, 28, 68, 0, 50]>}";

static void test_peer(void)
{
    g_autoptr(GVariant) properties = parse(sink);
    McWpaEvent event;
    McMac mac;

    g_assert_true(mc_dbus_path_mac(SINK_PATH, &mac));
    g_autofree char *reply = mc_dbus_peer_reply(&mac, properties, 3);
    g_assert_cmpstr(reply, ==,
                    "42:00:00:00:01:00\npri_dev_type=7-0050F204-1\ndevice_name=Lab Sink\n"
                    "manufacturer=\nmodel_name=\nconfig_methods=0x188\ndev_capab=0x25\n"
                    "group_capab=0x9\nlevel=-50\npersistent=3\nwfd_subelems=00000600111c440032\n");
    mc_dbus_peer_event(&mac, properties, &event);
    g_assert_cmpint(event.kind, ==, MC_WPA_EVENT_DEVICE_FOUND);
    g_assert_cmpstr(event.name, ==, "Lab Sink");
    g_assert_cmpuint(event.wfd.control_port, ==, 7236);
    g_assert_true(mc_mac_equal(mc_wpa_event_peer(&event), &mac));
}

/* A name makes no lines, other types than expected are as good as nothing. */
static void test_hostile_peer(void)
{
    g_autoptr(GVariant) properties =
        parse("{'DeviceName': <'a\\nlevel=0'>, 'level': <'x'>, 'IEs': <'no bytes'>,"
              " 'PrimaryDeviceType': <[byte 1]>, 'config_method': <1.5>}");
    McMac mac = {{2}};
    McWpaEvent event;
    g_autofree char *reply = mc_dbus_peer_reply(&mac, properties, -1);

    g_assert_nonnull(strstr(reply, "device_name=a_level=0\n"));
    g_assert_null(strstr(reply, "\nlevel"));
    mc_dbus_peer_event(&mac, properties, &event);
    g_assert_cmpstr(event.name, ==, "a_level=0");
    g_assert_false(mc_wpa_event_has(&event, MC_WPA_KEY_WFD_DEV_INFO));
}

static void test_signals(void)
{
    g_autoptr(GVariant) pin = parse("(objectpath '" SINK_PATH "', '12345670')");
    g_autoptr(GVariant) failure = parse("(objectpath '" SINK_PATH "', 2)");
    g_autoptr(GVariant) negotiation = parse("({'status': <9>},)");
    g_autoptr(GVariant) started =
        parse("({'interface_object': <objectpath '/fi/w1/wpa_supplicant1/Interfaces/1'>,"
              " 'role': <'client'>, 'persistent': <true>, 'IpAddr': <[byte 192, 168, 42, 2]>},)");
    McWpaEvent event;

    g_assert_true(mc_dbus_signal_event("ProvisionDiscoveryResponseDisplayPin", pin, &event));
    g_assert_cmpstr(event.pin, ==, "12345670");
    g_assert_true(mc_dbus_signal_event("ProvisionDiscoveryFailure", failure, &event));
    g_assert_cmpint(event.status, ==, 2);
    g_assert_true(mc_dbus_signal_event("GONegotiationFailure", negotiation, &event));
    g_assert_cmpint(event.status, ==, 9);
    g_assert_true(mc_dbus_signal_event("GroupStarted", started, &event));
    g_assert_cmpint(event.role, ==, MC_WPA_ROLE_CLIENT);
    g_assert_true(mc_wpa_event_has(&event, MC_WPA_KEY_PERSISTENT));
    g_assert_cmpuint(event.ip_addr[3], ==, 2);
    g_assert_cmpstr(mc_dbus_signal_interface(started), ==, "/fi/w1/wpa_supplicant1/Interfaces/1");
    g_assert_false(mc_dbus_signal_event("GroupStarted", pin, &event));
    g_assert_false(mc_dbus_signal_event("DeviceLost", negotiation, &event));
    g_assert_false(mc_dbus_signal_event("NoSuchSignal", pin, &event));
}

/* As a wpa_supplicant 2.10 sends it of a group that is remembered (its number, unless that is 0)
 * and of one that is not (the group's interface). */
static void test_invitation(void)
{
    static const McMac sink_mac = {{0x42, 0, 0, 0, 1, 0}};
    g_autoptr(GVariant) known =
        parse("({'sa': <[byte 66, 0, 0, 0, 1, 0]>, 'go_dev_addr': <[byte 66, 0, 0, 0, 0, 0]>,"
              " 'persistent_id': <3>, 'op_freq': <2412>},)");
    g_autoptr(GVariant) unknown = parse("({'sa': <[byte 66, 0, 0, 0, 1, 0]>,"
                                        " 'bssid': <[byte 70, 0, 0, 0, 1, 0]>, 'op_freq': <0>},)");
    g_autoptr(GVariant) nobody = parse("({'sa': <[byte 66, 0]>, 'op_freq': <2412>},)");
    McWpaEvent event;

    g_assert_true(mc_dbus_signal_event("InvitationReceived", known, &event));
    g_assert_cmpint(event.kind, ==, MC_WPA_EVENT_INVITATION_RECEIVED);
    g_assert_true(mc_mac_equal(mc_wpa_event_peer(&event), &sink_mac));
    g_assert_cmpint(event.network_id, ==, 3);
    g_assert_cmpuint(event.freq_mhz, ==, 2412);
    g_assert_cmpuint(event.go_dev_addr.bytes[4], ==, 0);
    g_assert_true(mc_dbus_signal_event("InvitationReceived", unknown, &event));
    g_assert_true(mc_mac_equal(mc_wpa_event_peer(&event), &sink_mac));
    g_assert_false(mc_wpa_event_has(&event, MC_WPA_KEY_NETWORK_ID));
    g_assert_cmpuint(event.bssid.bytes[0], ==, 70);
    g_assert_false(mc_dbus_signal_event("InvitationReceived", nobody, &event));
}

static void test_groups(void)
{
    g_autoptr(GVariant) group = parse("{'ssid': <'\"DIRECT-ED\"'>, 'bssid': <'42:00:00:00:00:00'>,"
                                      " 'p2p_client_list': <'42:00:00:00:01:00'>}");
    McMac peer = {{0x42, 0, 0, 0, 1, 0}}, other = {{0x42, 0, 0, 0, 2, 0}};
    g_autofree char *line = mc_dbus_group_line(3, group);
    McMac mac;

    g_assert_cmpstr(line, ==, "3\tDIRECT-ED\t42:00:00:00:00:00\t[DISABLED][P2P-PERSISTENT]\n");
    g_assert_true(mc_dbus_group_has_peer(group, &peer));
    g_assert_false(mc_dbus_group_has_peer(group, &other));
    g_assert_cmpint(mc_dbus_path_number("/a/PersistentGroups/3"), ==, 3);
    g_assert_cmpint(mc_dbus_path_number("/a/PersistentGroups/x"), ==, -1);
    g_assert_false(mc_dbus_path_mac("/a/Peers/4200", &mac));
}

static void test_choice(void)
{
    McSupplicantLook look = {0};
    const char *why;

    g_assert_null(mc_supplicant_choose(&look, &why));
    look.wpas_on_dbus = true;
    g_assert_true(mc_supplicant_choose(&look, &why) == &mc_supplicant_dbus);
    look.wpas_socket = true;
    g_assert_true(mc_supplicant_choose(&look, &why) == &mc_supplicant_wpas);
    look.nm_runs = true; /* but leaves the card alone */
    g_assert_true(mc_supplicant_choose(&look, &why) == &mc_supplicant_wpas);
    look.nm_owns_p2p = true;
    g_assert_true(mc_supplicant_choose(&look, &why) == &mc_supplicant_nm);
    g_assert_nonnull(strstr(why, "manages"));
    look.socket_named = true;
    g_assert_true(mc_supplicant_choose(&look, &why) == &mc_supplicant_wpas);
    look = (McSupplicantLook){.nm_owns_p2p = true};
    g_assert_true(mc_supplicant_choose(&look, &why) == &mc_supplicant_nm);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dbus-values/peer", test_peer);
    g_test_add_func("/dbus-values/hostile-peer", test_hostile_peer);
    g_test_add_func("/dbus-values/signals", test_signals);
    g_test_add_func("/dbus-values/invitation", test_invitation);
    g_test_add_func("/dbus-values/groups", test_groups);
    g_test_add_func("/dbus-values/choice", test_choice);
    return g_test_run();
}
