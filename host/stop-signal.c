/* SPDX-License-Identifier: MIT */
#include "host/stop-signal.h"

#include <glib.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct McStopSignal {
    McStopSignalFunc on_stop, on_user;
    void *user_data;
    GThread *thread;
    int signal_fd, end_fd;
};

static gpointer run(gpointer user_data)
{
    McStopSignal *self = user_data;
    struct pollfd fds[2] = {{.fd = self->signal_fd, .events = POLLIN},
                            {.fd = self->end_fd, .events = POLLIN}};
    struct signalfd_siginfo info;

    while (!fds[1].revents) {
        poll(fds, 2, -1);
        if (fds[0].revents && read(self->signal_fd, &info, sizeof(info)) == sizeof(info))
            (info.ssi_signo == SIGUSR1 ? self->on_user : self->on_stop)(self->user_data);
    }
    return NULL;
}

McStopSignal *mc_stop_signal_new(McStopSignalFunc on_stop, McStopSignalFunc on_user,
                                 void *user_data)
{
    McStopSignal *self = g_new0(McStopSignal, 1);
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    if (on_user)
        sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* threads that come later inherit it */
    self->on_stop = on_stop;
    self->on_user = on_user;
    self->user_data = user_data;
    self->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    self->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->thread = g_thread_new("mc-signals", run, self);
    return self;
}

void mc_stop_signal_free(McStopSignal *self)
{
    if (!self)
        return;
    eventfd_write(self->end_fd, 1);
    g_thread_join(self->thread);
    close(self->signal_fd);
    close(self->end_fd);
    g_free(self);
}
