/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/sound-ring.h"

#include <string.h>

#define SLACK_PAIRS (MC_SOUND_RING_RATE_HZ * 40 / 1000)
#define PAIR_BYTES (2 * sizeof(int16_t))

/* Pairs are counted from the file's beginning; number n lies at n % MC_SOUND_RING_PAIRS. */
struct McSoundRing {
    GMutex lock;
    int64_t begin, end; /* what is there */
    int16_t samples[MC_SOUND_RING_PAIRS * 2];
};

McSoundRing *mc_sound_ring_new(void)
{
    McSoundRing *self = g_new0(McSoundRing, 1);

    g_mutex_init(&self->lock);
    return self;
}

void mc_sound_ring_free(McSoundRing *self)
{
    if (!self)
        return;
    g_mutex_clear(&self->lock);
    g_free(self);
}

/* Without an overflow in the file's first thousand years. */
static int64_t pair_at(int64_t time_ns)
{
    const int64_t ms = time_ns / 1000000, rest_ns = time_ns % 1000000;

    return ms * (MC_SOUND_RING_RATE_HZ / 1000) + rest_ns * (MC_SOUND_RING_RATE_HZ / 1000) / 1000000;
}

static int16_t *place_of(McSoundRing *self, int64_t pair)
{
    return self->samples + 2 * (pair % MC_SOUND_RING_PAIRS);
}

/* Pairs from there on that lie in a row. */
static size_t row_from(int64_t pair, size_t pairs)
{
    return MIN(pairs, MC_SOUND_RING_PAIRS - (size_t) (pair % MC_SOUND_RING_PAIRS));
}

/* samples NULL: silence. */
static void append(McSoundRing *self, const int16_t *samples, size_t pairs)
{
    while (pairs > 0) {
        const size_t n = row_from(self->end, pairs);

        if (samples)
            memcpy(place_of(self, self->end), samples, n * PAIR_BYTES);
        else
            memset(place_of(self, self->end), 0, n * PAIR_BYTES);
        samples = samples ? samples + 2 * n : NULL;
        self->end += (int64_t) n;
        pairs -= n;
    }
    self->begin = MAX(self->begin, self->end - (int64_t) MC_SOUND_RING_PAIRS);
}

void mc_sound_ring_clear(McSoundRing *self)
{
    g_mutex_lock(&self->lock);
    self->begin = self->end = 0;
    g_mutex_unlock(&self->lock);
}

void mc_sound_ring_push(McSoundRing *self, int64_t first_ns, const int16_t *samples, size_t pairs)
{
    const int64_t first = pair_at(MAX(first_ns, 0));

    g_mutex_lock(&self->lock);
    const int64_t hole = first - self->end;
    if (self->begin == self->end || hole < -SLACK_PAIRS || hole > MC_SOUND_RING_PAIRS)
        self->begin = self->end = first;
    else if (hole > SLACK_PAIRS)
        append(self, NULL, (size_t) hole);
    append(self, samples, pairs);
    g_mutex_unlock(&self->lock);
}

void mc_sound_ring_read(McSoundRing *self, int64_t first_ns, int16_t *block, size_t pairs)
{
    memset(block, 0, pairs * PAIR_BYTES);
    if (first_ns < 0)
        return;
    g_mutex_lock(&self->lock);
    int64_t at = pair_at(first_ns);
    const int64_t end = MIN(at + (int64_t) pairs, self->end), first = at;
    for (at = MAX(at, self->begin); at < end;) {
        const size_t n = row_from(at, (size_t) (end - at));
        memcpy(block + 2 * (at - first), place_of(self, at), n * PAIR_BYTES);
        at += (int64_t) n;
    }
    g_mutex_unlock(&self->lock);
}
