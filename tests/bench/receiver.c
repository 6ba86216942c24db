/* SPDX-License-Identifier: MIT */
/* bench-receiver OUT [SCENE FPS EVERY]: receives RTP with a transport stream on a port of its own
 * (which it prints), decodes each picture as soon as it is whole and writes one line for each to
 * OUT: arrived_ns decoded_ns code_ns bytes datagrams key width height code_ns 0: no time code was
 * read; both clocks are CLOCK_MONOTONIC.  A picture is whole at its RTP marker or, where the sender
 * sets none, at the stuffing in the last packet of its PES. With SCENE, each EVERYth picture's luma
 * is kept and compared with the scene (scene.h) after the end, which SIGTERM is: lines "quality
 * code_ns ssim psnr".  Lost datagrams: "lost N" at the end. */
#include <arpa/inet.h>
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmd-shim/capture/timecode.h"
#include "tests/bench/quality.h"
#include "tests/bench/samples.h"

#define TS_BYTES 188
#define UNIT_MAX (4 << 20)
#define RECEIVE_BUFFER (8 << 20)
#define WRAP_NS (((int64_t) 1 << 40) * MC_TIMECODE_TICK_NS)

typedef struct {
    FILE *out;
    Quality *quality; /* NULL: not asked for */
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
    int fd;

    int pmt_pid, video_pid;
    uint8_t *unit; /* the PES under way, without its header */
    size_t unit_len;
    bool in_unit;
    unsigned datagrams;
    int64_t arrived_ns;
    uint64_t lost;
    int last_seq;
} Receiver;

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
    ended = 1;
}

/* ---- pictures ---- */

/* The code is read from the one row of luma that its reader looks at. */
static int64_t read_code(const AVFrame *frame)
{
    const uint32_t width = (uint32_t) frame->width;
    const uint32_t row = mc_timecode_height_px(width) / 2;
    uint8_t *bgrx = calloc((size_t) (frame->height < 64 ? 64 : frame->height), (size_t) width * 4);
    int64_t code_ns = 0;

    for (uint32_t x = 0; x < width; x++)
        memset(bgrx + ((size_t) row * width + x) * 4,
               frame->data[0][row * (size_t) frame->linesize[0] + x], 4);
    if (!mc_timecode_read(bgrx, width, (uint32_t) frame->height, width * 4, &code_ns))
        code_ns = 0;
    free(bgrx);
    return code_ns ? code_ns + now_ns() / WRAP_NS * WRAP_NS : 0;
}

static bool has_idr(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i + 3 < len; i++)
        if (!data[i] && !data[i + 1] && data[i + 2] == 1 && (data[i + 3] & 0x1f) == 5)
            return true;
    return false;
}

static void note_picture(Receiver *self)
{
    int64_t decoded_ns = now_ns(), code_ns = read_code(self->frame);

    fprintf(self->out, "%lld %lld %lld %zu %u %d %d %d\n", (long long) self->arrived_ns,
            (long long) decoded_ns, (long long) code_ns, self->unit_len, self->datagrams,
            has_idr(self->unit, self->unit_len), self->frame->width, self->frame->height);
    if (self->quality && code_ns)
        quality_keep(self->quality, self->frame->data[0], self->frame->linesize[0],
                     self->frame->width, self->frame->height,
                     self->frame->colorspace == AVCOL_SPC_SMPTE170M, code_ns);
}

static void finish_unit(Receiver *self)
{
    if (self->in_unit && self->unit_len) {
        memset(self->unit + self->unit_len, 0, AV_INPUT_BUFFER_PADDING_SIZE);
        self->packet->data = self->unit;
        self->packet->size = (int) self->unit_len;
        if (avcodec_send_packet(self->decoder, self->packet) == 0)
            while (avcodec_receive_frame(self->decoder, self->frame) == 0)
                note_picture(self);
    }
    self->unit_len = 0;
    self->in_unit = false;
    self->datagrams = 0;
}

/* ---- transport stream ---- */

static void read_pat(Receiver *self, const uint8_t *section, size_t len)
{
    if (len >= 12 && section[0] == 0)
        self->pmt_pid = (section[10] & 0x1f) << 8 | section[11];
}

static void read_pmt(Receiver *self, const uint8_t *section, size_t len)
{
    if (len < 12 || section[0] != 2)
        return;
    size_t end = 3 + ((size_t) (section[1] & 0x0f) << 8 | section[2]) - 4;
    size_t pos = 12 + ((size_t) (section[10] & 0x0f) << 8 | section[11]);

    for (; pos + 5 <= end && end <= len;
         pos += 5 + ((size_t) (section[pos + 3] & 0x0f) << 8 | section[pos + 4]))
        if (section[pos] == 0x1b)
            self->video_pid = (section[pos + 1] & 0x1f) << 8 | section[pos + 2];
}

