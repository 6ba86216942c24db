/* SPDX-License-Identifier: MIT */
#include "encoder/rate-control.h"

#include <glib.h>
#include <string.h>

#define STEP_US 100000

static const McRateConfig hd = {10000, 1920, 1080, 60};

typedef struct {
    McRateControl control;
    McRateInput input;
    int64_t trip_us;
} Link;

static Link start(const McRateConfig *config)
{
    Link link = {.input = {.now_us = 1000000}, .trip_us = -1};

    mc_rate_control_init(&link.control, config, link.input.now_us);
    return link;
}

/* One step of time in which so much of what was sent got lost. */
static McRateDecision step(Link *link, unsigned lost_256)
{
    link->input.now_us += STEP_US;
    link->input.bytes_sent += (uint64_t) link->control.decision.kbps * STEP_US / 8000;
    link->input.trip_grows = link->trip_us >= link->input.trip_us;
    link->input.trip_us = link->trip_us;
    link->input.has_report = true;
    link->input.fraction_lost = (uint8_t) lost_256;
    return mc_rate_control_step(&link->control, &link->input);
}

/* ---- whole links: a queue that empties at a rate, and a sink behind it that reports each step
 * ---- */

typedef struct {
    uint32_t rate_kbps, queue_ms; /* what does not fit is lost */
    uint32_t delay_ms, jitter_ms; /* there and back each */
    unsigned loss_percent;        /* of the air, whatever is sent */
    uint32_t sound_kbps;          /* goes the same way */
    double queued_kbit;
    McRateInput report; /* what the sink says next time */
    uint32_t seed;
} Way;

static const McRateConfig video = {8000, 1280, 720, 30};

static unsigned chance(Way *way, unsigned below)
{
    way->seed = way->seed * 1664525u + 1013904223u;
    return below ? (way->seed >> 8) % below : 0;
}

static double queue_ms(const Way *way)
{
    return way->queued_kbit * 1000 / way->rate_kbps;
}

/* The part that the air takes of it, each datagram by itself. */
static double lost_in_air(Way *way, double kbit)
{
    unsigned datagrams = (unsigned) (kbit * 1000 / 8 / 1328), lost = 0;

    for (unsigned i = 0; i < datagrams; i++)
        lost += chance(way, 100) < way->loss_percent;
    return datagrams ? (double) lost / datagrams : 0;
}

/* A step's sending goes into the queue; what the sink got of it is reported with the next one. */
static void carry(Way *way, uint32_t kbps)
{
    const double came = kbps * STEP_US / 1e6, fits = way->rate_kbps * way->queue_ms / 1e3;
    const double through = way->rate_kbps * STEP_US / 1e6, air = lost_in_air(way, came);

    way->queued_kbit += came * (1 - air);
    const double left = MIN(way->queued_kbit, through);
    way->queued_kbit -= left;
    const double over = MAX(way->queued_kbit - fits, 0);
    way->queued_kbit -= over;
    const double trip_ms = 2 * way->delay_ms + queue_ms(way) + chance(way, 2 * way->jitter_ms + 1);
    const int64_t trip_us = (int64_t) (trip_ms * 1000);
    way->report = (McRateInput){.has_report = true,
                                .fraction_lost = (uint8_t) (256 * (over + came * air) / came),
                                .received_kbps = (uint32_t) (left * 1e6 / STEP_US),
                                .trip_us = trip_us,
                                .trip_grows = trip_us > way->report.trip_us - 5000};
}

static McRateDecision cross(Link *link, Way *way)
{
    const McRateInput *report = &way->report;

    link->input.now_us += STEP_US;
    link->input.bytes_sent +=
        (uint64_t) (link->control.decision.kbps + way->sound_kbps) * STEP_US / 8000;
    link->input.sound_bytes += (uint64_t) way->sound_kbps * STEP_US / 8000;
    link->input.has_report = report->has_report;
    link->input.fraction_lost = report->fraction_lost;
    link->input.received_kbps = report->received_kbps;
    link->input.trip_us = report->has_report ? report->trip_us : -1;
    link->input.trip_grows = report->trip_grows;
    carry(way, link->control.decision.kbps + way->sound_kbps);
    return mc_rate_control_step(&link->control, &link->input);
}

