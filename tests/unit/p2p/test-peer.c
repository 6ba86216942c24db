/* SPDX-License-Identifier: MIT */
/* What is known of real devices decides kind, state, method and hint; the list survives floods. */
#include "p2p/peer-list.h"

#include <string.h>

static const McMac sink = {{0x42, 0, 0, 0, 1, 0}};

static McPeerChange feed(McPeerList *list, gint64 now_us, const McPeer **ret, const char *format,
                         ...) G_GNUC_PRINTF(4, 5);
static McPeerChange feed(McPeerList *list, gint64 now_us, const McPeer **ret, const char *format,
                         ...)
{
    va_list args;
    McWpaEvent event;

    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    g_assert_true(mc_wpa_event_parse(line, &event));
    return mc_peer_list_event(list, &event, now_us, ret);
}

#define FOUND "P2P-DEVICE-FOUND 42:00:00:00:%02x:00 p2p_dev_addr=42:00:00:00:%02x:00 "

static const McPeer *add(McPeerList *list, int n, const char *rest)
{
    const McPeer *peer;

    feed(list, n, &peer, FOUND "%s", n, n, rest);
    return peer;
}

static void test_from_the_lab(void)
{
    g_autoptr(McPeerList) list = mc_peer_list_new();
    const McPeer *peer = add(list, 1,
                             "pri_dev_type=7-0050F204-1 name='Lab Sink' config_methods=0x188 "
                             "dev_capab=0x25 group_capab=0x0 wfd_dev_info=0x00111c440032 new=1");

    g_assert_cmpstr(peer->name, ==, "Lab Sink");
    g_assert_true(mc_mac_equal(&peer->address, &sink));
    g_assert_cmpint(mc_peer_kind(peer), ==, MC_PEER_KIND_PRIMARY_SINK);
    g_assert_cmpint(mc_peer_state(peer), ==, MC_PEER_STATE_READY);
    g_assert_cmpint(mc_peer_method(peer), ==, MC_PEER_METHOD_PBC);
    g_assert_true(mc_peer_allows(peer, MC_PEER_METHOD_ENTER_PIN));
    g_assert_false(mc_peer_has_hdcp(peer));
    g_assert_cmpuint(mc_peer_rtsp_port(peer), ==, 7236);
    g_assert_false(mc_peer_is_group_owner(peer));
    g_assert_cmpint(peer->persistent_id, ==, -1);
    g_assert_null(mc_peer_hint(peer));
    g_assert_true(mc_peer_list_find(list, &sink) == peer);
}

static void test_details(void)
{
    static const char reply[] =
        "42:00:00:00:01:00\npri_dev_type=7-0050F204-1\ndevice_name=Lab Sink 2\n"
        "manufacturer=LG Electronics\nmodel_name=C9\nconfig_methods=0x80\ngroup_capab=0x2b\n"
        "level=-47\nlisten_freq=2437\noper_freq=5180\npersistent=3\n"
        "wfd_subelems=00000601111c4400c807000200010b00020001\n";
    g_autoptr(McPeerList) list = mc_peer_list_new();
    const McPeer *peer = add(list, 1, "name='Lab Sink' config_methods=0x188");

    g_assert_cmpint(mc_peer_kind(peer), ==, MC_PEER_KIND_UNKNOWN);
    g_assert_true(mc_peer_list_details(list, reply));
    g_assert_cmpstr(peer->name, ==, "Lab Sink 2");
    g_assert_cmpstr(peer->brand->label, ==, "LG");
    g_assert_cmpint(peer->level_dbm, ==, -47);
    g_assert_cmpuint(peer->listen_freq_mhz, ==, 2437);
    g_assert_cmpuint(peer->oper_freq_mhz, ==, 5180);
    g_assert_cmpint(peer->persistent_id, ==, 3);
    g_assert_true(mc_peer_has_hdcp(peer));
    g_assert_true(mc_peer_is_group_owner(peer));
    g_assert_true(mc_wfd_ie_has(&peer->wfd, MC_WFD_SUBELEMENT_R2_DEVICE_INFO));
    mc_peer_list_forget_persistent(list, &sink);
    g_assert_cmpint(peer->persistent_id, ==, -1);
    g_assert_false(mc_peer_list_details(list, "FAIL\n"));
    g_assert_false(mc_peer_list_details(list, "42:00:00:00:02:00\nlevel=-47\n"));
}

static void test_bad_details_change_nothing(void)
{
    g_autoptr(McPeerList) list = mc_peer_list_new();
    const McPeer *peer = add(list, 1, "name='TV' config_methods=0x80 wfd_dev_info=0x01111c440032");

    g_assert_true(mc_peer_list_details(list, "42:00:00:00:01:00\nlevel=loud\nlisten_freq=-5\n"
                                             "device_name=\xff\x01\nwfd_subelems=0b00020001\n"
                                             "config_methods=\n"));
    g_assert_cmpint(peer->level_dbm, ==, 0);
    g_assert_cmpuint(peer->listen_freq_mhz, ==, 0);
    g_assert_cmphex(peer->config_methods, ==, 0x80);
    g_assert_true(g_utf8_validate(peer->name, -1, NULL));
    g_assert_cmpint(mc_peer_state(peer), ==, MC_PEER_STATE_READY);
}

