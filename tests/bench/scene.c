/* SPDX-License-Identifier: MIT */
#include "tests/bench/scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GRAIN_VARIANTS 4
#define PAN_PX 96 /* the video's picture is larger than its window by this */
#define CELL_X 8
#define CELL_Y 14
#define PAPER 0x00f4f4f0u
#define INK 0x00202428u

typedef struct {
    int width, height;
    uint32_t *pixels;
} Image;

struct Scene {
    int width, height;
    bool first;
    Image ground; /* the desktop under the windows */
    Image page;   /* a window with text, moved about */
    Image scroll; /* text of three heights of its window */
    Image video[GRAIN_VARIANTS];
    SceneRect page_at, scroll_at, video_at, noise_at; /* width 0: not in this scene */
};

static uint32_t hash(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    return x ^ x >> 16;
}

static Image image_new(int width, int height)
{
    return (Image){width, height, calloc((size_t) width * (size_t) height, 4)};
}

static uint32_t *at(const Image *image, int x, int y)
{
    return image->pixels + (size_t) y * (size_t) image->width + x;
}

/* ---- textures ---- */

/* Letters of one-pixel strokes, words and lines of uneven length: as hard to encode as text is. */
static void draw_letter(Image *image, int x, int y, uint32_t letter, uint32_t ink)
{
    for (int i = 0; i < 9; i++) {
        if (letter >> 0 & 1)
            *at(image, x + 1, y + i) = ink;
        if (letter >> 1 & 1)
            *at(image, x + 5, y + i) = ink;
    }
    for (int i = 1; i <= 5; i++) {
        if (letter >> 2 & 1)
            *at(image, x + i, y) = ink;
        if (letter >> 3 & 1)
            *at(image, x + i, y + 4) = ink;
        if (letter >> 4 & 1)
            *at(image, x + i, y + 8) = ink;
    }
}

static void draw_text(Image *image, uint32_t paper, uint32_t ink, uint32_t seed)
{
    for (int i = 0; i < image->width * image->height; i++)
        image->pixels[i] = paper;
    for (int row = 0; (row + 1) * CELL_Y <= image->height; row++) {
        int columns = image->width / CELL_X - 1;
        int length =
            columns / 3 + (int) (hash(seed + (uint32_t) row) % (uint32_t) (columns * 2 / 3));
        for (int column = 1; column < length; column++) {
            uint32_t letter = hash(seed ^ (uint32_t) (row * 1000 + column));
            if (letter >> 8 & 7) /* else a space */
                draw_letter(image, column * CELL_X, row * CELL_Y + 2, letter | 1, ink);
        }
    }
}

static uint8_t level(double value, uint32_t grain)
{
    double noisy = 128 + 100 * value + ((double) (grain & 31) - 16);

    return (uint8_t) (noisy < 0 ? 0 : noisy > 255 ? 255 : noisy);
}

/* Soft shapes with film grain. */
static void draw_film(Image *image, uint32_t variant)
{
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            double a = sin(x * 0.021 + 2 * sin(y * 0.013)), b = sin(y * 0.033 + 3 * cos(x * 0.007));
            uint32_t grain = hash((uint32_t) (y * image->width + x) * 4 + variant);
            *at(image, x, y) = (uint32_t) level(a, grain) << 16 |
                               (uint32_t) level((a + b) / 2, grain >> 5) << 8 |
                               level(b, grain >> 10);
        }
}

/* ---- life ---- */

static void add_page(Scene *self)
{
    self->page_at = (SceneRect){0, 0, self->width / 3 & ~1, self->height / 3 & ~1};
    self->page = image_new(self->page_at.width, self->page_at.height);
    draw_text(&self->page, 0x00fffbe8, 0x00302010, 77);
}

static void add_scroll(Scene *self, int x, int width)
{
    int y = SCENE_STRIP_PX + 16, height = self->height - y - 16;

    self->scroll_at = (SceneRect){x, y, width, height};
    self->scroll = image_new(width, height * 3);
    draw_text(&self->scroll, 0x00101418, 0x00c0d0c0, 5);
}

static void add_video(Scene *self, SceneRect rect)
{
    self->video_at = rect;
    for (uint32_t i = 0; i < GRAIN_VARIANTS; i++) {
        self->video[i] = image_new(rect.width + PAN_PX, rect.height + PAN_PX);
        draw_film(&self->video[i], i);
    }
}

