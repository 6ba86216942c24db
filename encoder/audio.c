/* SPDX-License-Identifier: MIT */
#include "encoder/audio.h"

#include "encoder/aac.h"
#include "encoder/audio-source.h"
#include "encoder/lpcm.h"

struct McAudio {
    McAudioConfig config;
    McAudioSource *source;
    McAac *aac; /* NULL: LPCM */
    GThread *thread;
    int64_t time_ns; /* of the block that is being encoded */
    int64_t at_pair; /* its first pair, counted from the start */
};

/* The encoder counts samples; the block at hand ties that count to the clock. */
static void on_aac_frame(const uint8_t *frame, size_t bytes, int64_t first_pair, void *user_data)
{
    McAudio *self = user_data;
    int64_t offset_ns = (first_pair - self->at_pair) * 1000000000 / MC_AUDIO_RATE_HZ;

    self->config.on_frame(frame, bytes, self->time_ns + offset_ns, self->config.user_data);
}

static bool encode_block(McAudio *self, const int16_t *block, GError **error)
{
    uint8_t frame[MC_LPCM_FRAME_BYTES];

    if (self->aac)
        return mc_aac_push(self->aac, block, MC_AUDIO_BLOCK, error);
    mc_lpcm_frame(block, frame);
    self->config.on_frame(frame, sizeof(frame), self->time_ns, self->config.user_data);
    return true;
}

static gpointer run(gpointer user_data)
{
    McAudio *self = user_data;
    int16_t block[MC_AUDIO_BLOCK * 2];
    g_autoptr(GError) error = NULL;

    while (mc_audio_source_read(self->source, block, &self->time_ns)) {
        if (!encode_block(self, block, &error)) {
            self->config.on_error(error, self->config.user_data);
            return NULL;
        }
        self->at_pair += MC_AUDIO_BLOCK;
    }
    return NULL;
}

McAudio *mc_audio_new(const McAudioConfig *config, GError **error)
{
    McAudio *self = g_new0(McAudio, 1);

    self->config = *config;
    if (config->codec == MC_STREAM_AUDIO_AAC) {
        self->aac = mc_aac_new(on_aac_frame, self, error);
        if (!self->aac) {
            g_free(self);
            return NULL;
        }
    }
    self->source = mc_audio_source_new(config->source);
    self->config.source = NULL; /* the caller's memory */
    self->thread = g_thread_new("mc-sound", run, self);
    return self;
}

void mc_audio_free(McAudio *self)
{
    if (!self)
        return;
    mc_audio_source_wake(self->source);
    g_thread_join(self->thread);
    mc_audio_source_free(self->source);
    mc_aac_free(self->aac);
    g_free(self);
}
