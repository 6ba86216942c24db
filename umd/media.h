/* SPDX-License-Identifier: MIT */
/* umd/media.h - the media of one session, from PLAY to the end: its sockets (umd/media-sockets.h),
 * the encoder's stream (encoder/stream.h) and the pump that feeds it (umd/chunk-pump.h).
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

/* Binds its ports on local_ip. Fails with MC_ENCODER_ERROR. */
McMedia *mc_media_new(const McOs *os, const McUmdOptions *options, const char *local_ip,
                      McMediaFailed on_failed, void *user_data, GError **error);
void mc_media_free(McMedia *self); /* stops; NULL is fine */
/* Before the first PLAY; a link that encrypts protects each datagram. NULL: none. */
void mc_media_set_link(McMedia *self, McLink *link);
void mc_media_set_hdcp(McMedia *self, const McTsHdcp *hdcp); /* before the first PLAY */
/* As mc_stream_set_protection, for the stream that is or comes. Any thread. */
void mc_media_set_protection(McMedia *self, McProtectionMode mode);
uint16_t mc_media_rtp_port(const McMedia *self);

/* Before the first PLAY: the encoder for this decision opens meanwhile.  Another decision at PLAY
 * costs time, and nothing else. */
void mc_media_prepare(McMedia *self, const McWfdDecision *decision);
/* First PLAY creates stream and pump, later ones resume; first picture is an IDR. */
bool mc_media_play(McMedia *self, const char *dest_ip, uint16_t dest_port,
                   const McWfdDecision *decision, GError **error);
void mc_media_pause(McMedia *self);
bool mc_media_set_mode(McMedia *self, const McWfdDecision *decision, GError **error);
void mc_media_stop(McMedia *self); /* no datagram leaves after it returns (C-19) */

void mc_media_force_idr(McMedia *self);
void mc_media_set_bitrate(McMedia *self, uint32_t kbps); /* the display path's or the link's wish */
void mc_media_limit(McMedia *self, uint32_t kbps);       /* the sink's; 0: none */
void mc_media_mute(McMedia *self, bool muted);
void mc_media_set_duplication(McMedia *self, McDuplicate what);
void mc_media_resend(McMedia *self, const uint16_t *seqs,
                     unsigned n);            /* datagrams that it misses */
int64_t mc_media_pts_zero_us(McMedia *self); /* when the stream's PTS was 0; 0 before PLAY */
void mc_media_set_cursor(McMedia *self, int x_px, int y_px, bool visible, const uint8_t *bgra,
                         unsigned width_px, unsigned height_px);
/* Of encoder/ts-flavour.h; NULL: the one that the session began with. */
void mc_media_set_flavour(McMedia *self, const char *name);
/* Pictures of one slice each, whatever the sink is known for; at once, with an encoder of its own.
 * False: no such encoder; it goes on as it was. */
bool mc_media_set_single_slice(McMedia *self, bool single, const McWfdDecision *decision,
                               GError **error);
int mc_media_rtcp_fd(const McMedia *self);
/* To whoever looks at datagrams (McUmdOptions). */
void mc_media_show_rtcp(const McMedia *self, char direction, uint16_t sink_port,
                        const uint8_t *packet, size_t len);
/* As encoder/stream.h; 0 before the first PLAY. */
size_t mc_media_rtcp_report(McMedia *self, bool bye, uint8_t ret_packet[MC_RTCP_MAX_BYTES]);
uint32_t mc_media_ssrc(McMedia *self);
bool mc_media_rtcp_open(McMedia *self, uint8_t *datagram, size_t *len);
GBytes *mc_media_rtcp_take(McMedia *self); /* one that came on RTP's own port; NULL: none */
/* What the feedback found the link good for; never above the display path's or the person's wish.
 */
void mc_media_follow_link(McMedia *self, const McStreamPace *pace);
uint32_t mc_media_kbps(McMedia *self);                        /* wished for the present mode */
void mc_media_stats(McMedia *self, McStreamStats *ret_stats); /* zeros before PLAY */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McMedia, mc_media_free)
