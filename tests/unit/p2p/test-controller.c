/* SPDX-License-Identifier: MIT */
/* The Wi-Fi Direct machine against scripts: every path from a name to a group and back, with the
 * lines that a real wpa_supplicant 2.10 wrote over simulated radios, and no waiting: time is told.
 *
 *   > command        the machine gives this command next (answered OK, or with the "<" that
 * follows) < reply ! event          wpa_supplicant says this
 *   @ action         the machine asks for this about addresses or power save
 *   * kind code      people are told this (steps, devices and plans are not compared)
 *   + milliseconds   time passes, the machine is woken when it asked to be
 *   = state          the state is this, and no command, action or telling is left over
 */
#include "p2p/controller.h"

#include <stdio.h>
#include <string.h>

#define SINK "42:00:00:00:01:00"
#define FOUND                                                                                      \
    "! P2P-DEVICE-FOUND " SINK " p2p_dev_addr=" SINK " pri_dev_type=7-0050F204-1 name='Lab Sink' " \
    "config_methods=0x188 dev_capab=0x25 group_capab=0x0 wfd_dev_info=0x00111c440032 new=1\n"
#define PEER_REPLY                                                                                 \
    "< " SINK "|pri_dev_type=7-0050F204-1|device_name=Lab Sink|config_methods=0x188|"              \
    "dev_capab=0x25|group_capab=0x0|level=-30|listen_freq=2437|wfd_subelems=00000600111c440032\n"
#define ANNOUNCE                                                                                   \
    "> SET wifi_display 1\n"                                                                       \
    "> WFD_SUBELEM_SET all 00000600101c4400c8\n"                                                   \
    "> SET persistent_reconnect 1\n"
#define SWEEP "> P2P_FIND 4 type=social\n"
#define SEARCH ANNOUNCE SWEEP "= searching\n"
/* Whole name: no settling; the reply to the first P2P_PEER comes while the second is on its way. */
#define CHECKED FOUND "> P2P_PEER " SINK "\n" PEER_REPLY "> P2P_PEER " SINK "\n" PEER_REPLY
#define TO_CONNECT SEARCH CHECKED
#define CONNECT14 "> P2P_CONNECT " SINK " pbc persistent go_intent=14\n"
#define CONNECT0 "> P2P_CONNECT " SINK " pbc persistent go_intent=0\n"
#define NEG_CLIENT                                                                                 \
    "! P2P-GO-NEG-SUCCESS role=client freq=2412 ht40=0 peer_dev=" SINK                             \
    " peer_iface=46:00:00:00:01:00 wps_method=PBC\n"
#define NEG_GO                                                                                     \
    "! P2P-GO-NEG-SUCCESS role=GO freq=2412 ht40=0 peer_dev=" SINK                                 \
    " peer_iface=46:00:00:00:01:00 wps_method=PBC\n"
#define STARTED_CLIENT                                                                             \
    "! P2P-GROUP-STARTED p2p-wlan0-0 client ssid=\"DIRECT-ZA\" freq=2412 psk=3348b3 "              \
    "go_dev_addr=" SINK "\n"                                                                       \
    "@ power-save-off p2p-wlan0-0\n@ dhcp-client p2p-wlan0-0\n= addressing\n"
#define STARTED_GO                                                                                 \
    "! P2P-GROUP-STARTED p2p-wlan0-0 GO ssid=\"DIRECT-ZA\" freq=2412 passphrase=\"15wHl8kT\" "     \
    "go_dev_addr=42:00:00:00:00:00 [PERSISTENT]\n"                                                 \
    "@ power-save-off p2p-wlan0-0\n@ dhcp-server p2p-wlan0-0 192.168.49.1\n= associating\n"