static void test_states_and_hints(void)
{
    static const struct {
        const char *rest, *hint;
        McPeerState state;
    } cases[] = {
        {"name='X' wfd_dev_info=0x01111c440032", NULL, MC_PEER_STATE_READY},
        {"name='X' wfd_dev_info=0x00131c440032", NULL, MC_PEER_STATE_READY},
        {"name='X' wfd_dev_info=0x01011c440032",
         "busy: it takes no further session now; end the other one at the device",
         MC_PEER_STATE_BUSY},
        {"name='Phone' wfd_dev_info=0x00101c440032",
         "cannot be cast to: it does not announce itself as a display", MC_PEER_STATE_IRRELEVANT},
        {"name='X' wfd_dev_info=0x00121c440032",
         "cannot be cast to: it does not announce itself as a display", MC_PEER_STATE_IRRELEVANT},
        {"pri_dev_type=7-0050F204-1 name='[LG] webOS TV' config_methods=0x188",
         "not ready: on the LG, open Screen Share", MC_PEER_STATE_NOT_READY},
        {"pri_dev_type=7-0050F204-1 name='Living' config_methods=0x188",
         "not ready: open screen mirroring (Miracast) on the device", MC_PEER_STATE_NOT_READY},
        {"pri_dev_type=8-0050F204-1 name='Fire TV Stick' config_methods=0x4108",
         "not ready: on the Fire TV, hold Home, then Mirroring; keep that page open",
         MC_PEER_STATE_NOT_READY},
        {"pri_dev_type=3-0050F204-1 name='DIRECT-Printer' config_methods=0x80",
         "cannot be cast to: it does not announce itself as a display", MC_PEER_STATE_IRRELEVANT},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(McPeerList) list = mc_peer_list_new();
        const McPeer *peer = add(list, 1, cases[i].rest);
        g_autofree char *hint = mc_peer_hint(peer);

        g_assert_cmpint(mc_peer_state(peer), ==, cases[i].state);
        g_assert_cmpstr(hint, ==, cases[i].hint);
    }
}

