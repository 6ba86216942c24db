/* SPDX-License-Identifier: MIT */
#include "encoder/wishes.h"

#include <glib.h>

#define MS 1000
#define S G_USEC_PER_SEC
#define STEP_US (100 * MS)

/* A sink and what is done for it; what it asked and was given, counted. */
typedef struct {
    McWishes wishes;
    int64_t now_us;
    bool twice;
    unsigned tries, losses, vain, steps_twice;
    uint32_t seed;
} Bed;

static Bed bed_new(void)
{
    Bed bed = {.now_us = 5 * S, .seed = 3};

    mc_wishes_init(&bed.wishes, bed.now_us);
    return bed;
}

static void step(Bed *bed, bool reports, bool told_loss)
{
    const McWishesInput input = {
        .now_us = bed->now_us, .reports = reports, .told_loss = told_loss, .all_twice = bed->twice};
    const McWishesSay say = mc_wishes_step(&bed->wishes, &input);

    bed->tries += say == MC_WISHES_TRY;
    bed->losses += say == MC_WISHES_LOSS;
    bed->vain += say == MC_WISHES_VAIN;
    bed->twice = (bed->twice || say == MC_WISHES_TRY) && say != MC_WISHES_VAIN;
    bed->steps_twice += bed->twice;
}

static int64_t chance_us(Bed *bed, int64_t below_us)
{
    bed->seed = bed->seed * 1664525u + 1013904223u;
    return (bed->seed >> 8) % below_us;
}

/* Seconds of a sink that asks so often: gap, or up to jitter more; times twenty where duplicates
 * mend its loss. */
static void ask_for(Bed *bed, int seconds, int64_t gap_us, int64_t jitter_us, bool mends)
{
    int64_t wish_us = bed->now_us + chance_us(bed, gap_us);

    for (int i = 0; i < seconds * 10; i++) {
        for (; wish_us < bed->now_us + STEP_US;
             wish_us += (mends && bed->twice ? 20 : 1) * (gap_us + chance_us(bed, jitter_us + 1)))
            mc_wishes_note(&bed->wishes, wish_us);
        bed->now_us += STEP_US;
        step(bed, false, false);
    }
}

/* What gets rarer with duplicates speaks of loss, and keeps doing so. */
static void test_loss(void)
{
    static const int64_t rows_ms[][2] = {
        {300, 0}, {300, 300}, {200, 800}, {500, 2000}, {1000, 500}};

    for (unsigned i = 0; i < G_N_ELEMENTS(rows_ms); i++) {
        Bed bed = bed_new();
        ask_for(&bed, 120, rows_ms[i][0] * MS, rows_ms[i][1] * MS, true);
        g_assert_cmpuint(bed.tries, ==, 1);
        g_assert_cmpuint(bed.vain, ==, 0);
        g_assert_cmpuint(bed.losses, >, 1);
        g_assert_true(mc_wishes_speak_of_loss(&bed.wishes));
    }
}

/* How soon, where it loses from the first picture on. */
static void test_soon(void)
{
    Bed bed = bed_new();

    ask_for(&bed, 4, 300 * MS, 200 * MS, true);
    g_assert_true(bed.twice);
}

/* A sink that asks whatever is done: a few tries, which become rare. */
static void test_vain(void)
{
    Bed bed = bed_new();

    ask_for(&bed, 600, 300 * MS, 600 * MS, false);
    g_assert_cmpuint(bed.tries, ==, bed.vain);
    g_assert_cmpuint(bed.tries, >=, 2);
    g_assert_cmpuint(bed.tries, <=, 8);
    g_assert_cmpuint(bed.steps_twice, <, 6000 / 20);
    g_assert_cmpuint(bed.losses, ==, 0);
}

