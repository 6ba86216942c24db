/* SPDX-License-Identifier: MIT */
/* The multiplexer against the bytes that sinks expect, and against a demultiplexer of the test's
 * own. */
#include "encoder/ts-mux.h"

#include <string.h>

#include "encoder/lpcm.h"
#include "tests/unit/hex.h"

#define PACKET MC_TS_PACKET_BYTES
#define MS_27M 27000ull

typedef struct {
    uint16_t pid;
    bool start, has_af, has_payload;
    uint8_t cc, af_len, af_flags;
    uint64_t pcr_27m;
    const uint8_t *payload;
    size_t payload_len;
} Parsed;

static Parsed parse_packet(const uint8_t *p)
{
    Parsed ret = {.pid = (uint16_t) ((p[1] & 0x1f) << 8 | p[2]),
                  .start = p[1] & 0x40,
                  .has_af = p[3] & 0x20,
                  .has_payload = p[3] & 0x10,
                  .cc = p[3] & 0x0f};
    size_t at = 4;

    g_assert_cmphex(p[0], ==, 0x47);
    g_assert_cmphex(p[1] & 0x80, ==, 0); /* no error */
    g_assert_cmphex(p[3] & 0xc0, ==, 0); /* not scrambled */
    if (ret.has_af) {
        ret.af_len = p[4];
        g_assert_cmpuint(ret.af_len, <=, 183);
        if (ret.af_len)
            ret.af_flags = p[5];
        if (ret.af_flags & 0x10)
            ret.pcr_27m =
                ((uint64_t) p[6] << 25 | p[7] << 17 | p[8] << 9 | p[9] << 1 | p[10] >> 7) * 300 +
                ((p[10] & 1) << 8 | p[11]);
        at = 5u + ret.af_len;
        for (size_t i = ret.af_flags & 0x10 ? 12 : 6; i < at; i++)
            g_assert_cmphex(p[i], ==, 0xff);
    }
    ret.payload = p + at;
    ret.payload_len = ret.has_payload ? PACKET - at : 0;
    g_assert_true(ret.has_payload ? ret.payload_len > 0 : at == PACKET);
    return ret;
}

static bool no_cipher(bool is_audio, const uint8_t *in, uint8_t *out, size_t len,
                      uint8_t ret_private[MC_TS_PRIVATE_BYTES], void *user_data)
{
    for (size_t i = 0; i < len; i++)
        out[i] = in[i] ^ 0xff;
    for (unsigned i = 0; i < MC_TS_PRIVATE_BYTES; i++)
        ret_private[i] = (uint8_t) (0xa0 + i);
    return !is_audio;
}

static void test_golden_pcr(void)
{
    const McTsConfig config = mc_ts_config_default();
    g_autoptr(McTsMux) mux = mc_ts_mux_new(&config);
    g_autoptr(GByteArray) out = g_byte_array_new();

    mc_ts_mux_heartbeat(mux, 270000000, out); /* behind PAT and PMT */
    g_assert_cmpuint(out->len, ==, 3 * PACKET);
    assert_starts_with(out->data + 2 * PACKET, "47 50 00 20 b7 10 00 06 dd d0 7e 00 ff");
}

static void test_golden_pes(void)
{
    const McTsConfig config = mc_ts_config_default();
    g_autoptr(McTsMux) mux = mc_ts_mux_new(&config);
    g_autoptr(GByteArray) out = g_byte_array_new();
    uint8_t data[MC_LPCM_FRAME_BYTES] = {0xa0, 0x06, 0x00, 0x11};

    mc_ts_mux_heartbeat(mux, 0, out);
    g_byte_array_set_size(out, 0);
    mc_ts_mux_video(mux, data, 170, 900000, false, 0, out);
    assert_starts_with(out->data, "47 50 11 10 00 00 01 e0 00 b2 84 80 05 21 00 37 77 41 a0 06");
    g_byte_array_set_size(out, 0);
    mc_ts_mux_audio(mux, data, sizeof data, 900000, 0, out);
    assert_starts_with(out->data,
                       "47 51 00 10 00 00 01 bd 07 8e 84 80 07 21 00 37 77 41 ff ff a0 06 00 11");
    g_assert_cmpuint(out->len, ==, 11 * PACKET);
}

