/* SPDX-License-Identifier: MIT */
/* bench-recovery SCENE WIDTH HEIGHT FPS KBPS VBV_MS LOSS_PERCENT SECONDS ANSWER WAVE KEYS OPTIONS:
 * what a sink shows of a stream whose datagrams get lost, by how its source answers. Nothing runs
 * in real time: the figures are of the settings and not of the machine.
 *
 *   ANSWER   idr: a lost datagram leads to a key frame (two frames later, one in 300 ms at most)
 *            none: to nothing
 *   WAVE     frames of an intra refresh from left to right, one after the other; 0: none
 *   KEYS     a key frame each so many frames, asked for or not; 0: none
 *   OPTIONS  more of x264's, NAME=VALUE:...; "-": none
 *
 * libx264 with the settings of encoder/h264-kinds.c; libavcodec decodes what is left of each
 * picture, and a second one all of it: a picture is whole where both agree. One line of NAME VALUE
 * pairs. */
#include <libavcodec/avcodec.h>
#include <libyuv/convert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/quality.h"
#include "tests/bench/scene.h"
#include "tests/bench/x264-base.h"

#define DATAGRAM_BYTES (7 * 184)
#define UNIT_MAX (4 << 20)
#define NOTICE_FRAMES 2 /* from a loss to what the source does about it */
#define IDR_SPACING_MS 300
#define SETTLE_FRAMES 30 /* the rate control's, not counted */
#define FRAMES_MAX 4096

typedef struct {
    AVCodecContext *context;
    AVPacket *packet;
    AVFrame *frame; /* the last one */
    int64_t shown;  /* its number; -1: none yet */
} Decoder;

typedef struct {
    const char *kind, *options;
    int width, height, fps, kbps, vbv_ms, seconds, wave, keys;
    double loss_percent;
    bool answers;

    Scene *scene;
    x264_t *encoder;
    x264_picture_t picture;
    uint8_t *bgrx, *unit;
    Decoder all, left;
    uint32_t seed;
    int asked_at, idr_at; /* frame numbers; -1: none */

    int n, n_whole, n_keys, datagrams, lost;
    double db[FRAMES_MAX], key_ms[FRAMES_MAX];
    double bits, largest_ms, level_ms, peak_ms, whole_db;
    int broken, longest_broken, missing, longest_missing;
} Bench;

/* ---- set-up ---- */

static bool set_options(x264_param_t *p, const char *options)
{
    char text[512], *state = NULL;

    snprintf(text, sizeof(text), "%s", strcmp(options, "-") ? options : "");
    for (char *one = strtok_r(text, ":", &state); one; one = strtok_r(NULL, ":", &state)) {
        char *value = strchr(one, '=');
        if (value)
            *value++ = 0;
        if (x264_param_parse(p, one, value))
            return false;
    }
    return true;
}

static bool open_encoder(Bench *self)
{
    x264_param_t p;

    x264_base(&p, &(X264Base){self->width, self->height, self->fps, self->kbps, self->vbv_ms, 1});
    p.i_keyint_max = self->wave ? self->wave : 1 << 30;
    p.b_intra_refresh = self->wave > 0;
    p.analyse.i_weighted_pred = 0;
    p.rc.i_qp_max = 69;
    if (!set_options(&p, self->options))
        return false;
    x264_param_apply_profile(&p, "baseline");
    self->encoder = x264_encoder_open(&p);
    return self->encoder &&
           x264_picture_alloc(&self->picture, X264_CSP_I420, self->width, self->height) == 0;
}

static bool open_decoder(Decoder *self)
{
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_H264);

    self->context = avcodec_alloc_context3(codec);
    self->packet = av_packet_alloc();
    self->frame = av_frame_alloc();
    self->context->thread_count = 1;
    self->context->flags |= AV_CODEC_FLAG_LOW_DELAY | AV_CODEC_FLAG_OUTPUT_CORRUPT;
    self->shown = -1;
    av_log_set_level(AV_LOG_QUIET);
    return codec && avcodec_open2(self->context, codec, NULL) == 0;
}

/* ---- a picture ---- */

