/* SPDX-License-Identifier: MIT */
/* NetworkManager as a back end under the whole machine: what a person is told. */
#include <gio/gio.h>
#include <string.h>

#include "nm-play.h"
#include "p2p/engine.h"

static void on_progress(const McProgress *progress, const McController *now, void *user_data)
{
    if (progress->kind == MC_PROGRESS_FAILED || progress->kind == MC_PROGRESS_LOST ||
        progress->kind == MC_PROGRESS_READY || progress->kind == MC_PROGRESS_LEFT)
        g_async_queue_push(user_data, g_strdup(*progress->code ? progress->code : progress->text));
}

static McEngine *engine_new(GAsyncQueue *words)
{
    McSupplicantConfig supplicant = {.backend = "nm"};
    McControllerConfig controller = mc_engine_source_config(7236);
    McEngineCalls calls = {.on_progress = on_progress, .user_data = words};
    g_autofree char *why = NULL;
    g_autoptr(GError) error = NULL;
    McEngine *engine = mc_engine_new(&supplicant, &controller, &calls, &why, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(why, ==, "by NetworkManager, device p2p-dev-wlp0s20f3: as you wished");
    return engine;
}

static void expect_word(GAsyncQueue *words, const char *word)
{
    g_autofree char *got =
        g_async_queue_timeout_pop(words, NM_PLAY_PATIENCE_S * (guint64) G_USEC_PER_SEC);

    g_assert_nonnull(got);
    g_assert_true(g_str_has_prefix(got, word));
}

/* An activation that fails, twice, and what the user is told. */
static void test_each_reason(void)
{
    static const struct {
        unsigned reason;
        const char *code;
    } rows[] = {
        {10, "link.group-formation-failed"},
        {11, "link.no-answer"},
        {67, "link.lost"},
        {17, "link.address-timeout"},
        {39, "link.group-removed"},
        {12345, "link.group-formation-failed"},
    };
    g_autoptr(GAsyncQueue) words = g_async_queue_new_full(g_free);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        FakeNmPlan plan = fake_nm_usual;

        plan.fails_with = rows[i].reason;
        fake_nm_set(&plan);
        McEngine *engine = engine_new(words);
        mc_engine_connect(engine, "Lab Sink", &(McControllerWish){0});
        expect_word(words, rows[i].code);
        mc_engine_free(engine);
    }
}

static void test_denied(void)
{
    g_autoptr(GAsyncQueue) words = g_async_queue_new_full(g_free);
    FakeNmPlan plan = fake_nm_usual;

    fake_nm_set(&plan);
    McEngine *engine = engine_new(words);
    plan.activate = FAKE_NM_DENIES;
    fake_nm_set(&plan);
    mc_engine_connect(engine, "Lab Sink", &(McControllerWish){0});
    expect_word(words, "link.no-permission");
    mc_engine_connect(engine, "Lab Sink",
                      &(McControllerWish){.method = MC_CONTROLLER_METHOD_ENTER_PIN});
    expect_word(words, "link.wps-method");
    mc_engine_free(engine);
}

/* Up to an address, which is the kernel's; then it leaves, and a second time it is lost. */
static void test_whole_way(void)
{
    g_autoptr(GAsyncQueue) words = g_async_queue_new_full(g_free);
    FakeNmPlan plan = fake_nm_usual;
    char *call = NULL;

    plan.obeys = true;
    fake_nm_set(&plan);
    McEngine *engine = engine_new(words);
    for (int round = 0; round < 2; round++) {
        plan.device_state = 30;
        plan.ip_interface = "";
        fake_nm_set(&plan);
        mc_engine_connect(engine, "Lab Sink", &(McControllerWish){0});
        do {
            g_free(call);
            call = fake_nm_asked(NM_PLAY_PATIENCE_S);
        } while (g_strcmp0(call, "AddAndActivate") != 0);
        fake_nm_state(50, 0);
        plan.device_state = 50;
        plan.ip_interface = "lo";
        fake_nm_set(&plan);
        fake_nm_state(70, 0);
        expect_word(words, "group on 0 MHz owned by the sink, we are 127.0.0.1");
        if (round == 0) {
            mc_engine_leave(engine);
            expect_word(words, "Disconnected");
        } else {
            fake_nm_state(30, 8);
            expect_word(words, "link.lost");
            expect_word(words, "link.lost");
        }
    }
    g_free(call);
    mc_engine_free(engine);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!nm_play_start(false))
        return 0;
    g_test_add_func("/nm/each-reason", test_each_reason);
    g_test_add_func("/nm/denied", test_denied);
    g_test_add_func("/nm/whole-way", test_whole_way);
    return nm_play_run();
}
