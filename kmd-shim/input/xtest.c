/* SPDX-License-Identifier: MIT */
/* Input into an X server by XTEST. */
#include <X11/XKBlib.h>
#include <X11/Xlib.h>
#include <X11/extensions/XTest.h>
#include <X11/keysym.h>
#include <string.h>

#include "kmd-shim/input/hid-keys.h"
#include "kmd-shim/input/input.h"
#include "kmd-shim/input/keysyms.h"
#include "kmd-shim/input/x11-place.h"

#define NOTCH 120
#define BUTTON_UP 4u
#define BUTTON_DOWN 5u
#define BUTTON_LEFT 6u
#define BUTTON_RIGHT 7u

typedef struct {
    McXConnection *x;
    McXPlace *place;
    bool elsewhere;         /* the pointer is not at what is shown: nothing is pressed there */
    int32_t rest_x, rest_y; /* of scrolling, less than a notch */
} XTest;

static void xtest_close(void *target)
{
    XTest *self = target;

    mc_x_place_free(self->place);
    mc_x_connection_free(self->x);
    g_free(self);
}

static const char *open_all(XTest *self, McX11Target *what)
{
    int ignored;

    self->x = mc_x_connection_new(what->display);
    if (!self->x)
        return "the X server cannot be reached";
    if (!XTestQueryExtension(self->x->display, &ignored, &ignored, &ignored, &ignored))
        return "the X server has no XTEST extension";
    self->place = mc_x_place_new(self->x, what);
    return self->place ? NULL : "what is shown is not there any more";
}

static void *xtest_open(const char *target, uint32_t width_px, uint32_t height_px,
                        const char **ret_why)
{
    XTest *self = g_new0(XTest, 1);
    McX11Target what;
    const char *why = "no such part of an X server is known";

    if (mc_x11_target_parse(target[3] ? target + 4 : NULL, &what, NULL)) /* "x11:..." */
        why = open_all(self, &what);
    mc_x11_target_clear(&what);
    if (!why)
        return self;
    *ret_why = why;
    xtest_close(self);
    return NULL;
}

static void flush(XTest *self)
{
    if (!self->x->broken)
        XFlush(self->x->display);
}

static void xtest_move(void *target, int32_t x_px, int32_t y_px)
{
    XTest *self = target;

    self->elsewhere = !mc_x_place_map(self->place, &x_px, &y_px);
    if (self->elsewhere)
        return;
    XTestFakeMotionEvent(self->x->display, -1, x_px, y_px, CurrentTime);
    flush(self);
}

static void xtest_button(void *target, unsigned button, bool pressed)
{
    XTest *self = target;

    if ((pressed && self->elsewhere) || self->x->broken)
        return;
    XTestFakeButtonEvent(self->x->display, button, pressed, CurrentTime);
    flush(self);
}

/* X servers on Linux number keys as the kernel does, plus eight. */
static bool press_hid_key(XTest *self, uint32_t usage, bool pressed)
{
    int least, most, key = mc_hid_key(usage) + 8;

    XDisplayKeycodes(self->x->display, &least, &most);
    if (key == 8 || key < least || key > most)
        return false;
    XTestFakeKeyEvent(self->x->display, (unsigned) key, pressed, CurrentTime);
    flush(self);
    return true;
}

static bool xtest_key(void *target, uint32_t code, bool pressed)
{
    XTest *self = target;

    if (self->x->broken || (pressed && !mc_x_place_has_keys(self->place)))
        return true; /* nobody gets it */
    if (code >= MC_KEY_HID)
        return press_hid_key(self, code - MC_KEY_HID, pressed);
    KeySym keysym = mc_keysym(code);
    KeyCode key = keysym == NoSymbol ? 0 : XKeysymToKeycode(self->x->display, keysym);

    if (!key)
        return false;
    bool shift = XkbKeycodeToKeysym(self->x->display, key, 0, 0) != keysym &&
                 XkbKeycodeToKeysym(self->x->display, key, 0, 1) == keysym;
    KeyCode shift_key = shift ? XKeysymToKeycode(self->x->display, XK_Shift_L) : 0;
    if (shift_key && pressed)
        XTestFakeKeyEvent(self->x->display, shift_key, True, CurrentTime);
    XTestFakeKeyEvent(self->x->display, key, pressed, CurrentTime);
    if (shift_key && pressed)
        XTestFakeKeyEvent(self->x->display, shift_key, False, CurrentTime);
    flush(self);
    return true;
}

static void click(XTest *self, unsigned button, int32_t times)
{
    for (; times > 0; times--) {
        XTestFakeButtonEvent(self->x->display, button, True, CurrentTime);
        XTestFakeButtonEvent(self->x->display, button, False, CurrentTime);
    }
}

static void xtest_scroll(void *target, int32_t x_120, int32_t y_120)
{
    XTest *self = target;

    if (self->elsewhere || self->x->broken)
        return;
    self->rest_x += x_120;
    self->rest_y += y_120;
    click(self, self->rest_y > 0 ? BUTTON_UP : BUTTON_DOWN, ABS(self->rest_y) / NOTCH);
    click(self, self->rest_x > 0 ? BUTTON_RIGHT : BUTTON_LEFT, ABS(self->rest_x) / NOTCH);
    self->rest_x %= NOTCH;
    self->rest_y %= NOTCH;
    flush(self);
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
