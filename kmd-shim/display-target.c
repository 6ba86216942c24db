/* SPDX-License-Identifier: MIT */
/* The display path as an adapter with one Miracast target: kmd-shim/dxgkddi.h's functions. */
#include <string.h>

#include "kmd-shim/display-private.h"
#include "kmd-shim/edid.h"

#define MIN_REFRESH_MHZ 23900u /* C-69 */
#define MAX_REFRESH_MHZ 240000u
#define MAX_DIVIDER 63u /* six bits */

/* ---- the adapter's start ---- */

static NTSTATUS query_interface(PVOID context, PQUERY_INTERFACE query)
{
    const GUID wanted = GUID_DEVINTERFACE_MIRACAST_DISPLAY;

    if (!context || !query || !query->InterfaceType || !query->Interface)
        return STATUS_INVALID_PARAMETER;
    if (memcmp(query->InterfaceType, &wanted, sizeof(wanted)) != 0 ||
        query->Version != DXGK_MIRACAST_DISPLAY_INTERFACE_VERSION_1)
        return STATUS_NOT_SUPPORTED;
    if (query->Size < sizeof(DXGK_MIRACAST_DISPLAY_INTERFACE))
        return STATUS_BUFFER_TOO_SMALL;
    mc_display_path_query_interface(context, query->Interface);
    return STATUS_SUCCESS;
}

/* Room for the one child and the empty entry that ends the list. */
static NTSTATUS query_child_relations(PVOID context, PDXGK_CHILD_DESCRIPTOR relations, ULONG bytes)
{
    if (!context || !relations)
        return STATUS_INVALID_PARAMETER;
    if (bytes < 2 * sizeof(*relations))
        return STATUS_BUFFER_TOO_SMALL;
    memset(relations, 0, bytes);
    relations[0].ChildDeviceType = TypeVideoOutput;
    relations[0].ChildCapabilities.VideoOutput.InterfaceTechnology = D3DKMDT_VOT_MIRACAST;
    relations[0].ChildCapabilities.HpdAwareness = HpdAwarenessInterruptible; /* C-56 */
    relations[0].ChildUid = MC_DISPLAY_TARGET_ID;
    return STATUS_SUCCESS;
}

/* ---- the monitor ---- */

static NTSTATUS query_child_status(PVOID context, PDXGK_CHILD_STATUS status, BOOLEAN gentle)
{
    if (!context || !status || status->ChildUid != MC_DISPLAY_TARGET_ID ||
        status->Type != StatusMiracastConnection)
        return STATUS_INVALID_PARAMETER;
    mc_display_path_child_status(context, status);
    return STATUS_SUCCESS;
}

static NTSTATUS copy_edid(McDisplayPath *self, PDXGK_DEVICE_DESCRIPTOR descriptor)
{
    if (!self->connected)
        return STATUS_MONITOR_NO_DESCRIPTOR;
    if (descriptor->DescriptorOffset >= self->edid_bytes)
        return STATUS_MONITOR_NO_MORE_DESCRIPTOR_DATA;
    size_t left = self->edid_bytes - descriptor->DescriptorOffset;
    memcpy(descriptor->DescriptorBuffer, self->edid + descriptor->DescriptorOffset,
           MIN(left, descriptor->DescriptorLength));
    return STATUS_SUCCESS;
}

static NTSTATUS query_device_descriptor(PVOID context, ULONG child,
                                        PDXGK_DEVICE_DESCRIPTOR descriptor)
{
    McDisplayPath *self = context;

    if (!self || !descriptor || !descriptor->DescriptorBuffer)
        return STATUS_INVALID_PARAMETER;
    if (child != MC_DISPLAY_TARGET_ID)
        return STATUS_GRAPHICS_CHILD_DESCRIPTOR_NOT_SUPPORTED;
    g_mutex_lock(&self->lock);
    NTSTATUS status = copy_edid(self, descriptor);
    g_mutex_unlock(&self->lock);
    return status;
}

/* ---- the path ---- */

UINT mc_display_vsync_divider(uint32_t monitor_mhz, uint32_t stream_mhz)
{
    /* Both are told in thousandths, and 59.94 Hz counts as 60. */
    UINT ratio = stream_mhz ? (monitor_mhz + stream_mhz / 2) / stream_mhz : 1;

    return CLAMP(ratio, 1, MAX_DIVIDER);
}

