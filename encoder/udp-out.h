/* SPDX-License-Identifier: MIT */
/* encoder/udp-out.h - datagrams out of a UDP socket, as many as the system takes in one call
 * (sendmmsg, and UDP_SEGMENT where it is to be had).  Never blocks.
 * Threads: one caller at a time.  Owner: encoder/sender.
 * Errors: MC_ENCODER_ERROR. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct {
    int fd; /* the caller's, whose flags stay as they are */
    struct sockaddr_storage dest;
    socklen_t dest_len; /* 0: the socket is connected to it */
    bool whole_only;    /* segmented sends were refused */
    int warned_errno;   /* said already */
} McUdpOut;

/* dest_ip: numeric, of any family that the socket can send to.  Error stream.socket. */
bool mc_udp_out_open(McUdpOut *self, int fd, const char *dest_ip, uint16_t dest_port,
                     GError **error);

#define MC_UDP_OUT_MAX 64u /* datagrams of one call */
typedef struct {
    const uint8_t *bytes;
    uint16_t len;
} McDatagram;

typedef enum {
    MC_UDP_OUT_DONE,
    MC_UDP_OUT_FULL,       /* the socket: it can be polled for */
    MC_UDP_OUT_NO_BUFFERS, /* the device: no event tells when it has room */
} McUdpOutResult;
typedef struct {
    McUdpOutResult result;
    unsigned sent, lost; /* the first ones; the rest waits unless DONE */
    unsigned refusals;   /* ICMP answers to earlier datagrams: nobody receives there */
    uint64_t bytes;      /* of those that were sent */
} McUdpOutcome;
McUdpOutcome mc_udp_out_send(McUdpOut *self, const McDatagram *datagrams, unsigned count);

uint64_t mc_udp_out_queued_bytes(const McUdpOut *self); /* below the socket, not sent yet */
/* Whoever hears of ICMP answers has to take them off the socket, which polls as broken meanwhile;
 * who sends need not. */
void mc_udp_out_drain_errors(int fd);
bool mc_udp_out_set_dscp(McUdpOut *self, unsigned dscp, GError **error);
