/* SPDX-License-Identifier: MIT */
/* NetworkManager's D-Bus values in the control socket's words, and a connection's settings. */
#include "p2p/nm-values.h"

#include <string.h>

#include "p2p/dbus-values.h"
#include "p2p/peer-list.h"

static GVariant *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    GVariant *value = g_variant_parse(NULL, text, NULL, NULL, &error);

    g_assert_no_error(error);
    return g_variant_ref_sink(value);
}

/* As a NetworkManager 1.42 told it of the lab's sink. */
static const char sink[] =
    "{'Flags': <uint32 0>, 'HwAddress': <'42:00:00:00:01:00'>, 'LastSeen': <17>,"
    " 'Manufacturer': <'Rig'>, 'Model': <'TV 1'>, 'ModelNumber': <' '>, 'Name': <'Lab Sink'>,"
    " 'Serial': <''>, 'Strength': <byte 84>, 'WfdIEs': <[byte 0, 0, 6, 0, 17, 28, 68, 0, 50]>}";

static void take_peer(const char *text, McPeerList *list, const McPeer **ret)
{
    g_autoptr(GVariant) properties = parse(text);
    McWpaEvent event;
    McMac mac;
    g_autoptr(GVariant) as_wpas = mc_nm_peer_properties(properties, &mac);

    g_assert_nonnull(as_wpas);
    mc_dbus_peer_event(&mac, as_wpas, &event);
    mc_peer_list_event(list, &event, 1, NULL);
    g_autofree char *reply = mc_dbus_peer_reply(&mac, as_wpas, -1);
    g_assert_true(mc_peer_list_details(list, reply));
    *ret = mc_peer_list_find(list, &mac);
}

static void test_peer(void)
{
    g_autoptr(McPeerList) list = mc_peer_list_new();
    const McPeer *peer;
    char mac[MC_MAC_TEXT];

    take_peer(sink, list, &peer);
    g_assert_cmpstr(mc_mac_format(&peer->address, mac), ==, "42:00:00:00:01:00");
    g_assert_cmpstr(peer->name, ==, "Lab Sink");
    g_assert_cmpstr(peer->manufacturer, ==, "Rig");
    g_assert_cmpstr(peer->model, ==, "TV 1");
    g_assert_cmpint(peer->level_dbm, ==, -50);
    g_assert_true(mc_peer_is_sink(peer));
    g_assert_cmpuint(mc_peer_rtsp_port(peer), ==, 7236);
    g_assert_cmpint(mc_peer_method(peer), ==, MC_PEER_METHOD_PBC);
    g_assert_cmpint(peer->persistent_id, ==, -1);
}

/* Other types than expected are as good as nothing; without an address it is nobody. */
static void test_hostile_peer(void)
{
    g_autoptr(McPeerList) list = mc_peer_list_new();
    const McPeer *peer;
    McMac mac;

    take_peer("{'HwAddress': <'42:00:00:00:01:00'>, 'Name': <7>, 'Strength': <'x'>,"
              " 'WfdIEs': <['a', 'b']>, 'Model': <byte 1>, 'Manufacturer': <'a\\nlevel=3'>}",
              list, &peer);
    g_assert_cmpstr(peer->name, ==, "");
    g_assert_cmpint(peer->level_dbm, ==, 0);
    g_assert_cmpint(mc_peer_kind(peer), ==, MC_PEER_KIND_UNKNOWN);
    g_assert_cmpstr(peer->manufacturer, ==, "a_level=3");
    static const char *const nobody[] = {"@a{sv} {}", "{'HwAddress': <uint32 3>}",
                                         "{'HwAddress': <'42:00:00:00:01'>}",
                                         "{'HwAddress': <''>}"};
    for (size_t i = 0; i < G_N_ELEMENTS(nobody); i++) {
        g_autoptr(GVariant) properties = parse(nobody[i]);
        g_assert_null(mc_nm_peer_properties(properties, &mac));
    }
}

static void test_device(void)
{
    static const struct {
        const char *properties, *group;
    } rows[] = {
        {"{'IpInterface': <'p2p-wlan0-3'>}", "p2p-wlan0-3"},
        {"{'IpInterface': <'wlan0'>}", "wlan0"}, /* a card without interfaces for groups */
        {"{'IpInterface': <''>}", NULL},
        {"{'IpInterface': <'p2p-dev-wlan0'>}", NULL},
        {"{'IpInterface': <'a name too long'>, 'x': <1>}", NULL},
        {"{'IpInterface': <'averyveryverylongname'>}", NULL},
        {"{'IpInterface': <'../etc'>}", NULL},
        {"{'IpInterface': <byte 4>}", NULL},
        {"@a{sv} {}", NULL},
    };
    char ifname[16];

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GVariant) properties = parse(rows[i].properties);
        bool has = mc_nm_group_interface(properties, ifname);
        g_assert_cmpstr(has ? ifname : NULL, ==, rows[i].group);
    }
    g_assert_cmpstr(mc_nm_station_interface("p2p-dev-wlan0"), ==, "wlan0");
    g_assert_cmpstr(mc_nm_station_interface("wlan0"), ==, "wlan0");
}

