/* SPDX-License-Identifier: MIT */
/* The engine and a wpa_supplicant that ends and comes back: a socket that answers like one. */
#include "p2p/engine.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#include "fake-supplicant.h"

enum { PATIENCE_S = 60 };

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

/* With a supplicant that it talks to. */
static McEngine *open_engine(Fake *fake, const char *directory, const McEngineCalls *calls)
{
    McSupplicantConfig supplicant = {.backend = "wpas"};
    McControllerConfig controller = mc_engine_source_config(7236);
    g_autofree char *why = NULL;
    GError *error = NULL;

    g_strlcpy(supplicant.control, directory, sizeof(supplicant.control));
    fake_start(fake, directory, NULL);
    McEngine *engine = mc_engine_new(&supplicant, &controller, calls, &why, &error);
    g_assert_no_error(error);
    return engine;
}

static void test_restarted(gconstpointer says_so)
{
    g_autofree char *directory = g_dir_make_tmp("mc-engine-XXXXXX", NULL);
    g_autoptr(GAsyncQueue) failures = g_async_queue_new_full(g_free);
    McEngineCalls calls = {.on_progress = on_progress, .user_data = failures};
    McControllerWish wish = {0};
    Fake fake;

    McEngine *engine = open_engine(&fake, directory, &calls);
    mc_engine_discover(engine, true);
    fake_wait(&fake, "P2P_FIND");
    fake_end(&fake, says_so != NULL);
    expect_failure(failures, "link.supplicant-gone");

    mc_engine_connect(engine, "TV", &wish); /* it is not back */
    expect_failure(failures, "link.supplicant-gone");
    mc_engine_discover(engine, true);
    expect_failure(failures, "link.supplicant-gone");

    fake_start(&fake, directory, NULL);
    mc_engine_discover(engine, true);
    fake_wait(&fake, "P2P_FIND");
    mc_engine_free(engine);
    fake_end(&fake, false);
    g_assert_null(g_async_queue_try_pop(failures));
    g_rmdir(directory);
}

/* Sockets that a program which is started now would have, too. */
static unsigned count_inherited(void)
{
    g_autoptr(GDir) folder = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned n = 0;

    for (const char *name; (name = g_dir_read_name(folder));) {
        const int fd = (int) g_ascii_strtoll(name, NULL, 10);
        struct stat status;

        n += fd > 2 && fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) &&
             !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    return n;
}

static void test_not_inherited(void)
{
    g_autofree char *directory = g_dir_make_tmp("mc-engine-XXXXXX", NULL);
    const unsigned before = count_inherited();
    McEngineCalls calls = {0};
    Fake fake;

    McEngine *engine = open_engine(&fake, directory, &calls);
    g_assert_cmpuint(count_inherited(), ==, before);
    mc_engine_free(engine);
    fake_end(&fake, false);
    g_rmdir(directory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/engine/supplicant-restarted", "says so", test_restarted);
    g_test_add_data_func("/engine/supplicant-killed", NULL, test_restarted);
    g_test_add_func("/engine/not-inherited", test_not_inherited);
    return g_test_run();
}
