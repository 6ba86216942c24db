/* SPDX-License-Identifier: MIT */
#include "host/link-rate.h"

static MIRACAST_DATARATE_STATS step(McLinkRate *self, uint32_t kbps, uint32_t sent, uint32_t failed,
                                    uint32_t retried)
{
    MIRACAST_DATARATE_STATS stats;

    mc_link_rate_step(self, &(McLinkStatistics){kbps, sent, failed, retried, -50}, &stats);
    g_assert_cmpuint(stats.EncoderBitRate, ==, 0);
    g_assert_cmpuint(stats.MultipleRetryFrameCount, ==, 0);
    return stats;
}

static void test_counts(void)
{
    McLinkRate self = {0};
    MIRACAST_DATARATE_STATS stats = step(&self, 54000, 5000, 10, 70);

    g_assert_cmpuint(stats.TransmittedFrameCount, ==, 0); /* the time before is not ours */
    stats = step(&self, 54000, 5300, 11, 75);
    g_assert_cmpuint(stats.TransmittedFrameCount, ==, 300);
    g_assert_cmpuint(stats.FailedFrameCount, ==, 1);
    g_assert_cmpuint(stats.RetriedFrameCount, ==, 5);
    stats = step(&self, 54000, 40, 0, 2); /* the sink came in anew */
    g_assert_cmpuint(stats.TransmittedFrameCount, ==, 40);
    g_assert_cmpuint(stats.RetriedFrameCount, ==, 2);
    stats = step(&self, 0, 0, 0, 0); /* and is away */
    g_assert_cmpuint(stats.TransmittedFrameCount, ==, 0);
}

static void test_rate(void)
{
    McLinkRate self = {0};

    g_assert_cmpuint(step(&self, 1000, 0, 0, 0).CurrentMaxTxDataRate, ==, 0);
    g_assert_cmpuint(step(&self, 1000, 10, 0, 0).CurrentMaxTxDataRate, ==, 0); /* too few */
    g_assert_cmpuint(step(&self, 65000, 400, 0, 0).CurrentMaxTxDataRate, ==, 65000000);
    g_assert_cmpuint(step(&self, 1000, 800, 0, 0).CurrentMaxTxDataRate, ==, 65000000); /* odd one */
    g_assert_cmpuint(step(&self, 6000, 1200, 0, 0).CurrentMaxTxDataRate, ==, 6000000); /* no more */
    g_assert_cmpuint(step(&self, 6000, 1201, 0, 0).CurrentMaxTxDataRate, ==, 6000000);
    g_assert_cmpuint(step(&self, 6000, 1202, 0, 0).CurrentMaxTxDataRate, ==, 0);
    g_assert_cmpuint(step(&self, 4000000, 9000, 0, 0).CurrentMaxTxDataRate, ==,
                     G_GUINT64_CONSTANT(4000000000));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/link-rate/counts", test_counts);
    g_test_add_func("/link-rate/rate", test_rate);
    return g_test_run();
}
