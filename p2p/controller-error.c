/* SPDX-License-Identifier: MIT */
#include "p2p/controller-error.h"

static const struct {
    const char *code;
    McLinkCure cure;
    const char *text;
} failures[MC_LINK_FAILURE_N] = {
    [MC_LINK_FAILURE_NONE] = {"", MC_CURE_NONE, ""},
    [MC_LINK_FAILURE_NOT_FOUND] = {"link.not-found", MC_CURE_NONE,
                                   "The sink is not in reach; open screen mirroring on it, and "
                                   "stay near"},
    [MC_LINK_FAILURE_AMBIGUOUS] = {"link.ambiguous", MC_CURE_NONE,
                                   "Several devices have that name; give the address"},
    [MC_LINK_FAILURE_NOT_READY] = {"link.sink-not-ready", MC_CURE_NONE,
                                   "The device is there, but its screen mirroring is off"},
    [MC_LINK_FAILURE_NOT_A_SINK] = {"link.not-a-sink", MC_CURE_NONE,
                                    "The device does not announce itself as a display"},
    [MC_LINK_FAILURE_PEER_BUSY] = {"link.peer-busy", MC_CURE_AGAIN,
                                   "The sink is busy; end its other session and try again"},
    [MC_LINK_FAILURE_PLAN] = {"link.no-plan", MC_CURE_NONE, "The radio cannot do it"},
    [MC_LINK_FAILURE_PROVISION_TIMEOUT] = {"link.provision-timeout", MC_CURE_NEXT,
                                           "The sink did not answer the request to pair; accept "
                                           "it on its screen"},
    [MC_LINK_FAILURE_PROVISION_FAILED] = {"link.provision-failed", MC_CURE_NEXT,
                                          "The sink refused this way of pairing"},
    [MC_LINK_FAILURE_PIN_TIMEOUT] = {"link.pin-timeout", MC_CURE_NONE,
                                     "No PIN was typed within two minutes"},
    [MC_LINK_FAILURE_WRONG_PIN] = {"link.wrong-pin", MC_CURE_ASK_PIN,
                                   "The PIN was wrong; read it again from the sink's screen"},
    [MC_LINK_FAILURE_WPS_METHOD] = {"link.wps-method", MC_CURE_OTHER_METHOD,
                                    "The sink wants another way of pairing"},
    [MC_LINK_FAILURE_PBC_OVERLAP] = {"link.pbc-overlap", MC_CURE_OTHER_METHOD,
                                     "Two devices press the button at once; wait two minutes, "
                                     "or use a PIN"},
    [MC_LINK_FAILURE_INVITATION] = {"link.invitation-failed", MC_CURE_NEXT,
                                    "The sink did not come back into the remembered group"},
    [MC_LINK_FAILURE_INVITATION_STALE] = {"link.invitation-stale", MC_CURE_FORGET,
                                          "The sink has forgotten the group; pair again"},
    [MC_LINK_FAILURE_NO_ANSWER] = {"link.no-answer", MC_CURE_NEXT,
                                   "The sink did not answer; accept the request on its screen"},
    [MC_LINK_FAILURE_NEGOTIATION] = {"link.negotiation-failed", MC_CURE_NEXT,
                                     "Sink and computer did not agree on a group"},
    [MC_LINK_FAILURE_NO_COMMON_CHANNEL] = {"link.no-common-channel", MC_CURE_NEXT_FREQ,
                                           "No channel suits both; check the country setting"},
    [MC_LINK_FAILURE_BOTH_OWN] = {"link.both-own", MC_CURE_NEXT,
                                  "The sink insists on owning the group, as we did"},
    [MC_LINK_FAILURE_REJECTED] = {"link.rejected", MC_CURE_NONE,
                                  "The request was declined on the sink"},
    [MC_LINK_FAILURE_FORMATION_TIMEOUT] = {"link.group-formation-timeout", MC_CURE_NEXT,
                                           "The group was agreed upon but did not come up in "
                                           "time; restart the sink if it stays so"},
    [MC_LINK_FAILURE_FORMATION] = {"link.group-formation-failed", MC_CURE_NEXT,
                                   "The keys of the group could not be agreed upon"},
    [MC_LINK_FAILURE_NO_GROUP] = {"link.no-group", MC_CURE_NEXT,
                                  "The sink runs no group of its own"},
    [MC_LINK_FAILURE_JOIN_TIMEOUT] = {"link.join-timeout", MC_CURE_AGAIN,
                                      "The sink did not let us into its group in time; accept "
                                      "the request on its screen"},
    [MC_LINK_FAILURE_ASSOCIATION_TIMEOUT] = {"link.association-timeout", MC_CURE_NEXT,
                                             "Our group is up but the sink did not come in"},
    [MC_LINK_FAILURE_ADDRESS_TIMEOUT] = {"link.address-timeout", MC_CURE_AGAIN,
                                         "No address was given in time; a firewall may block "
                                         "DHCP (UDP 67) on the group"},
    [MC_LINK_FAILURE_ADDRESS] = {"link.address-failed", MC_CURE_AGAIN,
                                 "The group's address could not be set up"},
    [MC_LINK_FAILURE_LOST] = {"link.lost", MC_CURE_AGAIN, "The sink is out of reach"},
    [MC_LINK_FAILURE_PEER_LEFT] = {"link.peer-left", MC_CURE_NONE, "The sink ended the connection"},
    [MC_LINK_FAILURE_GROUP_REMOVED] = {"link.group-removed", MC_CURE_AGAIN,
                                       "Another program removed the group; NetworkManager does "
                                       "that with groups that it did not form"},
    [MC_LINK_FAILURE_REFUSED] = {"link.supplicant-refused", MC_CURE_AGAIN,
                                 "The card's manager refused it; another program may be using "
                                 "Wi-Fi Direct"},
    [MC_LINK_FAILURE_NO_WIFI_DISPLAY] = {"link.no-wifi-display", MC_CURE_NONE,
                                         "This wpa_supplicant was built without Wi-Fi Display"},
    [MC_LINK_FAILURE_SUPPLICANT_GONE] =
        {"link.supplicant-gone", MC_CURE_NONE,
         "wpa_supplicant or NetworkManager has ended; start it again"},
    [MC_LINK_FAILURE_CANCELLED] = {"link.cancelled", MC_CURE_NONE, "Cancelled"},
    [MC_LINK_FAILURE_NO_PERMISSION] = {"link.no-permission", MC_CURE_NONE,
                                       "You may not use Wi-Fi Direct here: NetworkManager wants "
                                       "network-control and wifi.scan for you (nmcli general "
                                       "permissions), or root"},
};

