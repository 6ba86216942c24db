/* SPDX-License-Identifier: MIT */
/* p2p/radio.h - the machine's Wi-Fi cards as nl80211 knows them: the facts that the planner needs.
 * Thread: any; each call asks the kernel anew.  Owner: whoever plans a connection, and the doctor.
 * Errors: G_IO_ERROR. */
#pragma once

#include "p2p/plan.h"

typedef struct {
    unsigned wiphy;
    char phy[32];        /* "phy0" */
    char ifname[16];     /* its station interface; "": none */
    bool has_p2p_device; /* a P2P device exists: something (wpa_supplicant) manages the card */
    McRadioFacts facts;
} McRadioCard;

/* Cards in the kernel's order, free with g_ptr_array_unref(); an empty one is no error.
 * NULL: the kernel has no wireless subsystem, or does not answer. */
GPtrArray *mc_radio_cards(GError **error);
/* The card that has this interface, or with "" the best one for Wi-Fi Direct. False: none. */
bool mc_radio_facts(const char *ifname, McRadioFacts *ret, GError **error);
/* The one of cards that serves best; NULL: there is none. */
const McRadioCard *mc_radio_best(const GPtrArray *cards);

/* The two halves of mc_radio_cards(), for recorded answers: netlink messages one after the other,
 * as the kernel sent them. The parser takes any bytes; drivers' names are not in them. */
GByteArray *mc_radio_dump(GError **error);
GPtrArray *mc_radio_parse(const uint8_t *dump, size_t len);
