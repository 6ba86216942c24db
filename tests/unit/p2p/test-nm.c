/* SPDX-License-Identifier: MIT */
/* NetworkManager as a back end, before a NetworkManager that plays good and bad ones on a bus of
 * the test's own: who is chosen, and how sinks are found. */
#include <gio/gio.h>
#include <string.h>

#include "nm-play.h"
#include "p2p/link.h"

#define NM "org.freedesktop.NetworkManager"

/* --- opening ---------------------------------------------------------------------------------- */

static void check_refused(const FakeNmPlan *plan, const char *interface, int code, const char *word)
{
    g_autoptr(GError) error = NULL;
    NmPlay self;

    fake_nm_set(plan);
    g_assert_false(nm_play_open(&self, interface, &error));
    g_assert_error(error, MC_LINK_ERROR, code);
    g_assert_nonnull(strstr(error->message, word));
    nm_play_close(&self);
}

static void test_open(void)
{
    FakeNmPlan plan = fake_nm_usual;
    NmPlay self;

    nm_play_begin(&self, &plan);
    g_assert_cmpstr(mc_supplicant_nm.interface(self.backend), ==, "wlp0s20f3");
    g_autofree char *text = mc_supplicant_nm.describe(self.backend);
    g_assert_cmpstr(text, ==, "NetworkManager, device p2p-dev-wlp0s20f3");
    nm_play_close(&self);
    check_refused(&plan, "wlan1", MC_LINK_ERROR_NO_P2P, "for wlan1");
    plan.device_state = 10;
    check_refused(&plan, "", MC_LINK_ERROR_NO_SUPPLICANT, "managed yes");
    plan.device_state = 20;
    check_refused(&plan, "", MC_LINK_ERROR_NO_SUPPLICANT, "radio wifi on");
    plan = fake_nm_usual;
    plan.permission = "no";
    check_refused(&plan, "", MC_LINK_ERROR_NO_PERMISSION, "network-control");
    plan = fake_nm_usual;
    plan.device_type = 2;
    check_refused(&plan, "", MC_LINK_ERROR_NO_P2P, "no Wi-Fi Direct device");
    plan = fake_nm_usual;
    plan.devices = FAKE_NM_GARBAGE;
    check_refused(&plan, "", MC_LINK_ERROR_NO_P2P, "no Wi-Fi Direct device");
    plan = fake_nm_usual;
    plan.properties = FAKE_NM_GARBAGE;
    check_refused(&plan, "", MC_LINK_ERROR_NO_P2P, "no Wi-Fi Direct device");
    fake_nm_be_there(false);
    check_refused(&fake_nm_usual, "", MC_LINK_ERROR_NO_SUPPLICANT, "not on the system bus");
    fake_nm_be_there(true);
}

static void check_look(const FakeNmPlan *plan, const char *interface, bool owns)
{
    McSupplicantConfig config = {.control = "/nonexistent"};

    fake_nm_set(plan);
    g_strlcpy(config.interface, interface, sizeof(config.interface));
    McSupplicantLook look = mc_supplicant_look(&config);
    g_assert_cmpint(look.nm_owns_p2p, ==, owns);
    g_assert_true(look.socket_named);
    g_assert_false(look.wpas_socket);
}

static void test_look(void)
{
    FakeNmPlan plan = fake_nm_usual;

    check_look(&plan, "", true);
    check_look(&plan, "wlp0s20f3", true);
    check_look(&plan, "wlan1", false);
    plan.device_state = 10;
    check_look(&plan, "", false);
}

/* --- finding ---------------------------------------------------------------------------------- */