#define STATION "! AP-STA-CONNECTED 46:00:00:00:01:00 p2p_dev_addr=" SINK "\n"
#define STATION_GONE "! AP-STA-DISCONNECTED 46:00:00:00:01:00 p2p_dev_addr=" SINK "\n"
#define OWN_GO "a own 192.168.49.1 0.0.0.0\n"
#define LEASE "a lease 192.168.49.1 192.168.49.20\n"
#define OWN_CLIENT "a own 192.168.49.20 192.168.49.1\n"
#define AS_CLIENT TO_CONNECT CONNECT14 NEG_CLIENT "= forming\n" STARTED_CLIENT
#define CLIENT_READY AS_CLIENT OWN_CLIENT "* ready \n= ready\n"
#define AS_GO TO_CONNECT CONNECT14 NEG_GO "= forming\n" STARTED_GO
#define GO_READY                                                                                   \
    AS_GO OWN_GO STATION "= addressing\n" LEASE                                                    \
                         "* ready \n> LIST_NETWORKS\n< network id / ssid\n= "                      \
                         "ready\n"
/* After silence: is it there at all? */
#define LOOK "+ 1000\n> P2P_FIND 4 type=social\n= looking\n"
#define LOOKED LOOK FOUND
#define ROKU                                                                                       \
    "! P2P-DEVICE-FOUND " SINK " p2p_dev_addr=" SINK " pri_dev_type=7-0050F204-1 name='Roku 3' "   \
    "config_methods=0x80 dev_capab=0x25 group_capab=0x2b wfd_dev_info=0x00111c440096 new=1\n"
#define STOP "@ address-stop p2p-wlan0-0\n> P2P_GROUP_REMOVE p2p-wlan0-0\n"

typedef struct {
    McController *controller;
    GQueue commands, actions, told; /* McAction; text */
    unsigned last_id;
    bool last_answered;
    gint64 now_us;
} Play;

static McControllerConfig config_of(void)
{
    McControllerConfig config = {.abilities = MC_ABILITY_ALL};

    mc_wfd_ie_set_device(&config.wfd, &(McWfdDeviceInfo){0x0010, 7236, 200});
    return config;
}

static const char *const told_names[] = {
    [MC_PROGRESS_REQUEST] = "request", [MC_PROGRESS_SHOW_PIN] = "show-pin",
    [MC_PROGRESS_ASK_PIN] = "ask-pin", [MC_PROGRESS_RETRY] = "retry",
    [MC_PROGRESS_READY] = "ready",     [MC_PROGRESS_LOST] = "lost",
    [MC_PROGRESS_LEFT] = "left",       [MC_PROGRESS_FAILED] = "failed",
};

static char *action_text(const McAction *action)
{
    const uint8_t *a = action->own_ip, *p = action->peer_ip;

    switch (action->kind) {
    case MC_ACTION_DHCP_SERVER:
        return g_strdup_printf("dhcp-server %s %u.%u.%u.%u", action->ifname, a[0], a[1], a[2],
                               a[3]);
    case MC_ACTION_DHCP_CLIENT:
        return g_strdup_printf("dhcp-client %s", action->ifname);
    case MC_ACTION_ADDRESS_STATIC:
        return g_strdup_printf("static %s %u.%u.%u.%u %u.%u.%u.%u", action->ifname, a[0], a[1],
                               a[2], a[3], p[0], p[1], p[2], p[3]);
    case MC_ACTION_ADDRESS_STOP:
        return g_strdup_printf("address-stop %s", action->ifname);
    default:
        return g_strdup_printf("power-save-off %s", action->ifname);
    }
}

static void drain(Play *self)
{
    McAction action;

    while (mc_controller_next_action(self->controller, &action)) {
        if (action.kind == MC_ACTION_COMMAND) {
            g_queue_push_tail(&self->commands, g_memdup2(&action, sizeof(action)));
        } else if (action.kind != MC_ACTION_PROGRESS) {
            g_queue_push_tail(&self->actions, action_text(&action));
        } else if (told_names[action.progress.kind]) {
            const char *detail = action.progress.kind == MC_PROGRESS_SHOW_PIN
                                     ? action.progress.pin
                                     : action.progress.code;
            g_queue_push_tail(&self->told,
                              g_strdup_printf("%s %s", told_names[action.progress.kind], detail));
            g_assert_cmpuint(strlen(action.progress.text), >, 0);
        }
    }
}

