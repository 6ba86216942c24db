/* SPDX-License-Identifier: MIT */
/* NetworkManager as a back end: connections, how they end, and what is not to be believed. */
#include <gio/gio.h>
#include <string.h>

#include "nm-play.h"

#define NM "org.freedesktop.NetworkManager"

static void announce(NmPlay *self)
{
    McCommand wfd = {.kind = MC_COMMAND_WFD, .value = "00000600101c4400c8"};

    nm_play_command(self, &(McCommand){.kind = MC_COMMAND_WIFI_DISPLAY, .on = true});
    nm_play_expect(self, "1 OK");
    nm_play_command(self, &wfd);
    nm_play_expect(self, "2 OK");
}

static void connect_it(NmPlay *self, const char *answer)
{
    McCommand connect = nm_play_to_sink(MC_COMMAND_CONNECT);

    nm_play_command(self, &connect);
    nm_play_expect(self, answer);
}

static void bring_up(NmPlay *self)
{
    FakeNmPlan plan = fake_nm_usual;

    announce(self);
    connect_it(self, "3 OK");
    nm_play_asked("AddAndActivate");
    fake_nm_state(40, 0);
    fake_nm_state(50, 0);
    plan.device_state = 50;
    plan.ip_interface = "p2p-wlp0s20f3-0";
    fake_nm_set(&plan);
    fake_nm_state(70, 0);
    nm_play_expect(self, "P2P-GROUP-STARTED p2p-wlp0s20f3-0 client " NM_PLAY_SINK);
    fake_nm_state(80, 0);
    fake_nm_state(100, 0);
}

static void test_connection(void)
{
    McCommand remove = {.kind = MC_COMMAND_GROUP_REMOVE, .ifname = "p2p-wlp0s20f3-0"};
    NmPlay self;

    nm_play_begin(&self, &fake_nm_usual);
    bring_up(&self);
    g_autoptr(GVariant) settings = fake_nm_settings();
    g_autofree char *text = g_variant_print(settings, FALSE);
    g_assert_nonnull(strstr(text, "'peer': <'" NM_PLAY_SINK "'>"));
    g_assert_nonnull(strstr(text, "'wfd-ies': <[byte 0x00, 0x00, 0x06, 0x00, 0x10, 0x1c, 0x44,"
                                  " 0x00, 0xc8]>"));
    g_assert_nonnull(strstr(text, "'persist': <'volatile'>"));
    g_assert_nonnull(strstr(text, "'bind-activation': <'dbus-client'>"));
    nm_play_command(&self, &remove);
    nm_play_asked("DeactivateConnection");
    nm_play_expect(&self, "4 OK");
    fake_nm_state(110, 39);
    fake_nm_state(30, 39);
    nm_play_expect(&self, "P2P-GROUP-REMOVED p2p-wlp0s20f3-0: the user disconnected");
    nm_play_close(&self);
}

static void check_loss(guint32 state, guint32 reason, const char *word)
{
    NmPlay self;

    nm_play_begin(&self, &fake_nm_usual);
    bring_up(&self);
    fake_nm_state(state, reason);
    nm_play_expect(&self, word);
    fake_nm_set(&fake_nm_usual);
    connect_it(&self, "4 OK"); /* and again */
    nm_play_close(&self);
    nm_play_asked("AddAndActivate");
    nm_play_asked("DeactivateConnection"); /* what was under way does not stay */
    g_assert_false(fake_nm_has_client(NM_PLAY_PATIENCE_S));
}

static void test_loss(void)
{
    check_loss(30, 8, "P2P-GROUP-REMOVED p2p-wlp0s20f3-0: the group has ended");
    check_loss(120, 67, "P2P-GROUP-REMOVED p2p-wlp0s20f3-0: the sink is not there");
    check_loss(120, 5, "P2P-GROUP-REMOVED p2p-wlp0s20f3-0: no address");
    check_loss(20, 37, "P2P-GROUP-REMOVED p2p-wlp0s20f3-0: the computer sleeps");
    check_loss(10, 3, "P2P-GROUP-REMOVED p2p-wlp0s20f3-0: the device is no longer managed");
    check_loss(10, 999, "P2P-GROUP-REMOVED p2p-wlp0s20f3-0: NetworkManager: reason 999");
}

