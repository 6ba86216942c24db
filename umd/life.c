/* SPDX-License-Identifier: MIT */
#include "umd/life.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "umd/sink-memory.h"

#define STEP_US (250 * G_TIME_SPAN_MILLISECOND)
#define OTHER_FLAVOUR "gnd" /* what most multiplexers write; and the other way round */
#define FIRST_FLAVOUR "android"

struct McLife {
    McUmdOptions options;
    McMedia *media;
    int rtsp_fd;
    bool running;
    McProof proof;
    int64_t step_us;
    McWfdCounters start; /* at PLAY */
    unsigned start_reports, start_pictures;
    McStreamStats start_stats;
    char key[MC_SINK_KEY_BYTES], name[64];
    McSinkMemory memory;
    McWfdWish before; /* the fall-back's mode */
    bool mode_changed;
};

McLife *mc_life_new(const McUmdOptions *options, McMedia *media, int rtsp_fd)
{
    McLife *self = g_new0(McLife, 1);

    self->options = *options;
    self->media = media;
    self->rtsp_fd = rtsp_fd;
    return self;
}

void mc_life_free(McLife *self)
{
    g_free(self);
}

static void progress(McLife *self, const char *step, const char *text)
{
    if (self->options.on_progress)
        self->options.on_progress(step, text, self->options.user_data);
}

/* ---- fall-backs ---- */

static const char *const rung_text[MC_N_RUNGS] = {
    [MC_RUNG_CHOSEN] = "what was negotiated",
    [MC_RUNG_FLAVOUR] = "another shape of the transport stream",
    [MC_RUNG_MODE] = "1280x720 at 30, constrained baseline",
    [MC_RUNG_SOUND] = "1280x720 at 30, constrained baseline, and LPCM sound",
    [MC_RUNG_SLICE] = "one slice a picture",
};

/* The flavour that the session would not have taken by itself. */
static const char *other_flavour(const McWfdSource *source)
{
    const McWfdDecision *decision = mc_wfd_source_decision(source);
    const char *chosen = decision ? decision->quirks.ts_flavour : NULL;

    return chosen && !strcmp(chosen, OTHER_FLAVOUR) ? FIRST_FLAVOUR : OTHER_FLAVOUR;
}

/* A person's own choices are not overruled. */
static void choose_flavour(McLife *self, const McWfdSource *source, McRung rung)
{
    if (!self->options.ts_flavour[0])
        mc_media_set_flavour(self->media, rung == MC_RUNG_FLAVOUR ? other_flavour(source) : NULL);
}

static bool choose_mode(McLife *self, McRung rung, McWfdWish *wish)
{
    if (rung < MC_RUNG_MODE || self->options.mode_width_px)
        return false;
    if (!self->mode_changed)
        self->before = *wish;
    self->mode_changed = true;
    wish->mode_width_px = 1280;
    wish->mode_height_px = 720;
    wish->mode_fps = 30;
    wish->allow_chp = false;
    return true;
}

static bool restore_mode(McLife *self, McWfdWish *wish)
{
    if (!self->mode_changed)
        return false;
    self->mode_changed = false;
    wish->mode_width_px = self->before.mode_width_px;
    wish->mode_height_px = self->before.mode_height_px;
    wish->mode_fps = self->before.mode_fps;
    wish->allow_chp = self->before.allow_chp;
    return true;
}

static bool offers_lpcm(const McWfdCaps *caps)
{
    const char *name;

    return mc_audio_codecs_modes(mc_wfd_caps_audio(caps, &name), MC_AUDIO_LPCM) != 0;
}

static bool choose_sound(const McWfdCaps *caps, McRung rung, McWfdWish *wish)
{
    if (rung != MC_RUNG_SOUND || !offers_lpcm(caps))
        return false;
    wish->audio_codecs = 1u << MC_AUDIO_LPCM;
    return true;
}

/* With a new encoder, if it is another choice than before. */
static void choose_slices(McLife *self, const McWfdSource *source, McRung rung)
{
    const McWfdDecision *decision = mc_wfd_source_decision(source);
    g_autoptr(GError) error = NULL;

    if (decision &&
        !mc_media_set_single_slice(self->media, rung == MC_RUNG_SLICE, decision, &error))
        progress(self, "proof", error->message);
}