/* So many steps; the lowest rate of them. */
static uint32_t cross_for(Link *link, Way *way, unsigned steps)
{
    uint32_t least = UINT32_MAX;

    for (unsigned i = 0; i < steps; i++)
        least = MIN(least, cross(link, way).kbps);
    return least;
}

/* The rate is below the link's in half a second, what waits is gone in two, and it comes back: all
 * from 12 Mbit/s down, to what each row says. */
static void test_way_halves(void)
{
    static const struct {
        uint32_t to_kbps, queue_ms;
    } rows[] = {{6000, 200}, {6000, 1000}, {4000, 200}, {4000, 60}, {3000, 400}, {1500, 200}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Link link = start(&video);
        Way way = {.rate_kbps = 12000, .queue_ms = rows[i].queue_ms, .delay_ms = 3};
        unsigned steps = 0;
        g_assert_cmpuint(cross_for(&link, &way, 30), ==, 8000);
        way.rate_kbps = rows[i].to_kbps;
        while (cross(&link, &way).kbps >= rows[i].to_kbps)
            steps++;
        g_test_message("to %u with %u ms: below it after %u ms", rows[i].to_kbps, rows[i].queue_ms,
                       (steps + 1) * STEP_US / 1000);
        if (rows[i].to_kbps >= 4000) /* a half: at once; less is left of more than one step */
            g_assert_cmpuint(steps, <, 5);
        cross_for(&link, &way, 20 - steps);
        for (unsigned k = 0; k < 100; k++) {
            g_assert_cmpfloat(queue_ms(&way), <, 150);
            cross(&link, &way);
        }
        g_assert_cmpuint(link.control.decision.kbps, >=, rows[i].to_kbps / 2);
        way.rate_kbps = 12000;
        for (steps = 0; link.control.decision.kbps < 7200; steps++)
            cross(&link, &way);
        g_test_message("back after %u ms", steps * STEP_US / 1000);
        g_assert_cmpuint(steps, <, 120);
    }
}

/* A desktop that was too much for the link already: what it learned then does not keep it down when
 * the link comes back, whenever that is. */
static void test_way_comes_back(void)
{
    unsigned most = 0;

    for (unsigned hold = 20; hold < 300; hold += 7) {
        Link link = start(&video);
        Way way = {.rate_kbps = 9000, .queue_ms = 200, .delay_ms = 3, .sound_kbps = 1600};
        unsigned steps;
        cross_for(&link, &way, 60);
        g_assert_cmpuint(link.control.decision.kbps, >=, 5000);
        way.rate_kbps = 4500;
        cross_for(&link, &way, 5);
        g_assert_cmpuint(link.control.decision.kbps + way.sound_kbps, <, 4500);
        cross_for(&link, &way, hold);
        way.rate_kbps = 9000;
        for (steps = 0; link.control.decision.kbps < 5500; steps++)
            cross(&link, &way);
        most = MAX(most, steps);
    }
    g_test_message("back after %u ms at most", most * STEP_US / 1000);
    g_assert_cmpuint(most, <, 125);
}

/* Two of a hundred lost are the air's: the rate stays, for no rate would lose less. */
static void test_way_loses(void)
{
    Link link = start(&video);
    Way way = {.rate_kbps = 20000, .queue_ms = 200, .delay_ms = 3, .loss_percent = 2};

    g_assert_cmpuint(cross_for(&link, &way, 300), ==, 8000);
    g_assert_false(link.control.decision.tight);
}

/* A way that becomes longer is no queue: one cut to see, at most, and then the old rate again. */
static void test_way_gets_longer(void)
{
    static const uint32_t delays_ms[] = {30, 80, 200, 5, 120};
    Link link = start(&video);
    Way way = {.rate_kbps = 20000, .queue_ms = 200, .delay_ms = 3};

    cross_for(&link, &way, 30);
    for (size_t i = 0; i < G_N_ELEMENTS(delays_ms); i++) {
        way.delay_ms = delays_ms[i];
        g_assert_cmpuint(cross_for(&link, &way, 150), >=, 8000 * 6 / 10);
        g_assert_cmpuint(link.control.decision.kbps, ==, 8000);
    }
}

