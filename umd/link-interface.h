/* SPDX-License-Identifier: MIT */
/* umd/link-interface.h - our second export, QueryMiracastLinkInterface: what happens before a
 * session exists (options, finding and joining a sink) and what a person is told.  A module of
 * someone else's may lack it; the runtime then works by the DDI alone.
 * Threads: Configure, Listen, Wait, Leave from one thread at a time, never beside Start or Stop;
 * Cancel from any thread. Callbacks come from any thread.
 * Owner: the context of Create. */
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
    bool input;                                       /* a person agreed to the sink's input */
    char audio[64];                                   /* "none", or as encoder/audio-source.h */
    char srtp_key[256];                               /* key file; "": RTP in the clear */
    bool srtp_dtls;                                   /* keys by DTLS instead of a file */
    bool srtp_passive;                                /* and the receiver begins it */
    char srtp_fingerprint[96];                        /* of the receiver's certificate; "": any */
    char sdp[256];                                    /* file for a protected stream's SDP */
    char hdcp_keys[256];     /* licensee's key file or provider module; "": none */
    char hdcp_srm[256];      /* revocation list; "": none */
    char hdcp_pairings[256]; /* file of receivers met before; "": none is kept */
    char encoder[32];        /* "": choose by encoding real frames */
    char ts_flavour[16];     /* of encoder/ts-flavour.h; "": the sink's quirk, else the first */
    /* Named steps of the session, for people and logs. */
    void (*on_progress)(const char *step, const char *text, void *user_data);
    /* Why a session ended or could not start: stable code, sentence.  At most once a session. */
    void (*on_error)(const char *code, const char *text, void *user_data);
    /* RTSP messages as they pass, redacted; '>' out, '<' in. */
    void (*on_trace)(char direction, const char *text, size_t len, void *user_data);
    /* Datagrams of media and its reports as they are on the wire, '>' out, '<' in; NULL: nobody
     * looks, and nothing is lost by it. */
    void (*on_datagram)(char direction, uint16_t local_port, uint16_t sink_port,
                        const uint8_t *bytes, size_t len, void *user_data);
    /* Where audio is "file": fills the block (48 kHz, stereo) with what belongs to the pictures
     * from begin_ns (CLOCK_MONOTONIC) on, or with silence; while a session runs. */
    void (*read_sound)(int64_t begin_ns, int16_t *block, size_t pairs, void *user_data);
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
    /* While a session runs, from any thread. */
    bool(NTAPI *Statistics)(PVOID context, McLinkStatistics *ret_statistics);
} MC_LINK_INTERFACE;

typedef NTSTATUS(NTAPI *QUERY_MIRACAST_LINK_INTERFACE)(UINT version, UINT size,
                                                       VOID *link_interface);
NTSTATUS NTAPI QueryMiracastLinkInterface(UINT version, UINT size, VOID *link_interface);
/* exported symbol: "QueryMiracastLinkInterface" */
