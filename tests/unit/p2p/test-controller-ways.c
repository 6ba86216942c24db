/* SPDX-License-Identifier: MIT */
/* The Wi-Fi Direct machine: the ways to a group, one after the other. See controller-play.h. */
#include "controller-play.h"

/* The sink is asked to pair, and its request while it is. */
#define ASK "> P2P_STOP_FIND\n> P2P_PROV_DISC " SINK " "
#define ASK_DISPLAY ASK "display\n"
#define ASK_KEYPAD ASK "keypad\n"
#define ASK_PBC ASK "pbc\n"
#define BEGINS "! P2P-GO-NEG-REQUEST " SINK " dev_passwd_id=5 go_intent=15\n"

static const Script scripts[] = {
    /* --- roles: 14, then 0, then a group of the sink's own ---------------------------------- */
    {"both-own-then-client", "Lab Sink",
     TO_CONNECT CONNECT14 "! P2P-GO-NEG-FAILURE status=9\n> P2P_CANCEL\n* retry link.both-own\n"
                          "= pausing\n+ 1000\n" CONNECT0 NEG_CLIENT STARTED_CLIENT OWN_CLIENT
                          "* ready \n= ready\n"},
    {"then-join", "Lab Sink",
     TO_CONNECT CONNECT14
     "! P2P-GO-NEG-FAILURE status=9\n> P2P_CANCEL\n* retry link.both-own\n+ 1000\n" CONNECT0
     "! P2P-GO-NEG-FAILURE status=-1\n> P2P_CANCEL\n* retry link.no-answer\n+ 1000\n"
     "> P2P_FIND 12\n> P2P_PEER " SINK "\n" PEER_REPLY "= seeking\n+ 1500\n> P2P_PEER " SINK
     "\n< " SINK "|device_name=Lab Sink|config_methods=0x188|group_capab=0x2b|oper_freq=2437|"
     "wfd_subelems=00000600111c440032\n> P2P_CONNECT " SINK " pbc persistent join\n"
     "= joining\n" STARTED_CLIENT OWN_CLIENT "* ready \n= ready\n"},
    {"no-group-to-join", "Lab Sink",
     TO_CONNECT CONNECT14
     "! P2P-GO-NEG-FAILURE status=9\n> P2P_CANCEL\n* retry link.both-own\n+ 1000\n" CONNECT0
     "! P2P-GO-NEG-FAILURE status=9\n> P2P_CANCEL\n* retry link.both-own\n+ 1000\n"
     "> P2P_FIND 12\n> P2P_PEER " SINK "\n" PEER_REPLY "+ 1500\n> P2P_PEER " SINK "\n" PEER_REPLY
     "+ 1500\n> P2P_PEER " SINK "\n" PEER_REPLY "+ 1500\n> P2P_PEER " SINK "\n" PEER_REPLY
     "+ 1500\n> P2P_PEER " SINK "\n" PEER_REPLY "+ 1500\n> P2P_PEER " SINK "\n" PEER_REPLY
     "+ 1500\n> P2P_PEER " SINK "\n" PEER_REPLY "+ 1500\n> P2P_PEER " SINK "\n" PEER_REPLY
     "+ 1500\n> P2P_PEER " SINK "\n" PEER_REPLY
     "> P2P_STOP_FIND\n* failed link.both-own\n= failed\n"},
    {"its-group-stays", "Lab Sink",
     AS_CLIENT "+ 20000\n" STOP "* retry link.address-timeout\n" LOOK "! P2P-DEVICE-FOUND " SINK
               " p2p_dev_addr=" SINK " pri_dev_type=7-0050F204-1 "
               "name='Lab Sink' config_methods=0x188 dev_capab=0x25 group_capab=0x2b "
               "wfd_dev_info=0x00111c440032 new=0\n> P2P_CONNECT " SINK
               " pbc persistent join\n= joining\n" STARTED_CLIENT "+ 20000\n" STOP
               "* failed link.address-timeout\n= failed\n"},
    {"joins-running-group", "Roku 3",
     SEARCH ROKU "> P2P_PEER " SINK "\n< FAIL\n> P2P_PEER " SINK "\n< FAIL\n> P2P_CONNECT " SINK
                 " pbc persistent join\n= joining\n"},
    {"join-repeats-once", "Roku 3",
     SEARCH ROKU "> P2P_PEER " SINK "\n< FAIL\n> P2P_PEER " SINK "\n< FAIL\n> P2P_CONNECT " SINK
                 " pbc persistent join\n+ 40000\n"
                 "> P2P_CANCEL\n* retry link.join-timeout\n" LOOK ROKU "> P2P_CONNECT " SINK
                 " pbc persistent join\n+ 40000\n"
                 "> P2P_CANCEL\n* failed link.join-timeout\n= failed\n"},
    {"insists-on-owning", "Fire TV",
     SEARCH "! P2P-DEVICE-FOUND " SINK " p2p_dev_addr=" SINK
            " pri_dev_type=7-0050F204-1 name='Fire TV' config_methods=0x80 dev_capab=0x25 "
            "group_capab=0x0 wfd_dev_info=0x00111c440032 new=1\n> P2P_PEER " SINK
            "\n< FAIL\n> P2P_PEER " SINK "\n< FAIL\n" CONNECT0 "= negotiating\n"},
    {"no-answer", "Lab Sink",
     TO_CONNECT CONNECT14 "+ 39999\n= negotiating\n+ 1\n> P2P_CANCEL\n* retry link.no-answer\n"
                          "= pausing\n"},
    {"vanishes-while-negotiating", "Lab Sink",
     TO_CONNECT CONNECT14 "+ 40000\n> P2P_CANCEL\n* retry link.no-answer\n" LOOK
                          "! P2P-DEVICE-LOST p2p_dev_addr=" SINK "\n= looking\n"
                          "! P2P-FIND-STOPPED\n+ 50\n> P2P_FIND 30\n= looking\n+ 13950\n"
                          "> P2P_STOP_FIND\n* failed link.lost\n= failed\n"},
    {"begins-while-we-look", "Lab Sink",
     TO_CONNECT CONNECT14 "+ 40000\n> P2P_CANCEL\n* retry link.no-answer\n" LOOK
                          "! P2P-GO-NEG-REQUEST " SINK " dev_passwd_id=4 go_intent=15\n" CONNECT0
                          "= negotiating\n"},
    {"rejected-is-final", "Lab Sink",
     TO_CONNECT CONNECT14 "! P2P-GO-NEG-FAILURE status=11\n> P2P_CANCEL\n* failed link.rejected\n"
                          "= failed\n"},
    {"formation-timeout", "Lab Sink",
     TO_CONNECT CONNECT14 NEG_GO
     "+ 25000\n> P2P_CANCEL\n* retry link.group-formation-timeout\n" LOOKED CONNECT0
     "= negotiating\n"},
    {"formation-failure", "Lab Sink",
     TO_CONNECT CONNECT14 NEG_GO
     "! P2P-GROUP-FORMATION-FAILURE \n> P2P_CANCEL\n* retry link.group-formation-failed\n"
     "! P2P-GROUP-REMOVED p2p-wlan0-0 GO reason=FORMATION_FAILED\n= pausing\n" LOOKED CONNECT0
     "= negotiating\n"},
    {"connect-refused-twice", "Lab Sink",
     TO_CONNECT CONNECT14
     "< FAIL\n> P2P_CANCEL\n* retry link.supplicant-refused\n+ 1000\n" CONNECT14
     "< FAIL\n> P2P_CANCEL\n* retry link.supplicant-refused\n+ 1000\n" CONNECT0 "= negotiating\n"},
    {"sink-begins-late", "Lab Sink",
     TO_CONNECT CONNECT14
     "! P2P-GO-NEG-FAILURE status=1\n> P2P_CANCEL\n* retry link.no-answer\n= pausing\n"
     "! P2P-GO-NEG-REQUEST " SINK " dev_passwd_id=4 go_intent=15\n" CONNECT0 "= negotiating\n"},
    {"stranger-is-not-answered", "Lab Sink",
     TO_CONNECT CONNECT14 "! P2P-GO-NEG-REQUEST 42:00:00:00:09:00 dev_passwd_id=4 go_intent=15\n"
                          "* request \n= negotiating\n"},
    {"strangers-success", "Lab Sink",
     TO_CONNECT CONNECT14 "! P2P-GO-NEG-SUCCESS role=GO freq=2412 ht40=0 "
                          "peer_dev=42:00:00:00:09:00 peer_iface=46:00:00:00:09:00 "
                          "wps_method=PBC\n= negotiating\n"},
    {"overlap-without-pin", "Lab Sink",
     SEARCH "! P2P-DEVICE-FOUND " SINK " p2p_dev_addr=" SINK
            " pri_dev_type=7-0050F204-1 name='Lab Sink' config_methods=0x80 dev_capab=0x25 "
            "group_capab=0x0 wfd_dev_info=0x00111c440032 new=1\n> P2P_PEER " SINK
            "\n< FAIL\n> P2P_PEER " SINK "\n< FAIL\n" CONNECT14
            "! WPS-OVERLAP-DETECTED \n> P2P_CANCEL\n* failed link.pbc-overlap\n= failed\n"},
    {"overlap-then-pin", "Lab Sink",
     TO_CONNECT CONNECT14
     "! WPS-OVERLAP-DETECTED \n> P2P_CANCEL\n* retry link.pbc-overlap\n+ 1000\n" ASK_DISPLAY
     "= provisioning\n"},
    {"channel-refused", "Lab Sink",
     TO_CONNECT CONNECT14 "< FAIL-CHANNEL-UNAVAILABLE\n> P2P_CANCEL\n"
                          "* retry link.no-common-channel\n+ 1000\n" CONNECT0 "= negotiating\n"},
    {"stale-group-is-removed", "Lab Sink",
     TO_CONNECT CONNECT14 "+ 40000\n> P2P_CANCEL\n* retry link.no-answer\n"
                          "! P2P-GROUP-STARTED p2p-wlan0-7 GO ssid=\"DIRECT-ZA\" freq=2412 "
                          "passphrase=\"15wHl8kT\" go_dev_addr=42:00:00:00:00:00\n"
                          "> P2P_GROUP_REMOVE p2p-wlan0-7\n= pausing\n"},
    {"foreign-group-is-left-alone", "Lab Sink",
     SEARCH "! P2P-GROUP-STARTED p2p-wlan0-7 client ssid=\"DIRECT-ZA\" freq=2412 "
            "go_dev_addr=42:00:00:00:09:00\n= searching\n"},
};

