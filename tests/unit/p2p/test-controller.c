/* SPDX-License-Identifier: MIT */
/* The Wi-Fi Direct machine: who is meant, and how a connection begins and ends. See
 * controller-play.h. */
#include "controller-play.h"

#include <string.h>

static const Script scripts[] = {
    {"client", "Lab Sink", CLIENT_READY "+ 600000\n= ready\n"},
    {"owner", "lab sink", GO_READY "+ 600000\n= ready\n"},
    {"by-address", SINK, TO_CONNECT CONNECT14 "= negotiating\n"},
    {"part-of-name-settles", "sin",
     SEARCH FOUND "> P2P_PEER " SINK "\n" PEER_REPLY "= searching\n+ 2500\n> P2P_PEER " SINK
                  "\n" PEER_REPLY CONNECT14 "= negotiating\n"},
    {"only-sink", "",
     SEARCH FOUND "> P2P_PEER " SINK "\n" PEER_REPLY "+ 2500\n> P2P_PEER " SINK
                  "\n" PEER_REPLY CONNECT14 "= negotiating\n"},
    {"ambiguous", "Lab",
     SEARCH FOUND
     "> P2P_PEER " SINK "\n" PEER_REPLY
     "! P2P-DEVICE-FOUND 42:00:00:00:02:00 p2p_dev_addr=42:00:00:00:02:00 "
     "pri_dev_type=7-0050F204-1 name='Lab Two' config_methods=0x80 dev_capab=0x25 "
     "group_capab=0x0 wfd_dev_info=0x00111c440032 new=1\n"
     "> P2P_PEER 42:00:00:00:02:00\n< FAIL\n+ 2500\n> P2P_STOP_FIND\n* failed link.ambiguous\n"
     "= failed\n"},
    {"not-found", "Attic",
     SEARCH FOUND "> P2P_PEER " SINK "\n" PEER_REPLY
                  "! P2P-FIND-STOPPED\n+ 50\n> P2P_FIND 30\n! P2P-FIND-STOPPED\n+ 1000\n"
                  "> P2P_FIND 30\n"
                  "+ 29000\n> P2P_STOP_FIND\n* failed link.not-found\n= failed\n"},
    {"find-refused-is-repeated", "Attic",
     ANNOUNCE "> P2P_FIND 4 type=social\n< FAIL-BUSY\n= searching\n+ 5000\n> P2P_FIND 4 "
              "type=social\n= searching\n"},
    {"not-ready", "TV",
     SEARCH "! P2P-DEVICE-FOUND " SINK " p2p_dev_addr=" SINK
            " pri_dev_type=7-0050F204-1 name='TV' config_methods=0x188 dev_capab=0x25 "
            "group_capab=0x0 new=1\n> P2P_PEER " SINK
            "\n< FAIL\n= searching\n+ 30000\n> P2P_STOP_FIND\n* failed link.sink-not-ready\n"
            "= failed\n"},
    {"becomes-ready", "Lab Sink",
     SEARCH "! P2P-DEVICE-FOUND " SINK " p2p_dev_addr=" SINK
            " pri_dev_type=7-0050F204-1 name='Lab Sink' config_methods=0x188 dev_capab=0x25 "
            "group_capab=0x0 new=1\n> P2P_PEER " SINK
            "\n< FAIL\n= searching\n+ 9000\n! P2P-DEVICE-FOUND " SINK " p2p_dev_addr=" SINK
            " pri_dev_type=7-0050F204-1 name='Lab Sink' config_methods=0x188 dev_capab=0x25 "
            "group_capab=0x0 wfd_dev_info=0x00111c440032 new=0\n> P2P_PEER " SINK "\n" PEER_REPLY
            "> P2P_PEER " SINK "\n" PEER_REPLY CONNECT14 "= negotiating\n"},
    {"busy", "TV",
     SEARCH "! P2P-DEVICE-FOUND " SINK " p2p_dev_addr=" SINK
            " pri_dev_type=7-0050F204-1 name='TV' config_methods=0x188 dev_capab=0x25 "
            "group_capab=0x0 wfd_dev_info=0x00011c440032 new=1\n> P2P_PEER " SINK
            "\n< FAIL\n+ 30000\n> P2P_STOP_FIND\n* failed link.peer-busy\n= failed\n"},
    {"not-a-sink", "Phone",
     SEARCH "! P2P-DEVICE-FOUND " SINK " p2p_dev_addr=" SINK
            " pri_dev_type=10-0050F204-5 name='Phone' config_methods=0x188 dev_capab=0x25 "
            "group_capab=0x0 wfd_dev_info=0x00101c440032 new=1\n> P2P_PEER " SINK
            "\n< FAIL\n+ 30000\n> P2P_STOP_FIND\n* failed link.not-a-sink\n= failed\n"},
    {"no-wifi-display", "x",
     "> SET wifi_display 1\n< FAIL\n* failed link.no-wifi-display\n"
     "> WFD_SUBELEM_SET all 00000600101c4400c8\n< FAIL\n"
     "> P2P_FIND 4 type=social\n> P2P_STOP_FIND\n= failed\n"},
    /* No reply to P2P_PEER: what the event said has to do. */
    {"check-times-out", "Lab Sink",
     SEARCH FOUND "> P2P_PEER " SINK "\n" PEER_REPLY "> P2P_PEER " SINK
                  "\nx \n+ 1999\n= checking\n+ 1\n" CONNECT14 "= negotiating\n"},
};

