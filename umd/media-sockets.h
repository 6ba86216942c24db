/* SPDX-License-Identifier: MIT */
/* umd/media-sockets.h - the two UDP sockets of a session: RTP on an even port, RTCP on the next one
 * (C-18); and the RTCP that comes on RTP's own port (RFC 5761), held until the session reads it.
 * Threads: keep and take from any; the rest does not change after new. Owner: umd/media. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

typedef struct McMediaSockets McMediaSockets;

/* Bound on local_ip; neither blocks. Fails with MC_ENCODER_ERROR_SOCKET. */
McMediaSockets *mc_media_sockets_new(const char *local_ip, GError **error);
void mc_media_sockets_free(McMediaSockets *self); /* closes both; NULL is fine */

int mc_media_sockets_rtp_fd(const McMediaSockets *self);
int mc_media_sockets_rtcp_fd(const McMediaSockets *self);
uint16_t mc_media_sockets_rtp_port(const McMediaSockets *self); /* RTCP's is one above */

void mc_media_sockets_keep_rtcp(McMediaSockets *self, const uint8_t *datagram, size_t len);
GBytes *mc_media_sockets_take_rtcp(McMediaSockets *self); /* NULL: none is held */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McMediaSockets, mc_media_sockets_free)
