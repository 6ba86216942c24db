/* SPDX-License-Identifier: MIT */
#include "umd/adapt.h"

#include "kmd-shim/abi/ioctl.h"

struct McAdapt {
    McOs os;
    McUmdOptions options;
    McMedia *media;
    McFeedback *feedback;
    uint32_t kbps, fps, size_step; /* as last decided */
    bool mute;                     /* likewise */
    bool told_twice;               /* that all is sent twice: once a session */
    McVideoMode full;              /* the mode that was negotiated before the link had a say */
    McVideoMode wish;
    bool wish_waits;   /* for take_wish() */
    bool mode_is_ours; /* the next start() is the answer to it */
};

McAdapt *mc_adapt_new(const McOs *os, const McUmdOptions *options, McMedia *media,
                      const char *peer_ip)
{
    McAdapt *self = g_new0(McAdapt, 1);

    self->os = *os;
    self->options = *options;
    self->media = media;
    self->feedback = mc_feedback_new(media, peer_ip);
    return self;
}

void mc_adapt_free(McAdapt *self)
{
    if (!self)
        return;
    mc_feedback_free(self->feedback);
    g_free(self);
}

static void progress(McAdapt *self, const char *text)
{
    if (self->options.on_progress)
        self->options.on_progress("rate", text, self->options.user_data);
}

/* Capture slows down with the link; the negotiated mode stays. */
static void report_fps(McAdapt *self, const McVideoMode *mode, uint32_t fps)
{
    struct {
        McIoctlTargetModes head;
        McTargetMode mode;
    } request = {.head.count = 1, .mode = {mode->width_px, mode->height_px, fps * 1000}};

    mc_os_ioctl_header(&request.head.header, MC_IOCTL_TARGET_MODES, sizeof(request));
    mc_os_io_control(&self->os, &request, sizeof(request), NULL, 0, NULL);
    self->fps = fps;
}

static uint64_t pixels(const McVideoMode *mode)
{
    return (uint64_t) mode->width_px * mode->height_px;
}

void mc_adapt_start(McAdapt *self, const McWfdDecision *decision, uint16_t sink_port,
                    int64_t now_us)
{
    const McVideoMode *mode = &mc_wfd_decision_video(decision)->mode;

    const bool ours = self->mode_is_ours && pixels(mode) == pixels(&self->wish);

    self->mode_is_ours = false;
    if (ours) { /* the new encoder began with the mode's own rate */
        mc_media_follow_link(
            self->media, &(McStreamPace){.kbps = mc_feedback_share_kbps(self->feedback, self->kbps),
                                         .tight = true});
        self->fps = mode->fps;
        return;
    }
    McRateConfig config = {.max_kbps = mc_media_kbps(self->media),
                           .width_px = mode->width_px,
                           .height_px = mode->height_px,
                           .fps = mode->fps};
    self->full = *mode;
    self->kbps = config.max_kbps;
    self->fps = config.fps;
    self->size_step = 0;
    self->mute = self->wish_waits = false;
    mc_media_follow_link(self->media, &(McStreamPace){.kbps = self->kbps, .tight = true});
    mc_feedback_start(self->feedback, &config, sink_port, now_us);
}

void mc_adapt_stop(McAdapt *self, bool bye)
{
    if (self)
        mc_feedback_stop(self->feedback, bye);
}

McFeedback *mc_adapt_feedback(McAdapt *self)
{
    return self->feedback;
}

int64_t mc_adapt_deadline_us(const McAdapt *self)
{
    return mc_feedback_deadline_us(self->feedback);
}

/* The largest mode of the decision with at most this part of the full one's pixels; the same shape
 * before another. */
static bool smaller_mode(const McAdapt *self, const McWfdDecision *decision, uint32_t part,
                         McVideoMode *ret)
{
    const McVideoMode *best = NULL;
    bool best_shape = false;

    for (unsigned i = 0; i < decision->n_video; i++) {
        const McVideoMode *mode = &decision->video[i].mode;
        const bool shape =
            mode->width_px * self->full.height_px == mode->height_px * self->full.width_px;
        if (pixels(mode) * part > pixels(&self->full) || mode->interlaced)
            continue;
        if (!best || (shape && !best_shape) ||
            (shape == best_shape && (pixels(mode) > pixels(best) ||
                                     (pixels(mode) == pixels(best) && mode->fps > best->fps)))) {
            best = mode;
            best_shape = shape;
        }
    }
    if (best)
        *ret = *best;
    return best != NULL;
}

/* A person's --mode is not overruled. */
static void follow_size(McAdapt *self, const McWfdDecision *decision, uint32_t size_step)
{
    McVideoMode mode = self->full;

    if (size_step == self->size_step || self->options.mode_width_px)
        return;
    if (size_step && !smaller_mode(self, decision, 2 * size_step, &mode))
        return;
    self->size_step = size_step;
    self->wish = mode;
    self->wish_waits = pixels(&mode) != pixels(&mc_wfd_decision_video(decision)->mode);
}

bool mc_adapt_mutes(const McAdapt *self)
{
    return self->mute;
}

bool mc_adapt_take_wish(McAdapt *self, McVideoMode *ret_mode)
{
    if (!self->wish_waits)
        return false;
    self->wish_waits = false;
    self->mode_is_ours = true;
    *ret_mode = self->size_step ? self->wish : (McVideoMode){0};
    return true;
}

static void tell_duplication(McAdapt *self, bool twice, uint32_t share_kbps)
{
    if (twice && !self->told_twice) {
        g_autofree char *text = g_strdup_printf(
            "the sink %s: all is sent twice, with pictures of %u kbit/s",
            mc_feedback_counters(self->feedback).reports ? "loses some" : "seems to lose some",
            share_kbps);
        progress(self, text);
        self->told_twice = true;
    }
}

void mc_adapt_time(McAdapt *self, const McWfdDecision *decision, unsigned idr_requests,
                   int64_t now_us)
{
    McRateDecision rate;

    if (now_us < mc_feedback_deadline_us(self->feedback) ||
        !mc_feedback_time(self->feedback, now_us, idr_requests, &rate))
        return;
    const uint32_t share_kbps = mc_feedback_share_kbps(self->feedback, rate.kbps);
    mc_media_follow_link(self->media,
                         &(McStreamPace){.kbps = share_kbps, .fps = rate.fps, .tight = rate.tight});
    tell_duplication(self, share_kbps < rate.kbps, share_kbps);
    if (rate.fps < self->fps ||
        (rate.fps > self->fps && rate.fps <= mc_wfd_decision_video(decision)->mode.fps))
        report_fps(self, &mc_wfd_decision_video(decision)->mode, rate.fps);
    follow_size(self, decision, rate.size_step);
    const bool sound_came = self->mute && !rate.mute;
    self->mute = rate.mute;
    if (rate.why && rate.kbps < self->kbps &&
        !sound_came) { /* coming back step by step is no news */
        g_autofree char *text = g_strdup_printf("%u kbit/s, %u pictures a second: %s", rate.kbps,
                                                MIN(rate.fps, self->fps), rate.why);
        progress(self, text);
    }
    self->kbps = rate.kbps;
}
