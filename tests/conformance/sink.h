/* SPDX-License-Identifier: MIT */
/* tests/conformance/sink.h - a scripted Wi-Fi Display sink in the test's own process: it answers
 * M1..M7 over loopback, counts what it is told and what comes by RTP, and can fall silent anywhere.
 * Threads: one of its own; functions from any.  Owner: the test. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Capabilities: the smallest picture, no sound, a monitor with HDMI. */
#define SINK_VGA                                                                                   \
    "wfd_video_formats: 00 00 01 10 00000001 00000000 00000000 00 0000 0000 00 none none\r\n"
#define SINK_SOUND_NONE "wfd_audio_codecs: none\r\n"
#define SINK_HDMI "wfd_connector_type: 05\r\n"

typedef enum {
    SINK_STEP_NONE,    /* plays its part to the end */
    SINK_STEP_M1,      /* does not answer OPTIONS */
    SINK_STEP_M2,      /* sends none of its own */
    SINK_STEP_M3,      /* does not tell its capabilities */
    SINK_STEP_M4,      /* does not answer the chosen mode */
    SINK_STEP_TRIGGER, /* does not answer the SETUP trigger */
    SINK_STEP_SETUP,   /* sends no SETUP */
    SINK_STEP_PLAY,    /* sends no PLAY */
    SINK_STEPS,
} SinkStep;

typedef struct {
    const char *caps;      /* M3's answer besides the RTP port; NULL: VGA, no sound, HDMI */
    SinkStep silent_at;    /* there, and for ever */
    unsigned refuse_modes; /* so many M4 are answered with 303 */
    bool mute_keepalive;   /* M16 is not answered */
    bool deaf_at_end;      /* neither the TEARDOWN trigger is answered */
} SinkConfig;

typedef struct Sink Sink;

Sink *sink_new(const SinkConfig *config, int *ret_source_fd); /* the fd is the caller's */
void sink_free(Sink *self);                                   /* NULL is fine */

void sink_set(Sink *self, const char *body);                   /* SET_PARAMETER of the sink's */
void sink_ask(Sink *self, const char *method);                 /* PAUSE, PLAY, TEARDOWN */
void sink_hang_up(Sink *self);                                 /* closes its TCP end */
unsigned sink_count(Sink *self, const char *text);             /* how often the source sent it */
char *sink_said(Sink *self);                                   /* all of it, for a failing test */
bool sink_await(Sink *self, const char *text, unsigned count); /* false after 20 s */
unsigned sink_datagrams(Sink *self);
unsigned sink_key_frames(Sink *self); /* sequence parameter sets seen */
bool sink_await_datagrams(Sink *self, unsigned count);
bool sink_await_key_frames(Sink *self, unsigned count);
bool sink_closed(Sink *self); /* the source's end is closed */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sink, sink_free)
