/* SPDX-License-Identifier: MIT */
/* A picture of our own, "test": bars, a square that moves, the time code. */
#include "kmd-shim/capture/capture.h"

#include <string.h>

#include "kmd-shim/capture/timecode.h"

#define MOVE_PX_PER_S 240
#define FLASH_NS (100 * 1000000) /* by the clock that the frame's time comes from */

struct McCapture {
    uint32_t width_px, height_px;
    bool noise; /* test:noise: a third of the picture is new in every frame, and fills any rate */
    bool still; /* test:still: nothing moves */
    bool sync;  /* test:sync: a flash begins with each second, as the test sound's beep does */
    bool shown; /* the still picture was taken */
    uint32_t seed;
    uint32_t *track; /* one row of what lies below the moving square */
};

/* What a frame's own memory shows: only that has to be put right for the next picture. */
typedef struct {
    uint32_t square_px; /* left edge */
} Drawn;

static const uint32_t bars[] = {0xffffff, 0xffff00, 0x00ffff, 0x00ff00,
                                0xff00ff, 0xff0000, 0x0000ff, 0x000000};

static uint32_t square_px(const McCapture *self)
{
    return MAX(8, MIN(self->width_px, self->height_px) / 8);
}

static uint32_t square_top_px(const McCapture *self)
{
    return self->height_px - self->height_px / 6 - square_px(self) / 2;
}

static void test_close(McCapture *self)
{
    g_free(self->track);
    g_free(self);
}

static McCapture *test_open(const McCaptureConfig *config, GError **error)
{
    McCapture *self = g_new0(McCapture, 1);

    self->noise = !g_strcmp0(config->argument, "noise");
    self->still = !g_strcmp0(config->argument, "still");
    self->sync = !g_strcmp0(config->argument, "sync");
    if (config->argument && !self->noise && !self->still && !self->sync) {
        g_set_error(
            error, MC_CAPTURE_ERROR, MC_CAPTURE_ERROR_UNKNOWN_KIND,
            "there is no test picture \"%s\"; use test, test:noise, test:still or test:sync",
            config->argument);
        g_free(self);
        return NULL;
    }
    self->seed = 1;
    self->width_px = CLAMP(config->width_px, MC_CAPTURE_MIN_PX, MC_CAPTURE_MAX_PX);
    self->height_px = CLAMP(config->height_px, MC_CAPTURE_MIN_PX, MC_CAPTURE_MAX_PX);
    self->track = g_new(uint32_t, self->width_px);
    for (uint32_t x = 0; x < self->width_px; x++)
        self->track[x] = (uint32_t) ((uint64_t) x * 255 / self->width_px) * 0x010101u;
    return self;
}

static void test_size(const McCapture *self, uint32_t *ret_width_px, uint32_t *ret_height_px)
{
    *ret_width_px = self->width_px;
    *ret_height_px = self->height_px;
}

static bool test_poll(McCapture *self, McCaptureNews *news, GError **error)
{
    news->dirty = !self->still || !self->shown;
    return true;
}

/* ---- drawing ---- */

static uint32_t *row_of(const McFrame *frame, uint32_t y)
{
    return (uint32_t *) (void *) (frame->pixels + (size_t) y * frame->stride_bytes);
}

static void draw_static(const McCapture *self, McFrame *frame)
{
    uint32_t ramp_top_px = self->height_px * 2 / 3;
    uint32_t *first = row_of(frame, 0);

    for (uint32_t x = 0; x < self->width_px; x++)
        first[x] = bars[(uint64_t) x * G_N_ELEMENTS(bars) / self->width_px];
    for (uint32_t y = 1; y < self->height_px; y++)
        memcpy(row_of(frame, y), y < ramp_top_px ? first : self->track,
               (size_t) self->width_px * 4);
}

static void draw_square(const McCapture *self, McFrame *frame, uint32_t left_px, bool draw)
{
    uint32_t size_px = MIN(square_px(self), self->width_px - left_px);
    uint32_t top_px = square_top_px(self);

    for (uint32_t y = top_px; y < MIN(top_px + square_px(self), self->height_px); y++) {
        uint32_t *row = row_of(frame, y) + left_px;
        if (draw)
            for (uint32_t x = 0; x < size_px; x++)
                row[x] = ((x ^ y) & 8) ? 0xff8000 : 0x0040ff;
        else
            memcpy(row, self->track + left_px, (size_t) size_px * 4);
    }
}

static void draw_noise(McCapture *self, McFrame *frame)
{
    for (uint32_t y = self->height_px / 3; y < self->height_px * 2 / 3; y++) {
        uint32_t *row = row_of(frame, y);
        for (uint32_t x = 0; x < self->width_px; x++) {
            self->seed = self->seed * 1664525u + 1013904223u;
            row[x] = (self->seed >> 24) * 0x010101u;
        }
    }
}

static void draw_flash(const McCapture *self, McFrame *frame, int64_t now_ns)
{
    int shade = now_ns % 1000000000 < FLASH_NS ? 0xff : 0;

    for (uint32_t y = self->height_px / 3; y < self->height_px * 2 / 3; y++)
        memset(row_of(frame, y), shade, (size_t) self->width_px * 4);
}

static bool test_attach(McCapture *self, McFrame *frame, GError **error)
{
    mc_frame_alloc_memory(frame, self->width_px, self->height_px);
    frame->backing = g_new0(Drawn, 1);
    draw_static(self, frame);
    return true;
}

static void test_detach(McCapture *self, McFrame *frame)
{
    mc_frame_free_memory(frame);
    g_clear_pointer(&frame->backing, g_free);
}

static McGrab test_grab(McCapture *self, McFrame *frame, int64_t now_ns, GError **error)
{
    Drawn *drawn = frame->backing;
    uint32_t span_px = self->width_px - MIN(square_px(self), self->width_px - 1);

    self->shown = true;
    if (self->noise)
        draw_noise(self, frame);
    if (self->sync)
        draw_flash(self, frame, now_ns);
    draw_square(self, frame, drawn->square_px, false);
    drawn->square_px = (uint32_t) ((uint64_t) now_ns / (1000000000 / MOVE_PX_PER_S) % span_px);
    draw_square(self, frame, drawn->square_px, true);
    mc_timecode_draw(frame->pixels, frame->width_px, frame->height_px, frame->stride_bytes, now_ns);
    return MC_GRAB_OK;
}

const McCaptureOps mc_capture_test_pattern = {
    .kind = "test",
    .attaches_early = true,
    .open = test_open,
    .close = test_close,
    .size = test_size,
    .poll = test_poll,
    .attach = test_attach,
    .detach = test_detach,
    .grab = test_grab,
};