static const McLinkFailure statuses[] = {
    [0] = MC_LINK_FAILURE_NONE,
    [1] = MC_LINK_FAILURE_NO_ANSWER, /* "not yet": the sink asks its user */
    [2] = MC_LINK_FAILURE_NEGOTIATION,
    [3] = MC_LINK_FAILURE_PEER_BUSY,
    [4] = MC_LINK_FAILURE_NEGOTIATION,
    [5] = MC_LINK_FAILURE_PEER_BUSY,
    [6] = MC_LINK_FAILURE_NEGOTIATION,
    [7] = MC_LINK_FAILURE_NO_COMMON_CHANNEL,
    [8] = MC_LINK_FAILURE_INVITATION_STALE,
    [9] = MC_LINK_FAILURE_BOTH_OWN,
    [10] = MC_LINK_FAILURE_WPS_METHOD,
    [11] = MC_LINK_FAILURE_REJECTED,
};

const char *mc_link_failure_code(McLinkFailure failure)
{
    return failures[failure].code;
}

const char *mc_link_failure_text(McLinkFailure failure)
{
    return failures[failure].text;
}

McLinkCure mc_link_failure_cure(McLinkFailure failure)
{
    return failures[failure].cure;
}

bool mc_link_failure_is_silence(McLinkFailure failure)
{
    switch (failure) {
    case MC_LINK_FAILURE_PROVISION_TIMEOUT:
    case MC_LINK_FAILURE_INVITATION:
    case MC_LINK_FAILURE_NO_ANSWER:
    case MC_LINK_FAILURE_FORMATION_TIMEOUT:
    case MC_LINK_FAILURE_FORMATION:
    case MC_LINK_FAILURE_JOIN_TIMEOUT:
    case MC_LINK_FAILURE_ASSOCIATION_TIMEOUT:
    case MC_LINK_FAILURE_ADDRESS_TIMEOUT:
    case MC_LINK_FAILURE_LOST:
        return true;
    default:
        return false;
    }
}

McLinkFailure mc_link_failure_of_status(int status)
{
    if (status < 0)
        return MC_LINK_FAILURE_NO_ANSWER;
    return (size_t) status < G_N_ELEMENTS(statuses) ? statuses[status]
                                                    : MC_LINK_FAILURE_NEGOTIATION;
}
