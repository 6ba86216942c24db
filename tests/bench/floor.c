/* SPDX-License-Identifier: MIT */
/* bench-floor DISPLAY PORT FPS KBPS VBV_MS SLICES: the shortest way from an X server's picture to
 * datagrams on loopback: MIT-SHM grab, libyuv, libx264 with the settings of encoder/h264.c, a
 * transport stream by hand, sendmmsg.  No sound, no session, no pacing: what a source cannot beat.
 * Ends with SIGTERM; prints the mean times of its stages in us then. */
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>
#include <arpa/inet.h>
#include <libyuv/convert.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>

#include "tests/bench/samples.h"
#include "tests/bench/x264-base.h"

#define TS_BYTES 188
#define VIDEO_PID 0x1011
#define PMT_PID 0x0100
#define TS_MAX (4 << 20)
#define DATAGRAM_TS 7
#define BATCH 64
#define PTS_LEAD_90K 9000

typedef struct {
    Display *display;
    XImage *image;
    XShmSegmentInfo segment;
    x264_t *encoder;
    x264_picture_t picture;
    int width, height, fps, fd;
    uint8_t *ts;
    size_t ts_len;
    uint8_t cc_video, cc_pat, cc_pmt;
    uint16_t seq;
    int64_t grab_ns, convert_ns, encode_ns, send_ns, frames;
} Floor;

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
    ended = 1;
}

/* ---- set-up ---- */

static bool open_display(Floor *self, const char *name)
{
    self->display = XOpenDisplay(name);
    if (!self->display || !XShmQueryExtension(self->display))
        return false;
    int screen = DefaultScreen(self->display);
    self->width = DisplayWidth(self->display, screen);
    self->height = DisplayHeight(self->display, screen);
    self->image =
        XShmCreateImage(self->display, DefaultVisual(self->display, screen), 24, ZPixmap, NULL,
                        &self->segment, (unsigned) self->width, (unsigned) self->height);
    if (!self->image)
        return false;
    self->segment.shmid =
        shmget(IPC_PRIVATE, (size_t) self->image->bytes_per_line * (size_t) self->height,
               IPC_CREAT | 0600);
    self->segment.shmaddr = self->image->data = shmat(self->segment.shmid, NULL, 0);
    bool ok = self->segment.shmaddr != (char *) -1 && XShmAttach(self->display, &self->segment);
    XSync(self->display, False);
    shmctl(self->segment.shmid, IPC_RMID, NULL);
    return ok;
}

static bool open_encoder(Floor *self, int kbps, int vbv_ms, int slices)
{
    x264_param_t p;

    x264_base(&p, &(X264Base){self->width, self->height, self->fps, kbps, vbv_ms, slices});
    p.i_keyint_max = X264_KEYINT_MAX_INFINITE;
    p.vui.i_colmatrix = 6; /* libyuv's ARGBToI420 is BT.601 */
    p.vui.i_colorprim = 6;
    p.vui.i_transfer = 6;
    x264_param_apply_profile(&p, "baseline");
    self->encoder = x264_encoder_open(&p);
    return self->encoder &&
           x264_picture_alloc(&self->picture, X264_CSP_I420, self->width, self->height) == 0;
}

static bool open_socket(Floor *self, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t) port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    self->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    self->ts = malloc(TS_MAX);
    return self->fd >= 0 && connect(self->fd, (struct sockaddr *) &to, sizeof(to)) == 0;
}

/* ---- transport stream ---- */

static uint32_t crc32_mpeg(const uint8_t *data, size_t len)
{
    uint32_t crc = 0xffffffff;

    while (len--) {
        crc ^= (uint32_t) *data++ << 24;
        for (int i = 0; i < 8; i++)
            crc = crc << 1 ^ (crc & 0x80000000 ? 0x04c11db7 : 0);
    }
    return crc;
}

