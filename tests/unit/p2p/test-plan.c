/* SPDX-License-Identifier: MIT */
/* Cards as nl80211 describes them, and what is to come out: role, channel, words, codes. */
#include "p2p/plan.h"

#include <string.h>

static const McPlanWish no_wish = {.persistent_id = -1};

static void add_channel(McRadioFacts *facts, unsigned freq, unsigned flags, unsigned width)
{
    facts->channels[facts->n_channels++] = (McRadioChannel){freq, flags, width};
}

/* Most cards: station and one P2P group at a time, on one channel (iwlwifi: two). */
static McRadioFacts card(unsigned channels)
{
    McRadioFacts facts = {.driver = "iwlwifi", .country = "DE", .has_station = true};

    facts.types = MC_RADIO_STATION | MC_RADIO_AP | MC_RADIO_P2P_CLIENT | MC_RADIO_P2P_GO |
                  MC_RADIO_P2P_DEVICE;
    facts.n_combinations = 1;
    facts.combinations[0] = (McRadioCombination){3,
                                                 3,
                                                 channels,
                                                 {{MC_RADIO_STATION, 1},
                                                  {MC_RADIO_P2P_CLIENT | MC_RADIO_P2P_GO, 1},
                                                  {MC_RADIO_P2P_DEVICE, 1}}};
    for (unsigned freq = 2412; freq <= 2472; freq += 5)
        add_channel(&facts, freq, 0, 40);
    for (unsigned freq = 5180; freq <= 5240; freq += 20)
        add_channel(&facts, freq, 0, 80);
    for (unsigned freq = 5260; freq <= 5320; freq += 20)
        add_channel(&facts, freq, MC_RADIO_CHANNEL_NO_IR | MC_RADIO_CHANNEL_RADAR, 80);
    for (unsigned freq = 5745; freq <= 5805; freq += 20)
        add_channel(&facts, freq, 0, 80);
    add_channel(&facts, 2484, MC_RADIO_CHANNEL_DISABLED, 20);
    return facts;
}

static char *attempts_of(const McPlan *plan)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < plan->n_attempts; i++) {
        const McPlanAttempt *a = &plan->attempts[i];

        g_string_append_printf(text, "%s%s", i ? " " : "", mc_plan_method_text(a->method));
        if (a->method == MC_PLAN_FORM)
            g_string_append_printf(text, ":%d", a->go_intent);
    }
    return g_string_free(text, FALSE);
}

static void assert_plan(const McPlan *plan, const char *attempts, const char *freqs)
{
    g_autofree char *got = attempts_of(plan);
    g_autoptr(GString) list = g_string_new(NULL);

    g_assert_cmpstr(mc_plan_result_code(plan->result), ==, "ok");
    g_assert_cmpstr(got, ==, attempts);
    for (unsigned i = 0; i < plan->n_freqs; i++)
        g_string_append_printf(list, "%s%u", i ? " " : "", plan->freqs_mhz[i]);
    g_assert_cmpstr(list->str, ==, freqs);
}

static bool mentions(char notes[][MC_PLAN_NOTE], unsigned n, const char *word)
{
    for (unsigned i = 0; i < n; i++)
        if (strstr(notes[i], word))
            return true;
    return false;
}

static void test_free_card(void)
{
    McRadioFacts facts = card(1);
    McPlan plan;

    mc_plan_make(&facts, &no_wish, &plan);
    assert_plan(&plan, "form:14 form:0 join", "5180 0 2437");
    g_assert_true(plan.can_be_go && plan.can_be_client);
    g_assert_cmpuint(plan.width_mhz, ==, 80);
    g_assert_false(plan.same_channel || plan.two_channels || plan.drops_station);
    g_assert_true(mentions(plan.reasons, plan.n_reasons, "ours to choose"));
    g_assert_cmpuint(plan.n_costs, ==, 0);
}

static void test_stays_on_the_stations_channel(void)
{
    McRadioFacts facts = card(1);
    McPlan plan;

    facts.station_freq_mhz = 5200;
    mc_plan_make(&facts, &no_wish, &plan);
    assert_plan(&plan, "form:14 form:0 join", "5200");
    g_assert_true(plan.same_channel);
    g_assert_true(mentions(plan.reasons, plan.n_reasons, "one radio, one channel"));
    facts.station_freq_mhz = 2412;
    mc_plan_make(&facts, &no_wish, &plan);
    assert_plan(&plan, "form:14 form:0 join", "2412");
    g_assert_true(mentions(plan.costs, plan.n_costs, "2.4 GHz"));
}

