/* SPDX-License-Identifier: MIT */
/* encoder/rate-control.h - how much may be sent: a pure function of what was measured, one step at
 * a time.  First the bit rate gives way, then the picture rate, then the size; and back up in
 * reverse.
 * Threads: none of its own; one caller at a time.  Owner: umd/feedback. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint32_t max_kbps; /* level's, sink's, link's and the person's limit together */
    uint32_t width_px, height_px,
        fps; /* negotiated mode: what a rate is enough for depends on it */
} McRateConfig;

/* Cumulative counters are those of the stream; the controller takes differences itself. */
typedef struct {
    int64_t now_us;
    bool has_report;        /* a receiver report came since the last step */
    uint8_t fraction_lost;  /* of it, in 1/256 */
    int64_t trip_us;        /* round trip by it; -1: not told */
    bool trip_grows;        /* it is not shorter than the one before */
    uint32_t received_kbps; /* of ours, by the sink's count; 0: not known */
    uint64_t bytes_sent,
        sound_bytes;            /* all that was sent; the sound's part, which cannot give way */
    uint64_t bytes_again;       /* of bytes_sent, what left a second time */
    uint64_t datagrams_dropped; /* by our own socket: it was full */
    int64_t queued_us;          /* how long what waits in our queues takes at the present rate */
    uint32_t idr_requests;      /* of the sink: M13 and PLI */
    uint64_t link_kbps;         /* what the radio says it can carry; 0: unknown */
    uint64_t link_sent, link_failed; /* frames, where the radio told since the last step */
} McRateInput;

typedef struct {
    uint32_t kbps;
    uint32_t fps;       /* at most so many pictures a second */
    uint32_t size_step; /* 0: the negotiated size; 1, 2: smaller modes are wanted */
    bool full;          /* the link has no room */
    bool tight;         /* nor may have, at a start: no picture much larger than the others */
    bool mute;          /* sound that takes more than the pictures have: there is no room for it */
    const char *why;    /* words for the log; NULL: nothing changed */
} McRateDecision;

typedef struct {
    uint32_t datagrams, lost; /* about */
} McRateLoss;

typedef struct {
    McRateConfig config;
    McRateDecision decision;
    McRateInput last;
    int64_t cut_trip_us;           /* the round trip that last made it give way */
    int64_t low_trip_us;           /* the shortest one since then */
    uint32_t sent_kbps;            /* of pictures, in the last half second or so */
    uint32_t sound_kbps;           /* likewise */
    int64_t trip_base_us;          /* without a queue; 0: none yet */
    McRateLoss report, recent;     /* of the last one, and of about the last second */
    uint64_t bytes_reported;       /* sent for the first time by the last report */
    int64_t reported_us;           /* when it came; 0: none yet */
    int64_t lowered_us, raised_us; /* when it last gave way, or grew */
    int64_t bad_us;                /* when anything was last wrong */
    int64_t raise_after_us;        /* calm that it takes to grow: longer after each vain try */
    int64_t config_us;             /* when it began */
    uint32_t trouble_kbps;         /* at which it last gave way; 0: never */
    bool tried;                    /* it grew since it last gave way */
    uint32_t muted_kbps;           /* of the sound, when it was muted */
    int64_t unmuted_us;            /* when it was last let in again; 0: never */
    int64_t unmute_after_us;       /* calm that this takes: longer after each vain try */
    bool asks_anyway; /* it asked on at half the limit: its wishes say nothing of the link */
} McRateControl;

void mc_rate_control_init(McRateControl *self, const McRateConfig *config, int64_t now_us);
/* At least every 100 ms, and on each report. */
McRateDecision mc_rate_control_step(McRateControl *self, const McRateInput *input);