static void test_methods(void)
{
    static const struct {
        unsigned config_methods;
        const char *method;
    } cases[] = {
        {0x0188, "pbc"},       {0x0080, "pbc"},      {0x0280, "pbc"}, {0x4108, "enter-pin"},
        {0x0008, "enter-pin"}, {0x0100, "show-pin"}, {0x0000, "pbc"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        McPeer peer = {.config_methods = cases[i].config_methods};

        g_assert_cmpstr(mc_peer_method_text(mc_peer_method(&peer)), ==, cases[i].method);
    }
}

static void test_brands(void)
{
    const McPeerBrand *fire = mc_peer_brand_for("Fire TV Stick 4K", "");

    g_assert_cmpuint(fire->patience_ms, ==, 9600);
    g_assert_cmpuint(fire->avoid_freq_mhz, ==, 5745);
    g_assert_cmpint(fire->role, ==, MC_PEER_ROLE_PEER_IS_GO);
    g_assert_cmpstr(mc_peer_brand_for("Bedroom", "Amazon")->label, ==, "Fire TV");
    g_assert_cmpint(mc_peer_brand_for("ROKU-123", "")->role, ==, MC_PEER_ROLE_JOIN_RUNNING);
    g_assert_cmpstr(mc_peer_brand_for("[TV] Living", "")->label, ==, "Samsung TV");
    g_assert_true(mc_peer_brand_for("Anycast-1234", "")->keep_when_lost);
    g_assert_cmpstr(mc_peer_brand_for("", "")->label, ==, "");
    g_assert_cmpstr(mc_peer_brand_for("something", "else")->label, ==, "");
}

static void test_changes(void)
{
    g_autoptr(McPeerList) list = mc_peer_list_new();
    const char *found = "P2P-DEVICE-FOUND 42:00:00:00:01:00 p2p_dev_addr=42:00:00:00:01:00 "
                        "name='TV' config_methods=0x80 wfd_dev_info=0x01111c440032 new=0";
    const char *off = "P2P-DEVICE-FOUND 42:00:00:00:01:00 p2p_dev_addr=42:00:00:00:01:00 "
                      "name='TV' config_methods=0x80 new=0";
    const char *lost = "P2P-DEVICE-LOST p2p_dev_addr=42:00:00:00:01:00";
    const McPeer *peer;

    g_assert_cmpint(feed(list, 0, &peer, "%s", lost), ==, MC_PEER_CHANGE_NONE);
    g_assert_cmpint(feed(list, 1, &peer, "%s", found), ==, MC_PEER_CHANGE_ADDED);
    g_assert_cmpint(feed(list, 2, &peer, "%s", found), ==, MC_PEER_CHANGE_NONE);
    g_assert_cmpint(peer->last_seen_us, ==, 2);
    g_assert_cmpint(feed(list, 3, &peer, "%s", off), ==, MC_PEER_CHANGE_UPDATED);
    g_assert_false(mc_peer_is_sink(peer));
    g_assert_cmpint(feed(list, 4, &peer, "%s", lost), ==, MC_PEER_CHANGE_LOST);
    g_assert_null(peer);
    g_assert_cmpuint(mc_peer_list_count(list), ==, 0);
    g_assert_cmpint(feed(list, 5, NULL, "P2P-FIND-STOPPED"), ==, MC_PEER_CHANGE_NONE);
    g_assert_cmpint(feed(list, 5, NULL, "P2P-DEVICE-FOUND"), ==, MC_PEER_CHANGE_NONE);
    g_assert_cmpint(feed(list, 5, NULL, "P2P-DEVICE-FOUND 00:00:00:00:00:00"), ==,
                    MC_PEER_CHANGE_NONE);
}

static void test_pinned_peer_stays(void)
{
    g_autoptr(McPeerList) list = mc_peer_list_new();
    const McPeer *peer = add(list, 1, "name='TV' wfd_dev_info=0x01111c440032");

    mc_peer_list_pin(list, &sink);
    feed(list, 2, &peer, "P2P-DEVICE-LOST p2p_dev_addr=42:00:00:00:01:00");
    g_assert_nonnull(peer);
    g_assert_false(peer->in_reach);
    g_assert_cmpint(feed(list, 3, NULL, "P2P-DEVICE-LOST p2p_dev_addr=42:00:00:00:01:00"), ==,
                    MC_PEER_CHANGE_NONE);
    add(list, 2, "name='other' wfd_dev_info=0x01111c440032");
    mc_peer_list_clear(list);
    g_assert_cmpuint(mc_peer_list_count(list), ==, 1);
    mc_peer_list_pin(list, NULL);
    g_assert_cmpuint(mc_peer_list_expire(list, 100, 99), ==, 0);
    g_assert_cmpuint(mc_peer_list_expire(list, 100, 98), ==, 1);
}

static void test_flood(void)
{
    g_autoptr(McPeerList) list = mc_peer_list_new();

    add(list, 1, "name='TV' wfd_dev_info=0x01111c440032");
    for (int i = 0; i < 5000; i++)
        feed(list, 10 + i, NULL, "P2P-DEVICE-FOUND 02:00:00:00:%02x:%02x name='x'", i >> 8,
             i & 255);
    g_assert_cmpuint(mc_peer_list_count(list), ==, MC_PEER_MAX);
    g_assert_nonnull(mc_peer_list_find(list, &sink));
    g_assert_nonnull(add(list, 2, "name='second' wfd_dev_info=0x01111c440032"));
    g_assert_cmpuint(mc_peer_list_count(list), ==, MC_PEER_MAX);
    g_assert_cmpuint(mc_peer_list_expire(list, 6000, 1), ==, MC_PEER_MAX);
}

static void test_lookup(void)
{
    g_autoptr(McPeerList) list = mc_peer_list_new();
    const McPeer *one = add(list, 1, "name='Living Room' config_methods=0x80");
    const McPeer *two = add(list, 2, "name='Living' config_methods=0x80");
    bool ambiguous;

    g_assert_true(mc_peer_list_lookup(list, "42:00:00:00:01:00", &ambiguous) == one);
    g_assert_true(mc_peer_list_lookup(list, "living", &ambiguous) == two);
    g_assert_true(mc_peer_list_lookup(list, "LIVING R", &ambiguous) == one);
    g_assert_null(mc_peer_list_lookup(list, "Li", &ambiguous));
    g_assert_true(ambiguous);
    g_assert_null(mc_peer_list_lookup(list, "Kitchen", &ambiguous));
    g_assert_false(ambiguous);
    g_assert_null(mc_peer_list_lookup(list, "", &ambiguous));
    g_assert_null(mc_peer_list_lookup(list, "\xff", &ambiguous));
    add(list, 3, "name='Living' config_methods=0x80");
    g_assert_null(mc_peer_list_lookup(list, "Living", &ambiguous));
    g_assert_true(ambiguous);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/peer/from-the-lab", test_from_the_lab);
    g_test_add_func("/peer/details", test_details);
    g_test_add_func("/peer/bad-details", test_bad_details_change_nothing);
    g_test_add_func("/peer/states-and-hints", test_states_and_hints);
    g_test_add_func("/peer/methods", test_methods);
    g_test_add_func("/peer/brands", test_brands);
    g_test_add_func("/peer/changes", test_changes);
    g_test_add_func("/peer/pinned", test_pinned_peer_stays);
    g_test_add_func("/peer/flood", test_flood);
    g_test_add_func("/peer/lookup", test_lookup);
    return g_test_run();
}
