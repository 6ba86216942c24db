/* SPDX-License-Identifier: MIT */
#include "host/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <json-glib/json-glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cast.h"

#define DESKTOP_SIZE "1280x720x24"
#define DEFAULT_SECONDS 10
#define SERVER_PATIENCE_MS 10000

typedef struct {
    McReport *report;
    GPid server, desktop, sink;
    char *display;
    char *folder; /* pictures and reports stay here for the person */
    char *sink_dir, *desktop_program;
    int seconds;
    bool window;
} Demo;

/* ---- child programs ---- */

static void die_with_parent(gpointer user_data)
{
    sigset_t none;

    sigemptyset(&none); /* our own mask blocks what should end a child */
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static GPid spawn(char **argv, char **env, const char *out_path)
{
    GPid pid = 0;
    int out = out_path ? open(out_path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600) : -1;

    g_spawn_async_with_fds(NULL, argv, env, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                           die_with_parent, NULL, &pid, -1, out, out, NULL);
    if (out >= 0)
        close(out);
    return pid;
}

static int end_child(GPid *pid, int signal)
{
    int status = 0;

    if (!*pid)
        return 0;
    if (signal)
        kill(*pid, signal);
    waitpid(*pid, &status, 0);
    *pid = 0;
    return status;
}

/* Up to the line's end: the server writes it in pieces, and dies if the pipe closes before. */
static bool read_line(int fd, char *line, size_t size)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    for (size_t len = 0; len < size && poll(&ready, 1, SERVER_PATIENCE_MS) == 1; len++) {
        if (read(fd, line + len, 1) != 1)
            return false;
        if (line[len] == '\n') {
            line[len] = '\0';
            return len > 0;
        }
    }
    return false;
}

/* The server picks a free display number and writes it to the pipe: no guess, no race. */
static bool start_server(Demo *self)
{
    char number[32] = "";
    int fds[2];
    GPid pid = 0;

    if (!g_unix_open_pipe(fds, FD_CLOEXEC, NULL))
        return false;
    char *argv[] = {"Xvfb",       "-displayfd", "3",   "-screen",  "0",
                    DESKTOP_SIZE, "-nolisten",  "tcp", "-noreset", NULL};
    const int source[] = {fds[1]}, target[] = {3};
    g_spawn_async_with_pipes_and_fds(
        NULL, (const char *const *) argv, NULL,
        G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL,
        die_with_parent, NULL, -1, -1, -1, source, target, 1, &pid, NULL, NULL, NULL, NULL);
    close(fds[1]);
    self->server = pid;
    bool ready = pid && read_line(fds[0], number, sizeof(number));
    close(fds[0]);
    if (ready)
        self->display = g_strdup_printf(":%s", number);
    return ready;
}

static bool start_desktop(Demo *self)
{
    char *argv[] = {self->desktop_program, self->display, NULL};

    self->desktop = spawn(argv, NULL, "/dev/null");
    return self->desktop != 0;
}

static void start_sink(uint16_t port, void *user_data)
{
    Demo *self = user_data;
    g_autofree char *address = g_strdup_printf("127.0.0.1:%u", port);
    g_autofree char *seconds = g_strdup_printf("%d", self->seconds);
    g_autofree char *report = g_build_filename(self->folder, "sink.json", NULL);
    g_autofree char *picture = g_build_filename(self->folder, "sink.png", NULL);
    g_autofree char *log = g_build_filename(self->folder, "sink.log", NULL);
    char *argv[] = {"python3",
                    self->sink_dir,
                    "--connect",
                    address,
                    "--profile",
                    "default",
                    "--duration",
                    seconds,
                    "--report",
                    report,
                    "--save-png",
                    picture,
                    "--live-timecode",
                    self->window ? (char *) "--window" : NULL,
                    NULL};

    self->sink = spawn(argv, NULL, log);
}

/* ---- what was measured ---- */

static double member(JsonObject *object, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, ".", -1);
    JsonNode *node = NULL;

    for (char **name = names; *name; name++) {
        node = object && json_object_has_member(object, *name)
                   ? json_object_get_member(object, *name)
                   : NULL;
        object = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    }
    return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_double(node) : -1;
}

static void print_figure(JsonObject *root, const char *label, const char *path, const char *unit)
{
    double value = member(root, path);

    if (value >= 0)
        printf("  %-34s %10.1f %s\n", label, value, unit);
    else
        printf("  %-34s %10s\n", label, "unknown");
}

