/* SPDX-License-Identifier: MIT */
/* Which device handles are alive: a driver that passes another one, or calls after its end, is told
 * so instead of being believed (C-09). */
#include "host/runtime-private.h"

static GMutex live_lock; /* innermost: nothing else is taken under it */
static GCond live_idle;
static GHashTable *live; /* McRuntime *; guarded by live_lock, as every McRuntime.users */

void mc_runtime_handle_open(McRuntime *self)
{
    g_mutex_lock(&live_lock);
    if (!live)
        live = g_hash_table_new(NULL, NULL);
    g_hash_table_add(live, self);
    g_mutex_unlock(&live_lock);
}

McRuntime *mc_runtime_enter(HANDLE handle)
{
    McRuntime *self = NULL;

    g_mutex_lock(&live_lock);
    if (handle && live && g_hash_table_contains(live, handle)) {
        self = handle;
        self->users++;
    }
    g_mutex_unlock(&live_lock);
    return self;
}

void mc_runtime_leave(McRuntime *self)
{
    g_mutex_lock(&live_lock);
    if (--self->users == 0)
        g_cond_broadcast(&live_idle);
    g_mutex_unlock(&live_lock);
}

void mc_runtime_handle_close(McRuntime *self)
{
    g_mutex_lock(&live_lock);
    if (live)
        g_hash_table_remove(live, self);
    while (self->users)
        g_cond_wait(&live_idle, &live_lock);
    if (live && g_hash_table_size(live) == 0)
        g_clear_pointer(&live, g_hash_table_unref);
    g_mutex_unlock(&live_lock);
}

void mc_runtime_abandon(McRuntime *self)
{
    static McRuntime *abandoned; /* so that a leak checker can tell it from an accident */

    g_mutex_lock(&live_lock);
    self->next_abandoned = abandoned;
    abandoned = self;
    g_mutex_unlock(&live_lock);
}
