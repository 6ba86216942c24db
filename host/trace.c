/* SPDX-License-Identifier: MIT */
#include "host/trace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "host/pcapng.h"
#include "p2p/plain-text.h"

struct McTrace {
    GMutex lock;
    FILE *rtsp;
    McPcapng *packets; /* NULL: its disk is full */
    gint64 start_us;
};

static FILE *open_log(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "rtsp.log", NULL);
    FILE *file = g_mkdir_with_parents(dir, 0700) == 0 ? fopen(path, "we") : NULL;

    if (!file)
        g_set_error(error, G_FILE_ERROR, (int) g_file_error_from_errno(errno),
                    "%s cannot be written: %s", path, g_strerror(errno));
    return file;
}

McTrace *mc_trace_new(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "session.pcapng", NULL);
    FILE *file = open_log(dir, error);
    McPcapng *packets = file ? mc_pcapng_new(path, error) : NULL;

    if (!packets) {
        if (file)
            fclose(file);
        return NULL;
    }
    McTrace *self = g_new0(McTrace, 1);
    g_mutex_init(&self->lock);
    self->rtsp = file;
    self->packets = packets;
    self->start_us = g_get_monotonic_time();
    return self;
}

void mc_trace_free(McTrace *self)
{
    if (!self)
        return;
    fclose(self->rtsp);
    mc_pcapng_free(self->packets);
    g_mutex_clear(&self->lock);
    g_free(self);
}

void mc_trace_connected(McTrace *self, int rtsp_fd)
{
    struct sockaddr_storage local = {0}, peer = {0};
    socklen_t local_len = sizeof(local), peer_len = sizeof(peer);

    if (getsockname(rtsp_fd, (struct sockaddr *) &local, &local_len) < 0 ||
        getpeername(rtsp_fd, (struct sockaddr *) &peer, &peer_len) < 0)
        return; /* gone already: there will be no packets */
    g_mutex_lock(&self->lock);
    if (self->packets)
        mc_pcapng_set_ends(self->packets, &local, &peer);
    g_mutex_unlock(&self->lock);
}

static McPcapngDirection direction_of(char direction)
{
    return direction == '>' ? MC_PCAPNG_OUT : MC_PCAPNG_IN;
}

/* What a sink says moves no cursor of who reads it; the packets have it as it was. */
static void write_line(FILE *file, const char *line, size_t len)
{
    g_autofree char *text = g_strndup(line, len); /* up to a NUL */
    g_autofree char *plain = mc_plain_text(g_strchomp(text));

    fprintf(file, "%s\n", plain);
}

/* lock held. */
static void write_log(McTrace *self, char direction, const char *text, size_t len)
{
    const gint64 us = g_get_monotonic_time() - self->start_us;

    fprintf(self->rtsp, "--- %s %d.%06d s\n", direction == '>' ? "source > sink" : "sink > source",
            (int) (us / G_USEC_PER_SEC), (int) (us % G_USEC_PER_SEC));
    for (const char *end = text + len; text < end;) {
        const char *newline = memchr(text, '\n', (size_t) (end - text));
        write_line(self->rtsp, text, (size_t) ((newline ? newline : end) - text));
        text = newline ? newline + 1 : end;
    }
    fflush(self->rtsp);
}

/* lock held.  The session does not end for its trace. */
static void check(McTrace *self, bool written)
{
    if (written)
        return;
    g_warning("the trace of packets ends here: the disk took no more");
    g_clear_pointer(&self->packets, mc_pcapng_free);
}

void mc_trace_rtsp(McTrace *self, char direction, const char *text, size_t len)
{
    g_mutex_lock(&self->lock);
    write_log(self, direction, text, len);
    if (self->packets)
        check(self, mc_pcapng_tcp(self->packets, direction_of(direction), (const uint8_t *) text,
                                  len, g_get_real_time()));
    g_mutex_unlock(&self->lock);
}

void mc_trace_datagram(McTrace *self, char direction, uint16_t local_port, uint16_t sink_port,
                       const uint8_t *bytes, size_t len)
{
    g_mutex_lock(&self->lock);
    if (self->packets)
        check(self, mc_pcapng_udp(self->packets, direction_of(direction), local_port, sink_port,
                                  bytes, len, g_get_real_time()));
    g_mutex_unlock(&self->lock);
}