static void decode(Decoder *self, uint8_t *unit, size_t len, int64_t number)
{
    if (!len)
        return;
    memset(unit + len, 0, AV_INPUT_BUFFER_PADDING_SIZE);
    self->packet->data = unit;
    self->packet->size = (int) len;
    self->packet->pts = number;
    if (avcodec_send_packet(self->context, self->packet))
        return;
    AVFrame *next = av_frame_alloc();
    while (avcodec_receive_frame(self->context, next) == 0) {
        av_frame_unref(self->frame);
        av_frame_move_ref(self->frame, next);
        self->shown = self->frame->pts;
    }
    av_frame_free(&next);
}

/* Luma without the rows' padding. */
static uint8_t *luma_of(const uint8_t *luma, int stride, int width, int height)
{
    uint8_t *out = calloc((size_t) width, (size_t) height);

    for (int y = 0; luma && y < height; y++)
        memcpy(out + (size_t) y * (size_t) width, luma + (size_t) y * (size_t) stride,
               (size_t) width);
    return out;
}

static uint32_t next_random(Bench *self)
{
    self->seed = self->seed * 1664525u + 1013904223u;
    return self->seed >> 8;
}

/* What arrives of a unit: a hole for each lost datagram, and nothing without the first one, which
 * has the PES header. */
static size_t lose(Bench *self, const uint8_t *unit, size_t len, uint8_t *out)
{
    size_t n = 0;
    bool headless = false;

    for (size_t pos = 0; pos < len; pos += DATAGRAM_BYTES) {
        const size_t part = len - pos < DATAGRAM_BYTES ? len - pos : DATAGRAM_BYTES;
        const bool lost = next_random(self) % 10000 < (uint32_t) (self->loss_percent * 100);
        self->datagrams++;
        self->lost += lost;
        headless = headless || (lost && pos == 0);
        if (lost)
            continue;
        memcpy(out + n, unit + pos, part);
        n += part;
    }
    return headless ? 0 : n;
}

static bool wants_idr(Bench *self, int number)
{
    const int spacing = self->fps * IDR_SPACING_MS / 1000;
    const bool due = self->answers && self->asked_at >= 0 &&
                     number >= self->asked_at + NOTICE_FRAMES && number - self->idr_at >= spacing;

    if (!due && number && !(self->keys && number % self->keys == 0))
        return false;
    self->idr_at = number;
    self->asked_at = -1;
    return true;
}

/* ---- figures ---- */

static void note_size(Bench *self, size_t bytes, bool key)
{
    const double took_ms = (double) bytes * 8 / self->kbps, interval_ms = 1000.0 / self->fps;

    self->level_ms = self->level_ms > interval_ms ? self->level_ms - interval_ms : 0;
    self->level_ms += took_ms;
    if (self->level_ms > self->peak_ms)
        self->peak_ms = self->level_ms;
    if (took_ms > self->largest_ms)
        self->largest_ms = took_ms;
    if (key)
        self->key_ms[self->n_keys++] = took_ms;
    self->bits += (double) bytes * 8;
}

static void note_picture(Bench *self, int number)
{
    const int w = self->width, h = self->height;
    const Decoder *left = self->loss_percent > 0 ? &self->left : &self->all;
    uint8_t *shown = luma_of(left->frame->data[0], left->frame->linesize[0], w, h);
    uint8_t *all = luma_of(self->all.frame->data[0], self->all.frame->linesize[0], w, h);
    uint8_t *source = luma_of(self->picture.img.plane[0], self->picture.img.i_stride[0], w, h);
    const bool whole = left->shown == number && !memcmp(shown, all, (size_t) (w * h));
    const double whole_db = quality_psnr(all, source, w, h);

    self->db[self->n++] = whole ? whole_db : quality_psnr(shown, source, w, h);
    self->whole_db += whole_db;
    self->n_whole += whole;
    self->broken = whole ? 0 : self->broken + 1;
    self->missing = left->shown == number ? 0 : self->missing + 1;
    if (self->broken > self->longest_broken)
        self->longest_broken = self->broken;
    if (self->missing > self->longest_missing)
        self->longest_missing = self->missing;
    free(shown);
    free(all);
    free(source);
}

