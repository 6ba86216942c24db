/* SPDX-License-Identifier: MIT */
/* kmd-shim/abi/ntdef.h - the Windows base types of the driver interface, for LP64 Linux. LONG and
 * ULONG are 32 bits here as they are there: never map them to `long`. Source: Microsoft's documents
 * of the types.
 * Threads: any.  Owner: none; plain types. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef void VOID, *PVOID, *HANDLE;
typedef uint8_t UCHAR, BYTE, BOOLEAN;
typedef uint16_t USHORT, WCHAR;
typedef uint32_t UINT, ULONG;
typedef int32_t LONG, BOOL, NTSTATUS;
typedef uint64_t UINT64;
typedef uintptr_t ULONG_PTR;
typedef intptr_t SOCKET; /* decision U27; UINT_PTR on Windows */
#define NTAPI
#define MAX_PATH 260
#ifndef INFINITE
#define INFINITE 0xffffffffu
#endif
#define NT_SUCCESS(s) ((NTSTATUS) (s) >= 0)
