/* SPDX-License-Identifier: MIT */
#include "host/trace.h"

#include <errno.h>
#include <stdio.h>

struct McTrace {
    GMutex lock;
    FILE *rtsp;
    gint64 start_us;
};

McTrace *mc_trace_new(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "rtsp.log", NULL);
    FILE *file = g_mkdir_with_parents(dir, 0700) == 0 ? fopen(path, "we") : NULL;

    if (!file) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s cannot be written: %s",
                    path, g_strerror(errno));
        return NULL;
    }
    McTrace *self = g_new0(McTrace, 1);
    g_mutex_init(&self->lock);
    self->rtsp = file;
    self->start_us = g_get_monotonic_time();
    return self;
}

void mc_trace_free(McTrace *self)
{
    if (!self)
        return;
    fclose(self->rtsp);
    g_mutex_clear(&self->lock);
    g_free(self);
}

void mc_trace_rtsp(McTrace *self, char direction, const char *text, size_t len)
{
    gint64 us = g_get_monotonic_time() - self->start_us;

    g_mutex_lock(&self->lock);
    fprintf(self->rtsp, "--- %s %d.%06d s\n", direction == '>' ? "source > sink" : "sink > source",
            (int) (us / G_USEC_PER_SEC), (int) (us % G_USEC_PER_SEC));
    fwrite(text, 1, len, self->rtsp);
    if (!len || text[len - 1] != '\n')
        fputc('\n', self->rtsp);
    fflush(self->rtsp);
    g_mutex_unlock(&self->lock);
}
