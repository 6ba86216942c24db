/* SPDX-License-Identifier: MIT */
#include "kmd-shim/input/input.h"

#include <math.h>
#include <string.h>

#define MAX_BUTTON 3u
#define CTRL (MC_KEY_HID + 0xe0u)
#define NOTCH 120
#define ZOOM_A_NOTCH 1.1 /* what programs make of Ctrl and one notch */
#define MAX_ZOOM_NOTCHES 10
#define MAX_ZOOM 4.0 /* of one gesture */
#define GESTURE_STEPS 8
#define GESTURE_RADIUS_PX 120.0
#define MAX_CODE (MC_KEY_HID + 0x100u)
#define MAX_SCROLL 12000 /* a hundred notches in one event are enough */

struct McInput {
    const McInputTarget *vtable;
    void *target;
    uint32_t buttons; /* pressed: bit n is button n */
    struct {
        bool down;
        uint32_t id; /* the sink's */
        int32_t x_px, y_px;
    } contact[MC_INPUT_CONTACTS];
    unsigned n_contacts;        /* that are down */
    bool touching;              /* they are the touch screen's, and not the left button */
    uint8_t keys[MAX_CODE / 8]; /* pressed */
};

static McInput *wrap(const McInputTarget *vtable, void *opened)
{
    if (!opened)
        return NULL;
    McInput *self = g_new0(McInput, 1);
    self->vtable = vtable;
    self->target = opened;
    return self;
}

McInput *mc_input_new_with(const McInputTarget *vtable, const char *target, uint32_t width_px,
                           uint32_t height_px, const char **ret_why)
{
    return wrap(vtable, vtable->open(target, width_px, height_px, ret_why));
}

McInput *mc_input_new_portal(McPortalSession *session, uint32_t width_px, uint32_t height_px,
                             const char **ret_why)
{
    return wrap(&mc_input_portal, mc_input_portal_open(session, width_px, height_px, ret_why));
}

McInput *mc_input_new(const char *target, uint32_t width_px, uint32_t height_px,
                      const char **ret_why)
{
    const McInputTarget *vtable =
        g_str_has_prefix(target, "x11") ? &mc_input_xtest : &mc_input_uinput;

    return mc_input_new_with(vtable, target, width_px, height_px, ret_why);
}

static void press_button(McInput *self, unsigned button, bool pressed)
{
    if (button < 1 || button > MAX_BUTTON || (self->buttons >> button & 1) == pressed)
        return;
    self->vtable->button(self->target, button, pressed);
    self->buttons ^= 1u << button;
}

static bool key_held(const McInput *self, uint32_t code)
{
    return self->keys[code / 8] >> (code % 8) & 1;
}

static NTSTATUS press_key(McInput *self, uint32_t code, bool pressed)
{
    if (code == 0 || code >= MAX_CODE)
        return STATUS_INVALID_PARAMETER;
    if (!pressed && !key_held(self, code))
        return STATUS_SUCCESS;
    if (!self->vtable->key(self->target, code, pressed))
        return STATUS_NOT_SUPPORTED;
    if (key_held(self, code) != pressed)
        self->keys[code / 8] ^= (uint8_t) (1u << (code % 8));
    return STATUS_SUCCESS;
}

/* ---- fingers ---- */

static int find_contact(const McInput *self, uint32_t id, bool down)
{
    for (unsigned i = 0; i < MC_INPUT_CONTACTS; i++)
        if (self->contact[i].down == down && (!down || self->contact[i].id == id))
            return (int) i;
    return -1;
}

/* The first one may have dragged a little: the left button lets go before both are fingers. */
static void begin_touching(McInput *self, unsigned newest)
{
    press_button(self, 1, false);
    self->touching = true;
    for (unsigned i = 0; i < MC_INPUT_CONTACTS; i++)
        if (self->contact[i].down && i != newest)
            self->vtable->touch(self->target, i, self->contact[i].x_px, self->contact[i].y_px,
                                true);
}

static void show_contact(McInput *self, unsigned i, bool pressed)
{
    const int32_t x_px = self->contact[i].x_px, y_px = self->contact[i].y_px;

    if (self->touching) {
        self->vtable->touch(self->target, i, x_px, y_px, pressed);
        return;
    }
    self->vtable->move(self->target, x_px, y_px);
    press_button(self, 1, pressed);
}

static void lift(McInput *self, unsigned i)
{
    show_contact(self, i, false);
    self->contact[i].down = false;
    if (--self->n_contacts == 0)
        self->touching = false;
}

