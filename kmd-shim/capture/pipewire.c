/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/pipewire.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kmd-shim/capture/dmabuf.h"
#include "kmd-shim/capture/pipewire-buffer.h"
#include "kmd-shim/capture/pipewire-cursor.h"
#include "kmd-shim/capture/pipewire-format.h"

#define PATIENCE_US (15 * G_TIME_SPAN_SECOND) /* for the desktop to send its first format */
#define REST_US (2 * G_TIME_SPAN_SECOND)      /* for PipeWire to stop sending */

typedef enum { PW_FINE, PW_LOST, PW_ENDED, PW_UNREADABLE } Trouble;

struct McPipeWire {
    struct pw_loop *loop;
    struct pw_context *context;
    struct pw_core *core;
    struct pw_registry *registry;
    struct pw_stream *stream; /* NULL: it had to be given up */
    struct spa_hook core_hook, registry_hook, stream_hook;
    uint32_t node;

    McPipeWireFormat format;
    bool has_format;
    struct pw_buffer *held;       /* the newest with pixels; NULL: none */
    McPipeWirePicture picture;    /* in it */
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
    else if (self->trouble == PW_UNREADABLE)
        g_set_error_literal(error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_NO_SOURCE,
                            "the desktop offers its pictures only in memory of the graphics card "
                            "that cannot be read");
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

static void on_param(void *data, uint32_t id, const struct spa_pod *param)
{
    uint8_t room[MC_PIPEWIRE_PARAM_BYTES];
    struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(room, sizeof(room));
    const struct spa_pod *params[MC_PIPEWIRE_MAX_PARAMS];
    McPipeWire *self = data;
    McPipeWireFormat format;

    if (id != SPA_PARAM_Format || !mc_pipewire_format_read(param, &format))
        return;
    self->format = format;
    self->has_format = true;
    if (!self->held) {
        self->width_px = format.width_px;
        self->height_px = format.height_px;
    }
    const unsigned count = mc_pipewire_wishes(&builder, &format, params);
    pw_stream_update_params(self->stream, params, count);
}

/* ---- DMA-BUF: mapped by us, for its size is the descriptor's ---- */

typedef struct {
    void *memory;
    size_t bytes;
} Mapping;

static void on_add_buffer(void *data, struct pw_buffer *buffer)
{
    const struct spa_data *plane = buffer->buffer->n_datas ? &buffer->buffer->datas[0] : NULL;

    if (!plane || plane->type != SPA_DATA_DmaBuf || plane->data)
        return;
    const off_t bytes = lseek((int) plane->fd, 0, SEEK_END);
    void *memory = bytes > 0 ? mmap(NULL, (size_t) bytes, PROT_READ, MAP_SHARED, (int) plane->fd, 0)
                             : MAP_FAILED;
    if (memory == MAP_FAILED)
        return;
    Mapping *mapping = g_new(Mapping, 1);
    *mapping = (Mapping){memory, (size_t) bytes};
    buffer->user_data = mapping;
}

static void unmap(struct pw_buffer *buffer)
{
    Mapping *mapping = buffer->user_data;

    if (mapping)
        munmap(mapping->memory, mapping->bytes);
    g_free(mapping);
    buffer->user_data = NULL;
}

static bool is_dmabuf(const struct pw_buffer *buffer)
{
    return buffer->buffer->n_datas > 0 && buffer->buffer->datas[0].type == SPA_DATA_DmaBuf;
}

static void sync_dmabuf(const struct pw_buffer *buffer, uint64_t flag)
{
    if (is_dmabuf(buffer))
        mc_dmabuf_sync((int) buffer->buffer->datas[0].fd, flag);
}

/* ---- buffers ---- */

static bool read_buffer(McPipeWire *self, const struct pw_buffer *buffer,
                        McPipeWirePicture *ret_picture)
{
    const struct spa_data *plane = buffer->buffer->n_datas ? &buffer->buffer->datas[0] : NULL;
    const Mapping *mapping = buffer->user_data;

    if (!plane || !self->has_format)
        return false;
    if (is_dmabuf(buffer) && !plane->data && !mapping)
        note_trouble(self, PW_UNREADABLE, NULL);
    return mapping ? mc_pipewire_buffer_read(buffer->buffer, &self->format, mapping->memory,
                                             mapping->bytes, ret_picture)
                   : mc_pipewire_buffer_read(buffer->buffer, &self->format, plane->data,
                                             plane->maxsize, ret_picture);
}

static void let_go(McPipeWire *self)
{
    if (self->held)
        pw_stream_queue_buffer(self->stream, self->held);
    self->held = NULL;
}

static void take_buffer(McPipeWire *self, struct pw_buffer *buffer)
{
    McPipeWirePicture picture;

    mc_pipewire_cursor_read(&self->cursor, buffer->buffer);
    if (!read_buffer(self, buffer, &picture)) {
        pw_stream_queue_buffer(self->stream, buffer);
        return;
    }
    let_go(self);
    self->held = buffer;
    self->picture = picture;
    self->width_px = picture.width_px;
    self->height_px = picture.height_px;
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
    unmap(buffer);
}

static const struct pw_stream_events stream_events = {
    PW_VERSION_STREAM_EVENTS,    .state_changed = on_state,         .param_changed = on_param,
    .add_buffer = on_add_buffer, .remove_buffer = on_remove_buffer, .process = on_process};

/* ---- life ---- */

static gpointer begin_library(gpointer unused)
{
    pw_init(NULL, NULL);
    return NULL;
}

static bool connect_stream(McPipeWire *self)
{
    uint8_t room[MC_PIPEWIRE_PARAM_BYTES];
    struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(room, sizeof(room));
    const struct spa_pod *params[MC_PIPEWIRE_MAX_PARAMS];
    const unsigned count = mc_pipewire_offer(&builder, true, params);

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
                             params, count) >= 0;
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

static int do_nothing(struct spa_loop *loop, bool async, uint32_t seq, const void *data,
                      size_t size, void *user_data)
{
    return 0;
}

/* What its data thread has queued for us names the stream: all of that runs before it goes, as
 * some versions of the library leave it to be called later. */
static void end_stream(McPipeWire *self)
{
    pw_stream_disconnect(self->stream);
    pw_loop_invoke(self->loop, do_nothing, 0, NULL, 0, false, NULL);
    pw_stream_destroy(g_steal_pointer(&self->stream));
    self->held = NULL;
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
        end_stream(self);
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
        end_stream(self);
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

bool mc_pipewire_copy(McPipeWire *self, uint8_t *to, uint32_t stride_bytes)
{
    if (!self->held)
        return false;
    sync_dmabuf(self->held, DMA_BUF_SYNC_START);
    mc_pipewire_picture_copy(&self->picture, to, stride_bytes);
    sync_dmabuf(self->held, DMA_BUF_SYNC_END);
    return true;
}
