/* SPDX-License-Identifier: MIT */
#include "host/report.h"

#include <glib.h>
#include <string.h>
#include <unistd.h>

struct McReport {
    McReport *parent; /* NULL: it has none */
    char *sink;       /* its name, where there are several */
    uint64_t last_frames, last_bytes;
    int64_t last_us;
    char live_text[160]; /* this sink's part of the live line */

    /* Of the one without a parent; guards the figures of its children, too. */
    GMutex lock;
    bool live, live_shown;
    FILE *stats;
    int exit;
    GPtrArray *children; /* McReport *, not owned */
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
    {"link.unreachable", MC_EXIT_LINK,
     "check the sink's address, and that it shows that it can be projected to"},
    {"link.wrong-pin", MC_EXIT_LINK, "cast again with the PIN that the sink then shows"},
    {"link.security", MC_EXIT_LINK, "try another --security"},
    {"link.too-slow", MC_EXIT_LOST, "move closer to the sink, or to a less busy channel"},
    {"link.no-supplicant", MC_EXIT_LINK, "start NetworkManager or wpa_supplicant"},
    {"link.no-permission", MC_EXIT_LINK,
     "run as root, as a member of wpa_supplicant's group, or in a session that NetworkManager "
     "trusts"},
    {"link.no-dial", MC_EXIT_LINK,
     "let TCP 7236 in from the group's interface; miracast doctor shows what blocks it"},
    {"link.lost", MC_EXIT_LOST, "see that the sink is on and near, then cast again"},
    {"link.peer-left", MC_EXIT_LOST, NULL},
    {"link.", MC_EXIT_LINK, NULL},
    {"rtsp.keepalive-lost", MC_EXIT_LOST, "check the sink's power and network, then cast again"},
    {"rtsp.disconnected", MC_EXIT_LOST, "see that the sink is on, then cast again"},
    {"rtsp.no-common-format", MC_EXIT_SESSION, "try another --mode"},
    {"rtsp.", MC_EXIT_SESSION, "run again with --trace DIR to see the dialogue"},
    {"session.", MC_EXIT_SESSION, NULL},
    {"encoder.missing", MC_EXIT_MEDIA,
     "install gstreamer1.0-plugins-ugly (x264) or gstreamer1.0-plugins-bad (OpenH264)"},
    {"encoder.", MC_EXIT_MEDIA, NULL},
    {"stream.", MC_EXIT_MEDIA, NULL},
    {"hdcp.keys-unsafe", MC_EXIT_MEDIA, "make the key file yours alone: chmod 600"},
    {"hdcp.", MC_EXIT_MEDIA, "see --hdcp-keys in miracast(1)"},
    {"srtp.key-unsafe", MC_EXIT_MEDIA, "make the key file yours alone: chmod 600"},
    {"srtp.handshake", MC_EXIT_MEDIA,
     "the receiver must answer DTLS with use_srtp on its RTP port"},
    {"srtp.fingerprint", MC_EXIT_MEDIA, "ask the receiver's owner for its certificate's SHA-256"},
    {"srtp.", MC_EXIT_MEDIA, "see the key file's format in miracast(1)"},
    {"audio.", MC_EXIT_MEDIA, "cast without sound: --audio none"},
    {"capture.no-display", MC_EXIT_CAPTURE, "set DISPLAY, or name one: --capture x11:DISPLAY"},
    {"capture.refused", MC_EXIT_CAPTURE, "cast again and choose a screen"},
    {"capture.no-portal", MC_EXIT_CAPTURE,
     "install xdg-desktop-portal and your desktop's part of it; miracast doctor shows what is "
     "here"},
    {"capture.no-pipewire", MC_EXIT_CAPTURE, "start PipeWire and WirePlumber, then cast again"},
    {"capture.no-source", MC_EXIT_CAPTURE, "choose anew: --capture portal:choose"},
    {"capture.card-denied", MC_EXIT_CAPTURE,
     "run as root, or with CAP_SYS_ADMIN and as a member of the group video"},
    {"capture.no-card", MC_EXIT_CAPTURE, "show a desktop: --capture x11 or --capture portal"},
    {"capture.no-screen", MC_EXIT_CAPTURE, "turn it on, or name another: --capture kms:NAME"},
    {"capture.unreadable", MC_EXIT_CAPTURE, "show the desktop: --capture x11 or --capture portal"},
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
    self->children = g_ptr_array_new();
    return self;
}

