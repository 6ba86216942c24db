/* SPDX-License-Identifier: MIT */
/* tests/integration/ts-judge.c - multiplexes H.264 (Annex B with AUDs, 30 fps) and AAC (ADTS)
 * or AC-3 files, or an LPCM tone, for ts-judge.sh: as a .ts file, and as a capture of the RTP
 * datagrams. Usage: ts-judge VIDEO.h264 AUDIO.aac|AUDIO.ac3|lpcm OUT.ts OUT.pcap */
#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encoder/lpcm.h"
#include "encoder/rtp.h"
#include "encoder/ts-mux.h"

#define FRAME_90K 3000u
#define LEAD_90K 9000u
#define AC3_BYTES 768u /* of a frame at 192 kbit/s */

typedef struct {
    const uint8_t *data;
    size_t len;
} Span;

/* frame_len NULL: a tone is made. */
typedef struct {
    McTsAudio kind;
    unsigned step_90k;
    size_t (*frame_len)(const uint8_t *frame);
} Sound;

typedef struct {
    FILE *ts, *pcap;
    McRtpPacketiser *rtp;
    uint64_t now_90k;
} Output;

static size_t find_aud(Span in, size_t from)
{
    static const uint8_t aud[] = {0, 0, 0, 1, 9};

    for (size_t at = from; at + sizeof aud <= in.len; at++)
        if (memcmp(in.data + at, aud, sizeof aud) == 0)
            return at;
    return in.len;
}

static bool has_idr(Span au)
{
    for (size_t at = 0; at + 4 <= au.len; at++)
        if (au.data[at] == 0 && au.data[at + 1] == 0 && au.data[at + 2] == 1 &&
            (au.data[at + 3] & 0x1f) == 5)
            return true;
    return false;
}

static size_t adts_len(const uint8_t *p)
{
    return (size_t) (p[3] & 3) << 11 | (size_t) p[4] << 3 | p[5] >> 5;
}

static size_t ac3_len(const uint8_t *p)
{
    return AC3_BYTES;
}

/* Takes the next frame off in. */
static Span next_frame(const Sound *sound, Span *in)
{
    Span ret = {in->data, in->len >= 7 ? sound->frame_len(in->data) : 0};

    if (ret.len < 7 || ret.len > in->len)
        ret.len = in->len = 0;
    in->data += ret.len;
    in->len -= ret.len;
    return ret;
}

static void write_pcap_start(FILE *file)
{
    static const uint32_t header[6] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, 101}; /* raw IP */

    fwrite(header, sizeof header, 1, file);
}

static void write_datagram(const uint8_t *header12, const uint8_t *payload, size_t len,
                           void *user_data)
{
    Output *out = user_data;
    const uint32_t udp_len = (uint32_t) (8 + 12 + len), ip_len = 20 + udp_len;
    const uint32_t us = (uint32_t) (out->now_90k * 100 / 9);
    const uint32_t record[4] = {us / 1000000, us % 1000000, ip_len, ip_len};
    const uint16_t ip[10] = {htons(0x4500),
                             htons((uint16_t) ip_len),
                             0,
                             0,
                             htons(0x4011),
                             0,
                             htons(0x7f00),
                             htons(1),
                             htons(0x7f00),
                             htons(1)};
    const uint16_t udp[4] = {htons(5004), htons(5004), htons((uint16_t) udp_len), 0};

    fwrite(record, sizeof record, 1, out->pcap);
    fwrite(ip, sizeof ip, 1, out->pcap);
    fwrite(udp, sizeof udp, 1, out->pcap);
    fwrite(header12, 12, 1, out->pcap);
    fwrite(payload, len, 1, out->pcap);
}

static void flush(Output *out, GByteArray *ts, bool marker)
{
    fwrite(ts->data, ts->len, 1, out->ts);
    mc_rtp_packetise(out->rtp, ts->data, ts->len, (uint32_t) out->now_90k, marker, write_datagram,
                     out);
    g_byte_array_set_size(ts, 0);
}