static void answer(Play *self, const char *reply)
{
    if (self->last_id && !self->last_answered) {
        g_autofree char *text = g_strdelimit(g_strdup(reply), "|", '\n');
        mc_controller_reply(self->controller, self->last_id, text, self->now_us);
    }
    self->last_answered = true;
}

static void expect_text(GQueue *queue, const char *text)
{
    g_autofree char *got = g_queue_pop_head(queue);

    g_assert_cmpstr(got, ==, text);
}

static void expect_command(Play *self, const char *text)
{
    g_autofree McAction *action = g_queue_pop_head(&self->commands);

    if (!action)
        g_error("no command where '%s' was expected, state %s", text,
                mc_controller_state_name(mc_controller_state(self->controller)));
    g_autofree char *got = mc_command_text(&action->command);
    g_assert_cmpstr(got, ==, text);
    self->last_id = action->id;
    self->last_answered = false;
}

static void pass_time(Play *self, const char *text)
{
    gint64 end_us = self->now_us + g_ascii_strtoll(text, NULL, 10) * 1000, due;

    while ((due = mc_controller_deadline(self->controller)) >= 0 && due <= end_us) {
        self->now_us = MAX(self->now_us, due);
        mc_controller_tick(self->controller, self->now_us);
        drain(self);
    }
    self->now_us = end_us;
}

static void tell_address(Play *self, const char *text)
{
    McAddressEvent event = {.kind = g_str_has_prefix(text, "own")     ? MC_ADDRESS_OWN
                                    : g_str_has_prefix(text, "lease") ? MC_ADDRESS_LEASE
                                                                      : MC_ADDRESS_FAILED};
    unsigned a[4] = {0}, b[4] = {0};

    sscanf(strchr(text, ' '), " %u.%u.%u.%u %u.%u.%u.%u", &a[0], &a[1], &a[2], &a[3], &b[0], &b[1],
           &b[2], &b[3]);
    for (int i = 0; i < 4; i++) {
        event.own_ip[i] = (uint8_t) a[i];
        event.peer_ip[i] = (uint8_t) b[i];
    }
    g_strlcpy(event.ifname, "p2p-wlan0-0", sizeof(event.ifname));
    mc_controller_address(self->controller, &event, self->now_us);
}

static void check_state(Play *self, const char *name)
{
    McAction *action = g_queue_peek_head(&self->commands);

    g_assert_cmpstr(mc_controller_state_name(mc_controller_state(self->controller)), ==, name);
    if (action) {
        g_autofree char *text = mc_command_text(&action->command);
        g_error("in state %s, not expected: %s", name, text);
    }
    g_assert_cmpstr(g_queue_peek_head(&self->actions), ==, NULL);
    g_assert_cmpstr(g_queue_peek_head(&self->told), ==, NULL);
}

static void play_line(Play *self, const char *line)
{
    McWpaEvent event;
    const char *rest = line[0] ? line + 2 : line;

    if (g_test_verbose())
        g_printerr("%s\n", line);
    if (line[0] == 'x')
        self->last_answered = true;
    if (line[0] != '<' && line[0] != '\0')
        answer(self, "OK");
    drain(self);
    switch (line[0]) {
    case '>':
        expect_command(self, rest);
        break;
    case '<':
        answer(self, rest);
        break;
    case '!':
        g_assert_true(mc_wpa_event_parse(rest, &event));
        mc_controller_event(self->controller, &event, self->now_us);
        break;
    case '@':
        expect_text(&self->actions, rest);
        break;
    case '*':
        expect_text(&self->told, rest);
        break;
    case '+':
        pass_time(self, rest);
        break;
    case 'a':
        tell_address(self, rest);
        break;
    case '=':
        check_state(self, rest);
        break;
    case 'x':
    case '\0':
        break;
    default:
        g_assert_not_reached();
    }
    drain(self);
}