static bool print_report(Demo *self, double cpu_s, double wall_s)
{
    g_autofree char *path = g_build_filename(self->folder, "sink.json", NULL);
    g_autofree char *picture = g_build_filename(self->folder, "sink.png", NULL);
    g_autoptr(JsonParser) parser = json_parser_new();

    if (!json_parser_load_from_file(parser, path, NULL) ||
        !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser))) {
        mc_report_error(self->report, "demo.no-report", "the sink wrote no report; see its log");
        printf("  sink's log: %s/sink.log\n", self->folder);
        return false;
    }
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    puts("\nWhat the sink saw:");
    print_figure(root, "time to first picture", "first_picture_ms", "ms");
    print_figure(root, "slowest of the first second", "latency_first_second_ms.max", "ms");
    print_figure(root, "end-to-end latency p50, afterwards", "latency_ms.p50", "ms");
    print_figure(root, "end-to-end latency p95", "latency_ms.p95", "ms");
    print_figure(root, "end-to-end latency p99", "latency_ms.p99", "ms");
    print_figure(root, "pictures a second", "fps", "");
    print_figure(root, "bit rate", "kbps", "kbit/s");
    printf("  %-34s %10.1f %%\n", "CPU of one core, the source",
           wall_s > 0 ? 100 * cpu_s / wall_s : 0);
    printf("  %-34s %s\n", "picture", picture);
    printf("  %-34s %s\n", "report", path);
    return true;
}

static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double) usage.ru_utime.tv_sec + (double) usage.ru_stime.tv_sec +
           1e-6 * (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* ---- life ---- */

static char *near_program(const char *const *candidates)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = program ? g_path_get_dirname(program) : g_strdup(".");

    for (; *candidates; candidates++) {
        char *path = g_canonicalize_filename(*candidates, folder);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return path;
        g_free(path);
    }
    return NULL;
}

/* With a display the person decides; without a terminal nobody can be asked, so it is not taken. */
static bool real_desktop_wanted(void)
{
    char answer[16];

    if (!g_getenv("DISPLAY") || !isatty(STDIN_FILENO))
        return false;
    printf("Show this desktop (%s) to the demo's sink on this machine? [y/N] ",
           g_getenv("DISPLAY"));
    fflush(stdout);
    return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static bool prepare(Demo *self)
{
    static const char *const sinks[] = {MC_SOURCE_SINK, "../share/miracast/sink", NULL};
    static const char *const desktops[] = {"miracast-demo-desktop",
                                           "../libexec/miracast-demo-desktop", NULL};

    self->sink_dir = near_program(sinks);
    self->desktop_program = near_program(desktops);
    self->folder = g_dir_make_tmp("miracast-demo-XXXXXX", NULL);
    if (!self->sink_dir || !self->desktop_program || !self->folder) {
        mc_report_error(self->report, "demo.incomplete",
                        "the demo's sink or desktop was not found");
        return false;
    }
    if (real_desktop_wanted()) {
        self->display = g_strdup(g_getenv("DISPLAY"));
        return true;
    }
    if (!start_server(self)) {
        mc_report_error(self->report, "demo.no-server",
                        "no X server could be started; install the package xvfb");
        return false;
    }
    return start_desktop(self);
}

static int run(Demo *self, const McOptions *given)
{
    McOptions options = *given;
    g_autofree char *capture = g_strdup_printf("x11:%s", self->display);
    gint64 start_us = g_get_monotonic_time();
    double cpu_s = cpu_seconds();

    options.listen = (char *) "127.0.0.1:0";
    options.input = (char *) "deny";
    options.capture = capture;
    options.wait_s = 15;
    options.duration_s = self->seconds + 5; /* the sink ends the session first, with M8 */
    if (!strcmp(options.audio, "auto") || !strcmp(options.audio, "file"))
        g_strlcpy(options.umd_options.audio, "test", sizeof(options.umd_options.audio));
    int code = mc_cast_run(&options, self->report, start_sink, self);
    double wall_s = (double) (g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
    cpu_s = cpu_seconds() - cpu_s;
    int sink = end_child(&self->sink, 0);
    if (!print_report(self, cpu_s, wall_s) && !code)
        code = MC_EXIT_FAILED;
    return code ? code : sink ? MC_EXIT_FAILED : MC_EXIT_OK;
}

int mc_demo_run(const McOptions *options, McReport *report)
{
    Demo self = {.report = report,
                 .window = options->window && g_getenv("DISPLAY"),
                 .seconds = options->duration_s ? options->duration_s : DEFAULT_SECONDS};
    int code = prepare(&self) ? run(&self, options) : MC_EXIT_FAILED;

    end_child(&self.sink, SIGTERM);
    end_child(&self.desktop, SIGTERM);
    end_child(&self.server, SIGTERM);
    g_free(self.display);
    g_free(self.folder);
    g_free(self.sink_dir);
    g_free(self.desktop_program);
    return code;
}
