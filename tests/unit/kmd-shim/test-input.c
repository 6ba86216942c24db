/* SPDX-License-Identifier: MIT */
/* Input in a real X server: what is injected is what a client of the server sees. */
#include "kmd-shim/input/input.h"

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/keysym.h>
#include <fcntl.h>
#include <linux/input.h>
#include <string.h>
#include <unistd.h>

#include "x-server.h"

typedef struct {
    GPid pid;
    char name[16];
    Display *display;
    Window window;
} Server;

static bool start_server(Server *self)
{
    if (!x_server_start("640x480x24", true, &self->pid, self->name, sizeof(self->name)))
        return false;
    self->display = XOpenDisplay(self->name);
    g_assert_nonnull(self->display);
    return true;
}

static void stop_server(Server *self)
{
    XCloseDisplay(self->display);
    x_server_stop(self->pid);
}

static void open_window(Server *self)
{
    XEvent event;

    self->window = XCreateSimpleWindow(self->display, DefaultRootWindow(self->display), 0, 0, 640,
                                       480, 0, 0, 0);
    XSelectInput(self->display, self->window,
                 KeyPressMask | KeyReleaseMask | ButtonPressMask | ButtonReleaseMask |
                     PointerMotionMask | ExposureMask);
    XMapWindow(self->display, self->window);
    do
        XNextEvent(self->display, &event);
    while (event.type != Expose);
    XSetInputFocus(self->display, self->window, RevertToParent, CurrentTime);
    XSync(self->display, False);
}

/* The next event that presses something or lets a button go. */
static XEvent next_event(Server *self)
{
    XEvent event;

    do
        XNextEvent(self->display, &event);
    while (event.type == MotionNotify || event.type == Expose || event.type == KeyRelease);
    return event;
}

static void send_event(McInput *input, McIoctlInputEvent event)
{
    g_assert_cmpint(mc_input_event(input, &event), ==, STATUS_SUCCESS);
}

static void expect_button(Server *server, int type, unsigned button)
{
    XEvent event = next_event(server);

    g_assert_cmpint(event.type, ==, type);
    g_assert_cmpuint(event.xbutton.button, ==, button);
}

static void check_pointer(Server *server, McInput *input)
{
    send_event(input, (McIoctlInputEvent){.kind = MC_INPUT_TOUCH, .x = 100, .y = 50, .pressed = 1});
    XEvent event = next_event(server);
    g_assert_cmpint(event.type, ==, ButtonPress);
    g_assert_cmpint(event.xbutton.x, ==, 100);
    g_assert_cmpint(event.xbutton.y, ==, 50);
    send_event(input, (McIoctlInputEvent){.kind = MC_INPUT_TOUCH, .x = 120, .y = 60});
    expect_button(server, ButtonRelease, 1);
    send_event(input, (McIoctlInputEvent){.kind = MC_INPUT_SCROLL, .y = -240});
    for (int i = 0; i < 2; i++) {
        expect_button(server, ButtonPress, 5);
        expect_button(server, ButtonRelease, 5);
    }
}

static void expect_text(Server *server, const char *text)
{
    char typed[8] = "";

    for (;;) {
        XEvent event = next_event(server);
        KeySym keysym;
        if (event.type == KeyPress &&
            XLookupString(&event.xkey, typed, sizeof(typed), &keysym, NULL))
            break;
    }
    g_assert_cmpint(typed[0], ==, text[0]);
}

static void check_keys(Server *server, McInput *input)
{
    static const char text[] = "aZ5?\r";

    for (const char *c = text; *c; c++) {
        McIoctlInputEvent event = {.kind = MC_INPUT_KEY, .id = (uint8_t) *c, .pressed = 1};
        send_event(input, event);
        expect_text(server, c);
        event.pressed = 0;
        send_event(input, event);
    }
}

static void press(McInput *input, uint32_t usage, bool pressed)
{
    send_event(input, (McIoctlInputEvent){
                          .kind = MC_INPUT_KEY, .id = MC_KEY_HID + usage, .pressed = pressed});
}