static void play(Play *self, const char *script)
{
    g_auto(GStrv) lines = g_strsplit(script, "\n", -1);

    for (char **line = lines; *line; line++)
        play_line(self, *line);
}

static void begin_with(Play *self, const McControllerConfig *config)
{
    *self =
        (Play){.controller = mc_controller_new(config), .now_us = 1000000, .last_answered = true};
}

static void begin(Play *self, const char *target)
{
    McControllerConfig config = config_of();
    McControllerWish wish = {0};

    begin_with(self, &config);
    if (target)
        g_assert_true(mc_controller_connect(self->controller, target, &wish, self->now_us));
}

static void end(Play *self)
{
    drain(self);
    g_queue_clear_full(&self->commands, g_free);
    g_queue_clear_full(&self->actions, g_free);
    g_queue_clear_full(&self->told, g_free);
    mc_controller_free(self->controller);
}

static void leave(Play *self)
{
    mc_controller_leave(self->controller, self->now_us);
}

/* Tests that are one script with one target. */
typedef struct {
    const char *name, *target, *script;
} Script;

static void test_script(gconstpointer data)
{
    const Script *script = data;
    Play self;

    begin(&self, script->target);
    play(&self, script->script);
    end(&self);
}

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
     "> WFD_SUBELEM_SET all 00000600101c4400c8\n< FAIL\n> SET persistent_reconnect 1\n"
     "> P2P_FIND 4 type=social\n> P2P_STOP_FIND\n= failed\n"},
    /* No reply to P2P_PEER: what the event said has to do. */
    {"check-times-out", "Lab Sink",
     SEARCH FOUND "> P2P_PEER " SINK "\n" PEER_REPLY "> P2P_PEER " SINK
                  "\nx \n+ 1999\n= checking\n+ 1\n" CONNECT14 "= negotiating\n"},

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
     "! WPS-OVERLAP-DETECTED \n> P2P_CANCEL\n* retry link.pbc-overlap\n+ 1000\n"
     "> P2P_PROV_DISC " SINK " display\n= provisioning\n"},
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
     CLIENT_READY "! P2P-GROUP-REMOVED p2p-wlan0-0 client reason=IDLE\n"
                  "@ address-stop p2p-wlan0-0\n* lost link.lost\n* failed link.lost\n= failed\n"},
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

#define REMEMBERED                                                                                 \
    SEARCH FOUND "> P2P_PEER " SINK "\n" PEER_REPLY "> P2P_PEER " SINK "\n< " SINK                 \
                 "|device_name=Lab Sink|config_methods=0x188|group_capab=0x0|persistent=3|"        \
                 "wfd_subelems=00000600111c440032\n> P2P_INVITE persistent=3 peer=" SINK           \
                 "\n= inviting\n"

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

/* --- what takes more than a script --------------------------------------------------------------
 */

static void begin_wish(Play *self, McControllerMethod method, const char *pin)
{
    McControllerConfig config = config_of();
    McControllerWish wish = {.method = method};

    begin_with(self, &config);
    g_assert_true(mc_controller_connect(self->controller, "Lab Sink", &wish, self->now_us));
    if (pin)
        g_assert_true(mc_controller_pin(self->controller, pin, self->now_us));
}

#define ASKED "! P2P-PROV-DISC-ENTER-PIN " SINK " p2p_dev_addr=" SINK "\n"