static const Script remembered[] = {
    {"reinvoked", "Lab Sink",
     REMEMBERED
     "! P2P-INVITATION-RESULT status=0 46:00:00:00:01:00\n= forming\n" STARTED_CLIENT OWN_CLIENT
     "* ready \n= ready\n"},
    {"reinvoked-before-the-result", "Lab Sink",
     REMEMBERED STARTED_CLIENT OWN_CLIENT "* ready \n= ready\n"},
    {"forgotten-by-the-sink", "Lab Sink",
     REMEMBERED "! P2P-INVITATION-RESULT status=8 \n> P2P_CANCEL\n> REMOVE_NETWORK 3\n"
                "> SAVE_CONFIG\n* retry link.invitation-stale\n+ 1000\n" CONNECT14
                "= negotiating\n"},
    {"keys-differ", "Lab Sink",
     REMEMBERED
     "! P2P-INVITATION-RESULT status=0 \n! P2P-PERSISTENT-PSK-FAIL id=3\n> P2P_CANCEL\n"
     "> REMOVE_NETWORK 3\n> SAVE_CONFIG\n* retry link.invitation-stale\n+ 1000\n" CONNECT14
     "= negotiating\n"},
    {"keys-of-another-group-differ", "Lab Sink",
     REMEMBERED "! P2P-PERSISTENT-PSK-FAIL id=4\n= inviting\n"},
    {"no-answer-to-invitation", "Lab Sink",
     REMEMBERED "+ 10000\n> P2P_CANCEL\n* retry link.invitation-failed\n" LOOKED CONNECT14
                "= negotiating\n"},
    {"sink-asks-its-user", "Lab Sink",
     REMEMBERED "! P2P-INVITATION-RESULT status=1 \n> P2P_FIND 4 type=social\n= asked\n"
                "! P2P-FIND-STOPPED\n+ 500\n> P2P_FIND 30\n= asked\n"
                "! P2P-INVITATION-ACCEPTED sa=" SINK " persistent=3 freq=2412 ssid=\"DIRECT-ZA\" "
                "go_dev_addr=" SINK "\n= forming\n" STARTED_CLIENT OWN_CLIENT
                "* ready \n= ready\n"},
    {"sink's-user-does-not-answer", "Lab Sink",
     REMEMBERED "! P2P-INVITATION-RESULT status=1 \n> P2P_FIND 4 type=social\n= asked\n+ 15000\n"
                "> P2P_STOP_FIND\n* retry link.invitation-failed\n" LOOKED CONNECT14
                "= negotiating\n"},
    {"invitation-refused", "Lab Sink",
     SEARCH FOUND "> P2P_PEER " SINK "\n" PEER_REPLY "> P2P_PEER " SINK "\n< " SINK
                  "|device_name=Lab Sink|config_methods=0x188|group_capab=0x0|persistent=3|"
                  "wfd_subelems=00000600111c440032\n> P2P_INVITE persistent=3 peer=" SINK
                  "\n< FAIL\n> P2P_CANCEL\n* retry link.invitation-failed\n" LOOKED CONNECT14
                  "= negotiating\n"},
    {"sink-invites-us", "Lab Sink",
     REMEMBERED "! P2P-INVITATION-ACCEPTED sa=" SINK " persistent=3 freq=2412 ssid=\"DIRECT-ZA\" "
                "go_dev_addr=" SINK "\n= forming\n" STARTED_CLIENT},
};

