/* SPDX-License-Identifier: MIT */
/* kmd-shim/dispmprt.h - the Miracast part of the display miniport interface, documented names.
 * Threads: CreateContext, DestroyContext and IoControl exclude one another (C-49); callbacks as
 * each type says.
 * Owner: the miniport owns its context, the runtime owns MiracastHandle. */
#pragma once

#include "kmd-shim/abi/miracast-chunk.h"
#include "kmd-shim/abi/ntstatus.h"

#define DXGK_MIRACAST_DISPLAY_INTERFACE_VERSION_1 0x01

typedef struct _IO_STATUS_BLOCK {
    union {
        NTSTATUS Status;
        PVOID Pointer;
    };
    ULONG_PTR Information;
} IO_STATUS_BLOCK, *PIO_STATUS_BLOCK;

typedef VOID (*PINTERFACE_REFERENCE)(PVOID Context);
typedef VOID (*PINTERFACE_DEREFERENCE)(PVOID Context);

typedef struct _DXGK_MIRACAST_CAPS {
    ULONG MaxChunkPrivateDriverDataSize;
    union {
        struct {
            UINT HdcpSupport : 1;
            UINT Reserved : 31;
        };
        UINT Value;
    } Flags;
} DXGK_MIRACAST_CAPS, *PDXGK_MIRACAST_CAPS;

typedef VOID (*DXGKCB_MIRACAST_SEND_MESSAGE_CALLBACK)(PVOID CallbackContext,
                                                      PIO_STATUS_BLOCK pIoStatusBlock);
typedef NTSTATUS (*DXGKCB_MIRACAST_SEND_MESSAGE)(HANDLE MiracastHandle, ULONG InputBufferSize,
                                                 VOID *pInputBuffer, ULONG OutputBufferSize,
                                                 VOID *pOutputBuffer,
                                                 DXGKCB_MIRACAST_SEND_MESSAGE_CALLBACK pCallback,
                                                 PVOID pCallbackContext);
typedef NTSTATUS (*DXGKCB_MIRACAST_REPORT_CHUNK_INFO)(HANDLE MiracastHandle,
                                                      DXGK_MIRACAST_CHUNK_INFO *pChunkInfo,
                                                      PVOID pPrivateDriverData,
                                                      UINT PrivateDataDriverSize);

typedef struct _DXGK_MIRACAST_DISPLAY_CALLBACKS {
    HANDLE MiracastHandle;
    DXGKCB_MIRACAST_SEND_MESSAGE DxgkCbMiracastSendMessage;
    DXGKCB_MIRACAST_REPORT_CHUNK_INFO DxgkCbReportChunkInfo;
} DXGK_MIRACAST_DISPLAY_CALLBACKS, *PDXGK_MIRACAST_DISPLAY_CALLBACKS;

typedef NTSTATUS (*DXGKDDI_MIRACAST_QUERY_CAPS)(PVOID DriverContext, ULONG MiracastCapsSize,
                                                DXGK_MIRACAST_CAPS *MiracastCaps);
typedef NTSTATUS (*DXGKDDI_MIRACAST_CREATE_CONTEXT)(
    PVOID DriverContext, DXGK_MIRACAST_DISPLAY_CALLBACKS *MiracastCallbacks, PVOID *MiracastContext,
    ULONG *TargetId);
typedef VOID (*DXGKDDI_MIRACAST_DESTROY_CONTEXT)(PVOID DriverContext, PVOID MiracastContext);
typedef NTSTATUS (*DXGKDDI_MIRACAST_HANDLE_IO_CONTROL)(PVOID DriverContext, PVOID MiracastContext,
                                                       ULONG InputBufferSize, VOID *pInputBuffer,
                                                       ULONG OutputBufferSize, VOID *pOutputBuffer,
                                                       ULONG *BytesReturned);

typedef struct _DXGK_MIRACAST_INTERFACE {
    USHORT Size;
    USHORT Version;
    PVOID Context;
    PINTERFACE_REFERENCE InterfaceReference;
    PINTERFACE_DEREFERENCE InterfaceDereference;
    DXGKDDI_MIRACAST_QUERY_CAPS DxgkDdiMiracastQueryCaps;
    DXGKDDI_MIRACAST_CREATE_CONTEXT DxgkDdiMiracastCreateContext;
    DXGKDDI_MIRACAST_HANDLE_IO_CONTROL DxgkDdiMiracastIoControl;
    DXGKDDI_MIRACAST_DESTROY_CONTEXT DxgkDdiMiracastDestroyContext;
} DXGK_MIRACAST_DISPLAY_INTERFACE, *PDXGK_MIRACAST_DISPLAY_INTERFACE;