static void test_enter_pin(void)
{
    Play self;

    begin_wish(&self, MC_CONTROLLER_METHOD_ENTER_PIN, NULL);
    play(&self, TO_CONNECT "> P2P_PROV_DISC " SINK " display\n= provisioning\n" ASKED
                           "* ask-pin \n= waiting-pin\n");
    g_assert_false(mc_controller_pin(self.controller, "12x4", self.now_us));
    g_assert_false(mc_controller_pin(self.controller, "123456789", self.now_us));
    g_assert_false(mc_controller_pin(self.controller, "", self.now_us));
    g_assert_true(mc_controller_pin(self.controller, "56103502", self.now_us));
    play(&self, "> P2P_CONNECT " SINK " 56103502 keypad persistent go_intent=14\n= negotiating\n");
    /* Wrong: WPS fails, and the person is asked again, three times in all. */
    play(&self, NEG_CLIENT "! WPS-FAIL msg=8 config_error=18\n! P2P-GROUP-FORMATION-FAILURE \n"
                           "> P2P_CANCEL\n* retry link.wrong-pin\n+ 1000\n> P2P_PROV_DISC " SINK
                           " display\n" ASKED "* ask-pin \n= waiting-pin\n");
    g_assert_true(mc_controller_pin(self.controller, "1234", self.now_us));
    play(&self,
         "> P2P_CONNECT " SINK " 1234 keypad persistent go_intent=14\n"
         "< FAIL-INVALID-PIN\n> P2P_CANCEL\n* retry link.wrong-pin\n+ 1000\n> P2P_PROV_DISC " SINK
         " display\n" ASKED "* ask-pin \n= waiting-pin\n");
    g_assert_true(mc_controller_pin(self.controller, "12345670", self.now_us));
    play(&self, "> P2P_CONNECT " SINK " 12345670 keypad persistent go_intent=14\n" NEG_CLIENT
                "! WPS-FAIL msg=8 config_error=18\n! P2P-GROUP-FORMATION-FAILURE \n> P2P_CANCEL\n"
                "* failed link.wrong-pin\n= failed\n");
    end(&self);
}

static void test_pin_given_before(void)
{
    Play self;

    begin_wish(&self, MC_CONTROLLER_METHOD_ENTER_PIN, "56103502");
    play(&self, TO_CONNECT "> P2P_PROV_DISC " SINK " display\n" ASKED "> P2P_CONNECT " SINK
                           " 56103502 keypad persistent go_intent=14\n= negotiating\n");
    end(&self);
}

static void test_nobody_types(void)
{
    Play self;

    begin_wish(&self, MC_CONTROLLER_METHOD_ENTER_PIN, NULL);
    play(&self, TO_CONNECT "> P2P_PROV_DISC " SINK " display\n" ASKED
                           "* ask-pin \n+ 120000\n* failed link.pin-timeout\n= failed\n");
    end(&self);
}

static void test_show_pin(void)
{
    Play self;

    begin_wish(&self, MC_CONTROLLER_METHOD_SHOW_PIN, NULL);
    play(&self, TO_CONNECT "> P2P_PROV_DISC " SINK " keypad\n= provisioning\n"
                           "! P2P-PROV-DISC-SHOW-PIN " SINK " 88887777 p2p_dev_addr=" SINK "\n"
                           "* show-pin 88887777\n> P2P_CONNECT " SINK
                           " 88887777 display persistent go_intent=14\n+ 100000\n= negotiating\n");
    end(&self);
}

static void test_provision_failures(void)
{
    Play self;

    begin_wish(&self, MC_CONTROLLER_METHOD_ENTER_PIN, NULL);
    play(&self, TO_CONNECT "> P2P_PROV_DISC " SINK " display\n< FAIL\n"
                           "* retry link.supplicant-refused\n+ 1000\n> P2P_PROV_DISC " SINK
                           " display\n! P2P-PROV-DISC-FAILURE p2p_dev_addr=" SINK " status=1\n"
                           "* retry link.provision-timeout\n" LOOKED "> P2P_PROV_DISC " SINK
                           " display\n! P2P-PROV-DISC-FAILURE p2p_dev_addr=" SINK " status=4\n"
                           "* retry link.provision-failed\n+ 1000\n> P2P_FIND 12\n> P2P_PEER " SINK
                           "\n" PEER_REPLY "= seeking\n");
    end(&self);
    begin_wish(&self, MC_CONTROLLER_METHOD_ENTER_PIN, NULL);
    play(&self,
         TO_CONNECT "> P2P_PROV_DISC " SINK " display\n! P2P-PROV-DISC-FAILURE p2p_dev_addr=" SINK
                    " status=2\n* failed link.wps-method\n= failed\n");
    end(&self);
}

