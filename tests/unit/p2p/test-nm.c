/* SPDX-License-Identifier: MIT */
/* NetworkManager as a back end, before a NetworkManager that plays good and bad ones on a bus of
 * the test's own: its signals as the machine's events, the machine's commands as its calls. */
#include <gio/gio.h>
#include <string.h>

#include "fake-nm.h"
#include "p2p/engine.h"
#include "p2p/link.h"
#include "p2p/supplicant.h"
#include "private-bus.h"

enum { PATIENCE_S = 60 };

#define NM "org.freedesktop.NetworkManager"
#define SINK "42:00:00:00:01:00"

/* --- the back end and what it says ------------------------------------------------------------ */

typedef struct {
    void *backend;
    GMainContext *context;
    GQueue words; /* "DEVICE-FOUND Lab Sink", "7 OK", "gone" */
    unsigned next_id;
} Play;

static void say(Play *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say(Play *self, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_queue_push_tail(&self->words, g_strdup_vprintf(format, args));
    va_end(args);
}

static void on_event(const McWpaEvent *event, void *user_data)
{
    static const char *const roles[] = {"?", "GO", "client"};
    Play *self = user_data;
    char mac[MC_MAC_TEXT] = "";

    if (event->kind == MC_WPA_EVENT_GROUP_STARTED)
        say(self, "%s %s %s %s", mc_wpa_event_kind_name(event->kind), event->ifname,
            roles[event->role], mc_mac_format(&event->go_dev_addr, mac));
    else if (event->kind == MC_WPA_EVENT_DEVICE_FOUND)
        say(self, "%s %s wfd=%d", mc_wpa_event_kind_name(event->kind), event->name,
            mc_wpa_event_has(event, MC_WPA_KEY_WFD_DEV_INFO));
    else if (event->kind == MC_WPA_EVENT_DEVICE_LOST)
        say(self, "%s %s", mc_wpa_event_kind_name(event->kind),
            mc_mac_format(&event->p2p_dev_addr, mac));
    else
        say(self, "%s%s%s%s%s", mc_wpa_event_kind_name(event->kind), event->ifname[0] ? " " : "",
            event->ifname, event->reason_text[0] ? ": " : "", event->reason_text);
}

static void on_reply(unsigned id, const char *reply, void *user_data)
{
    say(user_data, "%u %s", id, reply);
}

static void on_gone(void *user_data)
{
    say(user_data, "gone");
}

static bool open_it(Play *self, const char *interface, GError **error)
{
    McSupplicantConfig config = {.backend = "nm"};
    McSupplicantCalls calls = {on_event, on_reply, on_gone, self};

    *self = (Play){.context = g_main_context_new(), .next_id = 1};
    g_strlcpy(config.interface, interface, sizeof(config.interface));
    g_main_context_push_thread_default(self->context);
    self->backend = mc_supplicant_nm.open(&config, &calls, self->context, error);
    return self->backend != NULL;
}

static void close_it(Play *self)
{
    if (self->backend)
        mc_supplicant_nm.close(self->backend);
    while (g_main_context_iteration(self->context, FALSE)) /* GDBus says that it is closed */
        ;
    g_main_context_pop_thread_default(self->context);
    g_main_context_unref(self->context);
    g_queue_clear_full(&self->words, g_free);
}

static void begin_with(Play *self, const FakeNmPlan *plan)
{
    g_autoptr(GError) error = NULL;

    fake_nm_set(plan);
    g_assert_true(open_it(self, "", &error));
    g_assert_no_error(error);
}

static gboolean wake(gpointer user_data)
{
    return G_SOURCE_CONTINUE;
}

/* The next word, whenever it comes. */
static void expect(Play *self, const char *word)
{
    gint64 end_us = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;
    GSource *source = g_timeout_source_new(200);

    g_source_set_callback(source, wake, NULL, NULL);
    g_source_attach(source, self->context);
    while (g_queue_is_empty(&self->words) && g_get_monotonic_time() < end_us)
        g_main_context_iteration(self->context, TRUE);
    g_source_destroy(source);
    g_source_unref(source);
    g_autofree char *got = g_queue_pop_head(&self->words);
    g_assert_cmpstr(got, ==, word);
}

static void expect_asked(const char *call)
{
    g_autofree char *got = fake_nm_asked(PATIENCE_S);

    g_assert_cmpstr(got, ==, call);
}

static void command(Play *self, const McCommand *command)
{
    mc_supplicant_nm.command(self->backend, self->next_id++, command);
}

static McCommand to_sink(McCommandKind kind)
{
    McCommand made = {.kind = kind};

    g_assert_true(mc_mac_parse(SINK, &made.peer));
    return made;
}

/* All that was said before has arrived, and nothing came of it. */
static void settle(Play *self)
{
    fake_nm_emit(FAKE_NM_DEVICE, NM ".Device.WifiP2P", "PeerRemoved",
                 g_variant_new("(o)", FAKE_NM_PEER "1"));
    expect(self, "P2P-DEVICE-LOST " SINK);
}

/* --- opening ---------------------------------------------------------------------------------- */

static void check_refused(const FakeNmPlan *plan, const char *interface, int code, const char *word)
{
    g_autoptr(GError) error = NULL;
    Play self;

    fake_nm_set(plan);
    g_assert_false(open_it(&self, interface, &error));
    g_assert_error(error, MC_LINK_ERROR, code);
    g_assert_nonnull(strstr(error->message, word));
    close_it(&self);
}

static void test_open(void)
{
    FakeNmPlan plan = fake_nm_usual;
    Play self;

    begin_with(&self, &plan);
    g_assert_cmpstr(mc_supplicant_nm.interface(self.backend), ==, "wlp0s20f3");
    g_autofree char *text = mc_supplicant_nm.describe(self.backend);
    g_assert_cmpstr(text, ==, "NetworkManager, device p2p-dev-wlp0s20f3");
    close_it(&self);
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
    Play self;

    begin_with(&self, &plan);
    command(&self, &(McCommand){.kind = MC_COMMAND_FIND, .seconds = 4, .social = true});
    expect_asked("StartFind 30"); /* it scans everything first */
    expect(&self, "1 OK");
    expect(&self, "P2P-DEVICE-FOUND Lab Sink wfd=1"); /* it was known already */
    command(&self, &(McCommand){.kind = MC_COMMAND_FIND, .seconds = 1});
    expect_asked("StartFind 1");
    expect(&self, "2 OK");
    expect(&self, "P2P-DEVICE-FOUND Lab Sink wfd=1");
    expect(&self, "P2P-FIND-STOPPED");
    fake_nm_emit(FAKE_NM_DEVICE, NM ".Device.WifiP2P", "PeerAdded",
                 g_variant_new("(o)", FAKE_NM_PEER "2"));
    expect(&self, "P2P-DEVICE-FOUND Other wfd=0");
    plan.peer[1] = "{'Name': <'Other'>, 'HwAddress': <'42:00:00:00:02:00'>,"
                   " 'WfdIEs': <[byte 0, 0, 6, 0, 17, 28, 68, 0, 50]>}";
    fake_nm_set(&plan);
    fake_nm_emit(FAKE_NM_PEER "2", "org.freedesktop.DBus.Properties", "PropertiesChanged",
                 g_variant_new_parsed("('" NM ".WifiP2PPeer', {'WfdIEs': <[byte 0]>}, @as [])"));
    expect(&self, "P2P-DEVICE-FOUND Other wfd=1");
    fake_nm_emit(FAKE_NM_DEVICE, NM ".Device.WifiP2P", "PeerRemoved",
                 g_variant_new("(o)", FAKE_NM_PEER "2"));
    expect(&self, "P2P-DEVICE-LOST 42:00:00:00:02:00");
    command(&self, &(McCommand){.kind = MC_COMMAND_STOP_FIND});
    expect_asked("StopFind");
    expect(&self, "3 OK");
    close_it(&self);
}

static void test_peer(void)
{
    McCommand ask = to_sink(MC_COMMAND_PEER);
    Play self;

    begin_with(&self, &fake_nm_usual);
    command(&self, &ask);
    expect(&self, "1 FAIL"); /* not seen yet */
    command(&self, &(McCommand){.kind = MC_COMMAND_FIND, .seconds = 600});
    expect(&self, "2 OK");
    expect(&self, "P2P-DEVICE-FOUND Lab Sink wfd=1");
    command(&self, &ask);
    expect(&self, "3 " SINK "\npri_dev_type=\ndevice_name=Lab Sink\nmanufacturer= \nmodel_name=\n"
                  "level=-50\nwfd_subelems=00000600111c440032\n");
    close_it(&self);
}

/* A find that it can't or may not do. */
static void test_find_refused(void)
{
    FakeNmPlan plan = fake_nm_usual;
    McCommand find = {.kind = MC_COMMAND_FIND, .seconds = 30};
    Play self;

    begin_with(&self, &plan);
    plan.find = FAKE_NM_REFUSES;
    fake_nm_set(&plan);
    command(&self, &find);
    expect(&self, "1 FAIL NetworkManager: not now at all");
    plan.find = FAKE_NM_DENIES;
    fake_nm_set(&plan);
    command(&self, &find);
    expect(&self, "2 FAIL-PERMISSION");
    plan.find = FAKE_NM_SILENT;
    fake_nm_set(&plan);
    command(&self, &find);
    expect(&self, "3 FAIL NetworkManager: Timeout was reached");
    close_it(&self);
}

/* --- connecting ------------------------------------------------------------------------------- */

static void announce(Play *self)
{
    McCommand wfd = {.kind = MC_COMMAND_WFD, .value = "00000600101c4400c8"};

    command(self, &(McCommand){.kind = MC_COMMAND_WIFI_DISPLAY, .on = true});
    expect(self, "1 OK");
    command(self, &wfd);
    expect(self, "2 OK");
}

static void connect_it(Play *self, const char *answer)
{
    McCommand connect = to_sink(MC_COMMAND_CONNECT);

    command(self, &connect);
    expect(self, answer);
}

static void bring_up(Play *self)
{
    FakeNmPlan plan = fake_nm_usual;

    announce(self);
    connect_it(self, "3 OK");
    expect_asked("AddAndActivate");
    fake_nm_state(40, 0);
    fake_nm_state(50, 0);
    plan.device_state = 50;
    plan.ip_interface = "p2p-wlp0s20f3-0";
    fake_nm_set(&plan);
    fake_nm_state(70, 0);
    expect(self, "P2P-GROUP-STARTED p2p-wlp0s20f3-0 client " SINK);
    fake_nm_state(80, 0);
    fake_nm_state(100, 0);
}

static void test_connection(void)
{
    McCommand remove = {.kind = MC_COMMAND_GROUP_REMOVE, .ifname = "p2p-wlp0s20f3-0"};
    Play self;

    begin_with(&self, &fake_nm_usual);
    bring_up(&self);
    g_autoptr(GVariant) settings = fake_nm_settings();
    g_autofree char *text = g_variant_print(settings, FALSE);
    g_assert_nonnull(strstr(text, "'peer': <'" SINK "'>"));
    g_assert_nonnull(strstr(text, "'wfd-ies': <[byte 0x00, 0x00, 0x06, 0x00, 0x10, 0x1c, 0x44,"
                                  " 0x00, 0xc8]>"));
    g_assert_nonnull(strstr(text, "'persist': <'volatile'>"));
    g_assert_nonnull(strstr(text, "'bind-activation': <'dbus-client'>"));
    command(&self, &remove);
    expect_asked("DeactivateConnection");
    expect(&self, "4 OK");
    fake_nm_state(110, 39);
    fake_nm_state(30, 39);
    expect(&self, "P2P-GROUP-REMOVED p2p-wlp0s20f3-0: the user disconnected");
    close_it(&self);
}

static void check_loss(guint32 state, guint32 reason, const char *word)
{
    Play self;

    begin_with(&self, &fake_nm_usual);
    bring_up(&self);
    fake_nm_state(state, reason);
    expect(&self, word);
    fake_nm_set(&fake_nm_usual);
    connect_it(&self, "4 OK"); /* and again */
    close_it(&self);
    expect_asked("AddAndActivate");
    expect_asked("DeactivateConnection"); /* what was under way does not stay */
    g_assert_false(fake_nm_has_client(PATIENCE_S));
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
    Play self;

    begin_with(&self, &fake_nm_usual);
    bring_up(&self);
    fake_nm_emit("/org/freedesktop/NetworkManager/ActiveConnection/8", NM ".Connection.Active",
                 "StateChanged", g_variant_new("(uu)", 4, 14)); /* somebody else's */
    fake_nm_emit(FAKE_NM_ACTIVE, NM ".Connection.Active", "StateChanged",
                 g_variant_new("(uu)", 3, 14));
    fake_nm_emit(FAKE_NM_ACTIVE, NM ".Connection.Active", "StateChanged",
                 g_variant_new("(uu)", 4, 14));
    expect(&self, "P2P-GROUP-REMOVED p2p-wlp0s20f3-0: the device was removed");
    close_it(&self);
}

/* Given up before there is a group; the next attempt comes before that one has ended. */
static void test_cancel(void)
{
    FakeNmPlan plan = fake_nm_usual;
    Play self;

    begin_with(&self, &plan);
    announce(&self);
    connect_it(&self, "3 OK");
    fake_nm_state(40, 0);
    command(&self, &(McCommand){.kind = MC_COMMAND_CANCEL});
    expect(&self, "4 OK");
    connect_it(&self, "5 OK");
    expect_asked("AddAndActivate");
    expect_asked("DeactivateConnection");
    fake_nm_state(110, 39);
    fake_nm_state(30, 39);
    fake_nm_emit(FAKE_NM_DEVICE, NM ".Device.WifiP2P", "PeerAdded",
                 g_variant_new("(o)", FAKE_NM_PEER "1"));
    expect(&self, "P2P-DEVICE-FOUND Lab Sink wfd=1"); /* no word of the end before it */
    expect_asked("AddAndActivate");
    fake_nm_state(40, 0);
    command(&self, &(McCommand){.kind = MC_COMMAND_CANCEL});
    expect(&self, "6 OK");
    fake_nm_state(30, 39);
    settle(&self);
    command(&self, &(McCommand){.kind = MC_COMMAND_CANCEL});
    expect(&self, "7 FAIL"); /* nothing is under way */
    close_it(&self);
}

static void test_refused(void)
{
    FakeNmPlan plan = fake_nm_usual;
    Play self;

    begin_with(&self, &plan);
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
    close_it(&self);
}

/* Nobody knows what becomes of it, so the connection to the bus ends, and with it whatever it is.
 */
static void check_no_answer(FakeNmMood mood)
{
    McCommand connect = to_sink(MC_COMMAND_CONNECT);
    FakeNmPlan plan = fake_nm_usual;
    Play self;

    begin_with(&self, &plan);
    announce(&self);
    plan.activate = mood;
    fake_nm_set(&plan);
    command(&self, &connect);
    expect(&self, "gone");
    g_assert_false(fake_nm_has_client(PATIENCE_S));
    command(&self, &connect);
    expect(&self, "4 FAIL");
    close_it(&self);
}

static void test_no_answer(void)
{
    check_no_answer(FAKE_NM_SILENT);
    check_no_answer(FAKE_NM_GARBAGE);
}

static void test_stops_midway(void)
{
    Play self;

    begin_with(&self, &fake_nm_usual);
    announce(&self);
    connect_it(&self, "3 OK");
    fake_nm_state(40, 0);
    fake_nm_be_there(false);
    expect(&self, "gone");
    close_it(&self);
    fake_nm_be_there(true);
}

/* Whatever types come, nothing breaks, and nothing is told of it. */
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
    Play self;

    begin_with(&self, &plan);
    command(&self, &(McCommand){.kind = MC_COMMAND_FIND, .seconds = 600});
    expect(&self, "1 OK");
    expect(&self, "P2P-DEVICE-FOUND Lab Sink wfd=1");
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
    settle(&self);
    close_it(&self);
}

