/* SPDX-License-Identifier: MIT */
/* C-94..C-104: status, statistics and rates. */
#include "kmd-shim/abi/message.h"
#include "tests/conformance/conformance.h"

static gpointer run_report(gpointer user_data)
{
    TestUmd *umd = user_data;

    for (unsigned i = 0; i < 20; i++)
        umd->os.ReportSessionStatus(umd->device, MIRACAST_STATUS_MISSING_KEEPALIVE, (NTSTATUS) i);
    return NULL;
}

static void c94(void)
{
    GThread *threads[8];
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    fixture_must_start(&f);
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("report", run_report, f.umd);
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    EVENTUALLY(g_atomic_int_get(&f.statuses));
    g_assert_cmpint(f.umd->stops, ==, 1);
    g_assert_cmpint(mc_runtime_state(f.runtime), ==, MiracastStopped);
    fixture_close(&f);
    g_assert_cmpint(f.statuses, ==, 1);
    g_assert_cmpint(f.kmd.destroys, ==, 1);
}

/* How a session ends: its status, and the detail for the log. */
static BedCall end_of(void (*end)(Bed *bed), Bed bed, const SinkConfig *sink)
{
    BedCall call = {0};

    bed_open(&bed);
    bed_play(&bed, sink);
    end(&bed);
    BED_EVENTUALLY(bed_count(BED_ENDED) == 1);
    g_assert_true(bed_find(BED_STATUS, 0, &call));
    g_assert_cmpuint(bed_count(BED_STOP), ==, 1);
    bed_close(&bed);
    return call;
}

static void end_by_teardown(Bed *bed)
{
    sink_ask(bed->sink, "TEARDOWN");
}

static void end_by_hang_up(Bed *bed)
{
    sink_hang_up(bed->sink);
}

static void end_by_silence(Bed *bed)
{
}

static void c95(void)
{
    Bed bed = {0};
    BedCall asked = end_of(end_by_teardown, bed, NULL), lost = end_of(end_by_hang_up, bed, NULL);

    g_assert_cmpuint(asked.type, ==, MIRACAST_STATUS_SINK_DISOCNNECT_REQUEST);
    g_assert_cmphex((guint32) asked.status, !=, (guint32) lost.status);
}

static void c96(void)
{
    SinkConfig mute = {.mute_keepalive = true};
    Bed bed = {.options = {.keepalive_s = 1, .response_ms = 1500}}, plain = {0};
    BedCall call = end_of(end_by_silence, bed, &mute);

    g_assert_cmpuint(call.type, ==, MIRACAST_STATUS_MISSING_KEEPALIVE);
    call = end_of(end_by_teardown, plain, NULL);
    g_assert_cmpuint(call.type, ==, MIRACAST_STATUS_SINK_DISOCNNECT_REQUEST);
}

static void c97(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    fixture_must_start(&f);
    for (UINT type = 0; type < 8; type++) {
        MIRACAST_STATISTIC_DATA statistic = {.StatisticType = type};
        f.umd->os.ReportStatistic(f.umd->device, &statistic);
    }
    g_assert_cmpint(f.statistics, ==, 8);
    g_assert_cmpint(f.kmd.io_controls + f.statuses + f.umd->stops, ==, 0);
    g_assert_cmpint(mc_runtime_state(f.runtime), ==, MiracastStarted);
    fixture_close(&f);
}

static void c98(void)
{
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    unsigned key_frames = sink_key_frames(bed.sink);
    sink_set(bed.sink, "wfd_idr_request\r\n");
    BED_EVENTUALLY(bed_count_type(BED_EVENT, MIRACAST_PROTOCOL_EVENT_IFRAME_RQ) == 1);
    g_assert_true(sink_await_key_frames(bed.sink, key_frames + 1));
    bed_close(&bed);
}

/* bed.c looks at every value that the driver reports. */
static void c99(void)
{
    SinkConfig stubborn = {.refuse_modes = 1000};
    Bed bed = {0};

    bed_open(&bed);
    bed_play(&bed, NULL);
    sink_set(bed.sink, "wfd_idr_request\r\n");
    sink_set(bed.sink, "wfd_connector_type: none\r\n");
    BED_EVENTUALLY(bed_count(BED_CHILD_STATUS) >= 2);
    bed_stop(&bed);
    bed_must_start(&bed, &stubborn);
    BED_EVENTUALLY(bed_count(BED_ENDED) == 1);
    bed_close(&bed);
}

/* ---- data rates ---- */

static gint notices; /* atomic */
static gint nulls;

static void NTAPI on_rate(PVOID context, MIRACAST_DATARATE_STATS *stats)
{
    g_atomic_int_inc(&notices);
    if (!stats)
        g_atomic_int_inc(&nulls);
}

static NTSTATUS registers(TestUmd *umd, PFN_DATARATE_NOTIFICATION notify)
{
    return umd->os.RegisterForDataRateNotifications(umd->device, umd, notify);
}

static NTSTATUS on_start_register(TestUmd *umd)
{
    notices = nulls = 0;
    return registers(umd, on_rate);
}

static NTSTATUS register_result;

static gpointer run_register(gpointer user_data)
{
    register_result = registers(user_data, on_rate);
    return NULL;
}

static NTSTATUS on_start_foreign(TestUmd *umd)
{
    g_thread_join(g_thread_new("foreign", run_register, umd));
    return STATUS_SUCCESS;
}

