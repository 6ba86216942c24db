/* SPDX-License-Identifier: MIT */
/* host/stats-file.h - the file of --stats: one JSON object a line, whole or not at all. Nothing
 * waits for who reads it. Thread: one caller at a time.  Owner: host/main; written by host/report.
 */
#pragma once

#include <glib.h>

#include "host/figures.h"

typedef struct McStatsFile McStatsFile;

/* "-": standard output. */
McStatsFile *mc_stats_file_new(const char *path, GError **error);
void mc_stats_file_free(McStatsFile *self); /* NULL is fine */

typedef enum {
    MC_STATS_WRITTEN, /* or left out: its reader is slow, or it has ended before */
    MC_STATS_ENDED,   /* it took no more, and *ret_why says why; once */
    MC_STATS_UNREAD,  /* nobody reads standard output any more; once */
} McStatsResult;
/* sink: of several; NULL: there is one. */
McStatsResult mc_stats_file_write(McStatsFile *self, const char *sink, const McFigures *figures,
                                  const char **ret_why);
char *mc_stats_text(const char *sink, const McFigures *figures); /* one line; caller frees */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McStatsFile, mc_stats_file_free)
