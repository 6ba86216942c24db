/* SPDX-License-Identifier: MIT */
/* umd/chunk-pump.h - carries captured frames from the display path to the stream: the one caller of
 * GetNextChunkData (C-92).
 *
 *   GetNextChunkData > frame > stream, which copies it > release frame
 *                    > nothing for a while: the last picture again, so that the clock goes on
 *
 * A frame that the display path does not take back yet is kept and offered again after the end.
 * Threads: its own, which calls on_failed; functions from the session's owner.
 * Owner: umd/media; stream and ledger must outlive it.
 * Errors: MC_ENCODER_ERROR. */
#pragma once

#include "encoder/stream.h"
#include "umd/frame-ledger.h"
#include "umd/os.h"

typedef struct McChunkPump McChunkPump;

/* The stream took no more; may come more than once. */
typedef void (*McChunkPumpFailed)(const GError *error, void *user_data);

/* Runs from here on. */
McChunkPump *mc_chunk_pump_new(const McOs *os, McStream *stream, McFrameLedger *ledger,
                               McChunkPumpFailed on_failed, void *user_data, GError **error);
void mc_chunk_pump_free(McChunkPump *self); /* stops */

/* NULL is fine with each. */
void mc_chunk_pump_pause(McChunkPump *self, bool paused); /* frames are fetched and dropped */
void mc_chunk_pump_stop(McChunkPump *self);               /* no frame is fetched after it returns */
/* After stop, on the thread on which the display path takes frames then (C-45, C-46). */
void mc_chunk_pump_give_back(McChunkPump *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McChunkPump, mc_chunk_pump_free)
