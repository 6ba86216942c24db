/* SPDX-License-Identifier: MIT */
#include "encoder/convert-rows.h"

#include <stddef.h>

#define AVERAGE(a, b) (((a) + (b) + 1) >> 1)

static uint8_t luma(const uint8_t *bgrx)
{
    return (uint8_t) ((mc_rows_luma_256(bgrx[0], bgrx[1], bgrx[2]) + (16 << 8) + 128) >> 8);
}

/* Averages down first, then across, each rounded: what the SIMD instructions do. */
static void chroma(const uint8_t *row0, const uint8_t *row1, size_t next, uint8_t *u, uint8_t *v)
{
    int mean[3];

    for (int i = 0; i < 3; i++)
        mean[i] = AVERAGE(AVERAGE(row0[i], row1[i]), AVERAGE(row0[next + i], row1[next + i]));
    *u = (uint8_t) ((mc_rows_cb_256(mean[0], mean[1], mean[2]) + (128 << 8) + 128) >> 8);
    *v = (uint8_t) ((mc_rows_cr_256(mean[0], mean[1], mean[2]) + (128 << 8) + 128) >> 8);
}

static void rows_c(const uint8_t *bgrx0, const uint8_t *bgrx1, uint8_t *y0, uint8_t *y1, uint8_t *u,
                   uint8_t *v, unsigned width_px)
{
    for (size_t x = 0; x < width_px; x++) {
        y0[x] = luma(bgrx0 + 4 * x);
        y1[x] = luma(bgrx1 + 4 * x);
    }
    for (size_t x = 0; x < width_px; x += 2)
        chroma(bgrx0 + 4 * x, bgrx1 + 4 * x, x + 1 < width_px ? 4 : 0, u + x / 2, v + x / 2);
}

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>

/* Inlined, so that weights and orders stay in registers along a row: half the time. */
#define SSSE3 static inline __attribute__((target("ssse3"), always_inline))
#define AVX2 static inline __attribute__((target("avx2"), always_inline))

/* Luma: unsigned weights times (pixel - 128); 28160 = 128 * the weights' sum is added back. */
#define LUMA_WEIGHTS 0x002f9d10 /* 16 157 47 0 */
#define LUMA_BIAS (28160 + 4096 + 128)
/* Chroma: signed weights times pixels. */
#define CB_WEIGHTS 0x00e6aa70 /* 112 -86 -26 0 */
#define CR_WEIGHTS 0x00709af6 /* -10 -102 112 0 */
#define CHROMA_BIAS ((short) 0x8080)

/* 16 pixels. */
SSSE3 __m128i luma_ssse3(const __m128i *in)
{
    const __m128i weights = _mm_set1_epi32(LUMA_WEIGHTS), sign = _mm_set1_epi8((char) 0x80);
    const __m128i bias = _mm_set1_epi16(LUMA_BIAS);
    __m128i a = _mm_maddubs_epi16(weights, _mm_xor_si128(_mm_loadu_si128(in), sign));
    __m128i b = _mm_maddubs_epi16(weights, _mm_xor_si128(_mm_loadu_si128(in + 1), sign));
    __m128i c = _mm_maddubs_epi16(weights, _mm_xor_si128(_mm_loadu_si128(in + 2), sign));
    __m128i d = _mm_maddubs_epi16(weights, _mm_xor_si128(_mm_loadu_si128(in + 3), sign));

    a = _mm_srli_epi16(_mm_add_epi16(_mm_hadd_epi16(a, b), bias), 8);
    c = _mm_srli_epi16(_mm_add_epi16(_mm_hadd_epi16(c, d), bias), 8);
    return _mm_packus_epi16(a, c);
}

SSSE3 __m128i pair_ssse3(const __m128i *in0, const __m128i *in1)
{
    __m128 a = _mm_castsi128_ps(_mm_avg_epu8(_mm_loadu_si128(in0), _mm_loadu_si128(in1)));
    __m128 b = _mm_castsi128_ps(_mm_avg_epu8(_mm_loadu_si128(in0 + 1), _mm_loadu_si128(in1 + 1)));

    return _mm_avg_epu8(_mm_castps_si128(_mm_shuffle_ps(a, b, 0x88)),
                        _mm_castps_si128(_mm_shuffle_ps(a, b, 0xdd)));
}

SSSE3 __m128i weigh_ssse3(__m128i a, __m128i b, int weights)
{
    const __m128i w = _mm_set1_epi32(weights);
    __m128i sum = _mm_hadd_epi16(_mm_maddubs_epi16(a, w), _mm_maddubs_epi16(b, w));

    return _mm_srli_epi16(_mm_add_epi16(sum, _mm_set1_epi16(CHROMA_BIAS)), 8);
}