static void begin_wish(Play *self, McControllerMethod method, const char *pin)
{
    McControllerConfig config = play_config();
    McControllerWish wish = {.method = method};

    play_begin_with(self, &config);
    g_assert_true(mc_controller_connect(self->controller, "Lab Sink", &wish, self->now_us));
    if (pin)
        g_assert_true(mc_controller_pin(self->controller, pin, self->now_us));
}

static void test_enter_pin(void)
{
    Play self;

    begin_wish(&self, MC_CONTROLLER_METHOD_ENTER_PIN, NULL);
    play(&self, TO_CONNECT ASK_DISPLAY "= provisioning\n" ASKED "* ask-pin \n= waiting-pin\n");
    g_assert_false(mc_controller_pin(self.controller, "12x4", self.now_us));
    g_assert_false(mc_controller_pin(self.controller, "123456789", self.now_us));
    g_assert_false(mc_controller_pin(self.controller, "", self.now_us));
    g_assert_true(mc_controller_pin(self.controller, "56103502", self.now_us));
    play(&self, "> P2P_CONNECT " SINK " 56103502 keypad persistent go_intent=14\n= negotiating\n");
    /* Wrong: WPS fails, and the person is asked again, three times in all. */
    play(&self, NEG_CLIENT "! WPS-FAIL msg=8 config_error=18\n! P2P-GROUP-FORMATION-FAILURE \n"
                           "> P2P_CANCEL\n* retry link.wrong-pin\n+ 1000\n" ASK_DISPLAY ASKED
                           "* ask-pin \n= waiting-pin\n");
    g_assert_true(mc_controller_pin(self.controller, "1234", self.now_us));
    play(&self,
         "> P2P_CONNECT " SINK " 1234 keypad persistent go_intent=14\n"
         "< FAIL-INVALID-PIN\n> P2P_CANCEL\n* retry link.wrong-pin\n+ 1000\n" ASK_DISPLAY ASKED
         "* ask-pin \n= waiting-pin\n");
    g_assert_true(mc_controller_pin(self.controller, "12345670", self.now_us));
    play(&self, "> P2P_CONNECT " SINK " 12345670 keypad persistent go_intent=14\n" NEG_CLIENT
                "! WPS-FAIL msg=8 config_error=18\n! P2P-GROUP-FORMATION-FAILURE \n> P2P_CANCEL\n"
                "* failed link.wrong-pin\n= failed\n");
    play_end(&self);
}

