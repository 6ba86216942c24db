/* SPDX-License-Identifier: MIT */
#include "tests/conformance/bed.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>

/* What is written down, and what the proxy stands between. */
static struct {
    GMutex lock; /* guards log */
    GArray *log;
    MIRACAST_DRIVER_INTERFACE umd;
    MIRACAST_CALLBACKS os;
    HANDLE device;
    PVOID context;
    int rtsp_fd;
    PFN_DATARATE_NOTIFICATION notify;
    PVOID notify_context;
    DXGK_MIRACAST_DISPLAY_INTERFACE kmd;
    DXGK_MIRACAST_DISPLAY_CALLBACKS kmd_os;
    MC_DISPLAY_ADAPTER adapter;
    gint alive;      /* atomic: callbacks are allowed (C-08) */
    gint control;    /* atomic: threads in Create, Destroy, Start, Stop (C-06) */
    gint handlers;   /* atomic: in HandleKernelModeMessage (C-28) */
    gint readers;    /* atomic: in GetNextChunkData (C-92) */
    gint kmd_inside; /* atomic: in the miniport (C-49) */
    gint breaches;
    bool (*fault)(BedKind kind); /* atomic */
} hub;

/* ---- the log ---- */

static void note_call(BedCall call)
{
    call.thread = g_thread_self();
    call.time_us = g_get_monotonic_time();
    g_mutex_lock(&hub.lock);
    g_array_append_val(hub.log, call);
    g_mutex_unlock(&hub.lock);
}

#define NOTE(...) note_call((BedCall){__VA_ARGS__})

static void check(bool good)
{
    if (!good)
        g_atomic_int_inc(&hub.breaches);
}

bool bed_find(BedKind kind, unsigned nth, BedCall *ret)
{
    bool found = false;

    g_mutex_lock(&hub.lock);
    for (guint i = 0; i < hub.log->len && !found; i++) {
        const BedCall *call = &g_array_index(hub.log, BedCall, i);
        if (call->kind == kind && nth-- == 0) {
            *ret = *call;
            found = true;
        }
    }
    g_mutex_unlock(&hub.lock);
    return found;
}

bool bed_find_type(BedKind kind, UINT type, unsigned nth, BedCall *ret)
{
    for (unsigned i = 0; bed_find(kind, i, ret); i++)
        if (ret->type == type && nth-- == 0)
            return true;
    return false;
}

unsigned bed_count(BedKind kind)
{
    unsigned n = 0;

    g_mutex_lock(&hub.lock);
    for (guint i = 0; i < hub.log->len; i++)
        n += g_array_index(hub.log, BedCall, i).kind == kind;
    g_mutex_unlock(&hub.lock);
    return n;
}

unsigned bed_count_type(BedKind kind, UINT type)
{
    unsigned n = 0;

    g_mutex_lock(&hub.lock);
    for (guint i = 0; i < hub.log->len; i++) {
        const BedCall *call = &g_array_index(hub.log, BedCall, i);
        n += call->kind == kind && call->type == type;
    }
    g_mutex_unlock(&hub.lock);
    return n;
}

GArray *bed_log(void)
{
    g_mutex_lock(&hub.lock);
    GArray *copy = g_array_copy(hub.log);
    g_mutex_unlock(&hub.lock);
    return copy;
}

int bed_breaches(void)
{
    return g_atomic_int_get(&hub.breaches);
}

void bed_forget(void)
{
    g_mutex_lock(&hub.lock);
    g_array_unref(hub.log);
    hub.log = g_array_new(FALSE, TRUE, sizeof(BedCall));
    g_mutex_unlock(&hub.lock);
}

void bed_set_fault(bool (*fault)(BedKind kind))
{
    g_atomic_pointer_set(&hub.fault, fault);
}

static bool fails(BedKind kind)
{
    bool (*fault)(BedKind) = (bool (*)(BedKind)) g_atomic_pointer_get(&hub.fault);

    return fault && fault(kind);
}

/* ---- the driver's callbacks ---- */

