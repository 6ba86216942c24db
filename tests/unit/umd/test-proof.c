/* SPDX-License-Identifier: MIT */
/* When a stream may be called one, and which fall-back is tried when. */
#include "umd/proof.h"

#include <glib.h>

#define STEP_US 250000

typedef struct {
    McProof proof;
    McProofInput input;
    unsigned count[MC_PROOF_STORM + 1];
    McRung rungs[8];
    unsigned n_rungs;
} Watch;

static Watch start(McRung rung, bool patient)
{
    Watch watch = {.input = {.now_us = 1000000, .useful = (1u << MC_N_RUNGS) - 1}};

    mc_proof_init(&watch.proof, rung, patient, watch.input.now_us);
    return watch;
}

/* So many steps in which output goes on, with a wish for a key frame in each of every-th. */
static void run(Watch *watch, unsigned steps, unsigned every)
{
    for (unsigned i = 0; i < steps; i++) {
        watch->input.now_us += STEP_US;
        watch->input.units += 8;
        watch->input.datagrams += 80;
        watch->input.tables += 5;
        if (every && i % every == 0) {
            watch->input.idr_requests++;
            watch->input.messages++;
        }
        McProofNews news = mc_proof_step(&watch->proof, &watch->input);
        watch->count[news]++;
        if (news == MC_PROOF_NEXT_RUNG)
            watch->rungs[watch->n_rungs++] = watch->proof.rung;
    }
}

static void test_live(void)
{
    Watch watch = start(MC_RUNG_CHOSEN, false);

    watch.input.acknowledged = true;
    run(&watch, 1, 0);
    g_assert_cmpuint(watch.count[MC_PROOF_LIVE], ==, 0); /* not at once */
    run(&watch, 40, 0);
    g_assert_cmpuint(watch.count[MC_PROOF_LIVE], ==, 1);
    g_assert_cmpuint(watch.count[MC_PROOF_NEXT_RUNG] + watch.count[MC_PROOF_HELPED], ==, 0);
}

static void test_missing(void)
{
    static const McProofInput all = {.units = 1, .datagrams = 1, .tables = 1, .reports = 1};
    McProofInput input = all;

    g_assert_cmpstr(mc_proof_missing(&input), ==, "");
    input.reports = 0;
    g_assert_cmpstr(mc_proof_missing(&input), ==, "the sink answers nothing");
    input = all;
    input.tables = 0;
    g_assert_cmpstr(mc_proof_missing(&input), ==, "no tables were sent");
    input.datagrams = 0;
    g_assert_cmpstr(mc_proof_missing(&input), ==, "no datagram has left");
    input.units = 0;
    g_assert_cmpstr(mc_proof_missing(&input), ==, "the encoder gives nothing");
    input.waits_for_keys = true;
    g_assert_cmpstr(mc_proof_missing(&input), ==, "the receiver has not shaken hands for its keys");
}

static void test_no_sign(void)
{
    Watch watch = start(MC_RUNG_CHOSEN, false);

    run(&watch, 60, 0);
    g_assert_cmpuint(watch.count[MC_PROOF_LIVE], ==, 0);
    g_assert_cmpuint(watch.count[MC_PROOF_NO_SIGN], ==, 1);
    watch.input.messages++; /* late is not never */
    run(&watch, 4, 0);
    g_assert_cmpuint(watch.count[MC_PROOF_LIVE], ==, 1);
}

static void test_refused(void)
{
    Watch watch = start(MC_RUNG_CHOSEN, false);

    watch.input.acknowledged = true;
    for (unsigned i = 0; i < 40; i++) {
        watch.input.refusals += 10;
        run(&watch, 1, 0);
    }
    g_assert_cmpuint(watch.count[MC_PROOF_REFUSED], ==, 1);
    g_assert_cmpuint(watch.count[MC_PROOF_LIVE], ==, 0);
    run(&watch, 4, 0); /* it has opened its port */
    g_assert_cmpuint(watch.count[MC_PROOF_LIVE], ==, 1);
}

/* Seven wishes at the start, as some sinks have them, are no sign of trouble. */
static void test_burst_at_start(void)
{
    Watch watch = start(MC_RUNG_CHOSEN, false);

    run(&watch, 7, 1);
    run(&watch, 40, 0);
    g_assert_cmpuint(watch.count[MC_PROOF_NEXT_RUNG], ==, 0);
    g_assert_cmpuint(watch.count[MC_PROOF_LIVE], ==, 1);
}

/* A sink that tells of loss from the start asks because of it; when it tells of none any more and
 * still asks, it shows nothing. */
static void test_told_loss(void)
{
    Watch watch = start(MC_RUNG_CHOSEN, false);

    for (unsigned i = 0; i < 60; i++) {
        watch.input.reports++;
        watch.input.loss_reports += i % 4 == 0;
        run(&watch, 1, 1);
    }
    g_assert_cmpuint(watch.count[MC_PROOF_LIVE], ==, 1);
    g_assert_cmpuint(watch.count[MC_PROOF_NEXT_RUNG], ==, 0);
    run(&watch, 40, 1);
    g_assert_cmpuint(watch.count[MC_PROOF_NEXT_RUNG], >=, 1);
}

