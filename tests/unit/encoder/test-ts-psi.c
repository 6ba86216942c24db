/* SPDX-License-Identifier: MIT */
/* PAT and PMT against the bytes that sinks expect; their versions and when they are due. */
#include "encoder/ts-psi.h"

#include "encoder/ts-packet.h"
#include "tests/unit/hex.h"

#define PACKET MC_TS_PACKET_BYTES
#define MS_27M 27000ull

/* As the first flavour has it, CBP 3.1. */
static const McTsProgram lpcm = {.pmt_pid = 0x0100,
                                 .pcr_pid = 0x1000,
                                 .video_pid = 0x1011,
                                 .audio_pid = 0x1100,
                                 .audio = MC_TS_AUDIO_LPCM,
                                 .avc_descriptors = true,
                                 .profile_idc = 66,
                                 .constraints = 0xc0,
                                 .level_idc = 31};

static GByteArray *tables(McTsPsi *psi, uint64_t pcr_27m)
{
    GByteArray *out = g_byte_array_new();

    mc_ts_psi_append(psi, pcr_27m, out);
    g_assert_cmpuint(out->len, ==, 2 * PACKET);
    return out;
}

static void assert_versions(McTsPsi *psi, unsigned pat, unsigned pmt)
{
    g_autoptr(GByteArray) out = tables(psi, 0);

    g_assert_cmphex(out->data[5 + 5], ==, 0xc1 | pat << 1);
    g_assert_cmphex(out->data[PACKET + 5 + 5], ==, 0xc1 | pmt << 1);
}

/* The section, and nothing behind it. */
static void assert_section(const uint8_t *packet, const char *hex)
{
    uint8_t wish[PACKET];
    const size_t len = test_hex(hex, wish, sizeof wish);

    g_assert_cmpmem(packet + 5, len, wish, len);
    for (size_t i = 5 + len; i < PACKET; i++)
        g_assert_cmphex(packet[i], ==, 0xff);
}

static void test_golden_pat(void)
{
    g_autoptr(McTsPsi) psi = mc_ts_psi_new(&lpcm, 1);
    g_autoptr(GByteArray) out = tables(psi, 0);

    assert_starts_with(out->data, "47 40 00 10 00");
    assert_section(out->data, "00 b0 0d 00 00 c3 00 00 00 01 e1 00 2d f6 52 95");
}

static void assert_pmt(const McTsProgram *program, const char *hex)
{
    g_autoptr(McTsPsi) psi = mc_ts_psi_new(program, 1);
    g_autoptr(GByteArray) out = tables(psi, 0);

    assert_starts_with(out->data + PACKET, "47 41 00 10 00");
    assert_section(out->data + PACKET, hex);
}

static void test_golden_pmt(void)
{
    McTsProgram program = lpcm;

    assert_pmt(&program,
               "02 b0 25 00 01 c3 00 00 f0 00 f0 00 1b f0 11 f0 0a 28 04 42 c0 1f 3f 2a 02 "
               "7e 1f 83 f1 00 f0 04 83 02 46 2f 91 4c 0f 26");
    program.audio = MC_TS_AUDIO_AC3;
    assert_pmt(&program,
               "02 b0 26 00 01 c3 00 00 f0 00 f0 00 1b f0 11 f0 0a 28 04 42 c0 1f 3f 2a 02 "
               "7e 1f 81 f1 00 f0 05 81 03 08 28 05 0e a7 25 11");
    program.audio = MC_TS_AUDIO_AAC;
    assert_pmt(&program,
               "02 b0 21 00 01 c3 00 00 f0 00 f0 00 1b f0 11 f0 0a 28 04 42 c0 1f 3f 2a 02 "
               "7e 1f 0f f1 00 f0 00 40 98 d5 a0");
    program.hdcp = true;
    assert_pmt(&program,
               "02 b0 28 00 01 c3 00 00 f0 00 f0 07 05 05 48 44 43 50 20 1b f0 11 f0 0a 28 "
               "04 42 c0 1f 3f 2a 02 7e 1f 0f f1 00 f0 00 4c dc 72 92");
    program = lpcm;
    program.audio = MC_TS_AUDIO_NONE;
    program.avc_descriptors = false;
    program.pcr_pid = program.video_pid;
    assert_pmt(&program, "02 b0 12 00 01 c3 00 00 f0 11 f0 00 1b f0 11 f0 00 31 47 92 03");
}

static void test_version(void)
{
    g_autoptr(McTsPsi) psi = mc_ts_psi_new(&lpcm, 7);

    mc_ts_psi_change(psi, &lpcm); /* nobody saw a table: its version is not used up */
    mc_ts_psi_replace(psi, &lpcm, 1);
    assert_versions(psi, 1, 1);
    mc_ts_psi_change(psi, &lpcm);
    assert_versions(psi, 1, 2);  /* the PAT did not change */
    for (int i = 0; i < 31; i++) /* 3 ... 31, 0, 1 */
        mc_ts_psi_change(psi, &lpcm);
    assert_versions(psi, 1, 1);
    mc_ts_psi_replace(psi, &lpcm, 0);
    assert_versions(psi, 2, 2);
}

static void test_due(void)
{
    g_autoptr(McTsPsi) psi = mc_ts_psi_new(&lpcm, 0);
    g_autoptr(GByteArray) out = NULL;

    g_assert_true(mc_ts_psi_is_due(psi, 0));
    out = tables(psi, 1000 * MS_27M);
    g_assert_false(mc_ts_psi_is_due(psi, 1000 * MS_27M));
    g_assert_false(mc_ts_psi_is_due(psi, 1050 * MS_27M - 1));
    g_assert_true(mc_ts_psi_is_due(psi, 1050 * MS_27M));
    g_assert_true(mc_ts_psi_is_due(psi, 5 * MS_27M)); /* a clock that went back silences nothing */
    mc_ts_psi_change(psi, &lpcm);
    g_assert_true(mc_ts_psi_is_due(psi, 1000 * MS_27M));
}

static void test_continuity(void)
{
    g_autoptr(McTsPsi) psi = mc_ts_psi_new(&lpcm, 0);

    for (unsigned i = 0; i < 20; i++) {
        g_autoptr(GByteArray) out = tables(psi, 0);

        g_assert_cmphex(out->data[3], ==, 0x10 | i % 16);
        g_assert_cmphex(out->data[PACKET + 3], ==, 0x10 | i % 16);
    }
    g_assert_cmpuint(mc_ts_psi_count(psi), ==, 20);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ts-psi/golden-pat", test_golden_pat);
    g_test_add_func("/ts-psi/golden-pmt", test_golden_pmt);
    g_test_add_func("/ts-psi/version", test_version);
    g_test_add_func("/ts-psi/due", test_due);
    g_test_add_func("/ts-psi/continuity", test_continuity);
    return g_test_run();
}
