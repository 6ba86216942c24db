/* SPDX-License-Identifier: MIT */
/* rtsp/link-params.h - where things go: wfd_client_rtp_ports, wfd_presentation_URL,
 * wfd_content_protection, wfd_coupled_sink.
 * Thread: any.  Owner: caller; plain values. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* profile SP port0 SP port1 SP "mode=play"; with RTP/AVP/TCP;interleaved the ports are left out */
typedef struct {
    char profile[40]; /* "RTP/AVP/UDP;unicast" */
    bool ports_stated;
    uint16_t port0, port1;
    char mode[16]; /* "mode=play"; "" where the sink left it out */
} McRtpPorts;
bool mc_rtp_ports_parse(const char *value, McRtpPorts *ret_ports, char **ret_problem);
char *mc_rtp_ports_write(const McRtpPorts *ports);

/* url0 SP url1; "" stands for "none" */
#define MC_URL_BYTES 256
typedef struct {
    char url0[MC_URL_BYTES], url1[MC_URL_BYTES];
} McPresentationUrl;
bool mc_presentation_url_parse(const char *value, McPresentationUrl *ret_url, char **ret_problem);
char *mc_presentation_url_write(const McPresentationUrl *url);
/* Our own: IPv6 addresses in brackets. */
void mc_presentation_url_make(McPresentationUrl *url, const char *local_ip);

/* "none" / ("HDCP2.0" / "HDCP2.1" / ...) SP "port=" IPPORT */
typedef struct {
    bool none;
    char kind[16];
    bool port_stated;
    uint16_t port;
} McContentProtection;
bool mc_content_protection_parse(const char *value, McContentProtection *ret, char **ret_problem);
char *mc_content_protection_write(const McContentProtection *protection);

/* "none" / status2 SP ("none" / 12HEXDIG) */
typedef struct {
    bool none;
    uint8_t status; /* 0 not coupled, 1 coupled, 2 teardown coupling */
    bool address_stated, lower_case;
    uint64_t address; /* 48 bits */
} McCoupledSink;
bool mc_coupled_sink_parse(const char *value, McCoupledSink *ret, char **ret_problem);
char *mc_coupled_sink_write(const McCoupledSink *coupled);
