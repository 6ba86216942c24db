/* SPDX-License-Identifier: MIT */
/* The user-mode driver's I/O controls: the sink's monitor and modes, its input, frames given back.
 */
#include "kmd-shim/display-private.h"

#include <string.h>

#include "kmd-shim/edid.h"

#define MIN_REFRESH_MHZ 23900u /* C-69 */
#define MAX_REFRESH_MHZ 240000u

typedef struct {
    const uint8_t *input;
    size_t input_bytes;
    void *output;
    size_t output_bytes;
    ULONG *ret_bytes;
} Request;

/* ---- monitor ---- */

void mc_display_path_child_status(McDisplayPath *self, DXGK_CHILD_STATUS *ret)
{
    *ret = (DXGK_CHILD_STATUS){.Type = StatusMiracastConnection, .ChildUid = MC_DISPLAY_TARGET_ID};
    g_mutex_lock(&self->lock);
    ret->Miracast.Connected = self->connected;
    ret->Miracast.MiracastMonitorType = self->connector;
    g_mutex_unlock(&self->lock);
}

static void indicate(McDisplayPath *self)
{
    DXGK_CHILD_STATUS status;

    mc_display_path_child_status(self, &status);
    if (self->config.indicate_child_status)
        self->config.indicate_child_status(&status, self->config.user_data);
}

size_t mc_display_path_edid(McDisplayPath *self, uint8_t *buffer, size_t size)
{
    size_t bytes = 0;

    g_mutex_lock(&self->lock);
    if (self->connected && size >= self->edid_bytes) {
        bytes = self->edid_bytes;
        memcpy(buffer, self->edid, bytes);
    }
    g_mutex_unlock(&self->lock);
    return bytes;
}

void mc_display_monitor_gone(McDisplayPath *self)
{
    bool was;

    g_mutex_lock(&self->lock);
    was = self->connected;
    self->connected = false;
    self->edid_bytes = 0;
    g_mutex_unlock(&self->lock);
    if (was)
        indicate(self);
}

/* Known numbers of D3DKMDT_VOT_*; a sink may tell any. */
static D3DKMDT_VIDEO_OUTPUT_TECHNOLOGY known_connector(int32_t connector)
{
    return connector >= 0 && connector <= 16 && connector != 7 ? connector : D3DKMDT_VOT_MIRACAST;
}

static void keep_edid(McDisplayPath *self, const uint8_t *edid, size_t bytes)
{
    uint32_t width_px, height_px;

    if (bytes && mc_edid_validate(edid, bytes)) {
        memcpy(self->edid, edid, bytes);
        self->edid_bytes = bytes;
        return;
    }
    mc_capture_tap_size(self->capture, &width_px, &height_px);
    mc_edid_make(self->edid, self->name, width_px, height_px, self->refresh_mhz);
    self->edid_bytes = MC_EDID_BLOCK_BYTES;
}

/* What is new of the two reasons for a pause. */
static void update_pause(McDisplayPath *self, bool *reason, bool is_so)
{
    g_mutex_lock(&self->lock);
    *reason = is_so;
    const bool paused = self->departed || self->sink_paused;
    g_mutex_unlock(&self->lock);
    mc_capture_tap_pause(self->capture, paused);
}

static NTSTATUS monitor_arrive(McDisplayPath *self, const Request *request)
{
    McIoctlMonitorArrive head;

    memcpy(&head, request->input, sizeof(head));
    if (head.edid_bytes > MC_EDID_MAX_BYTES || head.edid_bytes % MC_EDID_BLOCK_BYTES)
        return STATUS_INVALID_PARAMETER;
    if (request->input_bytes != sizeof(head) + head.edid_bytes)
        return STATUS_INVALID_BUFFER_SIZE;
    g_mutex_lock(&self->lock);
    head.name[sizeof(head.name) - 1] = '\0';
    g_strlcpy(self->name, head.name, sizeof(self->name));
    keep_edid(self, request->input + sizeof(head), head.edid_bytes);
    self->connector = known_connector(head.connector);
    self->connected = true;
    g_mutex_unlock(&self->lock);
    update_pause(self, &self->departed, false);
    indicate(self);
    return STATUS_SUCCESS;
}

static NTSTATUS monitor_depart(McDisplayPath *self, const Request *request)
{
    update_pause(self, &self->departed, true);
    mc_display_monitor_gone(self);
    return STATUS_SUCCESS;
}

static NTSTATUS pause_capture(McDisplayPath *self, const Request *request)
{
    McIoctlPause pause;

    memcpy(&pause, request->input, sizeof(pause));
    if (pause.paused > 1 || pause.reserved)
        return STATUS_INVALID_PARAMETER;
    update_pause(self, &self->sink_paused, pause.paused);
    return STATUS_SUCCESS;
}

static bool is_mode(const McTargetMode *mode)
{
    return mode->width_px >= MC_CAPTURE_MIN_PX && mode->width_px <= MC_CAPTURE_MAX_PX &&
           mode->height_px >= MC_CAPTURE_MIN_PX && mode->height_px <= MC_CAPTURE_MAX_PX &&
           mode->refresh_mhz >= MIN_REFRESH_MHZ && mode->refresh_mhz <= MAX_REFRESH_MHZ;
}