/* The device went without a word; its activation is told to have ended. */
static void test_device_removed(void)
{
    NmPlay self;

    nm_play_begin(&self, &fake_nm_usual);
    bring_up(&self);
    fake_nm_emit("/org/freedesktop/NetworkManager/ActiveConnection/8", NM ".Connection.Active",
                 "StateChanged", g_variant_new("(uu)", 4, 14)); /* somebody else's */
    fake_nm_emit(FAKE_NM_ACTIVE, NM ".Connection.Active", "StateChanged",
                 g_variant_new("(uu)", 3, 14));
    fake_nm_emit(FAKE_NM_ACTIVE, NM ".Connection.Active", "StateChanged",
                 g_variant_new("(uu)", 4, 14));
    nm_play_expect(&self, "P2P-GROUP-REMOVED p2p-wlp0s20f3-0: the device was removed");
    nm_play_close(&self);
}

/* Given up before there is a group; the next attempt comes before that one has ended. */
static void test_cancel(void)
{
    FakeNmPlan plan = fake_nm_usual;
    NmPlay self;

    nm_play_begin(&self, &plan);
    announce(&self);
    connect_it(&self, "3 OK");
    fake_nm_state(40, 0);
    nm_play_command(&self, &(McCommand){.kind = MC_COMMAND_CANCEL});
    nm_play_expect(&self, "4 OK");
    connect_it(&self, "5 OK");
    nm_play_asked("AddAndActivate");
    nm_play_asked("DeactivateConnection");
    fake_nm_state(110, 39);
    fake_nm_state(30, 39);
    fake_nm_emit(FAKE_NM_DEVICE, NM ".Device.WifiP2P", "PeerAdded",
                 g_variant_new("(o)", FAKE_NM_PEER "1"));
    nm_play_expect(&self, "P2P-DEVICE-FOUND Lab Sink wfd=1"); /* no word of the end before it */
    nm_play_asked("AddAndActivate");
    fake_nm_state(40, 0);
    nm_play_command(&self, &(McCommand){.kind = MC_COMMAND_CANCEL});
    nm_play_expect(&self, "6 OK");
    fake_nm_state(30, 39);
    nm_play_settle(&self);
    nm_play_command(&self, &(McCommand){.kind = MC_COMMAND_CANCEL});
    nm_play_expect(&self, "7 FAIL"); /* nothing is under way */
    nm_play_close(&self);
}

static void test_refused(void)
{
    FakeNmPlan plan = fake_nm_usual;
    NmPlay self;

    nm_play_begin(&self, &plan);
    announce(&self);
    plan.activate = FAKE_NM_REFUSES;
    fake_nm_set(&plan);
    connect_it(&self, "3 FAIL NetworkManager: not now at all");
    plan.activate = FAKE_NM_DENIES;
    fake_nm_set(&plan);
    connect_it(&self, "4 FAIL-PERMISSION");
    plan = fake_nm_usual;
    plan.device_state = 100; /* another program casts */
    fake_nm_set(&plan);
    connect_it(&self, "5 FAIL another connection by NetworkManager uses it");
    g_assert_null(fake_nm_asked(0));
    nm_play_close(&self);
}

/* Nobody knows what becomes of it, so the connection to the bus ends, and with it whatever it is.
 */
static void check_no_answer(FakeNmMood mood)
{
    McCommand connect = nm_play_to_sink(MC_COMMAND_CONNECT);
    FakeNmPlan plan = fake_nm_usual;
    NmPlay self;

    nm_play_begin(&self, &plan);
    announce(&self);
    plan.activate = mood;
    fake_nm_set(&plan);
    nm_play_command(&self, &connect);
    nm_play_expect(&self, "gone");
    g_assert_false(fake_nm_has_client(NM_PLAY_PATIENCE_S));
    nm_play_command(&self, &connect);
    nm_play_expect(&self, "4 FAIL");
    nm_play_close(&self);
}

static void test_no_answer(void)
{
    check_no_answer(FAKE_NM_SILENT);
    check_no_answer(FAKE_NM_GARBAGE);
}

