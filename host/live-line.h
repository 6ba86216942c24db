/* SPDX-License-Identifier: MIT */
/* host/live-line.h - a session's figures as one line for a person, the most telling first: what a
 * narrow terminal cuts off is the detail. Threads: any; pure functions.  Owner: host/report. */
#pragma once

#include "host/figures.h"

char *mc_live_text(const McFigures *figures); /* caller frees */
/* One sink's part of a line for several. */
char *mc_live_part(const char *sink, const McFigures *figures);
/* As much of a line as a terminal shows in so many columns; caller frees. */
char *mc_live_cut(const char *line, unsigned columns);
