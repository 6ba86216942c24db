/* SPDX-License-Identifier: MIT */
/* hdcp-mux FOLDER FLAVOUR lpcm|aac: multiplexes the same access units and sound twice, as it is and
 * with HDCP's cipher, into FOLDER/clear.ts and FOLDER/hidden.ts, and prints "KEY RIV" (the
 * content's key, ks ^ lc128).  Lengths are those that matter to blocks, packets and PES headers;
 * bytes are random, so that what stands in the wrong place is seen. */
#include <stdio.h>
#include <string.h>

#include "encoder/ts-flavour.h"
#include "encoder/ts-mux.h"
#include "umd/hdcp/cipher.h"

#define RANDOM_UNITS 60
#define LARGEST 90000
#define FRAME_27M (27000000 / 30)

static const unsigned lengths[] = {1,   2,   15,  16,  17,   31,   32,   33,   111,  112,   113,
                                   120, 127, 128, 129, 143,  144,  145,  157,  158,  170,   171,
                                   172, 175, 176, 177, 183,  184,  185,  319,  320,  321,   1023,
                                   352, 353, 360, 367, 1024, 1025, 4095, 4096, 4097, 65535, 65536};

static void fill(GRand *rand, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t) g_rand_int(rand);
    if (len >= 5) /* as an encoder would begin */
        memcpy(bytes, (const uint8_t[]){0, 0, 0, 1, 0x65}, 5);
}

static bool write_ts(const char *folder, const char *name, const GByteArray *ts)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return g_file_set_contents(path, (const char *) ts->data, ts->len, NULL);
}

static void mux_all(McTsMux *mux, GByteArray *out)
{
    static uint8_t unit[LARGEST];
    GRand *rand = g_rand_new_with_seed(1);
    const unsigned count = G_N_ELEMENTS(lengths) + RANDOM_UNITS;
    uint64_t pcr = 27000000;

    for (unsigned i = 0; i < count; i++, pcr += FRAME_27M) {
        const unsigned len =
            i < G_N_ELEMENTS(lengths) ? lengths[i] : (unsigned) g_rand_int_range(rand, 1, LARGEST);
        fill(rand, unit, len);
        mc_ts_mux_video(mux, unit, len, pcr / 300 + 9000, i % 10 == 0, pcr, out);
        const unsigned sound = MIN(len, 4000);
        fill(rand, unit, sound);
        mc_ts_mux_audio(mux, unit, sound, pcr / 300 + 9000, pcr + FRAME_27M / 2, out);
    }
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    const McTsFlavour *flavour = argc == 4 ? mc_ts_flavour(argv[2]) : NULL;
    const uint8_t lc128[16] = {0}, riv[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    g_autoptr(McHdcpContent) content = mc_hdcp_content_new();
    McTsConfig config = mc_ts_config_default();
    uint8_t ks[16];
    bool ok = true;

    if (!flavour || !mc_hdcp_random(ks, sizeof(ks)))
        return 2;
    mc_hdcp_content_set_cipher(content, mc_hdcp_cipher_new(ks, lc128, riv));
    config.layout = flavour->layout;
    config.audio = !strcmp(argv[3], "lpcm") ? MC_TS_AUDIO_LPCM : MC_TS_AUDIO_AAC;
    for (unsigned hidden = 0; hidden < 2; hidden++) {
        g_autoptr(GByteArray) ts = g_byte_array_new();

        if (hidden)
            config.hdcp = (McTsHdcp){mc_hdcp_content_encrypt, content, true};
        g_autoptr(McTsMux) mux = mc_ts_mux_new(&config);
        mux_all(mux, ts);
        ok = ok && write_ts(argv[1], hidden ? "hidden.ts" : "clear.ts", ts);
    }
    for (unsigned i = 0; i < sizeof(ks); i++)
        printf("%02x", ks[i]);
    fputs(" ", stdout);
    for (unsigned i = 0; i < sizeof(riv); i++)
        printf("%02x", riv[i]);
    putchar('\n');
    return ok ? 0 : 1;
}
