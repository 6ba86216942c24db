/* SPDX-License-Identifier: MIT */
/* host/runtime.h - the operating system's part of the driver interface: loads a user-mode driver,
 * joins it to a display miniport and gives both the guarantees that Windows gives (C-06, C-24,
 * C-28..C-51, C-82..C-92, C-94, C-100..C-103).
 * Threads: new, start and free from one at a time, stop and the rest from any. Callbacks come from
 * any thread and must not stop or free, but on_status may start the next session.
 * Owner: host/projection. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "kmd-shim/dxgkddi.h"
#include "umd/netdispumdddi.h"

#define MC_RUNTIME_ERROR mc_runtime_error_quark()
GQuark mc_runtime_error_quark(void);
typedef enum {
    MC_RUNTIME_ERROR_NOT_FOUND,       /* umd.not-found */
    MC_RUNTIME_ERROR_NO_ENTRY_POINT,  /* umd.no-entry-point */
    MC_RUNTIME_ERROR_REFUSED,         /* umd.interface-refused */
    MC_RUNTIME_ERROR_UMD_CREATE,      /* umd.create-failed */
    MC_RUNTIME_ERROR_KMD_CREATE,      /* kmd.create-failed */
    MC_RUNTIME_ERROR_START,           /* session.start-failed */
    MC_RUNTIME_ERROR_START_CANCELLED, /* session.start-cancelled */
    MC_RUNTIME_ERROR_STOP_OVERRUN,    /* session.stop-overrun */
} McRuntimeError;
const char *mc_runtime_error_code(int code);

typedef struct {
    const char *umd_path;
    /* One of both, copied; the context must outlive the runtime. The adapter is asked for the
     * interface and for its one Miracast target (C-52, C-55). */
    const MC_DISPLAY_ADAPTER *adapter;
    const DXGK_MIRACAST_DISPLAY_INTERFACE *kmd;
    unsigned delivery_threads; /* of messages; 0: 4 */
    UINT chunk_capacity;       /* 0: 64 */
    /* Once, after the session that reported it was torn down (C-94). */
    void (*on_status)(MIRACAST_STATUS status, NTSTATUS detail, void *user_data);
    void (*on_statistic)(const MIRACAST_STATISTIC_DATA *stat, int64_t time_ns, void *user_data);
    void (*on_chunk_info)(const MIRACAST_CHUNK_INFO *info, int64_t time_ns, void *user_data);
    /* A queued chunk that the driver will not get: what its private data names may be reused. */
    void (*on_chunk_lost)(const MIRACAST_CHUNK_INFO *info, const void *priv, UINT bytes,
                          void *user_data);
    /* Link statistics, asked once a second while the driver wants them; NULL: there are none.
     * false: there are none any more, which the driver is told as its last notice (C-103). */
    bool (*read_rate)(MIRACAST_DATARATE_STATS *ret_stats, void *user_data);
    void *user_data;
} McRuntimeConfig;

typedef struct McRuntime McRuntime;

/* Loads the module, creates the miniport's and then the driver's context (U1). */
McRuntime *mc_runtime_new(const McRuntimeConfig *config, GError **error);
/* Stops, destroys (at most 3 s, C-23), unloads. NULL is fine. A driver that hangs is left behind:
 * its module stays loaded, its memory and RTSP socket stay, and its calls are refused. */
/* False: the driver hangs, and its threads may call on: what the callbacks are given must stay. */
bool mc_runtime_free(McRuntime *self);

/* One session. Takes over rtsp_fd, which is closed after Stop or a failed Start (C-11). *ret_status
 * is the driver's. Blocks until the driver knows the sink, is cancelled or 30 s have passed; a
 * driver that does not notice its dead socket is given up 3 s later. */
bool mc_runtime_start(McRuntime *self, int rtsp_fd, const MIRACAST_WFD_CONNECTION_STATS *stats,
                      MIRACAST_SESSION_INFO *ret_info, NTSTATUS *ret_status, GError **error);
/* The Start that runs, or the next one to come, ends with MC_RUNTIME_ERROR_START_CANCELLED; none
 * while a session runs. */
void mc_runtime_cancel_start(McRuntime *self); /* NULL is fine */
/* Idempotent; cancels a Start that runs. Warns with session.stop-overrun where the driver takes
 * more than a second; after three the miniport's context is destroyed beside it (C-24). */
void mc_runtime_stop(McRuntime *self);

D3DKMT_MIRACAST_DISPLAY_DEVICE_STATE mc_runtime_state(McRuntime *self);
/* The target in a topology query (C-112). False: there is no adapter to ask. Any thread, as the
 * next two, but from no callback of the display path. */
typedef struct {
    D3DKMDT_VIDEO_OUTPUT_TECHNOLOGY base; /* always Miracast */
    D3DKMDT_VIDEO_OUTPUT_TECHNOLOGY path; /* what the sink reported */
    bool active;                          /* a monitor is there; else it is in no list of paths */
} McRuntimeTarget;
bool mc_runtime_target(McRuntime *self, McRuntimeTarget *ret);
/* The display path hung (TDR): reset and restarted, alone in the miniport; chunks are lost. */
bool mc_runtime_reset_display(McRuntime *self);
/* A change of mode or power of the path; refused below 23.9 Hz and with stereo. */
NTSTATUS mc_runtime_commit_vidpn(McRuntime *self, const MC_COMMITVIDPN *commit);
void *mc_runtime_symbol(McRuntime *self, const char *name); /* of the module; NULL: none */
PVOID mc_runtime_umd_context(McRuntime *self);

/* DXGK_INTERRUPT_MICACAST_CHUNK_PROCESSING_COMPLETE: logs and queues the chunk, sets ->Status.
 * Never waits. Any thread; NULL is fine. */
void mc_runtime_notify_interrupt(McRuntime *self, MIRACAST_ENCODE_CHUNK_COMPLETED *chunk);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McRuntime, mc_runtime_free)