static bool is_720p30(const McVideoChoice *choice)
{
    return choice->mode.width_px == 1280 && choice->mode.height_px == 720 &&
           choice->mode.fps == 30 && choice->profile == MC_PROFILE_CBP;
}

/* Rungs that would change the running stream. Which encoder runs, and what it makes of pictures,
 * is known only now. */
static unsigned useful_rungs(const McLife *self, const McWfdDecision *decision,
                             const McStreamStats *stats)
{
    const bool flavour = !self->options.ts_flavour[0], slices = stats->slices > 1,
               mode = !self->options.mode_width_px && !is_720p30(mc_wfd_decision_video(decision));

    return (unsigned) flavour << MC_RUNG_FLAVOUR | (unsigned) mode << MC_RUNG_MODE |
           (unsigned) slices << MC_RUNG_SLICE;
}

/* LPCM is there to be tried, and never was. */
static bool sound_is_left(const McLife *self, const McWfdSource *source)
{
    const McWfdDecision *decision = mc_wfd_source_decision(source);

    return self->memory.rung != MC_RUNG_SOUND && decision->n_audio &&
           decision->audio[decision->current_audio].codec != MC_AUDIO_LPCM &&
           offers_lpcm(mc_wfd_source_caps(source));
}

bool mc_life_recall(McLife *self, const McWfdSource *source, McWfdWish *wish, char **ret_text)
{
    const McWfdCaps *caps = mc_wfd_source_caps(source);

    mc_sink_memory_key(caps, self->key);
    g_strlcpy(self->name, caps->friendly_name[0] ? caps->friendly_name : caps->model,
              sizeof(self->name));
    self->memory = mc_sink_memory_load(self->key);
    if (!self->memory.rung)
        return false;
    *ret_text = g_strdup_printf("this sink showed a picture with %s", rung_text[self->memory.rung]);
    choose_flavour(self, source, self->memory.rung);
    choose_slices(self, source, self->memory.rung);
    const bool mode = choose_mode(self, self->memory.rung, wish);
    return choose_sound(caps, self->memory.rung, wish) || mode;
}

static bool take_rung(McLife *self, const McWfdSource *source, McRung rung, McWfdWish *wish)
{
    g_autofree char *text = g_strdup_printf(
        "the sink asks for key frames again and again, so it may show nothing; trying %s",
        rung_text[rung]);

    progress(self, "proof", text);
    choose_flavour(self, source, rung);
    choose_slices(self, source, rung);
    return choose_mode(self, rung, wish);
}

static void remember(McLife *self, McRung rung, bool patient)
{
    self->memory = (McSinkMemory){.rung = rung, .patient = patient};
    mc_sink_memory_store(self->key, self->name, &self->memory);
}

/* What was tried has no reason any more. */
static bool take_back(McLife *self, const McWfdSource *source, McWfdWish *wish)
{
    const McRung rung = self->memory.rung;

    if (self->proof.rung == rung)
        return false;
    choose_flavour(self, source, rung);
    choose_slices(self, source, rung);
    return rung < MC_RUNG_MODE && restore_mode(self, wish);
}

/* What was negotiated is as good as all else. */
static bool give_up(McLife *self, const McWfdSource *source, McWfdWish *wish)
{
    const bool left = sound_is_left(self, source);
    g_autofree char *text =
        g_strdup_printf("nothing that was tried changes it; going on as negotiated%s",
                        left ? ", and with LPCM sound in the next session" : "");

    progress(self, "proof", text);
    remember(self, left ? MC_RUNG_SOUND : MC_RUNG_CHOSEN, !left);
    choose_flavour(self, source, MC_RUNG_CHOSEN);
    choose_slices(self, source, MC_RUNG_CHOSEN);
    return restore_mode(self, wish);
}

/* ---- what is seen ---- */

