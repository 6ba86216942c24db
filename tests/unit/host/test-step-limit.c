/* SPDX-License-Identifier: MIT */
/* Steps that a sink could make without end. */
#include "host/step-limit.h"

#include <glib.h>

#define START_US 5000000000

static void test_flood(void)
{
    McStepLimit limit = {0};
    unsigned said = 0, left_out, told = 0;

    for (int ms = 0; ms < 100000; ms++) { /* a thousand a second */
        if (mc_step_limit_pass(&limit, "pause", START_US + ms * 1000, &left_out)) {
            said++;
            told += left_out;
        }
        if (ms % 2500 == 0) /* another step is heard all the same */
            g_assert_true(mc_step_limit_pass(&limit, "mode", START_US + ms * 1000, &left_out));
    }
    g_assert_cmpuint(said, <=, MC_STEP_LIMIT_BURST + 100);
    g_assert_cmpuint(said, >=, MC_STEP_LIMIT_BURST + 98);
    g_assert_cmpuint(told, >=, 98000);
    g_assert_true(mc_step_limit_pass(&limit, "pause", START_US + 200000000, &left_out));
    g_assert_cmpuint(left_out, >, 0);
    g_assert_true(mc_step_limit_pass(&limit, "pause", START_US + 200000000, &left_out));
    g_assert_cmpuint(left_out, ==, 0);
}

static void test_seldom(void)
{
    McStepLimit limit = {0};
    unsigned left_out;

    for (int64_t s = 0; s < 1000; s++)
        g_assert_true(mc_step_limit_pass(&limit, "rate", s * 1000000, &left_out));
}

/* Names without end have no rows without end. */
static void test_names(void)
{
    McStepLimit limit = {0};
    unsigned left_out, said = 0;

    for (int i = 0; i < 1000; i++) {
        g_autofree char *step = g_strdup_printf("a-step-with-a-long-name-%d", i);
        said += mc_step_limit_pass(&limit, step, START_US, &left_out);
    }
    g_assert_cmpuint(limit.n, <=, G_N_ELEMENTS(limit.rows));
    g_assert_cmpuint(said, <, 1000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/step-limit/flood", test_flood);
    g_test_add_func("/step-limit/seldom", test_seldom);
    g_test_add_func("/step-limit/names", test_names);
    return g_test_run();
}