static void callback(HANDLE device)
{
    check(g_atomic_int_get(&hub.alive) && device == hub.device); /* C-08, C-09 */
}

static VOID NTAPI on_report_status(HANDLE device, MIRACAST_STATUS status, NTSTATUS detail)
{
    callback(device);
    check(status <= MIRACAST_STATUS_SINK_FAILED_STANDARD_MODE_CHANGE);
    NOTE(.kind = BED_STATUS, .type = status, .status = detail);
    hub.os.ReportSessionStatus(device, status, detail);
}

static NTSTATUS NTAPI on_io_control(HANDLE device, BOOL hardware_access, UINT in_size, VOID *in,
                                    UINT out_size, VOID *out, UINT *ret_bytes)
{
    McIoctlHeader header = {0};

    callback(device);
    if (in_size)
        memcpy(&header, in, MIN(in_size, sizeof(header)));
    NOTE(.kind = BED_IO_CONTROL, .type = header.type, .hardware_access = hardware_access);
    if (fails(BED_IO_CONTROL))
        return STATUS_UNSUCCESSFUL;
    return hub.os.MiracastIoControl(device, hardware_access, in_size, in, out_size, out, ret_bytes);
}

static VOID NTAPI on_report_statistic(HANDLE device, MIRACAST_STATISTIC_DATA *statistic)
{
    callback(device);
    switch (statistic->StatisticType) {
    case MIRACAST_STATISTIC_TYPE_CHUNK_PROCESSING_COMPLETE:
        NOTE(.kind = BED_PROCESSED, .type = statistic->EncodeComplete.ChunkInfo.ChunkType,
             .chunk = statistic->EncodeComplete.ChunkInfo);
        break;
    case MIRACAST_STATISTIC_TYPE_CHUNK_SENT:
        NOTE(.kind = BED_SENT, .chunk.ChunkId = statistic->ChunkSent.ChunkId);
        break;
    case MIRACAST_STATISTIC_TYPE_EVENT:
        check(statistic->ProtocolEvent.Event <= MIRACAST_PROTOCOL_EVENT_MONITOR_DEPART); /* C-99 */
        NOTE(.kind = BED_EVENT, .type = statistic->ProtocolEvent.Event);
        break;
    default:
        check(false);
    }
    hub.os.ReportStatistic(device, statistic);
}

static NTSTATUS NTAPI on_get_chunk(HANDLE device, UINT timeout_ms, UINT n_events, HANDLE *events,
                                   UINT *size, MIRACAST_CHUNK_DATA *buffer, UINT *ret_outstanding)
{
    callback(device);
    if (fails(BED_GET_CHUNK))
        return STATUS_UNSUCCESSFUL;
    check(g_atomic_int_add(&hub.readers, 1) == 0);
    NTSTATUS status = hub.os.GetNextChunkData(device, timeout_ms, n_events, events, size, buffer,
                                              ret_outstanding);
    g_atomic_int_add(&hub.readers, -1);
    if ((status != STATUS_SUCCESS || !*size) && status != STATUS_TIMEOUT)
        NOTE(.kind = BED_GET_CHUNK, .type = *size, .status = status);
    return status;
}

static NTSTATUS NTAPI on_register(HANDLE device, PVOID context, PFN_DATARATE_NOTIFICATION notify)
{
    callback(device);
    if (fails(BED_REGISTER))
        return STATUS_NOT_SUPPORTED;
    hub.notify = notify;
    hub.notify_context = context;
    NTSTATUS status = hub.os.RegisterForDataRateNotifications(device, context, notify);
    NOTE(.kind = BED_REGISTER, .type = notify != NULL, .status = status);
    return status;
}

/* ---- the runtime's calls ---- */

static void enter_control(BedKind kind)
{
    check(g_atomic_int_add(&hub.control, 1) == 0 && !g_atomic_int_get(&hub.handlers));
    NOTE(.kind = kind);
}

static void leave_control(BedKind kind, NTSTATUS status)
{
    NOTE(.kind = kind, .status = status);
    check(g_atomic_int_add(&hub.control, -1) == 1 && !g_atomic_int_get(&hub.handlers));
}

