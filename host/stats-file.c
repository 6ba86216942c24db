/* SPDX-License-Identifier: MIT */
#include "host/stats-file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "p2p/plain-text.h"
#include "p2p/write-all.h"

struct McStatsFile {
    int fd; /* -1: it has ended */
    bool is_stdout;
};

/* ---- text ---- */

/* What the sink's end tells, and what the stream lost on its way there. */
static void add_far_end(GString *out, const McStatusSnapshot *now)
{
    g_string_append_printf(
        out,
        "\"live\":%s,\"frames_repeated\":%" G_GUINT64_FORMAT
        ",\"encoders_replaced\":%u,\"datagrams_refused\":%" G_GUINT64_FORMAT
        ",\"queued_bytes\":%" G_GUINT64_FORMAT
        ",\"rtcp_reports\":%u,\"rtcp_lost\":%" G_GUINT64_FORMAT
        ",\"rtcp_loss_percent\":%.1f,\"received_kbps\":%u,\"round_trip_us\":%d,"
        "\"av_offset_us\":%d,\"sound_skipped_us\":%" G_GUINT64_FORMAT
        ",\"radio_kbps\":%u,\"radio_sent\":%" G_GUINT64_FORMAT
        ",\"radio_failed\":%" G_GUINT64_FORMAT ",\"radio_retried\":%" G_GUINT64_FORMAT
        ",\"encoding\":%" G_GUINT64_FORMAT
        ",\"encoding_sinks\":%u,\"frames_shared\":%" G_GUINT64_FORMAT ",",
        now->live ? "true" : "false", now->frames_repeated, now->encoders_replaced, now->refusals,
        now->queued_bytes, now->rtcp_reports, now->rtcp_lost, now->rtcp_loss_permille / 10.0,
        now->received_kbps, now->trip_us, now->av_offset_us, now->sound_skipped_us, now->radio_kbps,
        now->radio_sent, now->radio_failed, now->radio_retried, now->encoding, now->encoding_sinks,
        now->frames_shared);
}

static void add_drops(GString *out, const McDrops *drops)
{
    g_string_append_printf(out,
                           "\"drops\":{\"capture\":%" G_GUINT64_FORMAT
                           ",\"pace\":%" G_GUINT64_FORMAT ",\"queue\":%" G_GUINT64_FORMAT
                           ",\"refused\":%" G_GUINT64_FORMAT "},",
                           drops->capture, drops->pace, drops->queue, drops->refused);
}

static void add_stage(GString *out, const char *name, McStatusStage stage)
{
    g_string_append_printf(out, ",\"%s\":{\"p50_us\":%u,\"p95_us\":%u}", name, stage.p50_us,
                           stage.p95_us);
}

static void add_stages(GString *out, const McFigures *figures)
{
    const McMeterStage *stage = figures->meter.stage;

    g_string_append(out, "\"stages\":{");
    for (int i = 0; i < MC_N_STAGES; i++)
        g_string_append_printf(out, "%s\"%s\":{\"p50_us\":%u,\"p95_us\":%u,\"p99_us\":%u}",
                               i ? "," : "", mc_stage_name(i), stage[i].p50_us, stage[i].p95_us,
                               stage[i].p99_us);
    add_stage(out, "convert", figures->now.convert);
    add_stage(out, "h264", figures->now.encode);
    add_stage(out, "mux", figures->now.mux);
    add_stage(out, "network", figures->now.send);
    add_stage(out, "age", figures->now.age);
    g_string_append_c(out, '}');
}

/* Plain text has no other characters that JSON would want escaped. */
static char *json_text(const char *text)
{
    g_autofree char *plain = mc_plain_text(text);
    GString *out = g_string_new(plain);

    g_string_replace(out, "\\", "\\\\", 0);
    g_string_replace(out, "\"", "\\\"", 0);
    return g_string_free(out, FALSE);
}

char *mc_stats_text(const char *sink, const McFigures *figures)
{
    const McStatusSnapshot *now = &figures->now;
    GString *out = g_string_new("{");

    if (sink) {
        g_autofree char *name = json_text(sink);
        g_string_append_printf(out, "\"sink\":\"%s\",", name);
    }
    g_string_append_printf(
        out,
        "\"time_us\":%" G_GINT64_FORMAT ",\"fps\":%.1f,\"kbps\":%.0f,\"kbps_asked\":%u,"
        "\"width\":%u,\"height\":%u,\"mode_fps\":%u,\"encoder\":\"%s\",\"state\":%u,"
        "\"frames_in\":%" G_GUINT64_FORMAT ",\"frames_encoded\":%" G_GUINT64_FORMAT
        ",\"frames_dropped\":%" G_GUINT64_FORMAT ",\"idr_frames\":%" G_GUINT64_FORMAT
        ",\"datagrams\":%" G_GUINT64_FORMAT ",\"datagrams_duplicated\":%" G_GUINT64_FORMAT
        ",\"datagrams_dropped\":%" G_GUINT64_FORMAT
        ",\"idr_requests\":%u,\"keepalives_sent\":%u,\"keepalives_answered\":%u,"
        "\"convert_us\":%u,\"encode_us\":%u,\"mux_us\":%u,\"send_us\":%u,",
        figures->time_us, figures->fps, figures->kbps, now->bitrate_kbps, now->width_px,
        now->height_px, now->fps, now->encoder, now->wfd_state, now->frames_in, now->frames_encoded,
        now->frames_dropped, now->idr_frames, now->datagrams_sent, now->datagrams_duplicated,
        now->datagrams_dropped, now->idr_requests, now->keepalives_sent, now->keepalives_answered,
        now->convert_us, now->encode_us, now->mux_us, now->send_us);
    add_far_end(out, now);
    add_drops(out, &figures->drops);
    add_stages(out, figures);
    g_string_append(out, "}\n");
    return g_string_free(out, FALSE);
}

/* ---- file ---- */

McStatsFile *mc_stats_file_new(const char *path, GError **error)
{
    const bool is_stdout = !strcmp(path, "-");
    const int fd =
        is_stdout ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, (int) g_file_error_from_errno(errno),
                    "%s cannot be written: %s", path, g_strerror(errno));
        return NULL;
    }
    McStatsFile *self = g_new0(McStatsFile, 1);
    self->fd = fd;
    self->is_stdout = is_stdout;
    return self;
}

static void end(McStatsFile *self)
{
    if (self->fd >= 0 && !self->is_stdout)
        close(self->fd);
    self->fd = -1;
}

void mc_stats_file_free(McStatsFile *self)
{
    if (!self)
        return;
    end(self);
    g_free(self);
}

/* A pipe is writable when it takes a whole line: they are shorter than PIPE_BUF. */
static bool has_room(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLOUT};

    return poll(&wait, 1, 0) < 0 || wait.revents;
}

McStatsResult mc_stats_file_write(McStatsFile *self, const char *sink, const McFigures *figures,
                                  const char **ret_why)
{
    if (self->fd < 0 || !has_room(self->fd))
        return MC_STATS_WRITTEN;
    g_autofree char *text = mc_stats_text(sink, figures);
    if (mc_write_all(self->fd, text, strlen(text)))
        return MC_STATS_WRITTEN;
    const int error = errno;
    end(self); /* a line that was cut is the last one */
    *ret_why = g_strerror(error);
    return error == EPIPE && self->is_stdout ? MC_STATS_UNREAD : MC_STATS_ENDED;
}
