/* SPDX-License-Identifier: MIT */
#include "p2p/plan.h"

#include <stdarg.h>
#include <string.h>

enum { DRIVER_NO_P2P = 1, DRIVER_GO_FAILS = 2 };

/* What drivers promise and do not keep. */
static const struct {
    const char *prefix;
    unsigned habits;
} drivers[] = {
    {"mt7921", DRIVER_GO_FAILS}, {"mt7922", DRIVER_GO_FAILS}, {"mt7601u", DRIVER_NO_P2P},
    {"rtl8xxxu", DRIVER_NO_P2P}, {"rtw_88", DRIVER_NO_P2P},   {"rtw88", DRIVER_NO_P2P},
};

/* In the order in which we like to own a group: 5 GHz without radar duty, then 2.4 GHz. */
static const unsigned preferred[] = {5180, 5200, 5220, 5240, 5745, 5765,
                                     5785, 5805, 2437, 2412, 2462};

static bool is_5ghz(unsigned freq_mhz)
{
    return freq_mhz >= 4900;
}

static unsigned driver_habits(const McRadioFacts *facts)
{
    for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++)
        if (g_str_has_prefix(facts->driver, drivers[i].prefix))
            return drivers[i].habits;
    return 0;
}

static void G_GNUC_PRINTF(3, 4)
    note(char notes[][MC_PLAN_NOTE], unsigned *n, const char *format, ...)
{
    va_list args;

    if (*n == MC_PLAN_MAX_NOTES)
        return;
    va_start(args, format);
    g_vsnprintf(notes[(*n)++], MC_PLAN_NOTE, format, args);
    va_end(args);
}
#define REASON(plan, ...) note((plan)->reasons, &(plan)->n_reasons, __VA_ARGS__)
#define COST(plan, ...) note((plan)->costs, &(plan)->n_costs, __VA_ARGS__)

const McRadioChannel *mc_radio_channel(const McRadioFacts *self, unsigned freq_mhz)
{
    for (unsigned i = 0; i < MIN(self->n_channels, MC_RADIO_MAX_CHANNELS); i++)
        if (self->channels[i].freq_mhz == freq_mhz)
            return &self->channels[i];
    return NULL;
}

bool mc_radio_may_own(const McRadioFacts *self, unsigned freq_mhz)
{
    const McRadioChannel *channel = mc_radio_channel(self, freq_mhz);
    bool station_here = freq_mhz == self->station_freq_mhz;

    if (!channel || channel->flags & (MC_RADIO_CHANNEL_DISABLED | MC_RADIO_CHANNEL_RADAR))
        return false;
    if (channel->flags & MC_RADIO_CHANNEL_NO_IR)
        return station_here && channel->flags & MC_RADIO_CHANNEL_IR_CONCURRENT;
    return true;
}

bool mc_radio_may_join(const McRadioFacts *self, unsigned freq_mhz)
{
    const McRadioChannel *channel = mc_radio_channel(self, freq_mhz);

    return channel && !(channel->flags & MC_RADIO_CHANNEL_DISABLED);
}

/* As cfg80211 counts: an interface takes a place in every limit that names its type. */
static bool combination_allows(const McRadioCombination *combination, unsigned types)
{
    unsigned left[MC_RADIO_MAX_LIMITS];
    unsigned n = MIN(combination->n_limits, MC_RADIO_MAX_LIMITS), count = 0;

    for (unsigned j = 0; j < n; j++)
        left[j] = combination->limits[j].max;
    for (unsigned bit = 1; bit <= MC_RADIO_P2P_DEVICE; bit <<= 1) {
        bool named = false;

        if (!(types & bit))
            continue;
        for (unsigned j = 0; j < n; j++) {
            if (!(combination->limits[j].types & bit))
                continue;
            if (left[j]-- == 0)
                return false;
            named = true;
        }
        /* A P2P device that no limit names needs no place: it has no channel of its own. */
        if (!named && bit != MC_RADIO_P2P_DEVICE)
            return false;
        count += named;
    }
    return count <= combination->max_interfaces;
}

