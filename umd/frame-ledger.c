/* SPDX-License-Identifier: MIT */
#include "umd/frame-ledger.h"

#include <stdbool.h>

#define MAX_FRAMES 16 /* between fetch and network; the display path lends fewer */

typedef struct {
    uint64_t frame_id;
    MIRACAST_CHUNK_ID chunk;
} Entry;

struct McFrameLedger {
    McOs os;
    GMutex lock; /* guards all below */
    Entry entry[MAX_FRAMES];
    unsigned first, count;
    Entry shown; /* the last one sent, which may be encoded again */
};

McFrameLedger *mc_frame_ledger_new(const McOs *os)
{
    McFrameLedger *self = g_new0(McFrameLedger, 1);

    self->os = *os;
    g_mutex_init(&self->lock);
    return self;
}

void mc_frame_ledger_free(McFrameLedger *self)
{
    if (!self)
        return;
    g_mutex_clear(&self->lock);
    g_free(self);
}

static void report_dropped(McFrameLedger *self, const Entry *dropped, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        MIRACAST_CHUNK_INFO info = {.ChunkType = MIRACAST_CHUNK_TYPE_FRAME_DROPPED,
                                    .ChunkId = dropped[i].chunk};
        mc_os_report_chunk(&self->os, &info);
    }
}

/* lock held. */
static Entry *at(McFrameLedger *self, unsigned i)
{
    return &self->entry[(self->first + i) % MAX_FRAMES];
}

/* lock held; MAX_FRAMES: it is not there. */
static unsigned place_of(McFrameLedger *self, uint64_t frame_id)
{
    for (unsigned i = 0; i < self->count; i++)
        if (at(self, i)->frame_id == frame_id)
            return i;
    return MAX_FRAMES;
}

/* lock held. */
static unsigned take(McFrameLedger *self, unsigned count, Entry *ret)
{
    for (unsigned i = 0; i < count; i++)
        ret[i] = *at(self, i);
    self->first = (self->first + count) % MAX_FRAMES;
    self->count -= count;
    return count;
}

void mc_frame_ledger_add(McFrameLedger *self, uint64_t frame_id, MIRACAST_CHUNK_ID chunk)
{
    Entry dropped[1];
    unsigned n = 0;

    g_mutex_lock(&self->lock);
    if (self->count == MAX_FRAMES)
        n = take(self, 1, dropped);
    *at(self, self->count++) = (Entry){frame_id, chunk};
    g_mutex_unlock(&self->lock);
    report_dropped(self, dropped, n);
}

void mc_frame_ledger_encoded(McFrameLedger *self, uint64_t frame_id, uint32_t encode_us,
                             uint32_t kbps)
{
    MIRACAST_CHUNK_INFO info = {.ChunkType = MIRACAST_CHUNK_TYPE_ENCODE_COMPLETE,
                                .ProcessingTime = encode_us,
                                .EncodeRate = kbps};

    g_mutex_lock(&self->lock);
    unsigned place = place_of(self, frame_id);
    bool known = place < MAX_FRAMES || self->shown.frame_id == frame_id;
    info.ChunkId = place < MAX_FRAMES ? at(self, place)->chunk : self->shown.chunk;
    g_mutex_unlock(&self->lock);
    if (known)
        mc_os_report_chunk(&self->os, &info);
}

void mc_frame_ledger_sent(McFrameLedger *self, uint64_t frame_id)
{
    Entry taken[MAX_FRAMES];
    unsigned n = 0;

    g_mutex_lock(&self->lock);
    unsigned place = place_of(self, frame_id);
    if (place < MAX_FRAMES) {
        n = take(self, place + 1, taken) - 1;
        self->shown = taken[n];
    }
    bool known = self->shown.frame_id == frame_id;
    MIRACAST_CHUNK_ID chunk = self->shown.chunk;
    g_mutex_unlock(&self->lock);
    report_dropped(self, taken, n);
    if (known)
        mc_os_report_sent(&self->os, chunk);
}

void mc_frame_ledger_end(McFrameLedger *self)
{
    Entry taken[MAX_FRAMES];

    g_mutex_lock(&self->lock);
    unsigned n = take(self, self->count, taken);
    g_mutex_unlock(&self->lock);
    report_dropped(self, taken, n);
}