/* Keys by their place on a USB keyboard: the server's layout and modifiers make the text. */
static void check_hid_keys(Server *server, McInput *input)
{
    press(input, 0xe1, true);
    press(input, 0x04, true);
    expect_text(server, "A");
    press(input, 0x04, false);
    press(input, 0xe1, false);
    press(input, 0x50, true);
    XEvent event = next_event(server);
    g_assert_cmpint(XLookupKeysym(&event.xkey, 0), ==, XK_Left);
    press(input, 0x50, false);
    McIoctlInputEvent none = {.kind = MC_INPUT_KEY, .id = MC_KEY_HID + 0xff, .pressed = 1};
    g_assert_cmpint(mc_input_event(input, &none), ==, STATUS_NOT_SUPPORTED);
}

static void check_refused(McInput *input)
{
    McIoctlInputEvent report = {.kind = MC_INPUT_HID}, zoom = {.kind = MC_INPUT_ZOOM},
                      key = {.kind = MC_INPUT_KEY, .id = 0x1234};

    g_assert_cmpint(mc_input_event(input, &report), ==, STATUS_NOT_SUPPORTED);
    g_assert_cmpint(mc_input_event(input, &zoom), ==, STATUS_INVALID_PARAMETER);
    g_assert_cmpint(mc_input_event(input, &key), ==, STATUS_INVALID_PARAMETER);
}

/* Zoom is what programs understand: Ctrl and the wheel, at that place. */
static void check_zoom(Server *server, McInput *input)
{
    McIoctlInputEvent second = {.kind = MC_INPUT_TOUCH, .id = 1, .pressed = 1};

    send_event(input, (McIoctlInputEvent){.kind = MC_INPUT_ZOOM, .id = 310, .x = 200, .y = 90});
    XEvent event = next_event(server);
    g_assert_cmpint(event.type, ==, KeyPress);
    g_assert_cmpint(XLookupKeysym(&event.xkey, 0), ==, XK_Control_L);
    for (int i = 0; i < 2; i++) { /* 1.21 = 1.1 * 1.1 */
        event = next_event(server);
        g_assert_cmpint(event.type, ==, ButtonPress);
        g_assert_cmpuint(event.xbutton.button, ==, 4);
        g_assert_cmpint(event.xbutton.x, ==, 200);
        g_assert_true(event.xbutton.state & ControlMask);
        expect_button(server, ButtonRelease, 4);
    }
    send_event(input, (McIoctlInputEvent){.kind = MC_INPUT_ZOOM, .id = 256});
    send_event(input, (McIoctlInputEvent){.kind = MC_INPUT_TOUCH, .x = 9, .y = 9, .pressed = 1});
    expect_button(server, ButtonPress, 1);
    g_assert_cmpint(mc_input_event(input, &second), ==, STATUS_NOT_SUPPORTED); /* XTEST has one */
    send_event(input, (McIoctlInputEvent){.kind = MC_INPUT_RELEASE});
    expect_button(server, ButtonRelease, 1);
}

/* What is pressed when the session ends is let go. */
static void check_let_go(Server *server, McInput *input)
{
    send_event(input, (McIoctlInputEvent){
                          .kind = MC_INPUT_POINTER_BUTTON, .id = 3, .x = 5, .y = 5, .pressed = 1});
    expect_button(server, ButtonPress, 3);
    mc_input_free(input);
    expect_button(server, ButtonRelease, 3);
}

static void test_xtest(void)
{
    Server server;
    const char *why = NULL;

    if (!start_server(&server)) {
        g_test_skip("Xvfb is not installed");
        return;
    }
    open_window(&server);
    g_autofree char *target = g_strdup_printf("x11:%s", server.name);
    McInput *input = mc_input_new(target, 640, 480, &why);
    g_assert_nonnull(input);
    check_pointer(&server, input);
    check_keys(&server, input);
    check_hid_keys(&server, input);
    check_refused(input);
    check_zoom(&server, input);
    check_let_go(&server, input);
    stop_server(&server);
}

static void test_no_server(void)
{
    const char *why = NULL;

    g_assert_null(mc_input_new("x11::987", 640, 480, &why));
    g_assert_nonnull(why);
}

