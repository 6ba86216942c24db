/* SPDX-License-Identifier: MIT */
/* Data-rate notices: once a second, on a thread of their own, never beside Start or Stop (U11). */
#include "host/runtime-private.h"

#define PERIOD_US G_USEC_PER_SEC
#define END_LIMIT_US (3 * G_USEC_PER_SEC) /* of a notice that does not return */

static bool started(McRuntime *self)
{
    g_mutex_lock(&self->lock);
    bool is = self->phase == PHASE_STARTED;
    g_mutex_unlock(&self->lock);
    return is;
}

/* No figures any more: NULL says so and is the last notice (C-103). */
static bool notify(McRuntime *self)
{
    MIRACAST_DATARATE_STATS stats = {0};

    if (!started(self))
        return true;
    bool read = self->config.read_rate(&stats, self->config.user_data);
    self->rate_notify(self->rate_context, read ? &stats : NULL);
    return read;
}

static gpointer run_rate(gpointer user_data)
{
    McRuntime *self = user_data;
    int64_t next_us = g_get_monotonic_time() + PERIOD_US;
    bool more = true;

    g_mutex_lock(&self->rate_lock);
    while (!self->rate_quit && more) {
        if (g_cond_wait_until(&self->rate_changed, &self->rate_lock, next_us))
            continue;
        g_mutex_unlock(&self->rate_lock);
        more = notify(self);
        next_us = MAX(next_us + PERIOD_US, g_get_monotonic_time());
        g_mutex_lock(&self->rate_lock);
    }
    self->rate_running = false;
    g_cond_broadcast(&self->rate_changed);
    g_mutex_unlock(&self->rate_lock);
    return NULL;
}

static bool on_control_thread(McRuntime *self)
{
    g_mutex_lock(&self->lock);
    bool is = g_thread_self() == self->control &&
              (self->phase == PHASE_START || self->phase == PHASE_STOP);
    g_mutex_unlock(&self->lock);
    return is;
}

/* On the control thread, hence never two at once. */
static NTSTATUS change(McRuntime *self, PVOID context, PFN_DATARATE_NOTIFICATION notice)
{
    g_mutex_lock(&self->rate_lock);
    bool wrong = self->rate_registered == (notice != NULL), busy = self->rate_running;
    g_mutex_unlock(&self->rate_lock);
    if (wrong)
        return STATUS_INVALID_PARAMETER; /* twice (C-101) */
    if (!notice) {
        mc_runtime_rate_end(self, true);
        return STATUS_SUCCESS;
    }
    if (busy)
        return STATUS_INVALID_DEVICE_STATE; /* a notice of the registration before never ended */
    g_mutex_lock(&self->rate_lock);
    self->rate_context = context;
    self->rate_notify = notice;
    self->rate_quit = false;
    self->rate_thread = g_thread_try_new("mc-rate", run_rate, self, NULL);
    self->rate_registered = self->rate_running = self->rate_thread != NULL;
    g_mutex_unlock(&self->rate_lock);
    return self->rate_thread ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS mc_runtime_register_rate(HANDLE device, PVOID context, PFN_DATARATE_NOTIFICATION notice)
{
    NTSTATUS status = STATUS_NOT_SUPPORTED;
    McRuntime *self = mc_runtime_enter(device);

    if (!self)
        return STATUS_INVALID_HANDLE;
    if (self->config.read_rate && on_control_thread(self))
        status = change(self, context, notice);
    mc_runtime_leave(self);
    return status;
}

void mc_runtime_rate_end(McRuntime *self, bool unregister)
{
    int64_t end_us = g_get_monotonic_time() + END_LIMIT_US;

    g_mutex_lock(&self->rate_lock);
    self->rate_quit = true;
    g_cond_broadcast(&self->rate_changed);
    while (self->rate_running && g_cond_wait_until(&self->rate_changed, &self->rate_lock, end_us))
        continue;
    bool ended = !self->rate_running;
    GThread *thread = ended ? g_steal_pointer(&self->rate_thread) : NULL;
    if (unregister)
        self->rate_registered = false;
    g_mutex_unlock(&self->rate_lock);
    if (thread)
        g_thread_join(thread);
    if (ended)
        return;
    g_mutex_lock(&self->lock);
    self->hung = true;
    g_mutex_unlock(&self->lock);
}