static NTSTATUS touch(McInput *self, const McIoctlInputEvent *event)
{
    int i = find_contact(self, event->id, true);
    const bool fresh = i < 0;

    if (fresh && !event->pressed)
        return STATUS_SUCCESS; /* up already */
    if (fresh && self->n_contacts > 0 && !self->vtable->touch)
        return STATUS_NOT_SUPPORTED;
    if (fresh && (i = find_contact(self, 0, false)) < 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    self->contact[i].x_px = event->x;
    self->contact[i].y_px = event->y;
    if (!event->pressed) {
        lift(self, (unsigned) i);
        return STATUS_SUCCESS;
    }
    if (fresh) {
        self->contact[i].down = true;
        self->contact[i].id = event->id;
        if (++self->n_contacts == 2 && !self->touching)
            begin_touching(self, (unsigned) i);
    }
    show_contact(self, (unsigned) i, true);
    return STATUS_SUCCESS;
}

static void lift_all(McInput *self)
{
    for (unsigned i = 0; i < MC_INPUT_CONTACTS; i++)
        if (self->contact[i].down)
            lift(self, i);
}

/* ---- gestures: two fingers at either side of a place, which part, meet or turn ---- */

static void place_two(McInput *self, const McIoctlInputEvent *event, double radius_px, double angle,
                      bool pressed)
{
    const int32_t dx = (int32_t) lround(radius_px * cos(angle)),
                  dy = (int32_t) lround(radius_px * sin(angle));

    self->vtable->touch(self->target, 0, event->x - dx, event->y - dy, pressed);
    self->vtable->touch(self->target, 1, event->x + dx, event->y + dy, pressed);
}

static NTSTATUS gesture(McInput *self, const McIoctlInputEvent *event, double factor, double angle)
{
    const double first_px = factor > 1 ? GESTURE_RADIUS_PX / factor : GESTURE_RADIUS_PX;

    if (!self->vtable->touch)
        return STATUS_NOT_SUPPORTED;
    lift_all(self);
    for (int step = 0; step <= GESTURE_STEPS; step++) {
        const double part = (double) step / GESTURE_STEPS;
        place_two(self, event, first_px * pow(factor, part), angle * part, true);
    }
    place_two(self, event, first_px * factor, angle, false);
    return STATUS_SUCCESS;
}

static NTSTATUS scroll_zoom(McInput *self, const McIoctlInputEvent *event, double factor)
{
    const long notches = lround(log(factor) / log(ZOOM_A_NOTCH));
    const bool held = key_held(self, CTRL);

    self->vtable->move(self->target, event->x, event->y);
    if (!held && press_key(self, CTRL, true) != STATUS_SUCCESS)
        return STATUS_NOT_SUPPORTED;
    self->vtable->scroll(self->target, 0,
                         NOTCH * (int32_t) CLAMP(notches, -MAX_ZOOM_NOTCHES, MAX_ZOOM_NOTCHES));
    if (!held)
        press_key(self, CTRL, false);
    return STATUS_SUCCESS;
}

static NTSTATUS zoom(McInput *self, const McIoctlInputEvent *event)
{
    const double factor = CLAMP(event->id / 256.0, 1 / MAX_ZOOM, MAX_ZOOM);

    if (event->id == 0)
        return STATUS_INVALID_PARAMETER;
    if (event->id == 256)
        return STATUS_SUCCESS;
    return self->vtable->touch ? gesture(self, event, factor, 0) : scroll_zoom(self, event, factor);
}

/* Counter-clockwise where positive; the screen's y grows downwards. */
static NTSTATUS rotate(McInput *self, const McIoctlInputEvent *event)
{
    return gesture(self, event, 1, -CLAMP((int32_t) event->id / 256.0, -G_PI, G_PI));
}

static void release(McInput *self)
{
    lift_all(self);
    for (unsigned button = 1; button <= MAX_BUTTON; button++)
        press_button(self, button, false);
    for (uint32_t code = 1; code < MAX_CODE; code++)
        press_key(self, code, false);
}

/* ---- events ---- */

NTSTATUS mc_input_event(McInput *self, const McIoctlInputEvent *event)
{
    switch (event->kind) {
    case MC_INPUT_POINTER_MOVE:
        self->vtable->move(self->target, event->x, event->y);
        return STATUS_SUCCESS;
    case MC_INPUT_POINTER_BUTTON:
        self->vtable->move(self->target, event->x, event->y);
        press_button(self, event->id, event->pressed);
        return STATUS_SUCCESS;
    case MC_INPUT_KEY:
        return press_key(self, event->id, event->pressed);
    case MC_INPUT_SCROLL:
        self->vtable->scroll(self->target, CLAMP(event->x, -MAX_SCROLL, MAX_SCROLL),
                             CLAMP(event->y, -MAX_SCROLL, MAX_SCROLL));
        return STATUS_SUCCESS;
    case MC_INPUT_TOUCH:
        return touch(self, event);
    case MC_INPUT_ZOOM:
        return zoom(self, event);
    case MC_INPUT_ROTATE:
        return rotate(self, event);
    case MC_INPUT_RELEASE:
        release(self);
        return STATUS_SUCCESS;
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

void mc_input_free(McInput *self)
{
    if (!self)
        return;
    release(self);
    self->vtable->close(self->target);
    g_free(self);
}
