/* SPDX-License-Identifier: MIT */
/* rtsp/audio-codecs.h - wfd_audio_codecs and wfd2_audio_codecs as a typed model.
 * Thread: any.  Owner: caller; plain values. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum { MC_AUDIO_NONE, MC_AUDIO_LPCM, MC_AUDIO_AAC, MC_AUDIO_AC3 } McAudioCodec;

/* Mode bits. */
#define MC_LPCM_44100_2 1u
#define MC_LPCM_48000_2 2u
#define MC_AAC_48000_2 1u
#define MC_AC3_48000_2 1u

typedef struct {
    char name[12];      /* as the sink wrote it: "LPCM", "AAC", "AC3", R2 names */
    McAudioCodec codec; /* MC_AUDIO_NONE: not one that we know */
    uint32_t modes;
    uint8_t latency_5ms; /* in units of that */
} McAudioFormat;

#define MC_MAX_AUDIO_FORMATS 8
typedef struct {
    bool present, none;
    McAudioFormat format[MC_MAX_AUDIO_FORMATS];
    unsigned n_formats;
    bool lower_case, tight; /* how the sink writes */
} McAudioCodecs;

bool mc_audio_codecs_parse(const char *value, McAudioCodecs *ret_codecs, GPtrArray *notes,
                           char **ret_problem);
char *mc_audio_codecs_write(const McAudioCodecs *codecs);
/* Modes of one codec, 0 when it is not offered. */
uint32_t mc_audio_codecs_modes(const McAudioCodecs *codecs, McAudioCodec codec);
const char *mc_audio_codec_name(McAudioCodec codec); /* "LPCM"; "none" */
