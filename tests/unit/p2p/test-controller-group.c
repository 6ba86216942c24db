/* SPDX-License-Identifier: MIT */
/* The Wi-Fi Direct machine: in a group, its addresses and its end. See controller-play.h. */
#include "controller-play.h"

#define OUT_OF_REACH                                                                               \
    "! P2P-GROUP-REMOVED p2p-wlan0-0 client reason=IDLE\n@ address-stop p2p-wlan0-0\n"

static const Script scripts[] = {
    /* --- addresses ---------------------------------------------------------------------------- */
    {"address-with-the-keys", "Lab Sink",
     TO_CONNECT CONNECT14 NEG_CLIENT
     "! P2P-GROUP-STARTED p2p-wlan0-0 client ssid=\"DIRECT-ZA\" freq=2412 psk=33 go_dev_addr=" SINK
     " ip_addr=192.168.42.2 ip_mask=255.255.255.0 go_ip_addr=192.168.42.1\n"
     "@ power-save-off p2p-wlan0-0\n@ static p2p-wlan0-0 192.168.42.2 192.168.42.1\n= addressing\n"
     "a own 192.168.42.2 0.0.0.0\n* ready \n= ready\n"},
    {"no-address", "Lab Sink",
     AS_CLIENT "+ 20000\n" STOP "* retry link.address-timeout\n= pausing\n" LOOKED CONNECT14
               "= negotiating\n"},
    {"address-fails", "Lab Sink",
     AS_CLIENT "a failed 0.0.0.0 0.0.0.0\n" STOP "* retry link.address-failed\n= pausing\n"},
    {"sink-does-not-come-in", "Lab Sink",
     AS_GO OWN_GO "+ 20000\n" STOP "* retry link.association-timeout\n" LOOKED CONNECT0
                  "= negotiating\n"},
    {"sink-comes-in-twice", "Lab Sink",
     AS_GO OWN_GO STATION "= addressing\n+ 9600\n" STATION_GONE "= associating\n" STATION
                          "= addressing\n" LEASE
                          "* ready \n> LIST_NETWORKS\n< network id / ssid\n= ready\n"},
    {"stranger-comes-in", "Lab Sink",
     AS_GO OWN_GO "! AP-STA-CONNECTED 46:00:00:00:09:00 p2p_dev_addr=42:00:00:00:09:00\n"
                  "= associating\n"},
    {"lease-of-the-keys", "Lab Sink",
     AS_GO OWN_GO "! AP-STA-CONNECTED 46:00:00:00:01:00 p2p_dev_addr=" SINK
                  " ip_addr=192.168.49.20\n* ready \n> LIST_NETWORKS\n< x\n= ready\n"},

    /* --- loss ----------------------------------------------------------------------------------
     */
    {"sink-ends-its-group", "Lab Sink",
     CLIENT_READY "! P2P-GROUP-REMOVED p2p-wlan0-0 client reason=GO_ENDING_SESSION\n"
                  "@ address-stop p2p-wlan0-0\n* lost link.peer-left\n* failed link.peer-left\n"
                  "= failed\n"},
    {"out-of-reach", "Lab Sink",
     CLIENT_READY OUT_OF_REACH "* lost link.lost\n* failed link.lost\n= failed\n"},
    {"another-program", "Lab Sink",
     CLIENT_READY "! P2P-GROUP-REMOVED p2p-wlan0-0 client reason=REQUESTED\n"
                  "@ address-stop p2p-wlan0-0\n* lost link.group-removed\n"
                  "* failed link.group-removed\n= failed\n"},
    {"another-group-ends", "Lab Sink",
     CLIENT_READY "! P2P-GROUP-REMOVED p2p-wlan0-3 client reason=IDLE\n= ready\n"},
    {"interrupted-and-back", "Lab Sink",
     GO_READY STATION_GONE "= interrupted\n+ 9000\n" STATION "* ready \n= ready\n"},
    {"interrupted-for-good", "Lab Sink",
     GO_READY STATION_GONE "+ 10000\n" STOP "* lost link.lost\n* failed link.lost\n= failed\n"},
    {"terminating", "Lab Sink",
     CLIENT_READY "! CTRL-EVENT-TERMINATING \n" STOP "* failed link.supplicant-gone\n= failed\n"},
    {"channel-switch", "Lab Sink",
     CLIENT_READY "! CTRL-EVENT-CHANNEL-SWITCH freq=2437 ht_enabled=1 ch_offset=0 ch_width=20 MHz "
                  "cf1=2437 cf2=0 dfs=0\n= ready\n"},

    /* --- remembered groups ---------------------------------------------------------------------
     */
    {"old-groups-go", "Lab Sink",
     AS_GO OWN_GO STATION LEASE
     "* ready \n> LIST_NETWORKS\n< network id / ssid / bssid / flags|"
     "0\tHome\tany\t[CURRENT]|"
     "1\tDIRECT-AA\t" SINK "\t[DISABLED][P2P-PERSISTENT]|"
     "2\tDIRECT-BB\t42:00:00:00:00:00\t[DISABLED][P2P-PERSISTENT]|"
     "3\tDIRECT-CC\t42:00:00:00:00:00\t[DISABLED][P2P-PERSISTENT]|"
     "4\tDIRECT-ZA\t42:00:00:00:00:00\t[DISABLED][P2P-PERSISTENT]\n"
     "> REMOVE_NETWORK 1\n> SAVE_CONFIG\n< FAIL\n> GET_NETWORK 2 p2p_client_list\n< " SINK "\n"
     "> GET_NETWORK 3 p2p_client_list\n< " SINK " 42:00:00:00:05:00\n"
     "> REMOVE_NETWORK 2\n> SAVE_CONFIG\n< FAIL\n= ready\n"},
};

