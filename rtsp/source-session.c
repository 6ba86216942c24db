/* SPDX-License-Identifier: MIT */
/* In the session: keep-alive, standby, and what we wish. */
#include "rtsp/source-private.h"

#define TEARDOWN_US (2 * G_USEC_PER_SEC) /* for M8 after the trigger */

/* ---- answers ---- */

/* A pause of ours is over, done or not: a wish to go on that overtook it has its turn. */
void mc_source_paused(McWfdSource *self, int64_t now_us)
{
    if (self->wants_play && self->state != MC_WFD_STATE_PLAYING)
        mc_source_request(self, REQUEST_TRIGGER_PLAY, now_us);
    self->pausing = self->wants_play = false;
}

/* It says whether PAUSE will come. */
void mc_source_on_pause_trigger(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    if (!message || message->status != 200)
        mc_source_paused(self, now_us);
}

void mc_source_on_standby(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    if (message && message->status == 200 && self->state == MC_WFD_STATE_PLAYING) {
        mc_source_enter(self, MC_WFD_STATE_STANDBY, INT64_MAX);
        mc_source_event(self, MC_WFD_EVENT_PAUSE, 0, "standby");
    }
    mc_source_paused(self, now_us);
}

/* A sink that is busy, or whose radio is, gets another chance: what it says late to the first one
 * is a sign of life to the second. */
static void no_sign_of_life(McWfdSource *self, int64_t now_us)
{
    const bool lives = self->last_heard_us >= self->keepalive_sent_us; /* it only leaves this out */
    const bool again = !lives && !self->asked_again;

    if (again)
        mc_source_request(self, REQUEST_KEEPALIVE, now_us);
    else if (!lives)
        mc_source_fail(self, MC_RTSP_ERROR_KEEPALIVE, "the sink has not answered for %.0f s",
                       (double) (now_us - self->last_heard_us) / G_USEC_PER_SEC);
    self->asked_again = again;
}

void mc_source_on_keepalive(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    if (!message) {
        no_sign_of_life(self, now_us);
        return;
    }
    self->asked_again = false;
    self->counters.keepalives_answered++;
    if (message->status == 454)
        mc_source_fail(self, MC_RTSP_ERROR_KEEPALIVE, "the sink no longer knows the session (454)");
}

/* ---- wishes ---- */

bool mc_source_allows(McWfdSource *self, bool allowed, GError **error)
{
    if (!allowed)
        g_set_error(error, MC_RTSP_ERROR, MC_RTSP_ERROR_STATE, "not possible in state %s",
                    mc_wfd_state_name(self->state));
    return allowed;
}

bool mc_wfd_source_pause(McWfdSource *self, int64_t now_us, GError **error)
{
    if (!mc_source_allows(self, self->state == MC_WFD_STATE_PLAYING, error))
        return false;
    self->pausing = true;
    self->wants_play = false;
    mc_source_request(self, REQUEST_TRIGGER_PAUSE, now_us);
    return true;
}

bool mc_wfd_source_play(McWfdSource *self, int64_t now_us, GError **error)
{
    bool allowed = self->state >= MC_WFD_STATE_PLAYING && self->state <= MC_WFD_STATE_STANDBY;

    if (!mc_source_allows(self, allowed, error))
        return false;
    self->wants_play = self->pausing; /* else a pause that comes is the sink's own */
    if (self->state != MC_WFD_STATE_PLAYING)
        mc_source_request(self, REQUEST_TRIGGER_PLAY, now_us);
    return true;
}

bool mc_wfd_source_standby(McWfdSource *self, int64_t now_us, GError **error)
{
    bool allowed = self->state == MC_WFD_STATE_PLAYING && self->caps->standby_resume;

    if (!mc_source_allows(self, allowed, error))
        return false;
    self->pausing = true;
    self->wants_play = false;
    mc_source_request(self, REQUEST_STANDBY, now_us);
    return true;
}

bool mc_wfd_source_set_input(McWfdSource *self, bool enabled, int64_t now_us, GError **error)
{
    bool allowed = self->uibc_offered && self->state >= MC_WFD_STATE_WAIT_PLAY &&
                   self->state <= MC_WFD_STATE_STANDBY;

    if (!mc_source_allows(self, allowed, error))
        return false;
    self->uibc_enabled = enabled;
    mc_source_request(self, REQUEST_UIBC_SETTING, now_us);
    return true;
}

void mc_wfd_source_teardown(McWfdSource *self, int64_t now_us)
{
    if (self->state == MC_WFD_STATE_CLOSED || self->state == MC_WFD_STATE_TEARING)
        return;
    if (self->state < MC_WFD_STATE_WAIT_PLAY) { /* no session that M8 could end */
        mc_source_close(self, MC_WFD_CLOSE_SOURCE, "before the session began", NULL);
        return;
    }
    mc_source_enter(self, MC_WFD_STATE_TEARING, now_us + TEARDOWN_US);
    self->change_agreed = false;
    g_queue_clear(&self->waiting);
    self->pending = REQUEST_NONE; /* leaving does not wait for an answer that may never come */
    self->abandoned_cseq = self->pending_cseq;
    mc_source_send(self, REQUEST_TRIGGER_TEARDOWN, now_us);
    self->pending_deadline_us = INT64_MAX; /* the state's own deadline is the shorter one */
}
