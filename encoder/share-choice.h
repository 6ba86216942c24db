/* SPDX-License-Identifier: MIT */
/* encoder/share-choice.h - which streams have one encoding together: those of one mode and picture
 * whose links are good for about the same rate.
 *
 *   rate of a link, of the best one in its encoding:
 *     0 ......... 3/4 ........ 9/10 ........ 1
 *      leaves it  | stays as it is | may join
 *
 * Threads: none; pure functions, times in us of one monotonic clock. Owner: encoder/encodings. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "encoder/stream.h"

/* After it left for its rate, a stream stays by itself for so long, and twice as long each time: to
 * take one in costs the others a key frame. */
#define MC_SHARE_APART_US (5 * G_USEC_PER_SEC)
#define MC_SHARE_APART_MOST 4u /* times that it doubles */
/* A pointer's news comes to one stream a little before the other. */
#define MC_SHARE_CURSOR_US (1 * G_USEC_PER_SEC)

/* One stream's wish. */
typedef struct {
    uint32_t kbps;    /* that its link is good for */
    bool alone;       /* its content is protected, or it rests */
    int64_t left_us;  /* when it last left for its rate; with leaves 0 it never did */
    unsigned leaves;  /* so often */
    int64_t other_us; /* since when its pointer looks different from the encoding's; 0: it does not
                       */
} McShareWish;

/* An encoding: of the streams in it that do not rest, or are on their way to it. */
typedef struct {
    unsigned streams;
    uint32_t least_kbps, most_kbps; /* of their wishes; 0 without streams */
    uint64_t serial;                /* of two, the older one's is less */
} McShareGroup;

/* Whether one encoder's work serves both: all but the rate. Sinks of different levels agree here:
 * what is negotiated is the lowest level that carries the mode, whatever more they offer. And one
 * slice a picture is right for those that would show more, too. */
bool mc_share_same_mode(const McStreamVideo *one, const McStreamVideo *other);

/* others: of the encoding without this stream. */
bool mc_share_must_leave(const McShareWish *wish, const McShareGroup *others, int64_t now_us);

/* The rates of both are near each other, and neither wants to be alone. */
bool mc_share_agree(const McShareWish *wish, const McShareGroup *to);

/* Streams go to where more are, of two alike to the older one: so all that agree come together, and
 * none goes back. */
bool mc_share_may_join(const McShareWish *wish, const McShareGroup *from, const McShareGroup *to,
                       int64_t now_us);