static NTSTATUS NTAPI on_create(HANDLE device, MIRACAST_CALLBACKS *callbacks, PVOID *ret_context)
{
    MIRACAST_CALLBACKS ours = {on_report_status, on_io_control, on_report_statistic, on_get_chunk,
                               on_register};

    enter_control(BED_CREATE);
    hub.os = *callbacks;
    hub.device = device;
    g_atomic_int_set(&hub.alive, 1);
    NTSTATUS status = hub.umd.CreateMiracastContext(device, &ours, ret_context);
    memset(&ours, 0xee, sizeof(ours)); /* poison: the table is valid only during the call */
    hub.context = NT_SUCCESS(status) ? *ret_context : NULL;
    leave_control(BED_CREATED, status);
    return status;
}

static VOID NTAPI on_destroy(PVOID context)
{
    enter_control(BED_DESTROY);
    hub.umd.DestroyMiracastContext(context);
    g_atomic_int_set(&hub.alive, 0);
    leave_control(BED_DESTROYED, 0);
}

static NTSTATUS NTAPI on_start(PVOID context, SOCKET rtsp, MIRACAST_WFD_CONNECTION_STATS *stats,
                               MIRACAST_SESSION_INFO *ret_info)
{
    enter_control(BED_START);
    hub.rtsp_fd = (int) rtsp;
    NTSTATUS status = hub.umd.StartMiracastSession(context, rtsp, stats, ret_info);
    leave_control(BED_STARTED, status);
    return status;
}

static VOID NTAPI on_stop(PVOID context)
{
    enter_control(BED_STOP);
    hub.umd.StopMiracastSession(context);
    check(fcntl(hub.rtsp_fd, F_GETFD) >= 0); /* C-11 */
    leave_control(BED_STOPPED, 0);
}

static NTSTATUS NTAPI on_message(PVOID context, UINT in_size, VOID *in, UINT out_size, VOID *out,
                                 UINT *ret_bytes)
{
    g_atomic_int_inc(&hub.handlers);
    check(!g_atomic_int_get(&hub.control));
    NTSTATUS status =
        hub.umd.HandleKernelModeMessage(context, in_size, in, out_size, out, ret_bytes);
    NOTE(.kind = BED_MESSAGE, .type = in_size >= 8 ? ((uint16_t *) in)[3] : 0, .status = status);
    g_atomic_int_add(&hub.handlers, -1);
    return status;
}

__attribute__((visibility("default"))) NTSTATUS bed_query_interface(UINT version, UINT size,
                                                                    VOID *out)
{
    void *module = dlopen(g_getenv("MIRACAST_UMD"), RTLD_NOW | RTLD_LOCAL);

    g_assert_nonnull(module);
    QUERY_MIRACAST_DRIVER_INTERFACE query =
        (QUERY_MIRACAST_DRIVER_INTERFACE) dlsym(module, "QueryMiracastDriverInterface");
    g_assert_nonnull(query);
    NTSTATUS status = query(version, sizeof(hub.umd), &hub.umd);
    dlclose(module); /* it stays: it says so itself */
    *(MIRACAST_DRIVER_INTERFACE *) out = (MIRACAST_DRIVER_INTERFACE){
        sizeof(MIRACAST_DRIVER_INTERFACE), on_create, on_destroy, on_start, on_stop, on_message};
    return status;
}

/* ---- the display path ---- */

static void enter_kmd(void)
{
    check(g_atomic_int_add(&hub.kmd_inside, 1) == 0); /* C-49 */
}

static void leave_kmd(void)
{
    g_atomic_int_add(&hub.kmd_inside, -1);
}

static NTSTATUS on_kmd_report(HANDLE handle, DXGK_MIRACAST_CHUNK_INFO *info, PVOID priv, UINT bytes)
{
    check(!priv && !bytes); /* C-82 */
    NOTE(.kind = BED_KMD_LOGGED, .type = info->ChunkType, .chunk = *info);
    return hub.kmd_os.DxgkCbReportChunkInfo(handle, info, priv, bytes);
}

