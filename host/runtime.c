/* SPDX-License-Identifier: MIT */
#include "host/runtime.h"

#include <dlfcn.h>
#include <string.h>

#include "host/runtime-private.h"

#define DEFAULT_THREADS 4
#define DEFAULT_CHUNKS 64
#define MAX_PRIVATE_BYTES 65536u
#define CREATE_LIMIT_US                                                                            \
    (30 * G_USEC_PER_SEC) /* GStreamer may look through its plugins for the first time */
#define DESTROY_LIMIT_US (3 * G_USEC_PER_SEC) /* C-23 */

G_DEFINE_QUARK(mc - runtime - error - quark, mc_runtime_error)

const char *mc_runtime_error_code(int code)
{
    static const char *const codes[] = {
        [MC_RUNTIME_ERROR_NOT_FOUND] = "umd.not-found",
        [MC_RUNTIME_ERROR_NO_ENTRY_POINT] = "umd.no-entry-point",
        [MC_RUNTIME_ERROR_REFUSED] = "umd.interface-refused",
        [MC_RUNTIME_ERROR_UMD_CREATE] = "umd.create-failed",
        [MC_RUNTIME_ERROR_KMD_CREATE] = "kmd.create-failed",
        [MC_RUNTIME_ERROR_START] = "session.start-failed",
        [MC_RUNTIME_ERROR_START_CANCELLED] = "session.start-cancelled",
        [MC_RUNTIME_ERROR_STOP_OVERRUN] = "session.stop-overrun",
    };

    return code >= 0 && (size_t) code < G_N_ELEMENTS(codes) ? codes[code] : "session.failed";
}

/* ---- the control thread ---- */

static void run_job(McRuntime *self, Job job)
{
    MIRACAST_CALLBACKS callbacks;

    switch (job) {
    case JOB_CREATE:
        mc_runtime_umd_callbacks(&callbacks);
        self->call.status = self->umd.CreateMiracastContext(self, &callbacks, &self->umd_context);
        memset(&callbacks, 0, sizeof(callbacks)); /* valid only during the call (U14) */
        break;
    case JOB_START:
        self->call.status = self->umd.StartMiracastSession(self->umd_context, self->call.rtsp,
                                                           &self->call.stats, &self->call.info);
        break;
    case JOB_STOP:
        self->umd.StopMiracastSession(self->umd_context);
        break;
    case JOB_DESTROY:
        self->umd.DestroyMiracastContext(self->umd_context);
        break;
    case JOB_NONE:
    case JOB_QUIT:
        break;
    }
}

static gpointer run_control(gpointer user_data)
{
    McRuntime *self = user_data;
    Job job = JOB_NONE;

    g_mutex_lock(&self->lock);
    while (job != JOB_QUIT) {
        while (self->job == JOB_NONE && !self->abandoned)
            g_cond_wait(&self->changed, &self->lock);
        job = self->job == JOB_NONE ? JOB_QUIT : self->job;
        g_mutex_unlock(&self->lock);
        run_job(self, job);
        g_mutex_lock(&self->lock);
        self->job = JOB_NONE;
        g_cond_broadcast(&self->changed);
    }
    g_mutex_unlock(&self->lock);
    return NULL;
}

/* lock held; false when the job has not ended by then. */
bool mc_runtime_await_job(McRuntime *self, int64_t end_us)
{
    while (self->job != JOB_NONE)
        if (!g_cond_wait_until(&self->changed, &self->lock, end_us))
            return self->job == JOB_NONE;
    return true;
}

/* lock held. */
void mc_runtime_ask_job(McRuntime *self, Job job, Phase phase)
{
    self->phase = phase;
    self->job = job;
    g_cond_broadcast(&self->changed);
}

/* lock held. */
void mc_runtime_enter_phase(McRuntime *self, Phase phase)
{
    self->phase = phase;
    g_cond_broadcast(&self->changed);
}

/* ---- loading ---- */

