/* SPDX-License-Identifier: MIT */
#include "encoder/rate-control.h"

#include <glib.h>

#define LOSS_SOME_PERCENT 5
#define LOSS_MUCH_PERCENT 15
/* Datagrams: reports of a tenth of a second have some fifty, and the air's two of a hundred do not
 * fall evenly. */
#define LOSS_CHANCE 2
#define LOSS_WINDOW_US (1 * G_USEC_PER_SEC)
#define DATAGRAM_BYTES 1328
#define LOWER_SPACING_US (300 * 1000)       /* a cut shows in the reports only after a round trip */
#define RAISE_AFTER_US (2 * G_USEC_PER_SEC) /* without anything wrong */
#define RAISE_SPACING_US (500 * 1000)
#define RAISE_PERCENT 8      /* and more, the longer it goes well: links come back from far below */
#define RAISE_MORE_PERCENT 4 /* a second */
#define RAISE_MOST_PERCENT 25
#define RAISE_AFTER_MOST_US (10 * G_USEC_PER_SEC)
#define VAIN_TRY_US (1500 * 1000)      /* trouble so soon after growing comes from it */
#define FORGET_US (6 * G_USEC_PER_SEC) /* links change */
#define FORGIVE_US (60 * G_USEC_PER_SEC)
#define TIGHT_US (10 * G_USEC_PER_SEC)
#define START_US (1 * G_USEC_PER_SEC) /* so long nothing is known of a link */
#define GOT_SHARE_PERCENT 80          /* below what came through, so that queues drain */
#define DRAIN_US (1500 * 1000)
#define TRIP_GROWTH_US (60 * 1000)
#define QUEUE_LIMIT_US (60 * 1000)
#define LINK_SHARE_PERCENT 70 /* of the radio's rate: the rest is overhead and other traffic */
#define LINK_FRAMES 50        /* fewer a second say nothing */
#define LINK_FAILED_PERCENT 5
#define UNMUTE_AFTER_US (10 * G_USEC_PER_SEC)
#define UNMUTE_AFTER_MOST_US (160 * G_USEC_PER_SEC)
#define IDR_STORM 3 /* requests between two steps speak of loss where no report does */
#define IDR_SHARE 2 /* of the limit, one in so many: further down they alone do not lead */
#define REPORTS_US (3 * G_USEC_PER_SEC) /* a sink that reports has done so in this time */
#define MINIMUM_KBPS 150u
/* Sound that takes more than this is left out before the pictures have less. */
#define HEAVY_KBPS 500u

/* Bits a pixel below which a steadier picture is worth more than a smooth one, and below which a
 * smaller one is (in thousandths). */
#define SMOOTH_MILLIBITS 30u
#define LARGE_MILLIBITS 45u

static uint32_t kbps_for(const McRateConfig *config, uint32_t fps, uint32_t millibits)
{
    return (uint32_t) ((uint64_t) config->width_px * config->height_px * fps * millibits / 1000000);
}

void mc_rate_control_init(McRateControl *self, const McRateConfig *config, int64_t now_us)
{
    *self =
        (McRateControl){.config = *config,
                        .decision = {.kbps = config->max_kbps, .fps = config->fps, .tight = true},
                        .last = {.now_us = now_us},
                        .lowered_us = now_us - LOWER_SPACING_US,
                        .raised_us = now_us,
                        .bad_us = now_us,
                        .config_us = now_us,
                        .raise_after_us = RAISE_AFTER_US,
                        .unmute_after_us = UNMUTE_AFTER_US};
}

/* Until a cut shows in the reports. */
static int64_t cut_spacing_us(const McRateInput *input)
{
    return LOWER_SPACING_US + MAX(input->trip_us, 0);
}

/* A share of what came through; less where the encoder cannot hold the rate and sends more. */
static uint32_t of_received(const McRateControl *self, const McRateInput *input)
{
    const uint64_t all = (uint64_t) input->received_kbps * GOT_SHARE_PERCENT / 100;
    const uint64_t share = all > self->sound_kbps ? all - self->sound_kbps : 0;
    const uint32_t kbps = self->decision.kbps;

    return (uint32_t) (self->sent_kbps > kbps * 3 / 2 ? share * kbps / self->sent_kbps : share);
}

static bool is_lossy(const McRateLoss *loss, unsigned percent)
{
    return (uint64_t) loss->lost * 100 >= (uint64_t) loss->datagrams * percent + 100 * LOSS_CHANCE;
}

/* What may stay of the present rate when a sink lost this share: what it got, less a margin. Little
 * loss may be the air's and not the rate's, so that alone does not end in a slide show. */
