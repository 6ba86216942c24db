/* SPDX-License-Identifier: MIT */
#include "encoder/schedule.h"

#define MS(n) ((int64_t) (n) *1000)

/* At 20 frames a second: an interval is 50 ms. */
static McSchedule fresh(void)
{
    McSchedule s = {0};

    mc_schedule_restart(&s, 20);
    return s;
}

static bool frame(McSchedule *s, int64_t now_us)
{
    bool due = mc_schedule_frame(s, now_us);

    if (due)
        mc_schedule_encoded(s, now_us, mc_schedule_idr_is_due(s, now_us), 0);
    return due;
}

static void test_nothing_captured(void)
{
    McSchedule s = fresh();

    s.idr_wanted = s.cursor_waits = true;
    g_assert_cmpint(mc_schedule_next_us(&s), ==, MC_SCHEDULE_NEVER);
    g_assert_false(mc_schedule_repeat_is_due(&s, MS(10000)));
}

static void test_first_is_idr(void)
{
    McSchedule s = fresh();

    g_assert_true(mc_schedule_idr_is_due(&s, MS(1000)));
    g_assert_true(frame(&s, MS(1000)));
    g_assert_false(mc_schedule_idr_is_due(&s, MS(1050)));
    mc_schedule_restart(&s, 20); /* a new encoder, within the spacing */
    g_assert_true(mc_schedule_idr_is_due(&s, MS(1060)));
    g_assert_cmpint(mc_schedule_next_us(&s), ==, MS(1075)); /* and nothing is captured */
    g_assert_true(frame(&s, MS(1070)));
}

static void test_rate_limit(void)
{
    McSchedule s = fresh();
    unsigned encoded = 0;

    for (int i = 0; i < 600; i++) /* 10 s of 60 a second */
        encoded += frame(&s, MS(1000) + i * G_USEC_PER_SEC / 60);
    g_assert_cmpuint(encoded, >=, 195);
    g_assert_cmpuint(encoded, <=, 206);
}

/* More pictures from here on: none of the frames waits for a slot of the lower rate. */
static void test_faster(void)
{
    McSchedule s = fresh();

    mc_schedule_set_fps(&s, 10);
    for (int i = 0; i < 40; i++)
        frame(&s, MS(1000 + i * 50));
    mc_schedule_set_fps(&s, 20);
    for (int i = 40; i < 60; i++)
        g_assert_true(frame(&s, MS(1000 + i * 50)));
}

/* One frame comes late: it must not hold up those that follow in their rate, now or ever. */
static void test_late_frame(void)
{
    for (int late_ms = 0; late_ms < 50; late_ms += 7) {
        McSchedule s = fresh();
        for (int i = 0; i < 100; i++) {
            int64_t at_us = MS(1000 + i * 50 + (i == 1 ? late_ms : 0));
            g_assert_true(frame(&s, at_us));
        }
    }
}

/* A frame a quarter early or any time late goes at once, at the full rate. */
static void test_jitter(void)
{
    McSchedule s = fresh();

    for (int i = 0; i < 500; i++)
        g_assert_true(frame(&s, MS(1000 + i * 50 + g_test_rand_int_range(-6, 7))));
}

static void test_early_frame_is_kept(void)
{
    McSchedule s = fresh();

    g_assert_true(frame(&s, MS(1000)));
    g_assert_cmpint(mc_schedule_next_us(&s), ==, MC_SCHEDULE_NEVER);
    g_assert_true(frame(&s, MS(1010))); /* three may be close to each other, four not */
    g_assert_true(frame(&s, MS(1020)));
    g_assert_false(frame(&s, MS(1030)));
    int64_t next_us = mc_schedule_next_us(&s); /* then, though nothing else happens */
    g_assert_cmpint(next_us, >, MS(1030));
    g_assert_cmpint(next_us, <=, MS(1100));
    g_assert_true(mc_schedule_repeat_is_due(&s, next_us));
    mc_schedule_encoded(&s, next_us, false, 0);
    g_assert_cmpint(mc_schedule_next_us(&s), ==, MC_SCHEDULE_NEVER);
}

static void test_idr_while_moving(void)
{
    McSchedule s = fresh();

    frame(&s, MS(1000));
    for (int ms = 1050; ms < 1500; ms += 50)
        frame(&s, MS(ms));
    s.idr_wanted = true; /* at 1460: the next frame, or the last one again when none comes */
    g_assert_cmpint(mc_schedule_next_us(&s), ==, MS(1525));
    g_assert_true(frame(&s, MS(1500)));
    g_assert_cmpint(s.idr_us, ==, MS(1500));
    g_assert_cmpint(mc_schedule_next_us(&s), ==, MC_SCHEDULE_NEVER);
}

/* A key frame is not held up by what is under way, however fast the frames come. */
static void test_idr_in_a_burst(void)
{
    McSchedule s = fresh();

    mc_schedule_frame(&s, MS(1000));
    mc_schedule_encoded(&s, MS(1000), true, MS(1000));
    s.idr_wanted = true;
    g_assert_false(frame(&s, MS(1290)));
    g_assert_true(frame(&s, MS(1301)));
    g_assert_cmpint(s.idr_us, ==, MS(1301));
}

