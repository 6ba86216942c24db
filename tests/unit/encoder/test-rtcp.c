/* SPDX-License-Identifier: MIT */
#include "encoder/rtcp.h"

#include <glib.h>
#include <string.h>
#include <time.h>

#define SSRC 0xdeadbeefu
/* 2026-11-25 12:00:00.5 UTC */
#define NOW_UNIX_US (1795608000ull * 1000000 + 500000)

static const McRtcpSenderInfo info = {.ssrc = SSRC,
                                      .now_unix_us = NOW_UNIX_US,
                                      .timestamp_90k = 0x01020304,
                                      .packets = 0x111,
                                      .octets = 0x22222,
                                      .cname = "me@here"};

/* Sink 1's receiver report about us: 1/4 lost, 5 in total, sequence 0x10042, jitter 90. */
static const uint8_t receiver_report[32] = {
    0x81, 201, 0, 7,    0, 0, 0, 1,  0xde, 0xad, 0xbe, 0xef, 0x40, 0, 0,    5,
    0,    1,   0, 0x42, 0, 0, 0, 90, 0x12, 0x34, 0x80, 0,    0,    0, 0x40, 0,
};

static void test_sender_report(void)
{
    /* NTP seconds 1795608000 + 2208988800 = 4004596800 = 0xeeb14c40 */
    static const uint8_t wish[] = {
        0x80, 200,  0,    6,    0xde, 0xad, 0xbe, 0xef, 0xee, 0xb1, 0x4c, 0x40, 0x80, 0,   0, 0,
        1,    2,    3,    4,    0,    0,    1,    0x11, 0,    2,    0x22, 0x22, 0x81, 202, 0, 4,
        0xde, 0xad, 0xbe, 0xef, 1,    7,    'm',  'e',  '@',  'h',  'e',  'r',  'e',  0,   0, 0};
    uint8_t packet[MC_RTCP_MAX_BYTES];
    const size_t len = mc_rtcp_build_report(&info, packet);

    g_assert_cmpmem(packet, len, wish, sizeof wish);
}

static void test_own_packets_read(void)
{
    uint8_t packet[MC_RTCP_MAX_BYTES];
    McRtcpSenderInfo long_name = info;
    McRtcpFeedback got;

    for (size_t name = 0; name < 100; name++) {
        g_autofree char *cname = g_strnfill(name, 'x');
        size_t len;

        long_name.cname = cname;
        len = mc_rtcp_build_bye(&long_name, packet);
        g_assert_cmpuint(len, <=, MC_RTCP_MAX_BYTES);
        g_assert_cmpuint(len % 4, ==, 0);
        g_assert_true(mc_rtcp_parse(packet, len, SSRC, &got));
        g_assert_true(got.says_bye);
        g_assert_false(got.has_report);
        g_assert_cmphex(got.reporter_ssrc, ==, SSRC);
    }
}

static void test_receiver_report(void)
{
    McRtcpFeedback got;

    g_assert_true(mc_rtcp_parse(receiver_report, sizeof receiver_report, SSRC, &got));
    g_assert_true(got.has_report);
    g_assert_cmpuint(got.fraction_lost, ==, 64);
    g_assert_cmpint(got.total_lost, ==, 5);
    g_assert_cmphex(got.highest_seq, ==, 0x10042);
    g_assert_cmpuint(got.jitter_90k, ==, 90);
    g_assert_cmphex(got.last_sr, ==, 0x12348000);
    g_assert_cmphex(got.delay_since_sr, ==, 0x4000);
    g_assert_true(mc_rtcp_parse(receiver_report, sizeof receiver_report, 7, &got));
    g_assert_false(got.has_report); /* about somebody else */
}

static void test_negative_total(void)
{
    uint8_t data[sizeof receiver_report];
    McRtcpFeedback got;

    memcpy(data, receiver_report, sizeof data);
    memset(data + 13, 0xff, 3);
    g_assert_true(mc_rtcp_parse(data, sizeof data, SSRC, &got));
    g_assert_cmpint(got.total_lost, ==, -1);
}

