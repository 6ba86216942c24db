/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/capture-thread.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* A grab of a picture takes milliseconds; one that takes this long hangs on its server. */
#define HANG_US (500 * G_TIME_SPAN_MILLISECOND)
#define EARLY_PART 8 /* a picture may come this part of a period before its time */

struct McCaptureThread {
    const McCaptureOps *ops;
    McCapture *capture;
    McCaptureEvents events;
    McFramePool *pool;
    int timer_fd, wake_fd;
    GThread *thread;

    GMutex lock; /* guards the fields up to the next comment */
    GCond done;
    uint32_t width_px, height_px;
    int64_t period_ns; /* 0: the clock stands still */
    bool stopping, running;
    bool restart; /* a frame is wanted at once */
    bool paused;

    /* the capture thread's own */
    uint64_t number;
    int64_t grabbed_ns; /* when the last picture was asked for */
    bool dirty, force_idr, broken;
    bool rests; /* the source knows that it is paused */
};

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

void mc_capture_thread_wake(McCaptureThread *self)
{
    eventfd_write(self->wake_fd, 1);
}

/* ---- life ---- */

static void note_size(McCaptureThread *self)
{
    g_mutex_lock(&self->lock);
    self->ops->size(self->capture, &self->width_px, &self->height_px);
    g_mutex_unlock(&self->lock);
}

static bool fit_memory(McCaptureThread *self, McFrame *frame, GError **error)
{
    uint32_t width_px, height_px;

    self->ops->size(self->capture, &width_px, &height_px);
    if (frame->pixels && frame->width_px == width_px && frame->height_px == height_px)
        return true;
    self->ops->detach(self->capture, frame);
    return self->ops->attach(self->capture, frame, error);
}

static bool attach_early(McCaptureThread *self, GError **error)
{
    for (unsigned i = 0; self->ops->attaches_early && i < MC_FRAME_POOL_MAX_LENT; i++)
        if (!fit_memory(self, mc_frame_pool_at(self->pool, i), error))
            return false;
    return true;
}

McCaptureThread *mc_capture_thread_new(const McCaptureConfig *wanted, const McCaptureEvents *events,
                                       GError **error)
{
    McCaptureConfig config = *wanted;
    const McCaptureOps *ops = mc_capture_find(config.capture, &config.argument, error);
    g_autoptr(McCaptureThread) self = NULL;

    if (!ops)
        return NULL;
    self = g_new0(McCaptureThread, 1);
    self->ops = ops;
    self->events = *events;
    self->pool = mc_frame_pool_new();
    g_mutex_init(&self->lock);
    g_cond_init(&self->done);
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (self->wake_fd < 0 || self->timer_fd < 0) {
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_FAILED, "no frame clock: %s",
                    g_strerror(errno));
        return NULL;
    }
    self->capture = ops->open(&config, error);
    if (!self->capture)
        return NULL;
    note_size(self);
    return attach_early(self, error) ? g_steal_pointer(&self) : NULL;
}

void mc_capture_thread_free(McCaptureThread *self)
{
    if (!self)
        return;
    mc_capture_thread_stop(self);
    for (unsigned i = 0; self->capture && i < MC_FRAME_POOL_MAX; i++)
        self->ops->detach(self->capture, mc_frame_pool_at(self->pool, i));
    if (self->capture)
        self->ops->close(self->capture);
    mc_frame_pool_free(self->pool);
    if (self->wake_fd >= 0)
        close(self->wake_fd);
    if (self->timer_fd >= 0)
        close(self->timer_fd);
    g_cond_clear(&self->done);
    g_mutex_clear(&self->lock);
    g_free(self);
}

const char *mc_capture_thread_kind(const McCaptureThread *self)
{
    return self->ops->kind;
}

const char *mc_capture_thread_input_target(const McCaptureThread *self)
{
    return self->ops->input_target ? self->ops->input_target(self->capture) : NULL;
}

McPortalSession *mc_capture_thread_portal(McCaptureThread *self)
{
    return self->ops->portal ? self->ops->portal(self->capture) : NULL;
}

void mc_capture_thread_read_sound(McCaptureThread *self, int64_t begin_ns, int16_t *block,
                                  size_t pairs)
{
    if (self->ops->read_sound)
        self->ops->read_sound(self->capture, begin_ns, block, pairs);
    else
        memset(block, 0, pairs * 2 * sizeof(*block));
}