/* We may answer on a radar channel, never own a group there. */
static void test_station_on_radar_channel(void)
{
    McRadioFacts facts = card(1);
    McPlan plan;

    facts.station_freq_mhz = 5260;
    mc_plan_make(&facts, &no_wish, &plan);
    assert_plan(&plan, "form:0 join", "5260");
    g_assert_false(plan.can_be_go);
    g_assert_true(mentions(plan.reasons, plan.n_reasons, "the sink has to own it"));
}

static void test_ir_concurrent(void)
{
    McRadioFacts facts = card(1);
    McPlan plan;

    for (unsigned i = 0; i < facts.n_channels; i++)
        if (facts.channels[i].freq_mhz > 5000)
            facts.channels[i].flags = MC_RADIO_CHANNEL_NO_IR | MC_RADIO_CHANNEL_IR_CONCURRENT;
    facts.station_freq_mhz = 5220;
    mc_plan_make(&facts, &no_wish, &plan);
    assert_plan(&plan, "form:14 form:0 join", "5220");
    g_assert_false(mc_radio_may_own(&facts, 5180));
    facts.station_freq_mhz = 0;
    mc_plan_make(&facts, &no_wish, &plan);
    assert_plan(&plan, "form:14 form:0 join", "2437 0");
}

static void test_two_channels(void)
{
    McRadioFacts facts = card(2);
    McPlanWish wish = no_wish;
    McPlan plan;

    facts.station_freq_mhz = 5200;
    wish.band = MC_PLAN_BAND_2GHZ;
    mc_plan_make(&facts, &wish, &plan);
    assert_plan(&plan, "form:14 form:0 join", "2437");
    g_assert_true(plan.two_channels);
    g_assert_true(mentions(plan.costs, plan.n_costs, "half the speed"));
    facts = card(1);
    facts.station_freq_mhz = 5200;
    g_assert_cmpint(mc_plan_make(&facts, &wish, &plan), ==, MC_PLAN_RADIO_BUSY);
    g_assert_cmpuint(plan.n_attempts, ==, 0);
    wish.may_drop_station = true;
    mc_plan_make(&facts, &wish, &plan);
    assert_plan(&plan, "form:14 form:0 join", "2437");
    g_assert_true(plan.drops_station);
    g_assert_true(mentions(plan.costs, plan.n_costs, "your other Wi-Fi connection ends"));
}

static void test_join(void)
{
    McRadioFacts facts = card(1);
    McPlanWish wish = no_wish;
    McPlan plan;

    wish.peer_is_go = true;
    wish.peer_group_freq_mhz = 5260;
    mc_plan_make(&facts, &wish, &plan);
    assert_plan(&plan, "join", "5260");
    wish.peer_group_freq_mhz = 0;
    mc_plan_make(&facts, &wish, &plan);
    assert_plan(&plan, "join", "0");
    wish.peer_group_freq_mhz = 2484;
    g_assert_cmpint(mc_plan_make(&facts, &wish, &plan), ==, MC_PLAN_CHANNEL_NOT_ALLOWED);
    wish.peer_group_freq_mhz = 2412;
    facts.station_freq_mhz = 5200;
    g_assert_cmpint(mc_plan_make(&facts, &wish, &plan), ==, MC_PLAN_RADIO_BUSY);
    facts = card(2);
    facts.station_freq_mhz = 5200;
    mc_plan_make(&facts, &wish, &plan);
    assert_plan(&plan, "join", "2412");
    g_assert_true(plan.two_channels);
    facts.types &= ~MC_RADIO_P2P_CLIENT;
    g_assert_cmpint(mc_plan_make(&facts, &wish, &plan), ==, MC_PLAN_ROLE_IMPOSSIBLE);
}

