/* SPDX-License-Identifier: MIT */
#include "kmd-shim/capture/frame-pool.h"

/* A new frame with this number goes all the way to its reader. */
static McFrame *lend_new(McFramePool *pool, uint64_t number)
{
    McFrame *frame = mc_frame_pool_acquire(pool);

    g_assert_nonnull(frame);
    frame->number = number;
    mc_frame_pool_ready(pool, frame);
    return mc_frame_pool_lend(pool);
}

static void test_life(void)
{
    g_autoptr(McFramePool) pool = mc_frame_pool_new();
    bool pending = true;
    McFrame *frame = lend_new(pool, 1);
    uint64_t id = frame->desc.frame_id;

    g_assert_cmpuint(id, !=, 0);
    g_assert_cmpuint(frame->desc.version, ==, MC_FRAME_VERSION);
    g_assert_false(mc_frame_pool_release(pool, id + 1, &pending));
    g_assert_true(mc_frame_pool_release(pool, id, &pending));
    g_assert_false(pending);
    g_assert_false(mc_frame_pool_release(pool, id, &pending)); /* twice */
    frame = lend_new(pool, 2);
    g_assert_cmpuint(frame->desc.frame_id, >, id);
    mc_frame_pool_free(NULL);
}

static void test_newest_wins(void)
{
    g_autoptr(McFramePool) pool = mc_frame_pool_new();
    McFrame *first = lend_new(pool, 1), *second = lend_new(pool, 2);
    bool pending = false;

    g_assert_nonnull(second);
    for (uint64_t number = 3; number < 10; number++) {
        McFrame *frame = mc_frame_pool_acquire(pool);
        g_assert_nonnull(frame);
        g_assert_true(frame != first && frame != second);
        frame->number = number;
        if (number == 3)
            frame->desc.flags = MC_FRAME_FORCE_IDR;
        g_assert_cmpuint(mc_frame_pool_ready(pool, frame), ==, number == 3 ? 0 : number - 1);
        g_assert_null(mc_frame_pool_lend(pool));
    }
    g_assert_true(mc_frame_pool_release(pool, first->desc.frame_id, &pending));
    g_assert_true(pending);
    McFrame *third = mc_frame_pool_lend(pool);
    g_assert_cmpuint(third->number, ==, 9);
    g_assert_cmpuint(third->desc.flags, ==, MC_FRAME_FORCE_IDR); /* inherited from number 3 */
    g_assert_null(mc_frame_pool_lend(pool));
}

static void test_lost(void)
{
    g_autoptr(McFramePool) pool = mc_frame_pool_new();
    McFrame *first = lend_new(pool, 1), *second = lend_new(pool, 2);
    bool pending;

    mc_frame_pool_doubt(pool, first->desc.frame_id);
    mc_frame_pool_doubt(pool, second->desc.frame_id);
    McFrame *third = lend_new(pool, 3), *fourth = lend_new(pool, 4);
    g_assert_nonnull(fourth);
    g_assert_true(mc_frame_pool_acquire(pool) == second); /* none is free: the youngest lost one */
    mc_frame_pool_cancel(pool, second);
    mc_frame_pool_release(pool, third->desc.frame_id, &pending);
    g_assert_cmpint(first->state, ==, MC_FRAME_FREE); /* older than what has been read since */
    g_assert_cmpint(fourth->state, ==, MC_FRAME_LENT);
}

static void test_exhausted(void)
{
    g_autoptr(McFramePool) pool = mc_frame_pool_new();

    for (unsigned i = 0; i < MC_FRAME_POOL_SIZE; i++)
        g_assert_nonnull(mc_frame_pool_acquire(pool));
    g_assert_null(mc_frame_pool_acquire(pool));
    mc_frame_pool_take_back(pool);
    for (unsigned i = 0; i < MC_FRAME_POOL_SIZE; i++)
        g_assert_cmpint(mc_frame_pool_at(pool, i)->state, ==, MC_FRAME_FREE);
    g_assert_nonnull(mc_frame_pool_acquire(pool));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/frame-pool/life", test_life);
    g_test_add_func("/frame-pool/newest-wins", test_newest_wins);
    g_test_add_func("/frame-pool/lost", test_lost);
    g_test_add_func("/frame-pool/exhausted", test_exhausted);
    return g_test_run();
}
