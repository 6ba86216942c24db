/* SPDX-License-Identifier: MIT */
/* encoder/sender.h - datagrams out of a UDP socket in batches; never blocks, counts what it drops.
 * Threads: one caller at a time (the stream's lock); with pacing on, one thread of its own sends.
 * Owner: encoder/output.  The socket stays the caller's.
 * Errors: MC_ENCODER_ERROR. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encoder/rtp.h"

typedef struct McSender McSender;
typedef struct {
    uint64_t datagrams, bytes, dropped;   /* bytes with RTP headers; dropped counts datagrams */
    uint64_t duplicates, duplicate_bytes; /* sent a second time, and not counted above */
    uint64_t refusals;                    /* ICMP answers: nobody receives there */
    uint64_t queued_bytes;                /* now, here and below the socket */
} McSenderStats;

/* fd: a UDP socket, bound or not, connected or not.  Its file flags stay as they are.  dest_ip is a
 * numeric IPv4 or IPv6 address ("fe80::1%eth0" too).  Pacing is off. */
McSender *mc_sender_new(int fd, const char *dest_ip, uint16_t dest_port, GError **error);
void mc_sender_free(
    McSender *self); /* drops what is queued; no datagram leaves after; NULL is fine */

/* A picture, or what leaves between pictures. */
typedef struct {
    const uint8_t *ts; /* whole packets */
    size_t len;
    uint32_t timestamp_90k;
    uint64_t frame_id; /* 0: no hook is called */
    bool no_marker;    /* else its last datagram has one */
    bool twice;        /* each datagram leaves once more, the same bytes, when all have left */
} McSenderFrame;
/* Packetises and sends it in batches; called under the stream's lock. The hook is called with
 * frame_id right before the frame's first network call, on the sending thread (the caller's own
 * when pacing is off). */
void mc_sender_send_frame(McSender *self, McRtpPacketiser *rtp, const McSenderFrame *frame);
/* Sends once more, at once, what of these is still known and not old, as far as that is little
 * beside what leaves for the first time: how many.  Any thread. */
unsigned mc_sender_resend(McSender *self, const uint16_t *seqs, unsigned n);
typedef void (*McSenderFrameHook)(uint64_t frame_id, void *user_data);
void mc_sender_set_frame_hook(McSender *self, McSenderFrameHook hook, void *user_data);

/* Called for each datagram under the lock of the queue, in order: it may grow in place, up to room
 * bytes.  False: it must not leave and counts as dropped.  NULL: datagrams leave as they are. */
#define MC_SENDER_PROTECT_ROOM 96u /* what a datagram may grow by (DTLS: 93, SRTP: 16) */
typedef bool (*McSenderProtect)(uint8_t *datagram, size_t room, size_t *len, void *user_data);
void mc_sender_set_protect(McSender *self, McSenderProtect protect, void *user_data);

/* Called with each datagram as it left, in order, on the sending thread; NULL: nobody looks. */
typedef void (*McSenderTap)(const uint8_t *datagram, size_t len, void *user_data);
void mc_sender_set_tap(McSender *self, McSenderTap tap, void *user_data);

/* Spreads the datagrams of a large frame over at most window_us (take half a frame interval or
 * less), on a thread of its own with a bounded queue.  Small frames and sound leave at once.
 * 0: off, mc_sender_send_frame sends before it returns (the default). */
bool mc_sender_set_pacing(McSender *self, uint32_t window_us, GError **error);

/* Waits until all that is queued is out, at most so long: a stream that ends between frames ends
 * well. False: something still waits, discard it. */
bool mc_sender_drain(McSender *self, int64_t timeout_us);
void mc_sender_discard(
    McSender *self); /* drops what is queued; a batch under way is out on return */
McSenderStats mc_sender_stats(McSender *self);

/* Marks the socket's packets: dscp 34 (AF41) or 40 (CS5), which Wi-Fi sends in its video class. */
#define MC_DSCP_AF41 34u
#define MC_DSCP_CS5 40u
bool mc_sender_set_dscp(McSender *self, unsigned dscp, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McSender, mc_sender_free)