/* ---- a target that writes down what it is told ---- */

static GString *noted; /* of the target that is open */

static void *note_open(const char *target, uint32_t width_px, uint32_t height_px,
                       const char **ret_why)
{
    return noted = g_string_new(NULL);
}

static void note_close(void *target)
{
    g_string_free(target, TRUE);
}

static void note_move(void *target, int32_t x_px, int32_t y_px)
{
    g_string_append_printf(target, "to %d,%d; ", x_px, y_px);
}

static void note_button(void *target, unsigned button, bool pressed)
{
    g_string_append_printf(target, "button %u %d; ", button, pressed);
}

static bool note_key(void *target, uint32_t code, bool pressed)
{
    g_string_append_printf(target, "key %x %d; ", code, pressed);
    return true;
}

static void note_scroll(void *target, int32_t x_120, int32_t y_120)
{
    g_string_append_printf(target, "scroll %d,%d; ", x_120, y_120);
}

static void note_touch(void *target, unsigned contact, int32_t x_px, int32_t y_px, bool pressed)
{
    g_string_append_printf(target, "finger %u %d,%d %d; ", contact, x_px, y_px, pressed);
}

static const McInputTarget notes = {.name = "notes",
                                    .open = note_open,
                                    .close = note_close,
                                    .move = note_move,
                                    .button = note_button,
                                    .key = note_key,
                                    .scroll = note_scroll,
                                    .touch = note_touch};

static McInput *new_noting(void)
{
    const char *why = NULL;

    return mc_input_new_with(&notes, "", 640, 480, &why);
}

static void expect_log(const char *text)
{
    g_assert_cmpstr(noted->str, ==, text);
    g_string_set_size(noted, 0);
}

static void finger(McInput *input, uint32_t id, int32_t x, int32_t y, bool pressed)
{
    send_event(input, (McIoctlInputEvent){
                          .kind = MC_INPUT_TOUCH, .id = id, .x = x, .y = y, .pressed = pressed});
}

/* One finger clicks and drags; from the second one on both are fingers, until none is left. */
static void test_fingers(void)
{
    McInput *input = new_noting();

    finger(input, 7, 10, 20, true);
    expect_log("to 10,20; button 1 1; ");
    finger(input, 7, 11, 20, true);
    expect_log("to 11,20; ");
    finger(input, 200, 50, 60, true);
    expect_log("button 1 0; finger 0 11,20 1; finger 1 50,60 1; ");
    finger(input, 7, 0, 0, false);
    expect_log("finger 0 0,0 0; ");
    finger(input, 7, 0, 0, false); /* again: it is up */
    expect_log("");
    finger(input, 200, 51, 61, true);
    expect_log("finger 1 51,61 1; ");
    finger(input, 200, 51, 61, false);
    expect_log("finger 1 51,61 0; ");
    finger(input, 1, 5, 5, true);
    expect_log("to 5,5; button 1 1; ");
    finger(input, 2, 6, 6, true);
    g_string_set_size(noted, 0);
    send_event(input, (McIoctlInputEvent){.kind = MC_INPUT_RELEASE});
    expect_log("finger 0 5,5 0; finger 1 6,6 0; ");
    for (uint32_t id = 0; id < MC_INPUT_CONTACTS; id++)
        finger(input, id, 1, 1, true);
    McIoctlInputEvent eleventh = {.kind = MC_INPUT_TOUCH, .id = 99, .pressed = 1};
    g_assert_cmpint(mc_input_event(input, &eleventh), ==, STATUS_INSUFFICIENT_RESOURCES);
    mc_input_free(input);
}

