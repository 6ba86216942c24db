/* SPDX-License-Identifier: MIT */
/* host/projection-private.h - what the files of a projection share.
 * projection.c: life, steps, the session; projection-news.c: what driver, runtime and display path
 * report; projection-reach.c: from a name to the sink's RTSP connection.
 * Threads: the projection's own runs the steps, the others report; who needs `lock` says so.
 * Owner: host/projection. */
#pragma once

#include "host/link-rate.h"
#include "host/projection.h"
#include "host/runtime.h"
#include "host/sink-link.h"
#include "host/trace.h"
#include "kmd-shim/display-path.h"

/* What goes wrong in a start is told when it is known whose fault it was. */
typedef struct {
    GMutex lock;
    bool runs;
    char *code, *text; /* of the first error meanwhile; NULL: none */
} McStart;

struct McProjection {
    McProjectionConfig config;
    McMetrics *metrics; /* NULL: nobody asked */
    const McOptions *options;
    McReport *report;
    McMeter *meter;
    McFigures figures; /* the answers' thread */
    McTrace *trace;
    McCaptureShare *share; /* what is shown; the caller's */
    McDisplayPath *display;
    McRuntime *runtime;
    McSinkLink link;
    McLinkRate rate;    /* the data rate's thread */
    bool protecting;    /* was told to the driver */
    bool pin_was_used;  /* --pin's on this way to the sink: wrong if it is asked for again */
    int wake_fd;        /* someone wants the running thread's attention */
    gint stop_wanted;   /* atomic */
    gint ended;         /* atomic: the driver reported the session's end */
    gint streams;       /* atomic: the sink plays */
    gint error_told;    /* atomic */
    gint abandoned;     /* atomic: the driver hangs and may call on; nobody listens any more */
    McStart start;      /* the driver's Start */
    unsigned strangers; /* who dialled in and was no sink */

    /* For stop and toggle_input: display, link and runtime neither come nor go under it. */
    GMutex lock;
    bool cancellable; /* link and runtime are there */
    bool input_off;   /* consent was taken back */
};

/* ---- projection-news ---- */

/* Whatever calls back calls into the projection. */
void mc_projection_hear_display(McProjection *self, McDisplayConfig *config);
void mc_projection_hear_runtime(McProjection *self, McRuntimeConfig *config);
void mc_projection_hear_driver(McProjection *self, McUmdOptions *options);
/* As McLinkConfig.on_progress and McUmdOptions.on_error; user_data is the projection.  Any thread.
 */
void mc_projection_on_progress(const char *step, const char *text, void *user_data);
void mc_projection_on_error(const char *code, const char *text, void *user_data);
bool mc_projection_fail(McProjection *self, const char *code, const GError *error); /* false */

/* ---- projection-reach ---- */

/* The sink's RTSP connection, which the caller owns, or -1: the reason was told, or it was stopped.
 * Waits for seconds to minutes. */
int mc_projection_reach_sink(McProjection *self);
/* Who connected was no sink: the next one, within the same time. */
int mc_projection_reach_another(McProjection *self);
