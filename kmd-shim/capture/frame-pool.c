/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/frame-pool.h"

#include "kmd-shim/abi/pages.h"

#define PIXEL_ALIGN 64

struct McFramePool {
    GMutex lock; /* guards all but the frames' pictures */
    McFrame frames[MC_FRAME_POOL_MAX];
    unsigned max_lent;
    uint64_t next_id;
};

void mc_frame_alloc_memory(McFrame *frame, uint32_t width_px, uint32_t height_px)
{
    frame->width_px = width_px;
    frame->height_px = height_px;
    frame->stride_bytes = width_px * 4;
    frame->pixels = g_aligned_alloc(height_px, (size_t) frame->stride_bytes, PIXEL_ALIGN);
    mc_pages_map(frame->pixels, (size_t) height_px * frame->stride_bytes);
}

void mc_frame_free_memory(McFrame *frame)
{
    g_clear_pointer(&frame->pixels, g_aligned_free);
}

McFramePool *mc_frame_pool_new(void)
{
    McFramePool *self = g_new0(McFramePool, 1);

    self->next_id = 1;
    self->max_lent = MC_FRAME_POOL_MAX_LENT;
    g_mutex_init(&self->lock);
    return self;
}

void mc_frame_pool_free(McFramePool *self)
{
    if (!self)
        return;
    g_mutex_clear(&self->lock);
    g_free(self);
}

void mc_frame_pool_set_max_lent(McFramePool *self, unsigned frames)
{
    g_mutex_lock(&self->lock);
    self->max_lent = CLAMP(frames, MC_FRAME_POOL_MAX_LENT, MC_FRAME_POOL_MAX - 2);
    g_mutex_unlock(&self->lock);
}

McFrame *mc_frame_pool_at(McFramePool *self, unsigned i)
{
    return &self->frames[i];
}

static void set_state(McFrame *frame, McFrameState state)
{
    frame->state = state;
    frame->doubtful = false;
}

static McFrame *find_state(McFramePool *self, McFrameState state)
{
    for (unsigned i = 0; i < MC_FRAME_POOL_MAX; i++)
        if (self->frames[i].state == state)
            return &self->frames[i];
    return NULL;
}

/* The reader takes chunks from the front, so that the youngest is the surest to be lost. */
static McFrame *find_doubtful(McFramePool *self)
{
    McFrame *found = NULL;

    for (unsigned i = 0; i < MC_FRAME_POOL_MAX; i++) {
        McFrame *frame = &self->frames[i];
        if (frame->doubtful && (!found || frame->desc.frame_id > found->desc.frame_id))
            found = frame;
    }
    return found;
}

McFrame *mc_frame_pool_acquire(McFramePool *self)
{
    McFrame *frame;

    g_mutex_lock(&self->lock);
    frame = find_state(self, MC_FRAME_FREE); /* the first: memory is had for those in use alone */
    if (frame && frame >= self->frames + self->max_lent + 2)
        frame = NULL;
    if (!frame)
        frame = find_doubtful(self);
    if (frame) {
        set_state(frame, MC_FRAME_FILLING);
        frame->desc = (McFrameDesc){
            .size = sizeof(frame->desc), .version = MC_FRAME_VERSION, .frame_id = self->next_id++};
    }
    g_mutex_unlock(&self->lock);
    return frame;
}

void mc_frame_pool_cancel(McFramePool *self, McFrame *frame)
{
    g_mutex_lock(&self->lock);
    set_state(frame, MC_FRAME_FREE);
    g_mutex_unlock(&self->lock);
}

uint64_t mc_frame_pool_ready(McFramePool *self, McFrame *frame)
{
    uint64_t replaced = 0;
    McFrame *old;

    g_mutex_lock(&self->lock);
    old = find_state(self, MC_FRAME_PENDING);
    if (old) {
        replaced = old->number;
        frame->desc.flags |= old->desc.flags & MC_FRAME_FORCE_IDR;
        set_state(old, MC_FRAME_FREE);
    }
    set_state(frame, MC_FRAME_PENDING);
    g_mutex_unlock(&self->lock);
    return replaced;
}

static unsigned count_lent(const McFramePool *self)
{
    unsigned n = 0;

    for (unsigned i = 0; i < MC_FRAME_POOL_MAX; i++)
        n += self->frames[i].state == MC_FRAME_LENT && !self->frames[i].doubtful;
    return n;
}

McFrame *mc_frame_pool_lend(McFramePool *self)
{
    McFrame *frame = NULL;

    g_mutex_lock(&self->lock);
    if (count_lent(self) < self->max_lent)
        frame = find_state(self, MC_FRAME_PENDING);
    if (frame)
        set_state(frame, MC_FRAME_LENT);
    g_mutex_unlock(&self->lock);
    return frame;
}

bool mc_frame_pool_release(McFramePool *self, uint64_t frame_id, bool *ret_pending)
{
    bool found = false;

    g_mutex_lock(&self->lock);
    for (unsigned i = 0; i < MC_FRAME_POOL_MAX; i++) {
        McFrame *frame = &self->frames[i];
        if (frame->state == MC_FRAME_LENT && frame->desc.frame_id == frame_id) {
            set_state(frame, MC_FRAME_FREE);
            found = true;
        }
    }
    for (unsigned i = 0; found && i < MC_FRAME_POOL_MAX; i++)
        if (self->frames[i].doubtful && self->frames[i].desc.frame_id < frame_id)
            set_state(&self->frames[i], MC_FRAME_FREE);
    *ret_pending = find_state(self, MC_FRAME_PENDING) != NULL;
    g_mutex_unlock(&self->lock);
    return found;
}

void mc_frame_pool_doubt(McFramePool *self, uint64_t frame_id)
{
    g_mutex_lock(&self->lock);
    for (unsigned i = 0; i < MC_FRAME_POOL_MAX; i++)
        if (self->frames[i].state == MC_FRAME_LENT && self->frames[i].desc.frame_id == frame_id)
            self->frames[i].doubtful = true;
    g_mutex_unlock(&self->lock);
}

uint64_t mc_frame_pool_take_back(McFramePool *self)
{
    g_mutex_lock(&self->lock);
    const McFrame *pending = find_state(self, MC_FRAME_PENDING);
    uint64_t number = pending ? pending->number : 0;
    for (unsigned i = 0; i < MC_FRAME_POOL_MAX; i++)
        set_state(&self->frames[i], MC_FRAME_FREE);
    g_mutex_unlock(&self->lock);
    return number;
}