static void take_video(Receiver *self, const uint8_t *data, size_t len, bool start)
{
    if (start) {
        finish_unit(self);
        if (len < 9 || data[0] || data[1] || data[2] != 1 || len < 9u + data[8])
            return;
        len -= 9u + data[8];
        data += 9u + data[8];
        self->in_unit = true;
    }
    if (!self->in_unit || self->unit_len + len > UNIT_MAX)
        return;
    memcpy(self->unit + self->unit_len, data, len);
    self->unit_len += len;
}

/* Bytes of stuffing in an adaptation field: only the last packet of a PES has some. */
static size_t stuffing(const uint8_t *field)
{
    size_t used = 1;

    if (!field[0])
        return 1;
    used += field[1] & 0x10 ? 6 : 0;
    used += field[1] & 0x08 ? 6 : 0;
    used += field[1] & 0x04 ? 1 : 0;
    return used < field[0] && !(field[1] & 0x03) ? field[0] - used : 0;
}

static void take_ts(Receiver *self, const uint8_t *ts)
{
    int pid = (ts[1] & 0x1f) << 8 | ts[2];
    bool start = ts[1] & 0x40;
    size_t at = 4 + (ts[3] & 0x20 ? 1u + ts[4] : 0);

    if (ts[0] != 0x47 || !(ts[3] & 0x10) || at >= TS_BYTES)
        return;
    size_t section = at + 1 + ts[at]; /* behind the pointer field */
    if (pid == 0 && start && section < TS_BYTES)
        read_pat(self, ts + section, TS_BYTES - section);
    else if (pid == self->pmt_pid && start && section < TS_BYTES)
        read_pmt(self, ts + section, TS_BYTES - section);
    else if (pid == self->video_pid) {
        take_video(self, ts + at, TS_BYTES - at, start);
        if (ts[3] & 0x20 && stuffing(ts + 4) && !start)
            finish_unit(self);
    }
}

/* ---- datagrams ---- */

static void take_datagram(Receiver *self, const uint8_t *data, size_t len)
{
    size_t at = 12 + 4u * (data[0] & 15);
    int seq = data[2] << 8 | data[3];

    if (len < at || (data[1] & 0x7f) != 33)
        return;
    if (self->last_seq >= 0)
        self->lost += (uint64_t) ((seq - self->last_seq - 1) & 0xffff) % 0x8000;
    self->last_seq = seq;
    self->datagrams++;
    for (; at + TS_BYTES <= len; at += TS_BYTES)
        take_ts(self, data + at);
    if (data[1] & 0x80)
        finish_unit(self);
}

static bool open_socket(Receiver *self)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    const int size = RECEIVE_BUFFER;

    self->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (self->fd < 0 || bind(self->fd, (struct sockaddr *) &address, len) < 0 ||
        getsockname(self->fd, (struct sockaddr *) &address, &len) < 0)
        return false;
    if (setsockopt(self->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        (void) setsockopt(self->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    printf("port %u\n", ntohs(address.sin_port));
    fflush(stdout);
    return true;
}

static bool open_decoder(Receiver *self)
{
    self->decoder = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_H264));
    self->packet = av_packet_alloc();
    self->frame = av_frame_alloc();
    self->unit = malloc(UNIT_MAX + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!self->decoder)
        return false;
    self->decoder->thread_count = 1;
    self->decoder->flags |= AV_CODEC_FLAG_LOW_DELAY;
    av_log_set_level(AV_LOG_QUIET);
    return avcodec_open2(self->decoder, NULL, NULL) == 0;
}

static void receive(Receiver *self)
{
    uint8_t data[65536];

    while (!ended) {
        ssize_t len = recv(self->fd, data, sizeof(data), 0);
        self->arrived_ns = now_ns();
        if (len > 12)
            take_datagram(self, data, (size_t) len);
        else if (len < 0 && errno != EINTR)
            break;
    }
}

int main(int argc, char **argv)
{
    Receiver self = {.pmt_pid = -1, .video_pid = -1, .last_seq = -1};
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: recv returns */

    if (argc != 2 && argc != 5) {
        fputs("usage: bench-receiver OUT [SCENE FPS EVERY]\n", stderr);
        return 2;
    }
    sigaction(SIGTERM, &action, NULL);
    self.out = fopen(argv[1], "w");
    if (argc == 5)
        self.quality = quality_new(argv[2], atoi(argv[3]), atoi(argv[4]));
    if (!self.out || !open_decoder(&self) || !open_socket(&self)) {
        perror("bench-receiver");
        return 1;
    }
    receive(&self);
    if (self.quality)
        quality_judge(self.quality, self.out);
    fprintf(self.out, "lost %llu\n", (unsigned long long) self.lost);
    return fclose(self.out) ? 1 : 0;
}
