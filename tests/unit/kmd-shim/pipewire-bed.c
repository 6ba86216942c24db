/* SPDX-License-Identifier: MIT */
#include "pipewire-bed.h"

#include <glib/gstdio.h>
#include <pipewire/pipewire.h>
#include <signal.h>
#include <spa/param/video/format-utils.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CURSOR_PX 8
#define REPEAT_TICKS 10
#define AGAIN_MS 5 /* until a buffer is free */
#define PATIENCE_S 60

/* ---- the servers ---- */

static void die_with_test(gpointer ignored)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static GSubprocess *spawn(PipeWireBed *self, const char *program)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(g_getenv("MC_TEST_LOUD") ? G_SUBPROCESS_FLAGS_NONE
                                                           : G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
                                                                 G_SUBPROCESS_FLAGS_STDERR_SILENCE);
    g_autoptr(GError) error = NULL;

    g_subprocess_launcher_setenv(launcher, "XDG_RUNTIME_DIR", self->folder, TRUE);
    g_subprocess_launcher_setenv(launcher, "XDG_STATE_HOME", self->folder, TRUE);
    g_subprocess_launcher_setenv(launcher, "XDG_CONFIG_HOME", self->folder, TRUE);
    g_subprocess_launcher_set_child_setup(launcher, die_with_test, NULL, NULL);
    GSubprocess *child = g_subprocess_launcher_spawn(launcher, &error, program, NULL);
    g_assert_no_error(error);
    return child;
}

