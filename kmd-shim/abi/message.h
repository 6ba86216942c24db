/* SPDX-License-Identifier: MIT */
/* kmd-shim/abi/message.h - messages of the display path to the user-mode driver
 * (DxgkCbMiracastSendMessage -> HandleKernelModeMessage).  The DDI moves bytes and defines no
 * format; this is ours: little-endian, fixed width, a header with size and version first (decision
 * U17).
 * Threads: any.  Owner: the caller; plain data, no functions: usable from a fuzzer.
 *
 *   0        4        6        8        12       16
 *   | magic  |version | type   | size   | seq    | body... */
#pragma once

#include <stdint.h>

#define MC_MSG_MAGIC 0x4753434du /* "MCSG" */
#define MC_MSG_VERSION 1u
#define MC_MSG_MAX_BYTES 65536u /* longer input: STATUS_INVALID_BUFFER_SIZE */

typedef enum {
    MC_MSG_DISPLAY_MODE = 1,
    MC_MSG_MONITOR_POWER = 2,
    MC_MSG_CURSOR = 3,
    MC_MSG_CONTENT_PROTECTION = 4,
    MC_MSG_ENCODER_CONTROL = 5,
    MC_MSG_AUDIO_FORMAT = 6,
    MC_MSG_LINK_CONTROL = 7,
    MC_MSG_QUERY_STATUS = 8,
    MC_MSG_INPUT_CONSENT = 9,
} McMsgType;

typedef struct {
    uint32_t magic;    /* MC_MSG_MAGIC */
    uint16_t version;  /* MC_MSG_VERSION */
    uint16_t type;     /* McMsgType */
    uint32_t size;     /* whole message, this header included; equals InputBufferSize */
    uint32_t sequence; /* sender's counter; delivery threads may reorder (1.4) */
} McMsgHeader;

typedef struct {
    McMsgHeader header;
    uint32_t width_px, height_px; /* 16..16384 */
    uint32_t refresh_mhz;         /* thousandths of a hertz, 23900..240000 (C-69) */
    uint32_t flags;               /* 0 */
} McMsgDisplayMode;

typedef struct {
    McMsgHeader header;
    uint32_t on; /* 0 or 1 */
    uint32_t reserved;
} McMsgMonitorPower;

#define MC_CURSOR_MAX_PX 256u
typedef struct {
    McMsgHeader header;
    int32_t x_px, y_px; /* upper-left corner of the image on the desktop */
    uint32_t visible;   /* 0 or 1 */
    uint32_t shape_id;  /* grows with each new shape; 0: position only, no image follows */
    uint16_t width_px, height_px, hot_x_px, hot_y_px;
    /* shape_id != 0: width_px * height_px * 4 bytes of premultiplied BGRA follow */
} McMsgCursor;

typedef struct {
    McMsgHeader header;
    uint32_t protect; /* 1: protected content begins, 0: it ended */
    uint32_t hdcp_type;
} McMsgContentProtection;

#define MC_ENCODER_FORCE_IDR 1u
#define MC_ENCODER_SET_BITRATE 2u
typedef struct {
    McMsgHeader header;
    uint32_t flags;        /* MC_ENCODER_* */
    uint32_t bitrate_kbps; /* with MC_ENCODER_SET_BITRATE: 100..240000 */
} McMsgEncoderControl;

typedef struct {
    McMsgHeader header;
    uint32_t active; /* 0: sound stops */
    uint32_t rate_hz, channels, bits;
} McMsgAudioFormat;

typedef enum {
    MC_LINK_RADIO_OFF = 1,
    MC_LINK_LEAVE = 2,
    MC_LINK_SET_CHANNEL = 3,
    MC_LINK_POWER_SAVE = 4,
} McLinkCommand;
typedef struct {
    McMsgHeader header;
    uint32_t command;  /* McLinkCommand */
    uint32_t argument; /* SET_CHANNEL: MHz; POWER_SAVE: 0 or 1 */
} McMsgLinkControl;

typedef struct {
    McMsgHeader header;
    uint32_t allowed; /* 1: the sink's input is let in, 0: not any more */
    uint32_t reserved;
} McMsgInputConsent;

typedef struct {
    McMsgHeader header;
} McMsgQueryStatus;

/* Answer to QUERY_STATUS in the output buffer. */
#define MC_STATUS_VERSION 5u
typedef struct {
    uint32_t p50_us, p95_us; /* of the last frames */
} McStatusStage;
typedef struct {
    uint32_t size;    /* sizeof(McStatusSnapshot) */
    uint32_t version; /* MC_STATUS_VERSION */
    /* negotiator */
    uint32_t wfd_state; /* McWfdState */
    uint32_t width_px, height_px, fps;
    uint32_t audio_codec; /* McAudioCodec: 0 none, 1 LPCM, 2 AAC, 3 AC3 */
    uint32_t idr_requests, keepalives_sent, keepalives_answered;
    /* encoder */
    uint64_t frames_in, frames_encoded, frames_dropped, idr_frames;
    uint64_t datagrams_sent, bytes_sent, datagrams_dropped; /* bytes: of all that left */
    uint32_t bitrate_kbps;
    uint32_t convert_us, encode_us, mux_us, send_us; /* last frame */
    char encoder[32];                                /* NUL-terminated */
    /* P2P controller */
    uint32_t link_state; /* McLinkState */
    char link_kind[16];  /* "lan", "loopback", "p2p", "mice" */
    /* since version 2: the encoder's stages, and what the sink's end tells */
    McStatusStage convert, encode, mux, send, age;
    uint64_t frames_repeated, refusals, queued_bytes, rtcp_lost;
    uint32_t live; /* 1: proof was given (umd/proof.h) */
    uint32_t encoders_replaced, rtcp_reports, rtcp_loss_permille, received_kbps;
    int32_t trip_us; /* -1: not told */
    int32_t av_offset_us;
    uint64_t sound_skipped_us;
    /* since version 3: of the radio, where the link is one */
    uint32_t radio_kbps;                              /* 0: not known */
    uint64_t radio_sent, radio_failed, radio_retried; /* frames */
    /* since version 4: sinks of one process with the same encoding have the same pictures */
    uint64_t encoding;       /* its number, from 1; 0: none yet */
    uint64_t frames_shared;  /* of frames_encoded, by another context's work */
    uint32_t encoding_sinks; /* that have it, this one included */
    uint32_t reserved;
    /* since version 5 */
    uint64_t datagrams_duplicated; /* sent a second time, besides datagrams_sent */
} McStatusSnapshot;

_Static_assert(sizeof(McMsgHeader) == 16, "wire layout");
_Static_assert(sizeof(McMsgDisplayMode) == 32, "wire layout");
_Static_assert(sizeof(McMsgCursor) == 40, "wire layout");
_Static_assert(sizeof(McMsgQueryStatus) == 16, "wire layout");