static NTSTATUS on_kmd_send(HANDLE handle, ULONG in_size, VOID *in, ULONG out_size, VOID *out,
                            DXGKCB_MIRACAST_SEND_MESSAGE_CALLBACK done, PVOID context)
{
    NOTE(.kind = BED_KMD_SEND, .type = ((const McMsgHeader *) in)->type);
    return hub.kmd_os.DxgkCbMiracastSendMessage(handle, in_size, in, out_size, out, done, context);
}

static NTSTATUS on_kmd_caps(PVOID context, ULONG size, DXGK_MIRACAST_CAPS *caps)
{
    NOTE(.kind = BED_KMD_CAPS);
    if (fails(BED_KMD_CAPS))
        return STATUS_UNSUCCESSFUL;
    return hub.kmd.DxgkDdiMiracastQueryCaps(context, size, caps);
}

static NTSTATUS on_kmd_create(PVOID context, DXGK_MIRACAST_DISPLAY_CALLBACKS *callbacks,
                              PVOID *ret_context, ULONG *ret_target)
{
    if (fails(BED_KMD_CREATE))
        return STATUS_RESOURCE_IN_USE;
    enter_kmd();
    hub.kmd_os = *callbacks;
    callbacks->DxgkCbReportChunkInfo = on_kmd_report;
    callbacks->DxgkCbMiracastSendMessage = on_kmd_send;
    NTSTATUS status =
        hub.kmd.DxgkDdiMiracastCreateContext(context, callbacks, ret_context, ret_target);
    NOTE(.kind = BED_KMD_CREATE, .status = status);
    leave_kmd();
    return status;
}

static VOID on_kmd_destroy(PVOID context, PVOID miracast)
{
    enter_kmd();
    hub.kmd.DxgkDdiMiracastDestroyContext(context, miracast);
    NOTE(.kind = BED_KMD_DESTROY);
    leave_kmd();
}

static NTSTATUS on_kmd_io_control(PVOID context, PVOID miracast, ULONG in_size, VOID *in,
                                  ULONG out_size, VOID *out, ULONG *ret_bytes)
{
    McIoctlHeader header = {0};

    enter_kmd();
    if (in_size)
        memcpy(&header, in, MIN(in_size, sizeof(header)));
    NTSTATUS status =
        hub.kmd.DxgkDdiMiracastIoControl(context, miracast, in_size, in, out_size, out, ret_bytes);
    NOTE(.kind = BED_KMD_IO_CONTROL, .type = header.type, .status = status);
    leave_kmd();
    return status;
}

static NTSTATUS on_query_interface(PVOID context, PQUERY_INTERFACE query)
{
    NTSTATUS status = hub.adapter.DxgkDdiQueryInterface(context, query);
    DXGK_MIRACAST_DISPLAY_INTERFACE *kmd = query->Interface;

    hub.kmd = *kmd;
    kmd->DxgkDdiMiracastQueryCaps = on_kmd_caps;
    kmd->DxgkDdiMiracastCreateContext = on_kmd_create;
    kmd->DxgkDdiMiracastIoControl = on_kmd_io_control;
    kmd->DxgkDdiMiracastDestroyContext = on_kmd_destroy;
    return status;
}

static NTSTATUS on_child_query(PVOID context, PDXGK_CHILD_STATUS status, BOOLEAN gentle)
{
    if (fails(BED_CHILD_QUERY))
        return STATUS_UNSUCCESSFUL;
    enter_kmd();
    NTSTATUS result = hub.adapter.DxgkDdiQueryChildStatus(context, status, gentle);
    NOTE(.kind = BED_CHILD_QUERY, .type = (UINT) status->Type,
         .status = status->Miracast.Connected);
    leave_kmd();
    return result;
}

/* ---- the bed's own ends ---- */

