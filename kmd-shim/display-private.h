/* SPDX-License-Identifier: MIT */
/* kmd-shim/display-private.h - what the files of the display path share; nobody else includes it.
 * Threads: lock guards what its comment says. Owner: kmd-shim/display-path.c. */
#pragma once

#include "kmd-shim/abi/ioctl.h"
#include "kmd-shim/capture/capture-share.h"
#include "kmd-shim/display-path.h"
#include "kmd-shim/input/input.h"

struct McDisplayPath {
    McDisplayConfig config;
    McCaptureTap *capture;
    McMessagePort *port;
    gint references; /* atomic: of the interface */
    char target[80]; /* McDisplayConfig.capture */

    GMutex lock;                        /* guards all below */
    DXGK_MIRACAST_DISPLAY_CALLBACKS os; /* while there is a context; changes without a thread */
    bool context;
    bool streaming;                            /* TARGET_MODES came: capture has a rate */
    bool connected;                            /* a monitor is there */
    bool departed, sink_paused;                /* either keeps the capture paused */
    D3DKMDT_VIDEO_OUTPUT_TECHNOLOGY connector; /* the last one reported, also when it has gone */
    char name[64];
    uint8_t edid[MC_EDID_MAX_BYTES];
    size_t edid_bytes;
    uint32_t refresh_mhz; /* of the mode in use */
    McInput *input;       /* from the first event on */
    bool input_refused;   /* it could not be opened: said once */
};

/* DxgkDdiMiracastIoControl without its contexts: checks every size before anything is read. */
NTSTATUS mc_display_io_control(McDisplayPath *self, const void *input, ULONG input_bytes,
                               void *output, ULONG output_bytes, ULONG *ret_bytes);
/* ---- display-input.c ---- */
NTSTATUS mc_display_input(McDisplayPath *self, const McIoctlInputEvent *event);
/* Says that the monitor has gone, if it was there. */
void mc_display_monitor_gone(McDisplayPath *self);
