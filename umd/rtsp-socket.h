/* SPDX-License-Identifier: MIT */
/* umd/rtsp-socket.h - the RTSP socket of a session, between the kernel and the source machine:
 * bytes in, bytes out, never waiting; the addresses of both ends.
 * Thread: the session's.
 * Owner: umd/session.  The descriptor is borrowed, never closed or shut down here (C-11). */
#pragma once

#include "encoder/socket-address.h"
#include "rtsp/source.h"

typedef struct {
    int fd;
    char local_ip[MC_SOCKET_ADDRESS_TEXT], peer_ip[MC_SOCKET_ADDRESS_TEXT];
    GByteArray *out; /* bytes that the socket did not take yet */
} McRtspSocket;

void mc_rtsp_socket_init(McRtspSocket *self, int fd);
void mc_rtsp_socket_clear(McRtspSocket *self);
/* Reads the addresses from the socket itself (C-18) and sets its options; false: no TCP socket. */
bool mc_rtsp_socket_open(McRtspSocket *self);
short mc_rtsp_socket_events(const McRtspSocket *self); /* to poll for */
void mc_rtsp_socket_flush(McRtspSocket *self);
/* Moves what the machine wrote to the socket.  False: more waits than a sink that reads would
 * leave; it was thrown away. */
bool mc_rtsp_socket_write(McRtspSocket *self, McWfdSource *source);
void mc_rtsp_socket_read(McRtspSocket *self, McWfdSource *source);
