/* SPDX-License-Identifier: MIT */
/* kmd-shim/portal-request.h - one question to the desktop portal and its answer.  The call names an
 * object; its signal tells the answer, maybe minutes later.
 * Threads: the one that iterates the talk's context.  Owner: kmd-shim/portal-session. */
#pragma once

#include "kmd-shim/portal-session.h"

#define MC_PORTAL_CALL_MS                                                                          \
    10000 /* for the portal to take a request; the answer comes when it comes */

typedef struct {
    GDBusConnection *bus;
    GMainContext *loop;
    GCancellable *cancel; /* ends the wait; wake the loop, too */
    unsigned requests;    /* so far */
    bool closed;          /* the session was, by the desktop: no answer will come */
    bool gone;            /* the portal is, or the bus */
} McPortalTalk;

/* A method's first arguments. */
typedef enum {
    MC_PORTAL_NOTHING,
    MC_PORTAL_SESSION,            /* its path */
    MC_PORTAL_SESSION_AND_PARENT, /* and the window that asks: none */
} McPortalSubject;

/* READY: granted, *ret_results is the caller's.  NO_PORTAL: no answer, or one that is none. */
McPortalState mc_portal_ask(McPortalTalk *self, const char *interface, const char *method,
                            McPortalSubject subject, const char *session, GVariantBuilder *options,
                            GVariant **ret_results);
/* A number that the portal tells of itself; 0: it does not, as old ones. */
uint32_t mc_portal_property(GDBusConnection *bus, const char *interface, const char *property,
                            GCancellable *cancel);
