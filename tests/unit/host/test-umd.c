/* SPDX-License-Identifier: MIT */
#include "tests/unit/host/test-umd.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT NTSTATUS NTAPI QueryMiracastDriverInterface(UINT version, UINT size, VOID *out);

static gboolean wants(const char *what)
{
    return g_strcmp0(g_getenv("TEST_UMD"), what) == 0;
}

/* C-06, C-28: alone. */
static void enter_control(TestUmd *self)
{
    if (g_atomic_int_add(&self->control, 1) || g_atomic_int_get(&self->handlers))
        g_atomic_int_inc(&self->breaches);
}

static void leave_control(TestUmd *self)
{
    if (!g_atomic_int_dec_and_test(&self->control) || g_atomic_int_get(&self->handlers))
        g_atomic_int_inc(&self->breaches);
}

static void call_everything(TestUmd *self)
{
    MIRACAST_STATISTIC_DATA statistic = {.StatisticType = MIRACAST_STATISTIC_TYPE_EVENT};
    UINT size = 0, bytes = 0;
    uint32_t request = 7;

    self->create_io_control =
        self->os.MiracastIoControl(self->device, 0, sizeof(request), &request, 0, NULL, &bytes);
    self->os.ReportStatistic(self->device, &statistic);
    self->os.GetNextChunkData(self->device, 0, 0, NULL, &size, NULL, NULL);
    self->os.RegisterForDataRateNotifications(self->device, self, NULL);
    self->os.ReportSessionStatus(self->device, MIRACAST_STATUS_CRITICAL_ERROR, STATUS_UNSUCCESSFUL);
}

static NTSTATUS NTAPI create(HANDLE device, MIRACAST_CALLBACKS *callbacks, PVOID *ret_context)
{
    TestUmd *self;

    if (wants("create-fails"))
        return STATUS_NO_MEMORY;
    if (wants("create-null"))
        return STATUS_SUCCESS;
    self = g_new0(TestUmd, 1);
    self->device = device;
    self->os = *callbacks;
    self->info.MonitorConnected = 1;
    enter_control(self);
    if (wants("create-calls"))
        call_everything(self);
    leave_control(self);
    *ret_context = self;
    return STATUS_SUCCESS;
}

static VOID NTAPI destroy(PVOID context)
{
    TestUmd *self = context;

    enter_control(self);
    if (self->on_destroy)
        self->on_destroy(self);
    leave_control(self);
    g_free(self);
}

static NTSTATUS NTAPI start(PVOID context, SOCKET rtsp, MIRACAST_WFD_CONNECTION_STATS *stats,
                            MIRACAST_SESSION_INFO *info)
{
    TestUmd *self = context;
    NTSTATUS status = STATUS_SUCCESS;

    enter_control(self);
    self->rtsp = rtsp;
    g_atomic_int_inc(&self->starts);
    if (self->on_start)
        status = self->on_start(self);
    *info = self->info;
    leave_control(self);
    if (NT_SUCCESS(status))
        g_atomic_int_set(&self->session, 1);
    return status;
}

static VOID NTAPI stop(PVOID context)
{
    TestUmd *self = context;

    g_atomic_int_set(&self->session, 0);
    enter_control(self);
    g_atomic_int_inc(&self->stops);
    if (self->on_stop)
        self->on_stop(self);
    leave_control(self);
}

static void note_most(TestUmd *self, gint now)
{
    gint most;

    do
        most = g_atomic_int_get(&self->most_handlers);
    while (now > most && !g_atomic_int_compare_and_exchange(&self->most_handlers, most, now));
}

static NTSTATUS NTAPI handle(PVOID context, UINT in_size, VOID *in, UINT out_size, VOID *out,
                             UINT *ret_bytes)
{
    TestUmd *self = context;
    NTSTATUS status = STATUS_SUCCESS;

    note_most(self, g_atomic_int_add(&self->handlers, 1) + 1);
    if (g_atomic_int_get(&self->control) || !g_atomic_int_get(&self->session))
        g_atomic_int_inc(&self->breaches);
    g_atomic_int_inc(&self->messages);
    if (self->on_message)
        status = self->on_message(self, in_size, in, out_size, out, ret_bytes);
    if (g_atomic_int_get(&self->control))
        g_atomic_int_inc(&self->breaches);
    g_atomic_int_add(&self->handlers, -1);
    return status;
}

NTSTATUS NTAPI QueryMiracastDriverInterface(UINT version, UINT size, VOID *out)
{
    MIRACAST_DRIVER_INTERFACE umd = {sizeof(umd), create, destroy, start, stop, handle};

    if (wants("refuse") || version != MIRACAST_DRIVER_INTERFACE_VERSION_1 || size < sizeof(umd))
        return STATUS_REVISION_MISMATCH;
    if (wants("silent"))
        return STATUS_SUCCESS;
    if (wants("null-function"))
        umd.StopMiracastSession = NULL;
    if (wants("wrong-size"))
        umd.Size--;
    if (wants("wrong-bigger-size"))
        umd.Size += 8;
    *(MIRACAST_DRIVER_INTERFACE *) out = umd;
    return STATUS_SUCCESS;
}