static void test_find(void)
{
    FakeNmPlan plan = fake_nm_usual;
    NmPlay self;

    nm_play_begin(&self, &plan);
    nm_play_command(&self, &(McCommand){.kind = MC_COMMAND_FIND, .seconds = 4, .social = true});
    nm_play_asked("StartFind 30"); /* it scans everything first */
    nm_play_expect(&self, "1 OK");
    nm_play_expect(&self, "P2P-DEVICE-FOUND Lab Sink wfd=1"); /* it was known already */
    nm_play_command(&self, &(McCommand){.kind = MC_COMMAND_FIND, .seconds = 1});
    nm_play_asked("StartFind 1");
    nm_play_expect(&self, "2 OK");
    nm_play_expect(&self, "P2P-DEVICE-FOUND Lab Sink wfd=1");
    nm_play_expect(&self, "P2P-FIND-STOPPED");
    fake_nm_emit(FAKE_NM_DEVICE, NM ".Device.WifiP2P", "PeerAdded",
                 g_variant_new("(o)", FAKE_NM_PEER "2"));
    nm_play_expect(&self, "P2P-DEVICE-FOUND Other wfd=0");
    plan.peer[1] = "{'Name': <'Other'>, 'HwAddress': <'42:00:00:00:02:00'>,"
                   " 'WfdIEs': <[byte 0, 0, 6, 0, 17, 28, 68, 0, 50]>}";
    fake_nm_set(&plan);
    fake_nm_emit(FAKE_NM_PEER "2", "org.freedesktop.DBus.Properties", "PropertiesChanged",
                 g_variant_new_parsed("('" NM ".WifiP2PPeer', {'WfdIEs': <[byte 0]>}, @as [])"));
    nm_play_expect(&self, "P2P-DEVICE-FOUND Other wfd=1");
    fake_nm_emit(FAKE_NM_DEVICE, NM ".Device.WifiP2P", "PeerRemoved",
                 g_variant_new("(o)", FAKE_NM_PEER "2"));
    nm_play_expect(&self, "P2P-DEVICE-LOST 42:00:00:00:02:00");
    nm_play_command(&self, &(McCommand){.kind = MC_COMMAND_STOP_FIND});
    nm_play_asked("StopFind");
    nm_play_expect(&self, "3 OK");
    nm_play_close(&self);
}

static void test_peer(void)
{
    McCommand ask = nm_play_to_sink(MC_COMMAND_PEER);
    NmPlay self;

    nm_play_begin(&self, &fake_nm_usual);
    nm_play_command(&self, &ask);
    nm_play_expect(&self, "1 FAIL"); /* not seen yet */
    nm_play_command(&self, &(McCommand){.kind = MC_COMMAND_FIND, .seconds = 600});
    nm_play_expect(&self, "2 OK");
    nm_play_expect(&self, "P2P-DEVICE-FOUND Lab Sink wfd=1");
    nm_play_command(&self, &ask);
    nm_play_expect(&self, "3 " NM_PLAY_SINK
                          "\npri_dev_type=\ndevice_name=Lab Sink\nmanufacturer= \nmodel_name=\n"
                          "level=-50\nwfd_subelems=00000600111c440032\n");
    nm_play_close(&self);
}

/* A find that it can't or may not do. */
static void test_find_refused(void)
{
    FakeNmPlan plan = fake_nm_usual;
    McCommand find = {.kind = MC_COMMAND_FIND, .seconds = 30};
    NmPlay self;

    nm_play_begin(&self, &plan);
    plan.find = FAKE_NM_REFUSES;
    fake_nm_set(&plan);
    nm_play_command(&self, &find);
    nm_play_expect(&self, "1 FAIL NetworkManager: not now at all");
    plan.find = FAKE_NM_DENIES;
    fake_nm_set(&plan);
    nm_play_command(&self, &find);
    nm_play_expect(&self, "2 FAIL-PERMISSION");
    plan.find = FAKE_NM_SILENT;
    fake_nm_set(&plan);
    nm_play_command(&self, &find);
    nm_play_expect(&self, "3 FAIL NetworkManager: Timeout was reached");
    nm_play_close(&self);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!nm_play_start(false))
        return 0;
    g_test_add_func("/nm/open", test_open);
    g_test_add_func("/nm/look", test_look);
    g_test_add_func("/nm/find", test_find);
    g_test_add_func("/nm/peer", test_peer);
    g_test_add_func("/nm/find-refused", test_find_refused);
    return nm_play_run();
}
