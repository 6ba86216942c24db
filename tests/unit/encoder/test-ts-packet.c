/* SPDX-License-Identifier: MIT */
/* One packet: its header, adaptation fields of every length, the clock reference, null packets. */
#include "encoder/ts-packet.h"

#include "tests/unit/hex.h"

#define PACKET MC_TS_PACKET_BYTES

static void test_golden(void)
{
    static const uint8_t head[] = {0xaa, 0xbb}, data[184] = {0xcc};
    g_autoptr(GByteArray) out = g_byte_array_new();

    mc_ts_packet_append(
        out,
        &(McTsPacket){.pid = 0x1000, .start = true, .af_flags = MC_TS_PCR, .pcr_27m = 270000000});
    mc_ts_packet_append(
        out,
        &(McTsPacket){
            .pid = 0x1011, .cc = 9, .head = head, .head_len = 2, .data = data, .data_len = 182});
    mc_ts_packet_append(out, &(McTsPacket){.pid = 0x1011,
                                           .cc = 10,
                                           .af_flags = MC_TS_RANDOM_ACCESS | MC_TS_PCR,
                                           .pcr_27m = 299,
                                           .data = data,
                                           .data_len = 176});
    mc_ts_packet_append_null(out);
    g_assert_cmpuint(out->len, ==, 4 * PACKET);
    assert_starts_with(out->data, "47 50 00 20 b7 10 00 06 dd d0 7e 00 ff");
    assert_starts_with(out->data + PACKET, "47 10 11 19 aa bb cc");
    assert_starts_with(out->data + 2 * PACKET, "47 10 11 3a 07 50 00 00 00 00 7f 2b cc");
    assert_starts_with(out->data + 3 * PACKET, "47 1f ff 10 ff");
}

/* What the payload leaves is adaptation field, of one byte (a length of 0) and more. */
static void test_stuffing(void)
{
    static const uint8_t data[184] = {0};

    for (size_t len = 0; len < 184; len++) {
        g_autoptr(GByteArray) out = g_byte_array_new();
        const size_t adaptation = 184 - len;

        mc_ts_packet_append(out, &(McTsPacket){.pid = 1, .data = data, .data_len = len});
        g_assert_cmpuint(out->len, ==, PACKET);
        g_assert_cmphex(out->data[3], ==, len ? 0x30 : 0x20);
        g_assert_cmpuint(out->data[4], ==, adaptation - 1);
        if (adaptation > 1)
            g_assert_cmphex(out->data[5], ==, 0);
        for (size_t i = 2; i < adaptation; i++)
            g_assert_cmphex(out->data[4 + i], ==, 0xff);
    }
}

static void test_room(void)
{
    uint8_t cc = 14;

    g_assert_cmpuint(mc_ts_packet_room(0), ==, 184);
    g_assert_cmpuint(mc_ts_packet_room(MC_TS_RANDOM_ACCESS), ==, 182);
    g_assert_cmpuint(mc_ts_packet_room(MC_TS_RANDOM_ACCESS | MC_TS_PCR), ==, 176);
    g_assert_cmpuint(mc_ts_take_cc(&cc), ==, 14);
    g_assert_cmpuint(mc_ts_take_cc(&cc), ==, 15);
    g_assert_cmpuint(cc, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ts-packet/golden", test_golden);
    g_test_add_func("/ts-packet/stuffing", test_stuffing);
    g_test_add_func("/ts-packet/room", test_room);
    return g_test_run();
}