static void test_pin_given_before(void)
{
    Play self;

    begin_wish(&self, MC_CONTROLLER_METHOD_ENTER_PIN, "56103502");
    play(&self, TO_CONNECT ASK_DISPLAY ASKED
         "> P2P_CONNECT " SINK " 56103502 keypad persistent go_intent=14\n= negotiating\n");
    play_end(&self);
}

static void test_nobody_types(void)
{
    Play self;

    begin_wish(&self, MC_CONTROLLER_METHOD_ENTER_PIN, NULL);
    play(&self, TO_CONNECT ASK_DISPLAY ASKED
         "* ask-pin \n+ 120000\n* failed link.pin-timeout\n= failed\n");
    play_end(&self);
}

/* The sink's answer to the asking was lost, and it begins: its request is taken. */
static void test_begins_while_asked(void)
{
    Play self;

    begin_wish(&self, MC_CONTROLLER_METHOD_ENTER_PIN, NULL);
    play(&self, TO_CONNECT ASK_DISPLAY "! P2P-GO-NEG-REQUEST 42:00:00:00:09:00 dev_passwd_id=5\n"
                                       "* request \n= provisioning\n" BEGINS
                                       "* ask-pin \n= waiting-pin\n");
    g_assert_true(mc_controller_pin(self.controller, "56103502", self.now_us));
    play(&self, "> P2P_CONNECT " SINK " 56103502 keypad persistent go_intent=14\n= negotiating\n");
    play_end(&self);
    begin_wish(&self, MC_CONTROLLER_METHOD_ENTER_PIN, "56103502");
    play(&self, TO_CONNECT ASK_DISPLAY BEGINS "> P2P_CONNECT " SINK
                                              " 56103502 keypad persistent go_intent=14\n"
                                              "= negotiating\n");
    play_end(&self);
    /* It wants ours, which nobody has made yet; what comes late makes no second one. */
    begin_wish(&self, MC_CONTROLLER_METHOD_SHOW_PIN, NULL);
    play(&self, TO_CONNECT ASK_KEYPAD BEGINS
         "> P2P_CONNECT " SINK " pin display persistent go_intent=14\n"
         "< 88887777\n* show-pin 88887777\n= negotiating\n"
         "! P2P-PROV-DISC-SHOW-PIN " SINK " 11112222 p2p_dev_addr=" SINK "\n"
         "= negotiating\n");
    play_end(&self);
}

