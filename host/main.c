/* SPDX-License-Identifier: MIT */
/* host/main.c - the program `miracast`: a table of commands. */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/cast.h"
#include "host/demo.h"

typedef struct {
    const char *name, *summary;
    int (*run)(const McOptions *options, McReport *report);
} Command;

static int run_cast(const McOptions *options, McReport *report)
{
    return mc_cast_run(options, report, NULL, NULL);
}

static const Command commands[] = {
    {"cast", "wait for a sink and project to it", run_cast},
    {"demo", "project to the lab's sink on this machine and measure", mc_demo_run},
};

static int print_help(void)
{
    puts("miracast projects this computer's desktop to a Miracast (Wi-Fi Display) sink.\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++)
        printf("  miracast %-10s %s\n", commands[i].name, commands[i].summary);
    puts("\n'miracast COMMAND --help' lists a command's options; exit codes are in miracast(1).");
    return MC_EXIT_OK;
}

static int run_command(const Command *command, int argc, char **argv)
{
    McOptions options = {0};
    g_autoptr(GError) error = NULL;
    FILE *stats = NULL;
    int code = MC_EXIT_USAGE;

    if (!mc_options_parse(&options, command->name, argc, argv, &error)) {
        fprintf(stderr, "miracast: error [usage]: %s; see 'miracast %s --help'\n", error->message,
                command->name);
    } else if (options.stats && strcmp(options.stats, "-") &&
               !(stats = fopen(options.stats, "we"))) {
        fprintf(stderr, "miracast: error [usage.stats]: %s cannot be written\n", options.stats);
    } else {
        if (options.stats && !stats)
            stats = stdout;
        McReport *report = mc_report_new(!options.quiet && isatty(STDERR_FILENO), stats);
        code = command->run(&options, report);
        mc_report_free(report);
    }
    if (stats && stats != stdout)
        fclose(stats);
    mc_options_clear(&options);
    return code;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    if (argc < 2 || !strcmp(argv[1], "help") || !strcmp(argv[1], "--help") ||
        !strcmp(argv[1], "-h"))
        return print_help();
    if (!strcmp(argv[1], "--version")) {
        puts("miracast " MC_VERSION);
        return MC_EXIT_OK;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++)
        if (!strcmp(argv[1], commands[i].name))
            return run_command(&commands[i], argc - 2, argv + 2);
    fprintf(stderr, "miracast: error [usage]: there is no command '%s'; see 'miracast help'\n",
            argv[1]);
    return MC_EXIT_USAGE;
}