static void c100(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    g_assert_cmphex((guint32) registers(f.umd, on_rate), ==, (guint32) STATUS_NOT_SUPPORTED);
    f.umd->on_start = on_start_foreign;
    fixture_must_start(&f);
    g_assert_cmphex((guint32) register_result, ==, (guint32) STATUS_NOT_SUPPORTED);
    g_assert_cmphex((guint32) registers(f.umd, on_rate), ==, (guint32) STATUS_NOT_SUPPORTED);
    fixture_close(&f);
}

static NTSTATUS on_start_twice(TestUmd *umd)
{
    g_assert_false(NT_SUCCESS(registers(umd, NULL)));
    g_assert_cmpint(registers(umd, on_rate), ==, STATUS_SUCCESS);
    g_assert_false(NT_SUCCESS(registers(umd, on_rate)));
    return STATUS_SUCCESS;
}

static void on_stop_twice(TestUmd *umd)
{
    g_assert_cmpint(registers(umd, NULL), ==, STATUS_SUCCESS);
    g_assert_false(NT_SUCCESS(registers(umd, NULL)));
}

static void c101(void)
{
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_start = on_start_twice;
    f.umd->on_stop = on_stop_twice;
    fixture_must_start(&f);
    mc_runtime_stop(f.runtime);
    g_assert_cmpint(f.umd->stops, ==, 1);
    fixture_close(&f);
}

/* Three notices take no less than the period; how much more is the machine's affair. */
static void c102(void)
{
    int64_t begin_us;
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_start = on_start_register;
    begin_us = g_get_monotonic_time();
    fixture_must_start(&f);
    EVENTUALLY(g_atomic_int_get(&notices) >= 2);
    int64_t took_us = g_get_monotonic_time() - begin_us;
    g_test_message("two notices in %" G_GINT64_FORMAT " us", took_us);
    g_assert_cmpint(took_us, >=, 1800 * G_TIME_SPAN_MILLISECOND);
    mc_runtime_stop(f.runtime);
    /* asked anew for each: what came since the last one */
    g_assert_cmpint(f.rate_reads, ==, g_atomic_int_get(&notices));
    fixture_close(&f);
}

static void c103(void)
{
    PVOID context;
    Bed bed = {0};
    Fixture f;

    fixture_init(&f);
    fixture_open(&f);
    f.umd->on_start = on_start_register;
    f.rate_fails = 1;
    fixture_must_start(&f);
    EVENTUALLY(g_atomic_int_get(&nulls) == 1);
    g_usleep(1200 * G_TIME_SPAN_MILLISECOND); /* in which another would have come */
    g_assert_cmpint(g_atomic_int_get(&notices), ==, 1);
    fixture_close(&f);
    bed_open(&bed);
    bed_play(&bed, NULL);
    bed_notify (&context)(context, NULL);
    unsigned datagrams = sink_datagrams(bed.sink);
    g_assert_true(sink_await_datagrams(bed.sink, datagrams + 10)); /* it goes on */
    bed_close(&bed);
}

static void ask_status(McStatusSnapshot *ret_snapshot)
{
    McMsgQueryStatus query = {
        {MC_MSG_MAGIC, MC_MSG_VERSION, MC_MSG_QUERY_STATUS, sizeof(query), 1}};
    UINT bytes;

    bed_umd()->HandleKernelModeMessage(bed_umd_context(), sizeof(query), &query,
                                       sizeof(*ret_snapshot), ret_snapshot, &bytes);
    g_assert_cmpuint(bytes, ==, sizeof(*ret_snapshot));
}

/* bit/s to kbit/s; frames as they are. */
static bool radio_is_known(const MIRACAST_DATARATE_STATS *stats)
{
    McStatusSnapshot snapshot;

    ask_status(&snapshot);
    return snapshot.radio_kbps == stats->CurrentMaxTxDataRate / 1000 &&
           snapshot.radio_sent == stats->TransmittedFrameCount &&
           snapshot.radio_failed == stats->FailedFrameCount &&
           snapshot.radio_retried == stats->RetriedFrameCount;
}

static void c104(void)
{
    MIRACAST_DATARATE_STATS stats = {.EncoderBitRate = 1500000,
                                     .CurrentMaxTxDataRate = 65000000,
                                     .TransmittedFrameCount = 100,
                                     .FailedFrameCount = 1,
                                     .RetriedFrameCount = 7};
    McStatusSnapshot snapshot;
    PVOID context;
    Bed bed = {0};
    BedCall call;

    bed_open(&bed);
    bed_play(&bed, NULL);
    bed_notify (&context)(context, &stats); /* bit/s */
    ask_status(&snapshot);
    g_assert_cmpuint(snapshot.bitrate_kbps, ==, 1500);
    BED_EVENTUALLY(radio_is_known(&stats));
    BED_EVENTUALLY(bed_find_type(BED_PROCESSED, MIRACAST_CHUNK_TYPE_ENCODE_COMPLETE, 1, &call));
    g_assert_cmpuint(call.chunk.EncodeRate, <, 100000); /* kbit/s: VGA has no 100 Mbit/s */
    bed_close(&bed);
}

static const Statement statements[] = {
    {"C-94-reported-once-ended-once", c94},
    {"C-95-detail-is-for-the-log", c95},
    {"C-96-keepalive-and-teardown", c96},
    {"C-97-statistics-only-log", c97},
    {"C-98-idr-request", c98},
    {"C-99-reserved-values-never", c99},
    {"C-100-register-on-control-thread", c100},
    {"C-101-register-twice", c101},
    {"C-102-once-a-second", c102},
    {"C-103-null-is-the-last", c103},
    {"C-104-units", c104},
};

CONFORMANCE_MAIN(statements)