static NTSTATUS target_modes(McDisplayPath *self, const Request *request)
{
    McIoctlTargetModes head;
    McTargetMode mode, current = {0};

    memcpy(&head, request->input, sizeof(head));
    if (!head.count || head.count > MC_TARGET_MODES_MAX || head.current >= head.count)
        return STATUS_INVALID_PARAMETER;
    if (request->input_bytes != sizeof(head) + head.count * sizeof(mode))
        return STATUS_INVALID_BUFFER_SIZE;
    for (uint32_t i = 0; i < head.count; i++) {
        memcpy(&mode, request->input + sizeof(head) + i * sizeof(mode), sizeof(mode));
        if (!is_mode(&mode))
            return STATUS_INVALID_PARAMETER;
        if (i == head.current)
            current = mode;
    }
    g_mutex_lock(&self->lock);
    self->refresh_mhz = current.refresh_mhz;
    self->streaming = true;
    g_mutex_unlock(&self->lock);
    return mc_capture_tap_start(self->capture, current.refresh_mhz) ? STATUS_SUCCESS
                                                                    : STATUS_INSUFFICIENT_RESOURCES;
}

/* ---- frames, input, questions ---- */

static NTSTATUS input_event(McDisplayPath *self, const Request *request)
{
    McIoctlInputEvent event;

    memcpy(&event, request->input, sizeof(event));
    if (event.kind < MC_INPUT_POINTER_MOVE || event.kind > MC_INPUT_HID || event.pressed > 1 ||
        (event.kind != MC_INPUT_HID && event.hid_bytes))
        return STATUS_INVALID_PARAMETER;
    if (request->input_bytes - sizeof(event) != event.hid_bytes)
        return STATUS_INVALID_BUFFER_SIZE;
    return mc_display_input(self, &event);
}

static NTSTATUS frame_release(McDisplayPath *self, const Request *request)
{
    McIoctlFrameRelease release;

    memcpy(&release, request->input, sizeof(release));
    if (!release.frame_id)
        return STATUS_INVALID_PARAMETER;
    /* One that is not lent has been taken back before: no harm in its coming late. */
    mc_capture_tap_release(self->capture, release.frame_id);
    return STATUS_SUCCESS;
}

static NTSTATUS query_display(McDisplayPath *self, const Request *request)
{
    McDisplayInfo info = {.size = sizeof(info)};

    if (request->output_bytes < sizeof(info))
        return STATUS_BUFFER_TOO_SMALL;
    mc_capture_tap_size(self->capture, &info.width_px, &info.height_px);
    g_mutex_lock(&self->lock);
    info.refresh_mhz = self->refresh_mhz;
    g_mutex_unlock(&self->lock);
    g_strlcpy(info.capture, mc_capture_tap_kind(self->capture), sizeof(info.capture));
    memcpy(request->output, &info, sizeof(info));
    *request->ret_bytes = sizeof(info);
    return STATUS_SUCCESS;
}

/* ---- all of them ---- */

static const struct {
    size_t min_bytes;
    bool longer; /* more may follow: the handler knows how much */
    NTSTATUS (*handle)(McDisplayPath *self, const Request *request);
} requests[] = {
    [MC_IOCTL_MONITOR_ARRIVE] = {sizeof(McIoctlMonitorArrive), true, monitor_arrive},
    [MC_IOCTL_MONITOR_DEPART] = {sizeof(McIoctlMonitorDepart), false, monitor_depart},
    [MC_IOCTL_TARGET_MODES] = {sizeof(McIoctlTargetModes), true, target_modes},
    [MC_IOCTL_INPUT_EVENT] = {sizeof(McIoctlInputEvent), true, input_event},
    [MC_IOCTL_FRAME_RELEASE] = {sizeof(McIoctlFrameRelease), false, frame_release},
    [MC_IOCTL_QUERY_DISPLAY] = {sizeof(McIoctlQueryDisplay), false, query_display},
    [MC_IOCTL_PAUSE] = {sizeof(McIoctlPause), false, pause_capture},
};

NTSTATUS mc_display_io_control(McDisplayPath *self, const void *input, ULONG input_bytes,
                               void *output, ULONG output_bytes, ULONG *ret_bytes)
{
    Request request = {input, input_bytes, output, output_bytes, ret_bytes};
    McIoctlHeader header;

    if (input_bytes < sizeof(header))
        return STATUS_INVALID_BUFFER_SIZE;
    memcpy(&header, input, sizeof(header));
    if (header.magic != MC_IOCTL_MAGIC || header.reserved)
        return STATUS_INVALID_PARAMETER;
    if (header.version != MC_IOCTL_VERSION)
        return STATUS_REVISION_MISMATCH;
    if (header.size != input_bytes)
        return STATUS_INVALID_BUFFER_SIZE;
    if (header.type >= G_N_ELEMENTS(requests) || !requests[header.type].handle)
        return STATUS_NOT_SUPPORTED;
    if (input_bytes < requests[header.type].min_bytes ||
        (!requests[header.type].longer && input_bytes != requests[header.type].min_bytes))
        return STATUS_INVALID_BUFFER_SIZE;
    return requests[header.type].handle(self, &request);
}