McReport *mc_report_new_for(McReport *parent, const char *sink)
{
    McReport *self = g_new0(McReport, 1);

    self->parent = parent;
    self->sink = g_strdup(sink);
    g_mutex_lock(&parent->lock);
    g_ptr_array_add(parent->children, self);
    g_mutex_unlock(&parent->lock);
    return self;
}

/* The one that writes. */
static McReport *top(McReport *self)
{
    return self->parent ? self->parent : self;
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
    if (self->parent) {
        g_mutex_lock(&self->parent->lock);
        g_ptr_array_remove(self->parent->children, self);
        g_mutex_unlock(&self->parent->lock);
    } else {
        end_live_line(self);
        g_ptr_array_unref(self->children);
        g_mutex_clear(&self->lock);
    }
    g_free(self->sink);
    g_free(self);
}

void mc_report_step(McReport *self, const char *step, const char *text)
{
    McReport *out = top(self);

    g_mutex_lock(&out->lock);
    end_live_line(out);
    fprintf(stderr, "miracast: %-12s %s%s%s\n", step, self->sink ? self->sink : "",
            self->sink ? ": " : "", text ? text : "");
    g_mutex_unlock(&out->lock);
}

void mc_report_error(McReport *self, const char *code, const char *text)
{
    const char *next = mc_report_next_step(code);
    McReport *out = top(self);

    g_mutex_lock(&out->lock);
    end_live_line(out);
    fprintf(stderr, "miracast: error [%s]: %s%s%s%s%s\n", code, self->sink ? self->sink : "",
            self->sink ? ": " : "", text, next ? "; " : "", next ? next : "");
    if (!out->exit)
        out->exit = mc_report_exit_of(code);
    g_mutex_unlock(&out->lock);
}

int mc_report_exit(McReport *self)
{
    return top(self)->exit;
}

/* What the sink's end tells, and what the stream lost on its way there. */
static void write_far_end(FILE *out, const McStatusSnapshot *now)
{
    fprintf(out,
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
            now->live ? "true" : "false", now->frames_repeated, now->encoders_replaced,
            now->refusals, now->queued_bytes, now->rtcp_reports, now->rtcp_lost,
            now->rtcp_loss_permille / 10.0, now->received_kbps, now->trip_us, now->av_offset_us,
            now->sound_skipped_us, now->radio_kbps, now->radio_sent, now->radio_failed,
            now->radio_retried, now->encoding, now->encoding_sinks, now->frames_shared);
}

static void write_stage(FILE *out, const char *name, McStatusStage stage)
{
    fprintf(out, ",\"%s\":{\"p50_us\":%u,\"p95_us\":%u}", name, stage.p50_us, stage.p95_us);
}

static void write_stats(McReport *self, const McStatusSnapshot *now, const McMeterSummary *meter,
                        double fps, double kbps, int64_t time_us)
{
    FILE *out = top(self)->stats;

    fputc('{', out);
    if (self->sink) {
        g_autofree char *name = g_strescape(self->sink, NULL);
        fprintf(out, "\"sink\":\"%s\",", name);
    }
    fprintf(out,
            "\"time_us\":%" G_GINT64_FORMAT ",\"fps\":%.1f,\"kbps\":%.0f,\"kbps_asked\":%u,"
            "\"width\":%u,\"height\":%u,\"mode_fps\":%u,\"encoder\":\"%s\",\"state\":%u,"
            "\"frames_in\":%" G_GUINT64_FORMAT ",\"frames_encoded\":%" G_GUINT64_FORMAT
            ",\"frames_dropped\":%" G_GUINT64_FORMAT ",\"idr_frames\":%" G_GUINT64_FORMAT
            ",\"datagrams\":%" G_GUINT64_FORMAT ",\"datagrams_dropped\":%" G_GUINT64_FORMAT
            ",\"idr_requests\":%u,\"keepalives_sent\":%u,\"keepalives_answered\":%u,"
            "\"convert_us\":%u,\"encode_us\":%u,\"mux_us\":%u,\"send_us\":%u,",
            time_us, fps, kbps, now->bitrate_kbps, now->width_px, now->height_px, now->fps,
            now->encoder, now->wfd_state, now->frames_in, now->frames_encoded, now->frames_dropped,
            now->idr_frames, now->datagrams_sent, now->datagrams_dropped, now->idr_requests,
            now->keepalives_sent, now->keepalives_answered, now->convert_us, now->encode_us,
            now->mux_us, now->send_us);
    write_far_end(out, now);
    fputs("\"stages\":{", out);
    for (int i = 0; i < MC_N_STAGES; i++)
        fprintf(out, "%s\"%s\":{\"p50_us\":%u,\"p95_us\":%u,\"p99_us\":%u}", i ? "," : "",
                mc_stage_name(i), meter->stage[i].p50_us, meter->stage[i].p95_us,
                meter->stage[i].p99_us);
    write_stage(out, "convert", now->convert);
    write_stage(out, "h264", now->encode);
    write_stage(out, "mux", now->mux);
    write_stage(out, "network", now->send);
    write_stage(out, "age", now->age);
    fputs("}}\n", out);
    fflush(out);
}

