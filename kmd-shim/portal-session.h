/* SPDX-License-Identifier: MIT */
/* kmd-shim/portal-session.h - a session of the desktop portal (xdg-desktop-portal): the person
 * picks a screen or a window and, where that is asked for, lets in pointer, keys and touch, all in
 * one dialogue of the desktop's own.  What was allowed once may be kept, so that nobody is asked
 * again.
 * Threads: any.  It has a thread of its own, for the dialogue may take minutes.
 * Owner: counted; kmd-shim/capture/portal and, for input, kmd-shim/input/portal. */
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
    MC_PORTAL_REFUSED,     /* by the person */
    MC_PORTAL_NO_PORTAL,   /* nobody answers, or it casts no screens */
    MC_PORTAL_NO_PIPEWIRE, /* the portal could not reach it */
    MC_PORTAL_NO_SOURCE,   /* there was nothing to pick */
    MC_PORTAL_CLOSED,      /* by the desktop, which shows a button for it */
} McPortalState;

typedef struct {
    uint32_t devices;       /* MC_PORTAL_*, to be let in; 0: pictures alone */
    const char *token_path; /* file that keeps the permission; NULL: the person is always asked */
    bool choose;            /* ask, whatever is kept */
} McPortalRequest;

typedef struct {
    char path[256];              /* of the session's object */
    uint32_t devices;            /* MC_PORTAL_*, what was let in */
    uint32_t stream;             /* PipeWire's node; input speaks of places in it */
    int32_t width_px, height_px; /* of it, in the desktop's logical pixels; 0: not stated */
} McPortalGrant;

typedef struct McPortalSession McPortalSession;

/* Whether there is a portal that casts screens, and lets input in; nobody is asked.  Any thread. */
bool mc_portal_offers_screens(bool *ret_input);

/* Begins to ask on the session bus, if there is one. */
McPortalSession *mc_portal_session_new(const McPortalRequest *request);
McPortalSession *mc_portal_session_ref(McPortalSession *self);
/* The last one closes the session, and an open dialogue.  NULL is fine. */
void mc_portal_session_unref(McPortalSession *self);

/* READY: *ret_grant is valid (may be NULL). */
McPortalState mc_portal_session_state(McPortalSession *self, McPortalGrant *ret_grant);
/* The same, once it is not ASKING any more, or the wait was cancelled. */
McPortalState mc_portal_session_wait(McPortalSession *self, GCancellable *cancel,
                                     McPortalGrant *ret_grant);
/* The connection to PipeWire that the portal opened; once, the caller's to close.  -1: none. */
int mc_portal_session_take_pipewire(McPortalSession *self);
/* A method of the RemoteDesktop interface that has no answer; takes a floating `arguments`. */
void mc_portal_session_notify(McPortalSession *self, const char *method, GVariant *arguments);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McPortalSession, mc_portal_session_unref)
