/* SPDX-License-Identifier: MIT */
/* kmd-shim/display-path.h - the display miniport: one Miracast target, whose picture is captured
 * from a desktop and handed to the user-mode driver frame by frame.
 * Threads: new and free on one; send_* on any; the interface as kmd-shim/dispmprt.h says; callbacks
 * as noted.
 * Owner: the host, which frees it after the runtime. */
#pragma once

#include <stdbool.h>

#include "kmd-shim/capture/capture-share.h"
#include "kmd-shim/capture/error.h"
#include "kmd-shim/dxgkddi.h"
#include "kmd-shim/message-port.h"

#define MC_DISPLAY_TARGET_ID 1u

typedef struct McDisplayPath McDisplayPath;

typedef struct {
    const char *capture;   /* "test", "x11", "x11:DISPLAY" */
    McCaptureShare *share; /* of that capture, for several display paths; NULL: one of its own */
    bool allow_input;      /* a person agreed that the sink's input moves this desktop */
    uint32_t width_px, height_px, fps; /* where capture can choose; fps until TARGET_MODES */
    /* Capture thread, one at a time. Sets chunk->Status; pPrivateDriverData is a McFrameDesc.
     * DestroyContext joins that thread: no lock may be held there that this one waits for. */
    void (*notify_interrupt)(MIRACAST_ENCODE_CHUNK_COMPLETED *chunk, void *user_data);
    /* Thread of the IoControl, or of DestroyContext. May be NULL, as may the next two. */
    void (*indicate_child_status)(const DXGK_CHILD_STATUS *status, void *user_data);
    void (*notify_dpc)(void *user_data);                    /* after each notify_interrupt */
    void (*on_error)(const GError *error, void *user_data); /* capture thread, at most once */
    void *user_data;
} McDisplayConfig;

/* Opens the desktop at once, so that a wrong one is told early (MC_CAPTURE_ERROR). */
McDisplayPath *mc_display_path_new(const McDisplayConfig *config, GError **error);
/* Ends a context that still is. NULL is fine. */
void mc_display_path_free(McDisplayPath *self);

/* DxgkDdiQueryInterface; every member is set. */
void mc_display_path_query_interface(McDisplayPath *self, DXGK_MIRACAST_DISPLAY_INTERFACE *ret);

/* The rest of the adapter: children, descriptor, path, reset. One at a time, and never beside the
 * interface's functions. */
void mc_display_path_adapter(McDisplayPath *self, MC_DISPLAY_ADAPTER *ret);
/* The path's timing; VSyncFreqDivider is set (C-70). Any thread. */
void mc_display_path_signal_info(McDisplayPath *self, D3DKMDT_VIDEO_SIGNAL_INFO *ret);
/* Integer ratio of both rates, 1..63. */
UINT mc_display_vsync_divider(uint32_t monitor_mhz, uint32_t stream_mhz);

/* What Dxgkrnl would ask through QueryChildStatus and QueryDeviceDescriptor. The monitor's EDID is
 * the sink's, or one of ours where it has none; 0: no monitor, or it does not fit. */
void mc_display_path_child_status(McDisplayPath *self, DXGK_CHILD_STATUS *ret);
size_t mc_display_path_edid(McDisplayPath *self, uint8_t *buffer, size_t size);

/* A queued chunk that nobody will get (McChunkLost): its frame may be drawn over. */
void mc_display_path_chunk_lost(const MIRACAST_CHUNK_INFO *info, const void *priv, UINT bytes,
                                void *display_path);

/* Messages to the user-mode driver. done may be NULL; it comes once for each STATUS_PENDING and not
 * for a failure. STATUS_INVALID_DEVICE_STATE: there is no context. */
NTSTATUS mc_display_path_send_query_status(McDisplayPath *self, McMessageDone done,
                                           void *user_data); /* output: McStatusSnapshot */
NTSTATUS mc_display_path_send_display_mode(McDisplayPath *self, uint32_t width_px,
                                           uint32_t height_px, uint32_t refresh_mhz,
                                           McMessageDone done, void *user_data);
NTSTATUS mc_display_path_send_monitor_power(McDisplayPath *self, bool on, McMessageDone done,
                                            void *user_data);
/* bgra: premultiplied, width_px * height_px * 4 bytes; NULL with shape_id 0. At most
 * MC_CURSOR_MAX_PX a side and MC_MSG_MAX_BYTES in all (kmd-shim/capture/cursor.h makes it so). */
NTSTATUS mc_display_path_send_cursor(McDisplayPath *self, const McMsgCursor *cursor,
                                     const uint8_t *bgra, McMessageDone done, void *user_data);
NTSTATUS mc_display_path_send_encoder_control(McDisplayPath *self, uint32_t flags,
                                              uint32_t bitrate_kbps, McMessageDone done,
                                              void *user_data);
NTSTATUS mc_display_path_send_content_protection(McDisplayPath *self, bool protect,
                                                 uint32_t hdcp_type, McMessageDone done,
                                                 void *user_data);
NTSTATUS mc_display_path_send_audio_format(McDisplayPath *self, bool active, uint32_t rate_hz,
                                           uint32_t channels, uint32_t bits, McMessageDone done,
                                           void *user_data);
NTSTATUS mc_display_path_send_link_control(McDisplayPath *self, McLinkCommand command,
                                           uint32_t argument, McMessageDone done, void *user_data);

/* A person's consent to the sink's input, given and taken back at any time: what is pressed is let
 * go at once, and the driver is told (MC_MSG_INPUT_CONSENT).  Any thread. */
void mc_display_path_allow_input(McDisplayPath *self, bool allowed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McDisplayPath, mc_display_path_free)