static void test_discover(void)
{
    Play self;

    play_begin(&self, NULL);
    mc_controller_discover(self.controller, true, self.now_us);
    mc_controller_discover(self.controller, true, self.now_us);
    play(&self,
         ANNOUNCE "> P2P_FIND 4 type=social\n" FOUND "> P2P_PEER " SINK "\n" PEER_REPLY "= idle\n");
    g_assert_cmpuint(mc_peer_list_count(mc_controller_peers(self.controller)), ==, 1);
    g_assert_cmpint(mc_peer_list_nth(mc_controller_peers(self.controller), 0)->level_dbm, ==, -30);
    play(&self, "! P2P-FIND-STOPPED \n+ 50\n> P2P_FIND 30\n! P2P-DEVICE-LOST p2p_dev_addr=" SINK
                "\n= idle\n");
    g_assert_cmpuint(mc_peer_list_count(mc_controller_peers(self.controller)), ==, 0);
    mc_controller_discover(self.controller, false, self.now_us);
    play(&self, "> P2P_STOP_FIND\n+ 100000\n= idle\n");
    play_end(&self);
}

/* Discovery rests while a connection is under way, and goes on after it. */
static void test_discover_beside_a_connection(void)
{
    McControllerWish wish = {0};
    Play self;

    play_begin(&self, NULL);
    mc_controller_discover(self.controller, true, self.now_us);
    play(&self,
         ANNOUNCE "> P2P_FIND 4 type=social\n" FOUND "> P2P_PEER " SINK "\n" PEER_REPLY "= idle\n");
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    play(&self, "> P2P_PEER " SINK "\n" PEER_REPLY CONNECT14
                "! P2P-FIND-STOPPED \n+ 5000\n= negotiating\n");
    play_leave(&self);
    play(&self, "> P2P_CANCEL\n* left \n+ 1000\n> P2P_FIND 30\n= left\n");
    play_end(&self);
}

static void test_supplicant_gone(void)
{
    McControllerWish wish = {0};
    Play self;

    play_begin(&self, "Lab Sink");
    play(&self, TO_CONNECT CONNECT14);
    mc_controller_supplicant_gone(self.controller, self.now_us);
    play(&self, "> P2P_CANCEL\n* failed link.supplicant-gone\n= failed\n");
    g_assert_cmpuint(mc_peer_list_count(mc_controller_peers(self.controller)), ==, 0);
    /* It is back: everything is announced anew. */
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    play(&self, SEARCH);
    play_end(&self);
}