static void test_round_trip(void)
{
    McRtcpFeedback got = {.has_report = true, .delay_since_sr = 0x4000 /* 250 ms */};
    const uint32_t now = 0x4c408000; /* middle of NTP at NOW_UNIX_US */

    got.last_sr = now - 0x4000 - 0x1000; /* 62.5 ms */
    g_assert_cmpint(mc_rtcp_round_trip_us(&got, NOW_UNIX_US), ==, 62500);
    got.last_sr = now; /* lies: answered before it was asked */
    g_assert_cmpint(mc_rtcp_round_trip_us(&got, NOW_UNIX_US), ==, -1);
    got.last_sr = 0;
    g_assert_cmpint(mc_rtcp_round_trip_us(&got, NOW_UNIX_US), ==, -1);
}

static void test_received(void)
{
    g_assert_cmpuint(mc_rtcp_received_kbps(100, 100, 140000, 200000), ==, 5600);
    g_assert_cmpuint(mc_rtcp_received_kbps(50, 100, 140000, 200000), ==, 2800);
    g_assert_cmpuint(mc_rtcp_received_kbps(300, 100, 140000, 200000), ==, 16800); /* a queue's */
    g_assert_cmpuint(mc_rtcp_received_kbps(0, 100, 140000, 200000), ==, 0);
    g_assert_cmpuint(mc_rtcp_received_kbps(-5, 100, 140000, 200000), ==, 0);
    g_assert_cmpuint(mc_rtcp_received_kbps(5, 0, 0, 200000), ==, 0);
    g_assert_cmpuint(mc_rtcp_received_kbps(100, 100, 140000, 0), ==, 0);
    g_assert_cmpuint(mc_rtcp_received_kbps(G_MAXINT32, 100, 140000, 200000), ==, 0); /* a lie */
}

/* ---- a wall clock that is set while a report is under way ---- */

static gint64 wall_step_us;

/* GLib's, for this program. */
gint64 g_get_real_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000 + wall_step_us;
}

static uint32_t ntp_middle(const uint8_t *sender_report)
{
    return (uint32_t) sender_report[10] << 24 | (uint32_t) sender_report[11] << 16 |
           (uint32_t) sender_report[12] << 8 | sender_report[13];
}

static void check_step(gint64 step_us)
{
    uint8_t packet[MC_RTCP_MAX_BYTES];
    McRtcpFeedback got = {.has_report = true};
    McRtcpSenderInfo now = info;
    const int64_t sent_us = g_get_monotonic_time();

    wall_step_us = 0;
    now.now_unix_us = mc_rtcp_now_us();
    mc_rtcp_build_report(&now, packet);
    got.last_sr = ntp_middle(packet);
    wall_step_us = step_us;
    const int64_t trip_us = mc_rtcp_round_trip_us(&got, mc_rtcp_now_us());
    g_assert_cmpint(trip_us, >=, 0);
    g_assert_cmpint(trip_us, <=, g_get_monotonic_time() - sent_us + 50); /* 1/65536 s a tick */
    wall_step_us = 0;
}

static void test_clock_set(void)
{
    check_step(0);
    check_step(3 * G_USEC_PER_SEC);
    check_step(-3 * G_USEC_PER_SEC);
    check_step(-3600 * (gint64) G_USEC_PER_SEC);
    g_assert_cmpint(ABS((gint64) mc_rtcp_now_us() - g_get_real_time()), <, 60 * G_USEC_PER_SEC);
}

static void test_picture_wanted(void)
{
    static const uint8_t pli[] = {0x81, 206, 0, 2, 0, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef};
    static const uint8_t fir[] = {0x84, 206, 0,    4,    0,    0,    0, 1, 0, 0,
                                  0,    0,   0xde, 0xad, 0xbe, 0xef, 9, 0, 0, 0};
    McRtcpFeedback got;

    g_assert_true(mc_rtcp_parse(pli, sizeof pli, SSRC, &got) && got.wants_picture);
    g_assert_true(mc_rtcp_parse(fir, sizeof fir, SSRC, &got) && got.wants_picture);
    g_assert_true(mc_rtcp_parse(pli, sizeof pli, 7, &got) && !got.wants_picture);
    g_assert_true(mc_rtcp_parse(fir, sizeof fir, 7, &got) && !got.wants_picture);
}

