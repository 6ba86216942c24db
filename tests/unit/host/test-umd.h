/* SPDX-License-Identifier: MIT */
/* test-umd.h - a user-mode driver that does what a test tells it to, and counts every breach of
 * what the runtime promises. Threads: counters are atomic; hooks run where the runtime calls.
 * Owner: the module owns it from Create to Destroy; a test finds it by mc_runtime_umd_context. */
#pragma once

#include <glib.h>

#include "umd/netdispumdddi.h"

/* TEST_UMD in the environment, read by Query and Create: "refuse", "null-function", "wrong-size",
 * "wrong-bigger-size", "silent" (Query fills nothing), "create-fails", "create-null",
 * "create-calls" (every callback from inside Create). */
typedef struct TestUmd TestUmd;
struct TestUmd {
    HANDLE device;
    MIRACAST_CALLBACKS os;
    SOCKET rtsp;

    /* Set by the test before Start; NULL: success. */
    NTSTATUS (*on_start)(TestUmd *self);
    void (*on_stop)(TestUmd *self);
    void (*on_destroy)(TestUmd *self);
    NTSTATUS(*on_message)
    (TestUmd *self, UINT in_size, VOID *in, UINT out_size, VOID *out, UINT *ret_bytes);
    void *test;

    gint control;       /* threads inside Create, Start, Stop, Destroy */
    gint handlers;      /* threads inside HandleKernelModeMessage */
    gint most_handlers; /* at once, so far */
    gint session;       /* 1 from the return of Start to the entry of Stop */
    gint breaches;      /* of C-06, C-28..C-32: must stay 0 */
    gint starts, stops, messages;
    MIRACAST_SESSION_INFO info;
    NTSTATUS create_io_control; /* with "create-calls" */
};