/* Two fingers begin and end where the gesture says, whatever the factor, and both go up. */
static void test_gestures(void)
{
    static const struct {
        McInputKind kind;
        int32_t amount;
        const char *first, *last;
    } rows[] = {
        {MC_INPUT_ZOOM, 512, "finger 0 240,200 1; finger 1 360,200 1; ",
         "finger 0 180,200 0; finger 1 420,200 0; "},
        {MC_INPUT_ZOOM, 128, "finger 0 180,200 1; finger 1 420,200 1; ",
         "finger 0 240,200 0; finger 1 360,200 0; "},
        {MC_INPUT_ZOOM, 65535, "finger 0 270,200 1; finger 1 330,200 1; ",
         "finger 0 180,200 0; finger 1 420,200 0; "},
        {MC_INPUT_ROTATE, 402, "finger 0 180,200 1; finger 1 420,200 1; ", /* a quarter turn left */
         "finger 0 300,320 0; finger 1 300,80 0; "},
        {MC_INPUT_ROTATE, -402, "finger 0 180,200 1; finger 1 420,200 1; ",
         "finger 0 300,80 0; finger 1 300,320 0; "},
        {MC_INPUT_ROTATE, INT32_MIN, "finger 0 180,200 1; finger 1 420,200 1; ",
         "finger 0 420,200 0; finger 1 180,200 0; "},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        McInput *input = new_noting();
        send_event(input,
                   (McIoctlInputEvent){
                       .kind = rows[i].kind, .id = (uint32_t) rows[i].amount, .x = 300, .y = 200});
        const char *log = noted->str;
        if (!g_str_has_prefix(log, rows[i].first) || !g_str_has_suffix(log, rows[i].last))
            g_error("row %zu: %s", i, log);
        mc_input_free(input);
    }
}

/* ---- the kernel ---- */

/* Reads the device that has this name; -1: it may not be read here. */
static int open_event_device(const char *name)
{
    g_autoptr(GDir) dir = g_dir_open("/sys/class/input", 0, NULL);

    for (const char *entry; dir && (entry = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename("/sys/class/input", entry, "device/name", NULL);
        g_autofree char *text = NULL;
        if (!g_str_has_prefix(entry, "event") || !g_file_get_contents(path, &text, NULL, NULL) ||
            strcmp(g_strchomp(text), name))
            continue;
        g_autofree char *node = g_build_filename("/dev/input", entry, NULL);
        return open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
    return -1;
}

/* What a reader of the touch screen gets: slots, tracking ids, places, and the end of each report.
 */
static void check_touch_device(McInput *input)
{
    struct input_event event;
    unsigned fingers = 0, ends = 0, reports = 0;
    int fd = open_event_device(MC_UINPUT_TOUCH_NAME);

    if (fd < 0) {
        g_test_message("/dev/input may not be read here");
        return;
    }
    finger(input, 0, 1, 1, true);
    finger(input, 1, 600, 400, true);
    send_event(input, (McIoctlInputEvent){.kind = MC_INPUT_RELEASE});
    while (read(fd, &event, sizeof(event)) == sizeof(event)) {
        fingers += event.type == EV_ABS && event.code == ABS_MT_TRACKING_ID && event.value >= 0;
        ends += event.type == EV_ABS && event.code == ABS_MT_TRACKING_ID && event.value < 0;
        reports += event.type == EV_SYN && event.code == SYN_REPORT;
    }
    g_assert_cmpuint(fingers, ==, 2);
    g_assert_cmpuint(ends, ==, 2);
    g_assert_cmpuint(reports, >=, 4);
    close(fd);
}

static void test_uinput(void)
{
    const char *why = NULL;
    McInput *input = mc_input_new("uinput", 640, 480, &why);

    if (!input) {
        g_test_skip(why);
        return;
    }
    check_refused(input);
    send_event(input, (McIoctlInputEvent){.kind = MC_INPUT_KEY, .id = '?', .pressed = 1});
    send_event(input, (McIoctlInputEvent){.kind = MC_INPUT_KEY, .id = '?'});
    send_event(input, (McIoctlInputEvent){.kind = MC_INPUT_ZOOM, .id = 300, .x = 320, .y = 200});
    check_touch_device(input);
    mc_input_free(input);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/input/xtest", test_xtest);
    g_test_add_func("/input/no-server", test_no_server);
    g_test_add_func("/input/fingers", test_fingers);
    g_test_add_func("/input/gestures", test_gestures);
    g_test_add_func("/input/uinput", test_uinput);
    return g_test_run();
}
