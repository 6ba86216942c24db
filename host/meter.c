/* SPDX-License-Identifier: MIT */
#include "host/meter.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_IN_FLIGHT 64 /* started and not sent; older ones are forgotten */
#define SAMPLES 1024        /* a stage's last values */

typedef struct {
    uint64_t frame;
    int64_t started_ns, captured_ns, encoded_ns;
    bool sent;
} Flight;

struct McMeter {
    GMutex lock;
    Flight flight[FRAMES_IN_FLIGHT];
    uint32_t sample_us[MC_N_STAGES][SAMPLES];
    uint64_t n_samples[MC_N_STAGES];
    uint64_t started, sent, unfetched;
};

McMeter *mc_meter_new(void)
{
    McMeter *self = g_new0(McMeter, 1);

    g_mutex_init(&self->lock);
    return self;
}

void mc_meter_free(McMeter *self)
{
    if (!self)
        return;
    g_mutex_clear(&self->lock);
    g_free(self);
}

static void sample(McMeter *self, McStage stage, int64_t from_ns, int64_t to_ns)
{
    if (from_ns && to_ns >= from_ns)
        self->sample_us[stage][self->n_samples[stage]++ % SAMPLES] =
            (uint32_t) ((to_ns - from_ns) / 1000);
}

static Flight *flight_of(McMeter *self, uint64_t frame)
{
    Flight *flight = &self->flight[frame % FRAMES_IN_FLIGHT];

    return flight->frame == frame ? flight : NULL;
}

void mc_meter_chunk(McMeter *self, McMeterWho who, const MIRACAST_CHUNK_INFO *info, int64_t time_ns)
{
    uint64_t frame = info->ChunkId.FrameNumber;

    g_mutex_lock(&self->lock);
    Flight *flight = flight_of(self, frame);
    if (info->ChunkType == MIRACAST_CHUNK_TYPE_FRAME_START) {
        self->flight[frame % FRAMES_IN_FLIGHT] = (Flight){.frame = frame, .started_ns = time_ns};
        self->started++;
    } else if (info->ChunkType == MIRACAST_CHUNK_TYPE_FRAME_DROPPED) {
        self->unfetched += who == MC_METER_DISPLAY;
    } else if (flight && info->ChunkType == MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE) {
        flight->captured_ns = time_ns;
        sample(self, MC_STAGE_CAPTURE, flight->started_ns, time_ns);
    } else if (flight && info->ChunkType == MIRACAST_CHUNK_TYPE_ENCODE_COMPLETE && !flight->sent) {
        flight->encoded_ns = time_ns;
        sample(self, MC_STAGE_ENCODE, flight->captured_ns, time_ns);
    }
    g_mutex_unlock(&self->lock);
}

void mc_meter_sent(McMeter *self, MIRACAST_CHUNK_ID id, int64_t time_ns)
{
    g_mutex_lock(&self->lock);
    Flight *flight = flight_of(self, id.FrameNumber);
    if (flight && !flight->sent) { /* a re-encode repeats the number (C-76) */
        flight->sent = true;
        self->sent++;
        sample(self, MC_STAGE_SEND, flight->encoded_ns, time_ns);
        sample(self, MC_STAGE_TOTAL, flight->started_ns, time_ns);
    }
    g_mutex_unlock(&self->lock);
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;

    return x < y ? -1 : x > y;
}

static McMeterStage summarise(const uint32_t *values, uint64_t n_values)
{
    uint32_t n = (uint32_t) MIN(n_values, SAMPLES), sorted[SAMPLES];

    if (!n)
        return (McMeterStage){0};
    memcpy(sorted, values, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), compare_u32);
    return (McMeterStage){sorted[(n - 1) * 50 / 100], sorted[(n - 1) * 95 / 100],
                          sorted[(n - 1) * 99 / 100], n};
}

void mc_meter_summary(McMeter *self, McMeterSummary *ret_summary)
{
    g_mutex_lock(&self->lock);
    for (int i = 0; i < MC_N_STAGES; i++)
        ret_summary->stage[i] = summarise(self->sample_us[i], self->n_samples[i]);
    ret_summary->frames_started = self->started;
    ret_summary->frames_sent = self->sent;
    ret_summary->frames_unfetched = self->unfetched;
    g_mutex_unlock(&self->lock);
}

const char *mc_stage_name(McStage stage)
{
    static const char *const names[MC_N_STAGES] = {"capture", "encode", "send", "total"};

    return names[stage];
}
