/* SPDX-License-Identifier: MIT */
/* encoder/wishes.h - what a sink's wishes for key frames say of loss.  A sink that reports nothing
 * has nothing else to say it with; but some ask at their start, some by the clock, and some
 * without end.  So wishes that come again and again lead to a try: all is sent twice for a while.
 * Where they become rare then, they speak of loss; where they do not, what they speak of is no loss
 * that this mends, or the sink takes duplicates ill, and the next try is far off.
 * Threads: none; a pure function, one step at a time.  Owner: umd/feedback. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MC_WISHES_MOMENTS 6 /* are remembered */

typedef enum {
    MC_WISHES_NOTHING,
    MC_WISHES_TRY,  /* it may lose much */
    MC_WISHES_LOSS, /* it lost something */
    MC_WISHES_VAIN, /* what was sent twice changed nothing */
} McWishesSay;

typedef struct {
    int64_t now_us;
    bool reports;   /* it sends receiver reports: these speak before its wishes do */
    bool told_loss; /* since the last step, and the link has room */
    bool all_twice; /* is what happens at present */
} McWishesInput;

typedef enum {
    MC_WISHES_LISTEN,
    MC_WISHES_IN_TRY,
    MC_WISHES_TRUST,
    MC_WISHES_DOUBT,
} McWishesPhase;

typedef struct {
    McWishesPhase phase;
    int64_t start_us, phase_us;
    int64_t until_us;                 /* of doubt */
    int64_t trust_us;                 /* since when it is trusted */
    int64_t wish_us, burst_us;        /* the last one, and the first of those without a pause */
    int64_t storm_us;                 /* when it last asked on and on */
    int64_t at_us[MC_WISHES_MOMENTS]; /* the last moments; the newest is last */
    unsigned n_moments;
    unsigned fresh;    /* moments since the last step */
    unsigned in_try;   /* moments */
    bool regular;      /* what led to the try */
    bool asks;         /* it ever asked */
    int64_t mended_us; /* when it last got a key frame unasked */
    int64_t gap_us;    /* between two moments before the try; 0: there was none */
    int64_t doubt_us;  /* how long it is not tried again: longer each time */
} McWishes;

/* The stream begins, or goes on in another mode.  Zeroed before the first time. */
void mc_wishes_init(McWishes *self, int64_t now_us);
void mc_wishes_note(McWishes *self, int64_t now_us); /* a wish comes */
McWishesSay mc_wishes_step(McWishes *self, const McWishesInput *input);
/* Something got lost, by its reports or by the radio's.  True: it gets a key frame unasked, as one
 * that never asks would keep a broken picture; one a second. */
bool mc_wishes_mend(McWishes *self, int64_t now_us);
/* What it asks for now is for loss, or may be. */
bool mc_wishes_speak_of_loss(const McWishes *self);
