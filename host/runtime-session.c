/* SPDX-License-Identifier: MIT */
/* One session of a runtime: Start with its limits, Stop with its own, and the teardown that a
 * report of the driver brings. */
#include <sys/socket.h>
#include <unistd.h>

#include "host/runtime-private.h"

#define START_LIMIT_US (30 * G_USEC_PER_SEC) /* U4 */
#define CANCEL_LIMIT_US (3 * G_USEC_PER_SEC) /* for Start to notice that its socket is dead */
#define STOP_SOFT_US (1 * G_USEC_PER_SEC)    /* U15: said */
#define STOP_HARD_US (3 * G_USEC_PER_SEC)    /* U15: the miniport goes on without the driver */

/* ---- start ---- */

static void chunk_lost(const MIRACAST_CHUNK_INFO *info, const void *priv, UINT bytes,
                       void *user_data)
{
    McRuntime *self = user_data;

    if (self->config.on_chunk_lost)
        self->config.on_chunk_lost(info, priv, bytes, self->config.user_data);
}

static bool open_chunks(McRuntime *self)
{
    McChunkQueue *chunks = mc_chunk_queue_new(self->config.chunk_capacity, self->max_private_bytes);

    if (!chunks)
        return false;
    mc_chunk_queue_set_on_lost(chunks, chunk_lost, self);
    g_mutex_lock(&self->lock);
    self->chunks = chunks;
    g_mutex_unlock(&self->lock);
    return true;
}

/* Waiters come back with STATUS_INSTANCE_NOT_AVAILABLE (C-91), then the queue goes. */
static void close_chunks(McRuntime *self)
{
    g_mutex_lock(&self->lock);
    McChunkQueue *chunks = g_steal_pointer(&self->chunks);
    g_mutex_unlock(&self->lock);
    if (!chunks)
        return;
    mc_chunk_queue_close(chunks);
    g_mutex_lock(&self->lock);
    while (self->chunk_users)
        g_cond_wait(&self->chunks_idle, &self->lock);
    g_mutex_unlock(&self->lock);
    mc_chunk_queue_free(chunks);
}

static void close_rtsp(McRuntime *self)
{
    g_mutex_lock(&self->lock);
    int fd = self->rtsp_fd;
    bool hung = self->hung;
    self->rtsp_fd = -1;
    g_mutex_unlock(&self->lock);
    /* A driver that hangs may still use the number: it must not become another file's. */
    if (fd >= 0 && !hung)
        close(fd);
}

/* lock held. A driver that hangs on a dead sink is woken by its socket (U4). */
static void shut_rtsp(McRuntime *self)
{
    if (self->rtsp_fd >= 0)
        shutdown(self->rtsp_fd, SHUT_RDWR);
}

static bool is_connected(int fd)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);

    return getpeername(fd, (struct sockaddr *) &peer, &len) == 0;
}

/* lock held. NULL: a session may start now. */
static const char *why_not(const McRuntime *self, int rtsp_fd)
{
    if (self->ending)
        return "the driver is being unloaded";
    if (rtsp_fd < 0 || !is_connected(rtsp_fd))
        return "there is no connection to a sink"; /* C-10 */
    if (self->hung || self->kmd_lost)
        return "the driver hung before";
    if (self->phase != PHASE_IDLE && self->phase != PHASE_STOPPED)
        return "a session is running already";
    return self->start_cancelled ? "the start was cancelled" : NULL;
}

/* From here on nobody else starts, and Stop waits. */
static bool begin_start(McRuntime *self, int rtsp_fd, GError **error)
{
    g_mutex_lock(&self->lock);
    const char *reason = why_not(self, rtsp_fd);
    bool cancelled = reason && self->start_cancelled;
    if (!reason) {
        self->rtsp_fd = rtsp_fd;
        self->reported = false;
        mc_runtime_enter_phase(self, PHASE_START);
    } else if (self->phase == PHASE_IDLE || self->phase == PHASE_STOPPED) {
        self->start_cancelled = false; /* it has had its effect */
    }
    g_mutex_unlock(&self->lock);
    if (!reason)
        return true;
    if (rtsp_fd >= 0)
        close(rtsp_fd);
    g_set_error_literal(error, MC_RUNTIME_ERROR,
                        cancelled ? MC_RUNTIME_ERROR_START_CANCELLED : MC_RUNTIME_ERROR_START,
                        reason);
    return false;
}