static void test_habits_of_sinks(void)
{
    McRadioFacts facts = card(1);
    McPlanWish wish = no_wish;
    McPlan plan;

    wish.peer_wants_go = true;
    mc_plan_make(&facts, &wish, &plan);
    assert_plan(&plan, "form:0 form:14 join", "5180 0 2437");
    g_assert_true(mentions(plan.reasons, plan.n_reasons, "wants to own"));
    wish = no_wish;
    wish.persistent_id = 2;
    mc_plan_make(&facts, &wish, &plan);
    assert_plan(&plan, "re-invoke form:14 form:0 join", "5180 0 2437");
    wish = no_wish;
    wish.avoid_freq_mhz = 5180;
    mc_plan_make(&facts, &wish, &plan);
    assert_plan(&plan, "form:14 form:0 join", "5200 0 2437");
    wish = no_wish;
    wish.avoid_freq_mhz = wish.freq_mhz = 5745; /* the user's word is the last one */
    mc_plan_make(&facts, &wish, &plan);
    assert_plan(&plan, "form:14 form:0 join", "5745");
}

static void test_habits_of_drivers(void)
{
    McRadioFacts facts = card(1);
    McPlan plan;

    g_strlcpy(facts.driver, "mt7921e", sizeof(facts.driver));
    mc_plan_make(&facts, &no_wish, &plan);
    assert_plan(&plan, "form:0 form:14 join", "5180 0 2437");
    g_assert_true(mentions(plan.reasons, plan.n_reasons, "mt7921e"));
    g_strlcpy(facts.driver, "rtl8xxxu", sizeof(facts.driver));
    g_assert_cmpint(mc_plan_make(&facts, &no_wish, &plan), ==, MC_PLAN_NO_P2P);
}

/* Insisting (15) is for those who have no other way. */
static void test_can_only_own(void)
{
    McRadioFacts facts = card(1);
    McPlan plan;

    facts.types &= ~MC_RADIO_P2P_CLIENT;
    mc_plan_make(&facts, &no_wish, &plan);
    assert_plan(&plan, "form:15", "5180 0 2437");
    g_assert_false(plan.can_be_client);
}

static void test_wished_channels(void)
{
    McRadioFacts facts = card(1);
    McPlanWish wish = no_wish;
    McPlan plan;

    wish.freq_mhz = 2462;
    mc_plan_make(&facts, &wish, &plan);
    assert_plan(&plan, "form:14 form:0 join", "2462");
    wish.freq_mhz = 2484;
    g_assert_cmpint(mc_plan_make(&facts, &wish, &plan), ==, MC_PLAN_CHANNEL_NOT_ALLOWED);
    wish.freq_mhz = 6000;
    g_assert_cmpint(mc_plan_make(&facts, &wish, &plan), ==, MC_PLAN_CHANNEL_NOT_ALLOWED);
    wish.freq_mhz = 5260; /* radar: only the sink may own it */
    mc_plan_make(&facts, &wish, &plan);
    assert_plan(&plan, "form:0 join", "5260");
    wish.freq_mhz = 0;
    wish.band = MC_PLAN_BAND_5GHZ;
    mc_plan_make(&facts, &wish, &plan);
    assert_plan(&plan, "form:14 form:0 join", "5180");
}

static void test_impossible(void)
{
    McRadioFacts facts = card(1);
    McPlan plan;

    facts.types = MC_RADIO_STATION | MC_RADIO_AP;
    g_assert_cmpint(mc_plan_make(&facts, &no_wish, &plan), ==, MC_PLAN_NO_P2P);
    g_assert_cmpstr(mc_plan_result_code(plan.result), ==, "link.no-p2p");
    facts = card(1);
    facts.n_channels = 0;
    g_assert_cmpint(mc_plan_make(&facts, &no_wish, &plan), ==, MC_PLAN_NO_CHANNEL);
    facts = card(1);
    facts.n_combinations = 0; /* one interface at a time */
    g_assert_cmpint(mc_plan_make(&facts, &no_wish, &plan), ==, MC_PLAN_RADIO_BUSY);
    facts.has_station = false;
    mc_plan_make(&facts, &no_wish, &plan);
    assert_plan(&plan, "form:14 form:0 join", "5180 0 2437");
}

