/* SPDX-License-Identifier: MIT */
/* tests/bench/quality.h - decoded luma beside the scene that it shows: SSIM and PSNR.
 * Threads: none.  Owner: tests/bench/receiver.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct Quality Quality;
/* Keeps each everyth picture, up to a bound of memory. */
Quality *quality_new(const char *scene, int fps, int every);
/* bt601: of the picture's matrix, else BT.709; limited range either way. */
void quality_keep(Quality *self, const uint8_t *luma, int stride, int width, int height, bool bt601,
                  int64_t code_ns);
/* Draws the originals, writes "quality CODE_NS SSIM PSNR" lines; frees. */
void quality_judge(Quality *self, FILE *out);

double quality_ssim(const uint8_t *a, const uint8_t *b, int width, int height);
double quality_psnr(const uint8_t *a, const uint8_t *b, int width, int height);
