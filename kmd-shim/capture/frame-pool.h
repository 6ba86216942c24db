/* SPDX-License-Identifier: MIT */
/* kmd-shim/capture/frame-pool.h - pictures in memory, of which the newest wins: two more than may
 * be lent.
 * Threads: _release on any; the rest on the capture thread, or while it does not run.
 * Owner: the capture thread's object.
 *
 *   free -> filling -> pending (one, the newest) -> lent (two, if nobody wants more) -> free
 *
 * A lent picture is named by a queued chunk or read by the user-mode driver, and untouched until it
 * is released. Two may be lent, so that the driver has the next one at hand when it is done; a
 * third would only be old by the time it is read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "kmd-shim/abi/frame.h"

#define MC_FRAME_POOL_SIZE 4u
#define MC_FRAME_POOL_MAX_LENT 2u
#define MC_FRAME_POOL_MAX 14u /* with more readers than one */

typedef enum { MC_FRAME_FREE, MC_FRAME_FILLING, MC_FRAME_PENDING, MC_FRAME_LENT } McFrameState;

typedef struct {
    /* the capture's: its memory */
    uint8_t *pixels; /* NULL: no memory yet */
    uint32_t width_px, height_px, stride_bytes;
    void *backing;
    /* the capture thread's: the picture in it */
    McFrameDesc desc;
    uint64_t number; /* of the frame in this session */
    /* the pool's */
    McFrameState state;
    bool doubtful; /* lent, and its chunk is perhaps lost */
} McFrame;

/* Memory of the process's own for a picture of that size, where the source has none: attach and
 * detach of a capture (kmd-shim/capture/capture.h). */
void mc_frame_alloc_memory(McFrame *frame, uint32_t width_px, uint32_t height_px);
void mc_frame_free_memory(McFrame *frame);

typedef struct McFramePool McFramePool;

McFramePool *mc_frame_pool_new(void);
/* The memory of the frames must be gone. NULL is fine. */
void mc_frame_pool_free(McFramePool *self);

/* So many may be lent, at most MC_FRAME_POOL_MAX - 2; MC_FRAME_POOL_MAX_LENT is where it begins. */
void mc_frame_pool_set_max_lent(McFramePool *self, unsigned frames);

/* Frame 0..MC_FRAME_POOL_MAX-1, whatever its state: for giving memory back. */
McFrame *mc_frame_pool_at(McFramePool *self, unsigned i);

/* A frame to fill, with a new desc.frame_id; NULL: none is free. */
McFrame *mc_frame_pool_acquire(McFramePool *self);
/* A filling or lent frame is free again. */
void mc_frame_pool_cancel(McFramePool *self, McFrame *frame);
/* A filled frame takes the place of the pending one, whose number is returned (0: there was none).
 * A forced IDR is inherited. */
uint64_t mc_frame_pool_ready(McFramePool *self, McFrame *frame);
/* The pending frame, now lent; NULL: there is none, or enough are lent. */
McFrame *mc_frame_pool_lend(McFramePool *self);
/* False: no lent frame has that id. ret_pending: another frame waits for its turn. */
bool mc_frame_pool_release(McFramePool *self, uint64_t frame_id, bool *ret_pending);
/* A lent frame whose chunk is perhaps lost: it is taken back when a younger one is released, as the
 * driver reads in order, or when there is no other left, youngest first. */
void mc_frame_pool_doubt(McFramePool *self, uint64_t frame_id);
/* The session is over: every frame is free, their memory stays. The number of one that was ready
 * and not lent; 0: none was. */
uint64_t mc_frame_pool_take_back(McFramePool *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(McFramePool, mc_frame_pool_free)