__attribute__((target("ssse3"))) static void rows_ssse3(const uint8_t *bgrx0, const uint8_t *bgrx1,
                                                        uint8_t *y0, uint8_t *y1, uint8_t *u,
                                                        uint8_t *v, unsigned width_px)
{
    size_t x = 0;

    for (; x + 16 <= width_px; x += 16) {
        const __m128i *in0 = (const void *) (bgrx0 + 4 * x), *in1 = (const void *) (bgrx1 + 4 * x);
        _mm_storeu_si128((void *) (y0 + x), luma_ssse3(in0));
        _mm_storeu_si128((void *) (y1 + x), luma_ssse3(in1));
        __m128i a = pair_ssse3(in0, in1), b = pair_ssse3(in0 + 2, in1 + 2);
        __m128i uv = _mm_packus_epi16(weigh_ssse3(a, b, CB_WEIGHTS), weigh_ssse3(a, b, CR_WEIGHTS));
        _mm_storel_epi64((void *) (u + x / 2), uv);
        _mm_storel_epi64((void *) (v + x / 2), _mm_srli_si128(uv, 8));
    }
    rows_c(bgrx0 + 4 * x, bgrx1 + 4 * x, y0 + x, y1 + x, u + x / 2, v + x / 2,
           width_px - (unsigned) x);
}

/* 32 pixels; the permutation undoes the packing's order of lanes. */
AVX2 __m256i luma_avx2(const __m256i *in)
{
    const __m256i weights = _mm256_set1_epi32(LUMA_WEIGHTS), sign = _mm256_set1_epi8((char) 0x80);
    const __m256i bias = _mm256_set1_epi16(LUMA_BIAS);
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i a = _mm256_maddubs_epi16(weights, _mm256_xor_si256(_mm256_loadu_si256(in), sign));
    __m256i b = _mm256_maddubs_epi16(weights, _mm256_xor_si256(_mm256_loadu_si256(in + 1), sign));
    __m256i c = _mm256_maddubs_epi16(weights, _mm256_xor_si256(_mm256_loadu_si256(in + 2), sign));
    __m256i d = _mm256_maddubs_epi16(weights, _mm256_xor_si256(_mm256_loadu_si256(in + 3), sign));

    a = _mm256_srli_epi16(_mm256_add_epi16(_mm256_hadd_epi16(a, b), bias), 8);
    c = _mm256_srli_epi16(_mm256_add_epi16(_mm256_hadd_epi16(c, d), bias), 8);
    return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(a, c), order);
}

AVX2 __m256i pair_avx2(const __m256i *in0, const __m256i *in1)
{
    __m256 a =
        _mm256_castsi256_ps(_mm256_avg_epu8(_mm256_loadu_si256(in0), _mm256_loadu_si256(in1)));
    __m256 b = _mm256_castsi256_ps(
        _mm256_avg_epu8(_mm256_loadu_si256(in0 + 1), _mm256_loadu_si256(in1 + 1)));

    return _mm256_avg_epu8(_mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88)),
                           _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xdd)));
}

AVX2 __m256i weigh_avx2(__m256i a, __m256i b, int weights)
{
    const __m256i w = _mm256_set1_epi32(weights);
    __m256i sum = _mm256_hadd_epi16(_mm256_maddubs_epi16(a, w), _mm256_maddubs_epi16(b, w));

    return _mm256_srli_epi16(_mm256_add_epi16(sum, _mm256_set1_epi16(CHROMA_BIAS)), 8);
}

/* 32 pixels to 16 of each chroma: the low lane of the result is u, the high one v. */
AVX2 __m256i chroma_avx2(const __m256i *in0, const __m256i *in1)
{
    const __m256i order = _mm256_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, 0,
                                           1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    __m256i a = pair_avx2(in0, in1), b = pair_avx2(in0 + 2, in1 + 2);
    __m256i uv = _mm256_packus_epi16(weigh_avx2(a, b, CB_WEIGHTS), weigh_avx2(a, b, CR_WEIGHTS));

    return _mm256_shuffle_epi8(_mm256_permute4x64_epi64(uv, 0xd8), order);
}

__attribute__((target("avx2"))) static void rows_avx2(const uint8_t *bgrx0, const uint8_t *bgrx1,
                                                      uint8_t *y0, uint8_t *y1, uint8_t *u,
                                                      uint8_t *v, unsigned width_px)
{
    size_t x = 0;

    for (; x + 32 <= width_px; x += 32) {
        const __m256i *in0 = (const void *) (bgrx0 + 4 * x), *in1 = (const void *) (bgrx1 + 4 * x);
        _mm256_storeu_si256((void *) (y0 + x), luma_avx2(in0));
        _mm256_storeu_si256((void *) (y1 + x), luma_avx2(in1));
        __m256i uv = chroma_avx2(in0, in1);
        _mm_storeu_si128((void *) (u + x / 2), _mm256_castsi256_si128(uv));
        _mm_storeu_si128((void *) (v + x / 2), _mm256_extracti128_si256(uv, 1));
    }
    rows_c(bgrx0 + 4 * x, bgrx1 + 4 * x, y0 + x, y1 + x, u + x / 2, v + x / 2,
           width_px - (unsigned) x);
}

McRowsFunc mc_rows_best(void)
{
    if (__builtin_cpu_supports("avx2"))
        return rows_avx2;
    return __builtin_cpu_supports("ssse3") ? rows_ssse3 : rows_c;
}
#else
McRowsFunc mc_rows_best(void)
{
    return rows_c;
}
#endif

McRowsFunc mc_rows_plain(void)
{
    return rows_c;
}
