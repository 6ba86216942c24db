/* SPDX-License-Identifier: MIT */
/* What driver, runtime and display path report of one sink, on their threads
 * (host/projection-private.h). */
#include <string.h>
#include <sys/eventfd.h>

#include "host/projection-private.h"

/* From here on the time of --duration runs: the driver says that the sink plays, or, if it is one
 * that says nothing, a picture has left. */
static void note_streaming(McProjection *self)
{
    if (g_atomic_int_compare_and_exchange(&self->streams, 0, 1))
        eventfd_write(self->wake_fd, 1);
}

void mc_projection_on_progress(const char *step, const char *text, void *user_data)
{
    McProjection *self = user_data;

    if (g_atomic_int_get(&self->abandoned))
        return;
    mc_report_step(self->report, step, text);
    if (!strcmp(step, "play"))
        note_streaming(self);
}

/* True: it is told later, or never. */
static bool hold_error(McStart *start, const char *code, const char *text)
{
    g_mutex_lock(&start->lock);
    const bool holds = start->runs;
    if (holds && !start->code) {
        start->code = g_strdup(code);
        start->text = g_strdup(text);
    }
    g_mutex_unlock(&start->lock);
    return holds;
}

void mc_projection_on_error(const char *code, const char *text, void *user_data)
{
    McProjection *self = user_data;

    if (g_atomic_int_get(&self->abandoned) || hold_error(&self->start, code, text))
        return;
    if (g_atomic_int_compare_and_exchange(&self->error_told, 0, 1))
        mc_report_error(self->report, code, text);
}

static void on_trace(char direction, const char *text, size_t len, void *user_data)
{
    McProjection *self = user_data;

    mc_trace_rtsp(self->trace, direction, text, len);
}

static void on_datagram(char direction, uint16_t local_port, uint16_t sink_port,
                        const uint8_t *bytes, size_t len, void *user_data)
{
    McProjection *self = user_data;

    mc_trace_datagram(self->trace, direction, local_port, sink_port, bytes, len);
}

static void end(McProjection *self)
{
    g_atomic_int_set(&self->ended, 1);
    eventfd_write(self->wake_fd, 1);
}

static void on_status(MIRACAST_STATUS status, NTSTATUS detail, void *user_data)
{
    static const char *const names[] = {
        "critical error",       "the sink stopped answering",      "the sink asked for the end",
        "too little bandwidth", "the sink failed the mode change", "companion driver"};
    McProjection *self = user_data;

    if (status != MIRACAST_STATUS_SINK_DISOCNNECT_REQUEST && status < G_N_ELEMENTS(names))
        mc_projection_on_error("session.ended", names[status], self);
    end(self);
}

static void on_statistic(const MIRACAST_STATISTIC_DATA *stat, int64_t time_ns, void *user_data)
{
    McProjection *self = user_data;

    if (stat->StatisticType == MIRACAST_STATISTIC_TYPE_CHUNK_PROCESSING_COMPLETE) {
        mc_meter_chunk(self->meter, MC_METER_DRIVER, &stat->EncodeComplete.ChunkInfo, time_ns);
    } else if (stat->StatisticType == MIRACAST_STATISTIC_TYPE_CHUNK_SENT) {
        mc_meter_sent(self->meter, stat->ChunkSent.ChunkId, time_ns);
        note_streaming(self);
    }
}

static void on_chunk_info(const MIRACAST_CHUNK_INFO *info, int64_t time_ns, void *user_data)
{
    mc_meter_chunk(((McProjection *) user_data)->meter, MC_METER_DISPLAY, info, time_ns);
}

static void on_chunk_lost(const MIRACAST_CHUNK_INFO *info, const void *priv, UINT bytes,
                          void *user_data)
{
    mc_display_path_chunk_lost(info, priv, bytes, ((McProjection *) user_data)->display);
}

static bool read_rate(MIRACAST_DATARATE_STATS *ret_stats, void *user_data)
{
    McProjection *self = user_data;
    McLinkStatistics now;

    if (!self->link.calls.Statistics(self->link.context, &now))
        return false;
    mc_link_rate_step(&self->rate, &now, ret_stats);
    return true;
}

static void on_capture_error(const GError *error, void *user_data)
{
    McProjection *self = user_data;

    if (g_error_matches(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_FINISHED))
        mc_report_step(self->report, "capture", error->message);
    else
        mc_projection_on_error(mc_capture_error_code(error->code), error->message, self);
    end(self);
}

static void read_sound(int64_t begin_ns, int16_t *block, size_t pairs, void *user_data)
{
    McProjection *self = user_data;

    if (g_atomic_int_get(&self->abandoned))
        memset(block, 0, pairs * 2 * sizeof(*block));
    else
        mc_capture_share_read_sound(self->share, begin_ns, block, pairs);
}

static void notify_interrupt(MIRACAST_ENCODE_CHUNK_COMPLETED *chunk, void *user_data)
{
    mc_runtime_notify_interrupt(((McProjection *) user_data)->runtime, chunk);
}

bool mc_projection_fail(McProjection *self, const char *code, const GError *error)
{
    mc_projection_on_error(code, error ? error->message : "unknown", self);
    return false;
}

/* ---- who is heard ---- */

void mc_projection_hear_display(McProjection *self, McDisplayConfig *config)
{
    config->notify_interrupt = notify_interrupt;
    config->on_error = on_capture_error;
    config->user_data = self;
}

void mc_projection_hear_runtime(McProjection *self, McRuntimeConfig *config)
{
    config->on_status = on_status;
    config->on_statistic = on_statistic;
    config->on_chunk_info = on_chunk_info;
    config->on_chunk_lost = on_chunk_lost;
    config->read_rate = read_rate;
    config->user_data = self;
}

void mc_projection_hear_driver(McProjection *self, McUmdOptions *options)
{
    options->on_progress = mc_projection_on_progress;
    options->on_error = mc_projection_on_error;
    options->on_trace = self->trace ? on_trace : NULL;
    options->on_datagram = self->trace ? on_datagram : NULL;
    options->read_sound = read_sound;
    options->user_data = self;
}
