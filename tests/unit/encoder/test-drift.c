/* SPDX-License-Identifier: MIT */
/* Two clocks that nobody waits for: minutes of sound pass in a second. */
#include "encoder/drift.h"

#include <math.h>

#define BLOCK 480
#define PIECE 441 /* pieces and blocks share no length */
#define TONE_HZ 1000.0
#define LEVEL 12000.0

/* A card whose clock is off: its n-th pair sounds at n / rate. The tone is one of real time. */
typedef struct {
    double rate_hz, jitter_ns;
    uint64_t pushed;
    GRand *rand;
} Card;

static double tone_at(double time_s)
{
    return LEVEL * sin(2 * G_PI * TONE_HZ * time_s);
}

static void card_push(Card *card, McDrift *drift)
{
    int16_t samples[PIECE * 2];
    double first_s = 1 + (double) card->pushed / card->rate_hz;

    for (int i = 0; i < PIECE; i++) {
        double value = tone_at(1 + (double) (card->pushed + (uint64_t) i) / card->rate_hz);
        samples[2 * i] = (int16_t) lrint(value);
        samples[2 * i + 1] = (int16_t) lrint(-value);
    }
    double noise_ns = g_rand_double_range(card->rand, -1, 1) * card->jitter_ns;
    mc_drift_push(drift, samples, PIECE, (int64_t) (first_s * 1e9 + noise_ns));
    card->pushed += PIECE;
}

typedef struct {
    double worst_error; /* of a sample against the tone as it should be at its time */
    double worst_step;  /* between neighbours, against the largest that the tone has */
    double error_power;
    uint64_t samples;
    McDriftStats stats;
} Heard;

/* seconds of it, judged after the loop has learned. */
static Heard listen_to(double ppm, double jitter_ns, double seconds)
{
    g_autoptr(McDrift) drift = mc_drift_new();
    Card card = {.rate_hz = MC_DRIFT_RATE_HZ * (1 + ppm / 1e6),
                 .jitter_ns = jitter_ns,
                 .rand = g_rand_new_with_seed(7)};
    Heard heard = {0};
    int64_t begin_ns = 1050000000;
    double last = 0, steepest = LEVEL * 2 * G_PI * TONE_HZ / MC_DRIFT_RATE_HZ;

    for (int n = 0; n < (int) (seconds * 100); n++, begin_ns += 10000000) {
        int16_t block[BLOCK * 2];
        while (!mc_drift_pull(drift, begin_ns, block, BLOCK))
            card_push(&card, drift);
        for (int i = 0; i < BLOCK && n > 2500; i++) {
            double time_s = (double) begin_ns / 1e9 + (double) i / MC_DRIFT_RATE_HZ;
            double error = fabs(block[2 * i] - tone_at(time_s));
            g_assert_cmpint(ABS(block[2 * i] + block[2 * i + 1]), <=, 1);
            heard.worst_error = MAX(heard.worst_error, error / LEVEL);
            heard.error_power += error * error / LEVEL / LEVEL;
            heard.worst_step = MAX(heard.worst_step, fabs(block[2 * i] - last) / steepest);
            heard.samples++;
            last = block[2 * i];
        }
        last = block[2 * BLOCK - 2];
    }
    heard.stats = mc_drift_stats(drift);
    g_rand_free(card.rand);
    return heard;
}

/* A phase error of 0.1 rad is 16 us here: far below anything that picture and sound need. */
static void test_clocks(void)
{
    static const double cases[] = {0, 30, -30, 300, -300, 900};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Heard heard = listen_to(cases[i], 0, 90);
        g_test_message("%+.0f ppm: found %+.1f, worst error %.4f, worst step %.4f", cases[i],
                       heard.stats.ppm, heard.worst_error, heard.worst_step);
        g_assert_cmpfloat(fabs(heard.stats.ppm - cases[i]), <, 2);
        g_assert_cmpfloat(heard.worst_error, <, 0.1);
        g_assert_cmpfloat(heard.worst_step, <, 1.01); /* no click */
        g_assert_cmpuint(heard.stats.jumps, ==, 0);
    }
}

