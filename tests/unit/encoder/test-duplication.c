/* SPDX-License-Identifier: MIT */
#include "encoder/duplication.h"

#include <glib.h>

#define S G_USEC_PER_SEC

#define NONE MC_DUPLICATE_NOTHING
#define KEYS MC_DUPLICATE_KEY_FRAMES
#define ALL MC_DUPLICATE_ALL

/* One step: a report, or none, and what leaves twice after it. */
typedef struct {
    double at_s;
    int fraction_lost; /* -1: no report */
    int total_lost;
    bool tight;
    McDuplicate choice;
} Step;

static void check(const char *what, const Step *steps)
{
    McDuplication self;

    mc_duplication_init(&self, 0);
    for (unsigned i = 0; steps[i].at_s; i++) {
        const Step *step = &steps[i];
        const McDuplicationInput input = {.now_us = (int64_t) (step->at_s * S),
                                          .has_report = step->fraction_lost >= 0,
                                          .fraction_lost = (uint8_t) MAX(step->fraction_lost, 0),
                                          .total_lost = step->total_lost,
                                          .tight = step->tight};

        if (mc_duplication_step(&self, &input) != step->choice) {
            g_test_message("%s: step %u", what, i);
            g_test_fail();
        }
    }
}

static const struct {
    const char *what;
    Step steps[16];
} cases[] = {
    {"a sink that reports nothing", {{1, -1, 0, false, NONE}, {60, -1, 0, false, NONE}}},
    {"reports without loss", {{1, 0, 0, false, NONE}, {2, 0, 0, false, NONE}}},
    {"one datagram, and then none",
     {{1, 5, 1, false, KEYS},
      {2, -1, 0, false, KEYS},
      {10.9, 0, 1, false, KEYS},
      {11, -1, 0, false, NONE},
      {12, 0, 1, false, NONE}}},
    {"two in a report, and then none",
     {{1, 5, 2, false, ALL},
      {10.9, 0, 2, false, ALL},
      {11, 0, 2, false, KEYS},
      {16.9, -1, 0, false, KEYS},
      {17, -1, 0, false, NONE}}},
    {"loss too little for the fraction", {{1, 0, 0, false, NONE}, {6, 0, 1, false, KEYS}}},
    {"a fraction without a count", {{1, 5, 0, false, KEYS}, {2, 5, 0, false, ALL}}},
    {"what was lost before the first report", {{5, 0, 3, false, ALL}}},
    {"one datagram each five seconds is little, two in two are more",
     {{1, 5, 1, false, KEYS},
      {6, 5, 2, false, KEYS},
      {7, 5, 3, false, ALL},
      {16, 5, 4, false, ALL}}},
    {"duplicates count as received: the total falls, and rises when something is lost",
     {{1, 5, 2, false, ALL},
      {2, 0, -30, false, ALL},
      {3, 0, -28, false, ALL},
      {12.9, 0, -60, false, ALL},
      {13, 0, -60, false, KEYS},
      {19, 0, -60, false, NONE}}},
    {"back while key frames still go twice: it was hidden",
     {{1, 5, 2, false, ALL}, {11, 0, 2, false, KEYS}, {12, 5, 3, false, ALL}}},
    {"back as soon as it ended: longer each time, to a bound, and as before after calm",
     {{1, 5, 1, false, KEYS},
      {11, 0, 1, false, NONE},
      {12, 5, 2, false, KEYS},
      {31.9, 0, 2, false, KEYS},
      {32, 0, 2, false, NONE},
      {33, 5, 4, false, ALL},
      {72.9, 0, 4, false, ALL},
      {73, 0, 4, false, KEYS},
      {79, 0, 4, false, NONE},
      {100, 5, 5, false, KEYS},
      {109.9, 0, 5, false, KEYS},
      {110, 0, 5, false, NONE}}},
    {"a link without room has none for duplicates, and what it loses says nothing of the time "
     "after",
     {{1, 20, 9, true, NONE}, {2, 20, 20, true, NONE}, {3, 0, 20, false, NONE}}},
    {"a link that has no room any more, and has it again",
     {{1, 20, 9, false, ALL},
      {2, 0, 9, true, NONE},
      {3, 0, 9, false, ALL},
      {11, 0, 9, false, KEYS}}},
};

