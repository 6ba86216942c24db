/* SPDX-License-Identifier: MIT */
/* encoder/duplication.h - which datagrams leave twice, for a sink that told of loss of late, by its
 * receiver reports or by what it asks for (encoder/wishes.h): those of key frames, and where more
 * is lost all of them, with pictures that have half the bits.  A receiver knows a datagram that it
 * has by its number and drops it (RFC 3550, A.1); a sink that says nothing has not shown that it
 * does. Sinks say less while duplicates go, as those make up for what is lost.  Where they count as
 * received (A.3), what is missing of all that left tells of it still; else the choice outlasts such
 * silence, longer each time that loss is back behind its end.  Key frames alone go twice a little
 * longer.
 * Threads: none; a pure function, one step at a time.  Owner: umd/feedback. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    MC_DUPLICATE_NOTHING,
    MC_DUPLICATE_KEY_FRAMES,
    MC_DUPLICATE_ALL,
} McDuplicate;

typedef struct {
    int64_t now_us;
    bool has_report;       /* a receiver report came since the last step */
    uint8_t fraction_lost; /* of it, in 1/256 */
    int32_t total_lost;    /* of it, datagrams; negative where duplicates count */
    uint64_t again;        /* datagrams that left a second time so far */
    unsigned wishes;       /* for key frames because of loss, since the last step; 2: of much */
    bool vain;             /* what went twice for the sake of wishes changed nothing */
    bool tight; /* the link has no room (encoder/rate-control.h), and what it loses comes from that
                 */
} McDuplicationInput;

typedef struct {
    McDuplicate choice; /* before the link has its say */
    int64_t until_us;   /* 0: no loss was ever told */
    int64_t hold_us;
    int64_t loss_us; /* when it was last told */
    int32_t total_lost;
    struct {
        int64_t at_us; /* 0: none */
        uint64_t again;
        int32_t lost;
    } mark; /* a report while all went twice */
} McDuplication;

void mc_duplication_init(McDuplication *self, int32_t total_lost); /* as last reported */
/* A report of this step tells of loss that the link has room to mend. */
bool mc_duplication_is_told(const McDuplication *self, const McDuplicationInput *input);
McDuplicate mc_duplication_step(McDuplication *self, const McDuplicationInput *input);

/* Of what the link may carry besides the sound, what is left for the encoder. */
uint32_t mc_duplication_share_kbps(McDuplicate choice, uint32_t kbps);