static void run_frame(Bench *self, int number)
{
    SceneRect rects[SCENE_MAX_RECTS];
    x264_picture_t out;
    x264_nal_t *nal;
    int n_nal = 0;
    const int lost = self->lost;

    scene_draw(self->scene, (uint64_t) number, self->bgrx, rects);
    ARGBToI420(self->bgrx, self->width * 4, self->picture.img.plane[0],
               self->picture.img.i_stride[0], self->picture.img.plane[1],
               self->picture.img.i_stride[1], self->picture.img.plane[2],
               self->picture.img.i_stride[2], self->width, self->height);
    self->picture.i_pts = number;
    self->picture.i_type = wants_idr(self, number) ? X264_TYPE_IDR : X264_TYPE_AUTO;
    const int bytes = x264_encoder_encode(self->encoder, &nal, &n_nal, &self->picture, &out);
    if (bytes <= 0 || bytes >= UNIT_MAX)
        return;
    memcpy(self->unit, nal[0].p_payload, (size_t) bytes);
    decode(&self->all, self->unit, (size_t) bytes, number);
    const size_t left = lose(self, nal[0].p_payload, (size_t) bytes, self->unit);
    if (self->loss_percent > 0)
        decode(&self->left, self->unit, left, number);
    if (self->lost > lost && self->asked_at < 0)
        self->asked_at = number;
    if (number < SETTLE_FRAMES)
        return;
    note_size(self, (size_t) bytes, out.i_type == X264_TYPE_IDR);
    note_picture(self, number);
}

static int by_value(const void *a, const void *b)
{
    const double one = *(const double *) a, other = *(const double *) b;

    return one < other ? -1 : one > other;
}

static void tell(Bench *self)
{
    const int n = self->n ? self->n : 1;
    double sum = 0;

    for (int i = 0; i < self->n; i++)
        sum += self->db[i];
    qsort(self->db, (size_t) self->n, sizeof(double), by_value);
    qsort(self->key_ms, (size_t) self->n_keys, sizeof(double), by_value);
    printf(
        "kbps %.0f db %.2f db_p5 %.2f db_unharmed %.2f whole %.3f broken_ms %.0f missing_ms %.0f "
        "largest_ms %.0f keys %d key_p50_ms %.0f key_max_ms %.0f buffer_ms %.0f lost %d of %d\n",
        self->bits * self->fps / n / 1000, sum / n, self->db[self->n / 20], self->whole_db / n,
        (double) self->n_whole / n, self->longest_broken * 1000.0 / self->fps,
        self->longest_missing * 1000.0 / self->fps, self->largest_ms, self->n_keys,
        self->n_keys ? self->key_ms[self->n_keys / 2] : 0,
        self->n_keys ? self->key_ms[self->n_keys - 1] : 0, self->peak_ms, self->lost,
        self->datagrams);
}

int main(int argc, char **argv)
{
    static Bench self = {.asked_at = -1, .seed = 1};

    if (argc != 13) {
        fputs("usage: bench-recovery SCENE WIDTH HEIGHT FPS KBPS VBV_MS LOSS_PERCENT SECONDS "
              "idr|none WAVE KEYS OPTIONS\n",
              stderr);
        return 2;
    }
    self.kind = argv[1];
    self.width = atoi(argv[2]);
    self.height = atoi(argv[3]);
    self.fps = atoi(argv[4]);
    self.kbps = atoi(argv[5]);
    self.vbv_ms = atoi(argv[6]);
    self.loss_percent = atof(argv[7]);
    self.seconds = atoi(argv[8]);
    self.answers = !strcmp(argv[9], "idr");
    self.wave = atoi(argv[10]);
    self.keys = atoi(argv[11]);
    self.options = argv[12];
    const int frames = self.seconds * self.fps + SETTLE_FRAMES;
    self.scene = scene_new(self.kind, self.width, self.height);
    self.bgrx = calloc((size_t) self.width * (size_t) self.height, 4);
    self.unit = malloc(UNIT_MAX + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!self.scene || frames < 1 || frames > FRAMES_MAX || !open_encoder(&self) ||
        !open_decoder(&self.all) || !open_decoder(&self.left)) {
        fputs("bench-recovery: no such stream\n", stderr);
        return 1;
    }
    for (int number = 0; number < frames; number++)
        run_frame(&self, number);
    tell(&self);
    return 0;
}
