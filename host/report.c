/* SPDX-License-Identifier: MIT */
#include "host/report.h"

#include <glib.h>
#include <string.h>
#include <unistd.h>

struct McReport {
    GMutex lock;
    bool live, live_shown;
    FILE *stats;
    int exit;
    uint64_t last_frames, last_bytes;
    int64_t last_us;
};

/* The longest matching prefix comes first. */
static const struct {
    const char *prefix;
    McExit exit;
    const char *next_step;
} codes[] = {
    {"link.port-in-use", MC_EXIT_LINK, "end the other program, or give another port with --listen"},
    {"link.bad-address", MC_EXIT_LINK,
     "give an IPv4 address of this machine as --listen ADDR:PORT"},
    {"link.timeout", MC_EXIT_LINK,
     "start the sink, and check that it can reach this address and port"},
    {"link.cancelled", MC_EXIT_OK, NULL},
    {"link.", MC_EXIT_LINK, NULL},
    {"rtsp.keepalive-lost", MC_EXIT_LOST, "check the sink's power and network, then cast again"},
    {"rtsp.disconnected", MC_EXIT_LOST, "the sink closed the connection; cast again"},
    {"rtsp.no-common-format", MC_EXIT_SESSION, "try another --mode"},
    {"rtsp.", MC_EXIT_SESSION, "run again with --trace DIR to see the dialogue"},
    {"session.", MC_EXIT_SESSION, NULL},
    {"encoder.missing", MC_EXIT_MEDIA,
     "install gstreamer1.0-plugins-ugly (x264) or gstreamer1.0-plugins-bad (OpenH264)"},
    {"encoder.", MC_EXIT_MEDIA, NULL},
    {"stream.", MC_EXIT_MEDIA, NULL},
    {"audio.", MC_EXIT_MEDIA, "cast without sound: --audio none"},
    {"capture.no-display", MC_EXIT_CAPTURE, "set DISPLAY, or name one: --capture x11:DISPLAY"},
    {"capture.", MC_EXIT_CAPTURE, NULL},
    {"umd.", MC_EXIT_DRIVER, "check the path given with --umd"},
    {"kmd.", MC_EXIT_DRIVER, NULL},
    {"usage", MC_EXIT_USAGE, "see 'miracast help'"},
};

static unsigned row_of(const char *code)
{
    unsigned i = 0;

    while (i < G_N_ELEMENTS(codes) && !g_str_has_prefix(code, codes[i].prefix))
        i++;
    return i;
}

int mc_report_exit_of(const char *code)
{
    unsigned i = row_of(code);

    return i < G_N_ELEMENTS(codes) ? (int) codes[i].exit : MC_EXIT_FAILED;
}

const char *mc_report_next_step(const char *code)
{
    unsigned i = row_of(code);

    return i < G_N_ELEMENTS(codes) ? codes[i].next_step : NULL;
}

McReport *mc_report_new(bool live, FILE *stats)
{
    McReport *self = g_new0(McReport, 1);

    g_mutex_init(&self->lock);
    self->live = live;
    self->stats = stats;
    return self;
}

static void end_live_line(McReport *self)
{
    if (self->live_shown)
        fputc('\n', stderr);
    self->live_shown = false;
}

void mc_report_free(McReport *self)
{
    if (!self)
        return;
    end_live_line(self);
    g_mutex_clear(&self->lock);
    g_free(self);
}

void mc_report_step(McReport *self, const char *step, const char *text)
{
    g_mutex_lock(&self->lock);
    end_live_line(self);
    fprintf(stderr, "miracast: %-12s %s\n", step, text ? text : "");
    g_mutex_unlock(&self->lock);
}

void mc_report_error(McReport *self, const char *code, const char *text)
{
    const char *next = mc_report_next_step(code);

    g_mutex_lock(&self->lock);
    end_live_line(self);
    fprintf(stderr, "miracast: error [%s]: %s%s%s\n", code, text, next ? "; " : "",
            next ? next : "");
    if (!self->exit)
        self->exit = mc_report_exit_of(code);
    g_mutex_unlock(&self->lock);
}

int mc_report_exit(McReport *self)
{
    return self->exit;
}

static void write_stats(McReport *self, const McStatusSnapshot *now, const McMeterSummary *meter,
                        double fps, double kbps, int64_t time_us)
{
    fprintf(self->stats,
            "{\"time_us\":%" G_GINT64_FORMAT ",\"fps\":%.1f,\"kbps\":%.0f,\"kbps_asked\":%u,"
            "\"width\":%u,\"height\":%u,\"mode_fps\":%u,\"encoder\":\"%s\",\"state\":%u,"
            "\"frames_in\":%" G_GUINT64_FORMAT ",\"frames_encoded\":%" G_GUINT64_FORMAT
            ",\"frames_dropped\":%" G_GUINT64_FORMAT ",\"idr_frames\":%" G_GUINT64_FORMAT
            ",\"datagrams\":%" G_GUINT64_FORMAT ",\"datagrams_dropped\":%" G_GUINT64_FORMAT
            ",\"idr_requests\":%u,\"keepalives_sent\":%u,\"keepalives_answered\":%u,"
            "\"convert_us\":%u,\"encode_us\":%u,\"mux_us\":%u,\"send_us\":%u,\"stages\":{",
            time_us, fps, kbps, now->bitrate_kbps, now->width_px, now->height_px, now->fps,
            now->encoder, now->wfd_state, now->frames_in, now->frames_encoded, now->frames_dropped,
            now->idr_frames, now->datagrams_sent, now->datagrams_dropped, now->idr_requests,
            now->keepalives_sent, now->keepalives_answered, now->convert_us, now->encode_us,
            now->mux_us, now->send_us);
    for (int i = 0; i < MC_N_STAGES; i++)
        fprintf(self->stats, "%s\"%s\":{\"p50_us\":%u,\"p95_us\":%u,\"p99_us\":%u}", i ? "," : "",
                mc_stage_name(i), meter->stage[i].p50_us, meter->stage[i].p95_us,
                meter->stage[i].p99_us);
    fputs("}}\n", self->stats);
    fflush(self->stats);
}

void mc_report_statistics(McReport *self, const McStatusSnapshot *now, const McMeterSummary *meter,
                          int64_t time_us)
{
    g_mutex_lock(&self->lock);
    double seconds = self->last_us ? (double) (time_us - self->last_us) / 1e6 : 0;
    double fps = seconds > 0 ? (double) (now->frames_encoded - self->last_frames) / seconds : 0;
    double kbps = seconds > 0 ? (double) (now->bytes_sent - self->last_bytes) * 8e-3 / seconds : 0;

    self->last_us = time_us;
    self->last_frames = now->frames_encoded;
    self->last_bytes = now->bytes_sent;
    if (self->stats)
        write_stats(self, now, meter, fps, kbps, time_us);
    if (self->live) {
        const McMeterStage *s = meter->stage;
        fprintf(
            stderr,
            "\rmiracast: live %ux%u %4.1f fps %6.0f kbit/s | capture %.1f encode %.1f send %.1f "
            "total %.1f ms (p95 %.1f) | %s   ",
            now->width_px, now->height_px, fps, kbps, s[MC_STAGE_CAPTURE].p50_us / 1e3,
            s[MC_STAGE_ENCODE].p50_us / 1e3, s[MC_STAGE_SEND].p50_us / 1e3,
            s[MC_STAGE_TOTAL].p50_us / 1e3, s[MC_STAGE_TOTAL].p95_us / 1e3, now->encoder);
        fflush(stderr);
        self->live_shown = true;
    }
    g_mutex_unlock(&self->lock);
}
