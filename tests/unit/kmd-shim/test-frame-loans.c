/* SPDX-License-Identifier: MIT */
/* Frames lent to two readers: how many, which one waits, when the capture has one back. */
#include "kmd-shim/capture/frame-loans.h"

typedef struct {
    McLentFrames frames;
    McFrameLoans a, b;
    GString *said; /* "-3": frame 3 is nobody's any more; "?3": it is doubtful */
} Bed;

static void on_free(uint64_t frame_id, void *user_data)
{
    g_string_append_printf(((Bed *) user_data)->said, "-%u", (unsigned) frame_id);
}

static void on_doubt(uint64_t frame_id, void *user_data)
{
    g_string_append_printf(((Bed *) user_data)->said, "?%u", (unsigned) frame_id);
}

static void set_up(Bed *bed, gconstpointer data)
{
    bed->said = g_string_new(NULL);
    bed->frames = (McLentFrames){.on_free = on_free, .on_doubt = on_doubt, .user_data = bed};
    bed->a.frames = bed->b.frames = &bed->frames;
}

static void tear_down(Bed *bed, gconstpointer data)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bed->frames.held); i++)
        g_assert_cmpuint(bed->frames.held[i].frame_id, ==, 0); /* nothing stays behind */
    g_string_free(bed->said, TRUE);
}

static void assert_said(Bed *bed, const char *wish)
{
    g_assert_cmpstr(bed->said->str, ==, wish);
    g_string_truncate(bed->said, 0);
}

/* Number of the one that it replaced. */
static uint64_t offer(McFrameLoans *loans, uint64_t frame_id, bool lent)
{
    const McFrameLoan loan = {.desc = {.frame_id = frame_id}, .number = 100 + frame_id};
    McFrameLoan replaced;

    g_assert_true(mc_frame_loans_offer(loans, &loan, &replaced) == lent);
    return replaced.number;
}

static void test_newest_waits(Bed *bed, gconstpointer data)
{
    McFrameLoan loan;

    g_assert_cmpuint(offer(&bed->a, 1, true), ==, 0);
    g_assert_cmpuint(offer(&bed->a, 2, true), ==, 0);
    g_assert_cmpuint(offer(&bed->a, 3, false), ==, 0);
    g_assert_cmpuint(offer(&bed->a, 4, false), ==, 103);
    assert_said(bed, "-3");
    g_assert_false(mc_frame_loans_lend_waiting(&bed->a, &loan)); /* two are lent */
    g_assert_false(mc_frame_loans_release(&bed->a, 4));          /* it only waits */
    g_assert_true(mc_frame_loans_release(&bed->a, 2));
    assert_said(bed, "-2");
    g_assert_true(mc_frame_loans_lend_waiting(&bed->a, &loan));
    g_assert_cmpuint(loan.number, ==, 104);
    g_assert_false(mc_frame_loans_is_waiting(&bed->a));
    offer(&bed->a, 5, false);
    g_assert_cmpuint(mc_frame_loans_end_all(&bed->a), ==, 105);
    g_assert_cmpuint(mc_frame_loans_end_all(&bed->a), ==, 0);
}

static void test_last_reader(Bed *bed, gconstpointer data)
{
    mc_lent_frames_hold(&bed->frames, 1);
    offer(&bed->a, 1, true);
    offer(&bed->b, 1, true);
    mc_lent_frames_give_up(&bed->frames, 1);
    g_assert_true(mc_frame_loans_release(&bed->a, 1));
    g_assert_false(mc_frame_loans_release(&bed->a, 1));
    assert_said(bed, "");
    g_assert_true(mc_frame_loans_release(&bed->b, 1));
    assert_said(bed, "-1");
    mc_lent_frames_hold(&bed->frames, 2); /* nobody wants it */
    mc_lent_frames_give_up(&bed->frames, 2);
    assert_said(bed, "-2");
}

/* Doubtful ones do not count, are remembered for a while and end with a younger one. */
static void test_doubt(Bed *bed, gconstpointer data)
{
    for (uint64_t id = 1; id <= 6; id++) {
        offer(&bed->a, id, true);
        mc_frame_loans_doubt_all(&bed->a);
    }
    assert_said(bed, "?1?2?1?3?2?1?4?3?2?1?5?4?3?2?1?6?5?4?3?2?1");
    offer(&bed->a, 7, true); /* in the place of the oldest */
    assert_said(bed, "-1");
    offer(&bed->a, 8, true);
    offer(&bed->a, 9, false);
    assert_said(bed, "-2");
    g_assert_true(mc_frame_loans_release(&bed->a, 5)); /* it was not lost after all */
    g_assert_cmpint(bed->said->len, ==, 6);            /* 5, and before it 3 and 4 */
    g_assert_nonnull(strstr(bed->said->str, "-3"));
    g_assert_nonnull(strstr(bed->said->str, "-4"));
    g_string_truncate(bed->said, 0);
    g_assert_true(mc_frame_loans_release(&bed->a, 7));
    assert_said(bed, "-7-6");
    mc_frame_loans_end_all(&bed->a);
    assert_said(bed, "-8-9");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, test) g_test_add(path, Bed, NULL, set_up, test, tear_down)
    ADD("/frame-loans/newest-waits", test_newest_waits);
    ADD("/frame-loans/last-reader", test_last_reader);
    ADD("/frame-loans/doubt", test_doubt);
    return g_test_run();
}
