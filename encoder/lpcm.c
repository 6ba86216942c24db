/* SPDX-License-Identifier: MIT */
#include "encoder/lpcm.h"

#include <string.h>

struct McLpcm {
    int16_t samples[MC_LPCM_FRAME_SAMPLES * 2];
    size_t pairs; /* held in samples */
    uint64_t first_pair;
};

/*   | a0 sub-stream | 06 units of 80 pairs | 00 emphasis | quant:2 freq:3 channels-1:3 |
 * quant 0 is 16 bit, freq 2 is 48 kHz. */
void mc_lpcm_frame(const int16_t samples[MC_LPCM_FRAME_SAMPLES * 2],
                   uint8_t ret_frame[MC_LPCM_FRAME_BYTES])
{
    static const uint8_t header[MC_LPCM_HEADER_BYTES] = {0xa0, 0x06, 0x00, 0 << 6 | 2 << 3 | 1};
    uint8_t *to = ret_frame + sizeof header;

    memcpy(ret_frame, header, sizeof header);
    for (size_t i = 0; i < MC_LPCM_FRAME_SAMPLES * 2; i++) {
        const uint16_t sample = (uint16_t) samples[i];

        to[2 * i] = (uint8_t) (sample >> 8);
        to[2 * i + 1] = (uint8_t) sample;
    }
}

McLpcm *mc_lpcm_new(void)
{
    return g_new0(McLpcm, 1);
}

void mc_lpcm_free(McLpcm *self)
{
    g_free(self);
}

void mc_lpcm_reset(McLpcm *self)
{
    self->pairs = 0;
    self->first_pair = 0;
}

void mc_lpcm_push(McLpcm *self, const int16_t *samples, size_t pairs, McLpcmSink sink,
                  void *user_data)
{
    uint8_t frame[MC_LPCM_FRAME_BYTES];

    while (pairs) {
        const size_t share = MIN(pairs, MC_LPCM_FRAME_SAMPLES - self->pairs);

        memcpy(self->samples + self->pairs * 2, samples, share * 2 * sizeof *samples);
        self->pairs += share;
        samples += share * 2;
        pairs -= share;
        if (self->pairs < MC_LPCM_FRAME_SAMPLES)
            return;
        mc_lpcm_frame(self->samples, frame);
        sink(frame, self->first_pair, user_data);
        self->first_pair += MC_LPCM_FRAME_SAMPLES;
        self->pairs = 0;
    }
}
