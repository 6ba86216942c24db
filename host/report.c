/* SPDX-License-Identifier: MIT */
#include "host/report.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "host/live-line.h"
#include "host/step-limit.h"
#include "p2p/plain-text.h"

struct McReport {
    McReport *parent; /* NULL: it has none */
    char *sink;       /* its name, where there are several */
    McStepLimit limit;
    char *live_text; /* this sink's part of the live line; NULL: none yet */

    /* Of the one without a parent; guards the figures of its children, too. */
    GMutex lock;
    bool live, live_shown;
    McStatsFile *stats;
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
    {"rtsp.teardown", MC_EXIT_SESSION,
     "look at the sink: it may be busy, or ask a person first; then cast again"},
    {"rtsp.no-common-format", MC_EXIT_SESSION, "cast to another sink"},
    {"rtsp.", MC_EXIT_SESSION, "run again with --trace DIR to see the dialogue"},
    {"session.", MC_EXIT_SESSION, NULL},
    {"encoder.missing", MC_EXIT_MEDIA,
     "install gstreamer1.0-plugins-ugly (x264) or gstreamer1.0-plugins-bad (OpenH264)"},
    {"encoder.", MC_EXIT_MEDIA, NULL},
    {"stream.", MC_EXIT_MEDIA, NULL},
    {"system.descriptors", MC_EXIT_FAILED,
     "raise the limit (ulimit -n 1024, or LimitNOFILE= of a service), or close what this shell has "
     "open"},
    {"stats.unwritable", MC_EXIT_FAILED, "the session goes on without them"},
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
    {"capture.no-file", MC_EXIT_CAPTURE,
     "name a media file that you may read: --capture file:PATH"},
    {"capture.not-media", MC_EXIT_CAPTURE,
     "name a file with pictures, such as MP4, Matroska or WebM"},
    {"capture.no-decoder", MC_EXIT_CAPTURE,
     "install gstreamer1.0-libav, gstreamer1.0-plugins-good and gstreamer1.0-plugins-bad"},
    {"capture.damaged", MC_EXIT_CAPTURE, "copy the file again, or repair it"},
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

McReport *mc_report_new(bool live, McStatsFile *stats)
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
    g_free(self->live_text);
    g_free(self->sink);
    g_free(self);
}

/* lock of out held; takes line, in which a sink may have had a word. */
static void print_line(McReport *out, char *line)
{
    g_autofree char *plain = mc_plain_text(line);

    g_free(line);
    end_live_line(out);
    fprintf(stderr, "%s\n", plain);
}

void mc_report_step(McReport *self, const char *step, const char *text)
{
    McReport *out = top(self);
    unsigned left_out;

    g_mutex_lock(&out->lock);
    if (mc_step_limit_pass(&self->limit, step, g_get_monotonic_time(), &left_out)) {
        g_autofree char *more =
            left_out ? g_strdup_printf(" (%u such lines were left out)", left_out) : NULL;
        print_line(out,
                   g_strdup_printf("miracast: %-12s %s%s%s%s", step, self->sink ? self->sink : "",
                                   self->sink ? ": " : "", text ? text : "", more ? more : ""));
    }
    g_mutex_unlock(&out->lock);
}

/* lock of out held. */
static void print_error(McReport *self, McReport *out, const char *code, const char *text)
{
    const char *next = mc_report_next_step(code);

    print_line(out, g_strdup_printf("miracast: error [%s]: %s%s%s%s%s", code,
                                    self->sink ? self->sink : "", self->sink ? ": " : "", text,
                                    next ? "; " : "", next ? next : ""));
    if (out->exit <= MC_EXIT_FAILED)
        out->exit = mc_report_exit_of(code);
}

void mc_report_error(McReport *self, const char *code, const char *text)
{
    McReport *out = top(self);

    g_mutex_lock(&out->lock);
    print_error(self, out, code, text);
    g_mutex_unlock(&out->lock);
}

int mc_report_exit(McReport *self)
{
    return top(self)->exit;
}

/* Each sink's part, as it last was. */
static char *text_of_all(const McReport *parent)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < parent->children->len; i++) {
        const McReport *child = g_ptr_array_index(parent->children, i);
        if (child->live_text)
            g_string_append_printf(out, "%s%s", out->len ? " | " : "", child->live_text);
    }
    return g_string_free(out, FALSE);
}

/* A line that went on in the next row could not be drawn over. */
static unsigned columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u
                                                                           : G_MAXUINT;
}

static void show(McReport *self, const McFigures *figures)
{
    g_autofree char *text = NULL, *line = NULL;

    if (self->parent) {
        g_free(self->live_text);
        self->live_text = mc_live_part(self->sink, figures);
        text = text_of_all(self->parent);
    } else {
        text = mc_live_text(figures);
    }
    line = g_strdup_printf("miracast: live %s", text);
    g_autofree char *shown = mc_live_cut(line, columns());
    fprintf(stderr, "\r%s\033[K", shown);
    fflush(stderr);
    top(self)->live_shown = true;
}

/* lock of out held. True: nobody reads them any more. */
static bool write_stats(McReport *self, McReport *out, const McFigures *figures)
{
    const char *why = NULL;
    const McStatsResult result = mc_stats_file_write(out->stats, self->sink, figures, &why);

    if (result == MC_STATS_ENDED)
        print_error(out, out, "stats.unwritable", why);
    return result == MC_STATS_UNREAD;
}

bool mc_report_statistics(McReport *self, const McFigures *figures)
{
    McReport *out = top(self);
    bool unread = false;

    g_mutex_lock(&out->lock);
    if (out->stats)
        unread = write_stats(self, out, figures);
    if (out->live)
        show(self, figures);
    g_mutex_unlock(&out->lock);
    return unread;
}