/* After a wrong PIN it would be the same one: the sink is asked for another one first. */
static void test_begins_again_after_a_wrong_pin(void)
{
    Play self;

    begin_wish(&self, MC_CONTROLLER_METHOD_ENTER_PIN, "12345670");
    play(&self, TO_CONNECT ASK_DISPLAY ASKED
         "> P2P_CONNECT " SINK " 12345670 keypad persistent go_intent=14\n" NEG_CLIENT
         "! WPS-FAIL msg=8 config_error=18\n! P2P-GROUP-FORMATION-FAILURE \n> P2P_CANCEL\n"
         "* retry link.wrong-pin\n" BEGINS "= pausing\n+ 1000\n" ASK_DISPLAY "= provisioning\n");
    play_end(&self);
}

/* Whoever gives up while the sink is asked ends the asking. */
static void test_leave_while_asked(void)
{
    Play self;

    begin_wish(&self, MC_CONTROLLER_METHOD_ENTER_PIN, NULL);
    play(&self, TO_CONNECT ASK_DISPLAY "= provisioning\n");
    play_leave(&self);
    play(&self, "> P2P_STOP_FIND\n* left \n= left\n+ 100000\n= left\n");
    play_end(&self);
}

static void test_show_pin(void)
{
    Play self;

    begin_wish(&self, MC_CONTROLLER_METHOD_SHOW_PIN, NULL);
    play(&self, TO_CONNECT ASK_KEYPAD
         "= provisioning\n"
         "! P2P-PROV-DISC-SHOW-PIN " SINK " 88887777 p2p_dev_addr=" SINK "\n"
         "* show-pin 88887777\n> P2P_CONNECT " SINK
         " 88887777 display persistent go_intent=14\n+ 100000\n= negotiating\n");
    play_end(&self);
}

