/* SPDX-License-Identifier: MIT */
/* runtime-fixture.h - a runtime between test-umd.so and a fake miniport, and what it reported.
 * Threads: fields marked atomic are written by any. Owner: the test. */
#pragma once

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/runtime.h"
#include "kmd-shim/abi/frame.h"
#include "tests/unit/host/fake-kmd.h"
#include "tests/unit/host/test-umd.h"

#define PATIENCE_US (60 * G_USEC_PER_SEC) /* sanitizers on a busy machine */

/* For what no one signals. */
#define EVENTUALLY(condition)                                                                      \
    do {                                                                                           \
        int64_t eventually_end_us = g_get_monotonic_time() + PATIENCE_US;                          \
        while (!(condition) && g_get_monotonic_time() < eventually_end_us)                         \
            g_usleep(500);                                                                         \
        g_assert_true(condition);                                                                  \
    } while (0)

typedef struct {
    FakeKmd kmd;
    DXGK_MIRACAST_DISPLAY_INTERFACE interface;
    McRuntimeConfig config;
    McRuntime *runtime;
    TestUmd *umd;
    int peer; /* the sink's end */

    gint statuses, last_status; /* atomic */
    gint statistics, chunk_infos, lost;
    gint rate_fails, rate_reads;
    gint gate; /* atomic: what hooks wait for */
} Fixture;

static inline void fixture_status(MIRACAST_STATUS status, NTSTATUS detail, void *user_data)
{
    Fixture *f = user_data;

    g_atomic_int_set(&f->last_status, (gint) status);
    g_atomic_int_inc(&f->statuses);
}

static inline void fixture_statistic(const MIRACAST_STATISTIC_DATA *stat, int64_t time_ns,
                                     void *user_data)
{
    g_atomic_int_inc(&((Fixture *) user_data)->statistics);
}

static inline void fixture_chunk_info(const MIRACAST_CHUNK_INFO *info, int64_t time_ns,
                                      void *user_data)
{
    g_atomic_int_inc(&((Fixture *) user_data)->chunk_infos);
}

static inline void fixture_lost(const MIRACAST_CHUNK_INFO *info, const void *priv, UINT bytes,
                                void *user_data)
{
    g_atomic_int_inc(&((Fixture *) user_data)->lost);
}

static inline bool fixture_rate(MIRACAST_DATARATE_STATS *ret_stats, void *user_data)
{
    Fixture *f = user_data;

    ret_stats->EncoderBitRate = (UINT64) g_atomic_int_add(&f->rate_reads, 1) + 1;
    return !g_atomic_int_get(&f->rate_fails);
}

/* Where a busy machine makes a Stop last for more than a second, the runtime says so, and goes on.
 */
static inline gboolean fixture_is_fatal(const char *domain, GLogLevelFlags level,
                                        const char *message, void *unused)
{
    return !strstr(message, "takes more than a second");
}

static inline void fixture_init(Fixture *f)
{
    g_test_log_set_fatal_handler(fixture_is_fatal, NULL);
    memset(f, 0, sizeof(*f));
    f->kmd.max_private_bytes = sizeof(McFrameDesc);
    f->kmd.test = f;
    f->interface = fake_kmd_interface(&f->kmd);
    f->config = (McRuntimeConfig){.umd_path = g_getenv("TEST_UMD_PATH"),
                                  .kmd = &f->interface,
                                  .on_status = fixture_status,
                                  .on_statistic = fixture_statistic,
                                  .on_chunk_info = fixture_chunk_info,
                                  .on_chunk_lost = fixture_lost,
                                  .read_rate = fixture_rate,
                                  .user_data = f};
    f->peer = -1;
}

static inline void fixture_open(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    f->runtime = mc_runtime_new(&f->config, &error);
    g_assert_no_error(error);
    f->umd = mc_runtime_umd_context(f->runtime);
    f->umd->test = f;
    g_assert_true(f->umd->device == (HANDLE) f->kmd.os.MiracastHandle);
}

static inline bool fixture_start(Fixture *f, MIRACAST_SESSION_INFO *info, NTSTATUS *status,
                                 GError **error)
{
    MIRACAST_WFD_CONNECTION_STATS stats = {.CurrentBitRate = 20000000};
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    if (f->peer >= 0)
        close(f->peer);
    f->peer = fds[1];
    return mc_runtime_start(f->runtime, fds[0], &stats, info, status, error);
}

static inline void fixture_must_start(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    MIRACAST_SESSION_INFO info;
    NTSTATUS status;
    bool ok = fixture_start(f, &info, &status, &error);

    g_assert_no_error(error);
    g_assert_true(ok);
    g_assert_cmpint(status, ==, STATUS_SUCCESS);
    g_assert_true(info.MonitorConnected);
    g_assert_cmpint(mc_runtime_state(f->runtime), ==, MiracastStarted);
}

static inline void fixture_must_not_start(Fixture *f, McRuntimeError code)
{
    g_autoptr(GError) error = NULL;
    MIRACAST_SESSION_INFO info;
    NTSTATUS status;

    g_assert_false(fixture_start(f, &info, &status, &error));
    g_assert_error(error, MC_RUNTIME_ERROR, (gint) code);
    g_assert_cmpint(mc_runtime_state(f->runtime), ==, MiracastStopped);
}

/* The other end was closed. */
static inline bool fixture_closed(Fixture *f)
{
    char byte;

    return recv(f->peer, &byte, 1, MSG_DONTWAIT) == 0;
}

static inline void fixture_close(Fixture *f)
{
    TestUmd *umd = f->runtime ? mc_runtime_umd_context(f->runtime) : NULL;

    if (umd) {
        mc_runtime_stop(f->runtime);
        g_assert_cmpint(umd->breaches, ==, 0);
    }
    mc_runtime_free(f->runtime);
    if (f->peer >= 0)
        close(f->peer);
    g_assert_cmpint(f->kmd.breaches, ==, 0);
    g_assert_cmpint(f->kmd.context, ==, 0);
}

static inline void fixture_wait_gate(Fixture *f)
{
    EVENTUALLY(g_atomic_int_get(&f->gate));
}

static inline void fixture_open_gate(Fixture *f)
{
    g_atomic_int_set(&f->gate, 1);
}

/* A thread's: cancels Start as soon as the driver is in it. */
static inline gpointer fixture_cancel_start(gpointer user_data)
{
    Fixture *f = user_data;

    EVENTUALLY(g_atomic_int_get(&f->umd->starts));
    mc_runtime_cancel_start(f->runtime);
    return NULL;
}
