/* SPDX-License-Identifier: MIT */
/* host/main.c - the program `miracast`: a table of commands. */
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/cast.h"
#include "host/demo.h"
#include "host/descriptors.h"
#include "host/discover.h"
#include "host/doctor.h"
#include "host/lab-m3.h"

typedef struct {
    const char *name, *summary;
    int (*run)(const McOptions *options, McReport *report);
} Command;

static int run_cast(const McOptions *options, McReport *report)
{
    return mc_cast_run(options, report, NULL, NULL);
}

static const Command commands[] = {
    {"cast", "project to a sink", run_cast},
    {"demo", "project to the lab's sink on this machine and measure", mc_demo_run},
};

static int print_help(void)
{
    puts("miracast projects this computer's desktop to a Miracast (Wi-Fi Display) sink.\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++)
        printf("  miracast %-10s %s\n", commands[i].name, commands[i].summary);
    printf("  miracast %-10s %s\n", "discover", "list the sinks that can be reached");
    printf("  miracast %-10s %s\n", "doctor",
           "say what this machine can do and what is in the way");
    printf("  miracast %-10s %s\n", "lab m3", "say what sinks' capability replies mean to us");
    puts("\n'miracast COMMAND --help' lists a command's options; exit codes are in miracast(1).");
    return MC_EXIT_OK;
}

/* A PIN on the command line is for us, not for everyone who lists processes. */
static void hide_pin(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        char *value = g_str_has_prefix(argv[i], "--pin=") ? argv[i] + strlen("--pin=") : NULL;

        if (!strcmp(argv[i], "--pin") && i + 1 < argc)
            value = argv[i + 1];
        if (value)
            memset(value, '*', strlen(value));
    }
}

static void ignore_signal(int number)
{
}

/* A reader that goes away is told to who writes: the sink has to hear of the end. Programs that are
 * started do not inherit a handler. */
static void survive_closed_pipes(void)
{
    const struct sigaction action = {.sa_handler = ignore_signal, .sa_flags = SA_RESTART};

    sigaction(SIGPIPE, &action, NULL);
}

static bool has_descriptors(McReport *report, unsigned n_sinks)
{
    g_autoptr(GError) error = NULL;

    if (mc_descriptors_ensure(n_sinks, &error))
        return true;
    mc_report_error(report, "system.descriptors", error->message);
    return false;
}

static int run_command(const Command *command, int argc, char **argv)
{
    McOptions options = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(McStatsFile) stats = NULL;
    int code = MC_EXIT_USAGE;

    survive_closed_pipes();
    const bool parsed = mc_options_parse(&options, command->name, argc, argv, &error);
    hide_pin(argc, argv);
    if (!parsed) {
        fprintf(stderr, "miracast: error [usage]: %s; see 'miracast %s --help'\n", error->message,
                command->name);
    } else if (options.stats && !(stats = mc_stats_file_new(options.stats, &error))) {
        fprintf(stderr, "miracast: error [usage.stats]: %s\n", error->message);
    } else {
        McReport *report = mc_report_new(!options.quiet && isatty(STDERR_FILENO), stats);
        code = has_descriptors(report, options.n_sinks) ? command->run(&options, report)
                                                        : mc_report_exit(report);
        mc_report_free(report);
    }
    mc_options_clear(&options);
    return code;
}

/* Notes of libraries and rooms in the form of all other lines; debug output as GLib does it. */
static void on_log(const char *domain, GLogLevelFlags level, const char *message, gpointer unused)
{
    if (level & (G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_WARNING))
        fprintf(stderr, "miracast: %-12s %s\n", level & G_LOG_LEVEL_WARNING ? "warning" : "note",
                message);
    else
        g_log_default_handler(domain, level, message, unused);
}

/* glibc raises the size from which memory is mapped each time such a piece is freed, and has arenas
 * for eight threads a core: pictures and encoders' buffers of a changed mode would then stay in the
 * arenas of threads that have ended, 15 MB for each change of size. */
static void give_memory_back(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_ARENA_MAX, 2);
#endif
}

int main(int argc, char **argv)
{
    give_memory_back();
    setlocale(LC_CTYPE, "");
    g_log_set_default_handler(on_log, NULL);
    if (argc < 2 || !strcmp(argv[1], "help") || !strcmp(argv[1], "--help") ||
        !strcmp(argv[1], "-h"))
        return print_help();
    if (!strcmp(argv[1], "--version")) {
        puts("miracast " MC_VERSION);
        return MC_EXIT_OK;
    }
    if (argc > 2 && !strcmp(argv[1], "lab") && !strcmp(argv[2], "m3"))
        return mc_lab_m3_run(argc - 3, argv + 3);
    if (!strcmp(argv[1], "discover"))
        return mc_discover_run(argc - 2, argv + 2);
    if (!strcmp(argv[1], "doctor"))
        return mc_doctor_run(argc - 2, argv + 2);
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++)
        if (!strcmp(argv[1], commands[i].name))
            return run_command(&commands[i], argc - 2, argv + 2);
    fprintf(stderr, "miracast: error [usage]: there is no command '%s'; see 'miracast help'\n",
            argv[1]);
    return MC_EXIT_USAGE;
}