static void test_new_tables(void)
{
    const McTsConfig config = mc_ts_config_default();
    g_autoptr(McTsMux) mux = mc_ts_mux_new(&config);
    g_autoptr(GByteArray) out = g_byte_array_new();

    mc_ts_mux_heartbeat(mux, 0, out);
    mc_ts_mux_set_video(mux, 66, 0xc0, 31); /* the same: nothing is due */
    g_byte_array_set_size(out, 0);
    mc_ts_mux_heartbeat(mux, MS_27M, out);
    g_assert_cmpuint(out->len, ==, 0);
    mc_ts_mux_set_video(mux, 100, 0x0c, 40);
    mc_ts_mux_heartbeat(mux, MS_27M, out);
    g_assert_cmpuint(out->len, ==, 2 * PACKET);
    g_assert_cmphex(out->data[5 + 5], ==, 0xc3); /* the PAT did not change */
    g_assert_cmphex(out->data[PACKET + 5 + 5], ==, 0xc5);
    assert_starts_with(out->data + PACKET + 5 + 17, "28 04 64 0c 28 3f");
    g_assert_cmpuint(mc_ts_mux_tables(mux), ==, 2);
}

/* ---------- a demultiplexer ---------- */

typedef struct {
    int cc[0x2000]; /* -1: none yet */
    GByteArray *pes;
    uint16_t pid;
    unsigned n_pes, n_pcr;
    uint64_t last_pcr;
    uint8_t first_af_flags;
} Demux;

static Demux *demux_new(uint16_t pid)
{
    Demux *self = g_new0(Demux, 1);

    for (size_t i = 0; i < G_N_ELEMENTS(self->cc); i++)
        self->cc[i] = -1;
    self->pes = g_byte_array_new();
    self->pid = pid;
    return self;
}

static void demux_free(Demux *self)
{
    g_byte_array_unref(self->pes);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Demux, demux_free)

static void demux_feed(Demux *self, const GByteArray *ts)
{
    g_assert_cmpuint(ts->len % PACKET, ==, 0);
    for (guint at = 0; at < ts->len; at += PACKET) {
        const Parsed packet = parse_packet(ts->data + at);
        int *cc = &self->cc[packet.pid];

        if (packet.af_flags & 0x10) {
            self->last_pcr = packet.pcr_27m;
            self->n_pcr++;
        }
        if (packet.has_payload && *cc >= 0)
            g_assert_cmpint(packet.cc, ==, (*cc + 1) & 15);
        else if (*cc >= 0)
            g_assert_cmpint(packet.cc, ==, *cc);
        *cc = packet.cc;
        if (packet.pid != self->pid || !packet.has_payload)
            continue;
        if (packet.start) {
            g_byte_array_set_size(self->pes, 0);
            self->n_pes++;
            self->first_af_flags = packet.af_flags;
        }
        g_byte_array_append(self->pes, packet.payload, (guint) packet.payload_len);
    }
}

static uint64_t pes_pts(const uint8_t *pes)
{
    g_assert_cmphex(pes[9] & 0xf1, ==, 0x21);
    g_assert_true(pes[11] & 1 && pes[13] & 1);
    return (uint64_t) (pes[9] >> 1 & 7) << 30 | (uint64_t) pes[10] << 22 | (pes[11] >> 1) << 15 |
           pes[12] << 7 | pes[13] >> 1;
}

static void assert_pes(const Demux *demux, const uint8_t *data, size_t len, uint64_t pts)
{
    const uint8_t *pes = demux->pes->data;
    const size_t header = 9u + pes[8];

    g_assert_cmpuint(demux->pes->len, ==, header + len);
    g_assert_cmpmem(pes + header, len, data, len);
    g_assert_cmpuint(pes_pts(pes), ==, pts);
    g_assert_cmpuint((pes[4] << 8 | pes[5]), ==, header - 6 + len > 65535 ? 0 : header - 6 + len);
}

