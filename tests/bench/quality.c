/* SPDX-License-Identifier: MIT */
#include "tests/bench/quality.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kmd-shim/capture/timecode.h"
#include "tests/bench/scene.h"

#define KEEP_MAX 64
#define BLOCK 8
#define STEP 4

typedef struct {
    uint8_t *luma;
    int width, height;
    bool bt601;
    int64_t code_ns;
} Kept;

struct Quality {
    const char *scene;
    int64_t period_ns;
    int every, count;
    Kept kept[KEEP_MAX];
    int n_kept;
};

Quality *quality_new(const char *scene, int fps, int every)
{
    Quality *self = calloc(1, sizeof(*self));

    self->scene = scene;
    self->period_ns = 1000000000 / (fps > 0 ? fps : 1);
    self->every = every > 0 ? every : 1;
    return self;
}

void quality_keep(Quality *self, const uint8_t *luma, int stride, int width, int height, bool bt601,
                  int64_t code_ns)
{
    if (self->count++ % self->every || self->n_kept == KEEP_MAX)
        return;
    Kept *kept = &self->kept[self->n_kept++];
    *kept = (Kept){malloc((size_t) width * (size_t) height), width, height, bt601, code_ns};
    for (int y = 0; y < height; y++)
        memcpy(kept->luma + (size_t) y * (size_t) width, luma + (size_t) y * (size_t) stride,
               (size_t) width);
}

/* ---- measures ---- */

/* Of one 8x8 block, Wang et al. 2004 with a flat window. */
static double block_ssim(const uint8_t *a, const uint8_t *b, int stride)
{
    const double c1 = 6.5025, c2 = 58.5225, n = BLOCK * BLOCK;
    unsigned sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;

    for (int y = 0; y < BLOCK; y++, a += stride, b += stride)
        for (int x = 0; x < BLOCK; x++) {
            sa += a[x];
            sb += b[x];
            saa += (unsigned) a[x] * a[x];
            sbb += (unsigned) b[x] * b[x];
            sab += (unsigned) a[x] * b[x];
        }
    double ma = sa / n, mb = sb / n;
    double va = saa / n - ma * ma, vb = sbb / n - mb * mb, cov = sab / n - ma * mb;
    return (2 * ma * mb + c1) * (2 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
}

double quality_ssim(const uint8_t *a, const uint8_t *b, int width, int height)
{
    double sum = 0;
    long n = 0;

    for (int y = 0; y + BLOCK <= height; y += STEP)
        for (int x = 0; x + BLOCK <= width; x += STEP, n++)
            sum += block_ssim(a + (long) y * width + x, b + (long) y * width + x, width);
    return n ? sum / (double) n : 0;
}

double quality_psnr(const uint8_t *a, const uint8_t *b, int width, int height)
{
    double sum = 0;
    long n = (long) width * height;

    for (long i = 0; i < n; i++)
        sum += (double) ((a[i] - b[i]) * (a[i] - b[i]));
    return sum > 0 ? 10 * log10(255.0 * 255.0 * (double) n / sum) : 100;
}

/* ---- originals ---- */

static uint8_t luma_of(const uint8_t *bgrx, bool bt601)
{
    int sum = bt601 ? 66 * bgrx[2] + 129 * bgrx[1] + 25 * bgrx[0]
                    : 47 * bgrx[2] + 157 * bgrx[1] + 16 * bgrx[0];

    return (uint8_t) ((sum + (16 << 8) + 128) >> 8);
}

static void judge(const Quality *self, const Kept *kept, FILE *out)
{
    Scene *scene = scene_new(self->scene, kept->width, kept->height);
    size_t pixels = (size_t) kept->width * (size_t) kept->height;
    uint8_t *bgrx = calloc(pixels, 4), *luma = malloc(pixels);
    SceneRect rects[SCENE_MAX_RECTS];

    if (scene) {
        scene_draw(scene, (uint64_t) (kept->code_ns / self->period_ns), bgrx, rects);
        mc_timecode_draw(bgrx, (uint32_t) kept->width, (uint32_t) kept->height,
                         (uint32_t) kept->width * 4, kept->code_ns);
        for (size_t i = 0; i < pixels; i++)
            luma[i] = luma_of(bgrx + i * 4, kept->bt601);
        fprintf(out, "quality %lld %.5f %.3f\n", (long long) kept->code_ns,
                quality_ssim(kept->luma, luma, kept->width, kept->height),
                quality_psnr(kept->luma, luma, kept->width, kept->height));
    }
    scene_free(scene);
    free(bgrx);
    free(luma);
}

void quality_judge(Quality *self, FILE *out)
{
    for (int i = 0; i < self->n_kept; i++) {
        judge(self, &self->kept[i], out);
        free(self->kept[i].luma);
    }
    free(self);
}