/* --- with the whole machine --------------------------------------------------------------------
 */

static void on_progress(const McProgress *progress, const McController *now, void *user_data)
{
    if (progress->kind == MC_PROGRESS_FAILED || progress->kind == MC_PROGRESS_LOST ||
        progress->kind == MC_PROGRESS_READY || progress->kind == MC_PROGRESS_LEFT)
        g_async_queue_push(user_data, g_strdup(*progress->code ? progress->code : progress->text));
}

static McEngine *engine_new(GAsyncQueue *words)
{
    McSupplicantConfig supplicant = {.backend = "nm"};
    McControllerConfig controller = mc_engine_source_config(7236);
    McEngineCalls calls = {.on_progress = on_progress, .user_data = words};
    g_autofree char *why = NULL;
    g_autoptr(GError) error = NULL;
    McEngine *engine = mc_engine_new(&supplicant, &controller, &calls, &why, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(why, ==, "by NetworkManager, device p2p-dev-wlp0s20f3: as you wished");
    return engine;
}

static void expect_word(GAsyncQueue *words, const char *word)
{
    g_autofree char *got = g_async_queue_timeout_pop(words, PATIENCE_S * (guint64) G_USEC_PER_SEC);

    g_assert_nonnull(got);
    g_assert_true(g_str_has_prefix(got, word));
}

/* An activation that fails, twice, and what the user is told. */
static void test_each_reason(void)
{
    static const struct {
        unsigned reason;
        const char *code;
    } rows[] = {
        {10, "link.group-formation-failed"},
        {11, "link.no-answer"},
        {67, "link.lost"},
        {17, "link.address-timeout"},
        {39, "link.group-removed"},
        {12345, "link.group-formation-failed"},
    };
    g_autoptr(GAsyncQueue) words = g_async_queue_new_full(g_free);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        FakeNmPlan plan = fake_nm_usual;

        plan.fails_with = rows[i].reason;
        fake_nm_set(&plan);
        McEngine *engine = engine_new(words);
        mc_engine_connect(engine, "Lab Sink", &(McControllerWish){0});
        expect_word(words, rows[i].code);
        mc_engine_free(engine);
    }
}