static uint8_t *noise(size_t len)
{
    uint8_t *ret = g_malloc(len);

    for (size_t i = 0; i < len; i++)
        ret[i] = (uint8_t) (i * 31 + (i >> 8));
    return ret;
}

static void try_every_length(bool pcr_on_video)
{
    McTsConfig config = mc_ts_config_default();
    g_autofree uint8_t *data = noise(600);
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(McTsMux) mux = NULL;
    g_autoptr(Demux) video = demux_new(config.layout.video_pid);
    g_autoptr(Demux) audio = demux_new(config.layout.audio_pid);

    config.layout.pcr_on_video = pcr_on_video;
    mux = mc_ts_mux_new(&config);
    for (size_t len = 1; len <= 600; len++) {
        const bool idr = len % 7 == 0;

        g_byte_array_set_size(out, 0);
        mc_ts_mux_video(mux, data, len, len * 3000, idr, len * 33 * MS_27M, out);
        mc_ts_mux_audio(mux, data, len, len * 3000 + 1, len * 33 * MS_27M, out);
        demux_feed(video, out);
        demux_feed(audio, out);
        assert_pes(video, data, len, len * 3000);
        assert_pes(audio, data, len, len * 3000 + 1);
        g_assert_cmpint(video->first_af_flags >> 6 & 1, ==, idr);
        g_assert_cmphex(audio->first_af_flags, ==, 0);
        g_assert_cmphex(audio->pes->data[14], ==, 0xff);
    }
    g_assert_cmpuint(video->n_pes, ==, 600);
}

static void test_every_length(void)
{
    try_every_length(false);
}

static void test_pcr_on_video(void)
{
    McTsConfig config = mc_ts_config_default();
    g_autoptr(McTsMux) mux = NULL;
    g_autoptr(GByteArray) out = g_byte_array_new();
    const uint8_t au[10] = {0};

    try_every_length(true);
    config.layout.pcr_on_video = true;
    mux = mc_ts_mux_new(&config);
    mc_ts_mux_video(mux, au, sizeof au, 0, true, 270000000, out);
    g_assert_cmpuint(out->len, ==, 3 * PACKET);
    assert_starts_with(out->data + PACKET + 13, "f0 11"); /* PCR_PID */
    assert_starts_with(out->data + 2 * PACKET, "47 50 11 30 9f 50 00 06 dd d0 7e 00 ff");
    mc_ts_mux_heartbeat(mux, 270000000 + 60 * MS_27M, out);
    assert_starts_with(out->data + 5 * PACKET, "47 10 11 20 b7 10"); /* same continuity counter */
}

static void test_large_video(void)
{
    const McTsConfig config = mc_ts_config_default();
    static const size_t lengths[] = {65527, 65528, 300000};
    g_autofree uint8_t *data = noise(300000);

    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(McTsMux) mux = mc_ts_mux_new(&config);
        g_autoptr(GByteArray) out = g_byte_array_new();
        g_autoptr(Demux) demux = demux_new(config.layout.video_pid);

        mc_ts_mux_video(mux, data, lengths[i], 5, true, 0, out);
        demux_feed(demux, out);
        assert_pes(demux, data, lengths[i], 5);
    }
}

static void test_sizes_at_the_edge(void)
{
    const McTsConfig config = mc_ts_config_default();
    g_autoptr(McTsMux) mux = mc_ts_mux_new(&config);
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autofree uint8_t *data = noise(70000);

    mc_ts_mux_heartbeat(mux, 0, out);
    g_byte_array_set_size(out, 0);
    mc_ts_mux_audio(mux, data, 70000, 0, 0, out); /* cannot be told: dropped */
    mc_ts_mux_audio(mux, data, 0, 0, 0, out);
    mc_ts_mux_video(mux, NULL, 0, 0, false, 0, out);
    g_assert_cmpuint(out->len, ==, 0);
}

