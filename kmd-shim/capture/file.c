/* SPDX-License-Identifier: MIT */
/* A media file, shown at its own pace: file:PATH, or file:PATH,loop. Its pictures are lent as the
 * decoder left them. */
#include <errno.h>
#include <fcntl.h>
#include <gst/video/video.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kmd-shim/capture/capture.h"
#include "kmd-shim/capture/file-player.h"

#define LOOP ",loop"

struct McCapture {
    McFilePlayer *player;
    GstSample *picture; /* the newest that is due */
    GstVideoInfo info;  /* of it */
};

/* ---- what is meant ---- */

/* A file whose own name ends like the word is meant itself. */
static char *path_of(const char *argument, bool *ret_loop)
{
    *ret_loop = g_str_has_suffix(argument, LOOP) && !g_file_test(argument, G_FILE_TEST_EXISTS);
    return g_strndup(argument, strlen(argument) - (*ret_loop ? strlen(LOOP) : 0));
}

/* Said here, as what GStreamer says of these is for nobody; and a pipe would hang it. */
static bool check_file(const char *path, GError **error)
{
    g_autofree char *name = g_filename_display_name(path);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const int problem = errno;
    struct stat what;

    if (fd < 0) {
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_FILE, "%s: %s", name,
                    g_strerror(problem));
        return false;
    }
    const bool regular = fstat(fd, &what) == 0 && S_ISREG(what.st_mode);
    if (!regular)
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_FILE,
                    "%s is %s, and no file that can be played", name,
                    S_ISDIR(what.st_mode) ? "a folder" : "a device or a pipe");
    close(fd);
    return regular;
}

/* ---- life ---- */

static void file_close(McCapture *self)
{
    mc_file_player_free(self->player);
    g_clear_pointer(&self->picture, gst_sample_unref);
    g_free(self);
}

static bool is_new_picture(McCapture *self)
{
    GstSample *newer = mc_file_player_take(self->player);

    if (!newer)
        return false;
    g_clear_pointer(&self->picture, gst_sample_unref);
    self->picture = newer;
    return true;
}

static bool read_size(McCapture *self, GError **error)
{
    if (gst_video_info_from_caps(&self->info, gst_sample_get_caps(self->picture)))
        return true;
    g_set_error_literal(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_FAILED,
                        "the file's pictures have no size");
    return false;
}

static McCapture *file_open(const McCaptureConfig *config, GError **error)
{
    bool loop;
    g_autofree char *path = path_of(config->argument ? config->argument : "", &loop);

    if (!*path) {
        g_set_error_literal(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_FILE,
                            "the file has no name; use file:PATH or file:PATH,loop");
        return NULL;
    }
    if (!check_file(path, error))
        return NULL;
    McFilePlayer *player = mc_file_player_new(path, loop, config->cancel, error);
    if (!player)
        return NULL;
    McCapture *self = g_new0(McCapture, 1);
    self->player = player;
    if (is_new_picture(self) && read_size(self, error))
        return self;
    file_close(self);
    return NULL;
}

static void file_size(const McCapture *self, uint32_t *ret_width_px, uint32_t *ret_height_px)
{
    *ret_width_px = (uint32_t) self->info.width;
    *ret_height_px = (uint32_t) self->info.height;
}

static void file_begin(McCapture *self)
{
    mc_file_player_run(self->player, true);
}

static void file_end(McCapture *self)
{
    mc_file_player_run(self->player, false);
}

static void file_pause(McCapture *self, bool paused)
{
    mc_file_player_pause(self->player, paused);
}

static int file_fd(const McCapture *self)
{
    return mc_file_player_fd(self->player);
}

static bool file_poll(McCapture *self, McCaptureNews *news, GError **error)
{
    const int width_px = self->info.width, height_px = self->info.height;

    if (is_new_picture(self)) {
        if (!read_size(self, error))
            return false;
        news->dirty = true;
        news->resized = self->info.width != width_px || self->info.height != height_px;
    }
    return mc_file_player_step(self->player, error);
}

/* ---- pictures ---- */

static bool file_attach(McCapture *self, McFrame *frame, GError **error)
{
    file_size(self, &frame->width_px, &frame->height_px);
    frame->backing = g_new0(GstVideoFrame, 1); /* the picture itself comes with each grab */
    return true;
}

static void let_go(McFrame *frame)
{
    if (frame->pixels)
        gst_video_frame_unmap(frame->backing);
    frame->pixels = NULL;
}

static void file_detach(McCapture *self, McFrame *frame)
{
    let_go(frame);
    g_clear_pointer(&frame->backing, g_free);
}

static McGrab file_grab(McCapture *self, McFrame *frame, int64_t now_ns, GError **error)
{
    GstVideoFrame *picture = frame->backing;

    let_go(frame);
    if (!gst_video_frame_map(picture, &self->info, gst_sample_get_buffer(self->picture),
                             GST_MAP_READ)) {
        g_set_error_literal(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_FAILED,
                            "the file's picture cannot be read");
        return MC_GRAB_FAILED;
    }
    frame->pixels = GST_VIDEO_FRAME_PLANE_DATA(picture, 0);
    frame->stride_bytes = (uint32_t) GST_VIDEO_FRAME_PLANE_STRIDE(picture, 0);
    return MC_GRAB_OK;
}

static void file_read_sound(McCapture *self, int64_t begin_ns, int16_t *block, size_t pairs)
{
    mc_file_player_read_sound(self->player, begin_ns, block, pairs);
}

const McCaptureOps mc_capture_file = {
    .kind = "file",
    .open = file_open,
    .close = file_close,
    .size = file_size,
    .begin = file_begin,
    .end = file_end,
    .pause = file_pause,
    .fd = file_fd,
    .poll = file_poll,
    .attach = file_attach,
    .detach = file_detach,
    .grab = file_grab,
    .read_sound = file_read_sound,
};