static void test_provision_failures(void)
{
    Play self;

    begin_wish(&self, MC_CONTROLLER_METHOD_ENTER_PIN, NULL);
    play(&self, TO_CONNECT ASK_DISPLAY
         "< FAIL\n> P2P_STOP_FIND\n* retry link.supplicant-refused\n+ 1000\n" ASK_DISPLAY
         "! P2P-PROV-DISC-FAILURE p2p_dev_addr=" SINK " status=1\n"
         "> P2P_STOP_FIND\n* retry link.provision-timeout\n" LOOKED ASK_DISPLAY
         "! P2P-PROV-DISC-FAILURE p2p_dev_addr=" SINK " status=4\n"
         "> P2P_STOP_FIND\n* retry link.provision-failed\n"
         "+ 1000\n> P2P_FIND 12\n> P2P_PEER " SINK "\n" PEER_REPLY "= seeking\n");
    play_end(&self);
    begin_wish(&self, MC_CONTROLLER_METHOD_ENTER_PIN, NULL);
    play(&self, TO_CONNECT ASK_DISPLAY "! P2P-PROV-DISC-FAILURE p2p_dev_addr=" SINK " status=2\n"
                                       "> P2P_STOP_FIND\n* failed link.wps-method\n= failed\n");
    play_end(&self);
}

static void test_provision_first(void)
{
    Play self;

    play_begin(&self, "Lab Sink");
    play(&self, SEARCH FOUND
         "> P2P_PEER " SINK "\n< " SINK "|device_name=Lab Sink|manufacturer=TCL|"
         "config_methods=0x188\n> P2P_PEER " SINK "\n< FAIL\n" ASK_PBC "= provisioning\n"
         "! P2P-PROV-DISC-PBC-RESP " SINK "\n" CONNECT14 "= negotiating\n");
    play_end(&self);
    /* Its person was quicker than its answer. */
    play_begin(&self, "Lab Sink");
    play(&self,
         SEARCH FOUND "> P2P_PEER " SINK "\n< " SINK "|device_name=Lab Sink|manufacturer=TCL|"
                      "config_methods=0x188\n> P2P_PEER " SINK "\n< FAIL\n" ASK_PBC BEGINS CONNECT14
                      "! P2P-PROV-DISC-PBC-RESP " SINK "\n= negotiating\n");
    play_end(&self);
}

static McRadioFacts one_channel_card(unsigned station_mhz)
{
    McRadioFacts facts = {.driver = "iwlwifi",
                          .country = "DE",
                          .has_station = true,
                          .station_freq_mhz = station_mhz,
                          .n_combinations = 1};

    facts.types = MC_RADIO_STATION | MC_RADIO_P2P_CLIENT | MC_RADIO_P2P_GO | MC_RADIO_P2P_DEVICE;
    facts.combinations[0] = (McRadioCombination){3,
                                                 3,
                                                 1,
                                                 {{MC_RADIO_STATION, 1},
                                                  {MC_RADIO_P2P_CLIENT | MC_RADIO_P2P_GO, 1},
                                                  {MC_RADIO_P2P_DEVICE, 1}}};
    for (unsigned freq = 2412; freq <= 2472; freq += 5)
        facts.channels[facts.n_channels++] = (McRadioChannel){freq, 0, 40};
    return facts;
}