static void test_supplicant_gone_while_discovering(void)
{
    Play self;

    play_begin(&self, NULL);
    mc_controller_discover(self.controller, true, self.now_us);
    play(&self, ANNOUNCE SWEEP);
    mc_controller_supplicant_gone(self.controller, self.now_us);
    play(&self, "* failed link.supplicant-gone\n= failed\n+ 100000\n= failed\n");
    mc_controller_discover(self.controller, true, self.now_us);
    play(&self, ANNOUNCE SWEEP);
    play_end(&self);
}

static void test_leave_everywhere(void)
{
    static const struct {
        const char *script, *after;
    } cases[] = {
        {SEARCH, "> P2P_STOP_FIND\n* left \n= left\n"},
        {SEARCH FOUND "> P2P_PEER " SINK "\n" PEER_REPLY "> P2P_PEER " SINK "\n",
         "* left \n= left\n"},
        {TO_CONNECT CONNECT14, "> P2P_CANCEL\n* left \n= left\n"},
        {TO_CONNECT CONNECT14 NEG_GO, "> P2P_CANCEL\n* left \n= left\n"},
        {TO_CONNECT CONNECT14 "+ 40000\n> P2P_CANCEL\n* retry link.no-answer\n",
         "* left \n= left\n"},
        {AS_CLIENT, STOP "= leaving\n! P2P-GROUP-REMOVED p2p-wlan0-0 client reason=REQUESTED\n"
                         "* left \n= left\n"},
        {GO_READY, STOP "= leaving\n+ 3000\n* left \n= left\n"},
        {CLIENT_READY, STOP "< FAIL\n* left \n= left\n"},
        {GO_READY STATION_GONE, STOP "! P2P-GROUP-REMOVED p2p-wlan0-0 GO reason=REQUESTED\n"
                                     "* left \n= left\n"},
        {REMEMBERED, "> P2P_CANCEL\n* left \n= left\n"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Play self;

        play_begin(&self, "Lab Sink");
        play(&self, cases[i].script);
        play_leave(&self);
        play(&self, cases[i].after);
        play_leave(&self); /* once more changes nothing */
        play(&self, "= left\n+ 100000\n= left\n");
        play_end(&self);
    }
}

static void test_late_group_after_leaving(void)
{
    Play self;

    play_begin(&self, "Lab Sink");
    play(&self, TO_CONNECT CONNECT14 NEG_GO);
    play_leave(&self);
    play(&self, "> P2P_CANCEL\n* left \n! P2P-GROUP-STARTED p2p-wlan0-0 GO ssid=\"DIRECT-ZA\" "
                "freq=2412 passphrase=\"15wHl8kT\" go_dev_addr=42:00:00:00:00:00\n"
                "> P2P_GROUP_REMOVE p2p-wlan0-0\n= left\n");
    play_end(&self);
}

static void test_denied(void)
{
    Play self;

    play_begin(&self, "Lab Sink");
    play(&self, TO_CONNECT CONNECT14 "< FAIL-PERMISSION\n> P2P_CANCEL\n"
                                     "* failed link.no-permission\n= failed\n");
    play_end(&self);
}

/* No order of events, replies and times may break it: it goes on, or ends, and is bounded. */
static void test_any_order(void)
{
    static const char *const lines[] = {
        FOUND,
        NEG_GO,
        NEG_CLIENT,
        STATION,
        STATION_GONE,
        ASKED,
        "! P2P-GROUP-STARTED p2p-wlan0-0 GO ssid=\"D\" freq=2412 go_dev_addr=42:00:00:00:00:00\n",
        "! P2P-GROUP-STARTED p2p-wlan0-0 client ssid=\"D\" freq=2412 go_dev_addr=" SINK "\n",
        "! P2P-GROUP-REMOVED p2p-wlan0-0 GO reason=IDLE\n",
        "! P2P-GO-NEG-FAILURE status=9\n",
        "! P2P-GROUP-FORMATION-FAILURE \n",
        "! P2P-DEVICE-LOST p2p_dev_addr=" SINK "\n",
        "! P2P-INVITATION-RESULT status=0 \n",
        "! P2P-INVITATION-RESULT status=8 \n",
        "! WPS-FAIL msg=8 config_error=18\n",
        "! WPS-OVERLAP-DETECTED \n",
        "! P2P-FIND-STOPPED \n",
        "! P2P-GO-NEG-REQUEST " SINK " dev_passwd_id=4 go_intent=15\n",
        "! P2P-PROV-DISC-SHOW-PIN " SINK " 88887777 p2p_dev_addr=" SINK "\n",
        "! P2P-PERSISTENT-PSK-FAIL id=3\n",
        "! CTRL-EVENT-TERMINATING \n",
        OWN_GO,
        LEASE,
        OWN_CLIENT,
        "+ 700\n",
        "+ 5000\n",
        "+ 41000\n",
    };
    static const char *const replies[] = {"OK",       "FAIL", "FAIL-BUSY",
                                          "12345670", "",     SINK "|persistent=3"};
    g_autoptr(GRand) random = g_rand_new_with_seed(7);

    for (int round = 0; round < 300; round++) {
        McControllerWish wish = {.method = (McControllerMethod) g_rand_int_range(random, 0, 4)};
        McControllerConfig config = play_config();
        Play self;

        config.reconnects = (unsigned) g_rand_int_range(random, 0, 3);
        play_begin_with(&self, &config);
        mc_controller_discover(self.controller, g_rand_boolean(random), self.now_us);
        for (int step = 0; step < 60; step++) {
            McAction *action = g_queue_pop_head(&self.commands);

            if (g_rand_int_range(random, 0, 8) == 0)
                mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us);
            if (g_rand_int_range(random, 0, 8) == 0)
                mc_controller_pin(self.controller, "56103502", self.now_us);
            if (g_rand_int_range(random, 0, 30) == 0)
                play_leave(&self);
            self.last_id = action ? action->id : 0;
            self.last_answered = false;
            play_answer(&self, replies[g_rand_int_range(random, 0, G_N_ELEMENTS(replies))]);
            g_free(action);
            play(&self, lines[g_rand_int_range(random, 0, G_N_ELEMENTS(lines))]);
        }
        play_leave(&self);
        play(&self, "+ 200000\n");
        McControllerState state = mc_controller_state(self.controller);
        g_assert_true(state == MC_CONTROLLER_LEFT || state == MC_CONTROLLER_FAILED ||
                      state == MC_CONTROLLER_IDLE);
        g_assert_cmpstr(mc_controller_ifname(self.controller), ==, "");
        play_end(&self);
    }
}

