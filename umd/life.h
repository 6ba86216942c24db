/* SPDX-License-Identifier: MIT */
/* umd/life.h - says "streaming" only on proof (umd/proof), goes through the fall-backs for a sink
 * that shows nothing, and remembers what helped (umd/sink-memory).
 * Thread: the session's.  Owner: umd/session; the media outlives it. */
#pragma once

#include "rtsp/source.h"
#include "umd/feedback.h"
#include "umd/media.h"

typedef struct McLife McLife;

McLife *mc_life_new(const McUmdOptions *options, McMedia *media, int rtsp_fd);
void mc_life_free(McLife *self); /* NULL is fine */

/* The sink is known: what helped it before changes the wish. True: it did, *ret_text says how. */
bool mc_life_recall(McLife *self, const McWfdSource *source, McWfdWish *wish, char **ret_text);
void mc_life_start(McLife *self, const McWfdSource *source, int64_t now_us); /* PLAY */
void mc_life_stop(McLife *self);                                             /* pause, end */
void mc_life_slept(McLife *self, int64_t slept_us); /* this process did not run for so long */
int64_t mc_life_deadline_us(const McLife *self);    /* INT64_MAX: none */
/* True: the wish changed and has to be negotiated. */
bool mc_life_time(McLife *self, const McWfdSource *source, const McFeedback *feedback,
                  int64_t now_us, McWfdWish *wish);
bool mc_life_is_live(const McLife *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McLife, mc_life_free)
