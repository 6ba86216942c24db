/* SPDX-License-Identifier: MIT */
#include "encoder/lpcm.h"

#include <string.h>

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
