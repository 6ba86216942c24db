/* SPDX-License-Identifier: MIT */
#include "host/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "p2p/callers.h"

#define REQUEST_BYTES 4096
#define PATIENCE_US (2 * G_TIME_SPAN_SECOND) /* with one that does not come to its point */
#define CALLERS_MAX 16u
#define BACKLOG 128

typedef struct {
    int fd;
    int64_t end_us;
    size_t len;
    char request[REQUEST_BYTES + 1];
} Caller;

struct McMetrics {
    int fd, stop_fd;
    Caller callers[CALLERS_MAX]; /* the thread's */
    unsigned n_callers;
    unsigned port;
    GThread *thread;
    GMutex lock; /* guards text */
    char *text;
};

/* ---- text ---- */

typedef struct {
    const char *name, *type, *help;
    double value;
} Sample;

static void add(GString *out, const Sample *sample)
{
    g_string_append_printf(out, "# HELP miracast_%s %s\n# TYPE miracast_%s %s\nmiracast_%s %.15g\n",
                           sample->name, sample->help, sample->name, sample->type, sample->name,
                           sample->value);
}

static void add_stage(GString *out, const char *stage, const char *quantile, uint32_t us)
{
    g_string_append_printf(out, "miracast_stage_seconds{stage=\"%s\",quantile=\"%s\"} %u.%06u\n",
                           stage, quantile, us / 1000000, us % 1000000);
}

static void add_stages(GString *out, const McFigures *figures)
{
    const McStatusSnapshot *now = &figures->now;
    const McMeterSummary *meter = &figures->meter;
    const struct {
        const char *name;
        McStatusStage stage;
    } stages[] = {{"convert", now->convert},
                  {"encode", now->encode},
                  {"mux", now->mux},
                  {"send", now->send},
                  {"age", now->age}};

    g_string_append(out, "# HELP miracast_stage_seconds Time that a frame takes, by stage.\n"
                         "# TYPE miracast_stage_seconds gauge\n");
    add_stage(out, "capture", "0.5", meter->stage[MC_STAGE_CAPTURE].p50_us);
    add_stage(out, "capture", "0.95", meter->stage[MC_STAGE_CAPTURE].p95_us);
    add_stage(out, "total", "0.5", meter->stage[MC_STAGE_TOTAL].p50_us);
    add_stage(out, "total", "0.95", meter->stage[MC_STAGE_TOTAL].p95_us);
    for (size_t i = 0; i < G_N_ELEMENTS(stages); i++) {
        add_stage(out, stages[i].name, "0.5", stages[i].stage.p50_us);
        add_stage(out, stages[i].name, "0.95", stages[i].stage.p95_us);
    }
}

