/* SPDX-License-Identifier: MIT */
#include "kmd-shim/display-path.h"

#include <string.h>

#include "kmd-shim/display-private.h"

#define DEFAULT_FPS 60

/* ---- from the capture thread ---- */

static void report_chunk(McDisplayPath *self, MIRACAST_CHUNK_TYPE type, uint64_t number)
{
    DXGK_MIRACAST_CHUNK_INFO info = {.ChunkType = type, .ChunkId.FrameNumber = number};

    if (self->os.DxgkCbReportChunkInfo)
        self->os.DxgkCbReportChunkInfo(self->os.MiracastHandle, &info, NULL, 0);
}

static void frame_started(uint64_t number, void *user_data)
{
    report_chunk(user_data, MIRACAST_CHUNK_TYPE_FRAME_START, number);
}

static void frame_dropped(uint64_t number, void *user_data)
{
    report_chunk(user_data, MIRACAST_CHUNK_TYPE_FRAME_DROPPED, number);
}

static NTSTATUS frame_ready(const McFrameDesc *desc, uint64_t number, void *user_data)
{
    McDisplayPath *self = user_data;
    MIRACAST_ENCODE_CHUNK_COMPLETED chunk = {
        .VidPnTargetId = MC_DISPLAY_TARGET_ID,
        .ChunkInfo = {.ChunkType = MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE,
                      .ChunkId.FrameNumber = number,
                      .ProcessingTime = desc->capture_us},
        .pPrivateDriverData = (void *) desc,
        .PrivateDataDriverSize = sizeof(*desc),
        .Status = STATUS_UNSUCCESSFUL, /* nobody took it, unless it is said */
    };

    self->config.notify_interrupt(&chunk, self->config.user_data);
    if (self->config.notify_dpc)
        self->config.notify_dpc(self->config.user_data);
    return chunk.Status;
}

static void cursor_changed(const McCursor *cursor, void *user_data)
{
    McMsgCursor message = {.x_px = cursor->x_px,
                           .y_px = cursor->y_px,
                           .visible = cursor->visible,
                           .shape_id = cursor->shape_id,
                           .width_px = cursor->width_px,
                           .height_px = cursor->height_px,
                           .hot_x_px = cursor->hot_x_px,
                           .hot_y_px = cursor->hot_y_px};

    mc_display_path_send_cursor(user_data, &message, cursor->bgra, NULL, NULL);
}

static void desktop_resized(uint32_t width_px, uint32_t height_px, void *user_data)
{
    McDisplayPath *self = user_data;
    uint32_t refresh_mhz;

    g_mutex_lock(&self->lock);
    refresh_mhz = self->refresh_mhz;
    g_mutex_unlock(&self->lock);
    mc_display_path_send_display_mode(self, width_px, height_px, refresh_mhz, NULL, NULL);
}

static void capture_failed(const GError *error, void *user_data)
{
    McDisplayPath *self = user_data;

    if (self->config.on_error)
        self->config.on_error(error, self->config.user_data);
}

/* ---- life ---- */

McDisplayPath *mc_display_path_new(const McDisplayConfig *config, GError **error)
{
    g_autoptr(McDisplayPath) self = g_new0(McDisplayPath, 1);
    McCaptureTapEvents events = {.started = frame_started,
                                 .dropped = frame_dropped,
                                 .deliver = frame_ready,
                                 .cursor = cursor_changed,
                                 .resized = desktop_resized,
                                 .failed = capture_failed,
                                 .user_data = self};

    self->config = *config;
    self->config.capture = NULL; /* the caller's memory */
    self->config.share = NULL;   /* the tap refers to it */
    g_strlcpy(self->target, config->capture, sizeof(self->target));
    self->connector = D3DKMDT_VOT_MIRACAST;
    self->refresh_mhz = (config->fps ? config->fps : DEFAULT_FPS) * 1000;
    g_mutex_init(&self->lock);
    self->port = mc_message_port_new();
    g_autoptr(McCaptureShare) share =
        config->share ? mc_capture_share_ref(config->share)
                      : mc_capture_share_new(&(McCaptureConfig){.capture = config->capture,
                                                                .width_px = config->width_px,
                                                                .height_px = config->height_px,
                                                                .input = config->allow_input},
                                             error);
    if (!share)
        return NULL;
    self->capture = mc_capture_tap_new(share, &events);
    return g_steal_pointer(&self);
}