/* By the clock: one try, and another in five minutes. */
static void test_clock(void)
{
    static const int64_t rows_ms[][2] = {{1000, 20}, {1900, 50}, {500, 10}, {300, 0}};

    for (unsigned i = 0; i < G_N_ELEMENTS(rows_ms); i++) {
        Bed bed = bed_new();
        ask_for(&bed, 300, rows_ms[i][0] * MS, rows_ms[i][1] * MS, false);
        g_assert_cmpuint(bed.tries, ==, 1);
        g_assert_cmpuint(bed.vain, ==, 1);
        g_assert_cmpuint(bed.losses, ==, 0);
    }
}

/* Without end, at its start alone, and hardly ever. */
static void test_no_sign(void)
{
    static const int64_t rows_ms[][2] = {{100, 20}, {25, 10}, {10, 5}, {5000, 50}, {6000, 6000}};

    for (unsigned i = 0; i < G_N_ELEMENTS(rows_ms); i++) {
        Bed bed = bed_new();
        ask_for(&bed, 300, rows_ms[i][0] * MS, rows_ms[i][1] * MS, false);
        g_assert_cmpuint(bed.tries, ==, 0);
        g_assert_cmpuint(bed.losses, ==, 0);
    }
    Bed start = bed_new();
    for (int i = 0; i < 7; i++)
        mc_wishes_note(&start.wishes, start.now_us + i * 2 * MS);
    for (int i = 0; i < 4; i++)
        mc_wishes_note(&start.wishes, start.now_us + (200 + i * 220) * MS);
    ask_for(&start, 60, 600 * S, 0, false);
    g_assert_cmpuint(start.tries, ==, 0);
}

/* It was mended, and then is no more: what goes twice is vain, for a while. */
static void test_changes(void)
{
    Bed bed = bed_new();

    ask_for(&bed, 30, 300 * MS, 300 * MS, true);
    g_assert_true(bed.twice);
    ask_for(&bed, 10, 300 * MS, 300 * MS, false);
    g_assert_cmpuint(bed.vain, ==, 1);
    g_assert_false(mc_wishes_speak_of_loss(&bed.wishes));
}

/* Where reports come, they are what speaks; with loss in them, wishes tell of it sooner. */
static void test_reports(void)
{
    Bed bed = bed_new();

    for (int i = 0; i < 300; i++) {
        bed.now_us += STEP_US;
        if (chance_us(&bed, 3) == 0)
            mc_wishes_note(&bed.wishes, bed.now_us);
        step(&bed, true, false);
    }
    g_assert_cmpuint(bed.tries + bed.losses, ==, 0);
    step(&bed, true, true);
    bed.now_us += S;
    mc_wishes_note(&bed.wishes, bed.now_us);
    step(&bed, true, false);
    g_assert_cmpuint(bed.losses, ==, 1);
    bed.now_us += 61 * S;
    step(&bed, true, false);
    mc_wishes_note(&bed.wishes, bed.now_us);
    step(&bed, true, false);
    g_assert_cmpuint(bed.losses, ==, 1);
}

/* Loss that is known of is mended unasked for a sink that never asked, also in another mode. */
static void test_mend(void)
{
    Bed bed = bed_new();

    g_assert_true(mc_wishes_mend(&bed.wishes, 6 * S));
    g_assert_false(mc_wishes_mend(&bed.wishes, 6 * S + S / 2));
    g_assert_true(mc_wishes_mend(&bed.wishes, 7 * S));
    mc_wishes_note(&bed.wishes, 8 * S);
    g_assert_false(mc_wishes_mend(&bed.wishes, 9 * S));
    mc_wishes_init(&bed.wishes, 10 * S);
    g_assert_false(mc_wishes_mend(&bed.wishes, 11 * S));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wishes/loss", test_loss);
    g_test_add_func("/wishes/soon", test_soon);
    g_test_add_func("/wishes/vain", test_vain);
    g_test_add_func("/wishes/clock", test_clock);
    g_test_add_func("/wishes/no-sign", test_no_sign);
    g_test_add_func("/wishes/changes", test_changes);
    g_test_add_func("/wishes/reports", test_reports);
    g_test_add_func("/wishes/mend", test_mend);
    return g_test_run();
}
