/* SPDX-License-Identifier: MIT */
/* GLib's locks for ThreadSanitizer, which cannot see through a libglib built without it: the same
 * functions on pthread's locks, which it knows.  Linked into a test, they take the library's place
 * there, in libgio and in the modules that it loads.  And what is handed to another thread's main
 * context as an idle source arrives there after it was made.  Built with b_sanitize=thread only. */
#include <dlfcn.h>
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
    g_atomic_pointer_set(&mutex->p, NULL);
}

EXPORT void g_mutex_clear(GMutex *mutex)
{
    pthread_mutex_t *made = g_atomic_pointer_get(&mutex->p);

    if (!made)
        return;
    /* The owner's reference count, which is inside GLib, has seen to it that nobody else comes. */
    if (pthread_mutex_trylock(made))
        g_error("a mutex that is locked was cleared");
    pthread_mutex_unlock(made);
    pthread_mutex_destroy(made);
    g_free(made);
    g_atomic_pointer_set(&mutex->p, NULL);
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

/* --- idle sources ----------------------------------------------------------------------------- */

void __tsan_acquire(void *address);
void __tsan_release(void *address);

static gboolean always(GSource *source)
{
    return TRUE;
}

static gboolean prepare(GSource *source, gint *timeout_ms)
{
    *timeout_ms = 0;
    return TRUE;
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
    __tsan_acquire(source);
    return callback(user_data);
}

EXPORT GSource *g_idle_source_new(void)
{
    static GSourceFuncs idle = {.prepare = prepare, .check = always, .dispatch = dispatch};
    GSource *source = g_source_new(&idle, sizeof(GSource));

    g_source_set_priority(source, G_PRIORITY_DEFAULT_IDLE);
    return source;
}

EXPORT guint g_source_attach(GSource *source, GMainContext *context)
{
    guint (*attach)(GSource *, GMainContext *) = dlsym(RTLD_NEXT, "g_source_attach");

    __tsan_release(source);
    return attach(source, context);
}