/* A picture that was there and breaks again and again is loss. */
static void test_later_loss(void)
{
    Watch watch = start(MC_RUNG_CHOSEN, false);

    watch.input.acknowledged = true;
    run(&watch, 20, 0);
    run(&watch, 200, 2);
    g_assert_cmpuint(watch.count[MC_PROOF_NEXT_RUNG], ==, 0);
}

static void test_helped(void)
{
    Watch watch = start(MC_RUNG_CHOSEN, false);

    while (!watch.n_rungs)
        run(&watch, 1, 1);
    g_assert_cmpuint(watch.count[MC_PROOF_LIVE], ==, 0);
    g_assert_cmpint(watch.rungs[0], ==, MC_RUNG_FLAVOUR);
    run(&watch, 40, 0);
    g_assert_cmpuint(watch.count[MC_PROOF_HELPED], ==, 1);
    g_assert_cmpuint(watch.count[MC_PROOF_LIVE], ==, 1);
    g_assert_cmpint(watch.proof.rung, ==, MC_RUNG_FLAVOUR);
}

/* In bounded time all is tried once, and then it is left in peace. */
static void test_exhausted(void)
{
    Watch watch = start(MC_RUNG_CHOSEN, false);

    run(&watch, 120, 1); /* 30 s */
    g_assert_cmpuint(watch.n_rungs, ==, MC_N_RUNGS - 1);
    for (unsigned i = 0; i < watch.n_rungs; i++)
        g_assert_cmpint(watch.rungs[i], ==, i + 1);
    g_assert_cmpuint(watch.count[MC_PROOF_EXHAUSTED], ==, 1);
    g_assert_cmpuint(watch.count[MC_PROOF_LIVE], ==, 1);
}

/* What would change nothing takes no time. */
static void test_useless(void)
{
    Watch watch = start(MC_RUNG_CHOSEN, false);

    watch.input.useful = 1u << MC_RUNG_MODE | 1u << MC_RUNG_SLICE;
    run(&watch, 60, 1);
    g_assert_cmpuint(watch.n_rungs, ==, 2);
    g_assert_cmpint(watch.rungs[0], ==, MC_RUNG_MODE);
    g_assert_cmpint(watch.rungs[1], ==, MC_RUNG_SLICE);
    g_assert_cmpuint(watch.count[MC_PROOF_EXHAUSTED], ==, 1);
}

/* Wishes that follow each other faster than they are answered are no sign of a black screen. */
static void test_storm(void)
{
    Watch watch = start(MC_RUNG_CHOSEN, false);

    watch.input.acknowledged = true;
    for (unsigned i = 0; i < 100; i++) {
        watch.input.idr_requests += i % 5 ? 2 : 0; /* one with every step beside these */
        run(&watch, 1, 1);
    }
    g_assert_cmpuint(watch.count[MC_PROOF_STORM], ==, 1);
    g_assert_cmpuint(watch.count[MC_PROOF_NEXT_RUNG] + watch.count[MC_PROOF_EXHAUSTED], ==, 0);
    g_assert_cmpuint(watch.count[MC_PROOF_LIVE], ==, 1);
}

/* Bursts with pauses, in which it looks at what it got, are one. */
static void test_bursts(void)
{
    Watch watch = start(MC_RUNG_CHOSEN, false);

    for (unsigned i = 0; i < 40; i++) {
        watch.input.idr_requests += i % 4 ? 0 : 8;
        run(&watch, 1, 0);
    }
    g_assert_cmpuint(watch.count[MC_PROOF_STORM], ==, 0);
    g_assert_cmpuint(watch.n_rungs, >=, 1);
}

/* A machine that slept saw nothing, and that is no calm. */
static void test_slept(void)
{
    Watch watch = start(MC_RUNG_CHOSEN, false);

    run(&watch, 4, 1);
    watch.input.now_us += 12 * G_USEC_PER_SEC;
    mc_proof_slept(&watch.proof, 12 * G_USEC_PER_SEC);
    run(&watch, 1, 0);
    g_assert_false(watch.proof.settled);
    g_assert_cmpuint(watch.count[MC_PROOF_NO_SIGN], ==, 0);
}

static void test_patient(void)
{
    Watch watch = start(MC_RUNG_CHOSEN, true);

    run(&watch, 100, 1);
    g_assert_cmpuint(watch.n_rungs, ==, 0);
    g_assert_cmpuint(watch.count[MC_PROOF_LIVE], ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/proof/live", test_live);
    g_test_add_func("/proof/missing", test_missing);
    g_test_add_func("/proof/no-sign", test_no_sign);
    g_test_add_func("/proof/refused", test_refused);
    g_test_add_func("/proof/burst-at-start", test_burst_at_start);
    g_test_add_func("/proof/later-loss", test_later_loss);
    g_test_add_func("/proof/told-loss", test_told_loss);
    g_test_add_func("/proof/helped", test_helped);
    g_test_add_func("/proof/exhausted", test_exhausted);
    g_test_add_func("/proof/useless", test_useless);
    g_test_add_func("/proof/storm", test_storm);
    g_test_add_func("/proof/bursts", test_bursts);
    g_test_add_func("/proof/slept", test_slept);
    g_test_add_func("/proof/patient", test_patient);
    return g_test_run();
}
