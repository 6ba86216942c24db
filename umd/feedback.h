/* SPDX-License-Identifier: MIT */
/* umd/feedback.h - what comes back from the sink's end of the media: RTCP reports, and with our own
 * counters the rate that the link is given.
 * Thread: the session's.  Owner: umd/session; the media outlives it. */
#pragma once

#include "encoder/rate-control.h"
#include "umd/media.h"
#include "umd/radio-notice.h"

typedef struct McFeedback McFeedback;

/* Reads from and sends to peer_ip alone. */
McFeedback *mc_feedback_new(McMedia *media, const char *peer_ip);
void mc_feedback_free(McFeedback *self); /* NULL is fine */

/* The stream runs with this limit; sink_port: where sender reports go, 0: none are wanted. */
void mc_feedback_start(McFeedback *self, const McRateConfig *config, uint16_t sink_port,
                       int64_t now_us);
void mc_feedback_stop(McFeedback *self, bool bye); /* NULL is fine; start() begins again */

typedef struct {
    unsigned reports, loss_reports, pictures_wanted; /* since start(); the second tell of loss */
    uint32_t received_kbps;                          /* 0: not known */
    uint8_t fraction_lost;                           /* of the last report, in 1/256 */
    uint64_t lost;                                   /* datagrams, by the sink's count */
    int64_t trip_us;                                 /* -1: not told */
    McRadioNotice radio;                             /* its last rate; frames since start() */
} McFeedbackCounters;
McFeedbackCounters mc_feedback_counters(const McFeedback *self);

void mc_feedback_asked(McFeedback *self, int64_t now_us); /* for a key frame, by RTSP */
void mc_feedback_radio(McFeedback *self, const McRadioNotice *notice);
int mc_feedback_fd(const McFeedback *self); /* to poll */
void mc_feedback_read(McFeedback *self);    /* it is readable */
/* This process did not run: the reports that wait are old, and say nothing of the link. */
void mc_feedback_slept(McFeedback *self);
int64_t mc_feedback_deadline_us(const McFeedback *self); /* INT64_MAX: none */
/* Of the rate that was decided, what is left for the encoder. */
uint32_t mc_feedback_share_kbps(const McFeedback *self, uint32_t kbps);
/* At the deadline or later. True: *ret_decision is a new one, or the encoder's share of it (why
 * NULL: only its tight changed, or the share). */
bool mc_feedback_time(McFeedback *self, int64_t now_us, uint32_t idr_requests,
                      McRateDecision *ret_decision);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McFeedback, mc_feedback_free)
