/* SPDX-License-Identifier: MIT */
#include "encoder/rtp.h"

#include <string.h>

#define PACKET 188u

typedef struct {
    GArray *lengths;
    GByteArray *headers, *payload;
} Got;

static void take(const uint8_t *header12, const uint8_t *payload, size_t payload_len,
                 void *user_data)
{
    Got *got = user_data;
    const guint len = (guint) payload_len;

    g_array_append_val(got->lengths, len);
    g_byte_array_append(got->headers, header12, 12);
    g_byte_array_append(got->payload, payload, len);
}

static void got_clear(Got *got)
{
    g_array_unref(got->lengths);
    g_byte_array_unref(got->headers);
    g_byte_array_unref(got->payload);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Got, got_clear)

static Got got_init(void)
{
    return (Got){g_array_new(FALSE, FALSE, sizeof(guint)), g_byte_array_new(), g_byte_array_new()};
}

static void test_header(void)
{
    g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(0xdeadbeef, 0x1234);
    g_auto(Got) got = got_init();
    static const uint8_t wish[] = {0x80, 33,   0x12, 0x34, 0x89, 0xab, 0xcd, 0xef,
                                   0xde, 0xad, 0xbe, 0xef, 0x80, 0xa1, 0x12, 0x35,
                                   0x89, 0xab, 0xcd, 0xef, 0xde, 0xad, 0xbe, 0xef};
    uint8_t ts[8 * PACKET];

    for (size_t i = 0; i < sizeof ts; i++)
        ts[i] = (uint8_t) (i * 7);
    mc_rtp_packetise(rtp, ts, sizeof ts, 0x89abcdef, true, take, &got);
    g_assert_cmpmem(got.headers->data, got.headers->len, wish, sizeof wish);
    g_assert_cmpmem(got.payload->data, got.payload->len, ts, sizeof ts);
    g_assert_cmpuint(g_array_index(got.lengths, guint, 0), ==, 1316);
    g_assert_cmpuint(g_array_index(got.lengths, guint, 1), ==, PACKET);
    g_assert_cmpuint(mc_rtp_packetiser_packets(rtp), ==, 2);
    g_assert_cmpuint(mc_rtp_packetiser_octets(rtp), ==, sizeof ts);
    g_assert_cmphex(mc_rtp_packetiser_next_seq(rtp), ==, 0x1236);
}

static void test_every_count(void)
{
    uint8_t ts[30 * PACKET] = {0};

    for (size_t n = 0; n <= 30; n++) {
        g_autoptr(McRtpPacketiser) rtp = mc_rtp_packetiser_new(1, 65535);
        g_auto(Got) got = got_init();

        mc_rtp_packetise(rtp, ts, n * PACKET + n % 3, 9, n % 2, take, &got);
        g_assert_cmpuint(got.lengths->len, ==, (n + 6) / 7);
        g_assert_cmpuint(got.payload->len, ==, n * PACKET);
        for (guint i = 0; i < got.lengths->len; i++) {
            const uint8_t *header = got.headers->data + i * 12;
            const bool last = i + 1 == got.lengths->len;

            g_assert_cmpuint(header[2] << 8 | header[3], ==, (65535 + i) & 0xffff);
            g_assert_cmpint(header[1] >> 7, ==, last && n % 2);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rtp/header", test_header);
    g_test_add_func("/rtp/every-count", test_every_count);
    return g_test_run();
}
