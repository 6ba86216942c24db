/* SPDX-License-Identifier: MIT */
#include "host/sound-route.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_PATIENCE_MS 3000
#define PROGRAM "miracast-sound-guard"

#ifndef MC_LIBEXEC
#define MC_LIBEXEC ""
#endif

extern char **environ;

struct McSoundRoute {
    pid_t pid;
    int lease_fd, line_fd;
    GString *line;
};

char *mc_sound_route_output(void)
{
    return g_strdup_printf("miracast-%d", (int) getpid());
}

static char *guard_path(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = program ? g_path_get_dirname(program) : g_strdup(".");
    g_autofree char *beside = g_build_filename(folder, PROGRAM, NULL);

    if (g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&beside);
    return g_build_filename(MC_LIBEXEC, PROGRAM, NULL);
}

static bool spawn(McSoundRoute *self, int lease, int lines, GError **error)
{
    g_autofree char *path = guard_path();
    g_autofree char *output = mc_sound_route_output();
    g_autofree char *owner = mc_sound_route_owner(getpid());
    char *argv[] = {path, output, owner ? owner : (char *) "0:0", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;

    sigemptyset(&none); /* what host/stop-signal takes from us is for the guard itself to take */
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, lease, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, lines, STDOUT_FILENO);
    int problem = posix_spawn(&self->pid, path, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (problem)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", path, g_strerror(problem));
    return !problem;
}

McSoundRoute *mc_sound_route_new(GError **error)
{
    int lease[2], lines[2];

    if (pipe2(lease, O_CLOEXEC) < 0)
        goto no_pipe;
    if (pipe2(lines, O_CLOEXEC) < 0) {
        close(lease[0]);
        close(lease[1]);
        goto no_pipe;
    }
    McSoundRoute *self = g_new0(McSoundRoute, 1);
    bool started = spawn(self, lease[0], lines[1], error);
    close(lease[0]);
    close(lines[1]);
    self->lease_fd = lease[1];
    self->line_fd = lines[0];
    self->line = g_string_new(NULL);
    if (started)
        return self;
    mc_sound_route_free(self);
    return NULL;

no_pipe:
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no pipe: %s", g_strerror(errno));
    return NULL;
}

/* Its end of the line closes when it is done. */
void mc_sound_route_free(McSoundRoute *self)
{
    struct pollfd end;
    char ignored[64];

    if (!self)
        return;
    close(self->lease_fd);
    end = (struct pollfd){.fd = self->line_fd, .events = POLLIN};
    while (self->pid && self->line_fd >= 0 && poll(&end, 1, END_PATIENCE_MS) > 0 &&
           read(self->line_fd, ignored, sizeof(ignored)) > 0)
        ;
    if (self->line_fd >= 0)
        close(self->line_fd);
    if (self->pid) /* without WNOHANG a guard that hangs would keep us; init takes it then */
        waitpid(self->pid, NULL, end.revents ? 0 : WNOHANG);
    g_string_free(self->line, TRUE);
    g_free(self);
}

int mc_sound_route_fd(const McSoundRoute *self)
{
    return self ? self->line_fd : -1;
}

char *mc_sound_route_read(McSoundRoute *self)
{
    char more[128];
    ssize_t n = read(self->line_fd, more, sizeof(more));

    if (n <= 0) {
        close(self->line_fd);
        self->line_fd = -1;
        return NULL;
    }
    g_string_append_len(self->line, more, n);
    char *end = strchr(self->line->str, '\n');
    if (!end)
        return NULL;
    g_autofree char *line = g_strndup(self->line->str, (gsize) (end - self->line->str));
    g_string_erase(self->line, 0, end - self->line->str + 1);
    if (!strcmp(line, "moved"))
        return g_strdup("the desktop's sound plays at the sink, and comes back at the end");
    return g_strdup_printf("the sound stays here, too: %s",
                           g_str_has_prefix(line, "failed ") ? line + 7 : line);
}
