/* SPDX-License-Identifier: MIT */
/* umd/adapt.h - a session's picture follows its link: what comes back (umd/feedback) becomes bit
 * rate, then picture rate, then a smaller mode, and back up.
 * Thread: the session's.  Owner: umd/session; the media outlives it. */
#pragma once

#include "rtsp/negotiate.h"
#include "umd/feedback.h"

typedef struct McAdapt McAdapt;

McAdapt *mc_adapt_new(const McOs *os, const McUmdOptions *options, McMedia *media,
                      const char *peer_ip);
void mc_adapt_free(McAdapt *self); /* NULL is fine */

/* The stream runs in the decision's mode; sink_port: where sender reports go, 0: none are wanted. A
 * mode that take_wish() asked for goes on with what is known of the link. */
void mc_adapt_start(McAdapt *self, const McWfdDecision *decision, uint16_t sink_port,
                    int64_t now_us);
void mc_adapt_stop(McAdapt *self, bool bye); /* NULL is fine; start() begins again */

McFeedback *mc_adapt_feedback(McAdapt *self);      /* to poll and read */
int64_t mc_adapt_deadline_us(const McAdapt *self); /* INT64_MAX: none */
void mc_adapt_time(McAdapt *self, const McWfdDecision *decision, unsigned idr_requests,
                   int64_t now_us);
bool mc_adapt_mutes(const McAdapt *self); /* the link has no room for the sound */
/* True once when the link is good for another mode: its size and rate for the wish; zeros: the one
 * that the person or the desktop wants. */
bool mc_adapt_take_wish(McAdapt *self, McVideoMode *ret_mode);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McAdapt, mc_adapt_free)
