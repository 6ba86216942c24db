/* SPDX-License-Identifier: MIT */
/* GLib's locks for ThreadSanitizer, which cannot see through a libglib built without it: the same
 * functions on pthread's locks, which it knows.  Linked into a test, they take the library's place
 * there and in the modules that it loads.  Built with b_sanitize=thread only. */
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

/* A GMutex of static storage is used without g_mutex_init: made when first wanted, as here. */
static pthread_mutex_t *mutex_of(GMutex *mutex)
{
    pthread_mutex_t *made, *found = g_atomic_pointer_get(&mutex->p);

    if (found)
        return found;
    made = g_malloc(sizeof(*made));
    pthread_mutex_init(made, NULL);
    if (g_atomic_pointer_compare_and_exchange(&mutex->p, NULL, made))
        return made;
    pthread_mutex_destroy(made);
    g_free(made);
    return g_atomic_pointer_get(&mutex->p);
}

static pthread_cond_t *cond_of(GCond *cond)
{
    pthread_cond_t *made, *found = g_atomic_pointer_get(&cond->p);
    pthread_condattr_t attributes;

    if (found)
        return found;
    made = g_malloc(sizeof(*made));
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(made, &attributes);
    pthread_condattr_destroy(&attributes);
    if (g_atomic_pointer_compare_and_exchange(&cond->p, NULL, made))
        return made;
    pthread_cond_destroy(made);
    g_free(made);
    return g_atomic_pointer_get(&cond->p);
}

EXPORT void g_mutex_init(GMutex *mutex)
{
    mutex->p = NULL;
}

EXPORT void g_mutex_clear(GMutex *mutex)
{
    if (!mutex->p)
        return;
    if (pthread_mutex_destroy(mutex->p))
        g_error("a mutex that is locked was cleared");
    g_free(mutex->p);
    mutex->p = NULL;
}

EXPORT void g_mutex_lock(GMutex *mutex)
{
    pthread_mutex_lock(mutex_of(mutex));
}

EXPORT gboolean g_mutex_trylock(GMutex *mutex)
{
    return pthread_mutex_trylock(mutex_of(mutex)) == 0;
}

EXPORT void g_mutex_unlock(GMutex *mutex)
{
    pthread_mutex_unlock(mutex_of(mutex));
}

EXPORT void g_cond_init(GCond *cond)
{
    cond->p = NULL;
}

EXPORT void g_cond_clear(GCond *cond)
{
    if (!cond->p)
        return;
    pthread_cond_destroy(cond->p);
    g_free(cond->p);
    cond->p = NULL;
}

EXPORT void g_cond_wait(GCond *cond, GMutex *mutex)
{
    pthread_cond_wait(cond_of(cond), mutex_of(mutex));
}

EXPORT void g_cond_signal(GCond *cond)
{
    pthread_cond_signal(cond_of(cond));
}

EXPORT void g_cond_broadcast(GCond *cond)
{
    pthread_cond_broadcast(cond_of(cond));
}

EXPORT gboolean g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_us)
{
    struct timespec end = {.tv_sec = end_us / G_USEC_PER_SEC,
                           .tv_nsec = end_us % G_USEC_PER_SEC * 1000};

    return pthread_cond_timedwait(cond_of(cond), mutex_of(mutex), &end) != ETIMEDOUT;
}
