/* SPDX-License-Identifier: MIT */
/* p2p/backend.h - what a back end of p2p/link.h must do: one vtable, one file each.
 * Threads: as p2p/link.h.  Owner: p2p/link.c, which holds the one list of them. */
#pragma once

#include "p2p/link.h"

typedef struct {
    const char *kind; /* McLinkConfig.kind */
    bool joins; /* listen() joins the sink, which takes its time: cancel is called beside it */
    /* False with MC_LINK_ERROR_*; what it returns is handed to the other functions. */
    void *(*create)(const McLinkConfig *config, GError **error);
    void (*destroy)(void *backend);
    bool (*listen)(void *backend, uint16_t *ret_port, GError **error);
    int (*wait)(void *backend, GError **error); /* again where the one before was no sink */
    void (*settle)(void *backend);              /* quick: not beside wait, leave, destroy */
    void (*cancel)(void *backend);              /* any thread, while wait() runs */
    void (*leave)(void *backend);
    bool (*command)(void *backend, uint32_t command, uint32_t argument, GError **error);
    /* Why the link itself ended under a connection; true where it did. NULL: it can't tell. */
    bool (*failure)(void *backend, GError **error);
    bool (*peer)(void *backend, McLinkPeer *ret_peer); /* NULL: nothing is known of a sink */
    void (*open_port)(void *backend, bool tcp, uint16_t port); /* NULL: none has to be opened */
    bool (*statistics)(void *backend, McLinkStatistics *ret_statistics); /* NULL: no radio */
    /* NULL: the link has no encryption of its own. */
    bool (*encrypts)(void *backend);
    bool (*protect)(void *backend, uint8_t *datagram, size_t room, size_t *len);
    bool (*open)(void *backend, const uint8_t *records, size_t len, GByteArray *out);
} McLinkBackend;

extern const McLinkBackend mc_link_lan;      /* p2p/lan.c: a sink dials in on a network we have */
extern const McLinkBackend mc_link_mice;     /* p2p/mice/backend.c: Miracast over Infrastructure */
extern const McLinkBackend mc_link_loopback; /* p2p/loopback.c: the same, on this machine only */
extern const McLinkBackend mc_link_p2p;      /* p2p/p2p-link.c: Wi-Fi Direct */
