/* SPDX-License-Identifier: MIT */
/* nl80211's answers, recorded in the radio rig (radio-record), against what iw said there. */
#include <glib.h>
#include <string.h>

#include "p2p/radio.h"

static const char *folder;

static GByteArray *recorded(const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *bytes;
    gsize len;

    g_assert_true(g_file_get_contents(path, &bytes, &len, NULL));
    return g_byte_array_new_take((guint8 *) bytes, len);
}

static GPtrArray *cards_of(const char *name)
{
    g_autoptr(GByteArray) dump = recorded(name);

    return mc_radio_parse(dump->data, dump->len);
}

static void test_one_card(void)
{
    g_autoptr(GPtrArray) cards = cards_of("hwsim-de.bin");
    const McRadioCard *card = cards->pdata[0];
    const McRadioFacts *facts = &card->facts;

    g_assert_cmpuint(cards->len, ==, 1);
    g_assert_cmpstr(card->phy, ==, "phy0");
    g_assert_cmpstr(card->ifname, ==, "wlan0");
    g_assert_cmpstr(facts->country, ==, "DE");
    g_assert_cmpuint(facts->types, ==,
                     MC_RADIO_STATION | MC_RADIO_AP | MC_RADIO_P2P_CLIENT | MC_RADIO_P2P_GO |
                         MC_RADIO_P2P_DEVICE);
    g_assert_true(facts->has_station);
    g_assert_cmpuint(facts->station_freq_mhz, ==, 0);
    g_assert_cmpuint(facts->n_combinations, ==, 1);
    g_assert_cmpuint(facts->combinations[0].max_channels, ==, 1);
    g_assert_cmpuint(facts->combinations[0].max_interfaces, ==, 2050);
    g_assert_cmpuint(facts->combinations[0].n_limits, ==, 3);
    g_assert_cmpuint(facts->combinations[0].limits[2].types, ==, MC_RADIO_P2P_DEVICE);
    g_assert_cmpuint(facts->combinations[0].limits[2].max, ==, 1);
}

static void test_channels(void)
{
    static const struct {
        unsigned freq_mhz, flags, width_mhz;
    } expected[] = {
        {2412, 0, 40},
        {2472, 0, 40},
        {2484, MC_RADIO_CHANNEL_DISABLED | MC_RADIO_CHANNEL_NO_IR, 20},
        {5180, MC_RADIO_CHANNEL_INDOOR_ONLY, 160},
        {5260, MC_RADIO_CHANNEL_RADAR | MC_RADIO_CHANNEL_INDOOR_ONLY, 160},
        {5745, 0, 80},
    };
    g_autoptr(GPtrArray) cards = cards_of("hwsim-de.bin");
    const McRadioFacts *facts = &((McRadioCard *) cards->pdata[0])->facts;

    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        const McRadioChannel *channel = mc_radio_channel(facts, expected[i].freq_mhz);

        g_test_message("%u MHz", expected[i].freq_mhz);
        g_assert_nonnull(channel);
        g_assert_cmphex(channel->flags, ==, expected[i].flags);
        if (!(channel->flags & MC_RADIO_CHANNEL_DISABLED))
            g_assert_cmpuint(channel->max_width_mhz, ==, expected[i].width_mhz);
    }
    g_assert_true(mc_radio_may_own(facts, 5180));
    g_assert_false(mc_radio_may_own(facts, 5260));
}

/* The connected card is chosen for its channel, and the plan keeps to that. */
static void test_station(void)
{
    g_autoptr(GPtrArray) cards = cards_of("hwsim-station.bin");
    McPlanWish wish = {.persistent_id = -1};
    const McRadioCard *card = NULL;
    McPlan plan;

    g_assert_cmpuint(cards->len, ==, 2);
    for (unsigned i = 0; i < cards->len; i++)
        if (!strcmp(((McRadioCard *) cards->pdata[i])->ifname, "wlan0"))
            card = cards->pdata[i];
    g_assert_nonnull(card);
    g_assert_true(card->has_p2p_device);
    g_assert_cmpuint(card->facts.station_freq_mhz, ==, 5180);
    g_assert_cmpint(mc_plan_make(&card->facts, &wish, &plan), ==, MC_PLAN_OK);
    g_assert_true(plan.same_channel);
    g_assert_cmpuint(plan.freqs_mhz[0], ==, 5180);
}

static void test_world_domain(void)
{
    g_autoptr(GPtrArray) cards = cards_of("hwsim-two-channels.bin");
    const McRadioCard *card = cards->pdata[0];

    g_assert_cmpuint(cards->len, ==, 2);
    g_assert_cmpstr(card->facts.country, ==, "00");
    g_assert_cmpuint(card->facts.combinations[0].max_channels, ==, 2);
    g_assert_false(card->facts.types & MC_RADIO_P2P_DEVICE);
    g_assert_false(mc_radio_may_own(&card->facts, 5180));
    g_assert_nonnull(mc_radio_best(cards));
}

/* Cut and bent answers: no crash, and no more cards or channels than there is room for. */
static void test_garbage(void)
{
    g_autoptr(GByteArray) dump = recorded("hwsim-de.bin");
    g_autoptr(GRand) random = g_rand_new_with_seed(5);

    for (guint len = 0; len < dump->len; len += 97) {
        g_autoptr(GPtrArray) cards = mc_radio_parse(dump->data, len);
        g_assert_cmpuint(cards->len, <=, 1);
    }
    for (int round = 0; round < 500; round++) {
        g_autofree guint8 *bent = g_memdup2(dump->data, dump->len);
        for (int i = 0; i < 20; i++)
            bent[g_rand_int_range(random, 0, (gint32) dump->len)] = (guint8) g_rand_int(random);
        g_autoptr(GPtrArray) cards = mc_radio_parse(bent, dump->len);
        for (unsigned i = 0; i < cards->len; i++)
            g_assert_cmpuint(((McRadioCard *) cards->pdata[i])->facts.n_channels, <=,
                             MC_RADIO_MAX_CHANNELS);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    folder = argv[1];
    g_test_add_func("/p2p/radio/one-card", test_one_card);
    g_test_add_func("/p2p/radio/channels", test_channels);
    g_test_add_func("/p2p/radio/station", test_station);
    g_test_add_func("/p2p/radio/world-domain", test_world_domain);
    g_test_add_func("/p2p/radio/garbage", test_garbage);
    return g_test_run();
}
