/* SPDX-License-Identifier: MIT */
/* umd/link-interface.h - our second export, QueryMiracastLinkInterface: what happens before a
 * session exists (options, finding and joining a sink) and what a person is told.  A module of
 * someone else's may lack it; the runtime then works by the DDI alone. Threads: Configure, Listen,
 * Wait, Leave from one thread at a time, never beside Start or Stop; Cancel from any thread.
 * Callbacks come from any thread.  Owner: the context of Create. */
#pragma once

#include <glib.h>

#include "p2p/link.h"
#include "umd/netdispumdddi.h"

#define MC_LINK_INTERFACE_VERSION_1 1u

typedef struct {
    uint32_t mode_width_px, mode_height_px, mode_fps; /* --mode; 0: negotiate */
    uint32_t bitrate_kbps;                            /* --bitrate; 0: by mode and link */
    uint32_t keepalive_s;                             /* M16 period; 0: 25 */
    uint32_t response_ms;                             /* patience with an answer; 0: 5000 */
    bool high_profile;                                /* offer CHP where the sink does */
    char audio[64];                                   /* "auto", "none", "test", "silence" */
    char encoder[32];                                 /* "": choose by encoding real frames */
    /* Named steps of the session, for people and logs. */
    void (*on_progress)(const char *step, const char *text, void *user_data);
    /* Why a session ended or could not start: stable code, sentence.  At most once a session. */
    void (*on_error)(const char *code, const char *text, void *user_data);
    /* RTSP messages as they pass, redacted; '>' out, '<' in. */
    void (*on_trace)(char direction, const char *text, size_t len, void *user_data);
    void *user_data;
} McUmdOptions;

typedef struct {
    UINT Size; /* sizeof(MC_LINK_INTERFACE) */
    NTSTATUS(NTAPI *Configure)(PVOID context, const McUmdOptions *options); /* copies */
    /* As p2p/link.h; errors as GError, for the person. */
    bool(NTAPI *Listen)(PVOID context, const McLinkConfig *config, uint16_t *ret_port,
                        GError **error);
    int(NTAPI *Wait)(PVOID context, GError **error); /* connected socket, caller's; -1 */
    void(NTAPI *Cancel)(PVOID context);
    void(NTAPI *Leave)(PVOID context);
} MC_LINK_INTERFACE;

typedef NTSTATUS(NTAPI *QUERY_MIRACAST_LINK_INTERFACE)(UINT version, UINT size,
                                                       VOID *link_interface);
NTSTATUS NTAPI QueryMiracastLinkInterface(UINT version, UINT size, VOID *link_interface);
/* exported symbol: "QueryMiracastLinkInterface" */