static void end_context(McDisplayPath *self)
{
    /* First no more frames, so that none is sent for a target that has gone (2.3). */
    mc_capture_tap_stop(self->capture);
    mc_message_port_detach(self->port);
    g_mutex_lock(&self->lock);
    self->context = self->streaming = self->departed = self->sink_paused = false;
    g_clear_pointer(&self->input, mc_input_free); /* nothing stays pressed */
    self->input_refused = false;
    memset(&self->os, 0, sizeof(self->os));
    g_mutex_unlock(&self->lock);
    mc_display_monitor_gone(self);
}

void mc_display_path_free(McDisplayPath *self)
{
    if (!self)
        return;
    if (self->context)
        end_context(self);
    mc_capture_tap_free(self->capture);
    mc_message_port_free(self->port);
    g_mutex_clear(&self->lock);
    g_free(self);
}

void mc_display_path_chunk_lost(const MIRACAST_CHUNK_INFO *info, const void *priv, UINT bytes,
                                void *display_path)
{
    McDisplayPath *self = display_path;
    McFrameDesc desc;

    if (info->ChunkType != MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE || bytes < sizeof(desc))
        return;
    memcpy(&desc, priv, sizeof(desc));
    if (mc_capture_tap_release(self->capture, desc.frame_id))
        frame_dropped(info->ChunkId.FrameNumber, self); /* its start was reported (C-81) */
}

/* ---- the interface's functions ---- */

static VOID reference(PVOID context)
{
    g_atomic_int_inc(&((McDisplayPath *) context)->references);
}

static VOID dereference(PVOID context)
{
    (void) g_atomic_int_dec_and_test(&((McDisplayPath *) context)->references);
}

static NTSTATUS query_caps(PVOID driver_context, ULONG caps_bytes, DXGK_MIRACAST_CAPS *caps)
{
    if (!caps)
        return STATUS_INVALID_PARAMETER;
    if (caps_bytes < sizeof(*caps))
        return STATUS_BUFFER_TOO_SMALL;
    *caps = (DXGK_MIRACAST_CAPS){.MaxChunkPrivateDriverDataSize = sizeof(McFrameDesc)};
    return STATUS_SUCCESS;
}

static NTSTATUS create_context(PVOID driver_context, DXGK_MIRACAST_DISPLAY_CALLBACKS *callbacks,
                               PVOID *ret_context, ULONG *ret_target_id)
{
    McDisplayPath *self = driver_context;
    NTSTATUS status = STATUS_SUCCESS;

    if (!self || !callbacks || !ret_context || !ret_target_id ||
        !callbacks->DxgkCbMiracastSendMessage || !callbacks->DxgkCbReportChunkInfo)
        return STATUS_INVALID_PARAMETER;
    g_mutex_lock(&self->lock);
    if (self->context) {
        status = STATUS_RESOURCE_IN_USE;
    } else {
        self->context = true;
        self->os = *callbacks;
    }
    g_mutex_unlock(&self->lock);
    if (!NT_SUCCESS(status))
        return status;
    mc_capture_tap_renumber(self->capture);
    mc_message_port_attach(self->port, callbacks);
    *ret_context = self;
    *ret_target_id = MC_DISPLAY_TARGET_ID;
    return STATUS_SUCCESS;
}

static VOID destroy_context(PVOID driver_context, PVOID miracast_context)
{
    McDisplayPath *self = driver_context;

    if (self && miracast_context == self && self->context)
        end_context(self);
}

static NTSTATUS io_control(PVOID driver_context, PVOID miracast_context, ULONG input_bytes,
                           VOID *input, ULONG output_bytes, VOID *output, ULONG *ret_bytes)
{
    McDisplayPath *self = driver_context;
    ULONG ignored;

    if (!ret_bytes)
        ret_bytes = &ignored;
    *ret_bytes = 0;
    if (!self || miracast_context != self || (input_bytes && !input) || (output_bytes && !output))
        return STATUS_INVALID_PARAMETER;
    if (!self->context)
        return STATUS_INVALID_DEVICE_STATE;
    return mc_display_io_control(self, input, input_bytes, output, output_bytes, ret_bytes);
}

void mc_display_path_query_interface(McDisplayPath *self, DXGK_MIRACAST_DISPLAY_INTERFACE *ret)
{
    *ret = (DXGK_MIRACAST_DISPLAY_INTERFACE){.Size = sizeof(*ret),
                                             .Version = DXGK_MIRACAST_DISPLAY_INTERFACE_VERSION_1,
                                             .Context = self,
                                             .InterfaceReference = reference,
                                             .InterfaceDereference = dereference,
                                             .DxgkDdiMiracastQueryCaps = query_caps,
                                             .DxgkDdiMiracastCreateContext = create_context,
                                             .DxgkDdiMiracastIoControl = io_control,
                                             .DxgkDdiMiracastDestroyContext = destroy_context};
}
