/* SPDX-License-Identifier: MIT */
/* The engine and a wpa_supplicant that ends and comes back: a socket that answers like one. */
#include "p2p/engine.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_S = 60 };

/* --- who answers ------------------------------------------------------------------------------ */

typedef struct {
    char *path;
    int fd;
    GThread *thread;
    GAsyncQueue *finds; /* each P2P_FIND that came */
    struct sockaddr_un monitor;
    socklen_t monitor_len;
} Fake;

static void answer(Fake *self, const char *command, const struct sockaddr_un *to, socklen_t len)
{
    const char *reply = "OK\n";

    if (strcmp(command, "STATUS") == 0)
        reply = "p2p_device_address=02:00:00:00:00:01\n";
    else if (strcmp(command, "PING") == 0)
        reply = "PONG\n";
    if (strcmp(command, "ATTACH") == 0) {
        self->monitor = *to;
        self->monitor_len = len;
    }
    sendto(self->fd, reply, strlen(reply), 0, (const struct sockaddr *) to, len);
    if (g_str_has_prefix(command, "P2P_FIND"))
        g_async_queue_push(self->finds, g_strdup(command));
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

static void fake_start(Fake *self, const char *directory)
{
    struct sockaddr_un own = {.sun_family = AF_UNIX};

    *self = (Fake){.path = g_build_filename(directory, "wlan0", NULL),
                   .fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0),
                   .finds = g_async_queue_new_full(g_free)};
    g_strlcpy(own.sun_path, self->path, sizeof(own.sun_path));
    g_assert_cmpint(bind(self->fd, (struct sockaddr *) &own, sizeof(own)), ==, 0);
    self->thread = g_thread_new("fake", serve, self);
}

static void fake_end(Fake *self, bool says_so)
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
    g_async_queue_unref(self->finds);
}

static void wait_for_find(Fake *self)
{
    g_autofree char *command =
        g_async_queue_timeout_pop(self->finds, PATIENCE_S * (guint64) G_USEC_PER_SEC);

    g_assert_nonnull(command);
}

/* --- the engine's words ----------------------------------------------------------------------- */

static void on_progress(const McProgress *progress, const McController *now, void *user_data)
{
    if (progress->kind == MC_PROGRESS_FAILED)
        g_async_queue_push(user_data, g_strdup(progress->code));
}

static void expect_failure(GAsyncQueue *failures, const char *code)
{
    g_autofree char *got =
        g_async_queue_timeout_pop(failures, PATIENCE_S * (guint64) G_USEC_PER_SEC);

    g_assert_cmpstr(got, ==, code);
}

static void test_restarted(gconstpointer says_so)
{
    g_autofree char *directory = g_dir_make_tmp("mc-engine-XXXXXX", NULL);
    g_autoptr(GAsyncQueue) failures = g_async_queue_new_full(g_free);
    McSupplicantConfig supplicant = {.backend = "wpas"};
    McControllerConfig controller = mc_engine_source_config(7236);
    McEngineCalls calls = {.on_progress = on_progress, .user_data = failures};
    McControllerWish wish = {0};
    g_autofree char *why = NULL;
    GError *error = NULL;
    Fake fake;

    g_strlcpy(supplicant.control, directory, sizeof(supplicant.control));
    fake_start(&fake, directory);
    McEngine *engine = mc_engine_new(&supplicant, &controller, &calls, &why, &error);
    g_assert_no_error(error);
    mc_engine_discover(engine, true);
    wait_for_find(&fake);
    fake_end(&fake, says_so != NULL);
    expect_failure(failures, "link.supplicant-gone");

    mc_engine_connect(engine, "TV", &wish); /* it is not back */
    expect_failure(failures, "link.supplicant-gone");
    mc_engine_discover(engine, true);
    expect_failure(failures, "link.supplicant-gone");

    fake_start(&fake, directory);
    mc_engine_discover(engine, true);
    wait_for_find(&fake);
    mc_engine_free(engine);
    fake_end(&fake, false);
    g_assert_null(g_async_queue_try_pop(failures));
    g_rmdir(directory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/engine/supplicant-restarted", "says so", test_restarted);
    g_test_add_data_func("/engine/supplicant-killed", NULL, test_restarted);
    return g_test_run();
}
