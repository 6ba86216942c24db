/* SPDX-License-Identifier: MIT */
/* Each flavour as it stands on the wire: PIDs, versions, clock, PES style, null packets. */
#include "encoder/ts-flavour.h"

#include <string.h>

#define PACKET MC_TS_PACKET_BYTES
#define FRAME_27M (33ull * 27000)

typedef struct {
    unsigned packets, nulls, pcr_pid_packets, pcr_on_video;
    uint8_t pat_version, pmt_version;
    unsigned pmt_info_bytes, video_info_bytes;
    uint16_t pmt_pid, pcr_pid, video_pid, audio_pid;
    uint8_t pes_flags;
    uint16_t video_pes_length;
} Seen;

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t) (at[0] << 8 | at[1]);
}

static void see_pmt(Seen *seen, const uint8_t *section)
{
    const uint8_t *stream;

    seen->pmt_version = section[5] >> 1 & 0x1f;
    seen->pcr_pid = get16(section + 8) & 0x1fff;
    seen->pmt_info_bytes = get16(section + 10) & 0xfff;
    stream = section + 12 + seen->pmt_info_bytes;
    seen->video_pid = get16(stream + 1) & 0x1fff;
    seen->video_info_bytes = get16(stream + 3) & 0xfff;
    stream += 5 + seen->video_info_bytes;
    seen->audio_pid = get16(stream + 1) & 0x1fff;
}

static void see_packet(Seen *seen, const uint8_t *packet)
{
    const uint16_t pid = get16(packet + 1) & 0x1fff;
    const bool adaptation = packet[3] & 0x20;
    const uint8_t *payload = packet + 4 + (adaptation ? 1 + packet[4] : 0);
    const bool pcr = adaptation && packet[4] && packet[5] & 0x10;

    seen->packets++;
    seen->nulls += pid == 0x1fff;
    if (pid == 0) {
        seen->pat_version = payload[1 + 5] >> 1 & 0x1f;
        seen->pmt_pid = get16(payload + 1 + 10) & 0x1fff;
    } else if (pid == seen->pmt_pid) {
        see_pmt(seen, payload + 1);
    }
    seen->pcr_pid_packets += pcr && pid == 0x1000;
    seen->pcr_on_video += pcr && pid == 0x1011;
    if (pid == 0x1011 && packet[1] & 0x40 && packet[3] & 0x10) {
        seen->pes_flags = payload[6];
        seen->video_pes_length = get16(payload + 4);
    }
}

static void see(Seen *seen, const GByteArray *ts)
{
    g_assert_cmpuint(ts->len % PACKET, ==, 0);
    for (guint at = 0; at < ts->len; at += PACKET)
        see_packet(seen, ts->data + at);
}

static Seen watch(McTsMux *mux)
{
    static const uint8_t au[1000], sound[300];
    g_autoptr(GByteArray) out = g_byte_array_new();
    Seen seen = {0};

    for (unsigned i = 0; i < 30; i++) {
        g_byte_array_set_size(out, 0);
        mc_ts_mux_video(mux, au, sizeof au, i * 3000, i == 0, i * FRAME_27M, out);
        see(&seen, out);
        g_byte_array_set_size(out, 0);
        mc_ts_mux_audio(mux, sound, sizeof sound, i * 3000, i * FRAME_27M, out);
        see(&seen, out);
    }
    return seen;
}

static void test_each(void)
{
    const McTsFlavour *flavour;
    unsigned i;

    for (i = 0; (flavour = mc_ts_flavour_at(i)); i++) {
        McTsConfig config = mc_ts_config_default();
        g_autoptr(McTsMux) mux = NULL;

        g_assert_true(mc_ts_flavour(flavour->name) == flavour);
        config.layout = flavour->layout;
        mux = mc_ts_mux_new(&config);
        mc_ts_mux_set_video(mux, 100, 0x0c,
                            42); /* nobody saw a table: its version is not used up */
        const Seen seen = watch(mux);
        g_assert_cmphex(seen.pmt_pid, ==, flavour->layout.pmt_pid);
        g_assert_cmphex(seen.video_pid, ==, 0x1011);
        g_assert_cmphex(seen.audio_pid, ==, 0x1100);
        g_assert_cmpuint(seen.pat_version, ==, flavour->layout.psi_version);
        g_assert_cmpuint(seen.pmt_version, ==, flavour->layout.psi_version);
        g_assert_cmphex(seen.pcr_pid, ==, flavour->layout.pcr_on_video ? 0x1011 : 0x1000);
        g_assert_cmpuint(seen.pcr_on_video > 10, ==, flavour->layout.pcr_on_video);
        g_assert_cmpuint(seen.pcr_pid_packets > 10, ==, !flavour->layout.pcr_on_video);
        g_assert_cmpuint(seen.video_info_bytes, ==, flavour->layout.avc_descriptors ? 10 : 0);
        g_assert_cmphex(seen.pes_flags, ==, flavour->layout.pes_flags);
        g_assert_cmpuint(seen.video_pes_length, ==,
                         flavour->layout.video_pes_unbounded ? 0 : 1000 + 8);
        g_assert_cmpuint(seen.nulls > 0, ==, flavour->layout.fill_datagrams);
        if (flavour->layout.fill_datagrams)
            g_assert_cmpuint(seen.packets % 7, ==, 0);
    }
    g_assert_cmpuint(i, >=, 4);
}

static void test_names(void)
{
    g_assert_cmpstr(mc_ts_flavour(NULL)->name, ==, "android");
    g_assert_cmpstr(mc_ts_flavour("")->name, ==, "android");
    g_assert_null(mc_ts_flavour("betamax"));
}

/* In a running stream the tables must differ in version, or a sink would not read them again. */
static void test_change(void)
{
    McTsConfig config = mc_ts_config_default();
    g_autoptr(McTsMux) mux = mc_ts_mux_new(&config);
    Seen before = watch(mux), after;

    mc_ts_mux_set_layout(mux, &mc_ts_flavour("gnd")->layout);
    after = watch(mux);
    g_assert_cmphex(before.pmt_pid, ==, 0x0100);
    g_assert_cmphex(after.pmt_pid, ==, 0x0020);
    g_assert_cmpuint(after.pat_version, ==, before.pat_version + 1);
    g_assert_cmpuint(after.pmt_version, ==, before.pmt_version + 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ts-flavour/each", test_each);
    g_test_add_func("/ts-flavour/names", test_names);
    g_test_add_func("/ts-flavour/change", test_change);
    return g_test_run();
}