static bool load_module(McRuntime *self, GError **error)
{
    self->module = dlopen(self->config.umd_path, RTLD_NOW | RTLD_LOCAL);
    if (!self->module) {
        g_set_error(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_NOT_FOUND,
                    "the driver module cannot be loaded: %s", dlerror());
        return false;
    }
    QUERY_MIRACAST_DRIVER_INTERFACE query =
        (QUERY_MIRACAST_DRIVER_INTERFACE) dlsym(self->module, "QueryMiracastDriverInterface");
    if (!query) {
        g_set_error(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_NO_ENTRY_POINT,
                    "%s has no QueryMiracastDriverInterface", self->config.umd_path);
        return false;
    }
    MIRACAST_DRIVER_INTERFACE *umd = &self->umd;
    NTSTATUS status = query(MIRACAST_DRIVER_INTERFACE_VERSION_1, sizeof(*umd), umd);
    if (NT_SUCCESS(status) && umd->Size == sizeof(*umd) && umd->CreateMiracastContext &&
        umd->DestroyMiracastContext && umd->StartMiracastSession && umd->StopMiracastSession &&
        umd->HandleKernelModeMessage)
        return true;
    g_set_error(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_REFUSED,
                "%s does not give version 1 of the interface (status 0x%08x)",
                self->config.umd_path, (unsigned) status);
    return false;
}

static NTSTATUS report_chunk_info(HANDLE handle, DXGK_MIRACAST_CHUNK_INFO *info, PVOID priv,
                                  UINT bytes)
{
    if (!info || priv || bytes) /* the last two are reserved (C-82) */
        return STATUS_INVALID_PARAMETER;
    McRuntime *self = mc_runtime_enter(handle);
    if (!self)
        return STATUS_INVALID_HANDLE;
    if (self->config.on_chunk_info)
        self->config.on_chunk_info(info, g_get_monotonic_time() * 1000, self->config.user_data);
    mc_runtime_leave(self);
    return STATUS_SUCCESS;
}

static NTSTATUS query_caps(McRuntime *self)
{
    const DXGK_MIRACAST_DISPLAY_INTERFACE *kmd = &self->kmd;
    DXGK_MIRACAST_CAPS caps = {0};

    if (!kmd->DxgkDdiMiracastQueryCaps || !kmd->DxgkDdiMiracastCreateContext ||
        !kmd->DxgkDdiMiracastIoControl || !kmd->DxgkDdiMiracastDestroyContext)
        return STATUS_NOT_SUPPORTED;
    NTSTATUS status = kmd->DxgkDdiMiracastQueryCaps(kmd->Context, sizeof(caps), &caps);
    self->max_private_bytes = MIN(caps.MaxChunkPrivateDriverDataSize, MAX_PRIVATE_BYTES);
    return status;
}

static bool create_kmd(McRuntime *self, GError **error)
{
    DXGK_MIRACAST_DISPLAY_CALLBACKS callbacks = {self, mc_runtime_send_message, report_chunk_info};
    NTSTATUS status = query_caps(self);

    if (NT_SUCCESS(status)) {
        g_mutex_lock(&self->kmd_lock);
        status = self->kmd.DxgkDdiMiracastCreateContext(self->kmd.Context, &callbacks,
                                                        &self->kmd_context, &self->target_id);
        self->kmd_gone = !NT_SUCCESS(status);
        g_mutex_unlock(&self->kmd_lock);
    }
    memset(&callbacks, 0, sizeof(callbacks)); /* valid only during the call (U14) */
    if (NT_SUCCESS(status))
        return true;
    g_set_error(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_KMD_CREATE,
                "the display path refused a Miracast context (status 0x%08x)", (unsigned) status);
    return false;
}

static bool create_umd(McRuntime *self, GError **error)
{
    self->control = g_thread_try_new("mc-control", run_control, self, error);
    if (!self->control) {
        g_clear_error(error);
        g_set_error_literal(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_UMD_CREATE,
                            "no thread could be started");
        return false;
    }
    g_mutex_lock(&self->lock);
    mc_runtime_ask_job(self, JOB_CREATE, PHASE_CREATE);
    self->hung = !mc_runtime_await_job(self, g_get_monotonic_time() + CREATE_LIMIT_US);
    bool ok = !self->hung && NT_SUCCESS(self->call.status) && self->umd_context;
    NTSTATUS status = self->hung ? STATUS_IO_TIMEOUT : self->call.status;
    if (ok)
        mc_runtime_enter_phase(self, PHASE_IDLE);
    else if (!self->hung)
        self->umd_context = NULL;
    g_mutex_unlock(&self->lock);
    if (!ok)
        g_set_error(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_UMD_CREATE,
                    "the driver made no context (status 0x%08x)", (unsigned) status);
    return ok;
}

