/* SPDX-License-Identifier: MIT */
/* encoder/output.h - the outer half of a stream: access units and sound in, datagrams out. Holds
 * the stream's clock, the multiplexer, RTP, the sender and what encrypts each datagram.
 * Threads: new, open and free from the stream's owner; the rest from any (a lock inside, taken
 * last: nothing is called under it but the hooks of the sender).
 * Owner: encoder/stream.
 * Errors: MC_ENCODER_ERROR, MC_SRTP_ERROR. */
#pragma once

#include "encoder/sender.h"
#include "encoder/stream.h"
#include "encoder/ts-flavour.h"

typedef struct McOutput McOutput;

typedef struct {
    McSenderFrameHook on_sent;
    /* Of the wire (encoder/wire.h), from its thread. */
    void (*on_ready)(void *user_data);
    void (*on_rtcp)(const uint8_t *datagram, size_t len, void *user_data);
    void (*on_note)(const char *text, void *user_data);
    void (*on_error)(const GError *error, void *user_data);
    void *user_data;
} McOutputHooks;

/* The stream's configuration, copied. */
McOutput *mc_output_new(const McStreamConfig *config, const McOutputHooks *hooks, GError **error);
void mc_output_free(McOutput *self); /* NULL is fine */

/* ret_us: time that the multiplexer and the sender took. */
void mc_output_video(McOutput *self, const GByteArray *unit, bool idr, int64_t capture_ns,
                     uint64_t frame_id, uint32_t ret_us[2]);
void mc_output_sound(McOutput *self, const uint8_t *frame, size_t bytes, int64_t time_ns);
void mc_output_heartbeat(McOutput *self); /* PCR and tables, where they are due */
/* What is under way has left when this returns, or is thrown away, and no sound follows until it is
 * released; the caller sends no pictures meanwhile. */
void mc_output_hold(McOutput *self);
void mc_output_release(McOutput *self);
void mc_output_end(McOutput *self); /* holds for good: nothing leaves by itself any more */
bool mc_output_is_ready(const McOutput *self); /* false: no keys yet, and nothing would leave */

void mc_output_set_video(McOutput *self, uint8_t profile_idc, uint8_t constraints,
                         uint8_t level_idc);
void mc_output_set_flavour(McOutput *self, const McTsFlavour *flavour);
/* Datagrams that leave twice; none at first. */
void mc_output_set_duplication(McOutput *self, McDuplicate what);
/* What of these is known still leaves once more (RFC 4585, 6.2.1). */
void mc_output_resend(McOutput *self, const uint16_t *seqs, unsigned n);
bool mc_output_set_pacing(McOutput *self, uint32_t fps, GError **error);
/* Sound that is older than this moment does not leave; INT64_MAX: none does. */
void mc_output_protect(McOutput *self, bool encrypt, int64_t sound_from_ns);

int64_t mc_output_pts_zero_us(const McOutput *self);
void mc_output_stats(McOutput *self, McStreamStats *stats); /* sets what is the output's */
size_t mc_output_rtcp_report(McOutput *self, bool bye, uint8_t ret_packet[MC_RTCP_MAX_BYTES]);
bool mc_output_rtcp_open(McOutput *self, uint8_t *datagram, size_t *len);
uint32_t mc_output_ssrc(McOutput *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McOutput, mc_output_free)