void mc_life_start(McLife *self, const McWfdSource *source, int64_t now_us)
{
    const McWfdDecision *decision = mc_wfd_source_decision(source);

    mc_proof_init(&self->proof, self->memory.rung,
                  self->memory.patient || decision->quirks.idr_gap_ms > 0, now_us);
    self->start = mc_wfd_source_counters(source);
    self->start_reports = self->start_pictures = 0; /* the feedback counts from the same moment */
    mc_media_stats(self->media, &self->start_stats);
    self->running = true;
    self->step_us = now_us + STEP_US;
}

void mc_life_stop(McLife *self)
{
    self->running = false;
}

void mc_life_slept(McLife *self, int64_t slept_us)
{
    mc_proof_slept(&self->proof, slept_us);
}

int64_t mc_life_deadline_us(const McLife *self)
{
    return self->running ? self->step_us : INT64_MAX;
}

bool mc_life_is_live(const McLife *self)
{
    return self->proof.live;
}

/* The sink's machine took every byte that we wrote: weak, but more than silence. */
static bool is_acknowledged(int fd)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 && info.tcpi_unacked == 0 &&
           info.tcpi_state == TCP_ESTABLISHED;
}

static McProofInput look(McLife *self, const McWfdSource *source, const McFeedback *feedback,
                         int64_t now_us)
{
    const McWfdCounters counters = mc_wfd_source_counters(source);
    const McFeedbackCounters back = mc_feedback_counters(feedback);
    McStreamStats stats;

    mc_media_stats(self->media, &stats);
    return (McProofInput){.now_us = now_us,
                          .waits_for_keys = stats.waits_for_keys,
                          .units = stats.frames_encoded - self->start_stats.frames_encoded,
                          .datagrams = stats.datagrams_sent - self->start_stats.datagrams_sent,
                          .tables = stats.tables_sent - self->start_stats.tables_sent,
                          .refusals = stats.refusals - self->start_stats.refusals,
                          .reports = back.reports,
                          .loss_reports = back.loss_reports,
                          .messages = counters.messages_in - self->start.messages_in,
                          .idr_requests = counters.idr_requests - self->start.idr_requests +
                                          back.pictures_wanted,
                          .acknowledged = is_acknowledged(self->rtsp_fd),
                          .useful = useful_rungs(self, mc_wfd_source_decision(source), &stats)};
}

static void say_live(McLife *self, const McWfdSource *source, const McProofInput *input)
{
    const McWfdDecision *decision = mc_wfd_source_decision(source);
    const McVideoMode *mode = &mc_wfd_decision_video(decision)->mode;
    McStreamStats stats;

    mc_media_stats(self->media, &stats);
    g_autofree char *text = g_strdup_printf(
        "%ux%u at %u by %s; %s", mode->width_px, mode->height_px, mode->fps, stats.encoder,
        input->reports    ? "the sink reports what it receives"
        : input->messages ? "the sink answers"
                          : "the sink takes the stream and has said nothing since PLAY");
    progress(self, "streaming", text);
}

bool mc_life_time(McLife *self, const McWfdSource *source, const McFeedback *feedback,
                  int64_t now_us, McWfdWish *wish)
{
    if (!self->running || now_us < self->step_us)
        return false;
    self->step_us = now_us + STEP_US;
    const McProofInput input = look(self, source, feedback, now_us);
    switch (mc_proof_step(&self->proof, &input)) {
    case MC_PROOF_NOTHING:
        break;
    case MC_PROOF_LIVE:
        say_live(self, source, &input);
        break;
    case MC_PROOF_NO_SIGN:
        progress(self, "proof", mc_proof_missing(&input));
        break;
    case MC_PROOF_REFUSED:
        progress(self, "proof",
                 "nobody receives at the sink's port: its machine refuses datagrams");
        break;
    case MC_PROOF_NEXT_RUNG:
        return take_rung(self, source, self->proof.rung, wish);
    case MC_PROOF_HELPED:
        progress(self, "proof", "the sink is content now; that is remembered for it");
        remember(self, self->proof.rung, false);
        break;
    case MC_PROOF_STORM:
        progress(self, "proof",
                 "the sink asks for key frames all the time; it gets one in 300 ms at most, and "
                 "nothing else changes");
        return take_back(self, source, wish);
    case MC_PROOF_EXHAUSTED:
        return give_up(self, source, wish);
    }
    return false;
}