static Span next_lpcm(unsigned index, uint8_t frame[MC_LPCM_FRAME_BYTES])
{
    int16_t samples[MC_LPCM_FRAME_SAMPLES * 2];

    for (unsigned i = 0; i < MC_LPCM_FRAME_SAMPLES; i++) {
        const double t = (double) (index * MC_LPCM_FRAME_SAMPLES + i) / 48000;

        samples[2 * i] = samples[2 * i + 1] = (int16_t) (8000 * sin(2 * G_PI * 440 * t));
    }
    mc_lpcm_frame(samples, frame);
    return (Span){frame, MC_LPCM_FRAME_BYTES};
}

/* Sound that belongs before the next picture. */
static void mux_audio_until(McTsMux *mux, const Sound *sound, Span *audio, unsigned *index,
                            uint64_t until_90k, Output *out, GByteArray *ts)
{
    for (;; (*index)++) {
        const uint64_t at_90k = (uint64_t) *index * sound->step_90k;
        uint8_t block[MC_LPCM_FRAME_BYTES];
        Span frame;

        if (at_90k >= until_90k)
            return;
        frame = sound->frame_len ? next_frame(sound, audio) : next_lpcm(*index, block);
        if (!frame.len)
            return;
        out->now_90k = at_90k;
        mc_ts_mux_audio(mux, frame.data, frame.len, at_90k + LEAD_90K, at_90k * 300, ts);
        flush(out, ts, false);
    }
}

static void mux_all(Span video, const Sound *sound, Span audio, Output *out)
{
    McTsConfig config = mc_ts_config_default();
    g_autoptr(McTsMux) mux = NULL;
    g_autoptr(GByteArray) ts = g_byte_array_new();
    unsigned audio_index = 0, frame = 0;

    config.audio = sound->kind;
    mux = mc_ts_mux_new(&config);
    for (size_t at = find_aud(video, 0); at < video.len; frame++) {
        const size_t end = find_aud(video, at + 1);
        const Span au = {video.data + at, end - at};
        const uint64_t now_90k = (uint64_t) frame * FRAME_90K;

        mux_audio_until(mux, sound, &audio, &audio_index, now_90k, out, ts);
        out->now_90k = now_90k;
        mc_ts_mux_video(mux, au.data, au.len, now_90k + LEAD_90K, has_idr(au), now_90k * 300, ts);
        flush(out, ts, true);
        at = end;
    }
    printf("%u pictures, %u audio frames\n", frame, audio_index);
}

static const Sound lpcm = {MC_TS_AUDIO_LPCM, MC_LPCM_FRAME_90K, NULL},
                   aac = {MC_TS_AUDIO_AAC, 1920, adts_len}, ac3 = {MC_TS_AUDIO_AC3, 2880, ac3_len};

int main(int argc, char **argv)
{
    g_autofree char *video = NULL, *audio = NULL;
    gsize video_len = 0, audio_len = 0;
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(0x1234, 65500);
    Output out = {.rtp = rtp};
    const Sound *sound = &lpcm;

    if (argc != 5 || !g_file_get_contents(argv[1], &video, &video_len, NULL))
        return 2;
    if (strcmp(argv[2], "lpcm") != 0)
        sound = g_str_has_suffix(argv[2], ".ac3") ? &ac3 : &aac;
    if (sound != &lpcm && !g_file_get_contents(argv[2], &audio, &audio_len, NULL))
        return 2;
    out.ts = fopen(argv[3], "wb");
    out.pcap = fopen(argv[4], "wb");
    if (!out.ts || !out.pcap)
        return 2;
    write_pcap_start(out.pcap);
    mux_all((Span){(const uint8_t *) video, video_len}, sound,
            (Span){(const uint8_t *) audio, audio_len}, &out);
    return fclose(out.ts) || fclose(out.pcap);
}