/* The frame that comes is shown, not what was kept; without one, that is. */
static void test_after_a_pause(void)
{
    McSchedule s = fresh();

    frame(&s, MS(1000));
    s.idr_wanted = true;
    mc_schedule_expect_frame(&s, MS(5000));
    g_assert_false(mc_schedule_repeat_is_due(&s, MS(5040)));
    g_assert_cmpint(mc_schedule_next_us(&s), ==, MS(5075));
    g_assert_true(frame(&s, MS(5003)));
    g_assert_cmpint(s.idr_us, ==, MS(5003));
    g_assert_cmpint(mc_schedule_next_us(&s), ==, MC_SCHEDULE_NEVER);
}

static void test_idr_while_still(void)
{
    McSchedule s = fresh();

    frame(&s, MS(1000));
    s.idr_wanted = true; /* at 2000: at once */
    g_assert_cmpint(mc_schedule_next_us(&s), <, MS(2000));
    mc_schedule_encoded(&s, MS(2000), true, 0);
    s.idr_wanted = true; /* at 2010: at the end of the spacing, not lost */
    g_assert_false(mc_schedule_idr_is_due(&s, MS(2010)));
    g_assert_cmpint(mc_schedule_next_us(&s), ==, MS(2300));
    mc_schedule_encoded(&s, MS(2100), false, 0); /* a repetition between does not serve it */
    g_assert_cmpint(mc_schedule_next_us(&s), ==, MS(2300));
    g_assert_true(mc_schedule_idr_is_due(&s, MS(2300)));
    g_assert_true(frame(&s, MS(2301))); /* and movement is not held up by it */
}

static void test_cursor(void)
{
    McSchedule s = fresh();

    frame(&s, MS(1000));
    s.cursor_waits = true; /* moving: the next frame takes it along, or it goes alone */
    g_assert_cmpint(mc_schedule_next_us(&s), ==, MS(1075));
    mc_schedule_encoded(&s, MS(1075), false, 0);
    s.cursor_waits = true; /* still, and the cursor moves on: in the rate of the mode */
    g_assert_cmpint(mc_schedule_next_us(&s), >=, MS(1075));
    g_assert_cmpint(mc_schedule_next_us(&s), <=, MS(1125));
}

static void test_repeat(void)
{
    McSchedule s = fresh();

    frame(&s, MS(1000));
    g_assert_false(mc_schedule_repeat_is_due(&s, MS(1040)));
    g_assert_false(mc_schedule_repeat_is_due(&s, MS(1080)));
    g_assert_true(mc_schedule_repeat_is_due(&s, MS(1100)));
}

/* Pictures of three intervals each: a third of them goes, in the long run; a single large one holds
 * nothing up, and what waits is shown as soon as there is room. */
static void test_large_pictures(void)
{
    McSchedule s = fresh();
    unsigned encoded = 0;

    g_assert_true(mc_schedule_frame(&s, MS(1000)));
    mc_schedule_encoded(&s, MS(1000), true, MS(400));
    g_assert_true(mc_schedule_frame(&s, MS(1050)));
    mc_schedule_encoded(&s, MS(1050), false, MS(50));
    s.tight = true;
    g_assert_false(mc_schedule_frame(&s, MS(1100)));
    g_assert_cmpint(mc_schedule_next_us(&s), ==, MS(1250));
    s = fresh();
    for (int i = 0; i < 600; i++) {
        const int64_t at_us = MS(2000 + i * 50);
        const bool due = mc_schedule_frame(&s, at_us) || mc_schedule_next_us(&s) <= at_us;
        encoded += due;
        if (due)
            mc_schedule_encoded(&s, at_us, i == 0, MS(150));
    }
    g_assert_cmpuint(encoded, >=, 195);
    g_assert_cmpuint(encoded, <=, 210);
    s.idr_wanted = true; /* and a key frame does not wait for room */
    g_assert_cmpint(mc_schedule_next_us(&s), <=, MS(2000 + 599 * 50 + 75));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/schedule/nothing-captured", test_nothing_captured);
    g_test_add_func("/schedule/first-is-idr", test_first_is_idr);
    g_test_add_func("/schedule/rate-limit", test_rate_limit);
    g_test_add_func("/schedule/faster", test_faster);
    g_test_add_func("/schedule/jitter", test_jitter);
    g_test_add_func("/schedule/late-frame", test_late_frame);
    g_test_add_func("/schedule/early-frame-is-kept", test_early_frame_is_kept);
    g_test_add_func("/schedule/large-pictures", test_large_pictures);
    g_test_add_func("/schedule/idr-while-moving", test_idr_while_moving);
    g_test_add_func("/schedule/idr-in-a-burst", test_idr_in_a_burst);
    g_test_add_func("/schedule/after-a-pause", test_after_a_pause);
    g_test_add_func("/schedule/idr-while-still", test_idr_while_still);
    g_test_add_func("/schedule/cursor", test_cursor);
    g_test_add_func("/schedule/repeat", test_repeat);
    return g_test_run();
}
