/* SPDX-License-Identifier: MIT */
/* encoder/stream.h - frames and sound in, paced datagrams out: conversion, H.264 (both shared with
 * other streams of the same pictures: encoder/encodings.h), sound, MPEG-TS, RTP.
 * Threads: create/start/stop/free and the setters from the owner's thread (setters are also safe
 * from any thread); mc_stream_push_frame from the one chunk pump.
 * Owner: umd/session. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "encoder/duplication.h"
#include "encoder/rtcp.h"
#include "encoder/stage-times.h"
#include "encoder/ts-mux.h"
#include "kmd-shim/abi/frame.h"

#define MC_ENCODER_ERROR mc_encoder_error_quark()
GQuark mc_encoder_error_quark(void);
typedef enum {
    MC_ENCODER_ERROR_NO_ENCODER, /* encoder.missing: no H.264 encoder works; names the package */
    MC_ENCODER_ERROR_FAILED,     /* encoder.failed */
    MC_ENCODER_ERROR_SOCKET,     /* stream.socket */
    MC_ENCODER_ERROR_AUDIO,      /* audio.failed */
} McEncoderError;
const char *mc_encoder_error_code(int code);

typedef enum {
    MC_STREAM_AUDIO_NONE,
    MC_STREAM_AUDIO_LPCM,
    MC_STREAM_AUDIO_AAC,
    MC_STREAM_AUDIO_AC3,
} McStreamAudio;

typedef struct {
    uint32_t width_px, height_px, fps; /* negotiated mode */
    bool high_profile;                 /* CHP, else CBP */
    uint8_t level_idc;
    uint32_t bitrate_kbps;
    bool single_slice; /* the sink shows no picture of more than one */
} McStreamVideo;

/* What a sink's link is good for. */
typedef struct {
    uint32_t kbps;
    uint32_t fps; /* pictures a second at most; 0: as the mode has */
    bool tight;   /* no picture takes much longer than its interval, at the cost of quality */
} McStreamPace;

/* What may be seen of the content.  ENCRYPT: every PES through McStreamConfig.hdcp, and none that
 * it refuses.  WITHHOLD: a still picture with a sentence, no sound. */
typedef enum { MC_PROTECTION_NONE, MC_PROTECTION_ENCRYPT, MC_PROTECTION_WITHHOLD } McProtectionMode;

typedef struct {
    char dest_ip[46]; /* sink's address */
    uint16_t dest_rtp_port;
    int rtp_fd; /* bound UDP socket of the caller's (it keeps and closes it) */
    McStreamVideo video;
    McStreamAudio audio;
    char audio_source[64]; /* as encoder/audio-source.h */
    /* For "file", on the sound's thread: fills the block with what is heard from begin_ns
     * (CLOCK_MONOTONIC) on.  NULL: silence. */
    void (*read_sound)(int64_t begin_ns, int16_t *block, size_t pairs, void *user_data);
    void *sound_data;
    /* The link's own encryption of each datagram, as mc_sender_set_protect; NULL: none. */
    bool (*protect)(uint8_t *datagram, size_t room, size_t *len, void *user_data);
    void *protect_data;
    McTsHdcp hdcp;               /* for MC_PROTECTION_ENCRYPT; encrypt NULL: there is none */
    McProtectionMode protection; /* from the first picture on */
    char srtp_key[256];          /* key file (encoder/srtp.h); "": RTP in the clear */
    bool srtp_dtls;              /* SRTP with keys by DTLS instead (encoder/dtls-srtp.h) */
    bool srtp_passive;           /* and the receiver begins it */
    char srtp_fingerprint[96];   /* of the receiver's certificate; "": any */
    char sdp[256];               /* file for the SDP of a protected stream; "": none */
    /* RTCP that came on RTP's own port, still protected; from a stream thread.  May be NULL. */
    void (*on_rtcp)(const uint8_t *datagram, size_t len, void *user_data);
    /* Each datagram of RTP's port as the wire has it, '>' out, '<' in; from stream threads.  NULL:
     * nobody looks. */
    void (*on_datagram)(char direction, const uint8_t *datagram, size_t len, void *user_data);
    char encoder[32];              /* wish: "x264", "openh264", ...; "": choose */
    struct McH264Opening *opening; /* of encoder/h264-opening.h: taken from; NULL: open one */
    struct McEncodings *encodings; /* of encoder/encodings.h: shared with these; NULL: with none */
    char ts_flavour[16];           /* of encoder/ts-flavour.h; "" or unknown: the first */
    /* Called on the sending thread right before the first network call of a frame (C-80), and of a
     * picture that is sent again under its old id (C-76). */
    void (*on_frame_sent)(uint64_t frame_id, void *user_data);
    /* Encoded, also once more: time in us and rate in kbit/s, for ENCODE_COMPLETE (C-79). */
    void (*on_frame_encoded)(uint64_t frame_id, uint32_t encode_us, uint32_t kbps, void *user_data);
    /* Called once when the stream cannot go on; from a stream thread. */
    void (*on_error)(const GError *error, void *user_data);
    /* Something that a person should know, and the stream goes on; from a stream thread. */
    void (*on_note)(const char *text, void *user_data);
    void *user_data;
} McStreamConfig;

