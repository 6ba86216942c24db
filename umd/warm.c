/* SPDX-License-Identifier: MIT */
#include "umd/warm.h"

#include <glib.h>
#include <stdlib.h>

#include "encoder/stream.h"

#define PATIENCE_US (2 * G_TIME_SPAN_SECOND) /* of Destroy's three */

/* lock guards the rest but for unwanted, which is atomic. */
static GMutex lock;
static GCond ended;
static unsigned users;
static bool runs, joins_at_exit;
static GThread *thread; /* not joined yet */
static gint unwanted;

static gpointer run(gpointer ignored)
{
    mc_stream_warm(&unwanted);
    g_mutex_lock(&lock);
    runs = false;
    g_cond_broadcast(&ended);
    g_mutex_unlock(&lock);
    return NULL;
}

/* lock held; a thread that no longer runs takes no time to join. */
static void join_ended(void)
{
    if (thread && !runs)
        g_thread_join(g_steal_pointer(&thread));
}

/* Its code and the libraries' must not go under it.  This module is not unloaded before. */
static void join_at_exit(void)
{
    if (thread)
        g_thread_join(thread);
}

void mc_warm_begin(void)
{
    g_mutex_lock(&lock);
    join_ended();
    g_atomic_int_set(&unwanted, 0);
    if (users++ == 0 && !thread) {
        runs = true;
        thread = g_thread_try_new("mc-warm", run, NULL, NULL); /* without it: later, slower */
        runs = thread != NULL;
    }
    g_mutex_unlock(&lock);
}

void mc_warm_end(void)
{
    const int64_t until_us = g_get_monotonic_time() + PATIENCE_US;

    g_mutex_lock(&lock);
    if (--users == 0) {
        g_atomic_int_set(&unwanted, 1);
        while (runs && g_cond_wait_until(&ended, &lock, until_us))
            continue;
        join_ended();
        if (thread && !joins_at_exit)
            joins_at_exit = atexit(join_at_exit) == 0;
    }
    g_mutex_unlock(&lock);
}