/* The times that servers tell jump by milliseconds; the sound must not. */
static void test_jitter(void)
{
    Heard heard = listen_to(120, 3e6, 180);

    g_test_message("found %+.1f ppm, worst error %.3f, worst step %.4f", heard.stats.ppm,
                   heard.worst_error, heard.worst_step);
    g_assert_cmpuint(heard.stats.jumps, ==, 0);
    g_assert_cmpfloat(heard.worst_step, <, 1.01);
    g_assert_cmpfloat(fabs(heard.stats.ppm - 120), <, 100);
}

/* A tone on the same clock passes as it is: errors 60 dB below it. */
static void test_quality(void)
{
    Heard heard = listen_to(0, 0, 60);
    double db = 10 * log10(heard.error_power / (double) heard.samples / 0.5);

    g_test_message("error %.1f dB", db);
    g_assert_cmpfloat(db, <, -60);
}

/* The card falls silent for a second (a server restarts): a fade, silence, a fade, and in step. */
static void test_gap(void)
{
    g_autoptr(McDrift) drift = mc_drift_new();
    Card card = {.rate_hz = MC_DRIFT_RATE_HZ, .rand = g_rand_new_with_seed(1)};
    int16_t block[BLOCK * 2], before = 0;
    int64_t begin_ns = 1000000000;

    for (int n = 0; n < 100; n++, begin_ns += 10000000)
        while (!mc_drift_pull(drift, begin_ns, block, BLOCK))
            card_push(&card, drift);
    before = block[2 * BLOCK - 2];
    mc_drift_conceal(drift, block, BLOCK);
    g_assert_cmpint(ABS(block[0] - before), <, 3000); /* the tone's own steps are 1570 */
    g_assert_cmpint(block[2 * BLOCK - 2], ==, 0);
    for (int n = 0; n < 100; n++) {
        begin_ns += 10000000;
        g_assert_false(mc_drift_pull(drift, begin_ns, block, BLOCK));
        mc_drift_conceal(drift, block, BLOCK);
        g_assert_cmpint(block[0], ==, 0);
    }
    card.pushed = (uint64_t) (begin_ns - 1000000000) * 48 / 1000000;
    for (int n = 0; n < 10; n++) {
        begin_ns += 10000000;
        while (!mc_drift_pull(drift, begin_ns, block, BLOCK))
            card_push(&card, drift);
        if (n == 0)
            g_assert_cmpint(ABS(block[0]), <, 100); /* from silence */
        for (int i = 0; i < BLOCK && n > 0; i++)
            g_assert_cmpfloat(fabs(block[2 * i] - tone_at((double) begin_ns / 1e9 +
                                                          (double) i / MC_DRIFT_RATE_HZ)),
                              <, LEVEL / 50);
    }
    g_assert_cmpuint(mc_drift_stats(drift).jumps, ==, 1);
    g_rand_free(card.rand);
}

/* Whatever a server says: no crash, nothing read that was not written. */
static void test_nonsense(void)
{
    g_autoptr(McDrift) drift = mc_drift_new();
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);
    int16_t block[BLOCK * 2], samples[2 * 5000] = {0};

    g_assert_false(mc_drift_pull(drift, 0, block, BLOCK));
    for (int n = 0; n < 2000; n++) {
        int64_t when = (int64_t) (g_rand_double_range(rand, -1e18, 1e18));
        if (n % 3)
            when = (int64_t) n * 10000000 + g_rand_int_range(rand, -70000000, 70000000);
        mc_drift_push(drift, n % 5 ? samples : NULL, (size_t) g_rand_int_range(rand, 0, 5000),
                      when);
        if (!mc_drift_pull(drift, when + g_rand_int_range(rand, -100000000, 100000000), block,
                           BLOCK) &&
            n % 2)
            mc_drift_conceal(drift, block, BLOCK);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/drift/clocks", test_clocks);
    g_test_add_func("/drift/jitter", test_jitter);
    g_test_add_func("/drift/quality", test_quality);
    g_test_add_func("/drift/gap", test_gap);
    g_test_add_func("/drift/nonsense", test_nonsense);
    return g_test_run();
}