static void test_pts_wraps(void)
{
    const McTsConfig config = mc_ts_config_default();
    static const uint64_t times[] = {0, 1, (1ull << 33) - 1, 1ull << 33, (1ull << 33) + 77, ~0ull};
    const uint8_t au[3] = {1, 2, 3};

    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autoptr(McTsMux) mux = mc_ts_mux_new(&config);
        g_autoptr(GByteArray) out = g_byte_array_new();
        g_autoptr(Demux) demux = demux_new(config.layout.video_pid);

        mc_ts_mux_video(mux, au, sizeof au, times[i], false, times[i] % (1ull << 40) * 300 + 299,
                        out);
        demux_feed(demux, out);
        assert_pes(demux, au, sizeof au, times[i] & ((1ull << 33) - 1));
        g_assert_cmpuint(demux->last_pcr / 300, ==, times[i] & ((1ull << 33) - 1));
        g_assert_cmpuint(demux->last_pcr % 300, ==, 299);
    }
}

/* A still desktop: 10 s of heartbeats every 40 ms, or sound every 10 ms. */
static void test_pcr_interval(void)
{
    const McTsConfig config = mc_ts_config_default();
    const uint8_t frame[100] = {0};

    for (unsigned step_ms = 10; step_ms <= 40; step_ms += 30) {
        g_autoptr(McTsMux) mux = mc_ts_mux_new(&config);
        g_autoptr(Demux) demux = demux_new(config.layout.video_pid);
        uint64_t last = 0;

        for (uint64_t now = 0; now < 10000; now += step_ms) {
            g_autoptr(GByteArray) out = g_byte_array_new();

            if (step_ms == 40)
                mc_ts_mux_heartbeat(mux, now * MS_27M, out);
            else
                mc_ts_mux_audio(mux, frame, sizeof frame, now * 90, now * MS_27M, out);
            demux_feed(demux, out);
            if (demux->last_pcr == now * MS_27M)
                last = now;
            g_assert_cmpuint(now - last, <=, 40);
        }
        g_assert_cmpuint(demux->n_pcr, ==, step_ms == 40 ? 250 : 500);
    }
}

/* A clock that jumps back must not silence PSI. */
static void test_clock_goes_back(void)
{
    const McTsConfig config = mc_ts_config_default();
    g_autoptr(McTsMux) mux = mc_ts_mux_new(&config);
    g_autoptr(GByteArray) out = g_byte_array_new();

    mc_ts_mux_heartbeat(mux, 1000 * MS_27M, out);
    mc_ts_mux_heartbeat(mux, 5 * MS_27M, out);
    g_assert_cmpuint(out->len, ==, 6 * PACKET);
}

static void test_idr_brings_psi(void)
{
    const McTsConfig config = mc_ts_config_default();
    g_autoptr(McTsMux) mux = mc_ts_mux_new(&config);
    g_autoptr(GByteArray) out = g_byte_array_new();
    const uint8_t au[10] = {0};

    mc_ts_mux_heartbeat(mux, 0, out);
    mc_ts_mux_video(mux, au, sizeof au, 0, false, 1, out);
    g_assert_cmpuint(out->len, ==, 4 * PACKET);
    mc_ts_mux_video(mux, au, sizeof au, 0, true, 10 * MS_27M, out);
    g_assert_cmpuint(out->len, ==, 8 * PACKET);
    assert_starts_with(out->data + 4 * PACKET, "47 40 00 11");
}

/* A PCR stands before each picture, but never right behind another: what is between two of them
 * would come too fast for a receiver's transport buffers. */
