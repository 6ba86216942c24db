/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/pipewire.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <spa/param/video/format-utils.h>
#include <string.h>
#include <unistd.h>

#include "kmd-shim/capture/pipewire-cursor.h"

#define PATIENCE_US (15 * G_TIME_SPAN_SECOND) /* for the desktop to send its first format */
#define REST_US (2 * G_TIME_SPAN_SECOND)      /* for PipeWire to stop sending */
#define PARAM_BYTES 1024

typedef enum { PW_FINE, PW_LOST, PW_ENDED } Trouble;

struct McPipeWire {
    struct pw_loop *loop;
    struct pw_context *context;
    struct pw_core *core;
    struct pw_registry *registry;
    struct pw_stream *stream; /* NULL: it had to be given up */
    struct spa_hook core_hook, registry_hook, stream_hook;
    uint32_t node;

    struct spa_video_info_raw format;
    bool has_format;
    struct pw_buffer *held;       /* the newest with pixels; NULL: none */
    struct spa_chunk chunk;       /* of it, as it was when it was checked */
    struct spa_meta_region crop;  /* of it */
    uint32_t width_px, height_px; /* of it, or of what the format promises */
    bool fresh;                   /* held came since the last iteration */

    McPipeWireCursor cursor;
    Trouble trouble;
    char *why; /* PipeWire's words; NULL: none */
};

/* ---- what goes wrong ---- */

static void note_trouble(McPipeWire *self, Trouble trouble, const char *why)
{
    if (self->trouble != PW_FINE)
        return;
    self->trouble = trouble;
    self->why = g_strdup(why);
}

static bool report(const McPipeWire *self, GError **error)
{
    const char *why = self->why ? self->why : "";

    if (self->trouble == PW_LOST)
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_PIPEWIRE,
                    "the connection to PipeWire is lost%s%s", *why ? ": " : "", why);
    else
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_ENDED,
                    "the desktop ended the screen cast%s%s", *why ? ": " : "", why);
    return false;
}

static void on_core_error(void *data, uint32_t id, int seq, int res, const char *message)
{
    if (id == PW_ID_CORE && res == -EPIPE)
        note_trouble(data, PW_LOST, message);
}

static const struct pw_core_events core_events = {PW_VERSION_CORE_EVENTS, .error = on_core_error};

static void on_global_remove(void *data, uint32_t id)
{
    McPipeWire *self = data;

    if (id == self->node)
        note_trouble(self, PW_ENDED, NULL);
}

static const struct pw_registry_events registry_events = {PW_VERSION_REGISTRY_EVENTS,
                                                          .global_remove = on_global_remove};

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *message)
{
    if (state == PW_STREAM_STATE_ERROR || state == PW_STREAM_STATE_UNCONNECTED)
        note_trouble(data, PW_ENDED, message);
}

/* ---- formats ---- */

static const struct spa_pod *offer(struct spa_pod_builder *builder)
{
    return spa_pod_builder_add_object(
        builder, SPA_TYPE_OBJECT_Format, SPA_PARAM_EnumFormat, SPA_FORMAT_mediaType,
        SPA_POD_Id(SPA_MEDIA_TYPE_video), SPA_FORMAT_mediaSubtype,
        SPA_POD_Id(SPA_MEDIA_SUBTYPE_raw), SPA_FORMAT_VIDEO_format,
        SPA_POD_CHOICE_ENUM_Id(5, SPA_VIDEO_FORMAT_BGRx, SPA_VIDEO_FORMAT_BGRx,
                               SPA_VIDEO_FORMAT_BGRA, SPA_VIDEO_FORMAT_RGBx, SPA_VIDEO_FORMAT_RGBA),
        SPA_FORMAT_VIDEO_size,
        SPA_POD_CHOICE_RANGE_Rectangle(&SPA_RECTANGLE(1920, 1080),
                                       &SPA_RECTANGLE(MC_CAPTURE_MIN_PX, MC_CAPTURE_MIN_PX),
                                       &SPA_RECTANGLE(MC_CAPTURE_MAX_PX, MC_CAPTURE_MAX_PX)),
        SPA_FORMAT_VIDEO_framerate,
        SPA_POD_CHOICE_RANGE_Fraction(&SPA_FRACTION(60, 1), &SPA_FRACTION(0, 1),
                                      &SPA_FRACTION(1000, 1)));
}

static const struct spa_pod *want_meta(struct spa_pod_builder *builder, uint32_t type, int bytes)
{
    return spa_pod_builder_add_object(builder, SPA_TYPE_OBJECT_ParamMeta, SPA_PARAM_Meta,
                                      SPA_PARAM_META_type, SPA_POD_Id(type), SPA_PARAM_META_size,
                                      SPA_POD_Int(bytes));
}