#define DXGK_INTERRUPT_MICACAST_CHUNK_PROCESSING_COMPLETE 8
#define DXGK_MIRACAST_CHUNK_TYPE_UNKNOWN MIRACAST_CHUNK_TYPE_UNKNOWN
#define DXGK_MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE
#define DXGK_MIRACAST_CHUNK_TYPE_ENCODE_COMPLETE MIRACAST_CHUNK_TYPE_ENCODE_COMPLETE
#define DXGK_MIRACAST_CHUNK_TYPE_FRAME_START MIRACAST_CHUNK_TYPE_FRAME_START
#define DXGK_MIRACAST_CHUNK_TYPE_FRAME_DROPPED MIRACAST_CHUNK_TYPE_FRAME_DROPPED
#define DXGK_MIRACAST_CHUNK_TYPE_ENCODE_DRIVER_DEFINED_1 MIRACAST_CHUNK_TYPE_ENCODE_DRIVER_DEFINED_1
#define DXGK_MIRACAST_CHUNK_TYPE_ENCODE_DRIVER_DEFINED_2 MIRACAST_CHUNK_TYPE_ENCODE_DRIVER_DEFINED_2
typedef UINT D3DDDI_VIDEO_PRESENT_TARGET_ID;
typedef struct { /* DXGKARGCB_NOTIFY_INTERRUPT_DATA.MiracastEncodeChunkCompleted */
    D3DDDI_VIDEO_PRESENT_TARGET_ID VidPnTargetId;
    DXGK_MIRACAST_CHUNK_INFO ChunkInfo;
    PVOID pPrivateDriverData;
    UINT PrivateDataDriverSize;
    NTSTATUS Status;               /* out */
} MIRACAST_ENCODE_CHUNK_COMPLETED; /* our name: the Windows type is anonymous */

typedef LONG D3DKMDT_VIDEO_OUTPUT_TECHNOLOGY;
#define D3DKMDT_VOT_UNINITIALIZED (-2)
#define D3DKMDT_VOT_OTHER (-1)
#define D3DKMDT_VOT_HD15 0
#define D3DKMDT_VOT_SVIDEO 1
#define D3DKMDT_VOT_COMPOSITE_VIDEO 2
#define D3DKMDT_VOT_COMPONENT_VIDEO 3
#define D3DKMDT_VOT_DVI 4
#define D3DKMDT_VOT_HDMI 5
#define D3DKMDT_VOT_LVDS 6
#define D3DKMDT_VOT_D_JPN 8
#define D3DKMDT_VOT_SDI 9
#define D3DKMDT_VOT_DISPLAYPORT_EXTERNAL 10
#define D3DKMDT_VOT_DISPLAYPORT_EMBEDDED 11
#define D3DKMDT_VOT_UDI_EXTERNAL 12
#define D3DKMDT_VOT_UDI_EMBEDDED 13
#define D3DKMDT_VOT_SDTVDONGLE 14
#define D3DKMDT_VOT_MIRACAST 15
#define D3DKMDT_VOT_INDIRECT_WIRED 16
#define D3DKMDT_VOT_INTERNAL ((D3DKMDT_VIDEO_OUTPUT_TECHNOLOGY) 0x80000000u)
typedef enum {
    StatusUninitialized,
    StatusConnection,
    StatusRotation,
    StatusMiracastConnection
} DXGK_CHILD_STATUS_TYPE;
typedef struct _DXGK_CHILD_STATUS {
    DXGK_CHILD_STATUS_TYPE Type;
    ULONG ChildUid;
    union {
        struct {
            BOOLEAN Connected;
        } HotPlug;
        struct {
            UCHAR Angle;
        } Rotation;
        struct {
            BOOLEAN Connected;
            D3DKMDT_VIDEO_OUTPUT_TECHNOLOGY MiracastMonitorType;
        } Miracast;
    };
} DXGK_CHILD_STATUS, *PDXGK_CHILD_STATUS;

