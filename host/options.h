/* SPDX-License-Identifier: MIT */
/* host/options.h - the command line of `miracast cast` and `miracast demo`.
 * Thread: main.  Owner: host/main.c. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "umd/link-interface.h"

typedef struct {
    char *link;    /* "lan", "loopback" */
    char *listen;  /* ADDR:PORT */
    char *allow;   /* "" or an address */
    char *capture; /* "test", "x11", ... */
    char *audio, *mode, *encoder;
    char *stats, *trace, *umd;
    int bitrate_kbps, duration_s, wait_s, keepalive_s, fps;
    gboolean high_profile, quiet;
    McUmdOptions umd_options; /* made of the above */
} McOptions;

/* argv without the program's and the command's name. False with the reason in *ret_error. */
bool mc_options_parse(McOptions *self, const char *command, int argc, char **argv, GError **error);
void mc_options_clear(McOptions *self);

/* The driver module: --umd, MIRACAST_UMD, beside the program, or where it is installed. */
char *mc_options_umd_path(const McOptions *self);
