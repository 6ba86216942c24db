/* SPDX-License-Identifier: MIT */
/* Who has an encoding together with whom. */
#include "encoder/share-choice.h"

#define S G_USEC_PER_SEC

static void test_mode(void)
{
    const McStreamVideo mode = {1280, 720, 30, false, 31, 4000, false};
    const McStreamVideo others[] = {{1280, 722, 30, false, 31, 4000, false},
                                    {1282, 720, 30, false, 31, 4000, false},
                                    {1280, 720, 60, false, 31, 4000, false},
                                    {1280, 720, 30, true, 31, 4000, false},
                                    {1280, 720, 30, false, 32, 4000, false}};
    const McStreamVideo slower = {1280, 720, 30, false, 31, 2000, false};
    const McStreamVideo single = {1280, 720, 30, false, 31, 4000, true};

    g_assert_true(mc_share_same_mode(&mode, &mode));
    g_assert_true(mc_share_same_mode(&mode, &slower)); /* the rate is another matter */
    g_assert_true(mc_share_same_mode(&mode, &single)); /* so is who needs what all may have */
    g_assert_true(mc_share_same_mode(&single, &mode));
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_false(mc_share_same_mode(&mode, &others[i]));
}

static void test_leave(void)
{
    static const struct {
        uint32_t kbps, most_kbps;
        unsigned streams;
        bool alone;
        int64_t other_us;
        bool leaves;
    } rows[] = {
        {8000, 8000, 1, false, 0, false},
        {6000, 8000, 1, false, 0, false}, /* three quarters */
        {5999, 8000, 1, false, 0, true},
        {5999, 8000, 0, false, 0, false}, /* nobody to mind */
        {500, 8000, 3, true, 0, false},   /* it rests */
        {8000, 4000, 2, false, 0, false}, /* the others leave, not the best */
        {8000, 8000, 1, false, 99 * S + 1, false},
        {8000, 8000, 1, false, 99 * S, true},
        {4000000, 4290000000u, 1, false, 0, true}, /* no overflow */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const McShareWish wish = {
            .kbps = rows[i].kbps, .alone = rows[i].alone, .other_us = rows[i].other_us};
        const McShareGroup others = {.streams = rows[i].streams,
                                     .least_kbps = rows[i].most_kbps,
                                     .most_kbps = rows[i].streams ? rows[i].most_kbps : 0};
        g_test_message("row %zu", i);
        g_assert_cmpint(mc_share_must_leave(&wish, &others, 100 * S), ==, rows[i].leaves);
    }
}

static void test_join(void)
{
    static const struct {
        uint32_t kbps, least_kbps, most_kbps;
        unsigned from, to; /* streams */
        bool alone;
        int64_t other_us;
        unsigned leaves;
        int64_t left_us;
        bool joins;
    } rows[] = {
        {8000, 8000, 8000, 1, 1, false, 0, 0, 0, true},  /* to the older one */
        {8000, 8000, 8000, 2, 1, false, 0, 0, 0, false}, /* the one comes to the two */
        {8000, 8000, 8000, 1, 2, false, 0, 0, 0, true},
        {8000, 0, 0, 1, 0, false, 0, 0, 0, false}, /* nobody is there */
        {7200, 8000, 8000, 1, 1, false, 0, 0, 0, true},
        {7199, 8000, 8000, 1, 1, false, 0, 0, 0, false},
        {8000, 7200, 8000, 1, 2, false, 0, 0, 0, true},
        {8100, 7200, 7900, 1, 2, false, 0, 0, 0, false}, /* too far from the least */
        {8900, 8000, 8000, 1, 1, false, 0, 0, 0, false}, /* would lose too much itself */
        {8000, 8000, 8000, 1, 1, true, 0, 0, 0, false},
        {8000, 8000, 8000, 1, 1, false, 1, 0, 0, false},          /* another pointer */
        {8000, 8000, 8000, 1, 1, false, 0, 1, 95 * S + 1, false}, /* it has just left */
        {8000, 8000, 8000, 1, 1, false, 0, 1, 95 * S, true},
        {8000, 8000, 8000, 1, 1, false, 0, 2, 90 * S + 1, false}, /* again */
        {8000, 8000, 8000, 1, 1, false, 0, 2, 90 * S, true},
        {8000, 8000, 8000, 1, 1, false, 0, 90, 20 * S + 1, false}, /* and always again */
        {8000, 8000, 8000, 1, 1, false, 0, 90, 20 * S, true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const McShareWish wish = {.kbps = rows[i].kbps,
                                  .alone = rows[i].alone,
                                  .other_us = rows[i].other_us,
                                  .leaves = rows[i].leaves,
                                  .left_us = rows[i].left_us};
        const McShareGroup from = {.streams = rows[i].from, .serial = 7},
                           to = {.streams = rows[i].to,
                                 .least_kbps = rows[i].least_kbps,
                                 .most_kbps = rows[i].most_kbps,
                                 .serial = 5};
        g_test_message("row %zu", i);
        g_assert_cmpint(mc_share_may_join(&wish, &from, &to, 100 * S), ==, rows[i].joins);
    }
}

/* Of two encodings at most one is the better for a stream of the other, whatever they are. */
static void test_no_circle(void)
{
    const McShareWish wish = {.kbps = 8000};

    for (unsigned one = 1; one < 5; one++)
        for (unsigned other = 1; other < 5; other++)
            for (unsigned older = 0; older < 2; older++) {
                const McShareGroup a = {one, 8000, 8000, 1 + older},
                                   b = {other, 8000, 8000, 2 - older};
                g_assert_cmpint(mc_share_may_join(&wish, &a, &b, S) +
                                    mc_share_may_join(&wish, &b, &a, S),
                                ==, 1);
            }
}

/* What joined does not have to leave at once, whatever the rates. */
static void test_hysteresis(void)
{
    for (uint32_t kbps = 500; kbps < 20000; kbps += 100)
        for (uint32_t others = 500; others < 20000; others += 700) {
            const McShareWish wish = {.kbps = kbps};
            const McShareGroup from = {1, kbps, kbps, 2}, to = {1, others, others, 1};
            const McShareWish theirs = {.kbps = others};
            if (!mc_share_may_join(&wish, &from, &to, S))
                continue;
            g_assert_false(mc_share_must_leave(&wish, &to, S));
            g_assert_false(mc_share_must_leave(&theirs, &from, S));
        }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/share-choice/mode", test_mode);
    g_test_add_func("/share-choice/leave", test_leave);
    g_test_add_func("/share-choice/join", test_join);
    g_test_add_func("/share-choice/no-circle", test_no_circle);
    g_test_add_func("/share-choice/hysteresis", test_hysteresis);
    return g_test_run();
}