static uint32_t kbps_for_loss(const McRateControl *self, const McRateInput *input, bool much)
{
    const uint32_t kbps = self->decision.kbps;
    const uint32_t recent_256 = self->recent.lost * 256 / MAX(self->recent.datagrams, 1);
    const uint32_t lost_256 = CLAMP(recent_256, input->fraction_lost, 255);
    /* What came through may be of a moment: it is believed where it is very little. */
    const bool trickle = input->received_kbps && of_received(self, input) < kbps / 8;
    const uint32_t least = trickle ? kbps / 16 : kbps / 4;
    const uint32_t floor = much ? least : self->config.max_kbps / 4;
    const uint32_t got = MIN(self->sent_kbps, kbps) * (256 - lost_256) / 256;
    uint32_t may = much ? kbps / 2 : kbps * 3 / 4;

    if (input->received_kbps) /* less of a guess is needed */
        may = MIN(of_received(self, input), much ? kbps * 3 / 4 : kbps * 9 / 10);
    else if (self->sent_kbps)
        may = MIN(may, got * GOT_SHARE_PERCENT / 100);
    return CLAMP(may, MIN(floor, kbps), kbps);
}

/* What waits on the way to the sink. After a cut it drains: only a queue that does not is a reason
 * for another. */
static bool queue_grows(const McRateControl *self, const McRateInput *input)
{
    if (!input->has_report || !self->trip_base_us || !input->trip_grows ||
        input->trip_us < self->trip_base_us + TRIP_GROWTH_US)
        return false;
    return input->now_us - self->lowered_us > DRAIN_US ||
           input->trip_us > self->cut_trip_us * 5 / 4;
}

/* Frames that no repetition brought over: the sink will miss them, whether it reports or not. */
static bool radio_fails(const McRateInput *input)
{
    return input->link_sent >= LINK_FRAMES &&
           input->link_failed * 100 >= input->link_sent * LINK_FAILED_PERCENT;
}

/* A link with a queue carries what comes out of it. */
static uint32_t kbps_for_queue(const McRateControl *self, const McRateInput *input)
{
    const uint32_t kbps = self->decision.kbps;

    if (!input->received_kbps)
        return kbps * 7 / 10;
    return CLAMP(of_received(self, input), kbps / 3, kbps * 9 / 10);
}

/* Wishes for key frames are weak evidence: some sinks have them all the time. */
static bool wishes_speak(const McRateControl *self, const McRateInput *input)
{
    const bool reports = input->now_us - MAX(self->reported_us, self->config_us) < REPORTS_US;

    return !reports && !self->asks_anyway &&
           input->idr_requests >= self->last.idr_requests + IDR_STORM;
}

static uint32_t least_for_wishes(const McRateControl *self)
{
    return MIN(self->decision.kbps, self->config.max_kbps / IDR_SHARE);
}

static void weigh_wishes(McRateControl *self, const McRateInput *input)
{
    if (wishes_speak(self, input) && self->decision.kbps <= least_for_wishes(self))
        self->asks_anyway = true;
}

/* The rate that may stay; the present one: nothing is wrong. */
static uint32_t judge(const McRateControl *self, const McRateInput *input, const char **ret_why)
{
    const uint32_t kbps = self->decision.kbps;

    const bool much =
        is_lossy(&self->report, LOSS_MUCH_PERCENT) || is_lossy(&self->recent, LOSS_MUCH_PERCENT);
    if (input->has_report && (much || is_lossy(&self->recent, LOSS_SOME_PERCENT))) {
        *ret_why = much ? "the sink loses much" : "the sink loses some";
        return kbps_for_loss(self, input, much);
    }
    if (input->datagrams_dropped > self->last.datagrams_dropped ||
        input->queued_us > QUEUE_LIMIT_US) {
        *ret_why = "the link's queue is full";
        return kbps * 6 / 10;
    }
    if (queue_grows(self, input)) {
        *ret_why = "the way to the sink gets longer";
        return kbps_for_queue(self, input);
    }
    if (radio_fails(input)) {
        *ret_why = "the radio loses frames";
        return kbps * 8 / 10;
    }
    if (wishes_speak(self, input)) {
        *ret_why = "the sink asks for key frames again and again";
        return MAX(kbps * 8 / 10, least_for_wishes(self));
    }
    return kbps;
}

static uint32_t ceiling(const McRateControl *self, const McRateInput *input)
{
    const uint64_t share = input->link_kbps * LINK_SHARE_PERCENT / 100;
    uint64_t kbps = self->config.max_kbps;

    if (input->link_kbps)
        kbps = MIN(kbps, share > self->sound_kbps ? share - self->sound_kbps : 0);
    return (uint32_t) MAX(kbps, MINIMUM_KBPS);
}

