/* SPDX-License-Identifier: MIT */
#include "encoder/sound-lead.h"

#include <glib.h>

#define MS(n) ((int64_t) (n) *1000000)

static int64_t after(McSoundLead *self, unsigned frames, int64_t lead_ns)
{
    int64_t shift_ns = 0;

    for (unsigned i = 0; i < frames; i++)
        shift_ns = mc_sound_lead_next(self, lead_ns);
    return shift_ns;
}

static void test_in_time(void)
{
    McSoundLead s = {0};

    g_assert_cmpint(after(&s, 1000, MS(30)), ==, 0);
}

/* A few that a busy machine sends late say nothing about the others. */
static void test_stall(void)
{
    McSoundLead s = {0};

    for (unsigned i = 0; i < 1000; i++)
        g_assert_cmpint(mc_sound_lead_next(&s, MS(i % 20 ? -40 : 30)), ==, 0);
}

/* Always late: in time soon, by steps that nobody hears, and no later than that. */
static void test_late(void)
{
    McSoundLead s = {0};
    int64_t last_ns = 0;

    for (unsigned i = 0; i < 200; i++) {
        const int64_t shift_ns = mc_sound_lead_next(&s, MS(5));
        g_assert_cmpint(shift_ns - last_ns, >=, 0);
        g_assert_cmpint(shift_ns - last_ns, <=, MS(1) / 4);
        last_ns = shift_ns;
    }
    g_assert_cmpint(last_ns, ==, MS(20));
    g_assert_cmpint(after(&s, 100, MS(30)), ==, MS(20)); /* and stays where it is */
    g_assert_cmpint(after(&s, 200, -MS(1000)), ==, MS(60));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sound-lead/in-time", test_in_time);
    g_test_add_func("/sound-lead/stall", test_stall);
    g_test_add_func("/sound-lead/late", test_late);
    return g_test_run();
}
