/* SPDX-License-Identifier: MIT */
#include "umd/feedback.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "encoder/duplication.h"
#include "encoder/rtcp.h"
#include "encoder/socket-address.h"
#include "encoder/wishes.h"

#define REPORT_US (1 * G_TIME_SPAN_SECOND)
#define QUICK_REPORT_US (100 * G_TIME_SPAN_MILLISECOND) /* to a sink that reports often itself */
#define RECEIVED_WINDOW_US (200 * G_TIME_SPAN_MILLISECOND)
#define TRIP_NOISE_US (5 * G_TIME_SPAN_MILLISECOND)
#define REPORTS_OFTEN_US (1500 * G_TIME_SPAN_MILLISECOND)
#define REPORTS_SPEAK_US (3 * G_TIME_SPAN_SECOND) /* a sink that reports has done so in it */
#define REPAIRS_US (20 * G_TIME_SPAN_SECOND)
#define STEP_US (100 * G_TIME_SPAN_MILLISECOND)
#define MAX_BATCH 64 /* datagrams read at once: a flood does not hold the session up */
#define MAX_STALE_BATCHES 64

struct McFeedback {
    McMedia *media;
    struct sockaddr_storage sink; /* port 0: no reports are sent */
    socklen_t sink_len;
    bool running, tight;
    McRateControl rate;
    McDuplication duplication;
    McDuplicate duplicated;
    McWishes wishes;
    bool has_report;
    uint8_t fraction_lost;
    int32_t total_lost;
    int64_t trip_us;  /* of the last report; -1: not told */
    bool trip_grows;  /* by the last reports */
    uint32_t last_sr; /* that it was counted from */
    struct {
        int64_t at_us;
        uint32_t seq;
        int32_t lost;
        uint64_t bytes, datagrams;
    } mark;                 /* a report, and what had been sent by then */
    uint32_t received_kbps; /* between two of them; 0: not known */
    int64_t last_queued_us; /* of the step before */
    int64_t queued_at_us;
    int64_t reported_us; /* when the last report came; 0: none yet */
    bool quick;          /* it reports often */
    bool stale;          /* what is read now has waited for us */
    int64_t repairs_us;  /* when it last asked for datagrams that it misses; 0: never */
    McFeedbackCounters counters;
    McRadioNotice radio; /* the last one */
    bool has_radio;      /* it came since the last step */
    int64_t report_us, step_us;
};

McFeedback *mc_feedback_new(McMedia *media, const char *peer_ip)
{
    McFeedback *self = g_new0(McFeedback, 1);

    self->media = media;
    mc_socket_address_parse(peer_ip, 0, &self->sink, &self->sink_len);
    return self;
}

void mc_feedback_free(McFeedback *self)
{
    g_free(self);
}

static void send_report(McFeedback *self, bool bye)
{
    uint8_t packet[MC_RTCP_MAX_BYTES];
    size_t bytes = mc_media_rtcp_report(self->media, bye, packet);

    const uint16_t port = mc_socket_address_port(&self->sink);
    if (!bytes || !port)
        return; /* a lost report is followed by the next one */
    if (sendto(mc_media_rtcp_fd(self->media), packet, bytes, MSG_DONTWAIT | MSG_NOSIGNAL,
               (struct sockaddr *) &self->sink, self->sink_len) > 0)
        mc_media_show_rtcp(self->media, '>', port, packet, bytes);
}

/* True: the encoder's share of the rate is another one now. */
static bool set_duplication(McFeedback *self, McDuplicate what)
{
    const McDuplicate before = self->duplicated;

    if (what != before)
        mc_media_set_duplication(self->media, what);
    self->duplicated = what;
    return (what == MC_DUPLICATE_ALL) != (before == MC_DUPLICATE_ALL);
}

uint32_t mc_feedback_share_kbps(const McFeedback *self, uint32_t kbps)
{
    return mc_duplication_share_kbps(self->duplicated, kbps);
}