/* Half the pictures before half the size; each comes back with a quarter of room to spare. */
static void fit_mode(McRateControl *self)
{
    const McRateConfig *config = &self->config;
    McRateDecision *decision = &self->decision;
    uint32_t half_fps = MAX(config->fps / 2, 1u);

    if (decision->fps == config->fps &&
        decision->kbps < kbps_for(config, config->fps, SMOOTH_MILLIBITS))
        decision->fps = half_fps;
    else if (decision->fps != config->fps &&
             decision->kbps > kbps_for(config, config->fps, SMOOTH_MILLIBITS) * 5 / 4)
        decision->fps = config->fps;
    const uint32_t large_kbps = kbps_for(config, half_fps, LARGE_MILLIBITS);
    if (decision->size_step < 2 && decision->kbps < large_kbps >> 2 * decision->size_step)
        decision->size_step++;
    else if (decision->size_step &&
             decision->kbps > (large_kbps >> 2 * (decision->size_step - 1)) * 5 / 4)
        decision->size_step--;
}

static uint32_t least_kbps(const McRateControl *self)
{
    return self->sound_kbps > HEAVY_KBPS ? HEAVY_KBPS : MINIMUM_KBPS;
}

static bool lower(McRateControl *self, const McRateInput *input, uint32_t kbps)
{
    const int64_t since_raise_us = input->now_us - self->raised_us;

    if (input->now_us - self->lowered_us < cut_spacing_us(input))
        return false;
    const uint32_t trouble_kbps =
        input->received_kbps ? MIN(self->decision.kbps, input->received_kbps) : self->decision.kbps;
    const bool same = trouble_kbps > self->trouble_kbps / 10 * 8; /* else the link has changed */
    if (self->decision.kbps > least_kbps(self) && since_raise_us < VAIN_TRY_US && self->tried)
        self->raise_after_us =
            same ? MIN(self->raise_after_us * 2, RAISE_AFTER_MOST_US) : RAISE_AFTER_US;
    self->tried = false;
    self->cut_trip_us = self->low_trip_us = input->trip_us;
    self->trouble_kbps = trouble_kbps;
    self->lowered_us = input->now_us;
    self->decision.kbps = MIN(MAX(kbps, least_kbps(self)), self->decision.kbps);
    return true;
}

/* Pictures at their least, and the link is still too small: sound that takes more than they do
 * (LPCM's 1.6 Mbit/s) cannot give way a little. */
static bool mute(McRateControl *self, const McRateInput *input)
{
    if (self->decision.mute || self->decision.kbps > HEAVY_KBPS || self->sound_kbps <= HEAVY_KBPS ||
        input->now_us - self->lowered_us < LOWER_SPACING_US)
        return false;
    if (self->unmuted_us && input->now_us - self->unmuted_us < self->unmute_after_us)
        self->unmute_after_us = MIN(self->unmute_after_us * 2, UNMUTE_AFTER_MOST_US);
    self->decision.mute = true;
    self->muted_kbps = self->sound_kbps;
    self->lowered_us = input->now_us;
    return true;
}

/* As much as the sound takes beyond the least, or all that the pictures may ever have. */
static bool unmute(McRateControl *self, const McRateInput *input, uint32_t limit_kbps)
{
    if (!self->decision.mute || input->now_us - self->bad_us < self->unmute_after_us ||
        self->decision.kbps < MIN(self->muted_kbps + 2 * HEAVY_KBPS, limit_kbps))
        return false;
    const uint32_t kbps = self->decision.kbps;
    self->decision.mute = false;
    self->decision.kbps = MAX(kbps, self->muted_kbps + HEAVY_KBPS) - self->muted_kbps;
    self->unmuted_us = self->raised_us = input->now_us;
    self->tried = true;
    return true;
}

static uint32_t raise_percent(int64_t calm_us)
{
    const int64_t more = (calm_us - RAISE_AFTER_US) * RAISE_MORE_PERCENT / G_USEC_PER_SEC;

    return (uint32_t) CLAMP(RAISE_PERCENT + more, RAISE_PERCENT, RAISE_MOST_PERCENT);
}

static bool raise_rate(McRateControl *self, const McRateInput *input, uint32_t limit_kbps)
{
    if (self->decision.kbps >= limit_kbps || input->now_us - self->bad_us < self->raise_after_us ||
        input->now_us - self->raised_us < RAISE_SPACING_US)
        return false;
    /* Gently where trouble was a while ago: a queue that grows slowly is seen while it is short. */
    const uint32_t kbps = self->decision.kbps;
    const uint32_t quick = MAX(kbps * raise_percent(input->now_us - self->bad_us) / 100, 50u);
    const bool gently = self->trouble_kbps && kbps + quick > self->trouble_kbps * 9 / 10 &&
                        input->now_us - self->bad_us < FORGET_US;
    self->raised_us = input->now_us;
    self->tried = true;
    self->decision.kbps = MIN(kbps + (gently ? MAX(kbps / 50, 20u) : quick), limit_kbps);
    return true;
}

