/* SPDX-License-Identifier: MIT */
/* umd/session-private.h - a session's insides, shared by session.c (life, loop, what other threads
 * ask) and session-events.c (what the source machine says).
 * Thread: the session's, but where a field says otherwise.  Owner: umd/session. */
#pragma once

#include "umd/monitor.h"
#include "umd/protection.h"
#include "umd/rtsp-socket.h"
#include "umd/session-commands.h"
#include "umd/session-status.h"
#include "umd/session.h"
#include "umd/uibc.h"

struct McSession {
    McOs os;
    McUmdOptions options;
    McLink *link;
    MIRACAST_WFD_CONNECTION_STATS stats;
    McSessionCommands commands; /* any thread */
    McSessionStatus status;     /* any thread */

    /* The session's thread only. */
    McRtspSocket socket;
    McWfdSource *source;
    McMonitor monitor;
    bool dark;                /* the desktop has put its monitor to sleep */
    McMedia *media;           /* pointer: constant from start to free */
    McProtection *protection; /* likewise */
    McAdapt *adapt;
    McLife *life;
    McUibc *uibc; /* likewise; NULL without consent */
    McWfdWish wish;
    bool sink_mutes, desktop_silent, link_mutes;
    bool input_off, input_told_off; /* nobody takes the sink's input; and it knows */
    bool met;                       /* whoever dialled in is a sink */
    bool caps_known, closed;
    bool started; /* Start is done: what happens from here on is reported */
    NTSTATUS failure;
    bool wish_pending;
    int64_t looked_us, slept_us; /* the clock as last seen; time in which we did not run, so far */

    GThread *thread;
    unsigned starved; /* notices in a row, on the data rate's thread */
    gint stopping;    /* atomic */
};

/* ---- session.c ---- */
void mc_session_progress(McSession *self, const char *step, const char *text);
void mc_session_tell_error(McSession *self, const GError *error);

/* ---- session-events.c ---- */
void mc_session_on_event(McSession *self, const McWfdEvent *event);
void mc_session_close_failed(McSession *self, const GError *error);
void mc_session_update_input(McSession *self); /* the mode or the desktop changed */
void mc_session_update_mute(McSession *self);
void mc_session_follow_sound(McSession *self); /* as the link has room for it */
void mc_session_allow_input(McSession *self, bool allowed);
