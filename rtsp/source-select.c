/* SPDX-License-Identifier: MIT */
/* The choice of mode and sound, and its changes: M4 with its refusals, M5 SETUP, M4 once more in
 * the session. */
#include <stdio.h>
#include <string.h>

#include "rtsp/source-private.h"

#define MAX_REFUSALS 8 /* of M4; the last try is the mandatory mode */

/* ---- M4 and its refusals ---- */

void mc_source_select_mode(McWfdSource *self, int64_t now_us)
{
    self->in_session = false;
    self->refusals = 0;
    mc_source_enter(self, MC_WFD_STATE_SELECT, INT64_MAX);
    mc_source_request(self, REQUEST_SELECT, now_us);
}

static bool names_param(const McRtspMessage *message, const char *name)
{
    g_autoptr(GPtrArray) params = mc_params_parse(message->body, message->body_bytes, NULL);

    return mc_params_find(params, name) != NULL;
}

/* Which sound comes next, if it is named; true: that is all that changes. */
static bool next_audio(McWfdDecision *decision, bool audio_named, bool video_named)
{
    if (!audio_named)
        return false;
    if (decision->current_audio + 1 < decision->n_audio)
        decision->current_audio++;
    else if (!video_named)
        decision->n_audio = decision->current_audio = 0; /* no sound that it takes */
    return !video_named;
}

/* What is mandatory for every sink; false: that was refused. */
static bool last_choice(McWfdDecision *decision, bool fixed_audio)
{
    const unsigned audio = decision->current_audio;
    bool fresh = false;

    for (unsigned i = 0; i < decision->n_audio && !fixed_audio; i++)
        if (decision->audio[i].codec == MC_AUDIO_LPCM && decision->audio[i].rate_hz == 48000)
            decision->current_audio = i;
    for (unsigned i = 0; i < decision->n_video; i++)
        if (mc_wfd_choice_is_mandatory(&decision->video[i])) {
            fresh = !(decision->refused >> i & 1) && i != decision->current_video;
            decision->current_video = i;
        }
    return fresh || decision->current_audio != audio;
}

/* Even what every sink must play was refused, and no name says that it was the picture: from the
 * top with another sound. */
static bool start_over(McWfdDecision *decision)
{
    if (!mc_wfd_choice_is_mandatory(mc_wfd_decision_video(decision)) ||
        decision->current_audio + 1 >= decision->n_audio)
        return false;
    decision->current_audio++;
    decision->current_video = decision->refused = 0;
    return true;
}

/* Which choice comes next after a refusal; false: there is none.  A running stream keeps its sound.
 */
static bool next_choice(McWfdSource *self, McWfdDecision *decision, bool audio_named,
                        bool video_named)
{
    if (!self->in_session && next_audio(decision, audio_named, video_named))
        return true;
    if (self->refusals + 1 >= MAX_REFUSALS && last_choice(decision, self->in_session))
        return true;
    if (!self->in_session && !video_named && start_over(decision))
        return true;
    return mc_wfd_decision_next(decision) || last_choice(decision, self->in_session);
}

/* A change of mode is over, done or not; a wish that came meanwhile has its turn. */
static void change_done(McWfdSource *self, int64_t now_us)
{
    bool again = self->wish_again;

    self->in_session = self->change_agreed = self->wish_again = false;
    self->change_us = INT64_MAX;
    if (again)
        mc_source_choose_again(self, now_us);
}

void mc_source_change_mode(McWfdSource *self, int64_t now_us)
{
    self->decision = self->next;
    mc_source_event(self, MC_WFD_EVENT_MODE, 0, self->decision.reason);
    change_done(self, now_us);
}

static void tell_alternative(McWfdSource *self, const McWfdDecision *decision, unsigned status)
{
    const McVideoMode *mode = &mc_wfd_decision_video(decision)->mode;
    char text[128];

    snprintf(text, sizeof(text), "the sink refused the choice (%u); trying %ux%u at %u, sound %s",
             status, mode->width_px, mode->height_px, mode->fps,
             decision->n_audio ? decision->audio[decision->current_audio].line : "none");
    mc_source_event(self, MC_WFD_EVENT_ALTERNATIVE, (int) status, text);
}

