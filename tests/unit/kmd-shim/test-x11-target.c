/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/x11-target.h"

#include "kmd-shim/capture/capture.h"

static void test_parse(void)
{
    static const struct {
        const char *text;
        McX11Part part;
        const char *display, *name;
        uint32_t window_id;
    } rows[] = {
        {"x11", MC_X11_DESKTOP, NULL, NULL, 0},
        {"x11:", MC_X11_DESKTOP, NULL, NULL, 0},
        {"x11::0", MC_X11_DESKTOP, ":0", NULL, 0},
        {"x11::98765", MC_X11_DESKTOP, ":98765", NULL, 0},
        {"x11:host:0.1", MC_X11_DESKTOP, "host:0.1", NULL, 0},
        {"x11:/tmp/.X11-unix/X0", MC_X11_DESKTOP, "/tmp/.X11-unix/X0", NULL, 0},
        {"x11:HDMI-1", MC_X11_MONITOR, NULL, "HDMI-1", 0},
        {"x11:0", MC_X11_MONITOR, NULL, "0", 0},
        {"x11,monitor=HDMI-1", MC_X11_MONITOR, NULL, "HDMI-1", 0},
        {"x11:monitor=HDMI-1", MC_X11_MONITOR, NULL, "HDMI-1", 0},
        {"x11::1,monitor=DP-2", MC_X11_MONITOR, ":1", "DP-2", 0},
        {"x11:,monitor=a:b,c", MC_X11_MONITOR, NULL, "a:b,c", 0},
        {"x11,window=0x1a0000F", MC_X11_WINDOW, NULL, "0x1a0000F", 0x1a0000f},
        {"x11::0,window=27262991", MC_X11_WINDOW, ":0", "27262991", 27262991},
        {"x11,window=xterm", MC_X11_WINDOW, NULL, "xterm", 0},
        {"x11,window=Notes: a, b=c", MC_X11_WINDOW, NULL, "Notes: a, b=c", 0},
        {"x11:window=2048 game", MC_X11_WINDOW, NULL, "2048 game", 0},
        {"x11,window=010", MC_X11_WINDOW, NULL, "010", 10},
        {"x11,window=4294967296", MC_X11_WINDOW, NULL, "4294967296", 0},
        {"x11,window=99999999999999999999", MC_X11_WINDOW, NULL, "99999999999999999999", 0},
        {"x11,window=monitor=x", MC_X11_WINDOW, NULL, "monitor=x", 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        const char *argument;
        McX11Target target;
        g_assert_true(mc_capture_find(rows[i].text, &argument, &error) == &mc_capture_x11);
        g_assert_true(mc_x11_target_parse(argument, &target, &error));
        g_assert_no_error(error);
        g_assert_cmpint(target.part, ==, rows[i].part);
        g_assert_cmpstr(target.display, ==, rows[i].display);
        g_assert_cmpstr(target.name, ==, rows[i].name);
        g_assert_cmpuint(target.window_id, ==, rows[i].window_id);
        mc_x11_target_clear(&target);
    }
}

static void test_refuse(void)
{
    static const char *const rows[] = {
        ":0,",      ":0,monitor=", ":0,window=", ":0,screen=1", "HDMI-1,x=y",
        "monitor=", "window=",     ",",          ":0,Monitor=a"};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        McX11Target target;
        g_assert_false(mc_x11_target_parse(rows[i], &target, &error));
        g_assert_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_UNKNOWN_KIND);
        g_assert_null(target.display);
        g_assert_null(target.name);
    }
}

static void test_clip(void)
{
    static const struct {
        McX11Area area, clipped;
        bool left; /* something is */
    } rows[] = {
        {{0, 0, 1280, 960}, {0, 0, 1280, 960}, true},
        {{640, 0, 640, 960}, {640, 0, 640, 960}, true},
        {{-10, -20, 100, 100}, {0, 0, 90, 80}, true},
        {{1200, 900, 1920, 1080}, {1200, 900, 80, 60}, true},
        {{1280, 0, 10, 10}, {0}, false},
        {{-10, 0, 10, 10}, {0}, false},
        {{10, 10, 0, 10}, {0}, false},
        {{G_MAXINT32, 0, G_MAXUINT32, 1}, {0}, false},
        {{G_MININT32, 0, G_MAXUINT32, 1}, {0, 0, 1280, 1}, true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        McX11Area area = rows[i].area;
        g_assert_true(mc_x11_area_clip(&area, 1280, 960) == rows[i].left);
        if (rows[i].left)
            g_assert_cmpmem(&area, sizeof(area), &rows[i].clipped, sizeof(area));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/x11-target/parse", test_parse);
    g_test_add_func("/x11-target/refuse", test_refuse);
    g_test_add_func("/x11-target/clip", test_clip);
    return g_test_run();
}
