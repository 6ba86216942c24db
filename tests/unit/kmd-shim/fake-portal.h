/* SPDX-License-Identifier: MIT */
/* A desktop portal of the test's own on a private bus: grants, refuses or lets wait what a session
 * asks for, and writes down what is notified.  Runs on the default main context. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum { FAKE_GRANT, FAKE_REFUSE, FAKE_WAIT } FakeAnswer;

typedef struct {
    GSubprocess *bus_daemon;
    char *folder; /* of its socket */
    GDBusConnection *bus;
    guint name, filter;
    FakeAnswer answer; /* to Start */
    uint32_t devices;  /* that Start grants */
    bool no_stream;
    char session[128], request[128]; /* paths of the last ones */
    char *client;
    GString *log; /* "Method arguments\n" */
} FakePortal;

/* False: there is no dbus-daemon here. */
bool fake_portal_start(FakePortal *self);
void fake_portal_stop(FakePortal *self);
void fake_portal_end_session(FakePortal *self);            /* as the desktop's own button does */
void fake_portal_wait(FakePortal *self, const char *text); /* until the log holds it */