typedef struct {
    uint64_t frames_in, frames_encoded, frames_dropped, frames_repeated, idr_frames;
    uint64_t datagrams_sent, bytes_sent, datagrams_dropped;
    uint64_t datagrams_duplicated, bytes_duplicated; /* besides: what was sent a second time */
    uint64_t sound_bytes;                            /* of bytes_sent, about */
    uint64_t tables_sent;                            /* PAT and PMT */
    uint64_t refusals;     /* of datagrams, by the sink's machine: ICMP said so */
    uint64_t queued_bytes; /* now, not sent yet */
    uint32_t bitrate_kbps; /* asked */
    uint32_t capture_us, convert_us, encode_us, mux_us, send_us; /* last frame */
    McStageFigures convert, encode, mux, send, age;              /* of the last frames */
    int32_t av_offset_us; /* how much later the sound leaves than its picture, by their PTS */
    unsigned encoders_replaced;
    unsigned slices;           /* the most that a picture of this encoder had */
    uint32_t age_us;           /* capture to last datagram, last frame */
    char encoder[32];          /* element in use */
    uint64_t encoding;         /* its number: streams with the same have the same pictures */
    unsigned encoding_streams; /* that have it now */
    uint64_t frames_shared;    /* of frames_encoded, by another stream's work */
    uint64_t audio_frames;
    bool waits_for_keys;       /* of a handshake with the receiver: nothing may leave */
    uint64_t sound_skipped_us; /* left out, as this machine had no time for it or was suspended */
} McStreamStats;

/* Loads and tries the encoders, so that the first stream starts at once. Takes some 100 ms; ends
 * after a step when *unwanted (atomic; NULL: never) is set. */
void mc_stream_warm(const gint *unwanted);
/* Whether this machine can encode such sound. */
bool mc_stream_has_sound(McStreamAudio audio);

typedef struct McStream McStream;
McStream *mc_stream_new(const McStreamConfig *config, GError **error); /* copies config */
void mc_stream_free(McStream *self);                                   /* stops; NULL is fine */
bool mc_stream_start(McStream *self, GError **error); /* sound starts; first frame will be an IDR */
void mc_stream_stop(McStream *self);                  /* no datagram leaves after it returns */
void mc_stream_pause(McStream *self, bool paused);    /* continues sequence and clock afterwards */

/* Converts, encodes, multiplexes and sends before it returns; the pixels may be released after. */
bool mc_stream_push_frame(McStream *self, const McFrameDesc *frame, GError **error);
/* Nothing new to show: sends the heartbeat (PCR, PSI; now and then the last picture again). */
bool mc_stream_push_repeat(McStream *self, GError **error);
void mc_stream_force_idr(McStream *self);            /* next frame; coalesced to one per 300 ms */
void mc_stream_mute(McStream *self, bool muted);     /* sends no sound; its clock goes on */
int64_t mc_stream_pts_zero_us(const McStream *self); /* monotonic time whose PTS is 0 */
void mc_stream_set_pace(McStream *self, const McStreamPace *pace);
/* Datagrams that leave twice; none at first. */
void mc_stream_set_duplication(McStream *self, McDuplicate what);
void mc_stream_resend(McStream *self, const uint16_t *seqs, unsigned n); /* what is known still */
void mc_stream_set_flavour(McStream *self, const char *name);            /* IDR first */
/* When this returns, nothing of the content leaves in another way; going back to NONE waits for a
 * picture that was captured after the call.  Each change begins with an IDR. */
void mc_stream_set_protection(McStream *self, McProtectionMode mode);
bool mc_stream_set_video(McStream *self, const McStreamVideo *video,
                         GError **error); /* IDR first */
void mc_stream_set_cursor(McStream *self, int x_px, int y_px, bool visible, const uint8_t *bgra,
                          unsigned width_px, unsigned height_px); /* bgra NULL: keep the shape */
void mc_stream_stats(McStream *self, McStreamStats *ret_stats);
/* RTCP of this stream (encoder/rtcp.h): a sender report, with a BYE at the end; its length, 0:
 * there is nothing for the caller to send. */
size_t mc_stream_rtcp_report(McStream *self, bool bye, uint8_t ret_packet[MC_RTCP_MAX_BYTES]);
uint32_t mc_stream_ssrc(McStream *self);
/* A datagram from the sink's RTCP port, opened in place where the stream is protected. */
bool mc_stream_rtcp_open(McStream *self, uint8_t *datagram, size_t *len);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McStream, mc_stream_free)