static void test_provision_first(void)
{
    Play self;

    begin(&self, "Lab Sink");
    play(&self,
         SEARCH FOUND "> P2P_PEER " SINK "\n< " SINK "|device_name=Lab Sink|manufacturer=TCL|"
                      "config_methods=0x188\n> P2P_PEER " SINK "\n< FAIL\n> P2P_PROV_DISC " SINK
                      " pbc\n= provisioning\n"
                      "! P2P-PROV-DISC-PBC-RESP " SINK "\n" CONNECT14 "= negotiating\n");
    end(&self);
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

        begin(&self, "Lab Sink");
        play(&self, cases[i].script);
        leave(&self);
        play(&self, cases[i].after);
        leave(&self); /* once more changes nothing */
        play(&self, "= left\n+ 100000\n= left\n");
        end(&self);
    }
}

static void test_late_group_after_leaving(void)
{
    Play self;

    begin(&self, "Lab Sink");
    play(&self, TO_CONNECT CONNECT14 NEG_GO);
    leave(&self);
    play(&self, "> P2P_CANCEL\n* left \n! P2P-GROUP-STARTED p2p-wlan0-0 GO ssid=\"DIRECT-ZA\" "
                "freq=2412 passphrase=\"15wHl8kT\" go_dev_addr=42:00:00:00:00:00\n"
                "> P2P_GROUP_REMOVE p2p-wlan0-0\n= left\n");
    end(&self);
}

