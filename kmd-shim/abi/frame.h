/* SPDX-License-Identifier: MIT */
/* kmd-shim/abi/frame.h - a captured frame, as the private data of a COLOR_CONVERT_COMPLETE chunk
 * names it (decisions U21, U22).  The pixels stay where capture put them, uncopied and unchanged,
 * until the user-mode driver gives the frame back with MC_IOCTL_FRAME_RELEASE.
 * Threads: any. Owner: the caller; plain data, no functions. */
#pragma once

#include <stdint.h>

#define MC_FRAME_VERSION 1u
#define MC_FOURCC_BGRX 0x58524742u /* bytes B G R X in memory: X11's 24-bit ZPixmap */

#define MC_FRAME_UNCHANGED 1u /* same pixels as the frame before: nothing to convert or encode */
#define MC_FRAME_FORCE_IDR 2u /* first frame after a mode change or reset */

typedef struct {
    uint32_t size;     /* sizeof(McFrameDesc) */
    uint32_t version;  /* MC_FRAME_VERSION */
    uint64_t frame_id; /* for FRAME_RELEASE; never 0 */
    uint64_t pixels;   /* address in this process, borrowed until FRAME_RELEASE */
    uint32_t width_px, height_px;
    uint32_t stride_bytes;
    uint32_t fourcc;     /* MC_FOURCC_* */
    int64_t capture_ns;  /* CLOCK_MONOTONIC when the pixels were read */
    uint32_t capture_us; /* time that capture took */
    uint32_t flags;      /* MC_FRAME_* */
} McFrameDesc;

_Static_assert(sizeof(McFrameDesc) == 56, "wire layout");