void mc_feedback_start(McFeedback *self, const McRateConfig *config, uint16_t sink_port,
                       int64_t now_us)
{
    mc_socket_address_set_port(&self->sink, sink_port);
    mc_rate_control_init(&self->rate, config, now_us);
    mc_duplication_init(&self->duplication, self->total_lost);
    mc_wishes_init(&self->wishes, now_us);
    set_duplication(self, MC_DUPLICATE_NOTHING);
    self->report_us = now_us; /* sinks may wait for the first one before they report */
    self->step_us = now_us + STEP_US;
    self->running = true;
    self->mark.at_us = 0;
    self->received_kbps = 0;
    self->counters = (McFeedbackCounters){0};
    self->trip_grows = false;
    self->tight = true;
    self->trip_us = -1;
}

void mc_feedback_stop(McFeedback *self, bool bye)
{
    if (!self || !self->running)
        return;
    if (bye)
        send_report(self, true);
    self->running = false;
}

McFeedbackCounters mc_feedback_counters(const McFeedback *self)
{
    McFeedbackCounters ret = self->counters;

    ret.received_kbps = self->received_kbps;
    ret.trip_us = self->trip_us;
    return ret;
}

int mc_feedback_fd(const McFeedback *self)
{
    return mc_media_rtcp_fd(self->media);
}

/* One sender report that waits behind a key frame is no queue yet: it stays or grows. */
static void take_trip(McFeedback *self, const McRtcpFeedback *feedback)
{
    const int64_t trip_us = mc_rtcp_round_trip_us(feedback, mc_rtcp_now_us());

    if (trip_us < 0 || feedback->last_sr == self->last_sr)
        return;
    self->trip_grows = self->trip_us >= 0 && trip_us > self->trip_us - TRIP_NOISE_US;
    self->trip_us = trip_us;
    self->last_sr = feedback->last_sr;
}

/* What the sink got of late, by its own count of datagrams and our knowledge of their sizes. */
static void take_received(McFeedback *self, const McRtcpFeedback *feedback, int64_t now_us)
{
    const int64_t elapsed_us = now_us - self->mark.at_us;
    McStreamStats stats;

    if (self->mark.at_us && elapsed_us < RECEIVED_WINDOW_US)
        return;
    mc_media_stats(self->media, &stats);
    const int64_t lost = MAX(feedback->total_lost - self->mark.lost, 0); /* duplicates may count */
    const int64_t got = (int64_t) (int32_t) (feedback->highest_seq - self->mark.seq) - lost;
    const uint64_t datagrams = stats.datagrams_sent - self->mark.datagrams;
    const uint64_t bytes = stats.bytes_sent + stats.bytes_duplicated;
    self->received_kbps =
        self->mark.at_us && elapsed_us < 10 * RECEIVED_WINDOW_US
            ? mc_rtcp_received_kbps(got, datagrams, bytes - self->mark.bytes, elapsed_us)
            : 0;
    self->mark.at_us = now_us;
    self->mark.seq = feedback->highest_seq;
    self->mark.lost = feedback->total_lost;
    self->mark.bytes = bytes;
    self->mark.datagrams = stats.datagrams_sent;
}

static void take_times(McFeedback *self, const McRtcpFeedback *feedback)
{
    const int64_t now_us = g_get_monotonic_time();

    take_trip(self, feedback);
    take_received(self, feedback, now_us);
    self->quick = self->reported_us && now_us - self->reported_us < REPORTS_OFTEN_US;
    self->reported_us = now_us;
}

static void mend_loss(McFeedback *self)
{
    if (mc_wishes_mend(&self->wishes, g_get_monotonic_time()))
        mc_media_force_idr(self->media);
}

void mc_feedback_asked(McFeedback *self, int64_t now_us)
{
    mc_wishes_note(&self->wishes, now_us);
    self->counters.loss_reports += mc_wishes_speak_of_loss(&self->wishes);
}

