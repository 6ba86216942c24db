/* SPDX-License-Identifier: MIT */
/* kmd-shim/dxgkddi.h - what of the general display miniport interface a Miracast target lives by:
 * its children, their monitors, the path's mode and power, the reset after a time-out. Documented
 * names; what Windows passes by kernel objects that do not exist here (a VidPN) is ours and says
 * so.
 * Threads: one at a time, and never beside the functions of kmd-shim/dispmprt.h (C-49, C-110).
 * Owner: plain declarations. */
#pragma once

#include "kmd-shim/dispmprt.h"

typedef struct _GUID {
    UINT Data1;
    USHORT Data2, Data3;
    UCHAR Data4[8];
} GUID;

/* {af03f190-22af-48cb-94bb-b78e76a25107} */
#define GUID_DEVINTERFACE_MIRACAST_DISPLAY                                                         \
    ((GUID){0xaf03f190, 0x22af, 0x48cb, {0x94, 0xbb, 0xb7, 0x8e, 0x76, 0xa2, 0x51, 0x07}})

typedef struct _QUERY_INTERFACE {
    const GUID *InterfaceType;
    USHORT Size, Version;
    PVOID Interface; /* out: DXGK_MIRACAST_DISPLAY_INTERFACE */
    PVOID InterfaceSpecificData;
} QUERY_INTERFACE, *PQUERY_INTERFACE;

/* ---- children ---- */

typedef enum {
    TypeUninitialized,
    TypeVideoOutput,
    TypeOther,
    TypeIntegratedDisplay
} DXGK_CHILD_DEVICE_TYPE;
typedef enum {
    HpdAwarenessUninitialized = 0,
    HpdAwarenessAlwaysConnected = 1,
    HpdAwarenessNone = 2,
    HpdAwarenessPolled = 3,
    HpdAwarenessInterruptible = 4,
} DXGK_CHILD_DEVICE_HPD_AWARENESS;

typedef struct _DXGK_CHILD_CAPABILITIES {
    struct {
        D3DKMDT_VIDEO_OUTPUT_TECHNOLOGY InterfaceTechnology;
        UINT MonitorOrientationAwareness;
        BOOLEAN SupportsSdtvModes;
    } VideoOutput;
    DXGK_CHILD_DEVICE_HPD_AWARENESS HpdAwareness;
} DXGK_CHILD_CAPABILITIES;

typedef struct _DXGK_CHILD_DESCRIPTOR { /* a list ends with TypeUninitialized */
    DXGK_CHILD_DEVICE_TYPE ChildDeviceType;
    DXGK_CHILD_CAPABILITIES ChildCapabilities;
    ULONG AcpiUid, ChildUid;
} DXGK_CHILD_DESCRIPTOR, *PDXGK_CHILD_DESCRIPTOR;

typedef struct _DXGK_DEVICE_DESCRIPTOR {
    ULONG DescriptorOffset, DescriptorLength;
    PVOID DescriptorBuffer;
} DXGK_DEVICE_DESCRIPTOR, *PDXGK_DEVICE_DESCRIPTOR;

/* ---- the path ---- */

typedef struct _D3DDDI_RATIONAL {
    UINT Numerator, Denominator;
} D3DDDI_RATIONAL;
typedef struct _D3DKMDT_2DREGION {
    UINT cx, cy;
} D3DKMDT_2DREGION;
typedef struct _D3DKMDT_VIDEO_SIGNAL_INFO {
    UINT VideoStandard;
    D3DKMDT_2DREGION TotalSize, ActiveSize;
    D3DDDI_RATIONAL VSyncFreq, HSyncFreq;
    UINT64 PixelRate;
    struct {
        UINT ScanLineOrdering : 3;
        UINT VSyncFreqDivider : 6; /* monitor's rate by the stream's; 0: not Miracast (C-70) */
        UINT Reserved : 23;
    } AdditionalSignalInfo;
} D3DKMDT_VIDEO_SIGNAL_INFO;

typedef union _DXGKARG_COMMITVIDPN_FLAGS {
    struct {
        UINT PathPowerTransition : 1; /* the monitor is being switched off or on */
        UINT PathPoweredOff : 1;      /* it is off, also during a change of mode */
        UINT Reserved : 30;
    };
    UINT Value;
} DXGKARG_COMMITVIDPN_FLAGS;

typedef struct { /* ours: DXGKARG_COMMITVIDPN names a VidPN object, of which this is the contents */
    ULONG TargetId;
    UINT Width, Height; /* 0, 0: the mode stays */
    UINT RefreshMilliHertz;
    BOOLEAN Stereo; /* refused (C-71) */
    DXGKARG_COMMITVIDPN_FLAGS Flags;
} MC_COMMITVIDPN;

/* ---- functions ---- */

typedef NTSTATUS (*DXGKDDI_QUERY_INTERFACE)(PVOID Context, PQUERY_INTERFACE QueryInterface);
typedef NTSTATUS (*DXGKDDI_QUERY_CHILD_RELATIONS)(PVOID Context,
                                                  PDXGK_CHILD_DESCRIPTOR ChildRelations,
                                                  ULONG ChildRelationsSize);
typedef NTSTATUS (*DXGKDDI_QUERY_CHILD_STATUS)(PVOID Context, PDXGK_CHILD_STATUS ChildStatus,
                                               BOOLEAN NonDestructiveOnly);
typedef NTSTATUS (*DXGKDDI_QUERY_DEVICE_DESCRIPTOR)(PVOID Context, ULONG ChildUid,
                                                    PDXGK_DEVICE_DESCRIPTOR DeviceDescriptor);
typedef NTSTATUS (*MC_DDI_COMMITVIDPN)(PVOID Context, const MC_COMMITVIDPN *CommitVidPn);
typedef NTSTATUS (*DXGKDDI_RESETFROMTIMEOUT)(PVOID Context);
typedef NTSTATUS (*DXGKDDI_RESTARTFROMTIMEOUT)(PVOID Context);

typedef struct { /* ours: what of DRIVER_INITIALIZATION_DATA is used here */
    PVOID Context;
    DXGKDDI_QUERY_INTERFACE DxgkDdiQueryInterface;
    DXGKDDI_QUERY_CHILD_RELATIONS DxgkDdiQueryChildRelations;
    DXGKDDI_QUERY_CHILD_STATUS DxgkDdiQueryChildStatus;
    DXGKDDI_QUERY_DEVICE_DESCRIPTOR DxgkDdiQueryDeviceDescriptor;
    MC_DDI_COMMITVIDPN DxgkDdiCommitVidPn;
    DXGKDDI_RESETFROMTIMEOUT DxgkDdiResetFromTimeout;
    DXGKDDI_RESTARTFROMTIMEOUT DxgkDdiRestartFromTimeout;
} MC_DISPLAY_ADAPTER;

_Static_assert(sizeof(GUID) == 16 && sizeof(DXGKARG_COMMITVIDPN_FLAGS) == 4, "");
