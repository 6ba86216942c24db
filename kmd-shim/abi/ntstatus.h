/* SPDX-License-Identifier: MIT */
/* kmd-shim/abi/ntstatus.h - the NTSTATUS values used on the driver interface.  Constants only.
 * NT_SUCCESS() also takes PENDING, TIMEOUT and WAIT_n: see C-88. */
#pragma once

#include "kmd-shim/abi/ntdef.h"

#define STATUS_SUCCESS                                 ((NTSTATUS) 0x00000000u)
#define STATUS_WAIT_0                                  ((NTSTATUS) 0x00000000u)
#define STATUS_WAIT_1                                  ((NTSTATUS) 0x00000001u)
#define STATUS_WAIT_2                                  ((NTSTATUS) 0x00000002u)
#define STATUS_WAIT_3                                  ((NTSTATUS) 0x00000003u)
#define STATUS_TIMEOUT                                 ((NTSTATUS) 0x00000102u)
#define STATUS_PENDING                                 ((NTSTATUS) 0x00000103u)
#define STATUS_UNSUCCESSFUL                            ((NTSTATUS) 0xC0000001u)
#define STATUS_NOT_IMPLEMENTED                         ((NTSTATUS) 0xC0000002u)
#define STATUS_INVALID_HANDLE                          ((NTSTATUS) 0xC0000008u)
#define STATUS_INVALID_PARAMETER                       ((NTSTATUS) 0xC000000Du)
#define STATUS_NO_MEMORY                               ((NTSTATUS) 0xC0000017u)
#define STATUS_BUFFER_TOO_SMALL                        ((NTSTATUS) 0xC0000023u)
#define STATUS_REVISION_MISMATCH                       ((NTSTATUS) 0xC0000059u)
#define STATUS_INSUFFICIENT_RESOURCES                  ((NTSTATUS) 0xC000009Au)
#define STATUS_INSTANCE_NOT_AVAILABLE                  ((NTSTATUS) 0xC00000ABu)
#define STATUS_IO_TIMEOUT                              ((NTSTATUS) 0xC00000B5u)
#define STATUS_NOT_SUPPORTED                           ((NTSTATUS) 0xC00000BBu)
#define STATUS_CANCELLED                               ((NTSTATUS) 0xC0000120u)
#define STATUS_INVALID_DEVICE_STATE                    ((NTSTATUS) 0xC0000184u)
#define STATUS_INVALID_BUFFER_SIZE                     ((NTSTATUS) 0xC0000206u)
#define STATUS_CONNECTION_RESET                        ((NTSTATUS) 0xC000020Du)
#define STATUS_DEVICE_REMOVED                          ((NTSTATUS) 0xC00002B6u)
#define STATUS_DEVICE_INSUFFICIENT_RESOURCES           ((NTSTATUS) 0xC0000468u)
#define STATUS_RESOURCE_IN_USE                         ((NTSTATUS) 0xC0000708u)
#define STATUS_MONITOR_NO_DESCRIPTOR                   ((NTSTATUS) 0xC01D0001u)
#define STATUS_MONITOR_NO_MORE_DESCRIPTOR_DATA         ((NTSTATUS) 0xC01D0008u)
#define STATUS_GRAPHICS_INVALID_VIDPN_TOPOLOGY         ((NTSTATUS) 0xC01E0300u)
#define STATUS_GRAPHICS_CHILD_DESCRIPTOR_NOT_SUPPORTED ((NTSTATUS) 0xC01E0401u)