static void test_reconnects(void)
{
    McControllerConfig config = config_of();
    McControllerWish wish = {0};
    Play self;

    config.reconnects = 1;
    begin_with(&self, &config);
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    g_assert_false(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    play(&self, CLIENT_READY);
    mc_controller_sink_silent(self.controller, self.now_us);
    play(&self,
         STOP "* lost link.lost\n> P2P_PEER " SINK
              "\n" PEER_REPLY CONNECT14 NEG_CLIENT STARTED_CLIENT OWN_CLIENT "* ready \n= ready\n");
    mc_controller_sink_silent(self.controller, self.now_us);
    play(&self, STOP "* lost link.lost\n* failed link.lost\n= failed\n");
    end(&self);
}

static void test_dial_makes_ready(void)
{
    static const uint8_t ip[4] = {192, 168, 49, 77};
    uint8_t got[4];
    McMac station;
    Play self;

    begin(&self, "Lab Sink");
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
    end(&self);
}

static void test_discover(void)
{
    Play self;

    begin(&self, NULL);
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
    end(&self);
}

/* Discovery rests while a connection is under way, and goes on after it. */
static void test_discover_beside_a_connection(void)
{
    McControllerWish wish = {0};
    Play self;

    begin(&self, NULL);
    mc_controller_discover(self.controller, true, self.now_us);
    play(&self,
         ANNOUNCE "> P2P_FIND 4 type=social\n" FOUND "> P2P_PEER " SINK "\n" PEER_REPLY "= idle\n");
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    play(&self, "> P2P_PEER " SINK "\n" PEER_REPLY CONNECT14
                "! P2P-FIND-STOPPED \n+ 5000\n= negotiating\n");
    leave(&self);
    play(&self, "> P2P_CANCEL\n* left \n+ 1000\n> P2P_FIND 30\n= left\n");
    end(&self);
}

static void test_supplicant_gone(void)
{
    McControllerWish wish = {0};
    Play self;

    begin(&self, "Lab Sink");
    play(&self, TO_CONNECT CONNECT14);
    mc_controller_supplicant_gone(self.controller, self.now_us);
    play(&self, "> P2P_CANCEL\n* failed link.supplicant-gone\n= failed\n");
    g_assert_cmpuint(mc_peer_list_count(mc_controller_peers(self.controller)), ==, 0);
    /* It is back: everything is announced anew. */
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    play(&self, SEARCH);
    end(&self);
}

static void test_supplicant_gone_while_discovering(void)
{
    Play self;

    begin(&self, NULL);
    mc_controller_discover(self.controller, true, self.now_us);
    play(&self, ANNOUNCE SWEEP);
    mc_controller_supplicant_gone(self.controller, self.now_us);
    play(&self, "* failed link.supplicant-gone\n= failed\n+ 100000\n= failed\n");
    mc_controller_discover(self.controller, true, self.now_us);
    play(&self, ANNOUNCE SWEEP);
    end(&self);
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
    McRadioFacts facts = one_channel_card(2437);
    Play self;

    begin(&self, "Lab Sink");
    mc_controller_set_radio(self.controller, &facts);
    play(&self, TO_CONNECT "> P2P_CONNECT " SINK " pbc persistent go_intent=14 freq=2437\n"
                           "= negotiating\n");
    end(&self);
    facts.types = MC_RADIO_STATION;
    begin(&self, "Lab Sink");
    mc_controller_set_radio(self.controller, &facts);
    play(&self, TO_CONNECT "* failed link.no-p2p\n= failed\n");
    end(&self);
}

static void test_next_channel(void)
{
    McRadioFacts facts = one_channel_card(0);
    Play self;

    begin(&self, "Lab Sink");
    mc_controller_set_radio(self.controller, &facts);
    play(&self, SEARCH CHECKED);
    unsigned first = mc_controller_plan(self.controller)->freqs_mhz[0];
    g_autofree char *connect =
        g_strdup_printf("> P2P_CONNECT " SINK " pbc persistent go_intent=14 freq=%u\n", first);
    play(&self, connect);
    play(&self, "! P2P-GO-NEG-FAILURE status=7\n> P2P_CANCEL\n* retry link.no-common-channel\n"
                "+ 1000\n" CONNECT14 "= negotiating\n"); /* without a channel */
    end(&self);
}

static void test_poor_back_end(void)
{
    McControllerConfig config = config_of();
    McControllerWish wish = {0};
    Play self;

    config.abilities =
        0; /* NetworkManager: one way, twice; no PIN, no memory, no channel of ours */
    wish.freq_mhz = 5180;
    begin_with(&self, &config);
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    play(&self, TO_CONNECT CONNECT0 "! P2P-GO-NEG-FAILURE status=9\n> P2P_CANCEL\n"
                                    "* retry link.both-own\n+ 1000\n" CONNECT0
                                    "! P2P-GROUP-FORMATION-FAILURE \n> P2P_CANCEL\n"
                                    "* failed link.group-formation-failed\n= failed\n");
    end(&self);
    wish.method = MC_CONTROLLER_METHOD_ENTER_PIN;
    begin_with(&self, &config);
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    play(&self, TO_CONNECT "* failed link.wps-method\n= failed\n");
    end(&self);
}

/* Nobody tells which address the sink was given: it is ready when it is in and we have ours. */
static void test_poor_owner(void)
{
    McControllerConfig config = config_of();
    McControllerWish wish = {0};
    Play self;

    config.abilities = 0;
    begin_with(&self, &config);
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    play(&self, TO_CONNECT CONNECT0 STARTED_GO OWN_GO STATION "* ready \n= ready\n");
    play(&self, STATION_GONE "= interrupted\n" STATION "* ready \n= ready\n");
    end(&self);
    begin_with(&self, &config);
    g_assert_true(mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us));
    play(&self,
         TO_CONNECT CONNECT0 STARTED_GO STATION "= addressing\n" OWN_GO "* ready \n= ready\n");
    end(&self);
}

