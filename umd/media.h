/* SPDX-License-Identifier: MIT */
/* umd/media.h - the media of one session: its UDP sockets, the encoder's stream and the chunk pump
 * (the one caller of GetNextChunkData, C-92).
 * Threads: new/play/pause/set_mode/stop/free from the session's owner; the rest from any thread.
 * Owner: umd/session. */
#pragma once

#include "encoder/stream.h"
#include "rtsp/negotiate.h"
#include "umd/link-interface.h"
#include "umd/os.h"

typedef struct McMedia McMedia;

/* Called once, from a stream thread, when the media cannot go on. */
typedef void (*McMediaFailed)(const GError *error, void *user_data);

/* Binds an even RTP port and the RTCP port above it on local_ip (C-18). */
McMedia *mc_media_new(const McOs *os, const McUmdOptions *options, const char *local_ip,
                      McMediaFailed on_failed, void *user_data, GError **error);
void mc_media_free(McMedia *self); /* stops; NULL is fine */
uint16_t mc_media_rtp_port(const McMedia *self);

/* First PLAY creates stream and pump, later ones resume; first picture is an IDR. */
bool mc_media_play(McMedia *self, const char *dest_ip, uint16_t dest_port,
                   const McWfdDecision *decision, GError **error);
void mc_media_pause(McMedia *self);
bool mc_media_set_mode(McMedia *self, const McWfdDecision *decision, GError **error);
void mc_media_stop(McMedia *self); /* no datagram leaves after it returns (C-19) */

void mc_media_force_idr(McMedia *self);
void mc_media_set_bitrate(McMedia *self, uint32_t kbps); /* the display path's or the link's wish */
void mc_media_set_cursor(McMedia *self, int x_px, int y_px, bool visible, const uint8_t *bgra,
                         unsigned width_px, unsigned height_px);
void mc_media_stats(McMedia *self, McStreamStats *ret_stats); /* zeros before PLAY */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McMedia, mc_media_free)