static const struct spa_pod *want_cursor(struct spa_pod_builder *builder)
{
    return spa_pod_builder_add_object(
        builder, SPA_TYPE_OBJECT_ParamMeta, SPA_PARAM_Meta, SPA_PARAM_META_type,
        SPA_POD_Id(SPA_META_Cursor), SPA_PARAM_META_size,
        SPA_POD_CHOICE_RANGE_Int(MC_PIPEWIRE_CURSOR_BYTES(64), MC_PIPEWIRE_CURSOR_BYTES(1),
                                 MC_PIPEWIRE_CURSOR_BYTES(1024)));
}

/* Memory that we can read: no DMA-BUF, which may be tiled and in the graphics card. */
static const struct spa_pod *want_buffers(struct spa_pod_builder *builder)
{
    return spa_pod_builder_add_object(
        builder, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers, SPA_PARAM_BUFFERS_buffers,
        SPA_POD_CHOICE_RANGE_Int(4, 2, 8), SPA_PARAM_BUFFERS_dataType,
        SPA_POD_CHOICE_FLAGS_Int((1 << SPA_DATA_MemPtr) | (1 << SPA_DATA_MemFd)));
}

static void on_param(void *data, uint32_t id, const struct spa_pod *param)
{
    uint8_t room[PARAM_BYTES];
    struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(room, sizeof(room));
    McPipeWire *self = data;
    struct spa_video_info_raw format = {0};

    if (id != SPA_PARAM_Format || !param || spa_format_video_raw_parse(param, &format) < 0)
        return;
    self->format = format;
    self->has_format = true;
    if (!self->held) {
        self->width_px = format.size.width;
        self->height_px = format.size.height;
    }
    const struct spa_pod *params[] = {
        want_buffers(&builder),
        want_meta(&builder, SPA_META_Header, sizeof(struct spa_meta_header)),
        want_meta(&builder, SPA_META_VideoCrop, sizeof(struct spa_meta_region)),
        want_cursor(&builder),
    };
    pw_stream_update_params(self->stream, params, G_N_ELEMENTS(params));
}

/* ---- buffers ---- */

/* What the buffer says of itself is read and checked once, here: its rows lie within its memory,
 * whatever the other side, with which that is shared, writes there later. */
static bool has_pixels(const McPipeWire *self, const struct spa_buffer *buffer,
                       struct spa_chunk *ret_chunk)
{
    const struct spa_meta_header *header =
        spa_buffer_find_meta_data(buffer, SPA_META_Header, sizeof(*header));
    const struct spa_data *data = buffer->n_datas ? &buffer->datas[0] : NULL;

    if (!data || !data->data || !data->chunk || !self->has_format ||
        (header && header->flags & SPA_META_HEADER_FLAG_CORRUPTED))
        return false;
    *ret_chunk = *data->chunk;
    const uint64_t stride_bytes = (uint64_t) ABS((int64_t) ret_chunk->stride);
    return ret_chunk->size > 0 && !(ret_chunk->flags & SPA_CHUNK_FLAG_CORRUPTED) &&
           stride_bytes >= (uint64_t) self->format.size.width * 4 &&
           ret_chunk->offset + stride_bytes * self->format.size.height <= data->maxsize;
}

/* The part of the buffer that is the picture: a window may be less. */
static struct spa_meta_region crop_of(const McPipeWire *self, const struct spa_buffer *buffer)
{
    const struct spa_meta_region *meta =
        spa_buffer_find_meta_data(buffer, SPA_META_VideoCrop, sizeof(*meta));
    const struct spa_rectangle whole = self->format.size;
    const struct spa_meta_region crop = meta ? *meta : (struct spa_meta_region){0};
    const struct spa_point at = crop.region.position;
    const struct spa_rectangle size = crop.region.size;

    if (at.x >= 0 && at.y >= 0 && size.width >= MC_CAPTURE_MIN_PX &&
        size.height >= MC_CAPTURE_MIN_PX && (uint64_t) at.x + size.width <= whole.width &&
        (uint64_t) at.y + size.height <= whole.height)
        return crop;
    return (struct spa_meta_region){.region.size = whole};
}

static void let_go(McPipeWire *self)
{
    if (self->held)
        pw_stream_queue_buffer(self->stream, self->held);
    self->held = NULL;
}