static void test_pcr_before_picture(void)
{
    const McTsConfig config = mc_ts_config_default();
    const uint8_t au[10] = {0};

    for (unsigned on_video = 0; on_video < 2; on_video++) {
        McTsConfig as = config;
        as.layout.pcr_on_video = on_video;
        g_autoptr(McTsMux) mux = mc_ts_mux_new(&as);
        g_autoptr(Demux) demux = demux_new(as.layout.video_pid);
        for (unsigned ms = 0; ms < 100; ms++) {
            g_autoptr(GByteArray) out = g_byte_array_new();
            mc_ts_mux_video(mux, au, sizeof au, ms * 90, ms % 3 == 0, ms * MS_27M, out);
            demux_feed(demux, out);
            g_assert_cmpuint(demux->n_pcr, ==, ms / 5 + 1);
            g_assert_cmpuint(demux->last_pcr, ==, (ms - ms % 5) * MS_27M);
        }
    }
}

/* After a large picture the next one waits until what is between them is no faster than 16 Mbit/s,
 * or for 40 ms. */
static void test_pcr_after_large(void)
{
    static const struct {
        size_t bytes;
        unsigned next_ms;
    } rows[] = {{1000, 20}, {30000, 20}, {50000, 26}, {60000, 31}, {300000, 40}};
    const McTsConfig config = mc_ts_config_default();
    const uint8_t frame[10] = {0};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(McTsMux) mux = mc_ts_mux_new(&config);
        g_autoptr(Demux) demux = demux_new(config.layout.video_pid);
        g_autoptr(GByteArray) out = g_byte_array_new();
        g_autofree uint8_t *au = g_malloc0(rows[i].bytes);
        unsigned ms = 0;

        mc_ts_mux_video(mux, au, rows[i].bytes, 0, true, 0, out);
        demux_feed(demux, out);
        while (demux->n_pcr == 1) {
            g_byte_array_set_size(out, 0);
            ms++;
            mc_ts_mux_audio(mux, frame, sizeof frame, ms * 90, ms * MS_27M, out);
            demux_feed(demux, out);
        }
        g_assert_cmpuint(ms, >=, rows[i].next_ms);
        g_assert_cmpuint(ms, <=, rows[i].next_ms + (rows[i].next_ms % 20 ? 4 : 0));
    }
}

/* Two large pictures in one stretch would be twice as fast: each of 30 a second has its own. */
static void test_pcr_between_large(void)
{
    const McTsConfig config = mc_ts_config_default();
    g_autoptr(McTsMux) mux = mc_ts_mux_new(&config);
    g_autoptr(Demux) demux = demux_new(config.layout.video_pid);
    const uint8_t frame[10] = {0};
    g_autofree uint8_t *au = g_malloc0(100000);

    for (unsigned i = 0; i < 30; i++) {
        g_autoptr(GByteArray) out = g_byte_array_new();
        const uint64_t ms = i * 100 / 3;
        mc_ts_mux_video(mux, au, 100000, ms * 90, false, ms * MS_27M, out);
        demux_feed(demux, out);
        g_assert_cmpuint(demux->last_pcr, ==, ms * MS_27M);
        g_byte_array_set_size(out, 0);
        mc_ts_mux_audio(mux, frame, sizeof frame, (ms + 20) * 90, (ms + 20) * MS_27M, out);
        demux_feed(demux, out);
        g_assert_cmpuint(demux->last_pcr, ==, ms * MS_27M);
    }
}

