/* SPDX-License-Identifier: MIT */
#include "host/stop-signal.h"

#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

struct McStopSignal {
    McStopSignalFunc func;
    void *user_data;
    GThread *thread;
    gint ending; /* atomic */
};

static void signals_of(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGUSR2); /* ours: wakes the thread at the end */
}

static gpointer run(gpointer user_data)
{
    McStopSignal *self = user_data;
    sigset_t set;
    int number;

    signals_of(&set);
    while (sigwait(&set, &number) == 0 && !g_atomic_int_get(&self->ending))
        if (number != SIGUSR2)
            self->func(self->user_data);
    return NULL;
}

McStopSignal *mc_stop_signal_new(McStopSignalFunc func, void *user_data)
{
    McStopSignal *self = g_new0(McStopSignal, 1);
    sigset_t set;

    self->func = func;
    self->user_data = user_data;
    signals_of(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    self->thread = g_thread_new("mc-signals", run, self);
    return self;
}

void mc_stop_signal_free(McStopSignal *self)
{
    if (!self)
        return;
    g_atomic_int_set(&self->ending, 1);
    kill(getpid(), SIGUSR2);
    g_thread_join(self->thread);
    g_free(self);
}