static void test_reconnects(void)
{
    McControllerConfig config = play_config();
    McControllerWish wish = {0};
    Play self;

    config.reconnects = 1;
    play_begin_with(&self, &config);
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    g_assert_false(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    play(&self, CLIENT_READY);
    play(&self, OUT_OF_REACH "* lost link.lost\n> P2P_PEER " SINK
                             "\n" PEER_REPLY CONNECT14 NEG_CLIENT STARTED_CLIENT OWN_CLIENT
                             "* ready \n= ready\n");
    play(&self, OUT_OF_REACH "* lost link.lost\n* failed link.lost\n= failed\n");
    play_end(&self);
}

static void test_dial_makes_ready(void)
{
    static const uint8_t ip[4] = {192, 168, 49, 77};
    uint8_t got[4];
    McMac station;
    Play self;

    play_begin(&self, "Lab Sink");
    g_assert_false(mc_controller_station_mac(self.controller, &station));
    play(&self, AS_GO OWN_GO STATION "= addressing\n");
    g_assert_true(mc_controller_own_ip(self.controller, got));
    g_assert_false(mc_controller_peer_ip(self.controller, got));
    g_assert_true(mc_controller_station_mac(self.controller, &station));
    g_assert_cmpuint(station.bytes[4], ==, 1);
    mc_controller_sink_dialled(self.controller, ip, self.now_us); /* an address of its own choice */
    play(&self, "* ready \n> LIST_NETWORKS\n< x\n= ready\n");
    g_assert_true(mc_controller_peer_ip(self.controller, got));
    g_assert_cmpmem(got, 4, ip, 4);
    g_assert_true(mc_controller_is_owner(self.controller));
    g_assert_cmpstr(mc_controller_ifname(self.controller), ==, "p2p-wlan0-0");
    g_assert_cmpuint(mc_controller_freq_mhz(self.controller), ==, 2412);
    play_end(&self);
}

/* Nobody tells which address the sink was given: it is ready when it is in and we have ours. */
static void test_poor_owner(void)
{
    McControllerConfig config = play_config();
    McControllerWish wish = {0};
    Play self;

    config.abilities = 0;
    play_begin_with(&self, &config);
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    play(&self, TO_CONNECT CONNECT0 STARTED_GO OWN_GO STATION "* ready \n= ready\n");
    play(&self, STATION_GONE "= interrupted\n" STATION "* ready \n= ready\n");
    play_end(&self);
    play_begin_with(&self, &config);
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    play(&self,
         TO_CONNECT CONNECT0 STARTED_GO STATION "= addressing\n" OWN_GO "* ready \n= ready\n");
    play_end(&self);
}

static void test_remembered_groups(void)
{
    McRememberedGroup groups[2];
    McMac sink;

    g_assert_true(mc_mac_parse(SINK, &sink));
    g_assert_cmpuint(mc_remembered_groups_parse("network id / ssid / bssid / flags\n"
                                                "0\tHome\tany\t[CURRENT]\n"
                                                "x\tDIRECT-AA\t" SINK "\t[P2P-PERSISTENT]\n"
                                                "7\tDIRECT-AA\t" SINK "\t[P2P-PERSISTENT]\n"
                                                "8\tDIRECT-BB\t" SINK "\t[P2P-PERSISTENT]\n"
                                                "9\tDIRECT-CC\t" SINK "\t[P2P-PERSISTENT]\n",
                                                groups, 2),
                     ==, 2);
    g_assert_cmpint(groups[0].id, ==, 7);
    g_assert_cmpstr(groups[1].ssid, ==, "DIRECT-BB");
    g_assert_true(mc_remembered_group_is_only_for(SINK "\n", &sink));
    g_assert_true(mc_remembered_group_is_only_for("\"" SINK "\"", &sink));
    g_assert_false(mc_remembered_group_is_only_for("FAIL\n", &sink));
    g_assert_false(mc_remembered_group_is_only_for(SINK " 42:00:00:00:05:00", &sink));
    g_assert_false(mc_remembered_group_is_only_for("", &sink));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    play_add(scripts, G_N_ELEMENTS(scripts));
    g_test_add_func("/controller/reconnects", test_reconnects);
    g_test_add_func("/controller/dial-makes-ready", test_dial_makes_ready);
    g_test_add_func("/controller/poor-owner", test_poor_owner);
    g_test_add_func("/controller/remembered-groups", test_remembered_groups);
    return g_test_run();
}
