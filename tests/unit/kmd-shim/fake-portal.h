/* SPDX-License-Identifier: MIT */
/* A desktop portal of the test's own on a private bus: grants, refuses or lets wait what a session
 * asks for, and writes down what is notified.  Runs on the default main context. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    FAKE_GRANT,
    FAKE_REFUSE,
    FAKE_WAIT,
    FAKE_NOTHING,
    FAKE_GARBAGE, /* a Response that is none */
    FAKE_CLOSE,   /* the session, without a word on the request */
    FAKE_VANISH,  /* the portal is no more */
} FakeAnswer;

typedef struct {
    GSubprocess *bus_daemon;
    char *folder; /* of its socket */
    GDBusConnection *bus;
    guint name, filter;
    FakeAnswer answer; /* to Start */
    uint32_t devices;  /* that Start grants */
    bool loud;         /* the log goes to standard output, too */
    bool no_stream;
    const char *said;    /* NULL, or what the results are instead, as GVariant's text */
    const char *said_to; /* this method */
    bool no_remote;      /* a desktop that casts screens and takes no input */
    uint32_t node;       /* of the stream */
    /* A connection to PipeWire, which the portal closes; NULL: any descriptor does. */
    int (*open_pipewire)(void *user_data);
    void *user_data;
    unsigned tokens;                 /* given out */
    char session[128], request[128]; /* paths of the last ones */
    char *client;
    GString *log; /* "Method arguments\n" */
} FakePortal;

/* False: there is no dbus-daemon here. */
bool fake_portal_start(FakePortal *self);
void fake_portal_stop(FakePortal *self);
void fake_portal_end_session(FakePortal *self);            /* as the desktop's own button does */
void fake_portal_wait(FakePortal *self, const char *text); /* until the log holds it */