unsigned mc_radio_channels_with(const McRadioFacts *self, unsigned role, bool keep_station)
{
    unsigned types = role | (self->types & MC_RADIO_P2P_DEVICE), most = 0;

    if (!(self->types & role) || driver_habits(self) & DRIVER_NO_P2P)
        return 0;
    if (!keep_station || !self->has_station)
        most = 1; /* alone, or in the place of the station interface */
    else
        types |= MC_RADIO_STATION;
    for (unsigned i = 0; i < MIN(self->n_combinations, MC_RADIO_MAX_COMBINATIONS); i++)
        if (combination_allows(&self->combinations[i], types))
            most = MAX(most, self->combinations[i].max_channels);
    return most;
}

/* What is settled before channels and attempts are chosen. */
typedef struct {
    const McRadioFacts *facts;
    const McPlanWish *wish;
    McPlan *plan;
    unsigned channels_go, channels_client;
} Planner;

static bool station_connected(const Planner *p)
{
    return p->facts->station_freq_mhz != 0;
}

static bool wish_allows(const McPlanWish *wish, unsigned freq_mhz)
{
    if (wish->freq_mhz)
        return freq_mhz == wish->freq_mhz;
    if (freq_mhz == wish->avoid_freq_mhz)
        return false;
    return wish->band == MC_PLAN_BAND_ANY || (wish->band == MC_PLAN_BAND_5GHZ) == is_5ghz(freq_mhz);
}

/* Whether a group may run there beside the station, with so many channels at a time. */
static bool fits_station(const Planner *p, unsigned freq_mhz, unsigned n_channels)
{
    if (n_channels == 0)
        return false;
    return !station_connected(p) || freq_mhz == p->facts->station_freq_mhz || n_channels > 1;
}

static bool can_form_at(const Planner *p, unsigned freq_mhz)
{
    if (!wish_allows(p->wish, freq_mhz))
        return false;
    return (fits_station(p, freq_mhz, p->channels_go) && mc_radio_may_own(p->facts, freq_mhz)) ||
           (fits_station(p, freq_mhz, p->channels_client) && mc_radio_may_join(p->facts, freq_mhz));
}

static void add_freq(McPlan *plan, unsigned freq_mhz)
{
    for (unsigned i = 0; i < plan->n_freqs; i++)
        if (plan->freqs_mhz[i] == freq_mhz)
            return;
    if (plan->n_freqs < MC_PLAN_MAX_FREQS)
        plan->freqs_mhz[plan->n_freqs++] = freq_mhz;
}

static unsigned first_ownable(const Planner *p, bool only_2ghz)
{
    for (size_t i = 0; i < G_N_ELEMENTS(preferred); i++)
        if ((!only_2ghz || !is_5ghz(preferred[i])) && wish_allows(p->wish, preferred[i]) &&
            mc_radio_may_own(p->facts, preferred[i]) && can_form_at(p, preferred[i]))
            return preferred[i];
    return 0;
}

static unsigned first_joinable(const Planner *p)
{
    for (size_t i = 0; i < G_N_ELEMENTS(preferred); i++)
        if (can_form_at(p, preferred[i]))
            return preferred[i];
    return 0;
}

static unsigned choose_freq(const Planner *p)
{
    unsigned station = p->facts->station_freq_mhz;

    if (p->wish->freq_mhz)
        return can_form_at(p, p->wish->freq_mhz) ? p->wish->freq_mhz : 0;
    if (station_connected(p) && can_form_at(p, station)) {
        REASON(p->plan, "%u MHz, the channel of your Wi-Fi connection: one radio, one channel",
               station);
        return station;
    }
    unsigned freq = first_ownable(p, false);
    return freq ? freq : first_joinable(p);
}

