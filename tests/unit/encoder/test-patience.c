/* SPDX-License-Identifier: MIT */
#include "encoder/patience.h"

#define WAIT_US 50000

static void test_runs_out(void)
{
    int64_t now_us = 5000000;
    McPatience patience;
    unsigned waits = 1;

    mc_patience_begin(&patience, 1000000, now_us);
    while (!mc_patience_is_over(&patience, WAIT_US, now_us += WAIT_US))
        waits++;
    g_assert_cmpuint(waits, ==, 20);
}

/* Stopped for twelve seconds: one wait of them counts, and at most twice. */
static void test_stopped(void)
{
    int64_t now_us = 5000000;
    McPatience patience;
    unsigned waits = 1;

    mc_patience_begin(&patience, 1000000, now_us);
    g_assert_false(mc_patience_is_over(&patience, WAIT_US, now_us += 12000000));
    while (!mc_patience_is_over(&patience, WAIT_US, now_us += WAIT_US))
        waits++;
    g_assert_cmpuint(waits, ==, 18);
    mc_patience_begin(&patience, 1000000, now_us);
    g_assert_false(mc_patience_is_over(&patience, WAIT_US, now_us - 1)); /* no clock goes back */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/patience/runs-out", test_runs_out);
    g_test_add_func("/patience/stopped", test_stopped);
    return g_test_run();
}