McRuntime *mc_runtime_new(const McRuntimeConfig *config, GError **error)
{
    g_autoptr(McRuntime) self = g_new0(McRuntime, 1);

    self->config = *config;
    if (config->adapter)
        self->adapter = *config->adapter;
    else
        self->kmd = *config->kmd;
    self->kmd_gone = true;
    self->rtsp_fd = -1;
    if (!self->config.delivery_threads)
        self->config.delivery_threads = DEFAULT_THREADS;
    if (!self->config.chunk_capacity)
        self->config.chunk_capacity = DEFAULT_CHUNKS;
    g_mutex_init(&self->stop_lock);
    g_mutex_init(&self->kmd_lock);
    g_mutex_init(&self->lock);
    g_cond_init(&self->changed);
    g_cond_init(&self->chunks_idle);
    g_mutex_init(&self->rate_lock);
    g_cond_init(&self->rate_changed);
    g_queue_init(&self->messages);
    mc_runtime_handle_open(self);
    if (!load_module(self, error) || !mc_runtime_adapter_start(self, error) ||
        !create_kmd(self, error) || !create_umd(self, error))
        return NULL;
    if (!mc_runtime_messages_start(self)) {
        g_set_error_literal(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_UMD_CREATE,
                            "no thread could be started");
        return NULL;
    }
    self->config.umd_path = NULL; /* the caller's memory */
    return g_steal_pointer(&self);
}

/* ---- end ---- */

void mc_runtime_end_thread(GThread *thread, bool join)
{
    if (thread && join)
        g_thread_join(thread);
    else if (thread)
        g_thread_unref(thread);
}

void mc_runtime_destroy_kmd(McRuntime *self)
{
    g_mutex_lock(&self->kmd_lock);
    bool gone = self->kmd_gone;
    self->kmd_gone = true;
    if (!gone)
        self->kmd.DxgkDdiMiracastDestroyContext(self->kmd.Context, self->kmd_context);
    g_mutex_unlock(&self->kmd_lock);
}

static void destroy_umd(McRuntime *self)
{
    bool idle = true;

    g_mutex_lock(&self->lock);
    if (self->umd_context && !self->hung) {
        mc_runtime_ask_job(self, JOB_DESTROY, PHASE_DESTROY);
        self->hung = !mc_runtime_await_job(self, g_get_monotonic_time() + DESTROY_LIMIT_US);
    }
    if (self->control && (idle = self->job == JOB_NONE))
        mc_runtime_ask_job(self, JOB_QUIT, PHASE_DESTROY);
    g_mutex_unlock(&self->lock);
    mc_runtime_end_thread(self->control, idle);
}

static void free_parts(McRuntime *self)
{
    if (self->module)
        dlclose(self->module);
    g_mutex_clear(&self->stop_lock);
    g_mutex_clear(&self->kmd_lock);
    g_mutex_clear(&self->lock);
    g_cond_clear(&self->changed);
    g_cond_clear(&self->chunks_idle);
    g_mutex_clear(&self->rate_lock);
    g_cond_clear(&self->rate_changed);
    g_free(self);
}

bool mc_runtime_free(McRuntime *self)
{
    if (!self)
        return true;
    g_mutex_lock(&self->lock);
    self->ending = true; /* an on_status that runs may not start another session any more */
    g_mutex_unlock(&self->lock);
    mc_runtime_stop(self);
    mc_runtime_join_teardown(self);
    g_mutex_lock(&self->lock);
    mc_runtime_enter_phase(self, PHASE_DESTROY); /* what was held is dropped from here on */
    g_mutex_unlock(&self->lock);
    mc_runtime_messages_end(self);
    destroy_umd(self);
    mc_runtime_destroy_kmd(self);
    mc_runtime_handle_close(self);
    if (!self->hung) {
        free_parts(self);
        return true;
    }
    /* Threads of the driver still run in it: leaking is all that is safe. */
    g_mutex_lock(&self->lock);
    self->abandoned = true;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    mc_runtime_end_thread(self->rate_thread, false);
    g_warning("[session.stop-overrun] the driver hangs; its module stays loaded");
    mc_runtime_abandon(self);
    return false;
}

/* ---- queries ---- */

D3DKMT_MIRACAST_DISPLAY_DEVICE_STATE mc_runtime_state(McRuntime *self)
{
    g_mutex_lock(&self->lock);
    Phase phase = self->phase;
    g_mutex_unlock(&self->lock);
    switch (phase) {
    case PHASE_START:
        return MiracastStartPending;
    case PHASE_STARTED:
        return MiracastStarted;
    case PHASE_STOP:
        return MiracastStopPending;
    default:
        return MiracastStopped;
    }
}

void *mc_runtime_symbol(McRuntime *self, const char *name)
{
    return dlsym(self->module, name);
}

PVOID mc_runtime_umd_context(McRuntime *self)
{
    return self->umd_context;
}
