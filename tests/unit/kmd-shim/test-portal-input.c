/* SPDX-License-Identifier: MIT */
/* Input through a desktop portal on a private bus: what is injected is what the portal is told. */
#include <string.h>

#include "fake-portal.h"
#include "kmd-shim/input/input.h"

typedef struct {
    FakePortal portal;
    McPortalSession *session;
    McInput *input;
    bool skipped;
} Bed;

static void set_up(Bed *bed, gconstpointer data)
{
    bed->skipped = !fake_portal_start(&bed->portal);
    if (bed->skipped)
        g_test_skip("dbus-daemon is not installed");
}

static void tear_down(Bed *bed, gconstpointer data)
{
    mc_input_free(bed->input);
    mc_portal_session_unref(bed->session);
    if (!bed->skipped)
        fake_portal_stop(&bed->portal);
}

/* The desktop is 1920x1080, of 960x540 logical pixels. */
static void open_input(Bed *bed)
{
    const McPortalRequest request = {.devices =
                                         MC_PORTAL_KEYBOARD | MC_PORTAL_POINTER | MC_PORTAL_TOUCH};
    const char *why = NULL;

    bed->session = mc_portal_session_new(&request);
    bed->input = mc_input_new_portal(bed->session, 1920, 1080, &why);
    g_assert_nonnull(bed->input);
}

/* The session is the input's alone by now. */
static void close_input(Bed *bed)
{
    g_clear_pointer(&bed->session, mc_portal_session_unref);
    g_clear_pointer(&bed->input, mc_input_free);
}

static void send_event(Bed *bed, McIoctlInputEvent event)
{
    g_assert_cmpint(mc_input_event(bed->input, &event), ==, STATUS_SUCCESS);
}

/* Nothing says when the answer to Start has arrived: what is sent before is dropped. */
static void wait_until_ready(Bed *bed, McIoctlInputEvent event, const char *text)
{
    while (!strstr(bed->portal.log->str, text)) {
        send_event(bed, event);
        while (g_main_context_iteration(NULL, FALSE))
            ;
        g_thread_yield();
    }
    g_string_set_size(bed->portal.log, 0);
}

static const McIoctlInputEvent corner = {.kind = MC_INPUT_POINTER_MOVE};

static void be_ready(Bed *bed)
{
    open_input(bed);
    wait_until_ready(bed, corner, "NotifyPointerMotionAbsolute");
    /* Those that were still under way. */
    send_event(bed, (McIoctlInputEvent){.kind = MC_INPUT_POINTER_MOVE, .x = 2, .y = 2});
    fake_portal_wait(&bed->portal, "42, 1.0, 1.0");
    g_string_set_size(bed->portal.log, 0);
}

/* The lines of the log without the session's path. */
static void expect_log(Bed *bed, const char *last, const char *expected)
{
    fake_portal_wait(&bed->portal, last);
    g_autofree char *head = g_strdup_printf("('%s', {}, ", bed->portal.session);
    g_autoptr(GString) text = g_string_new(bed->portal.log->str);
    g_string_replace(text, head, "", 0);
    g_assert_cmpstr(text->str, ==, expected);
    g_string_set_size(bed->portal.log, 0);
}

static void test_events(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    be_ready(bed);
    send_event(bed,
               (McIoctlInputEvent){
                   .kind = MC_INPUT_POINTER_BUTTON, .id = 3, .x = 960, .y = 540, .pressed = 1});
    send_event(bed, (McIoctlInputEvent){.kind = MC_INPUT_SCROLL, .x = 120, .y = -240});
    send_event(bed, (McIoctlInputEvent){.kind = MC_INPUT_KEY, .id = 'A', .pressed = 1});
    send_event(bed, (McIoctlInputEvent){.kind = MC_INPUT_KEY, .id = MC_KEY_HID + 4, .pressed = 1});
    send_event(bed, (McIoctlInputEvent){.kind = MC_INPUT_RELEASE});
    expect_log(bed, "30, 0",
               "NotifyPointerMotionAbsolute 42, 480.0, 270.0)\n"
               "NotifyPointerButton 273, 1)\n"
               "NotifyPointerAxisDiscrete 0, 2)\n"
               "NotifyPointerAxisDiscrete 1, 1)\n"
               "NotifyKeyboardKeysym 65, 1)\n"
               "NotifyKeyboardKeycode 30, 1)\n"
               "NotifyPointerButton 273, 0)\n"
               "NotifyKeyboardKeysym 65, 0)\n"
               "NotifyKeyboardKeycode 30, 0)\n");
    McIoctlInputEvent none = {.kind = MC_INPUT_KEY, .id = 0x01, .pressed = 1};
    g_assert_cmpint(mc_input_event(bed->input, &none), ==, STATUS_NOT_SUPPORTED);
    close_input(bed);
    fake_portal_wait(&bed->portal, "Close");
}