/* And nor is one of which no two datagrams take the same time. */
static void test_way_jitters(void)
{
    static const uint32_t jitters_ms[] = {10, 25};

    for (size_t i = 0; i < G_N_ELEMENTS(jitters_ms); i++) {
        Link link = start(&video);
        Way way = {.rate_kbps = 20000,
                   .queue_ms = 200,
                   .delay_ms = 10,
                   .jitter_ms = jitters_ms[i],
                   .seed = 7};
        g_assert_cmpuint(cross_for(&link, &way, 600), ==, 8000);
    }
}

/* A queue that was there before, and drained, is known for one when it comes again: it is cut
 * before it is full. */
static void test_way_fills_again(void)
{
    for (unsigned rate = 8600; rate < 9600; rate += 25) {
        Link link = start(&video);
        Way way = {.rate_kbps = rate, .queue_ms = 250, .delay_ms = 3, .sound_kbps = 1600};

        cross_for(&link, &way, 50);
        way.rate_kbps = link.control.decision.kbps + way.sound_kbps - 400;
        for (unsigned i = 0; i < 30; i++) {
            cross(&link, &way);
            g_assert_cmpfloat(queue_ms(&way), <, 150);
        }
    }
}

/* Hardly any link is left, beside sound that stays: what waits is gone in two seconds, too. */
static void test_way_trickles(void)
{
    static const uint32_t to_kbps[] = {700, 500};

    for (size_t i = 0; i < G_N_ELEMENTS(to_kbps); i++) {
        Link link = start(&video);
        Way way = {.rate_kbps = 10000, .queue_ms = 200, .delay_ms = 3, .sound_kbps = 160};
        cross_for(&link, &way, 50);
        way.rate_kbps = to_kbps[i];
        cross_for(&link, &way, 20);
        for (unsigned k = 0; k < 100; k++) {
            g_assert_cmpfloat(queue_ms(&way), <, 150);
            cross(&link, &way);
        }
        g_assert_false(link.control.decision.mute);
        g_assert_cmpuint(link.control.decision.size_step, >=, 1);
    }
}

/* A rate that fits is kept: the mean of what is sent over a link of 4 Mbit/s is not far below it.
 */
static void test_way_is_used(void)
{
    Link link = start(&video);
    Way way = {.rate_kbps = 4000, .queue_ms = 200, .delay_ms = 3};
    uint64_t sum = 0;

    cross_for(&link, &way, 100);
    for (unsigned i = 0; i < 600; i++)
        sum += cross(&link, &way).kbps;
    g_test_message("%" G_GUINT64_FORMAT " kbit/s of 4000", sum / 600);
    g_assert_cmpuint(sum / 600, >=, 2800);
    g_assert_cmpuint(sum / 600, <, 4000);
}

/* ---- one rule each ---- */

static void test_clean_link_stays(void)
{
    Link link = start(&hd);

    for (int i = 0; i < 100; i++) {
        McRateDecision decision = step(&link, 0);
        g_assert_cmpuint(decision.kbps, ==, 10000);
        g_assert_cmpuint(decision.fps, ==, 60);
        g_assert_null(decision.why);
    }
}

/* A link that halves: the rate is below it in half a second. */
static void test_halved_link(void)
{
    Link link = start(&hd);
    uint32_t kbps = 10000;

    for (int i = 0; i < 5; i++)
        kbps = step(&link, kbps > 5000 ? 128 : 0).kbps;
    g_assert_cmpuint(kbps, <=, 5000);
}

static void test_comes_back(void)
{
    Link link = start(&hd);
    McRateDecision decision = step(&link, 100);

    const uint32_t low = decision.kbps;
    g_assert_cmpuint(low, <=, 5000);
    g_assert_nonnull(decision.why);
    for (int i = 0; i < 19; i++) /* not within two seconds */
        decision = step(&link, 0);
    g_assert_cmpuint(decision.kbps, ==, low);
    for (int i = 0; i < 160; i++)
        decision = step(&link, 0);
    g_assert_cmpuint(decision.kbps, ==, 10000);
}