static void add_section(Floor *self, int pid, uint8_t *cc, const uint8_t *section, size_t len)
{
    uint8_t *ts = self->ts + self->ts_len;
    uint32_t crc = crc32_mpeg(section, len);

    memset(ts, 0xff, TS_BYTES);
    memcpy(ts,
           (uint8_t[]){0x47, (uint8_t) (0x40 | pid >> 8), (uint8_t) pid, 0x10 | (*cc)++ % 16, 0},
           5);
    memcpy(ts + 5, section, len);
    for (size_t i = 0; i < 4; i++)
        ts[5 + len + i] = (uint8_t) (crc >> (24 - 8 * i));
    self->ts_len += TS_BYTES;
}

static void add_tables(Floor *self)
{
    static const uint8_t pat[] = {
        0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe0 | PMT_PID >> 8, PMT_PID & 0xff};
    static const uint8_t pmt[] = {2,
                                  0xb0,
                                  18,
                                  0,
                                  1,
                                  0xc1,
                                  0,
                                  0,
                                  0xe0 | VIDEO_PID >> 8,
                                  VIDEO_PID & 0xff,
                                  0xf0,
                                  0,
                                  0x1b,
                                  0xe0 | VIDEO_PID >> 8,
                                  VIDEO_PID & 0xff,
                                  0xf0,
                                  0};

    add_section(self, 0, &self->cc_pat, pat, sizeof(pat));
    add_section(self, PMT_PID, &self->cc_pmt, pmt, sizeof(pmt));
}

/* The adaptation field of a packet with PCR, or with stuffing up to the packet's end. */
static size_t adaptation(uint8_t *ts, bool with_pcr, uint64_t pcr_90k, size_t payload)
{
    size_t used = with_pcr ? 8 : 0;

    if (payload < TS_BYTES - 4 - used)
        used = TS_BYTES - 4 - payload;
    if (!used)
        return 0;
    ts[3] |= 0x20;
    ts[4] = (uint8_t) (used - 1);
    if (used > 1) {
        memset(ts + 5, 0xff, used - 1);
        ts[5] = with_pcr ? 0x10 : 0;
    }
    if (with_pcr) {
        for (int i = 0; i < 4; i++)
            ts[6 + i] = (uint8_t) (pcr_90k >> (25 - 8 * i));
        ts[10] = (uint8_t) ((pcr_90k & 1) << 7 | 0x7e);
        ts[11] = 0;
    }
    return used;
}

static void add_video(Floor *self, const uint8_t *unit, size_t len, uint64_t pcr_90k)
{
    uint64_t pts = pcr_90k + PTS_LEAD_90K;
    const uint8_t head[] = {0,
                            0,
                            1,
                            0xe0,
                            0,
                            0,
                            0x80,
                            0x80,
                            5,
                            (uint8_t) (0x21 | (pts >> 29 & 0xe)),
                            (uint8_t) (pts >> 22),
                            (uint8_t) (pts >> 14 | 1),
                            (uint8_t) (pts >> 7),
                            (uint8_t) (pts << 1 | 1)};
    size_t head_left = sizeof(head);

    for (bool first = true; (len || head_left) && self->ts_len + TS_BYTES < TS_MAX; first = false) {
        uint8_t *ts = self->ts + self->ts_len;
        memcpy(ts,
               (uint8_t[]){0x47, (uint8_t) ((first ? 0x40 : 0) | VIDEO_PID >> 8), VIDEO_PID & 0xff,
                           0x10 | self->cc_video++ % 16},
               4);
        size_t at = 4 + adaptation(ts, first, pcr_90k, len + head_left);
        memcpy(ts + at, head, head_left);
        at += head_left;
        head_left = 0;
        size_t n = TS_BYTES - at < len ? TS_BYTES - at : len;
        memcpy(ts + at, unit, n);
        unit += n;
        len -= n;
        self->ts_len += TS_BYTES;
    }
}

/* ---- sending ---- */

