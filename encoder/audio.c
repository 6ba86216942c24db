/* SPDX-License-Identifier: MIT */
#include "encoder/audio.h"

#include "encoder/audio-encoder.h"
#include "encoder/lpcm.h"
#include "encoder/urgency.h"

/* What a codec encodes at once. */
static const unsigned frame_pairs[] = {
    [MC_STREAM_AUDIO_LPCM] = MC_LPCM_FRAME_SAMPLES,
    [MC_STREAM_AUDIO_AAC] = MC_AAC_FRAME_PAIRS,
    [MC_STREAM_AUDIO_AC3] = MC_AC3_FRAME_PAIRS,
};

struct McAudio {
    McAudioConfig config;
    McAudioSource *source;
    McAudioEncoder *encoder; /* NULL: LPCM */
    GThread *thread;
    unsigned block_pairs; /* the codec's frame */
    int64_t skipped_ns;
    int64_t time_ns; /* of the block that is being encoded */
    int64_t at_pair; /* its first pair, counted from the start */
};

/* The encoder counts samples; the block at hand ties that count to the clock. */
static void on_encoded(const uint8_t *frame, size_t bytes, int64_t first_pair, void *user_data)
{
    McAudio *self = user_data;
    int64_t offset_ns = (first_pair - self->at_pair) * 1000000000 / MC_AUDIO_RATE_HZ;

    self->config.on_frame(frame, bytes, self->time_ns + offset_ns, self->config.user_data);
}

static bool encode_block(McAudio *self, const int16_t *block, GError **error)
{
    uint8_t frame[MC_LPCM_FRAME_BYTES];

    if (self->encoder)
        return mc_audio_encoder_push(self->encoder, block, self->block_pairs, error);
    mc_lpcm_frame(block, frame);
    self->config.on_frame(frame, sizeof(frame), self->time_ns, self->config.user_data);
    return true;
}

static void tell_skipped(McAudio *self)
{
    int64_t skipped_ns = mc_audio_source_skipped_ns(self->source);

    if (skipped_ns == self->skipped_ns)
        return;
    self->skipped_ns = skipped_ns;
    self->config.on_skipped(skipped_ns, self->config.user_data);
}

static gpointer run(gpointer user_data)
{
    McAudio *self = user_data;
    int16_t block[MC_AUDIO_MOST_PAIRS * 2];
    g_autoptr(GError) error = NULL;

    mc_urgency_raise();
    while (mc_audio_source_read(self->source, block, &self->time_ns)) {
        tell_skipped(self);
        if (!encode_block(self, block, &error)) {
            self->config.on_error(error, self->config.user_data);
            return NULL;
        }
        self->at_pair += self->block_pairs;
    }
    return NULL;
}

McAudio *mc_audio_new(const McAudioConfig *config, GError **error)
{
    McAudio *self = g_new0(McAudio, 1);

    self->config = *config;
    if (config->codec != MC_STREAM_AUDIO_LPCM) {
        self->encoder = mc_audio_encoder_new(config->codec, on_encoded, self, error);
        if (!self->encoder) {
            g_free(self);
            return NULL;
        }
    }
    self->block_pairs = frame_pairs[config->codec];
    self->source =
        mc_audio_source_new(config->source, self->block_pairs, config->read, config->read_data);
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
    mc_audio_encoder_free(self->encoder);
    g_free(self);
}
