/* SPDX-License-Identifier: MIT */
/* umd/chunk-packets.h - what GetNextChunkData wrote, packet by packet.  They stand 28 + n bytes
 * apart and may be unaligned (C-89):
 *
 *   0           24             28
 *   | ChunkInfo | n = private  | n bytes of private data | next packet ...
 *
 * Threads: pure.  Owner: the buffer is the caller's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kmd-shim/abi/frame.h"
#include "kmd-shim/abi/miracast-chunk.h"

/* The packet at *pos, which moves on; false: there is no whole one left. *ret_is_frame: it is a
 * captured frame of a size and version that we know, and *ret_frame is valid. */
bool mc_chunk_packets_next(const uint8_t *buffer, size_t size, size_t *pos,
                           MIRACAST_CHUNK_INFO *ret_info, bool *ret_is_frame,
                           McFrameDesc *ret_frame);
