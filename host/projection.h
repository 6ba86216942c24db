/* SPDX-License-Identifier: MIT */
/* host/projection.h - one sink's part of a cast: its display path, driver context, link and
 * session, by named steps. Several may run beside each other; none knows of the others.
 * Threads: new and free on one; run on any, which blocks; stop from any.  Owner: host/cast. */
#pragma once

#include "host/metrics.h"
#include "host/options.h"
#include "host/report.h"
#include "kmd-shim/capture/capture-share.h"

typedef struct McProjection McProjection;

typedef struct {
    const McOptions *options; /* of this sink: one name, one address to listen on */
    McReport *report;         /* of this sink */
    const char *trace;        /* folder; NULL: none */
    bool input;               /* a person agreed to the sink's input */
    /* All may be NULL; on the thread that runs. */
    void (*on_listening)(uint16_t port, void *user_data); /* once, with the bound port */
    bool (*take_radio)(void *user_data); /* false: another sink has it; asked once a projection */
    void (*on_live)(bool live, void *user_data); /* the session has begun, has ended */
    void (*on_unread)(void *user_data); /* as mc_report_statistics says; on a thread of another */
    void *user_data;
} McProjectionConfig;

McProjection *mc_projection_new(const McProjectionConfig *config); /* copies config */
/* Before it runs: where its figures go each second; the caller's, which outlives it. */
void mc_projection_set_metrics(McProjection *self, McMetrics *metrics);
void mc_projection_free(McProjection *self); /* NULL is fine */
/* Until the sink has gone, the time is over, something failed (told to the report) or stop. share
 * is the desktop that is shown. */
void mc_projection_run(McProjection *self, McCaptureShare *share);
/* Ends it with M8, also one that does not run yet. Any thread, as the next. */
void mc_projection_stop(McProjection *self);
/* Consent is taken back, and given again; one that was never given is not given this way. */
void mc_projection_toggle_input(McProjection *self);