static void test_compound(void)
{
    static const uint8_t rest[] = {0x80, 210, 0, 0,                          /* unknown */
                                   0x81, 203, 0, 1, 0, 0, 0, 1,              /* BYE */
                                   0xa0, 204, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4}; /* APP, padded */
    uint8_t data[sizeof receiver_report + sizeof rest];
    McRtcpFeedback got;

    memcpy(data, receiver_report, sizeof receiver_report);
    memcpy(data + sizeof receiver_report, rest, sizeof rest);
    g_assert_true(mc_rtcp_parse(data, sizeof data, SSRC, &got));
    g_assert_true(got.has_report && got.says_bye);
    g_assert_cmpuint(got.unknown, ==, 2);
    data[sizeof data - 1] = 9; /* more padding than packet */
    g_assert_false(mc_rtcp_parse(data, sizeof data, SSRC, &got));
    g_assert_false(got.has_report);
    data[sizeof data - 1] = 0;
    g_assert_false(mc_rtcp_parse(data, sizeof data, SSRC, &got));
}

/* Cut anywhere, or with any one bit changed, each copied to its own allocation (for ASan). */
static void test_broken(void)
{
    McRtcpFeedback got;

    for (size_t len = 0; len < sizeof receiver_report; len++) {
        g_autofree uint8_t *cut = g_memdup2(receiver_report, len);

        g_assert_false(mc_rtcp_parse(cut, len, SSRC, &got));
    }
    for (size_t bit = 0; bit < sizeof receiver_report * 8; bit++) {
        g_autofree uint8_t *data = g_memdup2(receiver_report, sizeof receiver_report);

        data[bit / 8] ^= (uint8_t) (1 << bit % 8);
        mc_rtcp_parse(data, sizeof receiver_report, SSRC, &got);
    }
}

static void test_noise(void)
{
    McRtcpFeedback got;
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);

    for (int round = 0; round < 100000; round++) {
        const size_t len = (size_t) g_rand_int_range(rand, 0, 100);
        g_autofree uint8_t *data = g_malloc(len + 1);

        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t) g_rand_int(rand);
        if (len >= 4) { /* like RTCP at first sight */
            data[0] = (uint8_t) (0x80 | (data[0] & 0x3f));
            data[1] = (uint8_t) (200 + data[1] % 8);
            data[2] = 0;
            data[3] %= 25;
        }
        mc_rtcp_parse(data, len, SSRC, &got);
    }
}

/* What is missing: one, those of a mask over the numbers' end, and never more than there is room
 * for. */
static void test_nack(void)
{
    static const uint8_t nack[] = {0x81, 205,  0,    4,    0, 0, 0,    1,    0xde, 0xad,
                                   0xbe, 0xef, 0x12, 0x34, 0, 0, 0xff, 0xff, 0x80, 0x01};
    static const uint8_t cut[] = {0x81, 205, 0, 1, 0, 0, 0, 1};
    uint8_t many[4 + 8 + 4 * 10] = {0x81, 205, 0, 12, 0, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef};
    McRtcpFeedback got;

    g_assert_true(mc_rtcp_parse(nack, sizeof nack, SSRC, &got));
    g_assert_cmpuint(got.n_missing, ==, 4);
    g_assert_cmpuint(got.missing[0], ==, 0x1234);
    g_assert_cmpuint(got.missing[1], ==, 0xffff);
    g_assert_cmpuint(got.missing[2], ==, 0);
    g_assert_cmpuint(got.missing[3], ==, 15);
    g_assert_false(got.has_report || got.wants_picture);
    g_assert_true(mc_rtcp_parse(nack, sizeof nack, 7, &got) && !got.n_missing);
    g_assert_false(mc_rtcp_parse(cut, sizeof cut, SSRC, &got));
    memset(many + 12, 0xff, sizeof many - 12);
    g_assert_true(mc_rtcp_parse(many, sizeof many, SSRC, &got));
    g_assert_cmpuint(got.n_missing, ==, MC_RTCP_MISSING_MAX);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rtcp/sender-report", test_sender_report);
    g_test_add_func("/rtcp/own-packets-read", test_own_packets_read);
    g_test_add_func("/rtcp/receiver-report", test_receiver_report);
    g_test_add_func("/rtcp/negative-total", test_negative_total);
    g_test_add_func("/rtcp/round-trip", test_round_trip);
    g_test_add_func("/rtcp/received", test_received);
    g_test_add_func("/rtcp/clock-set", test_clock_set);
    g_test_add_func("/rtcp/picture-wanted", test_picture_wanted);
    g_test_add_func("/rtcp/compound", test_compound);
    g_test_add_func("/rtcp/broken", test_broken);
    g_test_add_func("/rtcp/noise", test_noise);
    g_test_add_func("/rtcp/nack", test_nack);
    return g_test_run();
}