/* Reports that follow a cut at once still speak of the time before it. */
static void test_one_cut_a_round_trip(void)
{
    Link link = start(&hd);

    step(&link, 20);
    const uint32_t low = step(&link, 20).kbps;
    g_assert_cmpuint(low, <=, 7500);
    g_assert_cmpuint(step(&link, 20).kbps, ==, low);
    g_assert_cmpuint(step(&link, 20).kbps, <, low);
}

static void test_full_socket(void)
{
    Link link = start(&hd);

    link.input.datagrams_dropped = 12;
    g_assert_cmpuint(step(&link, 0).kbps, ==, 6000);
}

/* What waits before it leaves, in our queues or in those on the way, is known before any loss. */
static void test_queues(void)
{
    Link link = start(&hd), far = start(&hd);

    link.input.queued_us = 100000;
    g_assert_cmpuint(step(&link, 0).kbps, ==, 6000);
    far.trip_us = 8000;
    g_assert_cmpuint(step(&far, 0).kbps, ==, 10000);
    far.trip_us = 40000; /* jitter is no queue */
    g_assert_cmpuint(step(&far, 0).kbps, ==, 10000);
    far.trip_us = 90000;
    g_assert_cmpuint(step(&far, 0).kbps, ==, 7000);
}

/* Half the sent rate came through while a third of the limit was sent: a third of that may go. */
static void test_what_came_through(void)
{
    Link link = start(&hd);

    for (int i = 0; i < 20; i++) {
        link.input.now_us += STEP_US;
        link.input.bytes_sent += 3000 * STEP_US / 8000;
        link.input.has_report = false;
        mc_rate_control_step(&link.control, &link.input);
    }
    link.input.now_us += STEP_US;
    link.input.bytes_sent += 3000 * STEP_US / 8000;
    link.input.has_report = true;
    link.input.fraction_lost = 128;
    g_assert_cmpuint(mc_rate_control_step(&link.control, &link.input).kbps, ==, 2500); /* at once */
    for (int i = 0; i < 3; i++)
        step(&link, 128);
    g_assert_cmpuint(link.control.decision.kbps, <, 1300);
}

/* Loss that stays whatever is sent does not end in a slide show, and little of it changes nothing.
 */
static void test_loss_of_the_air(void)
{
    Link link = start(&hd), little = start(&hd);

    for (int i = 0; i < 300; i++) {
        step(&link, 20);
        step(&little, 5);
    }
    g_assert_cmpuint(link.control.decision.kbps, ==, 2500);
    g_assert_cmpuint(little.control.decision.kbps, ==, 10000);
    g_assert_false(little.control.decision.tight);
}

/* A link that bears 6000: the tries to get above it become rare. */
static void test_vain_tries(void)
{
    Link link = start(&hd);
    unsigned cuts = 0, late_cuts = 0;

    for (int i = 0; i < 900; i++) {
        McRateDecision decision = step(&link, link.control.decision.kbps > 6000 ? 40 : 0);
        if (decision.why && decision.kbps < link.input.bytes_sent &&
            strstr(decision.why, "loses")) {
            cuts++;
            late_cuts += i >= 450;
        }
    }
    g_test_message("%u cuts in 90 s, %u in the second half", cuts, late_cuts);
    g_assert_cmpuint(late_cuts, <, cuts - late_cuts);
    g_assert_cmpuint(late_cuts, <=, 4);
}

static void test_tight(void)
{
    Link link = start(&hd);

    for (int i = 0; i < 9; i++) { /* nothing is known of it yet */
        g_assert_true(step(&link, 0).tight);
        g_assert_false(link.control.decision.full);
    }
    g_assert_false(step(&link, 0).tight);
    g_assert_true(step(&link, 100).tight);
    g_assert_true(link.control.decision.full);
    for (int i = 0; i < 101; i++)
        step(&link, 0);
    g_assert_false(link.control.decision.tight);
}

