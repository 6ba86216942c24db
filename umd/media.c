/* SPDX-License-Identifier: MIT */
#include "umd/media.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* A still desktop's stream still needs its clock: PCR is due every 100 ms (wfd-rtsp 9.3). */
#define HEARTBEAT_MS 40
#define CHUNK_BUFFER_BYTES 16384
#define DEFAULT_MIN_KBPS 2000

struct McMedia {
    McOs os;
    McUmdOptions options;
    McMediaFailed on_failed;
    void *user_data;
    int rtp_fd, rtcp_fd, stop_event;
    uint16_t rtp_port;

    GMutex lock;         /* guards stream's pointer and the fields below */
    McStream *stream;    /* NULL before the first PLAY */
    uint32_t wish_kbps;  /* 0: none */
    uint32_t limit_kbps; /* of the negotiated mode */
    gboolean failed;     /* on_failed was called */

    GThread *pump;
    gint paused;             /* atomic */
    MIRACAST_CHUNK_ID chunk; /* pump thread: the frame that is in the stream */
};

/* ---- sockets ---- */

static int bind_udp(const char *ip, uint16_t port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || inet_pton(AF_INET, ip, &addr.sin_addr) != 1 ||
        bind(fd, (struct sockaddr *) &addr, sizeof(addr)) < 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof(addr);

    return getsockname(fd, (struct sockaddr *) &addr, &len) == 0 ? ntohs(addr.sin_port) : 0;
}

/* An even port with its odd neighbour free: the kernel's ephemeral choice, tried again until so. */
static bool bind_pair(McMedia *self, const char *ip)
{
    for (int attempt = 0; attempt < 64; attempt++) {
        int fd = bind_udp(ip, 0);
        uint16_t port = fd < 0 ? 0 : bound_port(fd);

        if (port && port % 2 == 0 && port < 65535) {
            int rtcp = bind_udp(ip, (uint16_t) (port + 1));
            if (rtcp >= 0) {
                self->rtp_fd = fd;
                self->rtcp_fd = rtcp;
                self->rtp_port = port;
                return true;
            }
        }
        if (fd >= 0)
            close(fd);
    }
    return false;
}

McMedia *mc_media_new(const McOs *os, const McUmdOptions *options, const char *local_ip,
                      McMediaFailed on_failed, void *user_data, GError **error)
{
    g_autoptr(McMedia) self = g_new0(McMedia, 1);

    self->os = *os;
    self->options = *options;
    self->on_failed = on_failed;
    self->user_data = user_data;
    self->rtp_fd = self->rtcp_fd = -1;
    g_mutex_init(&self->lock);
    self->stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->stop_event < 0 || !bind_pair(self, local_ip)) {
        g_set_error(error, MC_ENCODER_ERROR, MC_ENCODER_ERROR_SOCKET,
                    "no pair of UDP ports could be bound on %s: %s", local_ip, g_strerror(errno));
        return NULL;
    }
    return g_steal_pointer(&self);
}

void mc_media_free(McMedia *self)
{
    if (!self)
        return;
    mc_media_stop(self);
    g_clear_pointer(&self->stream, mc_stream_free);
    for (int *fd = (int[]){self->rtp_fd, self->rtcp_fd, self->stop_event, -2}; *fd != -2; fd++)
        if (*fd >= 0)
            close(*fd);
    g_mutex_clear(&self->lock);
    g_free(self);
}

uint16_t mc_media_rtp_port(const McMedia *self)
{
    return self->rtp_port;
}

/* ---- bit rate and mode ---- */

/* Bits a second for a picture of this size: 0.12 bit a pixel keeps text readable (encoder study 2).
 */
static uint32_t default_kbps(const McVideoMode *mode)
{
    uint64_t bits = (uint64_t) mode->width_px * mode->height_px * mode->fps * 12 / 100;

    return MAX(DEFAULT_MIN_KBPS, (uint32_t) (bits / 1000));
}

static McStreamVideo video_of(McMedia *self, const McWfdDecision *decision)
{
    const McVideoChoice *choice = &decision->video[decision->current_video];
    uint32_t kbps =
        self->options.bitrate_kbps ? self->options.bitrate_kbps : default_kbps(&choice->mode);

    g_mutex_lock(&self->lock);
    self->limit_kbps = choice->max_kbps;
    if (self->wish_kbps)
        kbps = self->wish_kbps;
    g_mutex_unlock(&self->lock);
    if (choice->max_kbps)
        kbps = MIN(kbps, choice->max_kbps);
    return (McStreamVideo){.width_px = choice->mode.width_px,
                           .height_px = choice->mode.height_px,
                           .fps = choice->mode.fps,
                           .high_profile = choice->profile == MC_PROFILE_CHP,
                           .level_idc = choice->level_idc,
                           .bitrate_kbps = kbps};
}

