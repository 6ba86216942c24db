/* SPDX-License-Identifier: MIT */
/* host/metrics.h - the figures of --stats as a Prometheus text endpoint, on loopback alone.
 * Threads: a thread of its own answers; update from the command's.  Owner: host/cast.
 * Errors: G_IO_ERROR. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "host/figures.h"

typedef struct McMetrics McMetrics;

/* "ADDR:PORT" with an address of 127.0.0.0/8 (port 0: any); the error says what is wrong. */
McMetrics *mc_metrics_new(const char *listen, GError **error);
void mc_metrics_free(McMetrics *self); /* NULL is fine */
unsigned mc_metrics_port(const McMetrics *self);
void mc_metrics_update(McMetrics *self, const McFigures *figures); /* NULL is fine */
char *mc_metrics_text(const McFigures *figures); /* what a scrape gets; caller frees */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McMetrics, mc_metrics_free)
