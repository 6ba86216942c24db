/* SPDX-License-Identifier: MIT */
/* rtsp/transport.h - the Transport header of M6.
 * Thread: any; pure.  Owner: caller; plain values. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint16_t client_rtp_port;  /* 0: not stated */
    uint16_t client_rtcp_port; /* 0: not stated */
    bool tcp;                  /* RTP over TCP is asked */
    bool multicast;
    char client_ports[16]; /* as it stands there, for the answer; "": not stated */
} McTransport;

/* False when it names no RTP/AVP transport. Accepts blanks for ";", extra tokens, missing ports; of
 * several transports, divided by commas, the first one over UDP counts. */
bool mc_transport_parse(const char *value, McTransport *ret_transport);
/* "RTP/AVP/UDP;unicast;client_port=..;server_port=.." in the order that sinks read by position. */
char *mc_transport_write(const McTransport *transport, uint16_t server_rtp_port, bool server_rtcp);
