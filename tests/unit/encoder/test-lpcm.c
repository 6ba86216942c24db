/* SPDX-License-Identifier: MIT */
#include "encoder/lpcm.h"

#include <string.h>

static void test_frame(void)
{
    int16_t samples[960] = {0x0102, -2, 0x7fff, -0x8000};
    uint8_t frame[MC_LPCM_FRAME_BYTES];
    static const uint8_t wish[] = {0xa0, 0x06, 0x00, 0x11, 0x01, 0x02, 0xff,
                                   0xfe, 0x7f, 0xff, 0x80, 0x00, 0x00, 0x00};

    samples[959] = 0x1234;
    mc_lpcm_frame(samples, frame);
    g_assert_cmpuint(sizeof frame, ==, 1924);
    g_assert_cmpmem(frame, sizeof wish, wish, sizeof wish);
    g_assert_cmphex(frame[1922], ==, 0x12);
    g_assert_cmphex(frame[1923], ==, 0x34);
}

typedef struct {
    unsigned frames;
    int next; /* value of the next left sample */
} Check;

static void check_frame(const uint8_t *frame, uint64_t first_pair, void *user_data)
{
    Check *check = user_data;

    g_assert_cmpuint(first_pair, ==, check->frames * 480);
    for (int i = 0; i < 480; i++) {
        const uint8_t *pair = frame + 4 + 4 * i;

        g_assert_cmpint((int16_t) (pair[0] << 8 | pair[1]), ==, (int16_t) check->next);
        g_assert_cmpint((int16_t) (pair[2] << 8 | pair[3]), ==, (int16_t) -check->next);
        check->next++;
    }
    check->frames++;
}

/* Pieces of any size give the same frames. */
static void test_pieces(void)
{
    static const size_t sizes[] = {1, 7, 441, 480, 481, 1024, 5000};
    enum { TOTAL = 10000 };
    g_autofree int16_t *samples = g_new(int16_t, TOTAL * 2);

    for (int i = 0; i < TOTAL; i++) {
        samples[2 * i] = (int16_t) i;
        samples[2 * i + 1] = (int16_t) -i;
    }
    for (size_t s = 0; s < G_N_ELEMENTS(sizes); s++) {
        g_autoptr(McLpcm) lpcm = mc_lpcm_new();
        Check check = {0};

        for (size_t at = 0; at < TOTAL; at += sizes[s])
            mc_lpcm_push(lpcm, samples + 2 * at, MIN(sizes[s], TOTAL - at), check_frame, &check);
        g_assert_cmpuint(check.frames, ==, TOTAL / 480);
        mc_lpcm_reset(lpcm);
        check = (Check){0};
        mc_lpcm_push(lpcm, samples, 960, check_frame, &check);
        g_assert_cmpuint(check.frames, ==, 2);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lpcm/frame", test_frame);
    g_test_add_func("/lpcm/pieces", test_pieces);
    return g_test_run();
}
