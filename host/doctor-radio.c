/* SPDX-License-Identifier: MIT */
/* The Wi-Fi card: can it be a P2P device, who drives it, what the planner makes of it. */
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

#include "host/doctor.h"
#include "p2p/radio.h"
#include "p2p/supplicant.h"

#define OTHER_WAY                                                                                  \
    "use a USB Wi-Fi stick whose driver does Wi-Fi Direct (mt76, ath9k_htc), or cast over the "    \
    "network you are in: --link mice"

static void examine_domain(McDoctor *doctor, const McRadioFacts *facts)
{
    if (!facts->country[0] || !strcmp(facts->country, "00"))
        mc_doctor_say(doctor, MC_FINDING_WARN, "regulatory", "say your country: iw reg set XX",
                      "no country is set: only channels that are allowed everywhere, most of 5 GHz "
                      "is closed");
    else
        mc_doctor_say(doctor, MC_FINDING_OK, "regulatory", NULL, "country %s", facts->country);
}

static void examine_plan(McDoctor *doctor, const McRadioFacts *facts)
{
    McPlanWish wish = {.persistent_id = -1};
    McPlan plan;
    McPlanResult result = mc_plan_make(facts, &wish, &plan);

    if (result != MC_PLAN_OK) {
        mc_doctor_say(doctor, MC_FINDING_FAIL, "wi-fi direct", OTHER_WAY, "[%s] %s",
                      mc_plan_result_code(result), mc_plan_result_text(result));
        return;
    }
    mc_doctor_say(doctor, plan.can_be_go && plan.can_be_client ? MC_FINDING_OK : MC_FINDING_WARN,
                  "wi-fi direct", NULL, "can %s a group; first choice %u MHz, %u MHz wide",
                  !plan.can_be_go       ? "only join"
                  : !plan.can_be_client ? "only own"
                                        : "own and join",
                  plan.n_freqs ? plan.freqs_mhz[0] : 0, plan.width_mhz);
    for (unsigned i = 0; i < plan.n_costs; i++)
        mc_doctor_say(doctor, MC_FINDING_WARN, "wi-fi direct", NULL, "%s", plan.costs[i]);
}

static void examine_card(McDoctor *doctor, const McRadioCard *card)
{
    const McRadioFacts *facts = &card->facts;

    mc_doctor_say(doctor, MC_FINDING_OK, "card", NULL, "%s %s, driver %s", card->phy,
                  card->ifname[0] ? card->ifname : "(no interface)",
                  facts->driver[0] ? facts->driver : "not known");
    if (facts->station_freq_mhz)
        mc_doctor_say(doctor, MC_FINDING_OK, "connection", NULL, "%s is connected on %u MHz",
                      card->ifname, facts->station_freq_mhz);
    examine_domain(doctor, facts);
    examine_plan(doctor, facts);
}

void mc_doctor_radio(McDoctor *self)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) cards = mc_radio_cards(&error);

    if (!cards)
        mc_doctor_say(self, MC_FINDING_FAIL, "card", OTHER_WAY, "%s", error->message);
    else if (!cards->len)
        mc_doctor_say(self, MC_FINDING_FAIL, "card", OTHER_WAY, "there is no Wi-Fi card");
    for (unsigned i = 0; cards && i < cards->len; i++)
        examine_card(self, cards->pdata[i]);
}

/* --- who drives the card ---------------------------------------------------------------------- */

void mc_doctor_services(McDoctor *self)
{
    McSupplicantConfig config = {0};
    McSupplicantLook look = mc_supplicant_look(&config);
    const char *why = NULL;
    const McSupplicantBackend *backend = mc_supplicant_choose(&look, &why);

    if (look.wpas_socket || look.wpas_on_dbus)
        mc_doctor_say(self, MC_FINDING_OK, "supplicant", NULL, "wpa_supplicant answers %s",
                      look.wpas_socket ? "on its control socket" : "on the system bus");
    else
        mc_doctor_say(self, MC_FINDING_FAIL, "supplicant",
                      "install and start wpasupplicant; its socket must be yours to open",
                      "no wpa_supplicant can be reached");
    if (look.nm_owns_p2p)
        mc_doctor_say(self, MC_FINDING_OK, "networkmanager", NULL,
                      "NetworkManager manages the card's Wi-Fi Direct device: pairing by the "
                      "button, owner and channel of the group as it likes (--p2p-backend wpas has "
                      "all of it; it takes root, and the card is lent without its Wi-Fi)");
    else
        mc_doctor_say(self, MC_FINDING_OK, "networkmanager", NULL, "%s",
                      look.nm_runs ? "NetworkManager runs, but manages no Wi-Fi Direct device"
                                   : "NetworkManager does not run");
    if (backend)
        mc_doctor_say(self, MC_FINDING_OK, "back end", NULL, "%s: %s", backend->kind, why);
    else
        mc_doctor_say(self, MC_FINDING_FAIL, "back end", "start wpa_supplicant or NetworkManager",
                      "nothing that drives the card can be reached");
}
