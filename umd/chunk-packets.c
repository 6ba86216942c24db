/* SPDX-License-Identifier: MIT */
#include "umd/chunk-packets.h"

#include <string.h>

#define HEAD_BYTES offsetof(MIRACAST_CHUNK_DATA, PrivateDriverData)

bool mc_chunk_packets_next(const uint8_t *buffer, size_t size, size_t *pos,
                           MIRACAST_CHUNK_INFO *ret_info, bool *ret_is_frame,
                           McFrameDesc *ret_frame)
{
    const uint8_t *at = buffer + *pos;
    UINT private_bytes;

    if (*pos > size || size - *pos < HEAD_BYTES)
        return false;
    memcpy(ret_info, at, sizeof(*ret_info));
    memcpy(&private_bytes, at + sizeof(*ret_info), sizeof(private_bytes));
    if (private_bytes > size - *pos - HEAD_BYTES)
        return false;
    *pos += HEAD_BYTES + private_bytes;
    *ret_is_frame = false;
    if (ret_info->ChunkType != MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE ||
        private_bytes < sizeof(*ret_frame))
        return true;
    memcpy(ret_frame, at + HEAD_BYTES, sizeof(*ret_frame));
    *ret_is_frame = true;
    return true;
}
