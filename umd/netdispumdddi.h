/* SPDX-License-Identifier: MIT */
/* umd/netdispumdddi.h - the Miracast user-mode driver interface under its documented names.
 * Threads: Create, Destroy, Start and Stop never two at once (C-06); HandleKernelModeMessage on
 * many threads at once (C-27), never beside one of those four (C-28).
 * Owner: the runtime owns the callbacks and the RTSP socket, the driver owns its context. */
#pragma once

#include "kmd-shim/abi/miracast-chunk.h"
#include "kmd-shim/abi/ntstatus.h"

#define MIRACAST_DRIVER_INTERFACE_VERSION_1 0x01
#define MAX_ADDITIONAL_EVENTS 4

typedef UINT MIRACAST_STATUS;
#define MIRACAST_STATUS_CRITICAL_ERROR 0u
#define MIRACAST_STATUS_MISSING_KEEPALIVE 1u
#define MIRACAST_STATUS_SINK_DISOCNNECT_REQUEST 2u
#define MIRACAST_STATUS_INSUFFICIENT_BANDWIDTH 3u
#define MIRACAST_STATUS_SINK_FAILED_STANDARD_MODE_CHANGE 4u
#define MIRACAST_STATUS_COMPANION_DRIVER_DISCONNECT 5u
#define MIRACAST_STATUS_FORCE_UINT32 0xffffffffu

typedef UINT MIRACAST_PROTOCOL_EVENT;
#define MIRACAST_PROTOCOL_EVENT_IFRAME_RQ 0u
#define MIRACAST_PROTOCOL_EVENT_MONITOR_ARRIVE 1u
#define MIRACAST_PROTOCOL_EVENT_MONITOR_DEPART 2u
#define MIRACAST_PROTOCOL_EVENT_SINK_FAILED_PREFERRED_MODE_CHANGE 3u
#define MIRACAST_PROTOCOL_EVENT_FORCE_UINT32 0xffffffffu

typedef UINT MIRACAST_STATISTIC_TYPE;
#define MIRACAST_STATISTIC_TYPE_CHUNK_PROCESSING_COMPLETE 0u
#define MIRACAST_STATISTIC_TYPE_CHUNK_SENT 1u
#define MIRACAST_STATISTIC_TYPE_EVENT 2u
#define MIRACAST_STATISTIC_TYPE_FORCE_UINT32 0xffffffffu

typedef struct {
    MIRACAST_STATISTIC_TYPE StatisticType;
    union {
        struct {
            MIRACAST_CHUNK_INFO ChunkInfo;
        } EncodeComplete;
        struct {
            MIRACAST_CHUNK_ID ChunkId;
        } ChunkSent;
        struct {
            MIRACAST_PROTOCOL_EVENT Event;
        } ProtocolEvent;
    };
} MIRACAST_STATISTIC_DATA;

typedef struct {
    UINT64 EncoderBitRate, CurrentMaxTxDataRate; /* bit/s */
    UINT64 TransmittedFrameCount, FailedFrameCount, RetriedFrameCount, MultipleRetryFrameCount;
} MIRACAST_DATARATE_STATS;

typedef struct {
    UINT64 CurrentBitRate, LocalMaxBitRate, RemoteMaxBitRate; /* bit/s */
} MIRACAST_WFD_CONNECTION_STATS;

typedef union {
    struct {
        UINT MonitorConnected : 1;
        UINT ReducedModeListDueToBandwidth : 1;
        UINT Reserved : 30;
    };
    UINT Value;
} MIRACAST_SESSION_INFO;

typedef VOID(NTAPI *PFN_REPORT_SESSION_STATUS)(HANDLE hMiracastDeviceHandle,
                                               MIRACAST_STATUS MiracastStatus, NTSTATUS Status);
typedef NTSTATUS(NTAPI *PFN_MIRACAST_IO_CONTROL)(HANDLE hMiracastDeviceHandle, BOOL HardwareAccess,
                                                 UINT InputBufferSize, VOID *pInputBuffer,
                                                 UINT OutputBufferSize, VOID *pOutputBuffer,
                                                 UINT *pBytesReturned);
typedef VOID(NTAPI *PFN_REPORT_STATISTIC)(HANDLE hMiracastDeviceHandle,
                                          MIRACAST_STATISTIC_DATA *pStatistics);