static void test_world_domain(void)
{
    McRadioFacts facts = card(1);
    McPlan plan;

    g_strlcpy(facts.country, "00", sizeof(facts.country));
    for (unsigned i = 0; i < facts.n_channels; i++)
        if (facts.channels[i].freq_mhz > 5000)
            facts.channels[i].flags |= MC_RADIO_CHANNEL_NO_IR;
    mc_plan_make(&facts, &no_wish, &plan);
    assert_plan(&plan, "form:14 form:0 join", "2437 0");
    g_assert_true(mentions(plan.reasons, plan.n_reasons, "country"));
}

static void test_combinations(void)
{
    McRadioFacts facts = card(1);

    g_assert_cmpuint(mc_radio_channels_with(&facts, MC_RADIO_P2P_GO, true), ==, 1);
    facts.combinations[0].max_interfaces = 2; /* P2P device counts: no room for three */
    g_assert_cmpuint(mc_radio_channels_with(&facts, MC_RADIO_P2P_GO, true), ==, 0);
    g_assert_cmpuint(mc_radio_channels_with(&facts, MC_RADIO_P2P_GO, false), ==, 1);
    facts.types &= ~MC_RADIO_P2P_DEVICE;
    g_assert_cmpuint(mc_radio_channels_with(&facts, MC_RADIO_P2P_GO, true), ==, 1);
    facts.combinations[0].limits[0].types |= MC_RADIO_P2P_GO; /* station or owner */
    g_assert_cmpuint(mc_radio_channels_with(&facts, MC_RADIO_P2P_GO, true), ==, 0);
    g_assert_cmpuint(mc_radio_channels_with(&facts, MC_RADIO_P2P_CLIENT, true), ==, 1);
}

static void test_wild_facts(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);

    for (int round = 0; round < 20000; round++) {
        McRadioFacts facts = card(1);
        McPlanWish wish = {.persistent_id = (int) g_rand_int_range(rand, -2, 3)};
        McPlan plan;

        facts.types = g_rand_int(rand) & 31;
        facts.has_station = g_rand_boolean(rand);
        facts.station_freq_mhz = g_rand_boolean(rand) ? 5180 : g_rand_int(rand) & 8191;
        facts.n_combinations = g_rand_int(rand) & 31; /* beyond the array: must be bounded */
        facts.combinations[0].n_limits = g_rand_int(rand) & 15;
        for (unsigned i = 0; i < facts.n_channels; i++)
            facts.channels[i].flags = g_rand_int(rand) & g_rand_int(rand) & 31;
        wish.peer_is_go = g_rand_boolean(rand);
        wish.peer_wants_go = g_rand_boolean(rand);
        wish.band = g_rand_int(rand) % 3;
        wish.freq_mhz = g_rand_int(rand) % 4 ? 0 : 2437;
        wish.may_drop_station = g_rand_boolean(rand);
        if (mc_plan_make(&facts, &wish, &plan) == MC_PLAN_OK) {
            g_assert_cmpuint(plan.n_attempts, >, 0);
            g_assert_cmpuint(plan.n_freqs, >, 0);
            for (unsigned i = 0; i < plan.n_attempts; i++)
                g_assert_true((plan.attempts[i].go_intent <= 0 || plan.can_be_go) &&
                              (plan.attempts[i].go_intent != 15 || !plan.can_be_client));
        } else {
            g_assert_cmpuint(strlen(mc_plan_result_text(plan.result)), >, 20);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/free-card", test_free_card);
    g_test_add_func("/plan/stations-channel", test_stays_on_the_stations_channel);
    g_test_add_func("/plan/radar", test_station_on_radar_channel);
    g_test_add_func("/plan/ir-concurrent", test_ir_concurrent);
    g_test_add_func("/plan/two-channels", test_two_channels);
    g_test_add_func("/plan/join", test_join);
    g_test_add_func("/plan/sinks", test_habits_of_sinks);
    g_test_add_func("/plan/drivers", test_habits_of_drivers);
    g_test_add_func("/plan/can-only-own", test_can_only_own);
    g_test_add_func("/plan/wished-channels", test_wished_channels);
    g_test_add_func("/plan/impossible", test_impossible);
    g_test_add_func("/plan/world-domain", test_world_domain);
    g_test_add_func("/plan/combinations", test_combinations);
    g_test_add_func("/plan/wild-facts", test_wild_facts);
    return g_test_run();
}
