/* SPDX-License-Identifier: MIT */
/* A card that a fake NetworkManager lends: what is asked, in which order, and by whom it is given
 * back. */
#include "p2p/nm-loan.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "nm-play.h"
#include "p2p/link.h"
#include "p2p/plan.h"

static const char *self_path; /* this program */

static void expect_nothing(void)
{
    g_autofree char *asked = fake_nm_asked(0);

    g_assert_null(asked);
}

static void expect_taken(void)
{
    nm_play_asked("Managed false");
    nm_play_asked("CreateInterface");
}

static void expect_given_back(void)
{
    nm_play_asked("RemoveInterface");
    nm_play_asked("Managed true");
}

static void check_lent(const FakeNmPlan *plan, const char *interface, bool may_drop_station)
{
    g_autoptr(GError) error = NULL;
    McNmLoan *loan;

    fake_nm_set(plan);
    g_assert_true(mc_nm_loan_take(interface, may_drop_station, &loan, &error));
    g_assert_no_error(error);
    g_assert_nonnull(loan);
    g_assert_cmpstr(mc_nm_loan_interface(loan), ==, "wlp0s20f3");
    expect_taken();
    expect_nothing();
    mc_nm_loan_give_back(loan);
    expect_given_back();
    expect_nothing();
}

static void test_lent(void)
{
    FakeNmPlan plan = fake_nm_usual;

    check_lent(&plan, "", false);
    check_lent(&plan, "wlp0s20f3", false);
    plan.device_state = 100;
    check_lent(&plan, "wlp0s20f3", true);
}

static void check_none(const FakeNmPlan *plan)
{
    g_autoptr(GError) error = NULL;
    McNmLoan *loan;

    fake_nm_set(plan);
    g_assert_true(mc_nm_loan_take("", false, &loan, &error));
    g_assert_null(loan);
    expect_nothing();
}

static void test_none(void)
{
    FakeNmPlan plan = fake_nm_usual;

    plan.device_state = 10;
    check_none(&plan);
    fake_nm_be_there(false);
    check_none(&fake_nm_usual);
    fake_nm_be_there(true);
}

static void check_refused(const FakeNmPlan *plan, int code, const char *word)
{
    g_autoptr(GError) error = NULL;
    McNmLoan *loan;

    fake_nm_set(plan);
    g_assert_false(mc_nm_loan_take("", false, &loan, &error));
    g_assert_null(loan);
    g_assert_error(error, MC_LINK_ERROR, code);
    g_assert_nonnull(strstr(error->message, word));
}

static void test_refused(void)
{
    FakeNmPlan plan = fake_nm_usual;

    plan.device_state = 100; /* and its connection may not end */
    check_refused(&plan, MC_LINK_ERROR_PLAN + MC_PLAN_RADIO_BUSY, "--drop-wifi");
    expect_nothing();
    plan = fake_nm_usual;
    plan.lend = FAKE_NM_DENIES;
    check_refused(&plan, MC_LINK_ERROR_NO_PERMISSION, "root");
    plan.lend = FAKE_NM_REFUSES;
    check_refused(&plan, MC_LINK_ERROR_FAILED, "--p2p-backend nm");
}

/* --- death ------------------------------------------------------------------------------------ */

static _Noreturn void be_taker(void)
{
    McNmLoan *loan;

    if (mc_nm_loan_take("", false, &loan, NULL) && loan && write(STDOUT_FILENO, "t", 1) == 1)
        for (;;)
            pause();
    _exit(1);
}

static void test_killed(void)
{
    g_autoptr(GError) error = NULL;
    char c;

    fake_nm_set(&fake_nm_usual);
    g_autoptr(GSubprocess) child =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, self_path, "--take", NULL);
    g_assert_no_error(error);
    g_assert_cmpint(g_input_stream_read(g_subprocess_get_stdout_pipe(child), &c, 1, NULL, NULL), ==,
                    1);
    expect_taken();
    g_subprocess_send_signal(child, SIGKILL);
    g_subprocess_wait(child, NULL, NULL);
    expect_given_back();
}

int main(int argc, char **argv)
{
    self_path = argv[0];
    if (argc == 2 && strcmp(argv[1], "--take") == 0)
        be_taker();
    g_test_init(&argc, &argv, NULL);
    if (!nm_play_start(true))
        return 0;
    g_test_add_func("/nm-loan/lent", test_lent);
    g_test_add_func("/nm-loan/none", test_none);
    g_test_add_func("/nm-loan/refused", test_refused);
    g_test_add_func("/nm-loan/killed", test_killed);
    return nm_play_run();
}
