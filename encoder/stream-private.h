/* SPDX-License-Identifier: MIT */
/* encoder/stream-private.h - a stream's insides, shared by stream.c (life, wishes, sound) and
 * stream-picture.c (a picture's way from the frame to the output, protection, the refresher).
 * Locks: encode_lock > output's own, wish_lock, stats_lock; nothing is taken under the last two.
 * Thread and owner: as encoder/stream.h says. */
#pragma once

#include "encoder/audio.h"
#include "encoder/convert.h"
#include "encoder/output.h"
#include "encoder/schedule.h"
#include "encoder/video-encoder.h"

struct McStream {
    McStreamConfig config;
    McOutput *output;
    McAudio *audio;
    gint paused;  /* atomic */
    gint muted;   /* atomic */
    gint stopped; /* atomic */
    gint failed;  /* atomic */

    /* What is to be encoded when. Taken inside the other locks, and only for a moment. */
    GMutex wish_lock;
    GCond wished;
    McSchedule schedule;
    GThread
        *refresh; /* encodes the last picture again when no frame comes that could be waited for */

    /* Frames in, access units out. */
    GMutex encode_lock;
    McConvert *convert;
    McVideoEncoder *encoder;
    unsigned encoders_replaced;
    bool tight; /* as mc_stream_set_rate */
    McStreamVideo video;
    GByteArray *unit;  /* Annex B, of the present call */
    unsigned repeated; /* times that the picture was encoded again, unchanged */
    McProtectionMode protection;
    McPicture *notice;    /* in place of the content; NULL: not needed yet */
    uint64_t shown_id;    /* of the picture that is repeated; 0: there was none */
    bool content_changed; /* the next unit must not refer to those before it */
    int64_t
        clear_from_ns; /* protection ends with a picture captured from then on; 0: no such end */

    GMutex stats_lock;
    McStreamStats stats;
    McStageTimes convert_times, encode_times, mux_times, send_times, age_times;
};

/* ---- stream.c ---- */
bool mc_stream_is_quiet(McStream *self); /* paused or stopped */
void mc_stream_report_failure(const GError *error, void *stream);

/* ---- stream-picture.c ---- */
void mc_stream_announce_video(McStream *self); /* encode_lock held, or no thread runs yet */
void mc_stream_enter_protection(McStream *self, McProtectionMode mode); /* likewise */
gpointer mc_stream_run_refresh(gpointer stream);
