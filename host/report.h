/* SPDX-License-Identifier: MIT */
/* host/report.h - what a person and a script see: named steps, errors with their next step, the
 * live line and the statistics file.
 * Thread: any; lines are never mixed.  Owner: the command that runs. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host/stats-file.h"

/* Exit codes of the program: stable, documented in miracast(1). */
typedef enum {
    MC_EXIT_OK = 0,
    MC_EXIT_FAILED = 1, /* or statistics that could not be written; another one goes before */
    MC_EXIT_USAGE = 2,
    MC_EXIT_LINK = 3,    /* link.*: nothing connected */
    MC_EXIT_SESSION = 4, /* rtsp.*, session.*: refused or could not agree */
    MC_EXIT_MEDIA = 5,   /* encoder.*, stream.*, audio.* */
    MC_EXIT_CAPTURE = 6, /* capture.* */
    MC_EXIT_LOST = 7,    /* rtsp.keepalive-lost, rtsp.disconnected: the sink went away */
    MC_EXIT_DRIVER = 8,  /* umd.*, kmd.* */
} McExit;

typedef struct McReport McReport;

/* live: redraw one line a second on a terminal. stats: owned by the caller, NULL for none. */
McReport *mc_report_new(bool live, McStatsFile *stats);
/* For one sink of several: its name stands in each line and statistics object; the exit code, the
 * live line and the files are those of parent, which outlives it. */
McReport *mc_report_new_for(McReport *parent, const char *sink);
void mc_report_free(McReport *self);
void mc_report_step(McReport *self, const char *step, const char *text);
/* "miracast: error [code]: text; next step" and its exit code, which mc_report_exit keeps. */
void mc_report_error(McReport *self, const char *code, const char *text);
int mc_report_exit(McReport *self);
/* True: the statistics went to standard output, and nobody reads that any more; once. */
bool mc_report_statistics(McReport *self, const McFigures *figures);
/* The exit code and next step of an error code, by longest prefix. */
int mc_report_exit_of(const char *code);
const char *mc_report_next_step(const char *code); /* NULL: none */