static void test_connection(void)
{
    static const uint8_t wfd[] = {0, 0, 6, 0, 0x10, 0x1c, 0x44, 0, 200};
    McMac peer = {{0x42, 0, 0, 0, 1, 0}};
    g_autoptr(GVariant) settings = g_variant_ref_sink(mc_nm_connection(&peer, wfd, sizeof(wfd)));
    g_autoptr(GVariant) options = g_variant_ref_sink(mc_nm_connection_options());
    g_autoptr(GVariant) expected =
        parse("{'connection': {'id': <'Wi-Fi Display 42:00:00:00:01:00'>, 'type': <'wifi-p2p'>,"
              "  'autoconnect': <false>},"
              " 'wifi-p2p': {'peer': <'42:00:00:00:01:00'>, 'wps-method': <uint32 4>,"
              "  'wfd-ies': <[byte 0, 0, 6, 0, 16, 28, 68, 0, 200]>},"
              " 'ipv4': {'method': <'auto'>, 'never-default': <true>, 'ignore-auto-dns': <true>,"
              "  'ignore-auto-routes': <true>, 'may-fail': <false>},"
              " 'ipv6': {'method': <'disabled'>}}");
    g_autoptr(GVariant) bound =
        parse("{'persist': <'volatile'>, 'bind-activation': <'dbus-client'>}");

    g_assert_true(g_variant_equal(settings, expected));
    g_assert_true(g_variant_equal(options, bound));
}

static void test_end(void)
{
    static const struct {
        unsigned nm;
        bool has_group;
        McWpaEventKind kind;
        McWpaReason reason;
    } rows[] = {
        {11, false, MC_WPA_EVENT_GO_NEG_FAILURE, MC_WPA_REASON_OTHER},
        {10, false, MC_WPA_EVENT_GROUP_FORMATION_FAILURE, MC_WPA_REASON_OTHER},
        {8, false, MC_WPA_EVENT_GROUP_FORMATION_FAILURE, MC_WPA_REASON_OTHER},
        {67, false, MC_WPA_EVENT_GROUP_FORMATION_FAILURE, MC_WPA_REASON_UNAVAILABLE},
        {39, false, MC_WPA_EVENT_GROUP_FORMATION_FAILURE, MC_WPA_REASON_REQUESTED},
        {8, true, MC_WPA_EVENT_GROUP_REMOVED, MC_WPA_REASON_UNAVAILABLE},
        {5, true, MC_WPA_EVENT_GROUP_REMOVED, MC_WPA_REASON_NO_ADDRESS},
        {17, true, MC_WPA_EVENT_GROUP_REMOVED, MC_WPA_REASON_NO_ADDRESS},
        {37, true, MC_WPA_EVENT_GROUP_REMOVED, MC_WPA_REASON_REQUESTED},
        {0, true, MC_WPA_EVENT_GROUP_REMOVED, MC_WPA_REASON_OTHER},
        {4000000000u, true, MC_WPA_EVENT_GROUP_REMOVED, MC_WPA_REASON_OTHER},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        McWpaEvent event;

        mc_nm_end_event(rows[i].nm, rows[i].has_group ? "p2p-wlan0-0" : NULL, &event);
        g_assert_cmpint(event.kind, ==, rows[i].kind);
        g_assert_cmpint(event.reason, ==, rows[i].reason);
        g_assert_cmpint(event.reason_text[0], !=, '\0');
        g_assert_cmpstr(event.ifname, ==, rows[i].has_group ? "p2p-wlan0-0" : "");
    }
    for (unsigned reason = 0; reason < 20; reason++)
        g_assert_cmpuint(mc_nm_reason_of_active(reason), <, 68);
}

static void test_permissions(void)
{
    static const struct {
        const char *answer;
        bool forbidden;
    } rows[] = {
        {"@a{ss} {}", false},
        {"{'org.freedesktop.NetworkManager.network-control': 'yes',"
         " 'org.freedesktop.NetworkManager.wifi.scan': 'yes'}",
         false},
        {"{'org.freedesktop.NetworkManager.network-control': 'auth'}", false},
        {"{'org.freedesktop.NetworkManager.network-control': 'no'}", true},
        {"{'org.freedesktop.NetworkManager.wifi.scan': 'no'}", true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GVariant) permissions = parse(rows[i].answer);
        g_assert_cmpint(mc_nm_is_forbidden(permissions), ==, rows[i].forbidden);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nm-values/peer", test_peer);
    g_test_add_func("/nm-values/hostile-peer", test_hostile_peer);
    g_test_add_func("/nm-values/device", test_device);
    g_test_add_func("/nm-values/connection", test_connection);
    g_test_add_func("/nm-values/end", test_end);
    g_test_add_func("/nm-values/permissions", test_permissions);
    return g_test_run();
}
