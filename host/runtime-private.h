/* SPDX-License-Identifier: MIT */
/* host/runtime-private.h - the runtime's insides, shared by runtime.c (life),
 * runtime-session.c (Start and Stop), runtime-callbacks.c (what drivers call), runtime-messages.c
 * (delivery), runtime-rate.c and runtime-handle.c.
 *
 * Locks: an arrow leads from what is held to what may be taken under it.
 *
 *     stop_lock ----> kmd_lock ----> lock        live_lock, rate_lock: nothing is taken
 *         |                            ^         under them, and they under nothing but
 *         +----------------------------+         stop_lock
 *
 *   stop_lock  one Stop at a time; held while the driver stops, asked for by no callback
 *   kmd_lock   serialises the miniport (C-49); the only one held while a driver's function runs.
 *              The miniport may send messages, report and notify from inside: that takes lock only
 *   lock       everything not said otherwise below
 *   rate_lock  the rate_ fields
 *   live_lock  of runtime-handle.c: users
 *
 * Callbacks of the user and of senders run under no lock, but on_chunk_lost under stop_lock.
 * Thread and owner: as host/runtime.h says. */
#pragma once

#include "host/runtime.h"
#include "kmd-shim/chunk-queue.h"

/* Finer than the public state: what the drivers may do depends on it (DDI 1.5, 1.6). */
typedef enum {
    PHASE_CREATE,
    PHASE_IDLE, /* created, no session yet: messages are held */
    PHASE_START,
    PHASE_STARTED,
    PHASE_STOP,
    PHASE_STOPPED, /* messages are dropped from PHASE_STOP on */
    PHASE_DESTROY,
} Phase;

typedef enum { JOB_NONE, JOB_CREATE, JOB_START, JOB_STOP, JOB_DESTROY, JOB_QUIT } Job;

struct McRuntime {
    McRuntimeConfig config;
    MC_DISPLAY_ADAPTER adapter; /* zeros: none was given */
    DXGK_MIRACAST_DISPLAY_INTERFACE kmd;
    PVOID kmd_context;
    ULONG target_id;
    UINT max_private_bytes;
    void *module;
    MIRACAST_DRIVER_INTERFACE umd;
    PVOID umd_context;

    GMutex stop_lock;
    GMutex kmd_lock;
    bool kmd_gone; /* under kmd_lock */

    GMutex lock;
    GCond changed; /* phase, queue, running, job */
    Phase phase;
    bool start_cancelled;
    bool ending; /* in mc_runtime_free: nothing starts any more */

    /* The one thread that enters Create, Start, Stop and Destroy (C-06). */
    GThread *control;
    Job job;   /* asked */
    bool hung; /* a call into the driver did not return: nothing of it may be freed */
    struct {
        SOCKET rtsp;
        MIRACAST_WFD_CONNECTION_STATS stats;
        MIRACAST_SESSION_INFO info;
        NTSTATUS status;
    } call;
    int rtsp_fd;   /* -1: none */
    bool kmd_lost; /* as kmd_gone, but under lock */

    GQueue messages;     /* Message * of runtime-messages.c */
    unsigned running;    /* handlers inside the driver */
    unsigned completing; /* senders' callbacks that run */
    bool quit;
    bool abandoned;      /* senders are gone, though handlers still run */
    GPtrArray *delivery; /* GThread * */

    McChunkQueue *chunks; /* of the session; exchanged under lock, freed with the runtime */
    unsigned chunk_users; /* threads between taking and giving it back */
    GCond chunks_idle;    /* none of them: of its own, as each frame gives the queue back */

    bool reported; /* ReportSessionStatus came */
    MIRACAST_STATUS reported_status;
    NTSTATUS reported_detail;
    GThread *teardown;

    GMutex rate_lock;
    GCond rate_changed;
    GThread *rate_thread;
    bool rate_registered, rate_quit;
    bool rate_running; /* the thread has not ended */
    PVOID rate_context;
    PFN_DATARATE_NOTIFICATION rate_notify;

    unsigned users; /* threads inside a callback of ours; see runtime-handle.c */
    McRuntime *next_abandoned;
};

/* ---- runtime.c ---- */
void mc_runtime_ask_job(McRuntime *self, Job job, Phase phase); /* lock held */
bool mc_runtime_await_job(McRuntime *self, int64_t end_us);     /* lock held; false: it goes on */
void mc_runtime_enter_phase(McRuntime *self, Phase phase);      /* lock held */
void mc_runtime_destroy_kmd(McRuntime *self);                   /* once; kmd_lock is taken */
void mc_runtime_end_thread(GThread *thread, bool join); /* NULL is fine; not to join: it hangs */

/* ---- runtime-session.c ---- */
void mc_runtime_tear_down_later(McRuntime *self); /* lock held; a report in a started session */
void mc_runtime_join_teardown(McRuntime *self);   /* of the session before, unless it is this one */

/* ---- runtime-handle.c ---- */
void mc_runtime_handle_open(McRuntime *self);
McRuntime *mc_runtime_enter(HANDLE handle); /* NULL: no such runtime, or it is at its end */
void mc_runtime_leave(McRuntime *self);
void mc_runtime_handle_close(McRuntime *self); /* returns when no thread is between those two */
void mc_runtime_abandon(McRuntime *self);      /* never to be freed */

/* ---- runtime-adapter.c ---- */
bool mc_runtime_adapter_start(McRuntime *self, GError **error);

/* ---- runtime-callbacks.c ---- */
McChunkQueue *mc_runtime_take_chunks(McRuntime *self); /* NULL: no session; not freed until given */
void mc_runtime_give_chunks(McRuntime *self);
void mc_runtime_umd_callbacks(MIRACAST_CALLBACKS *ret);

/* ---- runtime-messages.c ---- */
#define MC_RUNTIME_MAX_MESSAGES 1024u
#define MC_RUNTIME_MAX_MESSAGE_BYTES 65536u /* U18 */
bool mc_runtime_messages_start(McRuntime *self);
void mc_runtime_messages_drop(McRuntime *self); /* lock held: those that wait */
void mc_runtime_messages_end(McRuntime *self);  /* completes all with STATUS_CANCELLED, joins */
NTSTATUS mc_runtime_send_message(HANDLE handle, ULONG in_size, VOID *in, ULONG out_size, VOID *out,
                                 DXGKCB_MIRACAST_SEND_MESSAGE_CALLBACK done, PVOID done_context);

/* ---- runtime-rate.c ---- */
NTSTATUS mc_runtime_register_rate(HANDLE device, PVOID context, PFN_DATARATE_NOTIFICATION notify);
void mc_runtime_rate_end(McRuntime *self, bool unregister); /* no notice comes afterwards */