static McStreamAudio audio_of(const McWfdDecision *decision)
{
    if (decision->n_audio == 0)
        return MC_STREAM_AUDIO_NONE;
    switch (decision->audio[decision->current_audio].codec) {
    case MC_AUDIO_LPCM:
        return MC_STREAM_AUDIO_LPCM;
    case MC_AUDIO_AAC:
        return MC_STREAM_AUDIO_AAC;
    case MC_AUDIO_AC3:
    case MC_AUDIO_NONE:
        break;
    }
    return MC_STREAM_AUDIO_NONE;
}

/* ---- stream's callbacks ---- */

static void frame_encoded(uint64_t frame_id, uint32_t encode_us, uint32_t kbps, void *user_data)
{
    McMedia *self = user_data;
    MIRACAST_CHUNK_INFO info = {.ChunkType = MIRACAST_CHUNK_TYPE_ENCODE_COMPLETE,
                                .ChunkId = self->chunk,
                                .ProcessingTime = encode_us,
                                .EncodeRate = kbps};

    mc_os_report_chunk(&self->os, &info);
}

static void frame_sent(uint64_t frame_id, void *user_data)
{
    McMedia *self = user_data;

    mc_os_report_sent(&self->os, self->chunk);
}

static void stream_failed(const GError *error, void *user_data)
{
    McMedia *self = user_data;
    gboolean first;

    g_mutex_lock(&self->lock);
    first = !self->failed;
    self->failed = TRUE;
    g_mutex_unlock(&self->lock);
    if (first)
        self->on_failed(error, self->user_data);
}

/* ---- chunk pump ---- */

static McStream *current_stream(McMedia *self)
{
    g_mutex_lock(&self->lock);
    McStream *stream = self->stream;
    g_mutex_unlock(&self->lock);
    return stream;
}

static void pump_frame(McMedia *self, const MIRACAST_CHUNK_INFO *info, const McFrameDesc *frame)
{
    g_autoptr(GError) error = NULL;
    McStream *stream = current_stream(self);
    bool ok = true;

    self->chunk = info->ChunkId;
    if (g_atomic_int_get(&self->paused) || frame->size < sizeof(*frame) ||
        frame->version != MC_FRAME_VERSION || !frame->pixels) {
        MIRACAST_CHUNK_INFO dropped = {.ChunkType = MIRACAST_CHUNK_TYPE_FRAME_DROPPED,
                                       .ChunkId = info->ChunkId};
        mc_os_report_chunk(&self->os, &dropped);
    } else {
        if (frame->flags & MC_FRAME_FORCE_IDR)
            mc_stream_force_idr(stream);
        ok = mc_stream_push_frame(stream, frame, &error);
    }
    mc_os_release_frame(&self->os, frame->frame_id);
    if (!ok)
        stream_failed(error, self);
}

/* Packets stand 28 + n bytes apart and so may be unaligned (C-89). Only the newest frame of a batch
 * is shown: before encoding, the latest frame wins. */
static void pump_packets(McMedia *self, const uint8_t *buffer, UINT size)
{
    const size_t head = offsetof(MIRACAST_CHUNK_DATA, PrivateDriverData);
    size_t pos = 0;

    while (size - pos >= head) {
        MIRACAST_CHUNK_INFO info;
        UINT private_bytes;
        McFrameDesc frame;

        memcpy(&info, buffer + pos, sizeof(info));
        memcpy(&private_bytes, buffer + pos + sizeof(info), sizeof(private_bytes));
        if (private_bytes > size - pos - head)
            return;
        if (info.ChunkType == MIRACAST_CHUNK_TYPE_COLOR_CONVERT_COMPLETE &&
            private_bytes >= sizeof(frame)) {
            memcpy(&frame, buffer + pos + head, sizeof(frame));
            pump_frame(self, &info, &frame);
        }
        pos += head + private_bytes;
    }
}

static void pump_repeat(McMedia *self)
{
    g_autoptr(GError) error = NULL;

    if (!g_atomic_int_get(&self->paused) && !mc_stream_push_repeat(current_stream(self), &error))
        stream_failed(error, self);
}

