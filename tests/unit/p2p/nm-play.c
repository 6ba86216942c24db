/* SPDX-License-Identifier: MIT */
#include "nm-play.h"

#include "private-bus.h"

#define NM "org.freedesktop.NetworkManager"

static void say(NmPlay *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say(NmPlay *self, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_queue_push_tail(&self->words, g_strdup_vprintf(format, args));
    va_end(args);
}

static void on_event(const McWpaEvent *event, void *user_data)
{
    static const char *const roles[] = {"?", "GO", "client"};
    NmPlay *self = user_data;
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

bool nm_play_start(bool wpas)
{
    if (!private_bus_start()) {
        g_print("1..0 # SKIP dbus-daemon is not installed\n");
        return false;
    }
    fake_nm_start();
    if (wpas)
        fake_nm_start_wpas();
    return true;
}

int nm_play_run(void)
{
    const int status = g_test_run();

    private_bus_stop();
    return status;
}

bool nm_play_open(NmPlay *self, const char *interface, GError **error)
{
    McSupplicantConfig config = {.backend = "nm"};
    McSupplicantCalls calls = {on_event, on_reply, on_gone, self};

    *self = (NmPlay){.context = g_main_context_new(), .next_id = 1};
    g_strlcpy(config.interface, interface, sizeof(config.interface));
    g_main_context_push_thread_default(self->context);
    self->backend = mc_supplicant_nm.open(&config, &calls, self->context, error);
    return self->backend != NULL;
}

void nm_play_close(NmPlay *self)
{
    if (self->backend)
        mc_supplicant_nm.close(self->backend);
    while (g_main_context_iteration(self->context, FALSE)) /* GDBus says that it is closed */
        ;
    g_main_context_pop_thread_default(self->context);
    g_main_context_unref(self->context);
    g_queue_clear_full(&self->words, g_free);
}

void nm_play_begin(NmPlay *self, const FakeNmPlan *plan)
{
    g_autoptr(GError) error = NULL;

    fake_nm_set(plan);
    g_assert_true(nm_play_open(self, "", &error));
    g_assert_no_error(error);
}

static gboolean wake(gpointer user_data)
{
    return G_SOURCE_CONTINUE;
}

/* The next word, whenever it comes. */
void nm_play_expect(NmPlay *self, const char *word)
{
    gint64 end_us = g_get_monotonic_time() + NM_PLAY_PATIENCE_S * G_USEC_PER_SEC;
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

void nm_play_asked(const char *call)
{
    g_autofree char *got = fake_nm_asked(NM_PLAY_PATIENCE_S);

    g_assert_cmpstr(got, ==, call);
}

void nm_play_command(NmPlay *self, const McCommand *command)
{
    mc_supplicant_nm.command(self->backend, self->next_id++, command);
}

McCommand nm_play_to_sink(McCommandKind kind)
{
    McCommand made = {.kind = kind};

    g_assert_true(mc_mac_parse(NM_PLAY_SINK, &made.peer));
    return made;
}

/* All that was said before has arrived, and nothing came of it. */
void nm_play_settle(NmPlay *self)
{
    fake_nm_emit(FAKE_NM_DEVICE, NM ".Device.WifiP2P", "PeerRemoved",
                 g_variant_new("(o)", FAKE_NM_PEER "1"));
    nm_play_expect(self, "P2P-DEVICE-LOST " NM_PLAY_SINK);
}
