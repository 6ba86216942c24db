/* SPDX-License-Identifier: MIT */
/* The callbacks' wrapper: the handle of Create goes with every call (C-09), requests carry a right
 * header, and a short answer is refused. */
#include "umd/os.h"

#include <string.h>

static struct {
    HANDLE device;
    McIoctlHeader header;
    UINT answer_bytes;
    MIRACAST_STATISTIC_DATA stat;
} seen;

static VOID report_status(HANDLE device, MIRACAST_STATUS status, NTSTATUS cause)
{
    seen.device = device;
}

static NTSTATUS io_control(HANDLE device, BOOL hardware, UINT in_bytes, VOID *in, UINT out_bytes,
                           VOID *out, UINT *ret_bytes)
{
    McDisplayInfo info = {.size = sizeof(info), .width_px = 800, .height_px = 600};

    seen.device = device;
    memcpy(&seen.header, in, sizeof(seen.header));
    g_assert_cmpuint(seen.header.size, ==, in_bytes);
    g_assert_false(hardware);
    if (out)
        memcpy(out, &info, MIN(out_bytes, seen.answer_bytes));
    if (ret_bytes)
        *ret_bytes = seen.answer_bytes;
    return STATUS_SUCCESS;
}

static VOID report_statistic(HANDLE device, MIRACAST_STATISTIC_DATA *stat)
{
    seen.device = device;
    seen.stat = *stat;
}

static NTSTATUS next_chunk(HANDLE device, UINT timeout, UINT n, HANDLE *events, UINT *size,
                           MIRACAST_CHUNK_DATA *buffer, UINT *outstanding)
{
    return STATUS_TIMEOUT;
}

static NTSTATUS register_rate(HANDLE device, PVOID context, PFN_DATARATE_NOTIFICATION notify)
{
    return STATUS_NOT_SUPPORTED;
}

static const MIRACAST_CALLBACKS callbacks = {report_status, io_control, report_statistic,
                                             next_chunk, register_rate};

static void test_incomplete_table_is_refused(void)
{
    McOs os;

    g_assert_cmpint(mc_os_init(&os, &seen, NULL), ==, STATUS_INVALID_PARAMETER);
    for (size_t i = 0; i < sizeof(callbacks) / sizeof(void *); i++) {
        MIRACAST_CALLBACKS broken = callbacks;
        ((void **) &broken)[i] = NULL;
        g_assert_cmpint(mc_os_init(&os, &seen, &broken), ==, STATUS_INVALID_PARAMETER);
    }
}

static void test_query_display(void)
{
    McOs os;
    McDisplayInfo info = {0};

    g_assert_cmpint(mc_os_init(&os, &seen, &callbacks), ==, STATUS_SUCCESS);
    seen.answer_bytes = sizeof(McDisplayInfo);
    g_assert_cmpint(mc_os_query_display(&os, &info), ==, STATUS_SUCCESS);
    g_assert_cmpuint(info.width_px, ==, 800);
    g_assert_true(seen.device == &seen);
    g_assert_cmpuint(seen.header.magic, ==, MC_IOCTL_MAGIC);
    g_assert_cmpuint(seen.header.type, ==, MC_IOCTL_QUERY_DISPLAY);
    seen.answer_bytes = sizeof(McDisplayInfo) - 1;
    g_assert_cmpint(mc_os_query_display(&os, &info), ==, STATUS_BUFFER_TOO_SMALL);
}

static void test_statistics(void)
{
    McOs os;
    MIRACAST_CHUNK_ID id = {.Value = 0x0000010000000065};

    mc_os_init(&os, &seen, &callbacks);
    mc_os_report_sent(&os, id);
    g_assert_cmpuint(seen.stat.StatisticType, ==, MIRACAST_STATISTIC_TYPE_CHUNK_SENT);
    g_assert_cmpuint(seen.stat.ChunkSent.ChunkId.FrameNumber, ==, 101);
    g_assert_cmpuint(seen.stat.ChunkSent.ChunkId.PartNumber, ==, 1);
    mc_os_report_event(&os, MIRACAST_PROTOCOL_EVENT_IFRAME_RQ);
    g_assert_cmpuint(seen.stat.StatisticType, ==, MIRACAST_STATISTIC_TYPE_EVENT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/umd/os/incomplete-table", test_incomplete_table_is_refused);
    g_test_add_func("/umd/os/query-display", test_query_display);
    g_test_add_func("/umd/os/statistics", test_statistics);
    return g_test_run();
}
