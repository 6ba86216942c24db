/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/frame-loans.h"

#include <glib.h>

/* ---- frames ---- */

void mc_lent_frames_hold(McLentFrames *self, uint64_t frame_id)
{
    unsigned empty = G_N_ELEMENTS(self->held);

    for (unsigned i = 0; i < G_N_ELEMENTS(self->held); i++) {
        if (self->held[i].frame_id == frame_id) {
            self->held[i].loans++;
            return;
        }
        if (!self->held[i].frame_id && empty == G_N_ELEMENTS(self->held))
            empty = i;
    }
    if (empty < G_N_ELEMENTS(self->held)) { /* always: more frames than these there are not */
        self->held[empty].frame_id = frame_id;
        self->held[empty].loans = 1;
    }
}

void mc_lent_frames_give_up(McLentFrames *self, uint64_t frame_id)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(self->held); i++) {
        if (self->held[i].frame_id != frame_id || --self->held[i].loans)
            continue;
        self->held[i].frame_id = 0;
        self->on_free(frame_id, self->user_data);
    }
}

/* ---- one reader's loans ---- */

static void end_loan(McFrameLoans *self, McFrameLoan *loan)
{
    if (loan->desc.frame_id)
        mc_lent_frames_give_up(self->frames, loan->desc.frame_id);
    *loan = (McFrameLoan){0};
}

/* Room for another, or NULL: as many as may be are lent. */
static McFrameLoan *find_room(McFrameLoans *self)
{
    unsigned sure = 0;
    McFrameLoan *room = NULL, *oldest = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(self->lent); i++) {
        McFrameLoan *loan = &self->lent[i];
        sure += loan->desc.frame_id && !loan->doubtful;
        if (!loan->desc.frame_id)
            room = loan;
        else if (loan->doubtful && (!oldest || loan->number < oldest->number))
            oldest = loan;
    }
    if (sure >= MC_FRAME_LOANS_LENT)
        return NULL;
    if (!room)
        end_loan(self, oldest);
    return room ? room : oldest;
}

bool mc_frame_loans_offer(McFrameLoans *self, const McFrameLoan *loan, McFrameLoan *ret_replaced)
{
    McFrameLoan *room = find_room(self);
    const bool lent = room != NULL;

    *ret_replaced = (McFrameLoan){0};
    if (!lent) {
        room = &self->waiting;
        *ret_replaced = *room;
        end_loan(self, room);
    }
    *room = *loan;
    mc_lent_frames_hold(self->frames, loan->desc.frame_id);
    return lent;
}

bool mc_frame_loans_lend_waiting(McFrameLoans *self, McFrameLoan *ret_loan)
{
    McFrameLoan *room = mc_frame_loans_is_waiting(self) ? find_room(self) : NULL;

    if (!room)
        return false;
    *room = *ret_loan = self->waiting;
    self->waiting = (McFrameLoan){0};
    return true;
}

/* The younger ones that the reader has done with tell that the doubtful ones were lost. */
bool mc_frame_loans_release(McFrameLoans *self, uint64_t frame_id)
{
    bool found = false;

    for (unsigned i = 0; i < G_N_ELEMENTS(self->lent); i++) {
        if (self->lent[i].desc.frame_id != frame_id)
            continue;
        end_loan(self, &self->lent[i]);
        found = true;
    }
    for (unsigned i = 0; found && i < G_N_ELEMENTS(self->lent); i++)
        if (self->lent[i].doubtful && self->lent[i].desc.frame_id < frame_id)
            end_loan(self, &self->lent[i]);
    return found;
}

bool mc_frame_loans_is_waiting(const McFrameLoans *self)
{
    return self->waiting.desc.frame_id != 0;
}

void mc_frame_loans_doubt_all(McFrameLoans *self)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(self->lent); i++) {
        if (!self->lent[i].desc.frame_id)
            continue;
        self->lent[i].doubtful = true;
        self->frames->on_doubt(self->lent[i].desc.frame_id, self->frames->user_data);
    }
}

uint64_t mc_frame_loans_end_all(McFrameLoans *self)
{
    const uint64_t waiting = self->waiting.number;

    for (unsigned i = 0; i < G_N_ELEMENTS(self->lent); i++)
        end_loan(self, &self->lent[i]);
    end_loan(self, &self->waiting);
    return waiting;
}