static void test_hdcp(void)
{
    McTsConfig config = mc_ts_config_default();
    g_autofree uint8_t *data = noise(3000);
    g_autoptr(McTsMux) mux = NULL;
    g_autoptr(Demux) demux = demux_new(config.layout.video_pid);
    g_autoptr(GByteArray) out = g_byte_array_new();
    const uint8_t *pes;
    unsigned left = 0;

    config.hdcp.encrypt = no_cipher;
    mux = mc_ts_mux_new(&config);
    mc_ts_mux_video(mux, data, 3000, 900000, true, 0, out);
    demux_feed(demux, out);
    pes = demux->pes->data;
    assert_starts_with(pes, "00 00 01 e0 0b d1 84 81 16 21 00 37 77 41 8e a0 a1 a2");
    g_assert_cmpuint(demux->pes->len, ==, 31 + 3000);
    for (size_t i = 0; i < 3000; i++)
        g_assert_cmphex(pes[31 + i], ==, data[i] ^ 0xff);
    for (guint at = 3 * PACKET; at < out->len; at += PACKET) {
        const Parsed packet = parse_packet(out->data + at);

        g_assert_cmpuint(left % 16, ==, 0);
        left += (unsigned) packet.payload_len - (packet.start ? 31 : 0);
    }
    g_assert_cmpuint(left, ==, 3000);
    g_byte_array_set_size(out, 0);
    mc_ts_mux_audio(mux, data, 100, 900000, 0, out); /* the hook says: in the clear */
    assert_starts_with(out->data, "47 51 00 30 43 00");
    assert_starts_with(out->data + 4 + 68, "00 00 01 bd 00 6e 84 80 07");
}

static bool refuse(bool is_audio, const uint8_t *in, uint8_t *out, size_t len,
                   uint8_t ret_private[MC_TS_PRIVATE_BYTES], void *user_data)
{
    return false;
}

/* Protection comes and goes within a stream; required, what the cipher refuses is not sent at all.
 */
static void test_hdcp_required(void)
{
    const McTsConfig config = mc_ts_config_default();
    const McTsHdcp hdcp = {.encrypt = refuse, .required = true};
    g_autofree uint8_t *data = noise(3000);
    g_autoptr(McTsMux) mux = mc_ts_mux_new(&config);
    g_autoptr(GByteArray) out = g_byte_array_new();

    mc_ts_mux_video(mux, data, 3000, 900000, true, 0, out);
    mc_ts_mux_set_hdcp(mux, &hdcp);
    g_byte_array_set_size(out, 0);
    mc_ts_mux_video(mux, data, 3000, 903000, true, 2000 * MS_27M, out);
    mc_ts_mux_audio(mux, data, 100, 903000, 2001 * MS_27M, out);
    g_assert_cmpuint(out->len, ==, 3 * PACKET); /* PAT, PMT, PCR: the clock goes on */
    g_assert_nonnull(memmem(out->data, out->len, "\5\5HDCP\x20", 7));
    mc_ts_mux_set_hdcp(mux, NULL);
    g_byte_array_set_size(out, 0);
    mc_ts_mux_video(mux, data, 3000, 906000, true, 4000 * MS_27M, out);
    g_assert_cmpuint(out->len, >, 15 * PACKET);
    g_assert_null(memmem(out->data, 2 * PACKET, "\5\5HDCP\x20", 7)); /* PAT and PMT again */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ts-mux/golden-pcr", test_golden_pcr);
    g_test_add_func("/ts-mux/golden-pes", test_golden_pes);
    g_test_add_func("/ts-mux/new-tables", test_new_tables);
    g_test_add_func("/ts-mux/every-length", test_every_length);
    g_test_add_func("/ts-mux/pcr-on-video", test_pcr_on_video);
    g_test_add_func("/ts-mux/large-video", test_large_video);
    g_test_add_func("/ts-mux/sizes-at-the-edge", test_sizes_at_the_edge);
    g_test_add_func("/ts-mux/pts-wraps", test_pts_wraps);
    g_test_add_func("/ts-mux/pcr-interval", test_pcr_interval);
    g_test_add_func("/ts-mux/clock-goes-back", test_clock_goes_back);
    g_test_add_func("/ts-mux/idr-brings-psi", test_idr_brings_psi);
    g_test_add_func("/ts-mux/pcr-before-picture", test_pcr_before_picture);
    g_test_add_func("/ts-mux/pcr-after-large", test_pcr_after_large);
    g_test_add_func("/ts-mux/pcr-between-large", test_pcr_between_large);
    g_test_add_func("/ts-mux/hdcp", test_hdcp);
    g_test_add_func("/ts-mux/hdcp-required", test_hdcp_required);
    return g_test_run();
}