static void take_report(McFeedback *self, uint8_t *packet, size_t bytes)
{
    McRtcpFeedback feedback;

    if (!mc_media_rtcp_open(self->media, packet, &bytes) ||
        !mc_rtcp_parse(packet, bytes, mc_media_ssrc(self->media), &feedback))
        return;
    if (feedback.wants_picture) {
        mc_feedback_asked(self, g_get_monotonic_time());
        self->counters.pictures_wanted++;
        mc_media_force_idr(self->media);
    }
    if (feedback.n_missing) {
        self->repairs_us = g_get_monotonic_time();
        mc_media_resend(self->media, feedback.missing, feedback.n_missing);
    }
    if (!feedback.has_report || self->stale)
        return;
    take_times(self, &feedback);
    if (feedback.fraction_lost)
        mend_loss(self);
    self->fraction_lost = self->has_report ? MAX(self->fraction_lost, feedback.fraction_lost)
                                           : feedback.fraction_lost;
    /* Duplicates may hide it. */
    self->counters.loss_reports +=
        feedback.fraction_lost || self->duplicated || feedback.total_lost > self->total_lost;
    self->total_lost = feedback.total_lost;
    self->counters.reports++;
    self->counters.fraction_lost = feedback.fraction_lost;
    self->counters.lost = (uint64_t) MAX(feedback.total_lost, 0);
    self->has_report = true;
    self->step_us = 0; /* at once */
}

/* True: there may be more. */
static bool read_batch(McFeedback *self)
{
    uint8_t packet[1500];
    struct sockaddr_storage from;

    for (int i = 0; i < MAX_BATCH; i++) {
        socklen_t len = sizeof(from);
        ssize_t n = recvfrom(mc_media_rtcp_fd(self->media), packet, sizeof(packet), MSG_DONTWAIT,
                             (struct sockaddr *) &from, &len);
        if (n < 0)
            return false;
        if (!self->running || !mc_socket_address_same_host(&from, &self->sink))
            continue;
        mc_media_show_rtcp(self->media, '<', mc_socket_address_port(&from), packet, (size_t) n);
        take_report(self, packet, (size_t) n);
    }
    return true;
}

void mc_feedback_read(McFeedback *self)
{
    read_batch(self);
}

int64_t mc_feedback_deadline_us(const McFeedback *self)
{
    return self->running ? MIN(self->report_us, self->step_us) : INT64_MAX;
}

/* Where RTCP takes RTP's port, its reader has them. */
static void take_waiting(McFeedback *self)
{
    uint8_t packet[1500];
    GBytes *waiting;

    while ((waiting = mc_media_rtcp_take(self->media))) {
        const size_t bytes = MIN(g_bytes_get_size(waiting), sizeof(packet));
        memcpy(packet, g_bytes_get_data(waiting, NULL), bytes);
        take_report(self, packet, bytes);
        g_bytes_unref(waiting);
    }
}

void mc_feedback_slept(McFeedback *self)
{
    self->stale = true;
    for (int i = 0; i < MAX_STALE_BATCHES && read_batch(self); i++)
        continue;
    take_waiting(self);
    self->stale = false;
    self->mark.at_us = self->reported_us = 0;
    self->last_queued_us = 0;
}

void mc_feedback_radio(McFeedback *self, const McRadioNotice *notice)
{
    McRadioNotice *sum = &self->counters.radio;

    sum->kbps = notice->kbps;
    sum->sent += notice->sent;
    sum->failed += notice->failed;
    sum->retried += notice->retried;
    self->radio = *notice;
    self->has_radio = true;
    if (self->running && notice->failed) /* and were not brought over by repetition */
        mend_loss(self);
}