static void on_child_status(const DXGK_CHILD_STATUS *status, void *user_data)
{
    check(status->Type == StatusMiracastConnection && status->ChildUid == MC_DISPLAY_TARGET_ID);
    NOTE(.kind = BED_CHILD_STATUS, .type = (UINT) status->Miracast.MiracastMonitorType,
         .status = status->Miracast.Connected);
}

static void on_interrupt(MIRACAST_ENCODE_CHUNK_COMPLETED *chunk, void *user_data)
{
    NOTE(.kind = BED_KMD_LOGGED, .type = chunk->ChunkInfo.ChunkType, .chunk = chunk->ChunkInfo);
    mc_runtime_notify_interrupt(((Bed *) user_data)->runtime, chunk);
}

static void on_dpc(void *user_data)
{
    NOTE(.kind = BED_KMD_DPC);
}

static void on_ended(MIRACAST_STATUS status, NTSTATUS detail, void *user_data)
{
    NOTE(.kind = BED_ENDED, .type = status, .status = detail);
}

static void on_lost(const MIRACAST_CHUNK_INFO *info, const void *priv, UINT bytes, void *user_data)
{
    mc_display_path_chunk_lost(info, priv, bytes, ((Bed *) user_data)->display);
}

static bool read_rate(MIRACAST_DATARATE_STATS *ret_stats, void *user_data)
{
    Bed *self = user_data;

    g_atomic_int_inc(&self->rate_reads);
    ret_stats->EncoderBitRate = __atomic_load_n(&self->rate_bps, __ATOMIC_RELAXED);
    return !g_atomic_int_get(&self->rate_fails);
}

/* ---- life ---- */

static void open_display(Bed *self)
{
    g_autoptr(GError) error = NULL;
    McDisplayConfig config = {.capture = "test",
                              .width_px = self->width_px ? self->width_px : 640,
                              .height_px = self->height_px ? self->height_px : 480,
                              .fps = self->fps ? self->fps : 30,
                              .notify_interrupt = on_interrupt,
                              .notify_dpc = on_dpc,
                              .indicate_child_status = on_child_status,
                              .user_data = self};

    self->display = mc_display_path_new(&config, &error);
    g_assert_no_error(error);
    mc_display_path_adapter(self->display, &hub.adapter);
}

/* The person's options, by the driver's second interface. */
static void configure(Bed *self)
{
    void *module = dlopen(g_getenv("MIRACAST_UMD"), RTLD_NOW | RTLD_NOLOAD);
    MC_LINK_INTERFACE link;

    g_assert_nonnull(module);
    QUERY_MIRACAST_LINK_INTERFACE query =
        (QUERY_MIRACAST_LINK_INTERFACE) dlsym(module, "QueryMiracastLinkInterface");
    g_assert_cmpint(query(MC_LINK_INTERFACE_VERSION_1, sizeof(link), &link), ==, STATUS_SUCCESS);
    if (!self->options.audio[0])
        g_strlcpy(self->options.audio, "none", sizeof(self->options.audio));
    g_assert_cmpint(link.Configure(hub.context, &self->options), ==, STATUS_SUCCESS);
    dlclose(module);
}

static void arm(Bed *self, bool on)
{
    if (self->arm)
        self->arm(on);
}

/* Where a busy machine makes a Stop last for more than a second, the runtime says so, and goes on.
 */
static gboolean is_fatal(const char *domain, GLogLevelFlags level, const char *message,
                         void *unused)
{
    return !strstr(message, "takes more than a second");
}

bool bed_try_open(Bed *self)
{
    MC_DISPLAY_ADAPTER adapter;
    McRuntimeConfig config = {.umd_path = g_getenv("PROXY_UMD"),
                              .adapter = &adapter,
                              .chunk_capacity = self->chunk_capacity,
                              .on_status = on_ended,
                              .on_chunk_lost = on_lost,
                              .read_rate = self->rates ? read_rate : NULL,
                              .user_data = self};

    g_test_log_set_fatal_handler(is_fatal, NULL);
    hub.log = g_array_new(FALSE, TRUE, sizeof(BedCall));
    hub.breaches = 0;
    self->rtsp_fd = -1;
    open_display(self);
    adapter = hub.adapter;
    adapter.DxgkDdiQueryInterface = on_query_interface;
    adapter.DxgkDdiQueryChildStatus = on_child_query;
    g_clear_error(&self->error);
    arm(self, true);
    self->runtime = mc_runtime_new(&config, &self->error);
    arm(self, false);
    if (self->runtime)
        configure(self);
    return self->runtime != NULL;
}

