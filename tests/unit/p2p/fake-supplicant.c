/* SPDX-License-Identifier: MIT */
#include "fake-supplicant.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_S = 60 };

static char *get(Fake *self, const char *name)
{
    const char *value = g_hash_table_lookup(self->settings, name);

    return g_strdup(value ? value : "FAIL\n");
}

static char *set(Fake *self, const char *words)
{
    const char *value = strchr(words, ' ');

    if (!value)
        return g_strdup("FAIL\n");
    g_hash_table_replace(self->settings, g_strndup(words, (gsize) (value - words)),
                         g_strdup(value + 1));
    return g_strdup("OK\n");
}

static char *reply_to(Fake *self, const char *command)
{
    if (strcmp(command, "STATUS") == 0)
        return g_strdup("p2p_device_address=02:00:00:00:00:01\n");
    if (strcmp(command, "PING") == 0)
        return g_strdup("PONG\n");
    if (g_str_has_prefix(command, "GET "))
        return get(self, command + strlen("GET "));
    if (g_str_has_prefix(command, "SET "))
        return set(self, command + strlen("SET "));
    if (strcmp(command, "WFD_SUBELEM_GET all") == 0)
        return get(self, "all");
    if (g_str_has_prefix(command, "WFD_SUBELEM_SET "))
        return set(self, command + strlen("WFD_SUBELEM_SET "));
    return g_strdup("OK\n");
}

static bool is_question(const char *command)
{
    return strcmp(command, "STATUS") == 0 || strcmp(command, "PING") == 0 ||
           strcmp(command, "ATTACH") == 0 || strcmp(command, "DETACH") == 0 ||
           g_str_has_prefix(command, "GET ") || strcmp(command, "WFD_SUBELEM_GET all") == 0;
}

static void answer(Fake *self, const char *command, const struct sockaddr_un *to, socklen_t len)
{
    g_autofree char *reply = reply_to(self, command);

    if (strcmp(command, "ATTACH") == 0) {
        self->monitor = *to;
        self->monitor_len = len;
    }
    sendto(self->fd, reply, strlen(reply), 0, (const struct sockaddr *) to, len);
    if (!is_question(command))
        g_async_queue_push(self->commands, g_strdup(command));
}

/* Until a datagram of no bytes, which the test sends. */
static gpointer serve(gpointer user_data)
{
    Fake *self = user_data;
    char command[4096];

    for (;;) {
        struct sockaddr_un from;
        socklen_t len = sizeof(from);
        ssize_t n =
            recvfrom(self->fd, command, sizeof(command) - 1, 0, (struct sockaddr *) &from, &len);

        if (n <= 0)
            return NULL;
        command[n] = '\0';
        answer(self, command, &from, len);
    }
}

void fake_start(Fake *self, const char *directory, const char *const *settings)
{
    struct sockaddr_un own = {.sun_family = AF_UNIX};

    *self = (Fake){.path = g_build_filename(directory, "wlan0", NULL),
                   .fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0),
                   .commands = g_async_queue_new_full(g_free),
                   .settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};
    for (; settings && settings[0]; settings += 2)
        g_hash_table_replace(self->settings, g_strdup(settings[0]), g_strdup(settings[1]));
    g_strlcpy(own.sun_path, self->path, sizeof(own.sun_path));
    g_assert_cmpint(bind(self->fd, (struct sockaddr *) &own, sizeof(own)), ==, 0);
    self->thread = g_thread_new("fake", serve, self);
}

void fake_end(Fake *self, bool says_so)
{
    static const char goodbye[] = "<3>CTRL-EVENT-TERMINATING ";
    struct sockaddr_un own = {.sun_family = AF_UNIX};

    g_strlcpy(own.sun_path, self->path, sizeof(own.sun_path));
    sendto(self->fd, "", 0, 0, (struct sockaddr *) &own, sizeof(own));
    g_thread_join(self->thread);
    if (says_so)
        sendto(self->fd, goodbye, strlen(goodbye), 0, (struct sockaddr *) &self->monitor,
               self->monitor_len);
    close(self->fd);
    g_unlink(self->path);
    g_free(self->path);
    g_async_queue_unref(self->commands);
    g_hash_table_unref(self->settings);
}

static char *next(Fake *self)
{
    return g_async_queue_timeout_pop(self->commands, PATIENCE_S * (guint64) G_USEC_PER_SEC);
}

void fake_wait(Fake *self, const char *command)
{
    for (;;) {
        g_autofree char *got = next(self);

        g_assert_nonnull(got);
        if (g_str_has_prefix(got, command))
            return;
    }
}

void fake_expect(Fake *self, const char *command)
{
    g_autofree char *got = next(self);

    g_assert_cmpstr(got, ==, command);
}