static void test_plan_chooses_the_channel(void)
{
    McControllerConfig config = play_config();
    McControllerWish elsewhere = {.freq_mhz = 2462};
    McRadioFacts facts = one_channel_card(2437);
    Play self;

    play_begin(&self, "Lab Sink");
    mc_controller_set_radio(self.controller, &facts);
    play(&self, TO_CONNECT "> P2P_CONNECT " SINK " pbc persistent go_intent=14 freq=2437\n"
                           "= negotiating\n");
    play_end(&self);
    play_begin_with(&self, &config);
    mc_controller_set_radio(self.controller, &facts);
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &elsewhere, self.now_us));
    play(&self, TO_CONNECT "* failed link.radio-busy\n= failed\n");
    play_end(&self);
    elsewhere.may_drop_station = true;
    play_begin_with(&self, &config);
    mc_controller_set_radio(self.controller, &facts);
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &elsewhere, self.now_us));
    play(&self, TO_CONNECT "> DISCONNECT\n> P2P_CONNECT " SINK
                           " pbc persistent go_intent=14 freq=2462\n= negotiating\n");
    play_end(&self);
    facts.types = MC_RADIO_STATION;
    play_begin(&self, "Lab Sink");
    mc_controller_set_radio(self.controller, &facts);
    play(&self, TO_CONNECT "* failed link.no-p2p\n= failed\n");
    play_end(&self);
}

static void test_next_channel(void)
{
    McRadioFacts facts = one_channel_card(0);
    Play self;

    play_begin(&self, "Lab Sink");
    mc_controller_set_radio(self.controller, &facts);
    play(&self, SEARCH CHECKED);
    unsigned first = mc_controller_plan(self.controller)->freqs_mhz[0];
    g_autofree char *connect =
        g_strdup_printf("> P2P_CONNECT " SINK " pbc persistent go_intent=14 freq=%u\n", first);
    play(&self, connect);
    play(&self, "! P2P-GO-NEG-FAILURE status=7\n> P2P_CANCEL\n* retry link.no-common-channel\n"
                "+ 1000\n" CONNECT14 "= negotiating\n"); /* without a channel */
    play_end(&self);
}

static void test_poor_back_end(void)
{
    McControllerConfig config = play_config();
    McControllerWish wish = {0};
    Play self;

    config.abilities =
        0; /* NetworkManager: one way, twice; no PIN, no memory, no channel of ours */
    wish.freq_mhz = 5180;
    play_begin_with(&self, &config);
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    play(&self, TO_CONNECT CONNECT0 "! P2P-GO-NEG-FAILURE status=9\n> P2P_CANCEL\n"
                                    "* retry link.both-own\n+ 1000\n" CONNECT0
                                    "! P2P-GROUP-FORMATION-FAILURE \n> P2P_CANCEL\n"
                                    "* failed link.group-formation-failed\n= failed\n");
    play_end(&self);
    wish.method = MC_CONTROLLER_METHOD_ENTER_PIN;
    play_begin_with(&self, &config);
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    play(&self, TO_CONNECT "* failed link.wps-method\n= failed\n");
    play_end(&self);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    play_add(scripts, G_N_ELEMENTS(scripts));
    play_add(remembered, G_N_ELEMENTS(remembered));
    g_test_add_func("/controller/enter-pin", test_enter_pin);
    g_test_add_func("/controller/pin-given-before", test_pin_given_before);
    g_test_add_func("/controller/nobody-types", test_nobody_types);
    g_test_add_func("/controller/begins-while-asked", test_begins_while_asked);
    g_test_add_func("/controller/begins-again-after-a-wrong-pin",
                    test_begins_again_after_a_wrong_pin);
    g_test_add_func("/controller/leave-while-asked", test_leave_while_asked);
    g_test_add_func("/controller/show-pin", test_show_pin);
    g_test_add_func("/controller/provision-failures", test_provision_failures);
    g_test_add_func("/controller/provision-first", test_provision_first);
    g_test_add_func("/controller/plan-chooses-the-channel", test_plan_chooses_the_channel);
    g_test_add_func("/controller/next-channel", test_next_channel);
    g_test_add_func("/controller/poor-back-end", test_poor_back_end);
    return g_test_run();
}