static void test_fingers(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    be_ready(bed);
    send_event(
        bed, (McIoctlInputEvent){.kind = MC_INPUT_TOUCH, .id = 5, .x = 20, .y = 40, .pressed = 1});
    send_event(bed, (McIoctlInputEvent){
                        .kind = MC_INPUT_TOUCH, .id = 6, .x = 200, .y = 400, .pressed = 1});
    send_event(bed, (McIoctlInputEvent){
                        .kind = MC_INPUT_TOUCH, .id = 6, .x = 202, .y = 400, .pressed = 1});
    send_event(bed, (McIoctlInputEvent){.kind = MC_INPUT_RELEASE});
    expect_log(bed, "{}, 1)",
               "NotifyPointerMotionAbsolute 42, 10.0, 20.0)\n"
               "NotifyPointerButton 272, 1)\n"
               "NotifyPointerButton 272, 0)\n"
               "NotifyTouchDown 42, 0, 10.0, 20.0)\n"
               "NotifyTouchDown 42, 1, 100.0, 200.0)\n"
               "NotifyTouchMotion 42, 1, 101.0, 200.0)\n"
               "NotifyTouchUp 0)\n"
               "NotifyTouchUp 1)\n");
    close_input(bed);
}

/* What the person did not tick does not happen. */
static void test_some_devices(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    bed->portal.devices = 2;
    be_ready(bed);
    send_event(bed, (McIoctlInputEvent){.kind = MC_INPUT_KEY, .id = 'A', .pressed = 1});
    send_event(bed, (McIoctlInputEvent){.kind = MC_INPUT_SCROLL, .y = 120});
    expect_log(bed, "Axis", "NotifyPointerAxisDiscrete 0, -1)\n");
    close_input(bed);
}

static void note_message(const char *domain, GLogLevelFlags level, const char *text,
                         gpointer user_data)
{
    g_assert_nonnull(strstr(text, "[input.unavailable]"));
    g_atomic_int_inc((gint *) user_data);
}

static unsigned count_notes(const char *text)
{
    unsigned n = 0;

    for (; (text = strstr(text, "Notify")); text++)
        n++;
    return n;
}

/* The desktop's own button ends it: that is said once, and nothing is sent from then on. */
static void test_ended(Bed *bed, gconstpointer data)
{
    gint messages = 0;
    unsigned sent = 0;

    if (bed->skipped)
        return;
    be_ready(bed);
    GLogFunc before = g_log_set_default_handler(note_message, &messages);
    fake_portal_end_session(&bed->portal);
    do {
        send_event(bed, corner);
        g_main_context_iteration(NULL, FALSE);
        sent++;
    } while (g_atomic_int_get(&messages) == 0);
    for (unsigned i = 0; i < 10; i++)
        send_event(bed, corner);
    close_input(bed);
    fake_portal_wait(&bed->portal, "Close");
    g_log_set_default_handler(before, NULL);
    g_assert_cmpint(messages, ==, 1);
    g_assert_cmpuint(count_notes(bed->portal.log->str), ==, sent - 1);
}

static void test_refused(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    bed->portal.answer = FAKE_REFUSE;
    open_input(bed);
    fake_portal_wait(&bed->portal, "Start");
    send_event(bed, corner);
    close_input(bed);
    fake_portal_wait(&bed->portal, "Close"); /* of the session */
    g_assert_null(strstr(bed->portal.log->str, "Notify"));
}

/* Nobody answers the dialogue before the cast ends: it goes too. */
static void test_waiting(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    bed->portal.answer = FAKE_WAIT;
    open_input(bed);
    fake_portal_wait(&bed->portal, "Start");
    send_event(bed, corner);
    close_input(bed);
    fake_portal_wait(&bed->portal, "Close");
    g_assert_nonnull(strstr(bed->portal.log->str, "SelectDevices"));
    g_assert_nonnull(strstr(bed->portal.log->str, "SelectSources"));
    g_assert_null(strstr(bed->portal.log->str, "Notify"));
}

static void test_no_stream(Bed *bed, gconstpointer data)
{
    if (bed->skipped)
        return;
    bed->portal.no_stream = true;
    open_input(bed);
    fake_portal_wait(&bed->portal, "Start");
    close_input(bed);
}

static void test_no_bus(void)
{
    g_setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", TRUE);
    McPortalSession *session = mc_portal_session_new(&(McPortalRequest){.devices = 7});
    g_assert_cmpint(mc_portal_session_wait(session, NULL, NULL), ==, MC_PORTAL_NO_PORTAL);
    mc_portal_session_unref(session);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add(path, Bed, NULL, set_up, func, tear_down)
    ADD("/portal-input/events", test_events);
    ADD("/portal-input/fingers", test_fingers);
    ADD("/portal-input/some-devices", test_some_devices);
    ADD("/portal-input/ended", test_ended);
    ADD("/portal-input/refused", test_refused);
    ADD("/portal-input/waiting", test_waiting);
    ADD("/portal-input/no-stream", test_no_stream);
    g_test_add_func("/portal-input/no-bus", test_no_bus);
    return g_test_run();
}