typedef NTSTATUS(NTAPI *PFN_GET_NEXT_CHUNK_DATA)(
    HANDLE hMiracastDeviceHandle, UINT TimeoutInMilliseconds, UINT AdditionalWaitEventCount,
    HANDLE *pAdditionalWaitEvents, UINT *pChunkDataBufferSize,
    MIRACAST_CHUNK_DATA *pChunkDataBuffer, UINT *pOutstandingChunksToProcess);
typedef void(NTAPI *PFN_DATARATE_NOTIFICATION)(PVOID context,
                                               MIRACAST_DATARATE_STATS *pDataRateStats);
typedef NTSTATUS(NTAPI *PFN_REGISTER_DATARATE_NOTIFICATIONS)(
    HANDLE hMiracastDeviceHandle, PVOID pNotificationContext,
    PFN_DATARATE_NOTIFICATION pfnDataRateNotify);

typedef struct _MIRACAST_CALLBACKS {
    PFN_REPORT_SESSION_STATUS ReportSessionStatus;
    PFN_MIRACAST_IO_CONTROL MiracastIoControl;
    PFN_REPORT_STATISTIC ReportStatistic;
    PFN_GET_NEXT_CHUNK_DATA GetNextChunkData;
    PFN_REGISTER_DATARATE_NOTIFICATIONS RegisterForDataRateNotifications;
} MIRACAST_CALLBACKS, *PMIRACAST_CALLBACKS;

typedef NTSTATUS(NTAPI *PFN_CREATE_MIRACAST_CONTEXT)(HANDLE hMiracastDeviceHandle,
                                                     MIRACAST_CALLBACKS *pMiracastCallbacks,
                                                     PVOID *ppMiracastContext);
typedef VOID(NTAPI *PFN_DESTROY_MIRACAST_CONTEXT)(PVOID pMiracastContext);
typedef NTSTATUS(NTAPI *PFN_START_MIRACAST_SESSION)(
    PVOID pMiracastContext, SOCKET MiracastRTSPSocket,
    MIRACAST_WFD_CONNECTION_STATS *pWfdConnectionStats, MIRACAST_SESSION_INFO *pSessionInfo);
typedef VOID(NTAPI *PFN_STOP_MIRACAST_SESSION)(PVOID pMiracastContext);
typedef NTSTATUS(NTAPI *PFN_HANDLE_KMD_MESSAGE)(PVOID pMiracastContext, UINT InputBufferSize,
                                                VOID *pInputBuffer, UINT OutputBufferSize,
                                                VOID *pOutputBuffer, UINT *pBytesReturned);

typedef struct _MIRACAST_DRIVER_INTERFACE {
    UINT Size;
    PFN_CREATE_MIRACAST_CONTEXT CreateMiracastContext;
    PFN_DESTROY_MIRACAST_CONTEXT DestroyMiracastContext;
    PFN_START_MIRACAST_SESSION StartMiracastSession;
    PFN_STOP_MIRACAST_SESSION StopMiracastSession;
    PFN_HANDLE_KMD_MESSAGE HandleKernelModeMessage;
} MIRACAST_DRIVER_INTERFACE, *PMIRACAST_DRIVER_INTERFACE;

typedef NTSTATUS(NTAPI *QUERY_MIRACAST_DRIVER_INTERFACE)(UINT MiracastDriverInterfaceVersion,
                                                         UINT MiracastDriverInterfaceSize,
                                                         VOID *pMiracastDriverInterface);
/* exported symbol: "QueryMiracastDriverInterface" */

_Static_assert(sizeof(MIRACAST_STATISTIC_DATA) == 32 &&
                   offsetof(MIRACAST_STATISTIC_DATA, EncodeComplete) == 8,
               "");
_Static_assert(sizeof(MIRACAST_DATARATE_STATS) == 48 && sizeof(MIRACAST_WFD_CONNECTION_STATS) == 24,
               "");
_Static_assert(sizeof(MIRACAST_SESSION_INFO) == 4 && sizeof(MIRACAST_CALLBACKS) == 40, "");
_Static_assert(sizeof(MIRACAST_DRIVER_INTERFACE) == 48, "");
