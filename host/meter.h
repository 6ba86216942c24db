/* SPDX-License-Identifier: MIT */
/* host/meter.h - time of each stage of a frame, gathered from the chunk reports of both drivers.
 * Thread: any (a lock inside).  Owner: the command that runs. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kmd-shim/abi/miracast-chunk.h"

typedef enum {
    MC_STAGE_CAPTURE, /* FRAME_START to COLOR_CONVERT_COMPLETE */
    MC_STAGE_ENCODE,  /* conversion and H.264 */
    MC_STAGE_SEND,    /* encoded to first datagram: multiplexer and RTP */
    MC_STAGE_TOTAL,   /* FRAME_START to first datagram */
    MC_N_STAGES,
} McStage;

typedef struct {
    uint32_t p50_us, p95_us, p99_us, count;
} McMeterStage;
typedef struct {
    McMeterStage stage[MC_N_STAGES];
    uint64_t frames_started, frames_sent;
    uint64_t frames_unfetched; /* dropped by the display path: the driver did not come for them */
} McMeterSummary;

typedef struct McMeter McMeter;
McMeter *mc_meter_new(void);
void mc_meter_free(McMeter *self);
typedef enum { MC_METER_DISPLAY, MC_METER_DRIVER } McMeterWho;
void mc_meter_chunk(McMeter *self, McMeterWho who, const MIRACAST_CHUNK_INFO *info,
                    int64_t time_ns);
void mc_meter_sent(McMeter *self, MIRACAST_CHUNK_ID id, int64_t time_ns);
void mc_meter_summary(McMeter *self, McMeterSummary *ret_summary); /* of the last frames, see .c */
const char *mc_stage_name(McStage stage);
