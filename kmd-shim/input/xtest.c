/* SPDX-License-Identifier: MIT */
#include <X11/XKBlib.h>
#include <X11/Xlib.h>
#include <X11/extensions/XTest.h>
#include <X11/keysym.h>
#include <string.h>

#include "kmd-shim/input/hid-keys.h"
#include "kmd-shim/input/input.h"
#include "kmd-shim/input/keysyms.h"

#define NOTCH 120
#define BUTTON_UP 4u
#define BUTTON_DOWN 5u
#define BUTTON_LEFT 6u
#define BUTTON_RIGHT 7u

typedef struct {
    Display *display;
    int32_t rest_x, rest_y; /* of scrolling, less than a notch */
} XTest;

static void *xtest_open(const char *target, uint32_t width_px, uint32_t height_px,
                        const char **ret_why)
{
    const char *colon = strchr(target, ':');
    Display *display = XOpenDisplay(colon ? colon + 1 : NULL);
    int ignored;

    if (!display) {
        *ret_why = "the X server cannot be reached";
        return NULL;
    }
    if (!XTestQueryExtension(display, &ignored, &ignored, &ignored, &ignored)) {
        XCloseDisplay(display);
        *ret_why = "the X server has no XTEST extension";
        return NULL;
    }
    XTest *self = g_new0(XTest, 1);
    self->display = display;
    return self;
}

static void xtest_close(void *target)
{
    XTest *self = target;

    XCloseDisplay(self->display);
    g_free(self);
}

static void xtest_move(void *target, int32_t x_px, int32_t y_px)
{
    XTest *self = target;

    XTestFakeMotionEvent(self->display, -1, x_px, y_px, CurrentTime);
    XFlush(self->display);
}

static void xtest_button(void *target, unsigned button, bool pressed)
{
    XTest *self = target;

    XTestFakeButtonEvent(self->display, button, pressed, CurrentTime);
    XFlush(self->display);
}

/* X servers on Linux number keys as the kernel does, plus eight. */
static bool press_hid_key(XTest *self, uint32_t usage, bool pressed)
{
    int least, most, key = mc_hid_key(usage) + 8;

    XDisplayKeycodes(self->display, &least, &most);
    if (key == 8 || key < least || key > most)
        return false;
    XTestFakeKeyEvent(self->display, (unsigned) key, pressed, CurrentTime);
    XFlush(self->display);
    return true;
}

static bool xtest_key(void *target, uint32_t code, bool pressed)
{
    XTest *self = target;

    if (code >= MC_KEY_HID)
        return press_hid_key(self, code - MC_KEY_HID, pressed);
    KeySym keysym = mc_keysym(code);
    KeyCode key = keysym == NoSymbol ? 0 : XKeysymToKeycode(self->display, keysym);

    if (!key)
        return false;
    bool shift = XkbKeycodeToKeysym(self->display, key, 0, 0) != keysym &&
                 XkbKeycodeToKeysym(self->display, key, 0, 1) == keysym;
    KeyCode shift_key = shift ? XKeysymToKeycode(self->display, XK_Shift_L) : 0;
    if (shift_key && pressed)
        XTestFakeKeyEvent(self->display, shift_key, True, CurrentTime);
    XTestFakeKeyEvent(self->display, key, pressed, CurrentTime);
    if (shift_key && pressed)
        XTestFakeKeyEvent(self->display, shift_key, False, CurrentTime);
    XFlush(self->display);
    return true;
}

static void click(XTest *self, unsigned button, int32_t times)
{
    for (; times > 0; times--) {
        XTestFakeButtonEvent(self->display, button, True, CurrentTime);
        XTestFakeButtonEvent(self->display, button, False, CurrentTime);
    }
}

static void xtest_scroll(void *target, int32_t x_120, int32_t y_120)
{
    XTest *self = target;

    self->rest_x += x_120;
    self->rest_y += y_120;
    click(self, self->rest_y > 0 ? BUTTON_UP : BUTTON_DOWN, ABS(self->rest_y) / NOTCH);
    click(self, self->rest_x > 0 ? BUTTON_RIGHT : BUTTON_LEFT, ABS(self->rest_x) / NOTCH);
    self->rest_x %= NOTCH;
    self->rest_y %= NOTCH;
    XFlush(self->display);
}

const McInputTarget mc_input_xtest = {
    .name = "xtest",
    .open = xtest_open,
    .close = xtest_close,
    .move = xtest_move,
    .button = xtest_button,
    .key = xtest_key,
    .scroll = xtest_scroll,
};