/* One second of a sink that reports each second and counts so many of what left twice as lost. */
static McDuplicate hide(McDuplication *self, int64_t second, int missing)
{
    return mc_duplication_step(
        self, &(McDuplicationInput){.now_us = second * S,
                                    .has_report = true,
                                    .fraction_lost = second == 1 ? 5 : 0,
                                    .total_lost = (int) (second * (missing - 200)) + 1000,
                                    .again = (uint64_t) second * 200});
}

/* Duplicates that count as received tell how much is lost: as long as that is some, they go. */
static void test_counted(void)
{
    static const struct {
        int missing; /* of four hundred */
        bool goes_on;
    } rows[] = {{0, false}, {1, false}, {8, true}, {40, true}};

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        McDuplication self;
        McDuplicate choice = NONE;
        mc_duplication_init(&self, 0);
        for (int second = 1; second < 60; second++)
            choice = hide(&self, second, rows[i].missing);
        g_assert_cmpint(choice, ==, rows[i].goes_on ? ALL : NONE);
    }
}

static McDuplicate ask(McDuplication *self, int64_t at_us, unsigned wishes, bool vain)
{
    return mc_duplication_step(
        self, &(McDuplicationInput){.now_us = at_us, .wishes = wishes, .vain = vain});
}

/* Of a sink that reports nothing. */
static void test_wishes(void)
{
    McDuplication self;

    mc_duplication_init(&self, 0);
    g_assert_cmpint(ask(&self, S, 1, false), ==, KEYS);
    g_assert_cmpint(ask(&self, 2 * S, 1, false), ==, ALL);
    g_assert_cmpint(ask(&self, 3 * S, 0, true), ==, NONE);
    g_assert_cmpint(ask(&self, 4 * S, 0, false), ==, NONE);
    g_assert_cmpint(ask(&self, 20 * S, 2, false), ==, ALL);
    g_assert_cmpint(ask(&self, 29 * S, 0, false), ==, ALL);
    g_assert_cmpint(ask(&self, 31 * S, 0, false), ==, KEYS);
    g_assert_cmpint(ask(&self, 37 * S, 0, false), ==, NONE);
}

/* A stream that goes on in another mode: what it lost before is not lost again. */
static void test_goes_on(void)
{
    McDuplication self;

    mc_duplication_init(&self, 9);
    g_assert_cmpint(
        mc_duplication_step(
            &self, &(McDuplicationInput){.now_us = S, .has_report = true, .total_lost = 9}),
        ==, NONE);
    g_assert_cmpint(
        mc_duplication_step(
            &self, &(McDuplicationInput){.now_us = 2 * S, .has_report = true, .total_lost = 10}),
        ==, KEYS);
}

static void test_share(void)
{
    g_assert_cmpuint(mc_duplication_share_kbps(NONE, 4000), ==, 4000);
    g_assert_cmpuint(mc_duplication_share_kbps(KEYS, 4000), ==, 4000);
    g_assert_cmpuint(mc_duplication_share_kbps(ALL, 4000), ==, 2000);
}

static void test_cases(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
        check(cases[i].what, cases[i].steps);
}

/* On a way that loses one in fifty, a sink whose duplicates make up for that tells of loss only
 * while there are none: they are there nearly all the time. */
static void test_hidden_loss(void)
{
    McDuplication self;
    unsigned on = 0, steps = 0;
    McDuplicate choice = NONE;
    int total = 0;

    mc_duplication_init(&self, 0);
    for (int64_t at = S; at < 600 * S; at += S, steps++) {
        total += choice == ALL ? -100 : 8;
        choice =
            mc_duplication_step(&self, &(McDuplicationInput){.now_us = at,
                                                             .has_report = true,
                                                             .fraction_lost = choice == ALL ? 0 : 5,
                                                             .total_lost = total});
        on += choice == ALL;
    }
    g_assert_cmpuint(on * 100, >=, steps * 95);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/duplication/cases", test_cases);
    g_test_add_func("/duplication/goes-on", test_goes_on);
    g_test_add_func("/duplication/counted", test_counted);
    g_test_add_func("/duplication/wishes", test_wishes);
    g_test_add_func("/duplication/share", test_share);
    g_test_add_func("/duplication/hidden-loss", test_hidden_loss);
    return g_test_run();
}
