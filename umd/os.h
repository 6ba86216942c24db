/* SPDX-License-Identifier: MIT */
/* umd/os.h - the operating system's callbacks with the handle that each of them wants (C-09).
 * Thread: any; the callbacks say when they block.  Owner: umd/context, which copies the table
 * (U14). */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "kmd-shim/abi/frame.h"
#include "kmd-shim/abi/ioctl.h"
#include "umd/netdispumdddi.h"

typedef struct {
    HANDLE device;
    MIRACAST_CALLBACKS callbacks;
} McOs;

/* All five are needed; STATUS_INVALID_PARAMETER otherwise. */
NTSTATUS mc_os_init(McOs *self, HANDLE device, const MIRACAST_CALLBACKS *callbacks);

/* Fills a request's header. */
void mc_os_ioctl_header(McIoctlHeader *header, McIoctlType type, uint32_t size_bytes);
NTSTATUS mc_os_io_control(const McOs *self, const void *request, UINT request_bytes, void *answer,
                          UINT answer_bytes, UINT *ret_bytes);
NTSTATUS mc_os_query_display(const McOs *self, McDisplayInfo *ret_info);
/* False: refused, as in Stop on any thread but its own (C-45). */
bool mc_os_release_frame(const McOs *self, uint64_t frame_id);

void mc_os_report_status(const McOs *self, MIRACAST_STATUS status, NTSTATUS cause);
void mc_os_report_chunk(const McOs *self, const MIRACAST_CHUNK_INFO *info);
void mc_os_report_sent(const McOs *self, MIRACAST_CHUNK_ID id);
void mc_os_report_event(const McOs *self, MIRACAST_PROTOCOL_EVENT event);