/* A thread of the session before; its on_status may be what starts the next one. */
void mc_runtime_join_teardown(McRuntime *self)
{
    g_mutex_lock(&self->lock);
    GThread *thread = g_steal_pointer(&self->teardown);
    g_mutex_unlock(&self->lock);
    mc_runtime_end_thread(thread, thread != g_thread_self());
}

/* lock held. Until Start has returned, was cancelled and did not see it, or took too long. */
static NTSTATUS await_start(McRuntime *self)
{
    int64_t end_us = g_get_monotonic_time() + START_LIMIT_US;

    while (self->job != JOB_NONE && !self->start_cancelled)
        if (!g_cond_wait_until(&self->changed, &self->lock, end_us))
            break;
    if (self->job == JOB_NONE)
        return self->call.status;
    shut_rtsp(self);
    if (mc_runtime_await_job(self, g_get_monotonic_time() + CANCEL_LIMIT_US))
        return self->call.status;
    self->hung = true;
    return STATUS_IO_TIMEOUT;
}

typedef struct {
    NTSTATUS status;
    MIRACAST_SESSION_INFO info;
    bool started, cancelled, hung;
} Outcome;

static Outcome run_start(McRuntime *self, const MIRACAST_WFD_CONNECTION_STATS *stats)
{
    Outcome outcome;

    g_mutex_lock(&self->lock);
    self->call.rtsp = self->rtsp_fd;
    self->call.stats = *stats;
    self->call.info.Value = 0;
    self->call.status = STATUS_UNSUCCESSFUL;
    mc_runtime_ask_job(self, JOB_START, PHASE_START);
    outcome.status = await_start(self);
    outcome.info = self->call.info;
    outcome.hung = self->hung;
    outcome.cancelled = self->start_cancelled;
    self->start_cancelled = false;
    outcome.started = NT_SUCCESS(outcome.status);
    mc_runtime_enter_phase(self, outcome.started ? PHASE_STARTED : PHASE_STOP);
    if (!outcome.started)
        mc_runtime_messages_drop(self); /* U3 */
    else if (self->reported && !outcome.cancelled)
        mc_runtime_tear_down_later(self); /* U13 */
    g_mutex_unlock(&self->lock);
    return outcome;
}

/* A Start that failed is not stopped (U3): only our part of it ends. */
static void clean_up(McRuntime *self)
{
    mc_runtime_rate_end(self, true);
    close_chunks(self);
    close_rtsp(self);
    g_mutex_lock(&self->lock);
    mc_runtime_enter_phase(self, PHASE_STOPPED);
    g_mutex_unlock(&self->lock);
}

/* The driver was not asked at all. */
static void refuse_start(McRuntime *self)
{
    g_mutex_lock(&self->lock);
    mc_runtime_enter_phase(self, PHASE_STOP);
    mc_runtime_messages_drop(self);
    self->start_cancelled = false;
    g_mutex_unlock(&self->lock);
    clean_up(self);
}

static void run_stop(McRuntime *self);

static void stop_if_started(McRuntime *self)
{
    g_mutex_lock(&self->stop_lock);
    g_mutex_lock(&self->lock);
    bool started = self->phase == PHASE_STARTED;
    g_mutex_unlock(&self->lock);
    if (started)
        run_stop(self);
    g_mutex_unlock(&self->stop_lock);
}

bool mc_runtime_start(McRuntime *self, int rtsp_fd, const MIRACAST_WFD_CONNECTION_STATS *stats,
                      MIRACAST_SESSION_INFO *ret_info, NTSTATUS *ret_status, GError **error)
{
    *ret_status = STATUS_CANCELLED;
    ret_info->Value = 0;
    if (!begin_start(self, rtsp_fd, error))
        return false;
    mc_runtime_join_teardown(self);
    if (!open_chunks(self)) {
        refuse_start(self);
        *ret_status = STATUS_INSUFFICIENT_RESOURCES;
        g_set_error_literal(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_START,
                            "there is no memory for the session's frames");
        return false;
    }
    Outcome outcome = run_start(self, stats);
    McRuntimeTarget target;
    if (outcome.started)
        mc_runtime_target(self, &target); /* C-109 */
    *ret_status = outcome.status;
    *ret_info = outcome.info;
    if (outcome.started && !outcome.cancelled)
        return true;
    if (outcome.started)
        stop_if_started(self); /* its socket was shut, whatever the driver says */
    else
        clean_up(self);
    if (outcome.cancelled)
        g_set_error_literal(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_START_CANCELLED,
                            "the start was cancelled");
    else
        g_set_error(error, MC_RUNTIME_ERROR, MC_RUNTIME_ERROR_START,
                    outcome.hung ? "the driver does not end its start (status 0x%08x)"
                                 : "the session could not start (status 0x%08x)",
                    (unsigned) outcome.status);
    return false;
}

