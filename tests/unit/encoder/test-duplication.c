/* SPDX-License-Identifier: MIT */
#include "encoder/duplication.h"

#include <glib.h>

#define S G_USEC_PER_SEC

/* One step: a report, or none, and whether duplicates are wanted after it. */
typedef struct {
    double at_s;
    int fraction_lost; /* -1: no report */
    int total_lost;
    bool tight, wanted;
} Step;

static void check(const char *what, const Step *steps)
{
    McDuplication self;

    mc_duplication_init(&self);
    for (unsigned i = 0; steps[i].at_s; i++) {
        const Step *step = &steps[i];
        const McDuplicationInput input = {.now_us = (int64_t) (step->at_s * S),
                                          .has_report = step->fraction_lost >= 0,
                                          .fraction_lost = (uint8_t) MAX(step->fraction_lost, 0),
                                          .total_lost = step->total_lost,
                                          .tight = step->tight};

        if (mc_duplication_step(&self, &input) != step->wanted) {
            g_test_message("%s: step %u", what, i);
            g_test_fail();
        }
    }
}

static const struct {
    const char *what;
    Step steps[12];
} cases[] = {
    {"a sink that reports nothing", {{1, -1, 0, false, false}, {60, -1, 0, false, false}}},
    {"reports without loss", {{1, 0, 0, false, false}, {2, 0, 0, false, false}}},
    {"reports with loss, and then none",
     {{1, 5, 2, false, true},
      {2, -1, 0, false, true},
      {10.9, 0, 2, false, true},
      {11, -1, 0, false, false},
      {12, 0, 2, false, false}}},
    {"loss too little for the fraction", {{1, 0, 0, false, false}, {6, 0, 1, false, true}}},
    {"what was lost before the first report", {{5, 0, 3, false, true}}},
    {"loss goes on",
     {{1, 5, 2, false, true},
      {9, 5, 9, false, true},
      {18, 5, 20, false, true},
      {27.9, 0, 20, false, true},
      {28, 0, 20, false, false}}},
    {"duplicates count as received: total falls, and rises when something is lost",
     {{1, 5, 2, false, true},
      {2, 0, -30, false, true},
      {3, 0, -28, false, true},
      {12.9, 0, -60, false, true},
      {13, 0, -60, false, false}}},
    {"back as soon as it ended: longer each time, to a bound, and as before after calm",
     {{1, 5, 2, false, true},
      {11, 0, 2, false, false},
      {12, 5, 4, false, true},
      {31.9, 0, 4, false, true},
      {32, 0, 4, false, false},
      {33, 5, 6, false, true},
      {72.9, 0, 6, false, true},
      {73, 0, 6, false, false},
      {100, 5, 8, false, true},
      {109.9, 0, 8, false, true},
      {110, 0, 8, false, false}}},
    {"a link without room has none for duplicates",
     {{1, 20, 9, true, false}, {2, 0, 9, true, false}, {3, 0, 9, false, true}}},
};

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
    bool wanted = false;
    int total = 0;

    mc_duplication_init(&self);
    for (int64_t at = S; at < 600 * S; at += S, steps++) {
        total += wanted ? -100 : 8;
        wanted = mc_duplication_step(&self, &(McDuplicationInput){.now_us = at,
                                                                  .has_report = true,
                                                                  .fraction_lost = wanted ? 0 : 5,
                                                                  .total_lost = total});
        on += wanted;
    }
    g_assert_cmpuint(on * 100, >=, steps * 97);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/duplication/cases", test_cases);
    g_test_add_func("/duplication/hidden-loss", test_hidden_loss);
    return g_test_run();
}
