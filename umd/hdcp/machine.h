/* SPDX-License-Identifier: MIT */
/* umd/hdcp/machine.h - an HDCP 2.x transmitter: bytes and time in, bytes and events out; no I/O.
 * Thread: one at a time (the channel's); keys and pairings are shared with the other sessions.
 * Owner: umd/hdcp/channel, which connects to the sink's port, keeps the time and saves the
 * pairings. Errors: MC_HDCP_ERROR.
 *
 * Use: new, start; then write what _output gives, at once (the locality check measures from the
 * call that made it), hand bytes in as they come with the time they came at, call _tick when
 * _deadline_us is reached, and take events until there is none.  Times are monotonic. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "umd/hdcp/cipher.h"
#include "umd/hdcp/keys.h"
#include "umd/hdcp/pairing.h"

#define MC_HDCP_STREAMS_MAX 8u
#define MC_HDCP_DEVICES_MAX 31u
#define MC_HDCP_DEPTH_MAX 4u

typedef struct {
    uint32_t stream_ctr;
    uint16_t content_stream_id; /* PID */
    uint8_t type;               /* 1: only for receivers of HDCP 2.2 and later */
} McHdcpStream;

typedef struct {
    const McHdcpKeys *keys;
    McHdcpPairings *pairings; /* NULL: pairs anew each time */
    uint8_t version;          /* ours: 1: 2.1, 2: 2.2; 0: speak HDCP 2.0 (the sink said HDCP2.0) */
    bool precompute;          /* offer the locality check with pre-computation */
    uint32_t cert_us;         /* wait for the certificate; specification 100 ms */
    uint32_t locality_us;     /* for L'; 7 ms for this adaptation, 20 ms over other links */
    uint32_t locality_tries;  /* at most 1024 */
    uint32_t attempts;        /* whole authentications before giving up */
    McHdcpStream streams[MC_HDCP_STREAMS_MAX];
    unsigned stream_count;
} McHdcpMachineConfig;

/* 2.2 with pre-computation, 200 ms (sinks need them) for the certificate, 7 ms, 1024 tries, 3
 * attempts, video (PID 0x1011) and sound (0x1100) of Type 0. */
McHdcpMachineConfig mc_hdcp_machine_config_default(void);

typedef enum {
    MC_HDCP_EVENT_READY,            /* authenticated: _new_cipher gives the content's key */
    MC_HDCP_EVENT_STREAMS_AGREED,   /* a repeater took _set_streams; key and counters go on */
    MC_HDCP_EVENT_STOP_CONTENT,     /* the key is void: stop protected content; authenticating */
    MC_HDCP_EVENT_PAIRINGS_CHANGED, /* save them */
    MC_HDCP_EVENT_FAILED,           /* for good; _start may be called again.  See _error */
} McHdcpEventType;

typedef struct {
    uint8_t receiver_id[5];
    uint8_t version; /* 0: 2.0, 1: 2.1, 2: 2.2 */
    bool repeater, paired_before, precompute;
    uint8_t device_count, depth; /* behind a repeater */
    bool legacy_below, hdcp1_below;
    unsigned locality_tries;
    uint32_t locality_us; /* answer's time of the try that counted */
} McHdcpStatus;

typedef struct McHdcpMachine McHdcpMachine;
McHdcpMachine *mc_hdcp_machine_new(const McHdcpMachineConfig *config, GError **error);
void mc_hdcp_machine_free(McHdcpMachine *self); /* wipes; NULL is fine */

void mc_hdcp_machine_start(McHdcpMachine *self, int64_t now_us);
void mc_hdcp_machine_receive(McHdcpMachine *self, const uint8_t *bytes, size_t len, int64_t now_us);
void mc_hdcp_machine_disconnected(McHdcpMachine *self);
void mc_hdcp_machine_tick(McHdcpMachine *self, int64_t now_us);
int64_t mc_hdcp_machine_deadline_us(const McHdcpMachine *self); /* -1: none */

/* What the streams are from now on: a repeater is told, and STREAMS_AGREED comes when it took
 * them; nobody else needs telling. */
bool mc_hdcp_machine_set_streams(McHdcpMachine *self, const McHdcpStream *streams, unsigned count,
                                 int64_t now_us);

/* Bytes to write; valid until the next call.  Say how many were written. */
const uint8_t *mc_hdcp_machine_output(const McHdcpMachine *self, size_t *ret_len);
void mc_hdcp_machine_consume(McHdcpMachine *self, size_t written);

bool mc_hdcp_machine_next_event(McHdcpMachine *self, McHdcpEventType *ret_event);
const GError *mc_hdcp_machine_error(const McHdcpMachine *self); /* after FAILED, else NULL */
const McHdcpStatus *mc_hdcp_machine_status(const McHdcpMachine *self);
McHdcpCipher *mc_hdcp_machine_new_cipher(const McHdcpMachine *self); /* NULL: not authenticated */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McHdcpMachine, mc_hdcp_machine_free)