void mc_capture_thread_size(McCaptureThread *self, uint32_t *ret_width_px, uint32_t *ret_height_px)
{
    g_mutex_lock(&self->lock);
    *ret_width_px = self->width_px;
    *ret_height_px = self->height_px;
    g_mutex_unlock(&self->lock);
}

bool mc_capture_thread_release(McCaptureThread *self, uint64_t frame_id)
{
    bool pending = false, found = mc_frame_pool_release(self->pool, frame_id, &pending);

    if (found && pending)
        mc_capture_thread_wake(self);
    return found;
}

void mc_capture_thread_doubt(McCaptureThread *self, uint64_t frame_id)
{
    mc_frame_pool_doubt(self->pool, frame_id);
}

void mc_capture_thread_set_readers(McCaptureThread *self, unsigned frames)
{
    mc_frame_pool_set_max_lent(self->pool, frames);
}

/* ---- frames ---- */

static bool is_stopping(McCaptureThread *self)
{
    g_mutex_lock(&self->lock);
    bool stopping = self->stopping;
    g_mutex_unlock(&self->lock);
    return stopping;
}

/* What the end itself broke is no failure: a server that hung was hung up on. */
static void fail(McCaptureThread *self, const GError *error)
{
    if (!self->broken && !is_stopping(self))
        self->events.failed(error, self->events.user_data);
    self->broken = true;
}

static void lend_pending(McCaptureThread *self)
{
    McFrame *frame = mc_frame_pool_lend(self->pool);

    if (!frame)
        return;
    McFrameDesc desc = frame->desc; /* once delivered, it may be released and filled anew */
    uint64_t number = frame->number;

    self->events.deliver(&desc, number, self->events.user_data);
}

static void describe(McCaptureThread *self, McFrame *frame, int64_t begin_ns, int64_t end_ns)
{
    frame->desc.pixels = (uint64_t) (uintptr_t) frame->pixels;
    frame->desc.width_px = frame->width_px;
    frame->desc.height_px = frame->height_px;
    frame->desc.stride_bytes = frame->stride_bytes;
    frame->desc.fourcc = MC_FOURCC_BGRX;
    frame->desc.capture_ns = begin_ns;
    frame->desc.capture_us = (uint32_t) ((end_ns - begin_ns) / 1000);
    frame->desc.flags = self->force_idr ? MC_FRAME_FORCE_IDR : 0;
}

static void grab_frame(McCaptureThread *self)
{
    McFrame *frame = mc_frame_pool_acquire(self->pool);
    g_autoptr(GError) error = NULL;
    McGrab result = MC_GRAB_FAILED;

    if (!frame)
        return; /* tried again at the next tick, as the picture is still dirty */
    frame->number = ++self->number;
    self->events.started(frame->number, self->events.user_data);
    int64_t begin_ns = self->grabbed_ns = now_ns();
    if (fit_memory(self, frame, &error))
        result = self->ops->grab(self->capture, frame, begin_ns, &error);
    if (result != MC_GRAB_OK) {
        mc_frame_pool_cancel(self->pool, frame);
        self->events.dropped(frame->number, self->events.user_data);
        if (result == MC_GRAB_FAILED)
            fail(self, error);
        return;
    }
    describe(self, frame, begin_ns, now_ns());
    self->dirty = self->force_idr = false;
    uint64_t replaced = mc_frame_pool_ready(self->pool, frame);
    if (replaced)
        self->events.dropped(replaced, self->events.user_data);
    lend_pending(self);
}

/* ---- the thread ---- */

static void look(McCaptureThread *self)
{
    g_autoptr(GError) error = NULL;
    McCaptureNews news = {0};

    if (!self->ops->poll(self->capture, &news, &error)) {
        fail(self, error);
        return;
    }
    if (news.resized) {
        note_size(self);
        self->force_idr = true;
        self->events.resized(self->width_px, self->height_px, self->events.user_data);
    }
    if (news.cursor_changed)
        self->events.cursor(&news.cursor, self->events.user_data);
    /* A cursor that moves over a still desktop must look as smooth as any other motion. */
    if (news.dirty || news.resized || news.cursor_changed)
        self->dirty = true;
}

static void tell_paused(McCaptureThread *self, bool paused)
{
    if (paused == self->rests)
        return;
    self->rests = paused;
    if (self->ops->pause)
        self->ops->pause(self->capture, paused);
}

static void tick(McCaptureThread *self)
{
    bool paused;

    g_mutex_lock(&self->lock);
    paused = self->paused;
    if (self->restart && !paused) {
        self->restart = false;
        self->dirty = true;
    }
    g_mutex_unlock(&self->lock);
    tell_paused(self, paused);
    look(self);
    if (self->dirty && !paused && !self->broken)
        grab_frame(self);
}