static uint32_t kbps_of(uint64_t bytes, int64_t elapsed_us)
{
    return (uint32_t) MIN(bytes * 8000 / (uint64_t) elapsed_us, G_MAXUINT32 / 512);
}

/* A way that was as long all the time since a cut, although much less is sent than came through, is
 * no queue, which would have drained, but a longer way. */
static void learn_trip(McRateControl *self, const McRateInput *input)
{
    const int64_t trip_us = MAX(input->trip_us, 1);

    if (input->trip_us < 0)
        return;
    self->low_trip_us = MIN(self->low_trip_us, trip_us);
    const bool would_drain = self->cut_trip_us > 0 && input->now_us - self->lowered_us > DRAIN_US &&
                             self->sent_kbps < self->trouble_kbps / 10 * 9;
    if (!self->trip_base_us || trip_us < self->trip_base_us ||
        (would_drain && self->low_trip_us > self->cut_trip_us / 8 * 7))
        self->trip_base_us = trip_us;
}

/* After a cut the reports speak of the time before it for a while. */
static void note_loss(McRateControl *self, const McRateInput *input)
{
    const int64_t since_us = input->now_us - self->reported_us;
    const bool anew =
        input->now_us - self->lowered_us < cut_spacing_us(input) || since_us > LOSS_WINDOW_US;
    const int64_t keep_us = anew ? 0 : LOSS_WINDOW_US - since_us;
    const uint64_t bytes = input->bytes_sent - input->bytes_again; /* reports count numbers */
    McRateLoss *report = &self->report, *recent = &self->recent;

    *report = (McRateLoss){0};
    if (bytes > self->bytes_reported)
        report->datagrams = (uint32_t) ((bytes - self->bytes_reported) / DATAGRAM_BYTES) + 1;
    report->lost = (report->datagrams * input->fraction_lost + 128) / 256;
    recent->datagrams =
        report->datagrams + (uint32_t) (recent->datagrams * keep_us / LOSS_WINDOW_US);
    recent->lost = report->lost + (uint32_t) (recent->lost * keep_us / LOSS_WINDOW_US);
    self->bytes_reported = bytes;
    self->reported_us = input->now_us;
}

/* Differences of the counters, smoothed; a pause or a new stream starts anew. */
static void measure(McRateControl *self, const McRateInput *input)
{
    const int64_t elapsed_us = input->now_us - self->last.now_us;

    if (input->has_report) {
        learn_trip(self, input);
        note_loss(self, input);
    }
    if (elapsed_us <= 0 || input->bytes_sent < self->last.bytes_sent)
        return;
    const uint32_t all = kbps_of(input->bytes_sent - self->last.bytes_sent, elapsed_us);
    const uint32_t sound = kbps_of(input->sound_bytes - self->last.sound_bytes, elapsed_us);
    const uint32_t pictures = all > sound ? all - sound : 0;
    self->sent_kbps = self->sent_kbps ? (self->sent_kbps * 3 + pictures) / 4 : pictures;
    self->sound_kbps = self->sound_kbps ? (self->sound_kbps * 3 + sound) / 4 : sound;
}

McRateDecision mc_rate_control_step(McRateControl *self, const McRateInput *input)
{
    const char *why = NULL;
    bool changed = false;

    measure(self, input);
    weigh_wishes(self, input);
    const uint32_t limit_kbps = ceiling(self, input), kbps = judge(self, input, &why);
    if (why) {
        self->bad_us = input->now_us;
        changed = (kbps < self->decision.kbps && lower(self, input, kbps)) || mute(self, input);
    } else if (input->now_us - self->bad_us > FORGIVE_US) {
        self->raise_after_us = RAISE_AFTER_US;
        if (!self->decision.mute && input->now_us - self->unmuted_us > FORGIVE_US)
            self->unmute_after_us = UNMUTE_AFTER_US;
    }
    if (self->decision.kbps > limit_kbps) {
        self->decision.kbps = limit_kbps;
        changed = true;
        why = "the link has become slower";
    } else if (!why && unmute(self, input, limit_kbps)) {
        changed = true;
        why = "the link has room for sound";
    } else if (!why && raise_rate(self, input, limit_kbps)) {
        changed = true;
        why = "the link has room";
    }
    if (changed)
        fit_mode(self);
    self->decision.full =
        self->lowered_us > self->config_us && input->now_us - self->bad_us < TIGHT_US;
    self->decision.tight = self->decision.full || input->now_us - self->config_us < START_US;
    self->last = *input;
    self->decision.why = changed ? why : NULL;
    return self->decision;
}
