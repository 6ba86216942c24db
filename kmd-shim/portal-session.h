/* SPDX-License-Identifier: MIT */
/* kmd-shim/portal-session.h - a session of the desktop portal (xdg-desktop-portal): the person
 * picks a screen and lets in pointer, keys and touch in the desktop's own dialogue. Threads: new,
 * free from the owner's; the rest from any.  It has a thread of its own, for the dialogue may take
 * minutes.  Owner: kmd-shim/input/portal. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#define MC_PORTAL_BUS "org.freedesktop.portal.Desktop"
#define MC_PORTAL_PATH "/org/freedesktop/portal/desktop"
#define MC_PORTAL_REMOTE "org.freedesktop.portal.RemoteDesktop"

/* Kinds of devices, as the portal counts them. */
#define MC_PORTAL_KEYBOARD 1u
#define MC_PORTAL_POINTER 2u
#define MC_PORTAL_TOUCH 4u

typedef enum {
    MC_PORTAL_ASKING, /* the dialogue is open */
    MC_PORTAL_READY,
    MC_PORTAL_REFUSED, /* by the person, or there is no such portal */
    MC_PORTAL_CLOSED,  /* by the desktop, which shows a button for it */
} McPortalState;

typedef struct {
    char path[256];              /* of the session's object */
    uint32_t devices;            /* MC_PORTAL_*, what was let in */
    uint32_t stream;             /* of the screen; places are spoken of in it */
    int32_t width_px, height_px; /* of it, in the desktop's logical pixels; 0: not stated */
} McPortalGrant;

typedef struct McPortalSession McPortalSession;

/* Begins to ask on the session bus.  NULL: there is none, *ret_why says so. */
McPortalSession *mc_portal_session_new(uint32_t devices, const char **ret_why);
void mc_portal_session_free(McPortalSession *self); /* closes the session, and an open dialogue */

/* READY: *ret_grant is valid (may be NULL). */
McPortalState mc_portal_session_state(McPortalSession *self, McPortalGrant *ret_grant);
/* A method of the RemoteDesktop interface that has no answer; takes a floating `arguments`. */
void mc_portal_session_notify(McPortalSession *self, const char *method, GVariant *arguments);
