/* SPDX-License-Identifier: MIT */
/* encoder/stream-private.h - a stream's insides, shared by stream.c (life, wishes, sound) and
 * stream-picture.c (a picture's way from its encoding to the output, protection, the refresher).
 * Locks: send_lock > the encodings' and the output's own; stats_lock, under which nothing is taken.
 * Thread and owner: as encoder/stream.h says. */
#pragma once

#include "encoder/audio.h"
#include "encoder/encodings.h"
#include "encoder/output.h"

struct McStream {
    McStreamConfig config;
    McOutput *output;
    McAudio *audio;
    McSeat *seat;
    gint paused;      /* atomic */
    gint muted;       /* atomic */
    gint stopped;     /* atomic */
    gint failed;      /* atomic */
    GThread *refresh; /* sends what is encoded when no frame comes that could be waited for */

    GMutex send_lock; /* units out, one after the other; guards the next ones */
    uint32_t fps;
    McEncoderInfo announced;
    McProtectionMode protection;
    int64_t
        clear_from_ns; /* protection ends with a picture captured from then on; 0: no such end */

    GMutex stats_lock;
    McStreamStats stats;
    bool frame_waits; /* the last frame was kept and not encoded yet */
    McStageTimes convert_times, encode_times, mux_times, send_times, age_times;
};

/* ---- stream.c ---- */
bool mc_stream_is_quiet(McStream *self); /* paused or stopped */
void mc_stream_report_failure(const GError *error, void *stream);

/* ---- stream-picture.c ---- */
/* send_lock held, or no thread runs yet. */
void mc_stream_announce_video(McStream *self, const McEncoderInfo *info);
void mc_stream_enter_protection(McStream *self, McProtectionMode mode); /* likewise */
gpointer mc_stream_run_refresh(gpointer stream);