static void take_buffer(McPipeWire *self, struct pw_buffer *buffer)
{
    struct spa_chunk chunk;

    mc_pipewire_cursor_read(&self->cursor, buffer->buffer);
    if (!has_pixels(self, buffer->buffer, &chunk)) {
        pw_stream_queue_buffer(self->stream, buffer);
        return;
    }
    let_go(self);
    self->held = buffer;
    self->chunk = chunk;
    self->crop = crop_of(self, buffer->buffer);
    self->width_px = self->crop.region.size.width;
    self->height_px = self->crop.region.size.height;
    self->fresh = true;
}

static void on_process(void *data)
{
    McPipeWire *self = data;
    struct pw_buffer *buffer;

    while ((buffer = pw_stream_dequeue_buffer(self->stream)))
        take_buffer(self, buffer);
}

/* The other side wants its memory back, as it does for another size. */
static void on_remove_buffer(void *data, struct pw_buffer *buffer)
{
    McPipeWire *self = data;

    if (self->held == buffer)
        self->held = NULL;
}

static const struct pw_stream_events stream_events = {
    PW_VERSION_STREAM_EVENTS, .state_changed = on_state, .param_changed = on_param,
    .remove_buffer = on_remove_buffer, .process = on_process};

/* ---- life ---- */

static gpointer begin_library(gpointer unused)
{
    pw_init(NULL, NULL);
    return NULL;
}

static bool connect_stream(McPipeWire *self)
{
    uint8_t room[PARAM_BYTES];
    struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(room, sizeof(room));
    const struct spa_pod *params[] = {offer(&builder)};

    self->stream =
        pw_stream_new(self->core, "miracast",
                      pw_properties_new(PW_KEY_MEDIA_TYPE, "Video", PW_KEY_MEDIA_CATEGORY,
                                        "Capture", PW_KEY_MEDIA_ROLE, "Screen", NULL));
    if (!self->stream)
        return false;
    pw_stream_add_listener(self->stream, &self->stream_hook, &stream_events, self);
    return pw_stream_connect(self->stream, PW_DIRECTION_INPUT, self->node,
                             PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS |
                                 PW_STREAM_FLAG_DONT_RECONNECT,
                             params, G_N_ELEMENTS(params)) >= 0;
}

static bool connect_all(McPipeWire *self, int fd)
{
    self->loop = pw_loop_new(NULL);
    if (self->loop)
        pw_loop_enter(self->loop);
    self->context = self->loop ? pw_context_new(self->loop, NULL, 0) : NULL;
    if (!self->context) {
        close(fd);
        return false;
    }
    self->core = pw_context_connect_fd(self->context, fd, NULL, 0); /* takes fd */
    if (!self->core)
        return false;
    pw_core_add_listener(self->core, &self->core_hook, &core_events, self);
    self->registry = pw_core_get_registry(self->core, PW_VERSION_REGISTRY, 0);
    if (!self->registry)
        return false;
    pw_registry_add_listener(self->registry, &self->registry_hook, &registry_events, self);
    return connect_stream(self);
}

/* Takes in what has come. */
static bool iterate(McPipeWire *self, GError **error)
{
    while (self->trouble == PW_FINE && pw_loop_iterate(self->loop, 0) > 0)
        ;
    return self->trouble == PW_FINE || report(self, error);
}

/* Until it is so: a cancelled wait, a lost source and one that says nothing end it, too. */
static bool wait_until(McPipeWire *self, bool (*is_so)(const McPipeWire *self), int64_t patience_us,
                       GCancellable *cancel, GError **error)
{
    const int64_t end_us = g_get_monotonic_time() + patience_us;
    GPollFD fds[2] = {{.fd = pw_loop_get_fd(self->loop), .events = G_IO_IN}};
    const bool cancellable = g_cancellable_make_pollfd(cancel, &fds[1]);
    bool ok = true;

    while (ok && !is_so(self) && !g_cancellable_is_cancelled(cancel)) {
        const int64_t left_us = end_us - g_get_monotonic_time();
        if (left_us <= 0)
            break;
        g_poll(fds, cancellable ? 2 : 1, (gint) (left_us / 1000 + 1));
        ok = iterate(self, error);
    }
    if (cancellable)
        g_cancellable_release_fd(cancel);
    return ok && !g_cancellable_set_error_if_cancelled(cancel, error);
}

static bool knows_format(const McPipeWire *self)
{
    return self->has_format;
}

static bool rests(const McPipeWire *self)
{
    return pw_stream_get_state(self->stream, NULL) != PW_STREAM_STATE_STREAMING;
}

/* PipeWire's own thread calls us whenever nobody is inside the loop: it is left only while the
 * stream rests, or is no more. */