char *mc_metrics_text(const McFigures *figures)
{
    const McStatusSnapshot *now = &figures->now;
    const Sample samples[] = {
        {"live", "gauge", "1 when encoder, network, tables and sink have given proof.", now->live},
        {"width_pixels", "gauge", "Of the mode.", now->width_px},
        {"height_pixels", "gauge", "Of the mode.", now->height_px},
        {"mode_fps", "gauge", "Pictures a second of the mode.", now->fps},
        {"fps", "gauge", "Pictures a second that were encoded.", figures->fps},
        {"bitrate_got_bits", "gauge", "Bits a second that were sent.", figures->kbps * 1e3},
        {"frames_in_total", "counter", "Captured frames.", (double) now->frames_in},
        {"frames_encoded_total", "counter", "Encoded pictures.", (double) now->frames_encoded},
        {"frames_repeated_total", "counter", "Still pictures sent again.",
         (double) now->frames_repeated},
        {"frames_unfetched_total", "counter", "Frames that were not fetched before the next ones.",
         (double) figures->drops.capture},
        {"frames_dropped_total", "counter", "Frames that a newer one replaced before their time.",
         (double) now->frames_dropped},
        {"idr_frames_total", "counter", "Key frames.", (double) now->idr_frames},
        {"idr_requests_total", "counter", "Key frames that the sink asked for.", now->idr_requests},
        {"encoders_replaced_total", "counter", "Encoders that failed in the stream.",
         now->encoders_replaced},
        {"bytes_sent_total", "counter", "RTP bytes.", (double) now->bytes_sent},
        {"datagrams_sent_total", "counter", "RTP datagrams.", (double) now->datagrams_sent},
        {"datagrams_duplicated_total", "counter", "RTP datagrams sent a second time.",
         (double) now->datagrams_duplicated},
        {"datagrams_dropped_total", "counter", "Datagrams that the queue or system did not take.",
         (double) now->datagrams_dropped},
        {"datagrams_refused_total", "counter", "ICMP answers of the sink's machine.",
         (double) now->refusals},
        {"bitrate_asked_bits", "gauge", "Bits a second that the encoder is asked for.",
         now->bitrate_kbps * 1e3},
        {"queued_bytes", "gauge", "Bytes that wait to leave.", (double) now->queued_bytes},
        {"rtcp_reports_total", "counter", "Receiver reports.", now->rtcp_reports},
        {"rtcp_lost_total", "counter", "Datagrams that the sink misses.", (double) now->rtcp_lost},
        {"rtcp_loss_ratio", "gauge", "Loss by the last report.", now->rtcp_loss_permille / 1e3},
        {"round_trip_seconds", "gauge", "By the last report; -1: not told.",
         now->trip_us < 0 ? -1 : now->trip_us / 1e6},
        {"av_offset_seconds", "gauge", "Sound behind its picture on the wire.",
         now->av_offset_us / 1e6},
        {"sound_skipped_seconds_total", "counter", "Sound left out for want of time.",
         (double) now->sound_skipped_us / 1e6},
        {"radio_bits", "gauge", "Bits a second that the air carries; 0: not known.",
         now->radio_kbps * 1e3},
        {"radio_frames_total", "counter", "Frames of the radio.", (double) now->radio_sent},
        {"radio_failed_total", "counter", "Frames that it gave up.", (double) now->radio_failed},
        {"radio_retried_total", "counter", "Repetitions.", (double) now->radio_retried},
        {"keepalives_sent_total", "counter", "M16.", now->keepalives_sent},
        {"keepalives_answered_total", "counter", "Answers to M16.", now->keepalives_answered},
    };
    GString *out = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++)
        add(out, &samples[i]);
    add_stages(out, figures);
    g_string_append_printf(out,
                           "# HELP miracast_encoder_info Encoder in use.\n"
                           "# TYPE miracast_encoder_info gauge\n"
                           "miracast_encoder_info{encoder=\"%s\"} 1\n",
                           now->encoder); /* an element's name: letters and digits */
    return g_string_free(out, FALSE);
}

void mc_metrics_update(McMetrics *self, const McFigures *figures)
{
    char *text;

    if (!self)
        return;
    text = mc_metrics_text(figures);
    g_mutex_lock(&self->lock);
    g_free(self->text);
    self->text = text;
    g_mutex_unlock(&self->lock);
}

/* ---- HTTP ---- */

/* All fits into a socket that was not written to before, or its reader is none. */
static void send_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0)
            return;
        data += n;
        len -= (size_t) n;
    }
}

static void answer(McMetrics *self, int fd, const char *request)
{
    const bool found =
        g_str_has_prefix(request, "GET /metrics ") || g_str_has_prefix(request, "GET / ");
    g_autofree char *body = NULL;

    g_mutex_lock(&self->lock);
    body = g_strdup(found ? self->text ? self->text : "" : "only GET /metrics\n");
    g_mutex_unlock(&self->lock);
    g_autofree char *head =
        g_strdup_printf("HTTP/1.1 %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                        "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                        found ? "200 OK" : "404 Not Found", strlen(body));
    send_all(fd, head, strlen(head));
    send_all(fd, body, strlen(body));
}

/* False: that was all. */
static bool read_request(McMetrics *self, Caller *caller)
{
    ssize_t n =
        recv(caller->fd, caller->request + caller->len, REQUEST_BYTES - caller->len, MSG_DONTWAIT);

    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    caller->len += (size_t) n;
    caller->request[caller->len] = '\0';
    if (strstr(caller->request, "\r\n\r\n") || strstr(caller->request, "\n\n")) {
        answer(self, caller->fd, caller->request);
        return false;
    }
    return caller->len < REQUEST_BYTES;
}

/* ---- callers: the first is the oldest ---- */

static void drop(McMetrics *self, unsigned i)
{
    close(self->callers[i].fd);
    self->n_callers--;
    memmove(&self->callers[i], &self->callers[i + 1],
            (self->n_callers - i) * sizeof(self->callers[0]));
}

