/* SPDX-License-Identifier: MIT */
/* driver-calls.h - what the two ends of the interface do in tests: the driver's I/O control, on a
 * thread of its own too, and the miniport's message with a record of its completion.
 * Threads: as said. Owner: the test. */
#pragma once

#include "tests/unit/host/runtime-fixture.h"

static inline NTSTATUS io_control(TestUmd *umd)
{
    return umd->os.MiracastIoControl(umd->device, 0, 0, NULL, 0, NULL, NULL);
}

/* An I/O control on a thread that the runtime did not make. */
typedef struct {
    TestUmd *umd;
    GThread *thread;
    gint done; /* atomic; status is valid with it */
    NTSTATUS status;
} Foreign;

static inline gpointer run_foreign(gpointer user_data)
{
    Foreign *self = user_data;

    self->status = io_control(self->umd);
    g_atomic_int_set(&self->done, 1);
    return NULL;
}

static inline void foreign_begin(Foreign *self, TestUmd *umd)
{
    *self = (Foreign){.umd = umd};
    self->thread = g_thread_new("foreign", run_foreign, self);
}

static inline NTSTATUS foreign_end(Foreign *self)
{
    g_thread_join(self->thread);
    return self->status;
}

typedef struct {
    Fixture *f;
    gint completions; /* atomic; last, so that the rest is visible with it */
    NTSTATUS status;
    ULONG_PTR information;
    uint32_t in, out;
} Sent;

static inline VOID on_done(PVOID context, PIO_STATUS_BLOCK block)
{
    Sent *sent = context;

    sent->status = block->Status;
    sent->information = block->Information;
    g_atomic_int_inc(&sent->completions);
}

/* Sends sent->in; any thread. */
static inline NTSTATUS send_to(Fixture *f, Sent *sent)
{
    return f->kmd.os.DxgkCbMiracastSendMessage(f->kmd.os.MiracastHandle, sizeof(sent->in),
                                               &sent->in, sizeof(sent->out), &sent->out, on_done,
                                               sent);
}