int pipewire_bed_connect(void *user_data)
{
    PipeWireBed *self = user_data;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/pipewire-0", self->folder);
    if (connect(fd, (struct sockaddr *) &address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool installed(const char *program)
{
    g_autofree char *path = g_find_program_in_path(program);

    return path != NULL;
}

bool pipewire_bed_start(PipeWireBed *self)
{
    const int64_t end_us = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;
    int fd = -1;

    *self = (PipeWireBed){0};
    if (!installed("pipewire") || !installed("wireplumber"))
        return false;
    pw_init(NULL, NULL);
    self->folder = g_dir_make_tmp("miracast-pipewire-XXXXXX", NULL);
    self->daemon = spawn(self, "pipewire");
    while (fd < 0 && g_get_monotonic_time() < end_us) { /* it has no event for being ready */
        fd = pipewire_bed_connect(self);
        g_usleep(fd < 0 ? 10000 : 0);
    }
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    self->manager = spawn(self, "wireplumber");
    return true;
}

static void end(GSubprocess **child)
{
    if (!*child)
        return;
    g_subprocess_force_exit(*child);
    g_subprocess_wait(*child, NULL, NULL);
    g_clear_object(child);
}

void pipewire_bed_kill(PipeWireBed *self)
{
    end(&self->daemon);
}

static void remove_folder(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;

    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        if (g_file_test(inner, G_FILE_TEST_IS_DIR) && !g_file_test(inner, G_FILE_TEST_IS_SYMLINK))
            remove_folder(inner);
        else
            g_unlink(inner);
    }
    g_rmdir(path);
}

void pipewire_bed_stop(PipeWireBed *self)
{
    end(&self->manager);
    end(&self->daemon);
    if (self->folder)
        remove_folder(self->folder);
    g_clear_pointer(&self->folder, g_free);
}

/* ---- a screen ---- */

struct Screen {
    struct pw_thread_loop *thread;
    struct pw_context *context;
    struct pw_core *core;
    struct pw_stream *stream;
    struct spa_hook hook;
    struct spa_source *timer;

    /* under the thread's lock */
    ScreenConfig config;
    struct spa_video_info_raw format;
    uint32_t node, colour;
    unsigned repeats;           /* ticks for which the picture is sent again now and then */
    bool pending, cursor_alone; /* a picture is to be sent, or the cursor's place without one */
    int cursor_x_px, cursor_y_px;
    bool cursor_visible, cursor_shape;
};

uint32_t screen_bar(uint32_t x_px, uint32_t width_px)
{
    static const uint32_t bars[] = {0xffffff, 0xffff00, 0x00ffff, 0x00ff00,
                                    0xff00ff, 0xff0000, 0x0000ff, 0x000000};

    return bars[(uint64_t) x_px * G_N_ELEMENTS(bars) / width_px];
}

static uint32_t colour_at(const Screen *self, uint32_t x, uint32_t y)
{
    if (self->colour == SCREEN_BARS)
        return screen_bar(x, self->format.size.width);
    /* the last pixel is another one: a picture that is cut or shifted shows */
    return x == self->format.size.width - 1 && y == self->format.size.height - 1
               ? ~self->colour & 0xffffff
               : self->colour;
}

static void draw(const Screen *self, uint8_t *pixels, uint32_t stride_bytes)
{
    for (uint32_t y = 0; y < self->format.size.height; y++) {
        uint8_t *to = pixels + (size_t) y * stride_bytes;
        for (uint32_t x = 0; x < self->format.size.width; x++, to += 4) {
            const uint32_t colour = colour_at(self, x, y);
            to[self->config.red_first ? 0 : 2] = (uint8_t) (colour >> 16);
            to[1] = (uint8_t) (colour >> 8);
            to[self->config.red_first ? 2 : 0] = (uint8_t) colour;
            to[3] = 0;
        }
    }
}

static uint32_t stride_of(const Screen *self)
{
    return SPA_ROUND_UP_N(self->format.size.width * 4, 64) + 64;
}

static void describe_cursor(Screen *self, struct spa_buffer *buffer)
{
    struct spa_meta_cursor *meta =
        spa_buffer_find_meta_data(buffer, SPA_META_Cursor, sizeof(*meta));

    if (!meta || !self->config.cursor)
        return;
    meta->id = self->cursor_visible;
    meta->position.x = self->cursor_x_px;
    meta->position.y = self->cursor_y_px;
    meta->hotspot.x = 2;
    meta->hotspot.y = 3;
    const bool shape = self->cursor_shape && self->cursor_visible; /* else nobody looks at it */
    meta->bitmap_offset = shape ? sizeof(*meta) : 0;
    if (!shape)
        return;
    self->cursor_shape = false;
    struct spa_meta_bitmap *bitmap = SPA_PTROFF(meta, sizeof(*meta), struct spa_meta_bitmap);
    bitmap->format = SPA_VIDEO_FORMAT_RGBA;
    bitmap->size = SPA_RECTANGLE(CURSOR_PX, CURSOR_PX);
    bitmap->stride = CURSOR_PX * 4;
    bitmap->offset = sizeof(*bitmap);
    uint8_t *at = (uint8_t *) bitmap + bitmap->offset;
    for (unsigned i = 0; i < CURSOR_PX * CURSOR_PX; i++, at += 4)
        memcpy(at, "\xff\0\0\xff", 4);
}

static void describe_crop(const Screen *self, struct spa_buffer *buffer)
{
    struct spa_meta_region *crop =
        spa_buffer_find_meta_data(buffer, SPA_META_VideoCrop, sizeof(*crop));

    if (crop && self->config.crop_width_px)
        crop->region = SPA_REGION(self->config.crop_x_px, self->config.crop_y_px,
                                  self->config.crop_width_px, self->config.crop_height_px);
}

static void on_process(void *data)
{
    Screen *self = data;
    struct pw_buffer *buffer = self->pending ? pw_stream_dequeue_buffer(self->stream) : NULL;

    if (!buffer)
        return;
    struct spa_data *plane = &buffer->buffer->datas[0];
    if (plane->maxsize < stride_of(self) * self->format.size.height) { /* of the size before */
        plane->chunk->size = 0;
        plane->chunk->flags = SPA_CHUNK_FLAG_CORRUPTED;
        pw_stream_queue_buffer(self->stream, buffer);
        return;
    }
    plane->chunk->offset = 0;
    plane->chunk->stride = (int32_t) stride_of(self);
    plane->chunk->size = self->cursor_alone ? 0 : stride_of(self) * self->format.size.height;
    plane->chunk->flags = self->cursor_alone ? SPA_CHUNK_FLAG_CORRUPTED : 0;
    if (!self->cursor_alone)
        draw(self, plane->data, stride_of(self));
    describe_cursor(self, buffer->buffer);
    describe_crop(self, buffer->buffer);
    self->pending = false;
    pw_stream_queue_buffer(self->stream, buffer);
}

/* A buffer may not be free at once, and one that is sent before the reader's side runs waits for
 * the next: a compositor that begins or changes its size draws some times, and so do we. */
static void on_timer(void *data, uint64_t expirations)
{
    Screen *self = data;

    if (!self->pending && self->repeats > 0 && --self->repeats % REPEAT_TICKS == 0) {
        self->pending = self->cursor_shape = true;
        self->cursor_alone = false;
    }
    if (self->pending && pw_stream_get_state(self->stream, NULL) == PW_STREAM_STATE_STREAMING)
        pw_stream_trigger_process(self->stream);
}

static void begin_anew(Screen *self)
{
    self->pending = true;
    self->cursor_alone = false;
    self->repeats = 10 * REPEAT_TICKS;
}

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
    Screen *self = data;

    self->node = pw_stream_get_node_id(self->stream);
    if (state == PW_STREAM_STATE_STREAMING) { /* whoever looks sees something at once */
        begin_anew(self);
    }
    pw_thread_loop_signal(self->thread, false);
}

static const struct spa_pod *meta(struct spa_pod_builder *builder, uint32_t type, size_t bytes)
{
    return spa_pod_builder_add_object(builder, SPA_TYPE_OBJECT_ParamMeta, SPA_PARAM_Meta,
                                      SPA_PARAM_META_type, SPA_POD_Id(type), SPA_PARAM_META_size,
                                      SPA_POD_Int((int) bytes));
}

static void on_param(void *data, uint32_t id, const struct spa_pod *param)
{
    Screen *self = data;
    uint8_t room[1024];
    struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(room, sizeof(room));

    if (id != SPA_PARAM_Format || !param || spa_format_video_raw_parse(param, &self->format) < 0)
        return;
    const int stride = (int) stride_of(self);
    begin_anew(self); /* what was sent before had the old size */
    const struct spa_pod *params[] = {
        spa_pod_builder_add_object(
            &builder, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers, SPA_PARAM_BUFFERS_buffers,
            SPA_POD_CHOICE_RANGE_Int(4, 2, 8), SPA_PARAM_BUFFERS_blocks, SPA_POD_Int(1),
            SPA_PARAM_BUFFERS_size, SPA_POD_Int(stride * (int) self->format.size.height),
            SPA_PARAM_BUFFERS_stride, SPA_POD_Int(stride), SPA_PARAM_BUFFERS_dataType,
            SPA_POD_CHOICE_FLAGS_Int(1 << SPA_DATA_MemFd)),
        meta(&builder, SPA_META_Header, sizeof(struct spa_meta_header)),
        meta(&builder, SPA_META_VideoCrop, sizeof(struct spa_meta_region)),
        meta(&builder, SPA_META_Cursor,
             sizeof(struct spa_meta_cursor) + sizeof(struct spa_meta_bitmap) +
                 CURSOR_PX * CURSOR_PX * 4)};
    pw_stream_update_params(self->stream, params, G_N_ELEMENTS(params));
}

static const struct pw_stream_events events = {PW_VERSION_STREAM_EVENTS, .state_changed = on_state,
                                               .param_changed = on_param, .process = on_process};

static const struct spa_pod *offer(const Screen *self, struct spa_pod_builder *builder)
{
    return spa_pod_builder_add_object(
        builder, SPA_TYPE_OBJECT_Format, SPA_PARAM_EnumFormat, SPA_FORMAT_mediaType,
        SPA_POD_Id(SPA_MEDIA_TYPE_video), SPA_FORMAT_mediaSubtype,
        SPA_POD_Id(SPA_MEDIA_SUBTYPE_raw), SPA_FORMAT_VIDEO_format,
        SPA_POD_Id(self->config.red_first ? SPA_VIDEO_FORMAT_RGBx : SPA_VIDEO_FORMAT_BGRx),
        SPA_FORMAT_VIDEO_size,
        SPA_POD_Rectangle(&SPA_RECTANGLE(self->config.width_px, self->config.height_px)),
        SPA_FORMAT_VIDEO_framerate, SPA_POD_Fraction(&SPA_FRACTION(0, 1)),
        SPA_FORMAT_VIDEO_maxFramerate, SPA_POD_Fraction(&SPA_FRACTION(60, 1)));
}

static void connect_screen(Screen *self)
{
    uint8_t room[1024];
    struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(room, sizeof(room));
    const struct spa_pod *params[] = {offer(self, &builder)};
    struct timespec period = {.tv_nsec = AGAIN_MS * 1000000};
    struct pw_loop *loop = pw_thread_loop_get_loop(self->thread);

    self->stream = pw_stream_new(
        self->core, "screen",
        pw_properties_new(PW_KEY_MEDIA_CLASS, "Video/Source", PW_KEY_NODE_NAME, "screen", NULL));
    pw_stream_add_listener(self->stream, &self->hook, &events, self);
    g_assert_cmpint(pw_stream_connect(self->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
                                      PW_STREAM_FLAG_DRIVER | PW_STREAM_FLAG_MAP_BUFFERS, params,
                                      G_N_ELEMENTS(params)),
                    ==, 0);
    self->timer = pw_loop_add_timer(loop, on_timer, self);
    pw_loop_update_timer(loop, self->timer, &period, &period, false);
}

Screen *screen_new(PipeWireBed *bed, const ScreenConfig *config)
{
    Screen *self = g_new0(Screen, 1);

    self->config = *config;
    self->colour = SCREEN_BARS;
    self->cursor_shape = true;
    self->node = SPA_ID_INVALID;
    self->thread = pw_thread_loop_new("screen", NULL);
    self->context = pw_context_new(pw_thread_loop_get_loop(self->thread), NULL, 0);
    self->core = pw_context_connect_fd(self->context, pipewire_bed_connect(bed), NULL, 0);
    g_assert_nonnull(self->core);
    pw_thread_loop_lock(self->thread);
    pw_thread_loop_start(self->thread);
    connect_screen(self);
    while (self->node == SPA_ID_INVALID)
        pw_thread_loop_wait(self->thread);
    pw_thread_loop_unlock(self->thread);
    return self;
}

static int do_nothing(struct spa_loop *loop, bool async, uint32_t seq, const void *data,
                      size_t size, void *user_data)
{
    return 0;
}

void screen_free(Screen *self)
{
    struct pw_loop *loop = pw_thread_loop_get_loop(self->thread);

    pw_thread_loop_lock(self->thread);
    pw_loop_destroy_source(loop, self->timer);
    pw_stream_disconnect(self->stream);
    /* What the data thread has queued names the stream: it runs before this returns (which lets
     * the lock go meanwhile). */
    pw_loop_invoke(loop, do_nothing, 0, NULL, 0, true, NULL);
    pw_stream_destroy(self->stream);
    pw_core_disconnect(self->core);
    pw_thread_loop_unlock(self->thread);
    pw_thread_loop_stop(self->thread);
    pw_context_destroy(self->context);
    pw_thread_loop_destroy(self->thread);
    g_free(self);
}

uint32_t screen_node(Screen *self)
{
    return self->node;
}

void screen_show(Screen *self, uint32_t colour)
{
    pw_thread_loop_lock(self->thread);
    self->colour = colour;
    self->cursor_alone = false;
    self->pending = true;
    pw_thread_loop_unlock(self->thread);
}

void screen_move_cursor(Screen *self, int x_px, int y_px, bool visible)
{
    pw_thread_loop_lock(self->thread);
    self->cursor_x_px = x_px;
    self->cursor_y_px = y_px;
    self->cursor_visible = visible;
    self->cursor_alone = !self->pending || self->cursor_alone;
    self->pending = true;
    pw_thread_loop_unlock(self->thread);
}

void screen_resize(Screen *self, uint32_t width_px, uint32_t height_px)
{
    uint8_t room[1024];
    struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(room, sizeof(room));

    pw_thread_loop_lock(self->thread);
    self->config.width_px = width_px;
    self->config.height_px = height_px;
    const struct spa_pod *params[] = {offer(self, &builder)};
    pw_stream_update_params(self->stream, params, G_N_ELEMENTS(params));
    self->pending = true;
    self->cursor_alone = false;
    pw_thread_loop_unlock(self->thread);
}
