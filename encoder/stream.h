/* SPDX-License-Identifier: MIT */
/* encoder/stream.h - frames and sound in, paced datagrams out: conversion, H.264, sound, MPEG-TS, RTP.
 * Threads: create/start/stop/free and the setters from the owner's thread (setters are also safe from
 * any thread); mc_stream_push_frame from the one chunk pump.  Owner: umd/session. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

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

typedef enum { MC_STREAM_AUDIO_NONE, MC_STREAM_AUDIO_LPCM, MC_STREAM_AUDIO_AAC } McStreamAudio;

typedef struct {
    uint32_t width_px, height_px, fps; /* negotiated mode */
    bool high_profile;                 /* CHP, else CBP */
    uint8_t level_idc;
    uint32_t bitrate_kbps;
} McStreamVideo;

typedef struct {
    char dest_ip[46]; /* sink's address */
    uint16_t dest_rtp_port;
    int rtp_fd;       /* bound UDP socket of the caller's (it keeps and closes it) */
    McStreamVideo video;
    McStreamAudio audio;
    char audio_source[64]; /* "test" (440 Hz tone), "silence", "auto" (desktop's monitor) */
    char encoder[32];      /* wish: "x264", "openh264", ...; "": choose */
    /* Called on the sending thread right before the first network call of a frame (C-80). */
    void (*on_frame_sent)(uint64_t frame_id, void *user_data);
    /* Encoded: time in us and rate in kbit/s, for ENCODE_COMPLETE (C-79). */
    void (*on_frame_encoded)(uint64_t frame_id, uint32_t encode_us, uint32_t kbps, void *user_data);
    /* Called once when the stream cannot go on; from a stream thread. */
    void (*on_error)(const GError *error, void *user_data);
    void *user_data;
} McStreamConfig;

typedef struct {
    uint64_t frames_in, frames_encoded, frames_dropped, frames_repeated, idr_frames;
    uint64_t datagrams_sent, bytes_sent, datagrams_dropped;
    uint32_t bitrate_kbps;                             /* asked */
    uint32_t capture_us, convert_us, encode_us, mux_us, send_us; /* last frame */
    uint32_t age_us;      /* capture to last datagram, last frame */
    char encoder[32];     /* element in use */
    uint64_t audio_frames;
} McStreamStats;

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
void mc_stream_force_idr(McStream *self); /* next frame; coalesced to one per 300 ms */
void mc_stream_set_bitrate(McStream *self, uint32_t kbps);
bool mc_stream_set_video(McStream *self, const McStreamVideo *video, GError **error); /* IDR first */
void mc_stream_set_cursor(McStream *self, int x_px, int y_px, bool visible, const uint8_t *bgra,
                          unsigned width_px, unsigned height_px); /* bgra NULL: keep the shape */
void mc_stream_stats(McStream *self, McStreamStats *ret_stats);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(McStream, mc_stream_free)