static void test_radio_says(void)
{
    Link link = start(&hd);

    link.input.link_kbps = 6000;
    g_assert_cmpuint(step(&link, 0).kbps, ==, 4200);
    link.input.link_kbps = 0;
    for (int i = 0; i < 200; i++)
        step(&link, 0);
    g_assert_cmpuint(step(&link, 0).kbps, ==, 10000);
}

/* It gives way once for each notice of a radio that fails, and not for a few frames. */
static void test_radio_loses(void)
{
    Link link = start(&hd);

    link.input.link_sent = 10;
    link.input.link_failed = 10;
    g_assert_cmpuint(step(&link, 0).kbps, ==, 10000);
    link.input.link_sent = 1000;
    link.input.link_failed = 49;
    g_assert_cmpuint(step(&link, 0).kbps, ==, 10000);
    link.input.link_failed = 50;
    McRateDecision decision = step(&link, 0);
    g_assert_cmpuint(decision.kbps, ==, 8000);
    g_assert_cmpstr(decision.why, ==, "the radio loses frames");
    link.input.link_sent = link.input.link_failed = 0; /* until the next notice */
    g_assert_cmpuint(step(&link, 0).kbps, ==, 8000);
}

/* Down to the floor: pictures first, then size; up in reverse; never outside its bounds. */
static void test_order_of_steps(void)
{
    Link link = start(&hd);
    bool slower = false, smaller = false;

    for (int i = 0; i < 100; i++) {
        McRateDecision decision = step(&link, 200);
        if (decision.fps < 60 && !smaller)
            slower = true;
        if (decision.size_step) {
            g_assert_true(slower);
            smaller = true;
        }
        g_assert_cmpuint(decision.kbps, >=, 150);
    }
    g_assert_true(slower && smaller);
    g_assert_cmpuint(step(&link, 200).kbps, ==, 150);
    for (int i = 0; i < 600; i++) {
        McRateDecision decision = step(&link, 0);
        g_assert_cmpuint(decision.kbps, <=, 10000);
        if (decision.fps == 60)
            g_assert_cmpuint(decision.size_step, ==, 0);
    }
    g_assert_cmpuint(step(&link, 0).fps, ==, 60);
}

/* So many steps on a link that carries this much, with sound of this rate; how often it was left
 * out. */
static unsigned share(Link *link, unsigned steps, uint32_t link_kbps, uint32_t sound_kbps)
{
    unsigned left_out = 0;

    for (unsigned i = 0; i < steps; i++) {
        const McRateDecision *now = &link->control.decision;
        const uint32_t sound = now->mute ? 0 : sound_kbps, sent = now->kbps + sound;
        const uint32_t over = sent > link_kbps ? sent - link_kbps : 0;
        link->input.now_us += STEP_US;
        link->input.bytes_sent += (uint64_t) sent * STEP_US / 8000;
        link->input.sound_bytes += (uint64_t) sound * STEP_US / 8000;
        link->input.trip_us = -1;
        link->input.has_report = true;
        link->input.fraction_lost = (uint8_t) MIN(over * 256 / sent, 255);
        link->input.received_kbps = sent - over;
        left_out += mc_rate_control_step(&link->control, &link->input).mute && sound;
    }
    return left_out;
}

/* LPCM on a link that is hardly larger: pictures without it, until the link is better. */
static void test_room_for_sound(void)
{
    Link link = start(&hd), enough = start(&hd), little = start(&hd);

    g_assert_cmpuint(share(&link, 600, 1800, 1600), ==, 1);
    g_assert_true(link.control.decision.mute);
    g_assert_cmpuint(link.control.decision.kbps, >=, 900);
    g_assert_cmpuint(share(&link, 600, 6000, 1600), ==, 0);
    g_assert_false(link.control.decision.mute);
    g_assert_cmpuint(link.control.decision.kbps, >=, 2000);
    g_assert_cmpuint(share(&enough, 600, 4000, 1600), ==, 0);
    g_assert_cmpuint(share(&little, 600, 900, 200), ==, 0); /* AAC is not worth it */
}

/* A link that bears all pictures of a small mode, but not their least beside the sound: tries
 * become rare. */
