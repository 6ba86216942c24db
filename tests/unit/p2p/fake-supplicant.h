/* SPDX-License-Identifier: MIT */
/* A socket that answers like wpa_supplicant's control socket and keeps what is set.
 * Owner: the test that starts it; its thread answers until fake_end(). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

typedef struct {
    char *path;
    int fd;
    GThread *thread;
    GAsyncQueue *commands; /* each that came, but for questions, ATTACH and DETACH */
    GHashTable *settings;  /* its thread's; the test's before it and after fake_end() */
    struct sockaddr_un monitor;
    socklen_t monitor_len;
} Fake;

/* Named wlan0 in the directory. Settings: name, value, name, value, ..., NULL; may be NULL. */
void fake_start(Fake *self, const char *directory, const char *const *settings);
void fake_end(Fake *self, bool says_so);
/* Waits for a command that begins so. */
void fake_wait(Fake *self, const char *command);
/* The next command is this one. */
void fake_expect(Fake *self, const char *command);
