/* SPDX-License-Identifier: MIT */
/* Callers for whom there is no descriptor: tried again after a pause, and the end does not wait. */
#include "p2p/callers.h"

#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PAUSES 4
#define PAUSE_US (100 * G_TIME_SPAN_MILLISECOND)

/* ---- the system's accept4(), out of descriptors for as many calls as a test says ---- */

static gint failures, calls; /* atomic */
static int failure;
static int end_at_failure = -1; /* written to with the first one */

int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    g_atomic_int_inc(&calls);
    if (!g_atomic_int_get(&failures))
        return dup(fd); /* a caller as good as any */
    g_atomic_int_add(&failures, -1);
    if (end_at_failure >= 0)
        eventfd_write(end_at_failure, 1);
    errno = failure;
    return -1;
}

/* Readable for as long as it is there, as a listener with a backlog. */
static int readable(void)
{
    const int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);

    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static void test_pause(gconstpointer data)
{
    const int listen_fd = readable(), end_fd = eventfd(0, EFD_CLOEXEC);
    const int64_t start_us = g_get_monotonic_time();

    failure = GPOINTER_TO_INT(data);
    failures = PAUSES;
    calls = 0;
    end_at_failure = -1;
    const int fd = mc_callers_next(listen_fd, end_fd, 0, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(calls, ==, PAUSES + 1);
    g_assert_cmpint(g_get_monotonic_time() - start_us, >=, PAUSES * PAUSE_US * 9 / 10);
    close(fd);
    close(listen_fd);
    close(end_fd);
}

static void test_end(void)
{
    const int listen_fd = readable(), end_fd = eventfd(0, EFD_CLOEXEC);

    failure = EMFILE;
    failures = G_MAXINT;
    calls = 0;
    end_at_failure = end_fd;
    g_assert_cmpint(mc_callers_next(listen_fd, end_fd, 0, NULL), ==, -1);
    g_assert_cmpint(calls, ==, 1);
    close(listen_fd);
    close(end_fd);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/callers/pause/process", GINT_TO_POINTER(EMFILE), test_pause);
    g_test_add_data_func("/callers/pause/system", GINT_TO_POINTER(ENFILE), test_pause);
    g_test_add_data_func("/callers/pause/memory", GINT_TO_POINTER(ENOBUFS), test_pause);
    g_test_add_func("/callers/end", test_end);
    return g_test_run();
}
