/* SPDX-License-Identifier: MIT */
/* encoder/audio.h - the sound of a stream: source, encoder and the thread that drives them.
 * Threads: new and free from the owner; frames come on the sound's own thread.
 * Owner: encoder/stream.
 * Errors: MC_ENCODER_ERROR. */
#pragma once

#include "encoder/audio-source.h"
#include "encoder/stream.h"

typedef struct {
    McStreamAudio codec; /* not NONE */
    const char *source;  /* as McStreamConfig.audio_source, */
    McAudioRead read;    /* read_sound */
    void *read_data;     /* and sound_data */
    /* An LPCM frame with its header, an ADTS or an AC-3 frame; time_ns: CLOCK_MONOTONIC of its
     * first sample. */
    void (*on_frame)(const uint8_t *frame, size_t bytes, int64_t time_ns, void *user_data);
    /* Sound was left out (mc_audio_source_skipped_ns): so much up to now. */
    void (*on_skipped)(int64_t skipped_ns, void *user_data);
    void (*on_error)(const GError *error, void *user_data); /* at most once; the sound has ended */
    void *user_data;
} McAudioConfig;

typedef struct McAudio McAudio;
McAudio *mc_audio_new(const McAudioConfig *config, GError **error);
void mc_audio_free(McAudio *self); /* no frame comes after it returns; NULL is fine */
