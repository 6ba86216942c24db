/* SPDX-License-Identifier: MIT */
#include "umd/proof.h"

#include <glib.h>

#define LIVE_AFTER_US (500 * G_TIME_SPAN_MILLISECOND)     /* of streaming */
#define CONTENT_AFTER_US (1200 * G_TIME_SPAN_MILLISECOND) /* without a wish for a key frame */
#define SIGN_LIMIT_US (5 * G_TIME_SPAN_SECOND)
#define QUIET_US (2500 * G_TIME_SPAN_MILLISECOND) /* a sink that sees nothing asks more often */
#define LOSS_US (3 * G_TIME_SPAN_SECOND)          /* so long what it tells of loss is why it asks */
#define ASKING_SECONDS 4 /* in as many different ones it asked: its start alone is one or two */
/* A sink that asks before it can have seen the answer to what it asked is not looking at answers:
 * so many steps in a row, fewer than ASKING_SECONDS hold, with more than one wish each. */
#define STORM_STEPS 8
#define REFUSALS 20 /* a sink may open its port a little late */

void mc_proof_init(McProof *self, McRung rung, bool patient, int64_t now_us)
{
    *self = (McProof){.rung = rung, .patient = patient, .start_us = now_us, .rung_us = now_us};
}

void mc_proof_slept(McProof *self, int64_t slept_us)
{
    int64_t *const times[] = {&self->start_us, &self->rung_us, &self->asked_us, &self->second_us,
                              &self->loss_us};

    for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
        if (*times[i])
            *times[i] += slept_us;
}

const char *mc_proof_missing(const McProofInput *input)
{
    if (input->waits_for_keys)
        return "the receiver has not shaken hands for its keys";
    if (!input->units)
        return "the encoder gives nothing";
    if (!input->datagrams)
        return "no datagram has left";
    if (!input->tables)
        return "no tables were sent";
    if (!input->reports && !input->messages && !input->acknowledged)
        return "the sink answers nothing";
    return "";
}

static void note_loss(McProof *self, const McProofInput *input)
{
    if (input->loss_reports > self->loss_reports)
        self->loss_us = input->now_us;
    self->loss_reports = input->loss_reports;
}

/* A sink that tells of loss asks for key frames because of it: that says nothing of the picture. */
static bool loses(const McProof *self, int64_t now_us)
{
    return self->loss_us && now_us - self->loss_us < LOSS_US;
}

static void note_wishes(McProof *self, const McProofInput *input)
{
    const unsigned wishes = input->idr_requests - self->idr_requests;

    self->storm_steps = wishes > 1 ? self->storm_steps + 1 : wishes ? self->storm_steps : 0;
    if (!wishes)
        return;
    self->idr_requests = input->idr_requests;
    self->asked_us = input->now_us;
    if (loses(self, input->now_us))
        return;
    if (!self->second_us || input->now_us - self->second_us >= G_USEC_PER_SEC) {
        self->second_us = input->now_us;
        self->seconds++;
    }
}

static McProofNews next_rung(McProof *self, const McProofInput *input)
{
    self->seconds = 0;
    self->rung_us = input->now_us;
    for (unsigned rung = self->rung + 1; rung < MC_N_RUNGS; rung++)
        if (input->useful >> rung & 1) {
            self->rung = (McRung) rung;
            return MC_PROOF_NEXT_RUNG;
        }
    self->settled = true;
    self->rung = MC_RUNG_CHOSEN;
    return MC_PROOF_EXHAUSTED;
}

/* A sink that was ever content sees the picture: what it asks for later is loss, not blackness. */
static McProofNews watch_wishes(McProof *self, const McProofInput *input)
{
    const int64_t calm_since_us = MAX(self->asked_us, self->rung_us);

    note_loss(self, input);
    note_wishes(self, input);
    if (self->settled || self->patient)
        return MC_PROOF_NOTHING;
    if (self->storm_steps >= STORM_STEPS) {
        self->patient = true;
        return MC_PROOF_STORM;
    }
    if (self->seconds >= ASKING_SECONDS)
        return next_rung(self, input);
    if (input->units && input->now_us - calm_since_us >= QUIET_US &&
        input->idr_requests == self->idr_requests && input->now_us - self->asked_us >= QUIET_US) {
        self->settled = true;
        return self->rung_us > self->start_us ? MC_PROOF_HELPED : MC_PROOF_NOTHING;
    }
    return MC_PROOF_NOTHING;
}

static McProofNews watch_signs(McProof *self, const McProofInput *input)
{
    const int64_t since_us = input->now_us - self->start_us;
    const bool refuses = input->refusals > self->refusals;

    self->refusals = input->refusals;
    if (!self->refused && input->refusals >= REFUSALS && !input->reports) {
        self->refused = true;
        return MC_PROOF_REFUSED;
    }
    if (self->live)
        return MC_PROOF_NOTHING;
    if (since_us >= LIVE_AFTER_US && !*mc_proof_missing(input) && !refuses &&
        (self->patient || self->settled || !self->asked_us || loses(self, input->now_us) ||
         input->now_us - self->asked_us >= CONTENT_AFTER_US)) {
        self->live = true;
        return MC_PROOF_LIVE;
    }
    if (since_us >= SIGN_LIMIT_US && !self->complained && *mc_proof_missing(input)) {
        self->complained = true;
        return MC_PROOF_NO_SIGN;
    }
    return MC_PROOF_NOTHING;
}

McProofNews mc_proof_step(McProof *self, const McProofInput *input)
{
    McProofNews news = watch_wishes(self, input);

    return news == MC_PROOF_NOTHING ? watch_signs(self, input) : news;
}