static void describe_channel(Planner *p, unsigned freq)
{
    McPlan *plan = p->plan;
    const McRadioChannel *channel = mc_radio_channel(p->facts, freq);

    plan->same_channel = station_connected(p) && freq == p->facts->station_freq_mhz;
    plan->two_channels = station_connected(p) && freq && !plan->same_channel;
    plan->width_mhz = channel && channel->max_width_mhz ? channel->max_width_mhz : 20;
    if (plan->two_channels)
        COST(plan,
             "your Wi-Fi connection (%u MHz) and the group (%u MHz) share one radio: about half "
             "the speed, and short stalls",
             p->facts->station_freq_mhz, freq);
    if (freq && !is_5ghz(freq))
        COST(plan, "2.4 GHz: about 20 Mbit/s at best, less among many neighbours");
    if (!p->facts->country[0] || strcmp(p->facts->country, "00") == 0)
        REASON(plan, "the country is not set, so few channels are open; set it for more");
}

/* Roles at the chosen channel. A client may be where an owner must not transmit first. */
static void settle_roles(Planner *p, unsigned freq)
{
    McPlan *plan = p->plan;

    plan->can_be_go = fits_station(p, freq, p->channels_go) && mc_radio_may_own(p->facts, freq);
    plan->can_be_client =
        fits_station(p, freq, p->channels_client) && mc_radio_may_join(p->facts, freq);
    if (!plan->can_be_go && p->channels_go)
        REASON(plan, "%u MHz is not ours to open a group on: the sink has to own it", freq);
    if (!p->channels_go)
        REASON(plan, "this card cannot own a group here: the sink has to");
}

static McPlanResult choose_channels(Planner *p)
{
    McPlan *plan = p->plan;
    unsigned freq = choose_freq(p);

    if (!freq)
        return p->wish->freq_mhz ? MC_PLAN_CHANNEL_NOT_ALLOWED : MC_PLAN_NO_CHANNEL;
    add_freq(plan, freq);
    /* No common channel? Let wpa_supplicant choose, then the band that everybody has. */
    if (!p->wish->freq_mhz && (!station_connected(p) || p->channels_go > 1)) {
        unsigned other = first_ownable(p, true);

        if (p->wish->band == MC_PLAN_BAND_ANY)
            add_freq(plan, 0);
        if (other)
            add_freq(plan, other);
    }
    settle_roles(p, freq);
    describe_channel(p, freq);
    return MC_PLAN_OK;
}

static void add_attempt(McPlan *plan, McPlanMethod method, int go_intent)
{
    plan->attempts[plan->n_attempts++] = (McPlanAttempt){method, go_intent};
}

/* A sink that insists (15) meets 14 and becomes the owner at once, where 15 on both sides is
 * refused (status 9) and asks its user a second time; anything milder leaves the group to us.  Only
 * a card that cannot be a client has to insist itself. */
static int owner_intent(const McPlan *plan)
{
    return plan->can_be_client ? 14 : 15;
}

static void add_forming(Planner *p)
{
    McPlan *plan = p->plan;
    bool go_fails = (driver_habits(p->facts) & DRIVER_GO_FAILS) != 0;
    bool client_first = p->wish->peer_wants_go || p->wish->peer_joins_only || go_fails;

    if (go_fails)
        REASON(plan, "%s fails as group owner: the sink first", p->facts->driver);
    else if (client_first && plan->can_be_client)
        REASON(plan, "this kind of sink wants to own the group");
    else if (plan->can_be_go)
        REASON(plan, "we own the group first: channel and addresses are ours to choose");
    if (client_first && plan->can_be_client)
        add_attempt(plan, MC_PLAN_FORM, 0);
    if (plan->can_be_go)
        add_attempt(plan, MC_PLAN_FORM, owner_intent(plan));
    if (!client_first && plan->can_be_client)
        add_attempt(plan, MC_PLAN_FORM, 0);
}

static void choose_attempts(Planner *p)
{
    McPlan *plan = p->plan;

    if (p->wish->persistent_id >= 0) {
        add_attempt(plan, MC_PLAN_REINVOKE, -1);
        REASON(plan, "both sides remember group %d: no button, no PIN", p->wish->persistent_id);
    }
    if (p->wish->peer_is_go) {
        add_attempt(plan, MC_PLAN_JOIN, -1);
        REASON(plan, "the sink already runs a group: join it");
        return;
    }
    add_forming(p);
    if (p->channels_client)
        add_attempt(plan, MC_PLAN_JOIN, -1);
}