/* The first tick comes after first_ns, the others follow on its grid; lock held. */
static bool set_clock(McCaptureThread *self, int64_t first_ns)
{
    const int64_t period_ns = self->period_ns;
    struct itimerspec clock = {
        .it_value = {first_ns / 1000000000, first_ns % 1000000000},
        .it_interval = {period_ns / 1000000000, period_ns % 1000000000},
    };

    return timerfd_settime(self->timer_fd, 0, &clock, NULL) == 0;
}

/* News between two ticks: where the last picture is old enough, this one need not wait, and the
 * clock goes on from here. */
static void look_early(McCaptureThread *self)
{
    look(self);
    if (!self->dirty || self->broken)
        return;
    g_mutex_lock(&self->lock);
    const bool due = self->period_ns && !self->paused &&
                     now_ns() - self->grabbed_ns >= self->period_ns - self->period_ns / EARLY_PART;
    if (due)
        set_clock(self, self->period_ns);
    g_mutex_unlock(&self->lock);
    if (due)
        grab_frame(self);
}

static gpointer run_capture(gpointer user_data)
{
    McCaptureThread *self = user_data;
    struct pollfd fds[] = {
        {.fd = self->wake_fd, .events = POLLIN},
        {.fd = self->timer_fd, .events = POLLIN},
        {.fd = self->ops->fd ? self->ops->fd(self->capture) : -1, .events = POLLIN}};

    if (self->ops->begin)
        self->ops->begin(self->capture);
    while (!self->broken && !is_stopping(self)) {
        uint64_t value;

        if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
            continue;
        if (fds[0].revents) {
            eventfd_read(self->wake_fd, &value);
            self->events.woken(self->events.user_data);
            lend_pending(self);
        }
        if (fds[1].revents && read(self->timer_fd, &value, sizeof(value)) > 0)
            tick(self);
        else if (fds[2].revents)
            look_early(self);
    }
    if (self->ops->end)
        self->ops->end(self->capture);
    g_mutex_lock(&self->lock);
    self->running = false;
    g_cond_broadcast(&self->done);
    g_mutex_unlock(&self->lock);
    return NULL;
}

/* 0: the clock stands still; else it ticks at once. */
static bool start_clock(McCaptureThread *self, uint32_t refresh_mhz)
{
    g_mutex_lock(&self->lock);
    self->period_ns = refresh_mhz ? 1000000000000 / refresh_mhz : 0;
    const bool ok = set_clock(self, refresh_mhz ? 1 : 0);
    g_mutex_unlock(&self->lock);
    return ok;
}

bool mc_capture_thread_start(McCaptureThread *self, uint32_t refresh_mhz)
{
    g_mutex_lock(&self->lock);
    self->restart = true;
    g_mutex_unlock(&self->lock);
    if (!self->thread) {
        self->dirty = self->force_idr = self->broken = self->rests = false;
        self->stopping = false;
        self->running = true;
        self->thread = g_thread_try_new("mc-capture", run_capture, self, NULL);
    }
    return self->thread && start_clock(self, refresh_mhz);
}

void mc_capture_thread_pause(McCaptureThread *self, bool paused)
{
    g_mutex_lock(&self->lock);
    self->restart = self->restart || (self->paused && !paused);
    self->paused = paused;
    g_mutex_unlock(&self->lock);
}

/* A server that answers no more must not keep the session from ending (C-23). */
static void cancel_if_hung(McCaptureThread *self)
{
    int64_t end_us = g_get_monotonic_time() + HANG_US;

    g_mutex_lock(&self->lock);
    while (self->running && g_cond_wait_until(&self->done, &self->lock, end_us))
        ;
    bool hung = self->running;
    g_mutex_unlock(&self->lock);
    if (hung && self->ops->cancel)
        self->ops->cancel(self->capture);
}

void mc_capture_thread_stop(McCaptureThread *self)
{
    if (!self->thread)
        return;
    g_mutex_lock(&self->lock);
    self->stopping = true;
    g_mutex_unlock(&self->lock);
    mc_capture_thread_wake(self);
    cancel_if_hung(self);
    g_thread_join(g_steal_pointer(&self->thread));
    self->paused = false;
    start_clock(self, 0);
    uint64_t pending = mc_frame_pool_take_back(self->pool);
    if (pending) /* its start was reported, so is its end (C-81) */
        self->events.dropped(pending, self->events.user_data);
}