static bool come_to_rest(McPipeWire *self)
{
    let_go(self);
    pw_stream_set_active(self->stream, false);
    const bool ok = wait_until(self, rests, REST_US, NULL, NULL) && rests(self);
    if (!ok) {
        note_trouble(self, PW_LOST, "it does not answer");
        pw_stream_destroy(g_steal_pointer(&self->stream));
        self->held = NULL;
    }
    pw_loop_leave(self->loop);
    return ok;
}

static bool find_format(McPipeWire *self, GCancellable *cancel, GError **error)
{
    g_autoptr(GError) why = NULL;

    wait_until(self, knows_format, PATIENCE_US, cancel, &why);
    if (self->has_format && !why)
        return true;
    if (why && self->trouble != PW_ENDED)
        g_propagate_error(error, g_steal_pointer(&why));
    else
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_SOURCE,
                    "PipeWire shows nothing of what was chosen%s",
                    why ? "; it is not there any more"
                        : "; is its session manager (WirePlumber) running?");
    return false;
}

McPipeWire *mc_pipewire_new(int fd, uint32_t node, GCancellable *cancel, GError **error)
{
    static GOnce once = G_ONCE_INIT;
    g_autoptr(McPipeWire) self = g_new0(McPipeWire, 1);

    g_once(&once, begin_library, NULL);
    self->node = node;
    if (!connect_all(self, fd)) {
        if (self->loop) /* freed outside of it */
            pw_loop_leave(self->loop);
        g_set_error(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_PIPEWIRE,
                    "PipeWire cannot be reached: %s", g_strerror(errno));
        return NULL;
    }
    const bool found = find_format(self, cancel, error);
    const bool rested = come_to_rest(self);
    if (found && !rested)
        report(self, error);
    return found && rested ? g_steal_pointer(&self) : NULL;
}

void mc_pipewire_free(McPipeWire *self)
{
    if (!self)
        return;
    if (self->stream)
        pw_stream_destroy(self->stream);
    if (self->registry)
        pw_proxy_destroy((struct pw_proxy *) self->registry);
    if (self->core)
        pw_core_disconnect(self->core);
    if (self->context)
        pw_context_destroy(self->context);
    if (self->loop)
        pw_loop_destroy(self->loop);
    mc_pipewire_cursor_clear(&self->cursor);
    g_free(self->why);
    g_free(self);
}

/* ---- what the capture asks ---- */

int mc_pipewire_fd(const McPipeWire *self)
{
    return pw_loop_get_fd(self->loop);
}

bool mc_pipewire_iterate(McPipeWire *self, McCaptureNews *news, GError **error)
{
    const uint32_t width_px = self->width_px, height_px = self->height_px;

    self->fresh = false;
    if (!iterate(self, error))
        return false;
    *news = (McCaptureNews){.dirty = self->fresh,
                            .resized = self->width_px != width_px || self->height_px != height_px};
    news->cursor_changed = mc_pipewire_cursor_news(&self->cursor, &news->cursor);
    return true;
}

void mc_pipewire_start(McPipeWire *self)
{
    pw_loop_enter(self->loop);
    if (self->stream)
        pw_stream_set_active(self->stream, true);
}

void mc_pipewire_stop(McPipeWire *self)
{
    if (self->stream)
        come_to_rest(self);
    else
        pw_loop_leave(self->loop);
}

void mc_pipewire_renew_cursor(McPipeWire *self)
{
    mc_pipewire_cursor_renew(&self->cursor);
}

void mc_pipewire_size(const McPipeWire *self, uint32_t *ret_width_px, uint32_t *ret_height_px)
{
    *ret_width_px = self->width_px;
    *ret_height_px = self->height_px;
}

bool mc_pipewire_picture(const McPipeWire *self, McPipeWirePicture *ret_picture)
{
    if (!self->held)
        return false;
    const struct spa_data *data = &self->held->buffer->datas[0];
    const struct spa_region *part = &self->crop.region;
    const int32_t stride_bytes = self->chunk.stride;
    const uint8_t *first = (const uint8_t *) data->data + self->chunk.offset;

    if (stride_bytes < 0)
        first += (size_t) -stride_bytes * (self->format.size.height - 1);
    *ret_picture = (McPipeWirePicture){
        .pixels = first + (ptrdiff_t) part->position.y * stride_bytes + part->position.x * 4,
        .stride_bytes = stride_bytes,
        .width_px = part->size.width,
        .height_px = part->size.height,
        .red_first = self->format.format == SPA_VIDEO_FORMAT_RGBx ||
                     self->format.format == SPA_VIDEO_FORMAT_RGBA};
    return true;
}