static void send_frame(Floor *self, uint32_t timestamp)
{
    static uint8_t head[BATCH][12];
    struct iovec iov[BATCH][2];
    struct mmsghdr msg[BATCH];
    size_t pos = 0;

    while (pos < self->ts_len) {
        int n = 0;
        for (; n < BATCH && pos < self->ts_len; n++) {
            size_t len = self->ts_len - pos;
            len = len < DATAGRAM_TS * TS_BYTES ? len : DATAGRAM_TS * TS_BYTES;
            bool last = pos + len == self->ts_len;
            memcpy(head[n],
                   (uint8_t[]){0x80, (uint8_t) (33 | (last ? 0x80 : 0)), (uint8_t) (self->seq >> 8),
                               (uint8_t) self->seq, (uint8_t) (timestamp >> 24),
                               (uint8_t) (timestamp >> 16), (uint8_t) (timestamp >> 8),
                               (uint8_t) timestamp, 0, 0, 0, 1},
                   12);
            self->seq++;
            iov[n][0] = (struct iovec){head[n], 12};
            iov[n][1] = (struct iovec){self->ts + pos, len};
            msg[n] = (struct mmsghdr){.msg_hdr = {.msg_iov = iov[n], .msg_iovlen = 2}};
            pos += len;
        }
        for (int sent = 0, k; sent < n; sent += k)
            if ((k = sendmmsg(self->fd, msg + sent, (unsigned) (n - sent), 0)) <= 0)
                return;
    }
}

/* ---- frames ---- */

static void run_frame(Floor *self, int64_t pts)
{
    x264_picture_t out;
    x264_nal_t *nal;
    int n_nal = 0, width = self->width, height = self->height;
    int64_t t0 = now_ns();

    XShmGetImage(self->display, DefaultRootWindow(self->display), self->image, 0, 0, AllPlanes);
    int64_t t1 = now_ns();
    ARGBToI420((uint8_t *) self->image->data, self->image->bytes_per_line,
               self->picture.img.plane[0], self->picture.img.i_stride[0],
               self->picture.img.plane[1], self->picture.img.i_stride[1],
               self->picture.img.plane[2], self->picture.img.i_stride[2], width, height);
    int64_t t2 = now_ns();
    self->picture.i_pts = pts;
    self->picture.i_type = X264_TYPE_AUTO;
    int bytes = x264_encoder_encode(self->encoder, &nal, &n_nal, &self->picture, &out);
    int64_t t3 = now_ns();
    uint64_t pcr_90k = (uint64_t) (t0 / 100000 * 9);
    self->ts_len = 0;
    if (pts % (self->fps / 10 + 1) == 0)
        add_tables(self);
    if (bytes > 0) {
        add_video(self, nal[0].p_payload, (size_t) bytes, pcr_90k);
        send_frame(self, (uint32_t) pcr_90k);
    }
    self->grab_ns += t1 - t0;
    self->convert_ns += t2 - t1;
    self->encode_ns += t3 - t2;
    self->send_ns += now_ns() - t3;
    self->frames++;
}

int main(int argc, char **argv)
{
    Floor self = {0};
    struct sigaction action = {.sa_handler = on_signal};

    self.fps = argc == 7 ? atoi(argv[3]) : 0;
    if (self.fps < 1 || !open_display(&self, argv[1]) || !open_socket(&self, atoi(argv[2])) ||
        !open_encoder(&self, atoi(argv[4]), atoi(argv[5]), atoi(argv[6]))) {
        fputs("usage: bench-floor DISPLAY PORT FPS KBPS VBV_MS SLICES\n", stderr);
        return 2;
    }
    sigaction(SIGTERM, &action, NULL);
    int64_t next_ns = now_ns();
    for (int64_t pts = 0; !ended; pts++) {
        run_frame(&self, pts);
        next_ns += 1000000000 / self.fps;
        struct timespec until = {next_ns / 1000000000, next_ns % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
    int64_t per = (self.frames ? self.frames : 1) * 1000;
    printf("grab %.0f convert %.0f encode %.0f send %.0f\n", (double) self.grab_ns / (double) per,
           (double) self.convert_ns / (double) per, (double) self.encode_ns / (double) per,
           (double) self.send_ns / (double) per);
    return 0;
}
