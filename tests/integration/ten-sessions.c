/* SPDX-License-Identifier: MIT */
/* Ten sessions in one process: nothing may be left of each one.  Descriptors and threads are
 * counted here, memory by the sanitizer at the end.  Usage: ten-sessions MIRACAST_UMD SINK_FOLDER
 */
#include <glib.h>
#include <locale.h>
#include <sys/wait.h>

#include "host/cast.h"

#define SESSIONS 10

static const char *umd_path, *sink_folder;

static void start_sink(uint16_t port, void *user_data)
{
    g_autofree char *address = g_strdup_printf("127.0.0.1:%u", port);
    char *argv[] = {
        "python3",  (char *) sink_folder, "--connect", address,   "--duration",           "0.5",
        "--report", "/dev/null",          "--profile", "foxlost", (char *) "--no-decode", NULL};
    g_autoptr(GError) error = NULL;

    g_spawn_async(NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                  user_data, &error);
    g_assert_no_error(error);
}

static unsigned count(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    unsigned n = 0;

    while (g_dir_read_name(dir))
        n++;
    return n;
}

static void run_session(void)
{
    McOptions options = {0};
    char *argv[] = {"--listen",        "127.0.0.1:0", "--capture", "test",   "--umd",
                    (char *) umd_path, "--fps",       "30",        "--wait", "60"};
    g_autoptr(GError) error = NULL;
    GPid sink = 0;
    int status = 0;

    g_assert_true(mc_options_parse(&options, "cast", G_N_ELEMENTS(argv), argv, &error));
    McReport *report = mc_report_new(false, NULL);
    g_assert_cmpint(mc_cast_run(&options, report, start_sink, &sink), ==, MC_EXIT_OK);
    mc_report_free(report);
    mc_options_clear(&options);
    waitpid(sink, &status, 0);
    g_assert_cmpint(status, ==, 0);
}

int main(int argc, char **argv)
{
    unsigned files = 0, threads = 0;

    setlocale(LC_CTYPE, "");
    g_assert_cmpint(argc, ==, 3);
    umd_path = argv[1];
    sink_folder = argv[2];
    for (unsigned i = 0; i < SESSIONS; i++) {
        run_session();
        if (i == 0) { /* libraries keep what they opened once */
            files = count("/proc/self/fd");
            threads = count("/proc/self/task");
        }
        g_print("session %u: %u descriptors, %u threads\n", i + 1, count("/proc/self/fd"),
                count("/proc/self/task"));
        g_assert_cmpuint(count("/proc/self/fd"), ==, files);
        g_assert_cmpuint(count("/proc/self/task"), ==, threads);
    }
    return 0;
}
