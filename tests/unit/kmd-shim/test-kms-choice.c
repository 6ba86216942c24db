/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/kms-choice.h"

#include <string.h>

#include "kmd-shim/capture/error.h"

/* card0 is a laptop's with its lid closed: eDP-1 is still driven. */
static const McKmsScreen screens[] = {
    {.card = "card0", .name = "eDP-1", .crtc_id = 41, .width_px = 1920, .height_px = 1200},
    {.card = "card0", .name = "DP-1", .connected = true},
    {.card = "card0", .name = "HDMI-A-1"},
    {.card = "card1",
     .name = "HDMI-A-1",
     .connected = true,
     .crtc_id = 42,
     .width_px = 1280,
     .height_px = 720},
    {.card = "card1",
     .name = "HDMI-A-2",
     .connected = true,
     .crtc_id = 43,
     .width_px = 800,
     .height_px = 600},
    {.card = "card10", .name = "VGA-1", .connected = true, .crtc_id = 44, .width_px = 640},
};

#define ALL                                                                                        \
    "card0: eDP-1 (1920x1200), DP-1 (off), HDMI-A-1 (not connected); card1: HDMI-A-1 "             \
    "(1280x720), HDMI-A-2 (800x600); card10: VGA-1 (640x0)"

static void test_found(void)
{
    static const struct {
        const char *wanted;
        unsigned expected;
    } rows[] = {
        {NULL, 3},                     /* one that is connected goes before one that is only on */
        {"", 3},         {"card0", 0}, /* but that is better than none */
        {"eDP-1", 0},    {"card0-eDP-1", 0},
        {"card1", 3},    {"HDMI-A-1", 3}, /* the one of that name that is on */
        {"HDMI-A-2", 4}, {"card1-HDMI-A-2", 4},
        {"card10", 5},   {"card10-VGA-1", 5},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        const McKmsScreen *found =
            mc_kms_choose(screens, G_N_ELEMENTS(screens), rows[i].wanted, &error);
        g_assert_no_error(error);
        g_assert_nonnull(found);
        g_assert_cmpint(found - screens, ==, (int) rows[i].expected);
    }
}

static void expect_none(unsigned n_screens, const char *wanted, const char *words)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(mc_kms_choose(screens, n_screens, wanted, &error));
    g_assert_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_SCREEN);
    g_assert_cmpstr(error->message, ==, words);
}

static void test_none(void)
{
    static const char off[] = "no screen that is meant is on; there are " ALL;
    static const char *const absent[] = {
        "DP-9",     "card2", "card",   "card1-",          "card1-eDP-1", "card1HDMI-A-1",
        "hdmi-a-1", "HDMI",  "card0-", "card10-HDMI-A-1", "-eDP-1",      "card1-HDMI-A-2 "};

    for (size_t i = 0; i < G_N_ELEMENTS(absent); i++) {
        g_autofree char *words =
            g_strdup_printf("there is no screen \"%s\"; there are " ALL, absent[i]);
        expect_none(G_N_ELEMENTS(screens), absent[i], words);
    }
    expect_none(G_N_ELEMENTS(screens), "DP-1", off);
    expect_none(G_N_ELEMENTS(screens), "card0-HDMI-A-1", off);
    expect_none(0, "HDMI-A-1", "the graphics card has no screen");
    expect_none(0, NULL, "the graphics card has no screen");
}

static void test_first(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(mc_kms_choose(screens, 3, NULL, &error) == &screens[0]);
    g_assert_null(mc_kms_choose(screens + 1, 2, "", &error));
    g_assert_cmpstr(error->message, ==,
                    "no screen that is meant is on; there are card0: DP-1 (off), HDMI-A-1 (not "
                    "connected)");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kms-choice/found", test_found);
    g_test_add_func("/kms-choice/none", test_none);
    g_test_add_func("/kms-choice/first", test_first);
    return g_test_run();
}