/* A crowd that says nothing keeps nobody out: the oldest gives way. */
static void take_caller(McMetrics *self)
{
    const int fd = mc_callers_take(self->fd, self->stop_fd, 0, NULL);

    if (fd < 0)
        return;
    if (self->n_callers == CALLERS_MAX)
        drop(self, 0);
    Caller *caller = &self->callers[self->n_callers++];
    caller->fd = fd;
    caller->len = 0;
    caller->end_us = g_get_monotonic_time() + PATIENCE_US;
}

static int patience_ms(const McMetrics *self)
{
    return self->n_callers
               ? (int) CLAMP((self->callers[0].end_us - g_get_monotonic_time()) / 1000 + 1, 0,
                             PATIENCE_US / 1000)
               : -1;
}

/* False: the end. */
static bool serve(McMetrics *self)
{
    struct pollfd fds[CALLERS_MAX + 2];
    const unsigned n = self->n_callers;

    for (unsigned i = 0; i < n; i++)
        fds[i] = (struct pollfd){.fd = self->callers[i].fd, .events = POLLIN};
    fds[n] = (struct pollfd){.fd = self->fd, .events = POLLIN};
    fds[n + 1] = (struct pollfd){.fd = self->stop_fd, .events = POLLIN};
    if (poll(fds, n + 2, patience_ms(self)) < 0 && errno != EINTR)
        return false;
    for (unsigned i = n; i-- > 0;) /* from behind, as the others move up */
        if (fds[i].revents && !read_request(self, &self->callers[i]))
            drop(self, i);
    while (self->n_callers && self->callers[0].end_us <= g_get_monotonic_time())
        drop(self, 0);
    if (fds[n].revents)
        take_caller(self);
    return !fds[n + 1].revents;
}

static gpointer run(gpointer user_data)
{
    McMetrics *self = user_data;

    while (serve(self))
        continue;
    while (self->n_callers)
        drop(self, 0);
    return NULL;
}

/* ---- life ---- */

static bool parse(const char *listen, struct sockaddr_in *ret, GError **error)
{
    const char *colon = strrchr(listen, ':');
    g_autofree char *address = colon ? g_strndup(listen, (gsize) (colon - listen)) : NULL;
    guint64 port;

    *ret = (struct sockaddr_in){.sin_family = AF_INET};
    if (!colon || inet_pton(AF_INET, address, &ret->sin_addr) != 1 ||
        !g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, &port, NULL)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "--metrics wants ADDR:PORT, for example 127.0.0.1:9464; '%s' is not that",
                    listen);
        return false;
    }
    if (ntohl(ret->sin_addr.s_addr) >> 24 != 127) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "--metrics listens on loopback alone (127.0.0.1); %s is not that", address);
        return false;
    }
    ret->sin_port = htons((uint16_t) port);
    return true;
}

McMetrics *mc_metrics_new(const char *listen_at, GError **error)
{
    g_autoptr(McMetrics) self = g_new0(McMetrics, 1);
    struct sockaddr_in addr;
    socklen_t len = sizeof(addr);
    const int one = 1;

    g_mutex_init(&self->lock);
    self->fd = self->stop_fd = -1;
    if (!parse(listen_at, &addr, error))
        return NULL;
    self->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    self->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    setsockopt(self->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (self->fd < 0 || self->stop_fd < 0 ||
        bind(self->fd, (struct sockaddr *) &addr, sizeof(addr)) < 0 ||
        listen(self->fd, BACKLOG) < 0 ||
        getsockname(self->fd, (struct sockaddr *) &addr, &len) < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "metrics on %s: %s", listen_at,
                    g_strerror(errno));
        return NULL;
    }
    self->port = ntohs(addr.sin_port);
    self->thread = g_thread_new("mc-metrics", run, self);
    return g_steal_pointer(&self);
}

void mc_metrics_free(McMetrics *self)
{
    if (!self)
        return;
    if (self->thread) {
        eventfd_write(self->stop_fd, 1);
        g_thread_join(self->thread);
    }
    for (const int *fd = (int[]){self->fd, self->stop_fd, -2}; *fd != -2; fd++)
        if (*fd >= 0)
            close(*fd);
    g_mutex_clear(&self->lock);
    g_free(self->text);
    g_free(self);
}

unsigned mc_metrics_port(const McMetrics *self)
{
    return self->port;
}