static void test_commands(void)
{
    McCommand command = {.kind = MC_COMMAND_CONNECT,
                         .method = MC_PEER_METHOD_ENTER_PIN,
                         .pin = "56103502",
                         .go_intent = 3,
                         .freq_mhz = 2412};
    g_autofree char *text = mc_command_text(&command);
    g_autofree char *redacted = mc_command_text_redacted(&command);

    g_assert_cmpstr(text, ==,
                    "P2P_CONNECT 00:00:00:00:00:00 56103502 keypad persistent go_intent=3 "
                    "freq=2412");
    g_assert_null(strstr(redacted, "56103502"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    play_add(scripts, G_N_ELEMENTS(scripts));
    g_test_add_func("/controller/discover", test_discover);
    g_test_add_func("/controller/discover-beside-a-connection", test_discover_beside_a_connection);
    g_test_add_func("/controller/supplicant-gone", test_supplicant_gone);
    g_test_add_func("/controller/supplicant-gone-while-discovering",
                    test_supplicant_gone_while_discovering);
    g_test_add_func("/controller/leave-everywhere", test_leave_everywhere);
    g_test_add_func("/controller/late-group-after-leaving", test_late_group_after_leaving);
    g_test_add_func("/controller/denied", test_denied);
    g_test_add_func("/controller/any-order", test_any_order);
    g_test_add_func("/controller/commands", test_commands);
    return g_test_run();
}