static void test_denied(void)
{
    Play self;

    begin(&self, "Lab Sink");
    play(&self, TO_CONNECT CONNECT14 "< FAIL-PERMISSION\n> P2P_CANCEL\n"
                                     "* failed link.no-permission\n= failed\n");
    end(&self);
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
        McControllerConfig config = config_of();
        Play self;

        config.reconnects = (unsigned) g_rand_int_range(random, 0, 3);
        begin_with(&self, &config);
        mc_controller_discover(self.controller, g_rand_boolean(random), self.now_us);
        for (int step = 0; step < 60; step++) {
            McAction *action = g_queue_pop_head(&self.commands);

            if (g_rand_int_range(random, 0, 8) == 0)
                mc_controller_connect(self.controller, "Lab Sink", &wish, self.now_us);
            if (g_rand_int_range(random, 0, 8) == 0)
                mc_controller_pin(self.controller, "56103502", self.now_us);
            if (g_rand_int_range(random, 0, 30) == 0)
                leave(&self);
            self.last_id = action ? action->id : 0;
            self.last_answered = false;
            answer(&self, replies[g_rand_int_range(random, 0, G_N_ELEMENTS(replies))]);
            g_free(action);
            play(&self, lines[g_rand_int_range(random, 0, G_N_ELEMENTS(lines))]);
        }
        leave(&self);
        play(&self, "+ 200000\n");
        McControllerState state = mc_controller_state(self.controller);
        g_assert_true(state == MC_CONTROLLER_LEFT || state == MC_CONTROLLER_FAILED ||
                      state == MC_CONTROLLER_IDLE);
        g_assert_cmpstr(mc_controller_ifname(self.controller), ==, "");
        end(&self);
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
    for (int kind = 0; kind < MC_COMMAND_N; kind++)
        g_assert_nonnull(mc_command_name((McCommandKind) kind));
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

static void add_scripts(const Script *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_autofree char *path = g_strdup_printf("/controller/%s", list[i].name);
        g_test_add_data_func(path, &list[i], test_script);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_scripts(scripts, G_N_ELEMENTS(scripts));
    add_scripts(remembered, G_N_ELEMENTS(remembered));
    g_test_add_func("/controller/enter-pin", test_enter_pin);
    g_test_add_func("/controller/pin-given-before", test_pin_given_before);
    g_test_add_func("/controller/nobody-types", test_nobody_types);
    g_test_add_func("/controller/show-pin", test_show_pin);
    g_test_add_func("/controller/provision-failures", test_provision_failures);
    g_test_add_func("/controller/provision-first", test_provision_first);
    g_test_add_func("/controller/leave-everywhere", test_leave_everywhere);
    g_test_add_func("/controller/late-group-after-leaving", test_late_group_after_leaving);
    g_test_add_func("/controller/reconnects", test_reconnects);
    g_test_add_func("/controller/dial-makes-ready", test_dial_makes_ready);
    g_test_add_func("/controller/discover", test_discover);
    g_test_add_func("/controller/discover-beside-a-connection", test_discover_beside_a_connection);
    g_test_add_func("/controller/supplicant-gone", test_supplicant_gone);
    g_test_add_func("/controller/supplicant-gone-while-discovering",
                    test_supplicant_gone_while_discovering);
    g_test_add_func("/controller/plan-chooses-the-channel", test_plan_chooses_the_channel);
    g_test_add_func("/controller/next-channel", test_next_channel);
    g_test_add_func("/controller/poor-back-end", test_poor_back_end);
    g_test_add_func("/controller/poor-owner", test_poor_owner);
    g_test_add_func("/controller/denied", test_denied);
    g_test_add_func("/controller/any-order", test_any_order);
    g_test_add_func("/controller/commands", test_commands);
    g_test_add_func("/controller/remembered-groups", test_remembered_groups);
    return g_test_run();
}