/* The sink's own group: its channel is given. */
static McPlanResult plan_join(Planner *p)
{
    unsigned freq = p->wish->peer_group_freq_mhz;

    if (!p->channels_client)
        return MC_PLAN_ROLE_IMPOSSIBLE;
    if (freq && !mc_radio_may_join(p->facts, freq))
        return MC_PLAN_CHANNEL_NOT_ALLOWED;
    if (freq && !fits_station(p, freq, p->channels_client))
        return MC_PLAN_RADIO_BUSY;
    p->plan->can_be_client = true;
    add_freq(p->plan, freq);
    describe_channel(p, freq);
    choose_attempts(p);
    return MC_PLAN_OK;
}

static McPlanResult plan_form(Planner *p)
{
    McPlanResult result = choose_channels(p);

    if (result == MC_PLAN_OK)
        choose_attempts(p);
    return result;
}

static McPlanResult plan_with(const McRadioFacts *facts, const McPlanWish *wish, McPlan *ret)
{
    Planner planner = {facts, wish, ret, mc_radio_channels_with(facts, MC_RADIO_P2P_GO, true),
                       mc_radio_channels_with(facts, MC_RADIO_P2P_CLIENT, true)};

    *ret = (McPlan){0};
    if (!planner.channels_go && !planner.channels_client)
        return ret->result = MC_PLAN_RADIO_BUSY;
    return ret->result = wish->peer_is_go ? plan_join(&planner) : plan_form(&planner);
}

/* The station may be all that stands in the way. */
static void plan_without_station(const McRadioFacts *facts, const McPlanWish *wish, McPlan *plan)
{
    McRadioFacts without = *facts;
    McPlan alone;

    without.has_station = false;
    without.station_freq_mhz = 0;
    if (plan_with(&without, wish, &alone) != MC_PLAN_OK)
        return;
    if (!wish->may_drop_station) {
        *plan = (McPlan){.result = MC_PLAN_RADIO_BUSY};
        return;
    }
    *plan = alone;
    plan->drops_station = true;
    COST(plan, "your other Wi-Fi connection ends while you cast");
}

McPlanResult mc_plan_make(const McRadioFacts *facts, const McPlanWish *wish, McPlan *ret)
{
    *ret = (McPlan){.result = MC_PLAN_NO_P2P};
    if (!(facts->types & (MC_RADIO_P2P_GO | MC_RADIO_P2P_CLIENT)) ||
        driver_habits(facts) & DRIVER_NO_P2P)
        return ret->result;
    plan_with(facts, wish, ret);
    if (ret->result != MC_PLAN_OK && facts->has_station)
        plan_without_station(facts, wish, ret);
    return ret->result;
}

static const struct {
    const char *code, *text;
} results[] = {
    [MC_PLAN_OK] = {"ok", "possible"},
    [MC_PLAN_NO_P2P] = {"link.no-p2p", "This Wi-Fi card or its driver does not do Wi-Fi Direct; "
                                       "use another card, or cast over the network"},
    [MC_PLAN_NO_CHANNEL] = {"link.no-channel", "No channel is open for a group here; "
                                               "set the country, or allow both bands"},
    [MC_PLAN_CHANNEL_NOT_ALLOWED] = {"link.channel-not-allowed",
                                     "That channel is closed in this country; choose another"},
    [MC_PLAN_RADIO_BUSY] = {"link.radio-busy",
                            "The card cannot keep your Wi-Fi connection beside the group; "
                            "allow it to drop, or use a second card"},
    [MC_PLAN_ROLE_IMPOSSIBLE] = {"link.role-impossible",
                                 "The sink owns the group and this card cannot join one"},
};

const char *mc_plan_result_code(McPlanResult result)
{
    return results[result].code;
}

const char *mc_plan_result_text(McPlanResult result)
{
    return results[result].text;
}

const char *mc_plan_method_text(McPlanMethod method)
{
    static const char *const texts[] = {"re-invoke", "form", "join"};

    return texts[method];
}