void bed_open(Bed *self)
{
    bed_try_open(self);
    g_assert_no_error(self->error);
}

bool bed_start(Bed *self, const SinkConfig *sink)
{
    g_autoptr(GError) error = NULL;
    const SinkConfig plain = {0};

    sink_free(self->sink);
    self->sink = sink_new(sink ? sink : &plain, &self->rtsp_fd);
    arm(self, true);
    bool ok = mc_runtime_start(self->runtime, self->rtsp_fd, &self->stats, &self->info,
                               &self->status, &error);
    arm(self, false);
    return ok;
}

void bed_must_start(Bed *self, const SinkConfig *sink)
{
    bool ok = bed_start(self, sink);

    g_assert_cmphex((guint32) self->status, ==, 0);
    g_assert_true(ok);
}

void bed_play(Bed *self, const SinkConfig *sink)
{
    bed_must_start(self, sink);
    if (!sink_await_key_frames(self->sink, 1)) {
        g_autofree char *said = sink_said(self->sink);
        g_printerr(
            "no picture: %u datagrams, %u frames started, %u encoded, %u sent; it said:\n%s\n",
            sink_datagrams(self->sink), bed_count_type(BED_KMD_LOGGED, 3),
            bed_count_type(BED_PROCESSED, 2), bed_count(BED_SENT), said);
        g_assert_not_reached();
    }
}

void bed_stop(Bed *self)
{
    mc_runtime_stop(self->runtime);
}

void bed_close(Bed *self)
{
    mc_runtime_free(self->runtime);
    mc_display_path_free(self->display);
    sink_free(self->sink);
    g_assert_cmpint(bed_breaches(), ==, 0);
    g_clear_error(&self->error);
    g_array_unref(hub.log);
}

/* ---- for the test's own calls ---- */

const MIRACAST_DRIVER_INTERFACE *bed_umd(void)
{
    return &hub.umd;
}

PVOID bed_umd_context(void)
{
    return hub.context;
}

const MIRACAST_CALLBACKS *bed_os(void)
{
    return &hub.os;
}

HANDLE bed_device(void)
{
    return hub.device;
}

PFN_DATARATE_NOTIFICATION bed_notify(PVOID *ret_context)
{
    *ret_context = hub.notify_context;
    return hub.notify;
}

const DXGK_MIRACAST_DISPLAY_INTERFACE *bed_kmd(void)
{
    return &hub.kmd;
}

const MC_DISPLAY_ADAPTER *bed_adapter(void)
{
    return &hub.adapter;
}

NTSTATUS bed_send(const void *in, ULONG in_size, void *out, ULONG out_size,
                  DXGKCB_MIRACAST_SEND_MESSAGE_CALLBACK done, PVOID context)
{
    return hub.kmd_os.DxgkCbMiracastSendMessage(hub.kmd_os.MiracastHandle, in_size, (void *) in,
                                                out_size, out, done, context);
}

NTSTATUS bed_io_control(McIoctlType type, void *request, UINT bytes, void *out, UINT out_bytes,
                        UINT *ret_bytes)
{
    *(McIoctlHeader *) request =
        (McIoctlHeader){MC_IOCTL_MAGIC, MC_IOCTL_VERSION, (uint16_t) type, bytes, 0};
    return hub.os.MiracastIoControl(hub.device, 0, bytes, request, out_bytes, out, ret_bytes);
}

unsigned bed_entries(const char *folder)
{
    g_autofree char *path = g_build_filename("/proc/self", folder, NULL);
    DIR *dir = opendir(path);
    unsigned n = 0;

    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}
