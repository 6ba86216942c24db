/* SPDX-License-Identifier: MIT */
/* kmd-shim/chunk-queue.h - encode chunks between the interrupt and GetNextChunkData (C-83..C-92).
 * Threads: every function on any thread; one reader at a time (C-92); _free after all the others.
 * Owner: the runtime, one queue a session. */
#pragma once

#include <glib.h>

#include "kmd-shim/abi/miracast-chunk.h"
#include "kmd-shim/abi/ntstatus.h"

#define MC_CHUNK_QUEUE_MAX_EVENTS 4u /* C-87 */

typedef struct McChunkQueue McChunkQueue;

/* A chunk that was queued and that nobody will ever get: what it names can be taken back.
 * Called without the queue's lock, on the thread that pushed, reset, closed or freed. */
typedef void (*McChunkLost)(const MIRACAST_CHUNK_INFO *info, const void *priv, UINT bytes,
                            void *user_data);

/* All memory is taken here; push allocates nothing. NULL: there was none, or no descriptor. */
McChunkQueue *mc_chunk_queue_new(UINT capacity, UINT max_private_bytes);
/* NULL is fine. What is still queued is lost. */
void mc_chunk_queue_free(McChunkQueue *self);
/* Before the first push. */
void mc_chunk_queue_set_on_lost(McChunkQueue *self, McChunkLost on_lost, void *user_data);

/* Never waits. STATUS_SUCCESS: queued. STATUS_INVALID_PARAMETER: more private data than was agreed
 * on, or NULL; nothing else changes. STATUS_NO_MEMORY: no free chunk; this one and all outstanding
 * ones are lost (the latter through on_lost) and the next get is a reset (C-84).
 * STATUS_INSTANCE_NOT_AVAILABLE: closed. */
NTSTATUS mc_chunk_queue_push(McChunkQueue *self, const MIRACAST_CHUNK_INFO *info, const void *priv,
                             UINT bytes);

/* GetNextChunkData. *size: bytes of buffer in, bytes used out (0 unless noted).
 * STATUS_SUCCESS, *size > 0: packets, 28 + n bytes apart, unaligned; as many as fit.
 * STATUS_WAIT_0 + i, *size 0: event i fired and was reset. An event is (HANDLE)(intptr_t)(fd + 1)
 *   of a non-blocking eventfd. Chunks go first, then the lowest index (U26).
 * STATUS_TIMEOUT; STATUS_CONNECTION_RESET: chunks were lost, said once.
 * STATUS_BUFFER_TOO_SMALL: *size is what the first packet needs; it stays queued (C-90).
 * STATUS_INSTANCE_NOT_AVAILABLE: closed (C-91). STATUS_INVALID_PARAMETER, STATUS_INVALID_HANDLE.
 * ret_outstanding may be NULL: chunks still queued. */
NTSTATUS mc_chunk_queue_get(McChunkQueue *self, UINT timeout_ms, UINT n_events, HANDLE *events,
                            UINT *size, MIRACAST_CHUNK_DATA *buffer, UINT *ret_outstanding);

/* Drops every chunk; the next get is STATUS_CONNECTION_RESET, once. */
void mc_chunk_queue_reset(McChunkQueue *self);
/* The session is over: drops every chunk and releases the waiter, for ever. */
void mc_chunk_queue_close(McChunkQueue *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McChunkQueue, mc_chunk_queue_free)