static void test_denied(void)
{
    g_autoptr(GAsyncQueue) words = g_async_queue_new_full(g_free);
    FakeNmPlan plan = fake_nm_usual;

    fake_nm_set(&plan);
    McEngine *engine = engine_new(words);
    plan.activate = FAKE_NM_DENIES;
    fake_nm_set(&plan);
    mc_engine_connect(engine, "Lab Sink", &(McControllerWish){0});
    expect_word(words, "link.no-permission");
    mc_engine_connect(engine, "Lab Sink",
                      &(McControllerWish){.method = MC_CONTROLLER_METHOD_ENTER_PIN});
    expect_word(words, "link.wps-method");
    mc_engine_free(engine);
}

/* Up to an address, which is the kernel's; then it leaves, and a second time it is lost. */
static void test_whole_way(void)
{
    g_autoptr(GAsyncQueue) words = g_async_queue_new_full(g_free);
    FakeNmPlan plan = fake_nm_usual;
    char *call = NULL;

    plan.obeys = true;
    fake_nm_set(&plan);
    McEngine *engine = engine_new(words);
    for (int round = 0; round < 2; round++) {
        plan.device_state = 30;
        plan.ip_interface = "";
        fake_nm_set(&plan);
        mc_engine_connect(engine, "Lab Sink", &(McControllerWish){0});
        do {
            g_free(call);
            call = fake_nm_asked(PATIENCE_S);
        } while (g_strcmp0(call, "AddAndActivate") != 0);
        fake_nm_state(50, 0);
        plan.device_state = 50;
        plan.ip_interface = "lo";
        fake_nm_set(&plan);
        fake_nm_state(70, 0);
        expect_word(words, "group on 0 MHz owned by the sink, we are 127.0.0.1");
        if (round == 0) {
            mc_engine_leave(engine);
            expect_word(words, "Disconnected");
        } else {
            fake_nm_state(30, 8);
            expect_word(words, "link.lost");
            expect_word(words, "link.lost");
        }
    }
    g_free(call);
    mc_engine_free(engine);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!private_bus_start()) {
        g_print("1..0 # SKIP dbus-daemon is not installed\n");
        return 0;
    }
    fake_nm_start();
    g_test_add_func("/nm/open", test_open);
    g_test_add_func("/nm/look", test_look);
    g_test_add_func("/nm/find", test_find);
    g_test_add_func("/nm/peer", test_peer);
    g_test_add_func("/nm/find-refused", test_find_refused);
    g_test_add_func("/nm/connection", test_connection);
    g_test_add_func("/nm/loss", test_loss);
    g_test_add_func("/nm/device-removed", test_device_removed);
    g_test_add_func("/nm/cancel", test_cancel);
    g_test_add_func("/nm/refused", test_refused);
    g_test_add_func("/nm/no-answer", test_no_answer);
    g_test_add_func("/nm/stops-midway", test_stops_midway);
    g_test_add_func("/nm/garbage", test_garbage);
    g_test_add_func("/nm/each-reason", test_each_reason);
    g_test_add_func("/nm/denied", test_denied);
    g_test_add_func("/nm/whole-way", test_whole_way);
    int status = g_test_run();
    private_bus_stop();
    return status;
}