static void test_vain_sound(void)
{
    static const McRateConfig small = {2000, 640, 480, 30};
    Link link = start(&small);

    const unsigned early = share(&link, 1200, 1900, 1600), late = share(&link, 3000, 1900, 1600);
    g_test_message("left out %u times in two minutes, %u in the next five", early, late);
    g_assert_cmpuint(early, >=, 2);
    g_assert_cmpuint(late, <=, 4);
}

/* One step in which the sink reports nothing and asks for so many key frames. */
static McRateDecision ask(Link *link, unsigned times)
{
    link->input.now_us += STEP_US;
    link->input.bytes_sent += (uint64_t) link->control.decision.kbps * STEP_US / 8000;
    link->input.idr_requests += times;
    return mc_rate_control_step(&link->control, &link->input);
}

/* Without reports wishes are all that speaks of loss, and half the limit is what they can do; who
 * asks on then does it anyway. */
static void test_idr_storm(void)
{
    Link link = start(&hd);
    uint32_t least = 10000;

    for (int i = 0; i < 29; i++) /* at a start they say nothing, and reports may still come */
        g_assert_cmpuint(ask(&link, 8).kbps, ==, 10000);
    g_assert_cmpuint(ask(&link, 1).kbps, ==, 10000);
    g_assert_cmpuint(ask(&link, 8).kbps, ==, 8000);
    for (int i = 0; i < 600; i++) {
        McRateDecision decision = ask(&link, 10);
        g_assert_cmpuint(decision.size_step, ==, 0);
        g_assert_cmpuint(decision.fps, ==, 60);
        least = MIN(least, decision.kbps);
    }
    g_assert_cmpuint(least, ==, 5000);
    g_assert_cmpuint(link.control.decision.kbps, ==, 10000);
}

/* Reports that tell of no loss are believed. */
static void test_idr_storm_with_reports(void)
{
    Link link = start(&hd);

    for (int i = 0; i < 100; i++) {
        link.input.idr_requests += 10;
        step(&link, 0);
        link.input.has_report = false;
        g_assert_cmpuint(ask(&link, 10).kbps, ==, 10000);
    }
    link.input.idr_requests += 10;
    g_assert_cmpuint(step(&link, 100).kbps, <=, 5000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rate-control/way-halves", test_way_halves);
    g_test_add_func("/rate-control/way-fills-again", test_way_fills_again);
    g_test_add_func("/rate-control/way-trickles", test_way_trickles);
    g_test_add_func("/rate-control/way-comes-back", test_way_comes_back);
    g_test_add_func("/rate-control/way-loses", test_way_loses);
    g_test_add_func("/rate-control/way-gets-longer", test_way_gets_longer);
    g_test_add_func("/rate-control/way-jitters", test_way_jitters);
    g_test_add_func("/rate-control/way-is-used", test_way_is_used);
    g_test_add_func("/rate-control/clean-link-stays", test_clean_link_stays);
    g_test_add_func("/rate-control/halved-link", test_halved_link);
    g_test_add_func("/rate-control/comes-back", test_comes_back);
    g_test_add_func("/rate-control/one-cut-a-round-trip", test_one_cut_a_round_trip);
    g_test_add_func("/rate-control/full-socket", test_full_socket);
    g_test_add_func("/rate-control/queues", test_queues);
    g_test_add_func("/rate-control/what-came-through", test_what_came_through);
    g_test_add_func("/rate-control/loss-of-the-air", test_loss_of_the_air);
    g_test_add_func("/rate-control/vain-tries", test_vain_tries);
    g_test_add_func("/rate-control/tight", test_tight);
    g_test_add_func("/rate-control/radio-says", test_radio_says);
    g_test_add_func("/rate-control/radio-loses", test_radio_loses);
    g_test_add_func("/rate-control/order-of-steps", test_order_of_steps);
    g_test_add_func("/rate-control/room-for-sound", test_room_for_sound);
    g_test_add_func("/rate-control/vain-sound", test_vain_sound);
    g_test_add_func("/rate-control/idr-storm", test_idr_storm);
    g_test_add_func("/rate-control/idr-storm-with-reports", test_idr_storm_with_reports);
    return g_test_run();
}