static void on_select_refused(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    McWfdDecision *decision = self->in_session ? &self->next : &self->decision;
    const char *video = mc_video_formats_name(mc_wfd_decision_video(decision)->kind);
    bool audio_named =
        decision->n_audio && names_param(message, decision->audio[decision->current_audio].name);
    bool video_named = names_param(message, video), unnamed = !audio_named && !video_named;

    self->refusals++;
    self->change_us = INT64_MAX;
    if (self->in_session && mc_source_announces_change(self) && unnamed) {
        self->timing_refused = true; /* few sinks know it */
        mc_source_request(self, REQUEST_SELECT, now_us);
    } else if (!self->in_session && self->uibc_offered && unnamed) {
        self->uibc_offered = false; /* the first suspect where no name is given */
        self->config.uibc_port = 0;
        mc_source_event(self, MC_WFD_EVENT_ALTERNATIVE, (int) message->status,
                        "the sink refused the choice; trying without its input channel");
        mc_source_request(self, REQUEST_SELECT, now_us);
    } else if (self->refusals < MAX_REFUSALS &&
               next_choice(self, decision, audio_named, video_named)) {
        tell_alternative(self, decision, message->status);
        mc_source_request(self, REQUEST_SELECT, now_us);
    } else if (self->in_session) {
        mc_source_event(self, MC_WFD_EVENT_ALTERNATIVE, (int) message->status,
                        "the sink refused every new mode; the present one stays");
        change_done(self, now_us);
    } else {
        mc_source_fail(
            self, MC_RTSP_ERROR_REFUSED,
            "the sink refused %u choices of picture and sound; its last answer to M4 was %u %s",
            self->refusals, message->status, mc_rtsp_reason(message->status));
    }
}

static void no_answer(McWfdSource *self, int64_t now_us)
{
    if (!self->in_session) {
        mc_source_fail_missing(self, REQUEST_SELECT);
        return;
    }
    mc_source_event(self, MC_WFD_EVENT_ALTERNATIVE, 0,
                    "the sink did not answer the new mode; the present one stays");
    change_done(self, now_us);
}

void mc_source_on_select(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    if (!message) {
        no_answer(self, now_us);
    } else if (message->status != 200) {
        on_select_refused(self, message, now_us);
    } else if (self->in_session) {
        self->change_agreed = true; /* at change_us, or now where that is over */
        if (now_us >= self->change_us)
            mc_source_change_mode(self, now_us);
    } else {
        /* For M6, whether its trigger is answered or not. */
        mc_source_enter(self, MC_WFD_STATE_TRIGGER, now_us + mc_source_patience_us(self));
        mc_source_request(self, REQUEST_TRIGGER_SETUP, now_us);
    }
}

/* ---- M5 SETUP ---- */

/* M6 may come before this answer: then the state is beyond TRIGGER already.  What counts is M6
 * itself, and that may come without any answer. */
void mc_source_on_setup_trigger(McWfdSource *self, const McRtspMessage *message, int64_t now_us)
{
    if (self->state != MC_WFD_STATE_TRIGGER)
        return;
    if (message && message->status != 200)
        mc_source_fail(self, MC_RTSP_ERROR_REFUSED,
                       "the sink answered the SETUP trigger with %u %s", message->status,
                       mc_rtsp_reason(message->status));
    else
        mc_source_enter(self, MC_WFD_STATE_WAIT_SETUP, self->state_deadline_us);
}

/* ---- another choice in the session ---- */

static bool same_choice(const McWfdDecision *a, const McWfdDecision *b)
{
    const McVideoChoice *x = mc_wfd_decision_video(a), *y = mc_wfd_decision_video(b);

    return x->mode.width_px == y->mode.width_px && x->mode.height_px == y->mode.height_px &&
           x->mode.fps == y->mode.fps && x->profile == y->profile;
}

/* Sound stays as it is: its format belongs to the running stream. */
static void keep_audio(McWfdSource *self)
{
    memcpy(self->next.audio, self->decision.audio, sizeof(self->next.audio));
    self->next.n_audio = self->decision.n_audio;
    self->next.current_audio = self->decision.current_audio;
}

bool mc_wfd_source_renegotiate(McWfdSource *self, const McWfdWish *wish, int64_t now_us,
                               GError **error)
{
    bool allowed = self->state == MC_WFD_STATE_PLAYING || self->state == MC_WFD_STATE_PAUSED;
    McWfdDecision next;
    McWfdWish known = *wish;

    known.quirks = self->quirks;
    if (!mc_source_allows(self, allowed, error) ||
        !mc_wfd_negotiate(self->caps, &known, &next, error))
        return false;
    self->config.wish = known;
    if (self->in_session) {
        self->wish_again = true; /* one change at a time */
        return true;
    }
    self->next = next;
    keep_audio(self);
    if (same_choice(&self->next, &self->decision)) {
        mc_source_event(self, MC_WFD_EVENT_FORCE_IDR, 0, NULL);
    } else if (self->caps->ms_format_change) {
        self->decision = self->next; /* announced in-band, by the IDR */
        mc_source_event(self, MC_WFD_EVENT_MODE, 0, self->decision.reason);
    } else {
        self->in_session = true;
        self->refusals = 0;
        mc_source_request(self, REQUEST_SELECT, now_us);
    }
    return true;
}

void mc_source_choose_again(McWfdSource *self, int64_t now_us)
{
    const McWfdWish wish = self->config.wish;
    g_autoptr(GError) error = NULL;

    self->choose_again = self->state != MC_WFD_STATE_PLAYING && self->state != MC_WFD_STATE_PAUSED;
    if (!self->choose_again && !mc_wfd_source_renegotiate(self, &wish, now_us, &error))
        mc_source_event(self, MC_WFD_EVENT_ALTERNATIVE, 0,
                        "the sink's other display takes no mode of ours; the present one stays");
}