void mc_display_path_signal_info(McDisplayPath *self, D3DKMDT_VIDEO_SIGNAL_INFO *ret)
{
    uint32_t width_px, height_px, monitor_mhz = 0;

    memset(ret, 0, sizeof(*ret));
    mc_capture_tap_size(self->capture, &ret->ActiveSize.cx, &ret->ActiveSize.cy);
    ret->TotalSize = ret->ActiveSize;
    g_mutex_lock(&self->lock);
    ret->VSyncFreq = (D3DDDI_RATIONAL){self->refresh_mhz, 1000};
    if (!self->connected ||
        !mc_edid_preferred(self->edid, self->edid_bytes, &width_px, &height_px, &monitor_mhz))
        monitor_mhz = self->refresh_mhz;
    ret->AdditionalSignalInfo.VSyncFreqDivider =
        mc_display_vsync_divider(monitor_mhz, self->refresh_mhz) & MAX_DIVIDER;
    g_mutex_unlock(&self->lock);
    ret->AdditionalSignalInfo.ScanLineOrdering = 1; /* progressive */
}

static bool is_allowed(const MC_COMMITVIDPN *commit)
{
    bool keeps = !commit->Width && !commit->Height && !commit->RefreshMilliHertz;

    return commit->TargetId == MC_DISPLAY_TARGET_ID && !commit->Stereo && !commit->Flags.Reserved &&
           (keeps || (commit->Width >= MC_CAPTURE_MIN_PX && commit->Width <= MC_CAPTURE_MAX_PX &&
                      commit->Height >= MC_CAPTURE_MIN_PX && commit->Height <= MC_CAPTURE_MAX_PX &&
                      commit->RefreshMilliHertz >= MIN_REFRESH_MHZ &&
                      commit->RefreshMilliHertz <= MAX_REFRESH_MHZ));
}

/* Frames go on being captured while the monitor is off (C-64): the driver drops them. */
static NTSTATUS commit_vidpn(PVOID context, const MC_COMMITVIDPN *commit)
{
    McDisplayPath *self = context;

    if (!self || !commit)
        return STATUS_INVALID_PARAMETER;
    if (!is_allowed(commit))
        return STATUS_GRAPHICS_INVALID_VIDPN_TOPOLOGY;
    if (commit->Width)
        mc_display_path_send_display_mode(self, commit->Width, commit->Height,
                                          commit->RefreshMilliHertz, NULL, NULL);
    if (commit->Flags.PathPowerTransition)
        mc_display_path_send_monitor_power(self, !commit->Flags.PathPoweredOff, NULL, NULL);
    return STATUS_SUCCESS;
}

/* ---- reset ---- */

static NTSTATUS reset_from_timeout(PVOID context)
{
    McDisplayPath *self = context;

    if (!self)
        return STATUS_INVALID_PARAMETER;
    mc_capture_tap_stop(self->capture); /* bounded: HANG_US of capture-thread.c, not 2 s */
    return STATUS_SUCCESS;
}

/* Frame numbers go on; the first picture is a key frame (U39). */
static NTSTATUS restart_from_timeout(PVOID context)
{
    McDisplayPath *self = context;

    if (!self)
        return STATUS_INVALID_PARAMETER;
    g_mutex_lock(&self->lock);
    uint32_t refresh_mhz = self->streaming ? self->refresh_mhz : 0;
    g_mutex_unlock(&self->lock);
    if (refresh_mhz && !mc_capture_tap_start(self->capture, refresh_mhz))
        return STATUS_INSUFFICIENT_RESOURCES;
    return STATUS_SUCCESS;
}

void mc_display_path_adapter(McDisplayPath *self, MC_DISPLAY_ADAPTER *ret)
{
    *ret = (MC_DISPLAY_ADAPTER){.Context = self,
                                .DxgkDdiQueryInterface = query_interface,
                                .DxgkDdiQueryChildRelations = query_child_relations,
                                .DxgkDdiQueryChildStatus = query_child_status,
                                .DxgkDdiQueryDeviceDescriptor = query_device_descriptor,
                                .DxgkDdiCommitVidPn = commit_vidpn,
                                .DxgkDdiResetFromTimeout = reset_from_timeout,
                                .DxgkDdiRestartFromTimeout = restart_from_timeout};
}