static gpointer run_pump(gpointer user_data)
{
    McMedia *self = user_data;
    HANDLE stop = (HANDLE) (intptr_t) (self->stop_event + 1);
    g_autofree uint8_t *buffer = g_malloc(CHUNK_BUFFER_BYTES);

    for (;;) {
        UINT size = CHUNK_BUFFER_BYTES, outstanding = 0;
        NTSTATUS status =
            self->os.callbacks.GetNextChunkData(self->os.device, HEARTBEAT_MS, 1, &stop, &size,
                                                (MIRACAST_CHUNK_DATA *) buffer, &outstanding);

        if (status == STATUS_SUCCESS && size > 0)
            pump_packets(self, buffer, size);
        else if (status == STATUS_WAIT_0 || status == STATUS_INSTANCE_NOT_AVAILABLE)
            return NULL; /* the stop event, told from SUCCESS by its size (C-88) */
        else if (status == STATUS_CONNECTION_RESET)
            mc_media_force_idr(self); /* C-85 */
        else if (status == STATUS_TIMEOUT)
            pump_repeat(self);
        else
            return NULL;
    }
}

/* ---- life ---- */

static McStream *new_stream(McMedia *self, const char *dest_ip, uint16_t dest_port,
                            const McWfdDecision *decision, GError **error)
{
    McStreamConfig config = {.dest_rtp_port = dest_port,
                             .rtp_fd = self->rtp_fd,
                             .video = video_of(self, decision),
                             .audio = audio_of(decision),
                             .on_frame_sent = frame_sent,
                             .on_frame_encoded = frame_encoded,
                             .on_error = stream_failed,
                             .user_data = self};

    g_strlcpy(config.dest_ip, dest_ip, sizeof(config.dest_ip));
    g_strlcpy(config.audio_source, self->options.audio, sizeof(config.audio_source));
    g_strlcpy(config.encoder, self->options.encoder, sizeof(config.encoder));
    return mc_stream_new(&config, error);
}

bool mc_media_play(McMedia *self, const char *dest_ip, uint16_t dest_port,
                   const McWfdDecision *decision, GError **error)
{
    if (self->stream) {
        mc_stream_force_idr(self->stream);
        mc_stream_pause(self->stream, false);
        g_atomic_int_set(&self->paused, 0);
        return true;
    }
    g_autoptr(McStream) stream = new_stream(self, dest_ip, dest_port, decision, error);
    if (!stream || !mc_stream_start(stream, error))
        return false;
    g_mutex_lock(&self->lock);
    self->stream = g_steal_pointer(&stream);
    g_mutex_unlock(&self->lock);
    self->pump = g_thread_new("mc-pump", run_pump, self);
    return true;
}

void mc_media_pause(McMedia *self)
{
    g_atomic_int_set(&self->paused, 1);
    if (self->stream)
        mc_stream_pause(self->stream, true);
}

bool mc_media_set_mode(McMedia *self, const McWfdDecision *decision, GError **error)
{
    if (!self->stream)
        return true; /* the first PLAY takes the decision as it then is */
    McStreamVideo video = video_of(self, decision);
    return mc_stream_set_video(self->stream, &video, error);
}

void mc_media_stop(McMedia *self)
{
    if (self->pump) {
        eventfd_write(self->stop_event, 1);
        g_thread_join(g_steal_pointer(&self->pump));
    }
    if (self->stream)
        mc_stream_stop(self->stream);
}

void mc_media_force_idr(McMedia *self)
{
    g_mutex_lock(&self->lock);
    if (self->stream)
        mc_stream_force_idr(self->stream);
    g_mutex_unlock(&self->lock);
}

void mc_media_set_bitrate(McMedia *self, uint32_t kbps)
{
    g_mutex_lock(&self->lock);
    self->wish_kbps = self->limit_kbps ? MIN(kbps, self->limit_kbps) : kbps;
    if (self->stream)
        mc_stream_set_bitrate(self->stream, self->wish_kbps);
    g_mutex_unlock(&self->lock);
}

void mc_media_set_cursor(McMedia *self, int x_px, int y_px, bool visible, const uint8_t *bgra,
                         unsigned width_px, unsigned height_px)
{
    g_mutex_lock(&self->lock);
    if (self->stream)
        mc_stream_set_cursor(self->stream, x_px, y_px, visible, bgra, width_px, height_px);
    g_mutex_unlock(&self->lock);
}

void mc_media_stats(McMedia *self, McStreamStats *ret_stats)
{
    memset(ret_stats, 0, sizeof(*ret_stats));
    g_mutex_lock(&self->lock);
    if (self->stream)
        mc_stream_stats(self->stream, ret_stats);
    g_mutex_unlock(&self->lock);
}
