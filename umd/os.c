/* SPDX-License-Identifier: MIT */
#include "umd/os.h"

#include <string.h>

NTSTATUS mc_os_init(McOs *self, HANDLE device, const MIRACAST_CALLBACKS *callbacks)
{
    if (!callbacks || !callbacks->ReportSessionStatus || !callbacks->MiracastIoControl ||
        !callbacks->ReportStatistic || !callbacks->GetNextChunkData ||
        !callbacks->RegisterForDataRateNotifications)
        return STATUS_INVALID_PARAMETER;
    self->device = device;
    self->callbacks = *callbacks;
    return STATUS_SUCCESS;
}

void mc_os_ioctl_header(McIoctlHeader *header, McIoctlType type, uint32_t size_bytes)
{
    *header = (McIoctlHeader){MC_IOCTL_MAGIC, MC_IOCTL_VERSION, (uint16_t) type, size_bytes, 0};
}

NTSTATUS mc_os_io_control(const McOs *self, const void *request, UINT request_bytes, void *answer,
                          UINT answer_bytes, UINT *ret_bytes)
{
    /* FALSE: no GPU flush, which would stop the display path for every frame (C-50). */
    return self->callbacks.MiracastIoControl(self->device, FALSE, request_bytes, (void *) request,
                                             answer_bytes, answer, ret_bytes);
}

NTSTATUS mc_os_query_display(const McOs *self, McDisplayInfo *ret_info)
{
    McIoctlQueryDisplay request;
    McDisplayInfo info = {0};
    UINT bytes = 0;

    mc_os_ioctl_header(&request.header, MC_IOCTL_QUERY_DISPLAY, sizeof(request));
    NTSTATUS status =
        mc_os_io_control(self, &request, sizeof(request), &info, sizeof(info), &bytes);
    if (!NT_SUCCESS(status))
        return status;
    if (bytes < sizeof(info) || info.size < sizeof(info))
        return STATUS_BUFFER_TOO_SMALL;
    *ret_info = info;
    return STATUS_SUCCESS;
}

bool mc_os_release_frame(const McOs *self, uint64_t frame_id)
{
    McIoctlFrameRelease request = {.frame_id = frame_id};

    mc_os_ioctl_header(&request.header, MC_IOCTL_FRAME_RELEASE, sizeof(request));
    return NT_SUCCESS(mc_os_io_control(self, &request, sizeof(request), NULL, 0, NULL));
}

void mc_os_report_status(const McOs *self, MIRACAST_STATUS status, NTSTATUS cause)
{
    self->callbacks.ReportSessionStatus(self->device, status, cause);
}

void mc_os_report_chunk(const McOs *self, const MIRACAST_CHUNK_INFO *info)
{
    MIRACAST_STATISTIC_DATA stat = {.StatisticType =
                                        MIRACAST_STATISTIC_TYPE_CHUNK_PROCESSING_COMPLETE};

    stat.EncodeComplete.ChunkInfo = *info;
    self->callbacks.ReportStatistic(self->device, &stat);
}

void mc_os_report_sent(const McOs *self, MIRACAST_CHUNK_ID id)
{
    MIRACAST_STATISTIC_DATA stat = {.StatisticType = MIRACAST_STATISTIC_TYPE_CHUNK_SENT};

    stat.ChunkSent.ChunkId = id;
    self->callbacks.ReportStatistic(self->device, &stat);
}

void mc_os_report_event(const McOs *self, MIRACAST_PROTOCOL_EVENT event)
{
    MIRACAST_STATISTIC_DATA stat = {.StatisticType = MIRACAST_STATISTIC_TYPE_EVENT};

    stat.ProtocolEvent.Event = event;
    self->callbacks.ReportStatistic(self->device, &stat);
}