static void show_one(McReport *self, const McStatusSnapshot *now, const McMeterSummary *meter,
                     double fps, double kbps)
{
    const McMeterStage *s = meter->stage;

    fprintf(stderr,
            "\rmiracast: live %ux%u %4.1f fps %6.0f of %u kbit/s | capture %.1f convert %.1f "
            "encode %.1f mux %.1f send %.1f total %.1f ms (p95 %.1f) | loss %.1f%% idr %u a/v "
            "%+d ms | %s   ",
            now->width_px, now->height_px, fps, kbps, now->bitrate_kbps,
            s[MC_STAGE_CAPTURE].p50_us / 1e3, now->convert.p50_us / 1e3, now->encode.p50_us / 1e3,
            now->mux.p50_us / 1e3, now->send.p50_us / 1e3, s[MC_STAGE_TOTAL].p50_us / 1e3,
            s[MC_STAGE_TOTAL].p95_us / 1e3, now->rtcp_loss_permille / 10.0, now->idr_requests,
            now->av_offset_us / 1000, now->encoder);
}

/* Each sink's part, as it last was. */
static void show_all(McReport *parent)
{
    fputs("\rmiracast: live", stderr);
    for (guint i = 0; i < parent->children->len; i++) {
        const McReport *child = g_ptr_array_index(parent->children, i);
        if (child->live_text[0])
            fprintf(stderr, " | %s", child->live_text);
    }
    fputs("   ", stderr);
}

static void show(McReport *self, const McStatusSnapshot *now, const McMeterSummary *meter,
                 double fps, double kbps)
{
    if (!self->parent) {
        show_one(self, now, meter, fps, kbps);
    } else {
        g_snprintf(self->live_text, sizeof(self->live_text),
                   "%s %ux%u %.1f fps %.0f kbit/s %.1f ms loss %.1f%%%s", self->sink, now->width_px,
                   now->height_px, fps, kbps, meter->stage[MC_STAGE_TOTAL].p50_us / 1e3,
                   now->rtcp_loss_permille / 10.0, now->encoding_sinks > 1 ? " shared" : "");
        show_all(self->parent);
    }
    fflush(stderr);
    top(self)->live_shown = true;
}

void mc_report_statistics(McReport *self, const McStatusSnapshot *now, const McMeterSummary *meter,
                          int64_t time_us)
{
    McReport *out = top(self);

    g_mutex_lock(&out->lock);
    double seconds = self->last_us ? (double) (time_us - self->last_us) / 1e6 : 0;
    double fps = seconds > 0 ? (double) (now->frames_encoded - self->last_frames) / seconds : 0;
    double kbps = seconds > 0 ? (double) (now->bytes_sent - self->last_bytes) * 8e-3 / seconds : 0;

    self->last_us = time_us;
    self->last_frames = now->frames_encoded;
    self->last_bytes = now->bytes_sent;
    if (out->stats)
        write_stats(self, now, meter, fps, kbps, time_us);
    if (out->live)
        show(self, now, meter, fps, kbps);
    g_mutex_unlock(&out->lock);
}
