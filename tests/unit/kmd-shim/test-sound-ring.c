/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/sound-ring.h"

#define MS (G_GINT64_CONSTANT(1000000))
#define PAIRS(ms) ((size_t) (ms) *48)

/* Samples that tell where they belong: left is their number from 1 on, right the same negated. */
static void push(McSoundRing *ring, int64_t at_ms, size_t ms, int first)
{
    g_autofree int16_t *samples = g_new(int16_t, PAIRS(ms) * 2);

    for (size_t i = 0; i < PAIRS(ms); i++) {
        samples[2 * i] = (int16_t) (first + (int) (i % 10000));
        samples[2 * i + 1] = (int16_t) -samples[2 * i];
    }
    mc_sound_ring_push(ring, at_ms * MS, samples, PAIRS(ms));
}

/* The left sample of that time; the right one must belong to it. */
static int at(McSoundRing *ring, int64_t time_ns)
{
    int16_t pair[2];

    mc_sound_ring_read(ring, time_ns, pair, 1);
    g_assert_cmpint(pair[0], ==, -pair[1]);
    return pair[0];
}

static void test_in_order(void)
{
    g_autoptr(McSoundRing) ring = mc_sound_ring_new();
    int16_t block[PAIRS(10) * 2];

    g_assert_cmpint(at(ring, 0), ==, 0); /* nothing yet */
    push(ring, 0, 10, 1);
    push(ring, 10, 10, 481);
    mc_sound_ring_read(ring, 5 * MS, block, PAIRS(10)); /* over the border of two pieces */
    for (size_t i = 0; i < PAIRS(10); i++)
        g_assert_cmpint(block[2 * i], ==, 241 + (int) i);
    mc_sound_ring_read(ring, 15 * MS, block, PAIRS(10)); /* half of it is not there yet */
    g_assert_cmpint(block[2 * (PAIRS(5) - 1)], ==, 960);
    g_assert_cmpint(block[2 * PAIRS(5)], ==, 0);
    g_assert_cmpint(block[2 * PAIRS(10) - 1], ==, 0);
    mc_sound_ring_read(ring, -5 * MS, block, PAIRS(10)); /* before there was a file */
    g_assert_cmpint(block[0], ==, 0);
}

/* Matroska's times are whole milliseconds: no pair is lost or doubled for that. */
static void test_rounded_times(void)
{
    g_autoptr(McSoundRing) ring = mc_sound_ring_new();

    push(ring, 0, 21, 1);
    push(ring, 23, 21, 1 + 1008);
    push(ring, 40, 21, 1 + 2016);
    for (int i = 0; i < 3 * 1008; i++)
        g_assert_cmpint(at(ring, (int64_t) i * 1000000000 / 48000 + 1), ==, i + 1);
}

static void test_holes(void)
{
    g_autoptr(McSoundRing) ring = mc_sound_ring_new();

    push(ring, 100, 10, 1);
    push(ring, 300, 10, 1);
    g_assert_cmpint(at(ring, 99 * MS), ==, 0);
    g_assert_cmpint(at(ring, 100 * MS), ==, 1);
    g_assert_cmpint(at(ring, 110 * MS), ==, 0);
    g_assert_cmpint(at(ring, 299 * MS), ==, 0);
    g_assert_cmpint(at(ring, 300 * MS), ==, 1);
    push(ring, 60000, 10, 7); /* wider than the ring */
    g_assert_cmpint(at(ring, 300 * MS), ==, 0);
    g_assert_cmpint(at(ring, 60000 * MS), ==, 7);
    push(ring, 1000, 10, 9); /* back */
    g_assert_cmpint(at(ring, 60000 * MS), ==, 0);
    g_assert_cmpint(at(ring, 1000 * MS), ==, 9);
}

static void test_two_seconds(void)
{
    g_autoptr(McSoundRing) ring = mc_sound_ring_new();
    const int64_t day_ms = 24 * 3600 * 1000;

    for (int i = 0; i < 50; i++) /* five seconds, from a day on */
        push(ring, day_ms + i * 100, 100, 1 + i * 100);
    g_assert_cmpint(at(ring, (day_ms + 2999) * MS), ==, 0);
    for (int i = 30; i < 50; i++)
        g_assert_cmpint(at(ring, (day_ms + i * 100) * MS), ==, 1 + i * 100);
    g_assert_cmpint(at(ring, (day_ms + 5000) * MS), ==, 0);
    push(ring, day_ms + 5000, 3000, 5); /* longer than the ring: its end is there */
    g_assert_cmpint(at(ring, (day_ms + 5999) * MS), ==, 0);
    g_assert_cmpint(at(ring, (day_ms + 6000) * MS), ==, 5 + 48000 % 10000);
    g_assert_cmpint(at(ring, (day_ms + 7000) * MS), ==, 5 + 96000 % 10000);
    mc_sound_ring_clear(ring);
    g_assert_cmpint(at(ring, (day_ms + 7000) * MS), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sound-ring/in-order", test_in_order);
    g_test_add_func("/sound-ring/rounded-times", test_rounded_times);
    g_test_add_func("/sound-ring/holes", test_holes);
    g_test_add_func("/sound-ring/two-seconds", test_two_seconds);
    return g_test_run();
}
