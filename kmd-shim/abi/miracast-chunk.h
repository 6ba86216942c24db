/* SPDX-License-Identifier: MIT */
/* kmd-shim/abi/miracast-chunk.h - encode chunks as both drivers and the runtime see them.
 * Packets of GetNextChunkData stand 28 + n bytes apart: read them with memcpy (C-89).
 * Source: netdispumdddi.h and dispmprt.h as Microsoft documents them.
 * Threads: any. Owner: the caller; plain data, no functions. */
#pragma once

#include "kmd-shim/abi/ntdef.h"

/* ---------- shared by user and kernel side ---------- */
typedef UINT MIRACAST_CHUNK_TYPE; /* enum in the Windows header */
#define MIRACAST_CHUNK_TYPE_UNKNOWN 0u
#define MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE 1u
#define MIRACAST_CHUNK_TYPE_ENCODE_COMPLETE 2u
#define MIRACAST_CHUNK_TYPE_FRAME_START 3u
#define MIRACAST_CHUNK_TYPE_FRAME_DROPPED 4u
#define MIRACAST_CHUNK_TYPE_ENCODE_DRIVER_DEFINED_1 0x80000000u
#define MIRACAST_CHUNK_TYPE_ENCODE_DRIVER_DEFINED_2 0x80000001u
#define MIRACAST_CHUNK_TYPE_ENCODE_FORCE_UINT32 0xffffffffu

typedef union {
    struct {
        UINT64 FrameNumber : 40;
        UINT64 PartNumber : 24;
    };
    UINT64 Value;
} MIRACAST_CHUNK_ID;

typedef struct {
    MIRACAST_CHUNK_TYPE ChunkType;
    MIRACAST_CHUNK_ID ChunkId;
    UINT ProcessingTime; /* us */
    UINT EncodeRate;     /* kbit/s */
} MIRACAST_CHUNK_INFO;

typedef struct {
    MIRACAST_CHUNK_INFO ChunkInfo;
    UINT PrivateDriverDataSize;
    UCHAR PrivateDriverData[1];
} MIRACAST_CHUNK_DATA;

/* The DXGK_ twins are separate types with the same layout on Windows. */
typedef MIRACAST_CHUNK_TYPE DXGK_MIRACAST_CHUNK_TYPE;
typedef MIRACAST_CHUNK_ID DXGK_MIRACAST_CHUNK_ID;
typedef MIRACAST_CHUNK_INFO DXGK_MIRACAST_CHUNK_INFO;

_Static_assert(sizeof(MIRACAST_CHUNK_ID) == 8, "");
_Static_assert(sizeof(MIRACAST_CHUNK_INFO) == 24 && offsetof(MIRACAST_CHUNK_INFO, ChunkId) == 8,
               "");
_Static_assert(sizeof(MIRACAST_CHUNK_DATA) == 32 &&
                   offsetof(MIRACAST_CHUNK_DATA, PrivateDriverData) == 28,
               "");
