/* SPDX-License-Identifier: MIT */
/* encoder/schedule.h - which picture is encoded when: captured frames in the mode's rate at most,
 * the last one again when its sink or a cursor cannot wait, key frames not too close to each other.
 * Threads: none; pure functions, times in us of one monotonic clock.  Owner: encoder/encodings. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define MC_SCHEDULE_IDR_SPACING_US (300 * G_TIME_SPAN_MILLISECOND)
#define MC_SCHEDULE_REPEAT_US (95 * G_TIME_SPAN_MILLISECOND) /* a still picture goes again */
#define MC_SCHEDULE_NEVER G_MAXINT64
/* How long what was encoded may still take on its way before the next new picture waits for it:
 * twice what the encoders' buffer model has (encoder/h264.c), and with a tight one likewise. */
#define MC_SCHEDULE_AHEAD_US (400 * G_TIME_SPAN_MILLISECOND)
#define MC_SCHEDULE_AHEAD_TIGHT 4 /* intervals */

typedef struct {
    int64_t interval_us;
    int64_t slot_us;  /* of the next new picture, when all keep their distance */
    int64_t frame_us; /* when the last captured frame came */
    int64_t unit_us;  /* when the last picture was encoded */
    int64_t air_us;   /* when all that was encoded is through, at the rate that there is */
    bool tight;       /* the rate has no room for large pictures */
    int64_t idr_us;   /* the same, of key frames */
    bool has_picture; /* something was captured */
    bool first;       /* the encoder is new: its first picture is an IDR whenever it comes */
    bool idr_wanted;
    bool frame_waits;  /* a frame came before its slot and is kept */
    bool cursor_waits; /* the cursor looks different from the last picture's */
} McSchedule;

/* Another rate of pictures from here on. */
void mc_schedule_set_fps(McSchedule *self, uint32_t fps);

/* A new encoder, for this many frames a second; a wish and a kept picture stay. */
void mc_schedule_restart(McSchedule *self, uint32_t fps);

/* A captured frame came.  True: encode it now; false: keep it, its time comes. */
bool mc_schedule_frame(McSchedule *self, int64_t now_us);
/* After a pause: a frame is about to come, and what is kept is old. */
void mc_schedule_expect_frame(McSchedule *self, int64_t now_us);
/* The picture that is encoded now has to be a key frame.  Wishes within the spacing are one, which
 * is served at its end. */
bool mc_schedule_idr_is_due(const McSchedule *self, int64_t now_us);
/* Nothing new was captured: the last picture has to go (again). */
bool mc_schedule_repeat_is_due(const McSchedule *self, int64_t now_us);
/* What is encoded now looks different from what was encoded last. */
bool mc_schedule_has_news(const McSchedule *self);
/* When the last picture has to be encoded without waiting for a frame; MC_SCHEDULE_NEVER. While
 * frames come, the next one brings a cursor, a new encoder's first picture or a key frame that is
 * wished: a picture more would be old, would keep the next one waiting behind it on the way, and be
 * one more a second than the level allows. When it does not come, this does. */
int64_t mc_schedule_next_us(const McSchedule *self);

/* A picture is encoded, from now_us on: all that was kept is in it. It takes so long at the rate
 * that it may have: an encoder that does not hold its rate gets fewer pictures to encode. */
void mc_schedule_encoded(McSchedule *self, int64_t now_us, bool idr, int64_t takes_us);