/* lock held. */
static void cancel(McRuntime *self)
{
    self->start_cancelled = true;
    shut_rtsp(self);
    g_cond_broadcast(&self->changed);
}

void mc_runtime_cancel_start(McRuntime *self)
{
    if (!self)
        return;
    g_mutex_lock(&self->lock);
    if (self->phase <= PHASE_START || self->phase == PHASE_STOPPED)
        cancel(self);
    g_mutex_unlock(&self->lock);
}

/* ---- stop ---- */

/* lock held. Handlers end before Stop is entered (C-28); they cannot wait for the miniport any
 * more, for the phase fails their I/O controls (U7). */
static bool drain_handlers(McRuntime *self, int64_t end_us)
{
    while (self->running)
        if (!g_cond_wait_until(&self->changed, &self->lock, end_us))
            return self->running == 0;
    return true;
}

/* lock held. */
static void await_stop(McRuntime *self, int64_t start_us)
{
    if (mc_runtime_await_job(self, start_us + STOP_SOFT_US))
        return;
    g_warning("[session.stop-overrun] the driver takes more than a second to stop");
    shut_rtsp(self);
    if (mc_runtime_await_job(self, start_us + STOP_HARD_US))
        return;
    g_warning("[session.stop-overrun] the driver does not stop; the display path goes on alone");
    g_mutex_unlock(&self->lock);
    mc_runtime_destroy_kmd(self); /* C-24 */
    g_mutex_lock(&self->lock);
    self->kmd_lost = true;
    if (!mc_runtime_await_job(self, start_us + 2 * STOP_HARD_US))
        self->hung = true;
}

static void run_stop(McRuntime *self)
{
    int64_t start_us = g_get_monotonic_time();

    g_mutex_lock(&self->lock);
    mc_runtime_enter_phase(self, PHASE_STOP);
    mc_runtime_messages_drop(self); /* C-31 */
    bool drained = drain_handlers(self, start_us + STOP_HARD_US);
    g_mutex_unlock(&self->lock);
    if (!drained)
        g_warning("[session.stop-overrun] a message handler of the driver does not return");
    mc_runtime_rate_end(self, false);
    close_chunks(self);
    g_mutex_lock(&self->lock);
    mc_runtime_ask_job(self, JOB_STOP, PHASE_STOP);
    await_stop(self, drained ? start_us : g_get_monotonic_time());
    self->hung = self->hung || self->running > 0;
    g_mutex_unlock(&self->lock);
    mc_runtime_rate_end(self, true); /* a driver that forgot (U12) */
    close_rtsp(self);
    /* Last: whoever sees it may start again. */
    g_mutex_lock(&self->lock);
    mc_runtime_enter_phase(self, PHASE_STOPPED);
    g_mutex_unlock(&self->lock);
}

void mc_runtime_stop(McRuntime *self)
{
    if (!self)
        return;
    g_mutex_lock(&self->lock);
    if (self->phase == PHASE_START)
        cancel(self);
    while (self->phase == PHASE_START)
        g_cond_wait(&self->changed, &self->lock);
    g_mutex_unlock(&self->lock);
    stop_if_started(self);
}

static gpointer run_teardown(gpointer user_data)
{
    McRuntime *self = user_data;

    stop_if_started(self);
    if (self->config.on_status)
        self->config.on_status(self->reported_status, self->reported_detail,
                               self->config.user_data);
    return NULL;
}

void mc_runtime_tear_down_later(McRuntime *self)
{
    self->teardown = g_thread_try_new("mc-teardown", run_teardown, self, NULL);
    if (!self->teardown) { /* whoever owns the session still stops it; the driver sees its end now
                            */
        g_warning("[session.failed] no thread could be started to end the session");
        shut_rtsp(self);
    }
}
