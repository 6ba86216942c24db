/* SPDX-License-Identifier: MIT */
/* A real X server of the test's own; it ends with the test, also when that fails. */
#pragma once

#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static inline void x_server_die_with_test(gpointer unused)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Up to the line's end: the server writes it in pieces, and dies if the pipe closes before. */
static inline void x_server_read_name(int fd, char *name, size_t size)
{
    FILE *pipe = fdopen(fd, "r");
    int number;

    g_assert_nonnull(pipe);
    g_assert_cmpint(fscanf(pipe, "%d", &number), ==, 1);
    g_assert_cmpint(fgetc(pipe), ==, '\n');
    fclose(pipe);
    g_snprintf(name, (gulong) size, ":%d", number);
}

/* False where there is no Xvfb.  screen: "1280x960x24"; without shm the server lacks MIT-SHM. */
static inline bool x_server_start(const char *screen, bool shm, GPid *ret_pid, char *name,
                                  size_t size)
{
    char fd_text[12];
    int out[2];
    char *argv[] = {"Xvfb",          "-displayfd", fd_text, "-screen",  "0",
                    (char *) screen, "-nolisten",  "tcp",   "-noreset", shm ? NULL : "-extension",
                    "MIT-SHM",       NULL};

    g_assert_cmpint(pipe(out), ==, 0);
    g_snprintf(fd_text, sizeof(fd_text), "%d", out[1]);
    bool ok = g_spawn_async(NULL, argv, NULL,
                            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                G_SPAWN_LEAVE_DESCRIPTORS_OPEN | G_SPAWN_STDOUT_TO_DEV_NULL |
                                G_SPAWN_STDERR_TO_DEV_NULL,
                            x_server_die_with_test, NULL, ret_pid, NULL);
    close(out[1]);
    if (ok)
        x_server_read_name(out[0], name, size);
    else
        close(out[0]);
    return ok;
}

static inline void x_server_stop(GPid pid)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}