/* ---------- d3dkmthk.h ---------- */
typedef enum {
    MiracastStopped = 0,
    MiracastStartPending = 1,
    MiracastStarted = 2,
    MiracastStopPending = 3
} D3DKMT_MIRACAST_DISPLAY_DEVICE_STATE;
typedef struct _D3DKMT_MIRACAST_DISPLAY_DEVICE_STATUS {
    D3DKMT_MIRACAST_DISPLAY_DEVICE_STATE State;
} D3DKMT_MIRACAST_DISPLAY_DEVICE_STATUS;
typedef struct _D3DKMT_MIRACAST_DISPLAY_DEVICE_CAPS {
    BOOLEAN HdcpSupported;
    ULONG DefaultControlPort;
    BOOLEAN UsesIhvSolution;
} D3DKMT_MIRACAST_DISPLAY_DEVICE_CAPS;
typedef struct {
    ULONG LowPart;
    LONG HighPart;
} LUID;
typedef struct _D3DKMT_MIRACAST_DISPLAY_STOP_SESSIONS {
    LUID AdapterLuid;
    D3DDDI_VIDEO_PRESENT_TARGET_ID TargetId;
    UINT StopReason;
} D3DKMT_MIRACAST_DISPLAY_STOP_SESSIONS;
typedef UINT D3DKMT_MIRACAST_DEVICE_STATUS; /* high bit: failure */
#define D3DKMT_MIRACAST_DEVICE_STATUS_SUCCESS 0u
#define D3DKMT_MIRACAST_DEVICE_STATUS_SUCCESS_NO_MONITOR 1u
#define D3DKMT_MIRACAST_DEVICE_STATUS_PENDING 2u
#define D3DKMT_MIRACAST_DEVICE_STATUS_UNKOWN_ERROR 0x80000001u
#define D3DKMT_MIRACAST_DEVICE_STATUS_GPU_RESOURCE_IN_USE 0x80000002u
#define D3DKMT_MIRACAST_DEVICE_STATUS_DEVICE_ERROR 0x80000003u
#define D3DKMT_MIRACAST_DEVICE_STATUS_UNKOWN_PAIRING 0x80000004u
#define D3DKMT_MIRACAST_DEVICE_STATUS_REMOTE_SESSION 0x80000005u
#define D3DKMT_MIRACAST_DEVICE_STATUS_DEVICE_NOT_FOUND 0x80000006u
#define D3DKMT_MIRACAST_DEVICE_STATUS_DEVICE_NOT_STARTED 0x80000007u
#define D3DKMT_MIRACAST_DEVICE_STATUS_INVALID_PARAMETER 0x80000008u
#define D3DKMT_MIRACAST_DEVICE_STATUS_INSUFFICIENT_BANDWIDTH 0x80000009u
#define D3DKMT_MIRACAST_DEVICE_STATUS_INSUFFICIENT_MEMORY 0x8000000Au
#define D3DKMT_MIRACAST_DEVICE_STATUS_CANCELLED 0x8000000Bu
typedef enum {
    D3DKMT_MIRACAST_DRIVER_NOT_SUPPORTED = 0,
    D3DKMT_MIRACAST_DRIVER_IHV = 1,
    D3DKMT_MIRACAST_DRIVER_MS = 2
} D3DKMT_MIRACAST_DRIVER_TYPE;
typedef struct {
    D3DKMT_MIRACAST_DRIVER_TYPE MiracastDriverType;
} D3DKMT_QUERY_MIRACAST_DRIVER_TYPE;
typedef struct {
    WCHAR MiracastCompanionDriverName[MAX_PATH];
} D3DKMT_MIRACASTCOMPANIONDRIVERNAME;

typedef struct {
    DXGK_MIRACAST_CHUNK_INFO ChunkInfo;
    UINT PrivateDriverDataSize;
    BYTE PrivateDriverData[1];
} D3DKMT_MIRACAST_CHUNK_DATA;

_Static_assert(sizeof(DXGK_MIRACAST_DISPLAY_INTERFACE) == 64, "");
_Static_assert(sizeof(DXGK_MIRACAST_CAPS) == 8 && sizeof(DXGK_MIRACAST_DISPLAY_CALLBACKS) == 24,
               "");
_Static_assert(sizeof(MIRACAST_ENCODE_CHUNK_COMPLETED) == 48 && sizeof(DXGK_CHILD_STATUS) == 16,
               "");
_Static_assert(sizeof(D3DKMT_MIRACAST_DISPLAY_DEVICE_CAPS) == 12 && sizeof(IO_STATUS_BLOCK) == 16,
               "");
