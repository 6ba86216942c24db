/* SPDX-License-Identifier: MIT */
/* kmd-shim/input/input.h - a sink's input made the desktop's: pointer, buttons, keys, scrolling,
 * touch. Only after a person's consent; what is still pressed at the end is let go.
 * Threads: one call at a time (the display path's lock).  Owner: kmd-shim/display-path. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "kmd-shim/abi/ioctl.h"
#include "kmd-shim/abi/ntstatus.h"
#include "kmd-shim/portal-session.h"

typedef struct McInput McInput;

/* target: "x11", "x11:DISPLAY" and what else kmd-shim/capture/x11-target.h reads (XTEST: of a
 * window that alone is pointed and typed at), else the kernel's uinput (consoles).  width and
 * height: of the picture that coordinates speak of.  NULL where the target takes no input; *ret_why
 * says it in words, borrowed. */
McInput *mc_input_new(const char *target, uint32_t width_px, uint32_t height_px,
                      const char **ret_why);
/* Through the desktop portal (Wayland), with what the person let in there; refers to the session.
 */
McInput *mc_input_new_portal(McPortalSession *session, uint32_t width_px, uint32_t height_px,
                             const char **ret_why);
typedef struct McInputTarget McInputTarget;
McInput *mc_input_new_with(const McInputTarget *vtable, const char *target, uint32_t width_px,
                           uint32_t height_px, const char **ret_why);
void mc_input_free(McInput *self); /* lets everything go that is pressed; NULL is fine */

/* The first finger is the left button, until a second one makes both a touch screen's.  Zoom and
 * rotation are two fingers' gestures; without a touch screen zoom is scrolling with Ctrl.
 * STATUS_NOT_SUPPORTED: kinds that the target does not have (without a touch screen a second finger
 * and rotation; HID reports, which arrive decoded). */
NTSTATUS mc_input_event(McInput *self, const McIoctlInputEvent *event);

/* ---- what a target implements ---- */

#define MC_INPUT_CONTACTS 10u
struct McInputTarget {
    const char *name;
    void *(*open)(const char *target, uint32_t width_px, uint32_t height_px, const char **ret_why);
    void (*close)(void *target);
    void (*move)(void *target, int32_t x_px, int32_t y_px);
    void (*button)(void *target, unsigned button, bool pressed); /* 1 left, 2 middle, 3 right */
    /* Latin-1, with the control codes of a keyboard, or MC_KEY_HID and a usage. False: no such. */
    bool (*key)(void *target, uint32_t code, bool pressed);
    void (*scroll)(void *target, int32_t x_120, int32_t y_120); /* 120 is a notch; up, right > 0 */
    /* A touch screen's contact, 0..MC_INPUT_CONTACTS-1; NULL: the target has none. */
    void (*touch)(void *target, unsigned contact, int32_t x_px, int32_t y_px, bool pressed);
};
extern const McInputTarget mc_input_xtest, mc_input_uinput, mc_input_portal;
/* In place of mc_input_portal's open. */
void *mc_input_portal_open(McPortalSession *session, uint32_t width_px, uint32_t height_px,
                           const char **ret_why);
#define MC_UINPUT_TOUCH_NAME "Miracast sink's fingers" /* of the device */
