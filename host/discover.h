/* SPDX-License-Identifier: MIT */
/* host/discover.h - `miracast discover`: sinks that can be reached, of every kind of link, in one
 * list that lives as they come, change and go.
 * Threads: main; each kind looks on a thread of its own.  Owner: host/main.c.
 * Errors: MC_LINK_ERROR, G_OPTION_ERROR. */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

/* A sink, whatever it was found by. */
typedef struct {
    const char *event;   /* "found", "changed", "lost" */
    const char *kind;    /* what --link takes */
    const char *name;    /* as it calls itself */
    const char *address; /* what `miracast cast` takes in place of the name */
    const char *state;   /* "ready", "busy", "not-ready", "no-sink"; "": not told */
    const char *note;    /* what else is known; "": nothing */
    JsonObject *more;    /* further members for --json, the caller's; NULL: none */
} McDiscovered;

typedef void (*McDiscoverTell)(const McDiscovered *sink, void *user_data); /* any thread */

typedef struct {
    unsigned wait_ms; /* return then, or when cancel_fd is readable */
    int cancel_fd;
    bool all;                                       /* devices that are no sinks, too */
    const char *driver, *interface, *control;       /* of Wi-Fi Direct; "" */
    void (*say)(const char *text, void *user_data); /* what is done, for people */
    McDiscoverTell tell;
    void *user_data;
} McLook;

/* One kind of link. False with the reason why it could not look. A new kind is a row in
 * discover.c. */
typedef struct {
    const char *kind;
    bool (*look)(const McLook *look, GError **error);
} McFinder;

bool mc_discover_p2p(const McLook *look, GError **error);  /* host/discover-p2p.c */
bool mc_discover_mice(const McLook *look, GError **error); /* host/discover-mice.c */

int mc_discover_run(int argc, char **argv); /* without "discover" itself; exit code */
