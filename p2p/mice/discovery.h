/* SPDX-License-Identifier: MIT */
/* p2p/mice/discovery.h - sinks on the networks that we are on, found by mDNS: service
 * _display._tcp, through the Avahi daemon on the system bus (MS-MICE).
 * Threads: any; blocks its caller for the time given, on a main context of its own.
 * Owner: the caller. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char name[256];     /* as the sink calls itself; UTF-8 */
    char host[256];     /* "tv.local" */
    char address[64];   /* numeric; link-local IPv6 with its scope, "fe80::1%eth0" */
    uint16_t port;      /* of the control channel */
    char container[64]; /* container_id, same for all faces of one device; "": not told */
    char p2p_mac[18];   /* its Wi-Fi Direct address; "": not told */
} McMiceSink;

/* Called for each sink as it is found.  False: enough, return at once. */
typedef bool (*McMiceFound)(const McMiceSink *sink, void *user_data);

/* Looks for wait_ms; cancel_fd (-1: none) becoming readable ends it earlier.  False with
 * MC_LINK_ERROR_NOT_SUPPORTED: there is no Avahi to ask. */
bool mc_mice_discover(unsigned wait_ms, int cancel_fd, McMiceFound found, void *user_data,
                      GError **error);
/* The sink of that name (or host name, with or without ".local"; case does not matter).  False
 * without an error: nobody answers to it. */
bool mc_mice_find(const char *name, unsigned wait_ms, int cancel_fd, McMiceSink *ret_sink,
                  GError **error);
/* "192.0.2.7", "192.0.2.7:7250", "fe80::1%eth0", "[2001:db8::7]:7250" */
bool mc_mice_is_address(const char *sink);
/* The same forms, or a name with or without ":PORT"; *ret_port 0: none. g_free() *ret_name. */
void mc_mice_split_port(const char *sink, char **ret_name, uint16_t *ret_port);
/* Whether it is worth to try: an address, or a name that mDNS knows.  Takes 1.5 s at most, and no
 * longer than cancel_fd (-1: none) lets it. */
bool mc_mice_is_near(const char *sink, int cancel_fd, GError **error);
