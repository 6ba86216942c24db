/* SPDX-License-Identifier: MIT */
/* Input through the desktop portal, as Wayland sessions have it, in the session that shows the
 * pictures.  A kind of device that the person did not let in does nothing. */
#include <linux/input-event-codes.h>

#include "kmd-shim/input/hid-keys.h"
#include "kmd-shim/input/input.h"
#include "kmd-shim/input/keysyms.h"
#include "kmd-shim/portal-session.h"

#define NOTCH 120
#define AXIS_VERTICAL 0u
#define AXIS_HORIZONTAL 1u

typedef struct {
    McPortalSession *session;
    uint32_t width_px, height_px; /* that the sink's places speak of */
    int32_t rest_x, rest_y;       /* of scrolling, less than a notch */
    unsigned down;                /* contacts: bit n is contact n */
    McPortalState told;
} Portal;

void *mc_input_portal_open(McPortalSession *session, uint32_t width_px, uint32_t height_px,
                           const char **ret_why)
{
    McPortalGrant grant;

    if (mc_portal_session_state(session, &grant) == MC_PORTAL_READY && !grant.devices) {
        *ret_why = "the desktop lets no input in; it was not agreed to, or its portal has none";
        return NULL;
    }
    Portal *self = g_new0(Portal, 1);
    self->session = mc_portal_session_ref(session);
    self->width_px = width_px;
    self->height_px = height_px;
    return self;
}

static void portal_close(void *target)
{
    Portal *self = target;

    mc_portal_session_unref(self->session);
    g_free(self);
}

/* Said once for each change that a person would wonder about. */
static void tell(Portal *self, McPortalState state)
{
    if (state == self->told)
        return;
    self->told = state;
    if (state == MC_PORTAL_CLOSED)
        g_message("[input.unavailable] the desktop ended the sink's input");
    else if (state != MC_PORTAL_ASKING && state != MC_PORTAL_READY)
        g_message("[input.unavailable] the desktop did not let the sink's input in");
}

static bool granted(Portal *self, uint32_t device, McPortalGrant *ret_grant)
{
    const McPortalState state = mc_portal_session_state(self->session, ret_grant);

    tell(self, state);
    return state == MC_PORTAL_READY && ret_grant->devices & device;
}

static GVariant *no_options(void)
{
    return g_variant_new_array(G_VARIANT_TYPE("{sv}"), NULL, 0);
}

/* From the desktop's pixels to the stream's logical ones. */
static double across(int32_t at_px, uint32_t from_px, int32_t to_px)
{
    return to_px && from_px ? (double) at_px * to_px / from_px : at_px;
}

static void portal_move(void *target, int32_t x_px, int32_t y_px)
{
    Portal *self = target;
    McPortalGrant grant;

    if (granted(self, MC_PORTAL_POINTER, &grant))
        mc_portal_session_notify(self->session, "NotifyPointerMotionAbsolute",
                                 g_variant_new("(o@a{sv}udd)", grant.path, no_options(),
                                               grant.stream,
                                               across(x_px, self->width_px, grant.width_px),
                                               across(y_px, self->height_px, grant.height_px)));
}

static void portal_button(void *target, unsigned button, bool pressed)
{
    static const int32_t codes[] = {0, BTN_LEFT, BTN_MIDDLE, BTN_RIGHT};
    Portal *self = target;
    McPortalGrant grant;

    if (granted(self, MC_PORTAL_POINTER, &grant))
        mc_portal_session_notify(self->session, "NotifyPointerButton",
                                 g_variant_new("(o@a{sv}iu)", grant.path, no_options(),
                                               codes[button], (uint32_t) pressed));
}

/* Keys by place have numbers of the kernel's, typed ones are named by what they type. */
static bool portal_key(void *target, uint32_t code, bool pressed)
{
    Portal *self = target;
    const bool placed = code >= MC_KEY_HID;
    const uint32_t key = placed ? mc_hid_key(code - MC_KEY_HID) : mc_keysym(code);
    McPortalGrant grant;

    if (!key)
        return false;
    if (granted(self, MC_PORTAL_KEYBOARD, &grant))
        mc_portal_session_notify(self->session,
                                 placed ? "NotifyKeyboardKeycode" : "NotifyKeyboardKeysym",
                                 g_variant_new("(o@a{sv}iu)", grant.path, no_options(),
                                               (int32_t) key, (uint32_t) pressed));
    return true;
}

static void turn(Portal *self, const McPortalGrant *grant, uint32_t axis, int32_t steps)
{
    if (steps)
        mc_portal_session_notify(
            self->session, "NotifyPointerAxisDiscrete",
            g_variant_new("(o@a{sv}ui)", grant->path, no_options(), axis, steps));
}

/* The portal's steps grow downwards and to the right. */
static void portal_scroll(void *target, int32_t x_120, int32_t y_120)
{
    Portal *self = target;
    McPortalGrant grant;

    if (!granted(self, MC_PORTAL_POINTER, &grant))
        return;
    self->rest_x += x_120;
    self->rest_y += y_120;
    turn(self, &grant, AXIS_VERTICAL, -(self->rest_y / NOTCH));
    turn(self, &grant, AXIS_HORIZONTAL, self->rest_x / NOTCH);
    self->rest_x %= NOTCH;
    self->rest_y %= NOTCH;
}

static void portal_touch(void *target, unsigned contact, int32_t x_px, int32_t y_px, bool pressed)
{
    Portal *self = target;
    const unsigned bit = 1u << contact;
    const bool was = self->down & bit;
    McPortalGrant grant;

    if (!granted(self, MC_PORTAL_TOUCH, &grant) || (!pressed && !was))
        return;
    self->down = pressed ? self->down | bit : self->down & ~bit;
    if (pressed)
        mc_portal_session_notify(self->session, was ? "NotifyTouchMotion" : "NotifyTouchDown",
                                 g_variant_new("(o@a{sv}uudd)", grant.path, no_options(),
                                               grant.stream, contact,
                                               across(x_px, self->width_px, grant.width_px),
                                               across(y_px, self->height_px, grant.height_px)));
    else
        mc_portal_session_notify(self->session, "NotifyTouchUp",
                                 g_variant_new("(o@a{sv}u)", grant.path, no_options(), contact));
}

const McInputTarget mc_input_portal = {
    .name = "portal",
    .close = portal_close,
    .move = portal_move,
    .button = portal_button,
    .key = portal_key,
    .scroll = portal_scroll,
    .touch = portal_touch,
};
