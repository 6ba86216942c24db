/* SPDX-License-Identifier: MIT */
/* The adapter behind the miniport: what the operating system asks when it starts, when a session
 * has started, and after a time-out (C-52..C-56, C-109, C-110, C-112). */
#include "host/runtime-private.h"

#define MAX_CHILDREN 8

static bool refuse(GError **error, const char *why)
{
    g_set_error_literal(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_KMD_CREATE, why);
    return false;
}

/* NULL: they are as they must be. */
static const char *judge_children(McRuntime *self, const DXGK_CHILD_DESCRIPTOR *children)
{
    unsigned targets = 0;

    for (unsigned i = 0; children[i].ChildDeviceType != TypeUninitialized; i++) {
        const DXGK_CHILD_CAPABILITIES *caps = &children[i].ChildCapabilities;
        if (caps->VideoOutput.InterfaceTechnology != D3DKMDT_VOT_MIRACAST)
            continue;
        if (caps->HpdAwareness != HpdAwarenessInterruptible)
            return "the Miracast target would have to be polled";
        self->target_id = children[i].ChildUid;
        targets++;
    }
    if (targets > 1)
        return "the display path has more than one Miracast target";
    return targets ? NULL : "the display path has no Miracast target";
}

static bool query_children(McRuntime *self, GError **error)
{
    const MC_DISPLAY_ADAPTER *adapter = &self->adapter;
    DXGK_CHILD_DESCRIPTOR children[MAX_CHILDREN + 1] = {0};

    NTSTATUS status = adapter->DxgkDdiQueryChildRelations(
        adapter->Context, children,
        MAX_CHILDREN * sizeof(*children)); /* the last one stays empty */
    if (!NT_SUCCESS(status))
        return refuse(error, "the display path does not tell its targets");
    const char *why = judge_children(self, children);
    return why ? refuse(error, why) : true;
}

/* Without a query, or after a refused one, there is no Miracast. */
bool mc_runtime_adapter_start(McRuntime *self, GError **error)
{
    const GUID miracast = GUID_DEVINTERFACE_MIRACAST_DISPLAY;
    QUERY_INTERFACE query = {.InterfaceType = &miracast,
                             .Size = sizeof(self->kmd),
                             .Version = DXGK_MIRACAST_DISPLAY_INTERFACE_VERSION_1,
                             .Interface = &self->kmd};

    if (!self->adapter.DxgkDdiQueryInterface)
        return true; /* the caller gave the interface alone */
    NTSTATUS status = self->adapter.DxgkDdiQueryInterface(self->adapter.Context, &query);
    if (!NT_SUCCESS(status) || self->kmd.Size > query.Size)
        return refuse(error, "the display path has no Miracast interface");
    return query_children(self, error);
}

bool mc_runtime_target(McRuntime *self, McRuntimeTarget *ret)
{
    DXGK_CHILD_STATUS status = {.Type = StatusMiracastConnection, .ChildUid = self->target_id};

    *ret = (McRuntimeTarget){.base = D3DKMDT_VOT_MIRACAST, .path = D3DKMDT_VOT_MIRACAST};
    if (!self->adapter.DxgkDdiQueryChildStatus)
        return false;
    g_mutex_lock(&self->kmd_lock);
    NTSTATUS result = self->adapter.DxgkDdiQueryChildStatus(self->adapter.Context, &status, TRUE);
    g_mutex_unlock(&self->kmd_lock);
    if (!NT_SUCCESS(result) || status.Type != StatusMiracastConnection)
        return false;
    ret->path = status.Miracast.MiracastMonitorType;
    ret->active = status.Miracast.Connected;
    return true;
}

/* kmd_lock keeps every other function of the miniport out meanwhile. What was queued is lost, which
 * the driver is told as STATUS_CONNECTION_RESET. */
bool mc_runtime_reset_display(McRuntime *self)
{
    const MC_DISPLAY_ADAPTER *adapter = &self->adapter;

    if (!adapter->DxgkDdiResetFromTimeout || !adapter->DxgkDdiRestartFromTimeout)
        return false;
    g_mutex_lock(&self->kmd_lock);
    NTSTATUS status = adapter->DxgkDdiResetFromTimeout(adapter->Context);
    McChunkQueue *chunks = mc_runtime_take_chunks(self);
    if (chunks) {
        mc_chunk_queue_reset(chunks);
        mc_runtime_give_chunks(self);
    }
    if (NT_SUCCESS(status))
        status = adapter->DxgkDdiRestartFromTimeout(adapter->Context);
    g_mutex_unlock(&self->kmd_lock);
    return NT_SUCCESS(status);
}

NTSTATUS mc_runtime_commit_vidpn(McRuntime *self, const MC_COMMITVIDPN *commit)
{
    if (!self->adapter.DxgkDdiCommitVidPn)
        return STATUS_NOT_SUPPORTED;
    if (commit->Stereo || (commit->RefreshMilliHertz && commit->RefreshMilliHertz < 23900))
        return STATUS_GRAPHICS_INVALID_VIDPN_TOPOLOGY; /* C-69, C-71: not even asked */
    g_mutex_lock(&self->kmd_lock);
    NTSTATUS status = self->adapter.DxgkDdiCommitVidPn(self->adapter.Context, commit);
    g_mutex_unlock(&self->kmd_lock);
    return status;
}