/* What leaves twice from now on.  True: the encoder's share of the rate is another one now. */
static bool decide_duplication(McFeedback *self, McDuplicationInput *input)
{
    const bool reports = self->reported_us && input->now_us - self->reported_us < REPORTS_SPEAK_US;

    if (self->repairs_us && input->now_us - self->repairs_us < REPAIRS_US)
        input->tight = true; /* what it misses it gets by itself */
    const McWishesInput wishes = {.now_us = input->now_us,
                                  .reports = reports,
                                  .told_loss = mc_duplication_is_told(&self->duplication, input),
                                  .all_twice = self->duplicated == MC_DUPLICATE_ALL};
    const McWishesSay say = mc_wishes_step(&self->wishes, &wishes);

    input->wishes = say == MC_WISHES_TRY ? 2 : say == MC_WISHES_LOSS;
    input->vain = say == MC_WISHES_VAIN && !reports;
    return set_duplication(self, mc_duplication_step(&self->duplication, input));
}

/* A key frame on its way is no queue: only what stays from step to step. */
static int64_t standing_queue_us(McFeedback *self, const McStreamStats *stats, int64_t now_us)
{
    const uint32_t kbps = self->rate.decision.kbps;
    const int64_t queued_us = kbps ? (int64_t) (stats->queued_bytes * 8000 / kbps) : 0;
    const int64_t stays_us = MIN(queued_us, self->last_queued_us);

    if (now_us - self->queued_at_us >= STEP_US * 3 / 4) {
        self->last_queued_us = queued_us;
        self->queued_at_us = now_us;
    }
    return stays_us;
}

static McRateInput rate_input(const McFeedback *self, const McStreamStats *stats, int64_t queued_us,
                              uint32_t idr_requests, int64_t now_us)
{
    return (McRateInput){.now_us = now_us,
                         .has_report = self->has_report,
                         .fraction_lost = self->fraction_lost,
                         .trip_us = self->trip_us,
                         .trip_grows = self->trip_grows,
                         .received_kbps = self->received_kbps,
                         .bytes_sent = stats->bytes_sent + stats->bytes_duplicated,
                         .bytes_again = stats->bytes_duplicated,
                         .sound_bytes = stats->sound_bytes,
                         .queued_us = queued_us,
                         .datagrams_dropped = stats->datagrams_dropped,
                         .link_kbps = self->radio.kbps,
                         .link_sent = self->has_radio ? self->radio.sent : 0,
                         .link_failed = self->has_radio ? self->radio.failed : 0,
                         .idr_requests = idr_requests + self->counters.pictures_wanted};
}

static McDuplicationInput duplication_input(const McFeedback *self, const McStreamStats *stats,
                                            int64_t now_us)
{
    return (McDuplicationInput){.now_us = now_us,
                                .has_report = self->has_report,
                                .fraction_lost = self->fraction_lost,
                                .total_lost = self->total_lost,
                                .again = stats->datagrams_duplicated};
}

static void report_in_time(McFeedback *self, int64_t now_us)
{
    if (now_us < self->report_us)
        return;
    self->report_us = now_us + (self->quick ? QUICK_REPORT_US : REPORT_US);
    send_report(self, false);
}

bool mc_feedback_time(McFeedback *self, int64_t now_us, uint32_t idr_requests,
                      McRateDecision *ret_decision)
{
    McStreamStats stats;

    if (!self->running)
        return false;
    take_waiting(self);
    report_in_time(self, now_us);
    if (now_us < self->step_us)
        return false;
    self->step_us = now_us + STEP_US;
    mc_media_stats(self->media, &stats);
    self->wishes.asks |= idr_requests > 0;
    const int64_t queued_us = standing_queue_us(self, &stats, now_us);
    const McRateInput input = rate_input(self, &stats, queued_us, idr_requests, now_us);
    McDuplicationInput loss = duplication_input(self, &stats, now_us);
    self->has_report = self->has_radio = false;
    *ret_decision = mc_rate_control_step(&self->rate, &input);
    loss.tight = ret_decision->full;
    const bool share = decide_duplication(self, &loss);
    const bool news = ret_decision->why || ret_decision->tight != self->tight || share;
    self->tight = ret_decision->tight;
    return news;
}
