/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/frame-loans.h - which frames of one captured desktop are lent to which reader.
 *
 *   offered -> lent (two a reader at most) -> ended
 *          \-> waits (one, the newest) -> lent when another has ended
 *
 * A frame goes back to the capture when no reader has it any more. One whose chunk is perhaps lost
 * is doubtful: it does not count, and ends when a younger one is given back, as readers read in
 * order. No I/O and no lock.
 * Threads: one at a time for the frames and all loans of them (the share's lock).
 * Owner: kmd-shim/capture/capture-share. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kmd-shim/abi/frame.h"
#include "kmd-shim/capture/frame-pool.h"

#define MC_FRAME_LOANS_LENT 2u /* as MC_FRAME_POOL_MAX_LENT of a capture thread with one reader */
#define MC_FRAME_LOANS_DOUBTFUL 4u /* so many are remembered */

/* How often each frame is lent. */
typedef struct {
    /* Nobody has the frame any more; and: its chunk is perhaps lost. */
    void (*on_free)(uint64_t frame_id, void *user_data);
    void (*on_doubt)(uint64_t frame_id, void *user_data);
    void *user_data;
    struct {
        uint64_t frame_id; /* 0: no frame */
        unsigned loans;
    } held[MC_FRAME_POOL_MAX + 2 * MC_FRAME_LOANS_DOUBTFUL];
} McLentFrames;

/* For itself, as a loan of nobody's: while a frame is offered to one reader after the other. */
void mc_lent_frames_hold(McLentFrames *self, uint64_t frame_id);
void mc_lent_frames_give_up(McLentFrames *self, uint64_t frame_id);

typedef struct {
    McFrameDesc desc; /* frame_id 0: none */
    uint64_t number;  /* as the reader counts */
    bool doubtful;    /* its chunk is perhaps lost */
} McFrameLoan;

/* Of one reader; zeros but for the frames at first. */
typedef struct {
    McLentFrames *frames;
    McFrameLoan lent[MC_FRAME_LOANS_LENT + MC_FRAME_LOANS_DOUBTFUL];
    McFrameLoan waiting;
} McFrameLoans;

/* True: it is lent.  False: it waits, in the place of *ret_replaced (number 0: none waited). */
bool mc_frame_loans_offer(McFrameLoans *self, const McFrameLoan *loan, McFrameLoan *ret_replaced);
/* The one that waits is lent now, if there is one and room for it. */
bool mc_frame_loans_lend_waiting(McFrameLoans *self, McFrameLoan *ret_loan);
/* False: no such frame is lent. */
bool mc_frame_loans_release(McFrameLoans *self, uint64_t frame_id);
bool mc_frame_loans_is_waiting(const McFrameLoans *self);
void mc_frame_loans_doubt_all(McFrameLoans *self);
/* The number of the one that waited; 0: none did. */
uint64_t mc_frame_loans_end_all(McFrameLoans *self);
