/* SPDX-License-Identifier: MIT */
/* tests/conformance/bed.h - the whole interface in one process: the real runtime, the real driver
 * (miracast-umd.so) and the real display path with its test picture, with every call between them
 * written down, and a scripted sink at the other end.
 * Threads: calls are written down on any; the rest is the test's.  Owner: the test; one at a time,
 * for what modules refer to is the program's. */
#pragma once

#include <string.h>

#include "host/runtime.h"
#include "kmd-shim/abi/ioctl.h"
#include "kmd-shim/display-path.h"
#include "tests/conformance/sink.h"
#include "umd/link-interface.h"

#define BED_PATIENCE_US (60 * G_USEC_PER_SEC)

#define BED_EVENTUALLY(condition)                                                                  \
    do {                                                                                           \
        int64_t bed_end_us = g_get_monotonic_time() + BED_PATIENCE_US;                             \
        while (!(condition) && g_get_monotonic_time() < bed_end_us)                                \
            g_usleep(1000);                                                                        \
        g_assert_true(condition);                                                                  \
    } while (0)

typedef enum {
    /* the runtime's calls into the driver, when they begin and end */
    BED_CREATE,
    BED_CREATED,
    BED_START,
    BED_STARTED,
    BED_STOP,
    BED_STOPPED,
    BED_DESTROY,
    BED_DESTROYED,
    BED_MESSAGE,
    /* the driver's calls: type is what it said or asked */
    BED_IO_CONTROL, /* McIoctlType, when it is asked */
    BED_STATUS,     /* MIRACAST_STATUS; status: its detail */
    BED_EVENT,      /* MIRACAST_PROTOCOL_EVENT */
    BED_PROCESSED,  /* MIRACAST_CHUNK_TYPE; chunk */
    BED_SENT,       /* chunk */
    BED_REGISTER,   /* 1 for a function, 0 for NULL; status: the answer */
    BED_GET_CHUNK,  /* status: the answer; only what is not SUCCESS or TIMEOUT */
    /* the display path: */
    BED_KMD_CAPS,
    BED_KMD_CREATE,
    BED_KMD_DESTROY,
    BED_KMD_IO_CONTROL, /* McIoctlType, when it arrives; status: the answer */
    BED_KMD_LOGGED,     /* MIRACAST_CHUNK_TYPE of DxgkCbReportChunkInfo and the interrupt; chunk */
    BED_KMD_DPC,
    BED_KMD_SEND,     /* McMsgType of DxgkCbMiracastSendMessage */
    BED_CHILD_STATUS, /* type: connector; status: connected */
    BED_CHILD_QUERY,  /* DxgkDdiQueryChildStatus */
    BED_ENDED,        /* on_status of the runtime's user: type */
} BedKind;

typedef struct {
    BedKind kind;
    UINT type;
    NTSTATUS status;
    MIRACAST_CHUNK_INFO chunk;
    GThread *thread;
    BOOL hardware_access;
    int64_t time_us;
} BedCall;

typedef struct {
    /* Before bed_open. Zeros: no sound, 25 s keep-alive, no data rates. */
    McUmdOptions options;
    bool rates;                        /* there are link statistics */
    UINT64 rate_bps;                   /* atomic by nature: a word; what they say */
    uint32_t width_px, height_px, fps; /* 0: 640x480 at 30 */
    MIRACAST_WFD_CONNECTION_STATS stats;
    UINT chunk_capacity;
    void (*arm)(bool on); /* around the runtime's Create and Start; NULL: nothing */

    McDisplayPath *display;
    McRuntime *runtime;
    GError *error; /* why there is none */
    Sink *sink;
    MIRACAST_SESSION_INFO info; /* of the last Start */
    NTSTATUS status;
    int rtsp_fd;
    gint rate_reads, rate_fails; /* atomic */
} Bed;

void bed_open(Bed *self);
bool bed_try_open(Bed *self); /* false: there is no runtime; bed_close all the same */
/* NULL: SinkConfig of zeros. False: self->status says why. */
bool bed_start(Bed *self, const SinkConfig *sink);
void bed_must_start(Bed *self, const SinkConfig *sink);
void bed_play(Bed *self, const SinkConfig *sink); /* and the first picture has come */
void bed_stop(Bed *self);
void bed_close(Bed *self); /* checks that no rule of the interface was broken */

/* The log. Copies; any thread. */
unsigned bed_count(BedKind kind);
unsigned bed_count_type(BedKind kind, UINT type);
/* The nth call (0: first) of the kind; false: there is none. */
bool bed_find(BedKind kind, unsigned nth, BedCall *ret);
bool bed_find_type(BedKind kind, UINT type, unsigned nth, BedCall *ret);
GArray *bed_log(void); /* BedCall; g_array_unref */
int bed_breaches(void);
void bed_forget(void); /* what was written down so far */
/* Asked at each call of the other side whether it answers with an error; NULL: none does. */
void bed_set_fault(bool (*fault)(BedKind kind));

/* The driver below the proxy, for calls of the test's own. */
const MIRACAST_DRIVER_INTERFACE *bed_umd(void);
PVOID bed_umd_context(void);
const MIRACAST_CALLBACKS *bed_os(void);
HANDLE bed_device(void);
/* DxgkCbMiracastSendMessage, as the display path calls it. */
NTSTATUS bed_send(const void *in, ULONG in_size, void *out, ULONG out_size,
                  DXGKCB_MIRACAST_SEND_MESSAGE_CALLBACK done, PVOID context);
/* What the driver registered last, and its context; NULL: nothing. */
PFN_DATARATE_NOTIFICATION bed_notify(PVOID *ret_context);
const DXGK_MIRACAST_DISPLAY_INTERFACE *bed_kmd(void); /* the real one, below the listener */
const MC_DISPLAY_ADAPTER *bed_adapter(void);
/* MiracastIoControl with a good header, from this thread. */
NTSTATUS bed_io_control(McIoctlType type, void *request, UINT bytes, void *out, UINT out_bytes,
                        UINT *ret_bytes);

NTSTATUS bed_query_interface(UINT version, UINT size, VOID *out);

unsigned bed_entries(const char *folder); /* of /proc/self */