static void test_stops_midway(void)
{
    NmPlay self;

    nm_play_begin(&self, &fake_nm_usual);
    announce(&self);
    connect_it(&self, "3 OK");
    fake_nm_state(40, 0);
    fake_nm_be_there(false);
    nm_play_expect(&self, "gone");
    nm_play_close(&self);
    fake_nm_be_there(true);
}

/* It is killed: its group stays with wpa_supplicant, which is asked to end it. */
static void test_vanishes(void)
{
    NmPlay self;

    nm_play_begin(&self, &fake_nm_usual);
    bring_up(&self);
    fake_nm_be_there(false);
    nm_play_expect(&self, "gone");
    nm_play_close(&self);
    nm_play_asked("Disconnect");
    fake_nm_be_there(true);
}

/* Whatever types come, nothing breaks, and nothing is told of it. */
static void find_once(NmPlay *self, const char *id, bool flushes)
{
    g_autofree char *ok = g_strconcat(id, " OK", NULL);

    nm_play_command(self, &(McCommand){.kind = MC_COMMAND_FIND, .seconds = 30});
    if (flushes)
        nm_play_asked("Flush");
    nm_play_asked("StartFind 30");
    nm_play_expect(self, ok);
    nm_play_expect(self, "P2P-DEVICE-FOUND Lab Sink wfd=1");
}

/* wpa_supplicant knows more than NetworkManager, which was started after it: it would never list
 * them. Asked before the first find alone. */
static void test_unlisted(void)
{
    FakeNmPlan plan = fake_nm_usual;
    NmPlay self;

    nm_play_begin(&self, &plan);
    find_once(&self, "1", false);
    plan.n_unlisted = 1;
    fake_nm_set(&plan);
    find_once(&self, "2", false);
    nm_play_close(&self);
    nm_play_begin(&self, &plan);
    find_once(&self, "1", true);
    find_once(&self, "2", false);
    nm_play_close(&self);
}

static void test_garbage(void)
{
    static const char *const bodies[] = {"()",
                                         "(uint32 1,)",
                                         "('x', 'y')",
                                         "(@a{sv} {}, 3)",
                                         "(uint32 120, 'x', uint32 3)",
                                         "(['a'],)",
                                         "(objectpath '/nobody',)",
                                         "(objectpath '/nobody', 1)"};
    static const struct {
        const char *interface, *signal, *path;
    } signals[] = {{NM ".Device", "StateChanged", FAKE_NM_DEVICE},
                   {NM ".Device.WifiP2P", "PeerAdded", FAKE_NM_DEVICE},
                   {NM ".Device.WifiP2P", "PeerRemoved", FAKE_NM_DEVICE},
                   {NM ".Connection.Active", "StateChanged", FAKE_NM_ACTIVE}};
    FakeNmPlan plan = fake_nm_usual;
    NmPlay self;

    nm_play_begin(&self, &plan);
    nm_play_command(&self, &(McCommand){.kind = MC_COMMAND_FIND, .seconds = 600});
    nm_play_expect(&self, "1 OK");
    nm_play_expect(&self, "P2P-DEVICE-FOUND Lab Sink wfd=1");
    connect_it(&self, "2 OK");
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(bodies); j++)
            fake_nm_emit(signals[i].path, signals[i].interface, signals[i].signal,
                         g_variant_new_parsed(bodies[j]));
    plan.peer[0] = "{'Name': <(1, 'x')>, 'HwAddress': <3>, 'WfdIEs': <@aay []>}";
    plan.ip_interface = "../../x";
    plan.device_state = 50;
    fake_nm_set(&plan);
    fake_nm_state(70, 0);
    nm_play_settle(&self);
    nm_play_close(&self);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!nm_play_start(true))
        return 0;
    g_test_add_func("/nm/connection", test_connection);
    g_test_add_func("/nm/loss", test_loss);
    g_test_add_func("/nm/device-removed", test_device_removed);
    g_test_add_func("/nm/cancel", test_cancel);
    g_test_add_func("/nm/refused", test_refused);
    g_test_add_func("/nm/no-answer", test_no_answer);
    g_test_add_func("/nm/stops-midway", test_stops_midway);
    g_test_add_func("/nm/vanishes", test_vanishes);
    g_test_add_func("/nm/unlisted", test_unlisted);
    g_test_add_func("/nm/garbage", test_garbage);
    return nm_play_run();
}
