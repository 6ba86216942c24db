/* SPDX-License-Identifier: MIT */
/* Preparing the encoders: ended with the last context, and left behind where a machine is too slow
 * for that. */
#include "umd/warm.h"

#include <glib.h>

#include "encoder/stream.h"

/* ---- the encoders: as slow as a test says ---- */

static GMutex lock;
static GCond changed;
static bool held;
static unsigned begun, ended, unwanted_seen;

void mc_stream_warm(const gint *unwanted)
{
    g_mutex_lock(&lock);
    begun++;
    g_cond_broadcast(&changed);
    while (held)
        g_cond_wait(&changed, &lock);
    unwanted_seen += g_atomic_int_get(unwanted) != 0;
    ended++;
    g_cond_broadcast(&changed);
    g_mutex_unlock(&lock);
}

static void hold(bool on)
{
    g_mutex_lock(&lock);
    held = on;
    g_cond_broadcast(&changed);
    g_mutex_unlock(&lock);
}

static void wait_for(const unsigned *count, unsigned value)
{
    g_mutex_lock(&lock);
    while (*count < value)
        g_cond_wait(&changed, &lock);
    g_mutex_unlock(&lock);
}

static void test_ended(void)
{
    mc_warm_begin();
    mc_warm_begin(); /* another sink's */
    mc_warm_end();
    mc_warm_end();
    g_assert_cmpuint(begun, ==, 1);
    g_assert_cmpuint(ended, ==, 1); /* no thread is left (C-05) */
}

/* Destroy returns, though the step never ends by itself; the next context has no second one. */
static void test_slow(void)
{
    hold(true);
    mc_warm_begin();
    wait_for(&begun, 2);
    mc_warm_end();
    g_assert_cmpuint(ended, ==, 1);
    mc_warm_begin();
    hold(false);
    wait_for(&ended, 2);
    mc_warm_end();
    g_assert_cmpuint(begun, ==, 2);
}

static void test_unwanted(void)
{
    unwanted_seen = 0;
    hold(true);
    mc_warm_begin();
    wait_for(&begun, 3);
    mc_warm_end();
    hold(false);
    wait_for(&ended, 3);
    g_assert_cmpuint(unwanted_seen, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/warm/ended", test_ended);
    g_test_add_func("/warm/slow", test_slow);
    g_test_add_func("/warm/unwanted", test_unwanted);
    return g_test_run();
}