static bool add_windows(Scene *self, const char *kind)
{
    const int w = self->width, h = self->height;

    if (!strcmp(kind, "mixed")) {
        add_scroll(self, w / 16, w * 5 / 16);
        add_video(self, (SceneRect){w * 5 / 8, h / 2, w * 5 / 16, h * 5 / 16});
        add_page(self);
    } else if (!strcmp(kind, "desk")) {
        add_page(self);
    } else if (!strcmp(kind, "scroll")) {
        add_scroll(self, w / 16, w * 7 / 8);
    } else if (!strcmp(kind, "video")) {
        add_video(self, (SceneRect){0, SCENE_STRIP_PX, w, h - SCENE_STRIP_PX});
    } else if (!strcmp(kind, "noise")) {
        self->noise_at = (SceneRect){0, h / 3, w, h / 3};
    } else {
        return !strcmp(kind, "still");
    }
    return true;
}

Scene *scene_new(const char *kind, int width, int height)
{
    Scene *self = calloc(1, sizeof(*self));

    *self = (Scene){.width = width, .height = height, .first = true};
    if (width < 480 || height < 320 || !add_windows(self, kind)) {
        free(self);
        return NULL;
    }
    self->ground = image_new(width, height);
    draw_text(&self->ground, PAPER, INK, 1);
    memset(self->ground.pixels, 0, (size_t) width * SCENE_STRIP_PX * 4);
    return self;
}

void scene_free(Scene *self)
{
    if (!self)
        return;
    free(self->ground.pixels);
    free(self->page.pixels);
    free(self->scroll.pixels);
    for (int i = 0; i < GRAIN_VARIANTS; i++)
        free(self->video[i].pixels);
    free(self);
}

/* ---- drawing ---- */

static void copy(const Scene *self, const Image *from, int from_x, int from_y, SceneRect to,
                 uint8_t *bgrx)
{
    for (int y = 0; y < to.height; y++)
        memcpy(bgrx + ((size_t) (to.y + y) * (size_t) self->width + (size_t) to.x) * 4,
               at(from, from_x, from_y + y), (size_t) to.width * 4);
}

/* Back and forth between 0 and limit. */
static int swing(uint64_t tick, unsigned step, int limit)
{
    int x = (int) (tick * step % (uint64_t) (2 * limit));

    return x < limit ? x : 2 * limit - x;
}

static SceneRect page_rect(const Scene *self, uint64_t tick)
{
    SceneRect r = self->page_at;

    r.x = swing(tick, 5, self->width - r.width);
    r.y = SCENE_STRIP_PX + swing(tick, 2, self->height - r.height - SCENE_STRIP_PX);
    return r;
}

static void draw_noise(const Scene *self, uint64_t tick, uint8_t *bgrx)
{
    const SceneRect *to = &self->noise_at;

    for (int y = to->y; y < to->y + to->height; y++)
        for (int x = 0; x < to->width; x++) {
            const size_t pixel = (size_t) y * (size_t) self->width + (size_t) x;
            const uint32_t shade = hash((uint32_t) (pixel * 4099 + tick)) >> 24;
            memset(bgrx + pixel * 4, (int) shade, 4);
        }
}

static unsigned draw_whole(Scene *self, uint8_t *bgrx, SceneRect *ret_rect)
{
    *ret_rect = (SceneRect){0, 0, self->width, self->height};
    memcpy(bgrx, self->ground.pixels, (size_t) self->width * (size_t) self->height * 4);
    self->first = false;
    return 1;
}

unsigned scene_draw(Scene *self, uint64_t tick, uint8_t *bgrx, SceneRect ret_rects[SCENE_MAX_RECTS])
{
    unsigned n = self->first ? draw_whole(self, bgrx, &ret_rects[0]) : 0;

    if (self->page.pixels && !n) {
        copy(self, &self->ground, self->page_at.x, self->page_at.y, self->page_at, bgrx);
        ret_rects[n++] = self->page_at;
    }
    if (self->scroll.pixels) {
        int turn = self->scroll.height - self->scroll_at.height;
        copy(self, &self->scroll, 0, (int) (tick * 2 % (uint64_t) turn), self->scroll_at, bgrx);
        ret_rects[n++] = self->scroll_at;
    }
    if (self->video_at.width) {
        copy(self, &self->video[tick % GRAIN_VARIANTS], swing(tick, 2, PAN_PX),
             swing(tick, 1, PAN_PX), self->video_at, bgrx);
        ret_rects[n++] = self->video_at;
    }
    if (self->noise_at.width) {
        draw_noise(self, tick, bgrx);
        ret_rects[n++] = self->noise_at;
    }
    if (self->page.pixels) {
        self->page_at = page_rect(self, tick);
        copy(self, &self->page, 0, 0, self->page_at, bgrx);
        ret_rects[n++] = self->page_at;
    }
    return n;
}
